/* SPDX-License-Identifier: BSD-3-Clause */
/* Fences over a mailbox with two workers, whose side the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fence.h"

#define N_WORKERS 2

static struct mailbox *mb;
static struct fence fence;

static int set_up(void **state)
{
	(void)state;
	mb = mailbox_create(N_WORKERS);
	fence_init(&fence, mb);
	return mb != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	mailbox_destroy(mb);
	return 0;
}

/* The id of the one fence that the worker was sent; 0: none. */
static uint64_t sent(unsigned int worker)
{
	struct mailbox_command cmds[2];
	unsigned int n = mailbox_take_commands(mb, worker, cmds, 2);

	assert_in_range(n, 0, 1);
	assert_true(n == 0 || cmds[0].type == MAILBOX_FENCE);
	return n == 0 ? 0 : cmds[0].id;
}

static void meet(uint32_t worker, uint64_t id)
{
	const struct mailbox_event ev = {.type = MAILBOX_FENCED, .worker = worker, .id = id};

	fence_met(&fence, &ev);
}

static void all_have_to_meet_it(void **state)
{
	uint64_t ticket = fence_ask(&fence);

	(void)state;
	assert_int_equal(sent(0), ticket);
	assert_int_equal(sent(1), ticket);
	assert_false(fence_passed(&fence, ticket));
	meet(1, ticket);
	assert_false(fence_passed(&fence, ticket));
	meet(0, ticket);
	assert_true(fence_passed(&fence, ticket));
	assert_true(fence_post(&fence));
	assert_int_equal(sent(0), 0);
}

/* Those who ask while one is under way share the next. */
static void one_at_a_time(void **state)
{
	uint64_t first = fence_ask(&fence), second = fence_ask(&fence), third = fence_ask(&fence);

	(void)state;
	assert_int_equal(sent(0), first);
	assert_int_equal(sent(0), 0);
	meet(0, first);
	assert_int_equal(sent(0), third);
	assert_int_equal(sent(1), first);
	meet(1, first);
	assert_true(fence_passed(&fence, first));
	assert_false(fence_passed(&fence, second));
	meet(0, third);
	assert_false(fence_passed(&fence, second));
	meet(1, third);
	assert_true(fence_passed(&fence, second));
	assert_true(fence_passed(&fence, third));
}

static void full_ring(void **state)
{
	const struct mailbox_command junk = {.type = MAILBOX_LEG_CLAIM};
	struct mailbox_command cmd;
	uint64_t ticket;

	(void)state;
	while (mailbox_post_command(mb, 1, &junk))
		;
	ticket = fence_ask(&fence);
	assert_false(fence_post(&fence));
	assert_int_equal(mailbox_take_commands(mb, 1, &cmd, 1), 1);
	assert_true(fence_post(&fence));
	while (mailbox_take_commands(mb, 1, &cmd, 1) == 1 && cmd.type == MAILBOX_LEG_CLAIM)
		;
	assert_int_equal(cmd.type, MAILBOX_FENCE);
	assert_int_equal(cmd.id, ticket);
	assert_int_equal(sent(0), ticket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_have_to_meet_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(full_ring, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

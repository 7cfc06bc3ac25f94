/* SPDX-License-Identifier: BSD-3-Clause */
/* The passage between the planes: order, full rings, and two threads that wake each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "mailbox.h"

#define LONG_US 20000000 /* far longer than any test: whoever sleeps so long was not woken */

static struct mailbox *mb;

static int start(void **state)
{
	(void)state;
	mb = mailbox_create(3);
	return mb != NULL ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	mailbox_destroy(mb);
	return 0;
}

static bool control_readable(int timeout_ms)
{
	struct pollfd pfd = {.fd = mailbox_control_fd(mb), .events = POLLIN};

	return poll(&pfd, 1, timeout_ms) == 1;
}

static bool post_event(unsigned int worker, uint64_t id)
{
	return mailbox_post_event(mb, worker,
				  &(struct mailbox_event){.type = MAILBOX_FLOW_RESET_DONE,
							  .worker = worker,
							  .id = id});
}

static bool post_command(unsigned int worker, uint64_t id)
{
	return mailbox_post_command(mb, worker,
				    &(struct mailbox_command){.type = MAILBOX_LEG_CLAIM, .id = id});
}

static void rings_keep_order_and_bounds(void **state)
{
	struct mailbox_command cmd;
	struct mailbox_event ev;
	uint64_t n = 0, i;

	(void)state;
	assert_int_equal(mailbox_workers(mb), 3);
	while (post_command(1, n))
		n++;
	assert_true(n >= 1000 && n < 100000);
	assert_true(post_command(0, 99)); /* each worker has its own ring */
	assert_int_equal(mailbox_take_commands(mb, 2, &cmd, 1), 0);
	for (i = 0; i < n; i++) {
		assert_int_equal(mailbox_take_commands(mb, 1, &cmd, 1), 1);
		assert_int_equal(cmd.id, i);
	}
	assert_int_equal(mailbox_take_commands(mb, 1, &cmd, 1), 0);

	for (n = 0; post_event(1, n); n++)
		;
	for (i = 0; i < n; i++) {
		assert_int_equal(mailbox_take_events(mb, &ev, 1), 1);
		assert_int_equal(ev.id, i);
	}
	assert_true(post_event(1, 5));
}

static void events_of_all_workers(void **state)
{
	struct mailbox_event evs[8];

	(void)state;
	assert_true(post_event(2, 20));
	assert_true(post_event(0, 1));
	assert_true(post_event(0, 2));
	assert_true(post_event(1, 10));
	assert_int_equal(mailbox_take_events(mb, evs, 3), 3);
	assert_int_equal(mailbox_take_events(mb, evs + 3, 5), 1);
	assert_int_equal(evs[0].id + evs[1].id + evs[2].id + evs[3].id, 33);
}

static void messages_pass_whole(void **state)
{
	struct mailbox_event out = {.type = MAILBOX_LEG_RETIRED, .worker = 1, .id = 0x123456789a};
	struct mailbox_event in;

	(void)state;
	out.report.next_hop = 0xfedcba9876543210;
	out.report.options = 5;
	assert_true(mailbox_post_event(mb, 1, &out));
	assert_int_equal(mailbox_take_events(mb, &in, 1), 1);
	assert_memory_equal(&in, &out, sizeof(in));
}

static void control_is_woken_when_asleep_only(void **state)
{
	struct mailbox_event ev;

	(void)state;
	assert_true(post_event(0, 1));
	assert_false(control_readable(0));
	assert_false(mailbox_control_sleep(mb)); /* something waits */
	assert_int_equal(mailbox_take_events(mb, &ev, 1), 1);
	assert_true(mailbox_control_sleep(mb));
	assert_false(control_readable(0));
	assert_true(post_event(2, 2));
	assert_true(control_readable(0));
	assert_true(post_event(2, 3));
	mailbox_control_awake(mb);
	assert_false(control_readable(0));
	assert_int_equal(mailbox_take_events(mb, &ev, 1), 1);
	assert_true(post_event(2, 4));
	assert_false(control_readable(0));
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void worker_sleep_ends(void **state)
{
	struct mailbox_command cmd;
	uint64_t before = now_us();

	(void)state;
	mailbox_worker_sleep(mb, 1, 20000, -1, NULL, NULL);
	assert_true(now_us() - before >= 20000);
	assert_true(post_command(1, 1));
	before = now_us();
	mailbox_worker_sleep(mb, 1, LONG_US, -1, NULL, NULL); /* a command waits: no sleep */
	assert_true(now_us() - before < 1000000);
	assert_int_equal(mailbox_take_commands(mb, 1, &cmd, 1), 1);
}

static bool is_set(const void *flag)
{
	return __atomic_load_n((const bool *)flag, __ATOMIC_RELAXED);
}

static void *wake_with_work(void *flag)
{
	usleep(20000); /* long enough to fall asleep */
	__atomic_store_n((bool *)flag, true, __ATOMIC_RELAXED);
	mailbox_wake_worker(mb, 1);
	return NULL;
}

/* By another worker, for something that is in no ring of the mailbox. */
static void worker_is_woken_for_other_work(void **state)
{
	uint64_t before = now_us();
	bool work = false;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, wake_with_work, &work), 0);
	mailbox_worker_sleep(mb, 1, LONG_US, -1, is_set, &work);
	assert_true(is_set(&work));
	mailbox_worker_sleep(mb, 1, LONG_US, -1, is_set, &work); /* it waits: no sleep */
	assert_true(now_us() - before < LONG_US / 2);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* --- two threads, each asleep most of the time, each waking the other --- */

#define ROUNDS 100000

struct player {
	uint64_t done;
	uint64_t worst_us;
};

/* Answers each command by an event, asleep in between. */
static void *worker_side(void *arg)
{
	struct player *p = arg;
	struct mailbox_command cmd;

	while (p->done < ROUNDS) {
		uint64_t before = now_us();

		if (mailbox_take_commands(mb, 1, &cmd, 1) == 0) {
			mailbox_worker_sleep(mb, 1, LONG_US, -1, NULL, NULL);
			p->worst_us =
				now_us() - before > p->worst_us ? now_us() - before : p->worst_us;
			continue;
		}
		if (cmd.id != p->done || !post_event(1, cmd.id))
			break;
		p->done++;
	}
	return NULL;
}

static void no_wake_up_is_lost(void **state)
{
	struct player worker = {0};
	struct mailbox_event ev;
	pthread_t thread;
	uint64_t i, spurious = 0;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, worker_side, &worker), 0);
	for (i = 0; i < ROUNDS; i++) {
		assert_true(post_command(1, i));
		while (mailbox_take_events(mb, &ev, 1) == 0) {
			if (!mailbox_control_sleep(mb))
				continue;
			assert_true(control_readable(LONG_US / 1000));
			mailbox_control_awake(mb);
			spurious++;
		}
		assert_int_equal(ev.id, i);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(worker.done, ROUNDS);
	assert_true(worker.worst_us < LONG_US / 2);
	/* A few late signals are allowed, sleepers that cannot sleep are not. */
	assert_true(spurious < 2 * ROUNDS);
}

/* One way, as fast as the ring goes, with both sides sleeping now and then. */
static void *flood(void *arg)
{
	struct player *p = arg;

	while (p->done < 10 * ROUNDS) {
		if (post_event(1, p->done))
			p->done++;
		else
			mailbox_worker_sleep(mb, 1, 50, -1, NULL, NULL);
	}
	return NULL;
}

static void flood_arrives_in_order(void **state)
{
	struct player worker = {0};
	struct mailbox_event evs[64];
	pthread_t thread;
	uint64_t next = 0;
	unsigned int n, i;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, flood, &worker), 0);
	while (next < 10 * ROUNDS) {
		n = mailbox_take_events(mb, evs, 64);
		for (i = 0; i < n; i++)
			assert_int_equal(evs[i].id, next++);
		if (n == 0 && mailbox_control_sleep(mb)) {
			assert_true(control_readable(LONG_US / 1000));
			mailbox_control_awake(mb);
		}
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
}

#define MAILBOX_TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MAILBOX_TEST(rings_keep_order_and_bounds),
		MAILBOX_TEST(events_of_all_workers),
		MAILBOX_TEST(messages_pass_whole),
		MAILBOX_TEST(control_is_woken_when_asleep_only),
		MAILBOX_TEST(worker_sleep_ends),
		MAILBOX_TEST(worker_is_woken_for_other_work),
		MAILBOX_TEST(no_wake_up_is_lost),
		MAILBOX_TEST(flood_arrives_in_order),
	};

	mailbox_destroy(NULL);
	return cmocka_run_group_tests_name("mailbox_threads", tests, NULL, NULL);
}

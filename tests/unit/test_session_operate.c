/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operator sees and does of sessions.
 */
#include "session_world.h"

#define SEEN 8

struct seen {
	unsigned int n;
	struct session_view views[SEEN];
};

static void see(void *ctx, const struct session_view *v)
{
	struct seen *seen = ctx;

	assert_true(seen->n < SEEN);
	seen->views[seen->n++] = *v;
}

static unsigned int list(struct world *w, unsigned int max, struct seen *seen)
{
	seen->n = 0;
	return session_list(w->book, max, see, seen, w->now_ms);
}

static void test_list(void **state)
{
	struct world *w = world_open(NULL);
	struct seen seen;

	(void)state;
	assert_int_equal(list(w, SEEN, &seen), 0);
	assert_int_equal(seen.n, 0);
	world_claim_leg(w, ALICE, "waiting", BOB, 9); /* is no session yet */
	world_splice(w, "s1", 1);
	world_pass(w, 700);
	world_splice(w, "s2", 11);
	world_splice(w, "s3", 21);
	w->flows[1].status.bytes[0] = 5;
	w->flows[1].status.bytes[1] = 6;
	assert_int_equal(list(w, SEEN, &seen), 3);
	assert_int_equal(seen.n, 3);
	assert_string_equal(seen.views[0].sid, "s1");
	assert_string_equal(seen.views[0].jid[0], ALICE);
	assert_string_equal(seen.views[0].jid[1], BOB);
	assert_int_equal(seen.views[0].bytes[0], 5);
	assert_int_equal(seen.views[0].bytes[1], 6);
	assert_int_equal(seen.views[0].age_ms, 700);
	assert_int_equal(seen.views[1].age_ms, 0);
	assert_int_equal(list(w, 2, &seen), 3);
	assert_int_equal(seen.n, 2);
	/* a flow that vanished is nothing to fall over */
	w->flows[2].in_table = false;
	assert_int_equal(list(w, SEEN, &seen), 3);
	assert_int_equal(seen.n, 3);
	world_close(w);
}

static void test_end(void **state)
{
	struct world *w = world_open(NULL);
	uint64_t flow;

	(void)state;
	world_splice(w, "s1", 1);
	flow = world_splice(w, "s2", 11);
	assert_false(session_end(w->book, 77, w->now_ms));
	assert_true(session_end(w->book, flow, w->now_ms));
	world_work(w);
	assert_true(w->flows[flow].reset_asked);
	assert_false(w->flows[flow].in_table);
	assert_true(w->flows[1].in_table);
	assert_closed(w, SESSION_ENDED, 1);
	assert_gauge(w, SESSIONS_SPLICED, 1);
	assert_non_null(strstr(w->account, "sid=<s2>"));
	assert_non_null(strstr(w->account, "reason=ended"));
	assert_false(session_end(w->book, flow, w->now_ms));
	world_close(w);
}

static void test_drain(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b;

	(void)state;
	world_established(w, 1);
	world_established(w, 2);
	world_established(w, 3);
	a = world_claim_leg(w, ALICE, "s", BOB, 1);
	assert_false(session_draining(w->book));
	session_drain(w->book, true);
	assert_true(session_draining(w->book));
	assert_answer(w, world_claim_leg(w, CAROL, "t", DAVE, 3), IQ_DRAINING);
	assert_refusals(w, REFUSAL_DRAINING, 1);
	assert_closed(w, SESSION_REFUSED, 1);
	/* who waited gets his partner */
	b = world_claim_leg(w, BOB, "s", ALICE, 2);
	assert_answer(w, a, IQ_OK);
	assert_answer(w, b, IQ_OK);
	session_drain(w->book, false);
	/* and who was told to wait may try again at once */
	world_established(w, 4);
	a = world_claim_leg(w, CAROL, "t", DAVE, 3);
	b = world_claim_leg(w, DAVE, "t", CAROL, 4);
	assert_answer(w, a, IQ_OK);
	assert_answer(w, b, IQ_OK);
	world_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

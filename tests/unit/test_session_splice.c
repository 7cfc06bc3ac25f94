/* SPDX-License-Identifier: BSD-3-Clause */
/* From two legs to one flow: rule 5 of DESIGN 2.1, and 3.3. */
#include <errno.h>

#include "session_world.h"

/* --- the hand-over --- */

static void test_order(void **state)
{
	struct world *w = world_open(NULL);
	const struct control_stats *stats = &w->stats;
	uint64_t flow = world_splice(w, "s", 1), setups = 0;

	(void)state;
	assert_string_equal(w->trace, "RRI++OO");
	assert_int_equal(w->legs[2].flow, flow);
	assert_int_equal(w->legs[1].side, 0);
	assert_int_equal(w->legs[2].side, 1);
	assert_gauge(w, SESSIONS_SPLICED, 1);
	assert_gauge(w, SESSIONS_CLAIMED, 0);
	for (int i = 0; i <= SETUP_BUCKETS; i++)
		setups += stats->setup_count[i];
	assert_int_equal(setups, 1);
	world_close(w);
}

static void test_claims_before_legs(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a = world_claim_port(w, ALICE, "s", BOB, 1);
	unsigned int b = world_claim_source(w, BOB, "s", NULL, 2);

	(void)state;
	world_established(w, 2);
	assert_answer(w, b, PENDING);
	world_established(w, 1);
	assert_answer(w, a, IQ_OK);
	assert_answer(w, b, IQ_OK);
	assert_string_equal(w->trace, "RRI++OO");
	world_close(w);
}

static void test_no_answer_before_both_report(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b;

	(void)state;
	w->lazy_owners = true;
	world_claim_both(w, "s", 1, &a, &b);
	assert_gauge(w, SESSIONS_SPLICING, 1);
	assert_gauge(w, SESSIONS_CLAIMED, 0);
	world_retired(w, 2);
	world_retired(w, 2); /* said twice counts once */
	assert_answer(w, a, PENDING);
	assert_string_equal(w->trace, "RR");
	world_retired(w, 1);
	assert_answer(w, a, IQ_OK);
	assert_answer(w, b, IQ_OK);
	world_close(w);
}

static void test_leg_gone_while_retiring(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b;

	(void)state;
	w->lazy_owners = true;
	world_claim_both(w, "s", 1, &a, &b);
	world_retired(w, 1);
	world_gone(w, 2, LEG_END_RESET);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_answer(w, b, IQ_ITEM_NOT_FOUND);
	assert_true(w->legs[1].reset);
	assert_closed(w, SESSION_LEG_LOST, 2);
	world_close(w);
}

static void test_owner_never_reports(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b;

	(void)state;
	w->lazy_owners = true;
	world_claim_both(w, "s", 1, &a, &b);
	world_retired(w, 1);
	world_pass(w, RETIRE_WITHIN_MS);
	assert_answer(w, a, IQ_SERVICE_UNAVAILABLE);
	assert_answer(w, b, IQ_SERVICE_UNAVAILABLE);
	assert_true(w->legs[1].reset && w->legs[2].reset);
	world_close(w);
}

static void test_retired_unasked(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a;

	(void)state;
	world_established(w, 1);
	a = world_claim_leg(w, ALICE, "s", BOB, 1);
	world_retired(w, 1);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_true(w->legs[1].reset);
	world_close(w);
}

static void test_insert_errors(void **state)
{
	static const struct {
		int error;
		enum iq_result answer;
		enum session_reason reason;
		enum refusal refusal;
	} rows[] = {
		{-ENOSPC, IQ_RESOURCE_CONSTRAINT, SESSION_REFUSED, REFUSAL_FLOWS},
		{-ENOMEM, IQ_RESOURCE_CONSTRAINT, SESSION_REFUSED, REFUSAL_NO_MEMORY},
		{-EEXIST, IQ_CONFLICT, SESSION_CONFLICT, REFUSALS},
		{-ENOTSUP, IQ_SERVICE_UNAVAILABLE, SESSION_REFUSED, REFUSALS},
		{-EINVAL, IQ_SERVICE_UNAVAILABLE, SESSION_REFUSED, REFUSALS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = world_open(NULL);
		unsigned int a, b;

		w->insert_error = rows[i].error;
		world_claim_both(w, "s", 1, &a, &b);
		assert_answer(w, a, rows[i].answer);
		assert_answer(w, b, rows[i].answer);
		assert_true(w->legs[1].reset && w->legs[2].reset);
		assert_closed(w, rows[i].reason, 2);
		for (enum refusal r = 0; r < REFUSALS; r++)
			assert_refusals(w, r, r == rows[i].refusal ? 2 : 0);
		assert_int_equal(leg_book_count(w->book->legs), 0);
		world_close(w);
	}
}

/* --- the stream goes and comes --- */

static void test_stream_down(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b;

	(void)state;
	w->stream_up = false;
	world_claim_both(w, "s", 1, &a, &b);
	world_pass(w, 59999);
	assert_answer(w, a, PENDING);
	assert_false(w->legs[1].retire_asked); /* it is looked after until then */
	w->stream_up = true;
	session_stream_up(w->book, w->now_ms);
	world_work(w);
	assert_answer(w, a, IQ_OK);
	assert_answer(w, b, IQ_OK);
	world_pass(w, 120000);
	assert_gauge(w, SESSIONS_SPLICED, 1);
	world_close(w);
}

static void test_stream_down_while_retiring(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b;

	(void)state;
	w->lazy_owners = true;
	world_claim_both(w, "s", 1, &a, &b);
	w->stream_up = false;
	world_retired(w, 1);
	world_retired(w, 2);
	world_pass(w, 10000); /* past RETIRE_WITHIN_MS, which is about the owners */
	assert_answer(w, a, PENDING);
	assert_string_equal(w->trace, "RR");
	w->stream_up = true;
	session_stream_up(w->book, w->now_ms);
	world_work(w);
	assert_string_equal(w->trace, "RRI++OO");
	assert_answer(w, b, IQ_OK);
	world_close(w);
}

static void test_stream_stays_down(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b;

	(void)state;
	w->stream_up = false;
	world_claim_both(w, "s", 1, &a, &b);
	world_pass(w, 60000);
	assert_answer(w, a, IQ_REMOTE_SERVER_TIMEOUT);
	assert_answer(w, b, IQ_REMOTE_SERVER_TIMEOUT);
	assert_true(w->legs[1].reset && w->legs[2].reset);
	world_close(w);
}

/* Nobody called session_stream_up(): the tick notices. */
static void test_stream_up_noticed_by_tick(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a;

	(void)state;
	w->stream_up = false;
	world_established(w, 1);
	world_established(w, 2);
	world_claim_leg(w, ALICE, "s", BOB, 1);
	a = world_claim_leg(w, BOB, "s", ALICE, 2);
	w->stream_up = true;
	world_pass(w, 0);
	assert_answer(w, a, IQ_OK);
	world_close(w);
}

/* --- full rings --- */

static void test_deaf_workers(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int n = 1500, iqs[3000];
	char a[64], b[64];

	(void)state;
	w->cfg.limits.sessions = 100000; /* read by the limits only: the tables are hints */
	for (unsigned int i = 0; i < 2 * n; i++)
		world_established(w, 100 + 4 * i); /* all of worker 0 */
	w->deaf_workers = true;
	for (unsigned int i = 0; i < n; i++) {
		snprintf(a, sizeof(a), "a%u@example.org/x", i);
		snprintf(b, sizeof(b), "b%u@example.org/x", i);
		iqs[2 * i] = world_claim_leg(w, a, "s", b, 100 + 8 * i);
		iqs[2 * i + 1] = world_claim_leg(w, b, "s", a, 104 + 8 * i);
	}
	assert_false(leg_book_post(w->book->legs)); /* 6000 commands in a ring of 4095 */
	assert_int_equal(session_tick(w->book, w->now_ms), 1);
	w->deaf_workers = false;
	world_pass(w, 100); /* obey() asserts the order of each leg's commands */
	for (unsigned int i = 0; i < 2 * n; i++)
		assert_answer(w, iqs[i], IQ_OK);
	assert_true(leg_book_post(w->book->legs));
	assert_int_equal(leg_book_count(w->book->legs), 0);
	world_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_claims_before_legs),
		cmocka_unit_test(test_no_answer_before_both_report),
		cmocka_unit_test(test_leg_gone_while_retiring),
		cmocka_unit_test(test_owner_never_reports),
		cmocka_unit_test(test_retired_unasked),
		cmocka_unit_test(test_insert_errors),
		cmocka_unit_test(test_stream_down),
		cmocka_unit_test(test_stream_down_while_retiring),
		cmocka_unit_test(test_stream_stays_down),
		cmocka_unit_test(test_stream_up_noticed_by_tick),
		cmocka_unit_test(test_deaf_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

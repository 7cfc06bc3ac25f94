/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits and timers of sessions, and that they may change while sessions live. */
#include "session_world.h"

static void reconfigure(struct world *w, void (*tune)(struct config *cfg))
{
	tune(&w->cfg);
	session_book_reconfigure(w->book);
}

/* --- live --- */

static void tune_short(struct config *cfg)
{
	cfg->timers.match_ms = 1000;
	cfg->timers.pair_ms = 5000;
	cfg->timers.idle_ms = 2000;
}

static void tune_long(struct config *cfg)
{
	cfg->timers.match_ms = 9000;
	cfg->timers.pair_ms = 90000;
}

/* Those that wait already are not kept by longer waits in front of them, nor cut off by new ones. */
static void test_shorter_timers(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int held, alone, later;
	uint64_t flow;

	(void)state;
	flow = world_splice(w, "s", 1);
	world_established(w, 5);
	held = world_claim_leg(w, CAROL, "t", DAVE, 7);
	alone = world_claim_leg(w, CAROL, "u", DAVE, 5);
	world_pass(w, 500);
	reconfigure(w, tune_short);
	later = world_claim_leg(w, DAVE, "v", CAROL, 8);
	world_pass(w, 499);
	assert_answer(w, held, PENDING);
	world_pass(w, 1);
	assert_answer(w, held, IQ_ITEM_NOT_FOUND);
	assert_answer(w, later, PENDING);
	world_pass(w, 500);
	assert_answer(w, later, IQ_ITEM_NOT_FOUND);
	world_pass(w, 1500);
	assert_false(w->flows[flow].in_table); /* it was silent */
	assert_answer(w, alone, PENDING);
	world_pass(w, 2000);
	assert_answer(w, alone, IQ_REMOTE_SERVER_TIMEOUT);
	world_close(w);
}

static void test_longer_timers(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int held, later;

	(void)state;
	held = world_claim_leg(w, CAROL, "t", DAVE, 7);
	world_pass(w, 2900);
	reconfigure(w, tune_long);
	later = world_claim_leg(w, DAVE, "v", CAROL, 8);
	world_pass(w, 6000);
	assert_answer(w, held, PENDING);
	world_pass(w, 100);
	assert_answer(w, held, IQ_ITEM_NOT_FOUND);
	assert_answer(w, later, PENDING);
	world_pass(w, 2900);
	assert_answer(w, later, IQ_ITEM_NOT_FOUND);
	world_close(w);
}

static void tune_strict(struct config *cfg)
{
	cfg->endpoint.strict = true;
}

static void test_strict_from_now_on(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int before;

	(void)state;
	world_established(w, 1);
	world_established(w, 2);
	before = world_claim_port(w, ALICE, "s", BOB, 1);
	reconfigure(w, tune_strict);
	assert_answer(w, world_claim_port(w, BOB, "s", ALICE, 2), IQ_FORBIDDEN);
	assert_answer(w, before, PENDING);
	assert_answer(w, world_claim_leg(w, BOB, "s", ALICE, 2), IQ_OK);
	assert_answer(w, before, IQ_OK);
	world_close(w);
}

static void tune_one_a_jid(struct config *cfg)
{
	cfg->limits.sessions_per_jid = 1;
}

/* Who has more than is allowed by now keeps what he has. */
static void test_fewer_sessions_per_jid(void **state)
{
	struct world *w = world_open(NULL);
	uint64_t flows[2];

	(void)state;
	flows[0] = world_splice(w, "s", 1);
	flows[1] = world_splice(w, "t", 3);
	reconfigure(w, tune_one_a_jid);
	assert_answer(w, world_claim_leg(w, ALICE, "u", CAROL, 5), IQ_RESOURCE_CONSTRAINT);
	world_pass(w, 3000);
	assert_true(w->flows[flows[0]].in_table && w->flows[flows[1]].in_table);
	for (int i = 0; i < 2; i++) {
		assert_answer(w, world_claim_leg(w, ALICE, "u", CAROL, 5), IQ_RESOURCE_CONSTRAINT);
		w->flows[flows[i]].status.state = FLOW_FINISHED;
		world_pass(w, 1000);
	}
	assert_answer(w, world_claim_leg(w, ALICE, "u", CAROL, 5), PENDING);
	world_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shorter_timers),
		cmocka_unit_test(test_longer_timers),
		cmocka_unit_test(test_strict_from_now_on),
		cmocka_unit_test(test_fewer_sessions_per_jid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

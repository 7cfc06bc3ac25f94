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

/* --- limits --- */

static void tune_few(struct config *cfg)
{
	cfg->limits.sessions = 3;
	cfg->limits.sessions_per_jid = 2;
}

static void test_sessions_per_jid(void **state)
{
	struct world *w = world_open(tune_few);
	uint64_t flow;

	(void)state;
	flow = world_splice(w, "s", 1); /* counts for both */
	assert_answer(w, world_claim_leg(w, "alice@example.org/other", "t", CAROL, 5), PENDING);
	assert_answer(w, world_claim_leg(w, ALICE, "u", CAROL, 6), IQ_RESOURCE_CONSTRAINT);
	assert_closed(w, SESSION_REFUSED, 1);
	world_pass(w, 3000); /* the held claim is over */
	assert_answer(w, world_claim_leg(w, BOB, "v", CAROL, 6), PENDING);
	assert_answer(w, world_claim_leg(w, BOB, "w", CAROL, 7), IQ_RESOURCE_CONSTRAINT);
	w->flows[flow].status.state = FLOW_FINISHED;
	world_pass(w, 1000); /* a flow that lingers is nobody's */
	assert_answer(w, world_claim_leg(w, BOB, "w", CAROL, 7), PENDING);
	world_close(w);
}

static void test_sessions_in_all(void **state)
{
	struct world *w = world_open(tune_few);

	(void)state;
	world_splice(w, "s", 1);
	assert_answer(w, world_claim_leg(w, CAROL, "t", DAVE, 3), PENDING);
	assert_answer(w, world_claim_leg(w, DAVE, "u", CAROL, 4), PENDING);
	assert_answer(w, world_claim_leg(w, "eve@example.org/x", "t", NULL, 5),
		      IQ_RESOURCE_CONSTRAINT);
	world_pass(w, 3000);
	assert_answer(w, world_claim_leg(w, "eve@example.org/x", "t", NULL, 5), PENDING);
	world_close(w);
}

static void tune_one_in_all(struct config *cfg)
{
	cfg->limits.sessions = 1;
}

/* Who joins needs no room of his own: at the limit a pair is finished, and no other begun. */
static void test_the_last_session(void **state)
{
	struct world *w = world_open(tune_one_in_all);
	uint64_t flow = world_splice(w, "s", 1);

	(void)state;
	assert_answer(w, world_claim_leg(w, CAROL, "t", DAVE, 3), IQ_RESOURCE_CONSTRAINT);
	w->flows[flow].status.state = FLOW_FINISHED;
	world_pass(w, 1000);
	world_splice(w, "t", 5);
	world_close(w);
}

static void tune_two_a_domain(struct config *cfg)
{
	cfg->limits.sessions_per_domain = 2;
}

static void test_sessions_per_domain(void **state)
{
	struct world *w = world_open(tune_two_a_domain);
	uint64_t flow;

	(void)state;
	flow = world_splice(w, "s", 1); /* counts for each of its parties */
	assert_answer(w, world_claim_leg(w, CAROL, "t", DAVE, 5), IQ_RESOURCE_CONSTRAINT);
	assert_answer(w, world_claim_leg(w, "x@example.net/y", "t", DAVE, 5), PENDING);
	assert_refusals(w, REFUSAL_SESSIONS_PER_DOMAIN, 1);
	assert_refusals(w, REFUSAL_SESSIONS_PER_JID, 0);
	w->flows[flow].status.state = FLOW_FINISHED;
	world_pass(w, 1000);
	assert_answer(w, world_claim_leg(w, CAROL, "u", DAVE, 6), PENDING);
	world_close(w);
}

static void tune_one(struct config *cfg)
{
	cfg->limits.sessions = 1;
	cfg->limits.sessions_per_jid = 1;
}

static void test_each_refusal_is_counted(void **state)
{
	struct world *w = world_open(tune_one);

	(void)state;
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 1), PENDING);
	assert_answer(w, world_claim_leg(w, CAROL, "t", BOB, 2), IQ_RESOURCE_CONSTRAINT);
	assert_refusals(w, REFUSAL_SESSIONS, 1);
	w->cfg.limits.sessions = 2;
	assert_answer(w, world_claim_leg(w, ALICE, "t", BOB, 2), IQ_RESOURCE_CONSTRAINT);
	assert_refusals(w, REFUSAL_SESSIONS_PER_JID, 1);
	reconfigure(w, tune_strict);
	assert_answer(w, world_claim_port(w, ALICE, "t", BOB, 2), IQ_FORBIDDEN);
	assert_refusals(w, REFUSAL_STRICT, 1);
	assert_refusals(w, REFUSAL_SESSIONS, 1);
	world_close(w);
}

static void tune_volume(struct config *cfg)
{
	cfg->limits.volume_per_jid = 1000;
}

static void relay(struct world *w, uint64_t flow, uint64_t from_a, uint64_t from_b)
{
	w->flows[flow].status.bytes[0] += from_a;
	w->flows[flow].status.bytes[1] += from_b;
}

/* Both directions of all sessions of a JID add up, those that are over too. */
static void test_volume(void **state)
{
	struct world *w = world_open(tune_volume);
	uint64_t flows[3];

	(void)state;
	flows[0] = world_splice(w, "s", 1);
	relay(w, flows[0], 300, 100);
	world_pass(w, 1000);
	w->flows[flows[0]].status.state = FLOW_FINISHED;
	relay(w, flows[0], 0, 100); /* the last it is asked for */
	world_pass(w, 1000);
	flows[1] = world_splice(w, "t", 3);
	flows[2] = world_splice(w, "u", 5);
	relay(w, flows[1], 250, 0);
	relay(w, flows[2], 249, 0);
	world_pass(w, 3000);
	assert_closed(w, SESSION_VOLUME, 0);
	relay(w, flows[1], 1, 0);
	world_pass(w, 1000);
	assert_closed(w, SESSION_VOLUME, 2); /* none of them goes on */
	assert_true(w->flows[flows[1]].reset_asked && w->flows[flows[2]].reset_asked);
	assert_non_null(strstr(w->account, "reason=volume"));
	assert_answer(w, world_claim_leg(w, ALICE, "v", CAROL, 9), IQ_RESOURCE_CONSTRAINT);
	assert_answer(w, world_claim_leg(w, "bob@example.org/x", "v", CAROL, 9),
		      IQ_RESOURCE_CONSTRAINT);
	assert_refusals(w, REFUSAL_VOLUME_PER_JID, 2);
	assert_answer(w, world_claim_leg(w, CAROL, "v", DAVE, 9), PENDING);
	world_close(w);
}

/* What was relayed while there was no limit is not counted. */
static void test_volume_from_now_on(void **state)
{
	struct world *w = world_open(NULL);
	uint64_t flow = world_splice(w, "s", 1);

	(void)state;
	relay(w, flow, 5000, 0);
	world_pass(w, 1000);
	reconfigure(w, tune_volume);
	relay(w, flow, 999, 0);
	world_pass(w, 1000);
	assert_closed(w, SESSION_VOLUME, 0);
	relay(w, flow, 1, 0);
	world_pass(w, 1000);
	assert_closed(w, SESSION_VOLUME, 1);
	world_close(w);
}

static void tune_rates(struct config *cfg)
{
	cfg->limits.rate_per_session = 50000;
	cfg->limits.rate_per_jid = 90000;
}

static void tune_no_rates(struct config *cfg)
{
	cfg->limits.rate_per_session = 0;
	cfg->limits.rate_per_jid = 0;
}

#define assert_rate(w, flow, r) assert_int_equal((w)->flows[flow].rate, r)

/* All of a JID's sessions together have its rate. */
static void test_rates(void **state)
{
	struct world *w = world_open(tune_rates);
	uint64_t flows[3];

	(void)state;
	flows[0] = world_splice(w, "s", 1);
	assert_rate(w, flows[0], 50000);
	flows[1] = world_splice(w, "t", 3);
	assert_rate(w, flows[1], 45000);
	flows[2] = world_splice(w, "u", 5);
	assert_rate(w, flows[2], 30000);
	world_pass(w, 1000);
	for (int i = 0; i < 3; i++)
		assert_rate(w, flows[i], 30000);
	w->flows[flows[0]].status.state = FLOW_FINISHED;
	world_pass(w, 2000);
	assert_rate(w, flows[1], 45000);
	assert_rate(w, flows[2], 45000);
	reconfigure(w, tune_no_rates);
	world_pass(w, 1000);
	assert_rate(w, flows[1], 0);
	assert_rate(w, flows[2], 0);
	world_close(w);
}

/* One JID at both ends counts once. */
static void test_session_with_oneself(void **state)
{
	struct world *w = world_open(tune_rates);
	uint64_t flow;

	(void)state;
	tune_volume(&w->cfg);
	session_book_reconfigure(w->book);
	w->cfg.limits.rate_per_session = 0;
	world_established(w, 1);
	world_established(w, 2);
	world_claim_leg(w, ALICE, "s", "alice@example.org/phone", 1);
	assert_answer(w, world_claim_leg(w, "alice@example.org/phone", "s", ALICE, 2), IQ_OK);
	flow = w->legs[1].flow;
	assert_rate(w, flow, 90000);
	relay(w, flow, 999, 0);
	world_pass(w, 1000);
	assert_closed(w, SESSION_VOLUME, 0);
	world_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shorter_timers),
		cmocka_unit_test(test_longer_timers),
		cmocka_unit_test(test_strict_from_now_on),
		cmocka_unit_test(test_fewer_sessions_per_jid),
		cmocka_unit_test(test_sessions_per_jid),
		cmocka_unit_test(test_sessions_in_all),
		cmocka_unit_test(test_the_last_session),
		cmocka_unit_test(test_sessions_per_domain),
		cmocka_unit_test(test_each_refusal_is_counted),
		cmocka_unit_test(test_volume),
		cmocka_unit_test(test_volume_from_now_on),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_session_with_oneself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

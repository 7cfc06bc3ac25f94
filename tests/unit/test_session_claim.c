/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Claims and their legs, and legs that are in dispute: rules 1 to 3 and 7 of DESIGN 2.1, and the last
 * sentence of rule 4.
 */
#include "session_world.h"

/* --- rule 2 and 3: a claim and its leg --- */

static void test_claim_before_leg(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a = world_claim_leg(w, ALICE, "s", BOB, 1);

	(void)state;
	assert_answer(w, a, PENDING);
	assert_gauge(w, SESSIONS_WAITING, 1);
	world_pass(w, 2999);
	world_half_open(w, 1);
	assert_gauge(w, SESSIONS_WAITING, 1);
	world_established(w, 1);
	assert_gauge(w, SESSIONS_WAITING, 0);
	assert_gauge(w, SESSIONS_CLAIMED, 1);
	assert_true(w->legs[1].claimed);
	world_pass(w, 10000); /* its match timer is over */
	assert_answer(w, a, PENDING);
	world_close(w);
}

static void test_leg_never_comes(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a = world_claim_leg(w, ALICE, "s", BOB, 1);

	(void)state;
	world_half_open(w, 1); /* half-open is not enough */
	world_pass(w, 2999);
	assert_answer(w, a, PENDING);
	world_pass(w, 1);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_closed(w, SESSION_NO_LEG, 1);
	world_close(w);
}

static void test_held_by_each_rule(void **state)
{
	static unsigned int (*const claims[])(struct world *, const char *, const char *,
					      const char *, unsigned int) = {
		world_claim_leg, world_claim_source, world_claim_port};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct world *w = world_open(NULL);

		claims[i](w, ALICE, "s", BOB, 5);
		world_established(w, 6);
		assert_gauge(w, SESSIONS_WAITING, 1);
		world_established(w, 5);
		assert_gauge(w, SESSIONS_CLAIMED, 1);
		assert_true(w->legs[5].claimed);
		assert_false(w->legs[6].claimed);
		world_close(w);
	}
}

static void test_two_candidates(void **state)
{
	struct world *w = world_open(NULL);
	struct mailbox_event ev = {
		.type = MAILBOX_LEG_HALF_OPEN, .id = 900, .tuple = world_tuple(5)};
	unsigned int a;

	(void)state;
	world_established(w, 5);
	ev.tuple.peer_addr = world_ip("198.51.100.2"); /* somebody else with the same source port */
	session_event(w->book, &ev, w->now_ms);
	a = world_claim_port(w, ALICE, "s", BOB, 5);
	assert_answer(w, a, IQ_CONFLICT);
	assert_closed(w, SESSION_CONFLICT, 1);
	assert_false(w->legs[5].reset); /* it is nobody's */
	world_close(w);
}

static void test_second_candidate_while_held(void **state)
{
	struct world *w = world_open(NULL);
	struct mailbox_event ev = {
		.type = MAILBOX_LEG_HALF_OPEN, .id = 900, .tuple = world_tuple(5)};
	unsigned int a = world_claim_port(w, ALICE, "s", BOB, 5);

	(void)state;
	world_half_open(w, 5);
	assert_answer(w, a, PENDING);
	ev.tuple.peer_addr = world_ip("198.51.100.2");
	session_event(w->book, &ev, w->now_ms);
	assert_answer(w, a, IQ_CONFLICT);
	world_close(w);
}

static void test_half_open_goes_away(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a = world_claim_leg(w, ALICE, "s", BOB, 1);

	(void)state;
	world_half_open(w, 1);
	world_gone(w, 1, LEG_END_TIMEOUT);
	assert_answer(w, a, PENDING);
	world_established(w, 1);
	assert_gauge(w, SESSIONS_CLAIMED, 1);
	world_close(w);
}

static void test_malformed(void **state)
{
	struct world *w = world_open(NULL);
	char sid[SESSION_SID_MAX + 2] = "", jid[CONFIG_MAX_JID + 2] = "";

	(void)state;
	memset(sid, 's', SESSION_SID_MAX);
	memset(jid, 'j', CONFIG_MAX_JID);
	assert_answer(w, world_claim_leg(w, ALICE, sid, jid, 1), PENDING);
	sid[SESSION_SID_MAX] = 's';
	assert_answer(w, world_claim_leg(w, ALICE, sid, BOB, 1), IQ_BAD_REQUEST);
	assert_answer(w, world_claim_leg(w, ALICE, "", BOB, 1), IQ_BAD_REQUEST);
	jid[CONFIG_MAX_JID] = 'j';
	assert_answer(w, world_claim_leg(w, ALICE, "s", jid, 1), IQ_BAD_REQUEST);
	assert_answer(w, world_claim_leg(w, jid, "s", BOB, 1), IQ_BAD_REQUEST);
	world_close(w);
}

static void tune_strict(struct config *cfg)
{
	cfg->endpoint.strict = true;
}

/* What a half-open leg kept from being decided is decided when it goes. */
static void test_leg_in_the_way_goes(void **state)
{
	struct world *w = world_open(NULL);
	struct mailbox_event ev = {
		.type = MAILBOX_LEG_HALF_OPEN, .id = 900, .tuple = world_tuple(5)};
	unsigned int a;

	(void)state;
	ev.tuple.peer_addr = world_ip("192.0.2.1");
	session_event(w->book, &ev, w->now_ms);
	world_established(w, 5);
	a = world_claim_port(w, ALICE, "s", BOB, 5); /* rule b has a candidate, so c has no say */
	assert_answer(w, a, PENDING);
	assert_gauge(w, SESSIONS_WAITING, 1);
	ev.type = MAILBOX_LEG_GONE;
	session_event(w->book, &ev, w->now_ms);
	assert_gauge(w, SESSIONS_CLAIMED, 1);
	world_close(w);
}

static void test_strict(void **state)
{
	struct world *w = world_open(tune_strict);

	(void)state;
	world_established(w, 1);
	assert_answer(w, world_claim_port(w, ALICE, "s", BOB, 1), IQ_FORBIDDEN);
	assert_answer(w, world_claim_source(w, ALICE, "s", BOB, 1), IQ_FORBIDDEN);
	assert_answer(w, world_claim_leg(w, ALICE, "s", NULL, 1), IQ_FORBIDDEN);
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 1), PENDING);
	assert_closed(w, SESSION_REFUSED, 3);
	world_close(w);
}

/* As many claims on one end cannot be honest. */
static void test_crowded_name(void **state)
{
	struct world *w = world_open(NULL);
	char jid[32];

	(void)state;
	for (int i = 0; i < 8; i++) {
		snprintf(jid, sizeof(jid), "u%d@example.org/x", i);
		assert_answer(w, world_claim_leg(w, jid, jid, BOB, 1), PENDING);
	}
	assert_answer(w, world_claim_leg(w, CAROL, "s", BOB, 1), IQ_CONFLICT);
	assert_answer(w, world_claim_leg(w, CAROL, "s", BOB, 2), PENDING);
	world_close(w);
}

/* --- rule 4, last sentence: disputed legs --- */

static void test_disputed_leg(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int thief, owner;

	(void)state;
	world_established(w, 1);
	thief = world_claim_leg(w, CAROL, "t", DAVE, 1);
	owner = world_claim_leg(w, ALICE, "s", BOB, 1);
	assert_answer(w, thief, IQ_CONFLICT);
	assert_answer(w, owner, IQ_CONFLICT);
	assert_true(w->legs[1].reset);
	assert_closed(w, SESSION_CONFLICT, 2);
	world_close(w);
}

static void test_disputed_before_it_comes(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int thief = world_claim_leg(w, CAROL, "t", DAVE, 1);
	unsigned int owner = world_claim_leg(w, ALICE, "s", BOB, 1);

	(void)state;
	world_established(w, 1);
	assert_answer(w, thief, IQ_CONFLICT);
	assert_answer(w, owner, IQ_CONFLICT);
	assert_true(w->legs[1].reset);
	world_close(w);
}

static void test_disputed_by_its_own_partner(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b;

	(void)state;
	world_established(w, 1);
	a = world_claim_leg(w, ALICE, "s", BOB, 1);
	b = world_claim_leg(w, BOB, "s", ALICE, 1);
	assert_answer(w, a, IQ_CONFLICT);
	assert_answer(w, b, IQ_CONFLICT);
	assert_true(w->legs[1].reset);
	world_close(w);
}

static void test_disputed_while_retiring(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b, c;

	(void)state;
	w->lazy_owners = true;
	world_claim_both(w, "s", 1, &a, &b);
	assert_gauge(w, SESSIONS_SPLICING, 1);
	c = world_claim_leg(w, CAROL, "t", DAVE, 2);
	assert_answer(w, c, IQ_CONFLICT);
	assert_answer(w, b, IQ_CONFLICT);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND); /* its partner failed */
	assert_true(w->legs[1].reset && w->legs[2].reset);
	world_close(w);
}

static void test_spliced_leg_is_beyond_dispute(void **state)
{
	struct world *w = world_open(NULL);
	uint64_t flow = world_splice(w, "s", 1);
	unsigned int c = world_claim_leg(w, CAROL, "t", DAVE, 1);

	(void)state;
	world_pass(w, 3000);
	assert_answer(w, c, IQ_ITEM_NOT_FOUND);
	assert_true(w->flows[flow].in_table);
	world_close(w);
}

/* Trying all ports by rule c does not reach who claimed with four values. */
static void test_port_sweep(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a;

	(void)state;
	world_established(w, 1);
	a = world_claim_leg(w, ALICE, "s", BOB, 1);
	assert_answer(w, world_claim_port(w, CAROL, "t", DAVE, 1), PENDING);
	assert_answer(w, world_claim_source(w, CAROL, "u", DAVE, 1), PENDING);
	assert_answer(w, a, PENDING);
	assert_false(w->legs[1].reset);
	world_close(w);
}

static void test_one_jid_claims_its_leg_twice(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int first, second;

	(void)state;
	world_established(w, 1);
	first = world_claim_leg(w, ALICE, "s", BOB, 1);
	second = world_claim_leg(w, ALICE, "t", CAROL, 1);
	world_pass(w, 3000);
	assert_answer(w, second, IQ_ITEM_NOT_FOUND);
	assert_answer(w, first, PENDING);
	world_close(w);
}

static void test_held_longest_comes_first(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int first = world_claim_leg(w, ALICE, "s", BOB, 1);
	unsigned int second = world_claim_leg(w, ALICE, "t", BOB, 1);

	(void)state;
	world_established(w, 1);
	world_pass(w, 3000);
	assert_answer(w, first, PENDING);
	assert_answer(w, second, IQ_ITEM_NOT_FOUND);
	world_close(w);
}

/* --- legs that end --- */

static void test_leg_lost(void **state)
{
	static const enum leg_end ends[] = {LEG_END_RESET, LEG_END_TIMEOUT, LEG_END_REPLACED};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct world *w = world_open(NULL);
		unsigned int a;

		world_established(w, 1);
		a = world_claim_leg(w, ALICE, "s", BOB, 1);
		world_gone(w, 1, ends[i]);
		assert_answer(w, a, IQ_ITEM_NOT_FOUND);
		assert_closed(w, SESSION_LEG_LOST, 1);
		world_close(w);
	}
}

/* A new connection on the four-tuple tells that the old one is no more, whichever event is first.
 */
static void test_new_leg_before_the_old_is_gone(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a;

	(void)state;
	world_established(w, 1);
	a = world_claim_leg(w, ALICE, "s", BOB, 1);
	world_established_as(w, 100, 1);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	world_gone(w, 1, LEG_END_REPLACED); /* stale by now */
	assert_answer(w, world_claim_leg(w, ALICE, "t", BOB, 1), PENDING);
	assert_true(w->legs[100].claimed);
	world_close(w);
}

static void test_stale_events(void **state)
{
	struct world *w = world_open(NULL);
	struct mailbox_event ev = {.type = MAILBOX_LEG_GONE, .id = 12345};

	(void)state;
	session_event(w->book, &ev, w->now_ms);
	ev.type = MAILBOX_LEG_RETIRED;
	session_event(w->book, &ev, w->now_ms);
	ev.type = MAILBOX_FLOW_RESET_DONE;
	session_event(w->book, &ev, w->now_ms);
	world_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claim_before_leg),
		cmocka_unit_test(test_leg_never_comes),
		cmocka_unit_test(test_held_by_each_rule),
		cmocka_unit_test(test_two_candidates),
		cmocka_unit_test(test_second_candidate_while_held),
		cmocka_unit_test(test_half_open_goes_away),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_leg_in_the_way_goes),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_crowded_name),
		cmocka_unit_test(test_disputed_leg),
		cmocka_unit_test(test_disputed_before_it_comes),
		cmocka_unit_test(test_disputed_by_its_own_partner),
		cmocka_unit_test(test_disputed_while_retiring),
		cmocka_unit_test(test_spliced_leg_is_beyond_dispute),
		cmocka_unit_test(test_port_sweep),
		cmocka_unit_test(test_one_jid_claims_its_leg_twice),
		cmocka_unit_test(test_held_longest_comes_first),
		cmocka_unit_test(test_leg_lost),
		cmocka_unit_test(test_new_leg_before_the_old_is_gone),
		cmocka_unit_test(test_stale_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

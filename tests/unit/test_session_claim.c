/* SPDX-License-Identifier: BSD-3-Clause */
/* Claims, their legs and their partners: rules 1 to 4, 6 and 7 of DESIGN 2.1. */
#include <arpa/inet.h>

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
	(void)a;
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

/* --- rule 4: who belongs to whom --- */

struct said {
	const char *from, *peer;
	int answer;
};

/* Each claim has its own leg, established before. */
static const struct {
	const char *name;
	struct said said[5];
} couples[] = {
	{"both name each other", {{ALICE, BOB, IQ_OK}, {BOB, ALICE, IQ_OK}}},
	{"the second names the first", {{ALICE, NULL, IQ_OK}, {BOB, ALICE, IQ_OK}}},
	{"the first names the second", {{ALICE, BOB, IQ_OK}, {BOB, NULL, IQ_OK}}},
	{"nobody names anybody", {{ALICE, NULL, IQ_OK}, {BOB, NULL, IQ_OK}}},
	{"a domain's case", {{ALICE, "bob@Example.ORG/laptop", IQ_OK}, {BOB, ALICE, IQ_OK}}},
	{"a resource's case", {{ALICE, "bob@example.org/LAPTOP", PENDING}, {BOB, ALICE, PENDING}}},
	{"two resources of one user",
	 {{"alice@example.org/1", "alice@example.org/2", IQ_OK},
	  {"alice@example.org/2", "alice@example.org/1", IQ_OK}}},
	{"the first names another", {{ALICE, CAROL, PENDING}, {BOB, ALICE, PENDING}}},
	{"the second names another", {{ALICE, BOB, PENDING}, {BOB, CAROL, PENDING}}},
	{"the first names another, the second nobody",
	 {{ALICE, CAROL, PENDING}, {BOB, NULL, PENDING}}},
	{"the bare JID is not the full one",
	 {{ALICE, "bob@example.org", PENDING}, {BOB, ALICE, PENDING}}},
	{"naming oneself", {{ALICE, ALICE, PENDING}, {BOB, ALICE, PENDING}}},
	{"a third when nobody named anybody",
	 {{ALICE, NULL, IQ_OK}, {BOB, NULL, IQ_OK}, {CAROL, NULL, IQ_CONFLICT}}},
	{"a third that names one of them",
	 {{ALICE, NULL, IQ_OK}, {BOB, NULL, IQ_OK}, {CAROL, ALICE, IQ_CONFLICT}}},
	{"the first again", {{ALICE, NULL, IQ_OK}, {BOB, NULL, IQ_OK}, {ALICE, NULL, IQ_CONFLICT}}},
	{"the first again, with names",
	 {{ALICE, BOB, IQ_OK}, {BOB, ALICE, IQ_OK}, {ALICE, BOB, IQ_CONFLICT}}},
	{"another couple is not blocked by a peerless one",
	 {{ALICE, NULL, IQ_OK}, {BOB, NULL, IQ_OK}, {CAROL, DAVE, IQ_OK}, {DAVE, CAROL, IQ_OK}}},
	{"two couples, interleaved",
	 {{ALICE, BOB, IQ_OK}, {CAROL, DAVE, IQ_OK}, {BOB, ALICE, IQ_OK}, {DAVE, CAROL, IQ_OK}}},
	{"a couple that knows a peer does not bar a third",
	 {{ALICE, NULL, IQ_OK}, {BOB, ALICE, IQ_OK}, {CAROL, NULL, PENDING}}},
	{"who names a stranger's partner waits",
	 {{ALICE, BOB, IQ_OK}, {BOB, ALICE, IQ_OK}, {CAROL, ALICE, PENDING}}},
	{"who is named goes before who is not",
	 {{CAROL, NULL, PENDING}, {ALICE, BOB, IQ_OK}, {BOB, NULL, IQ_OK}}},
	{"named by two: which one is meant would be a guess",
	 {{ALICE, CAROL, PENDING}, {BOB, CAROL, PENDING}, {CAROL, NULL, IQ_CONFLICT}}},
	{"named by two, and choosing",
	 {{ALICE, CAROL, PENDING}, {BOB, CAROL, IQ_OK}, {CAROL, BOB, IQ_OK}}},
	{"an eavesdropper of the sid stays outside",
	 {{ALICE, BOB, IQ_OK},
	  {CAROL, ALICE, PENDING},
	  {CAROL, NULL, PENDING},
	  {BOB, ALICE, IQ_OK}}},
};

static void run_couple(size_t i)
{
	struct world *w = world_open(NULL);
	unsigned int iqs[5], n = 0;

	for (; n < 5 && couples[i].said[n].from != NULL; n++) {
		world_established(w, n + 1);
		iqs[n] = world_claim_leg(w, couples[i].said[n].from, "same sid",
					 couples[i].said[n].peer, n + 1);
	}
	/* A claim of a JID whose earlier one is still alone replaces it. */
	for (unsigned int j = 0; j < n; j++) {
		int expected = couples[i].said[j].answer;

		for (unsigned int k = j + 1; k < n; k++) {
			if (expected == PENDING &&
			    strcmp(couples[i].said[j].from, couples[i].said[k].from) == 0)
				expected = IQ_CONFLICT;
		}
		if (w->iqs[iqs[j]].result != expected)
			fail_msg("%s: claim %u is answered %d, not %d", couples[i].name, j,
				 w->iqs[iqs[j]].result, expected);
	}
	world_close(w);
}

static void test_couples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(couples) / sizeof(couples[0]); i++)
		run_couple(i);
}

static void test_sids_differ(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	world_established(w, 1);
	world_established(w, 2);
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 1), PENDING);
	assert_answer(w, world_claim_leg(w, BOB, "S", ALICE, 2), PENDING);
	assert_gauge(w, SESSIONS_CLAIMED, 2);
	world_close(w);
}

static void tune_sixteen(struct config *cfg)
{
	cfg->limits.sessions = 16;
}

/* Few hash chains, many sids: they meet in the chains and nowhere else. */
static void test_many_sids_in_few_chains(void **state)
{
	struct world *w = world_open(tune_sixteen);
	char jid[32], sid[8];

	(void)state;
	for (unsigned int i = 1; i <= 16; i++) {
		snprintf(jid, sizeof(jid), "u%u@example.org/x", i);
		snprintf(sid, sizeof(sid), "%u", i);
		world_established(w, i);
		assert_answer(w, world_claim_leg(w, jid, sid, NULL, i), PENDING);
	}
	assert_gauge(w, SESSIONS_CLAIMED, 16);
	world_close(w);
}

static void test_replaced(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int old, new;

	(void)state;
	world_established(w, 1);
	world_established(w, 2);
	old = world_claim_leg(w, ALICE, "s", BOB, 1);
	new = world_claim_leg(w, ALICE, "s", BOB, 2);
	assert_answer(w, old, IQ_CONFLICT);
	assert_answer(w, new, PENDING);
	assert_closed(w, SESSION_REPLACED, 1);
	assert_true(w->legs[1].reset);
	assert_false(w->legs[2].reset);
	world_established(w, 3);
	assert_answer(w, world_claim_leg(w, BOB, "s", ALICE, 3), IQ_OK);
	assert_answer(w, new, IQ_OK);
	world_close(w);
}

/* The leg went with the old claim: the same claim again waits for another one. */
static void test_replaced_by_itself(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int old, new;

	(void)state;
	world_established(w, 1);
	old = world_claim_leg(w, ALICE, "s", BOB, 1);
	new = world_claim_leg(w, ALICE, "s", BOB, 1);
	assert_answer(w, old, IQ_CONFLICT);
	assert_true(w->legs[1].reset);
	world_pass(w, 3000);
	assert_answer(w, new, IQ_ITEM_NOT_FOUND);
	world_close(w);
}

/* Whoever pairs shares the other's fate from then on. */
static void test_partner_fails_with_it(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b;

	(void)state;
	world_established(w, 1);
	a = world_claim_leg(w, ALICE, "s", BOB, 1);
	b = world_claim_leg(w, BOB, "s", ALICE, 2); /* whose leg never comes */
	world_pass(w, 2999);
	assert_answer(w, a, PENDING);
	world_pass(w, 1);
	assert_answer(w, b, IQ_ITEM_NOT_FOUND);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_true(w->legs[1].reset);
	assert_closed(w, SESSION_NO_LEG, 2);
	/* That Alice failed with him is no failure of hers: he may try again. */
	assert_answer(w, world_claim_leg(w, BOB, "s", ALICE, 3), PENDING);
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
	world_established(w, 1);
	world_established(w, 2);
	a = world_claim_leg(w, ALICE, "s", BOB, 1);
	b = world_claim_leg(w, BOB, "s", ALICE, 2);
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

/* --- rule 6 and legs that end --- */

static void test_partner_never_comes(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a;

	(void)state;
	world_established(w, 1);
	a = world_claim_leg(w, ALICE, "s", BOB, 1);
	world_pass(w, 59999);
	assert_answer(w, a, PENDING);
	world_pass(w, 1);
	assert_answer(w, a, IQ_REMOTE_SERVER_TIMEOUT);
	assert_true(w->legs[1].reset);
	assert_closed(w, SESSION_NO_PARTNER, 1);
	world_close(w);
}

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

static void tune_one(struct config *cfg)
{
	cfg->limits.sessions = 1;
}

/* Who joins needs no room of his own: at the limit a pair is finished, and no other begun. */
static void test_the_last_session(void **state)
{
	struct world *w = world_open(tune_one);
	uint64_t flow = world_splice(w, "s", 1);

	(void)state;
	assert_answer(w, world_claim_leg(w, CAROL, "t", DAVE, 3), IQ_RESOURCE_CONSTRAINT);
	w->flows[flow].status.state = FLOW_FINISHED;
	world_pass(w, 1000);
	world_splice(w, "t", 5);
	world_close(w);
}

/* --- A4: the memory for failures --- */

/* Who repeats a claim that went well has not failed: the sid can be used again by either. */
static void test_a_repeated_claim_is_no_failure(void **state)
{
	struct world *w = world_open(NULL);
	uint64_t flow = world_splice(w, "s", 1);

	(void)state;
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 1), IQ_CONFLICT);
	w->flows[flow].status.state = FLOW_FINISHED;
	world_pass(w, 1000);
	assert_answer(w, world_claim_leg(w, BOB, "s", ALICE, 5), PENDING);
	world_close(w);
}

static void test_partner_failed_before(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	world_claim_leg(w, BOB, "s", ALICE, 9);
	world_pass(w, 3000);
	world_established(w, 1);
	assert_answer(w, world_claim_leg(w, ALICE, "s", CAROL, 2), PENDING);
	assert_answer(w, world_claim_leg(w, ALICE, "t", BOB, 3), PENDING);
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 1), IQ_ITEM_NOT_FOUND);
	assert_closed(w, SESSION_NO_PARTNER, 1);
	world_close(w);
}

/* Bob named nobody, but Alice names him; Carol is not concerned. */
static void test_partner_who_named_nobody_failed(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	world_claim_leg(w, BOB, "s", NULL, 9);
	world_pass(w, 3000);
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 1), IQ_ITEM_NOT_FOUND);
	assert_answer(w, world_claim_leg(w, CAROL, "s", NULL, 2), PENDING);
	world_pass(w, 3000);
	assert_answer(w, world_claim_leg(w, BOB, "s", NULL, 9), PENDING);
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 1), PENDING);
	world_close(w);
}

static void test_partner_lost_its_leg_before(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	world_established(w, 1);
	world_claim_leg(w, BOB, "s", ALICE, 1);
	world_gone(w, 1, LEG_END_RESET);
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 2), IQ_ITEM_NOT_FOUND);
	world_close(w);
}

static void test_failure_is_forgotten(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	world_claim_leg(w, BOB, "s", ALICE, 9);
	world_pass(w, 3000 + 60000);
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 1), PENDING);
	world_close(w);
}

static void test_failed_partner_tries_again(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	world_claim_leg(w, BOB, "s", ALICE, 9);
	world_pass(w, 3000);
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 1), IQ_ITEM_NOT_FOUND);
	/* That answer is no failure of Alice's own: Bob may try, and she may follow. */
	world_established(w, 2);
	assert_answer(w, world_claim_leg(w, BOB, "s", ALICE, 2), PENDING);
	world_established(w, 3);
	assert_answer(w, world_claim_leg(w, ALICE, "s", BOB, 3), IQ_OK);
	world_close(w);
}

/* --- SYN cookies: legs that nobody saw --- */

static void cookies(struct world *w, enum mailbox_cookies how)
{
	mailbox_set_cookies(w->mb, 1, how);
}

/* Rules b and c count candidates, and now there may be some that nobody sees. */
static void test_cookies_and_rules(void **state)
{
	static const struct {
		enum mailbox_cookies how;
		int by_port, by_source, exact;
	} rows[] = {
		{MAILBOX_COOKIES_NONE, PENDING, PENDING, PENDING},
		{MAILBOX_COOKIES_OUTSTANDING, PENDING, PENDING, PENDING},
		{MAILBOX_COOKIES_IN_FORCE, IQ_RESOURCE_CONSTRAINT, IQ_RESOURCE_CONSTRAINT, PENDING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = world_open(NULL);
		unsigned int c, b, a;

		for (unsigned int port = 1; port <= 3; port++)
			world_established(w, port);
		cookies(w, rows[i].how);
		c = world_claim_port(w, ALICE, "c", BOB, 1);
		b = world_claim_source(w, ALICE, "b", BOB, 2);
		a = world_claim_leg(w, ALICE, "a", BOB, 3);
		assert_answer(w, c, rows[i].by_port);
		assert_answer(w, b, rows[i].by_source);
		assert_answer(w, a, rows[i].exact);
		assert_refusals(w, REFUSAL_COOKIES, rows[i].by_port == PENDING ? 0 : 2);
		assert_int_equal(w->legs[1].claimed, rows[i].by_port == PENDING);
		assert_int_equal(w->legs[2].claimed, rows[i].by_source == PENDING);
		assert_true(w->legs[3].claimed);
		assert_false(w->legs[1].reset || w->legs[2].reset);
		assert_int_equal(w->challenges, 0);
		world_close(w);
	}
}

/* A claim that waited for its leg since before must not take the only one it sees either. */
static void test_cookies_and_held_claims(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int c = world_claim_port(w, ALICE, "c", BOB, 1);
	unsigned int a = world_claim_leg(w, ALICE, "a", BOB, 2);

	(void)state;
	cookies(w, MAILBOX_COOKIES_IN_FORCE);
	world_established(w, 1);
	world_established(w, 2);
	assert_answer(w, c, IQ_RESOURCE_CONSTRAINT);
	assert_refusals(w, REFUSAL_COOKIES, 1);
	assert_false(w->legs[1].claimed);
	assert_answer(w, a, PENDING);
	assert_true(w->legs[2].claimed);
	cookies(w, MAILBOX_COOKIES_NONE);
	assert_int_equal(world_claim_port(w, ALICE, "c", BOB, 1), 2);
	assert_true(w->legs[1].claimed);
	world_close(w);
}

static void test_lost_ack_is_asked_for(void **state)
{
	struct world *w = world_open(NULL);
	struct four_tuple wanted = world_tuple(1);
	unsigned int a;

	(void)state;
	cookies(w, MAILBOX_COOKIES_OUTSTANDING);
	a = world_claim_leg(w, ALICE, "s", BOB, 1);
	assert_int_equal(w->challenges, 1);
	assert_memory_equal(&w->challenged, &wanted, sizeof(wanted));
	world_pass(w, 999);
	assert_int_equal(w->challenges, 1);
	world_pass(w, 1);
	assert_int_equal(w->challenges, 2); /* the first may be lost too */
	world_established(w, 1);
	assert_gauge(w, SESSIONS_CLAIMED, 1);
	world_pass(w, 5000);
	assert_int_equal(w->challenges, 2);
	assert_answer(w, a, PENDING);
	world_close(w);
}

/* Not for ever, and not when no cookie can be outstanding. */
static void test_asking_ends(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int a, b;

	(void)state;
	cookies(w, MAILBOX_COOKIES_IN_FORCE);
	a = world_claim_leg(w, ALICE, "a", BOB, 1);
	world_pass(w, 1000);
	b = world_claim_leg(w, ALICE, "b", BOB, 2);
	cookies(w, MAILBOX_COOKIES_NONE);
	assert_int_equal(w->challenges, 3);
	world_pass(w, 1500);
	assert_int_equal(w->challenges, 3);
	cookies(w, MAILBOX_COOKIES_IN_FORCE);
	world_pass(w, 10000);
	assert_int_equal(w->challenges, 3);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_answer(w, b, IQ_ITEM_NOT_FOUND);
	a = world_claim_leg(w, ALICE, "c", BOB, 3);
	world_pass(w, 20000);
	assert_int_equal(w->challenges, 3 + 3); /* at 0, 1 and 2 s; over at 3 s */
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	world_close(w);
}

static void advertise_another(struct config *cfg)
{
	static char name[] = "203.0.113.5", *names[] = {name};

	cfg->advertise.count = 1;
	cfg->advertise.names = names;
	cfg->ports[0].n_addresses = 3;
	cfg->ports[0].addresses[1].addr = world_ip("192.0.2.2");
	inet_pton(AF_INET6, "2001:db8::10", &cfg->ports[0].addresses[2].addr);
}

static void test_who_is_asked(void **state)
{
	static const struct {
		const char *ip, *from;
		unsigned int port, challenges;
	} rows[] = {
		{"192.0.2.1", "198.51.100.1", SERVICE, 1},   {"192.0.2.2", "10.0.0.1", SERVICE, 1},
		{"203.0.113.5", "198.51.100.1", SERVICE, 2}, {"192.0.2.3", "10.0.0.1", SERVICE, 0},
		{"192.0.2.1", "198.51.100.1", 22, 0},	     {"192.0.2.1", NULL, SERVICE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = world_open(advertise_another);
		struct claim claim = {.from = ALICE,
				      .sid = "s",
				      .peer = BOB,
				      .ip = world_ip(rows[i].ip),
				      .port = htons((uint16_t)rows[i].port),
				      .has_from_addr = true,
				      .from_port = htons(1)};

		if (rows[i].from != NULL)
			claim.from_ip = world_ip(rows[i].from);
		else /* one family at one end, the other at the other */
			inet_pton(AF_INET6, "2001:db8::1", &claim.from_ip);
		cookies(w, MAILBOX_COOKIES_IN_FORCE);
		world_claim(w, &claim);
		if (w->challenges != rows[i].challenges)
			fail_msg("%s port %u: %u questions", rows[i].ip, rows[i].port,
				 w->challenges);
		world_close(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookies_and_rules),
		cmocka_unit_test(test_cookies_and_held_claims),
		cmocka_unit_test(test_lost_ack_is_asked_for),
		cmocka_unit_test(test_asking_ends),
		cmocka_unit_test(test_who_is_asked),
		cmocka_unit_test(test_claim_before_leg),
		cmocka_unit_test(test_leg_never_comes),
		cmocka_unit_test(test_held_by_each_rule),
		cmocka_unit_test(test_two_candidates),
		cmocka_unit_test(test_second_candidate_while_held),
		cmocka_unit_test(test_half_open_goes_away),
		cmocka_unit_test(test_leg_in_the_way_goes),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_crowded_name),
		cmocka_unit_test(test_couples),
		cmocka_unit_test(test_sids_differ),
		cmocka_unit_test(test_many_sids_in_few_chains),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_replaced_by_itself),
		cmocka_unit_test(test_partner_fails_with_it),
		cmocka_unit_test(test_disputed_leg),
		cmocka_unit_test(test_disputed_before_it_comes),
		cmocka_unit_test(test_disputed_by_its_own_partner),
		cmocka_unit_test(test_disputed_while_retiring),
		cmocka_unit_test(test_spliced_leg_is_beyond_dispute),
		cmocka_unit_test(test_port_sweep),
		cmocka_unit_test(test_one_jid_claims_its_leg_twice),
		cmocka_unit_test(test_held_longest_comes_first),
		cmocka_unit_test(test_partner_never_comes),
		cmocka_unit_test(test_leg_lost),
		cmocka_unit_test(test_new_leg_before_the_old_is_gone),
		cmocka_unit_test(test_stale_events),
		cmocka_unit_test(test_sessions_per_jid),
		cmocka_unit_test(test_sessions_in_all),
		cmocka_unit_test(test_the_last_session),
		cmocka_unit_test(test_a_repeated_claim_is_no_failure),
		cmocka_unit_test(test_partner_failed_before),
		cmocka_unit_test(test_partner_who_named_nobody_failed),
		cmocka_unit_test(test_partner_lost_its_leg_before),
		cmocka_unit_test(test_failure_is_forgotten),
		cmocka_unit_test(test_failed_partner_tries_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

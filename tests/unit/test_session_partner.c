/* SPDX-License-Identifier: BSD-3-Clause */
/* Who belongs to whom, and partners that fail or never come: rules 4 and 6 of DESIGN 2.1. */
#include "session_world.h"

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

/* --- rule 6 --- */

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_couples),
		cmocka_unit_test(test_sids_differ),
		cmocka_unit_test(test_many_sids_in_few_chains),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_replaced_by_itself),
		cmocka_unit_test(test_partner_fails_with_it),
		cmocka_unit_test(test_partner_never_comes),
		cmocka_unit_test(test_a_repeated_claim_is_no_failure),
		cmocka_unit_test(test_partner_failed_before),
		cmocka_unit_test(test_partner_who_named_nobody_failed),
		cmocka_unit_test(test_partner_lost_its_leg_before),
		cmocka_unit_test(test_failure_is_forgotten),
		cmocka_unit_test(test_failed_partner_tries_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Reservations: who has one, how long, how many, and what is left when it is over. */
#include <arpa/inet.h>

#include "rendezvous_world.h"

/* A claim under way when the session ended does not count for the next. */
static void test_late_claim(void **ctx)
{
	unsigned int a, b;
	struct rendezvous_ends first;

	(void)ctx;
	open_world(rendezvous);
	first = ends;
	leg4(OPEN, 1);
	leg4(OPEN, 2);
	a = claim4(ALICE, NULL);
	world_gone(w, 1, LEG_END_RESET);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_true(w->legs[2].reset);
	assert_int_equal(reserve(SID, ALICE, BOB), REFUSALS);
	leg4(OPEN, 3);
	leg4(OPEN, 66);
	a = claim4(ALICE, NULL);
	ends = first;
	b = claim4(BOB, NULL);
	world_pass(w, w->cfg.timers.match_ms + 100);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_answer(w, b, IQ_ITEM_NOT_FOUND);
	assert_int_equal(w->n_flows, 0);
	close_world();
}

/* A claim that is older than the reservation stays what it was; made again it is for it. */
static void test_plain_before(void **ctx)
{
	unsigned int plain, a, b;

	(void)ctx;
	open_unreserved(rendezvous);
	world_established(w, 9);
	plain = world_claim_leg(w, ALICE, SID, BOB, 9);
	assert_int_equal(reserve(SID, BOB, ALICE), REFUSALS);
	leg4(OPEN, 2);
	b = claim4(BOB, ALICE);
	assert_answer(w, plain, PENDING);
	assert_answer(w, b, PENDING);
	leg4(OPEN, 1);
	a = claim4(ALICE, BOB);
	assert_answer(w, plain, IQ_CONFLICT);
	assert_true(w->legs[9].reset);
	assert_spliced(a, b);
	close_world();
}

static void test_reserved_for(void **ctx)
{
	(void)ctx;
	open_world(rendezvous);
	assert_true(session_reserved_for(w->book, SID, ALICE, BOB));
	assert_true(session_reserved_for(w->book, SID, BOB, ALICE));
	assert_true(session_reserved_for(w->book, SID, BOB, NULL));
	assert_false(session_reserved_for(w->book, SID, BOB, CAROL));
	assert_false(session_reserved_for(w->book, SID, CAROL, NULL));
	assert_false(session_reserved_for(w->book, "t", ALICE, BOB));
	world_pass(w, w->cfg.timers.reserve_ms + 100);
	assert_false(session_reserved_for(w->book, SID, ALICE, BOB));
	close_world();
	w = world_open(NULL);
	assert_false(session_reserved_for(w->book, SID, ALICE, BOB));
	close_world();
}

static void one_port(struct config *cfg)
{
	rendezvous(cfg);
	cfg->rendezvous.ports.last = cfg->rendezvous.ports.first;
}

/* One port, which rests after it was used. */
static void test_exhausted(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(one_port);
	assert_int_equal(reserve(SID, CAROL, DAVE), REFUSAL_RESERVATIONS);
	assert_int_equal(reserve(SID, BOB, ALICE), REFUSALS);
	leg4(OPEN, 1);
	leg4(OPEN, 2);
	a = claim4(ALICE, BOB);
	b = claim4(BOB, ALICE);
	assert_spliced(a, b);
	world_pass(w, RESERVATION_QUARANTINE_MS - 1);
	assert_int_equal(reserve(SID, CAROL, DAVE), REFUSAL_RESERVATIONS);
	leg4(OPEN, 3);
	assert_true(w->legs[3].reset);
	world_pass(w, 1);
	assert_int_equal(reserve(SID, CAROL, DAVE), REFUSALS);
	close_world();
}

static void test_draining(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	leg4(OPEN, 1);
	leg4(OPEN, 2);
	a = claim4(ALICE, BOB);
	session_drain(w->book, true);
	assert_int_equal(reserve("t", ALICE, BOB), REFUSAL_DRAINING);
	b = claim4(BOB, ALICE);
	assert_spliced(a, b);
	close_world();
}

/* The limit and the time are live. */
static void test_reload(void **ctx)
{
	(void)ctx;
	open_world(rendezvous);
	w->cfg.limits.reservations_per_jid = 1;
	w->cfg.timers.reserve_ms = 10000;
	session_book_reconfigure(w->book);
	assert_int_equal(reserve("t", ALICE, CAROL), REFUSAL_RESERVATIONS_PER_JID);
	world_pass(w, 9900);
	assert_int_equal(w->stats.reservations, 1);
	world_pass(w, 200);
	assert_int_equal(w->stats.reservations, 0);
	assert_int_equal(heard, MAILBOX_RENDEZVOUS_FREE);
	assert_int_equal(reserve("t", ALICE, CAROL), REFUSALS);
	close_world();
}

static void test_no_leg(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	leg4(OPEN, 1);
	a = claim4(ALICE, BOB);
	b = claim4(BOB, ALICE);
	world_pass(w, w->cfg.timers.match_ms + 100);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_answer(w, b, IQ_ITEM_NOT_FOUND);
	assert_true(w->legs[1].reset);
	assert_int_equal(heard, MAILBOX_RENDEZVOUS_FREE);
	assert_int_equal(w->stats.reservations, 0);
	close_world();

	open_world(rendezvous); /* or without claims */
	leg4(OPEN, 1);
	world_pass(w, w->cfg.timers.reserve_ms - 1000);
	assert_int_equal(w->stats.reservations, 1);
	world_pass(w, 2000);
	assert_int_equal(w->stats.reservations, 0);
	assert_true(w->legs[1].reset);
	close_world();
}

/* Somebody reserves in bob's name: what bob says decides whose he is. */
static void test_two_reservations(void **ctx)
{
	struct rendezvous_ends theirs;
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	theirs = ends;
	assert_int_equal(reserve(SID, CAROL, BOB), REFUSALS);
	ends = theirs;
	leg4(OPEN, 1);
	leg4(OPEN, 2);
	a = claim4(ALICE, NULL);
	b = claim4(BOB, NULL);
	assert_answer(w, a, IQ_OK);
	assert_answer(w, b, IQ_OK);
	assert_int_equal(w->stats.reservations, 1);
	close_world();
}

static void test_limits(void **ctx)
{
	(void)ctx;
	open_world(rendezvous);
	assert_int_equal(reserve("t", ALICE, BOB), REFUSALS);
	assert_int_equal(reserve("u", ALICE, BOB), REFUSAL_RESERVATIONS_PER_JID);
	assert_int_equal(w->stats.reservations, 2);
	assert_int_equal(reserve(SID, BOB, ALICE), REFUSALS);
	assert_int_equal(w->stats.reservations, 2);
	close_world();
}

/* While two claims use it it does not run out, nor by being asked for again. */
static void test_lent(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	world_pass(w, w->cfg.timers.reserve_ms - 1000);
	a = claim4(ALICE, NULL);
	assert_int_equal(reserve(SID, BOB, ALICE), REFUSALS);
	world_pass(w, 2000);
	leg4(OPEN, 1);
	leg4(OPEN, 2);
	b = claim4(BOB, NULL);
	assert_spliced(a, b);
	close_world();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_late_claim),   cmocka_unit_test(test_plain_before),
		cmocka_unit_test(test_reserved_for), cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_draining),     cmocka_unit_test(test_reload),
		cmocka_unit_test(test_no_leg),	     cmocka_unit_test(test_two_reservations),
		cmocka_unit_test(test_limits),	     cmocka_unit_test(test_lent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

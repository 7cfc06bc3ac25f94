/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions over reserved addresses, DESIGN 2.2: alice and bob have a reservation, and connect to its
 * addresses from wherever they are; what they say of themselves does not matter.
 */
#include <arpa/inet.h>

#include "rendezvous_world.h"

static void strict(struct config *cfg)
{
	rendezvous(cfg);
	cfg->endpoint.strict = true;
}

/* Legs first, claims then, with and without peers. */
static void test_legs_first(void **ctx)
{
	static const char *const peers[][2] = {
		{BOB, ALICE}, {NULL, NULL}, {BOB, NULL}, {NULL, ALICE}};

	(void)ctx;
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		unsigned int a, b;

		open_world(rendezvous);
		leg4(OPEN, 1);
		leg4(OPEN, 2);
		a = claim4(ALICE, peers[i][0]);
		assert_answer(w, a, PENDING);
		b = claim4(BOB, peers[i][1]);
		assert_spliced(a, b);
		assert_true(w->legs[1].opened && w->legs[2].opened);
		close_world();
	}
}

static void test_claims_first(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(strict);
	a = claim4(ALICE, NULL);
	assert_gauge(w, SESSIONS_WAITING, 1);
	world_pass(w, w->cfg.timers.match_ms + 1000); /* that runs from the second claim on */
	assert_answer(w, a, PENDING);
	assert_int_equal(heard, MAILBOX_RENDEZVOUS_OPEN);
	b = claim4(BOB, NULL);
	assert_int_equal(heard, MAILBOX_RENDEZVOUS_CLOSED);
	leg4(HALF, 1);
	leg4(OPEN, 2);
	assert_answer(w, b, PENDING);
	leg4(OPEN, 1);
	assert_spliced(a, b);
	close_world();
}

/* One by IPv4, one by IPv6. */
static void test_families(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	leg6(OPEN, 2);
	b = claim6(BOB, ALICE);
	leg4(OPEN, 1);
	a = claim4(ALICE, BOB);
	assert_spliced(a, b);
	close_world();
}

/* A scanner is on the address before they are. */
static void test_stranger(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	leg4(OPEN, 66);
	leg4(OPEN, 1);
	leg4(OPEN, 2);
	a = claim4(ALICE, BOB);
	b = claim4(BOB, ALICE);
	assert_answer(w, a, IQ_CONFLICT);
	assert_answer(w, b, IQ_CONFLICT);
	assert_true(w->legs[66].reset && w->legs[1].reset && w->legs[2].reset);
	assert_int_equal(w->n_flows, 0);
	/* They may ask again, and are not found there any more. */
	assert_int_equal(heard, MAILBOX_RENDEZVOUS_FREE);
	assert_int_equal(reserve(SID, BOB, ALICE), REFUSALS);
	close_world();
}

/* Who only began to connect delays them, past timers.match, and stops nothing. */
static void test_half_open_stranger(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	leg4(HALF, 66);
	leg4(OPEN, 1);
	leg4(OPEN, 2);
	a = claim4(ALICE, BOB);
	b = claim4(BOB, ALICE);
	world_pass(w, 2 * w->cfg.timers.match_ms);
	assert_answer(w, a, PENDING);
	world_gone(w, 66, LEG_END_TIMEOUT);
	assert_spliced(a, b);
	close_world();
}

/* Legs of which the workers have told count, though nobody has listened yet: with the second claim two
 * are known, at once or a moment later, and one of them is a stranger's. */
static void test_unseen(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	for (int seen = 0; seen < 2; seen++) {
		open_world(rendezvous);
		leg4(OPEN, 66);
		if (seen)
			leg4(OPEN, 1);
		a = claim4(ALICE, BOB);
		if (!seen)
			leg4_unseen(1);
		leg4_unseen(2);
		b = claim4(BOB, ALICE);
		assert_answer(w, a, IQ_CONFLICT);
		assert_answer(w, b, IQ_CONFLICT);
		assert_true(w->legs[66].reset && w->legs[1].reset && w->legs[2].reset);
		close_world();
	}
}

/* Nothing is decided before all workers have told what they knew. */
static void test_fence(void **ctx)
{
	const struct mailbox_event met[] = {{.type = MAILBOX_FENCED, .worker = 0, .id = 1},
					    {.type = MAILBOX_FENCED, .worker = 1, .id = 1}};
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	w->lazy_fences = true;
	leg4(OPEN, 1);
	leg4(OPEN, 2);
	a = claim4(ALICE, BOB);
	b = claim4(BOB, ALICE);
	session_event(w->book, &met[1], w->now_ms);
	assert_answer(w, b, PENDING);
	session_event(w->book, &met[0], w->now_ms);
	world_work(w);
	assert_spliced(a, b);
	close_world();

	open_world(rendezvous);
	w->lazy_fences = true;
	leg4(OPEN, 1);
	leg4(OPEN, 2);
	a = claim4(ALICE, BOB);
	b = claim4(BOB, ALICE);
	world_pass(w, w->cfg.timers.match_ms + 100);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_answer(w, b, IQ_ITEM_NOT_FOUND);
	/* again, while the first fences are under way still */
	assert_int_equal(reserve(SID, ALICE, BOB), REFUSALS);
	leg4(OPEN, 3);
	leg4(OPEN, 4);
	a = claim4(ALICE, BOB);
	b = claim4(BOB, ALICE);
	w->lazy_fences = false;
	session_event(w->book, &met[0], w->now_ms);
	session_event(w->book, &met[1], w->now_ms);
	assert_answer(w, b, PENDING);
	world_work(w);
	assert_spliced(a, b);
	close_world();
}

/* The leg that went was alice's, and who is left is not bob's partner. */
static void test_gone(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	leg4(OPEN, 1);
	a = claim4(ALICE, BOB);
	leg4(OPEN, 66);
	world_gone(w, 1, LEG_END_RESET);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_true(w->legs[66].reset);
	assert_closed(w, SESSION_LEG_LOST, 1);
	leg4(OPEN, 2);
	assert_true(w->legs[2].reset);
	b = claim4(BOB, ALICE); /* at once */
	assert_answer(w, b, IQ_ITEM_NOT_FOUND);
	/* at other addresses they may try again */
	assert_int_equal(reserve(SID, BOB, ALICE), REFUSALS);
	leg4(OPEN, 3);
	a = claim4(ALICE, BOB);
	leg4(OPEN, 4);
	b = claim4(BOB, ALICE);
	assert_spliced(a, b);
	close_world();
}

static void test_gone_of_two(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	leg4(OPEN, 1);
	leg4(OPEN, 66);
	a = claim4(ALICE, BOB);
	leg4(HALF, 2);
	b = claim4(BOB, ALICE);
	world_gone(w, 1, LEG_END_RESET);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_answer(w, b, IQ_ITEM_NOT_FOUND);
	assert_true(w->legs[66].reset && w->legs[2].reset);
	assert_int_equal(w->n_flows, 0);
	close_world();
}

/* It was nobody's who has claimed: on another address, not established, or the claim tells its own. */
static void test_gone_harmless(void **ctx)
{
	struct claim claim = {
		.from = ALICE, .sid = SID, .port = htons(SERVICE), .has_from_addr = true};
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	leg6(OPEN, 1);
	leg6(OPEN, 66);
	leg6(HALF, 67);
	leg4(OPEN, 68);
	claim.ip = ends.addr6;
	inet_pton(AF_INET6, "2001:db8::1", &claim.from_ip);
	claim.from_port = htons(1);
	a = world_claim(w, &claim);
	world_gone(w, 66, LEG_END_RESET);
	world_gone(w, 67, LEG_END_TIMEOUT);
	world_gone(w, 68, LEG_END_RESET);
	assert_answer(w, a, PENDING);
	leg4(OPEN, 2);
	b = claim4(BOB, ALICE);
	assert_spliced(a, b);
	close_world();
}

/* Who has claimed keeps the leg until the partner comes, also one that comes after the claim. */
static void test_kept(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	leg4(HALF, 1);
	leg6(OPEN, 3);
	a = claim4(ALICE, BOB);
	assert_false(w->legs[1].claimed || w->legs[3].claimed);
	leg4(OPEN, 1);
	assert_true(w->legs[1].claimed);
	assert_false(w->legs[3].claimed); /* nobody named it */
	world_pass(w, w->cfg.timers.pair_ms - 1000);
	leg4(OPEN, 2);
	b = claim4(BOB, ALICE);
	assert_spliced(a, b);
	close_world();
}

/* Who was at an address for which there was no room is not known: so nobody is. */
static void test_spoiled(void **ctx)
{
	unsigned int a, b;

	(void)ctx;
	open_world(rendezvous);
	for (unsigned int i = 1; i <= 5; i++)
		leg4(OPEN, i);
	assert_true(w->legs[5].reset);
	for (unsigned int i = 3; i <= 4; i++)
		world_gone(w, i, LEG_END_RESET);
	a = claim4(ALICE, BOB);
	b = claim4(BOB, ALICE);
	assert_answer(w, a, IQ_CONFLICT);
	assert_answer(w, b, IQ_CONFLICT);
	close_world();
}

/* Whom the relay itself has reset may have a claim under way: what comes to count is another's. */
static void test_reset_unheard(void **ctx)
{
	static const struct {
		enum mailbox_event_type as;
		enum leg_end end;
		int answer;
	} rows[] = {
		{OPEN, LEG_END_TIMEOUT, IQ_CONFLICT}, /* timers.claim */
		{HALF, LEG_END_REFUSED, IQ_CONFLICT}, /* a limit */
		{HALF, LEG_END_TIMEOUT, IQ_OK},	      /* it never was */
		{OPEN, LEG_END_RESET, IQ_OK},	      /* he knows */
	};

	(void)ctx;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int a, b;

		open_world(rendezvous);
		leg4(rows[i].as, 1);
		leg4(OPEN, 2);
		world_gone(w, 1, rows[i].end);
		a = claim4(ALICE, BOB);
		leg4(OPEN, 3);
		b = claim4(BOB, ALICE);
		assert_answer(w, a, rows[i].answer);
		assert_answer(w, b, rows[i].answer);
		close_world();
	}
}

static void test_no_partner(void **ctx)
{
	unsigned int a;

	(void)ctx;
	open_world(rendezvous);
	leg4(OPEN, 1);
	a = claim4(ALICE, NULL);
	world_pass(w, w->cfg.timers.pair_ms + 100);
	assert_answer(w, a, IQ_REMOTE_SERVER_TIMEOUT);
	close_world();
}

/* Legs of the service itself are not theirs, however well they are named; nor is theirs anybody
 * else's. */
static void test_other_legs(void **ctx)
{
	unsigned int a, b, c, d;
	struct claim claim = {.from = CAROL, .sid = "other", .peer = DAVE};

	(void)ctx;
	open_world(rendezvous);
	world_established(w, 1);
	world_established(w, 2);
	leg4(OPEN, 3);
	leg6(OPEN, 4);
	a = world_claim_leg(w, ALICE, SID, BOB, 1);
	b = world_claim_leg(w, BOB, SID, ALICE, 2);
	claim.ip = world_ip("198.51.100.1"); /* rule b */
	claim.port = htons(3);
	c = world_claim(w, &claim);
	claim.from = DAVE; /* rule a */
	claim.peer = CAROL;
	claim.ip = ends.addr6;
	claim.port = htons(SERVICE);
	claim.has_from_addr = true;
	inet_pton(AF_INET6, "2001:db8::1", &claim.from_ip);
	claim.from_port = htons(4);
	d = world_claim(w, &claim);
	world_pass(w, w->cfg.timers.match_ms + 100);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_answer(w, b, IQ_ITEM_NOT_FOUND);
	assert_answer(w, c, IQ_ITEM_NOT_FOUND);
	assert_answer(w, d, IQ_ITEM_NOT_FOUND);
	assert_int_equal(w->n_flows, 0);
	close_world();
}

/* Who has the sid but no reservation does not come between. */
static void test_other_people(void **ctx)
{
	static const char *const peers[] = {ALICE, BOB, NULL};
	unsigned int a, b, c;

	(void)ctx;
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		open_world(rendezvous);
		leg4(OPEN, 1);
		leg4(OPEN, 2);
		a = claim4(ALICE, NULL);
		c = claim4(CAROL, peers[i]);
		b = claim4(BOB, NULL);
		assert_spliced(a, b);
		assert_true(w->legs[1].opened && w->legs[2].opened);
		world_pass(w, w->cfg.timers.match_ms + 100);
		assert_answer(w, c, IQ_ITEM_NOT_FOUND);
		close_world();
	}
}

/* At most four legs an address; none on one that is nobody's. */
static void test_too_many_legs(void **ctx)
{
	(void)ctx;
	open_world(rendezvous);
	for (unsigned int i = 1; i <= 4; i++)
		leg4(HALF, i);
	leg4(HALF, 5);
	assert_true(w->legs[5].reset);
	assert_false(w->legs[4].reset);
	leg6(HALF, 6);
	assert_false(w->legs[6].reset);
	ends.port = htons(ntohs(ends.port) == 10000 ? 10001 : 10000);
	leg4(HALF, 7);
	assert_true(w->legs[7].reset);
	close_world();
}

/* A new claim of the same JID replaces the old one. */
static void test_replaced(void **ctx)
{
	unsigned int a, again, b;

	(void)ctx;
	open_world(rendezvous);
	leg4(OPEN, 1);
	leg6(OPEN, 2);
	a = claim4(BOB, ALICE);
	again = claim6(BOB, ALICE);
	assert_answer(w, a, IQ_CONFLICT);
	b = claim4(ALICE, BOB);
	assert_spliced(again, b);
	close_world();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_legs_first),
		cmocka_unit_test(test_claims_first),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_half_open_stranger),
		cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_fence),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_gone_of_two),
		cmocka_unit_test(test_gone_harmless),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_spoiled),
		cmocka_unit_test(test_reset_unheard),
		cmocka_unit_test(test_no_partner),
		cmocka_unit_test(test_other_legs),
		cmocka_unit_test(test_other_people),
		cmocka_unit_test(test_too_many_legs),
		cmocka_unit_test(test_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

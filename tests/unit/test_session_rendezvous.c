/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions over reserved addresses, DESIGN 2.2: alice and bob have a reservation, and connect to its
 * addresses from wherever they are; what they say of themselves does not matter.
 */
#include "session_world.h"

#include <arpa/inet.h>

#define OPEN MAILBOX_LEG_ESTABLISHED
#define HALF MAILBOX_LEG_HALF_OPEN
#define SID  "s"

static struct world *w;
static struct rendezvous_ends ends;
static enum mailbox_rendezvous state; /* of the address the data plane heard of last */

static void hear(void *ctx, in_port_t port, const struct in6_addr *addr6,
		 enum mailbox_rendezvous told)
{
	(void)ctx;
	assert_true(port != 0 && !IN6_IS_ADDR_UNSPECIFIED(addr6));
	state = told;
}

static void rendezvous(struct config *cfg)
{
	cfg->rendezvous.enabled = true;
	cfg->rendezvous.ports = (struct config_range){10000, 19999};
	inet_pton(AF_INET6, "2001:db8:0:1::", &cfg->rendezvous.prefix.addr);
	cfg->rendezvous.prefix.prefix_len = 64;
	cfg->timers.reserve_ms = 120000;
	cfg->limits.reservations_per_jid = 2;
}

static void strict(struct config *cfg)
{
	rendezvous(cfg);
	cfg->endpoint.strict = true;
}

static int reserve(const char *sid, const char *jid, const char *peer)
{
	return (int)session_reserve(w->book, sid, jid, peer, w->now_ms, &ends);
}

static void open_world(void (*tune)(struct config *cfg))
{
	w = world_open(tune);
	w->splicer.rendezvous = hear;
	assert_int_equal(reserve(SID, ALICE, BOB), REFUSALS);
	assert_int_equal(state, MAILBOX_RENDEZVOUS_OPEN);
}

static void close_world(void)
{
	world_close(w);
}

static void leg4(enum mailbox_event_type type, unsigned int port)
{
	struct in6_addr own = world_ip("192.0.2.1");

	world_leg_at(w, type, port, &own, ends.port);
}

static void leg6(enum mailbox_event_type type, unsigned int port)
{
	world_leg_at(w, type, port, &ends.addr6, htons(SERVICE));
}

static void leg4_unseen(unsigned int port)
{
	struct in6_addr own = world_ip("192.0.2.1");

	world_leg_at_unseen(w, OPEN, port, &own, ends.port);
}

static unsigned int claim4(const char *from, const char *peer)
{
	struct claim claim = {.from = from,
			      .sid = SID,
			      .peer = peer,
			      .ip = world_ip("192.0.2.1"),
			      .port = ends.port};

	return world_claim(w, &claim);
}

static unsigned int claim6(const char *from, const char *peer)
{
	struct claim claim = {
		.from = from, .sid = SID, .peer = peer, .ip = ends.addr6, .port = htons(SERVICE)};

	return world_claim(w, &claim);
}

static void assert_spliced(unsigned int a, unsigned int b)
{
	assert_answer(w, a, IQ_OK);
	assert_answer(w, b, IQ_OK);
	assert_gauge(w, SESSIONS_SPLICED, 1);
	assert_int_equal(w->stats.reservations, 0);
	assert_int_equal(state, MAILBOX_RENDEZVOUS_FREE);
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
	assert_int_equal(state, MAILBOX_RENDEZVOUS_OPEN);
	b = claim4(BOB, NULL);
	assert_int_equal(state, MAILBOX_RENDEZVOUS_CLOSED);
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
	assert_int_equal(state, MAILBOX_RENDEZVOUS_FREE);
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
	w = world_open(rendezvous);
	w->splicer.rendezvous = hear;
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
	assert_int_equal(state, MAILBOX_RENDEZVOUS_FREE);
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
	assert_int_equal(state, MAILBOX_RENDEZVOUS_FREE);
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
		cmocka_unit_test(test_late_claim),
		cmocka_unit_test(test_plain_before),
		cmocka_unit_test(test_reserved_for),
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_draining),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_no_leg),
		cmocka_unit_test(test_no_partner),
		cmocka_unit_test(test_other_legs),
		cmocka_unit_test(test_other_people),
		cmocka_unit_test(test_two_reservations),
		cmocka_unit_test(test_too_many_legs),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_lent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

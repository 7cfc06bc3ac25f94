/* SPDX-License-Identifier: BSD-3-Clause */
/* Rendezvous addresses: who has which, and for how long. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "reservation_book.h"

#define FIRST	    10000
#define PORTS	    8
#define RESERVE_MS  120000
#define ALICE	    "alice@example.org/home"
#define BOB	    "bob@example.org/laptop"
#define ENDPOINT    4000
#define EVERY_BATCH 1000

struct world {
	struct config cfg;
	struct siphash_key key;
	struct reservation_book book;
	unsigned int begun, ended;
};

static void watch(void *ctx, struct reservation *r, bool begins)
{
	struct world *w = ctx;

	assert_true(r->port != 0 || !IN6_IS_ADDR_UNSPECIFIED(&r->addr6));
	*(begins ? &w->begun : &w->ended) += 1;
}

static struct in6_addr addr(const char *text)
{
	struct in6_addr a = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET, text, &a.s6_addr[12]) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	return a;
}

/* `own` is the one address of the port; `prefix` may be NULL. */
static void open_with(struct world *w, const char *own, const char *prefix)
{
	memset(w, 0, sizeof(*w));
	w->cfg.endpoint.enabled = w->cfg.rendezvous.enabled = true;
	w->cfg.endpoint.port = ENDPOINT;
	w->cfg.rendezvous.ports = (struct config_range){FIRST, FIRST + PORTS - 1};
	w->cfg.timers.reserve_ms = RESERVE_MS;
	w->cfg.limits.reservations_per_jid = 100;
	w->cfg.n_ports = w->cfg.ports[0].n_addresses = 1;
	w->cfg.ports[0].addresses[0].addr = addr(own);
	if (prefix != NULL)
		w->cfg.rendezvous.prefix = (struct config_address){addr(prefix), 64};
	assert_int_equal(hash_key_draw(&w->key), 0);
	assert_int_equal(reservation_book_init(&w->book, &w->cfg, &w->key, watch, w), 0);
}

static void open_both(struct world *w)
{
	open_with(w, "192.0.2.1", "2001:db8:0:1::");
}

static void done(struct world *w)
{
	reservation_book_fini(&w->book);
	assert_int_equal(w->begun, w->ended);
}

static struct reservation *take(struct world *w, const char *sid, const char *jid, const char *peer,
				uint64_t now_ms)
{
	struct reservation *r = NULL;

	assert_int_equal(reservation_take(&w->book, sid, jid, peer, now_ms, &r), 0);
	assert_non_null(r);
	return r;
}

static int take_fails(struct world *w, const char *sid, const char *jid, const char *peer,
		      uint64_t now_ms)
{
	struct reservation *r = NULL;
	int err = reservation_take(&w->book, sid, jid, peer, now_ms, &r);

	assert_null(r);
	return err;
}

/* The n-th of several couples that share nothing but the sid. */
static const char *nth(unsigned int n, const char *name)
{
	static char text[2][64];
	char *t = text[name[0] == 'a'];

	(void)snprintf(t, sizeof(text[0]), "%s%u@example.org/r", name, n);
	return t;
}

static void test_addresses(void **state)
{
	struct world w;
	struct reservation *r;
	struct in6_addr prefix = addr("2001:db8:0:1::"), v4 = addr("192.0.2.1");

	(void)state;
	open_both(&w);
	r = take(&w, "s", ALICE, BOB, 0);
	assert_in_range(ntohs(r->port), FIRST, FIRST + PORTS - 1);
	assert_memory_equal(&r->addr6, &prefix, 8);
	assert_memory_not_equal(&r->addr6, &prefix, 16);
	assert_ptr_equal(reservation_at(&w.book, &v4, r->port), r);
	assert_ptr_equal(reservation_at(&w.book, &r->addr6, htons(ENDPOINT)), r);
	/* nobody's */
	assert_null(reservation_at(&w.book, &r->addr6, r->port));
	assert_null(reservation_at(&w.book, &v4, htons(ENDPOINT)));
	assert_null(reservation_at(&w.book, &v4, htons(FIRST - 1)));
	assert_null(reservation_at(&w.book, &v4, htons(FIRST + PORTS)));
	assert_null(reservation_at(&w.book, &prefix, htons(ENDPOINT)));
	for (unsigned int p = FIRST; p < FIRST + PORTS; p++) {
		if (htons((in_port_t)p) != r->port)
			assert_null(reservation_at(&w.book, &v4, htons((in_port_t)p)));
	}
	done(&w);
}

/* What is not configured is not given. */
static void test_families(void **state)
{
	struct world w;
	struct reservation *r;

	(void)state;
	open_with(&w, "192.0.2.1", NULL);
	r = take(&w, "s", ALICE, BOB, 0);
	assert_true(r->port != 0 && IN6_IS_ADDR_UNSPECIFIED(&r->addr6));
	done(&w);
	open_with(&w, "2001:db8::1", "2001:db8:0:1::");
	r = take(&w, "s", ALICE, BOB, 0);
	assert_true(r->port == 0 && !IN6_IS_ADDR_UNSPECIFIED(&r->addr6));
	/* The range bounds nothing then. */
	for (unsigned int i = 0; i < 4 * PORTS; i++)
		take(&w, "s", nth(i, "a"), nth(i, "b"), 0);
	done(&w);
}

static void test_repeated(void **state)
{
	struct world w;
	struct reservation *r;

	(void)state;
	open_both(&w);
	r = take(&w, "s", ALICE, BOB, 0);
	assert_ptr_equal(take(&w, "s", ALICE, BOB, 1), r);
	assert_ptr_equal(take(&w, "s", BOB, ALICE, 2), r);
	assert_ptr_equal(reservation_find(&w.book, "s", BOB, ALICE), r);
	assert_int_equal(w.begun, 1);
	/* Each part of the key counts. */
	assert_ptr_not_equal(take(&w, "t", ALICE, BOB, 3), r);
	assert_ptr_not_equal(take(&w, "s", ALICE, "bob@example.org/other", 3), r);
	assert_ptr_not_equal(take(&w, "s", "alice@example.org/other", BOB, 3), r);
	assert_int_equal(w.begun, 4);
	assert_int_equal(w.book.count, 4);
	assert_null(reservation_find(&w.book, "s", ALICE, ALICE));
	assert_null(reservation_find(&w.book, "u", ALICE, BOB));
	done(&w);
}

/* All of a JID for a sid, whoever asked. */
static void test_of_jid(void **state)
{
	struct world w;
	struct reservation *r[2], *seen;

	(void)state;
	open_both(&w);
	r[0] = take(&w, "s", ALICE, BOB, 0);
	r[1] = take(&w, "s", "mallory@example.org/m", ALICE, 0);
	take(&w, "t", ALICE, BOB, 0);
	seen = reservation_of(&w.book, "s", ALICE, NULL);
	assert_true(seen == r[0] || seen == r[1]);
	assert_ptr_equal(reservation_of(&w.book, "s", ALICE, seen), seen == r[0] ? r[1] : r[0]);
	assert_null(reservation_of(&w.book, "s", ALICE, seen == r[0] ? r[1] : r[0]));
	assert_ptr_equal(reservation_of(&w.book, "s", BOB, NULL), r[0]);
	assert_null(reservation_of(&w.book, "s", BOB, r[0]));
	assert_null(reservation_of(&w.book, "t", "mallory@example.org/m", NULL));
	assert_true(reservation_is_for(&w.book, r[0], "s", BOB));
	assert_false(reservation_is_for(&w.book, r[1], "s", BOB));
	assert_false(reservation_is_for(&w.book, r[0], "t", BOB));
	done(&w);
}

static void test_expiry(void **state)
{
	struct world w;

	(void)state;
	open_both(&w);
	assert_true(reservation_tick(&w.book, EVERY_BATCH, 0) == UINT64_MAX);
	take(&w, "s", ALICE, BOB, 0);
	take(&w, "t", ALICE, BOB, 0);
	take(&w, "s", BOB, ALICE, 1000); /* renewed by the other side */
	assert_int_equal(reservation_tick(&w.book, EVERY_BATCH, RESERVE_MS - 1), 1);
	assert_int_equal(w.ended, 0);
	assert_int_equal(reservation_tick(&w.book, EVERY_BATCH, RESERVE_MS), 1000);
	assert_null(reservation_find(&w.book, "t", ALICE, BOB));
	assert_non_null(reservation_find(&w.book, "s", ALICE, BOB));
	reservation_tick(&w.book, EVERY_BATCH, RESERVE_MS + 1000);
	assert_null(reservation_find(&w.book, "s", ALICE, BOB));
	assert_int_equal(w.ended, 2);
	assert_int_equal(w.book.count, 0);
	/* as short as the configuration says it is now */
	take(&w, "s", ALICE, BOB, 500000);
	w.cfg.timers.reserve_ms = 10;
	reservation_book_reconfigure(&w.book);
	reservation_tick(&w.book, EVERY_BATCH, 500010);
	assert_int_equal(w.ended, 3);
	/* no more at a time than asked for */
	for (unsigned int i = 0; i < 4; i++)
		take(&w, "s", nth(i, "a"), nth(i, "b"), 600000);
	assert_int_equal(reservation_tick(&w.book, 3, 700000), 0);
	assert_int_equal(w.book.count, 1);
	done(&w);
}

/* Every port of the range is given, once, and after its rest again. */
static void test_exhausted(void **state)
{
	struct world w;
	struct reservation *r[PORTS];
	in_port_t first;
	bool seen[PORTS] = {false};

	(void)state;
	open_both(&w);
	for (unsigned int i = 0; i < PORTS; i++) {
		r[i] = take(&w, "s", nth(i, "a"), nth(i, "b"), 0);
		assert_false(seen[ntohs(r[i]->port) - FIRST]);
		seen[ntohs(r[i]->port) - FIRST] = true;
	}
	assert_int_equal(take_fails(&w, "s", ALICE, BOB, 0), -ENOSPC);
	assert_ptr_equal(take(&w, "s", nth(3, "b"), nth(3, "a"), 0), r[3]); /* has it already */
	first = r[5]->port;
	reservation_end(&w.book, r[5], 1000);
	reservation_end(&w.book, r[2], 2000);
	assert_int_equal(take_fails(&w, "s", ALICE, BOB, 1000 + RESERVATION_QUARANTINE_MS - 1),
			 -ENOSPC);
	r[5] = take(&w, "s", ALICE, BOB, 1000 + RESERVATION_QUARANTINE_MS);
	assert_int_equal(r[5]->port, first);
	assert_int_equal(take_fails(&w, "t", ALICE, BOB, 2000 + RESERVATION_QUARANTINE_MS - 1),
			 -ENOSPC);
	take(&w, "t", ALICE, BOB, 2000 + RESERVATION_QUARANTINE_MS);
	done(&w);
}

/* The ring of resting ports, all the way round. */
static void test_many_rests(void **state)
{
	struct world w;
	struct in6_addr v4 = addr("192.0.2.1");
	uint64_t now_ms = 0;

	(void)state;
	open_both(&w);
	for (unsigned int round = 0; round < 10 * PORTS; round++) {
		struct reservation *a = take(&w, "s", ALICE, BOB, now_ms);
		struct reservation *b = take(&w, "t", ALICE, BOB, now_ms);
		in_port_t port = a->port;

		assert_true(a->port != b->port);
		reservation_end(&w.book, a, now_ms);
		assert_null(reservation_at(&w.book, &v4, port));
		reservation_end(&w.book, b, now_ms);
		now_ms += RESERVATION_QUARANTINE_MS / 3;
	}
	assert_int_equal(w.book.n_free + w.book.n_resting, PORTS);
	done(&w);
}

/* Of who asked, all resources of his together; who is named does not pay. */
static void test_quota(void **state)
{
	struct world w;
	struct reservation *r;

	(void)state;
	open_both(&w);
	w.cfg.limits.reservations_per_jid = 2;
	reservation_book_reconfigure(&w.book);
	r = take(&w, "s", ALICE, BOB, 0);
	take(&w, "t", "alice@example.org/work", BOB, 0);
	assert_int_equal(take_fails(&w, "u", ALICE, BOB, 0), -EDQUOT);
	assert_int_equal(take_fails(&w, "u", "alice@example.org/third", BOB, 0), -EDQUOT);
	assert_ptr_equal(take(&w, "s", ALICE, BOB, 0), r);
	take(&w, "u", BOB, ALICE, 0);
	take(&w, "v", BOB, ALICE, 0);
	assert_int_equal(take_fails(&w, "w", BOB, ALICE, 0), -EDQUOT);
	assert_int_equal(w.book.count, 4);
	assert_int_equal(w.book.n_free, PORTS - 4);
	reservation_end(&w.book, r, 0);
	take(&w, "w", ALICE, BOB, 0);
	done(&w);
}

/* Neither ports nor addresses tell which come next. */
static void test_random(void **state)
{
	struct world w;
	unsigned int ascending = 0, times[PORTS] = {0};
	in_port_t last = 0;

	(void)state;
	open_both(&w);
	for (unsigned int i = 0; i < 800; i++) {
		uint64_t now_ms = i * (RESERVATION_QUARANTINE_MS + 1);
		struct reservation *r = take(&w, "s", ALICE, BOB, now_ms);
		unsigned int bits = 0;

		times[ntohs(r->port) - FIRST]++;
		ascending += ntohs(r->port) == ntohs(last) + 1;
		last = r->port;
		for (unsigned int b = 8; b < 16; b++)
			bits += (unsigned int)__builtin_popcount(r->addr6.s6_addr[b]);
		assert_in_range(bits, 6, 58); /* of 64: else once in 10^11 */
		reservation_end(&w.book, r, now_ms);
	}
	for (unsigned int i = 0; i < PORTS; i++)
		assert_in_range(times[i], 40, 160); /* 100 expected, 6 standard deviations */
	assert_in_range(ascending, 0, 200);
	done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),  cmocka_unit_test(test_families),
		cmocka_unit_test(test_repeated),   cmocka_unit_test(test_of_jid),
		cmocka_unit_test(test_expiry),	   cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_many_rests), cmocka_unit_test(test_quota),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Claims while there may be SYN cookies outstanding: legs that nobody saw. */
#include <arpa/inet.h>

#include "session_world.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

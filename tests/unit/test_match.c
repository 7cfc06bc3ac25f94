/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which leg a claim means: every rule of DESIGN 2.1, 3, as a table.
 *
 *   10.0.0.1 alice  ---\
 *   10.0.0.2 bob    ----  192.0.2.1, 192.0.2.2  the relay, service port 4000
 *   10.0.0.3 carol  ---/  advertised as 198.51.100.1 (1:1 NAT) in some cases
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "match.h"

#define SERVICE 4000
#define HOLDER	((struct party *)(uintptr_t)0x10)

static struct in6_addr ip(const char *text)
{
	struct in6_addr addr = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET, text, &addr.s6_addr[12]) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, &addr), 1);
	return addr;
}

enum leg_state { ESTABLISHED, HALF_OPEN, HELD_EXACT, HELD_SOURCE, HELD_PORT };

struct leg_row {
	const char *peer;
	uint16_t peer_port;
	const char *relay;
	uint16_t relay_port;
	enum leg_state state;
};

#define NO_LEG                                \
	{                                     \
		NULL, 0, NULL, 0, ESTABLISHED \
	}
#define UP(peer, port, relay)                           \
	{                                               \
		peer, port, relay, SERVICE, ESTABLISHED \
	}
#define LEG(peer, port, relay, state)             \
	{                                         \
		peer, port, relay, SERVICE, state \
	}

#define NOTHING (-1)

static const struct {
	const char *name;
	struct leg_row legs[4]; /* ids 0 to 3 */
	const char *ip;
	uint16_t port;
	const char *from_ip; /* NULL: a claim of two values */
	uint16_t from_port;
	enum match_verdict verdict;
	int leg;
	bool advertises;
} cases[] = {
	{"a: the exact leg", .legs = {UP("10.0.0.1", 5000, "192.0.2.1")}, "192.0.2.1", SERVICE,
	 "10.0.0.1", 5000, MATCH_FOUND, 0, false},
	{"a: only the exact one of many",
	 .legs = {UP("10.0.0.1", 5001, "192.0.2.1"), UP("10.0.0.2", 5000, "192.0.2.1"),
		  UP("10.0.0.1", 5000, "192.0.2.2"), UP("10.0.0.1", 5000, "192.0.2.1")},
	 "192.0.2.1", SERVICE, "10.0.0.1", 5000, MATCH_FOUND, 3, false},
	{"a: another address of the relay is another leg",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.2")}, "192.0.2.1", SERVICE, "10.0.0.1", 5000,
	 MATCH_WAIT, NOTHING, false},
	{"a: another service's leg is none",
	 .legs = {{"10.0.0.1", 5000, "192.0.2.1", 7777, ESTABLISHED}}, "192.0.2.1", 7777,
	 "10.0.0.1", 5000, MATCH_WAIT, NOTHING, false},
	{"a: half-open is waited for", .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HALF_OPEN)},
	 "192.0.2.1", SERVICE, "10.0.0.1", 5000, MATCH_WAIT, 0, false},
	{"a: with four values b does not apply", .legs = {UP("192.0.2.1", SERVICE, "192.0.2.2")},
	 "192.0.2.1", SERVICE, "10.0.0.1", 5000, MATCH_WAIT, NOTHING, false},
	{"a: with four values c does not apply", .legs = {UP("10.0.0.2", 5000, "192.0.2.1")},
	 "192.0.2.1", 5000, "10.0.0.1", 5000, MATCH_WAIT, NOTHING, false},
	{"a: no leg at all", .legs = {NO_LEG}, "192.0.2.1", SERVICE, "10.0.0.1", 5000, MATCH_WAIT,
	 NOTHING, false},

	{"b: the client's own end", .legs = {UP("10.0.0.1", 5000, "192.0.2.1")}, "10.0.0.1", 5000,
	 NULL, 0, MATCH_FOUND, 0, false},
	{"b: half-open is waited for", .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HALF_OPEN)},
	 "10.0.0.1", 5000, NULL, 0, MATCH_WAIT, 0, false},
	{"b: one end, two addresses of the relay",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"), UP("10.0.0.1", 5000, "192.0.2.2")}, "10.0.0.1",
	 5000, NULL, 0, MATCH_CONFLICT, NOTHING, false},
	{"b: a half-open one counts",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"), LEG("10.0.0.1", 5000, "192.0.2.2", HALF_OPEN)},
	 "10.0.0.1", 5000, NULL, 0, MATCH_CONFLICT, NOTHING, false},
	{"b: a held one does not count",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"),
		  LEG("10.0.0.1", 5000, "192.0.2.2", HELD_SOURCE)},
	 "10.0.0.1", 5000, NULL, 0, MATCH_FOUND, 0, false},
	{"b: nor one of another service",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"),
		  {"10.0.0.1", 5000, "192.0.2.1", 7777, ESTABLISHED}},
	 "10.0.0.1", 5000, NULL, 0, MATCH_FOUND, 0, false},
	{"b: a source port that is the service port",
	 .legs = {UP("10.0.0.1", SERVICE, "192.0.2.1")}, "10.0.0.1", SERVICE, NULL, 0, MATCH_FOUND,
	 0, false},
	{"b: another address's port", .legs = {UP("10.0.0.1", 5000, "192.0.2.1")}, "10.0.0.2", 5000,
	 NULL, 0, MATCH_WAIT, NOTHING, false},

	{"c: as the proposal's samples read",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"), UP("10.0.0.2", 5001, "192.0.2.1")},
	 "192.0.2.1", 5000, NULL, 0, MATCH_FOUND, 0, false},
	{"c: half-open is waited for", .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HALF_OPEN)},
	 "192.0.2.1", 5000, NULL, 0, MATCH_WAIT, 0, false},
	{"c: two clients with one source port",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"), UP("10.0.0.2", 5000, "192.0.2.1")},
	 "192.0.2.1", 5000, NULL, 0, MATCH_CONFLICT, NOTHING, false},
	{"c: on two addresses of the relay",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"), UP("10.0.0.2", 5000, "192.0.2.2")},
	 "192.0.2.2", 5000, NULL, 0, MATCH_FOUND, 1, false},
	{"c: never a service port", .legs = {UP("10.0.0.1", SERVICE, "192.0.2.1")}, "192.0.2.1",
	 SERVICE, NULL, 0, MATCH_WAIT, NOTHING, false},
	{"c: no address of the relay", .legs = {UP("10.0.0.1", 5000, "192.0.2.1")}, "192.0.2.3",
	 5000, NULL, 0, MATCH_WAIT, NOTHING, false},
	{"c: nor what only a NAT shows", .legs = {UP("10.0.0.1", 5000, "192.0.2.1")},
	 "198.51.100.1", 5000, NULL, 0, MATCH_WAIT, NOTHING, false},

	/* The first rule with a candidate decides.  A leg that comes from an address of the relay
	 * is what makes one claim fit both. */
	{"b before c",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"), UP("192.0.2.1", 5000, "192.0.2.2")},
	 "192.0.2.1", 5000, NULL, 0, MATCH_FOUND, 1, false},
	{"b half-open keeps c waiting",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"),
		  LEG("192.0.2.1", 5000, "192.0.2.2", HALF_OPEN)},
	 "192.0.2.1", 5000, NULL, 0, MATCH_WAIT, 1, false},
	{"b held leaves it to c",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"),
		  LEG("192.0.2.1", 5000, "192.0.2.2", HELD_SOURCE)},
	 "192.0.2.1", 5000, NULL, 0, MATCH_FOUND, 0, false},

	/* Disputes: what is held, and how precisely. */
	{"taken: a names what a holds", .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HELD_EXACT)},
	 "192.0.2.1", SERVICE, "10.0.0.1", 5000, MATCH_TAKEN, 0, false},
	{"taken: a names what c holds", .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HELD_PORT)},
	 "192.0.2.1", SERVICE, "10.0.0.1", 5000, MATCH_TAKEN, 0, false},
	{"taken: b names what c holds", .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HELD_PORT)},
	 "10.0.0.1", 5000, NULL, 0, MATCH_TAKEN, 0, false},
	{"taken: b does not name what a holds",
	 .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HELD_EXACT)}, "10.0.0.1", 5000, NULL, 0,
	 MATCH_WAIT, NOTHING, false},
	{"taken: c names what c holds", .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HELD_PORT)},
	 "192.0.2.1", 5000, NULL, 0, MATCH_TAKEN, 0, false},
	{"taken: c does not name what b holds",
	 .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HELD_SOURCE)}, "192.0.2.1", 5000, NULL, 0,
	 MATCH_WAIT, NOTHING, false},
	{"taken: c names neither of two",
	 .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HELD_PORT),
		  LEG("10.0.0.2", 5000, "192.0.2.1", HELD_PORT)},
	 "192.0.2.1", 5000, NULL, 0, MATCH_WAIT, NOTHING, false},
	{"taken: a candidate comes first",
	 .legs = {LEG("10.0.0.1", 5000, "192.0.2.1", HELD_PORT), UP("10.0.0.2", 5000, "192.0.2.1")},
	 "192.0.2.1", 5000, NULL, 0, MATCH_FOUND, 1, false},

	{"advertised: c means any own address", .legs = {UP("10.0.0.1", 5000, "192.0.2.2")},
	 "198.51.100.1", 5000, NULL, 0, MATCH_FOUND, 0, true},
	{"advertised: c on two own addresses",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"), UP("10.0.0.2", 5000, "192.0.2.2")},
	 "198.51.100.1", 5000, NULL, 0, MATCH_CONFLICT, NOTHING, true},
	{"advertised: c never a service port", .legs = {UP("10.0.0.1", SERVICE, "192.0.2.1")},
	 "198.51.100.1", SERVICE, NULL, 0, MATCH_WAIT, NOTHING, true},
	{"advertised: a means any own address", .legs = {UP("10.0.0.1", 5000, "192.0.2.2")},
	 "198.51.100.1", SERVICE, "10.0.0.1", 5000, MATCH_FOUND, 0, true},
	{"advertised: a with a wrong port", .legs = {UP("10.0.0.1", 5000, "192.0.2.2")},
	 "198.51.100.1", 4001, "10.0.0.1", 5000, MATCH_WAIT, NOTHING, true},
	{"advertised: a on two own addresses",
	 .legs = {UP("10.0.0.1", 5000, "192.0.2.1"), UP("10.0.0.1", 5000, "192.0.2.2")},
	 "198.51.100.1", SERVICE, "10.0.0.1", 5000, MATCH_CONFLICT, NOTHING, true},
	{"advertised: an own address stays itself", .legs = {UP("10.0.0.1", 5000, "192.0.2.2")},
	 "192.0.2.1", 5000, NULL, 0, MATCH_WAIT, NOTHING, true},
};

struct scene {
	struct config cfg;
	struct match_policy policy;
	struct siphash_key key;
	struct mailbox *mb;
	struct leg_book *book;
};

static void scene_set(struct scene *s, bool advertises)
{
	static char *names[] = {(char *)(uintptr_t) "relay.example.org",
				(char *)(uintptr_t) "198.51.100.1",
				(char *)(uintptr_t) "2001:db8::1"};

	memset(s, 0, sizeof(*s));
	s->cfg.endpoint.enabled = true;
	s->cfg.endpoint.port = SERVICE;
	s->cfg.n_ports = 2;
	for (unsigned int i = 0; i < 2; i++) {
		s->cfg.ports[i].n_addresses = 1;
		s->cfg.ports[i].addresses[0].addr = ip(i == 0 ? "192.0.2.1" : "192.0.2.2");
	}
	if (advertises)
		s->cfg.advertise = (struct config_names){names, 3};
	match_policy_init(&s->policy, &s->cfg);
	assert_int_equal(hash_key_draw(&s->key), 0);
	s->mb = mailbox_create(1);
	s->book = leg_book_create(256, s->mb, &s->key);
	assert_non_null(s->book);
}

static void scene_clear(struct scene *s)
{
	leg_book_destroy(s->book);
	mailbox_destroy(s->mb);
}

static struct leg *scene_leg(struct scene *s, uint64_t id, const struct leg_row *row)
{
	const struct four_tuple tuple = {ip(row->peer), ip(row->relay), htons(row->peer_port),
					 htons(row->relay_port)};
	struct leg *leg = leg_book_add(s->book, id, 0, &tuple);

	assert_non_null(leg);
	leg->established = row->state != HALF_OPEN;
	if (row->state >= HELD_EXACT)
		leg_hold(s->book, leg, HOLDER,
			 row->state == HELD_EXACT    ? MATCH_EXACT
			 : row->state == HELD_SOURCE ? MATCH_SOURCE
						     : MATCH_PORT);
	return leg;
}

static void run_case(size_t i)
{
	struct claim claim = {.from = "a@x/1",
			      .sid = "s",
			      .ip = ip(cases[i].ip),
			      .port = htons(cases[i].port),
			      .has_from_addr = cases[i].from_ip != NULL};
	struct scene s;
	struct match match;

	if (claim.has_from_addr) {
		claim.from_ip = ip(cases[i].from_ip);
		claim.from_port = htons(cases[i].from_port);
	}
	scene_set(&s, cases[i].advertises);
	for (unsigned int j = 0; j < 4 && cases[i].legs[j].peer != NULL; j++)
		scene_leg(&s, j, &cases[i].legs[j]);
	match = match_leg(s.book, &s.policy, &claim);
	if (match.verdict != cases[i].verdict)
		fail_msg("%s: verdict %d, not %d", cases[i].name, match.verdict, cases[i].verdict);
	if (cases[i].leg != NOTHING &&
	    (match.leg == NULL || match.leg->id != (uint64_t)cases[i].leg))
		fail_msg("%s: the wrong leg", cases[i].name);
	/* Whatever a claim can mean must be found again by what it is kept under. */
	if (cases[i].leg != NOTHING) {
		struct four_tuple name = match_name(&s.policy, &claim), names[MATCH_NAMES];
		unsigned int n = match_names_of(&s.policy, &match.leg->tuple, names), j = 0;

		while (j < n && memcmp(&names[j], &name, sizeof(name)) != 0)
			j++;
		if (j == n)
			fail_msg("%s: the claim is not kept under a name of the leg",
				 cases[i].name);
	}
	scene_clear(&s);
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(i);
}

static void test_gone_and_reset_legs(void **state)
{
	const struct leg_row row = {"10.0.0.1", 5000, "192.0.2.1", SERVICE, ESTABLISHED};
	const struct claim claim = {.ip = ip("10.0.0.1"), .port = htons(5000)};
	struct scene s;
	struct leg *leg;

	(void)state;
	scene_set(&s, false);
	leg = scene_leg(&s, 1, &row);
	assert_int_equal(match_leg(s.book, &s.policy, &claim).verdict, MATCH_FOUND);
	leg_reset(s.book, leg);
	assert_int_equal(match_leg(s.book, &s.policy, &claim).verdict, MATCH_WAIT);
	assert_ptr_equal(leg_book_find(s.book, 1), leg);
	leg_book_remove(s.book, leg);
	assert_null(leg_book_find(s.book, 1));
	assert_int_equal(leg_book_count(s.book), 0);
	scene_clear(&s);
}

/* Any number of legs from one source port: conflict, without walking them all. */
static void test_port_crowd(void **state)
{
	struct leg_row row = {NULL, 5000, "192.0.2.1", SERVICE, HELD_PORT};
	struct claim claim = {.ip = ip("192.0.2.1"), .port = htons(5000)};
	char peer[32];
	struct scene s;

	(void)state;
	scene_set(&s, false);
	row.peer = peer;
	for (unsigned int i = 0; i < MATCH_PORT_LEGS; i++) {
		snprintf(peer, sizeof(peer), "10.0.1.%u", i);
		scene_leg(&s, i, &row);
	}
	assert_int_equal(match_leg(s.book, &s.policy, &claim).verdict, MATCH_CONFLICT);
	scene_clear(&s);
}

static void test_strict(void **state)
{
	static const struct {
		const char *text;
		bool permitted;
	} sources[] = {
		{"203.0.113.1", true},	{"10.1.0.1", false},	{"172.31.255.255", false},
		{"172.32.0.0", true},	{"192.168.0.1", false}, {"100.64.0.1", false},
		{"169.254.0.1", false}, {"2001:db8::1", true},	{"fd00::1", false},
		{"fe80::1", false},
	};
	struct scene s;
	struct claim claim = {.from = "a@x/1"};

	(void)state;
	scene_set(&s, false);
	assert_true(match_permits(&s.policy, &claim));
	s.cfg.endpoint.strict = true;
	match_policy_init(&s.policy, &s.cfg);
	assert_false(match_permits(&s.policy, &claim));
	claim.has_from_addr = true;
	assert_false(match_permits(&s.policy, &claim));
	claim.peer = "b@x/1";
	assert_true(match_permits(&s.policy, &claim));
	claim.ip = ip("192.0.2.10");
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		claim.from_ip = ip(sources[i].text);
		assert_int_equal(match_permits(&s.policy, &claim), sources[i].permitted);
	}
	claim.ip = ip("10.0.0.10"); /* the relay's is private too */
	claim.from_ip = ip("10.1.0.1");
	assert_true(match_permits(&s.policy, &claim));
	claim.has_from_addr = false;
	assert_false(match_permits(&s.policy, &claim));
	scene_clear(&s);
}

static void test_policy(void **state)
{
	struct scene s;
	struct in6_addr v6 = ip("2001:db8::1");

	(void)state;
	scene_set(&s, true);
	assert_int_equal(s.policy.n_own, 2);
	assert_int_equal(s.policy.n_advertised, 2); /* the name is none */
	assert_memory_equal(&s.policy.advertised[1], &v6, sizeof(v6));
	scene_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),	   cmocka_unit_test(test_gone_and_reset_legs),
		cmocka_unit_test(test_port_crowd), cmocka_unit_test(test_strict),
		cmocka_unit_test(test_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

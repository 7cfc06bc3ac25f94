/* SPDX-License-Identifier: BSD-3-Clause */
/* Which legs on reserved addresses two claims mean: DESIGN 2.2, a row a story. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "rendezvous.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LEGS	     RENDEZVOUS_LEGS_MAX

/* Where legs come from and claims say they do; the port tells which. */
static const char *const sources[] = {
	[0] = NULL,
	['A'] = "203.0.113.1",
	['B'] = "198.51.100.1",
	['X'] = "192.0.2.66",
	['a'] = "2001:db8::a",
	['b'] = "2001:db8::b",
	['x'] = "2001:db8::66",
	['0'] = "10.0.0.1",
	['1'] = "10.255.0.1",
	['2'] = "172.31.0.1",
	['3'] = "192.168.1.1",
	['4'] = "169.254.1.1",
	['5'] = "100.127.0.1",
	['6'] = "fd00::1",
	['7'] = "fe80::1",
	['8'] = "172.32.0.1",
	['9'] = "100.128.0.1",
	['c'] = "fec0::1",
};

/* `first` and `second` are the legs of two addresses, one letter of their source each, a "~" before
 * those that are half-open.  A claim is the address it names, "1", "2" or "-", and what it says its
 * source is, "." for nothing.  What is found is told by letters. */
static const struct row {
	const char *first, *second, *claims[2];
	enum rendezvous_verdict verdict;
	const char *found;
} rows[] = {
	/* both on one address */
	{"", "", {"1.", "1."}, RENDEZVOUS_WAIT, ""},
	{"A", "", {"1.", "1."}, RENDEZVOUS_WAIT, ""},
	{"AB", "", {"1.", "1."}, RENDEZVOUS_FOUND, "AB"},
	{"AB", "", {"1A", "1B"}, RENDEZVOUS_FOUND, "AB"},
	{"BA", "", {"1A", "1B"}, RENDEZVOUS_FOUND, "AB"},
	{"BA", "", {"1A", "1."}, RENDEZVOUS_FOUND, "AB"},
	{"BA", "", {"1.", "1B"}, RENDEZVOUS_FOUND, "AB"},
	{"AA", "", {"1.", "1."}, RENDEZVOUS_FOUND, "AA"}, /* both behind one NAT */
	{"A~B", "", {"1.", "1."}, RENDEZVOUS_WAIT, ""},
	{"~A~B", "", {"1.", "1."}, RENDEZVOUS_WAIT, ""},
	/* a stranger on it */
	{"ABX", "", {"1.", "1."}, RENDEZVOUS_CONFLICT, ""},
	{"AB~X", "", {"1.", "1."}, RENDEZVOUS_WAIT, ""},
	{"AB~X", "", {"1A", "1B"}, RENDEZVOUS_WAIT, ""},
	{"XBA", "", {"1A", "1B"}, RENDEZVOUS_FOUND, "AB"},
	{"ABX", "", {"1A", "1."}, RENDEZVOUS_CONFLICT, ""},
	{"ABX", "", {"1.", "1B"}, RENDEZVOUS_CONFLICT, ""},
	{"ABX", "", {"1A", "1A"}, RENDEZVOUS_CONFLICT, ""},
	{"XABX", "", {"1A", "1B"}, RENDEZVOUS_FOUND, "AB"},
	{"XABX", "", {"1.", "1."}, RENDEZVOUS_CONFLICT, ""},
	/* ... who connects as a client behind NAT calls itself */
	{"AB0", "", {"10", "1B"}, RENDEZVOUS_CONFLICT, ""},
	{"AB1", "", {"11", "1B"}, RENDEZVOUS_CONFLICT, ""},
	{"AB2", "", {"12", "1B"}, RENDEZVOUS_CONFLICT, ""},
	{"AB3", "", {"13", "1B"}, RENDEZVOUS_CONFLICT, ""},
	{"AB4", "", {"14", "1B"}, RENDEZVOUS_CONFLICT, ""},
	{"AB5", "", {"15", "1B"}, RENDEZVOUS_CONFLICT, ""},
	{"AB8", "", {"18", "1B"}, RENDEZVOUS_FOUND, "8B"},
	{"AB9", "", {"19", "1B"}, RENDEZVOUS_FOUND, "9B"},
	/* one on each */
	{"A", "b", {"1.", "2."}, RENDEZVOUS_FOUND, "Ab"},
	{"A", "b", {"2.", "1."}, RENDEZVOUS_FOUND, "bA"},
	{"A", "", {"1.", "2."}, RENDEZVOUS_WAIT, ""},
	{"", "b", {"1.", "2."}, RENDEZVOUS_WAIT, ""},
	{"A", "~b", {"1.", "2."}, RENDEZVOUS_WAIT, ""},
	{"A~X", "b", {"1.", "2."}, RENDEZVOUS_WAIT, ""},
	{"AX", "b", {"1.", "2."}, RENDEZVOUS_CONFLICT, ""},
	{"AX", "b", {"1A", "2."}, RENDEZVOUS_FOUND, "Ab"},
	{"A", "xb", {"1.", "2b"}, RENDEZVOUS_FOUND, "Ab"},
	{"A", "xb", {"1.", "2."}, RENDEZVOUS_CONFLICT, ""},
	{"A", "b6", {"1.", "26"}, RENDEZVOUS_CONFLICT, ""},
	{"A", "b7", {"1.", "27"}, RENDEZVOUS_CONFLICT, ""},
	{"A", "bc", {"1.", "2c"}, RENDEZVOUS_CONFLICT, ""},
	{"AX", "", {"1.", "2."}, RENDEZVOUS_CONFLICT, ""}, /* waiting for the other mends nothing */
	/* what nobody names does not count */
	{"AB", "x", {"1.", "1."}, RENDEZVOUS_FOUND, "AB"},
	{"AB", "~x", {"1.", "1."}, RENDEZVOUS_FOUND, "AB"},
	{"AB", "", {"1.", "-."}, RENDEZVOUS_WAIT, ""},
	{"ABX", "", {"-.", "1."}, RENDEZVOUS_WAIT, ""},
};

static struct in6_addr source(char letter)
{
	struct in6_addr addr = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
	const char *text = sources[(unsigned char)letter];

	if (inet_pton(AF_INET, text, &addr.s6_addr[12]) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, &addr), 1);
	return addr;
}

static struct rendezvous_address address(const char *text, struct leg legs[LEGS])
{
	struct rendezvous_address at = {.n_legs = 0};

	for (bool open = true; *text != '\0'; text++) {
		struct leg *leg = &legs[at.n_legs];

		if (*text == '~') {
			open = false;
			continue;
		}
		*leg = (struct leg){.id = (uint64_t)*text, .established = open};
		leg->tuple.peer_addr = source(*text);
		leg->tuple.peer_port = htons(40000);
		at.legs[at.n_legs++] = leg;
		open = true;
	}
	return at;
}

static void test_decisions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct leg legs[2][LEGS], *found[2] = {NULL, NULL};
		struct rendezvous_address at[2] = {address(row->first, legs[0]),
						   address(row->second, legs[1])};
		struct claim claim[2] = {{.port = 0}, {.port = 0}};
		const struct claim *claims[2] = {&claim[0], &claim[1]};
		const struct rendezvous_address *named[2];
		enum rendezvous_verdict verdict;

		for (int j = 0; j < 2; j++) {
			const char *text = row->claims[j];

			named[j] = text[0] == '-' ? NULL : &at[text[0] - '1'];
			claim[j].has_from_addr = text[1] != '.';
			if (claim[j].has_from_addr)
				claim[j].from_ip = source(text[1]);
			claim[j].from_port = htons(40000);
		}
		verdict = rendezvous_decide(claims, named, found);
		if (verdict != row->verdict)
			fail_msg("row %zu (%s|%s %s %s): verdict %d", i, row->first, row->second,
				 row->claims[0], row->claims[1], verdict);
		for (int j = 0; j < 2 && verdict == RENDEZVOUS_FOUND; j++) {
			if (found[j] == NULL || (char)found[j]->id != row->found[j])
				fail_msg("row %zu: leg of claim %d", i, j);
		}
		if (verdict == RENDEZVOUS_FOUND)
			assert_ptr_not_equal(found[0], found[1]);
	}
}

/* Another port of the same address is another leg. */
static void test_port_counts(void **state)
{
	struct leg legs[LEGS], *found[2];
	struct rendezvous_address at = address("ABX", legs);
	struct claim a = {.has_from_addr = true, .from_ip = source('A'), .from_port = htons(40001)};
	struct claim b = {.has_from_addr = true, .from_ip = source('B'), .from_port = htons(40000)};
	const struct claim *claims[2] = {&a, &b};
	const struct rendezvous_address *named[2] = {&at, &at};

	(void)state;
	assert_int_equal(rendezvous_decide(claims, named, found), RENDEZVOUS_CONFLICT);
	a.from_port = htons(40000);
	assert_int_equal(rendezvous_decide(claims, named, found), RENDEZVOUS_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_port_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

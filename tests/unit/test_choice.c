/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of the connections offered are tried, and how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "leg.h"

#define ROWS(t)	  (sizeof(t) / sizeof((t)[0]))
#define INITIATOR "bob@example.org/x"
#define RELAY	  "relay.example.org"
#define FINE	  "192.0.2.1"

static struct candidate candidate(const char *jid, const char *ip, const char *port)
{
	struct candidate c;

	strcpy(c.jid, jid);
	assert_int_equal(candidate_parse(ip, port, &c.addr), 0);
	return c;
}

static void one_by_one(void **state)
{
	static const struct {
		const char *jid, *ip, *port;
		bool tried, private_tried; /* without and with --allow-private */
	} rows[] = {
		{INITIATOR, FINE, "4000", true, true},
		{"Bob@Example.org/x", FINE, "4000", true, true},
		{RELAY, FINE, "4000", true, true},
		{RELAY, "2001:db8::1", "4000", true, true},
		/* whose they are */
		{"bob@example.org/y", FINE, "4000", false, false},
		{"bob@example.org", FINE, "4000", false, false},
		{"carol@example.org/x", FINE, "4000", false, false},
		/* where they are */
		{INITIATOR, FINE, "1023", false, false},
		{RELAY, "10.1.2.3", "4000", false, true},
		{RELAY, "fd00::1", "4000", false, true},
		{INITIATOR, "127.0.0.1", "4000", false, false},
		{RELAY, "::1", "4000", false, false},
		{RELAY, "169.254.1.1", "4000", false, false},
		{RELAY, "fe80::1", "4000", false, false},
		{RELAY, "224.0.0.1", "4000", false, false},
		{RELAY, "ff02::1", "4000", false, false},
		{RELAY, "255.255.255.255", "4000", false, false},
		{RELAY, "0.0.0.0", "4000", false, false},
		{RELAY, "::", "4000", false, false},
		{RELAY, "::ffff:192.0.2.1", "4000", false, false},
		{RELAY, "::192.0.2.1", "4000", false, false},
		{RELAY, "64:ff9b::c000:201", "4000", false, false},
	};
	struct candidate_policy policy = {.allow_private = false};
	const struct leg_choice choice = {.initiator = INITIATOR, .policy = &policy};
	const struct candidate *chosen[CANDIDATE_TRY_MAX];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct candidate c = candidate(rows[i].jid, rows[i].ip, rows[i].port);

		policy.allow_private = false;
		if (leg_choose(&c, 1, &choice, chosen) != rows[i].tried)
			fail_msg("%s %s %s", rows[i].jid, rows[i].ip, rows[i].port);
		policy.allow_private = true;
		if (leg_choose(&c, 1, &choice, chosen) != rows[i].private_tried)
			fail_msg("%s %s %s, private", rows[i].jid, rows[i].ip, rows[i].port);
	}
}

static void eight_in_order(void **state)
{
	const struct candidate_policy policy = {.allow_private = false};
	struct leg_choice choice = {.initiator = INITIATOR, .policy = &policy};
	const struct candidate *chosen[CANDIDATE_TRY_MAX + 1] = {0};
	struct candidate *list = calloc(CANDIDATE_READ_MAX, sizeof(*list));

	(void)state;
	for (int i = 0; i < CANDIDATE_READ_MAX; i++)
		list[i] = candidate(i % 4 ? RELAY : INITIATOR, i == 2 ? "127.0.0.1" : FINE, "4000");
	assert_int_equal(leg_choose(list, CANDIDATE_READ_MAX, &choice, chosen), CANDIDATE_TRY_MAX);
	assert_null(chosen[CANDIDATE_TRY_MAX]);
	for (int i = 0; i < CANDIDATE_TRY_MAX; i++)
		assert_ptr_equal(chosen[i], &list[i < 2 ? i : i + 1]);
	choice.but = INITIATOR;
	assert_int_equal(leg_choose(list, CANDIDATE_READ_MAX, &choice, chosen), CANDIDATE_TRY_MAX);
	assert_ptr_equal(chosen[0], &list[1]);
	choice.but = NULL;
	choice.only = INITIATOR;
	assert_int_equal(leg_choose(list, CANDIDATE_READ_MAX, &choice, chosen), 4);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(one_by_one),
					   cmocka_unit_test(eight_in_order)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

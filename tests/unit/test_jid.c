/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "jid.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

static void valid(void **state)
{
	static const struct {
		const char *jid;
		bool valid;
	} rows[] = {
		{"bob@example.org", true},
		{"bob@example.org/x", true},
		{"example.org", true},
		{"relay.example.org/a@b/c", true},
		{"", false},
		{"@", false},
		{"bob@", false},
		{"bob@/x", false},
		{"@example.org", false},
		{"/x", false},
		{"bob@example.org/", false},
		{"a@b@c", false},
		{"bo b@example.org", false},
		{"bob@exa mple.org", false},
		{"bob@[::1]", false},
		{"bob@example.org/\n", false},
		{"<b>@example.org", false},
	};
	char *longest = calloc(1, JID_PART_MAX + 3);

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		if (jid_valid(rows[i].jid) != rows[i].valid)
			fail_msg("%s", rows[i].jid);
	}
	memset(longest, 'x', JID_PART_MAX);
	assert_true(jid_valid(longest));
	longest[JID_PART_MAX] = 'x';
	assert_false(jid_valid(longest));
	free(longest);
}

static void equal(void **state)
{
	static const struct {
		const char *a, *b;
		bool full, bare;
	} rows[] = {
		{"bob@example.org/x", "BOB@Example.Org/x", true, true},
		{"bob@example.org/x", "bob@example.org/X", false, true},
		{"bob@example.org/x", "bob@example.org", false, true},
		{"bob@example.org/x", "bobb@example.org/x", false, false},
		{"bob@example.org/x", "bob@example.org.evil/x", false, false},
		{"example.org/bob@example.org", "bob@example.org", false, false},
		{"bob@example.org", "example.org", false, false},
		{"example.org", "example.org", true, true},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		if (jid_equal(rows[i].a, rows[i].b) != rows[i].full ||
		    jid_equal(rows[i].b, rows[i].a) != rows[i].full ||
		    jid_equal_bare(rows[i].a, rows[i].b) != rows[i].bare)
			fail_msg("%s %s", rows[i].a, rows[i].b);
	}
	assert_false(jid_has_node("example.org/a@b"));
	assert_true(jid_has_node("a@example.org"));
	assert_true(jid_is_full("a@b/c"));
	assert_false(jid_is_full("a@b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(valid), cmocka_unit_test(equal)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may use the relay, and what a JID is made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access.h"
#include "jid.h"

static char *allow[] = {(char *)(uintptr_t) "example.org",
			(char *)(uintptr_t) "friend@other.example",
			(char *)(uintptr_t) "guest@other.example/Lobby",
			(char *)(uintptr_t) "gateway.example/Main"};
static char *deny[] = {(char *)(uintptr_t) "spammer@example.org",
		       (char *)(uintptr_t) "Half@example.org/Bad"};

static const struct config cfg = {
	.access = {.allow = {allow, 4}, .deny = {deny, 2}},
};

static const struct {
	const char *from;
	bool allowed;
} cases[] = {
	/* a domain covers everybody there */
	{"alice@example.org/home", true},
	{"alice@example.org", true},
	{"example.org", true},
	{"example.org/x", true},
	{"alice@EXAMPLE.Org/home", true},
	/* but no subdomain, and nothing that only looks like it */
	{"alice@sub.example.org/home", false},
	{"alice@badexample.org", false},
	{"alice@example.org.evil", false},
	{"alice@example.or", false},
	{"example.org@evil.example", false},
	{"alice@evil.example/example.org", false},
	{"alice@evil.example/x@example.org", false},
	/* a bare JID covers its resources */
	{"friend@other.example", true},
	{"friend@other.example/anything/at all", true},
	{"Friend@other.example/x", true},
	{"friends@other.example/x", false},
	{"other.example", false},
	/* a full one only itself, exactly */
	{"guest@other.example/Lobby", true},
	{"guest@other.example/lobby", false},
	{"guest@other.example/Lobby2", false},
	{"guest@other.example", false},
	{"gateway.example/Main", true},
	{"user@gateway.example/Main", false},
	/* deny comes first */
	{"spammer@example.org/home", false},
	{"SPAMMER@Example.org", false},
	{"half@example.org/Bad", false},
	{"half@example.org/Good", true},
	/* what is no JID */
	{"", false},
	{"@", false},
	{"@example.org", false},
	{"alice@", false},
	{"alice@/home", false},
	{"/home", false},
	{"alice@example.org/", false},
	{"alice@example.org@example.org", false},
	{"alice@@example.org", false},
	{NULL, false},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (access_allowed(&cfg, cases[i].from) != cases[i].allowed)
			fail_msg("%s should%s be allowed",
				 cases[i].from != NULL ? cases[i].from : "NULL",
				 cases[i].allowed ? "" : " not");
	}
}

static void test_length(void **state)
{
	const size_t head = 14, longest = 1023; /* of a resource, RFC 7622 section 3.4 */
	char from[14 + 1023 + 2];

	(void)state;
	memset(from, 'r', sizeof(from));
	memcpy(from, "a@example.org/", head);
	from[head + longest] = '\0';
	assert_true(access_allowed(&cfg, from));
	from[head + longest] = 'r';
	from[head + longest + 1] = '\0';
	assert_false(access_allowed(&cfg, from));
}

static void test_admins(void **state)
{
	static char root[] = "root@example.org", ops[] = "ops@example.org/desk",
		    bad[] = "bad@example.org";
	static char *admins[] = {root, ops, bad}, *denied[] = {bad};
	const struct config rules = {.access = {.admins = {admins, 3}, .deny = {denied, 1}}};

	(void)state;
	assert_true(access_is_admin(&rules, "root@example.org/x"));
	assert_true(access_is_admin(&rules, "Root@Example.org"));
	assert_true(access_is_admin(&rules, "ops@example.org/desk"));
	assert_false(access_is_admin(&rules, "ops@example.org/sofa"));
	assert_false(access_is_admin(&rules, "alice@example.org/x"));
	assert_false(access_is_admin(&rules, "bad@example.org/x"));
	assert_false(access_is_admin(&rules, "example.org"));
	assert_false(access_is_admin(&rules, "root@x.example.org"));
	assert_false(access_is_admin(&rules, NULL));
	/* an admin need not be a user, nor a user an admin */
	assert_false(access_allowed(&rules, "root@example.org/x"));
}

static void test_empty_lists(void **state)
{
	const struct config nobody = {.n_ports = 0};

	(void)state;
	assert_false(access_allowed(&nobody, "alice@example.org/home"));
	assert_false(access_is_admin(&nobody, "alice@example.org/home"));
}

static void test_fold(void **state)
{
	static const char *const pairs[][2] = {
		{"Al@Ex.ORG/Res@Q", "al@ex.org/Res@Q"},
		{"EX.org/Res", "ex.org/Res"},
		{"Ex.Org", "ex.org"},
		{"", ""},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		strcpy(text, pairs[i][0]);
		jid_fold(text);
		assert_string_equal(text, pairs[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),  cmocka_unit_test(test_length),
		cmocka_unit_test(test_admins), cmocka_unit_test(test_empty_lists),
		cmocka_unit_test(test_fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

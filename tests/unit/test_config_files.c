/* SPDX-License-Identifier: BSD-3-Clause */
/* The files themselves: the document's, and the secret's with what may be in it. */
#include "config_fixture.h"

static const struct bad bad_secrets[] = {
	{XMPP_WITH("a.b", "h:1", "none"), E(1, "xmpp.secret_file", "No such file or directory")},
	{XMPP_WITH("a.b", "h:1", "."), E(1, "xmpp.secret_file", "not a regular file")},
	{XMPP_WITH("a.b", "h:1", "fifo"), E(1, "xmpp.secret_file", "not a regular file")},
	{XMPP_WITH("a.b", "h:1", "/dev/null"), E(1, "xmpp.secret_file", "not a regular file")},
};

static void odd_files(void **state)
{
	static const struct {
		const char *path;
		int rc;
		const char *errors;
	} cases[] = {
		{"none.yaml", -ENOENT,
		 "none.yaml:1: (file): cannot be opened: No such file or directory\n"},
		{".", -EISDIR, ".:1: (file): not a regular file\n"},
		{"/dev/null", -EINVAL, "/dev/null:1: (file): not a regular file\n"},
		{"fifo", -EINVAL, "fifo:1: (file): not a regular file\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config *cfg;
		char *errors;

		assert_int_equal(load_path(cases[i].path, &cfg, &errors), cases[i].rc);
		assert_string_equal(errors, cases[i].errors);
		free(errors);
	}
	config_free(NULL);
}

static void odd_secrets(void **state)
{
	(void)state;
	run_bad(bad_secrets, COUNT(bad_secrets));
}

static void secrets(void **state)
{
	static char longest[1025];
	static char too_long[1026];
	static const char loose[] = "readable or writable by group or others, chmod it to 0600";
	const struct {
		const char *bytes;
		size_t length;
		mode_t mode;
		const char *secret; /* NULL: refused */
		const char *why;
	} cases[] = {
		{"word", 4, 0600, "word", NULL},
		{"word\nother\n", 11, 0400, "word", NULL},
		{"two words \r\n", 12, 0700, "two words ", NULL},
		{"a\rb\n", 4, 0600, "a\rb", NULL},
		{"w\n\0", 3, 0600, "w", NULL},
		{longest, 1025, 0600, NULL, NULL},
		{too_long, 1026, 0600, NULL, "its first line is longer than 1024 bytes"},
		{"", 0, 0600, NULL, "its first line is empty"},
		{"\nword\n", 6, 0600, NULL, "its first line is empty"},
		{"\r\n", 2, 0600, NULL, "its first line is empty"},
		{"w\0rd\n", 5, 0600, NULL, "a NUL character in its first line"},
		{"word\n", 5, 0640, NULL, loose},
		{"word\n", 5, 0604, NULL, loose},
		{"word\n", 5, 0620, NULL, loose},
		{"word\n", 5, 0602, NULL, loose},
	};
	char expected[256];

	(void)state;
	memset(longest, 'x', 1024);
	longest[1024] = '\n';
	memset(too_long, 'x', 1025);
	too_long[1025] = '\n';
	assert_int_equal(symlink("secret.new", "link"), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		(void)unlink("secret.new");
		put_secret("secret.new", cases[i].bytes, cases[i].length, cases[i].mode);
		if (cases[i].why == NULL) {
			struct config *cfg = load_good(XMPP_WITH("a.b", "h:1", "link"));

			if (cases[i].secret != NULL)
				assert_string_equal(cfg->xmpp.secret, cases[i].secret);
			else
				assert_int_equal(strlen(cfg->xmpp.secret), 1024);
			config_free(cfg);
			continue;
		}
		(void)snprintf(expected, sizeof(expected), "t.yaml:1: xmpp.secret_file: %s\n",
			       cases[i].why);
		load_bad(XMPP_WITH("a.b", "h:1", "link"), -EINVAL, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_files),
		cmocka_unit_test(odd_secrets),
		cmocka_unit_test(secrets),
	};

	return cmocka_run_group_tests(tests, config_setup, config_teardown);
}

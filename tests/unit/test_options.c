/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <getopt.h>
#include <string.h>

#include "options.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))
#define WORDS	16

static int parse(const char *line, struct options *o)
{
	static char copy[512], *argv[WORDS + 1];
	int argc = 0;

	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word && argc < WORDS; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;

	optind = 0; /* start afresh, GNU's way */
	return options_parse(argc, argv, o);
}

static void lines(void **state)
{
	static const struct {
		const char *line;
		bool good;
	} rows[] = {
		{"tandem receive --jid a@b", true},
		{"tandem send --jid a@b --via r f c@d", true},
		{"tandem send f --via r c@d/e --jid a@b/x --quiet --timeout 5", true},
		{"tandem send --jid a@b --via r -- -f c@d", true},
		{"tandem receive --jid a@b --from c@d --from e@f/g --allow-private --output x",
		 true},
		{"tandem", false},
		{"tandem frob --jid a@b", false},
		{"tandem receive", false},
		{"tandem receive --jid a@b extra", false},
		{"tandem receive --jid b", false},
		{"tandem receive --jid a@b --via r --direct --json", true},
		{"tandem receive --jid a@b --direct --no-listen", false},
		{"tandem receive --jid a@b --direct --no-direct", false},
		{"tandem receive --jid a@b --no-direct --no-listen", true},
		{"tandem receive --jid a@b --output ../x", false},
		{"tandem receive --jid a@b --password secret", false},
		{"tandem send --jid a@b f c@d", true},
		{"tandem send --jid a@b --via r f", false},
		{"tandem send --jid a@b --via r f d", false},
		{"tandem send --jid a@b --via r --from x@y f c@d", false},
		{"tandem receive --jid=a@b --resource=x", true},
		{"tandem receive --jid a@b --res x", false},
		{"tandem receive --jid a@b --res=x", false},
		{"tandem receive --jid a@b --timeout 0", false},
		{"tandem receive --jid a@b --timeout 1s", false},
		{"tandem receive --jid a@b --jid", false},
		{"tandem receive --jid a@b --resource /", true},
		{"tandem pipe --jid a@b", true},
		{"tandem pipe --jid a@b c@d", true},
		{"tandem pipe --jid a@b c@d e@f", false},
		{"tandem pipe --jid a@b d", false},
		{"tandem pipe --jid a@b --allow-private c@d", true},
		{"tandem pipe --jid a@b --from c@d c@d", false},
		{"tandem pipe --jid a@b --listen 1 c@d", false},
		{"tandem forward --jid a@b --listen 0 c@d", true},
		{"tandem forward --jid a@b --listen 65536 c@d", false},
		{"tandem forward --jid a@b c@d", false},
		{"tandem forward --jid a@b --listen 1", false},
		{"tandem forward --jid a@b --listen 1 --exec cat c@d", false},
		{"tandem forward --jid a@b", false},
		{"tandem forward --jid a@b --exec cat --once", true},
		{"tandem forward --jid a@b --exec cat --to 22", false},
		{"tandem forward --jid a@b --to 22", true},
		{"tandem forward --jid a@b --to localhost:22", true},
		{"tandem forward --jid a@b --to 127.1.2.3:22", true},
		{"tandem forward --jid a@b --to [::1]:22", true},
		{"tandem forward --jid a@b --to localhost", false},
		{"tandem forward --jid a@b --to 0", false},
		{"tandem forward --jid a@b --to 65537", false},
		{"tandem forward --jid a@b --to 192.0.2.1:22", false},
		{"tandem forward --jid a@b --to 0.0.0.0:22", false},
		{"tandem forward --jid a@b --to [::ffff:127.0.0.1]:22", false},
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		if ((parse(rows[i].line, &o) == 0) != rows[i].good)
			fail_msg("%s", rows[i].line);
	}
}

/* Whether own addresses are offered. */
static void directness(void **state)
{
	static const struct {
		const char *line;
		bool direct, no_direct;
	} rows[] = {
		{"tandem send --jid a@b f c@d", true, false},
		{"tandem receive --jid a@b", true, false},
		{"tandem send --jid a@b --via r f c@d", false, false},
		{"tandem send --jid a@b --via r --direct f c@d", true, false},
		{"tandem send --jid a@b --no-listen f c@d", false, false},
		{"tandem send --jid a@b --no-direct f c@d", false, true},
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(parse(rows[i].line, &o), 0);
		assert_int_equal(o.direct, rows[i].direct);
		assert_int_equal(o.no_direct, rows[i].no_direct);
	}
}

static void servers(void **state)
{
	static const struct {
		const char *line, *host; /* NULL: refused */
		unsigned int port;
	} rows[] = {
		{"tandem receive --jid a@b --server h", "h", 0},
		{"tandem receive --jid a@b --server h:5223", "h", 5223},
		{"tandem receive --jid a@b --server [::1]", "::1", 0},
		{"tandem receive --jid a@b --server [::1]:5223", "::1", 5223},
		{"tandem receive --jid a@b --server h:", NULL, 0},
		{"tandem receive --jid a@b --server h:0", NULL, 0},
		{"tandem receive --jid a@b --server h:65536", NULL, 0},
		{"tandem receive --jid a@b --server ::1", NULL, 0},
		{"tandem receive --jid a@b --server [::1", NULL, 0},
		{"tandem receive --jid a@b --server [::1]x", NULL, 0},
		{"tandem receive --jid a@b --server []:1", NULL, 0},
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		if ((parse(rows[i].line, &o) == 0) != (rows[i].host != NULL))
			fail_msg("%s", rows[i].line);
		if (!rows[i].host)
			continue;
		assert_string_equal(o.server, rows[i].host);
		assert_int_equal(o.port, rows[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(directness),
					   cmocka_unit_test(servers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

/* What log_write() puts on stderr, read back through a pipe. */
static void line_written(char *buf, size_t size, bool journal, enum log_level level,
			 const char *text)
{
	int saved = dup(STDERR_FILENO);
	char stream[64];
	struct stat st;
	ssize_t n;
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(fstat(p[1], &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + (journal ? 0 : 1));
	setenv("JOURNAL_STREAM", stream, 1);
	dup2(p[1], STDERR_FILENO);
	log_init(LOG_LEVEL_INFO);
	log_write(level, "%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(p[1]);
	n = read(p[0], buf, size - 1);
	close(p[0]);
	assert_true(n >= 0);
	buf[n] = '\0';
}

static void test_lines(void **state)
{
	char buf[2048], longer[1500];

	(void)state;
	line_written(buf, sizeof(buf), true, LOG_LEVEL_ERROR, "it broke");
	assert_string_equal(buf, "<3>it broke\n");
	line_written(buf, sizeof(buf), false, LOG_LEVEL_WARNING, "a\nb\x1b[0m");
	assert_string_equal(buf, "warning: a?b?[0m\n");
	line_written(buf, sizeof(buf), false, LOG_LEVEL_DEBUG, "not at this level");
	assert_string_equal(buf, "");
	log_set_level(LOG_LEVEL_DEBUG);
	assert_true(log_enabled(LOG_LEVEL_DEBUG));
	log_set_level(LOG_LEVEL_ERROR);
	assert_false(log_enabled(LOG_LEVEL_WARNING));
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	line_written(buf, sizeof(buf), true, LOG_LEVEL_INFO, longer);
	assert_int_equal(strlen(buf), 1024);
	assert_int_equal(buf[1023], '\n');
}

static void test_quote(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"bob@example.org/laptop", "\"bob@example.org/laptop\""},
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"a\nb\xc3\xa4\x7f", "\"a\\x0ab\\xc3\\xa4\\x7f\""},
		{"", "\"\""},
		{NULL, "-"},
	};
	struct log_quoted q;
	char longer[500];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(log_quote(&q, rows[i].in), rows[i].out);
	for (i = 0; i < 3; i++) {
		memset(longer, "x\n\""[i], sizeof(longer));
		log_quote_bytes(&q, longer, sizeof(longer));
		len = strlen(q.text);
		assert_in_range(len, 100, sizeof(q.text) - 1);
		assert_string_equal(q.text + len - 4, "\"...");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

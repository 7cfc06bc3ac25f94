/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tandem-protocol(7) tells of every error the relay answers, with its type, and of every reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control_stats.h"
#include "reply.h"
#include "stanza.h"

static char *page;

static int read_page(void **state)
{
	FILE *file = fopen(PAGE, "re");
	size_t size = 0;

	(void)state;
	/* No NUL is in it. */
	if (!file || getdelim(&page, &size, '\0', file) < 0)
		return -1;
	return fclose(file);
}

static int drop_page(void **state)
{
	(void)state;
	free(page);
	return 0;
}

static void assert_item(const char *item)
{
	char line[192];

	snprintf(line, sizeof(line), "\n.It %s\n", item);
	if (!strstr(page, line))
		fail_msg("not in the page: %s", item);
}

/* "CONDITION, TYPE" of the text of an error; false when it is none. */
static bool read_error(const char *text, char item[160])
{
	const char *error = strstr(text, "<error "),
		   *type = error ? strstr(error, "type=\"") : NULL;
	const char *child = error ? strchr(error + 1, '<') : NULL;
	char condition[64], kind[64];

	if (!type || !child || sscanf(type, "type=\"%63[^\"]", kind) != 1 ||
	    sscanf(child, "<%63[a-z-]", condition) != 1)
		return false;
	snprintf(item, 160, "%s, %s", condition, kind);
	return true;
}

static void every_error(void **state)
{
	(void)state;
	for (int result = IQ_OK + 1; result < IQ_RESULTS; result++) {
		char *text = reply_text(reply_error("relay", "user", "1", (enum iq_result)result));
		char item[160];

		if (!text || !read_error(text, item))
			fail_msg("not an error: %s", text);
		assert_item(item);
		free(text);
	}
}

static void every_reason(void **state)
{
	(void)state;
	assert_non_null(strstr(page, "\n.Li " NS_REFUSALS " ,\n"));
	for (int refusal = 0; refusal < REFUSALS; refusal++)
		assert_item(refusal_name((enum refusal)refusal));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error),
		cmocka_unit_test(every_reason),
	};

	return cmocka_run_group_tests_name("protocol_page", tests, read_page, drop_page);
}

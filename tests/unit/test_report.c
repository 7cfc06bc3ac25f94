/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "terminal.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))
#define BAD	"\xef\xbf\xbd" /* U+FFFD */

/* What goes to a standard stream meanwhile. */
static int kept_fd = -1;
static FILE *caught;

static void catch_begin(int fd)
{
	fflush(NULL);
	caught = tmpfile();
	assert_non_null(caught);
	kept_fd = dup(fd);
	assert_true(dup2(fileno(caught), fd) == fd);
}

static const char *catch_end(int fd)
{
	static char text[65536];
	size_t n;

	fflush(NULL);
	assert_true(dup2(kept_fd, fd) == fd);
	close(kept_fd);
	rewind(caught);
	n = fread(text, 1, sizeof(text) - 1, caught);
	text[n] = '\0';
	fclose(caught);
	return text;
}

/* The one line said, as an object; all of it is ASCII without control characters but DEL. */
static json_t *object_of(const char *line)
{
	json_t *object;

	assert_int_equal(strcspn(line, "\n") + 1, strlen(line));
	for (const char *c = line; *c != '\n'; c++)
		assert_true((signed char)*c >= 0x20);
	object = json_loads(line, 0, NULL);
	assert_non_null(object);
	return object;
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

static void hostile_texts(void **state)
{
	static const struct {
		const char *said, *heard;
	} rows[] = {
		{"plain", "plain"},
		{"", ""},
		{"\"}\n{\"event\":\"received\"", "\"}\n{\"event\":\"received\""},
		{"\x01\x1b[2J\x7f\\", "\x01\x1b[2J\x7f\\"},
		{"\xc2\x9b\xe2\x80\xae\xf0\x9f\x98\x80", "\xc2\x9b\xe2\x80\xae\xf0\x9f\x98\x80"},
		{"\xff", BAD},
		{"a\x80z", "a" BAD "z"},
		{"\xc3", BAD},
		{"\xc3(", BAD "("},
		{"\xc0\x80", BAD BAD},		       /* overlong */
		{"\xe2\x82", BAD BAD},		       /* cut */
		{"\xed\xa0\x80", BAD BAD BAD},	       /* a surrogate */
		{"\xf4\x90\x80\x80", BAD BAD BAD BAD}, /* beyond the last */
		{"\xc3\xa4\xff\xc3\xb6", "\xc3\xa4" BAD "\xc3\xb6"},
	};

	(void)state;
	report_begin(true, false);
	for (size_t i = 0; i < ROWS(rows); i++) {
		json_t *object;

		catch_begin(STDOUT_FILENO);
		report_ready(rows[i].said);
		object = object_of(catch_end(STDOUT_FILENO));
		assert_string_equal(string_of(object, "event"), "ready");
		assert_string_equal(string_of(object, "jid"), rows[i].heard);
		json_decref(object);
	}
	/* every two bytes */
	for (unsigned int i = 1; i < 65536; i += 7) {
		char said[3] = {(char)(i >> 8 ? i >> 8 : 1), (char)i};

		catch_begin(STDOUT_FILENO);
		report_ready(said);
		json_decref(object_of(catch_end(STDOUT_FILENO)));
	}
}

static void files(void **state)
{
	struct report_file file = {.bytes = INT64_MAX, .directory = "/\xff", .name = "a b"};
	json_t *object;

	(void)state;
	report_begin(true, false);
	catch_begin(STDOUT_FILENO);
	report_file(&file);
	object = object_of(catch_end(STDOUT_FILENO));
	assert_string_equal(string_of(object, "event"), "received");
	assert_string_equal(string_of(object, "path"), "/" BAD "/a b");
	assert_int_equal(strlen(string_of(object, "sha256")), 64);
	assert_true(json_integer_value(json_object_get(object, "bytes")) == INT64_MAX);
	assert_true(json_is_false(json_object_get(object, "confirmed")));
	json_decref(object);

	report_begin(false, false);
	catch_begin(STDOUT_FILENO);
	report_file(&file);
	assert_memory_equal(catch_end(STDOUT_FILENO), "received-unconfirmed 9223372036854775807 00",
			    43);
	file = (struct report_file){.bytes = 1, .confirmed = true};
	catch_begin(STDOUT_FILENO);
	report_file(&file);
	assert_memory_equal(catch_end(STDOUT_FILENO), "sent 1 0000", 11);
}

static void offers(void **state)
{
	struct offer *offer = calloc(1, sizeof(*offer));
	json_t *object, *list;

	(void)state;
	strcpy(offer->name, "\n");
	offer->n_candidates = CANDIDATE_READ_MAX;
	for (unsigned int i = 0; i < CANDIDATE_READ_MAX; i++) {
		strcpy(offer->candidates[i].jid, "r/\xc2\x85");
		candidate_parse("2001:db8::1", "65535", &offer->candidates[i].addr);
	}
	report_begin(true, false);
	catch_begin(STDOUT_FILENO);
	report_offered("a@b/\"", offer, true);
	object = object_of(catch_end(STDOUT_FILENO));
	assert_string_equal(string_of(object, "from"), "a@b/\"");
	assert_string_equal(string_of(object, "name"), "\n");
	assert_true(json_is_true(json_object_get(object, "swapped")));
	list = json_object_get(object, "connections");
	assert_int_equal(json_array_size(list), CANDIDATE_READ_MAX);
	assert_string_equal(string_of(json_array_get(list, 15), "ip"), "2001:db8::1");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 15), "port")),
			 65535);
	json_decref(object);
	free(offer);
}

/* Where standard output is the partner's, all goes to standard error, what is said too. */
static void beside_data(void **state)
{
	json_t *object;

	(void)state;
	report_begin(true, true);
	catch_begin(STDERR_FILENO);
	say("%s", "no\x1b such\xff thing");
	object = object_of(catch_end(STDERR_FILENO));
	assert_string_equal(string_of(object, "event"), "message");
	assert_string_equal(string_of(object, "text"), "no? such? thing");
	json_decref(object);
	catch_begin(STDERR_FILENO);
	report_end(4);
	object = object_of(catch_end(STDERR_FILENO));
	assert_string_equal(string_of(object, "event"), "error");
	assert_string_equal(string_of(object, "message"), "no? such? thing");
	assert_int_equal(json_integer_value(json_object_get(object, "code")), 4);
	json_decref(object);
	catch_begin(STDERR_FILENO);
	report_end(0);
	assert_string_equal(catch_end(STDERR_FILENO), "");
	report_begin(false, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(hostile_texts), cmocka_unit_test(files),
					   cmocka_unit_test(offers), cmocka_unit_test(beside_data)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JIDs as servers prepare them, and the names made of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bytestream_name.h"
#include "jid_prep.h"

static void test_prepared(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"alice@example.org/desk", "alice@example.org/desk"},
		{"alice@example.org", "alice@example.org"},
		{"example.org", "example.org"},
		{"example.org/desk", "example.org/desk"},
		/* case folds in node and domain, not in the resource */
		{"Alice@Example.ORG/Desk", "alice@example.org/Desk"},
		{"\u00c5NGSTR\u00d6M@\u00c9XAMPLE.org/\u00c5",
		 "\u00e5ngstr\u00f6m@\u00e9xample.org/\u00c5"},
		{"Stra\u00dfe@stra\u00dfe.example/Stra\u00dfe",
		 "strasse@strasse.example/Stra\u00dfe"},
		/* composed and compatible forms are one */
		{"a\u030angstrom@example.org/e\u0301", "\u00e5ngstrom@example.org/\u00e9"},
		{"\ufb01sh@example.org/\ufb01sh", "fish@example.org/fish"},
		{"\uff21lice@example.org", "alice@example.org"},
		/* soft hyphens and joiners vanish */
		{"al\u00adice@exam\u200dple.org/d\u200besk", "alice@example.org/desk"},
		/* a room's nick has nearly anything in it */
		{"room@muc.example.org/some body", "room@muc.example.org/some body"},
		{"room@muc.example.org/a@b/c&<>\"'", "room@muc.example.org/a@b/c&<>\"'"},
		{"room@muc.example.org/\U0001f980", "room@muc.example.org/\U0001f980"},
		{"room@muc.example.org/\u05d0\u05d1", "room@muc.example.org/\u05d0\u05d1"},
		{"alice@[2001:db8::1]/x", "alice@[2001:db8::1]/x"},
		/* malformed */
		{"", NULL},
		{"@example.org", NULL},
		{"alice@", NULL},
		{"alice@example.org/", NULL},
		{"/desk", NULL},
		{"a b@example.org", NULL},
		{" alice@example.org/desk", NULL},
		{"alice@example.org\n", NULL},
		{"alice@example.org/de\tsk", NULL},
		{"a@b@example.org", NULL},
		{"a'b@example.org", NULL},
		{"a&b@example.org", NULL},
		{"a\"b@example.org", NULL},
		{"a:b@example.org", NULL},
		{"<a>@example.org", NULL},
		{"al\u00a0ice@example.org", NULL},
		{"alice@exam\u00a0ple.org", NULL},
		{"alice@example.org/\xc2\x85", NULL},
		{"alice@example.org/\ue000", NULL},
		{"alice@example.org/a\u05d0", NULL}, /* neither left to right nor the other */
		/* nothing is left of a part */
		{"\u00ad@example.org", NULL},
		{"alice@\u200b", NULL},
		{"alice@example.org/\u00ad", NULL},
		/* a separator in disguise */
		{"alice@example.org\uff0fdesk", NULL},
		{"alice\uff20example.org", NULL},
		{"a\uff20b@example.org", NULL},
		{"example.org\uff0fx/y", NULL},
		/* no UTF-8 */
		{"al\xffice@example.org", NULL},
		{"alice@example.org/\xc3", NULL},
		{"alice@\xc0\xaf/x", NULL},
		{"alice@example.org/\xed\xa0\x80", NULL},
	};
	char out[JID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good;

		print_message("%s\n", rows[i].in);
		good = jid_prepare(rows[i].in, out);
		assert_int_equal(good, rows[i].out != NULL);
		if (good)
			assert_string_equal(out, rows[i].out);
	}
}

/* Parts of up to 1023 bytes, before and after. */
static void test_lengths(void **state)
{
	char in[3 * 1024 + 1], out[JID_SIZE];

	(void)state;
	memset(in, 'A', sizeof(in));
	in[1023] = '@';
	in[2047] = '/';
	in[3071] = '\0';
	assert_true(jid_prepare(in, out));
	assert_int_equal(strlen(out), CONFIG_MAX_JID);
	in[3071] = 'A';
	in[3072] = '\0';
	assert_false(jid_prepare(in, out));

	/* U+FDFA becomes eighteen characters */
	in[0] = '\0';
	for (int i = 0; i < 100; i++)
		strcat(in, "\ufdfa");
	strcat(in, "@example.org");
	assert_false(jid_prepare(in, out));
}

static void test_name(void **state)
{
	static const struct {
		const char *sid, *requester, *target, *hex;
	} rows[] = {
		/* sha1sum of the three, one behind the other */
		{"A01", "alice@example.org/desk", "bob@example.org/laptop",
		 "da422a50c7fd2df59b3a10557b2c5f7c21730c85"},
		{"A01", "bob@example.org/laptop", "alice@example.org/desk",
		 "c9a23754eb7c84107f0e3a78941094376baf04b2"},
		{"s", "alice@example.org", "room@muc.example.org/\u00c9 \u00e9",
		 "cc10a1b5570ed5b55936e736cbdd1c0d37833107"},
	};
	uint8_t name[LEG_NAME_BYTES];
	char hex[2 * LEG_NAME_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			bytestream_name(rows[i].sid, rows[i].requester, rows[i].target, name), 0);
		for (int j = 0; j < LEG_NAME_BYTES; j++)
			snprintf(hex + 2 * j, 3, "%02x", name[j]);
		assert_string_equal(hex, rows[i].hex);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

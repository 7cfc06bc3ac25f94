/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each stream of the corpus, however it is split, gives the same events, written down as
 * H (header), S:stanza, O:start tag or O:- (oversized), C (close), E:stream error; one a line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"

#define HEADER "<s:s xmlns:s='x' id=\"1\">"
#define ELEVEN "0123456789_"
#define TEN(x) x x x x x x x x x x

struct row {
	const char *in;
	const char *events;
};

struct trace {
	char *text;
	size_t len, size;
	enum frame_event last;
};

static void trace_add(struct trace *t, const char *kind, const char *text)
{
	size_t need = strlen(kind) + strlen(text) + 2;

	while (t->len + need > t->size) {
		t->size = t->size * 2 + 256;
		t->text = realloc(t->text, t->size);
		assert_non_null(t->text);
	}
	t->len += (size_t)sprintf(t->text + t->len, "%s%s\n", kind, text);
}

static void feed(struct frame *f, struct trace *t, const char *data, size_t len)
{
	size_t used;

	while (len > 0 && t->last != FRAME_ERROR && t->last != FRAME_CLOSE) {
		t->last = frame_feed(f, data, len, &used);
		assert_true(used > 0 && used <= len);
		data += used;
		len -= used;
		switch (t->last) {
		case FRAME_MORE:
			assert_int_equal(len, 0);
			break;
		case FRAME_HEADER:
			trace_add(t, "H", "");
			break;
		case FRAME_STANZA:
			trace_add(t, "S:", frame_text(f));
			break;
		case FRAME_OVERSIZED:
			trace_add(t, "O:", frame_text(f) == NULL ? "-" : frame_text(f));
			break;
		case FRAME_CLOSE:
			trace_add(t, "C", "");
			break;
		case FRAME_ERROR:
			assert_non_null(frame_error_detail(f));
			trace_add(t, "E:", frame_error(f));
			break;
		}
	}
}

/* Feed `in` cut into pieces: the first of `first` bytes, the others of `chunk` or, for 0, random.
 */
static void check(const char *in, size_t in_len, const char *events, size_t first, size_t chunk)
{
	struct frame *f = frame_create();
	struct trace t = {0};
	size_t at = 0, n = first;

	assert_non_null(f);
	trace_add(&t, "", "");
	while (at < in_len) {
		/* A copy of just this size, so that reading on is seen by the sanitizer. */
		char *piece;

		if (n > in_len - at)
			n = in_len - at;
		piece = malloc(n + (n == 0));
		assert_non_null(piece);
		memcpy(piece, in + at, n);
		feed(f, &t, piece, n);
		free(piece);
		at += n;
		n = chunk > 0 ? chunk : 1 + (size_t)rand() % 40;
	}
	if (strcmp(t.text + 1, events) != 0)
		print_error("in: %.300s\nsplit: %zu %zu\n", in, first, chunk);
	assert_string_equal(t.text + 1, events);
	free(t.text);
	frame_destroy(f);
}

static void check_splits(const char *in, const char *events)
{
	size_t len = strlen(in), i;

	check(in, len, events, len, len);
	check(in, len, events, 1, 1);
	for (i = 0; i < len; i++)
		check(in, len, events, i, len);
	for (i = 0; i < 20; i++)
		check(in, len, events, 1, 0);
}

static const struct row good[] = {
	{"", ""},
	{HEADER, "H\n"},
	{"<?xml version='1.0'?>" HEADER "</s:s>", "H\nC\n"},
	{"<?xml version='1.0' encoding=\"UTF-8\" ?>\r\n" HEADER, "H\n"},
	{" \n" HEADER " \t\r\n</s:s  >rubbish <<&", "H\nC\n"},
	{HEADER "<a/><b></b>\n<c x='1'/>", "H\nS:<a/>\nS:<b></b>\nS:<c x='1'/>\n"},
	{HEADER "<a><b><c/><c></c></b >text</a>", "H\nS:<a><b><c/><c></c></b >text</a>\n"},
	{HEADER "<a x = 'y>' z=\"'/>\" />", "H\nS:<a x = 'y>' z=\"'/>\" />\n"},
	{HEADER "<a>]]> > ' \"</a>", "H\nS:<a>]]> > ' \"</a>\n"},
	{HEADER "<a><![CDATA[</a> & ]] ]> ]]]></a>", "H\nS:<a><![CDATA[</a> & ]] ]> ]]]></a>\n"},
	{HEADER "<a><![CDATA[]]></a>", "H\nS:<a><![CDATA[]]></a>\n"},
	{HEADER "<a b='&lt;&#x9;'>&amp;&gt;&apos;&quot;&#10;&#x10fFfF;&#0065;</a>",
	 "H\nS:<a b='&lt;&#x9;'>&amp;&gt;&apos;&quot;&#10;&#x10fFfF;&#0065;</a>\n"},
	{HEADER "<\xc3\xa4-_.1:b/>", "H\nS:<\xc3\xa4-_.1:b/>\n"},
	{HEADER "<a>\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\x7f</a>",
	 "H\nS:<a>\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\x7f</a>\n"},
	{HEADER "<s:s></s:s></s:s>", "H\nS:<s:s></s:s>\nC\n"},
	/* names that are each other's beginning */
	{HEADER "<aa><a></a><aaa/></aa>", "H\nS:<aa><a></a><aaa/></aa>\n"},
};

/* All of these come after one good stanza inside a stream. */
static const struct row bad[] = {
	{"x", "not-well-formed"},
	{"&amp;", "not-well-formed"},
	{"<![CDATA[x]]>", "not-well-formed"},
	{"<!-- x -->", "restricted-xml"},
	{"<a><!-- x --></a>", "restricted-xml"},
	{"<!DOCTYPE x>", "restricted-xml"},
	{"<a><!DOCTYPE x></a>", "restricted-xml"},
	{"<!ENTITY x 'y'>", "not-well-formed"},
	{"<?xml version='1.0'?>", "restricted-xml"},
	{"<a><?php ?></a>", "restricted-xml"},
	{"<a></b>", "not-well-formed"},
	{"<a></aa>", "not-well-formed"},
	{"<aa></a>", "not-well-formed"},
	{"<a><b></a></b>", "not-well-formed"},
	{"<a></>", "not-well-formed"},
	{"<a></ a>", "not-well-formed"},
	{"<a></a b='c'>", "not-well-formed"},
	{"</a>", "not-well-formed"},
	{"</s:t>", "not-well-formed"},
	{"< a/>", "not-well-formed"},
	{"<1/>", "not-well-formed"},
	{"<-a/>", "not-well-formed"},
	{"<a$/>", "not-well-formed"},
	{"<>", "not-well-formed"},
	{"<a<b/>", "not-well-formed"},
	{"<a b/>", "not-well-formed"},
	{"<a b=c/>", "not-well-formed"},
	{"<a b 'c'/>", "not-well-formed"},
	{"<a b='c'd='e'/>", "not-well-formed"},
	{"<a b='c' b='d'/>", "not-well-formed"},
	{"<a b='c' bb='' c='' b=\"d\"/>", "not-well-formed"},
	{"<a b='<'/>", "not-well-formed"},
	{"<a / >", "not-well-formed"},
	{"<a/b>", "not-well-formed"},
	{"<a 'b'='c'/>", "not-well-formed"},
	{"<a>&</a>", "not-well-formed"},
	{"<a>& </a>", "not-well-formed"},
	{"<a b='&'/>", "not-well-formed"},
	{"<a>&nbsp;</a>", "restricted-xml"},
	{"<a>&AMP;</a>", "restricted-xml"},
	{"<a>&amp</a>", "not-well-formed"},
	{"<a>&;</a>", "restricted-xml"},
	{"<a>&#;</a>", "not-well-formed"},
	{"<a>&#x;</a>", "not-well-formed"},
	{"<a>&#X41;</a>", "not-well-formed"},
	{"<a>&#4a;</a>", "not-well-formed"},
	{"<a>&#0;</a>", "not-well-formed"},
	{"<a>&#8;</a>", "not-well-formed"},
	{"<a>&#xD800;</a>", "not-well-formed"},
	{"<a>&#xFFFE;</a>", "not-well-formed"},
	{"<a>&#x110000;</a>", "not-well-formed"},
	{"<a>&#18446744073709551681;</a>", "not-well-formed"},
	{"<a>\x01</a>", "not-well-formed"},
	{"<a>\x80</a>", "not-well-formed"},
	{"<a>\xc0\x80</a>", "not-well-formed"},
	{"<a>\xc3</a>", "not-well-formed"},
	{"<a>\xc3\xc3\xa4</a>", "not-well-formed"},
	{"<a>\xe0\x9f\xbf</a>", "not-well-formed"},
	{"<a>\xed\xa0\x80</a>", "not-well-formed"},
	{"<a>\xef\xbf\xbe</a>", "not-well-formed"},
	{"<a>\xf4\x90\x80\x80</a>", "not-well-formed"},
	{"<a>\xf5\x80\x80\x80</a>", "not-well-formed"},
	{"<a>\xff</a>", "not-well-formed"},
	{"<a><![CDAT[x]]></a>", "not-well-formed"},
	{"<a><![CDATA[\x02]]></a>", "not-well-formed"},
};

/* Instead of a header. */
static const struct row bad_headers[] = {
	{"HTTP/1.1 400 Bad Request\r\n", "not-well-formed"},
	{"</s:s>", "not-well-formed"},
	{"<s:s/>", "not-well-formed"},
	{" <?xml version='1.0'?><s>", "restricted-xml"},
	{"<?xml version='1.0'?><?xml version='1.0'?><s>", "restricted-xml"},
	{"<?xml-stylesheet href='x'?><s>", "restricted-xml"},
	{"<?php echo ?><s>", "restricted-xml"},
	{"<!DOCTYPE s><s>", "restricted-xml"},
	{"\xef\xbb\xbf<s>", "not-well-formed"},
	{"<s" TEN(ELEVEN) " x='y'>", "policy-violation"},
};

static void test_good(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check_splits(good[i].in, good[i].events);
}

static void test_bad(void **state)
{
	char in[512], events[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(in, sizeof(in), HEADER "<ok/>%s<never/>", bad[i].in);
		snprintf(events, sizeof(events), "H\nS:<ok/>\nE:%s\n", bad[i].events);
		check_splits(in, events);
	}
	for (i = 0; i < sizeof(bad_headers) / sizeof(bad_headers[0]); i++) {
		snprintf(events, sizeof(events), "E:%s\n", bad_headers[i].events);
		check_splits(bad_headers[i].in, events);
	}
}

static void test_nul(void **state)
{
	static const char in[] = HEADER "<a>\0</a>";

	(void)state;
	check(in, sizeof(in) - 1, "H\nE:not-well-formed\n", 1, 1);
}

/* A stream made of `front`, `count` times `unit`, `back`. */
static void check_big(const char *front, const char *unit, size_t count, const char *back,
		      const char *events)
{
	static const size_t chunks[] = {1, 2, 3, 7, 1000, 8191, 65536, 0};
	size_t unit_len = strlen(unit), len, i;
	char *in = malloc(strlen(front) + count * unit_len + strlen(back) + 1), *p;

	assert_non_null(in);
	p = stpcpy(in, front);
	for (i = 0; i < count; i++)
		p = stpcpy(p, unit);
	len = (size_t)(stpcpy(p, back) - in);
	check(in, len, events, len, len);
	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
		check(in, len, events, 1, chunks[i]);
	free(in);
}

static char *repeat(const char *front, const char *unit, size_t count, const char *back)
{
	char *text = malloc(strlen(front) + count * strlen(unit) + strlen(back) + 1), *p;
	size_t i;

	assert_non_null(text);
	p = stpcpy(text, front);
	for (i = 0; i < count; i++)
		p = stpcpy(p, unit);
	strcpy(p, back);
	return text;
}

static void test_size_cap(void **state)
{
	char *events;

	(void)state;
	/* "<a></a>" is 7 bytes */
	events = repeat("H\nS:<a>", "x", FRAME_STANZA_MAX - 7, "</a>\nS:<b/>\n");
	check_big(HEADER "<a>", "x", FRAME_STANZA_MAX - 7, "</a><b/>", events);
	free(events);
	check_big(HEADER "<a t='u'>", "x", FRAME_STANZA_MAX, "</a><b/></s:s>",
		  "H\nO:<a t='u'>\nS:<b/>\nC\n");
	check_big(HEADER "<a>", "x", FRAME_STANZA_MAX - 6, "</a><b/>", "H\nO:<a>\nS:<b/>\n");
	/* far over, with all that may be in a stanza; inner start tags as in one that is kept */
	check_big(HEADER "<a><b><c x='", "&amp;&#65;>/", 200000,
		  "'></c><![CDATA[</a>]]></b></a><b/>", "H\nO:<a>\nS:<b/>\n");
	check_big(HEADER "<a>", "<b><c d='e'/></b >", 20000, "</a><b/>", "H\nO:<a>\nS:<b/>\n");
	/* what is wrong ends the stream, also there */
	check_big(HEADER "<a>", "<b></b>", 20000, "</b>", "H\nE:not-well-formed\n");
	check_big(HEADER "<a><b>", "<c></c>", 20000, "</a>", "H\nE:not-well-formed\n");
	check_big(HEADER "<a>", "<c></c>", 20000, "<!-- -->", "H\nE:restricted-xml\n");
	check_big(HEADER "<a>", "<c></c>", 20000, "&nbsp;", "H\nE:restricted-xml\n");
	check_big(HEADER "<a>", "<c></c>", 20000, "\xff", "H\nE:not-well-formed\n");
	/* the cap passed within a name, an attribute's name, an end tag */
	check_big(HEADER "<a><", "n", FRAME_STANZA_MAX, "/></a><b/>", "H\nO:<a>\nS:<b/>\n");
	check_big(HEADER "<a><b ", "n", FRAME_STANZA_MAX, "='' c=''/></a><b/>",
		  "H\nO:<a>\nS:<b/>\n");
	check_big(HEADER "<a><b></b", " ", FRAME_STANZA_MAX, "></a><b/>", "H\nO:<a>\nS:<b/>\n");
	check_big(HEADER "<", "n", FRAME_STANZA_MAX, "/><b/>", "H\nO:-\nS:<b/>\n");
}

static void test_start_tag_cap(void **state)
{
	char *events;

	(void)state;
	/* "<a b=''>" is 8 bytes */
	events = repeat("H\nO:<a b='", "x", FRAME_START_TAG_MAX - 8, "'>\nS:<b/>\n");
	{
		char *front = repeat(HEADER "<a b='", "x", FRAME_START_TAG_MAX - 8, "'>");
		char *longer = repeat(HEADER "<a b='", "x", FRAME_START_TAG_MAX - 7, "'>");

		check_big(front, "<c/>", FRAME_STANZA_MAX / 4, "</a><b/>", events);
		check_big(longer, "<c/>", FRAME_STANZA_MAX / 4, "</a><b/>", "H\nO:-\nS:<b/>\n");
		free(front);
		free(longer);
	}
	free(events);
	check_big(HEADER "<a b='", "x", FRAME_STANZA_MAX, "'></a><b/>", "H\nO:-\nS:<b/>\n");
	/* the stream's own start tag has no second chance */
	check_big("<s b='", "x", FRAME_START_TAG_MAX, "'>", "E:policy-violation\n");
	check_big("<?xml ", "x", 300, "?>", "E:policy-violation\n");
}

static void test_depth_cap(void **state)
{
	char *nested = repeat("", "<d>", FRAME_DEPTH_MAX, "");
	char *in = repeat(nested, "</d>", FRAME_DEPTH_MAX, "");
	char *front = repeat(HEADER, in, 1, "<b/>");
	char *events = repeat("H\nS:", in, 1, "\nS:<b/>\n");

	(void)state;
	check_big(front, "", 0, "", events);
	free(events);
	free(front);
	free(in);
	free(nested);

	nested = repeat(HEADER "<a t='u'>", "<d>", FRAME_DEPTH_MAX - 1, "<e>");
	in = repeat(nested, "", 0, "</e>");
	/* known names are compared on the way back, the one beyond the cap is only counted */
	check_big(in, "</d>", FRAME_DEPTH_MAX - 1, "</a><b/>", "H\nO:<a t='u'>\nS:<b/>\n");
	check_big(in, "</d>", FRAME_DEPTH_MAX - 2, "</x>", "H\nE:not-well-formed\n");
	free(in);
	in = repeat(nested, "", 0, "</whatever>");
	check_big(in, "</d>", FRAME_DEPTH_MAX - 1, "</a><b/>", "H\nO:<a t='u'>\nS:<b/>\n");
	free(in);
	free(nested);

	/* an attempt to exhaust a counter or the stack */
	nested = repeat(HEADER "<a>", "<d>", 300000, "");
	check_big(nested, "</d>", 300000, "</a><b/>", "H\nO:<a>\nS:<b/>\n");
	free(nested);
}

static void test_attribute_cap(void **state)
{
	char in[4096], *p = in;
	char *events;
	int i;

	(void)state;
	for (i = 0; i < FRAME_ATTRIBUTES_MAX; i++)
		p += sprintf(p, " a%d='b'", i);
	{
		char *front = repeat(HEADER "<x", in, 1, "/><b/>");

		events = repeat("H\nS:<x", in, 1, "/>\nS:<b/>\n");
		check_big(front, "", 0, "", events);
		free(events);
		free(front);
		front = repeat(HEADER "<x t='u'><y z=''", in, 1, "/></x><b/>");
		check_big(front, "", 0, "", "H\nO:<x t='u'>\nS:<b/>\n");
		free(front);
		/* its own start tag: it cannot be read */
		front = repeat(HEADER "<x z=''", in, 1, "></x><b/>");
		check_big(front, "", 0, "", "H\nO:-\nS:<b/>\n");
		free(front);
	}
	check_big(HEADER "<x><y", " a=''", 2, "/></x>", "H\nE:not-well-formed\n");
}

static void test_reference_cap(void **state)
{
	(void)state;
	check_big(HEADER "<x>&#", "0", FRAME_REFERENCE_MAX - 3, "65;</x>",
		  "H\nS:<x>&#0000000000000000000000000000065;</x>\n");
	check_big(HEADER "<x t='u'>&#", "0", FRAME_REFERENCE_MAX - 2, "65;</x><b/>",
		  "H\nO:<x t='u'>\nS:<b/>\n");
	check_big(HEADER "<x t='&#", "0", FRAME_REFERENCE_MAX, "65;'/><b/>", "H\nO:-\nS:<b/>\n");
	check_big(HEADER "<x>&#", "0", 100000, "65;</x><b/>", "H\nO:<x>\nS:<b/>\n");
	check_big("<s:s x='&#", "0", 100, "65;'>", "E:policy-violation\n");
}

static void test_reset(void **state)
{
	struct frame *f = frame_create();
	size_t used;

	(void)state;
	assert_int_equal(frame_feed(f, "<a><", 4, &used), FRAME_HEADER);
	assert_int_equal(frame_feed(f, "!--", 3, &used), FRAME_ERROR);
	assert_int_equal(frame_feed(f, "<b/>", 4, &used), FRAME_ERROR);
	frame_reset(f);
	assert_int_equal(frame_feed(f, "<?xml ?><a>", 11, &used), FRAME_HEADER);
	assert_int_equal(frame_feed(f, "<b/>", 4, &used), FRAME_STANZA);
	assert_string_equal(frame_text(f), "<b/>");
	assert_int_equal(frame_feed(f, "</a>", 4, &used), FRAME_CLOSE);
	assert_int_equal(frame_feed(f, "<b/>", 4, &used), FRAME_CLOSE);
	frame_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	      cmocka_unit_test(test_bad),
		cmocka_unit_test(test_nul),	      cmocka_unit_test(test_size_cap),
		cmocka_unit_test(test_start_tag_cap), cmocka_unit_test(test_depth_cap),
		cmocka_unit_test(test_attribute_cap), cmocka_unit_test(test_reference_cap),
		cmocka_unit_test(test_reset),
	};

	srand(20021213);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

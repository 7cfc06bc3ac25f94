/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jid.h"
#include "reply.h"
#include "stanza.h"

#define STREAM_START                                      \
	"<stream:stream xmlns='jabber:component:accept' " \
	"xmlns:stream='http://etherx.jabber.org/streams' id='1'>"

/* In a stream with STREAM_START, the first child of the stanza and what it is. */
static void test_namespaces(void **state)
{
	static const struct {
		const char *text, *ns, *name;
	} rows[] = {
		{"<iq><query xmlns='whoknows'/></iq>", "whoknows", "query"},
		{"<iq xmlns:w='whoknows'><w:query/></iq>", "whoknows", "query"},
		{"<iq><w:query xmlns:w=\"whoknows\"/></iq>", "whoknows", "query"},
		{"<iq><w:query xmlns:w='other' xmlns='whoknows'/></iq>", "other", "query"},
		{"<iq><w:query xmlns='whoknows'/></iq>", "", "query"},
		{"<iq><w:query xmlns:ww='whoknows'/></iq>", "", "query"},
		{"<iq xmlns:w='a'><w:query xmlns:w='b'/></iq>", "b", "query"},
		{"<iq xmlns='whoknows'><query/></iq>", "whoknows", "query"},
		{"<iq xmlns='whoknows'><query xmlns=''/></iq>", "", "query"},
		{"<iq><query/></iq>", "jabber:component:accept", "query"},
		{"<iq><stream:query/></iq>", "http://etherx.jabber.org/streams", "query"},
		{"<iq><:query/></iq>", "", "query"},
		{"<iq><a:b:query xmlns:a='x'/></iq>", "x", "b:query"},
		{"<iq xmlns:q='whoknows'><query/></iq>", "jabber:component:accept", "query"},
		{"<iq><xml:query/></iq>", "http://www.w3.org/XML/1998/namespace", "query"},
		{"<iq>text<![CDATA[<query xmlns='x'/>]]> <query xmlns='&amp;&quot;'/></iq>", "&\"",
		 "query"},
		{"<iq><xmlns:query xmlns:xmlns='x'/></iq>", "x", "query"},
	};
	struct stanza *stream = stanza_parse_start(STREAM_START, NULL);
	size_t i;

	(void)state;
	assert_non_null(stream);
	assert_true(stanza_is(stream, stanza_root(stream), NS_STREAM, "stream"));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stanza *st = stanza_parse(rows[i].text, stream);
		mxml_node_t *child;

		assert_non_null(st);
		child = stanza_next_child(stanza_root(st), NULL);
		assert_non_null(child);
		assert_string_equal(stanza_namespace(st, child), rows[i].ns);
		assert_string_equal(stanza_local_name(child), rows[i].name);
		assert_true(stanza_is(st, child, rows[i].ns, rows[i].name));
		assert_false(stanza_is(st, child, rows[i].ns, "quer"));
		assert_false(stanza_is(st, child, "x:y", rows[i].name));
		assert_null(stanza_next_child(stanza_root(st), child));
		stanza_free(st);
	}
	stanza_free(stream);
}

static void test_default_namespace(void **state)
{
	struct stanza *bare = stanza_parse_start("<s:s xmlns:s='x'>", NULL);
	struct stanza *other = stanza_parse_start("<s xmlns='jabber:client'>", NULL);
	struct stanza *st;

	(void)state;
	st = stanza_parse("<iq/>", bare);
	assert_string_equal(stanza_namespace(st, stanza_root(st)), NS_COMPONENT);
	stanza_free(st);
	st = stanza_parse("<iq/>", other);
	assert_string_equal(stanza_namespace(st, stanza_root(st)), "jabber:client");
	stanza_free(st);
	stanza_free(bare);
	stanza_free(other);
}

static void test_attributes(void **state)
{
	struct stanza *st = stanza_parse("<iq x:id='wrong' id=\"it's &lt;&#x26;&gt;\" a = 'b'\n"
					 "c='&#xe4;\xc3\xa4'/>",
					 NULL);

	(void)state;
	assert_string_equal(stanza_attribute(stanza_root(st), "id"), "it's <&>");
	assert_string_equal(stanza_attribute(stanza_root(st), "a"), "b");
	assert_string_equal(stanza_attribute(stanza_root(st), "c"), "\xc3\xa4\xc3\xa4");
	assert_null(stanza_attribute(stanza_root(st), "none"));
	stanza_free(st);
}

/* The library would drop U+FEFF, and with it what tells one id from another. */
static void test_byte_order_marks(void **state)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct stanza *st = stanza_parse("<iq id='\xef\xbb\xbf' a='x\xef\xbb\xbf\xef\xbb\xbfy'>"
					 "<b c='&#xFEFF;&lt;'>\xef\xbb\xbf</b>\xef\xbb\xbf</iq>",
					 NULL);
	mxml_node_t *child;

	(void)state;
	assert_non_null(st);
	assert_string_equal(stanza_attribute(stanza_root(st), "id"), bom);
	assert_string_equal(stanza_attribute(stanza_root(st), "a"), "x\xef\xbb\xbf\xef\xbb\xbfy");
	child = stanza_next_child(stanza_root(st), NULL);
	assert_string_equal(stanza_attribute(child, "c"), "\xef\xbb\xbf<");
	assert_string_equal(mxmlGetOpaque(child), bom);
	assert_null(stanza_next_child(stanza_root(st), child));
	stanza_free(st);
}

/* The character data of an element. */
static void test_text(void **state)
{
	static const struct {
		const char *in, *text; /* NULL: it has more than that, or too much */
	} rows[] = {
		{"<a>bob@example.org/laptop</a>", "bob@example.org/laptop"},
		{"<a/>", ""},
		{"<a></a>", ""},
		{"<a> b\n</a>", " b\n"},
		{"<a>room@muc/&lt;&amp;&#x41;&quot;</a>", "room@muc/<&A\""},
		{"<a><![CDATA[<b>]]></a>", "<b>"},
		{"<a>x<![CDATA[&amp;]]>y<![CDATA[]]></a>", "x&amp;y"},
		{"<a>x<b/></a>", NULL},
		{"<a><b>x</b></a>", NULL},
		{"<a>0123456789012345678901234567890</a>", "0123456789012345678901234567890"},
		{"<a>01234567890123456789012345678901</a>", NULL},
		{"<a>0123456789012345<![CDATA[6789012345678901]]></a>", NULL},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stanza *st = stanza_parse(rows[i].in, NULL);
		bool good;

		assert_non_null(st);
		good = stanza_text(stanza_root(st), text, sizeof(text));
		assert_int_equal(good, rows[i].text != NULL);
		if (good)
			assert_string_equal(text, rows[i].text);
		stanza_free(st);
	}
}

static void test_unparsable(void **state)
{
	static const char *const rows[] = {
		"", "x", "<iq></x>", "<iq><a b='&x;'", "<iq><a b='1' b='2'/></iq>",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		errno = 0;
		assert_null(stanza_parse(rows[i], NULL));
		assert_int_equal(errno, EBADMSG);
	}
	assert_null(stanza_parse_start("", NULL));
	assert_null(stanza_parse_start("<iq", NULL));
}

static void assert_text(mxml_node_t *reply, const char *expected)
{
	char *text = reply_text(reply);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void test_replies(void **state)
{
	char id[1025], *text;

	(void)state;
	assert_text(reply_result("r", "b@e/l", "1", reply_element("query", "whoknows")),
		    "<iq type=\"result\" from=\"r\" to=\"b@e/l\" id=\"1\">"
		    "<query xmlns=\"whoknows\" /></iq>");
	assert_text(reply_result("r", "a@e/<\"'&>", "\xc3\xa4'\"", NULL),
		    "<iq type=\"result\" from=\"r\" to=\"a@e/&lt;&quot;'&amp;&gt;\" "
		    "id=\"\xc3\xa4'&quot;\" />");
	assert_text(reply_error("r", "b@e/l", "1", IQ_RESOURCE_CONSTRAINT),
		    "<iq type=\"error\" from=\"r\" to=\"b@e/l\" id=\"1\"><error type=\"wait\">"
		    "<resource-constraint xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\" />"
		    "</error></iq>");
	/* more than any buffer of mxml's */
	memset(id, '"', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	text = reply_text(reply_result(id, id, id, NULL));
	assert_int_equal(strlen(text), strlen("<iq type=\"result\" from=\"\" to=\"\" id=\"\" />") +
					       3 * 6 * (sizeof(id) - 1));
	free(text);
	text = reply_start_tag(reply_element("s:s", "a/b"));
	assert_string_equal(text, "<s:s xmlns=\"a/b\" >");
	free(text);
	assert_true(reply_can_carry("a 'b'"));
	assert_false(reply_can_carry("a\nb"));
	assert_null(reply_text(NULL));
}

static void test_jids(void **state)
{
	static const struct {
		const char *jid;
		bool valid, full;
	} rows[] = {
		{"example.org", true, true},
		{"bob@example.org", true, false},
		{"bob@example.org/laptop", true, true},
		{"bob@example.org/a/b@c d", true, true},
		{"example.org/x", true, true},
		{"", false, false},
		{"@example.org", false, false},
		{"bob@", false, false},
		{"bob@/x", false, false},
		{"/x", false, false},
		{"bob@example.org/", false, false},
		{"bob@a@example.org/x", false, false},
		{"b b@example.org/x", false, false},
		{"bob@exam ple.org/x", false, false},
		{"bob@example.org/a\nb", false, false},
		{"bob@example.org/a\x7f", false, false},
	};
	char jid[2000], mixed[] = "BoB@Example.ORG/LapTop@X";
	struct jid parts;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(jid_split(rows[i].jid, &parts), rows[i].valid);
		assert_int_equal(jid_is_full(rows[i].jid), rows[i].full);
	}
	memset(jid, 'x', sizeof(jid));
	jid[1023] = '\0';
	assert_true(jid_split(jid, &parts));
	jid[1023] = 'x';
	jid[1024] = '\0';
	assert_false(jid_split(jid, &parts));
	jid_fold(mixed);
	assert_string_equal(mixed, "bob@example.org/LapTop@X");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_namespaces),	 cmocka_unit_test(test_default_namespace),
		cmocka_unit_test(test_attributes),	 cmocka_unit_test(test_text),
		cmocka_unit_test(test_byte_order_marks), cmocka_unit_test(test_unparsable),
		cmocka_unit_test(test_replies),		 cmocka_unit_test(test_jids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

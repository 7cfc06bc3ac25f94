/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "discover.h"
#include "stanza_fixture.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

#define ITEMS(inner) \
	"<iq type='result' id='1'><query xmlns='" DISCO_ITEMS_NS "'>" inner "</query></iq>"

static void items(void **state)
{
	static const struct {
		const char *text, *last;
		unsigned int n;
	} rows[] = {
		{ITEMS("<item jid='a.example.org'/><item jid='b.example.org' name='B'/>"),
		 "b.example.org", 2},
		{ITEMS(""), NULL, 0},
		{"<iq type='result' id='1'/>", NULL, 0},
		{ITEMS("<item/><item jid=''/><item jid='a b'/><item jid='r.example.org'/>"),
		 "r.example.org", 1},
		/* a node of an entity, and a user: no services */
		{ITEMS("<item jid='a.example.org' node='x'/><item jid='u@example.org'/>"), NULL, 0},
		{ITEMS("<item xmlns='other' jid='a.example.org'/>text<thing jid='b.c'/>"), NULL, 0},
		{"<iq type='result' id='1'><query xmlns='other'><item jid='a.b'/></query></iq>",
		 NULL, 0},
	};
	char(*list)[JID_MAX + 1] = calloc(DISCOVER_ITEMS_MAX, sizeof(*list));

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		xmpp_stanza_t *iq = wire(rows[i].text);

		assert_int_equal(discover_items(iq, list), rows[i].n);
		if (rows[i].n)
			assert_string_equal(list[rows[i].n - 1], rows[i].last);
		xmpp_stanza_release(iq);
	}
	free(list);
}

static void ten_thousand_items(void **state)
{
	char(*list)[JID_MAX + 1] = calloc(DISCOVER_ITEMS_MAX, sizeof(*list));
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	xmpp_stanza_t *iq;

	(void)state;
	fputs("<iq type='result' id='1'><query xmlns='" DISCO_ITEMS_NS "'>", f);
	for (int i = 0; i < 10000; i++)
		fprintf(f, "<item jid='s%d.example.org'/>", i);
	fputs("</query></iq>", f);
	fclose(f);
	iq = wire(text);
	assert_int_equal(discover_items(iq, list), DISCOVER_ITEMS_MAX);
	assert_string_equal(list[DISCOVER_ITEMS_MAX - 1], "s31.example.org");
	xmpp_stanza_release(iq);
	free(text);
	free(list);
}

#define INFO(type, inner) \
	"<iq type='" type "' id='1'><query xmlns='" DISCO_INFO_NS "'>" inner "</query></iq>"

static void features(void **state)
{
	static const struct {
		const char *text;
		bool relay;
	} rows[] = {
		{INFO("result",
		      "<identity category='proxy' type='x'/><feature var='jabber:iq:version'/>"
		      "<feature var='whoknows'/>"),
		 true},
		{INFO("result", "<feature var='whoknows2'/><feature var='Whoknows'/><feature/>"),
		 false},
		{INFO("result", "<identity var='whoknows'/>"), false},
		{INFO("result", "<feature xmlns='other' var='whoknows'/>"), false},
		{INFO("error", "<feature var='whoknows'/>"), false},
		{"<iq type='result' id='1'/>", false},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		xmpp_stanza_t *iq = wire(rows[i].text);

		if (discover_offers(iq, "whoknows") != rows[i].relay)
			fail_msg("row %zu", i);
		xmpp_stanza_release(iq);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items),
		cmocka_unit_test(ten_thousand_items),
		cmocka_unit_test(features),
	};

	return cmocka_run_group_tests(tests, stanza_set_up, stanza_tear_down);
}

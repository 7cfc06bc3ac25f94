/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stanza in, the answer out: what is not about claims.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iq_fixture.h"
#include "service.h"

#define FROM_TO	  " from='" ALICE "' to='relay.example.org'"
#define ANSWER_1  " from=\"relay.example.org\" to=\"" ALICE "\" id=\"1\">"
#define NS_ERRORS "xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\""
#define ERROR_FROM(from, type, condition)                                                    \
	"<iq type=\"error\" from=\"" from "\" to=\"" ALICE "\" id=\"1\"><error type=\"" type \
	"\"><" condition " xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\" /></error></iq>"
#define NOT_FOUND   ERROR("cancel", "item-not-found")
#define POLICY	    ERROR("modify", "policy-violation")
#define PROXY	    "<identity category=\"proxy\" type=\"bytestreams\" name=\"tandem\" />"
#define BYTESTREAMS "<feature var=\"http://jabber.org/protocol/bytestreams\" />"

static char *namespaces[] = {(char[]){"whoknows"}, (char[]){"urn:example:w"}};
static struct config cfg = {
	.xmpp = {.jid = (char[]){"relay.example.org"},
		 .namespaces = {.names = namespaces, .count = 2}},
	.endpoint = {.enabled = true, .port = 4000},
};

struct row {
	const char *in;
	const char *out; /* NULL: no answer */
	bool dropped;
	enum iq_kind kind; /* of the answer */
	enum iq_result result;
};

static const struct row rows[] = {
	/* ping */
	{GET "<ping xmlns='urn:xmpp:ping'/></iq>",
	 "<iq type=\"result\" from=\"relay.example.org\" to=\"" ALICE "\" id=\"1\" />", false,
	 IQ_PING, IQ_OK},
	{GET "<p:ping xmlns:p='urn:xmpp:ping'/></iq>",
	 "<iq type=\"result\" from=\"relay.example.org\" to=\"" ALICE "\" id=\"1\" />", false,
	 IQ_PING, IQ_OK},
	{SET "<ping xmlns='urn:xmpp:ping'/></iq>", UNAVAILABLE, false, IQ_OTHER,
	 IQ_SERVICE_UNAVAILABLE},
	{GET "<ping xmlns='urn:xmpp:pong'/></iq>", UNAVAILABLE, false, IQ_OTHER,
	 IQ_SERVICE_UNAVAILABLE},
	{GET "<pong xmlns='urn:xmpp:ping'/></iq>", UNAVAILABLE, false, IQ_OTHER,
	 IQ_SERVICE_UNAVAILABLE},
	{GET "<ping/></iq>", UNAVAILABLE, false, IQ_OTHER, IQ_SERVICE_UNAVAILABLE},
	/* the domain's case does not matter, what is echoed is escaped */
	{"<iq type='get' id='&lt;&amp;\"' from='a@b/&quot;' to='Relay.Example.ORG'>"
	 "<ping xmlns='urn:xmpp:ping'/></iq>",
	 "<iq type=\"result\" from=\"relay.example.org\" to=\"a@b/&quot;\" id=\"&lt;&amp;&quot;\" />",
	 false, IQ_PING, IQ_OK},
	/* disco */
	{GET "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
	 "<iq type=\"result\"" ANSWER_1 "<query xmlns=\"http://jabber.org/protocol/disco#info\">"
	 "<identity category=\"component\" type=\"generic\" name=\"tandem\" />"
	 "<feature var=\"http://jabber.org/protocol/disco#info\" />"
	 "<feature var=\"http://jabber.org/protocol/disco#items\" />"
	 "<feature var=\"urn:xmpp:ping\" />"
	 "<feature var=\"jabber:iq:version\" /><feature var=\"jabber:iq:last\" />"
	 "<feature var=\"whoknows\" /><feature var=\"urn:example:w\" /></query></iq>",
	 false, IQ_DISCO, IQ_OK},
	{GET "<query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
	 "<iq type=\"result\"" ANSWER_1
	 "<query xmlns=\"http://jabber.org/protocol/disco#items\" /></iq>",
	 false, IQ_DISCO, IQ_OK},
	{GET "<query node='x' xmlns='http://jabber.org/protocol/disco#info'/></iq>", NOT_FOUND,
	 false, IQ_DISCO, IQ_ITEM_NOT_FOUND},
	{GET "<query node='x' xmlns='http://jabber.org/protocol/disco#items'/></iq>", NOT_FOUND,
	 false, IQ_DISCO, IQ_ITEM_NOT_FOUND},
	/* what runs, and for how long */
	{GET "<query xmlns='jabber:iq:version'/></iq>",
	 "<iq type=\"result\"" ANSWER_1 "<query xmlns=\"jabber:iq:version\"><name>tandem</name>"
	 "<version>" TANDEM_VERSION "</version></query></iq>",
	 false, IQ_VERSION, IQ_OK},
	{SET "<query xmlns='jabber:iq:version'/></iq>", UNAVAILABLE, false, IQ_OTHER,
	 IQ_SERVICE_UNAVAILABLE},
	{GET "<query xmlns='jabber:iq:last'/></iq>",
	 "<iq type=\"result\"" ANSWER_1 "<query xmlns=\"jabber:iq:last\" seconds=\"3725\" /></iq>",
	 false, IQ_LAST, IQ_OK},
	/* one child, no more and no less */
	{GET "</iq>", BAD_REQUEST, false, IQ_OTHER, IQ_BAD_REQUEST},
	{GET "text<![CDATA[<ping xmlns='urn:xmpp:ping'/>]]></iq>", BAD_REQUEST, false, IQ_OTHER,
	 IQ_BAD_REQUEST},
	{GET "<ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/></iq>", BAD_REQUEST, false,
	 IQ_OTHER, IQ_BAD_REQUEST},
	/* an id is echoed, even an empty one, and a type there must be */
	{"<iq type='get' id=''" FROM_TO "><ping xmlns='urn:xmpp:ping'/></iq>",
	 "<iq type=\"result\" from=\"relay.example.org\" to=\"" ALICE "\" id=\"\" />", false,
	 IQ_PING, IQ_OK},
	{"<iq id='1'" FROM_TO "><ping xmlns='urn:xmpp:ping'/></iq>", BAD_REQUEST, false, IQ_OTHER,
	 IQ_BAD_REQUEST},
	{"<iq type='Get' id='1'" FROM_TO "><ping xmlns='urn:xmpp:ping'/></iq>", BAD_REQUEST, false,
	 IQ_OTHER, IQ_BAD_REQUEST},
	/* nobody lives below the component, and it is they who say so */
	{"<iq type='get' id='1' from='" ALICE "' to='relay.example.org/x&amp;y'>"
	 "<ping xmlns='urn:xmpp:ping'/></iq>",
	 ERROR_FROM("relay.example.org/x&amp;y", "cancel", "service-unavailable"), false, IQ_OTHER,
	 IQ_SERVICE_UNAVAILABLE},
	{"<iq type='set' id='1' from='" ALICE "' to='x@relay.example.org'>"
	 "<query xmlns='whoknows' sid='A01'/></iq>",
	 ERROR_FROM("x@relay.example.org", "cancel", "service-unavailable"), false, IQ_OTHER,
	 IQ_SERVICE_UNAVAILABLE},
	{"<iq type='result' id='1' from='" ALICE "' to='relay.example.org/x'/>", NULL, false, 0, 0},
	/* never answered */
	{"<iq type='result' id='1'" FROM_TO "/>", NULL, false, 0, 0},
	{"<iq type='error' id='1'" FROM_TO "><ping xmlns='urn:xmpp:ping'/></iq>", NULL, false, 0,
	 0},
	{"<message" FROM_TO "><body>hello</body></message>", NULL, false, 0, 0},
	{"<presence" FROM_TO "/>", NULL, false, 0, 0},
	/* dropped */
	{"<iq type='get' id='1' to='relay.example.org'><ping xmlns='urn:xmpp:ping'/></iq>", NULL,
	 true, 0, 0},
	{"<iq type='get' id='1' from='' to='relay.example.org'><ping xmlns='urn:xmpp:ping'/></iq>",
	 NULL, true, 0, 0},
	{"<iq type='get' id='1' x:from='a@b/c' to='relay.example.org'><ping/></iq>", NULL, true, 0,
	 0},
	{"<iq type='get' id='1' from='" ALICE "'><ping xmlns='urn:xmpp:ping'/></iq>", NULL, true, 0,
	 0},
	{"<iq type='get' id='1' from='" ALICE "' to='elsewhere.example.org'><ping/></iq>", NULL,
	 true, 0, 0},
	{"<iq type='get' id='1' from='" ALICE "' to='x.relay.example.org'><ping/></iq>", NULL, true,
	 0, 0},
	{"<iq type='get' id='1' from='" ALICE "' to='relay.example.org@x'><ping/></iq>", NULL, true,
	 0, 0},
	{"<iq type='get' id='1' from='" ALICE "' to='x@RELAY.example.org'><ping/></iq>", NULL, true,
	 0, 0},
	{"<iq type='get' id='1' from='" ALICE "' to='relay.example.org/'><ping/></iq>", NULL, true,
	 0, 0},
	{"<iq type='get' id='1' from='" ALICE "' to=''><ping/></iq>", NULL, true, 0, 0},
	{"<message to='relay.example.org'/>", NULL, true, 0, 0},
	{"<iq type='get'" FROM_TO "><ping xmlns='urn:xmpp:ping'/></iq>", NULL, true, 0, 0},
	{"<iq type='get' id='a&#10;b'" FROM_TO "><ping xmlns='urn:xmpp:ping'/></iq>", NULL, true, 0,
	 0},
	{"<iq type='get' id='1' xmlns='jabber:client'" FROM_TO "><ping/></iq>", NULL, true, 0, 0},
	{"<stanza type='get' id='1'" FROM_TO "><ping/></stanza>", NULL, true, 0, 0},
	{"<x:iq type='get' id='1'" FROM_TO "><ping/></x:iq>", NULL, true, 0, 0},
	{"<x:iq xmlns:x='jabber:component:accept' type='get' id='1'" FROM_TO "><ping/></x:iq>",
	 UNAVAILABLE, false, IQ_OTHER, IQ_SERVICE_UNAVAILABLE},
};

#define STARTED 100000
#define NOW	(STARTED + 3725999)

static void check(const struct row *row, bool oversized)
{
	struct dispatch *d = dispatch_create(cfg.xmpp.jid, &stats, &outlet);
	struct commands *c = commands_create(&cfg, d);
	struct service *s = service_create(&cfg, d, c, STARTED);
	struct stanza *st =
		oversized ? stanza_parse_start(row->in, NULL) : stanza_parse(row->in, NULL);

	assert_non_null(st);
	memset(&stats, 0, sizeof(stats));
	sent[0] = '\0';
	n_sent = 0;
	if (oversized)
		dispatch_oversized(d, st);
	else
		dispatch_stanza(d, st, NOW);
	assert_string_equal(sent, row->out == NULL ? "" : row->out);
	assert_int_equal(n_sent, row->out != NULL);
	assert_int_equal(stats.stanzas_dropped, row->dropped);
	assert_int_equal(stats.iq[row->kind][row->result], row->out != NULL);
	stanza_free(st);
	service_destroy(s);
	commands_destroy(c);
	dispatch_destroy(d);
}

static void test_stanzas(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].in);
		check(&rows[i], false);
	}
}

static void test_oversized(void **state)
{
	static const struct row over[] = {
		{GET, POLICY, false, IQ_OTHER, IQ_POLICY_VIOLATION},
		{SET, POLICY, false, IQ_OTHER, IQ_POLICY_VIOLATION},
		{"<iq type='result' id='1'" FROM_TO ">", NULL, false, 0, 0},
		{"<iq type='error' id='1'" FROM_TO ">", NULL, false, 0, 0},
		{"<message id='1'" FROM_TO ">", NULL, false, 0, 0},
		{"<iq type='get' id='1' from='" ALICE "'>", NULL, true, 0, 0},
		{"<iq type='get'" FROM_TO ">", NULL, true, 0, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(over) / sizeof(over[0]); i++)
		check(&over[i], true);
}

static void test_long_id(void **state)
{
	char in[4096], id[IQ_ID_MAX + 2];
	struct row row = {in, NULL, false, IQ_PING, IQ_OK};
	char out[4096];

	(void)state;
	memset(id, 'i', sizeof(id));
	id[IQ_ID_MAX] = '\0';
	snprintf(in, sizeof(in),
		 "<iq type='get' id='%s'" FROM_TO "><ping xmlns='urn:xmpp:ping'/></iq>", id);
	snprintf(out, sizeof(out),
		 "<iq type=\"result\" from=\"relay.example.org\" to=\"" ALICE "\" id=\"%s\" />",
		 id);
	row.out = out;
	check(&row, false);

	id[IQ_ID_MAX] = 'i';
	id[IQ_ID_MAX + 1] = '\0';
	snprintf(in, sizeof(in),
		 "<iq type='get' id='%s'" FROM_TO "><ping xmlns='urn:xmpp:ping'/></iq>", id);
	snprintf(out, sizeof(out),
		 "<iq type=\"error\" from=\"relay.example.org\" to=\"" ALICE
		 "\" id=\"%s\"><error type=\"modify\"><policy-violation "
		 "xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\" /></error></iq>",
		 id);
	row.kind = IQ_OTHER;
	row.result = IQ_POLICY_VIOLATION;
	check(&row, false);
}

static void test_features_follow_configuration(void **state)
{
	struct row row = {GET "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>", sent,
			  false, IQ_DISCO, IQ_OK};

	(void)state;
	cfg.endpoint.enabled = false;
	cfg.socks5.enabled = true;
	check(&row, false);
	assert_null(strstr(sent, "whoknows"));
	assert_non_null(strstr(sent, PROXY));
	assert_null(strstr(sent, "component"));
	assert_non_null(strstr(sent, BYTESTREAMS));
	cfg.endpoint.enabled = true;
	check(&row, false);
	assert_non_null(strstr(sent, "whoknows"));
	assert_non_null(strstr(sent, PROXY));
	assert_non_null(strstr(sent, BYTESTREAMS));
	assert_null(strstr(sent, "rendezvous"));
	cfg.rendezvous.enabled = true;
	check(&row, false);
	assert_non_null(strstr(sent, "<feature var=\"whoknows#rendezvous\" />"));
	assert_non_null(strstr(sent, "<feature var=\"urn:example:w#rendezvous\" />"));
	cfg.rendezvous.enabled = false;
	cfg.socks5.enabled = false;
	check(&row, false);
	assert_null(strstr(sent, "bytestreams"));
	assert_non_null(strstr(sent, "whoknows"));
}

/* XEP-0157 */
static void test_contact(void **state)
{
	struct row row = {GET "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>", sent,
			  false, IQ_DISCO, IQ_OK};

	(void)state;
	check(&row, false);
	assert_null(strstr(sent, "jabber:x:data"));
	cfg.xmpp.abuse = (char[]){"mailto:abuse@example.org?subject=a&b"};
	check(&row, false);
	assert_non_null(strstr(sent,
			       "<x xmlns=\"jabber:x:data\" type=\"result\">"
			       "<field var=\"FORM_TYPE\" type=\"hidden\">"
			       "<value>http://jabber.org/network/serverinfo</value></field>"
			       "<field var=\"abuse-addresses\" type=\"list-multi\">"
			       "<value>mailto:abuse@example.org?subject=a&amp;b</value></field></x>"
			       "</query></iq>"));
	cfg.xmpp.abuse = NULL;
}

/* Whatever refuses says so, in words and by an element of the metric's label, and is counted. */
static void test_refusals(void **state)
{
	static const struct {
		const char *limit;
		const char *part; /* of what people read */
	} expected[] = {
		[REFUSAL_ACCESS] = {"access", "may not use this relay"},
		[REFUSAL_ADMINS] = {"admins", "Only administrators"},
		[REFUSAL_STRICT] = {"strict", "must give its peer"},
		[REFUSAL_SESSIONS] = {"sessions", "The relay has as many"},
		[REFUSAL_SESSIONS_PER_JID] = {"sessions_per_jid", "one user may have"},
		[REFUSAL_SESSIONS_PER_DOMAIN] = {"sessions_per_domain", "Your domain"},
		[REFUSAL_VOLUME_PER_JID] = {"volume_per_jid", "used up the volume"},
		[REFUSAL_RESERVATIONS] = {"reservations", "no rendezvous address"},
		[REFUSAL_RESERVATIONS_PER_JID] = {"reservations_per_jid", "one user may have"},
		[REFUSAL_NO_MEMORY] = {"memory", "memory"},
		[REFUSAL_COOKIES] = {"cookies", "Under load"},
		[REFUSAL_FLOWS] = {"flows", "no room"},
		[REFUSAL_DRAINING] = {"draining", "drained"},
	};
	struct dispatch *d = dispatch_create(cfg.xmpp.jid, &stats, &outlet);
	char start[512], end[128];

	(void)state;
	assert_int_equal(sizeof(expected) / sizeof(expected[0]), REFUSALS);
	for (enum refusal r = 0; r < REFUSALS; r++) {
		memset(&stats, 0, sizeof(stats));
		dispatch_refuse(d, IQ_CLAIM, ALICE, "1", IQ_RESOURCE_CONSTRAINT, r);
		snprintf(start, sizeof(start),
			 "<iq type=\"error\"" ANSWER_1
			 "<error type=\"wait\"><resource-constraint " NS_ERRORS
			 " /><text " NS_ERRORS " xml:lang=\"en\">");
		snprintf(end, sizeof(end), "</text><%s xmlns=\"tandem:refusals\" /></error></iq>",
			 expected[r].limit);
		assert_memory_equal(sent, start, strlen(start));
		assert_non_null(strstr(sent, expected[r].part));
		assert_string_equal(sent + strlen(sent) - strlen(end), end);
		assert_int_equal(stats.iq[IQ_CLAIM][IQ_RESOURCE_CONSTRAINT], 1);
		for (enum refusal other = 0; other < REFUSALS; other++)
			assert_int_equal(stats.refusals[other], other == r);
	}
	dispatch_error(d, IQ_CLAIM, ALICE, "1", IQ_CONFLICT);
	assert_string_equal(sent, ERROR("cancel", "conflict"));
	dispatch_destroy(d);
}

static void test_table_is_bounded(void **state)
{
	struct dispatch *d = dispatch_create(cfg.xmpp.jid, &stats, &outlet);
	struct iq_route route = {.ns = "x", .name = "y"};
	int i;

	(void)state;
	for (i = 0; i < DISPATCH_ROUTES_MAX; i++)
		assert_int_equal(dispatch_add(d, &route), 0);
	assert_true(dispatch_add(d, &route) < 0);
	assert_null(commands_create(&cfg, d));
	assert_null(service_create(&cfg, d, NULL, 0));
	dispatch_destroy(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stanzas),
		cmocka_unit_test(test_oversized),
		cmocka_unit_test(test_long_id),
		cmocka_unit_test(test_features_follow_configuration),
		cmocka_unit_test(test_contact),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_table_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SOCKS5 bytestreams' IQs as a table: a stanza in, the stanza out or the activation that a session
 * book made of cardboard is given.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "bytestream_name.h"
#include "bytestreams.h"
#include "iq_fixture.h"
#include "session.h"

#define NS	  "http://jabber.org/protocol/bytestreams"
#define Q	  "<query xmlns='" NS "' "
#define ACT(j)	  "<activate>" j "</activate>"
#define ANSWER_1  " from=\"relay.example.org\" to=\"" ALICE "\" id=\"1\""
#define MALFORMED ERROR("modify", "jid-malformed")
#define HOST(h)	  "<streamhost jid=\"relay.example.org\" host=\"" h "\" port=\"7777\" />"
#define HOSTS(sid, list) \
	"<iq type=\"result\"" ANSWER_1 "><query xmlns=\"" NS "\"" sid ">" list "</query></iq>"
#define ALL  HOST("192.0.2.10") HOST("192.0.2.11") HOST("2001:db8::10") HOST("2001:db8:0:1::1")
#define X512 X128 X128 X128 X128

/* --- what is faked --- */

static unsigned int n_activated;
static struct activation activated;
static char from[4096], target[4096], sid[256];
static void *iqs[8];

bool access_allowed(const struct config *cfg, const char *from_jid)
{
	assert_non_null(cfg);
	return strstr(from_jid, "xample.org") != NULL;
}

void session_activate(struct session_book *book, const struct activation *activation, void *iq,
		      uint64_t now_ms)
{
	assert_ptr_equal(book, sent);
	assert_int_equal(now_ms, 4711);
	activated = *activation;
	strcpy(from, activation->from);
	strcpy(target, activation->target);
	strcpy(sid, activation->sid);
	assert_true(n_activated < 8);
	iqs[n_activated++] = iq;
}

/* --- the bench --- */

static char *names[] = {(char[]){"r1.example.net"}, (char[]){"198.51.100.7"}};
static struct config cfg = {
	.xmpp = {.jid = (char[]){"relay.example.org"}},
	.n_ports = 2,
	.socks5 = {.enabled = true, .port = 7777},
};
static struct bytestreams *bytestreams;

static void address(unsigned int port, const char *text)
{
	struct config_port *p = &cfg.ports[port];

	assert_int_equal(inet_pton(AF_INET6, text, &p->addresses[p->n_addresses++].addr), 1);
}

static int setup(void **state)
{
	(void)state;
	cfg.socks5.enabled = true;
	cfg.advertise.count = 0;
	cfg.ports[0].n_addresses = cfg.ports[1].n_addresses = 0;
	address(0, "2001:DB8:0:0::10");
	address(0, "::ffff:192.0.2.10");
	address(1, "2001:db8:0:1:0:0:0:1");
	address(1, "::ffff:192.0.2.11");
	iq_start(cfg.xmpp.jid);
	bytestreams = bytestreams_create(&cfg, dispatch, requests);
	assert_non_null(bytestreams);
	bytestreams_set_book(bytestreams, (struct session_book *)sent);
	n_activated = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bytestreams_destroy(bytestreams);
	iq_end();
	return 0;
}

static void feed(const char *in)
{
	iq_feed(in, 4711);
}

struct row {
	const char *in, *out;
	enum iq_kind kind;
	enum iq_result result;
};

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		print_message("%s\n", rows[i].in);
		feed(rows[i].in);
		assert_string_equal(sent, rows[i].out);
		assert_int_equal(stats.iq[rows[i].kind][rows[i].result], 1);
		assert_int_equal(n_activated, 0);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_query(void **state)
{
	static const struct row rows[] = {
		{GET Q "/></iq>", HOSTS("", ALL), IQ_STREAMHOST, IQ_OK},
		{GET Q "sid='s&amp;1'/></iq>", HOSTS(" sid=\"s&amp;1\"", ALL), IQ_STREAMHOST,
		 IQ_OK},
		{GET Q "sid='" X128 "'/></iq>", HOSTS(" sid=\"" X128 "\"", ALL), IQ_STREAMHOST,
		 IQ_OK},
		{GET "<b:query xmlns:b='" NS "'><x/></b:query></iq>", HOSTS("", ALL), IQ_STREAMHOST,
		 IQ_OK},
		{GET Q "sid=''/></iq>", BAD_REQUEST, IQ_STREAMHOST, IQ_BAD_REQUEST},
		{GET Q "sid='x" X128 "'/></iq>", BAD_REQUEST, IQ_STREAMHOST, IQ_BAD_REQUEST},
		{GET Q "sid='a&#10;b'/></iq>", BAD_REQUEST, IQ_STREAMHOST, IQ_BAD_REQUEST},
		{GET "<query xmlns='" NS "#udp'/></iq>", UNAVAILABLE, IQ_OTHER,
		 IQ_SERVICE_UNAVAILABLE},
		{GET "<activate xmlns='" NS "'/></iq>", UNAVAILABLE, IQ_OTHER,
		 IQ_SERVICE_UNAVAILABLE},
	};

	(void)state;
	CHECK(rows);
}

static void test_advertise(void **state)
{
	(void)state;
	cfg.advertise.names = names;
	cfg.advertise.count = 2;
	feed(GET Q "/></iq>");
	assert_string_equal(sent, HOSTS("", HOST("r1.example.net") HOST("198.51.100.7")));
}

/* CVE-2026-43504: the access list was asked for the address query only, and anybody who knew the
 * port could activate.  Both ask, and before anything else is looked at. */
static void test_cve_2026_43504(void **state)
{
	static const struct row rows[] = {
		{OF("get", MALLORY) Q "/></iq>", FORBIDDEN, IQ_STREAMHOST, IQ_FORBIDDEN},
		{OF("get", MALLORY) Q "sid=''/></iq>", FORBIDDEN, IQ_STREAMHOST, IQ_FORBIDDEN},
		{OF("set", MALLORY) Q "sid='s'>" ACT(BOB) END, FORBIDDEN, IQ_ACTIVATE,
		 IQ_FORBIDDEN},
		/* naming somebody who is allowed does not help */
		{OF("set", MALLORY) Q "sid='s'>" ACT(ALICE) END, FORBIDDEN, IQ_ACTIVATE,
		 IQ_FORBIDDEN},
		{OF("set", MALLORY) Q "/></iq>", FORBIDDEN, IQ_ACTIVATE, IQ_FORBIDDEN},
	};

	(void)state;
	CHECK(rows);
}

static void test_service_off(void **state)
{
	static const struct row rows[] = {
		{GET Q "/></iq>", UNAVAILABLE, IQ_STREAMHOST, IQ_SERVICE_UNAVAILABLE},
		{SET Q "sid='s'>" ACT(BOB) END, UNAVAILABLE, IQ_ACTIVATE, IQ_SERVICE_UNAVAILABLE},
	};

	(void)state;
	cfg.socks5.enabled = false;
	CHECK(rows);
}

static void test_bad_activations(void **state)
{
	static const struct row rows[] = {
		{SET Q ">" ACT(BOB) END, BAD_REQUEST, IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "sid=''>" ACT(BOB) END, BAD_REQUEST, IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "x:sid='s'>" ACT(BOB) END, BAD_REQUEST, IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "sid='x" X128 "'>" ACT(BOB) END, BAD_REQUEST, IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "sid='a&#9;b'>" ACT(BOB) END, BAD_REQUEST, IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "sid='s'/></iq>", BAD_REQUEST, IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "sid='s'>" BOB END, BAD_REQUEST, IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "sid='s'><activate xmlns='other'>" BOB "</activate>" END, BAD_REQUEST,
		 IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "sid='s'><x>" ACT(BOB) "</x>" END, BAD_REQUEST, IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "sid='s'>" ACT(BOB) ACT(BOB) END, BAD_REQUEST, IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "sid='s'><streamhost jid='x' host='h' port='1'/>" END, BAD_REQUEST,
		 IQ_ACTIVATE, IQ_BAD_REQUEST},
		{SET Q "sid='s'><activate/>" END, MALFORMED, IQ_ACTIVATE, IQ_JID_MALFORMED},
		{SET Q "sid='s'>" ACT("") END, MALFORMED, IQ_ACTIVATE, IQ_JID_MALFORMED},
		{SET Q "sid='s'>" ACT(" " BOB) END, MALFORMED, IQ_ACTIVATE, IQ_JID_MALFORMED},
		{SET Q "sid='s'>" ACT("\n" BOB "\n") END, MALFORMED, IQ_ACTIVATE, IQ_JID_MALFORMED},
		{SET Q "sid='s'>" ACT("@example.org") END, MALFORMED, IQ_ACTIVATE,
		 IQ_JID_MALFORMED},
		{SET Q "sid='s'>" ACT("bob@example.org/") END, MALFORMED, IQ_ACTIVATE,
		 IQ_JID_MALFORMED},
		{SET Q "sid='s'>" ACT("b&amp;b@example.org/x") END, MALFORMED, IQ_ACTIVATE,
		 IQ_JID_MALFORMED},
		{SET Q "sid='s'>" ACT("bob@example.org/a&#x5d0;") END, MALFORMED, IQ_ACTIVATE,
		 IQ_JID_MALFORMED},
		{SET Q "sid='s'>" ACT("bob<x/>@example.org") END, MALFORMED, IQ_ACTIVATE,
		 IQ_JID_MALFORMED},
		{SET Q "sid='s'>" ACT("bob@example.org/" X512 X512 X512 X512 X512 X512) END,
		 MALFORMED, IQ_ACTIVATE, IQ_JID_MALFORMED},
	};

	(void)state;
	CHECK(rows);
}

static void test_activations(void **state)
{
	static const struct {
		const char *from, *text;     /* as in the stanza */
		const char *target;	     /* what session gets */
		const char *from2, *target2; /* of the prepared name, NULL: there is one only */
	} rows[] = {
		{ALICE, BOB, BOB, NULL, NULL},
		{"alice@example.org", "bob@example.org", "bob@example.org", NULL, NULL},
		{ALICE, "bob@else.example/x", "bob@else.example/x", NULL, NULL},
		{ALICE, ALICE, ALICE, NULL, NULL},
		{ALICE, "bob.example", "bob.example", NULL, NULL},
		{ALICE, "room@muc.example.org/some &lt;b&gt;/@", "room@muc.example.org/some <b>/@",
		 NULL, NULL},
		{ALICE, "<![CDATA[" BOB "]]>", BOB, NULL, NULL},
		{ALICE, "bob@<![CDATA[example.org]]>/laptop", BOB, NULL, NULL},
		{ALICE, "Bob@Example.ORG/Laptop", "Bob@Example.ORG/Laptop", ALICE,
		 "bob@example.org/Laptop"},
		{"Alice@example.org/pda", BOB, BOB, ALICE, BOB},
		{ALICE, "J\u00d6RG@example.org/\ufb01", "J\u00d6RG@example.org/\ufb01", ALICE,
		 "j\u00f6rg@example.org/fi"},
		{ALICE, "jo\u0308rg@example.org/x", "jo\u0308rg@example.org/x", ALICE,
		 "j\u00f6rg@example.org/x"},
		{ALICE, "stra\u00dfe@example.org", "stra\u00dfe@example.org", ALICE,
		 "strasse@example.org"},
		/* what a server should not have let pass is taken as it came */
		{"alice@example.org/a\u05d0", "Bob@example.org/x", "Bob@example.org/x",
		 "alice@example.org/a\u05d0", "bob@example.org/x"},
	};
	uint8_t name[LEG_NAME_BYTES];
	char in[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n_activated = 0;
		snprintf(in, sizeof(in),
			 "<iq type='set' id='1' from='%s' to='relay.example.org'>" Q
			 "sid='S01' mode='tcp'>text<x/><activate>%s</activate>" END,
			 rows[i].from, rows[i].text);
		print_message("%s\n", in);
		feed(in);
		assert_string_equal(sent, "");
		assert_int_equal(n_activated, 1);
		assert_string_equal(from, rows[i].from);
		assert_string_equal(target, rows[i].target);
		assert_string_equal(sid, "S01");
		assert_int_equal(activated.n_names, rows[i].target2 != NULL ? 2 : 1);
		bytestream_name("S01", rows[i].from, rows[i].target, name);
		assert_memory_equal(activated.names[0], name, LEG_NAME_BYTES);
		if (rows[i].target2 != NULL) {
			bytestream_name("S01", rows[i].from2, rows[i].target2, name);
			assert_memory_equal(activated.names[1], name, LEG_NAME_BYTES);
		}
		request_book_answer(requests, iqs[0], IQ_OK, REFUSALS);
	}
}

/* The table of FACTS.md 1, as far as session decides. */
static void test_answers(void **state)
{
	static const struct {
		enum iq_result result;
		const char *out;
	} rows[] = {
		{IQ_OK, "<iq type=\"result\"" ANSWER_1 " />"},
		{IQ_ITEM_NOT_FOUND, ERROR("cancel", "item-not-found")},
		{IQ_NOT_ALLOWED, ERROR("cancel", "not-allowed")},
		{IQ_CONFLICT, ERROR("cancel", "conflict")},
		{IQ_RESOURCE_CONSTRAINT, ERROR("wait", "resource-constraint")},
		{IQ_SERVICE_UNAVAILABLE, UNAVAILABLE},
		{IQ_DRAINING, ERROR("wait", "service-unavailable")},
		{IQ_REMOTE_SERVER_TIMEOUT, ERROR("wait", "remote-server-timeout")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n_activated = 0;
		feed(SET Q "sid='s'>" ACT(BOB) END);
		request_book_answer(requests, iqs[0], rows[i].result, REFUSALS);
		assert_string_equal(sent, rows[i].out);
		assert_int_equal(stats.iq[IQ_ACTIVATE][rows[i].result], 1);
	}
}

static void test_requests_are_bounded(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		feed(SET Q "sid='s'>" ACT(BOB) END);
	assert_int_equal(n_activated, 4);
	assert_string_equal(sent, REFUSED_TO(ALICE, "wait", "resource-constraint", "sessions",
					     "The relay has as many sessions as it may have."));
	assert_int_equal(stats.iq[IQ_ACTIVATE][IQ_RESOURCE_CONSTRAINT], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_query),	    TEST(test_advertise),
		TEST(test_cve_2026_43504),  TEST(test_service_off),
		TEST(test_bad_activations), TEST(test_activations),
		TEST(test_answers),	    TEST(test_requests_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Endpoint IQs as a table: a stanza in, the stanza out or the claim that a session book made of
 * cardboard is given.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "endpoint.h"
#include "iq_fixture.h"
#include "session.h"

#define Q	 "<query xmlns='whoknows' "
#define EP	 "<endpoint ip='192.0.2.10' port='4000'/>"
#define ANSWER_1 " from=\"relay.example.org\" to=\"" ALICE "\" id=\"1\">"
#define OK(ns)	 "<iq type=\"result\"" ANSWER_1 "<query xmlns=\"" ns "\" /></iq>"
#define ADDRESS(ns)                                                                   \
	"<iq type=\"result\"" ANSWER_1 "<query xmlns=\"" ns                           \
	"\"><connection jid=\"relay.example.org\" ip=\"192.0.2.10\" port=\"4000\" />" \
	"<connection jid=\"relay.example.org\" ip=\"2001:db8::10\" port=\"4000\" /></query></iq>"

/* --- what is faked --- */

static char claimed[8192];
static unsigned int n_claimed;
static void *iqs[8];

static bool denied;

bool access_denied(const struct config *cfg, const char *from_jid)
{
	assert_non_null(cfg);
	assert_non_null(from_jid);
	return denied;
}

bool access_allowed(const struct config *cfg, const char *from_jid)
{
	assert_non_null(cfg);
	return strstr(from_jid, "@example.org/") != NULL;
}

void session_claim(struct session_book *book, const struct claim *claim, void *iq, uint64_t now_ms)
{
	char ip[INET6_ADDRSTRLEN], from_ip[INET6_ADDRSTRLEN];

	assert_ptr_equal(book, claimed);
	assert_int_equal(now_ms, 4711);
	snprintf(claimed, sizeof(claimed), "%s %s %s %s %u %s %u", claim->from, claim->sid,
		 claim->peer == NULL ? "-" : claim->peer,
		 inet_ntop(AF_INET6, &claim->ip, ip, sizeof(ip)), ntohs(claim->port),
		 claim->has_from_addr
			 ? inet_ntop(AF_INET6, &claim->from_ip, from_ip, sizeof(from_ip))
			 : "-",
		 claim->has_from_addr ? ntohs(claim->from_port) : 0);
	assert_true(n_claimed < 8);
	iqs[n_claimed++] = iq;
}

/* --- the bench --- */

static char *namespaces[] = {(char[]){"whoknows"}, (char[]){"urn:example:w"}};
static char *names[] = {(char[]){"r1.example.net"}, (char[]){"198.51.100.7"}};
static struct config cfg = {
	.xmpp = {.jid = (char[]){"relay.example.org"},
		 .namespaces = {.names = namespaces, .count = 2}},
	.n_ports = 2,
	.endpoint = {.enabled = true, .port = 4000},
};
static struct endpoint *endpoint;

/* What is reserved, or what refuses it, and who asks. */
static struct rendezvous_ends ends;
static enum refusal refused;
static const char *reserver = ALICE;

enum refusal session_reserve(struct session_book *book, const char *sid, const char *jid,
			     const char *peer, uint64_t now_ms, struct rendezvous_ends *out)
{
	assert_ptr_equal(book, claimed);
	assert_int_equal(now_ms, 4711);
	assert_string_equal(sid, "A01");
	assert_string_equal(jid, reserver);
	assert_string_equal(peer, BOB);
	if (refused == REFUSALS)
		*out = ends;
	return refused;
}

/* For mallory A01 is reserved, and with bob alone. */
bool session_reserved_for(const struct session_book *book, const char *sid, const char *jid,
			  const char *peer)
{
	assert_ptr_equal(book, claimed);
	return cfg.rendezvous.enabled && strcmp(sid, "A01") == 0 && strcmp(jid, MALLORY) == 0 &&
	       (peer == NULL || strcmp(peer, BOB) == 0);
}

static int setup(void **state)
{
	(void)state;
	cfg.endpoint.enabled = true;
	cfg.rendezvous.enabled = false;
	cfg.advertise.count = 0;
	cfg.ports[0].n_addresses = 1;
	inet_pton(AF_INET6, "2001:db8::10", &cfg.ports[0].addresses[0].addr);
	cfg.ports[1].n_addresses = 2;
	inet_pton(AF_INET6, "::ffff:192.0.2.10", &cfg.ports[1].addresses[0].addr);
	inet_pton(AF_INET6, "::ffff:192.0.2.11", &cfg.ports[1].addresses[1].addr);
	iq_start(cfg.xmpp.jid);
	endpoint = endpoint_create(&cfg, dispatch, requests);
	assert_non_null(endpoint);
	endpoint_set_book(endpoint, (struct session_book *)claimed);
	n_claimed = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	endpoint_destroy(endpoint);
	iq_end();
	return 0;
}

static void feed(const char *in)
{
	claimed[0] = '\0';
	iq_feed(in, 4711);
}

struct row {
	const char *in;
	const char *out;   /* the answer, or NULL */
	const char *claim; /* or what session is given */
};

static void check(const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		setup(NULL);
		print_message("%s\n", rows[i].in);
		feed(rows[i].in);
		assert_string_equal(sent, rows[i].out == NULL ? "" : rows[i].out);
		assert_string_equal(claimed, rows[i].claim == NULL ? "" : rows[i].claim);
		teardown(NULL);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_claims(void **state)
{
	static const struct row rows[] = {
		{SET Q "sid='A01'>" EP END, NULL, ALICE " A01 - ::ffff:192.0.2.10 4000 - 0"},
		{SET Q "side='A01'>" EP END, NULL, ALICE " A01 - ::ffff:192.0.2.10 4000 - 0"},
		{SET Q "side='A01' sid='A01'>" EP END, NULL,
		 ALICE " A01 - ::ffff:192.0.2.10 4000 - 0"},
		{SET "<w:query xmlns:w='whoknows' sid='A01'><w:endpoint ip='1.2.3.4' port='65535'/>"
		     "</w:query></iq>",
		 NULL, ALICE " A01 - ::ffff:1.2.3.4 65535 - 0"},
		{SET "<query xmlns='urn:example:w' sid='A01'>" EP END, NULL,
		 ALICE " A01 - ::ffff:192.0.2.10 4000 - 0"},
		{SET Q "sid='A01' peer='" BOB "'><endpoint ip='192.0.2.10' port='4000' "
		       "from-ip='198.51.100.1' from-port='1'/>" END,
		 NULL, ALICE " A01 " BOB " ::ffff:192.0.2.10 4000 ::ffff:198.51.100.1 1"},
		{SET Q "sid='A01' peer='BOB@Example.org/Laptop'>" EP END, NULL,
		 ALICE " A01 bob@example.org/Laptop ::ffff:192.0.2.10 4000 - 0"},
		{SET Q "sid='A01' peer='bob@else.example/x'>" EP END, NULL,
		 ALICE " A01 bob@else.example/x ::ffff:192.0.2.10 4000 - 0"},
		{SET Q "sid='A01'><endpoint ip='2001:DB8:0::1' port='080' from-ip='2001:db8::2' "
		       "from-port='9'/>" END,
		 NULL, ALICE " A01 - 2001:db8::1 80 2001:db8::2 9"},
		{SET Q "sid='A01'><endpoint ip='::ffff:192.0.2.10' port='1' from-ip='192.0.2.1' "
		       "from-port='2'/>" END,
		 NULL, ALICE " A01 - ::ffff:192.0.2.10 1 ::ffff:192.0.2.1 2"},
		{SET Q "sid='" X128 "'>" EP END, NULL,
		 ALICE " " X128 " - ::ffff:192.0.2.10 4000 - 0"},
		/* what else is in there is nobody's business */
		{SET Q "sid='A01'>text<x/>" EP "<endpoint xmlns='other'/>" END, NULL,
		 ALICE " A01 - ::ffff:192.0.2.10 4000 - 0"},
	};

	(void)state;
	CHECK(rows);
}

static void test_bad_claims(void **state)
{
	static const struct row rows[] = {
		{SET Q ">" EP END, BAD_REQUEST, NULL},
		{SET Q "sid=''>" EP END, BAD_REQUEST, NULL},
		{SET Q "side=''>" EP END, BAD_REQUEST, NULL},
		{SET Q "x:sid='A01'>" EP END, BAD_REQUEST, NULL},
		{SET Q "sid='A01' side='A02'>" EP END, BAD_REQUEST, NULL},
		{SET Q "sid='A01' side=''>" EP END, BAD_REQUEST, NULL},
		{SET Q "sid='" X128 "x'>" EP END, BAD_REQUEST, NULL},
		{SET Q "sid='A&#10;1'>" EP END, BAD_REQUEST, NULL},
		{SET Q "sid='A01'/></iq>", BAD_REQUEST, NULL},
		{SET Q "sid='A01'>" EP EP END, BAD_REQUEST, NULL},
		{SET Q "sid='A01'><endpoint xmlns='other' ip='192.0.2.1' port='1'/>" END,
		 BAD_REQUEST, NULL},
		{SET Q "sid='A01'><x>" EP "</x>" END, BAD_REQUEST, NULL},
		{SET Q "sid='A01'><![CDATA[" EP "]]>" END, BAD_REQUEST, NULL},
		{SET Q "sid='A01' peer=''>" EP END, BAD_REQUEST, NULL},
		{SET Q "sid='A01' peer='bob@example.org'>" EP END, BAD_REQUEST, NULL},
		{SET Q "sid='A01' peer='@/'>" EP END, BAD_REQUEST, NULL},
		{SET Q "sid='A01' peer='" ALICE "'>" EP END, BAD_REQUEST, NULL},
		{SET Q "sid='A01' peer='Alice@EXAMPLE.org/pda'>" EP END, BAD_REQUEST, NULL},
	};
	static const char *const endpoints[] = {
		"",
		"ip='192.0.2.10'",
		"port='4000'",
		"ip='' port='4000'",
		"ip='192.0.2.10' port=''",
		"ip='192.0.2.010' port='1'",
		"ip='192.0.2' port='1'",
		"ip='192.0.2.256' port='1'",
		"ip='relay.example.org' port='1'",
		"ip='[::1]' port='1'",
		"ip='fe80::1%eth0' port='1'",
		"ip=' 192.0.2.10' port='1'",
		"ip='192.0.2.10 ' port='1'",
		"ip='1' port='1'",
		"ip='192.0.2.10' port='0'",
		"ip='192.0.2.10' port='65536'",
		"ip='192.0.2.10' port='4294967297'",
		"ip='192.0.2.10' port='99999999999999999999999'",
		"ip='192.0.2.10' port='-1'",
		"ip='192.0.2.10' port='+1'",
		"ip='192.0.2.10' port=' 1'",
		"ip='192.0.2.10' port='1 '",
		"ip='192.0.2.10' port='0x1'",
		"ip='192.0.2.10' port='http'",
		"ip='192.0.2.10' port='1.0'",
		"ip='192.0.2.10' port='&#xff11;'",
		"ip='192.0.2.10' port='1' from-ip='192.0.2.1'",
		"ip='192.0.2.10' port='1' from-port='1'",
		"ip='192.0.2.10' port='1' from-ip='' from-port='1'",
		"ip='192.0.2.10' port='1' from-ip='192.0.2.1' from-port='0'",
		"ip='192.0.2.10' port='1' from-ip='2001:db8::1' from-port='1'",
	};
	char in[1024];
	struct row row = {in, BAD_REQUEST, NULL};
	size_t i;

	(void)state;
	CHECK(rows);
	for (i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		snprintf(in, sizeof(in), SET Q "sid='A01'><endpoint %s/>" END, endpoints[i]);
		check(&row, 1);
	}
}

static void test_address(void **state)
{
	static const struct row rows[] = {
		{GET Q "/></iq>", ADDRESS("whoknows"), NULL},
		{GET "<q:query xmlns:q='urn:example:w'/></iq>", ADDRESS("urn:example:w"), NULL},
		{GET Q "sid='A01'/></iq>", BAD_REQUEST, NULL},
		{GET Q "side='A01'/></iq>", BAD_REQUEST, NULL},
		{GET Q "peer='" BOB "'/></iq>", BAD_REQUEST, NULL},
		{GET Q "sid='A01' peer='" ALICE "'/></iq>", BAD_REQUEST, NULL},
		{GET Q "sid='A01' peer='x y'/></iq>", BAD_REQUEST, NULL},
		{GET Q "sid='' peer='" BOB "'/></iq>", BAD_REQUEST, NULL},
		{GET Q "sid='" X128 "x' peer='" BOB "'/></iq>", BAD_REQUEST, NULL},
		{GET Q "sid='A01' side='A02' peer='" BOB "'/></iq>", BAD_REQUEST, NULL},
		{GET Q "sid='A01' peer='" BOB "'/></iq>", UNAVAILABLE, NULL},
		{GET "<query xmlns='not-accepted'/></iq>", UNAVAILABLE, NULL},
		{GET "<other xmlns='whoknows'/></iq>", UNAVAILABLE, NULL},
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
	assert_string_equal(
		sent, "<iq type=\"result\"" ANSWER_1 "<query xmlns=\"whoknows\">"
		      "<connection jid=\"relay.example.org\" ip=\"r1.example.net\" port=\"4000\" />"
		      "<connection jid=\"relay.example.org\" ip=\"198.51.100.7\" port=\"4000\" />"
		      "</query></iq>");
	assert_int_equal(stats.iq[IQ_ADDRESS][IQ_OK], 1);
	cfg.advertise.count = 0;
	cfg.ports[1].n_addresses = 0;
	feed(GET Q "/></iq>"); /* a relay of IPv6 alone */
	assert_string_equal(
		sent, "<iq type=\"result\"" ANSWER_1 "<query xmlns=\"whoknows\">"
		      "<connection jid=\"relay.example.org\" ip=\"2001:db8::10\" port=\"4000\" />"
		      "</query></iq>");
}

#define CONNECTION(ip, port) \
	"<connection jid=\"relay.example.org\" ip=\"" ip "\" port=\"" port "\" />"
#define RESERVED(connections) \
	"<iq type=\"result\"" ANSWER_1 "<query xmlns=\"whoknows\">" connections "</query></iq>"
#define RESERVE GET Q "sid='A01' peer='BOB@Example.org/laptop'/></iq>"

/* One connection a family; under advertised names that are not IPv6 addresses the same port. */
static void test_reservation(void **state)
{
	char *advertised[] = {(char[]){"r1.example.net"}, (char[]){"2001:db8::7"}};

	(void)state;
	cfg.rendezvous.enabled = true;
	ends = (struct rendezvous_ends){.port = htons(12345)};
	refused = REFUSALS;
	feed(RESERVE);
	assert_string_equal(sent, RESERVED(CONNECTION("192.0.2.10", "12345")));
	assert_int_equal(stats.iq[IQ_ADDRESS][IQ_OK], 1);
	inet_pton(AF_INET6, "2001:db8:0:1:a:b:c:d", &ends.addr6);
	feed(RESERVE);
	assert_string_equal(sent, RESERVED(CONNECTION("192.0.2.10", "12345")
						   CONNECTION("2001:db8:0:1:a:b:c:d", "4000")));
	cfg.advertise.names = advertised;
	cfg.advertise.count = 2;
	feed(RESERVE);
	assert_string_equal(sent, RESERVED(CONNECTION("r1.example.net", "12345")
						   CONNECTION("2001:db8:0:1:a:b:c:d", "4000")));
	ends.port = 0;
	feed(RESERVE);
	assert_string_equal(sent, RESERVED(CONNECTION("2001:db8:0:1:a:b:c:d", "4000")));
	refused = REFUSAL_RESERVATIONS_PER_JID;
	feed(RESERVE);
	assert_string_equal(
		sent, REFUSED_TO(ALICE, "wait", "resource-constraint", "reservations_per_jid",
				 "You have as many rendezvous addresses as one user may have."));
	assert_int_equal(stats.refusals[REFUSAL_RESERVATIONS_PER_JID], 1);
	refused = REFUSAL_DRAINING;
	feed(RESERVE);
	assert_string_equal(sent, REFUSED_TO(ALICE, "wait", "service-unavailable", "draining",
					     "The relay is being drained and takes nothing new."));
	feed(GET Q "sid='A01'/></iq>");
	assert_string_equal(sent, BAD_REQUEST);
}

/* No open relay: both forms ask, and ask before anything else is looked at. */
static void test_access(void **state)
{
	static const struct row rows[] = {
		{OF("set", MALLORY) Q "sid='A01'>" EP END, FORBIDDEN, NULL},
		{OF("set", MALLORY) Q "sid=''/></iq>", FORBIDDEN, NULL},
		{OF("get", MALLORY) Q "/></iq>", FORBIDDEN, NULL},
		{OF("get", MALLORY) Q "sid='A01' peer='" BOB "'/></iq>", FORBIDDEN, NULL},
	};

	(void)state;
	CHECK(rows);
	setup(NULL);
	feed(rows[0].in);
	assert_int_equal(stats.iq[IQ_CLAIM][IQ_FORBIDDEN], 1);
	feed(rows[2].in);
	assert_int_equal(stats.iq[IQ_ADDRESS][IQ_FORBIDDEN], 1);
	assert_int_equal(stats.refusals[REFUSAL_ACCESS], 1);
	teardown(NULL);
}

/* Whom somebody on the list has named is admitted to that and to nothing else. */
static void test_named(void **state)
{
	static const struct {
		bool enabled, denied;
		const char *in;
		const char *claim; /* NULL: forbidden */
	} rows[] = {
		{true, false, OF("set", MALLORY) Q "sid='A01'>" EP END,
		 MALLORY " A01 - ::ffff:192.0.2.10 4000 - 0"},
		{true, false, OF("set", MALLORY) Q "side='A01' peer='" BOB "'>" EP END,
		 MALLORY " A01 " BOB " ::ffff:192.0.2.10 4000 - 0"},
		{true, false, OF("set", "Mallory@EVIL.example/x") Q "sid='A01'>" EP END,
		 "Mallory@EVIL.example/x A01 - ::ffff:192.0.2.10 4000 - 0"},
		{true, false, OF("set", MALLORY) Q "sid='A01' peer='" ALICE "'>" EP END, NULL},
		{true, false, OF("set", MALLORY) Q "sid='A02'>" EP END, NULL},
		{true, false, OF("set", "mallory@evil.example/y") Q "sid='A01'>" EP END, NULL},
		{true, false, OF("set", MALLORY) Q "sid='A01' side='A02'>" EP END, NULL},
		{true, false, OF("get", MALLORY) Q "sid='A01'/></iq>", NULL},
		{true, false, OF("get", MALLORY) Q "sid='A01' peer='" ALICE "'/></iq>", NULL},
		{true, false, OF("get", MALLORY) Q "/></iq>", NULL},
		{true, true, OF("set", MALLORY) Q "sid='A01'>" EP END, NULL},
		{false, false, OF("set", MALLORY) Q "sid='A01'>" EP END, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n_claimed = 0;
		cfg.rendezvous.enabled = rows[i].enabled;
		denied = rows[i].denied;
		feed(rows[i].in);
		assert_string_equal(claimed, rows[i].claim == NULL ? "" : rows[i].claim);
		assert_int_equal(strstr(sent, "<forbidden") != NULL, rows[i].claim == NULL);
	}
	denied = false;
	cfg.rendezvous.enabled = true;
	refused = REFUSALS;
	ends = (struct rendezvous_ends){.port = htons(12345)};
	reserver = MALLORY;
	feed(OF("get", MALLORY) Q "sid='A01' peer='" BOB "'/></iq>");
	assert_non_null(strstr(sent, "port=\"12345\""));
	reserver = ALICE;
}

static void test_service_off(void **state)
{
	(void)state;
	cfg.endpoint.enabled = false;
	feed(SET Q "sid='A01'>" EP END);
	assert_string_equal(sent, UNAVAILABLE);
	assert_int_equal(n_claimed, 0);
	feed(GET Q "/></iq>");
	assert_string_equal(sent, UNAVAILABLE);
}

static void test_answers(void **state)
{
	static const struct {
		enum iq_result result;
		const char *out;
	} rows[] = {
		{IQ_OK, OK("urn:example:w")},
		{IQ_ITEM_NOT_FOUND, ERROR("cancel", "item-not-found")},
		{IQ_CONFLICT, ERROR("cancel", "conflict")},
		{IQ_RESOURCE_CONSTRAINT, ERROR("wait", "resource-constraint")},
		{IQ_SERVICE_UNAVAILABLE, UNAVAILABLE},
		{IQ_REMOTE_SERVER_TIMEOUT, ERROR("wait", "remote-server-timeout")},
		{IQ_FORBIDDEN, ERROR("auth", "forbidden")},
		{IQ_POLICY_VIOLATION, ERROR("modify", "policy-violation")},
		{IQ_BAD_REQUEST, BAD_REQUEST},
		{IQ_JID_MALFORMED, ERROR("modify", "jid-malformed")},
		{IQ_NOT_ALLOWED, ERROR("cancel", "not-allowed")},
		{IQ_DRAINING, ERROR("wait", "service-unavailable")},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n_claimed = 0;
		feed(SET "<query xmlns='urn:example:w' sid='A01'>" EP END);
		assert_string_equal(sent, "");
		request_book_answer(requests, iqs[0], rows[i].result, REFUSALS);
		assert_string_equal(sent, rows[i].out);
		assert_int_equal(stats.iq[IQ_CLAIM][rows[i].result], 1);
	}
}

/* Four claims may wait, in any order of answers; the rest is freed at the
 * end. */
static void test_requests_are_bounded(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++)
		feed(SET Q "sid='A01'>" EP END);
	assert_int_equal(n_claimed, 4);
	feed(SET Q "sid='A01'>" EP END);
	assert_int_equal(n_claimed, 4);
	assert_string_equal(sent, REFUSED_TO(ALICE, "wait", "resource-constraint", "sessions",
					     "The relay has as many sessions as it may have."));
	request_book_answer(requests, iqs[2], IQ_OK, REFUSALS);
	assert_string_equal(sent, OK("whoknows"));
	feed(SET Q "sid='A01'>" EP END);
	assert_int_equal(n_claimed, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_bad_claims),
		cmocka_unit_test(test_address),
		cmocka_unit_test_setup_teardown(test_advertise, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reservation, setup, teardown),
		cmocka_unit_test(test_access),
		cmocka_unit_test_setup_teardown(test_named, setup, teardown),
		cmocka_unit_test_setup_teardown(test_service_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_requests_are_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ad-hoc commands: stanzas in, answers out, over a session book made of cardboard.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "iq_fixture.h"
#include "service.h"
#include "session.h"

#define ROOT   "root@example.org/desk"
#define CMD    "<command xmlns='http://jabber.org/protocol/commands' "
#define RUN(n) OF("set", ROOT) CMD "node='" n "'/></iq>"
#define DISCO  "http://jabber.org/protocol/disco#"
#define SUBMIT(var, value)                                             \
	"<x xmlns='jabber:x:data' type='submit'><field var='" var "'>" \
	"<value>" value "</value></field></x>"
#define NO_ADMIN                                         \
	REFUSED_TO(ALICE, "auth", "forbidden", "admins", \
		   "Only administrators of this relay may do that.")
#define ROOT_ERROR(type, condition) ERROR_TO(ROOT, type, condition)
#define BAD			    ROOT_ERROR("modify", "bad-request")
#define RESULT			    "<iq type=\"result\" from=\"relay.example.org\" to=\"" ROOT "\" id=\"1\">"

/* --- what is faked --- */

static unsigned int n_sessions;
static bool draining;
static uint64_t ended, now_ms;
static const char *sid = "s";

unsigned int session_list(struct session_book *book, unsigned int max,
			  void (*show)(void *ctx, const struct session_view *v), void *ctx,
			  uint64_t now)
{
	assert_ptr_equal(book, sent);
	assert_int_equal(now, now_ms);
	for (unsigned int i = 0; i < n_sessions && i < max; i++) {
		const struct session_view v = {.id = 7 + i,
					       .sid = sid,
					       .jid = {ALICE, "b&b@example.org/\xc3\xa9"},
					       .bytes = {1234, UINT64_MAX},
					       .age_ms = 61999};

		show(ctx, &v);
	}
	return n_sessions;
}

bool session_end(struct session_book *book, uint64_t id, uint64_t now)
{
	(void)book;
	assert_int_equal(now, now_ms);
	ended = id;
	return id == 7;
}

void session_drain(struct session_book *book, bool drain)
{
	(void)book;
	draining = drain;
}

bool session_draining(const struct session_book *book)
{
	(void)book;
	return draining;
}

/* --- the bench --- */

static char *admins[] = {(char[]){"root@example.org"}, (char[]){"ops@example.org"}};
static struct config cfg = {
	.xmpp = {.jid = (char[]){"relay.example.org"}},
	.access = {.admins = {.names = admins, .count = 2}},
	.socks5 = {.enabled = true, .port = 7777},
};
static struct commands *commands;
static struct service *service;

static int setup(void **state)
{
	(void)state;
	iq_start(cfg.xmpp.jid);
	commands = commands_create(&cfg, dispatch);
	service = service_create(&cfg, dispatch, commands, 0);
	assert_true(commands != NULL && service != NULL);
	commands_set_book(commands, (struct session_book *)sent);
	n_sessions = 0;
	draining = false;
	ended = 0;
	now_ms = 1000;
	sid = "s";
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	service_destroy(service);
	commands_destroy(commands);
	iq_end();
	return 0;
}

static void feed(const char *in)
{
	unsigned int before = n_sent;

	iq_feed(in, now_ms);
	assert_int_equal(n_sent, before + 1);
}

/* The id of the command that the last answer is about. */
static const char *begun_id(char id[64])
{
	const char *at = strstr(sent, "sessionid=\"");

	assert_non_null(at);
	snprintf(id, 64, "%.*s", (int)strcspn(at + 11, "\""), at + 11);
	assert_int_equal(strlen(id), 32);
	return id;
}

static const char *begin(const char *node, char id[64])
{
	char in[512];

	snprintf(in, sizeof(in), OF("set", ROOT) CMD "node='%s' action='execute'/></iq>", node);
	feed(in);
	assert_non_null(strstr(sent, "status=\"executing\""));
	return begun_id(id);
}

static void go_on(const char *from, const char *node, const char *id, const char *action,
		  const char *payload)
{
	char in[2048];

	snprintf(in, sizeof(in),
		 "<iq type='set' id='1' from='%s' to='relay.example.org'>" CMD
		 "node='%s' sessionid='%s' %s>%s</command></iq>",
		 from, node, id, action, payload);
	feed(in);
}

static void test_discovery(void **state)
{
	static const struct {
		const char *in, *has, *has_not;
	} rows[] = {
		{OF("get", ROOT) "<query xmlns='" DISCO "info'/></iq>",
		 "<feature var=\"http://jabber.org/protocol/commands\" />", NULL},
		{GET "<query xmlns='" DISCO "info'/></iq>", "urn:xmpp:ping", "commands"},
		{OF("get", ROOT) "<query xmlns='" DISCO "items'/></iq>",
		 "<query xmlns=\"" DISCO "items\" /></iq>", NULL},
		{OF("get", ROOT) "<query xmlns='" DISCO "items' "
				 "node='http://jabber.org/protocol/commands'/></iq>",
		 RESULT
		 "<query xmlns=\"" DISCO "items\" node=\"http://jabber.org/protocol/commands\">"
		 "<item jid=\"relay.example.org\" node=\"list-sessions\" name=\"List sessions\" />"
		 "<item jid=\"relay.example.org\" node=\"end-session\" name=\"End a session\" />"
		 "<item jid=\"relay.example.org\" node=\"drain\" name=\"Drain\" /></query></iq>",
		 NULL},
		{OF("get", ROOT) "<query xmlns='" DISCO "info' "
				 "node='http://jabber.org/protocol/commands'/></iq>",
		 "<identity category=\"automation\" type=\"command-list\" ", "jabber:x:data"},
		{OF("get", ROOT) "<query xmlns='" DISCO "info' node='drain'/></iq>",
		 RESULT "<query xmlns=\"" DISCO "info\" node=\"drain\">"
			"<identity category=\"automation\" type=\"command-node\" name=\"Drain\" />"
			"<feature var=\"http://jabber.org/protocol/commands\" />"
			"<feature var=\"jabber:x:data\" /></query></iq>",
		 NULL},
		{OF("get", ROOT) "<query xmlns='" DISCO "items' node='drain'/></iq>",
		 "items\" node=\"drain\" /></iq>", NULL},
		{OF("get", ROOT) "<query xmlns='" DISCO "items' node='x'/></iq>", "item-not-found",
		 NULL},
		{GET "<query xmlns='" DISCO "items' node='x'/></iq>", "item-not-found", NULL},
		{GET "<query xmlns='" DISCO "info' node='drain'/></iq>", NO_ADMIN, NULL},
		{GET "<query xmlns='" DISCO "items' "
		     "node='http://jabber.org/protocol/commands'/></iq>",
		 NO_ADMIN, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].in);
		feed(rows[i].in);
		assert_non_null(strstr(sent, rows[i].has));
		if (rows[i].has_not != NULL)
			assert_null(strstr(sent, rows[i].has_not));
	}
}

static void test_only_admins(void **state)
{
	static const char *const in[] = {
		SET CMD "node='list-sessions'/></iq>",
		SET CMD "node='end-session'/></iq>",
		SET CMD "node='drain' sessionid='1'>" SUBMIT("draining", "1") "</command></iq>",
		SET CMD "node='unheard-of'/></iq>",
		SET CMD "/></iq>",
	};

	(void)state;
	n_sessions = 1;
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		feed(in[i]);
		assert_string_equal(sent, NO_ADMIN);
		assert_int_equal(stats.iq[IQ_COMMAND][IQ_FORBIDDEN], 1);
		assert_int_equal(stats.refusals[REFUSAL_ADMINS], 1);
	}
	assert_false(draining);
}

static void test_list(void **state)
{
	static const char expected[] =
		"<reported><field var=\"id\" type=\"text-single\" label=\"Number\" />"
		"<field var=\"sid\" type=\"text-single\" label=\"Session id\" />"
		"<field var=\"first\" type=\"text-single\" label=\"First party\" />"
		"<field var=\"second\" type=\"text-single\" label=\"Second party\" />"
		"<field var=\"bytes-first\" type=\"text-single\" label=\"Bytes from the first\" />"
		"<field var=\"bytes-second\" type=\"text-single\" label=\"Bytes from the second\" />"
		"<field var=\"seconds\" type=\"text-single\" label=\"Age in seconds\" /></reported>"
		"<item><field var=\"id\"><value>7</value></field>"
		"<field var=\"sid\"><value>&quot;&lt;\\x01&amp;&quot;</value></field>"
		"<field var=\"first\"><value>&quot;" ALICE "&quot;</value></field>"
		"<field var=\"second\"><value>&quot;b&amp;b@example.org/\\xc3\\xa9&quot;</value></field>"
		"<field var=\"bytes-first\"><value>1234</value></field>"
		"<field var=\"bytes-second\"><value>18446744073709551615</value></field>"
		"<field var=\"seconds\"><value>61</value></field></item></x>"
		"<note type=\"info\">1 of 1 sessions are shown</note></command></iq>";

	(void)state;
	feed(RUN("list-sessions"));
	assert_non_null(strstr(sent, "status=\"completed\""));
	assert_non_null(strstr(sent, "</reported></x><note type=\"info\">0 of 0"));
	assert_int_equal(stats.iq[IQ_COMMAND][IQ_OK], 1);
	n_sessions = 1;
	sid = "<\x01&";
	feed(RUN("list-sessions"));
	assert_non_null(strstr(sent, expected));
	assert_null(strstr(sent, "<actions"));
}

/* The server ends a stream for a stanza that is too large: the longest answer stays below what
 * Prosody takes. */
static void test_list_is_bounded(void **state)
{
	char quotes[SESSION_SID_MAX + 1];

	(void)state;
	memset(quotes, '"', sizeof(quotes));
	quotes[SESSION_SID_MAX] = '\0';
	sid = quotes;
	n_sessions = 100000;
	feed(RUN("list-sessions"));
	assert_non_null(strstr(sent, "100 of 100000 sessions are shown"));
	assert_non_null(strstr(sent, "<value>106</value>"));
	assert_null(strstr(sent, "<value>107</value>"));
	assert_in_range(sent_len, 1, 256 * 1024);
}

static void test_end(void **state)
{
	char id[64];

	(void)state;
	begin("end-session", id);
	assert_non_null(strstr(sent, "<actions execute=\"complete\"><complete /></actions>"
				     "<x xmlns=\"jabber:x:data\" type=\"form\">"));
	assert_non_null(strstr(sent, "<field var=\"session\" type=\"text-single\" "
				     "label=\"Number of the session\"><required /></field></x>"));
	go_on(ROOT, "end-session", id, "", SUBMIT("session", "7"));
	assert_int_equal(ended, 7);
	assert_non_null(strstr(sent, "status=\"completed\"><note type=\"info\">"));
	/* it is over */
	go_on(ROOT, "end-session", id, "", SUBMIT("session", "7"));
	assert_string_equal(sent, BAD);

	begin("end-session", id);
	go_on(ROOT, "end-session", id, "action='complete'", SUBMIT("session", "8"));
	assert_int_equal(ended, 8);
	assert_non_null(strstr(sent, "status=\"completed\"><note type=\"error\">"));
}

static void test_bad_submissions(void **state)
{
	static const struct {
		const char *node, *action, *payload;
	} rows[] = {
		{"end-session", "", ""},
		{"end-session", "", "<x xmlns='jabber:x:data' type='submit'/>"},
		{"end-session", "", "<x xmlns='jabber:x:data' type='form'/>"},
		{"end-session", "", "<x xmlns='other' type='submit'/>"},
		{"end-session", "", SUBMIT("session", "7") SUBMIT("session", "7")},
		{"end-session", "", SUBMIT("session", "")},
		{"end-session", "", SUBMIT("session", "-7")},
		{"end-session", "", SUBMIT("session", " 7")},
		{"end-session", "", SUBMIT("session", "7x")},
		{"end-session", "", SUBMIT("session", "0x7")},
		{"end-session", "", SUBMIT("session", "18446744073709551616")},
		{"end-session", "", SUBMIT("session", "777777777777777777777777777777777")},
		{"end-session", "", SUBMIT("session", "<b/>")},
		{"end-session", "", SUBMIT("other", "7")},
		{"end-session", "",
		 "<x xmlns='jabber:x:data' type='submit'><field var='session'/></x>"},
		{"end-session", "",
		 "<x xmlns='jabber:x:data' type='submit'><field var='session'><value>7</value>"
		 "<value>8</value></field></x>"},
		{"end-session", "action='next'", SUBMIT("session", "7")},
		{"end-session", "action='prev'", SUBMIT("session", "7")},
		{"end-session", "action=''", SUBMIT("session", "7")},
		{"drain", "", SUBMIT("draining", "yes")},
		{"drain", "", SUBMIT("draining", "")},
	};
	char id[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(rows[i].node, id);
		go_on(ROOT, rows[i].node, id, rows[i].action, rows[i].payload);
		assert_string_equal(sent, BAD);
	}
	assert_int_equal(ended, 0);
	assert_false(draining);
}

static void test_drain(void **state)
{
	static const struct {
		const char *value;
		bool draining;
	} rows[] = {{"1", true}, {"0", false}, {"true", true}, {"false", false}};
	char id[64], payload[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin("drain", id);
		/* the form shows how it is */
		assert_non_null(strstr(sent, draining ? "<value>1</value>" : "<value>0</value>"));
		snprintf(payload, sizeof(payload), SUBMIT("draining", "%s"), rows[i].value);
		go_on(ROOT, "drain", id, "action='execute'", payload);
		assert_non_null(strstr(sent, "status=\"completed\""));
		assert_int_equal(draining, rows[i].draining);
	}
}

static void test_cancel(void **state)
{
	char id[64];

	(void)state;
	begin("drain", id);
	go_on(ROOT, "drain", id, "action='cancel'", "");
	assert_non_null(strstr(sent, "status=\"canceled\""));
	go_on(ROOT, "drain", id, "", SUBMIT("draining", "1"));
	assert_string_equal(sent, BAD);
	assert_false(draining);
}

/* A command goes on only for who began it, as what it began, while it lives. */
static void test_begun(void **state)
{
	char id[64], other[64];

	(void)state;
	feed(OF("set", ROOT) CMD "node='unheard-of'/></iq>");
	assert_string_equal(sent, ROOT_ERROR("cancel", "item-not-found"));
	feed(OF("set", ROOT) CMD "/></iq>");
	assert_string_equal(sent, ROOT_ERROR("cancel", "item-not-found"));
	feed(OF("set", ROOT) CMD "node='drain' action='complete'/></iq>");
	assert_string_equal(sent, BAD);
	feed(OF("set", ROOT) CMD "node='drain' action='cancel'/></iq>");
	assert_string_equal(sent, BAD);

	begin("drain", id);
	begin("drain", other);
	assert_string_not_equal(id, other);
	go_on("ops@example.org/x", "drain", id, "", SUBMIT("draining", "1"));
	assert_false(draining);
	go_on("root@example.org/sofa", "drain", id, "", SUBMIT("draining", "1"));
	assert_false(draining);
	go_on(ROOT, "end-session", id, "", SUBMIT("session", "7"));
	assert_string_equal(sent, BAD);
	assert_int_equal(ended, 0);
	go_on(ROOT, "drain", "", "", SUBMIT("draining", "1"));
	assert_string_equal(sent, BAD);

	now_ms += COMMANDS_LIFE_MS - 1;
	go_on(ROOT, "drain", other, "", SUBMIT("draining", "1"));
	assert_true(draining);
	now_ms++;
	go_on(ROOT, "drain", id, "", SUBMIT("draining", "0"));
	assert_string_equal(sent, ROOT_ERROR("cancel", "not-allowed"));
	assert_true(draining);
	go_on(ROOT, "drain", id, "", SUBMIT("draining", "0"));
	assert_string_equal(sent, BAD);
}

static void test_begun_are_bounded(void **state)
{
	char first[64], second[64], id[64];

	(void)state;
	begin("drain", first);
	now_ms++;
	begin("drain", second);
	now_ms++;
	for (int i = 0; i < COMMANDS_MAX - 1; i++)
		begin("end-session", id);
	go_on(ROOT, "drain", first, "", SUBMIT("draining", "1")); /* the oldest made room */
	assert_string_equal(sent, BAD);
	go_on(ROOT, "drain", second, "", SUBMIT("draining", "1"));
	assert_true(draining);
	go_on(ROOT, "end-session", id, "", SUBMIT("session", "7"));
	assert_int_equal(ended, 7);
	/* one that asks for nothing takes no place */
	now_ms++;
	begin("drain", first);
	now_ms++;
	for (int i = 0; i < COMMANDS_MAX - 1; i++)
		begin("drain", second);
	for (int i = 0; i < 3 * COMMANDS_MAX; i++)
		feed(RUN("list-sessions"));
	go_on(ROOT, "drain", first, "", SUBMIT("draining", "0"));
	assert_false(draining);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_discovery), TEST(test_only_admins),
		TEST(test_list),      TEST(test_list_is_bounded),
		TEST(test_end),	      TEST(test_bad_submissions),
		TEST(test_drain),     TEST(test_cancel),
		TEST(test_begun),     TEST(test_begun_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

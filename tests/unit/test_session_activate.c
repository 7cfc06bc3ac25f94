/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SOCKS5 bytestreams: legs with names, and their activation.
 */
#include <errno.h>

#include "session_world.h"

#define ROOM "room@muc.example.org/some body"

static unsigned int activate(struct world *w, const char *name)
{
	return world_activate(w, ALICE, "s", BOB, name, NULL);
}

/* What nobody may find in any world of this file. */
static void assert_nothing_flows(const struct world *w)
{
	assert_null(strchr(w->trace, 'I'));
	assert_null(strchr(w->trace, 'R'));
	assert_null(strchr(w->trace, 'O'));
	assert_int_equal(w->n_flows, 0);
}

static void test_two_legs(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int iq;

	(void)state;
	world_named(w, 1, "n"); /* the target connects first */
	world_named(w, 2, "n");
	assert_true(w->legs[1].admitted && w->legs[2].admitted);
	assert_false(w->legs[1].claimed || w->legs[2].claimed);
	iq = activate(w, "n");
	assert_answer(w, iq, IQ_OK);
	assert_true(w->legs[1].claimed && w->legs[2].claimed);
	assert_true(w->legs[1].opened && w->legs[2].opened);
	assert_int_equal(w->legs[1].flow, w->legs[2].flow);
	assert_int_equal(w->legs[2].side, 0); /* the requester's */
	assert_string_equal(w->trace, "RRI+OO");
	assert_gauge(w, SESSIONS_SPLICED, 1);
	assert_int_equal(leg_book_count(w->book->legs), 0);

	w->flows[1].status =
		(struct flow_status){.state = FLOW_FINISHED, .bytes = {10, 20}, .packets = {1, 2}};
	world_pass(w, 1500);
	assert_closed(w, SESSION_FINISHED, 1);
	assert_string_equal(w->account, "session closed: sid=<s> a=<" ALICE "> b=<" BOB
					"> reason=finished bytes=10/20 packets=1/2 seconds=1.000");
	world_close(w);
}

/* CVE-2026-43505: sockets linked before activation carried data.  Nothing is retired, inserted or
 * opened before an activation that succeeds, whatever comes instead of it. */
static void test_cve_2026_43505(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	world_named(w, 1, "n");
	world_named(w, 2, "n");
	world_pass(w, 2000);
	assert_nothing_flows(w);
	assert_answer(w, activate(w, "m"), IQ_ITEM_NOT_FOUND);
	w->book->draining = true;
	assert_answer(w, activate(w, "n"), IQ_DRAINING);
	assert_refusals(w, REFUSAL_DRAINING, 1);
	w->book->draining = false;
	w->cfg.limits.sessions = 0;
	assert_answer(w, activate(w, "n"), IQ_RESOURCE_CONSTRAINT);
	assert_refusals(w, REFUSAL_SESSIONS, 1);
	w->cfg.limits.sessions = 1000;
	assert_nothing_flows(w);
	world_gone(w, 2, LEG_END_RESET);
	assert_answer(w, activate(w, "n"), IQ_NOT_ALLOWED);
	assert_nothing_flows(w);
	world_close(w);
}

/* No error costs the two that waited their chance. */
static void test_errors(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	assert_answer(w, activate(w, "n"), IQ_ITEM_NOT_FOUND);
	assert_closed(w, SESSION_NO_LEG, 1);
	world_named(w, 1, "n");
	assert_answer(w, activate(w, "n"), IQ_NOT_ALLOWED);
	assert_closed(w, SESSION_NO_PARTNER, 1);
	world_named(w, 2, "n");
	assert_answer(w, activate(w, "N"), IQ_ITEM_NOT_FOUND);
	assert_answer(w, activate(w, "n"), IQ_OK);
	assert_answer(w, activate(w, "n"), IQ_CONFLICT);
	assert_closed(w, SESSION_CONFLICT, 1);
	assert_gauge(w, SESSIONS_SPLICED, 1);
	world_close(w);
}

static void test_is_well_formed(void **state)
{
	struct world *w = world_open(NULL);
	char sid[SESSION_SID_MAX + 2], jid[CONFIG_MAX_JID + 2];

	(void)state;
	memset(sid, 's', sizeof(sid));
	sid[sizeof(sid) - 1] = '\0';
	memset(jid, 'j', sizeof(jid));
	jid[sizeof(jid) - 1] = '\0';
	world_named(w, 1, "n");
	world_named(w, 2, "n");
	assert_answer(w, world_activate(w, ALICE, sid, BOB, "n", NULL), IQ_BAD_REQUEST);
	assert_answer(w, world_activate(w, ALICE, "", BOB, "n", NULL), IQ_BAD_REQUEST);
	assert_answer(w, world_activate(w, jid, "s", BOB, "n", NULL), IQ_BAD_REQUEST);
	assert_answer(w, world_activate(w, ALICE, "s", jid, "n", NULL), IQ_BAD_REQUEST);
	assert_closed(w, SESSION_REFUSED, 4);
	assert_nothing_flows(w);
	assert_answer(w, world_activate(w, ALICE, sid + 1, jid + 1, "n", NULL), IQ_OK);
	world_close(w);
}

/* The newest leg is the requester's, the oldest the target's; the rest lost a race. */
static void test_four_legs_and_a_fifth(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	for (unsigned int port = 1; port <= 5; port++)
		world_named(w, port, "n");
	assert_true(w->legs[4].admitted);
	assert_true(w->legs[5].refused && !w->legs[5].admitted);
	assert_int_equal(leg_book_count(w->book->legs), 4);
	assert_answer(w, activate(w, "n"), IQ_OK);
	assert_true(w->legs[1].opened && w->legs[4].opened);
	assert_int_equal(w->legs[4].side, 0);
	assert_true(w->legs[2].reset && w->legs[3].reset);
	assert_false(w->legs[2].claimed || w->legs[3].claimed);
	assert_int_equal(leg_book_count(w->book->legs), 0);
	world_close(w);
}

/* A leg that went makes room, and the order of the others stays. */
static void test_gone_leg_leaves_its_name(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	for (unsigned int port = 1; port <= 4; port++)
		world_named(w, port, "n");
	world_gone(w, 1, LEG_END_TIMEOUT);
	world_gone(w, 3, LEG_END_RESET);
	world_gone(w, 3, LEG_END_RESET); /* stale */
	world_named(w, 5, "n");
	assert_true(w->legs[5].admitted);
	world_gone(w, 5, LEG_END_RESET);
	assert_answer(w, activate(w, "n"), IQ_OK);
	assert_int_equal(w->legs[4].side, 0);
	assert_true(w->legs[2].opened && w->legs[4].opened);

	world_named(w, 6, "m");
	world_gone(w, 6, LEG_END_RESET);
	assert_answer(w, activate(w, "m"), IQ_ITEM_NOT_FOUND);
	world_close(w);
}

/* While a session has the name nobody else gets it, before the splice and after. */
static void test_name_is_taken(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int iq;

	(void)state;
	world_named(w, 1, "n");
	world_named(w, 2, "n");
	w->lazy_owners = true;
	iq = activate(w, "n");
	assert_answer(w, iq, PENDING);
	assert_gauge(w, SESSIONS_SPLICING, 1);
	assert_answer(w, activate(w, "n"), IQ_CONFLICT);
	assert_answer(w, world_activate(w, CAROL, "s", BOB, "n", NULL), IQ_CONFLICT);
	world_named(w, 3, "n");
	assert_true(w->legs[3].refused);
	world_retired(w, 2);
	world_retired(w, 1);
	assert_answer(w, iq, IQ_OK);
	world_named(w, 4, "n");
	assert_true(w->legs[4].refused);
	assert_answer(w, activate(w, "n"), IQ_CONFLICT);
	assert_int_equal(leg_book_count(w->book->legs), 0);
	world_close(w);
}

/* ... and it is free as soon as the flow is over, though nobody has looked yet. */
static void test_name_is_free_again(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		world_named(w, 10 * round + 1, "n");
		world_named(w, 10 * round + 2, "n");
		assert_true(w->legs[10 * round + 1].admitted);
		assert_answer(w, activate(w, "n"), IQ_OK);
		w->flows[round + 1].status.state = FLOW_RESET;
	}
	assert_answer(w, activate(w, "n"), IQ_ITEM_NOT_FOUND);
	assert_closed(w, SESSION_RESET, 3);
	world_close(w);
}

/* Where raw and prepared names differ the one under which most has happened is meant. */
static void test_two_names(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	assert_answer(w, world_activate(w, ALICE, "s", BOB, "raw", "prepared"), IQ_ITEM_NOT_FOUND);
	world_named(w, 1, "raw");
	assert_answer(w, world_activate(w, ALICE, "s", BOB, "raw", "prepared"), IQ_NOT_ALLOWED);
	world_named(w, 2, "prepared");
	assert_answer(w, world_activate(w, ALICE, "s", BOB, "raw", "prepared"), IQ_NOT_ALLOWED);
	world_named(w, 3, "prepared");
	assert_answer(w, world_activate(w, ALICE, "s", BOB, "raw", "prepared"), IQ_OK);
	assert_true(w->legs[2].opened && w->legs[3].opened && !w->legs[1].claimed);
	world_named(w, 4, "raw");
	assert_answer(w, world_activate(w, ALICE, "s", BOB, "raw", "prepared"), IQ_CONFLICT);
	assert_answer(w, world_activate(w, ALICE, "s", BOB, "raw", NULL), IQ_OK);
	world_close(w);
}

static void test_leg_lost_while_splicing(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	for (unsigned int lost = 1; lost <= 2; lost++) {
		unsigned int iq;

		w->lazy_owners = true;
		world_named(w, 1, "n");
		world_named(w, 2, "n");
		iq = activate(w, "n");
		world_gone(w, lost, LEG_END_RESET);
		assert_answer(w, iq, IQ_ITEM_NOT_FOUND);
		assert_true(w->legs[3 - lost].reset);
		assert_closed(w, SESSION_LEG_LOST, lost);
		assert_gauge(w, SESSIONS_SPLICING, 0);
		/* the name is free */
		assert_answer(w, activate(w, "n"), IQ_ITEM_NOT_FOUND);
	}
	assert_nothing_flows(w);
	/* That was no claim: a claim for the same sid finds no failed partner. */
	w->lazy_owners = false;
	world_splice(w, "s", 11);
	world_close(w);
}

static void test_owner_does_not_answer(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int iq;

	(void)state;
	w->lazy_owners = true;
	world_named(w, 1, "n");
	world_named(w, 2, "n");
	iq = activate(w, "n");
	world_pass(w, RETIRE_WITHIN_MS + 1);
	assert_answer(w, iq, IQ_SERVICE_UNAVAILABLE);
	assert_true(w->legs[1].reset && w->legs[2].reset);
	assert_nothing_flows(w);
	world_close(w);
}

static void test_insertion_fails(void **state)
{
	static const struct {
		int error;
		enum iq_result result;
	} rows[] = {{-ENOSPC, IQ_RESOURCE_CONSTRAINT},
		    {-EEXIST, IQ_CONFLICT},
		    {-EIO, IQ_SERVICE_UNAVAILABLE}};
	struct world *w = world_open(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_named(w, 1, "n");
		world_named(w, 2, "n");
		w->insert_error = rows[i].error;
		assert_answer(w, activate(w, "n"), rows[i].result);
		assert_refusals(w, REFUSAL_FLOWS, 1);
		assert_true(w->legs[1].reset && w->legs[2].reset);
	}
	world_close(w);
}

/* While the stream is down nothing is spliced; the requester can still be told afterwards. */
static void test_stream_down(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int iq;

	(void)state;
	world_named(w, 1, "n");
	world_named(w, 2, "n");
	w->lazy_owners = true;
	iq = activate(w, "n");
	w->stream_up = false;
	world_retired(w, 1);
	world_retired(w, 2);
	world_pass(w, 1000);
	assert_answer(w, iq, PENDING);
	assert_int_equal(w->n_flows, 0);
	w->stream_up = true;
	session_stream_up(w->book, w->now_ms);
	world_work(w);
	assert_answer(w, iq, IQ_OK);
	assert_true(w->legs[1].opened && w->legs[2].opened);

	/* lost between the IQ and its handling */
	world_named(w, 3, "m");
	world_named(w, 4, "m");
	w->lazy_owners = false;
	w->stream_up = false;
	iq = activate(w, "m");
	assert_answer(w, iq, PENDING);
	assert_gauge(w, SESSIONS_CLAIMED, 1);
	world_pass(w, 60001);
	assert_answer(w, iq, IQ_REMOTE_SERVER_TIMEOUT);
	assert_closed(w, SESSION_NO_PARTNER, 1);
	world_close(w);
}

static void allow_two(struct config *cfg)
{
	cfg->limits.sessions_per_jid = 2;
}

/* The target proves nothing: whoever is named in an activation pays nothing for it. */
static void test_quota_is_the_requesters(void **state)
{
	struct world *w = world_open(allow_two);
	char name[2] = "a", from[64];

	(void)state;
	for (unsigned int i = 0; i < 6; i++, name[0]++) {
		world_named(w, 10 * i + 1, name);
		world_named(w, 10 * i + 2, name);
		snprintf(from, sizeof(from), "user%u@example.org/x", i / 2);
		assert_answer(w, world_activate(w, from, "s", BOB, name, NULL), IQ_OK);
	}
	world_named(w, 101, "n");
	world_named(w, 102, "n");
	assert_answer(w, world_activate(w, "user0@EXAMPLE.org/y", "s", BOB, "n", NULL),
		      IQ_RESOURCE_CONSTRAINT);
	assert_answer(w, world_activate(w, BOB, "s", "user0@example.org/x", "n", NULL), IQ_OK);
	/* it comes back with the session */
	w->flows[1].status.state = FLOW_RESET;
	world_pass(w, 1500);
	world_named(w, 103, "n2");
	world_named(w, 104, "n2");
	assert_answer(w, world_activate(w, "user0@example.org/z", "s", BOB, "n2", NULL), IQ_OK);
	world_close(w);
}

static void test_refused_requests_cost_no_quota(void **state)
{
	struct world *w = world_open(allow_two);

	(void)state;
	world_named(w, 1, "n");
	for (int i = 0; i < 5; i++)
		assert_answer(w, activate(w, "n"), IQ_NOT_ALLOWED);
	world_named(w, 2, "n");
	assert_answer(w, activate(w, "n"), IQ_OK);
	world_close(w);
}

static void few_sessions(struct config *cfg)
{
	cfg->limits.sessions = 1;
	cfg->limits.legs = 3;
}

static void test_limits(void **state)
{
	struct world *w = world_open(few_sessions);

	(void)state;
	world_named(w, 1, "a");
	world_named(w, 2, "a");
	world_named(w, 3, "b");
	world_named(w, 4, "c"); /* limits.legs */
	assert_true(w->legs[3].admitted && w->legs[4].refused);
	assert_answer(w, activate(w, "a"), IQ_OK);
	world_named(w, 5, "b");
	assert_answer(w, activate(w, "b"), IQ_RESOURCE_CONSTRAINT);
	assert_closed(w, SESSION_REFUSED, 1);
	w->flows[1].status.state = FLOW_RESET;
	world_pass(w, 1500);
	assert_answer(w, activate(w, "b"), IQ_OK);
	world_close(w);
}

/* More legs than there is memory for: they are told all the same. */
static void tiny_book(struct config *cfg)
{
	cfg->limits.sessions = cfg->limits.half_open = 1;
	cfg->limits.legs = 2;
}

static void test_full_leg_book(void **state)
{
	struct world *w = world_open(tiny_book);

	(void)state;
	for (unsigned int port = 1000; port < 1000 + 1 + 1 + 2 + 1024; port++)
		world_half_open(w, port);
	world_named(w, 1, "n");
	assert_true(w->legs[1].refused);
	world_close(w);
}

/* No endpoint claim can mean a SOCKS5 leg, and no activation an endpoint leg. */
static void test_services_are_apart(void **state)
{
	struct world *w = world_open(NULL);
	struct claim claim = {.from = CAROL,
			      .sid = "c",
			      .ip = world_ip("192.0.2.1"),
			      .port = htons(SOCKS5),
			      .has_from_addr = true,
			      .from_ip = world_ip("198.51.100.1"),
			      .from_port = htons(1)};
	unsigned int a, b, c, d;

	(void)state;
	world_named(w, 1, "n");
	world_named(w, 2, "n");
	a = world_claim(w, &claim);
	b = world_claim_source(w, DAVE, "d", NULL, 1);
	c = world_claim_port(w, DAVE, "e", NULL, 2);
	/* A service port says nothing about a leg, though somebody's own be the same. */
	world_established(w, SOCKS5);
	d = world_claim_port(w, DAVE, "f", NULL, SOCKS5);
	world_pass(w, 3001);
	assert_answer(w, a, IQ_ITEM_NOT_FOUND);
	assert_answer(w, b, IQ_ITEM_NOT_FOUND);
	assert_answer(w, c, IQ_ITEM_NOT_FOUND);
	assert_answer(w, d, IQ_ITEM_NOT_FOUND);
	assert_false(w->legs[1].claimed || w->legs[2].claimed || w->legs[SOCKS5].claimed);
	assert_answer(w, activate(w, "n"), IQ_OK);
	/* the same sid and JIDs, once by each service, at the same time */
	world_splice(w, "s", 21);
	assert_gauge(w, SESSIONS_SPLICED, 2);
	world_close(w);
}

/* Commands for a leg reach its owner in the order of its life, however full the ring was. */
static void test_full_ring(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int filled = 0, iq;
	const struct mailbox_command filler = {.type = MAILBOX_LEG_CLAIM, .id = 999};

	(void)state;
	w->deaf_workers = true;
	for (unsigned int worker = 0; worker < 2; worker++) {
		while (mailbox_post_command(w->mb, worker, &filler))
			filled++;
	}
	world_named(w, 1, "n");
	world_named(w, 2, "n");
	iq = activate(w, "n");
	assert_true(filled > 0);
	assert_answer(w, iq, PENDING);
	w->deaf_workers = false;
	world_pass(w, 100);
	assert_answer(w, iq, IQ_OK); /* obey_leg() asserts the order */
	world_close(w);
}

static void test_stop(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	world_named(w, 1, "waiting");
	world_named(w, 2, "n");
	world_named(w, 3, "n");
	assert_answer(w, activate(w, "n"), IQ_OK);
	w->lazy_owners = true;
	world_named(w, 4, "m");
	world_named(w, 5, "m");
	activate(w, "m"); /* world_close() asserts its answer */
	world_close(w);
}

/* Nothing the other half ever does may fall over: names said twice, legs retired unasked. */
static void test_odd_events(void **state)
{
	struct world *w = world_open(NULL);
	struct mailbox_event again = {.type = MAILBOX_LEG_NAMED, .id = 1, .worker = 1};

	(void)state;
	world_named(w, 1, "n");
	session_event(w->book, &again, w->now_ms);
	assert_int_equal(leg_book_count(w->book->legs), 1);
	world_retired(w, 1);
	assert_int_equal(leg_book_count(w->book->legs), 0);
	assert_answer(w, activate(w, "n"), IQ_ITEM_NOT_FOUND);
	w->legs[1].exists = false;
	again.worker = 77;
	session_event(w->book, &again, w->now_ms);
	assert_int_equal(leg_book_count(w->book->legs), 0);
	world_close(w);
}

static void test_draining(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	world_named(w, 1, "n");
	world_named(w, 2, "n");
	session_drain(w->book, true);
	world_named(w, 3, "n");
	assert_true(w->legs[3].refused);
	assert_answer(w, activate(w, "n"), IQ_DRAINING);
	session_drain(w->book, false);
	assert_answer(w, activate(w, "n"), IQ_OK);
	world_close(w);
}

static void test_room_jid(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	world_named(w, 1, "n");
	world_named(w, 2, "n");
	assert_answer(w, world_activate(w, "alice@example.org", "s", ROOM, "n", NULL), IQ_OK);
	w->flows[1].status.state = FLOW_RESET;
	world_pass(w, 1500);
	assert_non_null(strstr(w->account, "a=<alice@example.org> b=<" ROOM "> reason=reset"));
	world_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_legs),
		cmocka_unit_test(test_cve_2026_43505),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_is_well_formed),
		cmocka_unit_test(test_four_legs_and_a_fifth),
		cmocka_unit_test(test_gone_leg_leaves_its_name),
		cmocka_unit_test(test_name_is_taken),
		cmocka_unit_test(test_name_is_free_again),
		cmocka_unit_test(test_two_names),
		cmocka_unit_test(test_leg_lost_while_splicing),
		cmocka_unit_test(test_owner_does_not_answer),
		cmocka_unit_test(test_insertion_fails),
		cmocka_unit_test(test_stream_down),
		cmocka_unit_test(test_quota_is_the_requesters),
		cmocka_unit_test(test_refused_requests_cost_no_quota),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_full_leg_book),
		cmocka_unit_test(test_services_are_apart),
		cmocka_unit_test(test_full_ring),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_odd_events),
		cmocka_unit_test(test_draining),
		cmocka_unit_test(test_room_jid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

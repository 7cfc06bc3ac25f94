/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a flow, and of what is left when its session is over: DESIGN 3.5. */
#include "session_book.h"
#include "session_world.h"

/* --- the watch --- */

#define IDLE	   7440000
#define TRANSITORY 240000

static const struct {
	const char *name;
	enum flow_state state;
	uint64_t silent_ms; /* when it is looked at; the last look was a second before */
	bool ends;
	enum session_reason reason;
	bool stays; /* the flow, beyond the session */
	bool is_reset;
} outlooks[] = {
	{"established", FLOW_ESTABLISHED, IDLE - 1, false, 0, true, false},
	{"established, idle", FLOW_ESTABLISHED, IDLE, true, SESSION_IDLE, true, true},
	{"half-closed", FLOW_HALF_CLOSED, TRANSITORY - 1, false, 0, true, false},
	{"half-closed, silent", FLOW_HALF_CLOSED, TRANSITORY, true, SESSION_IDLE, true, true},
	{"reset pending", FLOW_RESET_PENDING, TRANSITORY - 1, false, 0, true, false},
	{"reset pending, silent", FLOW_RESET_PENDING, TRANSITORY, true, SESSION_IDLE, true, true},
	{"finished", FLOW_FINISHED, 10, true, SESSION_FINISHED, true, false},
	{"reset", FLOW_RESET, 10, true, SESSION_RESET, true, false},
};

static void test_outlooks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(outlooks) / sizeof(outlooks[0]); i++) {
		struct world *w = world_open(NULL);
		struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

		w->lazy_resetters = true;
		w->now_ms += 100000000;
		f->status.state = outlooks[i].state;
		f->status.last_packet_ms = w->now_ms - outlooks[i].silent_ms;
		session_tick(w->book, w->now_ms);
		world_work(w);
		if ((w->stats.sessions[SESSIONS_SPLICED] == 0) != outlooks[i].ends)
			fail_msg("%s: %s", outlooks[i].name,
				 outlooks[i].ends ? "goes on" : "is closed");
		if (outlooks[i].ends)
			assert_closed(w, outlooks[i].reason, 1);
		if (f->in_table != outlooks[i].stays || f->reset_asked != outlooks[i].is_reset)
			fail_msg("%s: wrong end of its flow", outlooks[i].name);
		world_close(w);
	}
}

/* A FIN long ago is no silence, nor is a stream that only acknowledges. */
static void test_half_closed_stream_lives(void **state)
{
	struct world *w = world_open(NULL);
	struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

	(void)state;
	f->status.state = FLOW_HALF_CLOSED;
	f->status.state_since_ms = w->now_ms;
	for (int i = 0; i < 20; i++) {
		world_pass(w, TRANSITORY - 2000);
		f->status.last_packet_ms = w->now_ms;
	}
	assert_gauge(w, SESSIONS_SPLICED, 1);
	world_pass(w, TRANSITORY + 1000);
	assert_closed(w, SESSION_IDLE, 1);
	world_close(w);
}

/* So many that a look at each takes three seconds. */
static void test_many_take_turns(void **state)
{
	const uint32_t others = 300 * 1000;
	struct world *w = world_open(NULL);
	struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

	(void)state;
	w->book->spliced += others;
	world_pass(w, 1000);
	f->status.state = FLOW_FINISHED;
	world_pass(w, 2900);
	assert_gauge(w, SESSIONS_SPLICED, 1);
	world_pass(w, 200);
	assert_closed(w, SESSION_FINISHED, 1);
	w->book->spliced -= others;
	world_close(w);
}

static void test_workers_clock_is_ahead(void **state)
{
	struct world *w = world_open(NULL);
	struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

	(void)state;
	f->status.last_packet_ms = w->now_ms + 5000;
	world_pass(w, 3000);
	assert_gauge(w, SESSIONS_SPLICED, 1);
	world_close(w);
}

static void test_each_is_looked_at_every_second(void **state)
{
	struct world *w = world_open(NULL);

	(void)state;
	w->cfg.limits.sessions_per_jid = 1000;
	session_book_reconfigure(w->book);
	for (unsigned int i = 0; i < 300; i++) {
		char sid[16];

		snprintf(sid, sizeof(sid), "%u", i);
		world_splice(w, sid, 10 + 2 * i);
	}
	for (unsigned int i = 1; i <= 300; i++)
		w->flows[i].status.state = FLOW_FINISHED;
	session_tick(w->book, w->now_ms + 1000);
	assert_gauge(w, SESSIONS_SPLICED, 300 - TICK_BATCH); /* bounded work a tick */
	world_pass(w, 1000);
	assert_gauge(w, SESSIONS_SPLICED, 0);
	assert_closed(w, SESSION_FINISHED, 300);
	world_close(w);
}

/* --- after the session --- */

static void test_linger(void **state)
{
	static const struct {
		enum flow_state state;
		uint64_t ms;
	} rows[] = {{FLOW_FINISHED, 60000}, {FLOW_RESET, 5000}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = world_open(NULL);
		struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

		f->status.state = rows[i].state;
		world_pass(w, 1000);
		assert_gauge(w, SESSIONS_SPLICED, 0);
		world_pass(w, rows[i].ms - 1);
		assert_true(f->in_table);
		world_pass(w, 1000);
		assert_false(f->in_table);
		assert_false(f->reset_asked);
		world_close(w);
	}
}

static void test_superseded_while_lingering(void **state)
{
	struct world *w = world_open(NULL);
	struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

	(void)state;
	f->status.state = FLOW_FINISHED;
	world_pass(w, 1000);
	f->status.state = FLOW_SUPERSEDED;
	world_pass(w, 1000);
	assert_false(f->in_table);
	world_close(w);
}

/* Its ports were used again before the look: it ended as it ended, and with all it relayed. */
static void test_superseded_before_the_look(void **state)
{
	static const struct {
		enum flow_state ended;
		enum session_reason reason;
	} rows[] = {{FLOW_FINISHED, SESSION_FINISHED}, {FLOW_RESET, SESSION_RESET}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = world_open(NULL);
		struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

		f->status.state = FLOW_SUPERSEDED;
		f->status.ended = rows[i].ended;
		f->status.bytes[1] = 77;
		world_pass(w, 1000);
		assert_closed(w, rows[i].reason, 1);
		assert_non_null(strstr(w->account, " bytes=0/77 "));
		assert_false(f->reset_asked);
		world_pass(w, 1000); /* no linger: another has its place */
		assert_false(f->in_table);
		world_close(w);
	}
}

static void test_idle_flow_is_removed_when_reset(void **state)
{
	struct world *w = world_open(NULL);
	struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

	(void)state;
	world_pass(w, IDLE + 1000);
	assert_true(f->reset_asked);
	assert_false(f->in_table);
	world_close(w);
}

static void test_reset_is_never_done(void **state)
{
	struct world *w = world_open(NULL);
	struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

	(void)state;
	w->lazy_resetters = true;
	world_pass(w, IDLE + 1000);
	assert_true(f->reset_asked && f->in_table);
	world_pass(w, 6000);
	assert_false(f->in_table);
	world_close(w);
}

static void test_reset_waits_for_the_ring(void **state)
{
	const struct mailbox_command filler = {.type = MAILBOX_LEG_RESET, .id = 31000};
	struct world *w = world_open(NULL);
	struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

	(void)state;
	w->deaf_workers = true;
	while (mailbox_post_command(w->mb, 1, &filler)) /* leg 1's worker */
		;
	world_pass(w, IDLE + 1000);
	assert_gauge(w, SESSIONS_SPLICED, 0);
	assert_false(f->reset_asked);
	w->deaf_workers = false;
	world_work(w);
	world_pass(w, 1);
	assert_true(f->reset_asked);
	assert_false(f->in_table);
	world_close(w);
}

static void tune_two(struct config *cfg)
{
	cfg->limits.sessions = 2;
}

/* The flow table is as large as the limit: who lingers makes room. */
static void test_lingering_makes_room(void **state)
{
	struct world *w = world_open(tune_two);
	uint64_t first = world_splice(w, "s", 1), second;

	(void)state;
	w->flows[first].status.state = FLOW_FINISHED;
	world_pass(w, 1000);
	second = world_splice(w, "t", 3);
	assert_true(w->flows[first].in_table && w->flows[second].in_table);
	w->flows[second].status.state = FLOW_FINISHED;
	world_pass(w, 1000);
	world_splice(w, "u", 5);
	assert_int_equal(w->flows[first].in_table + w->flows[second].in_table, 1);
	world_close(w);
}

/* Before the watch has noticed: whoever uses the sid again does. */
static void test_sid_again_after_close(void **state)
{
	static const char *const peers[][2] = {{ALICE, BOB}, {NULL, NULL}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = world_open(NULL);
		unsigned int a, b;

		for (unsigned int port = 1; port < 9; port++)
			world_established(w, port);
		for (unsigned int port = 1; port < 9; port += 2) {
			a = world_claim_leg(w, ALICE, "s", peers[i][1], port);
			b = world_claim_leg(w, BOB, "s", peers[i][0], port + 1);
			assert_answer(w, a, IQ_OK);
			assert_answer(w, b, IQ_OK);
			w->flows[w->n_flows].status.state = FLOW_FINISHED;
		}
		assert_closed(w, SESSION_FINISHED, 3);
		/* A stranger may as well. */
		world_established(w, 20);
		assert_answer(w, world_claim_leg(w, CAROL, "s", NULL, 20), PENDING);
		world_close(w);
	}
}

static void test_flow_vanished(void **state)
{
	struct world *w = world_open(NULL);
	struct world_flow *f = &w->flows[world_splice(w, "s", 1)];

	(void)state;
	f->in_table = false;
	world_pass(w, 1000); /* flow_remove() would fail */
	assert_closed(w, SESSION_RESET, 1);
	world_close(w);
}

static void test_account(void **state)
{
	struct world *w = world_open(NULL);
	struct world_flow *f = &w->flows[world_splice(w, "sid\n1", 1)];

	(void)state;
	f->status.bytes[0] = 1234;
	f->status.bytes[1] = 5;
	f->status.packets[0] = 67;
	f->status.packets[1] = 89;
	f->status.state = FLOW_FINISHED;
	world_pass(w, 1000);
	assert_string_equal(w->account,
			    "session closed: sid=<sid\n1> a=<" ALICE "> b=<" BOB
			    "> reason=finished bytes=1234/5 packets=67/89 seconds=1.000");
	world_close(w);
}

static void test_shutdown(void **state)
{
	struct world *w = world_open(NULL);
	unsigned int held, alone;
	uint64_t flow = world_splice(w, "s", 1);

	(void)state;
	held = world_claim_leg(w, CAROL, "t", DAVE, 3);
	world_established(w, 4);
	alone = world_claim_leg(w, DAVE, "u", CAROL, 4);
	session_book_destroy(w->book);
	w->book = NULL;
	assert_answer(w, held, IQ_SERVICE_UNAVAILABLE);
	assert_answer(w, alone, IQ_SERVICE_UNAVAILABLE);
	assert_closed(w, SESSION_SHUTDOWN, 3);
	assert_true(w->flows[flow].in_table); /* for the next process */
	world_work(w);
	assert_true(w->legs[4].reset);
	world_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outlooks),
		cmocka_unit_test(test_half_closed_stream_lives),
		cmocka_unit_test(test_many_take_turns),
		cmocka_unit_test(test_workers_clock_is_ahead),
		cmocka_unit_test(test_each_is_looked_at_every_second),
		cmocka_unit_test(test_linger),
		cmocka_unit_test(test_superseded_while_lingering),
		cmocka_unit_test(test_superseded_before_the_look),
		cmocka_unit_test(test_idle_flow_is_removed_when_reset),
		cmocka_unit_test(test_reset_is_never_done),
		cmocka_unit_test(test_reset_waits_for_the_ring),
		cmocka_unit_test(test_lingering_makes_room),
		cmocka_unit_test(test_sid_again_after_close),
		cmocka_unit_test(test_flow_vanished),
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_shutdown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

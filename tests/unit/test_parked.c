/* SPDX-License-Identifier: BSD-3-Clause */
/* An established leg without a partner, DESIGN 3.2, and the commands that end its wait. */
#include "peer_fixture.h"

enum answer { NOTHING, CONFIRM, GONE };

static const struct row {
	const char *name;
	uint8_t flags;
	int32_t seq, ack; /* from R and S */
	unsigned int payload;
	bool bad;
	enum answer answer;
	bool learns; /* window and timestamp */
} rows[] = {
	{"pure ACK", ACK, 0, 0, 0, false, NOTHING, true},
	{"keep-alive", ACK, -1, 0, 0, false, CONFIRM, true},
	{"keep-alive with a byte", ACK, -1, 0, 1, false, CONFIRM, true},
	{"probe with a byte", ACK, 0, 0, 1, false, CONFIRM, true},
	{"data in spite of the window", ACK | PSH, 0, 0, 1000, false, CONFIRM, true},
	{"FIN", ACK | FIN, 0, 0, 0, false, CONFIRM, true},
	{"FIN with data", ACK | FIN, 0, 0, 10, false, CONFIRM, true},
	{"urgent", ACK | URG, 0, 0, 1, false, CONFIRM, true},
	{"before its place", ACK, -2, 0, 1, false, CONFIRM, false},
	{"behind its place", ACK, 1, 0, 10, false, CONFIRM, false},
	{"far away", ACK, 0x40000000, 0, 10, false, CONFIRM, false},
	{"a FIN that comes too early", ACK | FIN, 100, 0, 0, false, CONFIRM, false},
	{"ACK of what was never sent", ACK, 0, 1, 0, false, NOTHING, false},
	{"old ACK", ACK, 0, -1, 0, false, NOTHING, false},
	{"no ACK", PSH, 0, 0, 10, false, NOTHING, false},
	{"no flags", 0, 0, 0, 0, false, NOTHING, false},
	{"bad sum", ACK, -1, 0, 1, true, NOTHING, false},
	{"RST", RST, 0, 0, 0, false, GONE, false},
	{"RST with ACK", RST | ACK, 0, 0, 0, false, GONE, false},
	{"RST before its place", RST, -1, 0, 0, false, NOTHING, false},
	{"RST behind its place", RST, 1, 0, 0, false, NOTHING, false},
	{"RST with a bad sum", RST, 0, 0, 0, true, NOTHING, false},
	{"SYN again", SYN, -1, 0, 0, false, CONFIRM, false},
	{"SYN of another connection", SYN, 123456, 0, 0, false, CONFIRM, false},
	{"SYN at its place", SYN, 0, 0, 0, false, CONFIRM, false},
	{"SYN|ACK", SYN | ACK, 0, 0, 0, false, CONFIRM, false},
	{"SYN and FIN", SYN | FIN, -1, 0, 0, false, CONFIRM, false},
};

/* The window of its ACK; rows send with another. */
#define WINDOW_FIRST 500
#define WINDOW_NEXT  499

static void check_row(const struct row *r, struct peer *p, bool claimed)
{
	uint32_t before, after;
	struct segment s;
	struct leg_report report;

	peer_connect(p);
	if (claimed)
		rig_command(MAILBOX_LEG_CLAIM, p->id);
	before = p->tsval++;
	s = peer_segment(p, r->flags);
	s.seq += (uint32_t)r->seq;
	s.ack += (uint32_t)r->ack;
	s.n_payload = r->payload;
	s.bad_tcp = r->bad;
	s.window = WINDOW_NEXT;
	rig_put(p->port, &s);
	after = r->learns ? p->tsval : before;
	if (r->answer == CONFIRM) {
		struct segment answer = rig_answer(p->port);

		if (answer.flags != ACK || answer.ack != p->syn.seq + 1)
			fail_msg("%s: answered wrongly", r->name);
		assert_parked_answer(p, &answer, after);
	}
	rig_silence();
	if (r->answer == GONE) {
		assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_RESET);
		rig_no_event();
		assert_null(rig_leg(p->id));
		return;
	}
	rig_no_event();
	report = peer_retire(p);
	if (report.window != (r->learns ? WINDOW_NEXT : WINDOW_FIRST))
		fail_msg("%s: window %u", r->name, report.window);
	if (p->synack.n_options > 4 && report.ts_recent != after)
		fail_msg("%s: timestamp", r->name);
	assert_int_equal(report.rcv_nxt, p->syn.seq + 1);
	rig_command(MAILBOX_LEG_RESET, p->id);
	rig_answer(p->port);
}

static void segments(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct peer with = peer_alice(), without = peer_bob(), claimed = peer_alice();

		without.syn.n_options = 4;
		check_row(&rows[i], &with, false);
		check_row(&rows[i], &without, false);
		check_row(&rows[i], &claimed, true);
	}
}

/* In-order segments may overtake each other: a timestamp does not run back. */
static void newest_timestamp_is_kept(void **state)
{
	struct peer p = peer_bob(); /* hers wraps soon */
	struct segment s;

	(void)state;
	peer_connect(&p);
	p.tsval += 0x200;
	s = peer_segment(&p, ACK);
	rig_put(1, &s);
	p.tsval -= 0x100;
	s = peer_segment(&p, ACK);
	s.seq--;
	rig_put(1, &s);
	s = rig_answer(1);
	assert_parked_answer(&p, &s, p.tsval + 0x100);
}

static void challenges_are_rate_limited(void **state)
{
	struct peer p = peer_alice();
	unsigned int i, answered = 0, dropped;

	(void)state;
	peer_connect(&p);
	for (i = 0; i < 2000; i++) {
		struct rte_mbuf *m;

		rig_put(0, &p.syn);
		m = rig_take(0);
		answered += m != NULL;
		rte_pktmbuf_free(m);
	}
	assert_in_range(answered, 100, 1500);
	dropped = (unsigned int)rig_dropped(DROP_RATE);
	assert_int_equal(answered + dropped, 2000);
	rig_put(0, &p.syn);
	rig_silence();
	rig_advance(10);
	rig_put(0, &p.syn);
	rig_answer(0);
}

static void claim_timer(void **state)
{
	struct peer p = peer_alice();
	struct segment s;
	uint64_t at;

	(void)state;
	peer_connect(&p);
	assert_int_equal(rig_watch(0, RIG_CLAIM_MS - 1, &at, 1, &s), 0);
	assert_int_equal(rig_watch(0, 2 * WHEEL_TICK_MS, &at, 1, &s), 1);
	assert_int_equal(s.flags, RST | ACK);
	assert_parked_answer(&p, &s, p.tsval);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_TIMEOUT);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_UNCLAIMED], 0);
}

/* Another time for who comes from now on. */
static void claim_timer_changes(void **state)
{
	struct peer p = peer_alice(), q = peer_bob();
	struct segment s;
	uint64_t at;

	(void)state;
	peer_connect(&p);
	rig.cfg.timers.claim_ms = RIG_CLAIM_MS / 2;
	worker_reconfigure(rig_owner(&q.syn), &rig.cfg);
	peer_connect(&q);
	assert_int_equal(rig_watch(1, RIG_CLAIM_MS / 2 - 1, &at, 1, &s), 0);
	assert_int_equal(rig_watch(1, 2 * WHEEL_TICK_MS, &at, 1, &s), 1);
	assert_int_equal(s.flags, RST | ACK);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_TIMEOUT);
	rig_no_event();
	assert_int_equal(rig_watch(0, RIG_CLAIM_MS / 2, &at, 1, &s), 1);
}

static void claim_stops_the_timer(void **state)
{
	struct peer p = peer_alice();

	(void)state;
	peer_connect(&p);
	rig_advance(RIG_CLAIM_MS - 100);
	rig_command(MAILBOX_LEG_CLAIM, p.id);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_CLAIMED], 1);
	rig_advance(3 * RIG_CLAIM_MS);
	rig_silence();
	rig_no_event();
}

/* --- where the answers go --- */

static void next_hop_follows_the_peer(void **state)
{
	struct peer p = peer_alice();
	struct segment s;

	(void)state;
	peer_connect(&p);
	s = peer_segment(&p, ACK);
	s.seq--;
	s.src_mac = bob_mac; /* another router, on the other port */
	s.dst_mac = port_mac[1];
	rig_put(1, &s);
	s = rig_answer(1);
	assert_memory_equal(&s.dst_mac, &bob_mac, sizeof(bob_mac));
	assert_int_equal(peer_retire(&p).next_hop, next_hop_make(1, 0, &bob_mac));
}

static void next_hop_is_not_anybodys(void **state)
{
	static const struct rte_ether_addr strange[] = {
		{{0x03, 0, 0, 0, 0, 1}}, {{0, 0, 0, 0, 0, 0}}, {{0x02, 0, 0, 0, 0, 0x10}}};
	struct peer p = peer_alice();
	struct segment answer;
	unsigned int i;

	(void)state;
	peer_connect(&p);
	for (i = 0; i < RTE_DIM(strange); i++) {
		struct segment s = peer_segment(&p, ACK);

		s.src_mac = strange[i];
		rig_put(0, &s);
	}
	/* An out-of-order segment moves nothing either, though it is answered, to the known hop. */
	p.syn.src_mac = bob_mac;
	rig_put(0, &p.syn);
	answer = rig_answer(0);
	assert_memory_equal(&answer.dst_mac, &alice_mac, sizeof(alice_mac));
	assert_int_equal(peer_retire(&p).next_hop, next_hop_make(0, 0, &alice_mac));
}

/* --- commands --- */

static void reset_command(void **state)
{
	struct peer p = peer_alice();
	struct segment s;

	(void)state;
	peer_connect(&p);
	rig_command(MAILBOX_LEG_RESET, p.id);
	s = rig_answer(0);
	assert_int_equal(s.flags, RST | ACK);
	assert_parked_answer(&p, &s, p.tsval);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	rig_no_event();
}

static void reset_half_open(void **state)
{
	struct peer p = peer_alice();
	struct segment s;

	(void)state;
	rig_put(0, &p.syn);
	p.synack = rig_answer(0);
	p.id = rig_event(MAILBOX_LEG_HALF_OPEN).id;
	rig_command(MAILBOX_LEG_RESET, p.id);
	s = rig_answer(0);
	assert_int_equal(s.flags, RST | ACK); /* which a peer in SYN-SENT takes, for its ack */
	assert_int_equal(s.ack, p.syn.seq + 1);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	rig_advance(9000);
	rig_silence();
}

static void stale_ids(void **state)
{
	static const enum mailbox_command_type types[] = {MAILBOX_LEG_CLAIM, MAILBOX_LEG_RESET,
							  MAILBOX_LEG_RETIRE, MAILBOX_LEG_OPEN};
	struct peer p = peer_alice();
	uint64_t old;
	unsigned int i, j;

	(void)state;
	peer_connect(&p);
	old = p.id;
	rig_command(MAILBOX_LEG_RESET, old);
	rig_answer(0);
	rig_event(MAILBOX_LEG_GONE);
	peer_connect(&p); /* the same record, another leg */
	assert_int_equal((uint32_t)p.id, (uint32_t)old);
	for (i = 0; i < RTE_DIM(types); i++) {
		const uint64_t ids[] = {old,	       0,    1,	       UINT64_MAX,
					(uint32_t)old, 9999, p.id + 1, old + (UINT64_C(4) << 32)};

		for (j = 0; j < RTE_DIM(ids); j++)
			rig_command(types[i], ids[j]);
	}
	rig_silence();
	rig_no_event();
	assert_int_equal(rig_leg(p.id)->state, LEG_PARKED);
}

/* Commands that the leg's state has no use for. */
static void untimely_commands(void **state)
{
	struct peer p = peer_alice();

	(void)state;
	rig_put(0, &p.syn);
	p.synack = rig_answer(0);
	p.id = rig_event(MAILBOX_LEG_HALF_OPEN).id;
	rig_command(MAILBOX_LEG_CLAIM, p.id);
	rig_command(MAILBOX_LEG_RETIRE, p.id);
	rig_open(p.id, 1, 0);
	assert_int_equal(rig_leg(p.id)->state, LEG_HALF_OPEN);
	rig_command(MAILBOX_LEG_RESET, p.id);
	rig_answer(0);
	rig_event(MAILBOX_LEG_GONE);
	peer_connect(&p);
	rig_open(p.id, 1, 0);
	assert_int_equal(rig_leg(p.id)->state, LEG_PARKED);
	rig_command(MAILBOX_LEG_CLAIM, p.id);
	rig_command(MAILBOX_LEG_CLAIM, p.id);
	rig_open(p.id, 1, 0);
	assert_int_equal(rig_leg(p.id)->state, LEG_CLAIMED);
	peer_retire(&p);
	rig_command(MAILBOX_LEG_RETIRE, p.id);
	rig_command(MAILBOX_LEG_CLAIM, p.id);
	rig_no_event();
	rig_silence();
}

/* After RETIRED not a word: a late answer with window 0 would cost the peer 200 ms. */
static void retired_legs_are_silent(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct peer p = peer_alice();
		struct segment s;

		peer_connect(&p);
		peer_retire(&p);
		s = peer_segment(&p, rows[i].flags);
		s.seq += (uint32_t)rows[i].seq;
		s.ack += (uint32_t)rows[i].ack;
		s.n_payload = rows[i].payload;
		s.bad_tcp = rows[i].bad;
		rig_put(0, &s);
		rig_silence();
		rig_no_event();
		assert_int_equal(rig_leg(p.id)->state, LEG_RETIRED);
		rig_command(MAILBOX_LEG_RESET, p.id);
		assert_int_equal(rig_answer(0).flags, RST | ACK);
		rig_no_event();
	}
	rig_advance(2 * RIG_CLAIM_MS);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_CLAIMED], 0);
}

#define RIG_TEST(name) RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(segments),
		RIG_TEST(newest_timestamp_is_kept),
		RIG_TEST(challenges_are_rate_limited),
		RIG_TEST(claim_timer),
		RIG_TEST(claim_timer_changes),
		RIG_TEST(claim_stops_the_timer),
		RIG_TEST(next_hop_follows_the_peer),
		RIG_TEST(next_hop_is_not_anybodys),
		RIG_TEST(reset_command),
		RIG_TEST(reset_half_open),
		RIG_TEST(stale_ids),
		RIG_TEST(untimely_commands),
		RIG_TEST(retired_legs_are_silent),
	};

	return cmocka_run_group_tests_name("parked", tests, rig_ports, rig_ports_end);
}

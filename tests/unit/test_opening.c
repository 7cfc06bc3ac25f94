/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay says by itself on a spliced connection: opening updates, and RSTs by command. */
#include "peer_fixture.h"

/* Connect and splice, but open nobody yet; the windows told last are the ones given. */
static uint64_t splice_with(struct peer *a, uint16_t window_a, struct peer *b, uint16_t window_b)
{
	struct leg_report from_a, from_b;
	struct segment s;

	peer_connect(a);
	peer_connect(b);
	s = peer_segment(a, ACK);
	s.window = window_a;
	rig_put(a->port, &s);
	s = peer_segment(b, ACK);
	s.window = window_b;
	rig_put(b->port, &s);
	from_a = peer_retire(a);
	from_b = peer_retire(b);
	return flow_rig_insert(&rig.flows, &from_a, &from_b);
}

/* The update is what a parked answer is, but for the window. */
static void assert_update(const struct peer *p, struct segment s, uint16_t window)
{
	assert_int_equal(s.flags, ACK);
	assert_int_equal(s.window, window);
	s.window = 0;
	assert_parked_answer(p, &s, p->tsval);
}

static void windows(void **state)
{
	static const struct {
		bool scaled_a, scaled_b;
		uint16_t window_a, window_b; /* raw, scales 7 and 9 */
		uint16_t seen_by_b, seen_by_a;
	} rows[] = {
		{true, true, 500, 400, 250, 800},
		{true, true, 501, 0, 250, 0},
		{true, true, 1, 1, 0, 2},
		{true, true, 65535, 65535, 32767, 65535},
		{true, false, 500, 400, 64000, 1},
		{false, false, 500, 65535, 500, 65535},
		{false, true, 65535, 127, 255, 65024},
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct peer a = peer_alice(), b = peer_bob();
		uint64_t flow;

		/* The scale is the last option. */
		a.syn.n_options -= rows[i].scaled_a ? 0 : 4;
		b.syn.n_options -= rows[i].scaled_b ? 0 : 4;
		flow = splice_with(&a, rows[i].window_a, &b, rows[i].window_b);
		rig_open(b.id, flow, 1);
		assert_update(&b, rig_answer(1), rows[i].seen_by_b);
		rig_open(a.id, flow, 0);
		assert_update(&a, rig_answer(0), rows[i].seen_by_a);
		rig_no_event();
		assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
		rig_advance(300);
		rig_silence();
		assert_int_equal(rig_stats()->legs[LEG_GAUGE_CLAIMED], 0);
	}
}

static void schedule(void **state)
{
	static const uint64_t expected[] = {200, 600, 1400, 3000, 6200, 12600};
	struct peer a = peer_alice(), b = peer_bob();
	uint64_t flow = splice_with(&a, 500, &b, 400), at[16];
	unsigned int n, i, free_legs;
	struct segment first, last;

	(void)state;
	rig_open(a.id, flow, 0);
	first = rig_answer(0);
	free_legs = rig_free_legs();
	n = rig_watch(0, 60000, at, RTE_DIM(at), &last);
	assert_int_equal(n, RTE_DIM(expected));
	for (i = 0; i < n; i++)
		assert_in_range(at[i], expected[i], expected[i] + (i + 1) * WHEEL_TICK_MS);
	assert_memory_equal(&first, &last, sizeof(first));
	/* After the last one the leg is nobody's any more. */
	assert_int_equal(rig_free_legs(), free_legs + 1);
	assert_null(rig_leg(a.id));
	rig_no_event();
}

static void sign_of_life_stops_it(void **state)
{
	struct peer a = peer_alice(), b = peer_bob();
	uint64_t flow = splice_with(&a, 500, &b, 400), at[16];
	struct segment s, last;

	(void)state;
	rig_open(a.id, flow, 0);
	rig_answer(0);
	rig_open(b.id, flow, 1);
	rig_answer(1);
	s = peer_segment(&b, ACK); /* bob's is not alice's */
	rig_put(1, &s);
	rig_answer(0);
	assert_int_equal(rig_watch(0, 700, at, RTE_DIM(at), &last), 2);
	s = peer_segment(&a, ACK);
	rig_put(0, &s);
	rig_answer(1);
	rig_advance(20000);
	rig_silence();
	assert_null(rig_leg(a.id));
	assert_null(rig_leg(b.id));
}

/* A repeated update tells the window that is true by then. */
static void newest_window(void **state)
{
	struct peer a = peer_alice(), b = peer_bob();
	uint64_t flow = splice_with(&a, 500, &b, 400), at[16];
	struct segment s, last;

	(void)state;
	rig_open(a.id, flow, 0);
	rig_answer(0);
	s = peer_segment(&b, ACK);
	s.window = 200;
	rig_put(1, &s);
	rig_answer(0);
	assert_int_equal(rig_watch(0, 250, at, RTE_DIM(at), &last), 1);
	assert_update(&a, last, 400);
}

static void open_of_a_flow_that_is_gone(void **state)
{
	struct peer a = peer_alice(), b = peer_bob();
	uint64_t flow = splice_with(&a, 500, &b, 400);

	(void)state;
	assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
	rig_open(a.id, flow, 0);
	rig_open(b.id, UINT64_MAX, 7);
	rig_silence();
	rig_no_event();
	assert_null(rig_leg(a.id));
	assert_null(rig_leg(b.id));
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_CLAIMED], 0);
}

/* --- FLOW_RESET --- */

static void assert_rst(unsigned int port, const struct peer *p, uint32_t seq, uint32_t ack)
{
	struct rte_mbuf *m = rig_take(port);
	struct segment s;

	assert_non_null(m);
	assert_checksums(m);
	s = segment_read(m);
	rte_pktmbuf_free(m);
	assert_int_equal(s.flags, RST | ACK);
	assert_to_peer(&s, p);
	assert_memory_equal(&s.dst_mac, &p->syn.src_mac, sizeof(s.dst_mac));
	assert_int_equal(s.seq, seq);
	assert_int_equal(s.ack, ack);
}

static void reset_numbers(void **state)
{
	struct peer a = peer_alice(), b = peer_bob();
	uint64_t flow = peers_splice(&a, &b);
	struct segment s;

	(void)state;
	rig_command(MAILBOX_FLOW_RESET, flow);
	assert_rst(0, &a, a.synack.seq + 1, a.syn.seq + 1);
	assert_rst(1, &b, b.synack.seq + 1, b.syn.seq + 1);
	assert_int_equal(rig_event(MAILBOX_FLOW_RESET_DONE).id, flow);

	/* Alice sent 100, bob acknowledged 60 of them and sent 1000, alice 1000 of those. */
	s = peer_segment(&a, ACK);
	s.n_payload = 100;
	rig_put(0, &s);
	rig_answer(1);
	s = peer_segment(&b, ACK);
	s.ack += 60;
	s.n_payload = 1000;
	rig_put(1, &s);
	rig_answer(0);
	s = peer_segment(&a, ACK);
	s.seq += 100;
	s.ack += 1000;
	rig_put(0, &s);
	rig_answer(1);
	rig_command(MAILBOX_FLOW_RESET, flow);
	assert_rst(0, &a, a.synack.seq + 1 + 1000, a.syn.seq + 1 + 100);
	assert_rst(1, &b, b.synack.seq + 1 + 60, b.syn.seq + 1 + 1000);
	/* He may have got the rest, and not said so yet. */
	assert_rst(1, &b, b.synack.seq + 1 + 100, b.syn.seq + 1 + 1000);
	rig_silence();
	assert_int_equal(rig_event(MAILBOX_FLOW_RESET_DONE).id, flow);
	rig_no_event();
}

static void reset_of_a_flow_that_is_gone(void **state)
{
	(void)state;
	rig_command(MAILBOX_FLOW_RESET, 12345);
	rig_silence();
	assert_int_equal(rig_event(MAILBOX_FLOW_RESET_DONE).id, 12345);
	rig_no_event();
}

/* With a full ring the word is only late, and commands wait for it. */
static void reset_with_a_full_ring(void **state)
{
	const struct mailbox_event filler = {.type = MAILBOX_LEG_GONE};
	struct peer a = peer_alice(), b = peer_bob();
	uint64_t flow = peers_splice(&a, &b), told = 0;
	struct mailbox_event ev;
	unsigned int n = 0, i;

	(void)state;
	while (mailbox_post_event(rig.mb, 0, &filler))
		n++;
	for (i = 0; i < 100; i++)
		assert_true(mailbox_post_command(
			rig.mb, 0,
			&(struct mailbox_command){.type = MAILBOX_FLOW_RESET,
						  .id = i == 0 ? flow : 1000 + i}));
	for (i = 0; i < 50; i++)
		rig_round();
	assert_rst(0, &a, a.synack.seq + 1, a.syn.seq + 1);
	assert_rst(1, &b, b.synack.seq + 1, b.syn.seq + 1);
	rig_silence(); /* once is enough */
	for (i = 0; i < n; i++)
		rig_event(MAILBOX_LEG_GONE);
	for (i = 0; i < 10; i++)
		rig_round();
	while (mailbox_take_events(rig.mb, &ev, 1) == 1) {
		assert_int_equal(ev.type, MAILBOX_FLOW_RESET_DONE);
		told++;
	}
	assert_int_equal(told, 100);
}

#define RIG_TEST(name) RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(windows),
		RIG_TEST(schedule),
		RIG_TEST(sign_of_life_stops_it),
		RIG_TEST(newest_window),
		RIG_TEST(open_of_a_flow_that_is_gone),
		RIG_TEST(reset_numbers),
		RIG_TEST(reset_of_a_flow_that_is_gone),
		RIG_TEST(reset_with_a_full_ring),
	};

	return cmocka_run_group_tests_name("opening", tests, rig_ports, rig_ports_end);
}

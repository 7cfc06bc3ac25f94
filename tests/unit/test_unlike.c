/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs unlike each other, through a whole worker: options of one leg only, and a smaller MSS. */
#include "peer_fixture.h"

#define MAX_PIECES 64

static struct peer a, b;
static uint64_t flow;

/* Alice or bob with `options` (enum leg_option) and `mss` in the SYN. */
static struct peer with(struct peer p, uint8_t options, uint16_t mss)
{
	const uint8_t told[] = {2, 4, (uint8_t)(mss >> 8), (uint8_t)mss};

	p.syn.n_options = 0;
	segment_option(&p.syn, told, sizeof(told));
	if (options & LEG_TIMESTAMPS)
		segment_timestamps(&p.syn, p.tsval, 0);
	if (options & LEG_SACK)
		segment_option(&p.syn, (const uint8_t *)"\1\1\4\2", 4);
	if (options & LEG_WSCALE)
		segment_option(&p.syn, (const uint8_t *)"\1\3\3\7", 4);
	return p;
}

static struct segment data_of(const struct peer *p, unsigned int n)
{
	struct segment s = peer_segment(p, ACK);
	unsigned int i;

	s.n_payload = n;
	for (i = 0; i < n; i++)
		s.payload[i] = (uint8_t)(i * 131 >> 3);
	return s;
}

static struct segment pass(const struct peer *p, const struct peer *q, const struct segment *s)
{
	rig_put(p->port, s);
	return rig_answer(q->port);
}

/* All that leaves towards q. */
static unsigned int pass_pieces(const struct peer *p, const struct peer *q, const struct segment *s,
				struct segment pieces[MAX_PIECES])
{
	struct rte_mbuf *m;
	unsigned int n = 0;

	rig_put(p->port, s);
	while ((m = rig_take(q->port)) != NULL) {
		assert_true(n < MAX_PIECES);
		assert_checksums(m);
		pieces[n++] = segment_read(m);
		rte_pktmbuf_free(m);
	}
	rig_silence();
	return n;
}

static uint32_t t_of(const struct peer *p)
{
	uint32_t t, echo;

	assert_true(segment_find_timestamps(&p->synack, &t, &echo));
	return t;
}

static bool has(const struct peer *p, uint8_t kind)
{
	unsigned int at;

	for (at = 0; at + 1 < p->syn.n_options;
	     at += p->syn.options[at] == 1 ? 1 : p->syn.options[at + 1]) {
		if (p->syn.options[at] == kind)
			return true;
	}
	return false;
}

/* Data with a SACK block, if its sender may send one: what must arrive of the options. */
static void check_way(struct peer *p, const struct peer *q)
{
	const uint8_t block[] = {1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2};
	struct segment s, got;
	uint32_t tsval, tsecr, first, zero;
	unsigned int at, sacks = 0;

	p->tsval++;
	s = data_of(p, 100);
	if (has(p, 4))
		segment_option(&s, block, sizeof(block));
	got = pass(p, q, &s);
	assert_to_peer(&got, q);
	assert_int_equal(got.seq, q->synack.seq + 1);
	assert_int_equal(got.ack, q->syn.seq + 1);
	/* In p's own scale of 7, if it told one, and in the relay's of 8, if q heard of it. */
	assert_int_equal(got.window, 500 << (has(p, 3) ? 7 : 0) >> (has(q, 3) ? 8 : 0));
	assert_int_equal(got.n_payload, 100);
	assert_memory_equal(got.payload, s.payload, 100);
	assert_int_equal(segment_find_timestamps(&got, &tsval, &tsecr), has(q, 8));
	if (has(q, 8)) {
		assert_true((int32_t)(tsval - t_of(q)) >= 0);
		assert_true((int32_t)(tsval - t_of(q)) < 1000);
		/* The peer itself echoes the SYN's here, the relay the newest. */
		assert_true(segment_find_timestamps(&q->syn, &first, &zero));
		assert_int_equal(tsecr, has(p, 8) ? first : q->tsval);
	}
	for (at = 0; at < got.n_options; at += got.options[at] == 1 ? 1 : got.options[at + 1])
		sacks += got.options[at] == 5;
	assert_int_equal(sacks, has(p, 4) && has(q, 4));
}

static void all_pairs_of_options(void **state)
{
	uint8_t options;

	(void)state;
	for (options = 0; options < 64; options++) {
		if (options % 16 == 0 && options > 0)
			rig_advance(20000);
		a = with(peer_alice(), options & 7, 1460);
		b = with(peer_bob(), options >> 3, 1460);
		flow = peers_splice(&a, &b);
		check_way(&a, &b);
		rig_advance(3);
		check_way(&b, &a);
		assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
		rig_advance(300);
	}
}

/* --- timestamps that are made up --- */

#define NO_TS (LEG_SACK | LEG_WSCALE)
#define ALL   (LEG_TIMESTAMPS | LEG_SACK | LEG_WSCALE)

/* Alice without timestamps, bob with all there is. */
static int start_unlike(void **state)
{
	if (rig_start(state) < 0)
		return -1;
	a = with(peer_alice(), NO_TS, 1460);
	b = with(peer_bob(), ALL, 1460);
	flow = peers_splice(&a, &b);
	return 0;
}

/* What bob gets of alice's clock that is none, counted from T; and the echo. */
static uint32_t made_up(const struct segment *s, uint32_t *echo)
{
	struct segment got = pass(&a, &b, s);
	uint32_t tsval;

	assert_true(segment_find_timestamps(&got, &tsval, echo));
	return tsval - t_of(&b);
}

static void clock_goes_on(void **state)
{
	const uint8_t flags[] = {ACK, ACK | PSH, ACK | FIN, ACK | URG};
	struct segment s;
	uint32_t echo, first;
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(flags); i++) {
		s = data_of(&a, 10);
		s.flags = flags[i];
		assert_int_equal(made_up(&s, &echo), i * 5);
		assert_int_equal(echo, b.tsval);
		rig_advance(5);
	}
	s = peer_segment(&a, ACK); /* a keep-alive */
	s.seq--;
	assert_int_equal(made_up(&s, &echo), 20);
	rig.now_ms -= 3; /* another worker's clock */
	s.n_payload = 1; /* a probe of a closed window */
	assert_int_equal(made_up(&s, &echo), 20);
	s = data_of(&a, 10); /* no ACK, no echo */
	s.flags = PSH;
	s.ack = 0;
	assert_int_equal(made_up(&s, &echo), 20);
	assert_int_equal(echo, 0);
	/* What bob says in order is echoed from then on. */
	b.tsval += 7;
	s = data_of(&b, 10);
	pass(&b, &a, &s);
	s = data_of(&a, 10);
	made_up(&s, &first);
	assert_int_equal(first, b.tsval);
}

static void rst_and_syn_do_without(void **state)
{
	const uint8_t flags[] = {SYN, RST | ACK, RST};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(flags); i++) {
		struct segment s = peer_segment(&a, flags[i]), got = pass(&a, &b, &s);

		assert_int_equal(got.n_options, 0);
		assert_int_equal(got.flags, flags[i]);
	}
}

/* The updates of such a leg are on the clock that its segments are. */
static void updates_are_on_the_clock(void **state)
{
	struct leg_report from_a, from_b;
	uint32_t tsval, echo, t;
	struct segment s, got;
	uint64_t at_ms;

	(void)state;
	a = with(peer_alice(), NO_TS, 1460);
	b = with(peer_bob(), ALL, 1460);
	peer_connect(&a);
	peer_connect(&b);
	t = t_of(&b);
	from_a = peer_retire(&a);
	from_b = peer_retire(&b);
	rig.flows.now_ms = rig.now_ms + 2; /* the control thread's clock is ahead */
	flow = flow_rig_insert(&rig.flows, &from_a, &from_b);
	rig_open(a.id, flow, 0);
	assert_int_equal(rig_answer(0).n_options, 0);
	s = data_of(&a, 10);
	assert_int_equal(made_up(&s, &echo), 0);
	rig_advance(12);
	s = data_of(&a, 10);
	assert_int_equal(made_up(&s, &echo), 10);
	rig_open(b.id, flow, 1);
	got = rig_answer(1);
	assert_true(segment_find_timestamps(&got, &tsval, &echo));
	assert_int_equal(tsval - t, 10);
	assert_int_equal(echo, b.tsval);
	assert_int_equal(rig_watch(1, 300, &at_ms, 1, &got), 1);
	assert_true(segment_find_timestamps(&got, &tsval, &echo));
	assert_int_equal(tsval - t, 10 + at_ms);
	s = data_of(&a, 10);
	assert_int_equal(made_up(&s, &echo), 310);
}

/* What came damaged leaves damaged. */
static void damage_stays_visible(void **state)
{
	struct segment s = data_of(&a, 101);
	struct rte_mbuf *m;

	(void)state;
	s.bad_tcp = 0x0101;
	rig_put(0, &s);
	m = rig_take(1);
	assert_non_null(m);
	assert_int_equal(segment_read(m).n_options, 12);
	assert_int_not_equal(tcp_residue(m), 0xffff);
	rte_pktmbuf_free(m);
}

static void no_headroom(void **state)
{
	struct segment s = data_of(&a, 10);
	struct rte_mbuf *m = segment_build(&s);
	uint8_t frame[256];
	unsigned int n = segment_bytes(&s, frame);
	uint64_t packets = rig_stats()->relayed_packets;

	(void)state;
	rte_pktmbuf_adj(m, m->data_len);
	m->data_off = 0;
	memcpy(rte_pktmbuf_append(m, (uint16_t)n), frame, n);
	rig_send_frame(0, m);
	rig_round();
	if (a.syn.v6 && !b.syn.v6) { /* the shorter header makes the room */
		rig_answer(1);
		return;
	}
	rig_silence();
	assert_int_equal(rig_dropped(DROP_NO_BUFFER), 1);
	assert_int_equal(rig_stats()->relayed_packets, packets);
	assert_int_equal(rig_stats()->relayed_bytes, 0);
}

/* --- segments that are cut --- */

/* Splice alice to a bob who told `mss`. */
static void splice_mss(uint8_t alice_has, uint8_t bob_has, uint16_t mss)
{
	a = with(peer_alice(), alice_has, 1460);
	b = with(peer_bob(), bob_has, mss);
	flow = peers_splice(&a, &b);
}

/* Let `s` pass to bob: all of it arrives, in order, in pieces of which none has more than `most`
 * bytes of options and payload; returns how many. */
static unsigned int assert_cut(const struct segment *s, unsigned int most)
{
	struct segment pieces[MAX_PIECES];
	uint64_t packets = rig_stats()->relayed_packets, bytes = rig_stats()->relayed_bytes;
	unsigned int i, n = pass_pieces(&a, &b, s, pieces);
	uint32_t offset = 0;

	for (i = 0; i < n; i++) {
		const struct segment *piece = &pieces[i];
		bool last = i + 1 == n;

		assert_to_peer(piece, &b);
		assert_memory_equal(&piece->dst_mac, &bob_mac, sizeof(bob_mac));
		assert_memory_equal(&piece->src_mac, &port_mac[1], sizeof(port_mac[1]));
		assert_true(piece->n_options + piece->n_payload <= most);
		assert_true(last || piece->n_options + piece->n_payload == most);
		assert_int_equal(piece->seq, b.synack.seq + 1 + offset);
		assert_int_equal(piece->ack, b.syn.seq + 1);
		assert_int_equal(piece->flags, last ? s->flags : s->flags & ~(FIN | PSH));
		assert_int_equal(piece->n_options, pieces[0].n_options);
		assert_memory_equal(piece->options, pieces[0].options, piece->n_options);
		assert_memory_equal(piece->payload, s->payload + offset, piece->n_payload);
		offset += piece->n_payload;
	}
	assert_int_equal(offset, s->n_payload);
	assert_int_equal(rig_stats()->relayed_packets - packets, n);
	assert_int_equal(rig_stats()->relayed_bytes - bytes, s->n_payload);
	return n;
}

static void cut_for_a_smaller_mss(void **state)
{
	static const struct {
		uint8_t a, b;
		uint16_t mss;
		unsigned int payload, most, pieces;
	} rows[] = {
		{0, 0, 536, 536, 536, 1},
		{0, 0, 536, 537, 536, 2},
		{0, 0, 536, 1400, 536, 3},
		{ALL, ALL, 536, 524, 536, 1},
		{ALL, ALL, 536, 525, 536, 2},
		{ALL, 0, 536, 1388, 536, 3}, /* blanked options are options */
		{0, ALL, 536, 524, 536, 1},
		{0, ALL, 536, 525, 536, 2},
		{0, ALL, 1280, 1388, 1280, 2},
		{0, 0, 88, 1400, 88, 16},
		{0, 0, 1, 1400, 88, 16}, /* not believed */
		{0, LEG_TIMESTAMPS, 0, 1400, 88, 19},
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct segment s;

		splice_mss(rows[i].a, rows[i].b, rows[i].mss);
		s = data_of(&a, rows[i].payload);
		s.flags = FIN | PSH | ACK;
		assert_int_equal(assert_cut(&s, rows[i].most), rows[i].pieces);
		s = peer_segment(&b, ACK); /* all that was cut, the FIN too, is acknowledged */
		s.ack += rows[i].payload + 1;
		assert_int_equal(pass(&b, &a, &s).ack, a.syn.seq + 2 + rows[i].payload);
		assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
		rig_advance(20000);
	}
}

/* The other port's link has room for 1460 bytes, or 1440 over IPv6. */
static void cut_for_the_way_out(void **state)
{
	struct segment s;

	(void)state;
	splice_mss(0, 0, 9000);
	s = data_of(&a, 1440);
	assert_int_equal(assert_cut(&s, 1440), 1);
	s = data_of(&a, 1441);
	assert_int_equal(assert_cut(&s, b.syn.v6 ? 1440 : 1460), b.syn.v6 ? 2 : 1);
	s = data_of(&a, 1460);
	assert_int_equal(assert_cut(&s, b.syn.v6 ? 1440 : 1460), b.syn.v6 ? 2 : 1);
}

/* Who has no timestamps is told an MSS that leaves room for them: nothing is cut for those. */
static void told_mss_has_room(void **state)
{
	static const uint8_t options[] = {0, NO_TS, LEG_TIMESTAMPS, ALL};
	unsigned int i;

	(void)state;
	rig.listener.mss = 1440; /* as much as IPv6 has room for */
	rig_listen();
	for (i = 0; i < RTE_DIM(options); i++) {
		struct segment s;

		splice_mss(options[i], ALL, 1440);
		s = data_of(&a, 0);
		s.n_payload = (unsigned int)(a.synack.options[2] << 8 | a.synack.options[3]) -
			      s.n_options;
		assert_int_equal(s.n_payload, 1428);
		assert_int_equal(assert_cut(&s, 1440), 1);
		assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
		rig_advance(20000);
	}
}

/* IPv4 options, which no MSS counts, take from the payload (RFC 6691). */
static void ipv4_options_count(void **state)
{
	struct segment s;

	(void)state;
	splice_mss(0, 0, 536);
	s = data_of(&a, 536);
	if (!a.syn.v6) {
		s.n_ip_options = 8;
		memset(s.ip_options, 1, 8);
	}
	if (!a.syn.v6 && !b.syn.v6) {
		struct segment pieces[MAX_PIECES];

		assert_int_equal(pass_pieces(&a, &b, &s, pieces), 2);
		assert_int_equal(pieces[0].n_payload, 528);
		assert_int_equal(pieces[0].n_ip_options, 8);
		assert_int_equal(pieces[1].n_payload, 8);
	} else {
		assert_int_equal(assert_cut(&s, 536), 1);
	}
}

/* To cut is to compute checksums: what came bad must not become good. */
static void damage_is_not_cut(void **state)
{
	struct segment s;

	(void)state;
	splice_mss(0, ALL, 536);
	s = data_of(&a, 1000);
	s.bad_tcp = 0x0101;
	rig_put(0, &s);
	rig_silence();
	assert_int_equal(rig_dropped(DROP_CHECKSUM), 1);
	assert_int_equal(rig_stats()->relayed_packets, 0);
	assert_int_equal(rig_stats()->relayed_bytes, 0);
}

static void not_to_be_cut(void **state)
{
	struct flow_line *line;
	struct rte_mbuf *told;
	struct segment s;
	unsigned int n;

	(void)state;
	splice_mss(0, ALL, 536);
	line = &rig.flows.t.lines[flow_table_slot(&rig.flows.t, flow)];
	s = data_of(&a, 1000);
	for (line->mss = 0; line->mss <= 12; line->mss++) { /* no room behind the timestamps */
		rig_put(0, &s);
		/* DF is not set; IPv6 is told all the same.  What: test_icmp.c */
		told = rig_take(0);
		assert_int_equal(told != NULL, a.syn.v6 || b.syn.v6);
		rte_pktmbuf_free(told);
	}
	rig_silence();
	assert_int_equal(rig_dropped(DROP_TOO_BIG), 13);
	assert_int_equal(rig_stats()->relayed_bytes, 0);
	line->mss = 12 + 5; /* a little is room enough */
	rig_put(0, &s);
	for (n = 0; (told = rig_take(1)) != NULL; n++)
		rte_pktmbuf_free(told);
	assert_int_equal(n, 200);
	s = peer_segment(&a, ACK); /* an ACK has nothing to cut */
	line->mss = 1;
	pass(&a, &b, &s);
}

static void no_buffers(void **state)
{
	static struct rte_mbuf *all[4096];
	struct segment s, got;
	struct rte_mbuf *m;
	unsigned int n = 0;

	(void)state;
	splice_mss(0, 0, 536);
	s = data_of(&a, 1400);
	s.flags = PSH | ACK;
	m = segment_build(&s);
	while (n < RTE_DIM(all) && (all[n] = rte_pktmbuf_alloc(fixture_pool)) != NULL)
		n++;
	rig_send_frame(0, m);
	rig_round();
	got = rig_answer(1);
	assert_int_equal(got.n_payload, 536);
	assert_int_equal(got.flags, ACK);
	assert_int_equal(rig_dropped(DROP_NO_BUFFER), 1);
	assert_int_equal(rig_stats()->relayed_bytes, 536);
	rte_pktmbuf_free_bulk(all, n);
}

/* --- anything at all --- */

static struct segment any_segment(const struct peer *p)
{
	static const uint8_t kinds[] = {0, 1, 1, 5, 5, 5, 8, 8, 28, 253};
	struct segment s = data_of(p, fixture_between(0, 1) ? 0 : fixture_between(0, 1400));
	unsigned int at;

	s.n_options = 4 * fixture_between(0, 10);
	for (at = 0; at < s.n_options; at++)
		s.options[at] = (uint8_t)fixture_random();
	for (at = 0; at + 2 <= s.n_options && fixture_between(0, 15) > 0; at += s.options[at + 1]) {
		s.options[at] = kinds[fixture_between(0, RTE_DIM(kinds) - 1)];
		s.options[at + 1] = (uint8_t)(s.options[at] == 5   ? 2 + 8 * fixture_between(1, 4)
					      : s.options[at] == 8 ? 10
								   : fixture_between(2, 9));
	}
	s.flags = fixture_between(0, 3) ? ACK : (uint8_t)fixture_random();
	s.urgent = (uint16_t)fixture_random();
	s.seq += fixture_between(0, 3) - 1;
	if (fixture_between(0, 7) == 0)
		s.bad_tcp = 1;
	return s;
}

/* Segments with any options between legs that differ in all: what leaves is well-formed, fits, and
 * is good if and only if it came so. */
static void any_options(void **state)
{
	unsigned int i, j, n;

	(void)state;
	fixture_seed();
	for (i = 0; i < 12; i++) {
		splice_mss((uint8_t)fixture_between(0, 7), (uint8_t)fixture_between(0, 7), 200);
		for (j = 0; j < 2000; j++) {
			const struct peer *p = fixture_between(0, 1) ? &a : &b;
			struct segment s = any_segment(p);
			unsigned int port = 1 - p->port;
			struct rte_mbuf *m;

			if ((s.flags & (SYN | RST)) != 0) /* nobody begins anew here */
				s.flags = ACK;
			rig_put(p->port, &s);
			for (n = 0; (m = rig_take(port)) != NULL; n++) {
				struct segment got = segment_read(m);

				assert_true(port == 0 || got.n_payload == 0 ||
					    got.n_payload + got.n_options <= 200);
				assert_int_equal(tcp_residue(m) == 0xffff, s.bad_tcp == 0);
				rte_pktmbuf_free(m);
			}
			assert_true(n > 0 || s.bad_tcp != 0);
		}
		assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
		rig_advance(20000);
	}
}

#define UNLIKE_TEST(name) RIG_MIXED(name, start_unlike)
#define RIG_TEST(name)	  RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(all_pairs_of_options),
		UNLIKE_TEST(clock_goes_on),
		UNLIKE_TEST(rst_and_syn_do_without),
		RIG_TEST(updates_are_on_the_clock),
		UNLIKE_TEST(damage_stays_visible),
		UNLIKE_TEST(no_headroom),
		RIG_TEST(cut_for_a_smaller_mss),
		RIG_TEST(cut_for_the_way_out),
		RIG_TEST(told_mss_has_room),
		RIG_TEST(ipv4_options_count),
		RIG_TEST(damage_is_not_cut),
		RIG_TEST(not_to_be_cut),
		RIG_TEST(no_buffers),
		RIG_TEST(any_options),
	};

	return cmocka_run_group_tests_name("unlike", tests, rig_ports, rig_ports_end);
}

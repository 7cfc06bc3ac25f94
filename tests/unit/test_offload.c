/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Super-frames and partial checksums, as a kernel hands them over: they leave whole and partial by
 * a port that finishes them, and in pieces with good checksums by any other; both families and both
 * mixes, with timestamps kept, taken away and put in.
 */
#include "frame_check.h"
#include "offload.h"
#include "peer_fixture.h"
#include "segment.h"

#define HEAD_PAYLOAD 700 /* of it in the first mbuf */
#define SEGSZ	     1388
#define BIG	     32768
#define ROOM	     1460 /* IPv4; 20 less in IPv6 */

static struct rte_mempool *big;
static uint8_t flat[65536 + 256];

static int start_group(void **state)
{
	if (rig_ports(state) < 0)
		return -1;
	big = rte_pktmbuf_pool_create("big", 31, 0, 0, BIG + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	return big != NULL ? 0 : -1;
}

static int end_group(void **state)
{
	rte_mempool_free(big);
	return rig_ports_end(state);
}

static int start_plain(void **state)
{
	memset(rig_offload, 0, sizeof(rig_offload));
	return rig_start(state);
}

static int start_offload(void **state)
{
	rig_offload[0] = rig_offload[1] = true;
	return rig_start(state);
}

static int end(void **state)
{
	memset(rig_offload, 0, sizeof(rig_offload));
	assert_int_equal(rte_mempool_avail_count(big), 31);
	return rig_end(state);
}

static uint8_t byte_at(unsigned int i)
{
	return (uint8_t)(i * 7 + i / 251);
}

/* The mbufs behind the first: payload from `done` on. */
static void append_rest(struct rte_mbuf *m, unsigned int done, unsigned int payload)
{
	while (done < payload) {
		struct rte_mbuf *part = rte_pktmbuf_alloc(big);
		unsigned int n = RTE_MIN(payload - done, (unsigned int)BIG), i;
		uint8_t *to = (uint8_t *)rte_pktmbuf_append(part, (uint16_t)n);

		for (i = 0; i < n; i++)
			to[i] = byte_at(done + i);
		assert_int_equal(rte_pktmbuf_chain(m, part), 0);
		done += n;
	}
}

/* `s` with `payload` bytes and a partial checksum; `segsz` 0: it is one packet. */
static struct rte_mbuf *build(const struct segment *s, unsigned int payload, uint16_t segsz)
{
	uint8_t frame[2048];
	unsigned int head = segment_bytes(s, frame), first = RTE_MIN(payload, HEAD_PAYLOAD), i;
	unsigned int ip = 14, tcp = ip + (s->v6 ? 40 : 20), length = head + payload;
	struct frame_view v;
	struct rte_mbuf *m;

	for (i = 0; i < first; i++)
		frame[head + i] = byte_at(i);
	assert_true(frame_look(frame, head, &v));
	frame_put16(frame + ip + (s->v6 ? 4 : 2), (uint16_t)(length - (s->v6 ? tcp : ip)));
	if (!s->v6) {
		frame_put16(frame + ip + 10, 0);
		frame_put16(frame + ip + 10, (uint16_t)~frame_sum(frame + ip, 20, 0));
	}
	frame_put16(frame + tcp + 16, frame_pseudo_sum(s->v6, frame + ip, 6, length - tcp));
	m = frame_build(frame, head + first);
	append_rest(m, first, payload);
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM | (segsz != 0 ? RTE_MBUF_F_TX_TCP_SEG : 0);
	m->tso_segsz = segsz;
	return m;
}

/* All of the chain in `flat`. */
static struct frame_view flatten(const struct rte_mbuf *m)
{
	struct frame_view v;
	unsigned int n = 0;

	for (const struct rte_mbuf *part = m; part != NULL; part = part->next) {
		memcpy(flat + n, rte_pktmbuf_mtod(part, const void *), part->data_len);
		n += part->data_len;
	}
	assert_int_equal(n, m->pkt_len);
	assert_true(frame_look(flat, n, &v));
	assert_int_equal(v.end, n);
	assert_int_equal(frame_ip_residue(&v), 0xffff);
	return v;
}

static void assert_payload(const struct frame_view *v, unsigned int from)
{
	unsigned int i;

	for (i = 0; i < v->payload; i++)
		assert_int_equal(flat[v->tcp + v->tcp_header + i], byte_at(from + i));
}

static unsigned int room_of(bool v6)
{
	return ROOM - (v6 ? 20 : 0);
}

/* One frame left towards `q`, the rest of it for the port to do: complete what it says. */
static void assert_left_whole(const struct peer *q, unsigned int payload, uint16_t segsz)
{
	struct rte_mbuf *m = rig_take(q->port);
	struct frame_view v;
	unsigned int step;

	assert_non_null(m);
	v = flatten(m);
	step = RTE_MIN(RTE_MIN(room_of(q->syn.v6), 1400U) - (v.tcp_header - 20),
		       segsz != 0 ? segsz : 65535U);
	assert_int_equal(v.v6, q->syn.v6);
	assert_int_equal(v.payload, payload);
	assert_payload(&v, 0);
	assert_true(m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM);
	assert_int_equal(!!(m->ol_flags & RTE_MBUF_F_TX_IPV6), v.v6);
	assert_int_equal(!!(m->ol_flags & RTE_MBUF_F_TX_IPV4), !v.v6);
	assert_int_equal(!!(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG), payload > step);
	if (payload > step)
		assert_int_equal(m->tso_segsz, step);
	assert_int_equal(m->l2_len, v.ip);
	assert_int_equal(m->l2_len + m->l3_len, v.tcp);
	assert_int_equal(m->l4_len, v.tcp_header);
	/* What the port computes: the sum from the TCP header on, with the field as it is. */
	frame_put16(flat + v.tcp + 16, (uint16_t)~frame_sum(flat + v.tcp, v.end - v.tcp, 0));
	assert_int_equal(frame_tcp_residue(&v), 0xffff);
	rte_pktmbuf_free(m);
	rig_silence();
}

/* Packets left towards `q` that want nothing more. */
static void assert_left_cut(const struct peer *q, unsigned int payload, uint16_t segsz)
{
	unsigned int done = 0, step;
	struct rte_mbuf *m;

	while ((m = rig_take(q->port)) != NULL) {
		struct frame_view v = flatten(m);

		step = RTE_MIN(RTE_MIN(room_of(q->syn.v6), 1400U) - (v.tcp_header - 20),
			       segsz != 0 ? segsz : 65535U);
		assert_int_equal(m->nb_segs, 1);
		assert_int_equal(m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK, 0);
		assert_int_equal(frame_tcp_residue(&v), 0xffff);
		assert_int_equal(v.payload, RTE_MIN(step, payload - done));
		assert_int_equal(frame_get32(flat + v.tcp + 4), q->synack.seq + 1 + done);
		assert_payload(&v, done);
		done += v.payload;
		assert_int_equal(!!(flat[v.tcp + 13] & FIN), done == payload);
		rte_pktmbuf_free(m);
		if (payload == 0)
			break;
	}
	assert_int_equal(done, payload);
	rig_silence();
}

/* Neither peer has timestamps, one of them, the other, both. */
static uint64_t splice_peers(struct peer *a, struct peer *b, unsigned int timestamps)
{
	*a = peer_alice();
	*b = peer_bob();
	if (!(timestamps & 1))
		a->syn.n_options = 4;
	if (!(timestamps & 2))
		b->syn.n_options = 4;
	/* MSS 1400 */
	a->syn.options[2] = b->syn.options[2] = 1400 >> 8;
	a->syn.options[3] = b->syn.options[3] = 1400 & 0xff;
	return peers_splice(a, b);
}

static const struct {
	unsigned int payload;
	uint16_t segsz;
} frames[] = {
	{1, 0},		{600, 0},	{1200, 0},	{1388, 0},     {1400, 0},
	{1440, 0},	{1400, SEGSZ},	{2000, SEGSZ},	{2776, SEGSZ}, {2777, SEGSZ},
	{30000, SEGSZ}, {30001, SEGSZ}, {64000, SEGSZ}, {64000, 536},  {63999, 1460},
};

static void send_all(unsigned int timestamps,
		     void (*check)(const struct peer *, unsigned int, uint16_t))
{
	struct peer a, b;
	unsigned int i;

	splice_peers(&a, &b, timestamps);
	for (i = 0; i < RTE_DIM(frames); i++) {
		struct segment s = peer_segment(&a, ACK | PSH | FIN);

		rig_send_frame(a.port, build(&s, frames[i].payload, frames[i].segsz));
		rig_round();
		check(&b, frames[i].payload, frames[i].segsz);
		s = peer_segment(&b, ACK | PSH | FIN);
		rig_send_frame(b.port, build(&s, frames[i].payload, frames[i].segsz));
		rig_round();
		check(&a, frames[i].payload, frames[i].segsz);
	}
}

#define TESTS_OF(n)                             \
	static void whole_##n(void **state)     \
	{                                       \
		(void)state;                    \
		send_all(n, assert_left_whole); \
	}                                       \
	static void cut_##n(void **state)       \
	{                                       \
		(void)state;                    \
		send_all(n, assert_left_cut);   \
	}

TESTS_OF(0)
TESTS_OF(1)
TESTS_OF(2)
TESTS_OF(3)

/* The far leg takes so little behind the options that there would be too many packets of it: its
 * sender is told, and nothing goes. */
static void too_many(void **state)
{
	struct peer a, b;
	struct segment s;
	struct rte_mbuf *told;
	struct flow_table *t = &rig.flows.t;

	(void)state;
	t->lines[flow_table_slot(t, splice_peers(&a, &b, 3))].mss = 12 + 8;
	s = peer_segment(&a, ACK);
	rig_send_frame(a.port, build(&s, SEGMENT_PIECES * 8 + 1, SEGSZ));
	rig_round();
	/* DF is not set; IPv6 is told all the same. */
	told = rig_take(a.port);
	assert_int_equal(told != NULL, a.syn.v6 || b.syn.v6);
	rte_pktmbuf_free(told);
	rig_silence();
	assert_int_equal(rig_dropped(DROP_TOO_BIG), 1);
}

/* RFC 7915 5.1: what was IPv6 may be fragmented if each packet on the wire is small enough. */
static void fragmentable(void **state)
{
	static const struct {
		uint16_t segsz;
		bool may;
	} rows[] = {{500, true}, {1260 - 52, true}, {1260 - 51, false}, {1388, false}};
	struct peer a, b;
	unsigned int i;

	(void)state;
	splice_peers(&a, &b, 3);
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct segment s = peer_segment(&a, ACK);
		struct rte_mbuf *m;

		rig_send_frame(a.port, build(&s, 10000, rows[i].segsz));
		rig_round();
		m = rig_take(b.port);
		assert_non_null(m);
		flatten(m);
		assert_int_equal(frame_get16(flat + 14 + 6), rows[i].may ? 0 : 0x4000);
		rte_pktmbuf_free(m);
	}
	rig_silence();
}

/* One that would be longer than lengths can say is dropped: its sender's next one is not. */
static void too_long(void **state)
{
	struct peer a, b;
	struct segment s;
	unsigned int most;

	(void)state;
	splice_peers(&a, &b, 2); /* b's are put in: 12 bytes */
	s = peer_segment(&a, ACK);
	most = UINT16_MAX - 32 - (b.syn.v6 ? 40 : 20);
	rig_send_frame(a.port, build(&s, most, SEGSZ));
	rig_round();
	assert_left_whole(&b, most, SEGSZ);
	rig_send_frame(a.port, build(&s, most + 1, SEGSZ));
	rig_round();
	rig_silence();
	assert_int_equal(rig_dropped(DROP_NO_BUFFER), 1);
}

/* A handshake with partial checksums, and one whose partial checksum is not that of its header. */
static void handshake(void **state)
{
	struct peer a = peer_alice();
	struct rte_mbuf *m = build(&a.syn, 0, 0);

	(void)state;
	rig_send_frame(a.port, m);
	rig_round();
	assert_int_equal(rig_answer(a.port).flags, SYN | ACK);
	rig_event(MAILBOX_LEG_HALF_OPEN);
	peer_rehost(&a, 7);
	peer_move(&a, 1);
	m = build(&a.syn, 0, 0);
	rte_pktmbuf_mtod(m, uint8_t *)[14 + (a.syn.v6 ? 40 : 20) + 17] ^= 1;
	rig_send_frame(a.port, m);
	rig_round();
	rig_silence();
	assert_int_equal(rig_dropped(DROP_CHECKSUM), 1);
}

#define OFFLOAD_ROWS(test, set_up)                                   \
	{#test " (4, 4)", test, set_up, end, &rig_mixes[0]},         \
		{#test " (6, 6)", test, set_up, end, &rig_mixes[1]}, \
		{#test " (4, 6)", test, set_up, end, &rig_mixes[2]}, \
	{                                                            \
#test " (6, 4)", test, set_up, end, &rig_mixes[3]    \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OFFLOAD_ROWS(whole_0, start_offload),
		OFFLOAD_ROWS(whole_1, start_offload),
		OFFLOAD_ROWS(whole_2, start_offload),
		OFFLOAD_ROWS(whole_3, start_offload),
		OFFLOAD_ROWS(cut_0, start_plain),
		OFFLOAD_ROWS(cut_1, start_plain),
		OFFLOAD_ROWS(cut_2, start_plain),
		OFFLOAD_ROWS(cut_3, start_plain),
		OFFLOAD_ROWS(handshake, start_plain),
		OFFLOAD_ROWS(handshake, start_offload),
		OFFLOAD_ROWS(too_many, start_plain),
		OFFLOAD_ROWS(too_many, start_offload),
		OFFLOAD_ROWS(too_long, start_offload),
		{"fragmentable (6, 4)", fragmentable, start_offload, end, &rig_mixes[3]},
	};

	return cmocka_run_group_tests_name("offload", tests, start_group, end_group);
}

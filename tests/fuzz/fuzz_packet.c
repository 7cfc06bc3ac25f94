/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames through the parser, the look-up, the tracking and the translation of one flow, between
 * all combinations of families, each judged by code of its own.
 *
 * An input is the flow's numbers (struct numbers) and frames, each with a byte of repairs, a byte
 * of headroom, a byte saying where the mbuf chain is cut, and its length.  The repairs, addresses
 * and checksums for example, spare the fuzzer from having to guess them.
 */
#include "flow_table.h"
#include "frame_check.h"
#include "fuzz.h"
#include "fuzz_eal.h"
#include "last_hop.h"
#include "next_hop.h"
#include "packet.h"
#include "segment.h"
#include "seq.h"
#include "splice.h"
#include "timestamp.h"
#include "track.h"
#include "vlan.h"

#define FRAMES_MAX 16
#define POOL_MBUFS 127U

enum repair {
	REPAIR_SIDE = 1 << 0,	 /* it comes from b, not from a */
	REPAIR_MAC = 1 << 1,	 /* addressed to the port */
	REPAIR_ENDS = 1 << 2,	 /* the flow's addresses and ports */
	REPAIR_SUMS = 1 << 3,	 /* good checksums */
	REPAIR_NUMBERS = 1 << 4, /* seq and ack count from what is expected */
	REPAIR_TAG = 1 << 5,	 /* put a tag of VLAN on it in the end */
	REPAIR_PRIORITY = 1 << 6 /* and one of VLAN 0 before */
};

struct numbers {
	uint8_t shape;	  /* bit 0: a is IPv6; bit 1: b is; rest: see room_of() */
	uint8_t options;  /* of a, but for the scale; from bit 2 on what b has otherwise; bit 7:
				  the port has a VLAN */
	uint8_t scale[2]; /* bit 7: not negotiated */
	uint32_t number[2][4]; /* S, R, T, and TSval of the SYN */
	uint16_t window[2];
};

static const struct rte_ether_addr port_mac = {{0x02, 0, 0, 0, 0, 0x10}};
static struct flow_table flows;
static struct rte_mempool *pool;

/* How many bytes of options and payload a segment may have: 0: any. */
static unsigned int room;

static unsigned int room_of(const struct numbers *n)
{
	return (n->shape >> 2) * 24;
}

/* --- the flow --- */

static void address(struct in6_addr *to, bool v6, unsigned int host)
{
	const uint8_t net[16] = {0x20, 0x01, 0x0d, 0xb8, 0xfe, 0xdc, 0xba, 0x98};

	if (v6) {
		memcpy(to, net, sizeof(net));
		to->s6_addr[15] = (uint8_t)host;
	} else {
		tuple_map_v4(to, rte_cpu_to_be_32(0xc0000200 + host));
	}
}

static struct leg_report leg_of(const struct numbers *n, unsigned int side)
{
	const struct rte_ether_addr mac = {{0x02, 0, 0, 0, 1, (uint8_t)side}};
	bool v6 = n->shape >> side & 1;
	struct leg_report r = {
		.tuple = {.peer_port = rte_cpu_to_be_16((uint16_t)(40000 + side)),
			  .relay_port = rte_cpu_to_be_16(4000)},
		.next_hop = next_hop_make(side, 0, &mac),
		.snd_nxt = n->number[side][0],
		.rcv_nxt = n->number[side][1],
		.ts_const = n->number[side][2],
		.ts_first = n->number[side][3],
		.ts_recent = n->number[side][3],
		.window = n->window[side],
		.mss = 1460,
		.options =
			(n->options ^ (side ? n->options >> 2 : 0)) & (LEG_TIMESTAMPS | LEG_SACK),
	};

	address(&r.tuple.peer_addr, v6, 1 + side);
	address(&r.tuple.relay_addr, v6, 10);
	if (!(n->scale[side] & 0x80)) {
		r.options |= LEG_WSCALE;
		r.wscale = n->scale[side] % 15;
	}
	return r;
}

/* --- frames --- */

#define VLAN 100 /* of the port, if it has one */

static void put_ends(uint8_t *f, const struct frame_view *v, const struct leg_report *leg)
{
	if (v->v6) {
		memcpy(f + v->ip + 8, &leg->tuple.peer_addr, 16);
		memcpy(f + v->ip + 24, &leg->tuple.relay_addr, 16);
	} else {
		memcpy(f + v->ip + 12, &leg->tuple.peer_addr.s6_addr[12], 4);
		memcpy(f + v->ip + 16, &leg->tuple.relay_addr.s6_addr[12], 4);
	}
	memcpy(f + v->tcp, &leg->tuple.peer_port, 2);
	memcpy(f + v->tcp + 2, &leg->tuple.relay_port, 2);
}

static void repair(uint8_t *f, size_t n, uint8_t repairs, const struct leg_report *legs)
{
	const struct leg_report *leg = &legs[repairs & REPAIR_SIDE];
	struct frame_view v;

	if (repairs & REPAIR_MAC && n >= 6)
		memcpy(f, &port_mac, 6);
	if (!frame_look(f, (unsigned int)n, &v))
		return;
	if (repairs & REPAIR_ENDS && v.v6 != IN6_IS_ADDR_V4MAPPED(&leg->tuple.peer_addr))
		put_ends(f, &v, leg);
	if (repairs & REPAIR_NUMBERS) {
		frame_put32(f + v.tcp + 4, frame_get32(f + v.tcp + 4) + leg->rcv_nxt);
		frame_put32(f + v.tcp + 8, frame_get32(f + v.tcp + 8) + leg->snd_nxt);
	}
	if (repairs & REPAIR_SUMS)
		frame_seal(f, &v);
}

static uint8_t *put_tag(uint8_t *f, size_t *n, uint16_t vlan)
{
	uint8_t *tagged = malloc(*n + 4);

	CHECK(tagged != NULL);
	memcpy(tagged, f, 12);
	frame_put16(tagged + 12, 0x8100);
	frame_put16(tagged + 14, vlan);
	memcpy(tagged + 16, f + 12, *n - 12);
	free(f);
	*n += 4;
	return tagged;
}

/* An mbuf of its own memory, of exactly `headroom` and the `n` bytes at `data`. */
static void mbuf_make(struct rte_mbuf *m, uint16_t headroom, const uint8_t *data, size_t n)
{
	memset(m, 0, sizeof(*m));
	m->buf_addr = malloc(headroom + n);
	CHECK(m->buf_addr != NULL || headroom + n == 0);
	m->buf_len = (uint16_t)(headroom + n);
	m->data_off = headroom;
	m->data_len = (uint16_t)n;
	m->refcnt = 1;
	m->nb_segs = 1;
	if (n > 0)
		memcpy((char *)m->buf_addr + headroom, data, n);
}

static struct rte_mbuf *chain_make(struct rte_mbuf m[2], const uint8_t *frame, size_t n,
				   uint8_t headroom, uint8_t cut)
{
	size_t first = cut > 0 && cut < n ? cut : n;

	mbuf_make(&m[0], headroom, frame, first);
	mbuf_make(&m[1], 0, frame + first, n - first);
	m[0].pkt_len = (uint32_t)n;
	if (first < n) {
		m[0].nb_segs = 2;
		m[0].next = &m[1];
	}
	return &m[0];
}

/* What is in the chain, as one piece; to be freed. */
static uint8_t *flatten(const struct rte_mbuf *m, unsigned int *n)
{
	uint8_t *flat = malloc(m->pkt_len + 1);
	unsigned int segments = 0;

	CHECK(flat != NULL);
	*n = 0;
	for (const struct rte_mbuf *s = m; s != NULL; s = s->next, segments++) {
		CHECK(*n + s->data_len <= m->pkt_len);
		CHECK(s->data_off + s->data_len <= s->buf_len);
		memcpy(flat + *n, rte_pktmbuf_mtod(s, const uint8_t *), s->data_len);
		*n += s->data_len;
	}
	CHECK(*n == m->pkt_len && segments == m->nb_segs);
	return flat;
}

/* --- what is to be found --- */

static bool same_sum(uint16_t a, uint16_t b)
{
	return a % 0xffff == b % 0xffff;
}

static void check_parsed(const struct packet *p, const struct frame_view *v)
{
	const uint8_t *start = rte_pktmbuf_mtod(p->m, const uint8_t *);

	CHECK((const uint8_t *)p->eth == start);
	CHECK((const uint8_t *)p->ip == start + v->ip);
	CHECK((const uint8_t *)p->tcp == start + v->tcp);
	CHECK(v->tcp + v->tcp_header <= p->m->data_len);
	CHECK(p->key.v6 == v->v6 && p->tcp_header == v->tcp_header && p->payload == v->payload);
	CHECK(p->m->pkt_len >= v->end);
	CHECK(packet_checksums_good(p) ==
	      (frame_ip_residue(v) == 0xffff && frame_tcp_residue(v) == 0xffff));
}

static void add32(uint8_t *at, uint32_t delta)
{
	frame_put32(at, frame_get32(at) + delta);
}

static void expect_timestamps(uint8_t *tcp, unsigned int at, const struct leg_report *a,
			      const struct leg_report *b)
{
	add32(tcp + at + 2, b->ts_const - a->ts_first);
	if (tcp[13] & RTE_TCP_ACK_FLAG)
		add32(tcp + at + 6, b->ts_first - a->ts_const);
}

static void expect_options(uint8_t *tcp, unsigned int header, const struct leg_report *a,
			   const struct leg_report *b)
{
	const uint8_t one_has = a->options ^ b->options;
	unsigned int at = 20, i;

	while (at < header && tcp[at] != 0) {
		uint8_t kind = tcp[at], length = kind != 1 && at + 1 < header ? tcp[at + 1] : 1;

		if (kind != 1 && (length < 2 || at + length > header))
			return;
		if ((kind == 8 && length == 10 && one_has & LEG_TIMESTAMPS) ||
		    (kind == 5 && one_has & LEG_SACK))
			memset(tcp + at, 1, length);
		else if (kind == 8 && length == 10 && a->options & LEG_TIMESTAMPS)
			expect_timestamps(tcp, at, a, b);
		for (i = 2; kind == 5 && a->options & b->options & LEG_SACK && i + 4 <= length;
		     i += 4)
			add32(tcp + at + i, b->rcv_nxt - a->snd_nxt);
		at += length;
	}
}

/* DESIGN 3.4 on the header `tcp` of a segment from a to b; the checksum is left alone. */
static void expect_header(uint8_t *tcp, unsigned int header, const struct leg_report *a,
			  const struct leg_report *b)
{
	uint64_t window = (uint64_t)frame_get16(tcp + 14) << a->wscale;

	memcpy(tcp, &b->tuple.relay_port, 2);
	memcpy(tcp + 2, &b->tuple.peer_port, 2);
	add32(tcp + 4, b->snd_nxt - a->rcv_nxt);
	if (tcp[13] & RTE_TCP_ACK_FLAG)
		add32(tcp + 8, b->rcv_nxt - a->snd_nxt);
	window >>= b->options & LEG_WSCALE ? 8 : 0;
	if (!(tcp[13] & RTE_TCP_SYN_FLAG))
		frame_put16(tcp + 14, (uint16_t)RTE_MIN(window, UINT16_MAX));
	expect_options(tcp, header, a, b);
}

static void check_addresses(const struct frame_view *v, const struct leg_report *to)
{
	const uint8_t *ip = v->frame + v->ip;

	if (v->v6) {
		CHECK(memcmp(ip + 8, &to->tuple.relay_addr, 16) == 0);
		CHECK(memcmp(ip + 24, &to->tuple.peer_addr, 16) == 0);
	} else {
		CHECK(memcmp(ip + 12, &to->tuple.relay_addr.s6_addr[12], 4) == 0);
		CHECK(memcmp(ip + 16, &to->tuple.peer_addr.s6_addr[12], 4) == 0);
	}
}

static void check_translated(const struct packet *p, const struct frame_view *was,
			     const struct leg_report *a, const struct leg_report *b)
{
	struct frame_view v;
	uint8_t header[60], *flat;
	unsigned int n;

	flat = flatten(p->m, &n);
	CHECK(frame_look(flat, n, &v));
	check_addresses(&v, b);
	CHECK(v.v6 == !IN6_IS_ADDR_V4MAPPED(&b->tuple.peer_addr));
	CHECK(v.hops == was->hops - 1 && v.tos == was->tos);
	CHECK(v.tcp_header == was->tcp_header && v.payload == was->payload);
	memcpy(header, was->frame + was->tcp, was->tcp_header);
	expect_header(header, was->tcp_header, a, b);
	memcpy(header + 16, flat + v.tcp + 16, 2);
	CHECK(memcmp(header, flat + v.tcp, v.tcp_header) == 0);
	CHECK(memcmp(flat + v.tcp + v.tcp_header, was->frame + was->tcp + was->tcp_header,
		     v.payload) == 0);
	CHECK(same_sum(frame_tcp_residue(&v), frame_tcp_residue(was)));
	if (was->v6 == v.v6) {
		CHECK(same_sum(frame_ip_residue(&v), frame_ip_residue(was)));
		CHECK(v.ip_header == was->ip_header && n + (was->v6 == v.v6 ? 0 : 20) >= v.end);
	} else {
		CHECK(v.v6 || (frame_ip_residue(&v) == 0xffff && v.ip_header == 20));
	}
	free(flat);
}

static void check_track(const struct flow_track before[2], uint32_t slot)
{
	unsigned int side;

	for (side = 0; side < 2; side++) {
		const struct flow_track *now = &flows.tracks[slot + side];

		CHECK(seq_not_after(before[side].seq_hi, now->seq_hi));
		CHECK(seq_not_after(before[side].ack_hi, now->ack_hi));
		CHECK(seq_not_after(before[side].edge, now->edge));
		CHECK(now->state <= FLOW_RESET);
	}
}

/* The next option other than NOP at or behind `*at`, or false. */
static bool next_option(const uint8_t *tcp, unsigned int header, unsigned int *at)
{
	while (*at < header && tcp[*at] == 1)
		(*at)++;
	return *at + 2 <= header && tcp[*at] != 0 && tcp[*at + 1] >= 2 &&
	       *at + tcp[*at + 1] <= header;
}

/* All options of `was`, in order, but for those there was no room for; SACK may be shortened. */
static void check_kept(const uint8_t *was, unsigned int was_header, const uint8_t *now,
		       unsigned int header)
{
	unsigned int from = 20, at = 32;

	while (next_option(now, header, &at)) {
		unsigned int n = now[at + 1];

		CHECK(next_option(was, was_header, &from));
		while (was[from] != now[at] || (was[from + 1] != n && now[at] != 5) ||
		       was[from + 1] < n || memcmp(was + from + 2, now + at + 2, n - 2) != 0) {
			from += was[from + 1];
			CHECK(next_option(was, was_header, &from));
		}
		CHECK(n == was[from + 1] || n % 8 == 2);
		from += was[from + 1];
		at += n;
	}
}

static void check_stamped(const struct packet *p, const uint8_t *before, unsigned int n_before)
{
	const uint8_t stamps[] = {1, 1, 8, 10, 0, 0, 0, 77, 0, 0, 0, 88};
	struct frame_view was, v;
	unsigned int n;
	uint8_t *flat = flatten(p->m, &n);

	CHECK(frame_look(before, n_before, &was) && frame_look(flat, n, &v));
	CHECK(v.tcp_header == p->tcp_header && v.tcp_header >= 32 && v.payload == was.payload);
	CHECK(memcmp(flat + v.ip + 12, before + v.ip + 12, v.v6 ? 28 : 8) == 0);
	CHECK(memcmp(flat + v.tcp, before + was.tcp, 12) == 0);
	CHECK(memcmp(flat + v.tcp + 20, stamps, sizeof(stamps)) == 0);
	check_kept(before + was.tcp, was.tcp_header, flat + v.tcp, v.tcp_header);
	CHECK(memcmp(flat + v.tcp + v.tcp_header, before + was.tcp + was.tcp_header, v.payload) ==
	      0);
	CHECK(same_sum(frame_tcp_residue(&v), frame_tcp_residue(&was)));
	CHECK(same_sum(frame_ip_residue(&v), frame_ip_residue(&was)));
	free(flat);
}

/* As the worker does where only the receiver has timestamps; false: no headroom. */
static bool stamp(struct packet *p, const struct leg_report *a, const struct leg_report *b)
{
	unsigned int n, headroom = p->m->data_off;
	uint8_t *before;

	if (!(b->options & ~a->options & LEG_TIMESTAMPS))
		return true;
	before = flatten(p->m, &n);
	if (!timestamp_insert(p, 77, 88)) {
		CHECK(headroom < 40);
		free(before);
		return false;
	}
	check_stamped(p, before, n);
	free(before);
	return true;
}

/* A piece of the segment `whole`, of which `done` bytes of payload went before; returns how many
 * there are in it. */
static unsigned int check_piece(struct rte_mbuf *m, const struct frame_view *whole,
				unsigned int done, bool last)
{
	uint8_t gone = last ? 0 : RTE_TCP_FIN_FLAG | RTE_TCP_PSH_FLAG;
	const uint8_t *tcp = whole->frame + whole->tcp;
	struct frame_view v;
	unsigned int n;
	uint8_t *flat = flatten(m, &n);

	if (done > 0)
		gone |= RTE_TCP_CWR_FLAG;
	CHECK(frame_look(flat, n, &v));
	CHECK(frame_ip_residue(&v) == 0xffff && frame_tcp_residue(&v) == 0xffff);
	CHECK(v.tcp_header == whole->tcp_header && v.payload > 0);
	CHECK(v.tcp_header - 20 + v.payload <= room);
	CHECK(frame_get32(flat + v.tcp + 4) == frame_get32(tcp + 4) + done);
	CHECK(memcmp(flat + v.tcp + 8, tcp + 8, 4) == 0);
	CHECK(((flat[v.tcp + 13] ^ (tcp[13] & ~gone)) & ~RTE_TCP_URG_FLAG) == 0);
	CHECK(memcmp(flat + v.tcp + 20, tcp + 20, v.tcp_header - 20) == 0);
	CHECK(done + v.payload <= whole->payload);
	CHECK(memcmp(flat + v.tcp + v.tcp_header, tcp + v.tcp_header + done, v.payload) == 0);
	n = v.payload;
	free(flat);
	return n;
}

/* The mbufs are ours: to free them frees nothing. */
static void hold(struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next)
		rte_mbuf_refcnt_set(m, 2);
}

/* A chain is copied into as many mbufs as there are pieces, else the first stays where it is. */
static void cut(struct packet *p)
{
	const bool chain = p->m->nb_segs != 1;
	struct rte_mbuf *pieces[SEGMENT_PIECES];
	unsigned int i, n, size, done = 0, wanted = segment_pieces(p, room);
	struct frame_view whole;
	bool shortened;
	uint8_t *flat;

	if (p->payload == 0 || p->tcp_header - 20 + p->payload <= room || wanted == 0 ||
	    !packet_checksums_good(p))
		return;
	flat = flatten(p->m, &size);
	CHECK(frame_look(flat, size, &whole));
	shortened = flat[whole.tcp + 13] & (RTE_TCP_SYN_FLAG | RTE_TCP_RST_FLAG);
	CHECK(wanted <= (shortened ? 1 : SEGMENT_PIECES));
	hold(p->m);
	n = segment_cut(p, room, pool, pieces);
	CHECK(n == RTE_MIN(wanted, POOL_MBUFS + !chain) && (pieces[0] == p->m) == !chain);
	for (i = 0; i < n; i++)
		done += check_piece(pieces[i], &whole, done, i + 1 == wanted && !shortened);
	CHECK((done == whole.payload) == (n == wanted && !shortened));
	for (i = !chain; i < n; i++)
		rte_pktmbuf_free(pieces[i]);
	CHECK(rte_mempool_full(pool));
	free(flat);
}

/* --- one frame's way --- */

static void relay(struct packet *p, const struct frame_view *was, uint32_t slot,
		  const struct leg_report *legs, uint64_t now_ms)
{
	const struct leg_report *a = &legs[slot & 1], *b = &legs[~slot & 1];
	const bool to6 = !IN6_IS_ADDR_V4MAPPED(&b->tuple.peer_addr);
	unsigned int headroom = p->m->data_off, grown = 0;
	enum drop_reason why = DROP_REASONS;
	struct flow_track before[2];

	memcpy(before, &flows.tracks[slot & ~UINT32_C(1)], sizeof(before));
	last_hop_check(&flows, slot, p);
	track_packet(&flows, slot, p, now_ms);
	check_track(before, slot & ~UINT32_C(1));
	if (was->hops <= 1)
		return;
	if (to6 && !was->v6 && was->ip_header < 40)
		grown = 40 - was->ip_header;
	CHECK(packet_hops(p) == was->hops);
	/* No damage is hidden by a new header. */
	if (to6 && !was->v6 && frame_ip_residue(was) != 0xffff)
		why = DROP_CHECKSUM;
	else if (headroom < grown)
		why = DROP_NO_BUFFER;
	CHECK(splice_translate(&flows.lines[slot], &flows.wides[slot], p, 0x7a5e) ==
	      (why == DROP_REASONS));
	if (why != DROP_REASONS) {
		CHECK(p->drop == why);
		return;
	}
	check_translated(p, was, a, b);
	if (stamp(p, a, b))
		cut(p);
}

/* Has the frame this tag, in its first part? */
static bool is_tagged(const struct rte_mbuf *m, uint16_t vlan)
{
	const uint8_t *f = rte_pktmbuf_mtod(m, const uint8_t *);

	return m->data_len >= 18 && frame_get16(f + 12) == 0x8100 &&
	       (frame_get16(f + 14) & 0xfff) == vlan;
}

/* The tag of the port, if it has a VLAN, is off; false: the frame goes no further. */
static bool take_tag_off(struct rte_mbuf *m)
{
	enum drop_reason why = DROP_REASONS;
	const bool taken = is_tagged(m, VLAN);
	unsigned int n;
	uint8_t *was = flatten(m, &n), *flat;

	CHECK(vlan_take_off(m, VLAN, &why) == taken);
	CHECK(taken ? why == DROP_REASONS : why == DROP_VLAN || why == DROP_MALFORMED);
	flat = flatten(m, &n);
	CHECK(memcmp(flat, was, RTE_MIN(n, 12U)) == 0);
	CHECK(n <= 12 || memcmp(flat + 12, was + (taken ? 16 : 12), n - 12) == 0);
	free(was);
	free(flat);
	return taken;
}

/* The frame as packet_parse() is to see it: a priority tag is off, if there was no other. */
static uint8_t *seen(const struct rte_mbuf *m, bool tag_off, unsigned int *n)
{
	uint8_t *flat = flatten(m, n);

	if (!tag_off && is_tagged(m, 0)) {
		memmove(flat + 12, flat + 16, *n - 16);
		*n -= 4;
	}
	return flat;
}

static void take_frame(struct rte_mbuf *m, bool tag_off, const struct leg_report *legs,
		       uint64_t now_ms)
{
	struct frame_view v;
	enum packet_class class;
	struct packet p;
	unsigned int n;
	uint8_t *was = seen(m, tag_off, &n);
	bool whole = frame_look(was, n, &v) && memcmp(was, &port_mac, 6) == 0;
	uint32_t slot;

	memset(&p, 0xa5, sizeof(p));
	class = packet_parse(&p, m, 0, &port_mac);
	if (whole && v.tcp + v.tcp_header <= m->data_len)
		CHECK(class == PACKET_TCP);
	if (class == PACKET_TCP) {
		CHECK(whole);
		check_parsed(&p, &v);
		p.hash = tuple_hash(&flows.seed, &p.key);
		slot = flow_table_find(&flows, p.hash, &p.key);
		if (slot != TUPLE_NO_SLOT)
			relay(&p, &v, slot, legs, now_ms);
	} else if (class == PACKET_DROP) {
		CHECK(p.drop < DROP_REASONS);
	}
	free(was);
}

static void take_input(struct input *in, bool vlan, const struct leg_report *legs)
{
	struct rte_mbuf m[2];
	unsigned int i;

	for (i = 0; i < FRAMES_MAX && in->left > 0; i++) {
		uint8_t repairs = input_u8(in), headroom = input_u8(in), cut = input_u8(in);
		size_t n = input_u16(in);
		uint8_t *frame = input_take(in, &n);

		repair(frame, n, repairs, legs);
		if (repairs & REPAIR_PRIORITY && n >= 12)
			frame = put_tag(frame, &n, 0);
		if (repairs & REPAIR_TAG && n >= 12)
			frame = put_tag(frame, &n, VLAN);
		/* Ports put frames at even addresses. */
		chain_make(m, frame, n, headroom % 64 & ~1, cut);
		if (!vlan || take_tag_off(m))
			take_frame(m, vlan, legs, 100 + i);
		free(m[0].buf_addr);
		free(m[1].buf_addr);
		free(frame);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct tuple_seed seed = {{0x0123456789abcdefULL, 0xfedcba9876543210ULL}};
	static struct rte_rcu_qsbr *readers;

	(void)argc;
	(void)argv;
	fuzz_eal();
	readers = aligned_alloc(RTE_CACHE_LINE_SIZE, rte_rcu_qsbr_get_memsize(4));
	CHECK(readers != NULL && rte_rcu_qsbr_init(readers, 4) == 0);
	pool = rte_pktmbuf_pool_create("fuzz", POOL_MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
				       SOCKET_ID_ANY);
	CHECK(pool != NULL);
	CHECK(flow_table_init(&flows, 4, &seed, readers) == 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct leg_report legs[2];
	struct numbers numbers;
	uint64_t flow;

	input_bytes(&in, &numbers, sizeof(numbers));
	room = room_of(&numbers);
	legs[0] = leg_of(&numbers, 0);
	legs[1] = leg_of(&numbers, 1);
	CHECK(flow_table_insert(&flows, &legs[0], &legs[1], 1, &flow) == 0);
	take_input(&in, numbers.options & 0x80, legs);
	CHECK(flow_table_remove(&flows, flow) == 0);
	CHECK(flow_table_slot(&flows, flow) == TUPLE_NO_SLOT);
	return 0;
}

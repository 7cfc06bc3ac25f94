/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The splice, DESIGN 3.4: literal segments from alice and what bob must get, with either of them on
 * IPv4 or IPv6.
 */
#include "checksum.h"
#include "flow_fixture.h"
#include "splice.h"

static struct flow_rig rig;

/* The legs, of the families of the test: its state. */
struct mix {
	bool from6, to6;
};

static struct mix mixes[] = {{false, false}, {true, true}, {false, true}, {true, false}};

static struct leg_report alice_of(const struct mix *mix)
{
	return mix->from6 ? report_over6(report_alice(), &alice6) : report_alice();
}

static struct leg_report bob_of(const struct mix *mix)
{
	return mix->to6 ? report_over6(report_bob(), &bob6) : report_bob();
}

static bool translate(uint32_t slot, struct packet *p)
{
	return splice_translate(&rig.t.lines[slot], &rig.t.wides[slot], p, FLOW_RIG_ID);
}

static int set_up(void **state)
{
	if (fixture_eal(state) < 0)
		return -1;
	flow_rig_init(&rig, 64);
	return 0;
}

static int tear_down(void **state)
{
	flow_rig_fini(&rig);
	return fixture_eal_end(state);
}

/* --- literal segments --- */

/* With alice's and bob's reports: S_B - R_A = 15000, R_B - S_A = 89000, T_B - first_A = 2990,
 * first_B - T_A = 530. */
#define SEQ_DELTA   15000
#define ACK_DELTA   89000
#define TSVAL_DELTA 2990
#define TSECR_DELTA 530

struct row {
	const char *name;
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t window;
	uint32_t want_seq, want_ack;
	uint16_t want_window;
	const uint8_t *options;
	unsigned int n_options;
	const uint8_t *want_options;
	unsigned int n_want_options;
	/* Where alice's and bob's reports differ from the plain ones. */
	int wscale_a; /* 0: 8 as the relay's own, so that windows pass unchanged; -1: none */
	bool no_wscale_b;
	bool no_options; /* neither timestamps nor SACK, on both legs */
};

/* 5000 + 15000, 1000 + 89000 */
#define NUMBERS(s, a, w, to_s, to_a, to_w)                                             \
	.seq = (s), .ack = (a), .window = (w), .want_seq = (to_s), .want_ack = (to_a), \
	.want_window = (to_w)
#define PLAIN_NUMBERS	      NUMBERS(5000, 1000, 700, 20000, 90000, 700)
#define SAME_OPTIONS(literal) .options = BYTES(literal), .want_options = BYTES(literal)

static const struct row rows[] = {
	{"plain ACK", ACK, PLAIN_NUMBERS},
	{"seq wraps", ACK, NUMBERS(0xffffffff, 1000, 700, 14999, 90000, 700)},
	{"seq wraps to 0", ACK, NUMBERS((uint32_t)-15000, 1000, 700, 0, 90000, 700)},
	{"ack wraps", ACK, NUMBERS(5000, 0xfffffff0, 700, 20000, 88984, 700)},
	{"both wrap", ACK, NUMBERS(0xfffffffe, 0xfffffffe, 700, 14998, 88998, 700)},
	{"FIN PSH", FIN | PSH | ACK, PLAIN_NUMBERS},

	{"RST with ACK", RST | ACK, PLAIN_NUMBERS},
	{"RST without: the ack field is nothing", RST, NUMBERS(5000, 1000, 0, 20000, 1000, 0)},
	{"SYN: unscaled, no ACK", SYN, NUMBERS(5000, 0, 65535, 20000, 0, 65535), .wscale_a = 14},
	{"SYN|ACK: unscaled, ACK", SYN | ACK, NUMBERS(5000, 1000, 65535, 20000, 90000, 65535),
	 .wscale_a = -1},
	{"no flags at all", 0, NUMBERS(5000, 1000, 700, 20000, 1000, 700)},

	{"scaled down", ACK, NUMBERS(5000, 1000, 1000, 20000, 90000, 500), .wscale_a = 7},
	{"scaled down, rounded down", ACK, NUMBERS(5000, 1000, 1001, 20000, 90000, 500),
	 .wscale_a = 7},
	{"rounded down to zero", ACK, NUMBERS(5000, 1000, 255, 20000, 90000, 0), .wscale_a = -1},
	{"just not zero", ACK, NUMBERS(5000, 1000, 256, 20000, 90000, 1), .wscale_a = -1},
	{"zero stays", ACK, NUMBERS(5000, 1000, 0, 20000, 90000, 0), .wscale_a = 7},
	{"scaled up", ACK, NUMBERS(5000, 1000, 1000, 20000, 90000, 4000), .wscale_a = 10},
	{"scaled up, clamped", ACK, NUMBERS(5000, 1000, 1024, 20000, 90000, 65535), .wscale_a = 14},
	{"largest, clamped", ACK, NUMBERS(5000, 1000, 65535, 20000, 90000, 65535), .wscale_a = 14},
	{"just not clamped", ACK, NUMBERS(5000, 1000, 1023, 20000, 90000, 65472), .wscale_a = 14},
	{"to an unscaled leg", ACK, NUMBERS(5000, 1000, 511, 20000, 90000, 65408), .wscale_a = 7,
	 .no_wscale_b = true},
	{"to an unscaled leg, clamped", ACK, NUMBERS(5000, 1000, 512, 20000, 90000, 65535),
	 .wscale_a = 7, .no_wscale_b = true},
	{"neither scaled", ACK, NUMBERS(5000, 1000, 65535, 20000, 90000, 65535), .wscale_a = -1,
	 .no_wscale_b = true},

	{"timestamps, aligned", ACK, PLAIN_NUMBERS,
	 .options = BYTES("\1\1\x8\xa\0\0\0\x20\0\0\0\x46"),
	 .want_options = BYTES("\1\1\x8\xa\0\0\xb\xce\0\0\2\x58")},
	{"timestamps that wrap", ACK, PLAIN_NUMBERS,
	 .options = BYTES("\1\1\x8\xa\xff\xff\xff\xff\xff\xff\xff\xff"),
	 .want_options = BYTES("\1\1\x8\xa\0\0\xb\xad\0\0\2\x11")},
	{"timestamps without ACK: no echo", RST, NUMBERS(5000, 0, 0, 20000, 0, 0),
	 .options = BYTES("\1\1\x8\xa\0\0\0\x20\0\0\0\0"),
	 .want_options = BYTES("\1\1\x8\xa\0\0\xb\xce\0\0\0\0")},
	{"timestamps in a SYN", SYN, NUMBERS(5000, 0, 700, 20000, 0, 700),
	 .options = BYTES("\2\4\5\xb4\4\2\x8\xa\0\0\0\x20\0\0\0\0\1\3\3\7"),
	 .want_options = BYTES("\2\4\5\xb4\4\2\x8\xa\0\0\xb\xce\0\0\0\0\1\3\3\7")},
	{"timestamps at an even, not aligned offset", ACK, PLAIN_NUMBERS,
	 .options = BYTES("\x8\xa\0\0\0\x20\0\0\0\x46\1\1"),
	 .want_options = BYTES("\x8\xa\0\0\xb\xce\0\0\2\x58\1\1")},
	{"timestamps at an odd offset", ACK, PLAIN_NUMBERS,
	 .options = BYTES("\1\x8\xa\0\0\0\x20\0\0\0\x46\0"),
	 .want_options = BYTES("\1\x8\xa\0\0\xb\xce\0\0\2\x58\0")},
	{"timestamps behind an unknown option of odd length", ACK, PLAIN_NUMBERS,
	 .options = BYTES("\xfd\5\1\2\3\x8\xa\0\0\0\x20\0\0\0\x46\0"),
	 .want_options = BYTES("\xfd\5\1\2\3\x8\xa\0\0\xb\xce\0\0\2\x58\0")},
	{"timestamps of a leg that has none", ACK, PLAIN_NUMBERS,
	 SAME_OPTIONS("\1\1\x8\xa\0\0\0\x20\0\0\0\x46"), .no_options = true},
	{"timestamps behind END: padding", ACK, PLAIN_NUMBERS,
	 SAME_OPTIONS("\0\1\x8\xa\0\0\0\x20\0\0\0\x46")},
	{"timestamps of a wrong length", ACK, PLAIN_NUMBERS,
	 SAME_OPTIONS("\1\1\x8\x9\0\0\0\x20\0\0\0\0")},
	{"a length that leads out", ACK, PLAIN_NUMBERS,
	 SAME_OPTIONS("\1\1\1\x8\xa\0\0\0\x20\0\0\0")},
	{"length 0", ACK, PLAIN_NUMBERS, SAME_OPTIONS("\2\0\x8\xa\0\0\0\x20\0\0\0\x46")},
	{"length 1", ACK, PLAIN_NUMBERS, SAME_OPTIONS("\2\1\x8\xa\0\0\0\x20\0\0\0\x46")},
	{"a kind in the last byte", ACK, PLAIN_NUMBERS, SAME_OPTIONS("\1\1\1\x8")},
	{"nothing but NOPs", ACK, PLAIN_NUMBERS, SAME_OPTIONS("\1\1\1\1\1\1\1\1")},

	{"one SACK block", ACK, PLAIN_NUMBERS, .options = BYTES("\1\1\5\xa\0\0\x7\xd0\0\0\xb\xb8"),
	 .want_options = BYTES("\1\1\5\xa\0\1\x63\x78\0\1\x67\x60")},
	{"SACK edge wraps", ACK, PLAIN_NUMBERS,
	 .options = BYTES("\1\1\5\xa\xff\xff\xff\xff\0\0\0\x0a"),
	 .want_options = BYTES("\1\1\5\xa\0\1\x5b\xa7\0\1\x5b\xb2")},
	{"two SACK blocks at an odd offset", ACK, PLAIN_NUMBERS,
	 .options = BYTES("\1\5\x12\0\0\x7\xd0\0\0\xb\xb8\0\0\0\0\0\0\0\1\0"),
	 .want_options = BYTES("\1\5\x12\0\1\x63\x78\0\1\x67\x60\0\1\x5b\xa8\0\1\x5b\xa9\0")},
	{"timestamps, then three SACK blocks", ACK, PLAIN_NUMBERS,
	 .options = BYTES("\1\1\x8\xa\0\0\0\x20\0\0\0\x46\1\1\5\x1a"
			  "\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"),
	 .want_options = BYTES("\1\1\x8\xa\0\0\xb\xce\0\0\2\x58\1\1\5\x1a"
			       "\0\1\x5b\xa8\0\1\x5b\xa9\0\1\x5b\xaa\0\1\x5b\xab\0\1\x5b\xac\0\1"
			       "\x5b\xad")},
	{"SACK, then timestamps", ACK, PLAIN_NUMBERS,
	 .options = BYTES("\5\xa\0\0\0\0\0\0\0\1\x8\xa\0\0\0\x20\0\0\0\x46"),
	 .want_options = BYTES("\5\xa\0\1\x5b\xa8\0\1\x5b\xa9\x8\xa\0\0\xb\xce\0\0\2\x58")},
	{"SACK of a leg that has none", ACK, PLAIN_NUMBERS,
	 SAME_OPTIONS("\1\1\5\xa\0\0\x7\xd0\0\0\xb\xb8"), .no_options = true},
	{"empty SACK", ACK, PLAIN_NUMBERS, SAME_OPTIONS("\1\1\5\2")},
	{"forty bytes that end with a SACK block", ACK, PLAIN_NUMBERS,
	 .options = BYTES("\xfd\x1e\1\2\3\4\5\6\7\x8\x9\1\2\3\4\5\6\7\x8\x9\1\2\3\4\5\6\7\x8\x9\1"
			  "\5\xa\0\0\0\0\0\0\0\1"),
	 .want_options = BYTES("\xfd\x1e\1\2\3\4\5\6\7\x8\x9\1\2\3\4\5\6\7\x8\x9\1\2\3\4\5\6\7\x8"
			       "\x9\1\5\xa\0\1\x5b\xa8\0\1\x5b\xa9")},
};

static uint32_t splice_row(const struct row *r, struct leg_report a, struct leg_report b,
			   uint64_t *flow)
{
	a.wscale = (uint8_t)(r->wscale_a == 0 ? 8 : r->wscale_a);
	if (r->wscale_a < 0) {
		a.wscale = 0;
		a.options &= (uint8_t)~LEG_WSCALE;
	}
	if (r->no_wscale_b) {
		b.wscale = 0;
		b.options &= (uint8_t)~LEG_WSCALE;
	}
	if (r->no_options) {
		a.options &= (uint8_t) ~(LEG_TIMESTAMPS | LEG_SACK);
		b.options &= (uint8_t) ~(LEG_TIMESTAMPS | LEG_SACK);
	}
	*flow = flow_rig_insert(&rig, &a, &b);
	return flow_rig_find(&rig.t, &a);
}

/* Dress of a segment that no row names: all of it is compared, so it must stay as it was. */
static void dress(struct segment *s, unsigned int i)
{
	s->flags |= URG;
	s->urgent = 0x1234;
	s->tos = 0xb9;
	s->ttl = (uint8_t)(i & 2 ? 2 : 255);
	s->n_payload = 2 * i + 1;
	memset(s->payload, 0xa5, s->n_payload);
	if (s->v6) {
		s->label = 0xfedcb;
		return;
	}
	s->id = 0xabcd;
	s->frag = i & 1 ? RTE_IPV4_HDR_DF_FLAG : 0;
	s->n_ip_options = 4 * (i % 11);
	memset(s->ip_options, 1, s->n_ip_options);
}

static void check_row(const struct row *r, const struct mix *mix, bool dressed)
{
	struct leg_report a = alice_of(mix), b = bob_of(mix);
	struct segment in = segment_from(&a), want, got;
	struct packet p;
	uint64_t flow;
	uint32_t slot = splice_row(r, a, b, &flow);

	in.flags = 0;
	if (dressed)
		dress(&in, (unsigned int)(r - rows));
	in.flags |= r->flags;
	in.seq = r->seq;
	in.ack = r->ack;
	in.window = r->window;
	segment_option(&in, r->options, r->n_options);
	want = in;
	segment_redirect(&want, &b);
	want.seq = r->want_seq;
	want.ack = r->want_ack;
	want.window = r->want_window;
	assert_int_equal(r->n_options, r->n_want_options);
	if (r->n_want_options > 0)
		memcpy(want.options, r->want_options, r->n_want_options);

	p = segment_packet(&in);
	assert_true(translate(slot, &p));
	got = segment_read(p.m);
	if (mix->from6 != mix->to6) { /* the frame begins elsewhere; MACs are the caller's */
		want.dst_mac = got.dst_mac;
		want.src_mac = got.src_mac;
	}
	if (memcmp(&got, &want, sizeof(got)) != 0)
		fail_msg("%s: seq %u ack %u window %u, not %u %u %u, or something else", r->name,
			 got.seq, got.ack, got.window, want.seq, want.ack, want.window);
	if (ip_residue(p.m) != 0xffff || tcp_residue(p.m) != 0xffff)
		fail_msg("%s: checksum", r->name);
	assert_ptr_equal(p.eth, rte_pktmbuf_mtod(p.m, void *));
	rte_pktmbuf_free(p.m);
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
}

static void table(void **state)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++)
		check_row(&rows[i], *state, false);
	fixture_assert_no_leak();
}

/* The same rows in odd dress: urgent data, IPv4 options, no DF, an id, TOS, odd payload. */
static void table_dressed(void **state)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++)
		check_row(&rows[i], *state, true);
	fixture_assert_no_leak();
}

/* A checksum field may be 0x0000 or 0xffff before and after; the sum must verify all the same. */
static void checksum_fields_of_all_values(void **state)
{
	struct leg_report a = alice_of(*state), b = bob_of(*state);
	struct segment s = segment_from(&a);
	uint64_t flow = flow_rig_insert(&rig, &a, &b);
	unsigned int word, zeros = 0;
	uint32_t slot = flow_rig_find(&rig.t, &a);

	s.n_payload = 2;
	for (word = 0; word <= 0xffff; word++) {
		struct packet p;

		s.payload[0] = (uint8_t)(word >> 8);
		s.payload[1] = (uint8_t)word;
		p = segment_packet(&s);
		zeros += p.tcp->cksum == 0;
		assert_true(translate(slot, &p));
		zeros += p.tcp->cksum == 0;
		assert_checksums(p.m);
		rte_pktmbuf_free(p.m);
	}
	assert_true(zeros > 0);
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
}

/* Headers in the first segment of a chain, payload behind: the payload is not even reached. */
static void chains(void **state)
{
	struct leg_report a = alice_of(*state), b = bob_of(*state);
	uint64_t flow = flow_rig_insert(&rig, &a, &b);
	struct segment s = segment_from(&a);
	struct rte_mbuf *tail = rte_pktmbuf_alloc(fixture_pool);
	struct packet p;
	uint16_t before, after;

	segment_timestamps(&s, 32, 70);
	s.n_payload = 101;
	memset(s.payload, 0x5a, s.n_payload);
	p = segment_packet(&s);
	before = p.tcp->cksum;
	rte_pktmbuf_trim(p.m, 101);
	memset(rte_pktmbuf_append(tail, 101), 0x77, 101); /* not what the checksum was made of */
	assert_int_equal(rte_pktmbuf_chain(p.m, tail), 0);
	assert_int_equal(packet_parse(&p, p.m, 0, &s.dst_mac), PACKET_TCP);
	assert_true(translate(flow_rig_find(&rig.t, &a), &p));
	after = p.tcp->cksum;
	rte_pktmbuf_free(p.m);

	p = segment_packet(&s);
	assert_int_equal(p.tcp->cksum, before);
	assert_true(translate(flow_rig_find(&rig.t, &a), &p));
	assert_checksums(p.m);
	assert_int_equal(p.tcp->cksum, after);
	rte_pktmbuf_free(p.m);
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
	fixture_assert_no_leak();
}

#define GUARD	   64
#define GUARD_BYTE 0xc3
#define ROOM_MAX   48

/* With just that much room in front of the frame, and guards around the mbuf's memory. */
static struct rte_mbuf *wrap_with_room(const struct segment *s, unsigned int room)
{
	uint8_t frame[2048], all[2048 + ROOM_MAX + 2 * GUARD];
	unsigned int n = segment_bytes(s, frame);
	struct rte_mbuf *m;

	memset(all, GUARD_BYTE, sizeof(all));
	memcpy(all + GUARD + room, frame, n);
	m = frame_wrap(all, 2 * GUARD + room + n);
	m->buf_addr = RTE_PTR_ADD(m->buf_addr, GUARD);
	m->buf_len = (uint16_t)(room + n);
	m->data_off = (uint16_t)room;
	m->data_len = (uint16_t)n;
	m->pkt_len = n;
	return m;
}

static void unwrap_with_room(struct rte_mbuf *m)
{
	uint8_t *start = RTE_PTR_SUB(m->buf_addr, GUARD);
	const uint8_t *end = RTE_PTR_ADD(m->buf_addr, m->buf_len);
	unsigned int i;

	for (i = 0; i < GUARD; i++) {
		assert_int_equal(start[i], GUARD_BYTE);
		assert_int_equal(end[i], GUARD_BYTE);
	}
	m->buf_addr = start;
	frame_unwrap(m);
}

/* A header that grows needs room in front of it: with less it is refused, and nothing is
 * touched there. */
static void headroom(void **state)
{
	const struct mix *mix = *state;
	struct leg_report a = alice_of(mix), b = bob_of(mix);
	uint64_t flow = flow_rig_insert(&rig, &a, &b);
	unsigned int options, room;

	for (options = 0; options <= (mix->from6 ? 0 : 40); options += 4) {
		unsigned int from = mix->from6 ? 40 : 20 + options, to = mix->to6 ? 40 : 20;
		unsigned int needed = mix->from6 != mix->to6 && to > from ? to - from : 0;

		for (room = 0; room <= ROOM_MAX; room += 2) { /* headers are aligned to 2 */
			struct segment s = segment_from(&a), want = s, got;
			struct rte_mbuf *m;
			struct packet p;

			s.n_payload = want.n_payload = 3;
			s.n_ip_options = options;
			memset(s.ip_options, 1, options);
			m = wrap_with_room(&s, room);
			assert_int_equal(packet_parse(&p, m, 0, &s.dst_mac), PACKET_TCP);
			assert_int_equal(translate(flow_rig_find(&rig.t, &a), &p), room >= needed);
			if (room >= needed) {
				assert_checksums(m);
				got = segment_read(m);
				segment_redirect(&want, &b);
				assert_int_equal(got.dst, want.dst);
				assert_memory_equal(&got.dst6, &want.dst6, sizeof(got.dst6));
				assert_int_equal(got.n_payload, 3);
			}
			unwrap_with_room(m);
		}
	}
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
}

/* As many bytes as IPv6 can name, in a chain: 20 more than fit into IPv4 with its header. */
static void longest(void **state)
{
	static const struct {
		uint16_t payload_len;
		bool passes;
	} lengths[] = {{65514, true}, {65515, true}, {65516, false}, {65535, false}};
	const struct mix *mix = *state;
	struct leg_report a = alice_of(mix), b = bob_of(mix);
	uint64_t flow = flow_rig_insert(&rig, &a, &b);
	static uint8_t zeros[UINT16_MAX];
	unsigned int i;

	for (i = 0; i < RTE_DIM(lengths); i++) {
		struct segment s = segment_from(&a);
		struct rte_mbuf *m = wrap_with_room(&s, ROOM_MAX);
		struct rte_mbuf *tail = frame_wrap(zeros, lengths[i].payload_len - 20U);
		struct packet p;

		m->next = tail;
		m->nb_segs = 2;
		m->pkt_len += tail->pkt_len;
		rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, 14)->payload_len =
			rte_cpu_to_be_16(lengths[i].payload_len);
		assert_int_equal(packet_parse(&p, m, 0, &s.dst_mac), PACKET_TCP);
		/* It was summed without the zeros; only the length has changed. */
		p.tcp->cksum = csum_update(p.tcp->cksum,
					   csum_change16(rte_cpu_to_be_16(20), p.ip6->payload_len));
		assert_true(packet_checksums_good(&p));
		assert_int_equal(translate(flow_rig_find(&rig.t, &a), &p),
				 lengths[i].passes || mix->to6);
		if (lengths[i].passes) {
			assert_int_equal(packet_parse(&p, m, 0, &p.eth->dst_addr), PACKET_TCP);
			assert_int_equal(p.payload, lengths[i].payload_len - 20);
			assert_true(packet_checksums_good(&p));
		}
		frame_unwrap(tail);
		unwrap_with_room(m);
	}
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
}

/* RFC 7915 5.1: what IPv6 could not carry in fewer bytes may be fragmented as IPv4, with an id; the
 * rest must not. */
static void fragmentable(void **state)
{
	static const struct {
		unsigned int options, payload;
		uint16_t id, frag;
	} sizes[] = {
		{0, 0, FLOW_RIG_ID, 0},
		{0, 1220, FLOW_RIG_ID, 0},
		{0, 1221, 0, RTE_IPV4_HDR_DF_FLAG},
		{12, 1208, FLOW_RIG_ID, 0},
		{12, 1209, 0, RTE_IPV4_HDR_DF_FLAG},
		{40, 1180, FLOW_RIG_ID, 0},
		{0, 1440, 0, RTE_IPV4_HDR_DF_FLAG},
	};
	struct leg_report a = alice_of(*state), b = bob_of(*state);
	uint64_t flow = flow_rig_insert(&rig, &a, &b);
	unsigned int i;

	for (i = 0; i < RTE_DIM(sizes); i++) {
		struct segment s = segment_from(&a), got;
		struct packet p;

		memset(s.options, 1, sizes[i].options);
		s.n_options = sizes[i].options;
		s.n_payload = sizes[i].payload;
		p = segment_packet(&s);
		assert_true(translate(flow_rig_find(&rig.t, &a), &p));
		assert_checksums(p.m);
		got = segment_read(p.m);
		assert_int_equal(got.id, sizes[i].id);
		assert_int_equal(got.frag, sizes[i].frag);
		rte_pktmbuf_free(p.m);
	}
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
	fixture_assert_no_leak();
}

/* An IPv4 header that came damaged is not made whole; where it stays IPv4 the receiver will see. */
static void damaged_header(void **state)
{
	static const uint16_t damages[] = {0x0001, 0x8000, 0x0100, 0xfffe};
	const struct mix *mix = *state;
	struct leg_report a = alice_of(mix), b = bob_of(mix);
	uint64_t flow = flow_rig_insert(&rig, &a, &b);
	unsigned int i, options;

	for (i = 0; i < RTE_DIM(damages); i++) {
		for (options = 0; options <= 40; options += 40) {
			struct segment s = segment_from(&a);
			struct packet p;

			s.bad_ip = damages[i];
			s.n_ip_options = options;
			memset(s.ip_options, 1, options);
			s.n_payload = 100;
			p = segment_packet(&s);
			p.drop = DROP_REASONS;
			assert_int_equal(translate(flow_rig_find(&rig.t, &a), &p), !mix->to6);
			assert_int_equal(p.drop, mix->to6 ? DROP_CHECKSUM : DROP_REASONS);
			if (!mix->to6)
				assert_int_not_equal(ip_residue(p.m), 0xffff);
			rte_pktmbuf_free(p.m);
		}
	}
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
	fixture_assert_no_leak();
}

#define MIXED_TEST(test)                                        \
	{#test " (4, 4)", test, NULL, NULL, &mixes[0]},         \
		{#test " (6, 6)", test, NULL, NULL, &mixes[1]}, \
		{#test " (4, 6)", test, NULL, NULL, &mixes[2]}, \
	{                                                       \
#test " (6, 4)", test, NULL, NULL, &mixes[3]    \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MIXED_TEST(table),
		MIXED_TEST(table_dressed),
		MIXED_TEST(checksum_fields_of_all_values),
		MIXED_TEST(chains),
		MIXED_TEST(headroom),
		{"fragmentable (6, 4)", fragmentable, NULL, NULL, &mixes[3]},
		{"damaged_header (4, 4)", damaged_header, NULL, NULL, &mixes[0]},
		{"damaged_header (4, 6)", damaged_header, NULL, NULL, &mixes[2]},
		{"longest (6, 6)", longest, NULL, NULL, &mixes[1]},
		{"longest (6, 4)", longest, NULL, NULL, &mixes[3]},
	};

	return cmocka_run_group_tests_name("splice", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The splice, DESIGN 3.4: literal segments from alice and what bob must get, then random ones
 * whose checksums, payload and way back must hold whatever they carry.
 */
#include "flow_fixture.h"
#include "splice.h"

static struct flow_rig rig;

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

#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

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

static uint32_t splice_row(const struct row *r, uint64_t *flow)
{
	struct leg_report a = report_alice(), b = report_bob();

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

/* All of a segment is compared, so what no rule names must have stayed as it was. */
static void check_row(const struct row *r, struct segment *in)
{
	struct segment want, got;
	struct packet p;
	uint64_t flow;
	uint32_t slot = splice_row(r, &flow);

	in->flags = r->flags | (in->flags & URG);
	in->seq = r->seq;
	in->ack = r->ack;
	in->window = r->window;
	in->n_options = 0;
	segment_option(in, r->options, r->n_options);
	want = *in;
	want.src = RELAY_ADDR;
	want.dst = BOB_ADDR;
	want.src_port = RELAY_PORT;
	want.dst_port = BOB_PORT;
	want.seq = r->want_seq;
	want.ack = r->want_ack;
	want.window = r->want_window;
	want.ttl--;
	assert_int_equal(r->n_options, r->n_want_options);
	if (r->n_want_options > 0)
		memcpy(want.options, r->want_options, r->n_want_options);

	p = segment_packet(in);
	assert_true(splice_translate(&rig.t.lines[slot], &rig.t.wides[slot], &p));
	got = segment_read(p.m);
	if (memcmp(&got, &want, sizeof(got)) != 0)
		fail_msg("%s: seq %u ack %u window %u, not %u %u %u, or something else", r->name,
			 got.seq, got.ack, got.window, want.seq, want.ack, want.window);
	if (ip_residue(p.m) != 0xffff || tcp_residue(p.m) != 0xffff)
		fail_msg("%s: checksum", r->name);
	rte_pktmbuf_free(p.m);
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
}

static void table(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct segment in = segment_plain();

		check_row(&rows[i], &in);
	}
	fixture_assert_no_leak();
}

/* The same rows in odd dress: urgent data, IPv4 options, no DF, an id, TOS, odd payload. */
static void table_dressed(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct segment in = segment_plain();

		in.flags |= URG;
		in.urgent = 0x1234;
		in.id = 0xabcd;
		in.frag = i & 1 ? RTE_IPV4_HDR_DF_FLAG : 0;
		in.tos = 0xb9;
		in.ttl = (uint8_t)(i & 2 ? 2 : 255);
		in.n_ip_options = 4 * (i % 11);
		memset(in.ip_options, 1, in.n_ip_options);
		in.n_payload = 2 * i + 1;
		memset(in.payload, 0xa5, in.n_payload);
		check_row(&rows[i], &in);
	}
	fixture_assert_no_leak();
}

/* A checksum field may be 0x0000 or 0xffff before and after; the sum must verify all the same. */
static void checksum_fields_of_all_values(void **state)
{
	struct leg_report a = report_alice(), b = report_bob();
	struct flow_line line;
	struct segment s = segment_plain();
	uint64_t flow = flow_rig_insert(&rig, &a, &b);
	unsigned int word, zeros = 0;

	(void)state;
	line = rig.t.lines[flow_rig_find(&rig.t, &a)];
	s.n_payload = 2;
	for (word = 0; word <= 0xffff; word++) {
		struct packet p;

		s.payload[0] = (uint8_t)(word >> 8);
		s.payload[1] = (uint8_t)word;
		p = segment_packet(&s);
		zeros += p.tcp->cksum == 0;
		assert_true(splice_translate(&line, NULL, &p));
		zeros += p.tcp->cksum == 0;
		assert_checksums(p.m);
		rte_pktmbuf_free(p.m);
	}
	assert_true(zeros > 0);
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
}

/* --- random segments --- */

#define FLOWS	32
#define PACKETS 200000

static struct leg_report random_report(unsigned int flow, unsigned int side, uint8_t options)
{
	struct leg_report r = report_of((uint32_t)fixture_random(), (uint16_t)fixture_random());

	tuple_map_v4(&r.tuple.relay_addr, (rte_be32_t)fixture_random());
	r.tuple.relay_port = (rte_be16_t)(flow * 2 + side); /* no two alike */
	r.next_hop = fixture_random();
	r.snd_nxt = (uint32_t)fixture_random();
	r.rcv_nxt = (uint32_t)fixture_random();
	r.ts_const = (uint32_t)fixture_random();
	r.ts_first = (uint32_t)fixture_random();
	r.options = options;
	if (fixture_between(0, 3) > 0) {
		r.options |= LEG_WSCALE;
		r.wscale = (uint8_t)fixture_between(0, 14);
	}
	return r;
}

static void random_bytes(uint8_t *at, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		at[i] = (uint8_t)fixture_random();
}

/* Options as real ones come, in any order and at any alignment, at times cut off or lying. */
static void random_options(struct segment *s)
{
	static const uint8_t kinds[] = {0, 1, 1, 1, 2, 3, 4, 5, 5, 8, 8, 8, 30, 34, 254};
	unsigned int at = 0, n = 4 * fixture_between(0, 10);

	random_bytes(s->options, n);
	s->n_options = n;
	while (at + 2 <= n && fixture_between(0, 15) > 0) {
		uint8_t kind = kinds[fixture_between(0, RTE_DIM(kinds) - 1)], length;

		s->options[at] = kind;
		if (kind <= 1) {
			at++;
			continue;
		}
		length = (uint8_t)(kind == 8   ? 10
				   : kind == 5 ? 2 + 8 * fixture_between(1, 4)
				   : kind == 2 ? 4
				   : kind == 3 ? 3
				   : kind == 4 ? 2
					       : fixture_between(2, 9));
		s->options[at + 1] = length;
		at += length;
	}
	if (n == 12 && fixture_between(0, 1)) {
		memcpy(s->options, "\1\1\x8\xa", 4);
	}
}

static struct segment random_segment(const struct leg_report *a)
{
	struct segment s = segment_plain();

	s.src = rte_be_to_cpu_32(tuple_v4(&a->tuple.peer_addr));
	s.dst = rte_be_to_cpu_32(tuple_v4(&a->tuple.relay_addr));
	s.src_port = rte_be_to_cpu_16(a->tuple.peer_port);
	s.dst_port = rte_be_to_cpu_16(a->tuple.relay_port);
	s.seq = (uint32_t)fixture_random();
	s.ack = (uint32_t)fixture_random();
	/* Half of them as data comes, half with any flags. */
	s.flags = fixture_between(0, 1) ? ACK : (uint8_t)fixture_random();
	s.window = (uint16_t)fixture_random();
	s.urgent = (uint16_t)fixture_random();
	s.ttl = (uint8_t)fixture_between(2, 255);
	s.tos = (uint8_t)fixture_random();
	s.id = (uint16_t)fixture_random();
	s.frag = fixture_between(0, 1) ? RTE_IPV4_HDR_DF_FLAG : 0;
	random_options(&s);
	if (fixture_between(0, 7) == 0) {
		s.n_ip_options = 4 * fixture_between(1, 10);
		random_bytes(s.ip_options, s.n_ip_options);
	}
	s.n_payload = fixture_between(0, 3) ? fixture_between(0, 64) : fixture_between(0, 1300);
	random_bytes(s.payload, s.n_payload);
	if (fixture_between(0, 3) == 0)
		s.bad_tcp = (uint16_t)fixture_random();
	if (fixture_between(0, 15) == 0)
		s.bad_ip = (uint16_t)fixture_random();
	return s;
}

/* 0xffff and 0 are the same sum. */
static uint16_t residue(uint16_t r)
{
	return r == 0xffff ? 0 : r;
}

/* The line that takes back what `line` does, but for window and TTL, with the numbers of the
 * other direction's line. */
static struct flow_line inverse(const struct flow_line *line, const struct flow_line *other)
{
	struct flow_line i = *line;

	i.out = (struct tuple_ends){.peer_addr = line->key.relay_addr,
				    .relay_addr = line->key.peer_addr,
				    .peer_port = line->key.relay_port,
				    .relay_port = line->key.peer_port};
	i.seq_delta = other->ack_delta;
	i.ack_delta = other->seq_delta;
	i.tsval_delta = other->tsecr_delta;
	i.tsecr_delta = other->tsval_delta;
	i.tcp_csum_delta = (uint16_t)~line->tcp_csum_delta;
	i.wscale_in = i.wscale_out = 0;
	return i;
}

static void check_random(const struct flow_line *line, const struct flow_line *other,
			 const struct segment *in)
{
	struct packet p = segment_packet(in);
	uint16_t tcp = residue(tcp_residue(p.m)), ip = residue(ip_residue(p.m));
	struct flow_line back = inverse(line, other);
	struct segment there, again, want = *in;

	assert_true(splice_translate(line, NULL, &p));
	there = segment_read(p.m);
	assert_int_equal(residue(tcp_residue(p.m)), tcp);
	assert_int_equal(residue(ip_residue(p.m)), ip);
	assert_int_equal(there.seq, in->seq + line->seq_delta);
	assert_int_equal(there.n_payload, in->n_payload);
	assert_memory_equal(there.payload, in->payload, in->n_payload);

	assert_true(splice_translate(&back, NULL, &p));
	again = segment_read(p.m);
	assert_int_equal(residue(tcp_residue(p.m)), tcp);
	want.window = there.window;
	want.ttl = again.ttl;
	want.bad_tcp = want.bad_ip = 0;
	assert_memory_equal(&again, &want, sizeof(want));
	rte_pktmbuf_free(p.m);
}

static void random_packets(void **state)
{
	struct leg_report a[FLOWS], b[FLOWS];
	uint64_t id[FLOWS];
	unsigned int i;

	(void)state;
	fixture_seed();
	for (i = 0; i < FLOWS; i++) {
		uint8_t options = (uint8_t)fixture_between(0, 3); /* timestamps, SACK */

		a[i] = random_report(i, 0, options);
		b[i] = random_report(i, 1, options);
		id[i] = flow_rig_insert(&rig, &a[i], &b[i]);
	}
	for (i = 0; i < PACKETS; i++) {
		unsigned int f = fixture_between(0, FLOWS - 1);
		const struct leg_report *from = fixture_between(0, 1) ? &a[f] : &b[f];
		uint32_t slot = flow_rig_find(&rig.t, from);
		struct segment s = random_segment(from);

		check_random(&rig.t.lines[slot], &rig.t.lines[slot ^ 1], &s);
	}
	for (i = 0; i < FLOWS; i++)
		assert_int_equal(flow_table_remove(&rig.t, id[i]), 0);
	fixture_assert_no_leak();
}

/* Headers in the first segment of a chain, payload behind: the payload is not even reached. */
static void chains(void **state)
{
	struct leg_report a = report_alice(), b = report_bob();
	uint64_t flow = flow_rig_insert(&rig, &a, &b);
	struct segment s = segment_plain();
	struct rte_mbuf *tail = rte_pktmbuf_alloc(fixture_pool);
	struct packet p;
	uint16_t before, after;

	(void)state;
	segment_timestamps(&s, 32, 70);
	s.n_payload = 101;
	memset(s.payload, 0x5a, s.n_payload);
	p = segment_packet(&s);
	before = p.tcp->cksum;
	rte_pktmbuf_trim(p.m, 101);
	memset(rte_pktmbuf_append(tail, 101), 0x77, 101); /* not what the checksum was made of */
	assert_int_equal(rte_pktmbuf_chain(p.m, tail), 0);
	assert_int_equal(packet_parse(&p, p.m, 0, &s.dst_mac), PACKET_TCP);
	assert_true(splice_translate(&rig.t.lines[flow_rig_find(&rig.t, &a)], NULL, &p));
	after = p.tcp->cksum;
	rte_pktmbuf_free(p.m);

	p = segment_packet(&s);
	assert_int_equal(p.tcp->cksum, before);
	assert_true(splice_translate(&rig.t.lines[flow_rig_find(&rig.t, &a)], NULL, &p));
	assert_checksums(p.m);
	assert_int_equal(p.tcp->cksum, after);
	rte_pktmbuf_free(p.m);
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
	fixture_assert_no_leak();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(table_dressed),
		cmocka_unit_test(checksum_fields_of_all_values),
		cmocka_unit_test(random_packets),
		cmocka_unit_test(chains),
	};

	return cmocka_run_group_tests_name("splice", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What an IPv6 frame is: as test_packet.c for IPv4, and what extension headers do. */
#include "packet_fixture.h"

#define TCP	(IP + 40)
#define OPTIONS (TCP + 20)
#define FRAME	(OPTIONS + 12 + PAYLOAD)

static struct segment good_segment6(void)
{
	struct segment s = segment_plain6();

	s.tos = 0xb9;
	s.label = 0xabcde;
	good_segment(&s);
	return s;
}

static unsigned int good_frame(uint8_t *frame)
{
	struct segment s = good_segment6();

	return segment_bytes(&s, frame);
}

static void lies(void **state)
{
	static const struct lie rows[] = {
		{"as it is", {NO_BYTE, NO_BYTE}, {0, 0}, PACKET_TCP, 0, PAYLOAD},
		{"version 4", {IP, NO_BYTE}, {0x4b, 0}, MALFORMED},
		{"version 0", {IP, NO_BYTE}, {0x0b, 0}, MALFORMED},
		{"version 7", {IP, NO_BYTE}, {0x7b, 0}, MALFORMED},
		{"class and label 0", {IP, IP + 1}, {0x60, 0}, PACKET_TCP, 0, PAYLOAD},
		{"hop limit 0", {IP + 7, NO_BYTE}, {0, 0}, PACKET_TCP, 0, PAYLOAD},
		{"said to be IPv4", {12, 13}, {0x08, 0x00}, KERNEL},
		{"IPv4", {IP + 6, NO_BYTE}, {4, 0}, KERNEL},
		{"UDP", {IP + 6, NO_BYTE}, {17, 0}, KERNEL},
		{"IPv6", {IP + 6, NO_BYTE}, {41, 0}, KERNEL},
		{"ESP", {IP + 6, NO_BYTE}, {50, 0}, KERNEL},
		{"AH", {IP + 6, NO_BYTE}, {51, 0}, KERNEL},
		{"ICMPv6", {IP + 6, NO_BYTE}, {58, 0}, KERNEL},
		{"ICMPv6 to a multicast MAC", {IP + 6, 0}, {58, 0x33}, KERNEL},
		{"ICMPv6 to another MAC", {IP + 6, 5}, {58, 0x77}, KERNEL},
		{"no next header", {IP + 6, NO_BYTE}, {59, 0}, KERNEL},
		{"mobility", {IP + 6, NO_BYTE}, {135, 0}, KERNEL},
		{"HIP", {IP + 6, NO_BYTE}, {139, 0}, KERNEL},
		{"shim6", {IP + 6, NO_BYTE}, {140, 0}, KERNEL},
		{"experimental", {IP + 6, NO_BYTE}, {253, 0}, KERNEL},
		{"reserved", {IP + 6, NO_BYTE}, {255, 0}, KERNEL},
		{"another MAC", {5, NO_BYTE}, {0x77, 0}, PACKET_DROP, DROP_OTHER_HOST, 0},
		{"a multicast MAC", {0, 1}, {0x33, 0x33}, KERNEL},
		{"payload of one byte more", {IP + 5, NO_BYTE}, {FRAME - TCP + 1, 0}, MALFORMED},
		{"payload of 65535", {IP + 4, IP + 5}, {0xff, 0xff}, MALFORMED},
		{"payload of 0, as jumbograms have", {IP + 5, NO_BYTE}, {0, 0}, MALFORMED},
		{"half a TCP header", {IP + 5, NO_BYTE}, {19, 0}, MALFORMED},
		{"no room for the options", {IP + 5, NO_BYTE}, {20, 0}, MALFORMED},
		{"one byte of options missing", {IP + 5, NO_BYTE}, {31, 0}, MALFORMED},
		{"padding behind", {IP + 5, NO_BYTE}, {32, 0}, PACKET_TCP, 0, 0},
		{"less padding", {IP + 5, NO_BYTE}, {33, 0}, PACKET_TCP, 0, 1},
		{"TCP header of 0 bytes", {TCP + 12, NO_BYTE}, {0, 0}, MALFORMED},
		{"TCP header of 16 bytes", {TCP + 12, NO_BYTE}, {0x40, 0}, MALFORMED},
		{"TCP header of 20", {TCP + 12, NO_BYTE}, {0x50, 0}, PACKET_TCP, 0, 12 + PAYLOAD},
		{"TCP header of 36 bytes", {TCP + 12, NO_BYTE}, {0x90, 0}, PACKET_TCP, 0, 1},
		{"TCP header of 40 bytes", {TCP + 12, NO_BYTE}, {0xa0, 0}, MALFORMED},
		{"TCP header of 60 bytes", {TCP + 12, NO_BYTE}, {0xf0, 0}, MALFORMED},
	};
	uint8_t frame[2048];
	unsigned int n = good_frame(frame);

	(void)state;
	assert_int_equal(n, FRAME);
	check_lies(rows, RTE_DIM(rows), frame, n);
}

static void fields(void **state)
{
	uint8_t frame[2048];
	struct rte_mbuf *m = frame_wrap(frame, good_frame(frame));
	const struct in6_addr peer = ip6("2001:db8::1"), relay = ip6("2001:db8::10");
	struct packet p;

	check_glance(frame, good_frame(frame), true);
	(void)state;
	assert_int_equal(packet_parse(&p, m, 0, &our_mac), PACKET_TCP);
	assert_true(p.key.v6);
	assert_memory_equal(&p.key.wide.peer, &peer, sizeof(peer));
	assert_memory_equal(&p.key.wide.relay, &relay, sizeof(relay));
	assert_int_equal(p.key.ends.peer_addr, tuple_fold(&peer));
	assert_int_equal(p.key.ends.relay_addr, tuple_fold(&relay));
	assert_int_equal(p.key.ends.peer_port, rte_cpu_to_be_16(40000));
	assert_int_equal(p.key.ends.relay_port, rte_cpu_to_be_16(4000));
	assert_int_equal(p.tcp_header, 32);
	assert_int_equal(packet_hops(&p), 64);
	assert_ptr_equal(p.m, m);
	assert_int_equal((const uint8_t *)p.tcp - (const uint8_t *)p.ip6, 40);
	frame_unwrap(m);
}

/* --- extension headers --- */

#define HOP  0
#define ROUT 43
#define FRAG 44
#define AH   51
#define DST  60

/* A first header of kind `kind` and `units` of 8 bytes; FRAG has its offset and flags in `frag`. */
struct extension {
	uint8_t kind;
	uint8_t units;
	uint16_t frag;
};

/* Put `n` headers between IPv6 header and TCP of a good frame, the last one naming `last`. */
static unsigned int extended_frame(uint8_t *frame, const struct extension *e, unsigned int n,
				   uint8_t last)
{
	unsigned int all = good_frame(frame), at = TCP, i;
	uint8_t *next = &frame[IP + 6], tcp[FRAME];

	memcpy(tcp, frame + TCP, all - TCP);
	for (i = 0; i < n; i++) {
		*next = e[i].kind;
		memset(frame + at, 0, e[i].units * 8);
		next = &frame[at];
		if (e[i].kind != FRAG)
			frame[at + 1] = e[i].units - 1;
		frame[at + 2] = (uint8_t)(e[i].frag >> 8);
		frame[at + 3] = (uint8_t)e[i].frag;
		at += e[i].units * 8;
	}
	*next = last;
	memcpy(frame + at, tcp, all - TCP);
	at += all - TCP;
	frame[IP + 4] = (uint8_t)((at - TCP) >> 8);
	frame[IP + 5] = (uint8_t)(at - TCP);
	return at;
}

static const struct {
	const char *name;
	struct extension e[10];
	unsigned int n;
	uint8_t last;
	enum packet_class class;
} chains_of_headers[] = {
	{"none", {{0}}, 0, 6, PACKET_TCP},
	{"hop-by-hop", {{HOP, 1, 0}}, 1, 6, PACKET_FRAGMENT},
	{"long hop-by-hop", {{HOP, 100, 0}}, 1, 6, PACKET_FRAGMENT},
	{"routing", {{ROUT, 3, 0}}, 1, 6, PACKET_FRAGMENT},
	{"destination", {{DST, 1, 0}}, 1, 6, PACKET_FRAGMENT},
	{"atomic fragment", {{FRAG, 1, 0}}, 1, 6, PACKET_FRAGMENT},
	{"first fragment", {{FRAG, 1, 1}}, 1, 6, PACKET_FRAGMENT},
	{"first fragment, reserved bits", {{FRAG, 1, 7}}, 1, 6, PACKET_FRAGMENT},
	{"second fragment", {{FRAG, 1, 9}}, 1, 6, PACKET_KERNEL},
	{"last fragment", {{FRAG, 1, 0xfff8}}, 1, 6, PACKET_KERNEL},
	{"all of them",
	 {{HOP, 1, 0}, {DST, 2, 0}, {ROUT, 3, 0}, {FRAG, 1, 1}, {DST, 1, 0}},
	 5,
	 6,
	 PACKET_FRAGMENT},
	{"hop-by-hop not first", {{DST, 1, 0}, {HOP, 1, 0}}, 2, 6, PACKET_FRAGMENT},
	{"later fragment behind others",
	 {{HOP, 1, 0}, {ROUT, 1, 0}, {FRAG, 1, 0x10}},
	 3,
	 6,
	 PACKET_KERNEL},
	{"fragment within a fragment", {{FRAG, 1, 1}, {FRAG, 1, 8}}, 2, 6, PACKET_KERNEL},
	{"eight",
	 {{DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0}},
	 8,
	 6,
	 PACKET_FRAGMENT},
	{"nine",
	 {{DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0},
	  {DST, 1, 0}},
	 9,
	 6,
	 PACKET_KERNEL},
	{"authentication", {{AH, 1, 0}}, 1, 6, PACKET_KERNEL},
	{"authentication behind", {{HOP, 1, 0}, {AH, 1, 0}}, 2, 6, PACKET_KERNEL},
	{"unknown behind", {{HOP, 1, 0}}, 1, 253, PACKET_KERNEL},
	{"nothing behind", {{DST, 1, 0}}, 1, 59, PACKET_KERNEL},
	{"ICMPv6 behind", {{HOP, 1, 0}}, 1, 58, PACKET_KERNEL},
	{"UDP behind a first fragment", {{FRAG, 1, 1}}, 1, 17, PACKET_KERNEL},
};

static void extensions(void **state)
{
	const struct in6_addr relay = ip6("2001:db8::10");
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(chains_of_headers); i++) {
		uint8_t frame[2048];
		unsigned int n = extended_frame(frame, chains_of_headers[i].e,
						chains_of_headers[i].n, chains_of_headers[i].last);
		struct rte_mbuf *m = frame_wrap(frame, n);
		enum packet_class class;
		struct packet p;

		class = packet_parse(&p, m, 0, &our_mac);
		if (class != chains_of_headers[i].class)
			fail_msg("%s: class %d", chains_of_headers[i].name, class);
		/* Whose it is must be known of what is dropped only if it is ours. */
		if (class == PACKET_FRAGMENT) {
			assert_true(p.key.v6);
			assert_memory_equal(&p.key.wide.relay, &relay, sizeof(relay));
			assert_int_equal(p.key.ends.relay_port, rte_cpu_to_be_16(4000));
		}
		frame_unwrap(m);
	}
}

/* Wherever it is cut nobody looks behind the end, and nothing cut is taken for TCP. */
static void extensions_cut_at_each_byte(void **state)
{
	unsigned int i, cut;

	(void)state;
	for (i = 0; i < RTE_DIM(chains_of_headers); i++) {
		uint8_t frame[2048];
		unsigned int n = extended_frame(frame, chains_of_headers[i].e,
						chains_of_headers[i].n, chains_of_headers[i].last);

		for (cut = 0; cut < n; cut++) {
			struct rte_mbuf *m = frame_wrap(frame, cut);
			enum packet_class class;
			struct packet p;

			class = packet_parse(&p, m, 0, &our_mac);
			if (class != PACKET_KERNEL && class != PACKET_DROP)
				fail_msg("%s cut to %u: class %d", chains_of_headers[i].name, cut,
					 class);
			if (class == PACKET_DROP)
				assert_int_equal(p.drop, DROP_MALFORMED);
			frame_unwrap(m);
		}
	}
}

/* A length inside an extension header that leads elsewhere. */
static void extension_lengths_that_lie(void **state)
{
	static const struct {
		const char *name;
		uint8_t units, payload; /* 0: as it is */
		enum packet_class class;
	} rows[] = {
		{"into the TCP header", 1, 0, PACKET_DROP},
		{"to the last bytes of the packet", 5, 0, PACKET_DROP},
		{"behind the packet, inside of the frame", 2, 10, PACKET_DROP},
		{"to the packet's end", 0, 8, PACKET_DROP},
		{"half a TCP header behind it", 0, 8 + 19, PACKET_DROP},
		{"no room for the options behind it", 0, 8 + 31, PACKET_DROP},
		{"padding behind", 0, 8 + 32, PACKET_FRAGMENT},
		{"a payload that ends inside of it", 0, 7, PACKET_DROP},
		{"behind the frame", 200, 0, PACKET_DROP},
		{"far behind the frame", 255, 0, PACKET_DROP},
	};
	const struct extension e = {DST, 1, 0};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		uint8_t frame[2048];
		unsigned int n = extended_frame(frame, &e, 1, 6);
		enum packet_class class;
		struct rte_mbuf *m;
		struct packet p;

		frame[TCP + 1] = rows[i].units;
		if (rows[i].payload != 0)
			frame[IP + 5] = rows[i].payload;
		m = frame_wrap(frame, n);
		class = packet_parse(&p, m, 0, &our_mac);
		if (class != rows[i].class)
			fail_msg("%s: class %d", rows[i].name, class);
		frame_unwrap(m);
	}
}

/* --- as of IPv4 --- */

static void cut_at_each_byte(void **state)
{
	uint8_t frame[2048];
	unsigned int n = good_frame(frame);

	(void)state;
	/* With a payload length that tells the truth about the cut. */
	check_true_cuts(frame, n, TCP, IP + 5, TCP);
}

static void padding_is_cut_off(void **state)
{
	(void)state;
	check_padding(segment_plain6(), 75);
}

static void chains(void **state)
{
	(void)state;
	check_chains(good_segment6(), FRAME - PAYLOAD);
}

/* Class, label and hop limit are in no sum; of all else any one bit wrong is noticed. */
static void checksums_see_each_bit(void **state)
{
	uint8_t frame[2048];
	struct rte_mbuf *m = frame_wrap(frame, good_frame(frame));
	uint8_t *bytes = rte_pktmbuf_mtod(m, uint8_t *);
	struct packet p;
	unsigned int bit;

	(void)state;
	assert_int_equal(packet_parse(&p, m, 0, &our_mac), PACKET_TCP);
	assert_true(packet_checksums_good(&p));
	for (bit = IP * 8; bit < FRAME * 8; bit++) {
		unsigned int at = bit / 8 - IP;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(packet_checksums_good(&p), at < 4 || at == 7);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(packet_checksums_good(&p));
	frame_unwrap(m);
}

/* Some headers of random kinds, lengths and flags. */
static unsigned int random_frame(uint8_t *frame)
{
	static const uint8_t kinds[] = {HOP, ROUT, FRAG, DST, DST, AH, 253};
	struct extension e[10];
	unsigned int n = fixture_between(0, 1) ? 0 : fixture_between(1, RTE_DIM(e)), i;

	for (i = 0; i < n; i++) {
		e[i].kind = kinds[fixture_between(0, RTE_DIM(kinds) - 1)];
		e[i].units = (uint8_t)(e[i].kind == FRAG ? 1 : fixture_between(1, 5));
		e[i].frag = (uint16_t)fixture_between(0, 15);
	}
	return extended_frame(frame, e, n, 6);
}

static void random_damage(void **state)
{
	unsigned int i, j, whole = 0, behind = 0;

	(void)state;
	fixture_seed();
	for (i = 0; i < 200000; i++) {
		uint8_t frame[2048];
		unsigned int n = random_frame(frame), damage = fixture_between(0, 4);
		enum packet_class class;
		struct rte_mbuf *m;
		struct packet p;

		for (j = 0; j < damage; j++)
			frame[fixture_between(0, n - 1)] = (uint8_t)fixture_random();
		n = fixture_between(0, 3) ? n : fixture_between(0, n);
		check_glance(frame, n, false);
		m = frame_wrap(frame, n);
		class = packet_parse(&p, m, 0, &our_mac);
		behind += class == PACKET_FRAGMENT;
		if (class == PACKET_TCP) {
			const uint8_t *end = rte_pktmbuf_mtod(m, const uint8_t *) + m->data_len;
			bool good = ip_residue(m) == 0xffff && tcp_residue(m) == 0xffff;

			assert_true((const uint8_t *)p.tcp + p.tcp_header + p.payload == end);
			assert_int_equal(packet_checksums_good(&p), good);
			whole += good;
		}
		frame_unwrap(m);
	}
	assert_true(whole > 1000);
	assert_true(behind > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lies),
		cmocka_unit_test(fields),
		cmocka_unit_test(extensions),
		cmocka_unit_test(extensions_cut_at_each_byte),
		cmocka_unit_test(extension_lengths_that_lie),
		cmocka_unit_test(cut_at_each_byte),
		cmocka_unit_test(padding_is_cut_off),
		cmocka_unit_test(chains),
		cmocka_unit_test(checksums_see_each_bit),
		cmocka_unit_test(random_damage),
	};

	return cmocka_run_group_tests_name("packet6", tests, fixture_eal, fixture_eal_end);
}

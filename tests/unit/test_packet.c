/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a frame is: literal frames with one lie each, cut at each byte, and random damage.  Frames
 * lie in heap memory of exactly their size, so that the address sanitizer sees every step beyond.
 */
#include "dataplane_fixture.h"

#define IP	14
#define TCP	(IP + 20)
#define OPTIONS (TCP + 20)
#define PAYLOAD 5
#define FRAME	(OPTIONS + 12 + PAYLOAD)

static const struct rte_ether_addr our_mac = {{0x02, 0, 0, 0, 0, 0x10}};

static unsigned int good_frame(uint8_t *frame)
{
	struct segment s = segment_plain();

	segment_timestamps(&s, 1, 2);
	memcpy(s.payload, "hello", PAYLOAD);
	s.n_payload = PAYLOAD;
	return segment_bytes(&s, frame);
}

#define NONE (-1)

static void lies(void **state)
{
	static const struct {
		const char *name;
		int at[2]; /* the bytes changed, or NONE */
		uint8_t to[2];
		enum packet_class class;
		enum drop_reason drop; /* with PACKET_DROP */
		unsigned int payload;  /* with PACKET_TCP */
	} rows[] = {
		{"as it is", {NONE, NONE}, {0, 0}, PACKET_TCP, 0, PAYLOAD},
		{"ARP", {12, 13}, {0x08, 0x06}, PACKET_KERNEL, 0, 0},
		{"IPv6", {12, 13}, {0x86, 0xdd}, PACKET_KERNEL, 0, 0},
		{"a VLAN tag", {12, 13}, {0x81, 0x00}, PACKET_DROP, DROP_VLAN, 0},
		{"a provider's tag", {12, 13}, {0x88, 0xa8}, PACKET_DROP, DROP_VLAN, 0},
		{"802.3 length", {12, 13}, {0x00, 0x2e}, PACKET_KERNEL, 0, 0},
		{"UDP", {IP + 9, NONE}, {17, 0}, PACKET_KERNEL, 0, 0},
		{"ICMP", {IP + 9, NONE}, {1, 0}, PACKET_KERNEL, 0, 0},
		{"ICMP to another MAC", {IP + 9, 5}, {1, 0x77}, PACKET_KERNEL, 0, 0},
		{"another MAC", {5, NONE}, {0x77, 0}, PACKET_DROP, DROP_OTHER_HOST, 0},
		{"a multicast MAC", {0, NONE}, {0x03, 0}, PACKET_KERNEL, 0, 0},
		{"version 6", {IP, NONE}, {0x65, 0}, PACKET_DROP, DROP_MALFORMED, 0},
		{"version 0", {IP, NONE}, {0x05, 0}, PACKET_DROP, DROP_MALFORMED, 0},
		{"IP header of 16 bytes", {IP, NONE}, {0x44, 0}, PACKET_DROP, DROP_MALFORMED, 0},
		{"IP header of 0 bytes", {IP, NONE}, {0x40, 0}, PACKET_DROP, DROP_MALFORMED, 0},
		{"IP header of 60 bytes", {IP, NONE}, {0x4f, 0}, PACKET_DROP, DROP_MALFORMED, 0},
		{"IP header over the TCP header",
		 {IP, NONE},
		 {0x4a, 0},
		 PACKET_DROP,
		 DROP_MALFORMED,
		 0},
		{"one byte more than there is",
		 {IP + 3, NONE},
		 {FRAME - IP + 1, 0},
		 PACKET_DROP,
		 DROP_MALFORMED,
		 0},
		{"65535 bytes", {IP + 2, IP + 3}, {0xff, 0xff}, PACKET_DROP, DROP_MALFORMED, 0},
		{"total length 0", {IP + 3, NONE}, {0, 0}, PACKET_DROP, DROP_MALFORMED, 0},
		{"total length 19", {IP + 3, NONE}, {19, 0}, PACKET_DROP, DROP_MALFORMED, 0},
		{"no TCP header", {IP + 3, NONE}, {20, 0}, PACKET_DROP, DROP_MALFORMED, 0},
		{"half a TCP header", {IP + 3, NONE}, {39, 0}, PACKET_DROP, DROP_MALFORMED, 0},
		{"no room for the options",
		 {IP + 3, NONE},
		 {40, 0},
		 PACKET_DROP,
		 DROP_MALFORMED,
		 0},
		{"one byte of options missing",
		 {IP + 3, NONE},
		 {51, 0},
		 PACKET_DROP,
		 DROP_MALFORMED,
		 0},
		{"padding behind", {IP + 3, NONE}, {52, 0}, PACKET_TCP, 0, 0},
		{"less padding", {IP + 3, NONE}, {53, 0}, PACKET_TCP, 0, 1},
		{"TCP header of 0 bytes", {TCP + 12, NONE}, {0, 0}, PACKET_DROP, DROP_MALFORMED, 0},
		{"TCP header of 16 bytes",
		 {TCP + 12, NONE},
		 {0x40, 0},
		 PACKET_DROP,
		 DROP_MALFORMED,
		 0},
		{"TCP header of 20 bytes",
		 {TCP + 12, NONE},
		 {0x50, 0},
		 PACKET_TCP,
		 0,
		 12 + PAYLOAD},
		{"TCP header of 36 bytes", {TCP + 12, NONE}, {0x90, 0}, PACKET_TCP, 0, 1},
		{"TCP header of 40 bytes",
		 {TCP + 12, NONE},
		 {0xa0, 0},
		 PACKET_DROP,
		 DROP_MALFORMED,
		 0},
		{"TCP header of 60 bytes",
		 {TCP + 12, NONE},
		 {0xf0, 0},
		 PACKET_DROP,
		 DROP_MALFORMED,
		 0},
		{"DF", {IP + 6, NONE}, {0x40, 0}, PACKET_TCP, 0, PAYLOAD},
		{"the evil bit", {IP + 6, NONE}, {0x80, 0}, PACKET_TCP, 0, PAYLOAD},
		{"first fragment", {IP + 6, NONE}, {0x20, 0}, PACKET_FRAGMENT, 0, 0},
		{"first fragment, header cut",
		 {IP + 6, IP + 3},
		 {0x20, 30},
		 PACKET_DROP,
		 DROP_MALFORMED,
		 0},
		{"second fragment", {IP + 6, IP + 7}, {0x20, 1}, PACKET_KERNEL, 0, 0},
		{"last fragment", {IP + 6, IP + 7}, {0x1f, 0xff}, PACKET_KERNEL, 0, 0},
	};
	unsigned int i, j;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		uint8_t frame[2048];
		unsigned int n = good_frame(frame);
		struct rte_mbuf *m;
		struct packet p;
		enum packet_class class;

		assert_int_equal(n, FRAME);
		for (j = 0; j < 2; j++) {
			if (rows[i].at[j] != NONE)
				frame[rows[i].at[j]] = rows[i].to[j];
		}
		m = frame_wrap(frame, n);
		class = packet_parse(&p, m, 3, &our_mac);
		if (class != rows[i].class)
			fail_msg("%s: class %d", rows[i].name, class);
		if (class == PACKET_DROP && p.drop != rows[i].drop)
			fail_msg("%s: drop %d", rows[i].name, p.drop);
		if (class == PACKET_TCP && p.payload != rows[i].payload)
			fail_msg("%s: payload %u", rows[i].name, p.payload);
		assert_int_equal(p.port, 3);
		frame_unwrap(m);
	}
}

static void fields(void **state)
{
	uint8_t frame[2048];
	struct rte_mbuf *m = frame_wrap(frame, good_frame(frame));
	struct packet p;

	(void)state;
	assert_int_equal(packet_parse(&p, m, 0, &our_mac), PACKET_TCP);
	assert_int_equal(p.key.ends.peer_addr, rte_cpu_to_be_32(IPV4(192, 0, 2, 1)));
	assert_int_equal(p.key.ends.relay_addr, rte_cpu_to_be_32(IPV4(192, 0, 2, 10)));
	assert_int_equal(p.key.ends.peer_port, rte_cpu_to_be_16(40000));
	assert_int_equal(p.key.ends.relay_port, rte_cpu_to_be_16(4000));
	assert_int_equal(p.tcp_header, 32);
	assert_ptr_equal(p.m, m);
	assert_int_equal((const uint8_t *)p.tcp - (const uint8_t *)p.ip, 20);
	frame_unwrap(m);
}

static void cut_at_each_byte(void **state)
{
	uint8_t frame[2048];
	unsigned int n = good_frame(frame), cut;

	(void)state;
	for (cut = 0; cut < n; cut++) {
		struct rte_mbuf *m = frame_wrap(frame, cut);
		struct packet p;

		assert_int_equal(packet_parse(&p, m, 0, &our_mac), PACKET_DROP);
		assert_int_equal(p.drop, DROP_MALFORMED);
		frame_unwrap(m);
	}
	/* The same with a total length that tells the truth about the cut. */
	for (cut = IP + 20; cut < n; cut++) {
		struct rte_mbuf *m;
		struct packet p;
		enum packet_class class;

		frame[IP + 3] = (uint8_t)(cut - IP);
		m = frame_wrap(frame, cut);
		class = packet_parse(&p, m, 0, &our_mac);
		assert_int_equal(class, cut < n - PAYLOAD ? PACKET_DROP : PACKET_TCP);
		if (class == PACKET_TCP)
			assert_int_equal(p.payload, cut - (n - PAYLOAD));
		frame_unwrap(m);
	}
}

static void padding_is_cut_off(void **state)
{
	struct segment s = segment_plain(), got;
	struct rte_mbuf *m;
	struct packet p;

	(void)state;
	s.n_payload = 1;
	m = segment_build(&s);
	memset(rte_pktmbuf_append(m, 5), 0xee, 5);
	assert_int_equal(packet_parse(&p, m, 0, &our_mac), PACKET_TCP);
	assert_int_equal(m->pkt_len, 55);
	assert_true(packet_checksums_good(&p));
	got = segment_read(m);
	assert_int_equal(got.n_payload, 1);
	rte_pktmbuf_free(m);
	fixture_assert_no_leak();
}

static void chains(void **state)
{
	struct segment s = segment_plain();
	unsigned int first, all;

	(void)state;
	segment_timestamps(&s, 1, 2);
	s.n_payload = 30;
	memset(s.payload, 0x5c, s.n_payload);
	all = OPTIONS + s.n_options + s.n_payload;
	for (first = 1; first < all; first++) {
		struct rte_mbuf *m = segment_build_two(&s, first);
		struct packet p;

		if (first < OPTIONS + s.n_options) {
			assert_int_equal(packet_parse(&p, m, 0, &our_mac), PACKET_DROP);
			assert_int_equal(p.drop, DROP_MALFORMED);
		} else {
			assert_int_equal(packet_parse(&p, m, 0, &our_mac), PACKET_TCP);
			if (!packet_checksums_good(&p))
				fail_msg("chain of %u bytes and the rest", first);
			*rte_pktmbuf_mtod(m->next, uint8_t *) ^= 4;
			assert_false(packet_checksums_good(&p));
		}
		rte_pktmbuf_free(m);
	}
	fixture_assert_no_leak();
}

/* Any one bit wrong, of header or payload, is noticed. */
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
		/* Lengths were believed before. */
		if (bit / 8 == IP || bit / 8 == IP + 2 || bit / 8 == IP + 3)
			continue;
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(packet_checksums_good(&p));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(packet_checksums_good(&p));
	frame_unwrap(m);
}

static void random_damage(void **state)
{
	unsigned int i, j, whole = 0;

	(void)state;
	fixture_seed();
	for (i = 0; i < 200000; i++) {
		uint8_t frame[2048];
		unsigned int n = good_frame(frame), damage = fixture_between(0, 4);
		struct rte_mbuf *m;
		struct packet p;

		for (j = 0; j < damage; j++)
			frame[fixture_between(0, n - 1)] = (uint8_t)fixture_random();
		m = frame_wrap(frame, fixture_between(0, 3) ? n : fixture_between(0, n));
		if (packet_parse(&p, m, 0, &our_mac) == PACKET_TCP) {
			const uint8_t *end = rte_pktmbuf_mtod(m, const uint8_t *) + m->data_len;

			bool good;

			assert_true((const uint8_t *)p.tcp + p.tcp_header + p.payload == end);
			good = ip_residue(m) == 0xffff && tcp_residue(m) == 0xffff;
			assert_int_equal(packet_checksums_good(&p), good);
			whole += good;
		}
		frame_unwrap(m);
	}
	assert_true(whole > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lies),
		cmocka_unit_test(fields),
		cmocka_unit_test(cut_at_each_byte),
		cmocka_unit_test(padding_is_cut_off),
		cmocka_unit_test(chains),
		cmocka_unit_test(checksums_see_each_bit),
		cmocka_unit_test(random_damage),
	};

	return cmocka_run_group_tests_name("packet", tests, fixture_eal, fixture_eal_end);
}

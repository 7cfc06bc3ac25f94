/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a frame is: literal frames with one lie each, cut at each byte, and random damage.
 */
#include "packet_fixture.h"

#define TCP	(IP + 20)
#define OPTIONS (TCP + 20)
#define FRAME	(OPTIONS + 12 + PAYLOAD)

static unsigned int good_frame(uint8_t *frame)
{
	struct segment s = segment_plain();

	good_segment(&s);
	return segment_bytes(&s, frame);
}

static void lies(void **state)
{
	static const struct lie rows[] = {
		{"as it is", {NO_BYTE, NO_BYTE}, {0, 0}, PACKET_TCP, 0, PAYLOAD},
		{"ARP", {12, 13}, {0x08, 0x06}, KERNEL},
		{"IPv6", {12, 13}, {0x86, 0xdd}, KERNEL},
		{"a VLAN tag", {12, 13}, {0x81, 0x00}, PACKET_DROP, DROP_VLAN, 0},
		{"a provider's tag", {12, 13}, {0x88, 0xa8}, PACKET_DROP, DROP_VLAN, 0},
		{"802.3 length", {12, 13}, {0x00, 0x2e}, KERNEL},
		{"UDP", {IP + 9, NO_BYTE}, {17, 0}, KERNEL},
		{"ICMP", {IP + 9, NO_BYTE}, {1, 0}, KERNEL},
		{"ICMP to another MAC", {IP + 9, 5}, {1, 0x77}, KERNEL},
		{"another MAC", {5, NO_BYTE}, {0x77, 0}, PACKET_DROP, DROP_OTHER_HOST, 0},
		{"a multicast MAC", {0, NO_BYTE}, {0x03, 0}, KERNEL},
		{"version 6", {IP, NO_BYTE}, {0x65, 0}, MALFORMED},
		{"version 0", {IP, NO_BYTE}, {0x05, 0}, MALFORMED},
		{"IP header of 16 bytes", {IP, NO_BYTE}, {0x44, 0}, MALFORMED},
		{"IP header of 0 bytes", {IP, NO_BYTE}, {0x40, 0}, MALFORMED},
		{"IP header of 60 bytes", {IP, NO_BYTE}, {0x4f, 0}, MALFORMED},
		{"IP header over the TCP header", {IP, NO_BYTE}, {0x4a, 0}, MALFORMED},
		{"one byte more than there is", {IP + 3, NO_BYTE}, {FRAME - IP + 1, 0}, MALFORMED},
		{"65535 bytes", {IP + 2, IP + 3}, {0xff, 0xff}, MALFORMED},
		{"total length 0", {IP + 3, NO_BYTE}, {0, 0}, MALFORMED},
		{"total length 19", {IP + 3, NO_BYTE}, {19, 0}, MALFORMED},
		{"no TCP header", {IP + 3, NO_BYTE}, {20, 0}, MALFORMED},
		{"half a TCP header", {IP + 3, NO_BYTE}, {39, 0}, MALFORMED},
		{"no room for the options", {IP + 3, NO_BYTE}, {40, 0}, MALFORMED},
		{"one byte of options missing", {IP + 3, NO_BYTE}, {51, 0}, MALFORMED},
		{"padding behind", {IP + 3, NO_BYTE}, {52, 0}, PACKET_TCP, 0, 0},
		{"less padding", {IP + 3, NO_BYTE}, {53, 0}, PACKET_TCP, 0, 1},
		{"TCP header of 0 bytes", {TCP + 12, NO_BYTE}, {0, 0}, MALFORMED},
		{"TCP header of 16 bytes", {TCP + 12, NO_BYTE}, {0x40, 0}, MALFORMED},
		{"TCP header of 20 bytes",
		 {TCP + 12, NO_BYTE},
		 {0x50, 0},
		 PACKET_TCP,
		 0,
		 12 + PAYLOAD},
		{"TCP header of 36 bytes", {TCP + 12, NO_BYTE}, {0x90, 0}, PACKET_TCP, 0, 1},
		{"TCP header of 40 bytes", {TCP + 12, NO_BYTE}, {0xa0, 0}, MALFORMED},
		{"TCP header of 60 bytes", {TCP + 12, NO_BYTE}, {0xf0, 0}, MALFORMED},
		{"DF", {IP + 6, NO_BYTE}, {0x40, 0}, PACKET_TCP, 0, PAYLOAD},
		{"the evil bit", {IP + 6, NO_BYTE}, {0x80, 0}, PACKET_TCP, 0, PAYLOAD},
		{"first fragment", {IP + 6, NO_BYTE}, {0x20, 0}, PACKET_FRAGMENT, 0, 0},
		{"first fragment, header cut", {IP + 6, IP + 3}, {0x20, 30}, MALFORMED},
		{"second fragment", {IP + 6, IP + 7}, {0x20, 1}, KERNEL},
		{"last fragment", {IP + 6, IP + 7}, {0x1f, 0xff}, KERNEL},
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
	struct packet p;

	check_glance(frame, good_frame(frame), true);
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
	check_true_cuts(frame, n, IP + 20, IP + 3, IP);
}

static void padding_is_cut_off(void **state)
{
	(void)state;
	check_padding(segment_plain(), 55);
}

static void chains(void **state)
{
	struct segment s = segment_plain();

	(void)state;
	good_segment(&s);
	check_chains(s, FRAME - PAYLOAD);
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
		n = fixture_between(0, 3) ? n : fixture_between(0, n);
		check_glance(frame, n, false);
		m = frame_wrap(frame, n);
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

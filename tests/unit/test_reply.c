/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's own segments: options by what was offered, in literal bytes, and all the rest. */
#include "flow_fixture.h"
#include "reply.h"
#include "tcp_option.h"

static struct reply plain(void)
{
	return (struct reply){
		.to.ends = {.peer_addr = rte_cpu_to_be_32(ALICE_ADDR),
			    .relay_addr = rte_cpu_to_be_32(RELAY_ADDR),
			    .peer_port = rte_cpu_to_be_16(ALICE_PORT),
			    .relay_port = rte_cpu_to_be_16(RELAY_PORT)},
		.next_hop = next_hop_make(2, 0, &alice_mac),
		.seq = 0xfffffffe,
		.ack = 0x80000001,
		.tsval = 0x01020304,
		.tsecr = 0x05060708,
		.flags = SYN | ACK,
	};
}

static const struct {
	const char *name;
	uint16_t mss;
	bool timestamps, wscale, sack;
	const uint8_t *options;
	unsigned int n_options;
} rows[] = {
	{"none", 0, false, false, false, BYTES("")},
	{"MSS", 1388, false, false, false, BYTES("\2\4\x05\x6c")},
	{"MSS and scale", 1388, false, true, false, BYTES("\2\4\x05\x6c\1\3\3\x8")},
	{"MSS and SACK", 1388, false, false, true, BYTES("\2\4\x05\x6c\1\1\4\2")},
	{"MSS, SACK, scale", 1388, false, true, true, BYTES("\2\4\x05\x6c\1\1\4\2\1\3\3\x8")},
	{"MSS, timestamps", 1400, true, false, false,
	 BYTES("\2\4\x05\x78\1\1\x8\xa\1\2\3\4\5\6\7\x8")},
	{"MSS, timestamps, scale", 1400, true, true, false,
	 BYTES("\2\4\x05\x78\1\1\x8\xa\1\2\3\4\5\6\7\x8\1\3\3\x8")},
	{"MSS, SACK, timestamps", 1400, true, false, true,
	 BYTES("\2\4\x05\x78\4\2\x8\xa\1\2\3\4\5\6\7\x8")},
	{"all", 1400, true, true, true, BYTES("\2\4\x05\x78\4\2\x8\xa\1\2\3\4\5\6\7\x8\1\3\3\x8")},
	{"timestamps alone", 0, true, false, false, BYTES("\1\1\x8\xa\1\2\3\4\5\6\7\x8")},
};

static void options(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(fixture_pool);
		struct reply r = plain();
		struct segment s;

		r.mss = rows[i].mss;
		r.timestamps = rows[i].timestamps;
		r.wscale = rows[i].wscale;
		r.sack = rows[i].sack;
		reply_build(&r, &bob_mac, m);
		assert_checksums(m);
		s = segment_read(m);
		assert_int_equal(s.n_options, rows[i].n_options);
		assert_memory_equal(s.options, rows[i].options, rows[i].n_options);
		assert_int_equal(s.n_payload, 0);
		rte_pktmbuf_free(m);
	}
	fixture_assert_no_leak();
}

static void headers(void **state)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(fixture_pool);
	struct reply r = plain();
	struct segment s;

	(void)state;
	r.window = 0xabcd;
	r.flags = RST | ACK;
	memset(rte_pktmbuf_mtod(m, void *), 0xee, 200); /* an mbuf that was used before */
	reply_build(&r, &bob_mac, m);
	assert_checksums(m);
	s = segment_read(m);
	assert_memory_equal(&s.dst_mac, &alice_mac, 6);
	assert_memory_equal(&s.src_mac, &bob_mac, 6);
	assert_int_equal(s.src, RELAY_ADDR);
	assert_int_equal(s.dst, ALICE_ADDR);
	assert_int_equal(s.src_port, RELAY_PORT);
	assert_int_equal(s.dst_port, ALICE_PORT);
	assert_int_equal(s.seq, 0xfffffffe);
	assert_int_equal(s.ack, 0x80000001);
	assert_int_equal(s.flags, RST | ACK);
	assert_int_equal(s.window, 0xabcd);
	assert_int_equal(s.urgent, 0);
	assert_int_equal(s.ttl, 64);
	assert_int_equal(s.frag, RTE_IPV4_HDR_DF_FLAG);
	assert_int_equal(s.n_ip_options, 0);
	rte_pktmbuf_free(m);
	fixture_assert_no_leak();
}

/* What was built is read by the parser and the option walker of the house. */
static void read_back(void **state)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(fixture_pool);
	struct tcp_option o = TCP_OPTION_FIRST;
	struct reply r = plain();
	struct packet p;
	uint32_t kinds = 0;

	(void)state;
	r.mss = 1400;
	r.timestamps = r.wscale = r.sack = true;
	reply_build(&r, &bob_mac, m);
	assert_int_equal(packet_parse(&p, m, 0, &alice_mac), PACKET_TCP);
	assert_true(packet_checksums_good(&p));
	assert_int_equal(packet_seq_len(&p), 1);
	while (tcp_option_next(&o, (const uint8_t *)p.tcp, p.tcp_header))
		kinds |= UINT32_C(1) << o.kind;
	assert_int_equal(kinds, 1 << TCP_OPTION_MSS | 1 << TCP_OPTION_SACK_PERMITTED |
					1 << TCP_OPTION_TIMESTAMP | 1 << TCP_OPTION_WSCALE);
	rte_pktmbuf_free(m);
	fixture_assert_no_leak();
}

static void next_hops(void **state)
{
	static const struct rte_ether_addr macs[] = {
		{{0, 0, 0, 0, 0, 1}},
		{{0x02, 0x80, 0xff, 0x7f, 0x80, 0xff}},
		{{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}},
	};
	unsigned int i, port;

	(void)state;
	for (i = 0; i < RTE_DIM(macs); i++) {
		for (port = 0; port < 16; port++) {
			uint64_t hop = next_hop_make(port, 0xfff, &macs[i]);
			struct rte_ether_addr mac;

			next_hop_mac(hop, &mac);
			assert_memory_equal(&mac, &macs[i], sizeof(mac));
			assert_int_equal(next_hop_port(hop), port);
			assert_int_not_equal(hop, next_hop_make(port, 0xffe, &macs[i]));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),
		cmocka_unit_test(headers),
		cmocka_unit_test(read_back),
		cmocka_unit_test(next_hops),
	};

	return cmocka_run_group_tests_name("reply", tests, fixture_eal, fixture_eal_end);
}

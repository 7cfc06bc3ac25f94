/* SPDX-License-Identifier: BSD-3-Clause */
/* What belongs to no leg and no flow: refused, or the kernel's. */
#include "peer_fixture.h"

/* --- nobody's --- */

static void nobodys_segments(void **state)
{
	static const struct {
		const char *name;
		uint8_t flags;
		unsigned int payload;
		bool bad, answered;
		uint8_t answer;
		uint32_t seq, ack; /* of the answer */
	} rows[] = {
		{"ACK", ACK, 0, false, true, RST, 7000, 0},
		{"data", ACK | PSH, 100, false, true, RST, 7000, 0},
		{"FIN", FIN | ACK, 0, false, true, RST, 7000, 0},
		{"SYN|ACK", SYN | ACK, 0, false, true, RST, 7000, 0},
		{"no ACK, no data", 0, 0, false, true, RST | ACK, 0, 3000},
		{"no ACK, data", PSH, 100, false, true, RST | ACK, 0, 3100},
		{"no ACK, FIN", FIN, 10, false, true, RST | ACK, 0, 3011},
		{"SYN and FIN", SYN | FIN, 0, false, true, RST | ACK, 0, 3002},
		{"RST", RST, 0, false, false, 0, 0, 0},
		{"RST with ACK", RST | ACK, 0, false, false, 0, 0, 0},
		{"RST and SYN", RST | SYN, 0, false, false, 0, 0, 0},
		{"bad sum", ACK, 0, true, false, 0, 0, 0},
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		const struct peer p = peer_alice();
		struct segment s = p.syn, got;

		s.flags = rows[i].flags;
		s.seq = 3000;
		s.ack = 7000;
		s.n_payload = rows[i].payload;
		s.bad_tcp = rows[i].bad;
		rig_put(0, &s);
		if (rows[i].answered) {
			got = rig_answer(0);
			if (got.flags != rows[i].answer || got.seq != rows[i].seq ||
			    got.ack != rows[i].ack)
				fail_msg("%s: flags %u seq %u ack %u", rows[i].name, got.flags,
					 got.seq, got.ack);
			assert_to_peer(&got, &p);
			assert_memory_equal(&got.dst_mac, &alice_mac, sizeof(alice_mac));
			assert_int_equal(got.n_options, 0);
		}
		rig_silence();
		rig_no_event();
	}
	assert_int_equal(rig_dropped(DROP_NO_LEG), RTE_DIM(rows) - 1);
}

static void refusals_are_rate_limited(void **state)
{
	struct segment s = peer_alice().syn;
	struct peer p = peer_bob();
	unsigned int i, answered = 0;

	(void)state;
	peer_connect(&p);
	s.flags = ACK;
	for (i = 0; i < 3000; i++) {
		struct rte_mbuf *m;

		rig_put(0, &s);
		m = rig_take(0);
		answered += m != NULL;
		rte_pktmbuf_free(m);
	}
	assert_in_range(answered, 100, 1500);
	/* Of that the legs feel nothing. */
	s = peer_segment(&p, ACK);
	s.seq += 5;
	rig_put(1, &s);
	s = rig_answer(1);
	assert_int_equal(s.flags, ACK);
	assert_parked_answer(&p, &s, p.tsval);
	rig_advance(10);
	s = peer_alice().syn;
	s.flags = ACK;
	rig_put(0, &s);
	rig_answer(0);
}

/* --- the kernel's --- */

/* Change two bytes of a SYN to the service and see where it goes. */
static void to_the_kernel(void **state)
{
	static const struct {
		const char *name;
		int at;
		uint8_t to[2];
		bool kernel;
		enum drop_reason drop;
	} rows[] = {
		{"ARP", 12, {0x08, 0x06}, true, 0},
		{"IPv6", 12, {0x86, 0xdd}, true, 0},
		{"LLDP", 12, {0x88, 0xcc}, true, 0},
		{"a broadcast frame", 0, {0xff, 0xff}, true, 0},
		{"another TCP port", 36, {0, 22}, true, 0},
		{"another address", 32, {2, 99}, true, 0},
		{"ICMP", 22, {64, 1}, true, 0},
		{"a later fragment", 20, {0x20, 0x10}, true, 0},
		{"a first fragment of ours", 20, {0x20, 0x00}, false, DROP_FRAGMENT},
		{"another host's", 4, {0x12, 0x34}, false, DROP_OTHER_HOST},
		{"lengths that lie", 16, {0xff, 0xff}, false, DROP_MALFORMED},
	};
	unsigned int i, port, given = 0;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		for (port = 0; port < RIG_PORTS; port++) {
			struct segment s = port == 0 ? peer_alice().syn : peer_bob().syn;
			uint64_t dropped = rig_dropped(rows[i].drop);
			uint8_t frame[2048];
			unsigned int n = segment_bytes(&s, frame);
			struct rte_mbuf *m;

			memcpy(frame + rows[i].at, rows[i].to, 2);
			rig_send_frame(port, frame_build(frame, n));
			rig_round();
			m = rig_kernel_takes(port);
			if ((m != NULL) != rows[i].kernel)
				fail_msg("%s: %s", rows[i].name, m ? "to the kernel" : "gone");
			if (m != NULL) {
				assert_int_equal(m->pkt_len, n);
				assert_memory_equal(rte_pktmbuf_mtod(m, void *), frame, n);
				rte_pktmbuf_free(m);
				given++;
			} else {
				assert_int_equal(rig_dropped(rows[i].drop), dropped + 1);
			}
			rig_silence();
		}
	}
	assert_int_equal(rig_stats()->exception_rx, given);
}

static void fragments_of_others_are_the_kernels(void **state)
{
	struct segment s = peer_alice().syn;

	(void)state;
	s.dst_port = 22;
	s.frag = RTE_IPV4_HDR_MF_FLAG;
	rig_put(0, &s);
	rte_pktmbuf_free(rig_kernel_takes(0));
	assert_int_equal(rig_stats()->exception_rx, 1);
}

/* What the kernel does not take is counted, and nobody's for long. */
static void the_kernel_takes_nothing(void **state)
{
	struct segment s = peer_alice().syn;

	(void)state;
	s.dst_port = 22;
	rig_kernel_block(0);
	rig_put(0, &s);
	assert_int_equal(rig_dropped(DROP_TX), 1);
	assert_int_equal(rig_stats()->exception_rx, 0);
	rig_kernel_unblock(0);
	rig_put(0, &s);
	rte_pktmbuf_free(rig_kernel_takes(0));
	assert_int_equal(rig_stats()->exception_rx, 1);
}

static void from_the_kernel(void **state)
{
	struct segment s = segment_plain(), got;
	struct rte_mbuf *m;

	(void)state;
	s.src_mac = port_mac[1];
	s.dst_mac = bob_mac;
	rig_kernel_sends(1, segment_build(&s));
	rig_round();
	m = rig_take(1);
	assert_non_null(m);
	got = segment_read(m);
	assert_memory_equal(&got, &s, sizeof(got));
	rte_pktmbuf_free(m);
	rig_silence();
	assert_int_equal(rig_stats()->exception_tx, 1);
}

static void the_kernel_is_spared(void **state)
{
	struct segment s = peer_alice().syn;
	unsigned int i, given = 0;

	(void)state;
	s.dst_port = 22;
	for (i = 0; i < 6000; i++) {
		struct rte_mbuf *m;

		rig_put(0, &s);
		m = rig_kernel_takes(0);
		given += m != NULL;
		rte_pktmbuf_free(m);
	}
	assert_in_range(given, 1000, 5000);
	assert_int_equal(given + rig_dropped(DROP_RATE), 6000);
	rig_advance(1);
	rig_put(0, &s);
	rte_pktmbuf_free(rig_kernel_takes(0));
	assert_int_equal(rig_stats()->exception_rx, given + 1);
}

#define RIG_TEST(name) RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(nobodys_segments),
		RIG_TEST(refusals_are_rate_limited),
		cmocka_unit_test_setup_teardown(to_the_kernel, rig_start, rig_end),
		cmocka_unit_test_setup_teardown(fragments_of_others_are_the_kernels, rig_start,
						rig_end),
		cmocka_unit_test_setup_teardown(the_kernel_takes_nothing, rig_start, rig_end),
		RIG_TEST(from_the_kernel),
		RIG_TEST(the_kernel_is_spared),
	};

	return cmocka_run_group_tests_name("stranger", tests, rig_ports, rig_ports_end);
}

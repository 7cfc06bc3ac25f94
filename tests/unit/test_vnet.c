/* SPDX-License-Identifier: BSD-3-Clause */
/* What a vnet header says of a frame, and what is said of it when it leaves. */
#include "dataplane_fixture.h"
#include "frame_check.h"
#include "vnet.h"

#define NEEDS	 VIRTIO_NET_HDR_F_NEEDS_CSUM
#define TCP4	 VIRTIO_NET_HDR_GSO_TCPV4
#define TCP6	 VIRTIO_NET_HDR_GSO_TCPV6
#define ECN	 VIRTIO_NET_HDR_GSO_ECN
#define CHECKSUM RTE_MBUF_F_TX_TCP_CKSUM
#define SEGMENTS RTE_MBUF_F_TX_TCP_SEG

static void marks(void **state)
{
	static const struct {
		const char *what;
		bool v6, options;
		struct virtio_net_hdr header;
		bool good;
		uint64_t flags;
		uint16_t segsz;
	} rows[] = {
		{"nothing", false, false, {0}, true, 0, 0},
		{"a good checksum",
		 false,
		 false,
		 {.flags = VIRTIO_NET_HDR_F_DATA_VALID},
		 true,
		 0,
		 0},
		{"partial", false, false, {NEEDS, 0, 0, 0, 34, 16}, true, CHECKSUM, 0},
		{"IPv4 options", false, true, {NEEDS, 0, 0, 0, 38, 16}, true, CHECKSUM, 0},
		{"IPv6", true, false, {NEEDS, 0, 0, 0, 54, 16}, true, CHECKSUM, 0},
		{"UDP's place", false, false, {NEEDS, 0, 0, 0, 34, 6}, true, 0, 0},
		{"elsewhere", false, false, {NEEDS, 0, 0, 0, 54, 16}, true, 0, 0},
		{"many",
		 false,
		 false,
		 {NEEDS, TCP4, 66, 1448, 34, 16},
		 true,
		 CHECKSUM | SEGMENTS,
		 1448},
		{"with CWR",
		 true,
		 false,
		 {NEEDS, TCP6 | ECN, 86, 1428, 54, 16},
		 true,
		 CHECKSUM | SEGMENTS,
		 1428},
		{"many, none of a size",
		 false,
		 false,
		 {NEEDS, TCP4, 66, 0, 34, 16},
		 true,
		 CHECKSUM,
		 0},
		{"many, whole sums", false, false, {0, TCP4, 66, 1448, 0, 0}, true, 0, 0},
		{"many, made here",
		 false,
		 false,
		 {VIRTIO_NET_HDR_F_DATA_VALID, TCP4, 66, 1448, 0, 0},
		 true,
		 CHECKSUM | SEGMENTS,
		 1448},
		{"many of a byte",
		 false,
		 false,
		 {NEEDS, TCP4, 66, 1, 34, 16},
		 true,
		 CHECKSUM | SEGMENTS,
		 48},
		{"many, elsewhere", false, false, {NEEDS, TCP4, 66, 1448, 54, 16}, false, 0, 0},
		{"many of UDP",
		 false,
		 false,
		 {NEEDS, VIRTIO_NET_HDR_GSO_UDP, 42, 1448, 34, 6},
		 false,
		 0,
		 0},
		{"unknown", false, false, {NEEDS, 7, 66, 1448, 34, 16}, false, 0, 0},
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct segment s = rows[i].v6 ? segment_plain6() : segment_plain();
		struct rte_mbuf *m;

		if (rows[i].options) {
			s.n_ip_options = 4;
			memset(s.ip_options, 1, 4);
		}
		m = segment_build(&s);
		print_message("             %s\n", rows[i].what);
		assert_int_equal(vnet_mark(m, &rows[i].header), rows[i].good);
		assert_int_equal(m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK, rows[i].flags);
		if (rows[i].segsz != 0)
			assert_int_equal(m->tso_segsz, rows[i].segsz);
		rte_pktmbuf_free(m);
	}
	fixture_assert_no_leak();
}

/* What a NIC made of many gets a partial checksum, whatever it had. */
static void sums(void **state)
{
	const struct virtio_net_hdr header = {VIRTIO_NET_HDR_F_DATA_VALID, TCP6, 0, 1448, 0, 0};
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct segment s = i == 0 ? segment_plain() : segment_plain6();
		struct rte_mbuf *m = segment_build(&s);
		const unsigned int ip = 14, tcp = ip + (i == 0 ? 20 : 40);
		uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);

		memset(frame + tcp + 16, 0x5a, 2);
		assert_true(vnet_mark(m, &header));
		assert_int_equal(frame_get16(frame + tcp + 16),
				 frame_pseudo_sum(i == 1, frame + ip, 6, m->data_len - tcp));
		rte_pktmbuf_free(m);
	}
	fixture_assert_no_leak();
}

/* However little there is of a frame, nothing behind it is looked at. */
static void cut_off(void **state)
{
	const struct virtio_net_hdr header = {NEEDS, TCP4, 54, 1448, 34, 16};
	struct segment s = segment_plain();
	uint8_t frame[128];
	unsigned int i;

	(void)state;
	segment_bytes(&s, frame);
	for (i = 1; i <= 54; i++) {
		struct rte_mbuf *m = frame_wrap(frame, i);

		assert_int_equal(vnet_mark(m, &header), i == 54);
		frame_unwrap(m);
	}
}

static void headers(void **state)
{
	static const struct {
		bool v6;
		uint8_t flags;
		uint64_t ol_flags;
		struct virtio_net_hdr header;
	} rows[] = {
		{false, ACK, 0, {0}},
		{false, ACK, CHECKSUM, {NEEDS, 0, 54, 0, 34, 16}},
		{true, ACK, CHECKSUM, {NEEDS, 0, 74, 0, 54, 16}},
		{false, ACK, CHECKSUM | SEGMENTS, {NEEDS, TCP4, 54, 1000, 34, 16}},
		{true, ACK, CHECKSUM | SEGMENTS, {NEEDS, TCP6, 74, 1000, 54, 16}},
		{false,
		 ACK | RTE_TCP_CWR_FLAG,
		 CHECKSUM | SEGMENTS,
		 {NEEDS, TCP4 | ECN, 54, 1000, 34, 16}},
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct segment s = rows[i].v6 ? segment_plain6() : segment_plain();
		struct virtio_net_hdr header;
		struct rte_mbuf *m;

		s.flags = rows[i].flags;
		m = segment_build(&s);
		m->ol_flags |=
			rows[i].ol_flags | (rows[i].v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
		m->l2_len = 14;
		m->l3_len = rows[i].v6 ? 40 : 20;
		m->l4_len = 20;
		m->tso_segsz = 1000;
		header = vnet_header(m);
		assert_memory_equal(&header, &rows[i].header, sizeof(header));
		rte_pktmbuf_free(m);
	}
	fixture_assert_no_leak();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks),
		cmocka_unit_test(sums),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(headers),
	};

	return cmocka_run_group_tests_name("vnet", tests, fixture_eal, fixture_eal_end);
}

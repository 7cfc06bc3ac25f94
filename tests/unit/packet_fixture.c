/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_fixture.h"

const struct rte_ether_addr our_mac = {{0x02, 0, 0, 0, 0, 0x10}};

void good_segment(struct segment *s)
{
	segment_timestamps(s, 1, 2);
	memcpy(s->payload, "hello", PAYLOAD);
	s->n_payload = PAYLOAD;
}

static void check_lie(const struct lie *lie, const uint8_t *frame, unsigned int n)
{
	struct rte_mbuf *m = frame_wrap(frame, n);
	struct packet p;
	enum packet_class class = packet_parse(&p, m, 3, &our_mac);

	if (class != lie->class)
		fail_msg("%s: class %d", lie->name, class);
	if (class == PACKET_DROP && p.drop != lie->drop)
		fail_msg("%s: drop %d", lie->name, p.drop);
	if (class == PACKET_TCP && p.payload != lie->payload)
		fail_msg("%s: payload %u", lie->name, p.payload);
	assert_int_equal(p.port, 3);
	frame_unwrap(m);
}

void check_lies(const struct lie *lies, unsigned int n_lies, const uint8_t *good, unsigned int n)
{
	uint8_t frame[2048];
	unsigned int i, j;

	for (i = 0; i < n_lies; i++) {
		memcpy(frame, good, n);
		for (j = 0; j < 2; j++) {
			if (lies[i].at[j] != NO_BYTE)
				frame[lies[i].at[j]] = lies[i].to[j];
		}
		check_lie(&lies[i], frame, n);
	}
}

void check_true_cuts(uint8_t *frame, unsigned int n, unsigned int first, unsigned int length_at,
		     unsigned int from)
{
	unsigned int cut;

	for (cut = first; cut < n; cut++) {
		struct rte_mbuf *m;
		struct packet p;
		enum packet_class class;

		frame[length_at] = (uint8_t)(cut - from);
		m = frame_wrap(frame, cut);
		class = packet_parse(&p, m, 0, &our_mac);
		assert_int_equal(class, cut < n - PAYLOAD ? PACKET_DROP : PACKET_TCP);
		if (class == PACKET_TCP)
			assert_int_equal(p.payload, cut - (n - PAYLOAD));
		frame_unwrap(m);
	}
}

void check_padding(struct segment s, unsigned int n)
{
	struct rte_mbuf *m;
	struct packet p;

	s.n_payload = 1;
	m = segment_build(&s);
	memset(rte_pktmbuf_append(m, 5), 0xee, 5);
	assert_int_equal(packet_parse(&p, m, 0, &our_mac), PACKET_TCP);
	assert_int_equal(m->pkt_len, n);
	assert_true(packet_checksums_good(&p));
	assert_int_equal(segment_read(m).n_payload, 1);
	rte_pktmbuf_free(m);
	fixture_assert_no_leak();
}

static void check_chain(const struct segment *s, unsigned int first, bool good)
{
	struct rte_mbuf *m = segment_build_two(s, first);
	struct packet p;

	assert_int_equal(packet_parse(&p, m, 0, &our_mac), good ? PACKET_TCP : PACKET_DROP);
	if (good) {
		if (!packet_checksums_good(&p))
			fail_msg("chain of %u bytes and the rest", first);
		*rte_pktmbuf_mtod(m->next, uint8_t *) ^= 4;
		assert_false(packet_checksums_good(&p));
	} else {
		assert_int_equal(p.drop, DROP_MALFORMED);
	}
	rte_pktmbuf_free(m);
}

void check_chains(struct segment s, unsigned int headers)
{
	unsigned int first;

	s.n_payload = 30;
	memset(s.payload, 0x5c, s.n_payload);
	for (first = 1; first < headers + s.n_payload; first++)
		check_chain(&s, first, first >= headers);
	fixture_assert_no_leak();
}

void check_glance(const uint8_t *frame, unsigned int n, bool usual)
{
	struct rte_mbuf *m[2] = {frame_wrap(frame, n), frame_wrap(frame, n)};
	struct packet p[2];

	assert_non_null(m[0]);
	if (packet_parse_usual(&p[0], m[0], 0, &our_mac)) {
		assert_int_equal(packet_parse(&p[1], m[1], 0, &our_mac), PACKET_TCP);
		assert_true(tuple_equal(&p[0].key, &p[1].key));
		assert_int_equal((const char *)p[0].tcp - (const char *)p[0].eth,
				 (const char *)p[1].tcp - (const char *)p[1].eth);
		assert_int_equal(p[0].tcp_header, p[1].tcp_header);
		assert_int_equal(p[0].payload, p[1].payload);
		assert_int_equal(m[0]->pkt_len, m[1]->pkt_len);
		assert_int_equal(m[0]->data_len, m[1]->data_len);
	} else {
		assert_false(usual);
	}
	frame_unwrap(m[0]);
	frame_unwrap(m[1]);
}

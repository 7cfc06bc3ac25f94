/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments cut for a smaller MSS: into how many pieces, what their headers say, and that together
 * they are what was cut.
 */
#include "dataplane_fixture.h"
#include "segment.h"

#define CWR RTE_TCP_CWR_FLAG
#define ECE RTE_TCP_ECE_FLAG

static const uint8_t timestamps[] = {1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9};

/* A segment of `payload` bytes, in a dress of the IP header: 0 IPv4, 1 with options, 2 IPv6. */
static struct segment dressed(unsigned int dress, unsigned int payload)
{
	struct segment s = dress == 2 ? segment_plain6() : segment_plain();
	unsigned int i;

	if (dress == 1) {
		s.n_ip_options = 40;
		memset(s.ip_options, 1, s.n_ip_options);
	}
	s.label = dress == 2 ? 0xabcde : 0;
	s.id = dress == 2 ? 0 : 0xfffe;
	s.tos = 0xb9;
	s.seq = 0xffffff00;
	s.ack = 77;
	s.n_payload = payload;
	for (i = 0; i < payload; i++)
		s.payload[i] = (uint8_t)(i * 131 >> 3);
	return s;
}

/* The flags of a piece and its urgent pointer. */
struct marks {
	uint8_t flags;
	uint16_t urgent;
};

/* All of a piece is compared: what no rule names is as it was in the whole. */
static void assert_piece(struct rte_mbuf *m, const struct segment *whole, unsigned int i,
			 uint32_t offset, uint32_t n, const struct marks *marks)
{
	struct segment got = segment_read(m), want = *whole;

	want.seq += offset;
	want.n_payload = n;
	memset(want.payload, 0, sizeof(want.payload));
	memcpy(want.payload, whole->payload + offset, n);
	if (!want.v6)
		want.id = (uint16_t)(want.id + i);
	if (marks != NULL) {
		want.flags = marks->flags;
		want.urgent = marks->urgent;
	} else {
		want.flags = got.flags;
		want.urgent = got.urgent;
	}
	assert_int_equal(got.seq, want.seq);
	assert_int_equal(got.n_payload, want.n_payload);
	assert_int_equal(got.flags, want.flags);
	assert_int_equal(got.urgent, want.urgent);
	assert_int_equal(got.id, want.id);
	assert_memory_equal(&got, &want, sizeof(got));
	assert_checksums(m);
}

/* Cut `s` for `room`: every piece but the last is full; returns how many there are. */
static unsigned int cut(const struct segment *s, unsigned int room, const struct marks *marks)
{
	struct packet p = segment_packet(s);
	struct rte_mbuf *pieces[SEGMENT_PIECES], *first = p.m;
	unsigned int i, n, step = room - s->n_options - s->n_ip_options * !s->v6;
	unsigned int want = segment_pieces(&p, room);
	uint32_t offset = 0;

	assert_true(segment_room(&p) > room);
	assert_int_equal(want, (s->n_payload + step - 1) / step);
	n = segment_cut(&p, room, fixture_pool, pieces);
	assert_int_equal(n, want);
	assert_ptr_equal(pieces[0], first);
	for (i = 0; i < n; i++) {
		uint32_t size = i + 1 < n ? step : s->n_payload - offset;

		assert_piece(pieces[i], s, i, offset, size, marks != NULL ? &marks[i] : NULL);
		offset += size;
		rte_pktmbuf_free(pieces[i]);
	}
	assert_int_equal(offset, s->n_payload);
	return n;
}

static void sizes(void **state)
{
	static const struct {
		unsigned int payload, room, pieces; /* room without options of any kind */
	} rows[] = {
		{1460, 1459, 2}, {1001, 1000, 2}, {2, 1, 2},	  {1000, 500, 2}, {1001, 500, 3},
		{1460, 48, 31},	 {256, 1, 256},	  {1280, 5, 256}, {1460, 536, 3}, {1399, 700, 2},
	};
	unsigned int i, dress;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		for (dress = 0; dress < 6; dress++) {
			struct segment s = dressed(dress % 3, rows[i].payload);
			unsigned int room = rows[i].room + (dress % 3 == 1 ? 40 : 0);

			if (dress >= 3) {
				segment_option(&s, timestamps, sizeof(timestamps));
				room += sizeof(timestamps);
			}
			assert_int_equal(cut(&s, room, NULL), rows[i].pieces);
		}
	}
	fixture_assert_no_leak();
}

/* What counts against the room: payload and options, not the headers every packet has. */
static void room_counts_options(void **state)
{
	unsigned int dress;

	(void)state;
	for (dress = 0; dress < 3; dress++) {
		struct segment s = dressed(dress, 100);
		struct packet p;

		segment_option(&s, timestamps, sizeof(timestamps));
		p = segment_packet(&s);
		assert_int_equal(segment_room(&p), 112 + (dress == 1 ? 40 : 0));
		rte_pktmbuf_free(p.m);
	}
}

/* 300 bytes cut for 100. */
static void flags(void **state)
{
	static const struct {
		const char *name;
		uint8_t flags;
		uint16_t urgent;
		struct marks pieces[3];
	} rows[] = {
		{"plain", ACK, 0, {{ACK, 0}, {ACK, 0}, {ACK, 0}}},
		{"PSH goes with the last", ACK | PSH, 0, {{ACK, 0}, {ACK, 0}, {ACK | PSH, 0}}},
		{"FIN and PSH", FIN | ACK | PSH, 0, {{ACK, 0}, {ACK, 0}, {FIN | ACK | PSH, 0}}},
		{"CWR goes with the first, ECE with all",
		 ACK | CWR | ECE,
		 0,
		 {{ACK | CWR | ECE, 0}, {ACK | ECE, 0}, {ACK | ECE, 0}}},
		{"urgent: the last byte of the first piece",
		 ACK | URG,
		 100,
		 {{ACK | URG, 100}, {ACK, 0}, {ACK, 0}}},
		{"the first of the second",
		 ACK | URG,
		 101,
		 {{ACK | URG, 101}, {ACK | URG, 1}, {ACK, 0}}},
		{"the last of all",
		 ACK | URG | PSH,
		 300,
		 {{ACK | URG, 300}, {ACK | URG, 200}, {ACK | URG | PSH, 100}}},
		{"beyond the segment",
		 ACK | URG,
		 0xffff,
		 {{ACK | URG, 0xffff}, {ACK | URG, 0xffff - 100}, {ACK | URG, 0xffff - 200}}},
		{"none of its bytes: what it means stays the receiver's",
		 ACK | URG,
		 0,
		 {{ACK | URG, 0}, {ACK, 0}, {ACK, 0}}},
		{"a pointer without the flag is nothing",
		 ACK,
		 150,
		 {{ACK, 150}, {ACK, 150}, {ACK, 150}}},
	};
	unsigned int i, dress;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		for (dress = 0; dress < 3; dress++) {
			struct segment s = dressed(dress, 300);

			if (dress == 0)
				print_message("             %s\n", rows[i].name);
			s.flags = rows[i].flags;
			s.urgent = rows[i].urgent;
			assert_int_equal(cut(&s, dress == 1 ? 140 : 100, rows[i].pieces), 3);
		}
	}
	fixture_assert_no_leak();
}

/* They stand at one place of the sequence: only what fits of their data goes. */
static void syn_and_rst_are_shortened(void **state)
{
	static const uint8_t kinds[] = {SYN, SYN | ACK, RST, RST | ACK, RST | ACK | PSH};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(kinds); i++) {
		struct segment s = dressed(i % 3, 300);
		struct rte_mbuf *pieces[SEGMENT_PIECES];
		struct marks marks = {kinds[i] & (uint8_t)~PSH, 0};
		struct packet p;

		s.flags = kinds[i];
		p = segment_packet(&s);
		assert_int_equal(segment_pieces(&p, 140), 1);
		assert_int_equal(segment_cut(&p, 140, fixture_pool, pieces), 1);
		assert_piece(pieces[0], &s, 0, 0, i % 3 == 1 ? 100 : 140, &marks);
		rte_pktmbuf_free(pieces[0]);
	}
	fixture_assert_no_leak();
}

/* What cannot be cut is left alone. */
static void not_to_be_cut(void **state)
{
	unsigned int i, dress, payload;

	(void)state;
	for (i = 0; i < 3 * 4; i++) {
		unsigned int fixed = 12 + (i % 3 == 1 ? 40 : 0);
		/* no room, not even for the options, or for so little of the payload */
		const unsigned int rooms[] = {0, 1, fixed, fixed + 1};
		struct segment s, got;
		struct packet p;

		dress = i % 3;
		payload = SEGMENT_PIECES + 1;
		s = dressed(dress, payload);
		s.flags = FIN | PSH | ACK;
		segment_option(&s, timestamps, sizeof(timestamps));
		p = segment_packet(&s);
		assert_int_equal(segment_pieces(&p, rooms[i / 3]), 0);
		got = segment_read(p.m);
		assert_memory_equal(&got, &s, sizeof(s));
		assert_checksums(p.m);
		rte_pktmbuf_free(p.m);
	}
	fixture_assert_no_leak();
}

/* A piece is in one mbuf, whatever its payload was in; also when there is only one. */
static void a_chain_is_cut(void **state)
{
	static const unsigned int rooms[] = {50, 99, 100, 101, 199, 200};
	unsigned int i, k, n;

	(void)state;
	for (k = 0; k < RTE_DIM(rooms); k++) {
		struct segment s = dressed(0, 200);
		struct packet p = segment_packet(&s);
		struct rte_mbuf *tail = rte_pktmbuf_alloc(fixture_pool), *pieces[SEGMENT_PIECES];

		rte_pktmbuf_trim(p.m, 100);
		memcpy(rte_pktmbuf_append(tail, 100), s.payload + 100, 100);
		assert_int_equal(rte_pktmbuf_chain(p.m, tail), 0);
		n = segment_pieces(&p, rooms[k]);
		assert_int_equal(n, (200 + rooms[k] - 1) / rooms[k]);
		assert_int_equal(segment_cut(&p, rooms[k], fixture_pool, pieces), n);
		for (i = 0; i < n; i++) {
			assert_int_equal(pieces[i]->nb_segs, 1);
			assert_piece(pieces[i], &s, i, rooms[k] * i,
				     RTE_MIN(rooms[k], 200 - rooms[k] * i), NULL);
			rte_pktmbuf_free(pieces[i]);
		}
		fixture_assert_no_leak();
	}
}

/* Mbufs that are not to be had: what there is goes in order, without the last's flags. */
static void few_mbufs(void **state)
{
	static struct rte_mbuf *all[4096];
	unsigned int left;

	(void)state;
	for (left = 0; left < 3; left++) {
		const struct marks marks = {ACK, 0};
		struct segment s = dressed(0, 1000);
		struct rte_mbuf *pieces[SEGMENT_PIECES];
		struct packet p;
		unsigned int n = 0, i;

		s.flags = FIN | PSH | ACK;
		p = segment_packet(&s);
		while (n < RTE_DIM(all) && (all[n] = rte_pktmbuf_alloc(fixture_pool)) != NULL)
			n++;
		rte_pktmbuf_free_bulk(all, left);
		assert_int_equal(segment_pieces(&p, 100), 10);
		assert_int_equal(segment_cut(&p, 100, fixture_pool, pieces), 1 + left);
		for (i = 0; i < 1 + left; i++) {
			assert_piece(pieces[i], &s, i, 100 * i, 100, &marks);
			rte_pktmbuf_free(pieces[i]);
		}
		rte_pktmbuf_free_bulk(all + left, n - left);
		fixture_assert_no_leak();
	}
}

static void random_segments(void **state)
{
	unsigned int i, at;

	(void)state;
	fixture_seed();
	for (i = 0; i < 5000; i++) {
		struct segment s = dressed(fixture_between(0, 2), fixture_between(2, 1400));
		unsigned int fixed, least;

		s.seq = (uint32_t)fixture_random();
		s.urgent = (uint16_t)fixture_random();
		s.flags = ACK | (uint8_t)(fixture_random() & (URG | PSH | FIN | CWR | ECE));
		s.n_options = 4 * fixture_between(0, 10);
		for (at = 0; at < s.n_options; at++)
			s.options[at] = (uint8_t)fixture_random();
		fixed = s.n_options + (s.v6 ? 0 : s.n_ip_options);
		least = (s.n_payload + SEGMENT_PIECES - 1) / SEGMENT_PIECES;
		cut(&s, fixed + fixture_between(least, s.n_payload - 1), NULL);
	}
	fixture_assert_no_leak();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),	 cmocka_unit_test(room_counts_options),
		cmocka_unit_test(flags),	 cmocka_unit_test(syn_and_rst_are_shortened),
		cmocka_unit_test(not_to_be_cut), cmocka_unit_test(a_chain_is_cut),
		cmocka_unit_test(few_mbufs),	 cmocka_unit_test(random_segments),
	};

	return cmocka_run_group_tests_name("segment", tests, fixture_eal, fixture_eal_end);
}

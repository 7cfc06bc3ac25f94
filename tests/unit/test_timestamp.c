/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timestamps put into segments: literal options and what becomes of them in every dress of the
 * IP header, then random ones.
 */
#include "dataplane_fixture.h"
#include "timestamp.h"

#define TSVAL 0x01020304
#define TSECR 0x05060708
#define TS    "\1\1\x8\xa\1\2\3\4\5\6\7\x8"

#define BLOCK_A "\0\0\0\1\0\0\0\2"
#define BLOCK_B "\0\0\0\3\0\0\0\4"
#define BLOCK_C "\0\0\0\5\0\0\0\6"
#define BLOCK_D "\0\0\0\7\0\0\0\x8"

#define UNKNOWN_12 "\xfd\xc\1\2\3\4\5\6\7\x8\x9\xa"
#define UNKNOWN_13 "\xfd\xd\1\2\3\4\5\6\7\x8\x9\xa\xb"

struct row {
	const char *name;
	const uint8_t *options;
	unsigned int n_options;
	const uint8_t *want;
	unsigned int n_want;
};

static const struct row rows[] = {
	{"none", BYTES(""), BYTES(TS)},
	{"NOPs, as blanked options leave them", BYTES("\1\1\1\1\1\1\1\1\1\1\1\1"), BYTES(TS)},
	{"forty NOPs",
	 BYTES("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
	       "\1\1\1\1\1\1"),
	 BYTES(TS)},
	{"one SACK block", BYTES("\1\1\5\xa" BLOCK_A), BYTES(TS "\1\1\5\xa" BLOCK_A)},
	{"three", BYTES("\1\1\5\x1a" BLOCK_A BLOCK_B BLOCK_C),
	 BYTES(TS "\1\1\5\x1a" BLOCK_A BLOCK_B BLOCK_C)},
	{"four: the last goes", BYTES("\1\1\5\x22" BLOCK_A BLOCK_B BLOCK_C BLOCK_D),
	 BYTES(TS "\1\1\5\x1a" BLOCK_A BLOCK_B BLOCK_C)},
	{"four, not aligned", BYTES("\5\x22" BLOCK_A BLOCK_B BLOCK_C BLOCK_D "\1\1"),
	 BYTES(TS "\1\1\5\x1a" BLOCK_A BLOCK_B BLOCK_C)},
	{"four at an odd place", BYTES("\1\5\x22" BLOCK_A BLOCK_B BLOCK_C BLOCK_D "\0"),
	 BYTES(TS "\1\1\5\x1a" BLOCK_A BLOCK_B BLOCK_C)},
	{"blocks at an odd place are aligned", BYTES("\1\5\xa" BLOCK_A "\0"),
	 BYTES(TS "\1\1\5\xa" BLOCK_A)},
	{"two SACK options", BYTES("\5\xa" BLOCK_A "\5\xa" BLOCK_B),
	 BYTES(TS "\1\1\5\xa" BLOCK_A "\1\1\5\xa" BLOCK_B)},
	{"two SACK options, of which the second does not fit",
	 BYTES("\5\x12" BLOCK_A BLOCK_B "\5\xa" BLOCK_C "\1\1\1\1"),
	 BYTES(TS "\1\1\5\x12" BLOCK_A BLOCK_B)},
	{"empty SACK", BYTES("\1\1\5\2"), BYTES(TS "\1\1\5\2")},
	{"three behind three bytes", BYTES("\xfd\3\1\5\x1a" BLOCK_A BLOCK_B BLOCK_C "\1\1\1"),
	 BYTES(TS "\xfd\3\1\1\1\1\5\x12" BLOCK_A BLOCK_B)},
	{"an option of odd length", BYTES("\xfd\3\x55\0"), BYTES(TS "\xfd\3\x55\1")},
	{"other options keep their order", BYTES("\xfd\3\x55\2\4\5\xb4\xfe\2\1\1\1"),
	 BYTES(TS "\xfd\3\x55\2\4\5\xb4\xfe\2\1\1\1")},
	{"room for 2 more bytes before a SACK", BYTES(UNKNOWN_13 UNKNOWN_13 "\5\xa" BLOCK_A),
	 BYTES(TS UNKNOWN_13 UNKNOWN_13 "\1\1")},
	{"for 3", BYTES(UNKNOWN_12 UNKNOWN_13 "\5\xa" BLOCK_A "\1"),
	 BYTES(TS UNKNOWN_12 UNKNOWN_13 "\1\1\1")},
	{"for 4, which another option takes",
	 BYTES(UNKNOWN_12 UNKNOWN_12 "\5\xa" BLOCK_A "\x1c\4\1\2\1\1"),
	 BYTES(TS UNKNOWN_12 UNKNOWN_12 "\x1c\4\1\2")},
	{"for 6, and two SACKs",
	 BYTES(UNKNOWN_12 "\xfd\xa\1\2\3\4\5\6\7\x8\5\xa" BLOCK_A "\5\x6\0\0\0\1\1\1"),
	 BYTES(TS UNKNOWN_12 "\xfd\xa\1\2\3\4\5\6\7\x8\5\x6\0\0\0\1")},
	{"one of forty bytes goes",
	 BYTES("\xfd\x28\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10\1\2\3\4\5\6\7\x8\x9\xa\xb\xc"
	       "\xd\xe\xf\x10\1\2\3\4\5\6"),
	 BYTES(TS)},
	{"END, and garbage behind it", BYTES("\xfd\3\x55\0\x8\xa\1\1\1\1\1\1\1\1\1\1"),
	 BYTES(TS "\xfd\3\x55\1")},
	{"END at once", BYTES("\0\5\xa\1\1\1\1\1\1\1\1\1"), BYTES(TS)},
	{"length 0, and garbage behind it", BYTES("\xfd\3\x55\x55\0\5\xa\1"),
	 BYTES(TS "\xfd\3\x55\1")},
	{"length 1", BYTES("\x55\1\x5\2"), BYTES(TS)},
	{"a length that leads out", BYTES("\xfd\3\x55\xfd\x6\1\1\1"), BYTES(TS "\xfd\3\x55\1")},
	{"a kind in the last byte", BYTES("\xfd\3\x55\5"), BYTES(TS "\xfd\3\x55\1")},
	{"timestamps of its own, which nobody agreed on", BYTES("\1\1\x8\xa\x7\7\7\7\x7\7\7\7"),
	 BYTES(TS)},
};

/* The dresses of the IP header. */
static struct segment dressed(unsigned int i)
{
	struct segment s = i % 3 == 2 ? segment_plain6() : segment_plain();

	if (i % 3 == 1) {
		s.n_ip_options = 4 * (1 + i % 10);
		memset(s.ip_options, 1, s.n_ip_options);
	}
	s.tos = 0xb9;
	s.flags = ACK | PSH | URG;
	s.urgent = 3;
	s.seq = 0xfffffff0;
	s.ack = 77;
	s.n_payload = i * 7 % 23;
	memset(s.payload, 0xa5, s.n_payload);
	return s;
}

/* `p` is what anybody reads in its mbuf. */
static void assert_follows(const struct packet *p, const struct segment *s)
{
	struct packet again = {0};

	assert_int_equal(packet_parse(&again, p->m, 0, &s->dst_mac), PACKET_TCP);
	assert_ptr_equal(p->eth, again.eth);
	assert_ptr_equal(p->ip, again.ip);
	assert_ptr_equal(p->tcp, again.tcp);
	assert_int_equal(p->tcp_header, again.tcp_header);
	assert_int_equal(p->payload, again.payload);
	assert_int_equal(p->m->pkt_len, p->m->data_len);
}

/* All of a segment is compared, so nothing else may have changed. */
static void table(void **state)
{
	unsigned int i, dress;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		for (dress = 0; dress < 30; dress++) {
			const struct row *r = &rows[i];
			struct segment in = dressed(dress), want, got;
			struct packet p;

			assert_int_equal(r->n_options % 4, 0);
			segment_option(&in, r->options, r->n_options);
			want = in;
			memset(want.options, 0, sizeof(want.options));
			memcpy(want.options, r->want, r->n_want);
			want.n_options = r->n_want;
			p = segment_packet(&in);
			assert_true(timestamp_insert(&p, TSVAL, TSECR));
			got = segment_read(p.m);
			if (memcmp(&got, &want, sizeof(got)) != 0)
				fail_msg("%s, dress %u: %u bytes of options, not %u, or others",
					 r->name, dress, got.n_options, want.n_options);
			if (ip_residue(p.m) != 0xffff || tcp_residue(p.m) != 0xffff)
				fail_msg("%s, dress %u: checksum", r->name, dress);
			assert_follows(&p, &in);
			rte_pktmbuf_free(p.m);
		}
	}
	fixture_assert_no_leak();
}

/* The bits beside the data offset are the ends' own, if they ever mean something. */
static void reserved_bits_stay(void **state)
{
	struct segment s = segment_plain();
	struct packet p = segment_packet(&s);
	uint16_t before = tcp_residue(p.m);

	(void)state;
	p.tcp->data_off |= 0x0b;
	before = tcp_residue(p.m);
	assert_true(timestamp_insert(&p, TSVAL, TSECR));
	assert_int_equal(p.tcp->data_off, 0x8b);
	assert_int_equal(tcp_residue(p.m), before);
	rte_pktmbuf_free(p.m);
	fixture_assert_no_leak();
}

/* With just enough headroom, and with one word less: then nothing at all has changed. */
static void headroom(void **state)
{
	unsigned int left;

	(void)state;
	for (left = 0; left <= 12; left += 4) {
		struct segment s = segment_plain();
		struct packet p = segment_packet(&s), before;
		uint8_t frame[128];

		rte_pktmbuf_adj(p.m, p.m->data_len); /* the same frame again, further up */
		p.m->data_off = (uint16_t)left;
		memcpy(rte_pktmbuf_append(p.m, 54), frame, segment_bytes(&s, frame));
		assert_int_equal(packet_parse(&p, p.m, 0, &s.dst_mac), PACKET_TCP);
		before = p;
		assert_int_equal(timestamp_insert(&p, TSVAL, TSECR), left == 12);
		if (left < 12) {
			assert_memory_equal(&p, &before, sizeof(p));
			assert_int_equal(p.m->data_off, left);
			assert_int_equal(p.m->data_len, 54);
			assert_memory_equal(rte_pktmbuf_mtod(p.m, void *), frame, 54);
		} else {
			assert_int_equal(p.m->data_off, 0);
			assert_checksums(p.m);
		}
		rte_pktmbuf_free(p.m);
	}
	fixture_assert_no_leak();
}

/* A header that does not grow needs no headroom. */
static void shorter_without_headroom(void **state)
{
	struct segment s = segment_plain(), got;
	uint8_t frame[128];
	struct packet p;
	unsigned int n;

	(void)state;
	segment_option(&s, BYTES("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"));
	n = segment_bytes(&s, frame);
	p = segment_packet(&s);
	rte_pktmbuf_adj(p.m, p.m->data_len);
	p.m->data_off = 0;
	memcpy(rte_pktmbuf_append(p.m, (uint16_t)n), frame, n);
	assert_int_equal(packet_parse(&p, p.m, 0, &s.dst_mac), PACKET_TCP);
	assert_true(timestamp_insert(&p, TSVAL, TSECR));
	got = segment_read(p.m);
	assert_int_equal(got.n_options, 12);
	assert_checksums(p.m);
	rte_pktmbuf_free(p.m);
	fixture_assert_no_leak();
}

/* Payload in another mbuf is not touched. */
static void chains(void **state)
{
	struct segment s = segment_plain();
	struct rte_mbuf *tail = rte_pktmbuf_alloc(fixture_pool);
	struct packet p;

	(void)state;
	s.n_payload = 101;
	memset(s.payload, 0x5a, s.n_payload);
	p = segment_packet(&s);
	rte_pktmbuf_trim(p.m, 100);
	memset(rte_pktmbuf_append(tail, 100), 0x5a, 100);
	assert_int_equal(rte_pktmbuf_chain(p.m, tail), 0);
	assert_int_equal(packet_parse(&p, p.m, 0, &s.dst_mac), PACKET_TCP);
	assert_true(timestamp_insert(&p, TSVAL, TSECR));
	assert_int_equal(p.m->pkt_len, 54 + 12 + 101);
	assert_int_equal(p.m->data_len, 54 + 12 + 1);
	assert_true(packet_checksums_good(&p));
	rte_pktmbuf_free(p.m);
	fixture_assert_no_leak();
}

/* --- random segments --- */

static void random_options(struct segment *s)
{
	static const uint8_t kinds[] = {0, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 8, 28, 34, 254};
	unsigned int at, n = 4 * fixture_between(0, 10), length;

	for (at = 0; at < n; at++)
		s->options[at] = (uint8_t)fixture_random();
	s->n_options = n;
	for (at = 0; at + 2 <= n && fixture_between(0, 15) > 0; at += length) {
		s->options[at] = kinds[fixture_between(0, RTE_DIM(kinds) - 1)];
		length = 1;
		if (s->options[at] <= 1)
			continue;
		length = s->options[at] == 5 ? 2 + 8 * fixture_between(1, 4)
					     : fixture_between(2, 20);
		s->options[at + 1] = (uint8_t)length;
	}
}

/* Each SACK option in `got` is one of `in`, shortened by whole blocks if at all; returns bytes. */
static void assert_sack_of(const struct segment *in, const uint8_t *option)
{
	unsigned int n = option[1], at;

	for (at = 0; at + n <= in->n_options; at++) {
		if (in->options[at] == 5 && in->options[at + 1] >= n &&
		    (in->options[at + 1] == n || n % 8 == 2) &&
		    memcmp(&in->options[at + 2], option + 2, n - 2) == 0)
			return;
	}
	fail_msg("SACK blocks out of nothing");
}

static void assert_options(const struct segment *in, const struct segment *got)
{
	unsigned int at;

	assert_true(got->n_options >= 12);
	assert_memory_equal(got->options, TS, 12);
	for (at = 12; at < got->n_options;) {
		if (got->options[at] == 1) {
			at++;
			continue;
		}
		assert_int_not_equal(got->options[at], 0);
		assert_int_not_equal(got->options[at], 8);
		assert_true(at + 2 <= got->n_options);
		assert_true(got->options[at + 1] >= 2);
		assert_true(at + got->options[at + 1] <= got->n_options);
		if (got->options[at] == 5)
			assert_sack_of(in, &got->options[at]);
		at += got->options[at + 1];
	}
	assert_int_equal(at, got->n_options);
}

static void random_segments(void **state)
{
	unsigned int i;

	(void)state;
	fixture_seed();
	for (i = 0; i < 200000; i++) {
		struct segment s = dressed((unsigned int)fixture_random() % 30), got, want;
		struct packet p;
		uint16_t tcp, ip;

		random_options(&s);
		if (fixture_between(0, 3) == 0)
			s.bad_tcp = (uint16_t)fixture_random();
		if (fixture_between(0, 7) == 0)
			s.bad_ip = (uint16_t)fixture_random();
		p = segment_packet(&s);
		tcp = tcp_residue(p.m) % 0xffff;
		ip = ip_residue(p.m) % 0xffff;
		assert_true(timestamp_insert(&p, TSVAL, TSECR));
		got = segment_read(p.m);
		assert_int_equal(tcp_residue(p.m) % 0xffff, tcp);
		assert_int_equal(ip_residue(p.m) % 0xffff, ip);
		assert_options(&s, &got);
		assert_follows(&p, &s);
		want = s;
		want.bad_tcp = want.bad_ip = 0;
		want.n_options = got.n_options;
		memcpy(want.options, got.options, sizeof(want.options));
		assert_memory_equal(&got, &want, sizeof(got));
		rte_pktmbuf_free(p.m);
	}
	fixture_assert_no_leak();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),    cmocka_unit_test(reserved_bits_stay),
		cmocka_unit_test(headroom), cmocka_unit_test(shorter_without_headroom),
		cmocka_unit_test(chains),   cmocka_unit_test(random_segments),
	};

	return cmocka_run_group_tests_name("timestamp", tests, fixture_eal, fixture_eal_end);
}

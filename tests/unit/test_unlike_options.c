/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Legs unlike each other, through a whole worker, byte by byte: literal options from alice and what
 * bob must get of them, and what the pieces of her segments carry when his MSS is small.  Each row
 * runs with either of them on IPv4 or IPv6.
 */
#include "peer_fixture.h"

#define MAX_PIECES 4
#define CWR	   RTE_TCP_CWR_FLAG
#define ECE	   RTE_TCP_ECE_FLAG

#define TS   LEG_TIMESTAMPS
#define SACK LEG_SACK
#define BOTH (LEG_TIMESTAMPS | LEG_SACK)

/* NOPs in place of a timestamps option, and of SACK with one block: as many bytes. */
#define TEN_NOPS "\1\1\1\1\1\1\1\1\1\1"

/* Alice's numbers, and bob's of the same: + 2990 and + 530, SACK edges + 89000. */
#define STAMPS	     "\x8\xa\0\0\0\x20\0\0\0\x46"
#define STAMPS_THERE "\x8\xa\0\0\xb\xce\0\0\2\x58"
#define BLOCK	     "\5\xa\0\0\x7\xd0\0\0\xb\xb8"
#define BLOCK_THERE  "\5\xa\0\1\x63\x78\0\1\x67\x60"
#define EDGES	     "\0\0\0\0\0\0\0\1"
#define EDGES_THERE  "\0\1\x5b\xa8\0\1\x5b\xa9"
/* Made up: T of bob's leg, 3000, at the splice; the echo is his newest, 603. */
#define MADE_UP "\1\1\x8\xa\0\0\xb\xb8\0\0\2\x5b"

static struct leg_report leg_of(const struct peer *p, struct leg_report r, uint8_t options,
				uint16_t mss)
{
	if (p->syn.v6)
		r = report_over6(r, p->port == 0 ? &alice6 : &bob6);
	r.options = options | LEG_WSCALE;
	r.mss = mss;
	return r;
}

static uint64_t splice_legs(uint8_t has_a, uint8_t has_b, uint16_t mss)
{
	struct peer pa = peer_alice(), pb = peer_bob();
	struct leg_report a = leg_of(&pa, report_alice(), has_a, 1460);
	struct leg_report b = leg_of(&pb, report_bob(), has_b, mss);

	rig.flows.now_ms = rig.now_ms;
	return flow_rig_insert(&rig.flows, &a, &b);
}

/* From alice at R, with S acknowledged, which arrives as 20000 and 90000. */
static struct segment from_alice(uint8_t flags, const uint8_t *options, unsigned int n_options)
{
	struct peer p = peer_alice();
	struct segment s = p.syn;

	s.flags = flags;
	s.seq = 5000;
	s.ack = flags & ACK ? 1000 : 0;
	s.window = 700;
	s.n_options = 0;
	segment_option(&s, options, n_options);
	return s;
}

/* --- options --- */

static const struct row {
	const char *name;
	uint8_t has_a, has_b, flags;
	const uint8_t *options;
	unsigned int n_options;
	const uint8_t *want;
	unsigned int n_want;
} rows[] = {
	{"both have all, a segment without", BOTH, BOTH, ACK, BYTES(""), BYTES("")},
	{"both have all, in Linux' order", BOTH, BOTH, ACK, BYTES("\1\1" STAMPS "\1\1" BLOCK),
	 BYTES("\1\1" STAMPS_THERE "\1\1" BLOCK_THERE)},
	{"both have all, SACK first, timestamps at an odd offset", BOTH, BOTH, ACK,
	 BYTES(BLOCK "\1" STAMPS "\0\0\0"), BYTES(BLOCK_THERE "\1" STAMPS_THERE "\0\0\0")},

	{"timestamps dropped", TS, 0, ACK, BYTES("\1\1" STAMPS), BYTES("\1\1" TEN_NOPS)},
	{"dropped at an odd offset", TS, 0, ACK, BYTES("\1" STAMPS "\0"),
	 BYTES("\1" TEN_NOPS "\0")},
	{"dropped behind an option of odd length", TS, 0, ACK, BYTES("\xfd\5\1\2\3" STAMPS "\1"),
	 BYTES("\xfd\5\1\2\3" TEN_NOPS "\1")},
	{"dropped, SACK stays", BOTH, SACK, ACK, BYTES("\1\1" STAMPS "\1\1" BLOCK),
	 BYTES("\1\1" TEN_NOPS "\1\1" BLOCK_THERE)},
	{"dropped behind SACK, at an odd offset", BOTH, SACK, ACK,
	 BYTES(BLOCK "\1" STAMPS "\1\1\1"), BYTES(BLOCK_THERE "\1" TEN_NOPS "\1\1\1")},
	{"nothing to drop", TS, 0, ACK, BYTES(""), BYTES("")},
	{"nothing to drop behind END", TS, 0, ACK, BYTES("\0\1" STAMPS), BYTES("\0\1" STAMPS)},
	{"of a wrong length", TS, 0, ACK, BYTES("\1\1\x8\x9\0\0\0\x20\0\0\0\1"),
	 BYTES("\1\1\x8\x9\0\0\0\x20\0\0\0\1")},
	{"dropped from a SYN", TS, 0, SYN, BYTES("\2\4\5\xb4\1\1" STAMPS),
	 BYTES("\2\4\5\xb4\1\1" TEN_NOPS)},

	{"timestamps inserted", 0, TS, ACK, BYTES(""), BYTES(MADE_UP)},
	{"inserted without ACK: no echo", 0, TS, PSH, BYTES(""),
	 BYTES("\1\1\x8\xa\0\0\xb\xb8\0\0\0\0")},
	{"inserted for those nobody agreed on", 0, TS, ACK, BYTES("\1\1" STAMPS), BYTES(MADE_UP)},
	{"inserted before SACK", SACK, BOTH, ACK, BYTES("\1\1" BLOCK),
	 BYTES(MADE_UP "\1\1" BLOCK_THERE)},
	{"inserted before SACK at an odd offset", SACK, BOTH, ACK, BYTES("\1" BLOCK "\0"),
	 BYTES(MADE_UP "\1\1" BLOCK_THERE)},
	{"inserted, the fourth block goes", SACK, BOTH, ACK,
	 BYTES("\1\1\5\x22" EDGES EDGES EDGES EDGES),
	 BYTES(MADE_UP "\1\1\5\x1a" EDGES_THERE EDGES_THERE EDGES_THERE)},
	{"inserted before an option of odd length", 0, TS, ACK, BYTES("\xfd\5\1\2\3\1\1\1"),
	 BYTES(MADE_UP "\xfd\5\1\2\3\1\1\1")},
	{"not into a RST", 0, TS, RST, BYTES(""), BYTES("")},
	{"not into a SYN", 0, TS, SYN, BYTES("\2\4\5\xb4"), BYTES("\2\4\5\xb4")},

	{"SACK dropped", SACK, 0, ACK, BYTES("\1\1" BLOCK), BYTES("\1\1" TEN_NOPS)},
	{"SACK dropped at an odd offset", SACK, 0, ACK, BYTES("\1" BLOCK "\0"),
	 BYTES("\1" TEN_NOPS "\0")},
	{"SACK dropped, of the leg that has none", 0, SACK, ACK, BYTES("\1\1" BLOCK),
	 BYTES("\1\1" TEN_NOPS)},
	{"SACK dropped, timestamps stay", BOTH, TS, ACK, BYTES("\1\1" STAMPS "\1\1" BLOCK),
	 BYTES("\1\1" STAMPS_THERE "\1\1" TEN_NOPS)},
	{"SACK dropped before timestamps at an odd offset", BOTH, TS, ACK,
	 BYTES("\xfd\3\1" BLOCK STAMPS "\0"), BYTES("\xfd\3\1" TEN_NOPS STAMPS_THERE "\0")},

	{"both dropped", BOTH, 0, ACK, BYTES("\1\1" STAMPS "\1\1" BLOCK),
	 BYTES("\1\1" TEN_NOPS "\1\1" TEN_NOPS)},
	{"one for the other", SACK, TS, ACK, BYTES("\1\1" BLOCK), BYTES(MADE_UP)},
	{"the other for the one", TS, SACK, ACK, BYTES("\1" STAMPS "\0"),
	 BYTES("\1" TEN_NOPS "\0")},
};

static void check_row(const struct row *r)
{
	uint64_t flow = splice_legs(r->has_a, r->has_b, 1460);
	struct segment s = from_alice(r->flags, r->options, r->n_options), got;

	s.n_payload = 7;
	memset(s.payload, 0xa5, s.n_payload);
	rig_put(0, &s);
	got = rig_answer(1);
	if (got.n_options != r->n_want || memcmp(got.options, r->want, r->n_want) != 0)
		fail_msg("%s: %u bytes of options, or others", r->name, got.n_options);
	assert_int_equal(got.flags, r->flags);
	assert_int_equal(got.seq, 20000);
	assert_int_equal(got.ack, r->flags & ACK ? 90000 : 0);
	assert_int_equal(got.n_payload, s.n_payload);
	assert_memory_equal(got.payload, s.payload, s.n_payload);
	assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
	rte_rcu_qsbr_quiescent(rig.flows.readers, 0);
}

static void options(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++)
		check_row(&rows[i]);
}

/* --- pieces --- */

struct piece {
	unsigned int payload;
	uint8_t flags;
	uint16_t urgent;
};

/* Alice's segments carry the timestamps that she has; bob takes 536 bytes of options and payload. */
static const struct cut {
	const char *name;
	uint8_t has_a, has_b, flags;
	uint16_t urgent;
	unsigned int payload;
	struct piece pieces[MAX_PIECES];
} cuts[] = {
	{"as large as he takes", 0, 0, ACK | PSH, 0, 536, {{536, ACK | PSH, 0}}},
	{"a byte more", 0, 0, ACK | PSH, 0, 537, {{536, ACK, 0}, {1, ACK | PSH, 0}}},
	{"FIN and PSH on the last",
	 0,
	 0,
	 ACK | FIN | PSH,
	 0,
	 1400,
	 {{536, ACK, 0}, {536, ACK, 0}, {328, ACK | FIN | PSH, 0}}},
	{"CWR on the first, ECE on all",
	 0,
	 0,
	 ACK | CWR | ECE,
	 0,
	 1400,
	 {{536, ACK | CWR | ECE, 0}, {536, ACK | ECE, 0}, {328, ACK | ECE, 0}}},
	{"urgent in the second",
	 0,
	 0,
	 ACK | URG | PSH,
	 537,
	 1400,
	 {{536, ACK | URG, 537}, {536, ACK | URG, 1}, {328, ACK | PSH, 0}}},
	{"urgent to the end, and FIN",
	 0,
	 0,
	 ACK | URG | FIN,
	 1400,
	 1400,
	 {{536, ACK | URG, 1400}, {536, ACK | URG, 864}, {328, ACK | URG | FIN, 328}}},
	{"timestamps on all",
	 TS,
	 TS,
	 ACK | FIN | PSH | CWR,
	 0,
	 1388,
	 {{524, ACK | CWR, 0}, {524, ACK, 0}, {340, ACK | FIN | PSH, 0}}},
	{"dropped timestamps leave NOPs on all",
	 TS,
	 0,
	 ACK | URG | PSH,
	 525,
	 1388,
	 {{524, ACK | URG, 525}, {524, ACK | URG, 1}, {340, ACK | PSH, 0}}},
	{"inserted timestamps make it too large",
	 0,
	 TS,
	 ACK | PSH,
	 0,
	 525,
	 {{524, ACK, 0}, {1, ACK | PSH, 0}}},
	{"inserted timestamps on all",
	 0,
	 TS,
	 ACK | URG | FIN | CWR,
	 524,
	 1048,
	 {{524, ACK | URG | CWR, 524}, {524, ACK | FIN, 0}}},
};

static void assert_piece(const struct cut *c, const struct segment *s, const struct piece *want,
			 unsigned int offset, struct rte_mbuf *m)
{
	const bool inserted = c->has_b & ~c->has_a & TS;
	struct segment got;

	assert_non_null(m);
	assert_checksums(m);
	got = segment_read(m);
	rte_pktmbuf_free(m);
	if (got.n_payload != want->payload || got.flags != want->flags ||
	    got.urgent != want->urgent)
		fail_msg("%s: a piece of %u bytes, flags %#x, urgent %u", c->name, got.n_payload,
			 got.flags, got.urgent);
	assert_int_equal(got.seq, 20000 + offset);
	assert_int_equal(got.ack, 90000);
	assert_memory_equal(got.payload, s->payload + offset, want->payload);
	assert_int_equal(got.n_options, inserted ? 12 : s->n_options);
	if (inserted)
		assert_memory_equal(got.options, MADE_UP, 12);
	else if (c->has_b & TS)
		assert_memory_equal(got.options, "\1\1" STAMPS_THERE, 12);
	else
		assert_memory_equal(got.options, "\1\1" TEN_NOPS, s->n_options);
}

static void check_cut(const struct cut *c)
{
	uint64_t flow = splice_legs(c->has_a, c->has_b, 536);
	struct segment s = from_alice(c->flags, BYTES("\1\1" STAMPS));
	unsigned int i, offset = 0;

	if (!(c->has_a & TS)) {
		s.n_options = 0;
		memset(s.options, 0, sizeof(s.options));
	}
	s.urgent = c->urgent;
	s.n_payload = c->payload;
	for (i = 0; i < s.n_payload; i++)
		s.payload[i] = (uint8_t)(i * 131 >> 3);
	rig_put(0, &s);
	for (i = 0; i < MAX_PIECES && c->pieces[i].payload > 0; i++) {
		assert_piece(c, &s, &c->pieces[i], offset, rig_take(1));
		offset += c->pieces[i].payload;
	}
	assert_int_equal(offset, c->payload);
	rig_silence();
	assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
	rte_rcu_qsbr_quiescent(rig.flows.readers, 0);
}

static void pieces(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(cuts); i++)
		check_cut(&cuts[i]);
}

#define RIG_TEST(name) RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(options),
		RIG_TEST(pieces),
	};

	return cmocka_run_group_tests_name("unlike_options", tests, rig_ports, rig_ports_end);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP errors about spliced packets: what becomes of each kind, between all families. */
#include "icmp_fixture.h"

/* Of the far leg, where the error comes from, and of the sender, who is told. */
enum families { FROM4_TO4, FROM6_TO6, FROM6_TO4, FROM4_TO6, FAMILIES };

static bool from6(enum families f)
{
	return f == FROM6_TO6 || f == FROM6_TO4;
}

static bool to6(enum families f)
{
	return f == FROM6_TO6 || f == FROM4_TO6;
}

static struct path path_of(enum families f, unsigned int sender)
{
	return sender == 0 ? path_make(to6(f), from6(f)) : path_make(from6(f), to6(f));
}

/* What `sender` is told when the router beside the other end says `said` of its packet `relayed`;
 * NULL: nothing. */
static struct rte_mbuf *told(const struct path *path, unsigned int sender, struct message said,
			     const uint8_t *quote, unsigned int n)
{
	struct bytes error = path_error(path, sender ^ 1, said, quote, n);
	struct rte_mbuf *m;

	rig_send_frame(sender ^ 1, path_frame(sender ^ 1, path->ends[sender ^ 1].v6, &error));
	rig_round();
	m = rig_take(sender);
	rig_silence();
	return m;
}

/* --- each kind --- */

#define POINTER4(n) ((uint32_t)(n) << 24)
#define SILENCE         \
	{               \
		0, 0, 0 \
	}

struct row {
	enum families families;
	struct message said, told; /* SILENCE: dropped */
};

static const struct row rows[] = {
	/* within a family they stay what they are */
	{FROM4_TO4, {ICMP4_UNREACHABLE, 0, 0}, {ICMP4_UNREACHABLE, 0, 0}},
	{FROM4_TO4, {ICMP4_UNREACHABLE, 1, 0}, {ICMP4_UNREACHABLE, 1, 0}},
	{FROM4_TO4, {ICMP4_UNREACHABLE, 13, 0xff00ffff}, {ICMP4_UNREACHABLE, 13, 0}},
	{FROM4_TO4, {ICMP4_UNREACHABLE, 4, 1300}, {ICMP4_UNREACHABLE, 4, 1300}},
	{FROM4_TO4, {ICMP4_UNREACHABLE, 4, 552}, {ICMP4_UNREACHABLE, 4, 552}},
	{FROM4_TO4, {ICMP4_UNREACHABLE, 4, 551}, SILENCE},
	{FROM4_TO4, {ICMP4_UNREACHABLE, 4, 68}, SILENCE},
	{FROM4_TO4, {ICMP4_UNREACHABLE, 4, 1}, SILENCE},
	{FROM4_TO4, {ICMP4_TIME, 0, 0}, {ICMP4_TIME, 0, 0}},
	{FROM4_TO4, {ICMP4_TIME, 1, 0}, {ICMP4_TIME, 1, 0}},
	{FROM4_TO4, {ICMP4_PARAMETER, 0, POINTER4(8)}, {ICMP4_PARAMETER, 0, POINTER4(8)}},
	{FROM6_TO6, {ICMP6_UNREACHABLE, 0, 0}, {ICMP6_UNREACHABLE, 0, 0}},
	{FROM6_TO6, {ICMP6_UNREACHABLE, 1, 0xffff}, {ICMP6_UNREACHABLE, 1, 0}},
	{FROM6_TO6, {ICMP6_UNREACHABLE, 5, 0}, {ICMP6_UNREACHABLE, 5, 0}},
	{FROM6_TO6, {ICMP6_TOO_BIG, 0, 1300}, {ICMP6_TOO_BIG, 0, 1300}},
	{FROM6_TO6, {ICMP6_TOO_BIG, 9, 1300}, {ICMP6_TOO_BIG, 0, 1300}},
	{FROM6_TO6, {ICMP6_TOO_BIG, 0, 1280}, {ICMP6_TOO_BIG, 0, 1280}},
	{FROM6_TO6, {ICMP6_TOO_BIG, 0, 1279}, SILENCE},
	{FROM6_TO6, {ICMP6_TOO_BIG, 0, 0}, SILENCE},
	{FROM6_TO6, {ICMP6_TIME, 0, 0}, {ICMP6_TIME, 0, 0}},
	{FROM6_TO6, {ICMP6_PARAMETER, 1, 6}, {ICMP6_PARAMETER, 1, 6}},

	/* RFC 7915 4.2 */
	{FROM4_TO6, {ICMP4_UNREACHABLE, 0, 0}, {ICMP6_UNREACHABLE, 0, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 1, 0}, {ICMP6_UNREACHABLE, 0, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 2, 0}, {ICMP6_PARAMETER, 1, 6}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 3, 0}, {ICMP6_UNREACHABLE, 4, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 4, 1300}, {ICMP6_TOO_BIG, 0, 1320}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 4, 1260}, {ICMP6_TOO_BIG, 0, 1280}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 4, 1000}, {ICMP6_TOO_BIG, 0, 1280}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 4, 551}, SILENCE},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 4, 65535}, {ICMP6_TOO_BIG, 0, 65555}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 5, 0}, {ICMP6_UNREACHABLE, 0, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 6, 0}, {ICMP6_UNREACHABLE, 0, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 7, 0}, {ICMP6_UNREACHABLE, 0, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 8, 0}, {ICMP6_UNREACHABLE, 0, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 9, 0}, {ICMP6_UNREACHABLE, 1, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 10, 0}, {ICMP6_UNREACHABLE, 1, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 11, 0}, {ICMP6_UNREACHABLE, 0, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 12, 0}, {ICMP6_UNREACHABLE, 0, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 13, 0}, {ICMP6_UNREACHABLE, 1, 0}},
	{FROM4_TO6, {ICMP4_UNREACHABLE, 15, 0}, {ICMP6_UNREACHABLE, 1, 0}},
	{FROM4_TO6, {ICMP4_TIME, 0, 0}, {ICMP6_TIME, 0, 0}},
	{FROM4_TO6, {ICMP4_TIME, 1, 0}, {ICMP6_TIME, 1, 0}},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(0)}, {ICMP6_PARAMETER, 0, 0}},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(1)}, {ICMP6_PARAMETER, 0, 1}},
	{FROM4_TO6, {ICMP4_PARAMETER, 2, POINTER4(2)}, {ICMP6_PARAMETER, 0, 4}},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(3)}, {ICMP6_PARAMETER, 0, 4}},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(4)}, SILENCE},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(7)}, SILENCE},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(8)}, {ICMP6_PARAMETER, 0, 7}},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(9)}, {ICMP6_PARAMETER, 0, 6}},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(11)}, SILENCE},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(15)}, {ICMP6_PARAMETER, 0, 8}},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(16)}, {ICMP6_PARAMETER, 0, 24}},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(20)}, SILENCE},
	{FROM4_TO6, {ICMP4_PARAMETER, 0, POINTER4(255)}, SILENCE},

	/* RFC 7915 5.2 */
	{FROM6_TO4, {ICMP6_UNREACHABLE, 0, 0}, {ICMP4_UNREACHABLE, 1, 0}},
	{FROM6_TO4, {ICMP6_UNREACHABLE, 1, 0}, {ICMP4_UNREACHABLE, 10, 0}},
	{FROM6_TO4, {ICMP6_UNREACHABLE, 2, 0}, {ICMP4_UNREACHABLE, 1, 0}},
	{FROM6_TO4, {ICMP6_UNREACHABLE, 3, 0}, {ICMP4_UNREACHABLE, 1, 0}},
	{FROM6_TO4, {ICMP6_UNREACHABLE, 4, 0}, {ICMP4_UNREACHABLE, 3, 0}},
	{FROM6_TO4, {ICMP6_TOO_BIG, 0, 1300}, {ICMP4_UNREACHABLE, 4, 1280}},
	{FROM6_TO4, {ICMP6_TOO_BIG, 77, 1280}, {ICMP4_UNREACHABLE, 4, 1260}},
	{FROM6_TO4, {ICMP6_TOO_BIG, 0, 1279}, SILENCE},
	{FROM6_TO4, {ICMP6_TOO_BIG, 0, UINT32_MAX}, {ICMP4_UNREACHABLE, 4, 65535}},
	{FROM6_TO4, {ICMP6_TIME, 0, 0}, {ICMP4_TIME, 0, 0}},
	{FROM6_TO4, {ICMP6_TIME, 1, 0}, {ICMP4_TIME, 1, 0}},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 0}, {ICMP4_PARAMETER, 0, POINTER4(0)}},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 1}, {ICMP4_PARAMETER, 0, POINTER4(1)}},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 2}, SILENCE},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 5}, {ICMP4_PARAMETER, 0, POINTER4(2)}},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 6}, {ICMP4_PARAMETER, 0, POINTER4(9)}},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 7}, {ICMP4_PARAMETER, 0, POINTER4(8)}},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 8}, {ICMP4_PARAMETER, 0, POINTER4(12)}},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 23}, {ICMP4_PARAMETER, 0, POINTER4(12)}},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 24}, {ICMP4_PARAMETER, 0, POINTER4(16)}},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 39}, {ICMP4_PARAMETER, 0, POINTER4(16)}},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, 40}, SILENCE},
	{FROM6_TO4, {ICMP6_PARAMETER, 0, UINT32_MAX}, SILENCE},
	{FROM6_TO4, {ICMP6_PARAMETER, 1, 6}, {ICMP4_UNREACHABLE, 2, 0}},
	{FROM6_TO4, {ICMP6_PARAMETER, 2, 0}, SILENCE},
};

static void assert_told(const struct row *row, struct message told_is)
{
	if (memcmp(&told_is, &row->told, sizeof(told_is)) != 0)
		fail_msg("families %d, type %u code %u word %x became type %u code %u word %x",
			 row->families, row->said.type, row->said.code, row->said.word,
			 told_is.type, told_is.code, told_is.word);
}

static void check_rows(enum families f, unsigned int sender)
{
	struct path path = path_of(f, sender);
	struct bytes packet = path_packet(&path, sender, 0, 700),
		     relayed = path_relay(&path, sender, &packet);
	uint64_t dropped = 0, passed = 0;
	size_t i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		struct rte_mbuf *m;

		if (rows[i].families != f)
			continue;
		m = told(&path, sender, rows[i].said, relayed.at, relayed.n);
		if (rows[i].told.type == 0) {
			assert_null(m);
			dropped++;
		} else {
			assert_told(&rows[i], path_answer(&path, sender, m).said);
			passed++;
		}
	}
	assert_true(passed > 5);
	assert_int_equal(rig_dropped(DROP_ICMP_IGNORED), dropped);
	assert_int_equal(rig_stats()->icmp_errors[ICMP_ERROR_TRANSLATED], passed);
	assert_int_equal(rig_stats()->icmp_errors[ICMP_ERROR_TOO_BIG], 0);
}

/* A test of its own for each pair of families and each sender. */
#define EACH_PAIR(name)                                                   \
	static void name##_each(void **state)                             \
	{                                                                 \
		const unsigned int *which = *state;                       \
                                                                          \
		name((enum families)(*which / 2 % FAMILIES), *which % 2); \
	}

EACH_PAIR(check_rows)

/* Between the families nothing passes that has no row. */
static void only_what_has_a_row(enum families f, unsigned int sender)
{
	struct path path = path_of(f, sender);
	struct bytes packet = path_packet(&path, sender, 0, 100),
		     relayed = path_relay(&path, sender, &packet);
	const uint8_t types4[] = {ICMP4_UNREACHABLE, ICMP4_TIME, ICMP4_PARAMETER};
	unsigned int i, code;
	size_t row;

	if (from6(f) == to6(f))
		return;
	for (i = 0; i < (from6(f) ? 4U : 3U); i++) {
		for (code = 0; code < 256; code++) {
			uint8_t type = from6(f) ? (uint8_t)(i + 1) : types4[i];
			struct rte_mbuf *m;
			bool known = from6(f) && type == ICMP6_TOO_BIG;

			for (row = 0; row < RTE_DIM(rows); row++)
				known |= rows[row].families == f && rows[row].said.type == type &&
					 rows[row].said.code == code && rows[row].told.type != 0;
			m = told(&path, sender,
				 (struct message){type, (uint8_t)code, known ? 1400 : 0},
				 relayed.at, relayed.n);
			if (!known && m != NULL)
				fail_msg("type %u code %u passed", type, code);
			rte_pktmbuf_free(m);
		}
	}
}

EACH_PAIR(only_what_has_a_row)

/* --- the packet quoted --- */

/* It is what its sender had sent, up to what the relay cannot know. */
static void assert_quotes(bool v6, const struct answer *a, const struct bytes *packet)
{
	const uint8_t *ip = a->quote.at, *was = packet->at;
	unsigned int header = ip_header(v6), tcp = a->quote.n - header;

	if (v6) {
		assert_memory_equal(ip, was, 7);
		assert_int_equal(ip[7], was[7] - 1);
		assert_memory_equal(ip + 8, was + 8, 32);
	} else {
		assert_memory_equal(ip, was, 4);
		assert_memory_equal(ip + 6, was + 6, 2);
		assert_int_equal(ip[8], was[8] - 1);
		assert_int_equal(ip[9], was[9]);
		assert_memory_equal(ip + 12, was + 12, 8);
		assert_int_equal(frame_sum(ip, 20, 0), 0xffff);
	}
	/* ports, numbers, flags; the window and the options are of the other leg */
	assert_true(tcp >= 8);
	assert_memory_equal(ip + header, was + header, RTE_MIN(tcp, 8U));
	if (tcp >= 14)
		assert_memory_equal(ip + header + 8, was + header + 8, 6);
	if (tcp > 32)
		assert_memory_equal(ip + header + 32, was + header + 32, tcp - 32);
	if (a->quote.n == packet->n)
		assert_int_equal(packet_residue(v6, &a->quote), 0xffff);
}

static struct message any_error(bool v6)
{
	return v6 ? (struct message){ICMP6_TOO_BIG, 0, 1400}
		  : (struct message){ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED, 1400};
}

static void quotes(enum families f, unsigned int sender)
{
	struct path path = path_of(f, sender);
	unsigned int size, cut, most = to6(f) ? 1280 - 48 : 576 - 28;
	uint32_t at = 0;

	for (size = 0; size < 1400; size = size * 2 + 1) {
		struct bytes packet = path_packet(&path, sender, at, size),
			     relayed = path_relay(&path, sender, &packet);

		if (size == 0)
			continue; /* nothing is outstanding */
		at += size;
		for (cut = 0; cut <= relayed.n - ip_header(from6(f)) - 8; cut += 13) {
			unsigned int n = relayed.n - cut;
			struct answer a = path_answer(
				&path, sender,
				told(&path, sender, any_error(from6(f)), relayed.at, n));

			n = n - ip_header(from6(f)) + ip_header(to6(f));
			if (from6(f))
				n = RTE_MIN(n, packet.n);
			assert_int_equal(a.quote.n, RTE_MIN(n, most));
			assert_quotes(to6(f), &a, &packet);
		}
		rig.now_ms += 1000;
	}
}

EACH_PAIR(quotes)

/* Hosts that quote little, and those that add what RFC 4884 calls extensions. */
static void extensions_are_left_behind(enum families f, unsigned int sender)
{
	struct path path = path_of(f, sender);
	struct bytes packet = path_packet(&path, sender, 0, 60), quote;
	struct message said = from6(f) ? (struct message){ICMP6_UNREACHABLE, 0, 128 / 8 << 24}
				       : (struct message){ICMP4_UNREACHABLE, 0, 128 / 4 << 16};
	struct answer a;
	unsigned int n;

	quote = path_relay(&path, sender, &packet);
	n = quote.n;
	memset(quote.at + n, 0, 128 - RTE_MIN(n, 128U));
	memset(quote.at + 128, 0xee, 100);
	a = path_answer(&path, sender, told(&path, sender, said, quote.at, 228));
	assert_int_equal(a.said.word, 0);
	assert_true(a.quote.n <= packet.n);
	assert_quotes(to6(f), &a, &packet);
	assert_true(n > 100);
}

EACH_PAIR(extensions_are_left_behind)

/* An error in two mbufs is an error too. */
static void chained(enum families f, unsigned int sender)
{
	struct path path = path_of(f, sender);
	struct bytes packet = path_packet(&path, sender, 0, 300),
		     relayed = path_relay(&path, sender, &packet),
		     error = path_error(&path, sender ^ 1, any_error(from6(f)), relayed.at,
					relayed.n);
	unsigned int first = ip_header(from6(f)) + 8, at;

	for (at = first; at < first + 100; at += 3) {
		struct rte_mbuf *m, *tail = rte_pktmbuf_alloc(fixture_pool);
		struct bytes head = error;
		struct answer a;

		head.n = at;
		m = path_frame(sender ^ 1, from6(f), &head);
		assert_non_null(tail);
		memcpy(rte_pktmbuf_append(tail, (uint16_t)(error.n - at)), error.at + at,
		       error.n - at);
		assert_int_equal(rte_pktmbuf_chain(m, tail), 0);
		rig_send_frame(sender ^ 1, m);
		rig_round();
		a = path_answer(&path, sender, rig_take(sender));
		assert_quotes(to6(f), &a, &packet);
	}
}

EACH_PAIR(chained)

/* RFC 1191: an old router does not say how much it can carry. */
static void plateaus(void **state)
{
	static const struct {
		unsigned int payload;
		uint32_t mtu; /* 0: not told */
	} sizes[] = {{1448, 1492}, {1440, 1006}, {954 + 1, 1006}, {954, 0}, {400, 0}};
	struct path path = path_make(false, false);
	uint32_t at = 0;
	size_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes); i++) {
		struct bytes packet = path_packet(&path, 0, at, sizes[i].payload),
			     relayed = path_relay(&path, 0, &packet);
		struct rte_mbuf *m =
			told(&path, 0, (struct message){ICMP4_UNREACHABLE, 4, 0}, relayed.at, 28);

		at += sizes[i].payload;
		if (sizes[i].mtu == 0)
			assert_null(m);
		else
			assert_int_equal(path_answer(&path, 0, m).said.word, sizes[i].mtu);
	}
}

/* IPv4 options are quoted and go back as they came. */
static void ip_options(void **state)
{
	struct path path = path_make(false, false);
	struct bytes packet = path_packet(&path, 0, 0, 100), relayed, with;
	struct answer a;

	(void)state;
	relayed = path_relay(&path, 0, &packet);
	with = relayed;
	memmove(with.at + 28, with.at + 20, relayed.n - 20);
	memset(with.at + 20, 1, 8);
	with.n += 8;
	with.at[0] = 0x47;
	frame_put16(with.at + 2, (uint16_t)with.n);
	a = path_answer(&path, 0, told(&path, 0, any_error(false), with.at, with.n));
	assert_int_equal(a.quote.n, with.n);
	assert_int_equal(a.quote.at[0], 0x47);
	assert_int_equal(frame_sum(a.quote.at, 28, 0), 0xffff);
	assert_memory_equal(a.quote.at + 20, with.at + 20, 8);
	assert_memory_equal(a.quote.at + 28, packet.at + 20, 14);
}

/* --- timestamps on one leg only --- */

/* Those of the far leg are inserted: packets grow by them too. */
static void timestamps_inserted(enum families f, unsigned int sender)
{
	static const struct row more[] = {
		{FROM4_TO4, {ICMP4_UNREACHABLE, 4, 1300}, {ICMP4_UNREACHABLE, 4, 1288}},
		{FROM4_TO4, {ICMP4_UNREACHABLE, 4, 564}, {ICMP4_UNREACHABLE, 4, 552}},
		{FROM4_TO4, {ICMP4_UNREACHABLE, 4, 563}, SILENCE},
		{FROM6_TO6, {ICMP6_TOO_BIG, 0, 1300}, {ICMP6_TOO_BIG, 0, 1288}},
		{FROM6_TO6, {ICMP6_TOO_BIG, 0, 1280}, {ICMP6_TOO_BIG, 0, 1280}},
		{FROM6_TO4, {ICMP6_TOO_BIG, 0, 1300}, {ICMP4_UNREACHABLE, 4, 1268}},
		{FROM4_TO6, {ICMP4_UNREACHABLE, 4, 1300}, {ICMP6_TOO_BIG, 0, 1308}},
	};
	struct path path = path_of(f, sender);
	struct bytes packet, relayed;
	struct answer a = {.quote.n = 0};
	size_t i;

	path_without_timestamps(&path, sender);
	packet = path_packet(&path, sender, 0, 400);
	relayed = path_relay(&path, sender, &packet);
	assert_int_equal(relayed.n, packet.n + 12 + ip_header(from6(f)) - ip_header(to6(f)));
	for (i = 0; i < RTE_DIM(more); i++) {
		struct rte_mbuf *m;

		if (more[i].families != f)
			continue;
		m = told(&path, sender, more[i].said, relayed.at, relayed.n);
		if (more[i].told.type == 0) {
			assert_null(m);
			continue;
		}
		a = path_answer(&path, sender, m);
		assert_told(&more[i], a.said);
		/* the option stays, the lengths are the sender's */
		assert_int_equal(a.quote.n, packet.n);
		assert_memory_equal(a.quote.at, packet.at, to6(f) ? 7 : 4);
		assert_memory_equal(a.quote.at + ip_header(to6(f)), packet.at + ip_header(to6(f)),
				    12);
	}
	assert_true(a.quote.n > 0);
}

EACH_PAIR(timestamps_inserted)

/* --- packets that are too big --- */

/* In two mbufs, as a port of the kernel's receives what is larger than one of them. */
static struct rte_mbuf *in_two(const struct path *path, unsigned int side,
			       const struct bytes *packet)
{
	struct rte_mbuf *m, *tail = rte_pktmbuf_alloc(fixture_pool);
	const unsigned int head = 200;
	struct bytes first = *packet;

	first.n = head;
	m = path_frame(side, path->ends[side].v6, &first);
	assert_non_null(tail);
	memcpy(rte_pktmbuf_append(tail, (uint16_t)(packet->n - head)), packet->at + head,
	       packet->n - head);
	assert_int_equal(rte_pktmbuf_chain(m, tail), 0);
	return m;
}

/* What the ports of the rig carry, and both ends take. */
#define MTU 1500

/* One that fits leaves whole, in one mbuf; one that does not leaves in pieces, and nobody is told. */
static void cut_and_not_told(enum families f, unsigned int sender)
{
	struct path path = path_of(f, sender);
	unsigned int most = MTU - ip_header(from6(f)) - 32, n;
	struct bytes packet = path_packet(&path, sender, 0, most);

	rig_send_frame(sender, in_two(&path, sender, &packet));
	rig_round();
	packet = path_packet(&path, sender, most, most + 1);
	rig_send_frame(sender, in_two(&path, sender, &packet));
	rig_round();
	for (n = 0; n < 3; n++) {
		struct rte_mbuf *m = rig_take(sender ^ 1);

		assert_non_null(m);
		assert_int_equal(m->nb_segs, 1);
		assert_int_equal(m->pkt_len, 14 + MTU - (n < 2 ? 0 : most - 1));
		rte_pktmbuf_free(m);
	}
	rig_silence();
	assert_int_equal(rig_dropped(DROP_TOO_BIG), 0);
}

EACH_PAIR(cut_and_not_told)

/* Of `sender`'s packets the far leg takes no more than the options: so they cannot be cut. */
static void leave_no_room(const struct path *path, unsigned int sender)
{
	struct flow_table *t = &rig.flows.t;

	t->lines[flow_table_slot(t, path->flow) ^ sender].mss = 12;
}

static void too_big(enum families f, unsigned int sender)
{
	struct path path = path_of(f, sender);
	struct bytes packet = path_packet(&path, sender, 0, 0), relayed;
	struct answer a;

	leave_no_room(&path, sender);
	relayed = path_relay(&path, sender, &packet);
	assert_int_equal(relayed.n, ip_header(from6(f)) + 32);
	packet = path_packet(&path, sender, 0, 1400);
	rig_send_frame(sender, in_two(&path, sender, &packet));
	rig_round();
	a = path_answer(&path, sender, rig_take(sender));
	rig_silence();
	assert_int_equal(a.said.type, to6(f) ? ICMP6_TOO_BIG : ICMP4_UNREACHABLE);
	assert_int_equal(a.said.code, to6(f) ? 0 : ICMP4_FRAG_NEEDED);
	/* Headers and options; nobody hears of less than IPv6 must carry. */
	assert_int_equal(a.said.word, to6(f) ? 1280 : 20 + 32);
	assert_int_equal(a.quote.n, to6(f) ? 1280 - 48 : 576 - 28);
	assert_quotes(to6(f), &a, &packet);
	assert_int_equal(rig_dropped(DROP_TOO_BIG), 1);
	assert_int_equal(rig_stats()->icmp_errors[ICMP_ERROR_TOO_BIG], 1);
	assert_int_equal(rig_stats()->relayed_packets, 1);
}

EACH_PAIR(too_big)

/* Who may be fragmented hears nothing. */
static void too_big_without_df(void **state)
{
	struct path path = path_make(false, false);
	struct bytes packet = path_packet(&path, 0, 0, 1460);

	(void)state;
	leave_no_room(&path, 0);
	frame_put16(packet.at + 6, 0);
	frame_put16(packet.at + 10, 0);
	frame_put16(packet.at + 10, (uint16_t)~frame_sum(packet.at, 20, 0));
	rig_send_frame(0, in_two(&path, 0, &packet));
	rig_round();
	rig_silence();
	assert_int_equal(rig_dropped(DROP_TOO_BIG), 1);
}

/* One bucket for both kinds of errors. */
static void rates(void **state)
{
	struct path path = path_make(false, true);
	struct bytes packet = path_packet(&path, 0, 0, 100), relayed;
	unsigned int i, n = 0;

	(void)state;
	relayed = path_relay(&path, 0, &packet);
	for (i = 0; i < 3000; i++) {
		struct rte_mbuf *m = told(&path, 0, any_error(true), relayed.at, relayed.n);

		n += m != NULL;
		rte_pktmbuf_free(m);
	}
	/* Each worker spends its share. */
	assert_int_equal(n, 1000 / RIG_WORKERS * RIG_WORKERS);
	assert_int_equal(rig_dropped(DROP_RATE), 3000 - n);
	packet = path_packet(&path, 0, 100, 1440);
	leave_no_room(&path, 0);
	rig_send_frame(0, in_two(&path, 0, &packet));
	rig_round();
	rig_silence();
	assert_int_equal(rig_dropped(DROP_TOO_BIG), 1);
	rig.now_ms++;
	for (n = 0; n < 5 && RIG_WORKERS == 1; n++)
		path_answer(&path, 0, told(&path, 0, any_error(true), relayed.at, relayed.n));
	if (RIG_WORKERS == 1)
		assert_null(told(&path, 0, any_error(true), relayed.at, relayed.n));
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, rig_start, rig_end)

/* The second half of them on tagged ports. */
static unsigned int pairs[4 * FAMILIES];

#define PAIR_TEST(name, i)                                         \
	{                                                          \
#name, name##_each, start_pair, rig_end, &pairs[i] \
	}
#define EACH_PAIR_TEST(name)                                                                      \
	PAIR_TEST(name, 0), PAIR_TEST(name, 1), PAIR_TEST(name, 2), PAIR_TEST(name, 3),           \
		PAIR_TEST(name, 4), PAIR_TEST(name, 5), PAIR_TEST(name, 6), PAIR_TEST(name, 7),   \
		PAIR_TEST(name, 8), PAIR_TEST(name, 9), PAIR_TEST(name, 10), PAIR_TEST(name, 11), \
		PAIR_TEST(name, 12), PAIR_TEST(name, 13), PAIR_TEST(name, 14), PAIR_TEST(name, 15)

static int start_pair(void **state)
{
	const unsigned int *which = *state;
	void *mix = &rig_mixes[*which / 2 < FAMILIES ? 0 : 6];

	return rig_start(&mix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_PAIR_TEST(check_rows),
		EACH_PAIR_TEST(only_what_has_a_row),
		EACH_PAIR_TEST(quotes),
		EACH_PAIR_TEST(extensions_are_left_behind),
		EACH_PAIR_TEST(chained),
		RIG_TEST(plateaus),
		RIG_TEST(ip_options),
		EACH_PAIR_TEST(timestamps_inserted),
		EACH_PAIR_TEST(cut_and_not_told),
		EACH_PAIR_TEST(too_big),
		RIG_TEST(too_big_without_df),
		RIG_TEST(rates),
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(pairs); i++)
		pairs[i] = i;
	return cmocka_run_group_tests_name("icmp", tests, rig_ports, rig_ports_end);
}

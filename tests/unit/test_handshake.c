/* SPDX-License-Identifier: BSD-3-Clause */
/* From SYN to established, DESIGN 3.1, through a whole worker. */
#include "peer_fixture.h"

/* --- what is offered, and what is answered --- */

struct offer {
	const char *name;
	const uint8_t *options;
	unsigned int n_options;
	/* The SYN|ACK's; T and the echo are compared by number. */
	const uint8_t *answer;
	unsigned int n_answer;
	uint8_t agreed; /* enum leg_option */
	uint16_t mss;
	uint8_t wscale;
};

#define TS	  "\x8\xa\0\0\x12\x34\0\0\0\0"
#define TS_ANSWER "\x8\xa????\0\0\x12\x34"
#define MSS_1400  "\2\4\x05\x78"
#define MSS_1388  "\2\4\x05\x6c"
#define MSS_NONE  536 /* or 1220 */
#define ALL	  (LEG_TIMESTAMPS | LEG_SACK | LEG_WSCALE)

static const struct offer offers[] = {
	{"nothing", BYTES(""), BYTES(MSS_1388), 0, MSS_NONE, 0},
	{"MSS", BYTES("\2\4\x05\xb4"), BYTES(MSS_1388), 0, 1460, 0},
	{"the least MSS", BYTES("\2\4\0\x58"), BYTES(MSS_1388), 0, 88, 0},
	{"less is not believed", BYTES("\2\4\0\x57"), BYTES(MSS_1388), 0, 88, 0},
	{"MSS of 1", BYTES("\2\4\0\1"), BYTES(MSS_1388), 0, 88, 0},
	{"MSS of 0", BYTES("\2\4\0\0"), BYTES(MSS_1388), 0, 88, 0},
	{"the largest", BYTES("\2\4\xff\xff"), BYTES(MSS_1388), 0, 65535, 0},
	{"Linux", BYTES("\2\4\x05\xb4\4\2" TS "\1\3\3\7"),
	 BYTES(MSS_1400 "\4\2" TS_ANSWER "\1\3\3\x8"), ALL, 1460, 7},
	{"Windows", BYTES("\2\4\x05\xb4\1\3\3\x8\1\1\4\2"), BYTES(MSS_1388 "\1\1\4\2\1\3\3\x8"),
	 LEG_SACK | LEG_WSCALE, 1460, 8},
	{"macOS", BYTES("\2\4\x05\xb4\1\3\3\6\1\1" TS "\4\2\0\0"),
	 BYTES(MSS_1400 "\4\2" TS_ANSWER "\1\3\3\x8"), ALL, 1460, 6},
	{"timestamps only", BYTES("\1\1" TS), BYTES(MSS_1400 "\1\1" TS_ANSWER), LEG_TIMESTAMPS,
	 MSS_NONE, 0},
	{"SACK only", BYTES("\4\2\0\0"), BYTES(MSS_1388 "\1\1\4\2"), LEG_SACK, MSS_NONE, 0},
	{"scale only", BYTES("\3\3\0\0"), BYTES(MSS_1388 "\1\3\3\x8"), LEG_WSCALE, MSS_NONE, 0},
	{"scale over 14", BYTES("\3\3\xff\0"), BYTES(MSS_1388 "\1\3\3\x8"), LEG_WSCALE, MSS_NONE,
	 14},
	{"timestamps first, at an odd offset", BYTES("\1" TS "\4\2\3\3\5\2\4\x02\0\0\0\0"),
	 BYTES(MSS_1400 "\4\2" TS_ANSWER "\1\3\3\x8"), ALL, 512, 5},
	{"Fast Open, MPTCP and unknown ones are not reflected",
	 BYTES("\2\4\x05\xb4\x22\2\x1e\4\0\x81\xfd\4\1\2\x13\2"), BYTES(MSS_1388), 0, 1460, 0},
	{"wrong lengths are not taken", BYTES("\2\3\1\3\4\1\4\3\1\x8\x9\0\0\0\0\0\0\0\0\0"),
	 BYTES(MSS_1388), 0, MSS_NONE, 0},
	{"what follows a broken one is not taken", BYTES("\4\2\xfd\0\1\3\3\7"),
	 BYTES(MSS_1388 "\1\1\4\2"), LEG_SACK, MSS_NONE, 0},
	{"what follows END is not taken", BYTES("\0\1\4\2"), BYTES(MSS_1388), 0, MSS_NONE, 0},
};

static void check_answer(const struct offer *o, const struct peer *p)
{
	const struct segment *s = &p->synack;
	unsigned int i;

	if (s->n_options != o->n_answer)
		fail_msg("%s: %u bytes of options", o->name, s->n_options);
	for (i = 0; i < o->n_answer; i++) {
		if (o->answer[i] != '?' && s->options[i] != o->answer[i])
			fail_msg("%s: option byte %u is %u", o->name, i, s->options[i]);
	}
	assert_int_equal(s->flags, SYN | ACK);
	assert_int_equal(s->ack, p->syn.seq + 1);
	assert_int_equal(s->window, 0);
	assert_int_equal(s->n_payload, 0);
	assert_memory_equal(&s->dst_mac, &alice_mac, sizeof(alice_mac));
	assert_to_peer(s, p);
}

static void options(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(offers); i++) {
		const struct offer *o = &offers[i];
		struct peer p = peer_alice();
		struct leg_report r;
		uint16_t mss;

		p.syn.n_options = 0;
		segment_option(&p.syn, o->options, o->n_options);
		p.tsval = 0x1234;
		peer_connect(&p);
		check_answer(o, &p);
		r = peer_retire(&p);
		mss = o->mss == MSS_NONE && p.syn.v6 ? 1220 : o->mss;
		if (r.options != o->agreed || r.mss != mss || r.wscale != o->wscale)
			fail_msg("%s: options %u, MSS %u, scale %u", o->name, r.options, r.mss,
				 r.wscale);
		assert_int_equal(r.snd_nxt, p.synack.seq + 1);
		assert_int_equal(r.rcv_nxt, p.syn.seq + 1);
		assert_int_equal(r.window, 500); /* of the ACK, not of the SYN */
		assert_int_equal(r.next_hop, next_hop_make(0, 0, &alice_mac));
		assert_int_equal(r.tuple.peer_port, rte_cpu_to_be_16(ALICE_PORT));
		if (o->agreed & LEG_TIMESTAMPS) {
			uint32_t t, echo;

			assert_true(segment_find_timestamps(&p.synack, &t, &echo));
			assert_int_equal(r.ts_const, t);
			assert_int_equal(r.ts_first, 0x1234);
			assert_int_equal(r.ts_recent, 0x1235);
		}
		rig_command(MAILBOX_LEG_RESET, p.id);
		rig_answer(0);
	}
}

/* --- SYNs --- */

static void same_syn_same_answer(void **state)
{
	struct peer p = peer_alice();
	struct segment first, again;

	(void)state;
	rig_put(0, &p.syn);
	first = rig_answer(0);
	rig_event(MAILBOX_LEG_HALF_OPEN);
	rig_advance(500);
	rig_put(0, &p.syn);
	again = rig_answer(0);
	assert_memory_equal(&first, &again, sizeof(first));
	rig_no_event();
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_HALF_OPEN], 1);
}

static void another_isn_replaces(void **state)
{
	struct peer p = peer_alice();
	struct segment first, second;
	struct mailbox_event ev;
	uint64_t id;

	(void)state;
	rig_put(0, &p.syn);
	first = rig_answer(0);
	id = rig_event(MAILBOX_LEG_HALF_OPEN).id;
	p.syn.seq += 1000000;
	rig_put(0, &p.syn);
	second = rig_answer(0);
	assert_int_equal(second.ack, p.syn.seq + 1);
	ev = rig_event(MAILBOX_LEG_GONE);
	assert_int_equal(ev.id, id);
	assert_int_equal(ev.end, LEG_END_REPLACED);
	assert_int_not_equal(rig_event(MAILBOX_LEG_HALF_OPEN).id, id);
	rig_no_event();
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_HALF_OPEN], 1);
	assert_int_equal(first.seq, second.seq); /* the same millisecond */
}

/* RFC 6528: a clock of 4 us and a secret of the four-tuple. */
static void isn_follows_clock_and_tuple(void **state)
{
	struct peer p = peer_alice();
	struct segment first, later, other;

	(void)state;
	rig_put(0, &p.syn);
	first = rig_answer(0);
	rig_advance(100);
	p.syn.seq++;
	rig_put(0, &p.syn);
	later = rig_answer(0);
	assert_int_equal(later.seq - first.seq, 100 * 250);
	p.syn.src_port++;
	rig_put(0, &p.syn);
	other = rig_answer(0);
	assert_true(other.seq - later.seq > 1000000);
}

static void data_in_syn_is_not_acknowledged(void **state)
{
	struct peer p = peer_alice();

	(void)state;
	p.syn.n_payload = 100;
	rig_put(0, &p.syn);
	assert_int_equal(rig_answer(0).ack, p.syn.seq + 1);
}

static void syn_ack_again_until_eight_seconds(void **state)
{
	static const uint64_t expected[] = {1000, 2000, 4000};
	struct peer p = peer_alice();
	struct segment first, last;
	uint64_t at[8], id;
	unsigned int n, i;

	(void)state;
	rig_put(0, &p.syn);
	first = rig_answer(0);
	id = rig_event(MAILBOX_LEG_HALF_OPEN).id;
	n = rig_watch(0, 7999, at, RTE_DIM(at), &last);
	assert_int_equal(n, RTE_DIM(expected));
	for (i = 0; i < n; i++)
		assert_in_range(at[i], expected[i], expected[i] + (i + 1) * WHEEL_TICK_MS);
	assert_memory_equal(&first, &last, sizeof(first));
	rig_no_event();
	rig_advance(4 * WHEEL_TICK_MS + 1);
	rig_silence();
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_TIMEOUT);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_HALF_OPEN], 0);
	assert_null(rig_leg(id));
}

static void martians(void **state)
{
	static const struct {
		const char *name;
		uint32_t src;
		uint16_t src_port;
		struct rte_ether_addr mac;
	} rows[] = {
		{"the service itself", RELAY_ADDR, 40000, {{2, 0, 0, 0, 0, 1}}},
		{"the subnet's broadcast", IPV4(192, 0, 2, 255), 40000, {{2, 0, 0, 0, 0, 1}}},
		{"the subnet itself", IPV4(192, 0, 2, 0), 40000, {{2, 0, 0, 0, 0, 1}}},
		{"another own address", RELAY_ADDR + 1, 40000, {{2, 0, 0, 0, 0, 1}}},
		{"multicast", IPV4(224, 0, 0, 1), 40000, {{2, 0, 0, 0, 0, 1}}},
		{"more multicast", IPV4(239, 1, 2, 3), 40000, {{2, 0, 0, 0, 0, 1}}},
		{"reserved", IPV4(240, 0, 0, 1), 40000, {{2, 0, 0, 0, 0, 1}}},
		{"broadcast", 0xffffffff, 40000, {{2, 0, 0, 0, 0, 1}}},
		{"unspecified", 0, 40000, {{2, 0, 0, 0, 0, 1}}},
		{"this network", IPV4(0, 1, 2, 3), 40000, {{2, 0, 0, 0, 0, 1}}},
		{"loopback", IPV4(127, 0, 0, 1), 40000, {{2, 0, 0, 0, 0, 1}}},
		{"port 0", ALICE_ADDR, 0, {{2, 0, 0, 0, 0, 1}}},
		{"our own MAC", ALICE_ADDR, 40000, {{2, 0, 0, 0, 0, 0x10}}},
		{"no MAC", ALICE_ADDR, 40000, {{0, 0, 0, 0, 0, 0}}},
		{"multicast MAC", ALICE_ADDR, 40000, {{3, 0, 0, 0, 0, 1}}},
	};
	/* What has no leg and is no SYN would get a RST: not sent to such either. */
	static const uint8_t flags[] = {SYN, ACK, FIN | ACK};
	unsigned int i, j, drops = 0;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		for (j = 0; j < RTE_DIM(flags); j++) {
			struct segment s = peer_alice().syn;

			s.flags = flags[j];
			s.src = rows[i].src;
			s.src_port = rows[i].src_port;
			s.src_mac = rows[i].mac;
			rig_put(0, &s);
			if (rig_dropped(DROP_MARTIAN) != ++drops)
				fail_msg("%s, flags %u: let in", rows[i].name, flags[j]);
			rig_silence();
			rig_no_event();
		}
	}
}

static void martians6(void **state)
{
	static const struct {
		const char *src;
		bool martian;
	} rows[] = {
		{"2001:db8::10", true},	  /* the service itself */
		{"2001:db8:1::10", true}, /* another own address */
		{"::", true},
		{"::1", true},
		{"::2", true},
		{"::192.0.2.1", true},
		{"::ffff:192.0.2.1", true},
		{"::ffff:0:192.0.2.1", true},
		{"0:0:c000:201::1", true}, /* 192.0.2.1, were it a network */
		{"ff01::1", true},
		{"ff02::1", true},
		{"ff05::2", true},
		{"ff0e::1:2", true},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
		{"2001:db8::11", false},
		{"2001:db8::", false},
		{"2001:db8::ffff:ffff:ffff:ffff", false},
		{"64:ff9b::192.0.2.1", false},
		{"fe80::1", false},
		{"fd00::1", false},
		{"2002:c000:201::1", false},
	};
	static const uint8_t flags[] = {SYN, ACK, FIN | ACK};
	unsigned int i, j, drops = 0;

	(void)state;
	rig.listener.addresses[rig.listener.n_addresses++].addr = ip6("2001:db8:1::10");
	rig_listen();
	for (i = 0; i < RTE_DIM(rows); i++) {
		for (j = 0; j < RTE_DIM(flags); j++) {
			struct segment s = peer_alice().syn;
			struct rte_mbuf *m;

			s.flags = flags[j];
			s.src6 = ip6(rows[i].src);
			rig_put(0, &s);
			m = rig_take(0);
			drops += rows[i].martian;
			if ((m == NULL) != rows[i].martian || rig_dropped(DROP_MARTIAN) != drops)
				fail_msg("%s, flags %u", rows[i].src, flags[j]);
			rte_pktmbuf_free(m);
			rig_silence();
			if (!rows[i].martian && flags[j] == SYN) {
				rig_command(MAILBOX_LEG_RESET, rig_event(MAILBOX_LEG_HALF_OPEN).id);
				rig_answer(0);
				rig_event(MAILBOX_LEG_GONE);
			}
			rig_no_event();
		}
	}
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_HALF_OPEN], 0);
}

/* Port 0, and MACs that are no host's, in IPv6 too. */
static void martians_of_any_family(void **state)
{
	static const struct rte_ether_addr strange[] = {
		{{2, 0, 0, 0, 0, 0x10}}, {{0, 0, 0, 0, 0, 0}}, {{3, 0, 0, 0, 0, 1}}};
	struct segment s = peer_alice().syn;
	unsigned int i;

	(void)state;
	s.src_port = 0;
	rig_put(0, &s);
	s.src_port = ALICE_PORT;
	for (i = 0; i < RTE_DIM(strange); i++) {
		s.src_mac = strange[i];
		rig_put(0, &s);
	}
	rig_silence();
	rig_no_event();
	assert_int_equal(rig_dropped(DROP_MARTIAN), 1 + RTE_DIM(strange));
}

/* The mapped form of our IPv4 address is ours in messages, never in a packet: such a leg would
 * turn into one of IPv4, with an end that its peer made up. */
static void mapped_address_is_not_ours(void **state)
{
	static const uint8_t flags[] = {SYN, ACK, FIN | ACK};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(flags); i++) {
		struct segment s = peer_alice().syn;
		struct rte_mbuf *m;

		s.flags = flags[i];
		s.dst6 = ip6("::ffff:192.0.2.10");
		rig_put(0, &s);
		m = rig_kernel_takes(0);
		assert_non_null(m);
		rte_pktmbuf_free(m);
		rig_silence();
		rig_no_event();
	}
}

static uint32_t isn_of(const struct segment *syn)
{
	struct segment answer;

	rig_put(0, syn);
	answer = rig_answer(0);
	rig_command(MAILBOX_LEG_RESET, rig_event(MAILBOX_LEG_HALF_OPEN).id);
	rig_answer(0);
	rig_event(MAILBOX_LEG_GONE);
	return answer.seq;
}

/* Each part of an IPv6 address counts, even where addresses are folded to the same. */
static void isn_of_folded_addresses(void **state)
{
	static const char *const alike[] = {
		"2001:db8:1:2:3:4:5:6",
		"2001:db8:3:4:1:2:5:6",
		"2001:db8:1:2:5:6:3:4",
		"2001:db8:ffff:ffff:fffd:fff9:5:6",
	};
	const struct in6_addr first = ip6(alike[0]);
	struct segment syn = peer_alice().syn;
	uint32_t isn[RTE_DIM(alike)], fold = tuple_fold(&first);
	unsigned int i, j;

	(void)state;
	for (i = 0; i < RTE_DIM(alike); i++) {
		syn.src6 = ip6(alike[i]);
		assert_int_equal(tuple_fold(&syn.src6), fold);
		isn[i] = isn_of(&syn);
		for (j = 0; j < i; j++)
			assert_int_not_equal(isn[i], isn[j]);
	}
}

static void bad_checksums(void **state)
{
	struct segment s = peer_alice().syn;

	(void)state;
	s.bad_tcp = 0x100;
	rig_put(0, &s);
	s.bad_tcp = s.v6 ? 1 : 0;
	s.bad_ip = 1;
	rig_put(0, &s);
	assert_int_equal(rig_dropped(DROP_CHECKSUM), 2);
	rig_silence();
	rig_no_event();
}

/* --- half-open --- */

/* CURRENT: the ACK again, CONFIRM: with the timestamp just heard, REFUSE: RST */
enum answer { NOTHING, CURRENT, CONFIRM, REFUSE };

static void segments_on_half_open(void **state)
{
	static const struct {
		const char *name;
		uint8_t flags;
		int32_t seq, ack; /* from R and S */
		unsigned int payload;
		bool bad;
		enum answer answer;
		enum leg_state then;
		uint8_t end; /* with LEG_FREE */
	} rows[] = {
		{"ACK", ACK, 0, 0, 0, false, NOTHING, LEG_PARKED, 0},
		{"ACK with data", ACK | PSH, 0, 0, 100, false, CONFIRM, LEG_PARKED, 0},
		{"ACK with FIN", ACK | FIN, 0, 0, 0, false, CONFIRM, LEG_PARKED, 0},
		{"a probe: the ACK was lost", ACK, -1, 0, 0, false, CONFIRM, LEG_PARKED, 0},
		{"a probe with a byte", ACK, -1, 0, 1, false, CONFIRM, LEG_PARKED, 0},
		{"ACK of less", ACK, 0, -1, 0, false, REFUSE, LEG_HALF_OPEN, 0},
		{"ACK of more", ACK, 0, 1, 0, false, REFUSE, LEG_HALF_OPEN, 0},
		{"data that acknowledges less", ACK, 0, -1, 9, false, REFUSE, LEG_HALF_OPEN, 0},
		{"ACK of less, out of place", ACK, 1, -1, 0, false, CURRENT, LEG_HALF_OPEN, 0},
		{"RST of less", RST | ACK, 1, -1, 0, false, NOTHING, LEG_HALF_OPEN, 0},
		{"ACK out of place", ACK, 1, 0, 0, false, CURRENT, LEG_HALF_OPEN, 0},
		{"ACK before its place", ACK, -2, 0, 0, false, CURRENT, LEG_HALF_OPEN, 0},
		{"ACK with a bad sum", ACK, 0, 0, 0, true, NOTHING, LEG_HALF_OPEN, 0},
		{"RST", RST, 0, 0, 0, false, NOTHING, LEG_FREE, LEG_END_RESET},
		{"RST with ACK", RST | ACK, 0, 0, 0, false, NOTHING, LEG_FREE, LEG_END_RESET},
		{"RST before its place", RST, -1, 0, 0, false, NOTHING, LEG_HALF_OPEN, 0},
		{"RST out of place", RST, 1, 0, 0, false, NOTHING, LEG_HALF_OPEN, 0},
		{"RST with a bad sum", RST, 0, 0, 0, true, NOTHING, LEG_HALF_OPEN, 0},
		{"SYN|ACK", SYN | ACK, -1, 0, 0, false, NOTHING, LEG_HALF_OPEN, 0},
		{"no flags", 0, 0, 0, 0, false, NOTHING, LEG_HALF_OPEN, 0},
		{"FIN alone", FIN, 0, 0, 0, false, NOTHING, LEG_HALF_OPEN, 0},
		{"SYN and RST", SYN | RST, -1, 0, 0, false, NOTHING, LEG_HALF_OPEN, 0},
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct peer p = peer_alice();
		struct segment s;
		struct leg *leg;

		rig_put(0, &p.syn);
		p.synack = rig_answer(0);
		p.id = rig_event(MAILBOX_LEG_HALF_OPEN).id;
		s = peer_segment(&p, rows[i].flags);
		s.seq += (uint32_t)rows[i].seq;
		s.ack += (uint32_t)rows[i].ack;
		s.n_payload = rows[i].payload;
		s.bad_tcp = rows[i].bad;
		rig_put(0, &s);
		if (rows[i].answer != NOTHING) {
			struct segment answer = rig_answer(0);

			if (answer.flags != (rows[i].answer == REFUSE ? RST : ACK))
				fail_msg("%s: answered by flags %u", rows[i].name, answer.flags);
			if (rows[i].answer == REFUSE)
				assert_int_equal(answer.seq, s.ack);
			else
				assert_parked_answer(&p, &answer, p.tsval);
		}
		rig_silence();
		leg = rig_leg(p.id);
		if ((leg != NULL ? leg->state : LEG_FREE) != rows[i].then)
			fail_msg("%s: state", rows[i].name);
		if (leg == NULL) {
			assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, rows[i].end);
			continue;
		}
		if (leg->state == LEG_PARKED)
			rig_event(MAILBOX_LEG_ESTABLISHED);
		rig_no_event();
		rig_command(MAILBOX_LEG_RESET, p.id);
		rig_answer(0);
		assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	}
}

/* --- bounds --- */

static void half_open_bound(void **state)
{
	struct peer p = peer_alice();
	unsigned int i;

	(void)state;
	for (i = 0; i < 3 * RIG_HALF_OPEN; i++) {
		p.syn.src_port++;
		rig_put(0, &p.syn);
		rig_answer(0);
		assert_true(rig_stats()->legs[LEG_GAUGE_HALF_OPEN] <= RIG_HALF_OPEN * 3 / 4);
	}
	assert_int_equal(rig_stats()->syn_cookies[COOKIE_SENT], 3 * RIG_HALF_OPEN - 12);
}

static void source_bound(void **state)
{
	struct peer p, late = peer_alice();
	struct segment s;
	unsigned int i;

	(void)state;
	rig_put(0, &late.syn);
	late.synack = rig_answer(0);
	rig_event(MAILBOX_LEG_HALF_OPEN);
	for (i = 0; i < RIG_PER_SOURCE; i++) {
		p = peer_alice();
		p.syn.src_port = (uint16_t)(1000 + i);
		peer_rehost(&p, (uint8_t)(2 + i));
		peer_connect(&p);
	}
	s = peer_segment(&late, ACK); /* too late: there are as many as may be */
	rig_put(0, &s);
	s = rig_answer(0);
	assert_int_equal(s.flags, RST | ACK);
	assert_int_equal(s.seq, late.synack.seq + 1);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_REFUSED);
	peer_rehost(&late, 0x80);
	rig_put(0, &late.syn); /* and a SYN does not even begin */
	rig_silence();
	rig_no_event();
	assert_int_equal(rig_dropped(DROP_LEGS_SOURCE), 2);
	p = peer_bob(); /* somebody else is not concerned */
	peer_connect(&p);
	peer_move(&late, 1);
	peer_connect(&late);
}

static void unclaimed_bound(void **state)
{
	struct peer p;
	unsigned int i;

	(void)state;
	for (i = 0; i < RIG_UNCLAIMED; i++) {
		p = peer_alice();
		peer_move(&p, (uint8_t)i);
		peer_connect(&p);
	}
	rig_advance(1); /* what other workers have is looked at now and then */
	p = peer_bob();
	rig_put(1, &p.syn);
	rig_silence();
	rig_no_event();
	assert_int_equal(rig_dropped(DROP_LEGS), 1);
}

#define RIG_TEST(name) RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(options),
		RIG_TEST(same_syn_same_answer),
		RIG_TEST(another_isn_replaces),
		RIG_TEST(isn_follows_clock_and_tuple),
		RIG_TEST(data_in_syn_is_not_acknowledged),
		RIG_TEST(syn_ack_again_until_eight_seconds),
		cmocka_unit_test_setup_teardown(martians, rig_start, rig_end),
		RIG_ROW(martians6, rig_start, "martians6", &rig_mixes[1]),
		RIG_TEST(martians_of_any_family),
		RIG_ROW(mapped_address_is_not_ours, rig_start, "mapped_address_is_not_ours",
			&rig_mixes[1]),
		RIG_ROW(isn_of_folded_addresses, rig_start, "isn_of_folded_addresses",
			&rig_mixes[1]),
		RIG_TEST(bad_checksums),
		RIG_TEST(segments_on_half_open),
		RIG_TEST(half_open_bound),
		RIG_TEST(source_bound),
		RIG_TEST(unclaimed_bound),
	};

	return cmocka_run_group_tests_name("handshake", tests, rig_ports, rig_ports_end);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* SYN cookies through a whole worker: in and out of force, and legs that come out of them. */
#include "next_hop.h"
#include "peer_fixture.h"

#define ON_AT  (RIG_HALF_OPEN * 3 / 4)
#define OFF_AT (RIG_HALF_OPEN / 2)

static uint64_t half_open(void)
{
	return rig_stats()->legs[LEG_GAUGE_HALF_OPEN];
}

static uint64_t cookies(enum cookie_result result)
{
	return rig_stats()->syn_cookies[result];
}

/* Another source each. */
static void set_source(struct segment *s, uint32_t source)
{
	rte_be32_t be = rte_cpu_to_be_32(source);

	s->src = source;
	if (s->v6)
		memcpy(&s->src6.s6_addr[4], &be, sizeof(be));
}

static struct worker *alices_owner(void)
{
	struct peer alice = peer_alice();

	return rig_owner(&alice.syn);
}

/* Of the sources from there on, the next one that alice's owner has. */
static void set_next_source(struct segment *s, uint32_t *source)
{
	do
		set_source(s, (*source)++);
	while (rig_owner(s) != alices_owner());
}

/* `n` SYNs, each from a source of its own. */
static void flood(unsigned int n)
{
	static uint32_t source = IPV4(198, 51, 100, 7);
	struct segment s = peer_bob().syn;

	for (; n > 0; n--) {
		set_next_source(&s, &source);
		rig_put(1, &s);
		assert_int_equal(rig_answer(1).flags, SYN | ACK);
	}
}

static void take_events(void)
{
	struct mailbox_event ev;

	while (mailbox_take_events(rig.mb, &ev, 1) == 1)
		assert_int_not_equal(ev.type, MAILBOX_LEG_ESTABLISHED);
}

/* Let time pass, without looking at what is sent again. */
static void pass(uint64_t ms)
{
	struct rte_mbuf *m;

	while (ms-- > 0) {
		rig_advance(1);
		while ((m = rig_take(1)) != NULL)
			rte_pktmbuf_free(m);
	}
	take_events();
}

/* Cookies are in force, and nobody has been sent one. */
static void fill_up(void)
{
	flood(ON_AT);
	assert_int_equal(half_open(), ON_AT);
	assert_int_equal(cookies(COOKIE_SENT), 0);
	take_events();
}

/* SYN and its answer, of which nothing is kept. */
static void syn_by_cookie(struct peer *p)
{
	uint64_t sent = cookies(COOKIE_SENT), legs = half_open();

	rig_put(p->port, &p->syn);
	p->synack = rig_answer(p->port);
	assert_int_equal(p->synack.flags, SYN | ACK);
	assert_int_equal(p->synack.ack, p->syn.seq + 1);
	assert_int_equal(p->synack.window, 0);
	p->tsval++;
	rig_no_event();
	assert_int_equal(cookies(COOKIE_SENT), sent + 1);
	assert_int_equal(half_open(), legs);
}

static void connect_by_cookie(struct peer *p)
{
	struct segment ack;
	struct mailbox_event ev;

	syn_by_cookie(p);
	ack = peer_segment(p, ACK);
	rig_put(p->port, &ack);
	rig_silence();
	ev = rig_event(MAILBOX_LEG_ESTABLISHED);
	p->id = ev.id;
	assert_int_equal(ev.tuple.peer_port, rte_cpu_to_be_16(p->syn.src_port));
	rig_no_event();
}

static void reset_leg(const struct peer *p)
{
	rig_command(MAILBOX_LEG_RESET, p->id);
	assert_int_equal(rig_answer(p->port).flags, RST | ACK);
	rig_event(MAILBOX_LEG_GONE);
}

/* --- what a cookie keeps --- */

#define TS	 "\x8\xa\0\0\x12\x34\0\0\0\0"
#define MSS_1400 "\2\4\x05\x78"
#define MSS_1388 "\2\4\x05\x6c"

static void options(void **state)
{
	static const struct {
		const char *name;
		const uint8_t *options;
		unsigned int n_options, n_answer;
		uint8_t agreed;
		uint16_t mss; /* 0: the family's default, rounded */
		uint8_t wscale;
	} rows[] = {
		{"nothing", BYTES(""), 4, 0, 0, 0},
		{"MSS", BYTES("\2\4\x05\xb4"), 4, 0, 1400, 0},
		{"a smaller MSS", BYTES("\2\4\x05\x50"), 4, 0, 1360, 0},
		{"MSS of 0", BYTES("\2\4\0\0"), 4, 0, 88, 0},
		{"Linux", BYTES("\2\4\x05\xb4\4\2" TS "\1\3\3\7"), 20,
		 LEG_TIMESTAMPS | LEG_SACK | LEG_WSCALE, 1400, 7},
		{"Windows", BYTES("\2\4\x05\xb4\1\3\3\x8\1\1\4\2"), 4, 0, 1400, 0},
		{"a scale of 0", BYTES("\2\4\x05\xb4\1\1" TS "\1\3\3\0"), 20,
		 LEG_TIMESTAMPS | LEG_WSCALE, 1400, 0},
		{"a scale over 14", BYTES("\2\4\x05\xb4\1\1" TS "\1\3\3\xff"), 20,
		 LEG_TIMESTAMPS | LEG_WSCALE, 1400, 14},
		{"timestamps only", BYTES("\1\1" TS), 16, LEG_TIMESTAMPS, 0, 0},
		{"timestamps and SACK", BYTES("\4\2" TS), 16, LEG_TIMESTAMPS | LEG_SACK, 0, 0},
	};
	unsigned int i;

	(void)state;
	fill_up();
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct peer p = peer_alice();
		struct leg_report r;
		uint16_t mss = rows[i].mss != 0 ? rows[i].mss : p.syn.v6 ? 1220 : 512;
		uint32_t t, echo;

		p.syn.n_options = 0;
		segment_option(&p.syn, rows[i].options, rows[i].n_options);
		p.tsval = 0x1234;
		connect_by_cookie(&p);
		assert_memory_equal(p.synack.options,
				    rows[i].agreed & LEG_TIMESTAMPS ? MSS_1400 : MSS_1388, 4);
		r = peer_retire(&p);
		if (p.synack.n_options != rows[i].n_answer || r.options != rows[i].agreed ||
		    r.mss != mss || r.wscale != rows[i].wscale)
			fail_msg("%s: %u bytes, options %u, MSS %u, scale %u", rows[i].name,
				 p.synack.n_options, r.options, r.mss, r.wscale);
		assert_int_equal(r.snd_nxt, p.synack.seq + 1);
		assert_int_equal(r.rcv_nxt, p.syn.seq + 1);
		assert_int_equal(r.window, 500);
		assert_int_equal(r.next_hop, next_hop_make(0, 0, &alice_mac));
		if (rows[i].agreed & LEG_TIMESTAMPS) {
			assert_true(segment_find_timestamps(&p.synack, &t, &echo));
			assert_int_equal(echo, 0x1234);
			assert_int_equal(r.ts_const, t);
			assert_int_equal(r.ts_first, 0x1235); /* of the ACK */
			assert_int_equal(r.ts_recent, 0x1235);
		}
		rig_command(MAILBOX_LEG_RESET, p.id);
		rig_answer(0);
	}
	assert_int_equal(cookies(COOKIE_VALID), RTE_DIM(rows));
	assert_int_equal(cookies(COOKIE_INVALID), 0);
}

/* --- what may bring one back --- */

enum answer { NOTHING, CONFIRM, REFUSE, REFUSE_ACK };

static void segments(void **state)
{
	static const struct {
		const char *name;
		uint8_t flags;
		int32_t seq, ack; /* from R and S */
		unsigned int payload, port;
		bool bad;
		enum answer answer;
		bool parked;
		unsigned int valid, invalid;
	} rows[] = {
		{"ACK", ACK, 0, 0, 0, 0, false, NOTHING, true, 1, 0},
		{"ACK with data", ACK | PSH, 0, 0, 100, 0, false, CONFIRM, true, 1, 0},
		{"ACK with FIN", ACK | FIN, 0, 0, 0, 0, false, CONFIRM, true, 1, 0},
		{"a probe", ACK, -1, 0, 0, 0, false, CONFIRM, true, 1, 0},
		{"a probe with a byte", ACK, -1, 0, 1, 0, false, CONFIRM, true, 1, 0},
		{"out of place", ACK, 1, 0, 0, 0, false, REFUSE, false, 0, 1},
		{"before its place", ACK, -2, 0, 0, 0, false, REFUSE, false, 0, 1},
		{"of less", ACK, 0, -1, 0, 0, false, REFUSE, false, 0, 1},
		{"of more", ACK, 0, 1, 0, 0, false, REFUSE, false, 0, 1},
		{"another's", ACK, 0, 0, 0, 1, false, REFUSE, false, 0, 1},
		{"a bad sum", ACK, 0, 0, 0, 0, true, NOTHING, false, 0, 0},
		{"RST", RST, 0, 0, 0, 0, false, NOTHING, false, 0, 0},
		{"RST with ACK", RST | ACK, 0, 0, 0, 0, false, NOTHING, false, 0, 0},
		{"SYN|ACK", SYN | ACK, -1, 0, 0, 0, false, REFUSE, false, 0, 0},
		{"no ACK", PSH, 0, 0, 0, 0, false, REFUSE_ACK, false, 0, 0},
	};
	static const uint8_t flags[] = {[CONFIRM] = ACK, [REFUSE] = RST, [REFUSE_ACK] = RST | ACK};
	unsigned int i;

	(void)state;
	fill_up();
	for (i = 0; i < RTE_DIM(rows); i++) {
		uint64_t valid = cookies(COOKIE_VALID), invalid = cookies(COOKIE_INVALID);
		struct peer p = peer_alice();
		struct segment s, answer;

		syn_by_cookie(&p);
		s = peer_segment(&p, rows[i].flags);
		s.seq += (uint32_t)rows[i].seq;
		s.ack += (uint32_t)rows[i].ack;
		s.n_payload = rows[i].payload;
		s.src_port += (uint16_t)rows[i].port;
		s.bad_tcp = rows[i].bad;
		rig_put(0, &s);
		if (rows[i].answer != NOTHING) {
			answer = rig_answer(0);
			if (answer.flags != flags[rows[i].answer])
				fail_msg("%s: flags %u", rows[i].name, answer.flags);
			if (rows[i].answer == CONFIRM)
				assert_parked_answer(&p, &answer, p.tsval);
		}
		rig_silence();
		if (cookies(COOKIE_VALID) - valid != rows[i].valid ||
		    cookies(COOKIE_INVALID) - invalid != rows[i].invalid)
			fail_msg("%s: counted wrongly", rows[i].name);
		if (rows[i].parked) {
			p.id = rig_event(MAILBOX_LEG_ESTABLISHED).id;
			reset_leg(&p);
		}
		rig_no_event();
	}
}

/* From then on it is like any other leg. */
static void the_leg_lives_on(void **state)
{
	struct peer p = peer_alice();
	struct segment s;

	(void)state;
	fill_up();
	connect_by_cookie(&p);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_UNCLAIMED], 1);
	s = peer_segment(&p, ACK);
	s.seq--;
	rig_put(0, &s); /* a probe */
	s = rig_answer(0);
	assert_parked_answer(&p, &s, p.tsval);
	rig_put(0, &p.syn);
	s = rig_answer(0);
	assert_int_equal(s.flags, ACK);
	assert_int_equal(cookies(COOKIE_VALID), 1);
	pass(RIG_CLAIM_MS + 2 * WHEEL_TICK_MS); /* nobody claims it */
	assert_int_equal(rig_answer(0).flags, RST | ACK);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_UNCLAIMED], 0);
}

static void a_cookie_ages(void **state)
{
	static const struct {
		uint64_t age_ms;
		bool good;
	} rows[] = {
		{0, true},
		{SYNCOOKIE_PERIOD_MS - 1, true},
		{2 * SYNCOOKIE_PERIOD_MS - 1, true},
		{2 * SYNCOOKIE_PERIOD_MS, false},
		{10 * (uint64_t)SYNCOOKIE_PERIOD_MS, false},
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct peer p = peer_alice();
		struct segment s;

		rig.now_ms += SYNCOOKIE_PERIOD_MS - rig.now_ms % SYNCOOKIE_PERIOD_MS;
		rig_round();
		alices_owner()->cookies.in_force = true; /* by itself it would take a table full */
		syn_by_cookie(&p);
		rig.now_ms += rows[i].age_ms;
		rig_round();
		s = peer_segment(&p, ACK);
		rig_put(0, &s);
		if (rows[i].good) {
			p.id = rig_event(MAILBOX_LEG_ESTABLISHED).id;
			reset_leg(&p);
		} else {
			assert_int_equal(rig_answer(0).flags, RST);
			rig_no_event();
		}
	}
	assert_int_equal(cookies(COOKIE_VALID), 3);
}

/* --- in and out of force --- */

static void comes_with_the_watermark(void **state)
{
	struct peer p = peer_alice();

	(void)state;
	flood(ON_AT - 1);
	assert_int_equal(mailbox_cookies(rig.mb), MAILBOX_COOKIES_NONE);
	flood(1);
	assert_int_equal(cookies(COOKIE_SENT), 0);
	take_events();
	syn_by_cookie(&p);
	assert_int_equal(mailbox_cookies(rig.mb), MAILBOX_COOKIES_IN_FORCE);
}

/* A SYN of a half-open leg is answered as before. */
static void those_in_the_table_stay(void **state)
{
	struct peer p = peer_alice();
	struct segment ack;

	(void)state;
	rig_put(0, &p.syn);
	p.synack = rig_answer(0);
	p.id = rig_event(MAILBOX_LEG_HALF_OPEN).id;
	flood(RIG_HALF_OPEN);
	take_events();
	rig_put(0, &p.syn);
	assert_int_equal(rig_answer(0).seq, p.synack.seq);
	ack = peer_segment(&p, ACK);
	rig_put(0, &ack);
	assert_int_equal(rig_event(MAILBOX_LEG_ESTABLISHED).id, p.id);
	assert_int_equal(cookies(COOKIE_VALID), 0);
}

static void goes_when_it_is_calm(void **state)
{
	unsigned int i;

	(void)state;
	fill_up();
	/* As long as SYNs keep coming the empty table means nothing. */
	for (i = 0; i < 100; i++) {
		pass(200);
		flood(1);
	}
	assert_int_equal(half_open(), 0);
	assert_int_equal(cookies(COOKIE_SENT), 100);
	pass(2001);
	flood(1);
	assert_int_equal(cookies(COOKIE_SENT), 100);
	assert_int_equal(half_open(), 1);
	/* Of those that were sent cookies some may still be half-open. */
	assert_int_equal(mailbox_cookies(rig.mb), MAILBOX_COOKIES_IN_FORCE);
	pass(COOKIES_HALF_OPEN_MS - 2001 - 2);
	assert_int_equal(mailbox_cookies(rig.mb), MAILBOX_COOKIES_IN_FORCE);
	pass(2);
	assert_int_equal(mailbox_cookies(rig.mb), MAILBOX_COOKIES_OUTSTANDING);
	rig.now_ms += 2 * SYNCOOKIE_PERIOD_MS;
	rig_round();
	assert_int_equal(mailbox_cookies(rig.mb), MAILBOX_COOKIES_NONE);
}

/* Calm as it may be: between the marks nothing changes. */
static void stays_between_the_marks(void **state)
{
	struct peer p = peer_alice();
	unsigned int i, ended = 0;

	(void)state;
	fill_up();
	syn_by_cookie(&p);
	pass(3000);
	for (i = 0; half_open() > OFF_AT + 1; i++) {
		struct leg *leg = &alices_owner()->legs.legs[i];

		if (leg->state == LEG_HALF_OPEN) {
			leg_end(&alices_owner()->legs, leg, LEG_END_RESET);
			ended++;
		}
	}
	assert_int_equal(ended, ON_AT - OFF_AT - 1);
	pass(2500);
	assert_true(alices_owner()->cookies.in_force);
	while (half_open() > OFF_AT) {
		struct leg *leg = &alices_owner()->legs.legs[i++];

		if (leg->state == LEG_HALF_OPEN)
			leg_end(&alices_owner()->legs, leg, LEG_END_RESET);
	}
	pass(1001);
	assert_false(alices_owner()->cookies.in_force);
}

/* A cookie is good for a while after that. */
static void checked_after_they_went(void **state)
{
	struct peer p = peer_alice();
	struct segment ack;

	(void)state;
	fill_up();
	syn_by_cookie(&p);
	pass(20000);
	assert_false(alices_owner()->cookies.in_force);
	ack = peer_segment(&p, ACK);
	rig_put(0, &ack);
	rig_event(MAILBOX_LEG_ESTABLISHED);
	assert_int_equal(cookies(COOKIE_VALID), 1);
	assert_int_equal(cookies(COOKIE_INVALID), 0);
	rig.now_ms += 2 * SYNCOOKIE_PERIOD_MS;
	rig_round();
	assert_int_equal(rig_answer(0).flags, RST | ACK); /* its claim timer */
	rig_put(0, &ack);
	assert_int_equal(rig_answer(0).flags, RST);
	assert_int_equal(cookies(COOKIE_INVALID), 0); /* not even looked at */
}

/* --- limits --- */

/* From another source each time, but of the same owner. */
static struct peer another_alice(uint16_t port)
{
	static uint8_t n;
	struct peer p;

	do {
		p = peer_alice();
		p.syn.src_port = port;
		peer_move(&p, ++n == 0 ? ++n : n);
	} while (rig_owner(&p.syn) != alices_owner());
	return p;
}

static void limits_hold(void **state)
{
	struct peer late = peer_alice(), p;
	struct segment s;
	unsigned int i;

	(void)state;
	fill_up();
	syn_by_cookie(&late);
	for (i = 0; i < RIG_PER_SOURCE; i++) {
		p = peer_alice();
		p.syn.src_port = (uint16_t)(1000 + i);
		connect_by_cookie(&p);
	}
	s = peer_segment(&late, ACK); /* too late: there are as many as may be */
	rig_put(0, &s);
	s = rig_answer(0);
	assert_int_equal(s.flags, RST);
	assert_int_equal(s.seq, late.synack.seq + 1);
	rig_put(0, &late.syn); /* and a SYN does not even begin */
	rig_silence();
	rig_no_event();
	assert_int_equal(rig_dropped(DROP_LEGS_SOURCE), 2);
	for (; i < RIG_UNCLAIMED; i++) {
		p = another_alice(p.syn.src_port);
		connect_by_cookie(&p);
	}
	p = another_alice(p.syn.src_port);
	rig_put(0, &p.syn);
	rig_silence();
	assert_int_equal(rig_dropped(DROP_LEGS), 1);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_UNCLAIMED], RIG_UNCLAIMED);
}

/* --- asking --- */

static struct four_tuple four_of(const struct peer *p)
{
	struct four_tuple four = {.peer_port = rte_cpu_to_be_16(p->syn.src_port),
				  .relay_port = rte_cpu_to_be_16(p->syn.dst_port)};

	if (p->syn.v6) {
		four.peer_addr = p->syn.src6;
		four.relay_addr = p->syn.dst6;
	} else {
		tuple_map_v4(&four.peer_addr, rte_cpu_to_be_32(p->syn.src));
		tuple_map_v4(&four.relay_addr, rte_cpu_to_be_32(p->syn.dst));
	}
	return four;
}

static void challenge(const struct four_tuple *four)
{
	const struct mailbox_command cmd = {.type = MAILBOX_LEG_CHALLENGE, .tuple = *four};

	struct tuple t = tuple_from_four(four);

	assert_true(mailbox_post_command(rig.mb, handover_owner(&rig.handover, &t), &cmd));
	rig_round();
}

static void a_lost_ack_is_asked_for(void **state)
{
	struct peer p = peer_alice();
	struct four_tuple four = four_of(&p);
	uint32_t t, tsval, echo;
	struct segment s;

	(void)state;
	fill_up();
	syn_by_cookie(&p);
	pass(2000);
	challenge(&four);
	s = rig_answer(0);
	assert_int_equal(s.flags, ACK);
	assert_int_equal(s.dst, p.syn.src);
	assert_memory_equal(&s.dst6, &p.syn.src6, sizeof(s.dst6));
	assert_int_equal(s.dst_port, p.syn.src_port);
	assert_int_equal(s.src, p.syn.dst);
	assert_memory_equal(&s.src6, &p.syn.dst6, sizeof(s.src6));
	assert_int_equal(s.src_port, p.syn.dst_port);
	assert_int_equal(s.n_payload, 0);
	assert_memory_equal(&s.dst_mac, &alice_mac, sizeof(alice_mac));
	/* Outside of the peer's window, with a timestamp later than the one it has. */
	assert_true(s.seq - (p.synack.seq + 1) > p.syn.window);
	assert_true(segment_find_timestamps(&s, &tsval, &echo));
	assert_true(segment_find_timestamps(&p.synack, &t, &echo));
	assert_in_range(tsval - t, 2000, 2032);
	s = peer_segment(&p, ACK);
	rig_put(0, &s);
	rig_silence();
	rig_event(MAILBOX_LEG_ESTABLISHED);
}

static void nobody_is_asked_without_need(void **state)
{
	struct peer known = peer_alice(), sent = peer_alice(), p = peer_alice();
	struct four_tuple four = four_of(&sent);

	(void)state;
	challenge(&four); /* no cookie is outstanding */
	rig_silence();
	known.syn.src_port++;
	rig_put(0, &known.syn);
	rig_answer(0);
	flood(ON_AT - 1);
	take_events();
	syn_by_cookie(&sent);
	four = four_of(&known); /* half-open */
	challenge(&four);
	rig_silence();
	p.syn.dst_port++;
	four = four_of(&p); /* not the service */
	challenge(&four);
	p = peer_alice();
	p.syn.dst = IPV4(192, 0, 2, 77);
	p.syn.dst6.s6_addr[15] ^= 0x77;
	four = four_of(&p); /* not us */
	challenge(&four);
	p = peer_alice();
	p.syn.src = IPV4(224, 0, 0, 1);
	p.syn.src6.s6_addr[0] = 0xff;
	four = four_of(&p); /* nobody */
	challenge(&four);
	rig_silence();
	four = four_of(&sent);
	challenge(&four);
	assert_int_equal(rig_answer(0).dst_port, sent.syn.src_port);
}

/* What a spliced connection's peer is told is the other end's affair. */
static void flows_are_left_alone(void **state)
{
	struct peer a = peer_alice(), b = peer_bob(), c = peer_alice();
	struct four_tuple four = four_of(&a);

	(void)state;
	peers_splice(&a, &b);
	fill_up();
	c.syn.src_port++;
	syn_by_cookie(&c);
	challenge(&four);
	rig_silence();
}

/* Whose way was forgotten in the flood is asked on all that may be. */
static void the_way_may_be_uncertain(void **state)
{
	struct peer p = peer_alice();
	struct four_tuple four = four_of(&p);
	const struct rte_ether_addr router[] = {{{2, 9, 9, 9, 9, 0}}, {{2, 9, 9, 9, 9, 1}}};
	uint32_t source = IPV4(203, 0, 113, 0);
	unsigned int port, i;

	(void)state;
	fill_up();
	syn_by_cookie(&p);
	for (port = 0; port < RIG_PORTS; port++) {
		for (i = 0; i < 20 * HOP_CACHE_SLOTS; i++) {
			struct segment s = p.syn;

			s.src_mac = router[port];
			s.dst_mac = port_mac[port];
			set_next_source(&s, &source);
			rig_put(port, &s);
			rig_answer(port);
		}
	}
	challenge(&four);
	for (port = 0; port < RIG_PORTS; port++) {
		struct rte_mbuf *m = rig_take(port);
		struct segment s;

		assert_non_null(m);
		s = segment_read(m);
		assert_int_equal(s.dst, p.syn.src);
		assert_memory_equal(&s.dst6, &p.syn.src6, sizeof(s.dst6));
		assert_memory_equal(&s.dst_mac, &router[port], sizeof(s.dst_mac));
		rte_pktmbuf_free(m);
	}
	rig_silence();
}

static void asking_has_a_limit(void **state)
{
	struct peer p = peer_alice();
	struct four_tuple four = four_of(&p);
	unsigned int i, asked = 0;

	(void)state;
	fill_up();
	syn_by_cookie(&p);
	for (i = 0; i < 300; i++) {
		struct rte_mbuf *m;

		challenge(&four);
		m = rig_take(0);
		asked += m != NULL;
		rte_pktmbuf_free(m);
	}
	assert_int_equal(asked, 100 / RIG_WORKERS);
	assert_int_equal(rig_dropped(DROP_RATE), 300 - asked);
}

#define RIG_TEST(name) RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(options),
		RIG_TEST(segments),
		RIG_TEST(the_leg_lives_on),
		RIG_TEST(a_cookie_ages),
		RIG_TEST(comes_with_the_watermark),
		RIG_TEST(those_in_the_table_stay),
		RIG_TEST(goes_when_it_is_calm),
		RIG_TEST(stays_between_the_marks),
		RIG_TEST(checked_after_they_went),
		RIG_TEST(limits_hold),
		RIG_TEST(a_lost_ack_is_asked_for),
		RIG_TEST(nobody_is_asked_without_need),
		RIG_TEST(flows_are_left_alone),
		RIG_TEST(the_way_may_be_uncertain),
		RIG_TEST(asking_has_a_limit),
	};

	return cmocka_run_group_tests_name("flood", tests, rig_ports, rig_ports_end);
}

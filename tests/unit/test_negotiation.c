/* SPDX-License-Identifier: BSD-3-Clause */
/* The parked leg of the SOCKS5 service, DESIGN 3.2, until it is a leg like any other. */
#include "socks5_client.h"

static const uint8_t all_said[] = METHODS REQUEST "payload that comes early";

static struct peer alice(void)
{
	return socks5_client(peer_alice());
}

static struct peer bob(void)
{
	return socks5_client(peer_bob());
}

static void put(const struct peer *p, unsigned int at, unsigned int heard, const void *bytes,
		unsigned int n)
{
	struct segment s = socks5_says(p, at, heard, bytes, n);

	rig_put(p->port, &s);
}

static void assert_gone(const struct peer *p)
{
	assert_null(socks5_leg(p));
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_UNCLAIMED], 0);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_CLAIMED], 0);
	assert_int_equal(rig_free_legs(), RIG_WORKERS * rig.workers[0].legs.capacity);
	for (unsigned int i = 0; i < RIG_WORKERS; i++)
		assert_int_equal(rig.workers[i].legs.n_free_sources,
				 rig.workers[i].legs.max_unclaimed);
}

/* --- all of it --- */

static struct leg_report retire(const struct peer *p)
{
	uint64_t claimed = rig_stats()->legs[LEG_GAUGE_CLAIMED];
	struct leg_report r;

	rig_command(MAILBOX_LEG_CLAIM, p->id);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_CLAIMED], claimed + 1);
	rig_command(MAILBOX_LEG_RETIRE, p->id);
	r = rig_event(MAILBOX_LEG_RETIRED).report;
	assert_int_equal(r.snd_nxt, p->synack.seq + 1 + ALL_HEARD);
	assert_int_equal(r.rcv_nxt, p->syn.seq + 1 + ALL_SAID);
	return r;
}

static void negotiate_and_splice(void **state)
{
	struct peer a = alice(), b = bob();
	struct leg_report from_a, from_b;
	struct segment s;
	uint64_t flow;

	(void)state;
	socks5_go_through(&a);
	socks5_go_through(&b);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_UNCLAIMED], 2);
	from_a = retire(&a);
	assert_int_equal(from_a.window, 500);
	assert_int_equal(from_a.mss, 1460);
	assert_int_equal(from_a.ts_recent, a.tsval);
	assert_int_equal(from_a.tuple.relay_port, rte_cpu_to_be_16(RIG_SOCKS5_PORT));
	from_b = retire(&b);
	flow = flow_rig_insert(&rig.flows, &from_a, &from_b);
	rig_open(a.id, flow, 0);
	socks5_expect(&a, ACK, ALL_HEARD, ALL_SAID, 1000, NULL, 0); /* 500 << 9 >> 8 */
	rig_open(b.id, flow, 1);
	socks5_expect(&b, ACK, ALL_HEARD, ALL_SAID, 250, NULL, 0);
	put(&a, ALL_SAID, ALL_HEARD, "hello", 5);
	s = rig_answer(1);
	assert_to_peer(&s, &b);
	assert_int_equal(s.seq, b.synack.seq + 1 + ALL_HEARD);
	assert_int_equal(s.ack, b.syn.seq + 1 + ALL_SAID);
	assert_memory_equal(s.payload, "hello", 5);
	rig_no_event();
}

static void what_is_told(void **state)
{
	static const uint8_t name[LEG_NAME_BYTES] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
						     0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
						     0xcd, 0xef, 0x01, 0x23, 0x45, 0x67};
	struct peer p = alice();
	struct four_tuple four;
	struct mailbox_event ev;

	(void)state;
	socks5_connect(&p);
	put(&p, 0, 0, METHODS REQUEST, ALL_SAID);
	rig_answer(0);
	ev = rig_event(MAILBOX_LEG_NAMED);
	assert_memory_equal(ev.named.name, name, sizeof(name));
	tuple_to_four(&rig_leg(ev.id)->tuple, &four);
	assert_memory_equal(&ev.named.tuple, &four, sizeof(four));
	assert_int_equal(four.peer_port, rte_cpu_to_be_16(ALICE_PORT));
}

/* Legs of the two services side by side, on one four-tuple but for the port. */
static void endpoint_legs_do_not_negotiate(void **state)
{
	struct peer a = alice(), e = peer_alice();
	struct segment s;

	(void)state;
	socks5_choose(&a);
	peer_connect(&e);
	assert_int_equal(e.synack.window, 0);
	s = peer_segment(&e, ACK);
	memcpy(s.payload, METHODS, N_METHODS);
	s.n_payload = N_METHODS;
	rig_put(0, &s);
	s = rig_answer(0);
	assert_parked_answer(&e, &s, e.tsval);
	rig_command(MAILBOX_LEG_ADMIT, e.id);
	rig_command(MAILBOX_LEG_REFUSE, e.id);
	rig_silence();
	rig_no_event();
}

/* Without a scale, windows are what they say; without timestamps there are none. */
static void no_options(void **state)
{
	struct peer p = alice();

	(void)state;
	p.syn.n_options = 4;
	socks5_connect(&p);
	put(&p, 0, 0, METHODS, N_METHODS);
	socks5_expect(&p, PSH | ACK, 0, N_METHODS, WINDOW_SYN, CHOICE, N_CHOICE);
	put(&p, N_METHODS, N_CHOICE, REQUEST, N_REQUEST);
	socks5_expect(&p, ACK, N_CHOICE, ALL_SAID, 0, NULL, 0);
	rig_command(MAILBOX_LEG_ADMIT, rig_event(MAILBOX_LEG_NAMED).id);
	socks5_expect(&p, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
}

static void service_is_off(void **state)
{
	struct peer p = alice();
	struct rte_mbuf *m;

	(void)state;
	rig.listener.socks5_port = 0;
	rig_listen();
	rig_put(0, &p.syn);
	m = rig_kernel_takes(0);
	assert_non_null(m);
	rte_pktmbuf_free(m);
	p.syn.dst_port = 0; /* is not the port of a service that is off */
	rig_put(0, &p.syn);
	m = rig_kernel_takes(0);
	assert_non_null(m);
	rte_pktmbuf_free(m);
	rig_silence();
}

/* --- however it is cut --- */

/* The answer to a piece that ends at `end`: that of what is complete by then. */
static void expect_after(const struct peer *p, unsigned int begin, unsigned int end)
{
	unsigned int read = RTE_MIN(end, (unsigned int)ALL_SAID);
	uint16_t window = read == ALL_SAID ? 0 : WINDOW_SCALED;
	unsigned int heard = begin >= N_METHODS ? N_CHOICE : 0;

	if (begin < N_METHODS && end >= N_METHODS)
		socks5_expect(p, PSH | ACK, 0, read, window, CHOICE, N_CHOICE);
	else
		socks5_expect(p, ACK, heard, read, window, NULL, 0);
}

/* Pieces that end at `ends`; with early data behind the request, if the last one has. */
static void negotiate_in(const unsigned int *ends, unsigned int n)
{
	struct peer p = alice();
	unsigned int at = 0, i;

	socks5_connect(&p);
	for (i = 0; i < n; at = ends[i++]) {
		put(&p, at, at >= N_METHODS ? N_CHOICE : 0, all_said + at, ends[i] - at);
		expect_after(&p, at, ends[i]);
	}
	p.id = rig_event(MAILBOX_LEG_NAMED).id;
	rig_no_event();
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	socks5_expect(&p, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
	/* Who sent early stands where that ends. */
	put(&p, RTE_MAX(at, (unsigned int)ALL_SAID), ALL_HEARD, NULL, 0);
	retire(&p);
	rig_silence();
	rig_command(MAILBOX_LEG_RESET, p.id);
	rig_answer(0);
	assert_gone(&p);
}

static void every_split(void **state)
{
	static const unsigned int lengths[] = {ALL_SAID, ALL_SAID + 1, sizeof(all_said) - 1};
	unsigned int ends[sizeof(all_said)], i, at;

	(void)state;
	for (i = 0; i < RTE_DIM(lengths); i++) {
		negotiate_in(&lengths[i], 1);
		for (at = 1; at <= ALL_SAID; at++) {
			ends[0] = at;
			ends[1] = lengths[i];
			negotiate_in(ends, at < lengths[i] ? 2 : 1);
		}
	}
	for (at = 0; at < ALL_SAID; at++)
		ends[at] = at + 1;
	negotiate_in(ends, ALL_SAID);
}

/* The headers in one mbuf, what is said in another. */
static void chained_mbufs(void **state)
{
	struct peer p = alice();
	unsigned int first;

	(void)state;
	for (first = 0; first <= ALL_SAID; first += 5) {
		struct segment s;
		unsigned int headers;

		socks5_connect(&p);
		s = socks5_says(&p, 0, 0, METHODS REQUEST, ALL_SAID);
		headers = 14 + (s.v6 ? 40 : 20) + 20 + s.n_options;
		rig_send_frame(0, segment_build_two(&s, headers + first));
		rig_round();
		socks5_expect(&p, PSH | ACK, 0, ALL_SAID, 0, CHOICE, N_CHOICE);
		rig_command(MAILBOX_LEG_RESET, rig_event(MAILBOX_LEG_NAMED).id);
		rig_answer(0);
		rig_event(MAILBOX_LEG_GONE);
		p = alice();
	}
}

/* --- segments that are not simply next --- */

static const struct row {
	const char *name, *bytes;
	unsigned int n, flags;
	int32_t seq, ack; /* from R, which is behind the methods, and S, behind the choice */
	enum { NOTHING, CONFIRM, NAMED, CLOSES, GONE } answer;
	unsigned int read; /* more than before */
} rows[] = {
	{"pure ACK", "", 0, ACK, 0, 0, NOTHING, 0},
	{"an old ACK", "", 0, ACK, 0, -2, NOTHING, 0},
	{"half an ACK", "", 0, ACK, 0, -1, NOTHING, 0},
	{"an ACK of what was never sent", "\5", 1, ACK, 0, 1, NOTHING, 0},
	{"an ACK from before the start", "\5", 1, ACK, 0, -3, NOTHING, 0},
	{"keep-alive", "", 0, ACK, -1, 0, CONFIRM, 0},
	{"keep-alive with a byte", "x", 1, ACK, -1, 0, CONFIRM, 0},
	{"the methods again", METHODS, 3, ACK | PSH, -3, -2, CONFIRM, 0},
	{"the methods and more", METHODS "\5\1", 5, ACK | PSH, -3, -2, CONFIRM, 2},
	{"a part of them and all the rest", "\0" REQUEST, 48, ACK, -1, 0, NAMED, 47},
	{"a byte", "\5", 1, ACK, 0, 0, CONFIRM, 1},
	{"a byte, with an old ACK", "\5", 1, ACK, 0, -2, CONFIRM, 1},
	{"urgent", "\5", 1, ACK | URG, 0, 0, CONFIRM, 1},
	{"a gap of one", "\1\0\3", 3, ACK, 1, 0, CONFIRM, 0},
	{"the end of the window", "x", 1, ACK, 520, 0, CONFIRM, 0},
	{"beyond it", "x", 1, ACK, 521, 0, CONFIRM, 0},
	{"a pure ACK ahead", "", 0, ACK, 5, 0, NOTHING, 0},
	{"a pure ACK far ahead", "", 0, ACK, 521, 0, CONFIRM, 0},
	{"far behind", "x", 1, ACK, -521, 0, CONFIRM, 0},
	{"no ACK", "\5", 1, PSH, 0, 0, NOTHING, 0},
	{"FIN", "", 0, ACK | FIN, 0, 0, CLOSES, 1},
	{"FIN with half a request", "\5\1\0", 3, ACK | FIN, 0, 0, CLOSES, 4},
	{"FIN behind a gap", "", 0, ACK | FIN, 1, 0, CONFIRM, 0},
	{"FIN behind the request", REQUEST, 47, ACK | FIN, 0, 0, NAMED, 47},
	{"another version", "\4", 1, ACK, 0, 0, GONE, 0},
	{"SYN", "", 0, SYN, 0, 0, CONFIRM, 0},
	{"its SYN again", "", 0, SYN, -4, 0, CONFIRM, 0},
	{"SYN|ACK", "", 0, SYN | ACK, 0, 0, CONFIRM, 0},
	{"RST", "", 0, RST, 0, 0, GONE, 0},
	{"RST with ACK", "", 0, RST | ACK, 0, 0, GONE, 0},
	{"RST in the window", "", 0, RST, 1, 0, CONFIRM, 0},
	{"RST before it", "", 0, RST, -1, 0, NOTHING, 0},
	{"RST beyond it", "", 0, RST, 521, 0, NOTHING, 0},
};

static void check_answer(const struct row *r, const struct peer *p)
{
	uint16_t window = r->answer == NAMED ? 0 : WINDOW_SCALED;
	struct segment s = rig_answer(p->port);

	if (r->answer == GONE) {
		assert_int_equal(s.flags, RST | ACK);
		return;
	}
	if (s.flags != (r->answer == CLOSES ? FIN | ACK : ACK))
		fail_msg("%s: flags %u", r->name, s.flags);
	if (s.ack != p->syn.seq + 1 + N_METHODS + r->read || s.window != window)
		fail_msg("%s: read %u", r->name, s.ack - p->syn.seq - 1 - N_METHODS);
	assert_int_equal(s.seq, p->synack.seq + 1 + N_CHOICE);
	assert_int_equal(s.n_payload, 0);
}

static void check_row(const struct row *r)
{
	struct peer p = alice();
	struct segment s;

	socks5_choose(&p);
	s = socks5_says(&p, N_METHODS, N_CHOICE, r->bytes, r->n);
	s.flags = (uint8_t)r->flags;
	s.seq += (uint32_t)r->seq;
	s.ack += (uint32_t)r->ack;
	rig_put(0, &s);
	if (r->answer != NOTHING && !(r->flags & RST && r->answer == GONE))
		check_answer(r, &p);
	rig_silence();
	if (r->answer == NAMED)
		rig_event(MAILBOX_LEG_NAMED);
	rig_no_event();
	if (r->answer == GONE) {
		assert_gone(&p);
		return;
	}
	if (r->answer == NOTHING || r->answer == CONFIRM) {
		/* Whatever it was, the rest makes a request. */
		put(&p, N_METHODS + r->read, N_CHOICE, &REQUEST[r->read], N_REQUEST - r->read);
		assert_int_equal(rig_answer(0).ack, p.syn.seq + 1 + ALL_SAID);
		rig_event(MAILBOX_LEG_NAMED);
	}
	s = socks5_says(&p, RTE_MAX(N_METHODS + r->read, r->answer == CLOSES ? 0U : ALL_SAID),
			N_CHOICE, NULL, 0);
	s.flags = RST;
	rig_put(0, &s);
	rig_silence();
	if (r->answer != CLOSES)
		assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_RESET);
	rig_no_event();
	assert_gone(&p);
}

static void segments(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++)
		check_row(&rows[i]);
}

static void bad_sum(void **state)
{
	struct peer p = alice();
	struct segment s;

	(void)state;
	socks5_connect(&p);
	s = socks5_says(&p, 0, 0, METHODS, N_METHODS);
	s.bad_tcp = 1;
	rig_put(0, &s);
	rig_silence();
	assert_int_equal(rig_dropped(DROP_CHECKSUM), 1);
}

/* --- early data --- */

/* What came before the splice is not acknowledged however often it comes, and passes after it. */
static void early_data(void **state)
{
	struct peer a = alice(), b = bob();
	struct leg_report from_a, from_b;
	struct segment s;
	uint64_t flow;

	(void)state;
	socks5_go_through(&b);
	socks5_connect(&a);
	put(&a, 0, 0, METHODS REQUEST "early", ALL_SAID + 5);
	socks5_expect(&a, PSH | ACK, 0, ALL_SAID, 0, CHOICE, N_CHOICE);
	a.id = rig_event(MAILBOX_LEG_NAMED).id;
	put(&a, ALL_SAID, N_CHOICE, "early", 5);
	socks5_expect(&a, ACK, N_CHOICE, ALL_SAID, 0, NULL, 0);
	rig_command(MAILBOX_LEG_ADMIT, a.id);
	socks5_expect(&a, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
	put(&a, ALL_SAID + 5, ALL_HEARD, NULL, 0); /* as Linux says it */
	rig_silence();
	put(&a, ALL_SAID, ALL_HEARD, "early", 5);
	socks5_expect(&a, ACK, ALL_HEARD, ALL_SAID, 0, NULL, 0);
	put(&a, ALL_SAID - 1, ALL_HEARD, NULL, 0); /* a probe */
	socks5_expect(&a, ACK, ALL_HEARD, ALL_SAID, 0, NULL, 0);
	from_a = retire(&a);
	from_b = retire(&b);
	put(&a, ALL_SAID, ALL_HEARD, "early", 5);
	rig_silence();
	flow = flow_rig_insert(&rig.flows, &from_a, &from_b);
	rig_open(a.id, flow, 0);
	socks5_expect(&a, ACK, ALL_HEARD, ALL_SAID, 1000, NULL, 0);
	put(&a, ALL_SAID, ALL_HEARD, "early", 5);
	s = rig_answer(1);
	assert_int_equal(s.seq, b.synack.seq + 1 + ALL_HEARD);
	assert_int_equal(s.n_payload, 5);
	assert_memory_equal(s.payload, "early", 5);
}

/* The segment that acknowledges the reply has data, or a FIN: it is answered as a parked leg's. */
static void data_with_the_last_ack(void **state)
{
	struct peer p = alice();
	struct segment s;

	(void)state;
	socks5_admit(&p);
	s = socks5_says(&p, ALL_SAID, ALL_HEARD, "x", 1);
	s.flags |= FIN;
	rig_put(0, &s);
	socks5_expect(&p, ACK, ALL_HEARD, ALL_SAID, 0, NULL, 0);
	retire(&p);
}

/* --- refusals --- */

#define ANY "\0\1\0\0\0\0\0\0"

static const struct refusal {
	const char *name, *said;
	unsigned int n_said, reads; /* until the refusal */
	const char *heard;	    /* behind the choice, or all */
	unsigned int n_heard;
	bool choice;
} refusals[] = {
	{"no methods", "\5\0", 2, 2, "\5\xff", 2, false},
	{"a password", "\5\1\2", 3, 3, "\5\xff", 2, false},
	{"two others, and a request", "\5\2\1\2" REQUEST, 51, 4, "\5\xff", 2, false},
	{"BIND", METHODS "\5\2\0\3\x28" DIGITS "\0\0", 50, 5, "\5\7" ANY, 10, true},
	{"UDP", METHODS "\5\3\0\1\0\0\0\0\0\0", 13, 5, "\5\7" ANY, 10, true},
	{"IPv4", METHODS "\5\1\0\1\x7f\0\0\1\0\x19", 13, 7, "\5\x8" ANY, 10, true},
	{"IPv6", METHODS "\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x19", 25, 7, "\5\x8" ANY, 10,
	 true},
	{"a host", METHODS "\5\1\0\3\x9localhost\0\x19", 19, 8, "\5\5" ANY, 10, true},
	{"no digit", METHODS "\5\1\0\3\x28 23456789012345678901234567890123456789\0\0", 50, 9,
	 "\5\5" ANY, 10, true},
};

/* The peer hears it whole, acknowledges, closes, and is forgotten. */
static void close_politely(const struct peer *p, const struct refusal *r, unsigned int read)
{
	unsigned int heard = r->n_heard + (r->choice ? N_CHOICE : 0) + 1;
	struct segment s = socks5_says(p, read, heard, NULL, 0);

	rig_put(0, &s);
	rig_silence();
	assert_int_equal(socks5_leg(p)->state, LEG_PARKED);
	s.flags |= FIN;
	rig_put(0, &s);
	socks5_expect(p, ACK, heard, read + 1, WINDOW_SCALED, NULL, 0);
	rig_no_event();
	assert_gone(p);
}

static void refusals_at_once(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct peer p = alice();

		socks5_connect(&p);
		put(&p, 0, 0, r->said, r->n_said);
		if (r->choice) {
			struct rte_mbuf *m = rig_take(0);
			struct segment s = segment_read(m);

			rte_pktmbuf_free(m);
			socks5_assert(&p, &s, PSH | ACK, 0, r->n_said, WINDOW_SCALED, CHOICE, 2);
		}
		socks5_expect(&p, PSH | ACK | FIN, r->choice ? N_CHOICE : 0, r->n_said,
			      WINDOW_SCALED, r->heard, r->n_heard);
		close_politely(&p, r, r->n_said);
	}
}

static void refusals_byte_by_byte(void **state)
{
	unsigned int i, at;

	(void)state;
	for (i = 0; i < RTE_DIM(refusals); i++) {
		const struct refusal *r = &refusals[i];
		unsigned int heard = 0;
		struct peer p = alice();

		socks5_connect(&p);
		for (at = 0; at < r->n_said; at++) {
			put(&p, at, heard, r->said + at, 1);
			if (r->choice && at + 1 == N_METHODS) {
				socks5_expect(&p, PSH | ACK, 0, at + 1, WINDOW_SCALED, CHOICE, 2);
				heard += N_CHOICE;
			} else if (at + 1 == r->reads) {
				socks5_expect(&p, PSH | ACK | FIN, heard, at + 1, WINDOW_SCALED,
					      r->heard, r->n_heard);
				heard += r->n_heard + 1;
			} else {
				socks5_expect(&p, ACK, heard, at + 1, WINDOW_SCALED, NULL, 0);
			}
		}
		close_politely(&p, r, r->n_said);
	}
}

static void no_socks_at_all(void **state)
{
	static const char *const said[] = {"\4\1\0\x50\xc0\0\2\1", "GET / HT",
					   "\x16\3\1\2\0\1\0\1"};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(said); i++) {
		struct peer p = alice();

		socks5_connect(&p);
		put(&p, 0, 0, said[i], 8);
		assert_int_equal(rig_answer(0).flags, RST | ACK);
		rig_no_event();
		assert_gone(&p);
	}
}

static void refused(struct peer *p)
{
	socks5_name_it(p);
	rig_command(MAILBOX_LEG_REFUSE, p->id);
	socks5_expect(p, PSH | ACK | FIN, N_CHOICE, ALL_SAID, WINDOW_SCALED, REFUSAL, N_REPLY);
	rig_command(MAILBOX_LEG_ADMIT, p->id);
	rig_command(MAILBOX_LEG_REFUSE, p->id);
	rig_silence();
	rig_no_event();
}

static void refuse_command(void **state)
{
	struct peer p = alice();
	struct segment s;

	(void)state;
	refused(&p);
	/* What it still says is read, though nobody wants it. */
	put(&p, ALL_SAID, ALL_HEARD + 1, "early", 5);
	socks5_expect(&p, ACK, ALL_HEARD + 1, ALL_SAID + 5, WINDOW_SCALED, NULL, 0);
	put(&p, ALL_SAID, ALL_HEARD + 1, "early and more", 14);
	socks5_expect(&p, ACK, ALL_HEARD + 1, ALL_SAID + 14, WINDOW_SCALED, NULL, 0);
	s = socks5_says(&p, ALL_SAID + 14, ALL_HEARD + 1, NULL, 0);
	s.flags |= FIN;
	rig_put(0, &s);
	socks5_expect(&p, ACK, ALL_HEARD + 1, ALL_SAID + 15, WINDOW_SCALED, NULL, 0);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	assert_gone(&p);
}

/* It closes first, and acknowledges then. */
static void refused_peer_closes_first(void **state)
{
	struct peer p = alice();
	struct segment s;

	(void)state;
	refused(&p);
	s = socks5_says(&p, ALL_SAID, N_CHOICE, NULL, 0);
	s.flags |= FIN;
	rig_put(0, &s);
	socks5_expect(&p, ACK, ALL_HEARD + 1, ALL_SAID + 1, WINDOW_SCALED, NULL, 0);
	rig_put(0, &s); /* again, for the answer was lost */
	socks5_expect(&p, ACK, ALL_HEARD + 1, ALL_SAID + 1, WINDOW_SCALED, NULL, 0);
	rig_no_event();
	put(&p, ALL_SAID + 1, ALL_HEARD + 1, NULL, 0);
	rig_silence();
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	assert_gone(&p);
}

/* It acknowledges and does not close, however much it says. */
static void refused_peer_lingers(void **state)
{
	struct peer p = alice();
	struct segment s;
	uint64_t at;
	unsigned int n;

	(void)state;
	refused(&p);
	put(&p, ALL_SAID, ALL_HEARD + 1, NULL, 0);
	rig_silence();
	rig_advance(3000);
	for (n = 0; n < 3; n++) {
		put(&p, ALL_SAID + n, ALL_HEARD + 1, "x", 1);
		rig_answer(0);
	}
	assert_int_equal(rig_watch(0, 999, &at, 1, &s), 0);
	assert_int_equal(rig_watch(0, 2 * WHEEL_TICK_MS, &at, 1, &s), 1);
	assert_int_equal(s.flags, RST | ACK);
	assert_int_equal(s.seq, p.synack.seq + 1 + ALL_HEARD + 1);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	assert_gone(&p);
}

/* A client that gives up in the middle: both directions are closed. */
static void peer_gives_up(void **state)
{
	struct peer p = alice();
	struct segment s;

	(void)state;
	socks5_choose(&p);
	s = socks5_says(&p, N_METHODS, N_CHOICE, "\5\1", 2);
	s.flags |= FIN;
	rig_put(0, &s);
	socks5_expect(&p, ACK | FIN, N_CHOICE, N_METHODS + 3, WINDOW_SCALED, NULL, 0);
	put(&p, N_METHODS + 3, N_CHOICE + 1, NULL, 0);
	rig_silence();
	rig_no_event();
	assert_gone(&p);
}

/* --- again, and again --- */

static const uint64_t again_ms[] = {1000, 2000, 4000};

/* Watch what is said again until it is given up; the last one is returned. */
static struct segment watch_attempts(const struct peer *p, const struct segment *first)
{
	struct segment s, rst;
	uint64_t at[8];
	unsigned int n, i;

	n = rig_watch(p->port, 7999, at, RTE_DIM(at), &s);
	assert_int_equal(n, RTE_DIM(again_ms));
	for (i = 0; i < RTE_DIM(again_ms); i++)
		assert_in_range(at[i], again_ms[i], again_ms[i] + (i + 1) * WHEEL_TICK_MS);
	assert_memory_equal(&s, first, sizeof(s));
	assert_int_equal(rig_watch(p->port, 5 * WHEEL_TICK_MS, at, 1, &rst), 1);
	assert_int_equal(rst.flags, RST | ACK);
	return s;
}

static void choice_is_repeated(void **state)
{
	struct peer p = alice();
	struct segment first;

	(void)state;
	socks5_connect(&p);
	put(&p, 0, 0, METHODS, N_METHODS);
	first = rig_answer(0);
	watch_attempts(&p, &first);
	rig_no_event();
	assert_gone(&p);
}

static void reply_is_repeated(void **state)
{
	struct peer p = alice();
	struct segment first;

	(void)state;
	socks5_name_it(&p);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	first = rig_answer(0);
	watch_attempts(&p, &first);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_TIMEOUT);
	assert_gone(&p);
}

static void refusal_is_repeated(void **state)
{
	struct peer p = alice();
	struct segment first;

	(void)state;
	socks5_name_it(&p);
	rig_command(MAILBOX_LEG_REFUSE, p.id);
	first = rig_answer(0);
	watch_attempts(&p, &first);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_TIMEOUT);
	assert_gone(&p);
}

/* Two messages are two segments even then. */
static void both_messages_are_repeated(void **state)
{
	struct peer p = alice();
	struct rte_mbuf *m;
	struct segment s;

	(void)state;
	socks5_connect(&p);
	put(&p, 0, 0, METHODS REQUEST, ALL_SAID);
	socks5_expect(&p, PSH | ACK, 0, ALL_SAID, 0, CHOICE, N_CHOICE);
	rig_command(MAILBOX_LEG_ADMIT, rig_event(MAILBOX_LEG_NAMED).id);
	socks5_expect(&p, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
	rig_advance(1000 + WHEEL_TICK_MS);
	m = rig_take(0);
	assert_non_null(m);
	s = segment_read(m);
	rte_pktmbuf_free(m);
	socks5_assert(&p, &s, PSH | ACK, 0, ALL_SAID, 0, CHOICE, N_CHOICE);
	socks5_expect(&p, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
}

/* The peer's ACK is lost, or is of a part; then the rest comes again, and no more is needed. */
static void lost_acks(void **state)
{
	struct peer p = alice();
	struct segment s;
	uint64_t at;

	(void)state;
	socks5_admit(&p);
	assert_int_equal(rig_watch(0, 1000 + WHEEL_TICK_MS, &at, 1, &s), 1);
	socks5_assert(&p, &s, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
	put(&p, ALL_SAID, N_CHOICE + 10, NULL, 0);
	rig_silence();
	assert_int_equal(rig_watch(0, 999, &at, 1, &s), 0);
	assert_int_equal(rig_watch(0, 2 * WHEEL_TICK_MS, &at, 1, &s), 1);
	socks5_assert(&p, &s, PSH | ACK, N_CHOICE + 10, ALL_SAID, 0, &REPLY[10], N_REPLY - 10);
	put(&p, ALL_SAID, ALL_HEARD, NULL, 0);
	put(&p, ALL_SAID, N_CHOICE + 10, NULL, 0); /* overtaken */
	assert_int_equal(rig_watch(0, 10000, &at, 1, &s), 0);
	retire(&p);
}

/* --- the peer's window --- */

static void window_is_honoured(void **state)
{
	static const uint16_t too_small[] = {0, 1};
	struct peer p = bob(); /* a scale of 9 would make 512 of 1 */
	struct segment s;
	uint64_t at;

	(void)state;
	p.syn.n_options = 4;
	socks5_connect(&p);
	s = socks5_says(&p, 0, 0, METHODS, N_METHODS);
	s.window = too_small[0];
	rig_put(1, &s);
	socks5_expect(&p, ACK, 0, N_METHODS, WINDOW_SYN, NULL, 0);
	/* Asked once a second how it stands. */
	assert_int_equal(rig_watch(1, 1000 + WHEEL_TICK_MS, &at, 1, &s), 1);
	socks5_assert(&p, &s, ACK, -1U, N_METHODS, WINDOW_SYN, NULL, 0);
	s = socks5_says(&p, N_METHODS, 0, NULL, 0);
	s.window = too_small[1];
	rig_put(1, &s);
	rig_silence();
	s.window = N_CHOICE;
	rig_put(1, &s);
	socks5_expect(&p, PSH | ACK, 0, N_METHODS, WINDOW_SYN, CHOICE, N_CHOICE);
	s = socks5_says(&p, N_METHODS, N_CHOICE, REQUEST, N_REQUEST);
	s.window = N_REPLY - 1;
	rig_put(1, &s);
	socks5_expect(&p, ACK, N_CHOICE, ALL_SAID, 0, NULL, 0);
	p.id = rig_event(MAILBOX_LEG_NAMED).id;
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	rig_silence();
	s = socks5_says(&p, ALL_SAID, N_CHOICE, NULL, 0);
	s.window = N_REPLY;
	rig_put(1, &s);
	socks5_expect(&p, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
}

/* One that never opens is not waited for. */
static void closed_window(void **state)
{
	struct peer p = alice();
	struct segment s, first;

	(void)state;
	socks5_connect(&p);
	s = socks5_says(&p, 0, 0, METHODS, N_METHODS);
	s.window = 0;
	rig_put(0, &s);
	first = rig_answer(0);
	first.seq--;
	s = watch_attempts(&p, &first);
	rig_no_event();
	assert_gone(&p);
}

/* --- commands --- */

static void retire_waits_for_the_ack(void **state)
{
	struct peer p = alice();
	struct segment s;
	uint64_t at;

	(void)state;
	socks5_admit(&p);
	rig_command(MAILBOX_LEG_CLAIM, p.id);
	rig_command(MAILBOX_LEG_RETIRE, p.id);
	rig_no_event();
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_CLAIMED], 1);
	assert_int_equal(rig_watch(0, 1000 + WHEEL_TICK_MS, &at, 1, &s), 1);
	rig_no_event();
	p.tsval++;
	s = socks5_says(&p, ALL_SAID, ALL_HEARD, "early", 5);
	s.window = 77;
	rig_put(0, &s);
	rig_silence(); /* from now on not a word */
	s.n_payload = 0;
	s.seq--;
	rig_put(0, &s);
	rig_silence();
	assert_int_equal(rig_watch(0, 2 * RIG_CLAIM_MS, &at, 1, &s), 0);
	at = rig_event(MAILBOX_LEG_RETIRED).id;
	assert_int_equal(at, p.id);
	assert_int_equal(rig_leg(p.id)->window, 77);
	assert_int_equal(rig_leg(p.id)->ts_recent, p.tsval);
	rig_no_event();
}

static void claimed_but_never_acknowledged(void **state)
{
	struct peer p = alice();
	struct segment first;

	(void)state;
	socks5_name_it(&p);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	first = rig_answer(0);
	rig_command(MAILBOX_LEG_CLAIM, p.id);
	rig_command(MAILBOX_LEG_RETIRE, p.id);
	watch_attempts(&p, &first);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_TIMEOUT);
	rig_no_event();
	assert_gone(&p);
}

/* As its owner will call it, which nobody was told yet. */
static uint64_t id_of(const struct peer *p)
{
	const struct leg_table *legs = &rig_owner(&p->syn)->legs;
	const struct leg *leg = socks5_leg(p);

	return (uint64_t)leg->generation << 32 | (legs->first_id + (uint32_t)(leg - legs->legs));
}

static void untimely_commands(void **state)
{
	struct peer p = alice();

	(void)state;
	rig_put(0, &p.syn);
	p.synack = rig_answer(0);
	p.id = id_of(&p);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	rig_command(MAILBOX_LEG_REFUSE, p.id);
	rig_command(MAILBOX_LEG_CLAIM, p.id);
	rig_command(MAILBOX_LEG_RETIRE, p.id);
	assert_int_equal(socks5_leg(&p)->state, LEG_HALF_OPEN);
	socks5_choose(&p);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	rig_command(MAILBOX_LEG_REFUSE, p.id);
	rig_open(p.id, 1, 0);
	rig_silence();
	rig_no_event();
	put(&p, N_METHODS, N_CHOICE, REQUEST, N_REQUEST);
	rig_answer(0);
	assert_int_equal(rig_event(MAILBOX_LEG_NAMED).id, p.id);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	rig_answer(0);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	rig_command(MAILBOX_LEG_REFUSE, p.id);
	rig_silence();
	put(&p, ALL_SAID, ALL_HEARD, NULL, 0);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	rig_command(MAILBOX_LEG_REFUSE, p.id);
	rig_silence();
	rig_no_event();
	retire(&p);
}

static void reset_command(void **state)
{
	struct peer p = alice();
	struct segment s;

	(void)state;
	socks5_admit(&p);
	rig_command(MAILBOX_LEG_RESET, p.id);
	s = rig_answer(0);
	assert_int_equal(s.flags, RST | ACK);
	assert_int_equal(s.seq, p.synack.seq + 1 + ALL_HEARD);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	assert_gone(&p);
}

static void named_waits_for_the_ring(void **state)
{
	struct mailbox_event filler = {.type = MAILBOX_LEG_GONE};
	struct peer p = alice();
	struct worker *owner = rig_owner(&p.syn);
	struct segment s;
	unsigned int n = 0;

	(void)state;
	socks5_choose(&p);
	filler.worker = (unsigned int)(owner - rig.workers);
	filler.id = owner->legs.first_id;
	while (mailbox_post_event(rig.mb, filler.worker, &filler))
		n++;
	put(&p, N_METHODS, N_CHOICE, REQUEST, N_REQUEST);
	rig_answer(0);
	/* And it is gone before it could be told. */
	s = socks5_says(&p, ALL_SAID, N_CHOICE, NULL, 0);
	s.flags = RST;
	rig_put(0, &s);
	while (n-- > 0)
		rig_event(MAILBOX_LEG_GONE);
	rig_round();
	p.id = rig_event(MAILBOX_LEG_NAMED).id;
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).id, p.id);
	rig_no_event();
	assert_gone(&p);
}

/* --- how long, and how many --- */

static void half_open_is_not_told(void **state)
{
	struct peer p = alice();
	struct segment s;
	uint64_t at[4];

	(void)state;
	rig_put(0, &p.syn);
	assert_int_equal(rig_answer(0).window, WINDOW_SYN);
	assert_int_equal(rig_watch(0, 10000, at, 4, &s), 3);
	assert_int_equal(s.window, WINDOW_SYN);
	rig_no_event();
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_HALF_OPEN], 0);
	assert_gone(&p);
}

/* From establishment on, whatever was said meanwhile. */
static void claim_timer(void **state)
{
	static void (*const stages[])(struct peer *) = {socks5_connect, socks5_choose,
							socks5_name_it, socks5_go_through};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(stages); i++) {
		struct peer p = alice();
		struct segment s;
		uint64_t at;

		stages[i](&p);
		if (i == 1)
			put(&p, N_METHODS, N_CHOICE, NULL, 0);
		rig_advance(RIG_CLAIM_MS / 2);
		put(&p,
		    i == 0   ? 0
		    : i == 1 ? N_METHODS
			     : ALL_SAID,
		    i == 0   ? 0
		    : i == 3 ? ALL_HEARD
			     : N_CHOICE,
		    NULL, 0);
		assert_int_equal(rig_watch(0, RIG_CLAIM_MS / 2 - 1, &at, 1, &s), 0);
		assert_int_equal(rig_watch(0, 2 * WHEEL_TICK_MS, &at, 1, &s), 1);
		assert_int_equal(s.flags, RST | ACK);
		if (i >= 2)
			assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_TIMEOUT);
		rig_no_event();
		assert_gone(&p);
	}
}

static void claim_stops_the_timer(void **state)
{
	struct peer p = alice();

	(void)state;
	socks5_go_through(&p);
	rig_command(MAILBOX_LEG_CLAIM, p.id);
	rig_advance(3 * RIG_CLAIM_MS);
	rig_silence();
	rig_no_event();
	assert_int_equal(socks5_leg(&p)->state, LEG_CLAIMED);
}

/* They count as unclaimed, whatever they negotiated, beside those of the other service. */
static void legs_per_source(void **state)
{
	struct peer p[RIG_PER_SOURCE], more = alice(), e = peer_alice();
	unsigned int i;

	(void)state;
	for (i = 0; i < RIG_PER_SOURCE; i++) {
		p[i] = alice();
		p[i].syn.src_port += (uint16_t)i;
		(i & 1 ? socks5_go_through : socks5_choose)(&p[i]);
	}
	more.syn.src_port += RIG_PER_SOURCE;
	rig_put(0, &more.syn);
	rig_put(0, &e.syn);
	rig_silence();
	assert_int_equal(rig_dropped(DROP_LEGS_SOURCE), 2);
	rig_command(MAILBOX_LEG_CLAIM, p[1].id);
	socks5_connect(&more);
}

/* --- SYN cookies --- */

/* All workers give out cookies afterwards. */
static void fill_up(void)
{
	const unsigned int most = RIG_HALF_OPEN * 3 / 4;
	struct segment s = peer_bob().syn;
	unsigned int i;

	for (i = 0; rig_stats()->legs[LEG_GAUGE_HALF_OPEN] < RIG_WORKERS * most; i++) {
		s.src = IPV4(198, 51, 100, 7) + i;
		s.src6.s6_addr[7] = (uint8_t)(i + 1);
		if (rig.stats[rig_owner(&s) - rig.workers].legs[LEG_GAUGE_HALF_OPEN] == most)
			continue;
		rig_put(1, &s);
		rig_answer(1);
		rig_event(MAILBOX_LEG_HALF_OPEN);
	}
}

static void cookies(void **state)
{
	struct peer p = alice(), q = bob();
	struct segment s;

	(void)state;
	fill_up();
	socks5_choose(&p); /* the SYN|ACK has its window there too */
	assert_int_equal(rig_stats()->syn_cookies[COOKIE_SENT], 1);
	put(&p, N_METHODS, N_CHOICE, REQUEST, N_REQUEST);
	rig_answer(0);
	p.id = rig_event(MAILBOX_LEG_NAMED).id;
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	socks5_expect(&p, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
	put(&p, ALL_SAID, ALL_HEARD, NULL, 0);
	retire(&p);

	/* The first that comes back has data already. */
	rig_put(1, &q.syn);
	q.synack = rig_answer(1);
	assert_int_equal(q.synack.window, WINDOW_SYN);
	q.tsval++;
	s = socks5_says(&q, 0, 0, METHODS REQUEST "early", ALL_SAID + 5);
	rig_put(1, &s);
	socks5_expect(&q, PSH | ACK, 0, ALL_SAID, 0, CHOICE, N_CHOICE);
	rig_event(MAILBOX_LEG_NAMED);
	rig_no_event();
	assert_int_equal(rig_stats()->syn_cookies[COOKIE_VALID], 2);
}

/* The last ACK of the handshake is lost, or has data. */
static void data_establishes(void **state)
{
	struct peer p = alice();
	struct segment s;

	(void)state;
	rig_put(0, &p.syn);
	p.synack = rig_answer(0);
	p.tsval++;
	/* What is ahead waits for what is not. */
	s = socks5_says(&p, 1, 0, "\1\0", 2);
	rig_put(0, &s);
	s = rig_answer(0);
	assert_int_equal(s.flags, ACK);
	assert_int_equal(s.ack, p.syn.seq + 1);
	assert_int_equal(s.window, WINDOW_SCALED);
	put(&p, 0, 0, METHODS REQUEST, ALL_SAID);
	socks5_expect(&p, PSH | ACK, 0, ALL_SAID, 0, CHOICE, N_CHOICE);
	rig_event(MAILBOX_LEG_NAMED);
	rig_no_event();
}

#define RIG_TEST(name) RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(negotiate_and_splice),
		RIG_TEST(what_is_told),
		RIG_TEST(endpoint_legs_do_not_negotiate),
		RIG_TEST(no_options),
		RIG_TEST(service_is_off),
		RIG_TEST(every_split),
		RIG_TEST(chained_mbufs),
		RIG_TEST(segments),
		RIG_TEST(bad_sum),
		RIG_TEST(early_data),
		RIG_TEST(data_with_the_last_ack),
		RIG_TEST(refusals_at_once),
		RIG_TEST(refusals_byte_by_byte),
		RIG_TEST(no_socks_at_all),
		RIG_TEST(refuse_command),
		RIG_TEST(refused_peer_closes_first),
		RIG_TEST(refused_peer_lingers),
		RIG_TEST(peer_gives_up),
		RIG_TEST(choice_is_repeated),
		RIG_TEST(reply_is_repeated),
		RIG_TEST(refusal_is_repeated),
		RIG_TEST(both_messages_are_repeated),
		RIG_TEST(lost_acks),
		RIG_TEST(window_is_honoured),
		RIG_TEST(closed_window),
		RIG_TEST(retire_waits_for_the_ack),
		RIG_TEST(claimed_but_never_acknowledged),
		RIG_TEST(untimely_commands),
		RIG_TEST(reset_command),
		RIG_TEST(named_waits_for_the_ring),
		RIG_TEST(half_open_is_not_told),
		RIG_TEST(claim_timer),
		RIG_TEST(claim_stops_the_timer),
		RIG_TEST(legs_per_source),
		RIG_TEST(cookies),
		RIG_TEST(data_establishes),
	};

	return cmocka_run_group_tests_name("negotiation", tests, rig_ports, rig_ports_end);
}

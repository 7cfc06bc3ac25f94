/* SPDX-License-Identifier: BSD-3-Clause */
/* The parked leg of the SOCKS5 service, DESIGN 3.2, until it is a leg like any other. */
#include "socks5_client.h"

static const uint8_t all_said[] = METHODS REQUEST "payload that comes early";

/* --- all of it --- */

static void negotiate_and_splice(void **state)
{
	struct peer a = socks5_alice(), b = socks5_bob();
	struct leg_report from_a, from_b;
	struct segment s;
	uint64_t flow;

	(void)state;
	socks5_go_through(&a);
	socks5_go_through(&b);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_UNCLAIMED], 2);
	from_a = socks5_retire(&a);
	assert_int_equal(from_a.window, 500);
	assert_int_equal(from_a.mss, 1460);
	assert_int_equal(from_a.ts_recent, a.tsval);
	assert_int_equal(from_a.tuple.relay_port, rte_cpu_to_be_16(RIG_SOCKS5_PORT));
	from_b = socks5_retire(&b);
	flow = flow_rig_insert(&rig.flows, &from_a, &from_b);
	rig_open(a.id, flow, 0);
	socks5_expect(&a, ACK, ALL_HEARD, ALL_SAID, 1000, NULL, 0); /* 500 << 9 >> 8 */
	rig_open(b.id, flow, 1);
	socks5_expect(&b, ACK, ALL_HEARD, ALL_SAID, 250, NULL, 0);
	socks5_put(&a, ALL_SAID, ALL_HEARD, "hello", 5);
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
	struct peer p = socks5_alice();
	struct four_tuple four;
	struct mailbox_event ev;

	(void)state;
	socks5_connect(&p);
	socks5_put(&p, 0, 0, METHODS REQUEST, ALL_SAID);
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
	struct peer a = socks5_alice(), e = peer_alice();
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
	struct peer p = socks5_alice();

	(void)state;
	p.syn.n_options = 4;
	socks5_connect(&p);
	socks5_put(&p, 0, 0, METHODS, N_METHODS);
	socks5_expect(&p, PSH | ACK, 0, N_METHODS, WINDOW_SYN, CHOICE, N_CHOICE);
	socks5_put(&p, N_METHODS, N_CHOICE, REQUEST, N_REQUEST);
	socks5_expect(&p, ACK, N_CHOICE, ALL_SAID, 0, NULL, 0);
	rig_command(MAILBOX_LEG_ADMIT, rig_event(MAILBOX_LEG_NAMED).id);
	socks5_expect(&p, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
}

static void service_is_off(void **state)
{
	struct peer p = socks5_alice();
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
	struct peer p = socks5_alice();
	unsigned int at = 0, i;

	socks5_connect(&p);
	for (i = 0; i < n; at = ends[i++]) {
		socks5_put(&p, at, at >= N_METHODS ? N_CHOICE : 0, all_said + at, ends[i] - at);
		expect_after(&p, at, ends[i]);
	}
	p.id = rig_event(MAILBOX_LEG_NAMED).id;
	rig_no_event();
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	socks5_expect(&p, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
	/* Who sent early stands where that ends. */
	socks5_put(&p, RTE_MAX(at, (unsigned int)ALL_SAID), ALL_HEARD, NULL, 0);
	socks5_retire(&p);
	rig_silence();
	rig_command(MAILBOX_LEG_RESET, p.id);
	rig_answer(0);
	socks5_assert_gone(&p);
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
	struct peer p = socks5_alice();
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
		p = socks5_alice();
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
	struct peer p = socks5_alice();
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
		socks5_assert_gone(&p);
		return;
	}
	if (r->answer == NOTHING || r->answer == CONFIRM) {
		/* Whatever it was, the rest makes a request. */
		socks5_put(&p, N_METHODS + r->read, N_CHOICE, &REQUEST[r->read],
			   N_REQUEST - r->read);
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
	socks5_assert_gone(&p);
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
	struct peer p = socks5_alice();
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
	struct peer a = socks5_alice(), b = socks5_bob();
	struct leg_report from_a, from_b;
	struct segment s;
	uint64_t flow;

	(void)state;
	socks5_go_through(&b);
	socks5_connect(&a);
	socks5_put(&a, 0, 0, METHODS REQUEST "early", ALL_SAID + 5);
	socks5_expect(&a, PSH | ACK, 0, ALL_SAID, 0, CHOICE, N_CHOICE);
	a.id = rig_event(MAILBOX_LEG_NAMED).id;
	socks5_put(&a, ALL_SAID, N_CHOICE, "early", 5);
	socks5_expect(&a, ACK, N_CHOICE, ALL_SAID, 0, NULL, 0);
	rig_command(MAILBOX_LEG_ADMIT, a.id);
	socks5_expect(&a, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
	socks5_put(&a, ALL_SAID + 5, ALL_HEARD, NULL, 0); /* as Linux says it */
	rig_silence();
	socks5_put(&a, ALL_SAID, ALL_HEARD, "early", 5);
	socks5_expect(&a, ACK, ALL_HEARD, ALL_SAID, 0, NULL, 0);
	socks5_put(&a, ALL_SAID - 1, ALL_HEARD, NULL, 0); /* a probe */
	socks5_expect(&a, ACK, ALL_HEARD, ALL_SAID, 0, NULL, 0);
	from_a = socks5_retire(&a);
	from_b = socks5_retire(&b);
	socks5_put(&a, ALL_SAID, ALL_HEARD, "early", 5);
	rig_silence();
	flow = flow_rig_insert(&rig.flows, &from_a, &from_b);
	rig_open(a.id, flow, 0);
	socks5_expect(&a, ACK, ALL_HEARD, ALL_SAID, 1000, NULL, 0);
	socks5_put(&a, ALL_SAID, ALL_HEARD, "early", 5);
	s = rig_answer(1);
	assert_int_equal(s.seq, b.synack.seq + 1 + ALL_HEARD);
	assert_int_equal(s.n_payload, 5);
	assert_memory_equal(s.payload, "early", 5);
}

/* The segment that acknowledges the reply has data, or a FIN: it is answered as a parked leg's. */
static void data_with_the_last_ack(void **state)
{
	struct peer p = socks5_alice();
	struct segment s;

	(void)state;
	socks5_admit(&p);
	s = socks5_says(&p, ALL_SAID, ALL_HEARD, "x", 1);
	s.flags |= FIN;
	rig_put(0, &s);
	socks5_expect(&p, ACK, ALL_HEARD, ALL_SAID, 0, NULL, 0);
	socks5_retire(&p);
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
	};

	return cmocka_run_group_tests_name("negotiation", tests, rig_ports, rig_ports_end);
}

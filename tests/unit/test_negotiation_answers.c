/* SPDX-License-Identifier: BSD-3-Clause */
/* What a SOCKS5 client is told: refusals, what is said again, and how much at a time. */
#include "socks5_client.h"

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
	socks5_assert_gone(p);
}

static void refusals_at_once(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct peer p = socks5_alice();

		socks5_connect(&p);
		socks5_put(&p, 0, 0, r->said, r->n_said);
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
		struct peer p = socks5_alice();

		socks5_connect(&p);
		for (at = 0; at < r->n_said; at++) {
			socks5_put(&p, at, heard, r->said + at, 1);
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
		struct peer p = socks5_alice();

		socks5_connect(&p);
		socks5_put(&p, 0, 0, said[i], 8);
		assert_int_equal(rig_answer(0).flags, RST | ACK);
		rig_no_event();
		socks5_assert_gone(&p);
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
	struct peer p = socks5_alice();
	struct segment s;

	(void)state;
	refused(&p);
	/* What it still says is read, though nobody wants it. */
	socks5_put(&p, ALL_SAID, ALL_HEARD + 1, "early", 5);
	socks5_expect(&p, ACK, ALL_HEARD + 1, ALL_SAID + 5, WINDOW_SCALED, NULL, 0);
	socks5_put(&p, ALL_SAID, ALL_HEARD + 1, "early and more", 14);
	socks5_expect(&p, ACK, ALL_HEARD + 1, ALL_SAID + 14, WINDOW_SCALED, NULL, 0);
	s = socks5_says(&p, ALL_SAID + 14, ALL_HEARD + 1, NULL, 0);
	s.flags |= FIN;
	rig_put(0, &s);
	socks5_expect(&p, ACK, ALL_HEARD + 1, ALL_SAID + 15, WINDOW_SCALED, NULL, 0);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	socks5_assert_gone(&p);
}

/* It closes first, and acknowledges then. */
static void refused_peer_closes_first(void **state)
{
	struct peer p = socks5_alice();
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
	socks5_put(&p, ALL_SAID + 1, ALL_HEARD + 1, NULL, 0);
	rig_silence();
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	socks5_assert_gone(&p);
}

/* It acknowledges and does not close, however much it says. */
static void refused_peer_lingers(void **state)
{
	struct peer p = socks5_alice();
	struct segment s;
	uint64_t at;
	unsigned int n;

	(void)state;
	refused(&p);
	socks5_put(&p, ALL_SAID, ALL_HEARD + 1, NULL, 0);
	rig_silence();
	rig_advance(3000);
	for (n = 0; n < 3; n++) {
		socks5_put(&p, ALL_SAID + n, ALL_HEARD + 1, "x", 1);
		rig_answer(0);
	}
	assert_int_equal(rig_watch(0, 999, &at, 1, &s), 0);
	assert_int_equal(rig_watch(0, 2 * WHEEL_TICK_MS, &at, 1, &s), 1);
	assert_int_equal(s.flags, RST | ACK);
	assert_int_equal(s.seq, p.synack.seq + 1 + ALL_HEARD + 1);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	socks5_assert_gone(&p);
}

/* A client that gives up in the middle: both directions are closed. */
static void peer_gives_up(void **state)
{
	struct peer p = socks5_alice();
	struct segment s;

	(void)state;
	socks5_choose(&p);
	s = socks5_says(&p, N_METHODS, N_CHOICE, "\5\1", 2);
	s.flags |= FIN;
	rig_put(0, &s);
	socks5_expect(&p, ACK | FIN, N_CHOICE, N_METHODS + 3, WINDOW_SCALED, NULL, 0);
	socks5_put(&p, N_METHODS + 3, N_CHOICE + 1, NULL, 0);
	rig_silence();
	rig_no_event();
	socks5_assert_gone(&p);
}

/* --- again, and again --- */

static void choice_is_repeated(void **state)
{
	struct peer p = socks5_alice();
	struct segment first;

	(void)state;
	socks5_connect(&p);
	socks5_put(&p, 0, 0, METHODS, N_METHODS);
	first = rig_answer(0);
	socks5_watch_attempts(&p, &first);
	rig_no_event();
	socks5_assert_gone(&p);
}

static void reply_is_repeated(void **state)
{
	struct peer p = socks5_alice();
	struct segment first;

	(void)state;
	socks5_name_it(&p);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	first = rig_answer(0);
	socks5_watch_attempts(&p, &first);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_TIMEOUT);
	socks5_assert_gone(&p);
}

static void refusal_is_repeated(void **state)
{
	struct peer p = socks5_alice();
	struct segment first;

	(void)state;
	socks5_name_it(&p);
	rig_command(MAILBOX_LEG_REFUSE, p.id);
	first = rig_answer(0);
	socks5_watch_attempts(&p, &first);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_TIMEOUT);
	socks5_assert_gone(&p);
}

/* Two messages are two segments even then. */
static void both_messages_are_repeated(void **state)
{
	struct peer p = socks5_alice();
	struct rte_mbuf *m;
	struct segment s;

	(void)state;
	socks5_connect(&p);
	socks5_put(&p, 0, 0, METHODS REQUEST, ALL_SAID);
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
	struct peer p = socks5_alice();
	struct segment s;
	uint64_t at;

	(void)state;
	socks5_admit(&p);
	assert_int_equal(rig_watch(0, 1000 + WHEEL_TICK_MS, &at, 1, &s), 1);
	socks5_assert(&p, &s, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
	socks5_put(&p, ALL_SAID, N_CHOICE + 10, NULL, 0);
	rig_silence();
	assert_int_equal(rig_watch(0, 999, &at, 1, &s), 0);
	assert_int_equal(rig_watch(0, 2 * WHEEL_TICK_MS, &at, 1, &s), 1);
	socks5_assert(&p, &s, PSH | ACK, N_CHOICE + 10, ALL_SAID, 0, &REPLY[10], N_REPLY - 10);
	socks5_put(&p, ALL_SAID, ALL_HEARD, NULL, 0);
	socks5_put(&p, ALL_SAID, N_CHOICE + 10, NULL, 0); /* overtaken */
	assert_int_equal(rig_watch(0, 10000, &at, 1, &s), 0);
	socks5_retire(&p);
}

/* --- the peer's window --- */

static void window_is_honoured(void **state)
{
	static const uint16_t too_small[] = {0, 1};
	struct peer p = socks5_bob(); /* a scale of 9 would make 512 of 1 */
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
	struct peer p = socks5_alice();
	struct segment s, first;

	(void)state;
	socks5_connect(&p);
	s = socks5_says(&p, 0, 0, METHODS, N_METHODS);
	s.window = 0;
	rig_put(0, &s);
	first = rig_answer(0);
	first.seq--;
	s = socks5_watch_attempts(&p, &first);
	rig_no_event();
	socks5_assert_gone(&p);
}

#define RIG_TEST(name) RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests_name("negotiation_answers", tests, rig_ports, rig_ports_end);
}

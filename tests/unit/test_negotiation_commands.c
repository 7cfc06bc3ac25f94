/* SPDX-License-Identifier: BSD-3-Clause */
/* A SOCKS5 leg and its owner: commands, timers, limits, cookies. */
#include "socks5_client.h"

/* --- commands --- */

static void retire_waits_for_the_ack(void **state)
{
	struct peer p = socks5_alice();
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
	struct peer p = socks5_alice();
	struct segment first;

	(void)state;
	socks5_name_it(&p);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	first = rig_answer(0);
	rig_command(MAILBOX_LEG_CLAIM, p.id);
	rig_command(MAILBOX_LEG_RETIRE, p.id);
	socks5_watch_attempts(&p, &first);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_TIMEOUT);
	rig_no_event();
	socks5_assert_gone(&p);
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
	struct peer p = socks5_alice();

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
	socks5_put(&p, N_METHODS, N_CHOICE, REQUEST, N_REQUEST);
	rig_answer(0);
	assert_int_equal(rig_event(MAILBOX_LEG_NAMED).id, p.id);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	rig_answer(0);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	rig_command(MAILBOX_LEG_REFUSE, p.id);
	rig_silence();
	socks5_put(&p, ALL_SAID, ALL_HEARD, NULL, 0);
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	rig_command(MAILBOX_LEG_REFUSE, p.id);
	rig_silence();
	rig_no_event();
	socks5_retire(&p);
}

static void reset_command(void **state)
{
	struct peer p = socks5_alice();
	struct segment s;

	(void)state;
	socks5_admit(&p);
	rig_command(MAILBOX_LEG_RESET, p.id);
	s = rig_answer(0);
	assert_int_equal(s.flags, RST | ACK);
	assert_int_equal(s.seq, p.synack.seq + 1 + ALL_HEARD);
	assert_int_equal(rig_event(MAILBOX_LEG_GONE).end, LEG_END_COMMANDED);
	socks5_assert_gone(&p);
}

static void named_waits_for_the_ring(void **state)
{
	struct mailbox_event filler = {.type = MAILBOX_LEG_GONE};
	struct peer p = socks5_alice();
	struct worker *owner = rig_owner(&p.syn);
	struct segment s;
	unsigned int n = 0;

	(void)state;
	socks5_choose(&p);
	filler.worker = (unsigned int)(owner - rig.workers);
	filler.id = owner->legs.first_id;
	while (mailbox_post_event(rig.mb, filler.worker, &filler))
		n++;
	socks5_put(&p, N_METHODS, N_CHOICE, REQUEST, N_REQUEST);
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
	socks5_assert_gone(&p);
}

/* --- how long, and how many --- */

static void half_open_is_not_told(void **state)
{
	struct peer p = socks5_alice();
	struct segment s;
	uint64_t at[4];

	(void)state;
	rig_put(0, &p.syn);
	assert_int_equal(rig_answer(0).window, WINDOW_SYN);
	assert_int_equal(rig_watch(0, 10000, at, 4, &s), 3);
	assert_int_equal(s.window, WINDOW_SYN);
	rig_no_event();
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_HALF_OPEN], 0);
	socks5_assert_gone(&p);
}

/* From establishment on, whatever was said meanwhile. */
static void claim_timer(void **state)
{
	static void (*const stages[])(struct peer *) = {socks5_connect, socks5_choose,
							socks5_name_it, socks5_go_through};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(stages); i++) {
		struct peer p = socks5_alice();
		struct segment s;
		uint64_t at;

		stages[i](&p);
		if (i == 1)
			socks5_put(&p, N_METHODS, N_CHOICE, NULL, 0);
		rig_advance(RIG_CLAIM_MS / 2);
		socks5_put(&p,
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
		socks5_assert_gone(&p);
	}
}

static void claim_stops_the_timer(void **state)
{
	struct peer p = socks5_alice();

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
	struct peer p[RIG_PER_SOURCE], more = socks5_alice(), e = peer_alice();
	unsigned int i;

	(void)state;
	for (i = 0; i < RIG_PER_SOURCE; i++) {
		p[i] = socks5_alice();
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
	struct peer p = socks5_alice(), q = socks5_bob();
	struct segment s;

	(void)state;
	fill_up();
	socks5_choose(&p); /* the SYN|ACK has its window there too */
	assert_int_equal(rig_stats()->syn_cookies[COOKIE_SENT], 1);
	socks5_put(&p, N_METHODS, N_CHOICE, REQUEST, N_REQUEST);
	rig_answer(0);
	p.id = rig_event(MAILBOX_LEG_NAMED).id;
	rig_command(MAILBOX_LEG_ADMIT, p.id);
	socks5_expect(&p, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
	socks5_put(&p, ALL_SAID, ALL_HEARD, NULL, 0);
	socks5_retire(&p);

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
	struct peer p = socks5_alice();
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
	socks5_put(&p, 0, 0, METHODS REQUEST, ALL_SAID);
	socks5_expect(&p, PSH | ACK, 0, ALL_SAID, 0, CHOICE, N_CHOICE);
	rig_event(MAILBOX_LEG_NAMED);
	rig_no_event();
}

#define RIG_TEST(name) RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
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

	return cmocka_run_group_tests_name("negotiation_commands", tests, rig_ports, rig_ports_end);
}

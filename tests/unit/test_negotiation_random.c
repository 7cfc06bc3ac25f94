/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SOCKS5 negotiations over a wire that loses, repeats and reorders, by a client that cuts what it
 * says anyhow, says it again in other pieces and may say payload early: what the relay reads must
 * be the negotiation and not a byte more, and what the client hears the two messages, unmixed.
 */
#include <stdio.h>

#include "seq.h"
#include "socks5_client.h"

#define RUNS	  150
#define STEPS	  3000
#define WIRE_MAX  24
#define EARLY_MAX 150
#define SAID_MAX  (SOCKS5_HEARD_MAX + EARLY_MAX)

struct wire {
	struct segment at[WIRE_MAX];
	unsigned int n;
};

static struct run {
	struct peer p;
	struct wire in, out; /* of the relay */
	uint8_t said[SAID_MAX];
	unsigned int n_methods, n_negotiation, n_said;
	bool waits; /* for each answer, as clients do */
	unsigned int acked, heard;
	bool named, admitted, claimed, asked, retired, gone;
	struct leg_report report;
} run;

static bool chance(uint32_t percent)
{
	return fixture_between(1, 100) <= percent;
}

/* Lost, or once or twice on the way. */
static void travel(struct wire *wire, const struct segment *s)
{
	unsigned int copies = chance(20) ? 0 : chance(15) ? 2 : 1;

	for (; copies > 0 && wire->n < WIRE_MAX; copies--)
		wire->at[wire->n++] = *s;
}

/* Any of those on the way arrives. */
static bool arrive(struct wire *wire, struct segment *s)
{
	unsigned int i;

	if (wire->n == 0)
		return false;
	i = fixture_between(0, wire->n - 1);
	*s = wire->at[i];
	wire->at[i] = wire->at[--wire->n];
	return true;
}

static void hear_relay(void)
{
	struct rte_mbuf *m;

	while ((m = rig_take(run.p.port)) != NULL) {
		struct segment s = segment_read(m);

		assert_checksums(m);
		rte_pktmbuf_free(m);
		assert_false(run.retired);
		travel(&run.out, &s);
	}
}

static void hear_events(void)
{
	struct mailbox_event ev;

	while (mailbox_take_events(rig.mb, &ev, 1) == 1) {
		if (ev.type == MAILBOX_LEG_NAMED) {
			assert_false(run.named);
			run.named = true;
			run.p.id = ev.id;
			assert_int_equal(ev.named.name[1], 0x23);
		} else if (ev.type == MAILBOX_LEG_RETIRED) {
			run.retired = true;
			run.report = ev.report;
		} else {
			assert_int_equal(ev.type, MAILBOX_LEG_GONE);
			assert_int_equal(ev.end, LEG_END_TIMEOUT);
			run.gone = true;
		}
	}
}

/* --- the client --- */

/* How far it is ready to talk. */
static unsigned int ready(void)
{
	if (run.waits && run.heard < N_CHOICE)
		return run.n_methods;
	if (run.waits && run.heard < ALL_HEARD)
		return run.n_negotiation;
	return run.n_said;
}

static void client_speaks(void)
{
	unsigned int from = run.acked - RTE_MIN(run.acked, fixture_between(0, 5));
	unsigned int n = ready() - from;
	struct segment s;

	if (chance(30))
		from += fixture_between(0, n);
	n = fixture_between(0, ready() - from);
	if (chance(50))
		n = RTE_MIN(n, fixture_between(1, 10));
	run.p.tsval++;
	s = socks5_says(&run.p, from, run.heard, run.said + from, n);
	travel(&run.in, &s);
}

/* Pieces of a message, never of both. */
static void check_heard(unsigned int at, const struct segment *s)
{
	static const uint8_t heard[] = CHOICE REPLY;

	assert_true(at + s->n_payload <= ALL_HEARD);
	assert_memory_equal(s->payload, heard + at, s->n_payload);
	assert_true(at >= N_CHOICE || at + s->n_payload <= N_CHOICE);
}

static void client_hears(void)
{
	unsigned int at, ack;
	struct segment s;

	if (!arrive(&run.out, &s))
		return;
	/* Given up at last. */
	if (s.flags & RST)
		return;
	assert_true(s.flags & ACK);
	ack = s.ack - (run.p.syn.seq + 1);
	assert_true(ack <= run.n_negotiation);
	run.acked = RTE_MAX(run.acked, ack);
	at = s.seq - (run.p.synack.seq + 1);
	if (s.n_payload == 0)
		return;
	check_heard(at, &s);
	if (at <= run.heard)
		run.heard = RTE_MAX(run.heard, at + s.n_payload);
	if (chance(70))
		client_speaks();
}

/* --- control --- */

static void command(enum mailbox_command_type type, bool *done)
{
	if (*done || chance(80))
		return;
	rig_command(type, run.p.id);
	*done = true;
}

static void control_speaks(void)
{
	if (!run.named)
		return;
	command(MAILBOX_LEG_ADMIT, &run.admitted);
	if (run.admitted)
		command(MAILBOX_LEG_CLAIM, &run.claimed);
	if (run.claimed)
		command(MAILBOX_LEG_RETIRE, &run.asked);
}

/* --- a run --- */

static void start(void)
{
	const struct peer peers[] = {peer_alice(), peer_bob()};
	unsigned int i, at;

	memset(&run, 0, sizeof(run));
	run.p = socks5_client(peers[fixture_between(0, 1)]);
	if (chance(30))
		run.p.syn.n_options = 4;
	run.p.syn.seq = (uint32_t)fixture_random();
	run.waits = chance(70);
	run.n_methods = 2 + fixture_between(1, chance(20) ? 255 : 4);
	run.n_negotiation = run.n_methods + N_REQUEST;
	run.n_said = run.n_negotiation + fixture_between(0, EARLY_MAX);
	for (i = 0; i < run.n_said; i++)
		run.said[i] = (uint8_t)fixture_between(1, 255);
	run.said[0] = 5;
	run.said[1] = (uint8_t)(run.n_methods - 2);
	at = fixture_between(2, run.n_methods - 1);
	run.said[at] = 0;
	memcpy(run.said + run.n_methods, REQUEST, N_REQUEST);
	socks5_connect(&run.p);
}

static void step(void)
{
	struct segment s;

	switch (fixture_between(0, 5)) {
	case 0:
	case 1:
		client_speaks();
		break;
	case 2:
	case 3:
		if (arrive(&run.in, &s))
			rig_put(run.p.port, &s);
		break;
	case 4:
		client_hears();
		break;
	default:
		control_speaks();
		rig_advance(fixture_between(0, 40));
	}
	hear_relay();
	hear_events();
}

static bool negotiate(void)
{
	unsigned int i;

	start();
	for (i = 0; i < STEPS && !run.retired && !run.gone; i++)
		step();
	if (run.gone || !run.retired)
		return false;
	assert_int_equal(run.report.snd_nxt, run.p.synack.seq + 1 + ALL_HEARD);
	assert_int_equal(run.report.rcv_nxt, run.p.syn.seq + 1 + run.n_negotiation);
	assert_int_equal(run.heard, ALL_HEARD);
	/* Whatever is still on the way, it is silent. */
	while (run.in.n > 0) {
		rig_put(run.p.port, &run.in.at[--run.in.n]);
		rig_silence();
	}
	return true;
}

static void clear(void)
{
	struct leg *leg = socks5_leg(&run.p);
	struct segment s = peer_segment(&run.p, RST);

	if (leg != NULL && run.named) {
		rig_command(MAILBOX_LEG_RESET, run.p.id);
	} else if (leg != NULL) {
		s.seq = leg->rcv_nxt;
		rig_put(run.p.port, &s);
	}
	run.retired = false;
	hear_relay();
	run.gone = false;
	while (mailbox_take_events(rig.mb, &(struct mailbox_event){0}, 1) == 1)
		;
	assert_int_equal(rig_free_legs(), RIG_WORKERS * rig.workers[0].legs.capacity);
}

static void negotiations(void **state)
{
	unsigned int i, done = 0;

	(void)state;
	for (i = 0; i < RUNS; i++) {
		done += negotiate();
		clear();
	}
	/* A wire may be so bad that it is given up, but not often. */
	print_message("%u of %u\n", done, RUNS);
	assert_true(done > RUNS * 8 / 10);
}

static int set_up(void **state)
{
	fixture_seed();
	return rig_ports(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_MIXED(negotiations, rig_start),
	};

	return cmocka_run_group_tests_name("negotiation_random", tests, set_up, rig_ports_end);
}

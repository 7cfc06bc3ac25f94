/* SPDX-License-Identifier: BSD-3-Clause */
/* Many claims, and any claims: nothing leaks, nothing is answered twice, every number adds up. */
#include "session_world.h"

static void tune_many(struct config *cfg)
{
	cfg->limits = (struct config_limits){.sessions = 10000,
					     .sessions_per_jid = 16,
					     .legs = 20000,
					     .half_open = 1000,
					     .legs_per_source = 1000};
}

static void test_ten_thousand_claims(void **state)
{
	struct world *w = world_open(tune_many);
	char a[64], b[64], sid[16];
	uint64_t began = session_clock_us(), took;

	(void)state;
	for (unsigned int i = 0; i < 10000; i++)
		world_established(w, 1 + i);
	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(a, sizeof(a), "alice%u@example.org/desk", i / 16);
		snprintf(sid, sizeof(sid), "sid%u", i);
		snprintf(b, sizeof(b), "bob%u@example.org/desk", i / 16);
		world_claim_leg(w, a, sid, b, 1 + 2 * i);
	}
	assert_gauge(w, SESSIONS_CLAIMED, 5000);
	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(a, sizeof(a), "alice%u@example.org/desk", i / 16);
		snprintf(sid, sizeof(sid), "sid%u", i);
		snprintf(b, sizeof(b), "bob%u@example.org/desk", i / 16);
		world_claim_leg(w, b, sid, a, 2 + 2 * i);
	}
	took = session_clock_us() - began;
	assert_gauge(w, SESSIONS_SPLICED, 5000);
	print_message("5000 sessions in %u us each, the played workers included\n",
		      (unsigned int)(took / 5000));
	for (unsigned int i = 1; i <= 5000; i++)
		w->flows[i].status.state = i % 2 != 0 ? FLOW_FINISHED : FLOW_RESET;
	world_pass(w, 70000);
	assert_closed(w, SESSION_FINISHED, 2500);
	assert_closed(w, SESSION_RESET, 2500);
	for (unsigned int i = 1; i <= 5000; i++)
		assert_false(w->flows[i].in_table);
	world_close(w);
}

static void test_ten_thousand_waiting(void **state)
{
	struct world *w = world_open(tune_many);
	char jid[64];

	(void)state;
	for (unsigned int i = 0; i < 10100; i++) {
		snprintf(jid, sizeof(jid), "u%u@example.org/x", i);
		world_claim_leg(w, jid, "the same sid", BOB, 1 + i);
	}
	assert_gauge(w, SESSIONS_WAITING, 10000);
	assert_closed(w, SESSION_REFUSED, 100);
	world_pass(w, 3000);
	assert_gauge(w, SESSIONS_WAITING, 0);
	assert_closed(w, SESSION_NO_LEG, 10000);
	world_close(w);
}

/* --- a mix of everything, from a seed --- */

static uint64_t seed;

static unsigned int dice(unsigned int sides)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (unsigned int)(seed >> 33) % sides;
}

#define PORTS 40

struct riot {
	struct world *w;
	unsigned int id_at[PORTS]; /* the leg that sits on port 1000 + i, 0 for none */
	unsigned int next_id;
};

static const char *somebody(void)
{
	static const char *const jids[] = {ALICE, BOB, CAROL, DAVE, "alice@example.org/2", "x", ""};

	return jids[dice(sizeof(jids) / sizeof(jids[0]))];
}

static void riot_claim(struct riot *r)
{
	static const char *const sids[] = {"s", "t", "u", "v", "w"};
	struct claim claim = {
		.from = somebody(), .sid = sids[dice(5)], .peer = dice(3) == 0 ? NULL : somebody()};
	unsigned int port = 1000 + dice(PORTS);

	switch (dice(3)) {
	case 0:
		world_claim_leg(r->w, claim.from, claim.sid, claim.peer, port);
		break;
	case 1:
		world_claim_source(r->w, claim.from, claim.sid, claim.peer, port);
		break;
	case 2:
		world_claim_port(r->w, claim.from, claim.sid, claim.peer,
				 dice(20) == 0 ? SERVICE : port);
		break;
	}
}

static void riot_leg(struct riot *r)
{
	unsigned int port = 1000 + dice(PORTS);
	struct mailbox_event ev = {.type = dice(2) ? MAILBOX_LEG_HALF_OPEN
						   : MAILBOX_LEG_ESTABLISHED,
				   .worker = port % 2,
				   .tuple = world_tuple(port)};

	if (r->id_at[port - 1000] == 0 || dice(4) == 0) {
		r->w->legs[r->id_at[port - 1000]].exists = false; /* goes without a word */
		r->id_at[port - 1000] = ++r->next_id;
	}
	ev.id = r->id_at[port - 1000];
	if (!r->w->legs[ev.id].exists) {
		if (r->w->legs[ev.id].claimed || r->w->legs[ev.id].opened)
			return;
		r->w->legs[ev.id] = (struct world_leg){.exists = true, .worker = ev.worker};
	}
	session_event(r->w->book, &ev, r->w->now_ms);
	world_work(r->w);
}

/* Two who mean it, in the middle of all this. */
static void riot_couple(struct riot *r)
{
	static const char *const jids[][2] = {{ALICE, BOB}, {CAROL, DAVE}, {BOB, CAROL}};
	unsigned int who = dice(3), id[2];
	char sid[16];

	snprintf(sid, sizeof(sid), "%u", dice(1000));
	for (unsigned int i = 0; i < 2; i++) {
		id[i] = 20000 + 2 * r->next_id++;
		if (dice(2) == 0)
			world_established(r->w, id[i]);
	}
	for (unsigned int i = 0; i < 2; i++)
		world_claim_leg(r->w, jids[who][i], sid, jids[who][1 - i], id[i]);
	for (unsigned int i = 0; i < 2; i++) {
		if (!r->w->legs[id[i]].exists && !r->w->legs[id[i]].opened && dice(5) != 0)
			world_established(r->w, id[i]);
	}
}

/* A lazy owner remembers what it was asked for. */
static void riot_report(struct riot *r)
{
	for (unsigned int i = 0; i < WORLD_LEGS; i++) {
		const struct world_leg *leg = &r->w->legs[i];

		if (leg->exists && leg->retire_asked && !leg->retired)
			world_retired(r->w, i);
	}
}

static void riot_gone(struct riot *r)
{
	unsigned int i = dice(PORTS);
	unsigned int id = r->id_at[i];

	if (id != 0 && r->w->legs[id].exists && !r->w->legs[id].retired)
		world_gone(r->w, id, LEG_END_RESET);
	r->id_at[i] = 0;
}

static void riot_flow(struct riot *r)
{
	if (r->w->n_flows > 0)
		r->w->flows[1 + dice(r->w->n_flows)].status.state = (enum flow_state)dice(6);
}

static void riot_mood(struct riot *r)
{
	struct world *w = r->w;

	w->stream_up = dice(4) != 0;
	w->lazy_owners = dice(4) == 0;
	w->lazy_resetters = dice(4) == 0;
	w->deaf_workers = dice(6) == 0;
	w->insert_error = dice(5) == 0 ? -28 : 0;
	if (w->stream_up)
		session_stream_up(w->book, w->now_ms);
	world_pass(w, dice(3) == 0 ? dice(90000) : dice(1500));
}

/* What the gauges say is what is there. */
static void assert_adds_up(const struct world *w)
{
	const uint64_t *g = w->stats.sessions;
	unsigned int pending = 0;

	for (unsigned int i = 0; i < w->n_iqs; i++)
		pending += w->iqs[i].result == PENDING;
	assert_int_equal(pending,
			 g[SESSIONS_WAITING] + g[SESSIONS_CLAIMED] + 2 * g[SESSIONS_SPLICING]);
	assert_int_equal(g[SESSIONS_SPLICED], w->book->spliced);
	assert_true(w->book->live <= w->cfg.limits.sessions);
	/* a session that is not spliced has one claim or two */
	assert_in_range(pending, w->book->live - w->book->spliced,
			2 * (w->book->live - w->book->spliced));
	assert_true(w->book->spliced + w->book->linger.count <= w->cfg.limits.sessions);
}

static void tune_riot(struct config *cfg)
{
	cfg->limits = (struct config_limits){.sessions = 24,
					     .sessions_per_jid = 10,
					     .legs = 40,
					     .half_open = 10,
					     .legs_per_source = 1000};
}

static void run_riot(unsigned int number)
{
	struct riot r = {.w = world_open(tune_riot), .next_id = 0};
	uint64_t flows_left = 0;

	seed = number;
	for (int step = 0; step < 3000; step++) {
		static void (*const deeds[])(struct riot *) = {
			riot_claim, riot_claim, riot_claim, riot_leg,	 riot_leg,    riot_leg,
			riot_leg,   riot_gone,	riot_flow,  riot_couple, riot_couple, riot_report};

		if (dice(30) == 0)
			riot_mood(&r);
		else
			deeds[dice(sizeof(deeds) / sizeof(deeds[0]))](&r);
		assert_adds_up(r.w);
	}
	/* Peace: everything comes to an end by itself. */
	r.w->stream_up = true;
	r.w->deaf_workers = r.w->lazy_owners = r.w->lazy_resetters = false;
	world_pass(r.w, 200000);
	for (unsigned int i = 1; i <= r.w->n_flows; i++)
		r.w->flows[i].status.state = FLOW_FINISHED;
	world_pass(r.w, 200000);
	for (int i = 0; i < SESSION_STATES; i++)
		assert_gauge(r.w, i, 0);
	for (unsigned int i = 1; i <= r.w->n_flows; i++)
		flows_left += r.w->flows[i].in_table;
	assert_int_equal(flows_left, 0);
	assert_int_equal(r.w->book->live, 0);
	assert_int_equal(r.w->book->linger.count, 0);
	assert_true(r.w->n_flows > 20);
	assert_true(r.w->stats.sessions_closed[SESSION_FINISHED] > 0);
	world_close(r.w);
}

static void test_riots(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 40; i++)
		run_riot(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ten_thousand_claims),
		cmocka_unit_test(test_ten_thousand_waiting),
		cmocka_unit_test(test_riots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

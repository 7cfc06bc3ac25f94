/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two workers carry segments of one connection at the same moment.  Numbers may be behind for a
 * while then, but no ending may be lost that no later segment tells of again.
 *
 * main() and a thread go through a row of flows that are all alike, one with the one segment and
 * one with the other, and wait for each other before each flow: many times both are at it at once.
 * What comes before and after main() plays alone.
 */
#include <pthread.h>
#include <sched.h>

#include "flow_fixture.h"
#include "track.h"

#define FLOWS  2048
#define RACES  100 /* through all of them */
#define NOW_MS 5

enum { ALICE, BOB };

/* The thread, and the segment it takes through all flows next; NULL: the end. */
struct runner {
	pthread_t thread;
	const struct packet *p;
	unsigned int by;
	uint32_t given, done; /* how many */
};

static struct flow_rig rig;
static struct runner other;
static struct flow_track fresh[2];

static struct {
	uint32_t n;
} __rte_cache_aligned steps[2]; /* of main() and of the thread */

static void wait_until(const uint32_t *number, uint32_t is)
{
	unsigned int n = 0;

	while (__atomic_load_n(number, __ATOMIC_ACQUIRE) != is) {
		if (++n % 1000 == 0)
			sched_yield();
	}
}

static void pass_all(const struct packet *p, unsigned int by)
{
	uint32_t i;

	for (i = 0; i < FLOWS; i++)
		track_packet(&rig.t, 2 * i + by, p, NOW_MS);
}

/* The same in step with the other thread, which goes by its own number of the two. */
static void pass_all_in_step(const struct packet *p, unsigned int by, uint32_t *own,
			     const uint32_t *others)
{
	unsigned int spins = 0;
	uint32_t i;

	for (i = 0; i < FLOWS; i++) {
		__atomic_fetch_add(own, 1, __ATOMIC_RELEASE);
		/* It may be one ahead already. */
		while ((int32_t)(__atomic_load_n(others, __ATOMIC_ACQUIRE) - *own) < 0) {
			if (++spins % 1000 == 0)
				sched_yield();
		}
		track_packet(&rig.t, 2 * i + by, p, NOW_MS);
	}
}

static void *run(void *arg)
{
	struct runner *r = arg;
	uint32_t n;

	fixture_unbind();
	for (n = 1;; n++) {
		wait_until(&r->given, n);
		if (r->p == NULL)
			return NULL;
		pass_all_in_step(r->p, r->by, &steps[1].n, &steps[0].n);
		__atomic_store_n(&r->done, n, __ATOMIC_RELEASE);
	}
}

static void give(const struct packet *p, unsigned int by)
{
	other.p = p;
	other.by = by;
	__atomic_store_n(&other.given, other.given + 1, __ATOMIC_RELEASE);
}

static int start(void **state)
{
	struct leg_report a = report_alice(), b = report_bob();
	uint32_t first, i;

	(void)state;
	flow_rig_init(&rig, FLOWS);
	flow_rig_insert(&rig, &a, &b);
	first = flow_rig_find(&rig.t, &a);
	memcpy(fresh, &rig.t.tracks[first], sizeof(fresh));
	for (i = 0; i < FLOWS; i++)
		memcpy(&rig.t.lines[2 * i], &rig.t.lines[first], 2 * sizeof(rig.t.lines[0]));
	memset(&other, 0, sizeof(other));
	return pthread_create(&other.thread, NULL, run, &other);
}

static int end(void **state)
{
	(void)state;
	give(NULL, 0);
	pthread_join(other.thread, NULL);
	flow_rig_fini(&rig);
	fixture_assert_no_leak();
	return 0;
}

/* A segment whose numbers count from the splice on. */
struct said {
	unsigned int by;
	uint8_t flags;
	uint32_t seq, ack;
	unsigned int payload;
};

static struct packet packet_of(const struct said *what)
{
	struct leg_report leg = what->by == ALICE ? report_alice() : report_bob();
	struct segment s = segment_from(&leg);

	s.flags = what->flags;
	s.seq = leg.rcv_nxt + what->seq;
	s.ack = leg.snd_nxt + what->ack;
	s.window = leg.window;
	s.n_payload = what->payload;
	return segment_packet(&s);
}

#define STEPS 4

/* `before` one after the other, the two of `meet` at once, `after` again one by one. */
struct race {
	struct said before[STEPS], meet[2], then[2], after[STEPS];
	unsigned int n_before, n_then, n_after;
	enum flow_state state;
	uint8_t flags[2]; /* that alice and bob must have at the end */
};

struct played {
	struct packet before[STEPS], meet[2], then[2], after[STEPS];
};

static void play(const struct said *what, const struct packet *p, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		pass_all(&p[i], what[i].by);
}

static void meet(const struct said *what, const struct packet *p)
{
	give(&p[1], what[1].by);
	pass_all_in_step(&p[0], what[0].by, &steps[0].n, &steps[1].n);
	wait_until(&other.done, other.given);
}

static void build(const struct said *what, struct packet *p, unsigned int n, bool release)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (release)
			rte_pktmbuf_free(p[i].m);
		else
			p[i] = packet_of(&what[i]);
	}
}

static void build_all(const struct race *race, struct played *p, bool release)
{
	build(race->before, p->before, race->n_before, release);
	build(race->meet, p->meet, 2, release);
	build(race->then, p->then, race->n_then, release);
	build(race->after, p->after, race->n_after, release);
}

static bool as_it_must_be(const struct race *race, const struct flow_track *k)
{
	return k->state == race->state &&
	       (k[ALICE].flags & race->flags[ALICE]) == race->flags[ALICE] &&
	       (k[BOB].flags & race->flags[BOB]) == race->flags[BOB];
}

static void run_race(const struct race *race)
{
	unsigned int round, i, wrong = 0;
	struct played p;

	build_all(race, &p, false);
	for (round = 0; round < RACES; round++) {
		for (i = 0; i < FLOWS; i++)
			memcpy(&rig.t.tracks[2 * i], fresh, sizeof(fresh));
		play(race->before, p.before, race->n_before);
		meet(race->meet, p.meet);
		if (race->n_then > 0)
			meet(race->then, p.then);
		play(race->after, p.after, race->n_after);
		for (i = 0; i < FLOWS; i++)
			wrong += !as_it_must_be(race, &rig.t.tracks[2 * i]);
	}
	build_all(race, &p, true);
	assert_int_equal(wrong, 0);
}

/* Bob has closed; alice's FIN comes together with what stands before it, and so do the
 * acknowledgements of the two. */
static void the_last_fin(void **state)
{
	static const struct race race = {
		.before = {{BOB, FIN | ACK, 0, 0, 0}, {ALICE, ACK, 0, 1, 0}},
		.n_before = 2,
		.meet = {{ALICE, ACK, 0, 1, 100}, {ALICE, FIN | ACK, 100, 1, 0}},
		.then = {{BOB, ACK, 1, 100, 0}, {BOB, ACK, 1, 101, 0}},
		.n_then = 2,
		.state = FLOW_FINISHED,
		.flags = {TRACK_FIN, TRACK_FIN},
	};

	(void)state;
	run_race(&race);
}

/* Alice goes on behind a RST that was not hers while bob closes. */
static void a_fin_and_a_false_alarm(void **state)
{
	static const struct race race = {
		.before = {{ALICE, ACK, 0, 0, 50}, {ALICE, RST, 50, 0, 0}},
		.n_before = 2,
		.meet = {{ALICE, ACK, 50, 0, 10}, {BOB, FIN | ACK, 0, 0, 0}},
		.after = {{ALICE, ACK, 60, 0, 10}},
		.n_after = 1,
		.state = FLOW_HALF_CLOSED,
		.flags = {0, TRACK_FIN},
	};

	(void)state;
	run_race(&race);
}

/* A FIN of alice's and a RST that pretends to be. */
static void a_fin_and_a_rst(void **state)
{
	static const struct race race = {
		.before = {{ALICE, ACK, 0, 0, 50}},
		.n_before = 1,
		.meet = {{ALICE, RST, 50, 0, 0}, {ALICE, FIN | ACK, 50, 0, 0}},
		.after = {{ALICE, ACK, 51, 0, 0}},
		.n_after = 1,
		.state = FLOW_HALF_CLOSED,
		.flags = {TRACK_FIN, 0},
	};

	(void)state;
	run_race(&race);
}

/* One that must be taken, beside one that need not. */
static void two_rsts(void **state)
{
	static const struct race race = {
		.before = {{ALICE, ACK, 0, 0, 50}},
		.n_before = 1,
		.meet = {{ALICE, RST, 0, 0, 0}, {ALICE, RST, 50, 0, 0}},
		.state = FLOW_RESET,
	};

	(void)state;
	run_race(&race);
}

#define RACE_TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RACE_TEST(the_last_fin),
		RACE_TEST(a_fin_and_a_false_alarm),
		RACE_TEST(a_fin_and_a_rst),
		RACE_TEST(two_rsts),
	};

	return cmocka_run_group_tests_name("track_threads", tests, fixture_eal, fixture_eal_end);
}

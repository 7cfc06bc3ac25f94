/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs from their SYN to their end: states, gauges, bounds, and what the control thread hears. */
#include "dataplane_fixture.h"
#include "leg.h"

#define HALF_OPEN  8
#define UNCLAIMED  6
#define PER_SOURCE 3

static const struct tuple_seed seed = {{1, 2}};
static struct worker_stats stats;
static struct leg_table table;
static enum drop_reason reason; /* why the last one was refused */
static struct mailbox *mb;

static int start(void **state)
{
	const struct leg_limits limits = {HALF_OPEN, UNCLAIMED, PER_SOURCE, 0, NULL};
	const struct leg_workers alone = {.stats = &stats, .count = 1};

	(void)state;
	memset(&stats, 0, sizeof(stats));
	mb = mailbox_create(2);
	return mb == NULL ? -1 : leg_table_init(&table, &limits, &seed, &alone, 1000);
}

static int end(void **state)
{
	(void)state;
	leg_table_fini(&table);
	mailbox_destroy(mb);
	return 0;
}

static struct tuple tuple_of(uint32_t source, uint16_t port)
{
	return (struct tuple){.ends = {.peer_addr = rte_cpu_to_be_32(source),
				       .relay_addr = rte_cpu_to_be_32(0xc000020a),
				       .peer_port = rte_cpu_to_be_16(port),
				       .relay_port = rte_cpu_to_be_16(4000)}};
}

static struct leg *find(uint32_t source, uint16_t port)
{
	struct tuple t = tuple_of(source, port);

	return leg_find(&table, tuple_hash(&seed, &t), &t);
}

static struct leg *try_create(uint32_t source, uint16_t port, enum drop_reason *why)
{
	struct tuple t = tuple_of(source, port);

	return leg_create(&table, tuple_hash(&seed, &t), &t, why);
}

static struct leg *create(uint32_t source, uint16_t port)
{
	enum drop_reason why;
	struct leg *leg = try_create(source, port, &why);

	assert_non_null(leg);
	assert_ptr_equal(find(source, port), leg);
	return leg;
}

static uint64_t id_of(const struct leg *leg)
{
	return (uint64_t)leg->generation << 32 | (uint32_t)(leg - table.legs);
}

static void assert_gauges(uint64_t half_open, uint64_t unclaimed, uint64_t claimed)
{
	assert_int_equal(stats.legs[LEG_GAUGE_HALF_OPEN], half_open);
	assert_int_equal(stats.legs[LEG_GAUGE_UNCLAIMED], unclaimed);
	assert_int_equal(stats.legs[LEG_GAUGE_CLAIMED], claimed);
}

static struct mailbox_event hear(enum mailbox_event_type type, uint64_t id)
{
	struct mailbox_event ev;

	assert_int_equal(mailbox_take_events(mb, &ev, 1), 1);
	assert_int_equal(ev.type, type);
	assert_int_equal(ev.id, id);
	assert_int_equal(ev.worker, 1);
	return ev;
}

static void hear_nothing(void)
{
	struct mailbox_event ev;

	assert_int_equal(mailbox_take_events(mb, &ev, 1), 0);
}

static void tell(void)
{
	leg_table_tell(&table, mb, 1);
}

/* All is as it was at first. */
static void assert_pristine(void)
{
	struct mailbox_event evs[64];

	tell();
	mailbox_take_events(mb, evs, RTE_DIM(evs));
	assert_gauges(0, 0, 0);
	assert_int_equal(table.n_free, HALF_OPEN + UNCLAIMED);
	assert_int_equal(table.n_free_sources, UNCLAIMED);
	assert_int_equal(table.news_head, UINT32_MAX);
}

static void whole_life(void **state)
{
	struct leg *leg = create(1, 1);
	uint64_t id = id_of(leg);
	struct mailbox_event ev;

	(void)state;
	assert_int_equal(leg->state, LEG_HALF_OPEN);
	assert_gauges(1, 0, 0);
	tell();
	ev = hear(MAILBOX_LEG_HALF_OPEN, id);
	assert_int_equal(ev.tuple.peer_port, rte_cpu_to_be_16(1));
	assert_int_equal(ev.tuple.peer_addr.s6_addr[10], 0xff);
	assert_int_equal(ev.tuple.peer_addr.s6_addr[15], 1);
	assert_true(leg_establish(&table, leg, &reason));
	assert_gauges(0, 1, 0);
	tell();
	hear(MAILBOX_LEG_ESTABLISHED, id);
	assert_ptr_equal(leg_by_id(&table, id), leg);
	leg_advance(&table, leg, LEG_CLAIMED);
	assert_gauges(0, 0, 1);
	assert_int_equal(table.n_free_sources, UNCLAIMED);
	leg->iss = 41;
	leg->rcv_nxt = 43;
	leg->ts_const = 44;
	leg->ts_first = 45;
	leg->ts_recent = 46;
	leg->window = 47;
	leg->mss = 48;
	leg->wscale = 9;
	leg->options = LEG_SACK;
	leg->next_hop = 50;
	leg_advance(&table, leg, LEG_RETIRED);
	assert_gauges(0, 0, 1);
	tell();
	ev = hear(MAILBOX_LEG_RETIRED, id);
	assert_int_equal(ev.report.snd_nxt, 42);
	assert_int_equal(ev.report.rcv_nxt, 43);
	assert_int_equal(ev.report.ts_const, 44);
	assert_int_equal(ev.report.ts_first, 45);
	assert_int_equal(ev.report.ts_recent, 46);
	assert_int_equal(ev.report.window, 47);
	assert_int_equal(ev.report.mss, 48);
	assert_int_equal(ev.report.wscale, 9);
	assert_int_equal(ev.report.options, LEG_SACK);
	assert_int_equal(ev.report.next_hop, 50);
	assert_int_equal(ev.report.tuple.relay_port, rte_cpu_to_be_16(4000));
	leg_advance(&table, leg, LEG_OPENING);
	assert_gauges(0, 0, 0);
	leg_end(&table, leg, LEG_END_COMMANDED);
	assert_null(find(1, 1));
	assert_null(leg_by_id(&table, id));
	tell();
	hear_nothing(); /* a retired leg says nothing more */
	assert_pristine();
}

/* To each state in turn, then the end. */
static void end_in_each_state(void **state)
{
	static const struct {
		enum leg_state state;
		bool gone; /* the control thread hears of it */
	} rows[] = {
		{LEG_HALF_OPEN, true}, {LEG_PARKED, true},   {LEG_CLAIMED, true},
		{LEG_RETIRED, false},  {LEG_OPENING, false},
	};
	unsigned int i, told;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		for (told = 0; told < 2; told++) {
			struct leg *leg = create(7, (uint16_t)i);
			uint64_t id = id_of(leg);
			struct mailbox_event evs[8];
			unsigned int n, j, gone = 0, next;

			if (rows[i].state >= LEG_PARKED)
				assert_true(leg_establish(&table, leg, &reason));
			for (next = LEG_CLAIMED; next <= rows[i].state; next++)
				leg_advance(&table, leg, next);
			assert_int_equal(leg->state, rows[i].state);
			leg_arm(&table, leg, 1010);
			if (told)
				tell();
			leg_end(&table, leg, LEG_END_RESET);
			assert_null(find(7, (uint16_t)i));
			assert_null(leg_by_id(&table, id));
			assert_gauges(0, 0, 0);
			tell();
			n = mailbox_take_events(mb, evs, RTE_DIM(evs));
			for (j = 0; j < n; j++) {
				assert_int_equal(evs[j].id, id);
				if (evs[j].type != MAILBOX_LEG_GONE)
					continue;
				gone++;
				assert_int_equal(j, n - 1); /* and it is the last word */
				assert_int_equal(evs[j].end, LEG_END_RESET);
			}
			assert_int_equal(gone, rows[i].gone);
			assert_pristine();
		}
	}
}

static void ids_go_stale(void **state)
{
	struct leg *leg = create(1, 1);
	uint64_t id = id_of(leg);

	(void)state;
	leg_end(&table, leg, LEG_END_TIMEOUT);
	assert_null(leg_by_id(&table, id)); /* dead, its end not told yet */
	tell();
	assert_null(leg_by_id(&table, id)); /* free */
	assert_ptr_equal(create(1, 1), leg);
	assert_null(leg_by_id(&table, id)); /* somebody else's */
	assert_non_null(leg_by_id(&table, id_of(leg)));
	assert_null(leg_by_id(&table, id_of(leg) + (UINT64_C(1) << 32)));
	assert_null(leg_by_id(&table, (uint64_t)leg->generation << 32 | 9999));
	assert_null(leg_by_id(&table, 0));
	assert_null(leg_by_id(&table, 3)); /* never used: generation 0 */
	assert_null(leg_by_id(&table, UINT64_MAX));
	leg_end(&table, leg, LEG_END_TIMEOUT);
	assert_pristine();
}

static void half_open_bound(void **state)
{
	struct leg *legs[HALF_OPEN];
	enum drop_reason why = DROP_REASONS;
	uint16_t i;

	(void)state;
	for (i = 0; i < HALF_OPEN; i++)
		legs[i] = create(1, i);
	assert_null(try_create(1, 100, &why));
	assert_int_equal(why, DROP_HALF_OPEN);
	assert_null(find(1, 100));
	leg_end(&table, legs[3], LEG_END_TIMEOUT);
	legs[3] = create(1, 100);
	for (i = 0; i < HALF_OPEN; i++)
		leg_end(&table, legs[i], LEG_END_TIMEOUT);
	assert_pristine();
}

static void unclaimed_bound(void **state)
{
	struct leg *legs[UNCLAIMED], *late;
	enum drop_reason why = DROP_REASONS;
	uint16_t i;

	(void)state;
	late = create(50, 1);
	for (i = 0; i < UNCLAIMED; i++) {
		legs[i] = create(i, 1);
		assert_true(leg_establish(&table, legs[i], &reason));
	}
	assert_null(try_create(60, 1, &why));
	assert_int_equal(why, DROP_LEGS);
	assert_false(leg_establish(&table, late, &reason));
	assert_int_equal(reason, DROP_LEGS);
	assert_gauges(1, UNCLAIMED, 0);
	leg_advance(&table, legs[0], LEG_CLAIMED); /* a claim makes room */
	assert_true(leg_establish(&table, late, &reason));
	leg_end(&table, late, LEG_END_TIMEOUT);
	for (i = 0; i < UNCLAIMED; i++)
		leg_end(&table, legs[i], LEG_END_TIMEOUT);
	assert_pristine();
}

static void source_bound(void **state)
{
	struct leg *legs[PER_SOURCE + 1], *other;
	uint16_t i;

	(void)state;
	for (i = 0; i <= PER_SOURCE; i++)
		legs[i] = create(1, i);
	for (i = 0; i < PER_SOURCE; i++)
		assert_true(leg_establish(&table, legs[i], &reason));
	assert_false(leg_establish(&table, legs[PER_SOURCE], &reason));
	assert_int_equal(reason, DROP_LEGS_SOURCE);
	assert_int_equal(legs[PER_SOURCE]->state, LEG_HALF_OPEN);
	other = create(2, 1);
	assert_true(leg_establish(&table, other, &reason));
	leg_advance(&table, legs[0], LEG_CLAIMED);
	assert_true(leg_establish(&table, legs[PER_SOURCE], &reason));
	for (i = 0; i <= PER_SOURCE; i++)
		leg_end(&table, legs[i], LEG_END_RESET);
	leg_end(&table, other, LEG_END_RESET);
	assert_pristine();
}

/* Claimed legs share the pool: when it is empty SYNs are refused, and it recovers. */
static void pool_exhausted(void **state)
{
	struct leg *legs[HALF_OPEN + UNCLAIMED];
	enum drop_reason why = DROP_REASONS;
	uint16_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(legs); i++) {
		legs[i] = create(i, 1);
		assert_true(leg_establish(&table, legs[i], &reason));
		leg_advance(&table, legs[i], LEG_CLAIMED);
	}
	assert_int_equal(table.n_free, 0);
	assert_null(try_create(99, 1, &why));
	assert_int_equal(why, DROP_HALF_OPEN);
	leg_end(&table, legs[5], LEG_END_RESET);
	assert_null(try_create(99, 1, &why)); /* dead until its end is told */
	tell();
	legs[5] = create(99, 1);
	for (i = 0; i < RTE_DIM(legs); i++)
		leg_end(&table, legs[i], LEG_END_RESET);
	assert_pristine();
}

static void timers(void **state)
{
	struct leg *a = create(1, 1), *b = create(1, 2), *out[LEG_EXPIRE_BURST];

	(void)state;
	leg_arm(&table, a, 1100);
	leg_arm(&table, b, 1100);
	assert_int_equal(leg_expire(&table, 1099, out), 0);
	leg_end(&table, b, LEG_END_RESET); /* its timer goes with it */
	assert_int_equal(leg_expire(&table, 1116, out), 1);
	assert_ptr_equal(out[0], a);
	assert_true(leg_establish(&table, a, &reason));
	leg_arm(&table, a, 1200);
	leg_advance(&table, a, LEG_CLAIMED); /* claimed legs wait for a command */
	assert_int_equal(leg_expire(&table, 100000, out), 0);
	leg_end(&table, a, LEG_END_RESET);
	assert_pristine();
}

/* --- news --- */

/* Fill the events ring of worker 1; returns how many it took. */
static unsigned int fill_ring(void)
{
	struct mailbox_event ev = {.type = MAILBOX_FLOW_RESET_DONE, .worker = 1, .id = 12345};
	unsigned int n = 0;

	while (mailbox_post_event(mb, 1, &ev))
		n++;
	return n;
}

static void take_fillers(unsigned int n)
{
	while (n-- > 0)
		hear(MAILBOX_FLOW_RESET_DONE, 12345);
}

static void full_ring_only_delays(void **state)
{
	unsigned int n = fill_ring();
	struct leg *a = create(1, 1), *b;
	uint64_t id = id_of(a), id_b;

	(void)state;
	assert_true(n > 1000);
	tell();
	assert_true(leg_establish(&table, a, &reason));
	leg_advance(&table, a, LEG_CLAIMED);
	tell();
	leg_end(&table, a, LEG_END_RESET);
	b = create(1, 1); /* the same four-tuple again */
	id_b = id_of(b);
	assert_true(id_b != id);
	tell();
	assert_int_equal(table.n_free, HALF_OPEN + UNCLAIMED - 2);
	take_fillers(n);
	hear_nothing();
	tell();
	hear(MAILBOX_LEG_HALF_OPEN, id);
	hear(MAILBOX_LEG_ESTABLISHED, id);
	assert_int_equal(hear(MAILBOX_LEG_GONE, id).end, LEG_END_RESET);
	hear(MAILBOX_LEG_HALF_OPEN, id_b);
	hear_nothing();
	tell();
	hear_nothing(); /* nothing twice */
	leg_end(&table, b, LEG_END_RESET);
	assert_pristine();
}

/* With room for one event at a time all comes, once, in order. */
static void ring_with_one_place(void **state)
{
	unsigned int n = fill_ring(), i;
	struct leg *leg = create(1, 1);
	uint64_t id = id_of(leg);
	static const enum mailbox_event_type expected[] = {
		MAILBOX_LEG_HALF_OPEN, MAILBOX_LEG_ESTABLISHED, MAILBOX_LEG_RETIRED};

	(void)state;
	assert_true(leg_establish(&table, leg, &reason));
	leg_advance(&table, leg, LEG_RETIRED);
	leg_end(&table, leg, LEG_END_COMMANDED); /* retired: the report still goes, no GONE */
	for (i = 0; i < RTE_DIM(expected) + 2; i++) {
		take_fillers(1);
		tell();
	}
	take_fillers(n - RTE_DIM(expected) - 2);
	for (i = 0; i < RTE_DIM(expected); i++)
		hear(expected[i], id);
	hear_nothing();
	assert_pristine();
}

static void legs_are_told_in_turn(void **state)
{
	struct leg *a = create(1, 1), *b = create(1, 2), *c = create(1, 3);

	(void)state;
	leg_end(&table, a, LEG_END_REPLACED);
	assert_true(leg_establish(&table, b, &reason));
	tell();
	hear(MAILBOX_LEG_HALF_OPEN, id_of(a) - (UINT64_C(1) << 32)); /* freed meanwhile */
	hear(MAILBOX_LEG_GONE, id_of(a) - (UINT64_C(1) << 32));
	hear(MAILBOX_LEG_HALF_OPEN, id_of(b));
	hear(MAILBOX_LEG_ESTABLISHED, id_of(b));
	hear(MAILBOX_LEG_HALF_OPEN, id_of(c));
	leg_end(&table, b, LEG_END_TIMEOUT);
	leg_end(&table, c, LEG_END_TIMEOUT);
	assert_pristine();
}

static void churn(void **state)
{
	struct leg *legs[HALF_OPEN + UNCLAIMED + 1];
	unsigned int n = 0, i;

	(void)state;
	fixture_seed();
	for (i = 0; i < 200000; i++) {
		unsigned int pick = n > 0 ? fixture_between(0, n - 1) : 0;
		uint32_t source = fixture_between(1, 4);
		uint16_t port = (uint16_t)fixture_between(1, 9);
		struct mailbox_event evs[64];
		enum drop_reason why;

		switch (fixture_between(0, 5)) {
		case 0:
		case 1:
			if (find(source, port) == NULL) {
				legs[n] = try_create(source, port, &why);
				n += legs[n] != NULL;
			}
			break;
		case 2:
			if (n > 0 && legs[pick]->state == LEG_HALF_OPEN)
				leg_establish(&table, legs[pick], &reason);
			break;
		case 3:
			if (n > 0 && legs[pick]->state >= LEG_PARKED &&
			    legs[pick]->state < LEG_OPENING)
				leg_advance(&table, legs[pick], legs[pick]->state + 1);
			break;
		case 4:
			if (n > 0) {
				leg_end(&table, legs[pick], LEG_END_RESET);
				legs[pick] = legs[--n];
			}
			break;
		case 5:
			tell();
			mailbox_take_events(mb, evs, RTE_DIM(evs));
			break;
		}
	}
	while (n > 0)
		leg_end(&table, legs[--n], LEG_END_RESET);
	assert_pristine();
}

#define LEG_TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEG_TEST(whole_life),
		LEG_TEST(end_in_each_state),
		LEG_TEST(ids_go_stale),
		LEG_TEST(half_open_bound),
		LEG_TEST(unclaimed_bound),
		LEG_TEST(source_bound),
		LEG_TEST(pool_exhausted),
		LEG_TEST(timers),
		LEG_TEST(full_ring_only_delays),
		LEG_TEST(ring_with_one_place),
		LEG_TEST(legs_are_told_in_turn),
		LEG_TEST(churn),
	};

	return cmocka_run_group_tests_name("leg", tests, fixture_eal, fixture_eal_end);
}

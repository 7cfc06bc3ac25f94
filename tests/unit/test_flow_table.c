/* SPDX-License-Identifier: BSD-3-Clause */
/* The flow table: what a splice is computed to, who is refused, what ids and slots outlive. */
#include <errno.h>
#include <pthread.h>

#include "flow_fixture.h"
#include "track.h"

static struct flow_rig rig;

static void start(uint32_t pairs)
{
	flow_rig_init(&rig, pairs);
}

static void end(void)
{
	flow_rig_fini(&rig);
}

static void lines(void **state)
{
	struct leg_report a = report_alice(), b = report_bob();
	const struct flow_line *there, *back;
	const struct flow_track *from_a, *from_b;
	uint64_t flow;
	uint32_t slot;

	(void)state;
	start(4);
	flow = flow_rig_insert(&rig, &a, &b);
	slot = flow_rig_find(&rig.t, &a);
	assert_int_equal(slot, flow_table_slot(&rig.t, flow));
	assert_int_equal(flow_rig_find(&rig.t, &b), slot + 1);
	assert_int_equal(flow_table_id(&rig.t, slot), flow);
	assert_int_equal(flow_table_id(&rig.t, slot + 1), flow);
	there = &rig.t.lines[slot];
	back = &rig.t.lines[slot + 1];
	assert_int_equal(there->seq_delta, 20000 - 5000);
	assert_int_equal(there->ack_delta, 90000 - 1000);
	assert_int_equal(there->tsval_delta, 3000 - 10);
	assert_int_equal(there->tsecr_delta, 600 - 70);
	assert_int_equal(there->wscale_in, 7);
	assert_int_equal(there->wscale_out, 8);
	assert_int_equal(there->flags, FLOW_TIMESTAMPS | FLOW_SACK);
	assert_int_equal(back->seq_delta, (uint32_t)(1000 - 90000));
	assert_int_equal(back->ack_delta, (uint32_t)(5000 - 20000));
	assert_int_equal(back->tsval_delta, (uint32_t)(70 - 600));
	assert_int_equal(back->tsecr_delta, (uint32_t)(10 - 3000));
	assert_int_equal(back->wscale_in, 9);
	assert_memory_equal(&there->key, &back->out, sizeof(there->key));
	assert_memory_equal(&there->out, &back->key, sizeof(there->key));
	from_a = &rig.t.tracks[slot];
	from_b = &rig.t.tracks[slot + 1];
	assert_int_equal(from_a->next_hop, b.next_hop);
	assert_int_equal(from_b->next_hop, a.next_hop);
	assert_int_equal(from_a->seq_hi, 5000);
	assert_int_equal(from_a->ack_hi, 1000);
	assert_int_equal(from_a->edge, 1000 + (500 << 7));
	assert_int_equal(from_a->window, 500);
	assert_int_equal(from_b->seq_hi, 90000);
	assert_int_equal(from_b->edge, 20000 + (400 << 9));
	end();
}

/* A leg that was not told of our scale gets raw windows. */
static void unscaled_leg(void **state)
{
	struct leg_report a = report_alice(), b = report_bob();
	uint32_t slot;

	(void)state;
	start(4);
	b.options &= (uint8_t)~LEG_WSCALE;
	b.wscale = 0;
	flow_rig_insert(&rig, &a, &b);
	slot = flow_rig_find(&rig.t, &a);
	assert_int_equal(rig.t.lines[slot].wscale_out, 0);
	assert_int_equal(rig.t.lines[slot + 1].wscale_out, 8);
	assert_int_equal(rig.t.lines[slot + 1].wscale_in, 0);
	end();
}

static uint64_t flow_of(struct leg_report *a, struct leg_report *b, uint8_t a_has, uint8_t b_has)
{
	a->options = a_has;
	b->options = b_has;
	return flow_rig_insert(&rig, a, b);
}

static void unlike_legs(void **state)
{
	const uint8_t all = LEG_TIMESTAMPS | LEG_SACK;
	const struct {
		uint8_t a, b;		/* options of the legs */
		uint8_t from_a, from_b; /* what is done with a's segments, and with b's */
	} rows[] = {
		{0, 0, 0, 0},
		{LEG_WSCALE, 0, 0, 0},
		{all, all, FLOW_TIMESTAMPS | FLOW_SACK, FLOW_TIMESTAMPS | FLOW_SACK},
		{LEG_TIMESTAMPS, 0, FLOW_TS_DROP, FLOW_TS_INSERT},
		{0, LEG_TIMESTAMPS, FLOW_TS_INSERT, FLOW_TS_DROP},
		{LEG_SACK, 0, FLOW_SACK_DROP, FLOW_SACK_DROP},
		{0, LEG_SACK, FLOW_SACK_DROP, FLOW_SACK_DROP},
		{all, LEG_TIMESTAMPS, FLOW_TIMESTAMPS | FLOW_SACK_DROP,
		 FLOW_TIMESTAMPS | FLOW_SACK_DROP},
		{LEG_TIMESTAMPS, LEG_SACK, FLOW_TS_DROP | FLOW_SACK_DROP,
		 FLOW_TS_INSERT | FLOW_SACK_DROP},
	};
	unsigned int i;

	(void)state;
	start(2);
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct leg_report a = report_alice(), b = report_bob();
		uint64_t flow = flow_of(&a, &b, rows[i].a, rows[i].b);
		uint32_t slot = flow_table_slot(&rig.t, flow);

		assert_int_equal(rig.t.lines[slot].flags, rows[i].from_a);
		assert_int_equal(rig.t.lines[slot + 1].flags, rows[i].from_b);
		assert_int_equal(rig.t.lines[slot].mss, b.mss);
		assert_int_equal(flow_table_remove(&rig.t, flow), 0);
	}
	end();
}

static void status_and_stale_ids(void **state)
{
	struct leg_report a = report_alice(), b = report_bob();
	struct flow_status status;
	uint64_t flow, next;

	(void)state;
	start(1);
	flow = flow_rig_insert(&rig, &a, &b);
	rig.t.tracks[0].packets = 3;
	rig.t.tracks[1].packets = 5;
	rig.t.tracks[0].bytes = 30;
	rig.t.tracks[1].bytes = 50;
	rig.t.tracks[0].last_ms = 7;
	rig.t.tracks[1].last_ms = 9;
	assert_int_equal(flow_table_status(&rig.t, flow, &status), 0);
	assert_int_equal(status.state, FLOW_ESTABLISHED);
	assert_int_equal((uint32_t)status.state_since_ms, 1);
	assert_int_equal((uint32_t)status.last_packet_ms, 9);
	assert_int_equal(status.packets[0], 3);
	assert_int_equal(status.packets[1], 5);
	assert_int_equal(status.bytes[0], 30);
	assert_int_equal(status.bytes[1], 50);
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
	assert_int_equal(flow_table_remove(&rig.t, flow), -ESTALE);
	assert_int_equal(flow_table_status(&rig.t, flow, &status), -ESTALE);
	next = flow_rig_insert(&rig, &a, &b); /* the same pair, another generation */
	assert_int_equal((uint32_t)next, (uint32_t)flow);
	assert_int_equal(flow_table_remove(&rig.t, flow), -ESTALE);
	assert_int_equal(flow_table_status(&rig.t, next, &status), 0);
	assert_int_equal(status.packets[0], 0);
	assert_int_equal(flow_table_status(&rig.t, next + 1, &status), -ESTALE);
	assert_int_equal(flow_table_status(&rig.t, 0, &status), -ESTALE);
	assert_int_equal(flow_table_status(&rig.t, UINT64_MAX, &status), -ESTALE);
	end();
}

/* A packet passed since the reader's clock was read: it is not one of 49 days ago. */
static void times_around_now(void **state)
{
	struct leg_report a = report_alice(), b = report_bob();
	static const int64_t around[] = {-1000, -30 * INT64_C(86400000), 0, 1, 20000};
	struct flow_status status;
	uint64_t flow, now_ms;
	unsigned int i;

	(void)state;
	start(1);
	flow = flow_rig_insert(&rig, &a, &b);
	for (i = 0; i < RTE_DIM(around); i++) {
		now_ms = mailbox_now_ms();
		rig.t.tracks[0].last_ms = (uint32_t)(now_ms + (uint64_t)around[i]);
		rig.t.tracks[1].last_ms = rig.t.tracks[0].last_ms;
		rig.t.tracks[0].state_ms = rig.t.tracks[0].last_ms;
		assert_int_equal(flow_table_status(&rig.t, flow, &status), 0);
		assert_int_equal(status.last_packet_ms, now_ms + (uint64_t)around[i]);
		assert_int_equal(status.state_since_ms, now_ms + (uint64_t)around[i]);
	}
	end();
}

static void taken_tuples(void **state)
{
	struct leg_report a = report_alice(), b = report_bob(), c = report_of(BOB_ADDR, 1),
			  d = report_of(BOB_ADDR, 2);
	uint64_t refused = 77;

	(void)state;
	start(4);
	flow_rig_insert(&rig, &a, &b);
	assert_int_equal(flow_table_insert(&rig.t, &a, &c, 1, &refused), -EEXIST);
	assert_int_equal(flow_table_insert(&rig.t, &c, &a, 1, &refused), -EEXIST);
	assert_int_equal(flow_table_insert(&rig.t, &c, &b, 1, &refused), -EEXIST);
	assert_int_equal(refused, 77);
	assert_int_equal(flow_rig_find(&rig.t, &c), TUPLE_NO_SLOT);

	/* A superseded flow makes room, both of its ends at once. */
	*flow_state_of(&rig.t, flow_rig_find(&rig.t, &b)) = FLOW_SUPERSEDED;
	flow_rig_insert(&rig, &c, &a);
	assert_int_equal(flow_rig_find(&rig.t, &b), TUPLE_NO_SLOT);
	flow_rig_insert(&rig, &b, &d);
	end();
}

/* Its place is another's, but what it relayed can still be told, until it is removed. */
static void superseded_flow_is_accounted(void **state)
{
	struct leg_report a = report_alice(), b = report_bob();
	struct flow_status status;
	uint64_t flow, next;
	uint32_t slot;

	(void)state;
	start(2);
	flow = flow_rig_insert(&rig, &a, &b);
	slot = flow_table_slot(&rig.t, flow);
	rig.t.tracks[slot].bytes = 30;
	rig.t.tracks[slot + 1].bytes = 50;
	*flow_state_of(&rig.t, slot) = FLOW_FINISHED;
	track_supersede(&rig.t, slot + 1, FLOW_FINISHED, 1);
	next = flow_rig_insert(&rig, &a, &b);
	assert_int_equal(flow_table_status(&rig.t, flow, &status), 0);
	assert_int_equal(status.state, FLOW_SUPERSEDED);
	assert_int_equal(status.ended, FLOW_FINISHED);
	assert_int_equal(status.bytes[0], 30);
	assert_int_equal(status.bytes[1], 50);
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
	assert_int_equal(flow_table_status(&rig.t, flow, &status), -ESTALE);
	/* The one that has the place now is found as before. */
	assert_int_equal(flow_rig_find(&rig.t, &a), flow_table_slot(&rig.t, next));
	assert_int_equal(flow_rig_find(&rig.t, &b), flow_table_slot(&rig.t, next) + 1);
	end();
}

/* Both ends in the way, of two superseded flows. */
static void two_make_room(void **state)
{
	struct leg_report a = report_alice(), b = report_bob(), c = report_of(BOB_ADDR, 1),
			  d = report_of(BOB_ADDR, 2);

	(void)state;
	start(3);
	flow_rig_insert(&rig, &a, &c);
	flow_rig_insert(&rig, &d, &b);
	*flow_state_of(&rig.t, flow_rig_find(&rig.t, &a)) = FLOW_SUPERSEDED;
	*flow_state_of(&rig.t, flow_rig_find(&rig.t, &b)) = FLOW_SUPERSEDED;
	flow_rig_insert(&rig, &a, &b);
	assert_int_equal(flow_rig_find(&rig.t, &c), TUPLE_NO_SLOT);
	assert_int_equal(flow_rig_find(&rig.t, &d), TUPLE_NO_SLOT);
	end();
}

/* An IPv6 address that folds to `addr`; another one for each salt. */
static struct in6_addr folding_to(rte_be32_t addr, uint32_t salt)
{
	struct in6_addr a = ip6("2001:db8::");

	a.s6_addr32[1] = salt * 0x9e3779b9;
	a.s6_addr32[2] = salt;
	a.s6_addr32[3] = addr ^ tuple_fold(&a);
	return a;
}

/* Legs in threes with the same ends: one of IPv4, two of IPv6 with addresses that fold to it. */
static struct leg_report numbered(uint32_t n)
{
	uint32_t group = n / 3, salt = n % 3, addr = IPV4(10, 0, 0, 0) + group / 7;
	struct leg_report r = report_of(addr, (uint16_t)(1000 + group));

	if (salt != 0) {
		r.tuple.peer_addr = folding_to(rte_cpu_to_be_32(addr), salt);
		r.tuple.relay_addr = folding_to(rte_cpu_to_be_32(RELAY_ADDR), 1 + group % 2);
	}
	return r;
}

/* --- families --- */

/* The four-tuples that an IPv6 direction is found by and leads to, and the ends they fold to. */
static void families(void **state)
{
	struct leg_report v4[] = {report_alice(), report_bob()};
	struct leg_report v6[] = {report_over6(v4[0], &alice6), report_over6(v4[1], &bob6)};
	unsigned int mix, side;

	(void)state;
	for (mix = 0; mix < 4; mix++) {
		const struct leg_report *leg[] = {mix & 1 ? &v6[0] : &v4[0],
						  mix & 2 ? &v6[1] : &v4[1]};
		const uint8_t own_flag[] = {mix & 1 ? FLOW_KEY6 : 0, mix & 2 ? FLOW_KEY6 : 0};

		start(1);
		flow_rig_insert(&rig, leg[0], leg[1]);
		for (side = 0; side < 2; side++) {
			uint32_t slot = flow_rig_find(&rig.t, leg[side]);
			const struct flow_line *l = &rig.t.lines[slot];
			struct tuple key = tuple_from_four(&leg[side]->tuple), got;
			struct four_tuple four;

			assert_int_equal(slot, side);
			assert_int_equal(l->flags & FLOW_KEY6, own_flag[side]);
			assert_int_equal(!!(l->flags & FLOW_OUT6), !!own_flag[side ^ 1]);
			got = flow_table_key(&rig.t, slot);
			assert_true(tuple_equal(&got, &key));
			tuple_to_four(&got, &four);
			assert_memory_equal(&four, &leg[side]->tuple, sizeof(four));
			got = flow_table_out(&rig.t, slot ^ 1);
			assert_true(tuple_equal(&got, &key));
		}
		end();
	}
}

/* Keys with the same ends: of another family, of other addresses. With the very hash of what is in
 * the table, for nothing but the comparison may be relied on. */
static void folded_keys_do_not_match(void **state)
{
	uint32_t in, asked;

	(void)state;
	for (in = 0; in < 3; in++) {
		struct leg_report a = numbered(in), b = report_bob();
		struct tuple key = tuple_from_four(&a.tuple);
		uint64_t hash;

		start(1);
		flow_rig_insert(&rig, &a, &b);
		hash = tuple_hash(&rig.t.seed, &key);
		for (asked = 0; asked < 3; asked++) {
			struct leg_report other = numbered(asked);
			struct tuple k = tuple_from_four(&other.tuple);

			assert_true(tuple_ends_equal(&k.ends, &key.ends));
			assert_int_equal(flow_table_find(&rig.t, hash, &k),
					 asked == in ? 0 : TUPLE_NO_SLOT);
			assert_int_equal(tuple_equal(&k, &key), asked == in);
			assert_int_equal(flow_rig_find(&rig.t, &other),
					 asked == in ? 0 : TUPLE_NO_SLOT);
		}
		end();
	}
}

/* One of an IPv6 key's addresses alone is other, by two bits that fold away. */
static void each_address_counts(void **state)
{
	struct leg_report a = report_over6(report_alice(), &alice6), b = report_bob();
	struct tuple key = tuple_from_four(&a.tuple), other;
	uint64_t hash;
	unsigned int bit;

	(void)state;
	start(1);
	flow_rig_insert(&rig, &a, &b);
	hash = tuple_hash(&rig.t.seed, &key);
	for (bit = 0; bit < 96; bit++) {
		other = key;
		other.wide.peer.s6_addr[bit / 8] ^= (uint8_t)(1 << bit % 8);
		other.wide.peer.s6_addr[bit / 8 + 4] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(tuple_fold(&other.wide.peer), key.ends.peer_addr);
		assert_int_equal(flow_table_find(&rig.t, hash, &other), TUPLE_NO_SLOT);
		assert_true(tuple_hash(&rig.t.seed, &other) != hash);
		other = key;
		other.wide.relay.s6_addr[bit / 8] ^= (uint8_t)(1 << bit % 8);
		other.wide.relay.s6_addr[bit / 8 + 4] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(flow_table_find(&rig.t, hash, &other), TUPLE_NO_SLOT);
		assert_true(tuple_hash(&rig.t.seed, &other) != hash);
	}
	assert_int_equal(flow_table_find(&rig.t, hash, &key), 0);
	end();
}

/* Keys with the same ends, as anybody may choose them, still spread over the buckets. */
static void folded_keys_spread(void **state)
{
	const struct tuple_seed seeds[] = {{{0, 0}}, {{1, 2}}, {{0x0123456789abcdefULL, ~0ULL}}};
	unsigned int i, seed;

	(void)state;
	for (seed = 0; seed < RTE_DIM(seeds); seed++) {
		uint8_t low[1024] = {0}, high[1024] = {0};

		for (i = 1; i <= 4096; i++) {
			struct tuple t = {.ends = {.peer_port = 7, .relay_port = 8}};
			struct in6_addr peer = folding_to(rte_cpu_to_be_32(ALICE_ADDR), i);
			uint64_t hash;

			tuple_set_v6(&t, &peer, &relay6);
			hash = tuple_hash(&seeds[seed], &t);
			/* Four are the mean; of as many random numbers hardly ever 20 meet. */
			assert_true(++low[hash % 1024] < 20);
			assert_true(++high[(hash >> 32) % 1024] < 20);
		}
	}
}

static void full(void **state)
{
	struct leg_report a, b;
	uint64_t flow[8], refused = 77;
	uint32_t i;

	(void)state;
	start(8);
	for (i = 0; i < 8; i++) {
		a = numbered(2 * i);
		b = numbered(2 * i + 1);
		flow[i] = flow_rig_insert(&rig, &a, &b);
	}
	a = report_alice();
	b = report_bob();
	assert_int_equal(flow_table_insert(&rig.t, &a, &b, 1, &refused), -ENOSPC);
	assert_int_equal(refused, 77);
	assert_int_equal(flow_rig_find(&rig.t, &a), TUPLE_NO_SLOT);
	for (i = 0; i < 8; i++)
		assert_int_equal(flow_table_remove(&rig.t, flow[i]), 0);
	flow_rig_insert(&rig, &a, &b);
	end();
}

/* A worker that has not come round may still hold the slot. */
static void slots_wait_for_readers(void **state)
{
	struct leg_report a = report_alice(), b = report_bob(), c = report_of(BOB_ADDR, 1),
			  d = report_of(BOB_ADDR, 2);
	uint64_t flow, refused;
	uint32_t slot;

	(void)state;
	start(1);
	flow = flow_rig_insert(&rig, &a, &b);
	rte_rcu_qsbr_thread_online(rig.readers, 0);
	slot = flow_rig_find(&rig.t, &a);
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
	assert_int_equal(flow_table_insert(&rig.t, &c, &d, 1, &refused), -ENOSPC);
	assert_int_equal(rig.t.lines[slot].seq_delta, 15000);
	rte_rcu_qsbr_quiescent(rig.readers, 0);
	flow = flow_rig_insert(&rig, &c, &d);
	assert_int_equal(flow_table_remove(&rig.t, flow), 0);
	assert_int_equal(flow_table_insert(&rig.t, &c, &d, 1, &refused), -ENOSPC);
	rte_rcu_qsbr_thread_offline(rig.readers, 0); /* a sleeping worker holds nothing */
	flow_rig_insert(&rig, &c, &d);
	end();
}

/* --- against a plain array --- */

#define PAIRS 64
#define LEGS  300

static void model(void **state)
{
	uint64_t flow_of[LEGS] = {0}, dead[1000] = {0};
	uint32_t mate[LEGS], i, live = 0, n_dead = 0;
	struct flow_status status;

	(void)state;
	fixture_seed();
	start(PAIRS);
	for (i = 0; i < 100000; i++) {
		uint32_t x = fixture_between(0, LEGS - 1), y = fixture_between(0, LEGS - 1);
		struct leg_report a = numbered(x), b = numbered(y);
		uint64_t flow;
		int rc;

		if (x == y)
			continue;
		if (fixture_between(0, 1) && flow_of[x] != 0) {
			assert_int_equal(flow_table_remove(&rig.t, flow_of[x]), 0);
			dead[n_dead++ % RTE_DIM(dead)] = flow_of[x];
			flow_of[mate[x]] = 0;
			flow_of[x] = 0;
			live--;
			continue;
		}
		rc = flow_table_insert(&rig.t, &a, &b, i, &flow);
		assert_int_equal(rc, flow_of[x] != 0 || flow_of[y] != 0 ? -EEXIST
				     : live == PAIRS			? -ENOSPC
									: 0);
		if (rc == 0) {
			flow_of[x] = flow_of[y] = flow;
			mate[x] = y;
			mate[y] = x;
			live++;
		}
		x = i % LEGS;
		a = numbered(x);
		if (flow_of[x] == 0)
			assert_int_equal(flow_rig_find(&rig.t, &a), TUPLE_NO_SLOT);
		else
			assert_int_equal(flow_table_id(&rig.t, flow_rig_find(&rig.t, &a)),
					 flow_of[x]);
		assert_int_equal(flow_table_status(&rig.t, dead[i % RTE_DIM(dead)], &status),
				 -ESTALE);
	}
	assert_true(n_dead > RTE_DIM(dead));
	end();
}

/* --- a worker beside the writer --- */

struct reader {
	bool stop;
	uint64_t looks, found, misses, torn;
};

/* All numbers of leg n follow from n: R = n, S = 7 n. */
static struct leg_report whole(uint32_t n)
{
	struct leg_report r = numbered(n);

	r.rcv_nxt = n;
	r.snd_nxt = 7 * n;
	return r;
}

/* The lines of leg n, whose partner is n ^ 1, as whole() makes them.  The generation may turn even
 * under the reader: that is how a flow is marked removed that others still use. */
static bool line_whole(uint32_t slot, const struct tuple *key, uint32_t n)
{
	const struct flow_line *l = &rig.t.lines[slot];
	struct tuple own = flow_table_key(&rig.t, slot), out = flow_table_out(&rig.t, slot);
	struct leg_report mate = numbered(n ^ 1);
	struct tuple want_out = tuple_from_four(&mate.tuple);

	return tuple_equal(&own, key) && tuple_equal(&out, &want_out) &&
	       l->seq_delta == 7 * (n ^ 1) - n && l->ack_delta == (n ^ 1) - 7 * n;
}

static void *read_all(void *arg)
{
	struct reader *r = arg;
	uint32_t n;

	rte_rcu_qsbr_thread_online(rig.readers, 0);
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		for (n = 0; n < 2 * PAIRS; n++) {
			struct leg_report leg = numbered(n);
			struct tuple key = tuple_from_four(&leg.tuple);
			uint32_t slot = flow_rig_find(&rig.t, &leg);

			if (slot == TUPLE_NO_SLOT) {
				r->misses += n < 16;
				continue;
			}
			r->found++;
			/* Twice: it must not change under the reader before it comes round. */
			r->torn += !line_whole(slot, &key, n);
			rte_pause();
			r->torn += rig.t.lines[slot].seq_delta != 7 * (n ^ 1) - n;
		}
		rte_rcu_qsbr_quiescent(rig.readers, 0);
		r->looks++;
	}
	rte_rcu_qsbr_thread_offline(rig.readers, 0);
	return NULL;
}

static void reader_beside_writer(void **state)
{
	uint64_t flow[PAIRS] = {0};
	struct reader reader = {0};
	pthread_t thread;
	uint32_t i, pair;

	(void)state;
	fixture_seed();
	start(24); /* slots come round often */
	for (pair = 0; pair < 8; pair++) {
		struct leg_report a = whole(2 * pair), b = whole(2 * pair + 1);

		flow_rig_insert(&rig, &a, &b);
	}
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
	for (i = 0; i < 300000 || __atomic_load_n(&reader.looks, __ATOMIC_RELAXED) < 1000; i++) {
		struct leg_report a, b;

		pair = fixture_between(8, PAIRS - 1);
		a = whole(2 * pair);
		b = whole(2 * pair + 1);
		if (flow[pair] == 0) {
			int rc = flow_table_insert(&rig.t, &a, &b, 1, &flow[pair]);

			assert_true(rc == 0 || rc == -ENOSPC);
		} else {
			assert_int_equal(flow_table_remove(&rig.t, flow[pair]), 0);
			flow[pair] = 0;
		}
	}
	__atomic_store_n(&reader.stop, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(reader.misses, 0);
	assert_int_equal(reader.torn, 0);
	assert_true(reader.found > 1000);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(unscaled_leg),
		cmocka_unit_test(unlike_legs),
		cmocka_unit_test(status_and_stale_ids),
		cmocka_unit_test(times_around_now),
		cmocka_unit_test(taken_tuples),
		cmocka_unit_test(superseded_flow_is_accounted),
		cmocka_unit_test(two_make_room),
		cmocka_unit_test(families),
		cmocka_unit_test(folded_keys_do_not_match),
		cmocka_unit_test(each_address_counts),
		cmocka_unit_test(folded_keys_spread),
		cmocka_unit_test(full),
		cmocka_unit_test(slots_wait_for_readers),
		cmocka_unit_test(model),
		cmocka_unit_test(reader_beside_writer),
	};

	return cmocka_run_group_tests_name("flow_table", tests, fixture_eal, fixture_eal_end);
}

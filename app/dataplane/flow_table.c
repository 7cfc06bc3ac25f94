/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "checksum.h"
#include "flow_table.h"
#include "policer.h"

/* What the relay's own SYN|ACK told where window scaling was negotiated (DESIGN 3.1). */
#define RELAY_WSCALE 8

/* How far the clock that a packet's time is of may be ahead of its reader's. */
#define MOST_AHEAD_MS 60000

/* An id: generation above, pair below. */
static uint64_t make_id(uint32_t generation, uint32_t pair)
{
	return (uint64_t)generation << 32 | pair;
}

/* The queue has room for every pair there is. */
static void put_removed(struct flow_table *t, uint32_t pair)
{
	struct flow_removed *r = &t->removed[(t->removed_head + t->n_removed) % t->pairs];

	r->pair = pair;
	r->token = rte_rcu_qsbr_start(t->readers);
	t->n_removed++;
}

/* Free what no reader can see any more; bounded, for it runs inside other work. */
static void reclaim(struct flow_table *t)
{
	unsigned int budget;

	for (budget = 16; budget > 0 && t->n_removed > 0; budget--) {
		const struct flow_removed *r = &t->removed[t->removed_head];

		if (rte_rcu_qsbr_check(t->readers, r->token, false) != 1)
			break;
		t->free_pairs[t->n_free++] = r->pair;
		t->removed_head = (t->removed_head + 1) % t->pairs;
		t->n_removed--;
	}
}

int flow_table_init(struct flow_table *t, uint32_t pairs, const struct tuple_seed *seed,
		    struct rte_rcu_qsbr *readers)
{
	uint32_t i;
	int rc;

	memset(t, 0, sizeof(*t));
	t->pairs = pairs;
	t->seed = *seed;
	t->readers = readers;
	t->lines = rte_zmalloc("flow_lines", (size_t)pairs * 2 * sizeof(*t->lines), 128);
	t->tracks = rte_zmalloc("flow_tracks", (size_t)pairs * 2 * sizeof(*t->tracks), 128);
	t->wides = rte_zmalloc("flow_wides", (size_t)pairs * 2 * sizeof(*t->wides), 128);
	t->free_pairs = rte_malloc("flow_free", (size_t)pairs * sizeof(*t->free_pairs), 0);
	t->removed = rte_malloc("flow_removed", (size_t)pairs * sizeof(*t->removed), 0);
	t->meters = rte_zmalloc("flow_meters", (size_t)pairs * sizeof(*t->meters), 0);
	rc = tuple_index_init(&t->index, pairs * 2);
	if (rc < 0 || t->meters == NULL || t->lines == NULL || t->wides == NULL ||
	    t->tracks == NULL || t->free_pairs == NULL || t->removed == NULL) {
		flow_table_fini(t);
		return -ENOMEM;
	}
	for (i = 0; i < pairs; i++)
		t->free_pairs[i] = pairs - 1 - i;
	t->n_free = pairs;
	return 0;
}

void flow_table_fini(struct flow_table *t)
{
	tuple_index_fini(&t->index);
	rte_free(t->lines);
	rte_free(t->wides);
	rte_free(t->tracks);
	rte_free(t->meters);
	rte_free(t->free_pairs);
	rte_free(t->removed);
	memset(t, 0, sizeof(*t));
}

/* The accumulator that stands for the change from two addresses to two others. */
static uint64_t address_change(const struct four_tuple *a, const struct four_tuple *b)
{
	uint64_t sum = 0;
	unsigned int i;

	/* The prefix of a mapped address is no part of an IPv4 packet. */
	for (i = IN6_IS_ADDR_V4MAPPED(&a->relay_addr) ? 3 : 0; i < 4; i++)
		sum += (uint64_t)(uint32_t)~a->peer_addr.s6_addr32[i] +
		       (uint32_t)~a->relay_addr.s6_addr32[i];
	for (i = IN6_IS_ADDR_V4MAPPED(&b->relay_addr) ? 3 : 0; i < 4; i++)
		sum += (uint64_t)b->peer_addr.s6_addr32[i] + b->relay_addr.s6_addr32[i];
	return sum;
}

/* What translating adds to a TCP checksum by what is the same for every segment, whose pseudo-headers differ in nothing else between the
 * families, and to an IPv4 one with a TTL step. */
static void fill_csum_deltas(struct flow_line *l, const struct four_tuple *a,
			     const struct four_tuple *b)
{
	uint64_t addrs = address_change(a, b);
	uint64_t ports = csum_change16(a->peer_port, b->relay_port) +
			 csum_change16(a->relay_port, b->peer_port);

	l->tcp_csum_delta = csum_fold(addrs + ports);
	/* One less in the TTL is 0x0100 less in the word it shares with the protocol. */
	l->ip_csum_delta = csum_fold(addrs + csum_change16(rte_cpu_to_be_16(0x0100), 0));
	l->seq_csum_delta = csum_fold(csum_delta(l->seq_delta) + csum_delta(l->ack_delta));
	l->ts_csum_delta = csum_fold(csum_delta(l->tsval_delta) + csum_delta(l->tsecr_delta));
}

static uint8_t option_flags(uint8_t a, uint8_t b)
{
	uint8_t flags = 0;

	if (a & b & LEG_TIMESTAMPS)
		flags |= FLOW_TIMESTAMPS;
	else if (a & LEG_TIMESTAMPS)
		flags |= FLOW_TS_DROP;
	else if (b & LEG_TIMESTAMPS)
		flags |= FLOW_TS_INSERT;
	if (a & b & LEG_SACK)
		flags |= FLOW_SACK;
	else if ((a | b) & LEG_SACK)
		flags |= FLOW_SACK_DROP;
	return flags;
}

static void fill_line(struct flow_line *l, struct flow_wide *wide, const struct leg_report *a,
		      const struct leg_report *b, uint32_t generation, uint64_t now_ms)
{
	struct tuple key = tuple_from_four(&a->tuple), out = tuple_from_four(&b->tuple);

	memset(l, 0, sizeof(*l));
	l->key = key.ends;
	l->out = out.ends;
	wide->key = key.wide;
	wide->out = out.wide;
	l->seq_delta = b->snd_nxt - a->rcv_nxt;
	l->ack_delta = b->rcv_nxt - a->snd_nxt;
	l->tsval_delta = b->ts_const - a->ts_first;
	l->tsecr_delta = b->ts_first - a->ts_const;
	l->wscale_in = a->wscale;
	l->wscale_out = b->options & LEG_WSCALE ? RELAY_WSCALE : 0;
	l->wscale_back = b->wscale;
	l->flags = option_flags(a->options, b->options);
	/* Made-up timestamps go on from T at one a millisecond. */
	if (l->flags & FLOW_TS_INSERT)
		l->tsval_delta = b->ts_const - (uint32_t)now_ms;
	l->mss = b->mss;
	if (key.v6)
		l->flags |= FLOW_KEY6;
	if (out.v6)
		l->flags |= FLOW_OUT6;
	l->generation = generation;
	fill_csum_deltas(l, &a->tuple, &b->tuple);
}

static void fill_track(struct flow_track *k, const struct leg_report *a, const struct leg_report *b,
		       uint64_t now_ms)
{
	memset(k, 0, sizeof(*k));
	k->next_hop = b->next_hop;
	k->last_ms = (uint32_t)now_ms;
	k->state_ms = (uint32_t)now_ms;
	k->seq_hi = a->rcv_nxt;
	k->ack_hi = a->snd_nxt;
	k->window = a->window;
	k->ts_recent = a->options & LEG_TIMESTAMPS ? a->ts_recent : b->ts_const;
	k->echo_ts = k->ts_recent;
	k->echo_seq = a->rcv_nxt;
	k->edge = a->snd_nxt + ((uint32_t)a->window << a->wscale);
	k->state = FLOW_ESTABLISHED;
}

static struct tuple tuple_of(const struct tuple_ends *ends, const struct tuple_wide *wide, bool v6)
{
	struct tuple t = {.ends = *ends, .v6 = v6};

	if (v6)
		t.wide = *wide;
	return t;
}

struct tuple flow_table_key(const struct flow_table *t, uint32_t slot)
{
	const struct flow_line *l = &t->lines[slot];

	return tuple_of(&l->key, &t->wides[slot].key, l->flags & FLOW_KEY6);
}

struct tuple flow_table_out(const struct flow_table *t, uint32_t slot)
{
	const struct flow_line *l = &t->lines[slot];

	return tuple_of(&l->out, &t->wides[slot].out, l->flags & FLOW_OUT6);
}

static uint64_t slot_hash(const struct flow_table *t, uint32_t slot)
{
	struct tuple key = flow_table_key(t, slot);

	return tuple_hash(&t->seed, &key);
}

/* Nobody finds the pair any more who has not yet. */
static void unindex(struct flow_table *t, uint32_t slot)
{
	unsigned int side;

	for (side = 0; side < 2; side++)
		tuple_index_remove(&t->index, slot_hash(t, slot + side), slot + side);
}

/* A superseded flow in the way gives up its place, a live one is a reason to refuse.  What the
 * former relayed is still to be told: its slots are its own until it is removed. */
static int make_room(struct flow_table *t, const struct leg_report *leg)
{
	struct tuple key = tuple_from_four(&leg->tuple);
	uint32_t slot = flow_table_find(t, tuple_hash(&t->seed, &key), &key);

	if (slot == TUPLE_NO_SLOT)
		return 0;
	if (relaxed_load(flow_state_of(t, slot)) != FLOW_SUPERSEDED)
		return -EEXIST;
	unindex(t, slot & ~UINT32_C(1));
	return 0;
}

static int index_both(struct flow_table *t, uint32_t slot)
{
	uint64_t hash[2] = {slot_hash(t, slot), slot_hash(t, slot + 1)};
	int rc;

	rc = tuple_index_insert(&t->index, hash[0], slot);
	if (rc < 0)
		return rc;
	rc = tuple_index_insert(&t->index, hash[1], slot + 1);
	if (rc < 0)
		tuple_index_remove(&t->index, hash[0], slot);
	return rc;
}

int flow_table_insert(struct flow_table *t, const struct leg_report *a, const struct leg_report *b,
		      uint64_t now_ms, uint64_t *flow)
{
	uint32_t pair, slot, generation;
	int rc;

	rc = make_room(t, a);
	if (rc == 0)
		rc = make_room(t, b);
	if (rc < 0)
		return rc;
	reclaim(t);
	if (t->n_free == 0)
		return -ENOSPC;
	pair = t->free_pairs[--t->n_free];
	slot = pair * 2;
	generation = t->lines[slot].generation + 1;
	fill_line(&t->lines[slot], &t->wides[slot], a, b, generation, now_ms);
	fill_line(&t->lines[slot + 1], &t->wides[slot + 1], b, a, generation, now_ms);
	fill_track(&t->tracks[slot], a, b, now_ms);
	fill_track(&t->tracks[slot + 1], b, a, now_ms);
	t->meters[pair] = 0;
	rc = index_both(t, slot);
	if (rc < 0) {
		/* Half of it may have been seen: it goes the way of a removed one. */
		relaxed_store(&t->lines[slot].generation, generation + 1);
		put_removed(t, pair);
		return rc;
	}
	*flow = make_id(generation, pair);
	return 0;
}

int flow_table_remove(struct flow_table *t, uint64_t flow)
{
	uint32_t slot = flow_table_slot(t, flow), pair = (uint32_t)flow;

	if (slot == TUPLE_NO_SLOT)
		return -ESTALE;
	unindex(t, slot);
	relaxed_store(&t->lines[slot].generation, t->lines[slot].generation + 1);
	put_removed(t, pair);
	return 0;
}

int flow_table_set_rate(struct flow_table *t, uint64_t flow, uint64_t bytes_per_s)
{
	uint32_t slot = flow_table_slot(t, flow), cost = policer_cost(bytes_per_s);

	if (slot == TUPLE_NO_SLOT)
		return -ESTALE;
	relaxed_store(&t->lines[slot].cost, cost);
	relaxed_store(&t->lines[slot + 1].cost, cost);
	return 0;
}

uint32_t flow_table_slot(const struct flow_table *t, uint64_t flow)
{
	uint32_t pair = (uint32_t)flow, generation = (uint32_t)(flow >> 32);

	if (pair >= t->pairs || (generation & 1) == 0 ||
	    relaxed_load(&t->lines[pair * 2].generation) != generation)
		return TUPLE_NO_SLOT;
	return pair * 2;
}

uint64_t flow_table_id(const struct flow_table *t, uint32_t slot)
{
	return make_id(relaxed_load(&t->lines[slot & ~UINT32_C(1)].generation), slot / 2);
}

/* The time whose low half is `low`: within the 49 days before `now_ms`, or a little after it, for
 * a worker may have written it down since the clock was read. */
static uint64_t whole_ms(uint64_t now_ms, uint32_t low)
{
	const uint64_t latest_ms = now_ms + MOST_AHEAD_MS;

	return latest_ms - (uint32_t)((uint32_t)latest_ms - low);
}

int flow_table_status(const struct flow_table *t, uint64_t flow, struct flow_status *status)
{
	uint32_t slot = flow_table_slot(t, flow);
	uint64_t now_ms = mailbox_now_ms();
	const struct flow_track *k;
	unsigned int side;

	if (slot == TUPLE_NO_SLOT)
		return -ESTALE;
	k = &t->tracks[slot];
	status->state = __atomic_load_n(&k[0].state, __ATOMIC_ACQUIRE); /* before its time */
	status->ended = relaxed_load(&k[1].state);
	status->state_since_ms = whole_ms(now_ms, relaxed_load(&k[0].state_ms));
	status->last_packet_ms = RTE_MAX(whole_ms(now_ms, relaxed_load(&k[0].last_ms)),
					 whole_ms(now_ms, relaxed_load(&k[1].last_ms)));
	for (side = 0; side < 2; side++) {
		status->packets[side] = relaxed_load(&k[side].packets);
		status->bytes[side] = relaxed_load(&k[side].bytes);
	}
	return 0;
}

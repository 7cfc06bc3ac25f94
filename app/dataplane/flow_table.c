/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "checksum.h"
#include "flow_table.h"

/* What the relay's own SYN|ACK told where window scaling was negotiated (DESIGN 3.1). */
#define RELAY_WSCALE 8

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
	t->free_pairs = rte_malloc("flow_free", (size_t)pairs * sizeof(*t->free_pairs), 0);
	t->removed = rte_malloc("flow_removed", (size_t)pairs * sizeof(*t->removed), 0);
	rc = tuple_index_init(&t->index, pairs * 2);
	if (rc < 0 || t->lines == NULL || t->tracks == NULL || t->free_pairs == NULL ||
	    t->removed == NULL) {
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
	rte_free(t->tracks);
	rte_free(t->free_pairs);
	rte_free(t->removed);
	memset(t, 0, sizeof(*t));
}

/* What translating from `in` to `out` adds to a TCP checksum, and with the TTL to an IP one.  The
 * sender's packets carry peer to relay, the receiver's copy relay to peer. */
static void fill_csum_deltas(struct flow_line *l)
{
	uint64_t addrs = csum_change32(l->key.peer_addr, l->out.relay_addr) +
			 csum_change32(l->key.relay_addr, l->out.peer_addr);
	uint64_t ports = csum_change16(l->key.peer_port, l->out.relay_port) +
			 csum_change16(l->key.relay_port, l->out.peer_port);

	l->tcp_csum_delta = csum_fold(addrs + ports);
	/* One less in the TTL is 0x0100 less in the word it shares with the protocol. */
	l->ip_csum_delta = csum_fold(addrs + csum_change16(rte_cpu_to_be_16(0x0100), 0));
}

static void fill_line(struct flow_line *l, const struct leg_report *a, const struct leg_report *b,
		      uint32_t generation)
{
	memset(l, 0, sizeof(*l));
	l->key = tuple_from_four(&a->tuple);
	l->out = tuple_from_four(&b->tuple);
	l->seq_delta = b->snd_nxt - a->rcv_nxt;
	l->ack_delta = b->rcv_nxt - a->snd_nxt;
	l->tsval_delta = b->ts_const - a->ts_first;
	l->tsecr_delta = b->ts_first - a->ts_const;
	l->wscale_in = a->wscale;
	l->wscale_out = b->options & LEG_WSCALE ? RELAY_WSCALE : 0;
	if (a->options & LEG_TIMESTAMPS)
		l->flags |= FLOW_TIMESTAMPS;
	if (a->options & LEG_SACK)
		l->flags |= FLOW_SACK;
	l->generation = generation;
	fill_csum_deltas(l);
}

static void fill_track(struct flow_track *k, const struct leg_report *a, const struct leg_report *b,
		       uint64_t now_ms)
{
	memset(k, 0, sizeof(*k));
	k->next_hop = b->next_hop;
	k->last_ms = now_ms;
	k->state_ms = now_ms;
	k->seq_hi = a->rcv_nxt;
	k->ack_hi = a->snd_nxt;
	k->window = a->window;
	k->edge = a->snd_nxt + ((uint32_t)a->window << a->wscale);
	k->state = FLOW_ESTABLISHED;
}

/* A superseded flow in the way is removed, a live one is a reason to refuse. */
static int make_room(struct flow_table *t, const struct leg_report *leg)
{
	struct tuple key = tuple_from_four(&leg->tuple);
	uint32_t slot = flow_table_find(t, tuple_hash(&t->seed, &key), &key);

	if (slot == TUPLE_NO_SLOT)
		return 0;
	if (relaxed_load(flow_state_of(t, slot)) != FLOW_SUPERSEDED)
		return -EEXIST;
	return flow_table_remove(t, flow_table_id(t, slot));
}

static int index_both(struct flow_table *t, uint32_t slot)
{
	uint64_t hash[2];
	int rc;

	hash[0] = tuple_hash(&t->seed, &t->lines[slot].key);
	hash[1] = tuple_hash(&t->seed, &t->lines[slot + 1].key);
	rc = tuple_index_insert(&t->index, hash[0], slot);
	if (rc < 0)
		return rc;
	rc = tuple_index_insert(&t->index, hash[1], slot + 1);
	if (rc < 0)
		tuple_index_remove(&t->index, hash[0], slot);
	return rc;
}

static bool alike(const struct leg_report *a, const struct leg_report *b)
{
	const uint8_t both = LEG_TIMESTAMPS | LEG_SACK;

	return (a->options & both) == (b->options & both);
}

int flow_table_insert(struct flow_table *t, const struct leg_report *a, const struct leg_report *b,
		      uint64_t now_ms, uint64_t *flow)
{
	uint32_t pair, slot, generation;
	int rc;

	if (!alike(a, b))
		return -ENOTSUP;
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
	fill_line(&t->lines[slot], a, b, generation);
	fill_line(&t->lines[slot + 1], b, a, generation);
	fill_track(&t->tracks[slot], a, b, now_ms);
	fill_track(&t->tracks[slot + 1], b, a, now_ms);
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
	uint32_t slot = flow_table_slot(t, flow), pair = (uint32_t)flow, i;

	if (slot == TUPLE_NO_SLOT)
		return -ESTALE;
	for (i = slot; i < slot + 2; i++)
		tuple_index_remove(&t->index, tuple_hash(&t->seed, &t->lines[i].key), i);
	relaxed_store(&t->lines[slot].generation, t->lines[slot].generation + 1);
	put_removed(t, pair);
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

int flow_table_status(const struct flow_table *t, uint64_t flow, struct flow_status *status)
{
	uint32_t slot = flow_table_slot(t, flow);
	const struct flow_track *k;
	unsigned int side;

	if (slot == TUPLE_NO_SLOT)
		return -ESTALE;
	k = &t->tracks[slot];
	status->state = relaxed_load(&k[0].state);
	status->state_since_ms = relaxed_load(&k[0].state_ms);
	status->last_packet_ms = RTE_MAX(relaxed_load(&k[0].last_ms), relaxed_load(&k[1].last_ms));
	for (side = 0; side < 2; side++) {
		status->packets[side] = relaxed_load(&k[side].packets);
		status->bytes[side] = relaxed_load(&k[side].bytes);
	}
	return 0;
}

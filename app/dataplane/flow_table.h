/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The spliced connections: two directions a pair, found by the four-tuple their packets come with.
 *
 * A direction has an immutable line, with a second one for IPv6 addresses, written once before it
 * can be found (the rate it is held to alone may change), and a mutable line beside it that workers
 * keep by relaxed stores.  All is pointer-free: slot 2 * pair + side.
 *
 * One writer, the control thread; workers look up without locks and keep what they found until
 * they report a quiescent state (RCU).  A removed pair's slots are used again only after that, with
 * a new generation, so that an id is never taken for another's.
 */
#ifndef TANDEM_FLOW_TABLE_H
#define TANDEM_FLOW_TABLE_H

#include <assert.h>
#include <stdint.h>

#include <rte_rcu_qsbr.h>

#include "mailbox.h"
#include "tuple.h"
#include "tuple_index.h"

enum flow_flag {
	FLOW_TIMESTAMPS = 1 << 0, /* both legs have them: shift TSval and TSecr */
	FLOW_SACK = 1 << 1,	  /* both legs have it: shift the blocks' edges */
	FLOW_KEY6 = 1 << 2,	  /* A's leg is IPv6: its addresses are in the wide line */
	FLOW_OUT6 = 1 << 3,	  /* B's leg is */
	FLOW_TS_DROP = 1 << 4,	  /* only A has timestamps: blank them out */
	FLOW_TS_INSERT = 1 << 5,  /* only B has them: make them up */
	FLOW_SACK_DROP = 1 << 6,  /* only one has it: blank blocks out, even of the one without */
};

/* From leg A to leg B.  Addresses, ports and checksum deltas in network order, numbers in host
 * order.  DESIGN 3.4 has the names S, R and T. */
struct flow_line {
	struct tuple_ends key; /* A's four-tuple, as its packets carry it */
	struct tuple_ends out; /* B's, peer = B */
	uint32_t seq_delta;    /* S_B - R_A */
	uint32_t ack_delta;    /* R_B - S_A */
	uint32_t
		tsval_delta; /* T_B - TSval of A's SYN; with FLOW_TS_INSERT T_B - ms of insertion */
	uint32_t tsecr_delta;	 /* TSval of B's SYN - T_A */
	uint16_t tcp_csum_delta; /* of addresses and ports, for csum_update() */
	uint16_t ip_csum_delta;	 /* of addresses and one TTL step */
	uint16_t seq_csum_delta; /* of seq_delta and ack_delta, but for their carries */
	uint16_t ts_csum_delta;	 /* of tsval_delta and tsecr_delta, likewise */
	uint8_t wscale_in;	 /* A's own */
	uint8_t wscale_out;	 /* what B was told of the relay's: 8, or 0 */
	uint8_t wscale_back;	 /* B's own */
	uint8_t flags;		 /* enum flow_flag */
	uint32_t generation;	 /* of the pair, odd while it is in the table */
	uint16_t mss;		 /* the largest segment, options counted, that B takes */
	uint16_t reserved;
	uint32_t
		cost; /* of a byte of payload, see policer.h; 0: no limit.  The writer may change it */
} __rte_aligned(64);

static_assert(sizeof(struct flow_line) == 64, "an immutable line is a cache line");

/* The IPv6 addresses of a direction. */
struct flow_wide {
	struct tuple_wide key; /* with FLOW_KEY6 */
	struct tuple_wide out; /* with FLOW_OUT6 */
} __rte_aligned(64);

static_assert(sizeof(struct flow_wide) == 64, "a wide line is a cache line");

enum track_flag {
	TRACK_FIN = 1 << 0, /* its FIN passed, `fin` is the number behind it */
	TRACK_RST = 1 << 1, /* the RST of FLOW_RESET_PENDING came from here */
};

/* What is known of leg A, in A's own numbers, host order, by the packets that came from it. */
struct flow_track {
	uint64_t next_hop; /* towards B */
	uint64_t packets;  /* short of those that several workers counted at once */
	uint64_t bytes;	   /* TCP payload, retransmissions too; likewise */
	uint32_t last_ms;  /* when the last one passed; modulo 2^32, as the next */
	uint32_t state_ms; /* side 0 only: when `state` was entered */
	uint32_t seq_hi;   /* highest sequence number sent, + 1 */
	uint32_t ack_hi;   /* highest acknowledgement sent */
	uint32_t edge;	   /* highest ack + window it granted */
	uint32_t fin;	   /* with TRACK_FIN */
	uint16_t window;   /* newest, raw */
	uint8_t flags;	   /* enum track_flag */
	uint8_t state;	   /* enum flow_state; of side 1 the one that FLOW_SUPERSEDED came after */
	/* With FLOW_TS_DROP: its newest TSval that B has acknowledged, for B's segments to echo; and
	 * the TSval of the segment before `echo_seq`, to be that when B acknowledges it.  With
	 * FLOW_TS_INSERT ts_recent is the newest one made up for B. */
	uint32_t ts_recent, echo_seq, echo_ts;
} __rte_aligned(64);

static_assert(sizeof(struct flow_track) == 64, "a mutable line is a cache line");

/* A pair that nobody finds any more, and what readers must have passed before it is free. */
struct flow_removed {
	uint64_t token;
	uint32_t pair;
};

struct flow_table {
	struct tuple_index index;
	struct tuple_seed seed;
	struct flow_line *lines;
	struct flow_wide *wides;
	struct flow_track *tracks;
	uint64_t *meters; /* a pair, see policer.h */
	uint32_t pairs;	  /* capacity */

	/* The writer's own. */
	struct rte_rcu_qsbr *readers;
	uint32_t *free_pairs; /* stack */
	uint32_t n_free;
	struct flow_removed *removed; /* queue of pairs that workers may still see */
	uint32_t removed_head, n_removed;
};

/* `readers` is the RCU variable all readers report to, and outlives the table.  Memory is from the
 * EAL's heap.  -ENOMEM. */
int flow_table_init(struct flow_table *t, uint32_t pairs, const struct tuple_seed *seed,
		    struct rte_rcu_qsbr *readers);
void flow_table_fini(struct flow_table *t);

/*
 * Writer: splice two legs; `now_ms` is the time of the last packet until one passes.
 * -ENOSPC; -EEXIST: a four-tuple is in a live flow (a FLOW_SUPERSEDED one makes room: no
 * packet finds it any more, but it is to be removed as any other).
 */
int flow_table_insert(struct flow_table *t, const struct leg_report *a, const struct leg_report *b,
		      uint64_t now_ms, uint64_t *flow);

/* Writer.  -ESTALE for an id not in the table. */
int flow_table_remove(struct flow_table *t, uint64_t flow);

/* Writer: both sides together may from now on have so many bytes of payload a second; 0: no limit.
 * -ESTALE. */
int flow_table_set_rate(struct flow_table *t, uint64_t flow, uint64_t bytes_per_s);

/* Any reader that is online in RCU, and the writer.  -ESTALE. */
int flow_table_status(const struct flow_table *t, uint64_t flow, struct flow_status *status);

/* The pair's first slot, or TUPLE_NO_SLOT for an id not in the table. */
uint32_t flow_table_slot(const struct flow_table *t, uint64_t flow);

/* The four-tuples of a direction: whose packets it carries, and whom to. */
struct tuple flow_table_key(const struct flow_table *t, uint32_t slot);
struct tuple flow_table_out(const struct flow_table *t, uint32_t slot);

/* The id of the pair that `slot` belongs to. */
uint64_t flow_table_id(const struct flow_table *t, uint32_t slot);

static __rte_always_inline bool flow_match(const void *table, uint32_t slot, const void *key)
{
	const struct flow_table *t = table;
	const struct flow_line *line = &t->lines[slot];
	const struct tuple *k = key;

	return tuple_ends_equal(&line->key, &k->ends) && k->v6 == !!(line->flags & FLOW_KEY6) &&
	       (likely(!k->v6) || tuple_wide_equal(&t->wides[slot].key, &k->wide));
}

/* Reader: the slot of the direction whose packets carry `key`, or TUPLE_NO_SLOT. */
static __rte_always_inline uint32_t flow_table_find(const struct flow_table *t, uint64_t hash,
						    const struct tuple *key)
{
	return tuple_index_find(&t->index, hash, flow_match, t, key);
}

static inline uint8_t *flow_state_of(const struct flow_table *t, uint32_t slot)
{
	return &t->tracks[slot & ~UINT32_C(1)].state;
}

#endif

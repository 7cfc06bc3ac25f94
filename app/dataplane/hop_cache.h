/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where those came from who were answered without a table entry: the next hop of the last SYN of
 * each group of sources, on one port.
 *
 * Most sources of a port share their next hop, a router.  So a flood from everywhere, which takes
 * every slot many times a second, does not take away the answer: it is only no longer certain.
 */
#ifndef TANDEM_HOP_CACHE_H
#define TANDEM_HOP_CACHE_H

#include <stdint.h>

#include "tuple.h"

#define HOP_CACHE_SLOTS 256

struct hop_cache {
	struct hop_cache_slot {
		uint64_t hop;	 /* next_hop.h; 0: empty */
		uint64_t source; /* whose */
	} slots[HOP_CACHE_SLOTS];
};

static inline uint64_t hop_cache_source(const struct tuple_seed *seed, const struct tuple *t)
{
	uint64_t addr = t->v6 ? tuple_half(&t->wide.peer, 0) ^ tuple_half(&t->wide.peer, 1)
			      : t->ends.peer_addr;

	return tuple_mix(addr ^ seed->k[0], seed->k[1]);
}

static inline struct hop_cache_slot *hop_cache_slot(struct hop_cache *c, uint64_t source)
{
	return &c->slots[source % HOP_CACHE_SLOTS];
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the worker that received a packet to the one that owns what it is about, DESIGN 3.
 *
 * Half-open and parked legs, cookies, and how many legs a source has are one worker's own: all that
 * one source sends belongs to its *owner*, told by a keyed hash of the IPv4 address or the IPv6
 * network of 64 bits.  By the source and not by the four-tuple, so that what a source may have is
 * counted in one place; keyed, so that nobody can choose sources that all fall to one worker.
 *
 * Only what is not in the splice table goes this way.  An owner looks there again before anything
 * else, for meanwhile a packet's leg may have become a flow; and it hands nothing on, for all ask
 * the same function.
 *
 * There is a ring from each worker to each other one, with one producer and one consumer: nobody
 * waits for anybody, not even for one that the kernel has taken off its core.  They are bounded, and
 * what a full one refuses is dropped: a flood costs the memory of the rings and no more.  A frame's
 * port, its index in the configuration, travels in the mbuf's own field, which is DPDK's until then
 * and nobody's afterwards.
 */
#ifndef TANDEM_HANDOVER_H
#define TANDEM_HANDOVER_H

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "config.h"
#include "mailbox.h"
#include "tuple.h"

struct handover {
	struct tuple_seed seed;
	unsigned int n_workers;
	struct mailbox *mb;
	struct rte_ring *rings[CONFIG_MAX_WORKERS][CONFIG_MAX_WORKERS]; /* [to][from] */
};

/*
 * `seed` is what nobody may guess; `mb`, which wakes owners that sleep, outlives it.  Memory is from
 * the EAL's heap.  -ENOMEM.  handover_fini() frees the frames that nobody took, and is safe on
 * zeroed memory; no worker may run any more.
 */
int handover_init(struct handover *h, unsigned int n_workers, const struct tuple_seed *seed,
		  struct mailbox *mb);
void handover_fini(struct handover *h);

/* Whose are the legs of that peer?  Any thread. */
static inline unsigned int handover_owner(const struct handover *h, const struct tuple *t)
{
	uint64_t hash = tuple_mix(tuple_source(t) ^ h->seed.k[0], h->seed.k[1]);

	return (unsigned int)((hash >> 32) * h->n_workers >> 32);
}

/* On worker `from`: give a frame that came in by `port` to another worker, which takes the mbuf and
 * is not woken yet.  False: its ring is full. */
bool handover_give(struct handover *h, unsigned int from, unsigned int to, unsigned int port,
		   struct rte_mbuf *m);

/* Wake worker `to` if it sleeps: one system call then, none while it is awake. */
static inline void handover_wake(struct handover *h, unsigned int to)
{
	mailbox_wake_worker(h->mb, to);
}

/* On worker `to`: take up to `n` frames of worker `from`, whose field `port` says where each came
 * in; returns how many. */
static inline unsigned int handover_take(struct handover *h, unsigned int to, unsigned int from,
					 struct rte_mbuf **frames, unsigned int n)
{
	return rte_ring_sc_dequeue_burst(h->rings[to][from], (void **)frames, n, NULL);
}

/* On worker `to`: do frames wait? */
bool handover_waits(const struct handover *h, unsigned int to);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "handover.h"

/* What may wait for one worker; a few bursts for each of many others. */
#define FRAMES_A_WORKER 1024

static struct rte_ring *ring_create(unsigned int entries)
{
	ssize_t size = rte_ring_get_memsize(entries);
	struct rte_ring *ring;

	if (size < 0)
		return NULL;
	ring = rte_zmalloc("handover", (size_t)size, RTE_CACHE_LINE_SIZE);
	if (ring != NULL)
		rte_ring_init(ring, "handover", entries, RING_F_SP_ENQ | RING_F_SC_DEQ);
	return ring;
}

int handover_init(struct handover *h, unsigned int n_workers, const struct tuple_seed *seed,
		  struct mailbox *mb)
{
	unsigned int to, from, entries;

	memset(h, 0, sizeof(*h));
	h->seed = *seed;
	h->n_workers = n_workers;
	h->mb = mb;
	entries = n_workers > 1 ? rte_align32prevpow2(FRAMES_A_WORKER / (n_workers - 1)) : 0;
	for (to = 0; to < n_workers; to++) {
		for (from = 0; from < n_workers; from++) {
			if (from == to)
				continue;
			h->rings[to][from] = ring_create(entries);
			if (h->rings[to][from] == NULL) {
				handover_fini(h);
				return -ENOMEM;
			}
		}
	}
	return 0;
}

static void ring_destroy(struct rte_ring *ring)
{
	void *m;

	while (ring != NULL && rte_ring_sc_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
	rte_free(ring);
}

void handover_fini(struct handover *h)
{
	unsigned int to, from;

	for (to = 0; to < h->n_workers; to++) {
		for (from = 0; from < h->n_workers; from++)
			ring_destroy(h->rings[to][from]);
	}
	memset(h, 0, sizeof(*h));
}

bool handover_give(struct handover *h, unsigned int from, unsigned int to, unsigned int port,
		   struct rte_mbuf *m)
{
	m->port = (uint16_t)port;
	return rte_ring_sp_enqueue(h->rings[to][from], m) == 0;
}

bool handover_waits(const struct handover *h, unsigned int to)
{
	unsigned int from;

	for (from = 0; from < h->n_workers; from++) {
		if (from != to && !rte_ring_empty(h->rings[to][from]))
			return true;
	}
	return false;
}

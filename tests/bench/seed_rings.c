/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * testpmd cannot be told which frames to forward, and on ports without a wire it sees none.  This is
 * loaded into it (LD_PRELOAD; EAL's own `-d` refuses files below /tmp): as soon as its ports net_ring0
 * and net_ring1 and its mempool are there, the frames of the file $BENCH_FRAMES go into the rings, half
 * into each.  What net_ring sends it receives again, so they go round as long as testpmd forwards.  It
 * says "seeded" when all are in.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "frame_file.h"

#define PATIENCE_MS 20000

/* Nothing can be looked up before the EAL has its tables; the clock is made after them. */
static bool find(struct rte_ring *rings[2], struct rte_mempool **pool)
{
	if (rte_get_tsc_hz() == 0)
		return false;
	rings[0] = rte_ring_lookup("ETH_RXTX0_net_ring0");
	rings[1] = rte_ring_lookup("ETH_RXTX0_net_ring1");
	*pool = rte_mempool_lookup("mb_pool_0");
	return rings[0] != NULL && rings[1] != NULL && *pool != NULL;
}

static bool add(struct rte_ring *ring, struct rte_mempool *pool, FILE *file)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	if (m == NULL)
		return false;
	m->data_len = frame_file_next(file, rte_pktmbuf_mtod(m, void *), rte_pktmbuf_tailroom(m));
	m->pkt_len = m->data_len;
	if (m->data_len != 0 && rte_ring_enqueue(ring, m) == 0)
		return true;
	rte_pktmbuf_free(m);
	return false;
}

static void *seed(void *arg)
{
	FILE *file = frame_file_open(getenv("BENCH_FRAMES"));
	struct rte_ring *rings[2];
	struct rte_mempool *pool;
	unsigned int ms, n;

	(void)arg;
	for (ms = 0; !find(rings, &pool); ms++) {
		if (ms == PATIENCE_MS)
			return NULL;
		usleep(1000);
	}
	/* The pool has its name before it has its mbufs. */
	sleep(1);
	for (n = 0; file != NULL && add(rings[n % 2], pool, file); n++)
		;
	printf("seeded %u\n", n);
	fflush(stdout);
	if (file != NULL)
		fclose(file);
	return NULL;
}

static void __attribute__((constructor)) begin(void)
{
	pthread_t thread;

	if (getenv("BENCH_FRAMES") != NULL && pthread_create(&thread, NULL, seed, NULL) == 0)
		pthread_detach(thread);
}

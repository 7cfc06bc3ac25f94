/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>

#include "frame_pool.h"
#include "log.h"

#define POOL_CACHE 256

/* As rte_pktmbuf_pool_create() does, but without the padding that spreads elements over memory
 * channels: with it the largest would be more than AF_XDP takes. */
static struct rte_mempool *create_mbufs(unsigned int n, uint16_t data_room)
{
	struct rte_pktmbuf_pool_private sizes = {
		.mbuf_data_room_size = (uint16_t)(data_room + RTE_PKTMBUF_HEADROOM),
	};
	struct rte_mempool *pool = rte_mempool_create_empty(
		"frames", n, (unsigned int)sizeof(struct rte_mbuf) + sizes.mbuf_data_room_size,
		POOL_CACHE, sizeof(sizes), SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_SPREAD);

	if (pool == NULL)
		return NULL;
	if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL) < 0)
		goto fail;
	rte_pktmbuf_pool_init(pool, &sizes);
	if (rte_mempool_populate_default(pool) < 0)
		goto fail;
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
fail:
	rte_mempool_free(pool);
	return NULL;
}

struct rte_mempool *frame_pool_create(unsigned int n, uint16_t data_room)
{
	struct rte_mempool *pool = create_mbufs(n, data_room);

	if (pool == NULL)
		log_error("no memory for %u frames of %u bytes: raise dataplane.memory", n,
			  data_room);
	return pool;
}

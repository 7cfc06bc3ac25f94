/* SPDX-License-Identifier: BSD-3-Clause */
/* The one mempool that the frames of all ports come from: some PMDs demand that. */
#ifndef TANDEM_FRAME_POOL_H
#define TANDEM_FRAME_POOL_H

#include <stdint.h>

#include <rte_mempool.h>

/* `n` mbufs with `data_room` bytes behind the headroom.  Freed by rte_mempool_free().  NULL, told in
 * the log: there is no memory. */
struct rte_mempool *frame_pool_create(unsigned int n, uint16_t data_room);

#endif

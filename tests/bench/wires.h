/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peers' ends of two wires: the EAL's first two ethdevs, of whatever kind, memif here.
 */
#ifndef TANDEM_BENCH_WIRES_H
#define TANDEM_BENCH_WIRES_H

#include <rte_mbuf.h>

#include "rig.h"

#define WIRE_BURST 32

struct wires {
	struct rte_mempool *pool;   /* of what is received, and said in handshakes */
	struct rte_mempool *filled; /* of frames that are filled with payload, see traffic.h */
	uint16_t ids[RIG_PORTS];
};

/* Start them, and wait until somebody is at their other ends. */
void wires_open(struct wires *w);

/* All of it, however long the other end takes; dies when that is for ever. */
void wires_send(struct wires *w, unsigned int port, struct rte_mbuf **frames, unsigned int n);

/* What has come by a port, up to WIRE_BURST frames. */
unsigned int wires_receive(struct wires *w, unsigned int port, struct rte_mbuf **frames);

/* A frame to say something in. */
struct rte_mbuf *wires_blank(struct wires *w);

#endif

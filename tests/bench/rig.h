/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole worker whose two ports, and the TAPs behind them, are rings, for programs that count its
 * cycles: they put frames in, let the worker run, and take frames out, and only what the worker
 * does is timed.
 *
 *   alices --- port 0 [ worker ] port 1 --- bobs
 *
 * Made of the same parts as tandemd's, and of the same kind of port as testpmd gets beside it.
 */
#ifndef TANDEM_BENCH_RIG_H
#define TANDEM_BENCH_RIG_H

#include "worker.h"

#define RIG_PORTS 2
/* Frames under way on a port; testpmd has rings of 1,024 and as many. */
#define RIG_BATCH 480

struct rig {
	unsigned int
		number; /* of several rigs: each has a worker, and they share the flows of the first */
	struct config cfg;
	struct listener listener;
	struct rte_mempool *pool;
	struct rte_ring *in[RIG_PORTS], *out[RIG_PORTS];
	struct dataplane_port ports[RIG_PORTS];
	struct mailbox *mb;
	struct rte_rcu_qsbr *readers;
	struct flow_table *flows;
	struct handover handover;
	struct worker_stats stats;
	struct worker worker;
};

/* The relay's own end, on either port, and the MAC of what comes by a port. */
#define RIG_RELAY_ADDR UINT32_C(0xc000020a) /* 192.0.2.10 */
#define RIG_RELAY_PORT 4000
extern const struct in6_addr rig_relay6;
extern const struct rte_ether_addr rig_port_mac[RIG_PORTS], rig_peer_mac[RIG_PORTS];

/* What there is room for. */
struct rig_size {
	uint32_t sessions, legs, half_open;
};

/* After rte_eal_init().  All of it ends with the process.  -ENOMEM or what the EAL says. */
int rig_start(struct rig *r, const struct rig_size *size);

/* One more, on the flows of another one; `number` is from 1 on. */
int rig_join(struct rig *r, unsigned int number, const struct rig *first);

/* Put a frame in by a port, or take one that left, NULL: none.  Never timed. */
void rig_put(struct rig *r, unsigned int port, struct rte_mbuf *m);
struct rte_mbuf *rig_take(struct rig *r, unsigned int port);

/* Run the worker, on the calling thread, until it has had `n` frames; returns the TSC cycles. */
uint64_t rig_run(struct rig *r, unsigned int n);

/* Say what is wrong, and end. */
void __attribute__((format(printf, 1, 2), noreturn)) rig_die(const char *fmt, ...);

#endif

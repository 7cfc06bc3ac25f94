/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data plane: workers, the flow table and the memory they share.
 *
 * Created, started and stopped on the control thread.  While it runs the control thread has three
 * ways in: the mailbox, the splicer, and the counters of dataplane_stats.h.
 */
#ifndef TANDEM_DATAPLANE_H
#define TANDEM_DATAPLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mempool.h>

#include "config.h"
#include "dataplane_stats.h"
#include "mailbox.h"

/*
 * A port whose ethdev is rings that somebody has to fill and empty: the workers do, each before it
 * receives from a queue and after it has sent.  System calls are made here.
 */
struct dataplane_pump {
	void *ctx; /* NULL: no pump */
	void (*receive)(void *ctx, unsigned int queue);
	/* Adds how many frames were lost to `*lost`; true: some still wait. */
	bool (*send)(void *ctx, unsigned int worker, unsigned int *lost);
};

/* A started port of the configuration, by its index there. */
struct dataplane_port {
	const uint16_t *queue_ids; /* not NULL: each queue is one of these ethdevs, its queue 0 */
	/* By receive queue: readable while frames wait, -1 where nobody can tell; NULL: all -1 */
	const int *wake_fds;
	uint16_t id;	    /* else the ethdev, with one transmit queue a worker */
	uint16_t rx_queues; /* worker w of n polls receive queues w, w + n, w + 2n ... */
	uint16_t tap_id;    /* ethdev of its exception path, one queue a worker each way */
	struct rte_ether_addr mac;
	struct dataplane_pump pump;
	bool kernels;	  /* the kernel sees its frames by itself: it has no TAP */
	bool offload;	  /* it completes partial checksums, cuts super-frames and takes chains */
	uint16_t vlan;	  /* the one its frames are tagged with, 0: they are not */
	uint16_t room[2]; /* bytes of TCP options and payload a packet can have, IPv4 and IPv6 */
};

/* A port's queue, to receive or to send, as an ethdev and its queue. */
struct dataplane_queue {
	uint16_t id, queue;
};

static inline struct dataplane_queue dataplane_queue(const struct dataplane_port *port,
						     unsigned int queue)
{
	return port->queue_ids == NULL
		       ? (struct dataplane_queue){.id = port->id, .queue = (uint16_t)queue}
		       : (struct dataplane_queue){.id = port->queue_ids[queue]};
}

/*
 * `cfg`, `mb`, `ports` (one a configured port) and `pool`, from which the ports receive, must
 * outlive it.  Memory is from the EAL's heap.  Returns NULL and sets errno on failure.
 */
struct dataplane *dataplane_create(const struct config *cfg, struct mailbox *mb,
				   const struct dataplane_port *ports, struct rte_mempool *pool);
void dataplane_destroy(struct dataplane *dp);

/* Launch the workers on their lcores.  0 or a negative errno. */
int dataplane_start(struct dataplane *dp);
/* End the workers and wait for them. Safe when they were never started. */
void dataplane_stop(struct dataplane *dp);

/* What may change of `cfg` has: tell the workers.  New legs get the new times and limits.  On the
 * control thread. */
void dataplane_reconfigure(struct dataplane *dp);

/* The flow table's pen, for the control thread. */
struct mailbox_splicer dataplane_splicer(struct dataplane *dp);

#endif

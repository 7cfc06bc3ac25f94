/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configured ports and the TAP of each, as ethdevs.
 */
#ifndef TANDEM_PORT_H
#define TANDEM_PORT_H

#include <rte_ether.h>
#include <rte_mempool.h>

#include "config.h"
#include "kernel_port.h"
#include "steering.h"
#include "xdp_socket.h"

struct port {
	uint16_t ids[CONFIG_MAX_QUEUES]; /* ethdevs: one, or one a queue (device.h) */
	unsigned int n_ids, n_started;
	uint16_t rx_queues; /* to be polled, the exception queue of steering too */
	/* Readable while frames wait there; -1: nobody can tell. */
	int wake_fds[CONFIG_MAX_QUEUES + 1];
	uint16_t tap_id; /* ethdev of the exception path */
	bool tap_started;
	struct kernel_port *kernel; /* it is one, without a TAP; else NULL */
	struct steering steering;
	struct rte_ether_addr mac;
};

struct port_set {
	const struct config *cfg;
	struct rte_mempool *pool; /* of all ports: some PMDs need one for all */
	struct port ports[CONFIG_MAX_PORTS];
	struct xdp_sockets xdp_sockets;
};

/*
 * Find, configure and start all ports and their TAPs.  A port receives by the configured queues and
 * sends by at least one a worker; its TAP, unless it is a port of the kernel's, has one a worker
 * each way, its MAC and MTU, and no addresses yet.  After eal_start(), on the control thread.  0 or a
 * negative errno, told in the log; port_set_stop() undoes what was done either way.
 */
int port_set_start(struct port_set *set, const struct config *cfg);
void port_set_stop(struct port_set *set);

/* For the stats: any thread. */
bool port_is_up(const struct port *port);
uint64_t port_rx_missed(const struct port *port);
/* Steering by rte_flow is in force; else software tells service traffic from the rest. */
bool port_is_steered(const struct port *port);

#endif

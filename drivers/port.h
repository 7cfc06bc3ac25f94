/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configured ports and the TAP of each, as ethdevs.
 */
#ifndef TANDEM_PORT_H
#define TANDEM_PORT_H

#include <rte_ether.h>
#include <rte_mempool.h>

#include "config.h"

struct port {
	uint16_t id;	    /* ethdev */
	uint16_t rx_queues; /* that it was started with */
	uint16_t tap_id;    /* ethdev of the exception path */
	bool started, tap_started;
	struct rte_ether_addr mac;
};

struct port_set {
	const struct config *cfg;
	struct rte_mempool *pool; /* of all ports: some PMDs need one for all */
	struct port ports[CONFIG_MAX_PORTS];
};

/*
 * Find, configure and start all ports and their TAPs with one queue a worker.  The TAPs have the
 * ports' MACs and MTUs and no addresses yet.  After eal_start(), on the control thread.  0 or a
 * negative errno, told in the log; port_set_stop() undoes what was done either way.
 */
int port_set_start(struct port_set *set, const struct config *cfg);
void port_set_stop(struct port_set *set);

/* For the stats: any thread. */
bool port_is_up(const struct port *port);
uint64_t port_rx_missed(const struct port *port);

#endif

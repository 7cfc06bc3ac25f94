/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steering: where the driver has rte_flow, the NIC itself parts the service's TCP from the rest.
 * The service's goes to receive queues 0 to queues - 1, spread by RSS, the rest to queue `queues`,
 * the exception queue.  All of it, or none: then software tells them apart.  Workers do that in
 * any case, so a packet on a queue where it does not belong is only slower.
 */
#ifndef TANDEM_STEERING_H
#define TANDEM_STEERING_H

#include <rte_flow.h>

#include "config.h"

/* On each address a rule for each service, and for the rendezvous range as many as it has aligned
 * blocks of ports, at most 30; one for the rendezvous prefix, and one for the rest. */
#define STEERING_SERVICES  (2 + 30)
#define STEERING_MAX_RULES (CONFIG_MAX_PORTS * CONFIG_MAX_ADDRESSES * STEERING_SERVICES + 2)

struct steering_target {
	uint16_t port_id;
	uint16_t queues;       /* for the service */
	uint16_t vlan;	       /* tag of the service's packets, 0: none */
	uint8_t rss_key_bytes; /* as the driver wants it */
	uint64_t rss_types;    /* RTE_ETH_RSS_* that the driver has */
};

struct steering {
	uint16_t port_id;
	struct rte_flow *rules[STEERING_MAX_RULES];
	unsigned int n_rules; /* 0: it is not in force */
};

/*
 * Would the driver take all the rules?  The port has been configured, with queues + 1 receive
 * queues.  0 or a negative errno, and why in `why`, which stays the library's.
 */
int steering_validate(const struct steering_target *target, const struct config *cfg,
		      const char **why);

/* Put the rules in force on the started port.  0; or a negative errno and why, with none of them
 * in force. */
int steering_start(struct steering *s, const struct steering_target *target,
		   const struct config *cfg, const char **why);

/* Take back what is in force. */
void steering_stop(struct steering *s);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the `device` of a configured port is to EAL: mostly one ethdev.  An AF_XDP port on an
 * interface that does not count its queues in pairs, as a veth does not, is one ethdev a queue,
 * for the PMD takes such an interface to have a single one.
 */
#ifndef TANDEM_DEVICE_H
#define TANDEM_DEVICE_H

#include <stddef.h>

#include <rte_ethdev.h>

#include "config.h"

/*
 * How many ethdevs of EAL's the port is made of, none if it is the kernel's (kernel_port.h), and
 * whether its interface has exactly the queues that it is to have: frames on others would never be
 * seen.  -EINVAL and such, told in the log.
 */
int device_count(const struct config_port *port);

/* The name of one of them. */
void device_name(const struct config_port *port, unsigned int member,
		 char name[RTE_ETH_NAME_MAX_LEN]);

/* Its EAL argument, out of `count`: a string for free(), or NULL when out of memory or when the
 * device's own arguments cannot be read. */
char *device_argument(const struct config_port *port, unsigned int member, unsigned int count);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_SYSCTL_H
#define TANDEM_SYSCTL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A TAP answers ARP for its own addresses only and takes packets whatever way back they would go
 * (rp_filter 2, arp_ignore 1, arp_announce 2).  0 or a negative errno, told in the log.
 */
int sysctl_prepare_tap(const char *ifname);

/* A bit for each port. */
struct sysctl_ports {
	uint8_t bits[65536 / 8];
};

void sysctl_add_ports(struct sysctl_ports *ports, uint16_t first, uint16_t last);

/*
 * Keep the kernel from using these ports for connections of its own (ip_local_reserved_ports), or
 * allow them again.  What others reserved stays.  `ports` becomes those for which there was anything
 * to do.  0 or a negative errno, told in the log.
 */
int sysctl_reserve_ports(struct sysctl_ports *ports, bool reserve);

/*
 * Have the kernel keep an interface's IPv6 addresses while it is down, as it keeps those of IPv4, or
 * not.  `*changed` tells whether there was anything to do; without IPv6 there is nothing.  0 or a
 * negative errno, told in the log.
 */
int sysctl_keep_addresses(const char *ifname, bool keep, bool *changed);

#endif

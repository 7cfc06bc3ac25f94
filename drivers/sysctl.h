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

/*
 * Keep the kernel from using the service's port for connections of its own
 * (ip_local_reserved_ports), or allow it again.  What others reserved stays.  `*changed` tells
 * whether there was anything to do.  0 or a negative errno, told in the log.
 */
int sysctl_reserve_port(uint16_t port, bool reserve, bool *changed);

#endif

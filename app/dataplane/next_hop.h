/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a leg's packets go: out of the port and to the MAC its own came in by ("auto last hop"),
 * as one 64-bit word that is read and written at once: port 4 bits, VLAN 12, MAC 48.  The VLAN is 0
 * so far, for a port has one at most and says itself which (vlan.h).
 *
 * The port is its index in the configuration, which survives a restart; DPDK's port ids need not.
 */
#ifndef TANDEM_NEXT_HOP_H
#define TANDEM_NEXT_HOP_H

#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>

static inline uint64_t next_hop_make(unsigned int port, unsigned int vlan,
				     const struct rte_ether_addr *mac)
{
	uint64_t word = 0;

	memcpy(&word, mac, sizeof(*mac));
	return (uint64_t)port << 60 | (uint64_t)vlan << 48 | rte_le_to_cpu_64(word);
}

static inline unsigned int next_hop_port(uint64_t hop)
{
	return (unsigned int)(hop >> 60);
}

static inline void next_hop_mac(uint64_t hop, struct rte_ether_addr *mac)
{
	const uint64_t word = rte_cpu_to_le_64(hop);

	memcpy(mac, &word, sizeof(*mac));
}

#endif

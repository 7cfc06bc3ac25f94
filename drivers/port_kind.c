/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "port_kind.h"

/* What software PMDs count on, and buffers of most NICs are. */
#define DATA_ROOM_MIN 2048

/*
 * AF_XDP carries a frame in one element of UMEM, which has at most 4 KiB in all and is one of the
 * mempool as it is, headers included.  In front of a frame it receives the kernel keeps some room for
 * XDP programs, behind the mbuf's headroom.
 */
#define XDP_ELEMENT  4096
#define XDP_HEADROOM 256

/* What a mempool puts in front of an mbuf's data. */
#define ELEMENT_HEADERS (RTE_CACHE_LINE_SIZE + (uint16_t)sizeof(struct rte_mbuf))

static const struct port_kind kinds[] = {
	{.driver = "net_af_xdp",
	 .mtu_max = 3500,
	 .room_beside = XDP_HEADROOM,
	 .room_max = XDP_ELEMENT - ELEMENT_HEADERS - RTE_PKTMBUF_HEADROOM,
	 .sets_mtu = true,
	 .queue_argument = "queue_count",
	 .tx_as_rx = true,
	 .takes_all_queues = true,
	 .xdp_sockets = true},
	{.driver = "net_af_packet",
	 .mtu_max = 1500,
	 .room_max = UINT16_MAX,
	 .sets_mtu = true,
	 .queue_argument = "qpairs",
	 .tx_as_rx = true},
	{.driver = "net_memif", .mtu_max = 1500, .room_max = UINT16_MAX},
	{.driver = "net_null", .mtu_max = 1500, .room_max = UINT16_MAX},
	{.driver = "net_ring", .mtu_max = 9000, .room_max = UINT16_MAX},
	{.driver = "net_tap",
	 .mtu_max = 1500,
	 .room_max = UINT16_MAX,
	 .sets_mtu = true,
	 .allmulticast = true,
	 .tx_as_rx = true,
	 .interrupts = true,
	 .steers = true},
	{.driver = "kernel:",
	 .mtu_max = 9000,
	 .room_max = UINT16_MAX,
	 .kernels = true,
	 .chains = true},
	{.driver = NULL,
	 .mtu_max = 9000,
	 .room_beside = RTE_ETHER_CRC_LEN + RTE_VLAN_HLEN,
	 .room_max = UINT16_MAX,
	 .sets_mtu = true,
	 .allmulticast = true,
	 .steers = true},
};

const struct port_kind *port_kind_of(const char *driver)
{
	const struct port_kind *kind = kinds;

	while (kind->driver != NULL && strcmp(kind->driver, driver) != 0)
		kind++;
	return kind;
}

const struct port_kind *port_kind_of_device(const char *device)
{
	const struct port_kind *kind = kinds;

	while (kind->driver != NULL && strncmp(kind->driver, device, strlen(kind->driver)) != 0)
		kind++;
	return kind;
}

uint16_t port_kind_data_room(const struct port_kind *kind, uint16_t mtu)
{
	const uint32_t room = (uint32_t)mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN + kind->room_beside;

	if (mtu > kind->mtu_max || room > kind->room_max)
		return 0;
	if (kind->chains)
		return DATA_ROOM_MIN;
	return (uint16_t)RTE_MAX(room, (uint32_t)DATA_ROOM_MIN);
}

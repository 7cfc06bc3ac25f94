/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include "port_kind.h"

/*
 * AF_XDP carries a frame in one UMEM element of at most 4 KiB, headroom included, and it lives in
 * the mempool's elements as they are.
 */
static const struct port_kind kinds[] = {
	{.driver = "net_af_xdp", .mtu_max = 3500, .data_room = 2048, .sets_mtu = true},
	{.driver = "net_af_packet", .mtu_max = 1500, .data_room = 2048, .sets_mtu = true},
	{.driver = "net_memif", .mtu_max = 1500, .data_room = 2048},
	{.driver = "net_null", .mtu_max = 1500, .data_room = 2048},
	{.driver = "net_ring", .mtu_max = 9000, .data_room = 2048},
	{.driver = NULL,
	 .mtu_max = 9000,
	 .data_room = 2048,
	 .sets_mtu = true,
	 .allmulticast = true},
};

const struct port_kind *port_kind_of(const char *driver)
{
	const struct port_kind *kind = kinds;

	while (kind->driver != NULL && strcmp(kind->driver, driver) != 0)
		kind++;
	return kind;
}

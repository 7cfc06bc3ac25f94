/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port's kind makes of an MTU: how large the buffers must be, or that it is too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "port_kind.h"

#define TAGGED_HEADER (RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN)
#define XDP_HEADROOM  256

static void rooms(void **state)
{
	static const struct {
		const char *driver;
		uint16_t mtu, room; /* 0: refused */
	} rows[] = {
		{"net_af_xdp", 576, 2048},
		{"net_af_xdp", 1500, 2048},
		{"net_af_xdp", 2048 - TAGGED_HEADER - XDP_HEADROOM, 2048},
		{"net_af_xdp", 2049 - TAGGED_HEADER - XDP_HEADROOM, 2049},
		{"net_af_xdp", 3500, 3500 + TAGGED_HEADER + XDP_HEADROOM},
		{"net_af_xdp", 3501, 0},
		{"net_af_xdp", 9000, 0},
		{"net_af_packet", 1500, 2048},
		{"net_af_packet", 1501, 0},
		{"net_memif", 1501, 0},
		{"net_null", 1501, 0},
		{"net_tap", 1500, 2048},
		{"net_tap", 1501, 0},
		{"net_ring", 2030, 2048},
		{"net_ring", 2031, 2049},
		{"net_ring", 9000, 9000 + TAGGED_HEADER},
		{"net_ring", 9001, 0},
		{"kernel:", 1500, 2048},
		{"kernel:", 9000, 2048},
		{"kernel:", 9001, 0},
		{"net_ixgbe", 1500, 2048},
		{"net_ixgbe", 9000, 9000 + TAGGED_HEADER + RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN},
		{"net_ixgbe", 9001, 0},
		{"net_ixgbe", UINT16_MAX, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		uint16_t room = port_kind_data_room(port_kind_of(rows[i].driver), rows[i].mtu);

		if (room != rows[i].room)
			fail_msg("%s, mtu %u: %u", rows[i].driver, rows[i].mtu, room);
	}
}

/* The largest room is one that an element of UMEM has, with all that is in front of it. */
static void elements_of_umem(void **state)
{
	const struct port_kind *xdp = port_kind_of("net_af_xdp");
	uint32_t elt = (uint32_t)sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM + xdp->room_max;

	(void)state;
	assert_int_equal(rte_mempool_calc_obj_size(elt, RTE_MEMPOOL_F_NO_SPREAD, NULL), 4096);
	assert_true(port_kind_data_room(xdp, xdp->mtu_max) <= xdp->room_max);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rooms),
		cmocka_unit_test(elements_of_umem),
	};

	return cmocka_run_group_tests_name("port_kind", tests, NULL, NULL);
}

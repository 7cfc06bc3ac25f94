/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is particular to a kind of port, as rows: one a poll-mode driver.  What a wrapper or a
 * software PMD says of itself in rte_eth_dev_info is not always what it can do.
 */
#ifndef TANDEM_PORT_KIND_H
#define TANDEM_PORT_KIND_H

#include <stdbool.h>
#include <stdint.h>

struct port_kind {
	const char *driver;	    /* as rte_eth_dev_info names it; NULL: the row for all others */
	uint16_t mtu_max;	    /* beyond it frames would not fit what the PMD can carry */
	uint16_t room_beside;	    /* bytes an mbuf must hold beside a tagged frame */
	uint16_t room_max;	    /* bytes it may hold at most, headroom not counted */
	bool sets_mtu;		    /* rte_eth_dev_set_mtu() works */
	bool allmulticast;	    /* needs telling to receive multicast (ARP does not, ND does) */
	const char *queue_argument; /* of the device, for how many queues it has; NULL: none */
	bool tx_as_rx;		    /* as many queues to send as to receive */
	bool takes_all_queues;	    /* of a kernel interface, and must, or frames are lost */
	bool interrupts;	    /* queues have descriptors that tell of frames, if asked for */
	bool xdp_sockets;	    /* so have these, but xdp_socket.h has to find them */
	bool kernels;		    /* an interface of the kernel's, by kernel_port.h; no TAP */
	bool chains;		    /* frames may be larger than an mbuf */
	bool steers;		    /* may have rte_flow, and a queue to spare for it */
};

/* The row of a driver. Never NULL. */
const struct port_kind *port_kind_of(const char *driver);

/* The row of a device that is not there yet, by the name of a vdev: its driver's and a number.
 * Never NULL. */
const struct port_kind *port_kind_of_device(const char *device);

/* How many bytes an mbuf must hold, headroom not counted, for frames of such an MTU, tagged or not.
 * 0: it is more than this kind of port carries. */
uint16_t port_kind_data_room(const struct port_kind *kind, uint16_t mtu);

#endif

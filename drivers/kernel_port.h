/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port on an interface of the kernel, `kernel:IFNAME`, for hosts without a NIC that DPDK drives:
 * its frames are read from and written to a packet socket, with vnet headers, so that the kernel's
 * segments of up to 64 KiB come and go whole and unsummed.
 *
 * To the data plane it is an ethdev like any other, made of rings, whose pump the workers run.  Each
 * queue to receive is a packet socket; the kernel parts connections among them.
 * The interface stays the kernel's: it answers ARP, ND and ping there itself, and has no TAP.
 */
#ifndef TANDEM_KERNEL_PORT_H
#define TANDEM_KERNEL_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mempool.h>

#include "config.h"

struct kernel_port;

/* The interface of a device that is such a port; else NULL. */
const char *kernel_port_interface(const char *device);

/*
 * Open the port: an ethdev with the configured queues to receive and one a worker to send, not yet
 * configured.  What begins a frame comes from `pool`, what is left of a large one from a pool of its
 * own.  `index` tells ports apart.  On the control thread, after eal_start().  0 or a negative errno.
 */
int kernel_port_open(struct kernel_port **port, const struct config *cfg, unsigned int index,
		     struct rte_mempool *pool);

/* After the ethdev was stopped and closed; NULL is nothing. */
void kernel_port_close(struct kernel_port *port);

uint16_t kernel_port_id(const struct kernel_port *port);
struct rte_ether_addr kernel_port_mac(const struct kernel_port *port);

/* On the worker that polls the queue of the port `ctx`: read what there is, at most a burst, into
 * its ring. */
void kernel_port_receive(void *ctx, unsigned int queue);

/* On `worker`: write what is in its ring, as long as the kernel takes it; adds to `*lost` how many
 * frames it refused.  True: some still wait. */
bool kernel_port_send(void *ctx, unsigned int worker, unsigned int *lost);

/* Readable when frames wait. */
int kernel_port_wake_fd(const struct kernel_port *port, unsigned int queue);

/* For the stats, on any thread. */
bool kernel_port_is_up(const struct kernel_port *port);
uint64_t kernel_port_missed(const struct kernel_port *port);

#endif

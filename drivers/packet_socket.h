/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet socket with vnet headers (packet(7), PACKET_VNET_HDR): the frames of an interface of the
 * kernel's, up to 64 KiB of TCP each, in bursts of mbufs.
 *
 * Several of one interface share what comes in, each connection's packets by one of them.
 */
#ifndef TANDEM_PACKET_SOCKET_H
#define TANDEM_PACKET_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>

#define PACKET_SOCKET_BURST 32
/* Mbufs of 32 KiB that wait behind the first one of each frame of a burst. */
#define PACKET_SOCKET_TAILS	 2
#define PACKET_SOCKET_TAIL_BYTES 32768

struct packet_socket;

/*
 * Frames begin in mbufs of `heads`, which have room for all headers, and go on in those of `tails`.
 * Nothing is received yet.  -errno.
 */
int packet_socket_create(struct packet_socket **s, struct rte_mempool *heads,
			 struct rte_mempool *tails);
/* NULL is nothing. */
void packet_socket_destroy(struct packet_socket *s);

/* Receive what comes in by the interface: IP without a VLAN.  `first` is NULL or a socket of the same
 * interface to share with. -errno. */
int packet_socket_bind(struct packet_socket *s, const char *interface,
		       const struct packet_socket *first);

/* Take up to `n` frames that came in, at most a burst, marked by vnet.h.  One thread. */
unsigned int packet_socket_receive(struct packet_socket *s, struct rte_mbuf **frames,
				   unsigned int n);

/*
 * Send up to a burst, in order.  Takes the mbufs of those that the kernel had room for, which it
 * returns, and adds to `*lost` how many of these it refused.  Any thread.
 */
unsigned int packet_socket_send(const struct packet_socket *s, struct rte_mbuf **frames,
				unsigned int n, unsigned int *lost);

/* Readable when frames wait; also good for ioctl(2). */
int packet_socket_fd(const struct packet_socket *s);

/* Frames that the kernel had no room for, and those that were of no use.  Any thread, one of all. */
uint64_t packet_socket_missed(struct packet_socket *s);

#endif

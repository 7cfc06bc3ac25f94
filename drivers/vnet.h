/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a kernel says of a frame in a vnet header (virtio 1.2, 5.1.6; packet(7), PACKET_VNET_HDR),
 * as flags of an mbuf, and back: a partial TCP checksum is RTE_MBUF_F_TX_TCP_CKSUM, more payload
 * than a packet has RTE_MBUF_F_TX_TCP_SEG with tso_segsz.  The checksum field is not touched: both
 * sides have in it the pseudo-header's sum with the length.
 */
#ifndef TANDEM_VNET_H
#define TANDEM_VNET_H

#include <linux/virtio_net.h>
#include <stdbool.h>

#include <rte_mbuf.h>

/*
 * Mark the frame `m`, that came with `header`; its headers lie in the first segment.  False: it is
 * one of many packets, but not of TCP, or it is not said where the checksum is: of no use.
 * A partial checksum of anything but TCP stays unmarked, and is wrong.
 */
bool vnet_mark(struct rte_mbuf *m, const struct virtio_net_hdr *header);

/* The header that `m` goes with, by its flags, l2_len, l3_len and l4_len. */
struct virtio_net_hdr vnet_header(const struct rte_mbuf *m);

#endif

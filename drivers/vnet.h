/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a kernel says of a frame in a vnet header (virtio 1.2, 5.1.6; packet(7), PACKET_VNET_HDR),
 * as flags of an mbuf, and back: a partial TCP checksum is RTE_MBUF_F_TX_TCP_CKSUM, more payload
 * than a packet has RTE_MBUF_F_TX_TCP_SEG with tso_segsz.  The checksum field of a partial one has
 * the pseudo-header's sum with the length, on both sides; where many good packets were made one on
 * the way here, it is put there.
 */
#ifndef TANDEM_VNET_H
#define TANDEM_VNET_H

#include <linux/virtio_net.h>
#include <stdbool.h>

#include <rte_mbuf.h>

/* Nobody means less to be in a packet: a guest may say so, to have the relay make 64 Ki packets. */
#define VNET_SEGSZ_MIN ((uint16_t)48)

/*
 * Mark the frame `m`, that came with `header`; its headers lie in the first segment, and nothing in
 * them is believed yet.  False: it is one of many packets, but not of TCP, or it is not said where
 * the checksum is: of no use.  A partial checksum of anything but TCP stays unmarked, and is wrong.
 */
bool vnet_mark(struct rte_mbuf *m, const struct virtio_net_hdr *header);

/* The header that `m` goes with, by its flags, l2_len, l3_len and l4_len. */
struct virtio_net_hdr vnet_header(const struct rte_mbuf *m);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames whose sender left work to the port they leave by, as a kernel does on a port with vnet
 * headers: the TCP checksum is partial, and there may be more payload than a packet carries.
 *
 * Such a frame has RTE_MBUF_F_TX_TCP_CKSUM set already when it comes in, and with
 * RTE_MBUF_F_TX_TCP_SEG it is a super-frame of which each packet is to carry `tso_segsz` bytes.
 * Its checksum field holds the sum of the pseudo-header, not complemented, with the segment's
 * length, also in a super-frame: that is Linux's way, not DPDK's.  So nothing can be verified of
 * it, and nothing needs to be: it has never been on a wire.
 *
 * It leaves as it is by a port that does the rest, and by any other completed here, or cut
 * (segment.h).
 */
#ifndef TANDEM_OFFLOAD_H
#define TANDEM_OFFLOAD_H

#include "packet.h"

static inline bool offload_is_partial(const struct rte_mbuf *m)
{
	return m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM;
}

static inline bool offload_is_super(const struct rte_mbuf *m)
{
	return m->ol_flags & RTE_MBUF_F_TX_TCP_SEG;
}

/* Not simply to be sent by any port: partial, or a chain. */
static inline bool offload_is_special(const struct rte_mbuf *m)
{
	return m->nb_segs != 1 || offload_is_partial(m);
}

/* The translated `p`, which is partial: the sum of its pseudo-header as it is now. */
void offload_reseed(const struct packet *p);

/*
 * The port does the rest: the mbuf tells it what and where (l2_len, l3_len, l4_len, the family).
 * No packet of it will need more than `room` (segment_room()), nor carry more than its sender
 * meant; false: there is no room for any payload, or for so little that it would be more packets
 * than the relay makes of one (segment.h).  SYN and RST must fit as they are.
 */
bool offload_leave(const struct packet *p, unsigned int room);

/* The most of `room` that a packet of it may need, to carry no more than its sender meant. */
unsigned int offload_room(const struct packet *p, unsigned int room);

/* The port does nothing: complete the checksum over the whole, which one packet must carry. */
void offload_complete(const struct packet *p);

/* It is finished: what is left to the port is nothing. */
static inline void offload_clear(struct rte_mbuf *m)
{
	m->ol_flags &= ~(RTE_MBUF_F_TX_OFFLOAD_MASK);
}

#endif

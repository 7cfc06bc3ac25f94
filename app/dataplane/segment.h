/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments larger than the other leg takes are cut, never dropped (DESIGN 3.4).  It is the one
 * place where the relay copies payload.
 */
#ifndef TANDEM_SEGMENT_H
#define TANDEM_SEGMENT_H

#include "packet.h"

/* What may become of one segment, so that the work is bounded: 64 KiB for the smallest MSS a leg may
 * tell (handshake.c) and all the TCP options there can be. */
#define SEGMENT_PIECES 1366

/* What of a packet counts against an MSS, or a link's room: IPv4 and TCP options and payload. */
static inline uint32_t segment_room(const struct packet *p)
{
	uint32_t ip_header = (uint32_t)((const uint8_t *)p->tcp - (const uint8_t *)p->ip);

	return ip_header - (p->key.v6 ? sizeof(*p->ip6) : sizeof(*p->ip)) + p->tcp_header -
	       (uint32_t)sizeof(*p->tcp) + p->payload;
}

/*
 * How many pieces `p`, which needs more than `room`, has to be cut into; 0: it cannot be cut, for
 * the room is too small.  SYN and RST are 1: only what fits of
 * their data goes.
 */
unsigned int segment_pieces(const struct packet *p, unsigned int room);

/*
 * Cut a translated segment, whose segment_pieces() is not 0, and which is larger or a chain, so that
 * no piece needs more than `room`.  The pieces come in order, the first in the mbuf of `p`, unless
 * that is a chain, the others in mbufs from `pool`, all in one mbuf each, with nothing left to the
 * port (offload.h); FIN and PSH go with the last, CWR with the first, the urgent pointer with the
 * bytes it counts, and each has an IP id of its own.  Their checksums are computed anew, so those of
 * `p` must be good.
 *
 * Returns how many pieces there are; what could not be had for want of mbufs is missing at the end
 * and comes again from the sender.
 */
unsigned int segment_cut(const struct packet *p, unsigned int room, struct rte_mempool *pool,
			 struct rte_mbuf *pieces[SEGMENT_PIECES]);

#endif

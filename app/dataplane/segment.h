/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments larger than the other leg takes are cut, never dropped (DESIGN 3.4).  It is the one
 * place where the relay copies payload.
 */
#ifndef TANDEM_SEGMENT_H
#define TANDEM_SEGMENT_H

#include "packet.h"

/* What may become of one segment: the largest IP packet cut for the smallest MSS. */
#define SEGMENT_PIECES 64

/*
 * Cut a translated segment so that no piece has more than `room` bytes of options and payload.
 * The pieces come in order, the first in the mbuf of `p`, the others in mbufs from `pool`; FIN and
 * PSH go with the last, CWR with the first, the urgent pointer with the bytes it counts.  Their
 * checksums are computed anew, so that of `p` must be good.
 *
 * Returns how many pieces there are; what could not be had for want of mbufs, or of room, is
 * missing at the end and comes again from the sender.  0: `p` cannot be cut and is left alone.
 */
unsigned int segment_cut(const struct packet *p, unsigned int room, struct rte_mempool *pool,
			 struct rte_mbuf *pieces[SEGMENT_PIECES]);

#endif

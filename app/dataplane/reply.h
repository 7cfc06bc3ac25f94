/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments of the relay's own: what it says on a leg before and when it is spliced.
 */
#ifndef TANDEM_REPLY_H
#define TANDEM_REPLY_H

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "tuple.h"

/* One segment.  Numbers in host order. */
struct reply {
	struct tuple to; /* the receiver is `peer` */
	uint64_t next_hop;
	uint32_t seq, ack;
	uint32_t tsval, tsecr;	       /* with `timestamps` */
	uint16_t window;	       /* raw */
	uint16_t mss;		       /* 0: no option; SYN|ACK only */
	uint8_t flags;		       /* RTE_TCP_*_FLAG */
	bool timestamps, wscale, sack; /* wscale and sack: SYN|ACK only */
	uint8_t n_payload;
	const uint8_t *payload;
};

/* The scale the relay offers (DESIGN 3.1). */
#define REPLY_WSCALE 8

/* Bytes of Ethernet and IP header in front of what is said to `to`. */
static inline uint16_t reply_headers(const struct tuple *to)
{
	return sizeof(struct rte_ether_hdr) +
	       (to->v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr));
}

/*
 * Put those headers into `m`, for `length` bytes of `protocol` behind them from the relay's end of
 * `to` to the peer, and set its length.  `src` is the MAC of the port it leaves by.
 */
void reply_put_headers(struct rte_mbuf *m, const struct tuple *to, uint64_t next_hop,
		       const struct rte_ether_addr *src, uint8_t protocol, uint16_t length);

/*
 * Fill the empty mbuf `m` with the whole frame, checksums included; `src` is the MAC of the port
 * it leaves by.
 */
void reply_build(const struct reply *r, const struct rte_ether_addr *src, struct rte_mbuf *m);

#endif

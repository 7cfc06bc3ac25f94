/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The splice: a segment of leg A becomes the segment that leg B expects, in place.  Only headers
 * are read and written, and no payload byte is ever looked at; checksums are updated by what
 * changed (RFC 1624), so that damage done inside the relay stays visible to the receiver.
 */
#ifndef TANDEM_SPLICE_H
#define TANDEM_SPLICE_H

#include "flow_table.h"
#include "packet.h"

/*
 * Rewrite IP and TCP headers of `p` by the lines of its direction, DESIGN 3.4; `wide` matters only
 * where a leg is IPv6.  Between the families the IP header is replaced, and `p` follows it; `id`
 * is the identification of an IPv4 header made so that may be fragmented on its way.  The
 * TTL or hop limit must be 2 or more.  Malformed TCP options end the translation of options, not of
 * the segment: they are the receiver's to judge.  The MACs are the caller's to set; between the
 * families the frame begins elsewhere, and they are anything.
 *
 * Returns false, with the packet spoilt and `p->drop` telling why: the mbuf has no headroom for a
 * longer header, IPv4 no number for such a length, or the header to be replaced came damaged.
 */
bool splice_translate(const struct flow_line *line, const struct flow_wide *wide, struct packet *p,
		      uint16_t id);

/* Bytes that a packet of the direction is longer by when it leaves: by the headers of the families,
 * and by the timestamps that are inserted. */
static inline int splice_growth(const struct flow_line *line)
{
	const int families = (int)(sizeof(struct rte_ipv6_hdr) - sizeof(struct rte_ipv4_hdr));
	const int timestamps = 12;

	return (line->flags & FLOW_OUT6 ? families : 0) - (line->flags & FLOW_KEY6 ? families : 0) +
	       (line->flags & FLOW_TS_INSERT ? timestamps : 0);
}

/* A window as the other leg must see it (host order): scaled down by what that leg was told,
 * rounded down so that nothing is advertised that was not granted. */
static inline uint16_t splice_window(uint16_t raw, uint8_t wscale_in, uint8_t wscale_out)
{
	uint32_t window = ((uint32_t)raw << wscale_in) >> wscale_out;

	return unlikely(window >> 16) ? UINT16_MAX : (uint16_t)window;
}

#endif

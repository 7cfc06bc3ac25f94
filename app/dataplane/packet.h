/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a frame is, as far as the relay cares.
 */
#ifndef TANDEM_PACKET_H
#define TANDEM_PACKET_H

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#include "dataplane_stats.h"
#include "tuple.h"

enum packet_class {
	PACKET_TCP,	 /* whole, unfragmented TCP to the port's MAC: all fields are set */
	PACKET_FRAGMENT, /* the like, but a first fragment, or behind IPv6 extension headers */
	PACKET_ICMP,	 /* a whole ICMP or ICMPv6 error to the port's MAC, whose first eight bytes
			    lie in the first segment: `eth`, `ip`, `key.v6` and `payload`
			    are set */
	PACKET_KERNEL,	 /* not the relay's business, whatever it is */
	PACKET_DROP,	 /* `drop` says why */
};

/* Views into an mbuf; headers lie in its first segment. */
struct packet {
	struct rte_mbuf *m;
	struct rte_ether_hdr *eth;
	union {
		struct rte_ipv4_hdr *ip;  /* unless key.v6 */
		struct rte_ipv6_hdr *ip6; /* with key.v6 */
	};
	struct rte_tcp_hdr *tcp;
	uint64_t hash; /* of `key` */
	uint32_t slot; /* that its flow has, as far as the hash tells; TUPLE_NO_SLOT: none */
	struct tuple key;
	uint32_t payload;    /* TCP payload bytes; of ICMP the message's */
	uint16_t tcp_header; /* bytes with options */
	uint8_t port;	     /* index in the configuration */
	uint8_t drop;	     /* enum drop_reason */
};

/*
 * Look at the frame in `m`, which came in by configuration port `port` whose MAC is `mac`.
 *
 * A tag of VLAN 0 is taken off; any other, and a second one, is dropped.  The tag of the port's own
 * VLAN must be off already (vlan.h).
 *
 * Believes no length field: what is not wholly inside the frame is malformed.  Padding behind the
 * IP packet is cut off a PACKET_TCP.  Checksums are not looked at.
 */
enum packet_class packet_parse(struct packet *p, struct rte_mbuf *m, uint8_t port,
			       const struct rte_ether_addr *mac);

/* Bytes of a usual IPv4 packet, whose header has no options and which is no fragment; 0: it is not. */
static __rte_always_inline uint32_t packet_usual_ip4(struct packet *p, struct rte_ipv4_hdr *ip)
{
	const rte_be16_t fragment = RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);

	if (ip->version_ihl != RTE_IPV4_VHL_DEF || ip->next_proto_id != IPPROTO_TCP ||
	    ip->fragment_offset & fragment)
		return 0;
	p->ip = ip;
	p->key.v6 = false;
	memcpy(&p->key.ends.peer_addr, &ip->src_addr, 2 * sizeof(ip->src_addr));
	return rte_be_to_cpu_16(ip->total_length);
}

/* Of an IPv6 one, without extension headers. */
static __rte_always_inline uint32_t packet_usual_ip6(struct packet *p, struct rte_ipv6_hdr *ip6)
{
	const rte_be32_t version = RTE_BE32(UINT32_C(6) << 28), mask = RTE_BE32(UINT32_C(15) << 28);

	if ((ip6->vtc_flow & mask) != version || ip6->proto != IPPROTO_TCP)
		return 0;
	p->ip6 = ip6;
	tuple_set_v6(&p->key, ip6->src_addr, ip6->dst_addr);
	return (uint32_t)sizeof(*ip6) + rte_be_to_cpu_16(ip6->payload_len);
}

/* Whether it is IPv6 is known at compile time. */
static __rte_always_inline bool packet_usual_tcp(struct packet *p, struct rte_mbuf *m, bool v6)
{
	const uint32_t ip_header = v6 ? sizeof(*p->ip6) : sizeof(*p->ip);
	void *ip = rte_pktmbuf_mtod_offset(m, void *, sizeof(*p->eth));
	uint32_t tcp_header, total;

	if (m->data_len < sizeof(*p->eth) + ip_header + sizeof(*p->tcp))
		return false;
	total = v6 ? packet_usual_ip6(p, ip) : packet_usual_ip4(p, ip);
	p->tcp = RTE_PTR_ADD(ip, ip_header);
	tcp_header = (uint32_t)(p->tcp->data_off >> 4) * 4;
	if (tcp_header < sizeof(*p->tcp) || total < ip_header + tcp_header ||
	    m->data_len < sizeof(*p->eth) + total)
		return false;
	memcpy(&p->key.ends.peer_port, &p->tcp->src_port, 2 * sizeof(p->tcp->src_port));
	p->payload = total - ip_header - tcp_header;
	p->tcp_header = (uint16_t)tcp_header;
	m->data_len = (uint16_t)(sizeof(*p->eth) + total);
	m->pkt_len = m->data_len;
	return true;
}

/* The frame as nearly all are, seen at a glance: a PACKET_TCP in one mbuf, untagged, behind a usual IP
 * header.  False: it may be anything, and packet_parse() has to look. */
static __rte_always_inline bool packet_parse_usual(struct packet *p, struct rte_mbuf *m,
						   uint8_t port, const struct rte_ether_addr *mac)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

	p->m = m;
	p->eth = eth;
	p->port = port;
	if (m->nb_segs != 1 || m->data_len < sizeof(*eth) ||
	    !rte_is_same_ether_addr(&eth->dst_addr, mac))
		return false;
	if (likely(eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4)))
		return packet_usual_tcp(p, m, false);
	return eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6) && packet_usual_tcp(p, m, true);
}

/* Verify the IPv4 header's checksum, if it is IPv4, and TCP's over the whole segment (RFC 9293 3.1);
 * of one that is partial (offload.h) only what there is of it. */
bool packet_checksums_good(const struct packet *p);

/* Folded sums over the pseudo-header of a PACKET_TCP, and over header and payload. */
uint16_t packet_pseudo_sum(const struct packet *p);
uint16_t packet_tcp_sum(const struct packet *p);

/* The same of a PACKET_ICMP: ICMP's sum over the whole message (RFC 792, RFC 4443 2.3). */
bool packet_icmp_good(const struct packet *p);

/* Where in its frame the message of a PACKET_ICMP begins. */
static inline uint32_t packet_icmp_offset(const struct packet *p)
{
	return (uint32_t)sizeof(*p->eth) +
	       (p->key.v6 ? (uint32_t)sizeof(*p->ip6) : rte_ipv4_hdr_len(p->ip));
}

/* TTL or hop limit. */
static inline uint8_t packet_hops(const struct packet *p)
{
	return p->key.v6 ? p->ip6->hop_limits : p->ip->time_to_live;
}

/* The IP packet of a PACKET_TCP, header and all. */
static inline uint32_t packet_ip_length(const struct packet *p)
{
	return p->key.v6 ? (uint32_t)sizeof(*p->ip6) + p->tcp_header + p->payload
			 : rte_be_to_cpu_16(p->ip->total_length);
}

/* Sequence space the segment takes: payload, SYN and FIN. */
static inline uint32_t packet_seq_len(const struct packet *p)
{
	return p->payload + !!(p->tcp->tcp_flags & RTE_TCP_SYN_FLAG) +
	       !!(p->tcp->tcp_flags & RTE_TCP_FIN_FLAG);
}

#endif

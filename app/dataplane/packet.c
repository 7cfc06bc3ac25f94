/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "checksum.h"
#include "offload.h"
#include "packet.h"
#include "vlan.h"

/* Extension headers a packet may have before nobody looks for its TCP any more. */
#define MAX_EXTENSIONS 8

static enum packet_class drop(struct packet *p, enum drop_reason reason)
{
	p->drop = (uint8_t)reason;
	return PACKET_DROP;
}

static bool addressed_to_us(const struct rte_ether_hdr *eth, const struct rte_ether_addr *mac)
{
	return rte_is_same_ether_addr(&eth->dst_addr, mac);
}

/* Cut what follows the IP packet; the frame is at least `length` long. */
static void trim(struct rte_mbuf *m, uint32_t length)
{
	uint32_t excess = m->pkt_len - length;

	/* Padding sits in the last segment unless somebody made an odd chain; then it may stay. */
	if (excess != 0 && excess < rte_pktmbuf_lastseg(m)->data_len)
		rte_pktmbuf_trim(m, (uint16_t)excess);
}

static enum packet_class parse_tcp(struct packet *p, uint32_t ip_offset, uint32_t ip_header,
				   uint32_t total)
{
	struct rte_mbuf *m = p->m;
	uint32_t tcp_offset = ip_offset + ip_header, tcp_header;

	if (total < ip_header + sizeof(struct rte_tcp_hdr) ||
	    m->data_len < tcp_offset + sizeof(struct rte_tcp_hdr))
		return drop(p, DROP_MALFORMED);
	p->tcp = rte_pktmbuf_mtod_offset(m, struct rte_tcp_hdr *, tcp_offset);
	tcp_header = (p->tcp->data_off >> 4) * 4;
	if (tcp_header < sizeof(struct rte_tcp_hdr) || total < ip_header + tcp_header ||
	    m->data_len < tcp_offset + tcp_header)
		return drop(p, DROP_MALFORMED);
	p->tcp_header = (uint16_t)tcp_header;
	p->payload = total - ip_header - tcp_header;
	p->key.ends.peer_port = p->tcp->src_port;
	p->key.ends.relay_port = p->tcp->dst_port;
	trim(m, ip_offset + total);
	return PACKET_TCP;
}

/* What else ICMP says, and what is cut off or a fragment, is the kernel's. */
static enum packet_class parse_icmp4(struct packet *p, uint32_t ip_offset)
{
	const rte_be16_t fragment = RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);
	const struct rte_mbuf *m = p->m;
	uint32_t ip_header = rte_ipv4_hdr_len(p->ip), total = rte_be_to_cpu_16(p->ip->total_length);
	uint8_t type;

	if (p->ip->version_ihl >> 4 != 4 || ip_header < sizeof(struct rte_ipv4_hdr) ||
	    total < ip_header + sizeof(struct icmphdr) || m->pkt_len < ip_offset + total ||
	    m->data_len < ip_offset + ip_header + sizeof(struct icmphdr) ||
	    (p->ip->fragment_offset & fragment) != 0)
		return PACKET_KERNEL;
	p->key.v6 = false;
	p->payload = total - ip_header;
	type = *rte_pktmbuf_mtod_offset(m, const uint8_t *, ip_offset + ip_header);
	return type == ICMP_DEST_UNREACH || type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB
		       ? PACKET_ICMP
		       : PACKET_KERNEL;
}

/* Extension headers in front of an error are nothing any router needs. */
static enum packet_class parse_icmp6(struct packet *p, uint32_t ip_offset)
{
	const struct rte_mbuf *m = p->m;
	const uint32_t icmp_offset = ip_offset + sizeof(struct rte_ipv6_hdr);
	uint32_t length = rte_be_to_cpu_16(p->ip6->payload_len);
	uint8_t type;

	if (rte_be_to_cpu_32(p->ip6->vtc_flow) >> 28 != 6 || length < sizeof(struct icmp6_hdr) ||
	    m->pkt_len < icmp_offset + length ||
	    m->data_len < icmp_offset + sizeof(struct icmp6_hdr))
		return PACKET_KERNEL;
	p->key.v6 = true;
	p->payload = length;
	type = *rte_pktmbuf_mtod_offset(m, const uint8_t *, icmp_offset);
	return type >= ICMP6_DST_UNREACH && type <= ICMP6_PARAM_PROB ? PACKET_ICMP : PACKET_KERNEL;
}

static enum packet_class parse_ipv4(struct packet *p, uint32_t ip_offset)
{
	const struct rte_mbuf *m = p->m;
	uint32_t ip_header, total;
	enum packet_class class;
	uint16_t fragment;

	if (m->data_len < ip_offset + sizeof(struct rte_ipv4_hdr))
		return drop(p, DROP_MALFORMED);
	p->ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, ip_offset);
	if (p->ip->next_proto_id == IPPROTO_ICMP)
		return parse_icmp4(p, ip_offset);
	if (p->ip->next_proto_id != IPPROTO_TCP)
		return PACKET_KERNEL;
	ip_header = (p->ip->version_ihl & RTE_IPV4_HDR_IHL_MASK) * RTE_IPV4_IHL_MULTIPLIER;
	total = rte_be_to_cpu_16(p->ip->total_length);
	if (p->ip->version_ihl >> 4 != 4 || ip_header < sizeof(struct rte_ipv4_hdr) ||
	    total < ip_header || m->pkt_len < ip_offset + total)
		return drop(p, DROP_MALFORMED);
	fragment = p->ip->fragment_offset &
		   rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);
	/* Only the first fragment tells whose it is; without it nobody can use the others. */
	if ((fragment & rte_cpu_to_be_16(RTE_IPV4_HDR_OFFSET_MASK)) != 0)
		return PACKET_KERNEL;
	p->key.v6 = false;
	p->key.ends.peer_addr = p->ip->src_addr;
	p->key.ends.relay_addr = p->ip->dst_addr;
	class = parse_tcp(p, ip_offset, ip_header, total);
	return class == PACKET_TCP && fragment != 0 ? PACKET_FRAGMENT : class;
}

/* Steps over the IPv6 extension header `*next` at `*at`.  False: it is none that TCP may stand
 * behind, or a fragment that is not the first, or it is cut off. */
static bool skip_extension(const struct rte_mbuf *m, uint8_t *next, uint32_t *at)
{
	const uint8_t *h = rte_pktmbuf_mtod_offset(m, const uint8_t *, *at);

	if (m->data_len < *at + 8)
		return false;
	switch (*next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		*at += (uint32_t)(h[1] + 1) * 8;
		break;
	case IPPROTO_FRAGMENT:
		if (((h[2] << 8 | h[3]) & RTE_IPV6_EHDR_FO_MASK) != 0)
			return false;
		*at += 8;
		break;
	default:
		return false;
	}
	*next = h[0];
	return true;
}

static enum packet_class parse_ipv6(struct packet *p, uint32_t ip_offset)
{
	const struct rte_mbuf *m = p->m;
	const uint32_t header_end = ip_offset + sizeof(struct rte_ipv6_hdr);
	uint32_t total, at = header_end;
	enum packet_class class;
	unsigned int extensions;
	uint8_t next;

	if (m->data_len < header_end)
		return drop(p, DROP_MALFORMED);
	p->ip6 = rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, ip_offset);
	next = p->ip6->proto;
	if (next == IPPROTO_ICMPV6)
		return parse_icmp6(p, ip_offset);
	for (extensions = 0; next != IPPROTO_TCP; extensions++) {
		if (extensions == MAX_EXTENSIONS || !skip_extension(m, &next, &at))
			return PACKET_KERNEL;
	}
	total = (uint32_t)sizeof(*p->ip6) + rte_be_to_cpu_16(p->ip6->payload_len);
	if (rte_be_to_cpu_32(p->ip6->vtc_flow) >> 28 != 6 || m->pkt_len < ip_offset + total)
		return drop(p, DROP_MALFORMED);
	tuple_set_v6(&p->key, p->ip6->src_addr, p->ip6->dst_addr);
	class = parse_tcp(p, ip_offset, at - ip_offset, total);
	return class == PACKET_TCP && extensions > 0 ? PACKET_FRAGMENT : class;
}

static enum packet_class parse_untagged(struct packet *p)
{
	const uint32_t ip_offset = sizeof(struct rte_ether_hdr);

	p->eth = rte_pktmbuf_mtod(p->m, struct rte_ether_hdr *);
	if (p->eth->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		return parse_ipv4(p, ip_offset);
	if (p->eth->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6))
		return parse_ipv6(p, ip_offset);
	return PACKET_KERNEL;
}

/* One tag may go, that of the port, which is off already, or one of VLAN 0: there a frame counts as
 * untagged (IEEE 802.1Q).  Kept out of the way of the frames that have none. */
static __rte_noinline bool take_priority_off(struct packet *p)
{
	enum drop_reason why = DROP_VLAN;

	if (!(p->m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && vlan_take_off(p->m, 0, &why))
		return true;
	drop(p, why);
	return false;
}

enum packet_class packet_parse(struct packet *p, struct rte_mbuf *m, uint8_t port,
			       const struct rte_ether_addr *mac)
{
	enum packet_class class;

	p->m = m;
	p->port = port;
	if (m->data_len < sizeof(*p->eth))
		return drop(p, DROP_MALFORMED);
	/* Twice at most. */
	while ((class = parse_untagged(p)) == PACKET_KERNEL && vlan_is_tag(p->eth->ether_type)) {
		if (!take_priority_off(p))
			return PACKET_DROP;
	}
	if (class == PACKET_KERNEL || class == PACKET_DROP || addressed_to_us(p->eth, mac))
		return class;
	if (rte_is_multicast_ether_addr(&p->eth->dst_addr))
		return PACKET_KERNEL;
	return drop(p, DROP_OTHER_HOST);
}

/* Sum `length` bytes from `offset` of the first segment on.  rte_raw_cksum_mbuf() of DPDK 22.11
 * loses carries where a segment of a chain begins at an odd byte. */
static uint64_t sum_chain(const struct rte_mbuf *m, uint32_t offset, uint32_t length)
{
	uint32_t done = 0;
	uint64_t sum = 0;

	for (; m != NULL && done < length; m = m->next, offset = 0) {
		uint32_t n = RTE_MIN(m->data_len - offset, length - done);
		uint64_t part = rte_raw_cksum(rte_pktmbuf_mtod_offset(m, const void *, offset), n);

		sum += done & 1 ? csum_at_odd(part) : part;
		done += n;
	}
	return sum;
}

/* RFC 8200 8.1.  DPDK's own shifts a protocol of 128 or more into a sign. */
static uint64_t pseudo_header6(const struct rte_ipv6_hdr *ip)
{
	return (uint64_t)rte_raw_cksum(ip->src_addr, 2 * sizeof(ip->src_addr)) + ip->payload_len +
	       rte_cpu_to_be_16(ip->proto);
}

uint16_t packet_pseudo_sum(const struct packet *p)
{
	return csum_fold(p->key.v6 ? pseudo_header6(p->ip6) : rte_ipv4_phdr_cksum(p->ip, 0));
}

uint16_t packet_tcp_sum(const struct packet *p)
{
	uint32_t tcp_offset =
		(uint32_t)((const char *)p->tcp - rte_pktmbuf_mtod(p->m, const char *));

	return csum_fold(sum_chain(p->m, tcp_offset, p->tcp_header + p->payload));
}

/* As far as it was computed: over the pseudo-header.  Zero is 0 or 0xffff. */
static bool partial_good(const struct packet *p)
{
	return csum_fold((uint64_t)(uint16_t)~p->tcp->cksum + packet_pseudo_sum(p)) == 0xffff;
}

bool packet_checksums_good(const struct packet *p)
{
	if (!p->key.v6 && rte_raw_cksum(p->ip, rte_ipv4_hdr_len(p->ip)) != 0xffff)
		return false;
	if (unlikely(offload_is_partial(p->m)))
		return partial_good(p);
	return csum_fold((uint64_t)packet_tcp_sum(p) + packet_pseudo_sum(p)) == 0xffff;
}

bool packet_icmp_good(const struct packet *p)
{
	uint64_t sum = sum_chain(p->m, packet_icmp_offset(p), p->payload);

	if (p->key.v6)
		return csum_fold(sum + pseudo_header6(p->ip6)) == 0xffff;
	return rte_raw_cksum(p->ip, rte_ipv4_hdr_len(p->ip)) == 0xffff && csum_fold(sum) == 0xffff;
}

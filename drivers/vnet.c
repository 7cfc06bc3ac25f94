/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "vnet.h"

#define TCP_CHECKSUM_AT ((uint16_t)offsetof(struct rte_tcp_hdr, cksum))

/* Where TCP begins in the frame, if it is behind one IP header; else 0. */
static uint16_t tcp_offset(const struct rte_mbuf *m)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(eth + 1);
	const struct rte_ipv6_hdr *ip6 = (const struct rte_ipv6_hdr *)(eth + 1);
	uint16_t offset = 0;

	if (m->data_len < sizeof(*eth) + sizeof(*ip))
		return 0;
	if (eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4) && ip->next_proto_id == IPPROTO_TCP)
		offset = (uint16_t)(sizeof(*eth) + rte_ipv4_hdr_len(ip));
	else if (eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6) &&
		 m->data_len >= sizeof(*eth) + sizeof(*ip6) && ip6->proto == IPPROTO_TCP)
		offset = (uint16_t)(sizeof(*eth) + sizeof(*ip6));
	return m->data_len >= offset + sizeof(struct rte_tcp_hdr) ? offset : 0;
}

/* The pseudo-header's sum with the length, which is what a partial checksum begins with. */
static void seed(struct rte_mbuf *m, uint16_t offset)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	struct rte_tcp_hdr *tcp = rte_pktmbuf_mtod_offset(m, struct rte_tcp_hdr *, offset);
	const void *ip = eth + 1;

	tcp->cksum = eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4) ? rte_ipv4_phdr_cksum(ip, 0)
								      : rte_ipv6_phdr_cksum(ip, 0);
}

/* Is its checksum a partial one of TCP?  A NIC that makes one segment of many (LRO) has verified all
 * of them and leaves a sum that is none: there it is made so. */
static bool make_partial(struct rte_mbuf *m, const struct virtio_net_hdr *header)
{
	const uint16_t offset = tcp_offset(m);

	if (offset == 0)
		return false;
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		return header->csum_start == offset && header->csum_offset == TCP_CHECKSUM_AT;
	seed(m, offset);
	return true;
}

bool vnet_mark(struct rte_mbuf *m, const struct virtio_net_hdr *header)
{
	const uint8_t type = header->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	const bool many = type != VIRTIO_NET_HDR_GSO_NONE;

	if (many && type != VIRTIO_NET_HDR_GSO_TCPV4 && type != VIRTIO_NET_HDR_GSO_TCPV6)
		return false;
	if (!(header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) &&
	    !(many && header->flags & VIRTIO_NET_HDR_F_DATA_VALID))
		return true;
	if (!make_partial(m, header))
		return !many;
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
	if (many && header->gso_size != 0) {
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		m->tso_segsz = RTE_MAX(header->gso_size, VNET_SEGSZ_MIN);
	}
	return true;
}

/* The kernel must know of a CWR, which only the first packet has. */
static uint8_t gso_type(const struct rte_mbuf *m, uint16_t tcp_at)
{
	const struct rte_tcp_hdr *tcp =
		rte_pktmbuf_mtod_offset(m, const struct rte_tcp_hdr *, tcp_at);
	uint8_t type = m->ol_flags & RTE_MBUF_F_TX_IPV6 ? VIRTIO_NET_HDR_GSO_TCPV6
							: VIRTIO_NET_HDR_GSO_TCPV4;

	return tcp->tcp_flags & RTE_TCP_CWR_FLAG ? type | VIRTIO_NET_HDR_GSO_ECN : type;
}

struct virtio_net_hdr vnet_header(const struct rte_mbuf *m)
{
	struct virtio_net_hdr header = {.gso_type = VIRTIO_NET_HDR_GSO_NONE};
	const uint16_t tcp_at = (uint16_t)(m->l2_len + m->l3_len);

	if (!(m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM))
		return header;
	header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header.csum_start = tcp_at;
	header.csum_offset = TCP_CHECKSUM_AT;
	header.hdr_len = (uint16_t)(tcp_at + m->l4_len);
	if (m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) {
		header.gso_type = gso_type(m, tcp_at);
		header.gso_size = m->tso_segsz;
	}
	return header;
}

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

bool vnet_mark(struct rte_mbuf *m, const struct virtio_net_hdr *header)
{
	const uint8_t type = header->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	const bool many = type != VIRTIO_NET_HDR_GSO_NONE;
	const uint16_t offset = tcp_offset(m);

	if (many && type != VIRTIO_NET_HDR_GSO_TCPV4 && type != VIRTIO_NET_HDR_GSO_TCPV6)
		return false;
	if (!(header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return true;
	if (offset == 0 || header->csum_start != offset || header->csum_offset != TCP_CHECKSUM_AT)
		return !many;
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
	if (many && header->gso_size != 0) {
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		m->tso_segsz = header->gso_size;
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "next_hop.h"
#include "reply.h"
#include "tcp_option.h"

#define REPLY_TTL 64

static uint8_t *put16(uint8_t *at, uint16_t v)
{
	rte_be16_t be = rte_cpu_to_be_16(v);

	memcpy(at, &be, sizeof(be));
	return at + sizeof(be);
}

static uint8_t *put32(uint8_t *at, uint32_t v)
{
	rte_be32_t be = rte_cpu_to_be_32(v);

	memcpy(at, &be, sizeof(be));
	return at + sizeof(be);
}

/* Options in the order Linux uses, padded so that numbers are aligned; returns their end. */
static uint8_t *put_options(const struct reply *r, uint8_t *at)
{
	if (r->mss != 0) {
		*at++ = TCP_OPTION_MSS;
		*at++ = 4;
		at = put16(at, r->mss);
	}
	if (r->timestamps) {
		*at++ = r->sack ? TCP_OPTION_SACK_PERMITTED : TCP_OPTION_NOP;
		*at++ = r->sack ? 2 : TCP_OPTION_NOP;
		*at++ = TCP_OPTION_TIMESTAMP;
		*at++ = 10;
		at = put32(put32(at, r->tsval), r->tsecr);
	} else if (r->sack) {
		*at++ = TCP_OPTION_NOP;
		*at++ = TCP_OPTION_NOP;
		*at++ = TCP_OPTION_SACK_PERMITTED;
		*at++ = 2;
	}
	if (r->wscale) {
		*at++ = TCP_OPTION_NOP;
		*at++ = TCP_OPTION_WSCALE;
		*at++ = 3;
		*at++ = REPLY_WSCALE;
	}
	return at;
}

static void put_ip4(const struct reply *r, struct rte_ipv4_hdr *ip, uint16_t tcp_length)
{
	memset(ip, 0, sizeof(*ip));
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + tcp_length));
	ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG);
	ip->time_to_live = REPLY_TTL;
	ip->next_proto_id = IPPROTO_TCP;
	ip->src_addr = r->to.ends.relay_addr;
	ip->dst_addr = r->to.ends.peer_addr;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void put_ip6(const struct reply *r, struct rte_ipv6_hdr *ip, uint16_t tcp_length)
{
	ip->vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28);
	ip->payload_len = rte_cpu_to_be_16(tcp_length);
	ip->proto = IPPROTO_TCP;
	ip->hop_limits = REPLY_TTL;
	memcpy(ip->src_addr, &r->to.wide.relay, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, &r->to.wide.peer, sizeof(ip->dst_addr));
}

/* All but the checksum; returns the segment's length. */
static uint16_t put_tcp(const struct reply *r, struct rte_tcp_hdr *tcp)
{
	uint16_t length;

	memset(tcp, 0, sizeof(*tcp));
	length = (uint16_t)(put_options(r, (uint8_t *)(tcp + 1)) - (uint8_t *)tcp);
	tcp->src_port = r->to.ends.relay_port;
	tcp->dst_port = r->to.ends.peer_port;
	tcp->sent_seq = rte_cpu_to_be_32(r->seq);
	tcp->recv_ack = rte_cpu_to_be_32(r->ack);
	tcp->data_off = (uint8_t)(length / 4 << 4);
	tcp->tcp_flags = r->flags;
	tcp->rx_win = rte_cpu_to_be_16(r->window);
	return length;
}

void reply_build(const struct reply *r, const struct rte_ether_addr *src, struct rte_mbuf *m)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	size_t ip_header = r->to.v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr);
	void *ip = eth + 1;
	struct rte_tcp_hdr *tcp = RTE_PTR_ADD(ip, ip_header);
	uint16_t length = put_tcp(r, tcp);

	next_hop_mac(r->next_hop, &eth->dst_addr);
	eth->src_addr = *src;
	if (r->to.v6) {
		eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
		put_ip6(r, ip, length);
		tcp->cksum = rte_ipv6_udptcp_cksum(ip, tcp);
	} else {
		eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
		put_ip4(r, ip, length);
		tcp->cksum = rte_ipv4_udptcp_cksum(ip, tcp);
	}
	m->data_len = (uint16_t)(sizeof(*eth) + ip_header + length);
	m->pkt_len = m->data_len;
}

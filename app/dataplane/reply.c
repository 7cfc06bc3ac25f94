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

static void put_ip4(const struct tuple *to, uint8_t protocol, uint16_t length,
		    struct rte_ipv4_hdr *ip)
{
	memset(ip, 0, sizeof(*ip));
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + length));
	ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG);
	ip->time_to_live = REPLY_TTL;
	ip->next_proto_id = protocol;
	ip->src_addr = to->ends.relay_addr;
	ip->dst_addr = to->ends.peer_addr;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void put_ip6(const struct tuple *to, uint8_t protocol, uint16_t length,
		    struct rte_ipv6_hdr *ip)
{
	ip->vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28);
	ip->payload_len = rte_cpu_to_be_16(length);
	ip->proto = protocol;
	ip->hop_limits = REPLY_TTL;
	memcpy(ip->src_addr, &to->wide.relay, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, &to->wide.peer, sizeof(ip->dst_addr));
}

void reply_put_headers(struct rte_mbuf *m, const struct tuple *to, uint64_t next_hop,
		       const struct rte_ether_addr *src, uint8_t protocol, uint16_t length)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

	next_hop_mac(next_hop, &eth->dst_addr);
	eth->src_addr = *src;
	if (to->v6) {
		eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
		put_ip6(to, protocol, length, (struct rte_ipv6_hdr *)(eth + 1));
	} else {
		eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
		put_ip4(to, protocol, length, (struct rte_ipv4_hdr *)(eth + 1));
	}
	m->data_len = (uint16_t)(reply_headers(to) + length);
	m->pkt_len = m->data_len;
}

/* All but the checksum; returns the segment's length with its payload. */
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
	if (r->n_payload > 0)
		memcpy((uint8_t *)tcp + length, r->payload, r->n_payload);
	return (uint16_t)(length + r->n_payload);
}

void reply_build(const struct reply *r, const struct rte_ether_addr *src, struct rte_mbuf *m)
{
	void *ip = rte_pktmbuf_mtod_offset(m, void *, sizeof(struct rte_ether_hdr));
	struct rte_tcp_hdr *tcp =
		rte_pktmbuf_mtod_offset(m, struct rte_tcp_hdr *, reply_headers(&r->to));

	reply_put_headers(m, &r->to, r->next_hop, src, IPPROTO_TCP, put_tcp(r, tcp));
	tcp->cksum = r->to.v6 ? rte_ipv6_udptcp_cksum(ip, tcp) : rte_ipv4_udptcp_cksum(ip, tcp);
}

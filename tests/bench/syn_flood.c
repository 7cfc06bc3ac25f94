/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "checksum.h"
#include "syn_flood.h"

#define PORT 0

/* What a source of the flood begins with. */
#define NET4	  RTE_IPV4(16, 0, 0, 0)
#define HOSTS4	  UINT32_C(0x0fffffff)
#define NET6_SIZE 6
static const uint8_t net6[16] = {0x20, 0x01, 0x0d, 0xb8, 0x0c, 0x00};

union headers {
	uint8_t *at;
	struct rte_ipv4_hdr *ip;
	struct rte_ipv6_hdr *ip6;
};

static union headers headers_of(uint8_t *frame)
{
	return (union headers){.at = frame + sizeof(struct rte_ether_hdr)};
}

static struct rte_tcp_hdr *tcp_of(const struct syn_flood *f, union headers h)
{
	return (struct rte_tcp_hdr *)(h.at + (f->v6 ? sizeof(*h.ip6) : sizeof(*h.ip)));
}

/* Take out of it what will be another in each. */
static void blank(struct syn_flood *f)
{
	union headers h = headers_of(f->syn);
	struct rte_tcp_hdr *tcp = tcp_of(f, h);

	tcp->src_port = 0;
	tcp->sent_seq = 0;
	tcp->cksum = 0;
	if (f->v6) {
		memcpy(h.ip6->src_addr, net6, sizeof(net6));
		f->tcp_sum = rte_ipv6_phdr_cksum(h.ip6, 0);
	} else {
		h.ip->src_addr = rte_cpu_to_be_32(NET4);
		h.ip->hdr_checksum = 0;
		f->ip_sum = rte_raw_cksum(h.ip, sizeof(*h.ip));
		f->tcp_sum = rte_ipv4_phdr_cksum(h.ip, 0);
	}
	f->tcp_sum += rte_raw_cksum(tcp, tcp->data_off / 16 * 4);
}

void syn_flood_init(struct syn_flood *f, const struct traffic *t, struct wires *w)
{
	struct rte_mbuf *m = wires_blank(w);

	traffic_syn(t, 0, 0, m);
	*f = (struct syn_flood){
		.wires = w,
		.v6 = t->v6,
		.random = 0x9e3779b97f4a7c15ULL ^ rte_rdtsc(),
		.length = m->data_len,
	};
	if (f->length > sizeof(f->syn))
		rig_die("a SYN of %u bytes", f->length);
	memcpy(f->syn, rte_pktmbuf_mtod(m, const void *), f->length);
	rte_pktmbuf_free(m);
	blank(f);
}

/* xorshift64*. */
static uint64_t draw(struct syn_flood *f)
{
	f->random ^= f->random >> 12;
	f->random ^= f->random << 25;
	f->random ^= f->random >> 27;
	return f->random * 0x2545f4914f6cdd1dULL;
}

/* Returns what the host's number adds to the sums. */
static uint64_t put_host(const struct syn_flood *f, union headers h, uint64_t number)
{
	rte_be32_t host = rte_cpu_to_be_32((uint32_t)(number >> 32) & HOSTS4);

	if (f->v6) {
		memcpy(&h.ip6->src_addr[NET6_SIZE], &number, sizeof(number));
		return (number >> 32) + (uint32_t)number;
	}
	h.ip->src_addr |= host;
	h.ip->hdr_checksum = (rte_be16_t)~csum_fold(f->ip_sum + host);
	return host;
}

static void make(struct syn_flood *f, struct rte_mbuf *m)
{
	const uint64_t number = draw(f);
	union headers h;
	struct rte_tcp_hdr *tcp;
	uint64_t sum;

	memcpy(rte_pktmbuf_mtod(m, void *), f->syn, sizeof(f->syn));
	m->data_len = f->length;
	m->pkt_len = f->length;
	h = headers_of(rte_pktmbuf_mtod(m, uint8_t *));
	tcp = tcp_of(f, h);
	sum = f->tcp_sum + put_host(f, h, draw(f));
	tcp->src_port = (rte_be16_t)number | RTE_BE16(1024);
	tcp->sent_seq = (rte_be32_t)(number >> 32);
	tcp->cksum = (rte_be16_t)~csum_fold(sum + tcp->src_port + tcp->sent_seq);
}

static void fill(struct syn_flood *f)
{
	f->taken = f->n = 0;
	if (rte_pktmbuf_alloc_bulk(f->wires->pool, f->frames, WIRE_BURST) < 0)
		return;
	for (; f->n < WIRE_BURST; f->n++)
		make(f, f->frames[f->n]);
}

void syn_flood_send(struct syn_flood *f)
{
	unsigned int n;

	if (f->taken == f->n)
		fill(f);
	n = rte_eth_tx_burst(f->wires->ids[PORT], 0, f->frames + f->taken,
			     (uint16_t)(f->n - f->taken));
	f->taken += n;
	f->sent += n;
}

bool syn_flood_hear(struct syn_flood *f, const struct rte_mbuf *m)
{
	const uint8_t answer = RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG;
	union headers h = headers_of(rte_pktmbuf_mtod(m, uint8_t *));
	const struct rte_tcp_hdr *tcp = tcp_of(f, h);

	if ((const uint8_t *)(tcp + 1) > rte_pktmbuf_mtod(m, const uint8_t *) + m->data_len)
		return false;
	if (f->v6 ? memcmp(h.ip6->dst_addr, net6, NET6_SIZE) != 0
		  : (rte_be_to_cpu_32(h.ip->dst_addr) & ~HOSTS4) != NET4)
		return false;
	f->answered += tcp->tcp_flags == answer;
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "segment.h"

/* A piece in the making: the same packet in another mbuf. */
static void view_in(const struct packet *p, struct rte_mbuf *m, struct packet *view)
{
	uint8_t *start = rte_pktmbuf_mtod(m, uint8_t *);
	const uint8_t *from = rte_pktmbuf_mtod(p->m, const uint8_t *);

	*view = *p;
	view->m = m;
	view->eth = (struct rte_ether_hdr *)start;
	view->ip = (struct rte_ipv4_hdr *)(start + ((const uint8_t *)p->ip - from));
	view->tcp = (struct rte_tcp_hdr *)(start + ((const uint8_t *)p->tcp - from));
}

static void cut_flags(struct rte_tcp_hdr *tcp, uint32_t offset, bool last)
{
	uint16_t urgent = rte_be_to_cpu_16(tcp->tcp_urp);

	if (offset > 0)
		tcp->tcp_flags &= (uint8_t)~RTE_TCP_CWR_FLAG;
	if (!last)
		tcp->tcp_flags &= (uint8_t) ~(RTE_TCP_FIN_FLAG | RTE_TCP_PSH_FLAG);
	if (!(tcp->tcp_flags & RTE_TCP_URG_FLAG))
		return;
	if (urgent > offset) {
		tcp->tcp_urp = rte_cpu_to_be_16((uint16_t)(urgent - offset));
	} else {
		tcp->tcp_flags &= (uint8_t)~RTE_TCP_URG_FLAG;
		tcp->tcp_urp = 0;
	}
}

/* Headers of a piece of `n` payload bytes that begins `offset` bytes into the segment. */
static void finish_piece(struct packet *view, uint32_t offset, uint32_t n, bool last)
{
	struct rte_tcp_hdr *tcp = view->tcp;
	uint16_t segment = (uint16_t)(view->tcp_header + n);

	tcp->sent_seq = rte_cpu_to_be_32(rte_be_to_cpu_32(tcp->sent_seq) + offset);
	cut_flags(tcp, offset, last);
	tcp->cksum = 0;
	if (view->key.v6) {
		view->ip6->payload_len = rte_cpu_to_be_16(segment);
		tcp->cksum = rte_ipv6_udptcp_cksum(view->ip6, tcp);
	} else {
		view->ip->total_length =
			rte_cpu_to_be_16((uint16_t)(rte_ipv4_hdr_len(view->ip) + segment));
		view->ip->hdr_checksum = 0;
		view->ip->hdr_checksum = rte_ipv4_cksum(view->ip);
		tcp->cksum = rte_ipv4_udptcp_cksum(view->ip, tcp);
	}
}

/* A new mbuf with the headers and `n` bytes of payload from `offset` on. */
static struct rte_mbuf *copy_piece(const struct packet *p, uint32_t head, uint32_t offset,
				   uint32_t n, struct rte_mempool *pool)
{
	const uint8_t *from = rte_pktmbuf_mtod(p->m, const uint8_t *);
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint8_t *to;

	if (m == NULL)
		return NULL;
	to = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(head + n));
	if (to == NULL) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memcpy(to, from, head);
	memcpy(to + head, from + head + offset, n);
	return m;
}

unsigned int segment_cut(const struct packet *p, unsigned int room, struct rte_mempool *pool,
			 struct rte_mbuf *pieces[SEGMENT_PIECES])
{
	const uint32_t options = p->tcp_header - (uint32_t)sizeof(*p->tcp);
	const uint32_t head =
		(uint32_t)((const uint8_t *)p->tcp - rte_pktmbuf_mtod(p->m, const uint8_t *)) +
		p->tcp_header;
	uint32_t step, offset, n;
	struct packet view;
	unsigned int count;

	if (room <= options || p->m->nb_segs != 1)
		return 0;
	step = room - options;
	count = (p->payload + step - 1) / step;
	if (count > SEGMENT_PIECES)
		return 0;
	pieces[0] = p->m;
	for (count = 1, offset = step; offset < p->payload; offset += n, count++) {
		n = RTE_MIN(step, p->payload - offset);
		pieces[count] = copy_piece(p, head, offset, n, pool);
		if (pieces[count] == NULL)
			break;
		view_in(p, pieces[count], &view);
		finish_piece(&view, offset, n, offset + n == p->payload);
	}
	rte_pktmbuf_trim(p->m, (uint16_t)(p->payload - RTE_MIN(step, p->payload)));
	view_in(p, p->m, &view);
	finish_piece(&view, 0, RTE_MIN(step, p->payload), step >= p->payload);
	return count;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "offload.h"
#include "segment.h"
#include "vlan.h"

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
	if (offset == 0 || !(tcp->tcp_flags & RTE_TCP_URG_FLAG))
		return;
	if (urgent > offset) {
		tcp->tcp_urp = rte_cpu_to_be_16((uint16_t)(urgent - offset));
	} else {
		tcp->tcp_flags &= (uint8_t)~RTE_TCP_URG_FLAG;
		tcp->tcp_urp = 0;
	}
}

/* A piece of the segment's payload. */
struct piece {
	unsigned int index;
	uint32_t offset, length;
	bool last;
};

/* The headers of a piece, its payload behind them. */
static void finish_piece(struct packet *view, const struct piece *piece)
{
	struct rte_tcp_hdr *tcp = view->tcp;
	uint16_t length = (uint16_t)(view->tcp_header + piece->length);
	struct rte_ipv4_hdr *ip = view->ip;

	tcp->sent_seq = rte_cpu_to_be_32(rte_be_to_cpu_32(tcp->sent_seq) + piece->offset);
	cut_flags(tcp, piece->offset, piece->last);
	tcp->cksum = 0;
	if (view->key.v6) {
		view->ip6->payload_len = rte_cpu_to_be_16(length);
		tcp->cksum = rte_ipv6_udptcp_cksum(view->ip6, tcp);
		return;
	}
	ip->total_length = rte_cpu_to_be_16((uint16_t)(rte_ipv4_hdr_len(ip) + length));
	/* On the way they may become fragments, which must not be taken for each other's. */
	ip->packet_id =
		rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(ip->packet_id) + piece->index));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	tcp->cksum = rte_ipv4_udptcp_cksum(ip, tcp);
}

/* `length` bytes of a chain from `offset` on, which it has. */
static void copy_out(const struct rte_mbuf *m, uint32_t offset, uint32_t length, uint8_t *to)
{
	for (; m != NULL && length > 0; m = m->next) {
		uint32_t n;

		if (offset >= m->data_len) {
			offset -= m->data_len;
			continue;
		}
		n = RTE_MIN(m->data_len - offset, length);
		memcpy(to, rte_pktmbuf_mtod_offset(m, const uint8_t *, offset), n);
		to += n;
		length -= n;
		offset = 0;
	}
}

/* A new mbuf with headers and payload of a piece. */
static struct rte_mbuf *copy_piece(const struct packet *p, const struct piece *piece,
				   struct rte_mempool *pool)
{
	const uint8_t *from = rte_pktmbuf_mtod(p->m, const uint8_t *);
	uint32_t head = (uint32_t)((const uint8_t *)p->tcp - from) + p->tcp_header;
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint8_t *to;

	if (m == NULL)
		return NULL;
	to = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(head + piece->length));
	if (to == NULL) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	vlan_copy_priority(m, p->m);
	memcpy(to, from, head);
	copy_out(p->m, head + piece->offset, piece->length, to + head);
	return m;
}

/* How much payload a piece has. */
static uint32_t step_of(const struct packet *p, unsigned int room)
{
	uint32_t options = segment_room(p) - p->payload;

	return room > options ? room - options : 0;
}

unsigned int segment_pieces(const struct packet *p, unsigned int room)
{
	uint32_t step = step_of(p, room), n;

	if (step == 0)
		return 0;
	if (p->tcp->tcp_flags & (RTE_TCP_SYN_FLAG | RTE_TCP_RST_FLAG) || p->payload == 0)
		return 1;
	n = (p->payload + step - 1) / step;
	return n <= SEGMENT_PIECES ? n : 0;
}

/* The first of several from its own mbuf, after the others, which are made of its headers. */
static void cut_first(const struct packet *p, uint32_t step)
{
	struct packet view;

	rte_pktmbuf_trim(p->m, (uint16_t)(p->payload - step));
	offload_clear(p->m);
	view_in(p, p->m, &view);
	finish_piece(&view, &(struct piece){.length = step});
}

unsigned int segment_cut(const struct packet *p, unsigned int room, struct rte_mempool *pool,
			 struct rte_mbuf *pieces[SEGMENT_PIECES])
{
	const uint32_t step = step_of(p, room);
	const unsigned int wanted = segment_pieces(p, room);
	/* What lies in a chain is copied wholly: a piece is in one mbuf. */
	const bool chain = p->m->nb_segs != 1;
	struct piece piece = {.index = chain ? 0 : 1, .offset = chain ? 0 : step};
	struct packet view;

	pieces[0] = p->m;
	for (; piece.index < wanted; piece.index++, piece.offset += step) {
		piece.length = RTE_MIN(step, p->payload - piece.offset);
		piece.last = piece.index + 1 == wanted && piece.offset + piece.length == p->payload;
		pieces[piece.index] = copy_piece(p, &piece, pool);
		if (pieces[piece.index] == NULL)
			break;
		view_in(p, pieces[piece.index], &view);
		finish_piece(&view, &piece);
	}
	if (chain)
		rte_pktmbuf_free(p->m);
	else
		cut_first(p, step);
	return piece.index;
}

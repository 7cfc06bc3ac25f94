/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload.h"
#include "segment.h"

void offload_reseed(const struct packet *p)
{
	p->tcp->cksum = packet_pseudo_sum(p);
}

/* What of the room options take. */
static uint32_t options_of(const struct packet *p)
{
	return segment_room(p) - p->payload;
}

unsigned int offload_room(const struct packet *p, unsigned int room)
{
	const unsigned int meant = options_of(p) + p->m->tso_segsz;

	return offload_is_super(p->m) ? RTE_MIN(room, meant) : room;
}

bool offload_leave(const struct packet *p, unsigned int room)
{
	const uint32_t options = options_of(p);
	struct rte_mbuf *m = p->m;
	uint32_t step;

	room = offload_room(p, room);
	if (room <= options && p->payload > 0)
		return false;
	step = room - options;
	if (p->payload > step * SEGMENT_PIECES)
		return false;
	offload_clear(m);
	m->ol_flags |=
		RTE_MBUF_F_TX_TCP_CKSUM | (p->key.v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
	m->l2_len = sizeof(*p->eth);
	m->l3_len = (uint64_t)((const uint8_t *)p->tcp - (const uint8_t *)p->ip) & 0x1ff;
	m->l4_len = p->tcp_header & 0xff;
	if (p->payload > step) {
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		m->tso_segsz = (uint16_t)step;
	}
	return true;
}

void offload_complete(const struct packet *p)
{
	offload_reseed(p);
	p->tcp->cksum = (uint16_t)~packet_tcp_sum(p);
	offload_clear(p->m);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "checksum.h"
#include "tcp_option.h"
#include "timestamp.h"

#define OPTIONS_MAX	40
#define TIMESTAMP_BYTES 12 /* with two NOPs */
#define SACK_BLOCK	8

static uint8_t *put32(uint8_t *at, uint32_t v)
{
	rte_be32_t be = rte_cpu_to_be_32(v);

	memcpy(at, &be, sizeof(be));
	return at + sizeof(be);
}

/* How much of an option fits into `left` bytes: all of it, or of SACK fewer blocks. */
static unsigned int fitting(const struct tcp_option *o, unsigned int left)
{
	if (o->length <= left)
		return o->length;
	if (o->kind != TCP_OPTION_SACK || left < 2 + SACK_BLOCK)
		return 0;
	return 2 + (left - 2) / SACK_BLOCK * SACK_BLOCK;
}

/* Append an option, or what fits of it, to the `used` bytes there are; returns their number then. */
static unsigned int put_option(const struct tcp_option *o, const uint8_t *tcp,
			       uint8_t options[OPTIONS_MAX], unsigned int used)
{
	/* SACK blocks are aligned as everybody sends them; that never costs one. */
	unsigned int at = o->kind == TCP_OPTION_SACK ? used + (2 - used) % 4 : used;
	unsigned int n = at < OPTIONS_MAX ? fitting(o, OPTIONS_MAX - at) : 0;

	if (n == 0)
		return used;
	memcpy(&options[at], tcp + o->value - 2, n);
	options[at + 1] = (uint8_t)n;
	return at + n;
}

/* The options with timestamps in front, padded with NOPs; returns their length. */
static unsigned int build_options(const struct packet *p, uint32_t tsval, uint32_t tsecr,
				  uint8_t options[OPTIONS_MAX])
{
	const uint8_t *tcp = (const uint8_t *)p->tcp;
	struct tcp_option o = TCP_OPTION_FIRST;
	unsigned int used = TIMESTAMP_BYTES;

	memset(options, TCP_OPTION_NOP, OPTIONS_MAX);
	options[2] = TCP_OPTION_TIMESTAMP;
	options[3] = 10;
	put32(put32(&options[4], tsval), tsecr);
	while (tcp_option_next(&o, tcp, p->tcp_header)) {
		if (o.kind != TCP_OPTION_TIMESTAMP)
			used = put_option(&o, tcp, options, used);
	}
	return RTE_ALIGN_CEIL(used, 4U);
}

/* Move all up to the end of the fixed TCP header so that the options have `to` bytes for `from`. */
static bool make_room(struct packet *p, unsigned int from, unsigned int to)
{
	uint8_t *start = rte_pktmbuf_mtod(p->m, uint8_t *);
	size_t head = (size_t)((uint8_t *)(p->tcp + 1) - start);
	ptrdiff_t grown = (ptrdiff_t)to - (ptrdiff_t)from;

	if (grown > 0 && rte_pktmbuf_prepend(p->m, (uint16_t)grown) == NULL)
		return false;
	if (grown < 0)
		rte_pktmbuf_adj(p->m, (uint16_t)-grown);
	memmove(start - grown, start, head);
	p->eth = RTE_PTR_SUB(p->eth, grown);
	p->ip = RTE_PTR_SUB(p->ip, grown);
	p->tcp = RTE_PTR_SUB(p->tcp, grown);
	return true;
}

static rte_be16_t add16(rte_be16_t field, int by)
{
	return rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(field) + by));
}

/* The IP packet is longer by `grown` bytes: its length, and IPv4's checksum. */
static void lengthen_ip(struct packet *p, int grown)
{
	rte_be16_t from;

	if (p->key.v6) {
		p->ip6->payload_len = add16(p->ip6->payload_len, grown);
		return;
	}
	from = p->ip->total_length;
	p->ip->total_length = add16(from, grown);
	p->ip->hdr_checksum =
		csum_update(p->ip->hdr_checksum, csum_change16(from, p->ip->total_length));
}

bool timestamp_insert(struct packet *p, uint32_t tsval, uint32_t tsecr)
{
	uint8_t options[OPTIONS_MAX], before[OPTIONS_MAX];
	unsigned int from = p->tcp_header - (unsigned int)sizeof(*p->tcp);
	unsigned int to = build_options(p, tsval, tsecr, options);
	uint8_t data_off = (uint8_t)((sizeof(*p->tcp) + to) / 4 << 4 | (p->tcp->data_off & 0x0f));
	uint32_t segment = p->tcp_header + p->payload;
	uint64_t change;

	memcpy(before, p->tcp + 1, from);
	/* A super-frame may be as long as lengths can say. */
	if (unlikely(packet_ip_length(p) + to - from > UINT16_MAX))
		return false;
	if (!make_room(p, from, to))
		return false;
	memcpy(p->tcp + 1, options, to);
	/* The options, the data offset and the segment's length in the pseudo-header. */
	change = (uint16_t)~rte_raw_cksum(before, from) + rte_raw_cksum(options, to);
	change += csum_change16(rte_cpu_to_be_16((uint16_t)(p->tcp->data_off << 8)),
				rte_cpu_to_be_16((uint16_t)(data_off << 8)));
	change += csum_change16(rte_cpu_to_be_16((uint16_t)segment),
				rte_cpu_to_be_16((uint16_t)(segment + to - from)));
	p->tcp->data_off = data_off;
	p->tcp->cksum = csum_update(p->tcp->cksum, change);
	p->tcp_header = (uint16_t)(sizeof(*p->tcp) + to);
	lengthen_ip(p, (int)to - (int)from);
	return true;
}

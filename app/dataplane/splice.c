/* SPDX-License-Identifier: BSD-3-Clause */
#include "splice.h"
#include "checksum.h"
#include "offload.h"
#include "tcp_option.h"

/* NOP NOP TIMESTAMP 10, as nearly every segment carries it: the option's numbers are aligned. */
#define OPTIONS_TIMESTAMP_ALIGNED RTE_BE32(0x0101080a)
#define TIMESTAMPS_LENGTH	  12

/* RFC 7915 5.1: an IPv4 packet of this size was IPv6 of no more than 1280 bytes, and its sender
 * will not be talked into less. */
#define FRAGMENTABLE_MAX 1260

/* A word of a header, which need not be aligned in memory. */
typedef rte_be32_t unaligned_be32 __attribute__((aligned(1), may_alias));

/* Add `delta` to a number in network order at `field`; returns the change for the checksum. */
static inline uint64_t shift(unaligned_be32 *field, uint32_t delta)
{
	rte_be32_t from = *field;
	rte_be32_t to = rte_cpu_to_be_32(rte_be_to_cpu_32(from) + delta);

	*field = to;
	return csum_change32(from, to);
}

/* Add `delta` to the number; returns the carry out of bit 31. */
static inline unsigned int advance(unaligned_be32 *field, uint32_t delta)
{
	uint32_t sum;
	bool carry = __builtin_add_overflow(rte_be_to_cpu_32(*field), delta, &sum);

	*field = rte_cpu_to_be_32(sum);
	return carry;
}

static inline rte_be16_t translate_window(const struct flow_line *line, rte_be16_t window)
{
	return rte_cpu_to_be_16(
		splice_window(rte_be_to_cpu_16(window), line->wscale_in, line->wscale_out));
}

/* As shift(), a number that lies anywhere in the options; `offset` counts from the TCP header. */
static uint64_t shift_option(uint8_t *tcp, unsigned int offset, uint32_t delta)
{
	uint64_t change = shift((unaligned_be32 *)(tcp + offset), delta);

	return offset & 1 ? csum_at_odd(change) : change;
}

static uint64_t shift_timestamps(const struct flow_line *line, uint8_t *tcp, unsigned int value,
				 bool has_ack)
{
	uint64_t change = shift_option(tcp, value, line->tsval_delta);

	/* Without ACK the echo is not valid, and 0 by RFC 7323 3.2. */
	if (has_ack)
		change += shift_option(tcp, value + 4, line->tsecr_delta);
	return change;
}

static uint64_t shift_sack(const struct flow_line *line, uint8_t *tcp, unsigned int value,
			   unsigned int end)
{
	uint64_t change = 0;

	for (; value + 4 <= end; value += 4)
		change += shift_option(tcp, value, line->ack_delta);
	return change;
}

/* Make NOPs of an option. */
static uint64_t blank(uint8_t *tcp, const struct tcp_option *o)
{
	uint64_t change = 0;
	unsigned int at;

	for (at = o->value - 2; at < o->next; at++) {
		uint64_t byte =
			csum_change16(rte_cpu_to_be_16(tcp[at]), rte_cpu_to_be_16(TCP_OPTION_NOP));

		change += at & 1 ? byte : csum_at_odd(byte);
		tcp[at] = TCP_OPTION_NOP;
	}
	return change;
}

static uint64_t translate_options(const struct flow_line *line, struct packet *p, bool has_ack)
{
	uint8_t *tcp = (uint8_t *)p->tcp;
	struct tcp_option option = TCP_OPTION_FIRST;
	uint64_t change = 0;

	while (tcp_option_next(&option, tcp, p->tcp_header)) {
		bool timestamps = option.kind == TCP_OPTION_TIMESTAMP && option.length == 10;
		bool sack = option.kind == TCP_OPTION_SACK;

		if (timestamps && line->flags & FLOW_TIMESTAMPS)
			change += shift_timestamps(line, tcp, option.value, has_ack);
		else if (sack && line->flags & FLOW_SACK)
			change += shift_sack(line, tcp, option.value, option.next);
		else if ((timestamps && line->flags & (FLOW_TS_DROP | FLOW_TS_INSERT)) ||
			 (sack && line->flags & FLOW_SACK_DROP))
			change += blank(tcp, &option);
	}
	return change;
}

/* An acknowledgement, with data or without, without options or with the timestamps of both legs
 * alone, where all put them. */
static bool is_usual(const struct flow_line *line, const struct packet *p)
{
	const unaligned_be32 *options = (const unaligned_be32 *)(p->tcp + 1);
	const uint8_t kind = RTE_TCP_ACK_FLAG | RTE_TCP_SYN_FLAG;

	if (unlikely((p->tcp->tcp_flags & kind) != RTE_TCP_ACK_FLAG))
		return false;
	if (p->tcp_header == sizeof(*p->tcp))
		return true;
	return likely(p->tcp_header == sizeof(*p->tcp) + TIMESTAMPS_LENGTH &&
		      line->flags & FLOW_TIMESTAMPS && options[0] == OPTIONS_TIMESTAMP_ALIGNED);
}

/* Of any segment: the change is told word by word. */
static uint64_t translate_numbers(const struct flow_line *line, struct packet *p)
{
	struct rte_tcp_hdr *tcp = p->tcp;
	bool has_ack = tcp->tcp_flags & RTE_TCP_ACK_FLAG;
	rte_be16_t window = tcp->rx_win;
	uint64_t change;

	change = shift((unaligned_be32 *)&tcp->sent_seq, line->seq_delta);
	if (has_ack)
		change += shift((unaligned_be32 *)&tcp->recv_ack, line->ack_delta);
	/* The window of a SYN is never scaled. */
	if (!(tcp->tcp_flags & RTE_TCP_SYN_FLAG)) {
		tcp->rx_win = translate_window(line, window);
		change += csum_change16(window, tcp->rx_win);
	}
	return change + translate_options(line, p, has_ack);
}

/* Of a usual one: what the deltas do to the sum is known, and their carries are counted. */
static inline uint32_t translate_usual_numbers(const struct flow_line *line, struct packet *p)
{
	struct rte_tcp_hdr *tcp = p->tcp;
	unaligned_be32 *options = (unaligned_be32 *)(tcp + 1);
	rte_be16_t window = tcp->rx_win;
	uint32_t change = line->seq_csum_delta;
	unsigned int carries;

	carries = advance((unaligned_be32 *)&tcp->sent_seq, line->seq_delta);
	carries += advance((unaligned_be32 *)&tcp->recv_ack, line->ack_delta);
	if (p->tcp_header != sizeof(*tcp)) {
		carries += advance(&options[1], line->tsval_delta);
		carries += advance(&options[2], line->tsecr_delta);
		change += line->ts_csum_delta;
	}
	tcp->rx_win = translate_window(line, window);
	return change + csum_carries(carries) + (uint16_t)~window + tcp->rx_win;
}

/* The ports, and the checksum after what else changed. */
static inline void rewrite_tcp(const struct flow_line *line, struct rte_tcp_hdr *tcp,
			       uint32_t change)
{
	tcp->src_port = line->out.relay_port;
	tcp->dst_port = line->out.peer_port;
	tcp->cksum = csum_update32(tcp->cksum, change + line->tcp_csum_delta);
}

static inline void rewrite_ip4(const struct flow_line *line, struct packet *p)
{
	p->ip->time_to_live--;
	p->ip->src_addr = line->out.relay_addr;
	p->ip->dst_addr = line->out.peer_addr;
	p->ip->hdr_checksum = csum_update32(p->ip->hdr_checksum, line->ip_csum_delta);
}

static void set_addresses6(struct rte_ipv6_hdr *ip6, const struct tuple_wide *out)
{
	memcpy(ip6->src_addr, &out->relay, sizeof(ip6->src_addr));
	memcpy(ip6->dst_addr, &out->peer, sizeof(ip6->dst_addr));
}

/* Make the IP header, which ends where TCP begins, `to` bytes long instead of `from`, with room
 * for the Ethernet header in front of it.  NULL: no room. */
static void *resize_ip(struct packet *p, uint16_t from, uint16_t to)
{
	if (to > from && rte_pktmbuf_prepend(p->m, to - from) == NULL)
		return NULL;
	if (to < from)
		rte_pktmbuf_adj(p->m, from - to);
	p->eth = rte_pktmbuf_mtod(p->m, struct rte_ether_hdr *);
	return p->eth + 1;
}

static bool refuse(struct packet *p, enum drop_reason why)
{
	p->drop = (uint8_t)why;
	return false;
}

/* RFC 7915 section 4.1 for a packet that is no fragment; IPv4 options are left behind.  IPv6 has no
 * checksum in which damage of the header could be seen any more. */
static bool replace_ip4(const struct flow_wide *wide, struct packet *p)
{
	uint8_t tos = p->ip->type_of_service, ttl = p->ip->time_to_live;
	uint16_t header = rte_ipv4_hdr_len(p->ip);
	struct rte_ipv6_hdr *ip6;

	if (unlikely(rte_raw_cksum(p->ip, header) != 0xffff))
		return refuse(p, DROP_CHECKSUM);
	ip6 = resize_ip(p, header, sizeof(*ip6));
	if (ip6 == NULL)
		return refuse(p, DROP_NO_BUFFER);
	p->eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
	p->ip6 = ip6;
	p->key.v6 = true;
	ip6->vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28 | (uint32_t)tos << 20);
	ip6->payload_len = rte_cpu_to_be_16((uint16_t)(p->tcp_header + p->payload));
	ip6->proto = IPPROTO_TCP;
	ip6->hop_limits = ttl - 1;
	set_addresses6(ip6, &wide->out);
	return true;
}

/* What of a packet of that many bytes with its header is one on the wire: each of a super-frame's. */
static uint32_t on_the_wire(const struct packet *p, uint32_t length)
{
	return unlikely(offload_is_super(p->m))
		       ? RTE_MIN(length, length - p->payload + p->m->tso_segsz)
		       : length;
}

/* RFC 7915 section 5.1.  An id matters only to what may be fragmented (RFC 6864 4.1). */
static bool replace_ip6(const struct flow_line *line, struct packet *p, uint16_t id)
{
	uint8_t class = (uint8_t)(rte_be_to_cpu_32(p->ip6->vtc_flow) >> 20);
	uint8_t hops = p->ip6->hop_limits;
	uint32_t length = (uint32_t)sizeof(struct rte_ipv4_hdr) + p->tcp_header + p->payload;
	bool whole = on_the_wire(p, length) > FRAGMENTABLE_MAX;
	struct rte_ipv4_hdr *ip;

	/* IPv6 does not count its header in the length, IPv4 does. */
	if (unlikely(length > UINT16_MAX))
		return refuse(p, DROP_NO_BUFFER);
	ip = resize_ip(p, sizeof(*p->ip6), sizeof(*ip));
	p->eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	p->ip = ip;
	p->key.v6 = false;
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->type_of_service = class;
	ip->total_length = rte_cpu_to_be_16((uint16_t)length);
	ip->packet_id = whole ? 0 : rte_cpu_to_be_16(id);
	ip->fragment_offset = whole ? RTE_BE16(RTE_IPV4_HDR_DF_FLAG) : 0;
	ip->time_to_live = hops - 1;
	ip->next_proto_id = IPPROTO_TCP;
	ip->hdr_checksum = 0;
	ip->src_addr = line->out.relay_addr;
	ip->dst_addr = line->out.peer_addr;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return true;
}

static bool translate_ip(const struct flow_line *line, const struct flow_wide *wide,
			 struct packet *p, uint16_t id)
{
	switch (line->flags & (FLOW_KEY6 | FLOW_OUT6)) {
	case 0:
		rewrite_ip4(line, p);
		return true;
	case FLOW_KEY6 | FLOW_OUT6:
		p->ip6->hop_limits--;
		set_addresses6(p->ip6, &wide->out);
		return true;
	case FLOW_OUT6:
		return replace_ip4(wide, p);
	default:
		return replace_ip6(line, p, id);
	}
}

/* Kept out of the way of the usual IPv4. */
static __rte_noinline bool translate(const struct flow_line *line, const struct flow_wide *wide,
				     struct packet *p, uint16_t id)
{
	uint32_t change = likely(is_usual(line, p)) ? translate_usual_numbers(line, p)
						    : csum_fold(translate_numbers(line, p));

	rewrite_tcp(line, p->tcp, change);
	return translate_ip(line, wide, p, id);
}

bool splice_translate(const struct flow_line *line, const struct flow_wide *wide, struct packet *p,
		      uint16_t id)
{
	if (unlikely(line->flags & (FLOW_KEY6 | FLOW_OUT6) || !is_usual(line, p)))
		return translate(line, wide, p, id);
	rewrite_tcp(line, p->tcp, translate_usual_numbers(line, p));
	rewrite_ip4(line, p);
	return true;
}

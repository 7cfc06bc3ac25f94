/* SPDX-License-Identifier: BSD-3-Clause */
#include "splice.h"
#include "checksum.h"
#include "tcp_option.h"

/* NOP NOP TIMESTAMP 10, as nearly every segment carries it: the option's numbers are aligned. */
#define OPTIONS_TIMESTAMP_ALIGNED RTE_BE32(0x0101080a)

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

/* The same for a number that lies anywhere in the options; `offset` counts from the TCP header. */
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

static uint64_t translate_options(const struct flow_line *line, struct packet *p, bool has_ack)
{
	uint8_t *tcp = (uint8_t *)p->tcp;
	struct tcp_option option = TCP_OPTION_FIRST;
	uint64_t change = 0;

	while (tcp_option_next(&option, tcp, p->tcp_header)) {
		if (option.kind == TCP_OPTION_TIMESTAMP && option.length == 10 &&
		    line->flags & FLOW_TIMESTAMPS)
			change += shift_timestamps(line, tcp, option.value, has_ack);
		else if (option.kind == TCP_OPTION_SACK && line->flags & FLOW_SACK)
			change += shift_sack(line, tcp, option.value, option.next);
	}
	return change;
}

static uint64_t translate_tcp(const struct flow_line *line, struct packet *p)
{
	struct rte_tcp_hdr *tcp = p->tcp;
	bool has_ack = tcp->tcp_flags & RTE_TCP_ACK_FLAG;
	rte_be16_t window = tcp->rx_win;
	unaligned_be32 *options = (unaligned_be32 *)(tcp + 1);
	uint64_t change = line->tcp_csum_delta;

	tcp->src_port = line->out.relay_port;
	tcp->dst_port = line->out.peer_port;
	change += shift((unaligned_be32 *)&tcp->sent_seq, line->seq_delta);
	if (likely(has_ack))
		change += shift((unaligned_be32 *)&tcp->recv_ack, line->ack_delta);
	/* The window of a SYN is never scaled. */
	if (likely(!(tcp->tcp_flags & RTE_TCP_SYN_FLAG))) {
		tcp->rx_win = rte_cpu_to_be_16(
			splice_window(rte_be_to_cpu_16(window), line->wscale_in, line->wscale_out));
		change += csum_change16(window, tcp->rx_win);
	}
	if (likely(p->tcp_header == sizeof(*tcp) + 12 && has_ack && line->flags & FLOW_TIMESTAMPS &&
		   options[0] == OPTIONS_TIMESTAMP_ALIGNED)) {
		change += shift(&options[1], line->tsval_delta);
		change += shift(&options[2], line->tsecr_delta);
	} else if (p->tcp_header != sizeof(*tcp)) {
		change += translate_options(line, p, has_ack);
	}
	return change;
}

void splice_translate(const struct flow_line *line, struct packet *p)
{
	struct rte_ipv4_hdr *ip = p->ip;

	ip->time_to_live--;
	ip->src_addr = line->out.relay_addr;
	ip->dst_addr = line->out.peer_addr;
	ip->hdr_checksum = csum_update(ip->hdr_checksum, line->ip_csum_delta);
	p->tcp->cksum = csum_update(p->tcp->cksum, translate_tcp(line, p));
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "last_hop.h"
#include "seq.h"

/* Between the last acknowledgement and the last number the other end was seen to send. */
static bool ack_within(const struct flow_table *t, uint32_t slot, uint32_t ack)
{
	uint32_t from = relaxed_load(&t->tracks[slot].ack_hi);
	uint32_t to = relaxed_load(&t->tracks[slot ^ 1].seq_hi) + t->lines[slot ^ 1].seq_delta;

	return seq_not_after(from, ack) && seq_not_after(ack, to);
}

/* A frame for us is addressed to our MAC: it cannot come from there. */
static bool plausible_source(const struct rte_ether_hdr *eth)
{
	return rte_is_valid_assigned_ether_addr(&eth->src_addr) &&
	       !rte_is_same_ether_addr(&eth->src_addr, &eth->dst_addr);
}

void last_hop_learn(const struct flow_table *t, uint32_t slot, const struct packet *p, uint64_t hop)
{
	const uint8_t flags = RTE_TCP_SYN_FLAG | RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG;

	if ((p->tcp->tcp_flags & flags) != RTE_TCP_ACK_FLAG ||
	    rte_be_to_cpu_32(p->tcp->sent_seq) != relaxed_load(&t->tracks[slot].seq_hi) ||
	    !ack_within(t, slot, rte_be_to_cpu_32(p->tcp->recv_ack)) || !plausible_source(p->eth) ||
	    !packet_checksums_good(p))
		return;
	relaxed_store(&t->tracks[slot ^ 1].next_hop, hop);
}

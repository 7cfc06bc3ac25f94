/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An established leg that waits to be spliced, DESIGN 3.2.  It keeps its peer content with a closed
 * window and holds nothing of what the peer may send: that comes again.  One of the SOCKS5 service
 * has its negotiation first (negotiation.c).
 */
#include "next_hop.h"
#include "seq.h"
#include "tcp_option.h"
#include "worker.h"

/* Every answer carries the constant T: a running clock would go backwards at the splice. */
struct reply parked_reply(const struct worker *w, const struct leg *leg, uint8_t flags)
{
	return (struct reply){
		.to = leg->tuple,
		.next_hop = leg->next_hop,
		.seq = leg->iss + 1,
		.ack = leg->rcv_nxt,
		.tsval = leg->ts_const,
		.tsecr = leg->ts_recent,
		.window = negotiation_window(w, leg),
		.flags = flags,
		.timestamps = leg->options & LEG_TIMESTAMPS,
	};
}

void parked_say(struct worker *w, const struct leg *leg, uint8_t flags)
{
	const struct reply r = parked_reply(w, leg, flags);

	output_reply(w, &r);
}

void parked_challenge(struct worker *w, const struct leg *leg)
{
	if (rate_limit_take(&w->challenges, w->now_ms))
		parked_say(w, leg, RTE_TCP_ACK_FLAG);
	else
		relaxed_add(&w->stats->dropped[DROP_RATE], 1);
}

static void learn_timestamp(struct leg *leg, const struct packet *p)
{
	uint32_t tsval;

	if (tcp_option_tsval(p->tcp, p->tcp_header, &tsval) && seq_after(tsval, leg->ts_recent))
		leg->ts_recent = tsval;
}

void parked_hear(struct leg *leg, const struct packet *p)
{
	leg->window = rte_be_to_cpu_16(p->tcp->rx_win);
	leg->next_hop = next_hop_make(p->port, 0, &p->eth->src_addr);
	if (leg->options & LEG_TIMESTAMPS)
		learn_timestamp(leg, p);
}

/* In order means: at R, or a probe just before it (RFC 7323 4.3 takes timestamps of both). */
static bool in_order(const struct leg *leg, const struct packet *p)
{
	uint32_t seq = rte_be_to_cpu_32(p->tcp->sent_seq);

	return seq == leg->rcv_nxt || seq == leg->rcv_nxt - 1;
}

static void take_ack(struct worker *w, struct leg *leg, const struct packet *p)
{
	bool asks = rte_be_to_cpu_32(p->tcp->sent_seq) != leg->rcv_nxt || p->payload > 0 ||
		    p->tcp->tcp_flags & RTE_TCP_FIN_FLAG;

	/* An ACK of what was never sent says nothing reliable of the rest. */
	if (rte_be_to_cpu_32(p->tcp->recv_ack) != leg->iss + 1) {
		relaxed_add(&w->stats->dropped[DROP_NOT_EXPECTED], 1);
		return;
	}
	parked_hear(leg, p);
	if (asks)
		parked_say(w, leg, RTE_TCP_ACK_FLAG);
}

void parked_segment(struct worker *w, struct leg *leg, const struct packet *p)
{
	uint8_t flags = p->tcp->tcp_flags;

	if (leg->negotiates) {
		negotiation_segment(w, leg, p);
	} else if (flags & RTE_TCP_RST_FLAG) {
		/* The window is closed: only the exact number is in it. */
		if (rte_be_to_cpu_32(p->tcp->sent_seq) == leg->rcv_nxt)
			leg_end(&w->legs, leg, LEG_END_RESET);
		else
			relaxed_add(&w->stats->dropped[DROP_NOT_EXPECTED], 1);
	} else if (flags & RTE_TCP_SYN_FLAG || !in_order(leg, p)) {
		parked_challenge(w, leg);
	} else if (flags & RTE_TCP_ACK_FLAG) {
		take_ack(w, leg, p);
	} else {
		relaxed_add(&w->stats->dropped[DROP_NOT_EXPECTED], 1);
	}
}

void parked_start(struct worker *w, struct leg *leg, const struct packet *p)
{
	uint64_t claim_by_ms = w->now_ms + relaxed_load(&w->claim_ms);

	if (leg->negotiates)
		leg_negotiation(&w->legs, leg)->claim_by_ms = claim_by_ms;
	leg_arm(&w->legs, leg, claim_by_ms);
	parked_segment(w, leg, p);
}

void parked_reset(struct worker *w, struct leg *leg, enum leg_end end)
{
	parked_say(w, leg, RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG);
	leg_end(&w->legs, leg, end);
}

void parked_timer(struct worker *w, struct leg *leg)
{
	if (leg->negotiates)
		negotiation_timer(w, leg);
	else
		parked_reset(w, leg, LEG_END_TIMEOUT);
}

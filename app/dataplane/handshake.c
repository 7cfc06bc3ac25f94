/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From SYN to established, DESIGN 3.1.  The SYN|ACK has options built afresh and a closed window:
 * the peer is connected but cannot send before it is cleared to.
 */
#include "next_hop.h"
#include "seq.h"
#include "tcp_option.h"
#include "worker.h"

#define SYNACK_ATTEMPTS 4   /* at 0, 1, 2 and 4 s; given up after 8 */
#define MSS_DEFAULT	536 /* RFC 9293 3.7.1 */
#define MSS_DEFAULT6	1220
/* Nobody means less, and few bytes a segment are an attack on whoever cuts: Linux sends no smaller
 * segments and lets no program ask for them (TCP_MIN_MSS: 20 + 20 bytes of headers and the longest
 * options of both leave 8 for data in 128).  Every host takes packets of 576 bytes (RFC 1122). */
#define MSS_MIN		88
#define WSCALE_MAX	14 /* RFC 7323 2.3 */
#define TIMESTAMP_BYTES 12

/* After the n-th SYN|ACK, wait so long. */
static const uint16_t synack_wait_ms[SYNACK_ATTEMPTS] = {1000, 1000, 2000, 4000};

static uint32_t keyed(const struct siphash_key *key, const struct tuple *t)
{
	uint64_t words[TUPLE_WORDS];

	return (uint32_t)siphash(key, words, tuple_words(t, words) * sizeof(words[0]));
}

static uint32_t get32(const uint8_t *at)
{
	rte_be32_t be;

	memcpy(&be, at, sizeof(be));
	return rte_be_to_cpu_32(be);
}

static void read_syn_options(struct leg *leg, const struct packet *p)
{
	const uint8_t *tcp = (const uint8_t *)p->tcp;
	struct tcp_option o = TCP_OPTION_FIRST;

	leg->mss = leg->tuple.v6 ? MSS_DEFAULT6 : MSS_DEFAULT;
	while (tcp_option_next(&o, tcp, p->tcp_header)) {
		if (o.kind == TCP_OPTION_MSS && o.length == 4) {
			leg->mss = (uint16_t)(tcp[o.value] << 8 | tcp[o.value + 1]);
			leg->mss = RTE_MAX(leg->mss, MSS_MIN);
		} else if (o.kind == TCP_OPTION_WSCALE && o.length == 3) {
			leg->wscale = RTE_MIN(tcp[o.value], WSCALE_MAX);
			leg->options |= LEG_WSCALE;
		} else if (o.kind == TCP_OPTION_SACK_PERMITTED && o.length == 2) {
			leg->options |= LEG_SACK;
		} else if (o.kind == TCP_OPTION_TIMESTAMP && o.length == 10) {
			leg->ts_first = leg->ts_recent = get32(tcp + o.value);
			leg->options |= LEG_TIMESTAMPS;
		}
	}
}

static void send_synack(struct worker *w, const struct leg *leg)
{
	bool timestamps = leg->options & LEG_TIMESTAMPS;

	output_reply(w, &(struct reply){
				.to = leg->tuple,
				.next_hop = leg->next_hop,
				.seq = leg->iss,
				.ack = leg->rcv_nxt,
				.tsval = leg->ts_const,
				.tsecr = leg->ts_first,
				.mss = w->listener.mss - (timestamps ? 0 : TIMESTAMP_BYTES),
				.flags = RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG,
				.timestamps = timestamps,
				.wscale = leg->options & LEG_WSCALE,
				.sack = leg->options & LEG_SACK,
			});
}

static void offer(struct worker *w, struct leg *leg)
{
	send_synack(w, leg);
	leg_arm(&w->legs, leg, w->now_ms + synack_wait_ms[leg->attempts]);
	leg->attempts++;
}

void handshake_syn(struct worker *w, const struct packet *p)
{
	enum drop_reason why;
	struct leg *leg;

	leg = leg_create(&w->legs, p->hash, &p->key, &why);
	if (leg == NULL) {
		relaxed_add(&w->stats->dropped[why], 1);
		return;
	}
	leg->next_hop = next_hop_make(p->port, 0, &p->eth->src_addr);
	/* RFC 6528: a clock of 4 us ticks plus a keyed function of the four-tuple. */
	leg->iss = (uint32_t)(w->now_ms * 250) + keyed(&w->listener.isn_key, &p->key);
	leg->ts_const = (uint32_t)w->now_ms + keyed(&w->listener.ts_key, &p->key);
	leg->rcv_nxt = rte_be_to_cpu_32(p->tcp->sent_seq) + 1;
	leg->window = rte_be_to_cpu_16(p->tcp->rx_win);
	read_syn_options(leg, p);
	offer(w, leg);
}

static void take_syn(struct worker *w, struct leg *leg, const struct packet *p)
{
	if (rte_be_to_cpu_32(p->tcp->sent_seq) + 1 == leg->rcv_nxt) {
		send_synack(w, leg);
		return;
	}
	leg_end(&w->legs, leg, LEG_END_REPLACED);
	handshake_syn(w, p);
}

static void take_ack(struct worker *w, struct leg *leg, const struct packet *p)
{
	uint32_t seq = rte_be_to_cpu_32(p->tcp->sent_seq);
	uint32_t ack = rte_be_to_cpu_32(p->tcp->recv_ack);

	/* A window probe stands one before what is expected. */
	if (ack != leg->iss + 1 || (seq != leg->rcv_nxt && seq != leg->rcv_nxt - 1)) {
		relaxed_add(&w->stats->dropped[DROP_NOT_EXPECTED], 1);
		return;
	}
	if (!leg_establish(&w->legs, leg)) {
		relaxed_add(&w->stats->dropped[DROP_LEGS], 1);
		parked_reset(w, leg, LEG_END_TIMEOUT);
		return;
	}
	leg_arm(&w->legs, leg, w->now_ms + w->claim_ms);
	parked_segment(w, leg, p);
}

void handshake_segment(struct worker *w, struct leg *leg, const struct packet *p)
{
	uint8_t flags = p->tcp->tcp_flags;

	if (flags & RTE_TCP_RST_FLAG) {
		if (rte_be_to_cpu_32(p->tcp->sent_seq) == leg->rcv_nxt)
			leg_end(&w->legs, leg, LEG_END_RESET);
	} else if (flags & RTE_TCP_SYN_FLAG) {
		if (!(flags & RTE_TCP_ACK_FLAG))
			take_syn(w, leg, p);
	} else if (flags & RTE_TCP_ACK_FLAG) {
		take_ack(w, leg, p);
	}
}

void handshake_timer(struct worker *w, struct leg *leg)
{
	if (leg->attempts < SYNACK_ATTEMPTS)
		offer(w, leg);
	else
		leg_end(&w->legs, leg, LEG_END_TIMEOUT);
}

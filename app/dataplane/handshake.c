/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From SYN to established, DESIGN 3.1.  The SYN|ACK has options built afresh and a closed window:
 * the peer is connected but cannot send before it is cleared to.  (That of the SOCKS5 service has a
 * window for the negotiation.)  Under a flood the SYN|ACK is all there is of a half-open leg: its
 * numbers carry what the ACK must bring back.
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
#define ISN_PER_MS	250 /* RFC 6528: a tick is 4 us */

/* After the n-th SYN|ACK, wait so long. */
static const uint16_t synack_wait_ms[SYNACK_ATTEMPTS] = {1000, 1000, 2000, 4000};

static uint32_t keyed(const struct siphash_key *key, const struct tuple *t)
{
	uint64_t words[TUPLE_WORDS];

	return (uint32_t)siphash(key, words, tuple_words(t, words) * sizeof(words[0]));
}

uint32_t handshake_isn(const struct worker *w, const struct tuple *t)
{
	return (uint32_t)(w->now_ms * ISN_PER_MS) + keyed(&w->listener.isn_key, t);
}

uint32_t handshake_clock(const struct worker *w, const struct tuple *t)
{
	return (uint32_t)w->now_ms + keyed(&w->listener.ts_key, t);
}

/* What a SYN says. */
struct offer {
	struct syncookie_syn syn;
	uint32_t tsval;
};

static struct offer read_syn(const struct packet *p)
{
	const uint8_t *tcp = (const uint8_t *)p->tcp;
	struct tcp_option o = TCP_OPTION_FIRST;
	struct offer said = {.syn = {.seq = rte_be_to_cpu_32(p->tcp->sent_seq),
				     .mss = p->key.v6 ? MSS_DEFAULT6 : MSS_DEFAULT}};
	struct syncookie_syn *syn = &said.syn;

	while (tcp_option_next(&o, tcp, p->tcp_header)) {
		if (o.kind == TCP_OPTION_MSS && o.length == 4) {
			syn->mss = (uint16_t)(tcp[o.value] << 8 | tcp[o.value + 1]);
			syn->mss = RTE_MAX(syn->mss, MSS_MIN);
		} else if (o.kind == TCP_OPTION_WSCALE && o.length == 3) {
			syn->wscale = RTE_MIN(tcp[o.value], WSCALE_MAX);
			syn->options |= LEG_WSCALE;
		} else if (o.kind == TCP_OPTION_SACK_PERMITTED && o.length == 2) {
			syn->options |= LEG_SACK;
		} else if (o.kind == TCP_OPTION_TIMESTAMP && o.length == 10) {
			said.tsval = tcp_option_get32(tcp + o.value);
			syn->options |= LEG_TIMESTAMPS;
		}
	}
	return said;
}

/* `leg` may be one that is in no table. */
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
				.window = leg->negotiates ? NEGOTIATION_WINDOW : 0,
				.mss = w->listener.mss - (timestamps ? 0 : TIMESTAMP_BYTES),
				.flags = RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG,
				.timestamps = timestamps,
				.wscale = leg->options & LEG_WSCALE,
				.sack = leg->options & LEG_SACK,
			});
}

/* What a leg has of its peer's SYN. */
static void fill_leg(struct leg *leg, const struct syncookie_syn *syn, uint32_t tsval)
{
	leg->rcv_nxt = syn->seq + 1;
	leg->mss = syn->mss;
	leg->wscale = syn->wscale;
	leg->options = syn->options;
	leg->ts_first = leg->ts_recent = tsval;
}

static void offer(struct worker *w, struct leg *leg)
{
	send_synack(w, leg);
	leg_arm(&w->legs, leg, w->now_ms + synack_wait_ms[leg->attempts]);
	leg->attempts++;
}

static void answer_with_leg(struct worker *w, const struct packet *p)
{
	struct offer said = read_syn(p);
	enum drop_reason why;
	struct leg *leg;

	leg = leg_create(&w->legs, p->hash, &p->key, &why);
	if (leg == NULL) {
		relaxed_add(&w->stats->dropped[why], 1);
		return;
	}
	fill_leg(leg, &said.syn, said.tsval);
	leg->next_hop = next_hop_make(p->port, 0, &p->eth->src_addr);
	leg->iss = handshake_isn(w, &p->key);
	leg->ts_const = handshake_clock(w, &p->key);
	leg->window = rte_be_to_cpu_16(p->tcp->rx_win);
	offer(w, leg);
}

/* --- without a table entry --- */

static void answer_with_cookie(struct worker *w, const struct packet *p)
{
	struct offer said = read_syn(p);
	struct leg leg = {
		.tuple = p->key,
		.negotiates = leg_negotiates(&w->legs, &p->key),
	};
	enum drop_reason why;

	if (!leg_welcome(&w->legs, &p->key, &why)) {
		relaxed_add(&w->stats->dropped[why], 1);
		return;
	}
	/* Only a timestamp can keep the other options. */
	if (!(said.syn.options & LEG_TIMESTAMPS))
		said.syn.options = 0;
	fill_leg(&leg, &said.syn, said.tsval);
	leg.next_hop = next_hop_make(p->port, 0, &p->eth->src_addr);
	leg.iss = syncookie_make(&w->cookies.secrets, &p->key, &said.syn);
	leg.ts_const = syncookie_tsval(handshake_clock(w, &p->key), &said.syn);
	send_synack(w, &leg);
	challenge_remember(w, p);
	cookies_sent(&w->cookies, w->now_ms);
	relaxed_add(&w->stats->syn_cookies[COOKIE_SENT], 1);
}

/* The SYN whose cookie an ACK at R, or a window probe one before, brings back. */
static bool redeem(const struct worker *w, const struct packet *p, uint32_t cookie,
		   struct syncookie_syn *syn)
{
	uint32_t seq = rte_be_to_cpu_32(p->tcp->sent_seq);

	*syn = (struct syncookie_syn){.seq = seq - 1};
	if (syncookie_check(&w->cookies.secrets, &p->key, cookie, syn))
		return true;
	syn->seq = seq;
	return syncookie_check(&w->cookies.secrets, &p->key, cookie, syn);
}

bool handshake_cookie(struct worker *w, const struct packet *p)
{
	const uint8_t kind = RTE_TCP_SYN_FLAG | RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG;
	uint32_t cookie = rte_be_to_cpu_32(p->tcp->recv_ack) - 1, tsval = 0, tsecr = 0;
	struct syncookie_syn syn;
	enum drop_reason why;
	struct leg *leg;

	if (!cookies_outstanding(&w->cookies, w->now_ms) ||
	    listen_is_rendezvous(&w->listener, &p->key) ||
	    (p->tcp->tcp_flags & kind) != RTE_TCP_ACK_FLAG)
		return false;
	if (!redeem(w, p, cookie, &syn)) {
		relaxed_add(&w->stats->syn_cookies[COOKIE_INVALID], 1);
		return false;
	}
	relaxed_add(&w->stats->syn_cookies[COOKIE_VALID], 1);
	leg = leg_create_parked(&w->legs, p->hash, &p->key, &why);
	if (leg == NULL) {
		relaxed_add(&w->stats->dropped[why], 1);
		listen_refuse(w, p);
		return true;
	}
	if (tcp_option_timestamps(p->tcp, p->tcp_header, &tsval, &tsecr))
		syncookie_read_tsecr(tsecr, &syn);
	fill_leg(leg, &syn, tsval);
	leg->iss = cookie;
	leg->ts_const = tsecr;
	parked_start(w, leg, p);
	return true;
}

void handshake_syn(struct worker *w, const struct packet *p)
{
	/* Of a rendezvous address every leg is to be known, established or not. */
	if (cookies_due(&w->cookies, w->stats->legs[LEG_GAUGE_HALF_OPEN]) &&
	    !listen_is_rendezvous(&w->listener, &p->key))
		answer_with_cookie(w, p);
	else
		answer_with_leg(w, p);
}

/* --- half-open --- */

static void take_syn(struct worker *w, struct leg *leg, const struct packet *p)
{
	if (rte_be_to_cpu_32(p->tcp->sent_seq) + 1 == leg->rcv_nxt) {
		send_synack(w, leg);
		return;
	}
	/* A new one would be refused; then the old one stays. */
	if (leg->place != RENDEZVOUS_NOWHERE &&
	    rendezvous_set_state_of(w->listener.rendezvous, leg->place) !=
		    MAILBOX_RENDEZVOUS_OPEN) {
		relaxed_add(&w->stats->dropped[DROP_RENDEZVOUS], 1);
		return;
	}
	leg_end(&w->legs, leg, LEG_END_REPLACED);
	handshake_syn(w, p);
}

static void take_ack(struct worker *w, struct leg *leg, const struct packet *p)
{
	uint32_t seq = rte_be_to_cpu_32(p->tcp->sent_seq);
	uint32_t ack = rte_be_to_cpu_32(p->tcp->recv_ack);
	enum drop_reason why;

	/* RFC 9293 3.10.7.4.  A window probe stands one before what is expected. */
	if (seq != leg->rcv_nxt && seq != leg->rcv_nxt - 1) {
		relaxed_add(&w->stats->dropped[DROP_NOT_EXPECTED], 1);
		parked_challenge(w, leg);
		return;
	}
	if (ack != leg->iss + 1) {
		relaxed_add(&w->stats->dropped[DROP_NOT_EXPECTED], 1);
		listen_refuse(w, p);
		return;
	}
	if (!leg_establish(&w->legs, leg, &why)) {
		relaxed_add(&w->stats->dropped[why], 1);
		parked_reset(w, leg, LEG_END_REFUSED);
		return;
	}
	parked_start(w, leg, p);
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

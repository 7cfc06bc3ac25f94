/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A parked leg of the SOCKS5 service that is not through with its negotiation, DESIGN 3.2.  What is
 * said is socks5.c's; here it becomes TCP, with as little of it as will do:
 *
 *   SYN|ACK --> reads --> named --> connected --> acknowledged: a parked leg like any other
 *                 |         |
 *                 +---------+--> closing: FIN, and what the peer may still say is read and dropped
 *
 * The window is open for what the peer has to say, and closed from its request on: what comes
 * behind that is not acknowledged and comes again after the splice, and R is the number right
 * behind the request.  Only what comes in its place is taken, the rest brings the current ACK.
 *
 * What the relay says are two messages, a segment each and never parts of two in one, for there are
 * peers who read them so.  They leave when the peer's window has room for them whole, and again
 * until they are acknowledged, or too often.  S counts all that was sent.
 */
#include "worker.h"

#define ATTEMPTS  4    /* at 0, 1, 2 and 4 s; given up after 8 */
#define LINGER_MS 4000 /* how long a peer may take to close once it was told to */

/* After the n-th attempt, wait so long. */
static const uint16_t wait_ms[ATTEMPTS] = {1000, 1000, 2000, 4000};

uint16_t negotiation_window(const struct worker *w, const struct leg *leg)
{
	uint8_t state;

	if (!leg->negotiates)
		return 0;
	state = leg_negotiation(&w->legs, leg)->socks5.state;
	if (state == SOCKS5_NAMED || state == SOCKS5_CONNECTED)
		return 0;
	return leg->options & LEG_WSCALE ? NEGOTIATION_WINDOW >> REPLY_WSCALE : NEGOTIATION_WINDOW;
}

/* --- what is said --- */

/* All of it so far, with the FIN behind the last byte. */
struct script {
	uint8_t bytes[SOCKS5_SAID_MAX];
	uint8_t n_bytes, end;
};

static struct script script_of(const struct negotiation *g)
{
	struct script s;

	s.n_bytes = (uint8_t)socks5_said(&g->socks5, s.bytes);
	s.end = s.n_bytes + g->closing;
	return s;
}

static bool all_acked(const struct negotiation *g)
{
	return g->acked == script_of(g).end;
}

/* Where the message ends that goes on at `from`. */
static uint8_t message_end(const struct script *s, uint8_t from)
{
	bool choice = from < SOCKS5_CHOICE_BYTES && s->n_bytes > SOCKS5_CHOICE_BYTES;

	return choice ? SOCKS5_CHOICE_BYTES : s->end;
}

/* Is there room for what is to be acknowledged up to `to`?  Nobody's window is too small for a
 * FIN. */
static bool has_room(const struct leg *leg, const struct negotiation *g, const struct script *s,
		     uint8_t to)
{
	uint32_t last = RTE_MIN(to, s->n_bytes);

	return last <= g->acked + ((uint32_t)leg->window << leg->wscale);
}

static uint32_t seq_of(const struct leg *leg, const struct negotiation *g, uint8_t at)
{
	return leg->iss + 1 - (uint32_t)(g->sent - at);
}

static void say(struct worker *w, const struct leg *leg, const struct script *s, uint8_t from,
		uint8_t to)
{
	const struct negotiation *g = leg_negotiation(&w->legs, leg);
	struct reply r = parked_reply(w, leg, RTE_TCP_ACK_FLAG);

	r.seq = seq_of(leg, g, from);
	r.payload = s->bytes + from;
	r.n_payload = RTE_MIN(to, s->n_bytes) - from;
	if (r.n_payload > 0)
		r.flags |= RTE_TCP_PSH_FLAG;
	if (to > s->n_bytes)
		r.flags |= RTE_TCP_FIN_FLAG;
	output_reply(w, &r);
}

/* An ACK that the peer must answer with its own, and so with its window (RFC 9293 3.8.4). */
static void probe(struct worker *w, const struct leg *leg)
{
	const struct negotiation *g = leg_negotiation(&w->legs, leg);
	struct reply r = parked_reply(w, leg, RTE_TCP_ACK_FLAG);

	r.seq = seq_of(leg, g, g->acked) - 1;
	output_reply(w, &r);
}

/* --- when --- */

static void arm(struct worker *w, struct leg *leg)
{
	const struct negotiation *g = leg_negotiation(&w->legs, leg);
	uint64_t at = g->again_ms;

	if (leg->state == LEG_PARKED && (at == 0 || g->claim_by_ms < at))
		at = g->claim_by_ms;
	if (at != 0)
		leg_arm(&w->legs, leg, at);
	else
		leg_disarm(&w->legs, leg);
}

static void begin_attempts(const struct worker *w, struct negotiation *g)
{
	g->attempts = 0;
	g->again_ms = w->now_ms + wait_ms[0];
}

/* Say what has not been said yet, as far as there is room.  False: nothing was. */
static bool say_new(struct worker *w, struct leg *leg)
{
	struct negotiation *g = leg_negotiation(&w->legs, leg);
	const struct script s = script_of(g);
	bool said = false;

	while (g->sent < s.end && has_room(leg, g, &s, message_end(&s, g->sent))) {
		uint8_t from = g->sent;

		g->sent = message_end(&s, from);
		leg->iss += (uint32_t)(g->sent - from);
		say(w, leg, &s, from, g->sent);
		said = true;
	}
	if (said || (g->sent < s.end && g->again_ms == 0))
		begin_attempts(w, g);
	arm(w, leg);
	return said;
}

static void say_again(struct worker *w, struct leg *leg)
{
	const struct negotiation *g = leg_negotiation(&w->legs, leg);
	const struct script s = script_of(g);
	uint8_t from = g->acked, to;

	if (g->sent == g->acked || !has_room(leg, g, &s, message_end(&s, from))) {
		probe(w, leg);
		return;
	}
	for (; from < g->sent; from = to) {
		to = RTE_MIN(message_end(&s, from), g->sent);
		say(w, leg, &s, from, to);
	}
}

void negotiation_timer(struct worker *w, struct leg *leg)
{
	struct negotiation *g = leg_negotiation(&w->legs, leg);
	bool late = leg->state == LEG_PARKED && w->now_ms >= g->claim_by_ms;

	if (late || (!all_acked(g) && ++g->attempts == ATTEMPTS)) {
		parked_reset(w, leg, LEG_END_TIMEOUT);
	} else if (all_acked(g)) {
		/* It was told to close, and lingers. */
		parked_reset(w, leg, LEG_END_COMMANDED);
	} else {
		say_again(w, leg);
		g->again_ms = w->now_ms + wait_ms[g->attempts];
		arm(w, leg);
	}
}

/* --- what is heard --- */

/* All that was said is acknowledged. */
static void finish(struct worker *w, struct leg *leg)
{
	struct negotiation *g = leg_negotiation(&w->legs, leg);

	g->again_ms = g->closing ? w->now_ms + LINGER_MS : 0;
	if (g->closing && g->closed) {
		leg_end(&w->legs, leg, LEG_END_COMMANDED);
	} else if (g->socks5.state == SOCKS5_CONNECTED) {
		arm(w, leg);
		leg->negotiates = false;
		if (g->retire)
			leg_advance(&w->legs, leg, LEG_RETIRED);
	} else {
		arm(w, leg);
	}
}

/* False: it acknowledges what was never sent on this connection. */
static bool take_ack(struct worker *w, struct leg *leg, const struct packet *p, bool in_place)
{
	struct negotiation *g = leg_negotiation(&w->legs, leg);
	uint32_t to_come = leg->iss + 1 - rte_be_to_cpu_32(p->tcp->recv_ack);

	if (to_come > g->sent)
		return false;
	if (g->sent - to_come < g->acked)
		return true; /* overtaken by a later one */
	if (in_place)
		parked_hear(leg, p);
	else
		leg->window = rte_be_to_cpu_16(p->tcp->rx_win);
	if (g->sent - to_come == g->acked)
		return true;
	g->acked = (uint8_t)(g->sent - to_come);
	begin_attempts(w, g);
	if (all_acked(g))
		finish(w, leg);
	return true;
}

/* Of the payload from `offset` on. */
static uint32_t read_payload(struct negotiation *g, const struct packet *p, uint32_t offset)
{
	uint32_t start = (uint32_t)((const uint8_t *)p->tcp - rte_pktmbuf_mtod(p->m, uint8_t *)) +
			 p->tcp_header + offset;
	uint32_t n = RTE_MIN(p->payload - offset, (uint32_t)SOCKS5_HEARD_MAX), used;
	uint8_t copy[SOCKS5_HEARD_MAX];

	used = (uint32_t)socks5_read(&g->socks5, rte_pktmbuf_read(p->m, start, n, copy), n);
	if (g->socks5.state == SOCKS5_REFUSED || g->socks5.state == SOCKS5_NO_METHOD)
		g->closing = true;
	return used;
}

/* What the segment has at R, which is `offset` bytes behind its start; R goes on. */
static void read_segment(struct leg *leg, struct negotiation *g, const struct packet *p,
			 uint32_t offset)
{
	uint32_t used = 0;

	if (offset > p->payload || g->closed)
		return;
	if (offset < p->payload && !g->closing)
		used = read_payload(g, p, offset);
	if (g->closing) /* nobody wants the rest */
		used = p->payload - offset;
	leg->rcv_nxt += used;
	if (!(p->tcp->tcp_flags & RTE_TCP_FIN_FLAG) || offset + used < p->payload)
		return;
	/* One behind the request belongs to what is spliced.  An earlier one is the end. */
	if (g->closing || g->socks5.state < SOCKS5_NAMED) {
		g->closing = g->closed = true;
		leg->rcv_nxt++;
	}
}

/* Does a segment want an answer, which begins so far before R? */
static bool asks(const struct packet *p, uint32_t behind)
{
	return behind > 0 || p->payload > 0 || p->tcp->tcp_flags & RTE_TCP_FIN_FLAG;
}

static void take_data(struct worker *w, struct leg *leg, const struct packet *p, uint32_t offset)
{
	struct negotiation *g = leg_negotiation(&w->legs, leg);
	bool was_named = g->socks5.state == SOCKS5_NAMED;
	uint32_t before = leg->rcv_nxt;

	read_segment(leg, g, p, offset);
	if (g->socks5.state == SOCKS5_BROKEN) {
		parked_reset(w, leg, LEG_END_RESET);
		return;
	}
	if (g->socks5.state == SOCKS5_NAMED && !was_named)
		leg_name(&w->legs, leg);
	if (say_new(w, leg) || !asks(p, offset))
		return;
	if (leg->rcv_nxt != before || offset <= 1)
		parked_say(w, leg, RTE_TCP_ACK_FLAG);
	else
		parked_challenge(w, leg);
	if (g->closed && all_acked(g))
		leg_end(&w->legs, leg, LEG_END_COMMANDED);
}

/* A segment behind a gap.  A peer with early data says all it says there: mere ACKs ask nothing. */
static void take_ahead(struct worker *w, struct leg *leg, const struct packet *p)
{
	if (!say_new(w, leg) && asks(p, 0))
		parked_challenge(w, leg);
}

/* RFC 5961 3.2 */
static void take_rst(struct worker *w, struct leg *leg, int32_t ahead)
{
	if (ahead == 0)
		leg_end(&w->legs, leg, LEG_END_RESET);
	else if (ahead > 0 && ahead <= NEGOTIATION_WINDOW)
		parked_challenge(w, leg);
	else
		relaxed_add(&w->stats->dropped[DROP_NOT_EXPECTED], 1);
}

void negotiation_segment(struct worker *w, struct leg *leg, const struct packet *p)
{
	int32_t ahead = (int32_t)(rte_be_to_cpu_32(p->tcp->sent_seq) - leg->rcv_nxt);
	uint32_t behind = ahead < 0 ? (uint32_t)-ahead : 0;
	uint8_t flags = p->tcp->tcp_flags;

	if (flags & RTE_TCP_RST_FLAG) {
		take_rst(w, leg, ahead);
	} else if (flags & RTE_TCP_SYN_FLAG || ahead > NEGOTIATION_WINDOW ||
		   ahead < -NEGOTIATION_WINDOW) {
		parked_challenge(w, leg);
	} else if (!(flags & RTE_TCP_ACK_FLAG) ||
		   !take_ack(w, leg, p, ahead <= 0 && behind <= RTE_MAX(p->payload, 1U))) {
		relaxed_add(&w->stats->dropped[DROP_NOT_EXPECTED], 1);
	} else if (leg->state != LEG_PARKED && leg->state != LEG_CLAIMED) {
		return; /* that was all: it is gone, or retired */
	} else if (!leg->negotiates) {
		if (asks(p, behind))
			parked_segment(w, leg, p);
	} else if (ahead <= 0) {
		take_data(w, leg, p, behind);
	} else {
		take_ahead(w, leg, p);
	}
}

/* --- what the control thread says --- */

static void answer(struct worker *w, struct leg *leg, enum socks5_reply reply)
{
	struct negotiation *g = leg_negotiation(&w->legs, leg);

	if (g->socks5.state != SOCKS5_NAMED)
		return;
	socks5_answer(&g->socks5, reply);
	g->closing = reply != SOCKS5_SUCCEEDED;
	say_new(w, leg);
}

void negotiation_command(struct worker *w, struct leg *leg, enum mailbox_command_type type)
{
	if (leg->state != LEG_PARKED && leg->state != LEG_CLAIMED)
		return;
	if (type == MAILBOX_LEG_ADMIT) {
		answer(w, leg, SOCKS5_SUCCEEDED);
	} else if (type == MAILBOX_LEG_REFUSE) {
		answer(w, leg, SOCKS5_NOT_ALLOWED);
	} else if (type == MAILBOX_LEG_CLAIM && leg->state == LEG_PARKED) {
		leg_advance(&w->legs, leg, LEG_CLAIMED);
		arm(w, leg);
	} else if (type == MAILBOX_LEG_RETIRE) {
		leg_negotiation(&w->legs, leg)->retire = true;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several workers may carry one connection at once, and each keeps the mutable lines by plain loads
 * and stores: there is no atomic addition or exchange on the way of a usual packet.  So a number may
 * go back to what an older segment said, on a worker that had looked before and stored after; the
 * next segment puts it right, and counters stay short of what they missed.
 *
 * What no later packet would put right is not left to that: the state changes only from what it was
 * when the change was decided, flags are set and cleared one by one, a FIN is remembered beside the
 * highest number, and acknowledgements are not taken back any more once the connection is ending.
 */
#include "track.h"
#include "seq.h"
#include "tcp_option.h"

/* The two directions of a pair as one packet sees them: its own and the other. */
struct view {
	const struct flow_line *line;
	struct flow_track *own, *other;
};

/* The numbers of a segment, as its sender says them. */
struct numbers {
	uint32_t seq, end, ack;
};

static __rte_always_inline struct view view_of(const struct flow_table *t, uint32_t slot)
{
	return (struct view){&t->lines[slot], &t->tracks[slot], &t->tracks[slot ^ 1]};
}

void track_supersede(const struct flow_table *t, uint32_t slot, enum flow_state ended,
		     uint64_t now_ms)
{
	struct flow_track *first = &t->tracks[slot & ~UINT32_C(1)];

	relaxed_store(&first[1].state, (uint8_t)ended);
	relaxed_store(&first->state_ms, (uint32_t)now_ms);
	__atomic_store_n(&first->state, (uint8_t)FLOW_SUPERSEDED, __ATOMIC_RELEASE);
}

/* False: it is not in `from` any more.  Its time is there before it is: too late a time at worst. */
static bool move_state(const struct flow_table *t, uint32_t slot, enum flow_state from,
		       enum flow_state to, uint64_t now_ms)
{
	struct flow_track *first = &t->tracks[slot & ~UINT32_C(1)];
	uint8_t expected = (uint8_t)from;

	if (__atomic_load_n(&first->state, __ATOMIC_SEQ_CST) != from)
		return false;
	relaxed_store(&first->state_ms, (uint32_t)now_ms);
	return __atomic_compare_exchange_n(&first->state, &expected, (uint8_t)to, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static __rte_always_inline bool has(const struct flow_track *k, enum track_flag flag)
{
	return __atomic_load_n(&k->flags, __ATOMIC_SEQ_CST) & flag;
}

/* The other end's acknowledgement of this end's data, in this end's own numbers. */
static __rte_always_inline uint32_t acked(const struct view *v)
{
	return relaxed_load(&v->other->ack_hi) - v->line->seq_delta;
}

/* The right edge of what the other end lets this one send, in this end's own numbers. */
static __rte_always_inline uint32_t granted(const struct view *v)
{
	return relaxed_load(&v->other->edge) - v->line->seq_delta;
}

/* How far the other end was seen to send, as this one acknowledges it. */
static __rte_always_inline uint32_t sent(const struct view *v)
{
	return relaxed_load(&v->other->seq_hi) - v->line->ack_delta;
}

/* What this end has acknowledged, in the other's own numbers. */
static uint32_t acked_back(const struct view *v)
{
	return relaxed_load(&v->own->ack_hi) + v->line->ack_delta;
}

/* The widest window there can be. */
static uint32_t widest(uint8_t wscale)
{
	return (uint32_t)UINT16_MAX << wscale;
}

/* Can the segment be real?  One number of two is soon guessed by whoever sweeps the space in steps of a
 * window; so the acknowledgement must fit as well (RFC 5961 5.2).  Neither is beyond the window, but
 * that a FIN may stand there, nor further behind it than any that could have been granted. */
static __rte_always_inline bool plausible(const struct view *v, const struct numbers *n)
{
	const uint32_t ack_hi = relaxed_load(&v->own->ack_hi), edge = relaxed_load(&v->own->edge);

	return seq_within(n->end, acked(v) - widest(v->line->wscale_back), granted(v) + 1) &&
	       seq_within(n->ack, ack_hi - widest(v->line->wscale_in), edge + 1);
}

/* What stands behind a gap may have been damaged into standing there, and nothing would correct it
 * where it is the last: it must be whole.  So must what goes on behind a FIN, which may be an
 * acknowledgement whose damaged header length makes data of its options: the end would never be
 * seen.  In the usual case the number proves itself. */
static void learn_seq(const struct view *v, const struct packet *p, const struct numbers *n)
{
	uint32_t hi = relaxed_load(&v->own->seq_hi);

	if (seq_after(n->end, hi) &&
	    ((seq_not_after(n->seq, hi) && !has(v->own, TRACK_FIN)) || packet_checksums_good(p)))
		relaxed_store(&v->own->seq_hi, n->end);
}

/* Does the other end's FIN reach to where `ack` does? */
static bool fin_reaches(const struct view *v, uint32_t ack)
{
	return has(v->other, TRACK_FIN) &&
	       seq_not_after(ack, relaxed_load(&v->other->fin) - v->line->ack_delta);
}

/* Not back, whatever other workers do meanwhile. */
static void advance(uint32_t *number, uint32_t to)
{
	uint32_t from = relaxed_load(number);

	while (seq_after(to, from) &&
	       !__atomic_compare_exchange_n(number, &from, to, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED))
		;
}

static __rte_always_inline void learn_window(const struct view *v, const struct packet *p,
					     uint32_t ack)
{
	const uint16_t window = rte_be_to_cpu_16(p->tcp->rx_win);
	const uint32_t edge = ack + ((uint32_t)window << v->line->wscale_in);

	relaxed_store(&v->own->window, window);
	relaxed_store(&v->own->edge, seq_max(edge, relaxed_load(&v->own->edge)));
}

/* Acknowledgements count only for what the other end was seen to send. */
static void learn_ack(const struct view *v, const struct packet *p, uint32_t ack, bool ending)
{
	if ((seq_after(ack, sent(v)) && !fin_reaches(v, ack)) ||
	    seq_after(relaxed_load(&v->own->ack_hi), ack))
		return;
	if (ending)
		advance(&v->own->ack_hi, ack);
	else
		relaxed_store(&v->own->ack_hi, ack);
	learn_window(v, p, ack);
}

/* Which TSval the other end would echo if it had timestamps.  RFC 7323 4.3 takes it of a segment
 * that begins where the receiver has acknowledged; of what is under way one segment at a time is
 * remembered until it is acknowledged, so that the echo tells of the whole way and back.  A damaged
 * one could set it far ahead of its sender's clock for good. */
static void learn_timestamp(const struct view *v, const struct packet *p, const struct numbers *n)
{
	uint32_t tsval, acked_up_to = acked(v);
	bool at_edge = seq_not_after(n->seq, acked_up_to);
	bool new_sample = n->end != n->seq && n->seq == relaxed_load(&v->own->seq_hi) &&
			  seq_not_after(relaxed_load(&v->own->echo_seq), acked_up_to);

	if (!(at_edge || new_sample) || !tcp_option_tsval(p->tcp, p->tcp_header, &tsval) ||
	    !seq_after(tsval, relaxed_load(&v->own->ts_recent)) || !packet_checksums_good(p))
		return;
	if (at_edge)
		relaxed_store(&v->own->ts_recent, tsval);
	if (new_sample) {
		relaxed_store(&v->own->echo_seq, n->end);
		relaxed_store(&v->own->echo_ts, tsval);
	}
}

/* This end, which has no timestamps, has acknowledged the segment that was remembered. */
static void promote_echo(const struct view *v)
{
	uint32_t up_to = acked_back(v);
	uint32_t tsval = relaxed_load(&v->other->echo_ts);

	if (seq_not_after(relaxed_load(&v->other->echo_seq), up_to) &&
	    seq_after(tsval, relaxed_load(&v->other->ts_recent)))
		relaxed_store(&v->other->ts_recent, tsval);
}

uint32_t track_tsval(const struct flow_table *t, uint32_t slot, uint64_t now_ms)
{
	uint32_t tsval = t->lines[slot].tsval_delta + (uint32_t)now_ms;
	uint32_t newest = relaxed_load(&t->tracks[slot].ts_recent);

	if (!seq_after(tsval, newest))
		return newest;
	relaxed_store(&t->tracks[slot].ts_recent, tsval);
	return tsval;
}

uint32_t track_tsecr(const struct flow_table *t, uint32_t slot)
{
	return relaxed_load(&t->tracks[slot ^ 1].ts_recent);
}

/* A FIN that its sender went on behind was not its own. */
static bool fin_acked(const struct flow_track *sender, uint32_t acked_up_to)
{
	uint32_t fin;

	if (!has(sender, TRACK_FIN))
		return false;
	fin = relaxed_load(&sender->fin);
	return !seq_after(relaxed_load(&sender->seq_hi), fin) && seq_not_after(fin, acked_up_to);
}

static void note_fin(const struct flow_table *t, uint32_t slot, const struct view *v, uint32_t end,
		     uint64_t now_ms)
{
	if (seq_not_after(end, acked(v)))
		return;
	relaxed_store(&v->own->fin, end);
	__atomic_fetch_or(&v->own->flags, TRACK_FIN, __ATOMIC_SEQ_CST);
	move_state(t, slot, FLOW_ESTABLISHED, FLOW_HALF_CLOSED, now_ms);
}

/* RFC 5961 3.2: only a RST at exactly the expected number is taken; one elsewhere in the window
 * brings a challenge, whose answer is exact when it was meant.  What is expected may be ahead of what
 * was acknowledged: a killed sender's RST stands behind all that it had sent.  Anywhere else it is a
 * guess, which must not shorten the life of a session that may well be silent for hours. */
static void note_rst(const struct flow_table *t, uint32_t slot, const struct view *v, uint32_t seq,
		     uint64_t now_ms)
{
	bool exact = seq == acked(v);
	enum flow_state state, to = exact ? FLOW_RESET : FLOW_RESET_PENDING;

	if (!exact && seq != relaxed_load(&v->own->seq_hi))
		return;
	if (!exact && !track_lingers(relaxed_load(flow_state_of(t, slot))))
		__atomic_fetch_or(&v->own->flags, TRACK_RST, __ATOMIC_RELAXED);
	do
		state = relaxed_load(flow_state_of(t, slot));
	while (state != to && !track_lingers(state) && !move_state(t, slot, state, to, now_ms));
}

/* The end that seemed to have sent a RST goes on: it was not its own. */
static void revert_pending(const struct flow_table *t, uint32_t slot, const struct view *v,
			   uint64_t now_ms)
{
	if (!has(v->own, TRACK_RST))
		return;
	__atomic_fetch_and(&v->own->flags, (uint8_t)~TRACK_RST, __ATOMIC_RELAXED);
	move_state(t, slot, FLOW_RESET_PENDING, FLOW_ESTABLISHED, now_ms);
	/* Whoever notes a FIN either finds it established or has set the flag by now. */
	if (has(v->own, TRACK_FIN) || has(v->other, TRACK_FIN))
		move_state(t, slot, FLOW_ESTABLISHED, FLOW_HALF_CLOSED, now_ms);
}

static void note_ending(const struct flow_table *t, uint32_t slot, const struct view *v,
			uint64_t now_ms)
{
	enum flow_state state = relaxed_load(flow_state_of(t, slot));

	if (state == FLOW_RESET_PENDING)
		revert_pending(t, slot, v, now_ms);
	else if (state == FLOW_HALF_CLOSED && fin_acked(v->own, acked(v)) &&
		 fin_acked(v->other, acked_back(v)))
		move_state(t, slot, FLOW_HALF_CLOSED, FLOW_FINISHED, now_ms);
}

/* The numbers of a segment that takes `length` of the sequence space. */
static __rte_always_inline struct numbers numbers_of(const struct packet *p, uint32_t length)
{
	const uint32_t seq = rte_be_to_cpu_32(p->tcp->sent_seq);

	return (struct numbers){seq, seq + length, rte_be_to_cpu_32(p->tcp->recv_ack)};
}

/* A segment of any kind, of a connection in any state. */
static __rte_noinline void learn(const struct flow_table *t, uint32_t slot, const struct packet *p,
				 uint64_t now_ms)
{
	const struct view v = view_of(t, slot);
	const uint8_t weighty = RTE_TCP_SYN_FLAG | RTE_TCP_FIN_FLAG | RTE_TCP_RST_FLAG;
	const uint8_t flags = p->tcp->tcp_flags;
	const struct numbers n = numbers_of(p, packet_seq_len(p));

	/* What would change the state must be what its sender sent. */
	if (flags & weighty && !packet_checksums_good(p))
		return;
	if (flags & RTE_TCP_SYN_FLAG)
		return;
	if (flags & RTE_TCP_RST_FLAG) {
		note_rst(t, slot, &v, n.seq, now_ms);
		return;
	}
	/* A blind guess teaches nothing, not even its acknowledgement. */
	if (!(flags & RTE_TCP_ACK_FLAG) || !plausible(&v, &n))
		return;
	if (v.line->flags & FLOW_TS_DROP)
		learn_timestamp(&v, p, &n);
	learn_seq(&v, p, &n);
	learn_ack(&v, p, n.ack, relaxed_load(flow_state_of(t, slot)) != FLOW_ESTABLISHED);
	if (v.line->flags & FLOW_TS_INSERT)
		promote_echo(&v);
	if (flags & RTE_TCP_FIN_FLAG)
		note_fin(t, slot, &v, n.end, now_ms);
	if (relaxed_load(flow_state_of(t, slot)) != FLOW_ESTABLISHED)
		note_ending(t, slot, &v, now_ms);
}

/* Data and acknowledgements in the middle of a connection, between ends whose timestamps, if they have
 * any, are their own: without a gap before it, and of nothing unseen. */
static __rte_always_inline bool is_usual(const struct flow_table *t, uint32_t slot,
					 const struct view *v, const struct packet *p,
					 const struct numbers *n)
{
	const uint8_t kind =
		RTE_TCP_ACK_FLAG | RTE_TCP_SYN_FLAG | RTE_TCP_FIN_FLAG | RTE_TCP_RST_FLAG;

	return (p->tcp->tcp_flags & kind) == RTE_TCP_ACK_FLAG &&
	       relaxed_load(flow_state_of(t, slot)) == FLOW_ESTABLISHED &&
	       !(v->line->flags & (FLOW_TS_DROP | FLOW_TS_INSERT)) && !has(v->own, TRACK_FIN) &&
	       seq_not_after(n->seq, relaxed_load(&v->own->seq_hi)) &&
	       seq_not_after(n->ack, sent(v));
}

void track_packet(const struct flow_table *t, uint32_t slot, const struct packet *p,
		  uint64_t now_ms)
{
	const struct view v = view_of(t, slot);
	const struct numbers n = numbers_of(p, p->payload); /* if it is usual */

	relaxed_add(&v.own->packets, 1);
	relaxed_add(&v.own->bytes, p->payload);
	relaxed_store(&v.own->last_ms, (uint32_t)now_ms);
	if (unlikely(!is_usual(t, slot, &v, p, &n))) {
		learn(t, slot, p, now_ms);
		return;
	}
	if (unlikely(!plausible(&v, &n)))
		return;
	relaxed_store(&v.own->seq_hi, seq_max(n.end, relaxed_load(&v.own->seq_hi)));
	if (unlikely(seq_after(relaxed_load(&v.own->ack_hi), n.ack)))
		return;
	relaxed_store(&v.own->ack_hi, n.ack);
	learn_window(&v, p, n.ack);
}

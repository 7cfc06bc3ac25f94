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
	const struct flow_line *line, *other_line;
	struct flow_track *own, *other;
};

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

static bool has(const struct flow_track *k, enum track_flag flag)
{
	return __atomic_load_n(&k->flags, __ATOMIC_SEQ_CST) & flag;
}

/* The other end's acknowledgement of this end's data, in this end's own numbers. */
static uint32_t acked(const struct view *v)
{
	return relaxed_load(&v->other->ack_hi) - v->line->seq_delta;
}

/* The right edge of what the other end lets this one send, in this end's own numbers. */
static uint32_t granted(const struct view *v)
{
	return relaxed_load(&v->other->edge) - v->line->seq_delta;
}

/* Can this end be at `number`?  Not beyond the window, but that a FIN may stand there, and not
 * further behind it than any window the other end could have granted. */
static bool in_reach(const struct view *v, uint32_t number)
{
	uint32_t oldest = acked(v) - ((uint32_t)UINT16_MAX << v->other_line->wscale_in);

	return seq_not_after(oldest, number) && seq_not_after(number, granted(v) + 1);
}

/* Can a segment that ends at `end` be real?  One number of two is soon guessed by whoever sweeps
 * the space in steps of a window; so the acknowledgement must fit as well (RFC 5961 5.2), and none
 * is without. */
static bool plausible(const struct view *v, const struct packet *p, uint32_t end)
{
	const struct view back = {v->other_line, v->line, v->other, v->own};
	uint32_t ack = rte_be_to_cpu_32(p->tcp->recv_ack) - v->other_line->seq_delta;

	return p->tcp->tcp_flags & RTE_TCP_ACK_FLAG && in_reach(v, end) && in_reach(&back, ack);
}

/* What stands behind a gap may have been damaged into standing there, and nothing would correct it
 * where it is the last: it must be whole.  So must what goes on behind a FIN, which may be an
 * acknowledgement whose damaged header length makes data of its options: the end would never be
 * seen.  In the usual case the number proves itself. */
static void learn_seq(const struct view *v, const struct packet *p, uint32_t end)
{
	uint32_t seq = rte_be_to_cpu_32(p->tcp->sent_seq), hi = relaxed_load(&v->own->seq_hi);

	if (!seq_after(end, hi))
		return;
	if (unlikely(seq_after(seq, hi) || has(v->own, TRACK_FIN)) && !packet_checksums_good(p))
		return;
	relaxed_store(&v->own->seq_hi, end);
}

/* Does the other end's FIN reach to where `ack` does? */
static bool fin_reaches(const struct view *v, uint32_t ack)
{
	return has(v->other, TRACK_FIN) &&
	       seq_not_after(ack, relaxed_load(&v->other->fin) + v->other_line->seq_delta);
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

/* Acknowledgements count only for what the other end was seen to send. */
static void learn_ack(const struct view *v, const struct packet *p, bool ending)
{
	uint32_t ack = rte_be_to_cpu_32(p->tcp->recv_ack), edge;
	uint32_t sent = relaxed_load(&v->other->seq_hi) + v->other_line->seq_delta;
	uint16_t window = rte_be_to_cpu_16(p->tcp->rx_win);

	if ((unlikely(seq_after(ack, sent)) && !fin_reaches(v, ack)) ||
	    seq_after(relaxed_load(&v->own->ack_hi), ack))
		return;
	if (unlikely(ending))
		advance(&v->own->ack_hi, ack);
	else
		relaxed_store(&v->own->ack_hi, ack);
	relaxed_store(&v->own->window, window);
	edge = ack + ((uint32_t)window << v->line->wscale_in);
	if (seq_after(edge, relaxed_load(&v->own->edge)))
		relaxed_store(&v->own->edge, edge);
}

/* Which TSval the other end would echo if it had timestamps.  RFC 7323 4.3 takes it of a segment
 * that begins where the receiver has acknowledged; of what is under way one segment at a time is
 * remembered until it is acknowledged, so that the echo tells of the whole way and back.  A damaged
 * one could set it far ahead of its sender's clock for good. */
static void learn_timestamp(const struct view *v, const struct packet *p, uint32_t seq,
			    uint32_t end)
{
	uint32_t tsval, acked_up_to = acked(v);
	bool at_edge = seq_not_after(seq, acked_up_to);
	bool new_sample = end != seq && seq == relaxed_load(&v->own->seq_hi) &&
			  seq_not_after(relaxed_load(&v->own->echo_seq), acked_up_to);

	if (!(at_edge || new_sample) || !tcp_option_tsval(p->tcp, p->tcp_header, &tsval) ||
	    !seq_after(tsval, relaxed_load(&v->own->ts_recent)) || !packet_checksums_good(p))
		return;
	if (at_edge)
		relaxed_store(&v->own->ts_recent, tsval);
	if (new_sample) {
		relaxed_store(&v->own->echo_seq, end);
		relaxed_store(&v->own->echo_ts, tsval);
	}
}

/* This end, which has no timestamps, has acknowledged the segment that was remembered. */
static void promote_echo(const struct view *v)
{
	uint32_t up_to = relaxed_load(&v->own->ack_hi) - v->other_line->seq_delta;
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
		 fin_acked(v->other, relaxed_load(&v->own->ack_hi) - v->other_line->seq_delta))
		move_state(t, slot, FLOW_HALF_CLOSED, FLOW_FINISHED, now_ms);
}

void track_packet(const struct flow_table *t, uint32_t slot, const struct packet *p,
		  uint64_t now_ms)
{
	struct view v = {
		.line = &t->lines[slot],
		.other_line = &t->lines[slot ^ 1],
		.own = &t->tracks[slot],
		.other = &t->tracks[slot ^ 1],
	};
	uint32_t seq = rte_be_to_cpu_32(p->tcp->sent_seq), end = seq + packet_seq_len(p);
	uint8_t flags = p->tcp->tcp_flags;
	const uint8_t weighty = RTE_TCP_SYN_FLAG | RTE_TCP_FIN_FLAG | RTE_TCP_RST_FLAG;

	relaxed_add(&v.own->packets, 1);
	relaxed_add(&v.own->bytes, p->payload);
	relaxed_store(&v.own->last_ms, (uint32_t)now_ms);
	/* What would change the state must be what its sender sent. */
	if (unlikely(flags & weighty) && !packet_checksums_good(p))
		return;
	if (unlikely(flags & RTE_TCP_SYN_FLAG))
		return;
	if (unlikely(flags & RTE_TCP_RST_FLAG)) {
		note_rst(t, slot, &v, seq, now_ms);
		return;
	}
	/* A blind guess teaches nothing, not even its acknowledgement. */
	if (unlikely(!plausible(&v, p, end)))
		return;
	if (unlikely(v.line->flags & FLOW_TS_DROP))
		learn_timestamp(&v, p, seq, end);
	learn_seq(&v, p, end);
	learn_ack(&v, p, relaxed_load(flow_state_of(t, slot)) != FLOW_ESTABLISHED);
	if (unlikely(v.line->flags & FLOW_TS_INSERT))
		promote_echo(&v);
	if (unlikely(flags & RTE_TCP_FIN_FLAG))
		note_fin(t, slot, &v, end, now_ms);
	if (unlikely(relaxed_load(flow_state_of(t, slot)) != FLOW_ESTABLISHED))
		note_ending(t, slot, &v, now_ms);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the relay still says by itself on a spliced connection: the updates that open both peers'
 * windows, DESIGN 3.3, and the RSTs that end it by command.
 */
#include "splice.h"
#include "track.h"
#include "worker.h"

/* Updates leave at 0, 0.2, 0.6, 1.4, 3, 6.2 and 12.6 s until the leg sends anything. */
#define UPDATE_ATTEMPTS 7
#define UPDATE_FIRST_MS 200

/* The slot of the direction towards the leg, or TUPLE_NO_SLOT when its flow is gone. */
static uint32_t towards(const struct worker *w, const struct leg *leg)
{
	uint32_t slot = flow_table_slot(w->flows, leg->flow);

	return slot != TUPLE_NO_SLOT ? slot + (leg->side ^ 1) : slot;
}

static void send_update(struct worker *w, const struct leg *leg, uint32_t slot)
{
	const struct flow_line *line = &w->flows->lines[slot];
	bool made_up = line->flags & FLOW_TS_INSERT;
	uint16_t window = relaxed_load(&w->flows->tracks[slot].window);

	output_reply(w, &(struct reply){
				.to = leg->tuple,
				.next_hop = leg->next_hop,
				.seq = leg->iss + 1,
				.ack = leg->rcv_nxt,
				.tsval = made_up ? track_tsval(w->flows, slot, w->now_ms)
						 : leg->ts_const,
				.tsecr = leg->ts_recent,
				.window = splice_window(window, line->wscale_in, line->wscale_out),
				.flags = RTE_TCP_ACK_FLAG,
				.timestamps = leg->options & LEG_TIMESTAMPS,
			});
}

void opening_timer(struct worker *w, struct leg *leg)
{
	uint32_t slot = towards(w, leg);

	if (slot == TUPLE_NO_SLOT || leg->attempts == UPDATE_ATTEMPTS ||
	    relaxed_load(&w->flows->tracks[slot ^ 1].packets) > 0) {
		leg_end(&w->legs, leg, LEG_END_COMMANDED);
		return;
	}
	send_update(w, leg, slot);
	leg_arm(&w->legs, leg, w->now_ms + ((uint64_t)UPDATE_FIRST_MS << leg->attempts));
	leg->attempts++;
}

void opening_start(struct worker *w, struct leg *leg, uint64_t flow, unsigned int side)
{
	leg_advance(&w->legs, leg, LEG_OPENING);
	leg->flow = flow;
	leg->side = (uint8_t)(side & 1);
	leg->attempts = 0;
	opening_timer(w, leg);
}

/* A RST to the receiver of direction `slot`, in whose numbers `seq` is. */
static void send_rst(struct worker *w, uint32_t slot, uint32_t seq)
{
	const struct flow_table *t = w->flows;

	output_reply(w, &(struct reply){
				.to = flow_table_out(t, slot),
				.next_hop = relaxed_load(&t->tracks[slot].next_hop),
				.seq = seq,
				.ack = relaxed_load(&t->tracks[slot ^ 1].seq_hi),
				.flags = RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG,
			});
}

/* It is taken only at exactly the number that is expected (RFC 5961 3.2): what was acknowledged
 * last, or, when that is still to be acknowledged, the end of all that was sent. */
static void reset_receiver(struct worker *w, uint32_t slot)
{
	const struct flow_table *t = w->flows;
	uint32_t acked = relaxed_load(&t->tracks[slot ^ 1].ack_hi);
	uint32_t sent = relaxed_load(&t->tracks[slot].seq_hi) + t->lines[slot].seq_delta;

	send_rst(w, slot, acked);
	if (sent != acked)
		send_rst(w, slot, sent);
}

void opening_undo(struct worker *w, uint64_t flow)
{
	uint32_t slot = flow_table_slot(w->flows, flow);

	/* The four-tuples of a superseded one are another's. */
	if (slot != TUPLE_NO_SLOT &&
	    relaxed_load(flow_state_of(w->flows, slot)) != FLOW_SUPERSEDED) {
		reset_receiver(w, slot);
		reset_receiver(w, slot + 1);
	}
}

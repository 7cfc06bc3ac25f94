/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the relay learns of a spliced connection from the packets that pass: how far each end has
 * sent and acknowledged, and whether the connection is ending (DESIGN 3.5).
 *
 * Nothing here stops a packet; the ends judge their segments themselves.  What is learned decides
 * only when the pair is forgotten, and with which numbers it can be reset.
 */
#ifndef TANDEM_TRACK_H
#define TANDEM_TRACK_H

#include "flow_table.h"
#include "packet.h"

/*
 * Note the segment `p` that travels in the direction of `slot`, before it is translated.
 * `now_ms` is the worker's clock.  On the worker that carries the packet.
 */
void track_packet(const struct flow_table *t, uint32_t slot, const struct packet *p,
		  uint64_t now_ms);

/*
 * For a direction with FLOW_TS_INSERT: the TSval of what leaves at `now_ms`, T and on at one a
 * millisecond.  It never goes back, though the clocks of the workers that carry the direction, and
 * of the control thread that began it, may lag behind each other.
 */
uint32_t track_tsval(const struct flow_table *t, uint32_t slot, uint64_t now_ms);

/* And the echo: the newest TSval of the leg it goes to. */
uint32_t track_tsecr(const struct flow_table *t, uint32_t slot);

/* A pair that only lingers: a SYN may start a new connection on its four-tuple. */
static inline bool track_lingers(enum flow_state state)
{
	return state == FLOW_FINISHED || state == FLOW_RESET || state == FLOW_SUPERSEDED;
}

/* A new connection begins on its four-tuple, which was in a state `ended` that lingers; from here on
 * the state stays. */
void track_supersede(const struct flow_table *t, uint32_t slot, enum flow_state ended,
		     uint64_t now_ms);

#endif

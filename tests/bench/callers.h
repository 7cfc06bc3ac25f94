/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Honest peers, each of which connects a leg and has something to send, as a host's TCP does it:
 *
 *   SYN, again after 1, 2, 4, ... s
 *   SYN|ACK, if it is as it must be:  ACK
 *   the window is closed:             a byte to probe it after 200, 400, ... ms
 *   an ACK of all but that byte:      the relay holds the leg
 *
 * So an ACK that is lost does not end it, and what is counted as completed is known by the other
 * side too.  A RST ends it, and so does waiting too long.  They are the alices of the traffic, on
 * the first of the wires.
 */
#ifndef TANDEM_BENCH_CALLERS_H
#define TANDEM_BENCH_CALLERS_H

#include "traffic.h"
#include "wires.h"

/* Times in TSC cycles. */
struct caller {
	uint64_t begun, connected; /* when the first SYN was sent, the SYN|ACK heard */
	uint64_t due;		   /* when to say the last again */
	uint8_t state, attempts;
};

struct callers {
	struct traffic *traffic;
	struct wires *wires;
	struct caller *all;		 /* one for each session; zeroed */
	uint32_t first, behind;		 /* sessions it is about, and the one behind them */
	uint32_t oldest, next;		 /* of those: not settled, to begin with */
	uint32_t look;			 /* whose timer comes next */
	uint32_t settled, held, refused; /* of those who were begun with: one way or another */
	uint32_t again;			 /* segments that had to be said once more */
};

/* From now on it is about `n` sessions from `first` on, that nobody called for yet. */
void callers_begin(struct callers *c, uint32_t first, uint32_t n);

/* Begin with one more as long as not too many are under way, and look at a timer. */
void callers_work(struct callers *c);

/* Take what was heard, if it is for one of them; dies of a SYN|ACK that is wrong. */
void callers_hear(struct callers *c, struct rte_mbuf *m);

/* Is each completed, refused or given up? */
bool callers_settled(const struct callers *c);

/* The quantile `q` of the us from the first SYN to the SYN|ACK, of those who heard one; 0: nobody
 * did. */
double callers_latency_us(const struct callers *c, double q);

#endif

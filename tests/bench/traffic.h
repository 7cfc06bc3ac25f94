/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions of the relay, numbered from 0, and the segments their two ends send: real TCP, whose
 * numbers go on from segment to segment and whose checksums are right.
 */
#ifndef TANDEM_BENCH_TRAFFIC_H
#define TANDEM_BENCH_TRAFFIC_H

#include "rig.h"

struct traffic {
	uint32_t sessions;
	bool v6, timestamps, sack;
	uint16_t payload;    /* bytes a segment */
	uint32_t (*sent)[2]; /* segments of a session's ends so far */
	uint64_t random;
};

/* `sent` is made from ordinary memory.  -ENOMEM. */
int traffic_init(struct traffic *t);

/* What the leg of side 0 or 1 of a session would report: side 0 is an alice, on port 0. */
struct leg_report traffic_leg(const struct traffic *t, uint32_t session, unsigned int side);

/* Splice all sessions. */
void traffic_splice(const struct traffic *t, struct rig *r);

/* Make `m` the next segment of that end of a session. */
void traffic_segment(struct traffic *t, uint32_t session, unsigned int side, struct rte_mbuf *m);

/* Make `m` the SYN that a leg begins with; and the ACK to the relay's answer, which had this initial
 * number and, where there are timestamps, this TSval. */
void traffic_syn(const struct traffic *t, uint32_t session, unsigned int side, struct rte_mbuf *m);
void traffic_established(const struct traffic *t, uint32_t session, unsigned int side,
			 uint32_t relay_isn, uint32_t relay_tsval, struct rte_mbuf *m);

/* Any session, uniformly. */
uint32_t traffic_pick(struct traffic *t);

#endif

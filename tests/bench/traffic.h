/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions of the relay, numbered from 0, and the segments their two ends send: real TCP, whose
 * numbers go on from segment to segment and whose checksums are right.  Side 0 is an alice, on
 * port 0, side 1 a bob, on port 1.
 */
#ifndef TANDEM_BENCH_TRAFFIC_H
#define TANDEM_BENCH_TRAFFIC_H

#include "rig.h"

#define TRAFFIC_FILLING 'x'

/* An end of a session: what it and the relay said. */
struct traffic_end {
	uint32_t sent;	      /* bytes since the splice */
	uint32_t isn, tsval;  /* of the relay's SYN|ACK */
	uint16_t said, heard; /* bytes before the splice, its own and the relay's */
};

struct traffic {
	uint32_t sessions;
	bool v6, timestamps, sack;
	uint16_t payload;   /* bytes a segment */
	rte_be16_t service; /* the relay's port */
	bool filled;	    /* mbufs have their payload already, TRAFFIC_FILLING and nothing else */
	uint64_t stamp; /* what the payload begins with, if it is long enough and this is not 0 */
	struct traffic_end (*ends)[2];
	uint64_t random;
};

/* Made from ordinary memory; what the relay says is what traffic_leg() has until it is heard.  The
 * service is the endpoint's unless one is set.  -ENOMEM. */
int traffic_init(struct traffic *t);

/* What a leg would report. */
struct leg_report traffic_leg(const struct traffic *t, uint32_t session, unsigned int side);

/* Splice all sessions. */
void traffic_splice(const struct traffic *t, struct rig *r);

/* Make `m` the next segment of that end of a session. */
void traffic_segment(struct traffic *t, uint32_t session, unsigned int side, struct rte_mbuf *m);

/* Make `m` the SYN that a leg begins with; and an ACK of all that it heard, with what it says until
 * it is spliced. */
void traffic_syn(const struct traffic *t, uint32_t session, unsigned int side, struct rte_mbuf *m);
void traffic_say(struct traffic *t, uint32_t session, unsigned int side, const void *data,
		 uint16_t size, struct rte_mbuf *m);

/* A segment of the relay's before the splice, and whose leg it is for. */
struct traffic_answer {
	uint32_t session;
	unsigned int side;
	struct packet p;
};

/* Take note of it.  False: `m` is none. */
bool traffic_hear(struct traffic *t, struct rte_mbuf *m, struct traffic_answer *answer);

/* Any session, uniformly. */
uint32_t traffic_pick(struct traffic *t);

#endif

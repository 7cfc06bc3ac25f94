/* SPDX-License-Identifier: BSD-3-Clause */
/* The TCPs of alice and bob, who speak to the relay through a worker's rig: as much as a test needs. */
#ifndef TANDEM_PEER_FIXTURE_H
#define TANDEM_PEER_FIXTURE_H

#include "worker_fixture.h"

struct peer {
	unsigned int port;
	struct segment syn; /* sent by it: options, ISN, addresses */
	struct segment synack;
	uint32_t tsval; /* of its next segment */
	uint64_t id;	/* of its leg */
};

/* Of the test's mix; with timestamps, SACK and a scale of 7 (alice) or 9 (bob); not yet connected. */
struct peer peer_alice(void);
struct peer peer_bob(void);
/* Give it another address: the `n`-th host of its own network, or of another one altogether.  In
 * IPv4 the first is no change, for there each address counts for itself. */
void peer_rehost(struct peer *p, uint8_t n);
void peer_move(struct peer *p, uint8_t n);
/* Handshake until ESTABLISHED is heard. */
void peer_connect(struct peer *p);
/* Its next segment: seq R, ack S, timestamps if it has them, window 500. */
struct segment peer_segment(const struct peer *p, uint8_t flags);
/* The numbers of an answer that confirms nothing new: seq S, ack R, window 0, T, `tsecr`. */
void assert_parked_answer(const struct peer *p, const struct segment *s, uint32_t tsecr);

/* It is of the peer's own family, from the relay's address and port to the peer's. */
void assert_to_peer(const struct segment *s, const struct peer *p);

/* Claim and retire; returns the report. */
struct leg_report peer_retire(const struct peer *p);
/* Connect both, splice them, and let both be opened: the updates are taken. Returns the flow. */
uint64_t peers_splice(struct peer *a, struct peer *b);
/* All of it from rig_start() on: alice is `a`, bob `b`.  What rig_start() returns. */
int peers_start(void **state, struct peer *a, struct peer *b, uint64_t *flow);

#endif

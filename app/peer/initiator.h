/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Initiator's steps, whatever the connection is for: find the relay and its addresses, offer
 * (PF1, PF2), hear the Target's choice (PF5), connect and claim (A6.4), wait for clear to send
 * (A6.8).
 *
 * From the offer on the Target holds resources for us, so every later failure is told to it by a
 * cancel stanza, and the connection is reset rather than closed.
 */
#ifndef TANDEM_INITIATOR_H
#define TANDEM_INITIATOR_H

#include "direct.h"
#include "partner.h"

struct initiator {
	struct partner *partner;
	struct direct direct;
	struct account_query offered; /* PF2, and what became of it */
};

void initiator_init(struct initiator *in, struct partner *partner);

/* Who the options name is to be the partner, and a new sid.  An outcome; said. */
int initiator_begin(struct initiator *in);

/* All of the above, after login.  `swapped`: the partner has offered before, and it failed.  An
 * outcome; said. */
int initiator_connect(struct initiator *in, bool swapped);

/* Whether the last offer was answered by item-not-found (A1, A2): then the partner may offer. */
bool initiator_unreached(const struct initiator *in);

/* The partner's claim; whether `iq` was such. */
bool initiator_on_request(struct initiator *in, xmpp_stanza_t *iq);

void initiator_close(struct initiator *in);

#endif

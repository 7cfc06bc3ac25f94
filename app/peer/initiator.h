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
#include "leg.h"
#include "offer.h"
#include "options.h"

struct initiator {
	const struct options *options;
	struct account *account;
	struct offer *offer; /* the owner fills in what it is for */
	struct leg leg;
	struct direct direct;
	char to[JID_MAX + 1]; /* full JID of the Target, once found */
	bool offered, cancelled;
};

/* 0, or OUTCOME_LOCAL; said.  Always follow by initiator_close(). */
int initiator_open(struct initiator *in, const struct options *options, struct account *account);

/* All of the above, after login.  An outcome; said. */
int initiator_connect(struct initiator *in);

/* The partner's words; whether `iq` was such. */
bool initiator_on_request(struct initiator *in, xmpp_stanza_t *iq);

/* Close in order after OUTCOME_DONE; otherwise reset, and tell the Target why unless it was the one
 * who gave up.  `why` may be NULL. */
void initiator_close(struct initiator *in, int outcome, const char *why);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Target's steps, whatever the connection is for: wait for an offer that is allowed (PF1,
 * PF2), connect (PF3), claim and accept at once (PF4, PF5), wait for clear to send (A6.8).
 *
 * Offers come in through target_on_request() while some step waits; it only keeps them, the steps
 * act on them.  `stage` says what it may keep:
 *
 *   CLOSED    no offer                     -> SWAP
 *   WAITING   an offer may come            -> OFFERED (kept in offer, offer_iq, partner)
 *   SWAP      one of the partner may come  -> OFFERED, CLOSED (none came in time)
 *   OFFERED   being judged; others: busy   -> WAITING (refused), CLOSED (A1, A2), TAKEN
 *   TAKEN     answered by PF5
 */
#ifndef TANDEM_TARGET_H
#define TANDEM_TARGET_H

#include "partner.h"

enum target_stage { TARGET_CLOSED, TARGET_WAITING, TARGET_SWAP, TARGET_OFFERED, TARGET_TAKEN };

struct target {
	struct partner *partner;
	enum offer_kind kind; /* what is waited for; a client of 2002 does not say */
	int tty;	      /* -1: nobody to ask */

	enum target_stage stage;
	xmpp_stanza_t *offer_iq; /* unanswered PF1 */
	int64_t swap_until_ms;
	bool unreached; /* the last offer was answered by item-not-found (A1, A2) */
};

void target_init(struct target *t, struct partner *partner);

/* Begin to wait.  0, or OUTCOME_USAGE when nobody can be asked and no --from is given; said. */
int target_begin(struct target *t);

/* Wait until there is an offer the user wants.  An outcome. */
int target_wait(struct target *t);

/* From now on the partner, whom our offer did not help, may make its own for the same sid. */
void target_expect_swap(struct target *t);

/* Wait for it.  An outcome; OUTCOME_REFUSED when none has come in time; said. */
int target_wait_swap(struct target *t);

/* A5: answer it by an error. */
void target_refuse(struct target *t, enum iq_condition condition, const char *why);

/* Connect, claim, accept, wait for clear to send.  `swapped`: the offer is not the first.  After a
 * failure it has been answered.  An outcome; said. */
int target_accept(struct target *t, bool swapped);

/* Whether `iq` was an offer, or of tandem's own and now of no use, and was dealt with. */
bool target_on_request(struct target *t, xmpp_stanza_t *iq);

void target_close(struct target *t);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Target's steps, whatever the connection is for: wait for an offer that is allowed (PF1,
 * PF2), connect (PF3), claim and accept at once (PF4, PF5), wait for clear to send (A6.8).
 *
 * Offers and the partner's later words come in through target_on_request() while some step waits;
 * it only keeps them, the steps act on them.  `stage` says what it may keep:
 *
 *   WAITING   an offer may come            -> OFFERED (kept in offer, offer_iq, from)
 *   OFFERED   being judged; others: busy   -> WAITING (refused), TAKEN
 *   TAKEN     answered by PF5; the partner may say how it ends
 */
#ifndef TANDEM_TARGET_H
#define TANDEM_TARGET_H

#include "leg.h"
#include "offer.h"
#include "options.h"

enum target_stage { TARGET_WAITING, TARGET_OFFERED, TARGET_TAKEN };

struct target {
	const struct options *options;
	struct account *account;
	enum offer_kind kind; /* what is waited for */
	struct leg leg;
	int tty; /* -1: nobody to ask */

	enum target_stage stage;
	struct offer *offer;
	xmpp_stanza_t *offer_iq; /* unanswered PF1 */
	char from[JID_MAX + 1];	 /* the Initiator */
	bool cancelled;
};

/* 0, OUTCOME_LOCAL, or OUTCOME_USAGE when nobody can be asked and no --from is given; said.  Always
 * follow by target_close(). */
int target_open(struct target *t, const struct options *options, struct account *account,
		enum offer_kind kind);

/* Wait until there is an offer the user wants.  An outcome. */
int target_wait(struct target *t);

/* A5: answer it by an error. */
void target_refuse(struct target *t, enum iq_condition condition, const char *why);

/* Connect, claim, accept, wait for clear to send.  After a failure it has been answered.  An
 * outcome; said. */
int target_accept(struct target *t);

/* Whether `iq` was an offer or the partner giving up, and was dealt with. */
bool target_on_request(struct target *t, xmpp_stanza_t *iq);

/* Whether `iq` is of the partner of the offer taken. */
bool target_is_partner(const struct target *t, xmpp_stanza_t *iq);

/* Close in order after OUTCOME_DONE; otherwise reset, and tell the Initiator why unless `told`.
 * `why` may be NULL. */
void target_close(struct target *t, int outcome, bool told, const char *why);

#endif

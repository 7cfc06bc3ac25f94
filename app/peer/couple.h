/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two users, one sid, and the way to one connection between them.  Whoever begins is the Initiator;
 * when its offer is of no use, being empty (A1) or unreachable (A2), the roles may swap: the other
 * then offers its own connections under the same sid.
 *
 * A swap is taken only of that JID, with that sid, within 30 s of the item-not-found, and at most
 * twice.  Of two tandems each offers once, for a second time it would have nothing new; who has
 * nothing more to offer cancels, so that the other does not wait.  In which direction bytes are to
 * go is settled by who began, whoever is the Initiator in the end.
 */
#ifndef TANDEM_COUPLE_H
#define TANDEM_COUPLE_H

#include "initiator.h"
#include "partner.h"
#include "target.h"

#define COUPLE_SWAPS_MAX 2

struct couple {
	struct partner partner;
	struct initiator initiator;
	struct target target;
	bool beginning; /* we make the first offer */
	bool offering;	/* it is our turn to offer */
	bool offered;	/* we have, once */
	unsigned int swaps;
};

/* 0, OUTCOME_LOCAL, or OUTCOME_USAGE when nobody can be asked and no --from is given; said.  Always
 * follow by couple_close(). */
int couple_open(struct couple *c, const struct options *options, struct account *account,
		enum offer_kind kind);

/* Who does not begin: until there is an offer the user wants; the other has nothing to wait for.
 * An outcome. */
int couple_wait(struct couple *c);

/* A5: answer the offer by an error. */
void couple_refuse(struct couple *c, enum iq_condition condition, const char *why);

/* Until clear to send, after login.  An outcome; said. */
int couple_connect(struct couple *c);

/* Whether `iq` comes from the partner while there is something between us. */
bool couple_engaged(const struct couple *c, xmpp_stanza_t *iq);

/* Whether `iq` belonged here, and was dealt with. */
bool couple_on_request(struct couple *c, xmpp_stanza_t *iq);

/* As partner_close(). */
void couple_close(struct couple *c, int outcome, bool told, const char *why);

#endif

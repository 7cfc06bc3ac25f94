/* SPDX-License-Identifier: BSD-3-Clause */
/* The other user of one connection, and what either role knows of it: what the connection is for,
 * whose connections are offered for it, and one's own end of it. */
#ifndef TANDEM_PARTNER_H
#define TANDEM_PARTNER_H

#include "leg.h"
#include "offer.h"
#include "options.h"

struct partner {
	const struct options *options;
	struct account *account;
	struct offer *offer; /* its connections are those of whoever offers */
	struct leg leg;
	char jid[JID_MAX + 1]; /* full; "": nobody yet */
	bool engaged;	       /* it counts on us, so it is told when we give up */
	bool cancelled;	       /* it gave up */
	bool plain;	       /* a client of 2002, which knows the proposal alone */
};

/* 0, or OUTCOME_LOCAL; said.  Always follow by partner_close(). */
int partner_open(struct partner *p, const struct options *options, struct account *account,
		 enum offer_kind kind);

bool partner_is(const struct partner *p, const char *jid);

/* Whether `iq` is the partner giving up, and was dealt with. */
bool partner_on_cancel(struct partner *p, xmpp_stanza_t *iq);

/* Close the connection in order after OUTCOME_DONE; otherwise reset it, and tell the partner why
 * unless it was `told`.  `why` may be NULL. */
void partner_close(struct partner *p, int outcome, bool told, const char *why);

#endif

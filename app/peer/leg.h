/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One's own connection to the relay or the Initiator, from dialling to "clear to send"; Initiator
 * and Target do the same here (PF3, PF4, A6.4, A6.8), only the order of their other stanzas differs.
 */
#ifndef TANDEM_LEG_H
#define TANDEM_LEG_H

#include "account.h"
#include "candidate.h"

struct leg {
	int fd;			 /* -1: none */
	char relay[JID_MAX + 1]; /* whose connection it is */
	struct account_query claim;
};

/* Which connections may be tried; NULL: no such rule. */
struct leg_choice {
	const char *only, *but; /* JIDs */
	const char *initiator;	/* others that are no relays are passed over */
	const struct candidate_policy *policy;
};

/* Those of `list` that may be tried go to `chosen`, of CANDIDATE_TRY_MAX, in their order; why others
 * may not is said.  Returns how many. */
unsigned int leg_choose(const struct candidate *list, unsigned int n,
			const struct leg_choice *choice, const struct candidate **chosen);

/*
 * Connect to whichever of `list` answers first, begun in their order (dial_race()).  An outcome;
 * what went wrong has been said.
 */
int leg_dial(struct leg *leg, struct account *account, const struct candidate *const *list,
	     unsigned int n, int64_t timeout_ms);

/* Send the claim; does not wait.  An outcome. */
int leg_claim(struct leg *leg, struct account *account, const char *sid, const char *peer);

/* Wait until the relay says clear to send.  Ends early when `*cancelled`.  An outcome; said. */
int leg_wait_clear(struct leg *leg, struct account *account, const bool *cancelled,
		   int64_t timeout_ms);

/* Close in order, or by reset.  Both may be called on a leg that has no connection. */
void leg_close(struct leg *leg);
void leg_reset(struct leg *leg);

#endif

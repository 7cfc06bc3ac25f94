/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Initiator's own end of a direct connection: it listens while its offer is out, and matches
 * the partner's endpoint IQ (PF6) with what has connected.
 *
 * Anybody may connect.  All four numbers of the connection, told over XMPP, say which is the
 * partner's; behind a NAT they differ, and then nothing matches: the relay is for that.
 * A connection stands in the kernel's queue before its owner can tell of it, so the queue need only
 * be looked at then.
 */
#ifndef TANDEM_DIRECT_H
#define TANDEM_DIRECT_H

#include "candidate.h"

#define DIRECT_OFFER_MAX    4 /* own addresses told: the relay's must be tried too */
#define DIRECT_ACCEPTED_MAX 16

struct direct {
	int listeners[2]; /* IPv4, IPv6; -1: none */
	int accepted[DIRECT_ACCEPTED_MAX];
	unsigned int n_accepted;
	int matched; /* the partner's; -1: none yet */
};

/* Holds nothing yet. */
void direct_init(struct direct *direct);

/* Listen on ephemeral ports, and put own addresses (`interfaces`, of getifaddrs()) that may be
 * connected to under `jid` in `list`, at most DIRECT_OFFER_MAX.  Returns how many; without any
 * nothing listens. */
unsigned int direct_open(struct direct *direct, const struct ifaddrs *interfaces, const char *jid,
			 struct candidate *list);

/* The partner's word: it is connected to `to` from `from`.  0 and matched; -ENOENT; -EBUSY when one
 * is matched already. */
int direct_match(struct direct *direct, const union candidate_address *to,
		 const union candidate_address *from);

/* The matched connection, blocking, now the caller's. -1: none. */
int direct_take(struct direct *direct);

/* Stop listening, close all that is left. */
void direct_close(struct direct *direct);

#endif

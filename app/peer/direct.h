/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Initiator's own end of a direct connection: it listens while its offer is out, and matches
 * the partner's endpoint IQ (PF6) with what has connected.
 *
 * Anybody may connect.  All four numbers of the connection, told over XMPP, say which is the
 * partner's; behind a NAT they differ, and then nothing matches: the relay is for that.  A client of
 * 2002 tells two of them, and more than one connection these fit is never guessed among.
 * A connection stands in the kernel's queue before its owner can tell of it, so the queue need only
 * be looked at then.
 */
#ifndef TANDEM_DIRECT_H
#define TANDEM_DIRECT_H

#include "candidate.h"

#define DIRECT_OFFER_MAX    4 /* own addresses told: the relay's must be tried too */
#define DIRECT_ACCEPTED_MAX 16

struct direct {
	int listeners[2]; /* IPv6, IPv4; -1: none */
	int accepted[DIRECT_ACCEPTED_MAX];
	unsigned int n_accepted;
	int matched; /* the partner's; -1: none yet */
};

/* Holds nothing yet. */
void direct_init(struct direct *direct);

/* Listen on ephemeral ports, and put own addresses (`interfaces`, of getifaddrs()) that may be
 * connected to under `jid` in `list`, at most DIRECT_OFFER_MAX, the families in turn with IPv6 first
 * (RFC 8305, section 4).  Returns how many; without any nothing listens. */
unsigned int direct_open(struct direct *direct, const struct ifaddrs *interfaces, const char *jid,
			 struct candidate *list);

/*
 * The partner's word: it is connected to `to` from `from`.  Of a client of 2002, which tells no
 * `from` (family 0), `to` is read as DESIGN 2.1 has it: its own end, or our address with its port,
 * or just where it connected to; the first of these that fits anything decides.  0 and matched;
 * -ENOENT; -EEXIST when more than one fits; -EBUSY when one is matched already.
 */
int direct_match(struct direct *direct, const union candidate_address *to,
		 const union candidate_address *from);

/* The matched connection, blocking, now the caller's. -1: none. */
int direct_take(struct direct *direct);

/* Stop listening, close all that is left. */
void direct_close(struct direct *direct);

#endif

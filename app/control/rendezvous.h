/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which legs two claims mean that have a reservation: the decision of DESIGN 2.2, as a function of
 * the claims and the legs on the addresses they name.
 *
 * An address that belongs to two people alone identifies their connections by being connected to:
 * so on each address claimed there must be as many established legs as claims that name it.  Fewer
 * are waited for; a half-open one delays, for it may be theirs.  With more there is a stranger among
 * them, and only a claim that gave all four values can still tell its leg: when all claims of the
 * address can, these are the legs.  Otherwise it is a conflict, never a guess.
 *
 * A four-tuple tells a leg only where its source is an address of the whole internet's.  That of a
 * private network is what a client behind NAT believes of itself: no leg of its own has it here,
 * but a stranger's may.
 */
#ifndef TANDEM_RENDEZVOUS_H
#define TANDEM_RENDEZVOUS_H

#include <stdbool.h>

#include "leg_book.h"
#include "session.h"

#define RENDEZVOUS_LEGS_MAX 4

/* An address of a reservation, and the legs that came to it. */
struct rendezvous_address {
	unsigned int n_legs;
	struct leg *legs[RENDEZVOUS_LEGS_MAX];
};

enum rendezvous_verdict {
	RENDEZVOUS_FOUND,
	RENDEZVOUS_WAIT,
	RENDEZVOUS_CONFLICT, /* of all legs of both addresses none is to be used */
};

/* The leg at the address that the claim's four-tuple tells beyond doubt, or NULL. */
struct leg *rendezvous_told(const struct claim *claim, const struct rendezvous_address *at);

/* `at[i]` is the address that `claims[i]` names, NULL when it names none of the reservation; one and
 * the same for both when they name the same.  With RENDEZVOUS_FOUND `found[i]` is the leg of
 * `claims[i]`; legs that are left over are nobody's. */
enum rendezvous_verdict rendezvous_decide(const struct claim *const claims[2],
					  const struct rendezvous_address *const at[2],
					  struct leg *found[2]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which leg a claim means: rule 3 of DESIGN 2.1, as a function of the leg book alone.
 *
 * Candidates are the listed legs of the endpoint service that nobody holds.  The first of these
 * rules that has any candidate decides:
 *
 *   a. MATCH_EXACT: the claim gave both ends; the leg with exactly these.  Then b and c do not apply.
 *   b. MATCH_SOURCE: ip:port is the end the leg comes from.
 *   c. MATCH_PORT: ip is an address of the relay and port the one the leg comes from; never when
 *      port is a service port, for then it says nothing about the leg.
 *
 * One established candidate is the match, one half-open is waited for, more are a conflict.
 *
 * Where the relay advertises addresses that are not its own (1:1 NAT), a claim that gives one of
 * those may mean a leg to any address of the relay.  Of an advertised name we do not know the
 * addresses: such clients are matched by b or by 2.2 only.
 *
 * A claim also *names* a leg that is taken, so that a dispute about it can be noticed (rule 4):
 * when no rule has a candidate, and exactly one leg that is held meets a rule that is at least as
 * precise as the one it is held by.  So who has claimed by all four values can be disputed only by
 * somebody who knows all four as well, and not by trying all source ports by rule c; while between
 * two who both gave as little as a port nothing tells who is right.
 */
#ifndef TANDEM_MATCH_H
#define TANDEM_MATCH_H

#include "config.h"
#include "leg_book.h"
#include "session.h"

/* Legs of one source port that rule c looks at: as many name none of them. */
#define MATCH_PORT_LEGS 64

/* What the configuration says about matching; network byte order. */
struct match_policy {
	in_port_t service_port, socks5_port; /* the latter 0 when that service is off */
	bool strict;
	unsigned int n_own, n_advertised;
	struct in6_addr own[CONFIG_MAX_PORTS * CONFIG_MAX_ADDRESSES];
	struct in6_addr advertised[CONFIG_MAX_NAMES];
};

enum match_verdict {
	MATCH_FOUND,	/* `leg`, by `rule` */
	MATCH_WAIT,	/* none, or one that is half-open */
	MATCH_CONFLICT, /* more than one */
	MATCH_TAKEN,	/* no candidate, but `leg` is named and is held by another claim */
};

struct match {
	enum match_verdict verdict;
	enum match_rule rule;
	struct leg *leg;
};

void match_policy_init(struct match_policy *policy, const struct config *cfg);

/* The four-tuples of the legs that a claim by all four values may mean; returns how many. */
#define MATCH_MEANT 8
unsigned int match_meant(const struct match_policy *policy, const struct claim *claim,
			 struct four_tuple legs[MATCH_MEANT]);

/* Whether a claim of this form is served at all: under `strict` only with a peer and with four values
 * that can be its leg's alone: a private source is what a client behind NAT says, and here it may be
 * a stranger's. */
bool match_permits(const struct match_policy *policy, const struct claim *claim);

struct match match_leg(const struct leg_book *book, const struct match_policy *policy,
		       const struct claim *claim);

/*
 * The key under which a claim is kept until a leg comes that it may mean, as a four-tuple with
 * zeros for what it leaves open; and all keys under which claims that may mean a given leg are
 * kept.
 */
#define MATCH_NAMES 5
struct four_tuple match_name(const struct match_policy *policy, const struct claim *claim);
unsigned int match_names_of(const struct match_policy *policy, const struct four_tuple *leg,
			    struct four_tuple names[MATCH_NAMES]);

#endif

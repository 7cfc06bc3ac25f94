/* SPDX-License-Identifier: BSD-3-Clause */
#include "rendezvous.h"
#include "ip_scope.h"

static bool is_source_of(const struct claim *claim, const struct leg *leg)
{
	return claim->has_from_addr && claim->from_port == leg->tuple.peer_port &&
	       IN6_ARE_ADDR_EQUAL(&claim->from_ip, &leg->tuple.peer_addr);
}

struct leg *rendezvous_told(const struct claim *claim, const struct rendezvous_address *at)
{
	if (!claim->has_from_addr || ip_is_private(&claim->from_ip))
		return NULL;
	for (unsigned int i = 0; i < at->n_legs; i++) {
		if (is_source_of(claim, at->legs[i]))
			return at->legs[i];
	}
	return NULL;
}

static enum rendezvous_verdict count(const struct rendezvous_address *at, unsigned int claims)
{
	for (unsigned int i = 0; i < at->n_legs; i++) {
		if (!at->legs[i]->established)
			return RENDEZVOUS_WAIT;
	}
	if (at->n_legs < claims)
		return RENDEZVOUS_WAIT;
	return at->n_legs == claims ? RENDEZVOUS_FOUND : RENDEZVOUS_CONFLICT;
}

/* Both claims name `at`, and it has two legs: whose is whose matters only to the account. */
static void share_out(const struct claim *const claims[2], const struct rendezvous_address *at,
		      struct leg *found[2])
{
	bool crossed = is_source_of(claims[0], at->legs[1]) || is_source_of(claims[1], at->legs[0]);

	found[0] = at->legs[crossed];
	found[1] = at->legs[!crossed];
}

static enum rendezvous_verdict decide_shared(const struct claim *const claims[2],
					     const struct rendezvous_address *at,
					     struct leg *found[2])
{
	enum rendezvous_verdict verdict = count(at, 2);

	if (verdict == RENDEZVOUS_FOUND)
		share_out(claims, at, found);
	if (verdict != RENDEZVOUS_CONFLICT)
		return verdict;
	found[0] = rendezvous_told(claims[0], at);
	found[1] = rendezvous_told(claims[1], at);
	return found[0] != NULL && found[1] != NULL && found[0] != found[1] ? RENDEZVOUS_FOUND
									    : RENDEZVOUS_CONFLICT;
}

static enum rendezvous_verdict decide_alone(const struct claim *claim,
					    const struct rendezvous_address *at, struct leg **found)
{
	enum rendezvous_verdict verdict = count(at, 1);

	if (verdict == RENDEZVOUS_FOUND)
		*found = at->legs[0];
	if (verdict != RENDEZVOUS_CONFLICT)
		return verdict;
	*found = rendezvous_told(claim, at);
	return *found != NULL ? RENDEZVOUS_FOUND : RENDEZVOUS_CONFLICT;
}

enum rendezvous_verdict rendezvous_decide(const struct claim *const claims[2],
					  const struct rendezvous_address *const at[2],
					  struct leg *found[2])
{
	enum rendezvous_verdict a, b;

	if (at[0] == NULL || at[1] == NULL)
		return RENDEZVOUS_WAIT;
	if (at[0] == at[1])
		return decide_shared(claims, at[0], found);
	a = decide_alone(claims[0], at[0], &found[0]);
	b = decide_alone(claims[1], at[1], &found[1]);
	return a > b ? a : b;
}

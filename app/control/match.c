/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ip_literal.h"
#include "ip_scope.h"
#include "match.h"

/* What one rule found. */
struct tally {
	enum match_rule rule;
	unsigned int n_free, n_taken;
	struct leg *free, *taken; /* the last of each */
};

static bool among(const struct in6_addr *addrs, unsigned int n, const struct in6_addr *addr)
{
	for (unsigned int i = 0; i < n; i++) {
		if (IN6_ARE_ADDR_EQUAL(&addrs[i], addr))
			return true;
	}
	return false;
}

/* An address of our own that is advertised too is meant as it is. */
static bool means_any_own(const struct match_policy *policy, const struct in6_addr *addr)
{
	return among(policy->advertised, policy->n_advertised, addr) &&
	       !among(policy->own, policy->n_own, addr);
}

static void count(struct tally *tally, const struct match_policy *policy, struct leg *leg)
{
	if (leg->tuple.relay_port != policy->service_port)
		return;
	if (leg->holder == NULL) {
		tally->free = leg;
		tally->n_free++;
	} else if (leg->rule <= tally->rule) {
		tally->taken = leg;
		tally->n_taken++;
	}
}

static void tally_exact(const struct leg_book *book, const struct match_policy *policy,
			const struct claim *claim, struct tally *tally)
{
	const struct four_tuple tuple = {.peer_addr = claim->from_ip,
					 .peer_port = claim->from_port,
					 .relay_addr = claim->ip,
					 .relay_port = claim->port};
	struct leg *leg = NULL;

	if (means_any_own(policy, &claim->ip)) {
		if (claim->port != policy->service_port)
			return;
		while ((leg = leg_by_source(book, &claim->from_ip, claim->from_port, leg)) != NULL)
			count(tally, policy, leg);
	} else if ((leg = leg_by_tuple(book, &tuple)) != NULL) {
		count(tally, policy, leg);
	}
}

static void tally_source(const struct leg_book *book, const struct match_policy *policy,
			 const struct claim *claim, struct tally *tally)
{
	struct leg *leg = NULL;

	while ((leg = leg_by_source(book, &claim->ip, claim->port, leg)) != NULL)
		count(tally, policy, leg);
}

static void tally_port_at(const struct leg_book *book, const struct match_policy *policy,
			  const struct in6_addr *relay_addr, in_port_t port, struct tally *tally)
{
	struct leg *leg = NULL;
	unsigned int seen = 0;

	while ((leg = leg_by_port(book, relay_addr, port, leg)) != NULL) {
		count(tally, policy, leg);
		/* Anybody can open any number of legs from one source port: no long walks. */
		if (tally->n_free > 1)
			return;
		if (++seen == MATCH_PORT_LEGS) {
			tally->n_free = MATCH_PORT_LEGS;
			return;
		}
	}
}

static void tally_port(const struct leg_book *book, const struct match_policy *policy,
		       const struct claim *claim, struct tally *tally)
{
	if (claim->port == policy->service_port || claim->port == policy->socks5_port)
		return;
	if (among(policy->own, policy->n_own, &claim->ip)) {
		tally_port_at(book, policy, &claim->ip, claim->port, tally);
	} else if (means_any_own(policy, &claim->ip)) {
		for (unsigned int i = 0; i < policy->n_own && tally->n_free < 2; i++)
			tally_port_at(book, policy, &policy->own[i], claim->port, tally);
	}
}

static const struct {
	enum match_rule rule;
	bool four_values; /* which claims the rule is for */
	void (*tally)(const struct leg_book *book, const struct match_policy *policy,
		      const struct claim *claim, struct tally *tally);
} rules[] = {
	{MATCH_EXACT, true, tally_exact},
	{MATCH_SOURCE, false, tally_source},
	{MATCH_PORT, false, tally_port},
};

static struct match decide(const struct tally *tally)
{
	struct match match = {.rule = tally->rule, .leg = tally->free};

	if (tally->n_free > 1)
		match.verdict = MATCH_CONFLICT;
	else
		match.verdict = tally->free->established ? MATCH_FOUND : MATCH_WAIT;
	return match;
}

struct match match_leg(const struct leg_book *book, const struct match_policy *policy,
		       const struct claim *claim)
{
	struct match named = {.verdict = MATCH_WAIT};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct tally tally = {.rule = rules[i].rule};

		if (rules[i].four_values != claim->has_from_addr)
			continue;
		rules[i].tally(book, policy, claim, &tally);
		if (tally.n_free > 0)
			return decide(&tally);
		if (tally.n_taken == 1 && named.verdict != MATCH_TAKEN)
			named = (struct match){MATCH_TAKEN, tally.rule, tally.taken};
	}
	return named;
}

bool match_permits(const struct match_policy *policy, const struct claim *claim)
{
	if (!policy->strict)
		return true;
	if (!claim->has_from_addr || claim->peer == NULL)
		return false;
	/* Whoever reaches a private address of ours may well be in the same network. */
	return !ip_is_private(&claim->from_ip) || ip_is_private(&claim->ip);
}

static bool same_family(const struct in6_addr *a, const struct in6_addr *b)
{
	return IN6_IS_ADDR_V4MAPPED(a) == IN6_IS_ADDR_V4MAPPED(b);
}

unsigned int match_meant(const struct match_policy *policy, const struct claim *claim,
			 struct four_tuple legs[MATCH_MEANT])
{
	bool any = means_any_own(policy, &claim->ip);
	unsigned int i, n = 0;

	if (!claim->has_from_addr || claim->port != policy->service_port)
		return 0;
	for (i = 0; i < policy->n_own && n < MATCH_MEANT; i++) {
		const struct in6_addr *own = &policy->own[i];

		if ((any || IN6_ARE_ADDR_EQUAL(own, &claim->ip)) &&
		    same_family(own, &claim->from_ip))
			legs[n++] = (struct four_tuple){claim->from_ip, *own, claim->from_port,
							claim->port};
	}
	return n;
}

struct four_tuple match_name(const struct match_policy *policy, const struct claim *claim)
{
	struct four_tuple name = {.relay_port = 0};
	struct in6_addr ip = means_any_own(policy, &claim->ip) ? in6addr_any : claim->ip;

	if (claim->has_from_addr) {
		name.peer_addr = claim->from_ip;
		name.peer_port = claim->from_port;
		name.relay_addr = ip;
		name.relay_port = claim->port;
	} else {
		name.peer_addr = ip;
		name.peer_port = claim->port;
	}
	return name;
}

unsigned int match_names_of(const struct match_policy *policy, const struct four_tuple *leg,
			    struct four_tuple names[MATCH_NAMES])
{
	unsigned int n = 0;

	names[n++] = *leg;
	names[n++] = (struct four_tuple){.peer_addr = leg->peer_addr, .peer_port = leg->peer_port};
	names[n++] = (struct four_tuple){.peer_addr = leg->relay_addr, .peer_port = leg->peer_port};
	if (policy->n_advertised == 0)
		return n;
	names[n] = *leg;
	names[n++].relay_addr = in6addr_any;
	names[n++] = (struct four_tuple){.peer_addr = in6addr_any, .peer_port = leg->peer_port};
	return n;
}

void match_policy_init(struct match_policy *policy, const struct config *cfg)
{
	memset(policy, 0, sizeof(*policy));
	policy->service_port = htons(cfg->endpoint.port);
	policy->socks5_port = cfg->socks5.enabled ? htons(cfg->socks5.port) : 0;
	policy->strict = cfg->endpoint.strict;
	for (unsigned int i = 0; i < cfg->n_ports; i++) {
		const struct config_port *port = &cfg->ports[i];

		for (unsigned int j = 0; j < port->n_addresses; j++)
			policy->own[policy->n_own++] = port->addresses[j].addr;
	}
	for (unsigned int i = 0; i < cfg->advertise.count && i < CONFIG_MAX_NAMES; i++) {
		if (ip_literal_read(cfg->advertise.names[i],
				    &policy->advertised[policy->n_advertised]))
			policy->n_advertised++;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "couple.h"

#include "outcome.h"
#include "report.h"
#include "terminal.h"

int couple_open(struct couple *c, const struct options *options, struct account *account,
		enum offer_kind kind)
{
	int outcome;

	*c = (struct couple){.beginning = options->to != NULL, .offering = options->to != NULL};
	outcome = partner_open(&c->partner, options, account, kind);
	if (outcome != OUTCOME_DONE)
		return outcome;
	initiator_init(&c->initiator, &c->partner);
	target_init(&c->target, &c->partner);
	return c->beginning ? OUTCOME_DONE : target_begin(&c->target);
}

int couple_wait(struct couple *c)
{
	return c->beginning ? OUTCOME_DONE : target_wait(&c->target);
}

void couple_refuse(struct couple *c, enum iq_condition condition, const char *why)
{
	target_refuse(&c->target, condition, why);
}

/* One side has offered in vain: now the other. */
static int swap(struct couple *c)
{
	if (c->swaps == COUPLE_SWAPS_MAX || (!c->offering && c->offered))
		return OUTCOME_REFUSED;
	c->swaps++;
	c->offering = !c->offering;
	if (c->offering)
		return OUTCOME_DONE;
	say("waiting for a connection that %s offers", c->partner.jid);
	return target_wait_swap(&c->target);
}

static bool in_vain(const struct couple *c)
{
	return c->offering ? initiator_unreached(&c->initiator) : c->target.unreached;
}

static int connected(const struct couple *c)
{
	const struct partner *p = &c->partner;
	bool direct =
		partner_is(p, p->leg.relay) || jid_equal(p->leg.relay, account_jid(p->account));

	report_connected(p->jid, direct ? NULL : p->leg.relay, p->leg.fd);
	return OUTCOME_DONE;
}

int couple_connect(struct couple *c)
{
	int outcome = c->beginning ? initiator_begin(&c->initiator) : OUTCOME_DONE;

	while (outcome == OUTCOME_DONE) {
		if (c->offering) {
			outcome = initiator_connect(&c->initiator, c->swaps > 0);
			c->offered = true;
		} else {
			outcome = target_accept(&c->target, c->swaps > 0);
		}
		if (outcome == OUTCOME_DONE)
			return connected(c);
		if (outcome != OUTCOME_REFUSED || c->partner.cancelled || !in_vain(c))
			return outcome;
		outcome = swap(c);
	}
	return outcome;
}

bool couple_engaged(const struct couple *c, xmpp_stanza_t *iq)
{
	return c->partner.engaged && partner_is(&c->partner, xmpp_stanza_get_from(iq));
}

bool couple_on_request(struct couple *c, xmpp_stanza_t *iq)
{
	/* The partner's offer may come in one turn with its answer to ours. */
	if (c->offering && c->swaps < COUPLE_SWAPS_MAX && initiator_unreached(&c->initiator))
		target_expect_swap(&c->target);
	if (partner_on_cancel(&c->partner, iq) || initiator_on_request(&c->initiator, iq))
		return true;
	return (!c->beginning || offer_is(iq)) && target_on_request(&c->target, iq);
}

void couple_close(struct couple *c, int outcome, bool told, const char *why)
{
	if (!c->partner.offer)
		return;
	if (outcome == OUTCOME_REFUSED && (!why || why[0] == '\0'))
		why = "no connection can be made";
	initiator_close(&c->initiator);
	target_close(&c->target);
	partner_close(&c->partner, outcome, told, why);
}

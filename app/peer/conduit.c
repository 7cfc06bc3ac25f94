/* SPDX-License-Identifier: BSD-3-Clause */
#include "conduit.h"

#include "outcome.h"

static bool on_request(void *ctx, xmpp_stanza_t *iq)
{
	struct conduit *c = ctx;

	if (couple_engaged(&c->couple, iq) && stream_on_request(&c->stream, iq))
		return true;
	return couple_on_request(&c->couple, iq);
}

int conduit_open(struct conduit *c, const struct options *options, struct account *account)
{
	struct partner *p = &c->couple.partner;
	int outcome;

	*c = (struct conduit){.account = account};
	outcome = couple_open(&c->couple, options, account, OFFER_STREAM);
	if (outcome != OUTCOME_DONE)
		return outcome;
	c->stream = (struct stream){
		.account = account,
		.sid = p->offer->sid,
		.partner = p->jid,
		.cancelled = &p->cancelled,
		.timeout_ms = options->timeout_ms,
	};
	account_on_request(account, on_request, c);
	return OUTCOME_DONE;
}

int conduit_wait(struct conduit *c)
{
	return couple_wait(&c->couple);
}

int conduit_connect(struct conduit *c)
{
	int outcome = couple_connect(&c->couple);

	if (outcome == OUTCOME_DONE)
		account_keep(c->account, true);
	return outcome;
}

int conduit_carry(struct conduit *c, int source, int sink)
{
	c->stream.socket = c->couple.partner.leg.fd;
	c->stream.plain = c->couple.partner.plain;
	c->stream.source = source;
	c->stream.sink = sink;
	return stream_run(&c->stream);
}

const char *conduit_partner(const struct conduit *c)
{
	return c->couple.partner.jid;
}

void conduit_close(struct conduit *c, int outcome)
{
	bool told = outcome != OUTCOME_DONE && stream_close(&c->stream);

	account_on_request(c->account, NULL, NULL);
	couple_close(&c->couple, outcome, told, c->stream.broken);
}

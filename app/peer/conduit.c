/* SPDX-License-Identifier: BSD-3-Clause */
#include "conduit.h"

#include "outcome.h"

static bool from_partner(const struct conduit *c, xmpp_stanza_t *iq)
{
	if (c->initiating)
		return c->in.offered && jid_equal(xmpp_stanza_get_from(iq), c->in.to);
	return target_is_partner(&c->target, iq);
}

static bool on_request(void *ctx, xmpp_stanza_t *iq)
{
	struct conduit *c = ctx;

	if (from_partner(c, iq) && stream_on_request(&c->stream, iq))
		return true;
	return c->initiating ? initiator_on_request(&c->in, iq) : target_on_request(&c->target, iq);
}

int conduit_open(struct conduit *c, const struct options *options, struct account *account)
{
	int outcome;

	*c = (struct conduit){.initiating = options->to != NULL, .account = account};
	outcome = c->initiating ? initiator_open(&c->in, options, account)
				: target_open(&c->target, options, account, OFFER_STREAM);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (c->initiating)
		c->in.offer->kind = OFFER_STREAM;
	c->stream = (struct stream){
		.account = account,
		.sid = c->initiating ? c->in.offer->sid : c->target.offer->sid,
		.partner = conduit_partner(c),
		.cancelled = c->initiating ? &c->in.cancelled : &c->target.cancelled,
		.timeout_ms = options->timeout_ms,
	};
	account_on_request(account, on_request, c);
	return OUTCOME_DONE;
}

int conduit_wait(struct conduit *c)
{
	return c->initiating ? OUTCOME_DONE : target_wait(&c->target);
}

int conduit_connect(struct conduit *c)
{
	int outcome = c->initiating ? initiator_connect(&c->in) : target_accept(&c->target);

	if (outcome == OUTCOME_DONE)
		account_keep(c->account, true);
	return outcome;
}

int conduit_carry(struct conduit *c, int source, int sink)
{
	c->stream.socket = c->initiating ? c->in.leg.fd : c->target.leg.fd;
	c->stream.source = source;
	c->stream.sink = sink;
	return stream_run(&c->stream);
}

const char *conduit_partner(const struct conduit *c)
{
	return c->initiating ? c->in.to : c->target.from;
}

void conduit_close(struct conduit *c, int outcome)
{
	bool told = outcome != OUTCOME_DONE && stream_close(&c->stream);

	account_on_request(c->account, NULL, NULL);
	if (c->initiating)
		initiator_close(&c->in, outcome, c->stream.broken);
	else
		target_close(&c->target, outcome, told, c->stream.broken);
}

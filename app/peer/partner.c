/* SPDX-License-Identifier: BSD-3-Clause */
#include "partner.h"

#include <stdlib.h>

#include "outcome.h"
#include "terminal.h"

int partner_open(struct partner *p, const struct options *options, struct account *account,
		 enum offer_kind kind)
{
	*p = (struct partner){.options = options,
			      .account = account,
			      .leg = {.fd = -1},
			      .offer = calloc(1, sizeof(*p->offer))};
	if (!p->offer) {
		say("out of memory");
		return OUTCOME_LOCAL;
	}
	p->offer->kind = kind;
	return OUTCOME_DONE;
}

bool partner_is(const struct partner *p, const char *jid)
{
	return p->jid[0] != '\0' && jid_equal(p->jid, jid);
}

bool partner_on_cancel(struct partner *p, xmpp_stanza_t *iq)
{
	char why[400];

	if (!partner_is(p, xmpp_stanza_get_from(iq)) ||
	    !offer_cancel_parse(iq, p->offer->sid, why, sizeof(why)))
		return false;
	if (!p->cancelled)
		say("%s gave up: %s", p->jid, why);
	p->cancelled = true;
	account_send(p->account, iq_result(iq));
	return true;
}

static void tell_cancel(struct partner *p, int outcome, const char *why)
{
	if (outcome == OUTCOME_STOPPED)
		why = "stopped";
	else if (outcome == OUTCOME_TIMEOUT)
		why = "timed out";
	else if (!why || why[0] == '\0')
		why = "failed";
	account_send(p->account,
		     offer_cancel_build(account_ctx(p->account), p->jid, p->offer->sid, why));
}

void partner_close(struct partner *p, int outcome, bool told, const char *why)
{
	if (outcome == OUTCOME_DONE) {
		leg_close(&p->leg);
	} else {
		leg_reset(&p->leg);
		if (p->engaged && !p->cancelled && !p->plain && !told)
			tell_cancel(p, outcome, why);
	}
	free(p->offer);
	p->offer = NULL;
}

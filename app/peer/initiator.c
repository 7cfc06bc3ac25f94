/* SPDX-License-Identifier: BSD-3-Clause */
#include "initiator.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "discover.h"
#include "outcome.h"
#include "progress.h"
#include "terminal.h"

#define PARTNER_MS	 10000	  /* between PF5 and PF4, whichever comes first */
#define DEFAULT_RESOURCE "tandem" /* of who waits for offers */

int initiator_open(struct initiator *in, const struct options *options, struct account *account)
{
	*in = (struct initiator){.options = options,
				 .account = account,
				 .leg = {.fd = -1},
				 .offer = calloc(1, sizeof(*in->offer))};
	direct_init(&in->direct);
	if (in->offer)
		return OUTCOME_DONE;
	say("out of memory");
	return OUTCOME_LOCAL;
}

static int find_target(struct initiator *in)
{
	const char *to = in->options->to;

	snprintf(in->to, sizeof(in->to), "%s%s%s", to, jid_is_full(to) ? "" : "/",
		 jid_is_full(to) ? "" : DEFAULT_RESOURCE);
	if (jid_valid(in->to) && !jid_equal(in->to, account_jid(in->account)))
		return OUTCOME_DONE;
	say("%s: cannot send there", in->to);
	return OUTCOME_USAGE;
}

/* The answer to a question, or why there is none. */
static int ask(struct initiator *in, struct account_query *q, xmpp_stanza_t *iq, const char *who)
{
	char why[400];
	int outcome = account_ask_wait(in->account, q, iq, in->options->timeout_ms);

	if (outcome == OUTCOME_TIMEOUT)
		say("%s: no answer in time", who);
	if (outcome != OUTCOME_DONE || iq_is(q->answer, "result"))
		return outcome;
	iq_error_describe(q->answer, why, sizeof(why));
	say("%s refused: %s", who, why);
	return OUTCOME_REFUSED;
}

static int ask_relay(struct initiator *in, const char *relay)
{
	struct candidate told[CANDIDATE_READ_MAX];
	unsigned int n;
	struct account_query q = {0};
	int outcome = ask(in, &q, claim_address_query(account_ctx(in->account), relay), relay);

	if (outcome == OUTCOME_DONE) {
		n = claim_address_answer(q.answer, relay, told);
		for (unsigned int i = 0; i < n && in->offer->n_candidates < CANDIDATE_READ_MAX; i++)
			in->offer->candidates[in->offer->n_candidates++] = told[i];
		if (n == 0) {
			say("%s: told no address of its own", relay);
			outcome = OUTCOME_REFUSED;
		}
	}
	account_forget(&q);
	return outcome;
}

/* The relay the user named, or the first the server lists that lets us in. */
static int find_relay(struct initiator *in)
{
	struct discovered found = {0};
	int outcome;

	if (in->options->via)
		return ask_relay(in, in->options->via);
	outcome = discover_relays(in->account, in->options->timeout_ms, &found);
	for (unsigned int i = 0; i < found.n && outcome == OUTCOME_DONE; i++) {
		outcome = ask_relay(in, found.relays[i]);
		if (outcome != OUTCOME_REFUSED)
			return outcome;
		outcome = i + 1 < found.n ? OUTCOME_DONE : OUTCOME_REFUSED;
	}
	return outcome;
}

/* PF1 to PF5; `*choice` is the candidate the Target took. */
static int make_offer(struct initiator *in, int *choice)
{
	struct account_query q = {0};
	int outcome;

	iq_random(in->offer->sid);
	in->offered = true;
	outcome = ask(in, &q, offer_build(account_ctx(in->account), in->to, in->offer), in->to);
	if (outcome == OUTCOME_REFUSED)
		in->offered = false; /* it holds nothing for us */
	if (outcome == OUTCOME_DONE) {
		strcpy(in->to, xmpp_stanza_get_from(q.answer)); /* as the server writes it */
		*choice = offer_accepted(q.answer, in->offer);
		if (*choice < 0) {
			say("%s: answered with what was not offered", in->to);
			outcome = OUTCOME_REFUSED;
		}
	}
	account_forget(&q);
	return outcome;
}

/* Own addresses, and the relay's behind them; one of both will do. */
static int gather(struct initiator *in)
{
	struct ifaddrs *interfaces = NULL;
	int outcome;

	if (in->options->direct && getifaddrs(&interfaces) == 0) {
		in->offer->n_candidates = direct_open(
			&in->direct, interfaces, account_jid(in->account), in->offer->candidates);
		freeifaddrs(interfaces);
	}
	outcome = find_relay(in);
	return outcome == OUTCOME_REFUSED && in->offer->n_candidates > 0 ? OUTCOME_DONE : outcome;
}

/* The Target has chosen us: its word on which connection (PF6) has come, or comes soon. */
static int take_direct(struct initiator *in)
{
	int64_t deadline = progress_now_ms() + PARTNER_MS;
	int outcome = OUTCOME_DONE;

	while (in->direct.matched < 0 && !in->cancelled && outcome == OUTCOME_DONE) {
		if (progress_now_ms() >= deadline) {
			say("%s: does not say which connection is its own", in->to);
			return OUTCOME_TIMEOUT;
		}
		outcome = account_turn(in->account, NULL, 0, deadline - progress_now_ms());
	}
	if (outcome == OUTCOME_DONE && in->cancelled)
		return OUTCOME_REFUSED;
	in->leg.fd = direct_take(&in->direct);
	strcpy(in->leg.relay, account_jid(in->account));
	return outcome;
}

static int take_relayed(struct initiator *in, const char *relay)
{
	const struct leg_choice choice = {.only = relay};
	int64_t timeout_ms = in->options->timeout_ms;
	int outcome;

	if ((outcome = leg_dial(&in->leg, in->account, in->offer->candidates,
				in->offer->n_candidates, &choice, timeout_ms)) ||
	    (outcome = leg_claim(&in->leg, in->account, in->offer->sid, in->to)))
		return outcome;
	return leg_wait_clear(&in->leg, in->account, &in->cancelled, timeout_ms);
}

int initiator_connect(struct initiator *in)
{
	int outcome, choice = 0;

	if ((outcome = find_target(in)) || (outcome = gather(in)) ||
	    (outcome = make_offer(in, &choice)))
		return outcome;
	if (jid_equal(in->offer->candidates[choice].jid, account_jid(in->account)))
		outcome = take_direct(in);
	else
		outcome = take_relayed(in, in->offer->candidates[choice].jid);
	direct_close(&in->direct);
	return outcome;
}

/* PF6 and PF7. */
static bool on_claim(struct initiator *in, xmpp_stanza_t *iq)
{
	union candidate_address to, from;
	int err = claim_parse(iq, in->offer->sid, &to, &from);

	if (err == 0)
		return false;
	if (err > 0)
		err = direct_match(&in->direct, &to, &from);
	if (err == 0)
		account_send(in->account, iq_result(iq));
	else if (err == -EINVAL)
		account_send(in->account,
			     iq_error(iq, IQ_BAD_REQUEST, "not the four numbers of a connection"));
	else if (err == -EBUSY)
		account_send(in->account, iq_error(iq, IQ_UNEXPECTED_REQUEST, "claimed already"));
	else
		account_send(in->account, iq_error(iq, IQ_ITEM_NOT_FOUND, "no such connection"));
	return true;
}

bool initiator_on_request(struct initiator *in, xmpp_stanza_t *iq)
{
	char why[400];

	if (!in->offered || !jid_equal(xmpp_stanza_get_from(iq), in->to))
		return false;
	if (on_claim(in, iq))
		return true;
	if (!offer_cancel_parse(iq, in->offer->sid, why, sizeof(why)))
		return false;
	if (!in->cancelled)
		say("%s gave up: %s", in->to, why);
	in->cancelled = true;
	account_send(in->account, iq_result(iq));
	return true;
}

static void tell_cancel(struct initiator *in, int outcome, const char *why)
{
	if (outcome == OUTCOME_STOPPED)
		why = "the sender was stopped";
	else if (outcome == OUTCOME_TIMEOUT)
		why = "the sender timed out";
	else if (!why || why[0] == '\0')
		why = "the sender failed";
	account_send(in->account,
		     offer_cancel_build(account_ctx(in->account), in->to, in->offer->sid, why));
}

void initiator_close(struct initiator *in, int outcome, const char *why)
{
	if (outcome == OUTCOME_DONE) {
		leg_close(&in->leg);
	} else {
		leg_reset(&in->leg);
		if (in->offered && !in->cancelled)
			tell_cancel(in, outcome, why);
	}
	direct_close(&in->direct);
	free(in->offer);
	in->offer = NULL;
}

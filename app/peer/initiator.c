/* SPDX-License-Identifier: BSD-3-Clause */
#include "initiator.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>

#include "claim.h"
#include "discover.h"
#include "outcome.h"
#include "progress.h"
#include "report.h"
#include "terminal.h"

#define PARTNER_MS	 10000	  /* between PF5 and PF4, whichever comes first */
#define SWAP_MS		 4000	  /* for each answer while the partner waits for our offer */
#define SWAP_ANSWER_MS	 30000	  /* for the answer to it */
#define DEFAULT_RESOURCE "tandem" /* of who waits for offers */

void initiator_init(struct initiator *in, struct partner *partner)
{
	*in = (struct initiator){.partner = partner};
	direct_init(&in->direct);
}

int initiator_begin(struct initiator *in)
{
	struct partner *p = in->partner;
	const char *to = p->options->to;

	iq_random(p->offer->sid);
	snprintf(p->jid, sizeof(p->jid), "%s%s%s", to, jid_is_full(to) ? "" : "/",
		 jid_is_full(to) ? "" : DEFAULT_RESOURCE);
	if (jid_valid(p->jid) && !jid_equal(p->jid, account_jid(p->account)))
		return OUTCOME_DONE;
	say("%s: cannot send there", p->jid);
	return OUTCOME_USAGE;
}

/* The answer to a question, or why there is none. */
static int ask(struct initiator *in, struct account_query *q, xmpp_stanza_t *iq, const char *who,
	       int64_t timeout_ms)
{
	char why[400];
	int outcome = account_ask_wait(in->partner->account, q, iq, timeout_ms);

	if (outcome == OUTCOME_TIMEOUT)
		say("%s: no answer in time", who);
	if (outcome != OUTCOME_DONE || iq_is(q->answer, "result"))
		return outcome;
	iq_error_describe(q->answer, why, sizeof(why));
	say("%s refused: %s", who, why);
	return OUTCOME_REFUSED;
}

static int64_t at_most(const struct initiator *in, bool swapped, int64_t limit_ms)
{
	int64_t timeout_ms = in->partner->options->timeout_ms;

	return swapped && timeout_ms > limit_ms ? limit_ms : timeout_ms;
}

/* Behind a NAT nobody knows what the relay sees of him, so addresses for this offer alone are asked
 * for.  A relay that has none to give tells its fixed ones, at once or when asked for them. */
static int ask_addresses(struct initiator *in, struct account_query *q, const char *relay,
			 int64_t timeout_ms)
{
	const struct partner *p = in->partner;
	xmpp_ctx_t *ctx = account_ctx(p->account);
	int outcome = account_ask_wait(
		p->account, q, claim_reserve_query(ctx, relay, p->offer->sid, p->jid), timeout_ms);

	if (outcome == OUTCOME_TIMEOUT)
		say("%s: no answer in time", relay);
	if (outcome != OUTCOME_DONE || iq_is(q->answer, "result"))
		return outcome;
	account_forget(q);
	return ask(in, q, claim_address_query(ctx, relay), relay, timeout_ms);
}

static int ask_relay(struct initiator *in, const char *relay, int64_t timeout_ms)
{
	struct candidate told[CANDIDATE_READ_MAX];
	struct offer *offer = in->partner->offer;
	unsigned int n;
	struct account_query q = {0};
	int outcome = ask_addresses(in, &q, relay, timeout_ms);

	if (outcome == OUTCOME_DONE) {
		n = claim_address_answer(q.answer, relay, told);
		for (unsigned int i = 0; i < n && offer->n_candidates < CANDIDATE_READ_MAX; i++)
			offer->candidates[offer->n_candidates++] = told[i];
		if (n == 0) {
			say("%s: told no address of its own", relay);
			outcome = OUTCOME_REFUSED;
		}
	}
	account_forget(&q);
	return outcome;
}

/* The relay the user named, or the first the server lists that lets us in. */
static int find_relay(struct initiator *in, int64_t timeout_ms)
{
	struct discovered found = {0};
	int outcome;

	if (in->partner->options->via)
		return ask_relay(in, in->partner->options->via, timeout_ms);
	outcome = discover_relays(in->partner->account, timeout_ms, &found);
	for (unsigned int i = 0; i < found.n && outcome == OUTCOME_DONE; i++) {
		outcome = ask_relay(in, found.relays[i], timeout_ms);
		if (outcome != OUTCOME_REFUSED)
			return outcome;
		outcome = i + 1 < found.n ? OUTCOME_DONE : OUTCOME_REFUSED;
	}
	return outcome;
}

/* Own addresses, and the relay's behind them; one of both will do.  With neither the first offer is
 * empty (A1), and the partner may have some; but a relay asked for by name must be there. */
static int gather(struct initiator *in, bool swapped)
{
	struct partner *p = in->partner;
	struct ifaddrs *interfaces = NULL;
	int outcome;

	p->offer->n_candidates = 0;
	if (p->options->direct && getifaddrs(&interfaces) == 0) {
		p->offer->n_candidates = direct_open(&in->direct, interfaces,
						     account_jid(p->account), p->offer->candidates);
		freeifaddrs(interfaces);
	}
	outcome = find_relay(in, at_most(in, swapped, SWAP_MS));
	if (outcome == OUTCOME_TIMEOUT && swapped)
		outcome = OUTCOME_REFUSED;
	if (outcome == OUTCOME_REFUSED &&
	    (p->offer->n_candidates > 0 || (!swapped && !p->options->via)))
		outcome = OUTCOME_DONE;
	return p->cancelled ? OUTCOME_REFUSED : outcome;
}

bool initiator_unreached(const struct initiator *in)
{
	return in->offered.answer && iq_is(in->offered.answer, "error") &&
	       strcmp(iq_error_condition(in->offered.answer), "item-not-found") == 0;
}

/* PF1 to PF5; `*choice` is the candidate the Target took. */
static int make_offer(struct initiator *in, bool swapped, int *choice)
{
	struct partner *p = in->partner;
	int outcome;

	p->engaged = true;
	report_offering(p->jid, p->offer, swapped);
	outcome = ask(in, &in->offered, offer_build(account_ctx(p->account), p->jid, p->offer),
		      p->jid, at_most(in, swapped, SWAP_ANSWER_MS));
	if (outcome == OUTCOME_REFUSED) /* unless it offers itself, it holds nothing for us */
		p->engaged = initiator_unreached(in);
	if (outcome != OUTCOME_DONE)
		return outcome;
	strcpy(p->jid, xmpp_stanza_get_from(in->offered.answer)); /* as the server writes it */
	/* After a swap its own offer has told. */
	if (!swapped)
		p->plain = !offer_knows(in->offered.answer, p->offer->kind);
	*choice = offer_accepted(in->offered.answer, p->offer);
	if (*choice >= 0)
		return OUTCOME_DONE;
	say("%s: answered with what was not offered", p->jid);
	return OUTCOME_REFUSED;
}

/* The Target has chosen us: its word on which connection (PF6) has come, or comes soon. */
static int take_direct(struct initiator *in)
{
	struct partner *p = in->partner;
	int64_t deadline = progress_now_ms() + PARTNER_MS;
	int outcome = OUTCOME_DONE;

	while (in->direct.matched < 0 && !p->cancelled && outcome == OUTCOME_DONE) {
		if (progress_now_ms() >= deadline) {
			say("%s: does not say which connection is its own", p->jid);
			return OUTCOME_TIMEOUT;
		}
		outcome = account_turn(p->account, NULL, 0, deadline - progress_now_ms());
	}
	if (outcome == OUTCOME_DONE && p->cancelled)
		return OUTCOME_REFUSED;
	p->leg.fd = direct_take(&in->direct);
	strcpy(p->leg.relay, account_jid(p->account));
	return outcome;
}

static int take_relayed(struct initiator *in, const char *relay)
{
	struct partner *p = in->partner;
	const struct leg_choice choice = {.only = relay};
	const struct candidate *chosen[CANDIDATE_TRY_MAX];
	unsigned int n = leg_choose(p->offer->candidates, p->offer->n_candidates, &choice, chosen);
	int64_t timeout_ms = p->options->timeout_ms;
	int outcome;

	if ((outcome = leg_dial(&p->leg, p->account, chosen, n, timeout_ms)) ||
	    (outcome = leg_claim(&p->leg, p->account, p->offer->sid, p->jid)))
		return outcome;
	return leg_wait_clear(&p->leg, p->account, &p->cancelled, timeout_ms);
}

int initiator_connect(struct initiator *in, bool swapped)
{
	const struct candidate *taken;
	int outcome, choice = 0;

	account_forget(&in->offered);
	if ((outcome = gather(in, swapped)) || (outcome = make_offer(in, swapped, &choice)))
		goto out;
	taken = &in->partner->offer->candidates[choice];
	if (jid_equal(taken->jid, account_jid(in->partner->account)))
		outcome = take_direct(in);
	else
		outcome = take_relayed(in, taken->jid);
out:
	direct_close(&in->direct);
	return outcome;
}

static const struct {
	int err;
	enum iq_condition condition;
	const char *why;
} claim_faults[] = {
	{-EINVAL, IQ_BAD_REQUEST, "not the numbers of a connection"},
	{-EBUSY, IQ_UNEXPECTED_REQUEST, "claimed already"},
	{-EEXIST, IQ_CONFLICT, "more than one connection fits"},
	{-ENOENT, IQ_ITEM_NOT_FOUND, "no such connection"},
};

/* PF6 and PF7. */
bool initiator_on_request(struct initiator *in, xmpp_stanza_t *iq)
{
	struct partner *p = in->partner;
	union candidate_address to, from;
	size_t i = 0;
	int err;

	if (!p->engaged || !partner_is(p, xmpp_stanza_get_from(iq)))
		return false;
	err = claim_parse(iq, p->offer->sid, &to, &from);
	if (err == 0)
		return false;
	if (err > 0)
		err = direct_match(&in->direct, &to, &from);
	if (err == 0) {
		account_send(p->account, claim_result(iq));
		return true;
	}
	while (claim_faults[i].err != err)
		i++;
	account_send(p->account, iq_error(iq, claim_faults[i].condition, claim_faults[i].why));
	return true;
}

void initiator_close(struct initiator *in)
{
	direct_close(&in->direct);
	account_forget(&in->offered);
}

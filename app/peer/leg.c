/* SPDX-License-Identifier: BSD-3-Clause */
#include "leg.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "dial.h"
#include "iq.h"
#include "outcome.h"
#include "progress.h"
#include "report.h"
#include "terminal.h"
#include "transfer.h"

#define DIAL_MAX_MS  10000
#define LAST_WORD_MS 2000 /* after a reset the relay's reason may still be on its way */

/* Why not to try this one; NULL when it may be tried. */
static const char *refusal(const struct candidate *c, const struct leg_choice *choice)
{
	if (choice->initiator && jid_has_node(c->jid) && !jid_equal(c->jid, choice->initiator))
		return "of somebody who is neither the Initiator nor a relay";
	return choice->policy ? candidate_refusal(&c->addr, choice->policy) : NULL;
}

static void complain(const struct candidate *c, const char *what, const char *why)
{
	char ip[CANDIDATE_TEXT], port[6];

	candidate_format(&c->addr, ip, port);
	say("%s at %s port %s: %s%s", c->jid, ip, port, what, why);
}

unsigned int leg_choose(const struct candidate *list, unsigned int n,
			const struct leg_choice *choice, const struct candidate **chosen)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < n && kept < CANDIDATE_TRY_MAX; i++) {
		const char *why;

		if ((choice->only && !jid_equal(list[i].jid, choice->only)) ||
		    (choice->but && jid_equal(list[i].jid, choice->but)))
			continue;
		why = refusal(&list[i], choice);
		if (why)
			complain(&list[i], "not connecting there: ", why);
		else
			chosen[kept++] = &list[i];
	}
	return kept;
}

int leg_dial(struct leg *leg, struct account *account, const struct candidate *const *list,
	     unsigned int n, int64_t timeout_ms)
{
	const union candidate_address *addrs[CANDIDATE_TRY_MAX];
	unsigned int winner = 0;
	int errors[CANDIDATE_TRY_MAX], outcome, fd;

	for (unsigned int i = 0; i < n; i++)
		addrs[i] = &list[i]->addr;
	report_connecting(list, n);
	fd = dial_race(account, addrs, n, timeout_ms < DIAL_MAX_MS ? timeout_ms : DIAL_MAX_MS,
		       &winner, errors, &outcome);
	if (fd >= 0) {
		leg->fd = fd;
		strcpy(leg->relay, list[winner]->jid);
		return OUTCOME_DONE;
	}
	if (outcome != OUTCOME_DONE)
		return outcome;
	for (unsigned int i = 0; i < n; i++)
		complain(list[i], "", strerror(errors[i] ? -errors[i] : ETIMEDOUT));
	say("none of the connections offered can be reached");
	return OUTCOME_REFUSED;
}

int leg_claim(struct leg *leg, struct account *account, const char *sid, const char *peer)
{
	xmpp_stanza_t *iq = claim_build(account_ctx(account), leg->relay, sid, peer, leg->fd);

	if (iq && account_ask(account, &leg->claim, iq) != -ENOMEM)
		return OUTCOME_DONE; /* offline: the next turn of the account tells */
	say("connection to %s lost", leg->relay);
	return OUTCOME_REFUSED;
}

static int judge_answer(struct leg *leg)
{
	char why[400];

	if (iq_is(leg->claim.answer, "result"))
		return OUTCOME_DONE;
	iq_error_describe(leg->claim.answer, why, sizeof(why));
	say("%s refused the connection: %s", leg->relay, why);
	return OUTCOME_REFUSED;
}

int leg_wait_clear(struct leg *leg, struct account *account, const bool *cancelled,
		   int64_t timeout_ms)
{
	int64_t deadline = progress_now_ms() + timeout_ms;
	bool hung_up = false;
	int outcome;

	while (!leg->claim.answer && !*cancelled) {
		struct pollfd polled = {.fd = hung_up ? -1 : leg->fd};
		int64_t now = progress_now_ms();

		if (now >= deadline) {
			say(hung_up ? "%s closed the connection" : "%s: no answer in time",
			    leg->relay);
			return hung_up ? OUTCOME_REFUSED : OUTCOME_TIMEOUT;
		}
		outcome = account_turn(account, &polled, 1, deadline - now);
		if (outcome != OUTCOME_DONE)
			return outcome;
		if (polled.revents & (POLLHUP | POLLERR)) {
			hung_up = true;
			deadline = progress_now_ms() + LAST_WORD_MS;
		}
	}
	return leg->claim.answer ? judge_answer(leg) : OUTCOME_REFUSED;
}

void leg_close(struct leg *leg)
{
	account_forget(&leg->claim);
	if (leg->fd >= 0)
		close(leg->fd);
	leg->fd = -1;
}

void leg_reset(struct leg *leg)
{
	account_forget(&leg->claim);
	if (leg->fd >= 0)
		transfer_reset(leg->fd);
	leg->fd = -1;
}

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
#include "terminal.h"
#include "transfer.h"

#define DIAL_MAX_MS  10000
#define LAST_WORD_MS 2000 /* after a reset the relay's reason may still be on its way */

static int dial_one(struct leg *leg, struct account *account, const struct candidate *c,
		    int64_t timeout_ms)
{
	char ip[CANDIDATE_TEXT], port[6];
	int outcome, fd;

	fd = dial(account, &c->addr, timeout_ms < DIAL_MAX_MS ? timeout_ms : DIAL_MAX_MS, &outcome);
	if (fd >= 0) {
		leg->fd = fd;
		strcpy(leg->relay, c->jid);
		return OUTCOME_DONE;
	}
	if (outcome != OUTCOME_DONE)
		return outcome;
	candidate_format(&c->addr, ip, port);
	say("%s at %s port %s: %s", c->jid, ip, port, strerror(-fd));
	return OUTCOME_REFUSED;
}

/* Whether to try this one; says why not. */
static bool eligible(const struct candidate *c, const char *only,
		     const struct candidate_policy *policy)
{
	const char *why = policy ? candidate_refusal(&c->addr, policy) : NULL;
	char ip[CANDIDATE_TEXT], port[6];

	if (only && !jid_equal(c->jid, only))
		return false;
	if (!why)
		return true;
	candidate_format(&c->addr, ip, port);
	say("%s at %s port %s: not connecting there: %s", c->jid, ip, port, why);
	return false;
}

int leg_dial(struct leg *leg, struct account *account, const struct candidate *list, unsigned int n,
	     const char *only, const struct candidate_policy *policy, int64_t timeout_ms)
{
	unsigned int tried = 0;
	int outcome;

	for (unsigned int i = 0; i < n && tried < CANDIDATE_TRY_MAX; i++) {
		if (!eligible(&list[i], only, policy))
			continue;
		tried++;
		outcome = dial_one(leg, account, &list[i], timeout_ms);
		if (outcome != OUTCOME_REFUSED)
			return outcome;
	}
	say(tried ? "none of the connections offered can be reached"
		  : "no connection offered that may be tried");
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
	say("relay %s refused: %s", leg->relay, why);
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
			say(hung_up ? "relay %s closed the connection"
				    : "relay %s: no answer in time",
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

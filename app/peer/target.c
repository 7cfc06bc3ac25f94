/* SPDX-License-Identifier: BSD-3-Clause */
#include "target.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "outcome.h"
#include "terminal.h"

#define WAIT_MS 1000
#define TRY_MS	10000 /* for connecting to all that is offered, and for a direct answer */

static void answer_no(struct target *t, xmpp_stanza_t *iq, enum iq_condition condition,
		      const char *why)
{
	say("refused an offer of %s: %s", xmpp_stanza_get_from(iq), why);
	account_send(t->account, iq_error(iq, condition, why));
}

static bool allowed(const struct target *t, const char *from)
{
	for (unsigned int i = 0; i < t->options->n_from; i++) {
		const char *rule = t->options->from[i];

		if (jid_is_full(rule) ? jid_equal(rule, from) : jid_equal_bare(rule, from))
			return true;
	}
	return t->options->n_from == 0; /* then the user is asked */
}

static void on_offer(struct target *t, xmpp_stanza_t *iq)
{
	const char *from = xmpp_stanza_get_from(iq), *fault;

	if (!allowed(t, from)) {
		answer_no(t, iq, IQ_NOT_ACCEPTABLE, "not wanted from this sender");
	} else if (t->stage != TARGET_WAITING) {
		answer_no(t, iq, IQ_RESOURCE_CONSTRAINT, "busy with another offer");
	} else if ((fault = offer_parse(iq, t->offer))) {
		answer_no(t, iq, IQ_BAD_REQUEST, fault);
	} else if (t->offer->kind != t->kind) {
		answer_no(t, iq, IQ_NOT_ACCEPTABLE,
			  t->kind == OFFER_FILE ? "no file in it" : "a file, not a connection");
	} else {
		t->offer_iq = xmpp_stanza_clone(iq);
		strcpy(t->from, from);
		t->cancelled = false;
		t->stage = TARGET_OFFERED;
	}
}

/* The user's line, 'y' or not; waits for it while the XMPP stream is served. */
static int read_decision(struct target *t, bool *yes)
{
	char line[64] = "";
	ssize_t n;
	int outcome;

	for (;;) {
		struct pollfd polled = {.fd = t->tty, .events = POLLIN};

		outcome = account_turn(t->account, &polled, 1, WAIT_MS);
		if (outcome != OUTCOME_DONE)
			return outcome;
		if (t->cancelled) {
			*yes = false;
			return OUTCOME_DONE;
		}
		if (!polled.revents)
			continue;
		n = read(t->tty, line, sizeof(line));
		if (n <= 0) {
			say("nobody left to ask on the terminal");
			return OUTCOME_LOCAL;
		}
		*yes = line[0] == 'y' || line[0] == 'Y';
		return OUTCOME_DONE;
	}
}

static int ask_user(struct target *t, bool *yes)
{
	char question[JID_MAX + OFFER_NAME_MAX + 128];
	int outcome;

	if (t->kind == OFFER_FILE)
		snprintf(question, sizeof(question),
			 "Take \"%s\" (%" PRIu64 " bytes) from %s? [y/N] ", t->offer->name,
			 t->offer->size, t->from);
	else
		snprintf(question, sizeof(question), "Take a connection from %s? [y/N] ", t->from);
	terminal_clean(question);
	tcflush(t->tty, TCIFLUSH); /* nothing typed before the question answers it */
	dprintf(t->tty, "%s", question);
	outcome = read_decision(t, yes);
	if (outcome != OUTCOME_DONE || t->cancelled)
		dprintf(t->tty, "\n");
	return outcome;
}

int target_open(struct target *t, const struct options *options, struct account *account,
		enum offer_kind kind)
{
	*t = (struct target){.options = options,
			     .account = account,
			     .kind = kind,
			     .leg = {.fd = -1},
			     .tty = -1,
			     .offer = calloc(1, sizeof(*t->offer))};
	if (!t->offer) {
		say("out of memory");
		return OUTCOME_LOCAL;
	}
	if (options->n_from > 0)
		return OUTCOME_DONE;
	t->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (t->tty >= 0)
		return OUTCOME_DONE;
	say("without a terminal to ask on, --from is needed");
	return OUTCOME_USAGE;
}

int target_wait(struct target *t)
{
	int outcome = OUTCOME_DONE;
	bool wanted = false;

	while (outcome == OUTCOME_DONE && !wanted) {
		if (t->stage == TARGET_WAITING) {
			outcome = account_turn(t->account, NULL, 0, WAIT_MS);
			continue;
		}
		wanted = true;
		if (t->options->n_from == 0)
			outcome = ask_user(t, &wanted);
		if (wanted)
			continue;
		if (t->cancelled)
			iq_release(&t->offer_iq); /* it no longer waits for an answer */
		else if (outcome == OUTCOME_DONE)
			answer_no(t, t->offer_iq, IQ_NOT_ACCEPTABLE, "the user does not want it");
		iq_release(&t->offer_iq);
		t->stage = TARGET_WAITING;
	}
	return outcome;
}

/* PF3; `direct`: to the Initiator itself, as far as offered, otherwise to relays. */
static int connect_offered(struct target *t, bool direct)
{
	struct ifaddrs *interfaces = NULL;
	struct candidate_policy policy = {.allow_private = t->options->allow_private};
	struct leg_choice choice = {.only = direct ? t->from : NULL,
				    .but = direct ? NULL : t->from,
				    .initiator = t->from,
				    .policy = &policy};
	int outcome;

	if (getifaddrs(&interfaces) == 0)
		policy.interfaces = interfaces;
	outcome =
		leg_dial(&t->leg, t->account, t->offer->candidates, t->offer->n_candidates, &choice,
			 t->options->timeout_ms < TRY_MS ? t->options->timeout_ms : TRY_MS);
	if (interfaces)
		freeifaddrs(interfaces);
	return outcome;
}

static bool offers_direct(const struct target *t)
{
	for (unsigned int i = 0; i < t->offer->n_candidates; i++) {
		if (jid_equal(t->offer->candidates[i].jid, t->from))
			return true;
	}
	return false;
}

/* The Initiator answers PF4 at once, so PF5 may wait for that: behind a NAT it does not know us by
 * our own address, says so (A4), and the relay is still there to be tried. */
static int connect_directly(struct target *t)
{
	int outcome = connect_offered(t, true);

	if (outcome == OUTCOME_DONE)
		outcome = leg_claim(&t->leg, t->account, t->offer->sid, t->from);
	if (outcome == OUTCOME_DONE)
		outcome = leg_wait_clear(&t->leg, t->account, &t->cancelled, TRY_MS);
	if (outcome != OUTCOME_DONE)
		leg_close(&t->leg);
	return outcome == OUTCOME_TIMEOUT ? OUTCOME_REFUSED : outcome;
}

void target_refuse(struct target *t, enum iq_condition condition, const char *why)
{
	answer_no(t, t->offer_iq, condition, why);
	iq_release(&t->offer_iq);
	t->stage = TARGET_WAITING;
}

/* PF5. */
static int accept_offer(struct target *t)
{
	account_send(t->account, offer_accept(t->offer_iq, t->offer->sid, t->leg.relay));
	iq_release(&t->offer_iq);
	t->stage = TARGET_TAKEN;
	return OUTCOME_DONE;
}

/* To a relay PF4 and PF5 go out together; the partner connects while it still looks for our leg. */
int target_accept(struct target *t)
{
	int outcome = OUTCOME_DONE;

	if (t->offer->n_candidates == 0) { /* A1 */
		target_refuse(t, IQ_ITEM_NOT_FOUND, "no connection offered");
		return OUTCOME_REFUSED;
	}
	if (offers_direct(t)) {
		outcome = connect_directly(t);
		if (outcome == OUTCOME_DONE)
			return accept_offer(t);
		if (outcome == OUTCOME_REFUSED && !t->cancelled)
			outcome = OUTCOME_DONE;
	}
	if (outcome == OUTCOME_DONE)
		outcome = connect_offered(t, false);
	if (outcome == OUTCOME_DONE)
		outcome = leg_claim(&t->leg, t->account, t->offer->sid, t->from);
	if (outcome == OUTCOME_REFUSED) /* A2 */
		target_refuse(t, IQ_ITEM_NOT_FOUND, "no connection offered can be used");
	else if (outcome != OUTCOME_DONE)
		target_refuse(t, IQ_NOT_ACCEPTABLE, "stopped");
	if (outcome != OUTCOME_DONE)
		return outcome;
	accept_offer(t);
	return leg_wait_clear(&t->leg, t->account, &t->cancelled, t->options->timeout_ms);
}

static bool on_cancel(struct target *t, xmpp_stanza_t *iq)
{
	char why[400];

	if (t->stage == TARGET_WAITING || !jid_equal(xmpp_stanza_get_from(iq), t->from) ||
	    !offer_cancel_parse(iq, t->offer->sid, why, sizeof(why)))
		return false;
	if (!t->cancelled)
		say("%s gave up: %s", t->from, why);
	t->cancelled = true;
	account_send(t->account, iq_result(iq));
	return true;
}

bool target_on_request(struct target *t, xmpp_stanza_t *iq)
{
	if (offer_is(iq)) {
		on_offer(t, iq);
		return true;
	}
	if (on_cancel(t, iq))
		return true;
	if (xmpp_stanza_get_child_by_ns(iq, IQ_FILE_NS) ||
	    xmpp_stanza_get_child_by_ns(iq, IQ_STREAM_NS)) {
		account_send(t->account, iq_error(iq, IQ_ITEM_NOT_FOUND, "no such stream"));
		return true;
	}
	if (xmpp_stanza_get_child_by_ns(iq, IQ_NS)) {
		account_send(t->account, iq_error(iq, IQ_NOT_ACCEPTABLE, "nothing known in it"));
		return true;
	}
	return false;
}

bool target_is_partner(const struct target *t, xmpp_stanza_t *iq)
{
	return t->stage == TARGET_TAKEN && jid_equal(xmpp_stanza_get_from(iq), t->from);
}

static void tell_failure(struct target *t, int outcome, const char *why)
{
	if (outcome == OUTCOME_STOPPED)
		why = "the receiver was stopped";
	else if (outcome == OUTCOME_TIMEOUT)
		why = "the receiver timed out";
	else if (!why || why[0] == '\0')
		why = "the receiver failed";
	account_send(t->account,
		     offer_cancel_build(account_ctx(t->account), t->from, t->offer->sid, why));
}

void target_close(struct target *t, int outcome, bool told, const char *why)
{
	if (outcome == OUTCOME_DONE) {
		leg_close(&t->leg);
	} else {
		leg_reset(&t->leg);
		if (t->stage == TARGET_TAKEN && !t->cancelled && !told)
			tell_failure(t, outcome, why);
	}
	iq_release(&t->offer_iq);
	if (t->tty >= 0)
		close(t->tty);
	free(t->offer);
	t->offer = NULL;
}

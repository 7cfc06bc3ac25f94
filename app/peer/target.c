/* SPDX-License-Identifier: BSD-3-Clause */
#include "target.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "outcome.h"
#include "progress.h"
#include "report.h"
#include "terminal.h"

#define WAIT_MS 1000
#define TRY_MS	10000 /* for connecting to all that is offered, and for a direct answer */
#define SWAP_MS 30000 /* within which the partner may offer in its turn (DESIGN 2.1) */

static void answer_no(struct target *t, xmpp_stanza_t *iq, enum iq_condition condition,
		      const char *why)
{
	say("refused an offer of %s: %s", xmpp_stanza_get_from(iq), why);
	account_send(t->partner->account, iq_error(iq, condition, why));
}

static bool allowed(const struct options *o, const char *from)
{
	for (unsigned int i = 0; i < o->n_from; i++) {
		const char *rule = o->from[i];

		if (jid_is_full(rule) ? jid_equal(rule, from) : jid_equal_bare(rule, from))
			return true;
	}
	return o->n_from == 0; /* then the user is asked */
}

static void keep_offer(struct target *t, xmpp_stanza_t *iq)
{
	t->offer_iq = xmpp_stanza_clone(iq);
	t->stage = TARGET_OFFERED;
}

/* Why an offer of a swap is not taken, NULL when it is. */
static const char *take_swap(struct target *t, xmpp_stanza_t *iq)
{
	struct partner *p = t->partner;
	const char *fault;

	if (!partner_is(p, xmpp_stanza_get_from(iq)))
		return "busy with somebody else";
	if (progress_now_ms() >= t->swap_until_ms)
		return "too late";
	fault = offer_swap(iq, p->offer);
	if (!fault && p->options->to) /* else its first offer has told */
		p->plain = !offer_knows(iq, p->offer->kind);
	return fault;
}

/* Why an offer is not taken, NULL when it is. */
static const char *take_first(struct target *t, xmpp_stanza_t *iq, enum iq_condition *condition)
{
	struct partner *p = t->partner;
	const char *from = xmpp_stanza_get_from(iq), *fault;

	if (p->options->to)
		return "waiting for no offer";
	if (!allowed(p->options, from))
		return "not wanted from this sender";
	*condition = IQ_RESOURCE_CONSTRAINT;
	if (t->stage != TARGET_WAITING)
		return "busy with another offer";
	*condition = IQ_BAD_REQUEST;
	fault = offer_parse(iq, p->offer);
	if (fault)
		return fault;
	*condition = IQ_NOT_ACCEPTABLE;
	p->plain = p->offer->kind == OFFER_PLAIN;
	if (!p->plain && p->offer->kind != t->kind)
		return t->kind == OFFER_FILE ? "no file in it" : "a file, not a connection";
	strcpy(p->jid, from);
	p->cancelled = false;
	return NULL;
}

static void on_offer(struct target *t, xmpp_stanza_t *iq)
{
	enum iq_condition condition = IQ_NOT_ACCEPTABLE;
	const char *fault =
		t->stage == TARGET_SWAP ? take_swap(t, iq) : take_first(t, iq, &condition);

	if (fault)
		answer_no(t, iq, condition, fault);
	else
		keep_offer(t, iq);
}

/* The user's line, 'y' or not; waits for it while the XMPP stream is served. */
static int read_decision(struct target *t, bool *yes)
{
	char line[64] = "";
	ssize_t n;
	int outcome;

	for (;;) {
		struct pollfd polled = {.fd = t->tty, .events = POLLIN};

		outcome = account_turn(t->partner->account, &polled, 1, WAIT_MS);
		if (outcome != OUTCOME_DONE)
			return outcome;
		if (t->partner->cancelled) {
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
	struct partner *p = t->partner;
	int outcome;

	if (p->offer->kind == OFFER_FILE)
		snprintf(question, sizeof(question),
			 "Take \"%s\" (%" PRIu64 " bytes) from %s? [y/N] ", p->offer->name,
			 p->offer->size, p->jid);
	else
		snprintf(question, sizeof(question), "Take a %s from %s? [y/N] ",
			 t->kind == OFFER_FILE ? "file of unknown name and size" : "connection",
			 p->jid);
	terminal_clean(question);
	tcflush(t->tty, TCIFLUSH); /* nothing typed before the question answers it */
	dprintf(t->tty, "%s", question);
	outcome = read_decision(t, yes);
	if (outcome != OUTCOME_DONE || p->cancelled)
		dprintf(t->tty, "\n");
	return outcome;
}

void target_init(struct target *t, struct partner *partner)
{
	*t = (struct target){.partner = partner, .kind = partner->offer->kind, .tty = -1};
}

int target_begin(struct target *t)
{
	t->stage = TARGET_WAITING;
	if (t->partner->options->n_from > 0)
		return OUTCOME_DONE;
	t->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (t->tty >= 0)
		return OUTCOME_DONE;
	say("without a terminal to ask on, --from is needed");
	return OUTCOME_USAGE;
}

int target_wait(struct target *t)
{
	struct partner *p = t->partner;
	int outcome = OUTCOME_DONE;
	bool wanted = false;

	while (outcome == OUTCOME_DONE && !wanted) {
		if (t->stage == TARGET_WAITING) {
			outcome = account_turn(p->account, NULL, 0, WAIT_MS);
			continue;
		}
		wanted = true;
		if (p->options->n_from == 0)
			outcome = ask_user(t, &wanted);
		if (wanted)
			continue;
		if (outcome == OUTCOME_DONE && !p->cancelled) /* else it waits for no answer */
			answer_no(t, t->offer_iq, IQ_NOT_ACCEPTABLE, "the user does not want it");
		iq_release(&t->offer_iq);
		p->jid[0] = '\0';
		t->stage = TARGET_WAITING;
	}
	return outcome;
}

void target_expect_swap(struct target *t)
{
	int64_t timeout_ms = t->partner->options->timeout_ms;

	if (t->stage != TARGET_CLOSED)
		return;
	t->swap_until_ms = progress_now_ms() + (timeout_ms < SWAP_MS ? timeout_ms : SWAP_MS);
	t->stage = TARGET_SWAP;
}

int target_wait_swap(struct target *t)
{
	struct partner *p = t->partner;
	int outcome = OUTCOME_DONE;

	target_expect_swap(t);
	while (outcome == OUTCOME_DONE && t->stage == TARGET_SWAP && !p->cancelled) {
		int64_t left_ms = t->swap_until_ms - progress_now_ms();

		if (left_ms <= 0) {
			say("%s offers no connection of its own", p->jid);
			t->stage = TARGET_CLOSED;
			return OUTCOME_REFUSED;
		}
		outcome = account_turn(p->account, NULL, 0, left_ms);
	}
	return outcome == OUTCOME_DONE && p->cancelled ? OUTCOME_REFUSED : outcome;
}

/* What is offered, as far as it may be tried, in its order. */
struct choice {
	const struct candidate *list[CANDIDATE_TRY_MAX];
	unsigned int n;
};

static bool is_direct(const struct target *t, const struct candidate *c)
{
	return partner_is(t->partner, c->jid);
}

static void choose(const struct target *t, struct choice *c)
{
	const struct partner *p = t->partner;
	struct ifaddrs *interfaces = NULL;
	struct candidate_policy policy = {.allow_private = p->options->allow_private};
	const struct leg_choice choice = {.but = p->options->no_direct ? p->jid : NULL,
					  .initiator = p->jid,
					  .policy = &policy};

	if (getifaddrs(&interfaces) == 0)
		policy.interfaces = interfaces;
	c->n = leg_choose(p->offer->candidates, p->offer->n_candidates, &choice, c->list);
	if (interfaces)
		freeifaddrs(interfaces);
}

/* PF3 and PF4; `direct`: to the Initiator itself, as far as offered, otherwise to relays. */
static int connect_and_claim(struct target *t, const struct choice *all, bool direct)
{
	struct partner *p = t->partner;
	int64_t timeout_ms = p->options->timeout_ms;
	struct choice some = {.n = 0};
	int outcome;

	for (unsigned int i = 0; i < all->n; i++) {
		if (is_direct(t, all->list[i]) == direct)
			some.list[some.n++] = all->list[i];
	}
	if (some.n == 0)
		return OUTCOME_REFUSED;
	outcome = leg_dial(&p->leg, p->account, some.list, some.n,
			   timeout_ms < TRY_MS ? timeout_ms : TRY_MS);
	return outcome ? outcome : leg_claim(&p->leg, p->account, p->offer->sid, p->jid);
}

/* PF5. */
static void accept_offer(struct target *t)
{
	struct partner *p = t->partner;

	account_send(p->account, offer_accept(t->offer_iq, p->offer, p->leg.relay));
	iq_release(&t->offer_iq);
	t->stage = TARGET_TAKEN;
	p->engaged = true;
}

static int wait_clear(struct target *t, int64_t timeout_ms)
{
	struct partner *p = t->partner;

	return leg_wait_clear(&p->leg, p->account, &p->cancelled, timeout_ms);
}

/*
 * To a relay PF4 and PF5 go out together; the partner connects while it still looks for our leg.
 * A tandem that offers its own connection answers PF4 at once, so PF5 may wait for that: behind a
 * NAT it does not know us by our own address, says so (A4), and the relay is still there to be
 * tried.  A client of 2002 may wait for PF5 with its answer.
 */
static int try(struct target *t, const struct choice *all, bool direct)
{
	struct partner *p = t->partner;
	int outcome = connect_and_claim(t, all, direct);

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!direct || p->plain) {
		accept_offer(t);
		return wait_clear(t, p->options->timeout_ms);
	}
	outcome = wait_clear(t, TRY_MS);
	if (outcome == OUTCOME_DONE)
		accept_offer(t);
	else
		leg_close(&p->leg);
	return outcome == OUTCOME_TIMEOUT ? OUTCOME_REFUSED : outcome;
}

static void answer_unreached(struct target *t, const char *why)
{
	answer_no(t, t->offer_iq, IQ_ITEM_NOT_FOUND, why);
	iq_release(&t->offer_iq);
	t->stage = TARGET_CLOSED;
	t->unreached = true;
	t->partner->engaged = true; /* it may wait for what we offer */
}

void target_refuse(struct target *t, enum iq_condition condition, const char *why)
{
	answer_no(t, t->offer_iq, condition, why);
	iq_release(&t->offer_iq);
	t->stage = TARGET_CLOSED;
	t->partner->engaged = false;
}

int target_accept(struct target *t, bool swapped)
{
	struct partner *p = t->partner;
	struct choice all = {.n = 0};
	int outcome = OUTCOME_REFUSED;
	bool direct;

	t->unreached = false;
	report_offered(p->jid, p->offer, swapped);
	if (p->offer->n_candidates == 0) {
		answer_unreached(t, "no connection offered"); /* A1 */
		return OUTCOME_REFUSED;
	}
	choose(t, &all);
	direct = all.n > 0 && is_direct(t, all.list[0]);
	for (int i = 0;
	     i < 2 && outcome == OUTCOME_REFUSED && t->stage == TARGET_OFFERED && !p->cancelled;
	     i++, direct = !direct)
		outcome = try(t, &all, direct);
	if (t->stage != TARGET_OFFERED)
		return outcome;
	if (p->cancelled)
		iq_release(&t->offer_iq); /* it waits for no answer */
	else if (outcome == OUTCOME_REFUSED)
		answer_unreached(t, "no connection offered can be used"); /* A2 */
	else
		target_refuse(t, IQ_NOT_ACCEPTABLE, "stopped");
	return outcome;
}

bool target_on_request(struct target *t, xmpp_stanza_t *iq)
{
	struct account *account = t->partner->account;

	if (offer_is(iq)) {
		on_offer(t, iq);
		return true;
	}
	if (xmpp_stanza_get_child_by_ns(iq, IQ_FILE_NS) ||
	    xmpp_stanza_get_child_by_ns(iq, IQ_STREAM_NS)) {
		account_send(account, iq_error(iq, IQ_ITEM_NOT_FOUND, "no such stream"));
		return true;
	}
	if (xmpp_stanza_get_child_by_ns(iq, IQ_NS)) {
		account_send(account, iq_error(iq, IQ_NOT_ACCEPTABLE, "nothing known in it"));
		return true;
	}
	return false;
}

void target_close(struct target *t)
{
	iq_release(&t->offer_iq);
	if (t->tty >= 0)
		close(t->tty);
	t->tty = -1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One run, in order: log in, wait for an offer that is allowed (PF1), judge it, connect (PF3),
 * claim and accept at once (PF4, PF5), wait for clear to send, receive into a temporary file, wait
 * for the sender's size and hash, compare, give the file its name, confirm.
 *
 * Offers and the partner's later words come in through on_request() while some step waits; it only
 * keeps them, the steps act on them.  `stage` says what it may keep:
 *
 *   WAITING   an offer may come            -> OFFERED (kept in offer, offer_iq, from)
 *   OFFERED   being judged; others: busy   -> WAITING (denied), TAKEN
 *   TAKEN     answered by PF5; the partner may say complete or cancel
 */
#include "receiver.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "haul.h"
#include "jid.h"
#include "leg.h"
#include "offer.h"
#include "outcome.h"
#include "spool.h"
#include "terminal.h"

#define WAIT_MS	 1000
#define GRACE_MS 10000 /* for the sender's word after the end of the stream */

enum stage { WAITING, OFFERED, TAKEN };

struct receiver {
	const struct options *options;
	struct account *account;
	struct spool spool;
	struct leg leg;
	struct transfer transfer;
	struct progress progress;
	int tty; /* -1: nobody to ask */

	enum stage stage;
	struct offer *offer;
	xmpp_stanza_t *offer_iq; /* unanswered PF1 */
	char from[JID_MAX + 1];	 /* the Initiator */
	bool cancelled;
	char broken[200]; /* how the transfer failed; "": it did not */

	xmpp_stanza_t *complete_iq; /* unanswered last word */
	struct offer_complete complete;
};

static void release(xmpp_stanza_t **iq)
{
	if (*iq)
		xmpp_stanza_release(*iq);
	*iq = NULL;
}

static void refuse(struct receiver *r, xmpp_stanza_t *iq, enum iq_condition condition,
		   const char *why)
{
	say("refused an offer of %s: %s", xmpp_stanza_get_from(iq), why);
	account_send(r->account, iq_error(iq, condition, why));
}

static bool allowed(const struct receiver *r, const char *from)
{
	for (unsigned int i = 0; i < r->options->n_from; i++) {
		const char *rule = r->options->from[i];

		if (jid_is_full(rule) ? jid_equal(rule, from) : jid_equal_bare(rule, from))
			return true;
	}
	return r->options->n_from == 0; /* then the user is asked */
}

static void on_offer(struct receiver *r, xmpp_stanza_t *iq)
{
	const char *from = xmpp_stanza_get_from(iq), *fault;

	if (!allowed(r, from)) {
		refuse(r, iq, IQ_NOT_ACCEPTABLE, "not wanted from this sender");
	} else if (r->stage != WAITING) {
		refuse(r, iq, IQ_RESOURCE_CONSTRAINT, "busy with another offer");
	} else if ((fault = offer_parse(iq, r->offer))) {
		refuse(r, iq, IQ_BAD_REQUEST, fault);
	} else {
		r->offer_iq = xmpp_stanza_clone(iq);
		strcpy(r->from, from);
		r->cancelled = false;
		r->stage = OFFERED;
	}
}

/* The partner's words about a file on its way. */
static bool on_partner(struct receiver *r, xmpp_stanza_t *iq)
{
	struct offer_complete complete;
	char why[400];
	int is_complete = offer_complete_parse(iq, &complete);

	if (is_complete < 0) {
		account_send(r->account, iq_error(iq, IQ_BAD_REQUEST, "malformed"));
		return true;
	}
	if (is_complete && r->stage == TAKEN && strcmp(complete.sid, r->offer->sid) == 0) {
		release(&r->complete_iq); /* a repeated word replaces the first */
		r->complete_iq = xmpp_stanza_clone(iq);
		r->complete = complete;
		return true;
	}
	if (!offer_cancel_parse(iq, r->offer->sid, why, sizeof(why)))
		return false;
	if (!r->cancelled)
		say("%s gave up: %s", r->from, why);
	r->cancelled = true;
	account_send(r->account, iq_result(iq));
	return true;
}

static bool on_request(void *ctx, xmpp_stanza_t *iq)
{
	struct receiver *r = ctx;

	if (offer_is(iq)) {
		on_offer(r, iq);
		return true;
	}
	if (r->stage != WAITING && jid_equal(xmpp_stanza_get_from(iq), r->from) &&
	    on_partner(r, iq))
		return true;
	if (xmpp_stanza_get_child_by_ns(iq, IQ_FILE_NS)) {
		account_send(r->account, iq_error(iq, IQ_ITEM_NOT_FOUND, "no such stream"));
		return true;
	}
	if (xmpp_stanza_get_child_by_ns(iq, IQ_NS)) {
		account_send(r->account, iq_error(iq, IQ_NOT_ACCEPTABLE, "no file in it"));
		return true;
	}
	return false;
}

/* The user's line, 'y' or not; waits for it while the XMPP stream is served. */
static int read_decision(struct receiver *r, bool *yes)
{
	char line[64] = "";
	ssize_t n;
	int outcome;

	for (;;) {
		struct pollfd polled = {.fd = r->tty, .events = POLLIN};

		outcome = account_turn(r->account, &polled, 1, WAIT_MS);
		if (outcome != OUTCOME_DONE)
			return outcome;
		if (r->cancelled) {
			*yes = false;
			return OUTCOME_DONE;
		}
		if (!polled.revents)
			continue;
		n = read(r->tty, line, sizeof(line));
		if (n <= 0) {
			say("nobody left to ask on the terminal");
			return OUTCOME_LOCAL;
		}
		*yes = line[0] == 'y' || line[0] == 'Y';
		return OUTCOME_DONE;
	}
}

static int ask_user(struct receiver *r, bool *yes)
{
	char question[JID_MAX + OFFER_NAME_MAX + 128];
	int outcome;

	snprintf(question, sizeof(question), "Take \"%s\" (%" PRIu64 " bytes) from %s? [y/N] ",
		 r->offer->name, r->offer->size, r->from);
	terminal_clean(question);
	tcflush(r->tty, TCIFLUSH); /* nothing typed before the question answers it */
	dprintf(r->tty, "%s", question);
	outcome = read_decision(r, yes);
	if (outcome != OUTCOME_DONE || r->cancelled)
		dprintf(r->tty, "\n");
	return outcome;
}

/* Until there is an offer the user wants. */
static int wait_offer(struct receiver *r)
{
	int outcome = OUTCOME_DONE;
	bool wanted = false;

	while (outcome == OUTCOME_DONE && !wanted) {
		if (r->stage == WAITING) {
			outcome = account_turn(r->account, NULL, 0, WAIT_MS);
			continue;
		}
		wanted = true;
		if (r->options->n_from == 0)
			outcome = ask_user(r, &wanted);
		if (wanted)
			continue;
		if (r->cancelled)
			release(&r->offer_iq); /* it no longer waits for an answer */
		else if (outcome == OUTCOME_DONE)
			refuse(r, r->offer_iq, IQ_NOT_ACCEPTABLE, "the user does not want it");
		release(&r->offer_iq);
		r->stage = WAITING;
	}
	return outcome;
}

/* The name the file is to have here. */
static const char *target_name(const struct receiver *r)
{
	return r->options->output ? r->options->output : r->offer->name;
}

/* NULL, or why the offer cannot be taken, and the condition that tells it. */
static const char *offer_fault(const struct receiver *r, enum iq_condition *condition)
{
	const char *fault = offer_name_fault(target_name(r));

	*condition = IQ_NOT_ACCEPTABLE;
	if (fault)
		return fault;
	/* Nobody's shell or editor shall be configured from afar. */
	if (!r->options->output && r->offer->name[0] == '.')
		return "hidden file";
	if (spool_taken(&r->spool, target_name(r)))
		return "a file of that name exists";
	*condition = IQ_RESOURCE_CONSTRAINT;
	if (!spool_has_room(&r->spool, r->offer->size))
		return "no room for so many bytes";
	*condition = IQ_ITEM_NOT_FOUND;
	return r->offer->n_candidates == 0 ? "no connection offered" : NULL;
}

static int connect_relay(struct receiver *r)
{
	struct ifaddrs *interfaces = NULL;
	struct candidate_policy policy = {.allow_private = r->options->allow_private};
	int outcome;

	if (getifaddrs(&interfaces) == 0)
		policy.interfaces = interfaces;
	outcome = leg_dial(&r->leg, r->account, r->offer->candidates, r->offer->n_candidates, NULL,
			   &policy, r->options->timeout_ms);
	if (interfaces)
		freeifaddrs(interfaces);
	return outcome;
}

/* PF2 and PF3: everything that can be said against the offer before it is answered. */
static int prepare(struct receiver *r)
{
	enum iq_condition condition;
	const char *fault = offer_fault(r, &condition);
	int outcome, err;

	if (fault) {
		refuse(r, r->offer_iq, condition, fault);
		return OUTCOME_REFUSED;
	}
	err = spool_create(&r->spool);
	if (err) {
		say("%s: %s", r->options->directory, strerror(-err));
		refuse(r, r->offer_iq, IQ_RESOURCE_CONSTRAINT, "cannot store it");
		return OUTCOME_LOCAL;
	}
	outcome = connect_relay(r);
	if (outcome == OUTCOME_REFUSED)
		refuse(r, r->offer_iq, IQ_ITEM_NOT_FOUND, "no connection offered can be used");
	else if (outcome != OUTCOME_DONE)
		account_send(r->account, iq_error(r->offer_iq, IQ_NOT_ACCEPTABLE, "stopped"));
	return outcome;
}

/* PF4 and PF5 go out together; the partner connects while the relay still looks for our leg. */
static int accept_offer(struct receiver *r)
{
	int outcome = leg_claim(&r->leg, r->account, r->offer->sid, r->from);

	if (outcome != OUTCOME_DONE) {
		account_send(r->account,
			     iq_error(r->offer_iq, IQ_ITEM_NOT_FOUND, "connection lost"));
		return outcome;
	}
	account_send(r->account, offer_accept(r->offer_iq, r->offer->sid, r->leg.relay));
	r->stage = TAKEN;
	return leg_wait_clear(&r->leg, r->account, &r->cancelled, r->options->timeout_ms);
}

static int receive_bytes(struct receiver *r)
{
	int outcome;

	account_keep(r->account, true);
	r->transfer.socket = r->leg.fd;
	r->transfer.file = r->spool.fd;
	r->transfer.sending = false;
	r->transfer.size = r->offer->size;
	outcome = haul(&r->transfer, r->account, &r->progress, &r->cancelled,
		       r->options->timeout_ms, r->options->quiet);
	if (outcome != OUTCOME_DONE || r->transfer.end == TRANSFER_WHOLE)
		return outcome;
	haul_describe(&r->transfer, r->broken, sizeof(r->broken));
	say("%s: %s", target_name(r), r->broken);
	return r->transfer.end == TRANSFER_FILE ? OUTCOME_LOCAL : OUTCOME_BROKEN;
}

/* The end of the stream proves nothing: a killed sender's kernel closes as cleanly.  While we are
 * offline the sender cannot reach us, so that time does not count, up to the time-out. */
static int wait_complete(struct receiver *r)
{
	int64_t start = progress_now_ms(), grace = start + GRACE_MS;
	int outcome = OUTCOME_DONE;

	while (!r->complete_iq && !r->cancelled && outcome == OUTCOME_DONE) {
		int64_t now = progress_now_ms();

		if (!account_online(r->account) && now - start < r->options->timeout_ms)
			grace = now + GRACE_MS;
		if (now >= grace) {
			say("%s: truncated: the sender did not confirm the end after %" PRIu64
			    " bytes",
			    target_name(r), r->offer->size);
			return OUTCOME_BROKEN;
		}
		outcome = account_turn(r->account, NULL, 0, grace - now);
	}
	return outcome == OUTCOME_DONE && r->cancelled ? OUTCOME_BROKEN : outcome;
}

static void answer_complete(struct receiver *r, xmpp_stanza_t *answer)
{
	account_send(r->account, answer);
	release(&r->complete_iq);
}

static int publish(struct receiver *r)
{
	int err;

	if (r->complete.bytes != r->offer->size ||
	    memcmp(r->complete.digest, r->transfer.digest, sizeof(r->transfer.digest)) != 0) {
		say("%s: size or SHA-256 differ from what the sender says", target_name(r));
		answer_complete(
			r, iq_error(r->complete_iq, IQ_NOT_ACCEPTABLE, "size or SHA-256 differ"));
		return OUTCOME_BROKEN;
	}
	err = spool_publish(&r->spool, target_name(r));
	if (err) {
		say("%s/%s: %s", r->options->directory, target_name(r), strerror(-err));
		answer_complete(r, iq_error(r->complete_iq, IQ_RESOURCE_CONSTRAINT,
					    "received whole, but it cannot be stored"));
		return OUTCOME_LOCAL;
	}
	answer_complete(r, iq_result(r->complete_iq));
	return OUTCOME_DONE;
}

static void report(const struct receiver *r)
{
	printf("received %" PRIu64 " ", r->offer->size);
	for (size_t i = 0; i < sizeof(r->transfer.digest); i++)
		printf("%02x", r->transfer.digest[i]);
	printf(" %s/%s\n", r->options->directory, target_name(r));
	fflush(stdout);
	progress_summary(&r->progress, "received");
}

static int open_local(struct receiver *r)
{
	int err = spool_open(&r->spool, r->options->directory);

	if (err) {
		say("%s: %s", r->options->directory, strerror(-err));
		return OUTCOME_LOCAL;
	}
	if (r->options->output && spool_taken(&r->spool, r->options->output)) {
		say("%s/%s: exists already", r->options->directory, r->options->output);
		return OUTCOME_LOCAL;
	}
	if (r->options->n_from > 0)
		return OUTCOME_DONE;
	r->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (r->tty >= 0)
		return OUTCOME_DONE;
	say("without a terminal to ask on, --from is needed");
	return OUTCOME_USAGE;
}

static int run(struct receiver *r)
{
	int outcome;

	if ((outcome = open_local(r)) || (outcome = account_login(r->account)))
		return outcome;
	printf("ready %s\n", account_jid(r->account));
	fflush(stdout);
	if ((outcome = wait_offer(r)) || (outcome = prepare(r)) || (outcome = accept_offer(r)) ||
	    (outcome = receive_bytes(r)) || (outcome = wait_complete(r)) || (outcome = publish(r)))
		return outcome;
	report(r);
	return OUTCOME_DONE;
}

static void tell_failure(struct receiver *r, int outcome)
{
	const char *why = outcome == OUTCOME_STOPPED   ? "the receiver was stopped"
			  : outcome == OUTCOME_TIMEOUT ? "the receiver timed out"
			  : r->broken[0]	       ? r->broken
						       : "the receiver failed";

	if (r->complete_iq)
		answer_complete(r, iq_error(r->complete_iq, IQ_NOT_ACCEPTABLE, why));
	else if (r->stage == TAKEN && !r->cancelled)
		account_send(r->account, offer_cancel_build(account_ctx(r->account), r->from,
							    r->offer->sid, why));
}

int receiver_run(const struct options *options, struct account *account)
{
	struct receiver r = {.options = options,
			     .account = account,
			     .spool = {.dir = -1, .fd = -1},
			     .leg = {.fd = -1},
			     .tty = -1,
			     .offer = calloc(1, sizeof(*r.offer))};
	int outcome;

	if (!r.offer) {
		say("out of memory");
		return OUTCOME_LOCAL;
	}
	account_on_request(account, on_request, &r);
	outcome = run(&r);
	account_on_request(account, NULL, NULL);
	if (outcome == OUTCOME_DONE) {
		leg_close(&r.leg);
	} else {
		leg_reset(&r.leg);
		tell_failure(&r, outcome);
	}
	spool_discard(&r.spool);
	release(&r.offer_iq);
	release(&r.complete_iq);
	if (r.tty >= 0)
		close(r.tty);
	free(r.offer);
	return outcome;
}

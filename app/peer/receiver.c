/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One run, in order: log in, take the Target's steps, receive into a temporary file, wait for the
 * sender's size and hash, compare, give the file its name, confirm.
 */
#include "receiver.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "haul.h"
#include "outcome.h"
#include "spool.h"
#include "target.h"
#include "terminal.h"

#define GRACE_MS 10000 /* for the sender's word after the end of the stream */

struct receiver {
	struct target target;
	struct spool spool;
	struct transfer transfer;
	struct progress progress;
	char broken[200]; /* how the transfer failed; "": it did not */

	xmpp_stanza_t *complete_iq; /* unanswered last word */
	struct offer_complete complete;
};

/* The partner's last word about a file on its way; anything else is the Target's. */
static bool on_request(void *ctx, xmpp_stanza_t *iq)
{
	struct receiver *r = ctx;
	struct offer_complete complete;
	int is_complete;

	if (!target_is_partner(&r->target, iq))
		return target_on_request(&r->target, iq);
	is_complete = offer_complete_parse(iq, &complete);
	if (is_complete < 0) {
		account_send(r->target.account, iq_error(iq, IQ_BAD_REQUEST, "malformed"));
		return true;
	}
	if (!is_complete || strcmp(complete.sid, r->target.offer->sid) != 0)
		return target_on_request(&r->target, iq);
	iq_release(&r->complete_iq); /* a repeated word replaces the first */
	r->complete_iq = xmpp_stanza_clone(iq);
	r->complete = complete;
	return true;
}

/* The name the file is to have here. */
static const char *target_name(const struct receiver *r)
{
	return r->target.options->output ? r->target.options->output : r->target.offer->name;
}

/* NULL, or why the offer cannot be taken, and the condition that tells it. */
static const char *offer_fault(const struct receiver *r, enum iq_condition *condition)
{
	const char *fault = offer_name_fault(target_name(r));

	*condition = IQ_NOT_ACCEPTABLE;
	if (fault)
		return fault;
	/* Nobody's shell or editor shall be configured from afar. */
	if (!r->target.options->output && r->target.offer->name[0] == '.')
		return "hidden file";
	if (spool_taken(&r->spool, target_name(r)))
		return "a file of that name exists";
	*condition = IQ_RESOURCE_CONSTRAINT;
	return spool_has_room(&r->spool, r->target.offer->size) ? NULL
								: "no room for so many bytes";
}

/* Everything that can be said against the offer before it is answered. */
static int prepare(struct receiver *r)
{
	enum iq_condition condition;
	const char *fault = offer_fault(r, &condition);
	int err;

	if (fault) {
		target_refuse(&r->target, condition, fault);
		return OUTCOME_REFUSED;
	}
	err = spool_create(&r->spool);
	if (err) {
		say("%s: %s", r->target.options->directory, strerror(-err));
		target_refuse(&r->target, IQ_RESOURCE_CONSTRAINT, "cannot store it");
		return OUTCOME_LOCAL;
	}
	return OUTCOME_DONE;
}

static int receive_bytes(struct receiver *r)
{
	int outcome;

	account_keep(r->target.account, true);
	r->transfer.socket = r->target.leg.fd;
	r->transfer.file = r->spool.fd;
	r->transfer.sending = false;
	r->transfer.size = r->target.offer->size;
	outcome = haul(&r->transfer, r->target.account, &r->progress, &r->target.cancelled,
		       r->target.options->timeout_ms, r->target.options->quiet);
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

	while (!r->complete_iq && !r->target.cancelled && outcome == OUTCOME_DONE) {
		int64_t now = progress_now_ms();

		if (!account_online(r->target.account) &&
		    now - start < r->target.options->timeout_ms)
			grace = now + GRACE_MS;
		if (now >= grace) {
			say("%s: truncated: the sender did not confirm the end after %" PRIu64
			    " bytes",
			    target_name(r), r->target.offer->size);
			return OUTCOME_BROKEN;
		}
		outcome = account_turn(r->target.account, NULL, 0, grace - now);
	}
	return outcome == OUTCOME_DONE && r->target.cancelled ? OUTCOME_BROKEN : outcome;
}

static void answer_complete(struct receiver *r, xmpp_stanza_t *answer)
{
	account_send(r->target.account, answer);
	iq_release(&r->complete_iq);
}

static int publish(struct receiver *r)
{
	int err;

	if (r->complete.bytes != r->target.offer->size ||
	    memcmp(r->complete.digest, r->transfer.digest, sizeof(r->transfer.digest)) != 0) {
		say("%s: size or SHA-256 differ from what the sender says", target_name(r));
		answer_complete(
			r, iq_error(r->complete_iq, IQ_NOT_ACCEPTABLE, "size or SHA-256 differ"));
		return OUTCOME_BROKEN;
	}
	err = spool_publish(&r->spool, target_name(r));
	if (err) {
		say("%s/%s: %s", r->target.options->directory, target_name(r), strerror(-err));
		answer_complete(r, iq_error(r->complete_iq, IQ_RESOURCE_CONSTRAINT,
					    "received whole, but it cannot be stored"));
		return OUTCOME_LOCAL;
	}
	answer_complete(r, iq_result(r->complete_iq));
	return OUTCOME_DONE;
}

static void report(const struct receiver *r)
{
	printf("received %" PRIu64 " ", r->target.offer->size);
	for (size_t i = 0; i < sizeof(r->transfer.digest); i++)
		printf("%02x", r->transfer.digest[i]);
	printf(" %s/%s\n", r->target.options->directory, target_name(r));
	fflush(stdout);
	progress_summary(&r->progress, "received");
}

static int open_local(struct receiver *r)
{
	int err = spool_open(&r->spool, r->target.options->directory);

	if (err) {
		say("%s: %s", r->target.options->directory, strerror(-err));
		return OUTCOME_LOCAL;
	}
	if (r->target.options->output && spool_taken(&r->spool, r->target.options->output)) {
		say("%s/%s: exists already", r->target.options->directory,
		    r->target.options->output);
		return OUTCOME_LOCAL;
	}
	return OUTCOME_DONE;
}

static int run(struct receiver *r)
{
	int outcome;

	if ((outcome = open_local(r)) || (outcome = account_login(r->target.account)))
		return outcome;
	printf("ready %s\n", account_jid(r->target.account));
	fflush(stdout);
	if ((outcome = target_wait(&r->target)) || (outcome = prepare(r)) ||
	    (outcome = target_accept(&r->target)) || (outcome = receive_bytes(r)) ||
	    (outcome = wait_complete(r)) || (outcome = publish(r)))
		return outcome;
	report(r);
	return OUTCOME_DONE;
}

static bool tell_failure(struct receiver *r)
{
	if (!r->complete_iq)
		return false;
	answer_complete(r, iq_error(r->complete_iq, IQ_NOT_ACCEPTABLE,
				    r->broken[0] ? r->broken : "the receiver failed"));
	return true;
}

int receiver_run(const struct options *options, struct account *account)
{
	struct receiver r = {.spool = {.dir = -1, .fd = -1}};
	int outcome = target_open(&r.target, options, account, OFFER_FILE);

	if (outcome == OUTCOME_DONE) {
		account_on_request(account, on_request, &r);
		outcome = run(&r);
		account_on_request(account, NULL, NULL);
	}
	target_close(&r.target, outcome, outcome != OUTCOME_DONE && tell_failure(&r), r.broken);
	spool_discard(&r.spool);
	iq_release(&r.complete_iq);
	return outcome;
}

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
#include <time.h>

#include "couple.h"
#include "haul.h"
#include "outcome.h"
#include "report.h"
#include "spool.h"
#include "terminal.h"

#define GRACE_MS 10000 /* for the sender's word after the end of the stream */

struct receiver {
	struct couple couple;
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

	if (!couple_engaged(&r->couple, iq))
		return couple_on_request(&r->couple, iq);
	is_complete = offer_complete_parse(iq, &complete);
	if (is_complete < 0) {
		account_send(r->couple.partner.account, iq_error(iq, IQ_BAD_REQUEST, "malformed"));
		return true;
	}
	if (!is_complete || strcmp(complete.sid, r->couple.partner.offer->sid) != 0)
		return couple_on_request(&r->couple, iq);
	iq_release(&r->complete_iq); /* a repeated word replaces the first */
	r->complete_iq = xmpp_stanza_clone(iq);
	r->complete = complete;
	return true;
}

/* The name the file is to have here. */
static const char *target_name(const struct receiver *r)
{
	const struct partner *p = &r->couple.partner;

	return p->options->output ? p->options->output : p->offer->name;
}

/* A client of 2002 tells none. */
static void make_up_name(struct offer *offer)
{
	time_t now = time(NULL);
	struct tm tm;

	if (offer->kind == OFFER_PLAIN && localtime_r(&now, &tm))
		strftime(offer->name, sizeof(offer->name), "received-%Y%m%d-%H%M%S", &tm);
}

/* NULL, or why the offer cannot be taken, and the condition that tells it. */
static const char *offer_fault(const struct receiver *r, enum iq_condition *condition)
{
	const char *fault = offer_name_fault(target_name(r));

	*condition = IQ_NOT_ACCEPTABLE;
	if (fault)
		return fault;
	/* Nobody's shell or editor shall be configured from afar. */
	if (!r->couple.partner.options->output && r->couple.partner.offer->name[0] == '.')
		return "hidden file";
	if (spool_taken(&r->spool, target_name(r)))
		return "a file of that name exists";
	*condition = IQ_RESOURCE_CONSTRAINT;
	return spool_has_room(&r->spool, r->couple.partner.offer->size)
		       ? NULL
		       : "no room for so many bytes";
}

/* Everything that can be said against the offer before it is answered. */
static int prepare(struct receiver *r)
{
	struct partner *p = &r->couple.partner;
	enum iq_condition condition;
	const char *fault;
	int err;

	make_up_name(p->offer);
	fault = offer_fault(r, &condition);
	if (fault) {
		couple_refuse(&r->couple, condition, fault);
		return OUTCOME_REFUSED;
	}
	err = spool_create(&r->spool);
	if (err) {
		say("%s: %s", p->options->directory, strerror(-err));
		couple_refuse(&r->couple, IQ_RESOURCE_CONSTRAINT, "cannot store it");
		return OUTCOME_LOCAL;
	}
	return OUTCOME_DONE;
}

static int receive_bytes(struct receiver *r)
{
	struct partner *p = &r->couple.partner;
	int outcome;

	account_keep(p->account, true);
	r->transfer.socket = p->leg.fd;
	r->transfer.file = r->spool.fd;
	r->transfer.sending = false;
	r->transfer.size = p->offer->size;
	r->transfer.endless = p->plain;
	outcome = haul(&r->transfer, p->account, &r->progress, &p->cancelled,
		       p->options->timeout_ms, p->options->quiet);
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
	struct partner *p = &r->couple.partner;
	int64_t start = progress_now_ms(), grace = start + GRACE_MS;
	int outcome = OUTCOME_DONE;

	while (!r->complete_iq && !p->cancelled && outcome == OUTCOME_DONE) {
		int64_t now = progress_now_ms();

		if (!account_online(p->account) && now - start < p->options->timeout_ms)
			grace = now + GRACE_MS;
		if (now >= grace) {
			say("%s: truncated: the sender did not confirm the end after %" PRIu64
			    " bytes",
			    target_name(r), p->offer->size);
			return OUTCOME_BROKEN;
		}
		outcome = account_turn(p->account, NULL, 0, grace - now);
	}
	return outcome == OUTCOME_DONE && p->cancelled ? OUTCOME_BROKEN : outcome;
}

static void answer_complete(struct receiver *r, xmpp_stanza_t *answer)
{
	account_send(r->couple.partner.account, answer);
	iq_release(&r->complete_iq);
}

static int compare(struct receiver *r)
{
	if (r->complete.bytes == r->couple.partner.offer->size &&
	    memcmp(r->complete.digest, r->transfer.digest, sizeof(r->transfer.digest)) == 0)
		return OUTCOME_DONE;
	say("%s: size or SHA-256 differ from what the sender says", target_name(r));
	answer_complete(r, iq_error(r->complete_iq, IQ_NOT_ACCEPTABLE, "size or SHA-256 differ"));
	return OUTCOME_BROKEN;
}

/* The sender's word, if there is one, and the file's name. */
static int publish(struct receiver *r)
{
	struct partner *p = &r->couple.partner;
	int outcome = OUTCOME_DONE, err;

	if (!p->plain && ((outcome = wait_complete(r)) || (outcome = compare(r))))
		return outcome;
	err = spool_publish(&r->spool, target_name(r));
	if (err)
		say("%s/%s: %s", p->options->directory, target_name(r), strerror(-err));
	if (r->complete_iq)
		answer_complete(r, err ? iq_error(r->complete_iq, IQ_RESOURCE_CONSTRAINT,
						  "received whole, but it cannot be stored")
				       : iq_result(r->complete_iq));
	return err ? OUTCOME_LOCAL : OUTCOME_DONE;
}

static void report(const struct receiver *r)
{
	struct report_file file = {.bytes = atomic_load(&r->transfer.done),
				   .confirmed = !r->couple.partner.plain,
				   .directory = r->couple.partner.options->directory,
				   .name = target_name(r)};

	memcpy(file.digest, r->transfer.digest, sizeof(file.digest));
	if (!file.confirmed)
		say("%s did not say how much it sends: whether it is all is not known",
		    r->couple.partner.jid);
	report_file(&file);
	progress_summary(&r->progress, "received");
}

static int open_local(struct receiver *r)
{
	struct partner *p = &r->couple.partner;
	int err = spool_open(&r->spool, p->options->directory);

	if (err) {
		say("%s: %s", p->options->directory, strerror(-err));
		return OUTCOME_LOCAL;
	}
	if (p->options->output && spool_taken(&r->spool, p->options->output)) {
		say("%s/%s: exists already", p->options->directory, p->options->output);
		return OUTCOME_LOCAL;
	}
	return OUTCOME_DONE;
}

static int run(struct receiver *r)
{
	int outcome;

	if ((outcome = open_local(r)) || (outcome = account_login(r->couple.partner.account)))
		return outcome;
	report_ready(account_jid(r->couple.partner.account));
	if ((outcome = couple_wait(&r->couple)) || (outcome = prepare(r)) ||
	    (outcome = couple_connect(&r->couple)) || (outcome = receive_bytes(r)) ||
	    (outcome = publish(r)))
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
	int outcome = couple_open(&r.couple, options, account, OFFER_FILE);

	if (outcome == OUTCOME_DONE) {
		account_on_request(account, on_request, &r);
		outcome = run(&r);
		account_on_request(account, NULL, NULL);
	}
	couple_close(&r.couple, outcome, outcome != OUTCOME_DONE && tell_failure(&r), r.broken);
	spool_discard(&r.spool);
	iq_release(&r.complete_iq);
	return outcome;
}

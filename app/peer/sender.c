/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One run, in order: look at the file, log in, ask the relay for its address, offer (PF1), wait for
 * the Target's choice (PF5), connect and claim (A6.4), wait for clear to send (A6.8), send, tell
 * size and hash, wait for the Target's verdict.
 *
 * From the offer on the Target holds resources for us, so every later failure is told to it by a
 * cancel stanza, and the connection is reset rather than closed: an end of stream must mean the end
 * of the file.
 */
#include "sender.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "claim.h"
#include "haul.h"
#include "jid.h"
#include "leg.h"
#include "offer.h"
#include "outcome.h"
#include "terminal.h"

#define DEFAULT_RESOURCE "tandem" /* of receive */
#define RETRY_MS	 1000	  /* between two attempts at the last word */
#define GONE_MS		 5000	  /* how long after the partner's FIN its verdict may come */

struct sender {
	const struct options *options;
	struct account *account;
	struct offer *offer;
	struct leg leg;
	struct transfer transfer;
	char to[JID_MAX + 1]; /* full JID of the Target */
	bool offered, cancelled;
	char broken[200]; /* how the transfer failed; "": it did not */
};

static int open_file(struct sender *s)
{
	const char *path = s->options->file, *name = strrchr(path, '/'), *fault;
	struct stat st;

	name = name ? name + 1 : path;
	s->transfer.file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (s->transfer.file < 0 || fstat(s->transfer.file, &st) < 0) {
		say("%s: %s", path, strerror(errno));
		return OUTCOME_LOCAL;
	}
	if (!S_ISREG(st.st_mode)) {
		say("%s: not a regular file", path);
		return OUTCOME_LOCAL;
	}
	fault = offer_name_fault(name);
	if (fault) {
		say("%s: %s", path, fault);
		return OUTCOME_LOCAL;
	}
	strcpy(s->offer->name, name);
	s->offer->size = (uint64_t)st.st_size;
	return OUTCOME_DONE;
}

static int find_target(struct sender *s)
{
	const char *to = s->options->to;

	snprintf(s->to, sizeof(s->to), "%s%s%s", to, jid_is_full(to) ? "" : "/",
		 jid_is_full(to) ? "" : DEFAULT_RESOURCE);
	if (jid_valid(s->to) && !jid_equal(s->to, account_jid(s->account)))
		return OUTCOME_DONE;
	say("%s: cannot send there", s->to);
	return OUTCOME_USAGE;
}

/* The answer to a question, or why there is none. */
static int ask(struct sender *s, struct account_query *q, xmpp_stanza_t *iq, const char *who)
{
	char why[400];
	int outcome = account_ask_wait(s->account, q, iq, s->options->timeout_ms);

	if (outcome == OUTCOME_TIMEOUT)
		say("%s: no answer in time", who);
	if (outcome != OUTCOME_DONE || iq_is(q->answer, "result"))
		return outcome;
	iq_error_describe(q->answer, why, sizeof(why));
	say("%s refused: %s", who, why);
	return OUTCOME_REFUSED;
}

static int ask_relay(struct sender *s)
{
	const char *relay = s->options->via;
	struct account_query q;
	int outcome = ask(s, &q, claim_address_query(account_ctx(s->account), relay), relay);

	if (outcome == OUTCOME_DONE) {
		s->offer->n_candidates =
			claim_address_answer(q.answer, relay, s->offer->candidates);
		if (s->offer->n_candidates == 0) {
			say("%s: told no address of its own", relay);
			outcome = OUTCOME_REFUSED;
		}
	}
	account_forget(&q);
	return outcome;
}

/* PF1 to PF5; `*choice` is the candidate the Target took. */
static int make_offer(struct sender *s, int *choice)
{
	struct account_query q;
	int outcome;

	iq_random(s->offer->sid);
	s->offered = true;
	outcome = ask(s, &q, offer_build(account_ctx(s->account), s->to, s->offer), s->to);
	if (outcome == OUTCOME_REFUSED)
		s->offered = false; /* it holds nothing for us */
	if (outcome == OUTCOME_DONE) {
		strcpy(s->to, xmpp_stanza_get_from(q.answer)); /* as the server writes it */
		*choice = offer_accepted(q.answer, s->offer);
		if (*choice < 0) {
			say("%s: answered with what was not offered", s->to);
			outcome = OUTCOME_REFUSED;
		}
	}
	account_forget(&q);
	return outcome;
}

static bool on_request(void *ctx, xmpp_stanza_t *iq)
{
	struct sender *s = ctx;
	char why[400];

	if (!s->offered || !jid_equal(xmpp_stanza_get_from(iq), s->to) ||
	    !offer_cancel_parse(iq, s->offer->sid, why, sizeof(why)))
		return false;
	if (!s->cancelled)
		say("%s gave up: %s", s->to, why);
	s->cancelled = true;
	account_send(s->account, iq_result(iq));
	return true;
}

static int send_bytes(struct sender *s, struct progress *progress)
{
	int outcome;

	s->transfer.socket = s->leg.fd;
	s->transfer.sending = true;
	s->transfer.size = s->offer->size;
	outcome = haul(&s->transfer, s->account, progress, &s->cancelled, s->options->timeout_ms,
		       s->options->quiet);
	if (outcome != OUTCOME_DONE || s->transfer.end == TRANSFER_WHOLE)
		return outcome;
	haul_describe(&s->transfer, s->broken, sizeof(s->broken));
	say("%s: %s", s->options->file, s->broken);
	return s->transfer.end == TRANSFER_FILE ? OUTCOME_LOCAL : OUTCOME_BROKEN;
}

/* A partner that is between two logins is answered for by its server. */
static bool worth_retrying(xmpp_stanza_t *error)
{
	static const char *const passing[] = {"service-unavailable", "recipient-unavailable",
					      "remote-server-timeout", "remote-server-not-found"};
	const char *condition = iq_error_condition(error);

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		if (strcmp(condition, passing[i]) == 0)
			return true;
	}
	return false;
}

struct verdict_wait {
	int64_t deadline_ms, retry_at_ms;
	bool gone; /* the partner's end of the connection is closed */
};

static int verdict_turn(struct sender *s, struct verdict_wait *w)
{
	struct pollfd polled = {.fd = w->gone ? -1 : s->leg.fd, .events = POLLIN};
	int outcome = account_turn(s->account, &polled, 1, w->deadline_ms - progress_now_ms());

	/* It has nothing to send, so this is its end: the verdict is on its way, or it died. */
	if (outcome == OUTCOME_DONE && polled.revents) {
		w->gone = true;
		if (w->deadline_ms > progress_now_ms() + GONE_MS)
			w->deadline_ms = progress_now_ms() + GONE_MS;
	}
	return outcome;
}

static int judge(struct sender *s, struct verdict_wait *w, struct account_query *q, bool *decided)
{
	char why[400];

	*decided = true;
	if (iq_is(q->answer, "result"))
		return OUTCOME_DONE;
	if (worth_retrying(q->answer) && !w->gone) {
		*decided = false;
		w->retry_at_ms = progress_now_ms() + RETRY_MS;
		return OUTCOME_DONE;
	}
	iq_error_describe(q->answer, why, sizeof(why));
	say("%s did not confirm the file: %s", s->to, why);
	return OUTCOME_BROKEN;
}

/* Tell size and hash until the partner has judged; repeating it does no harm. */
static int tell_complete(struct sender *s)
{
	struct verdict_wait w = {.deadline_ms = progress_now_ms() + s->options->timeout_ms};
	struct offer_complete complete = {.bytes = s->offer->size};
	struct account_query q = {0};
	int outcome = OUTCOME_DONE;
	bool decided = false;

	strcpy(complete.sid, s->offer->sid);
	memcpy(complete.digest, s->transfer.digest, sizeof(complete.digest));
	while (outcome == OUTCOME_DONE && !decided) {
		if (s->cancelled || progress_now_ms() >= w.deadline_ms) {
			if (!s->cancelled)
				say("%s: no confirmation%s", s->to,
				    w.gone ? ", it closed the connection" : " in time");
			outcome = s->cancelled || w.gone ? OUTCOME_BROKEN : OUTCOME_TIMEOUT;
			break;
		}
		if (!account_online(s->account))
			account_forget(&q); /* its answer is lost with the stream */
		else if (!q.id && progress_now_ms() >= w.retry_at_ms)
			account_ask(
				s->account, &q,
				offer_complete_build(account_ctx(s->account), s->to, &complete));
		outcome = verdict_turn(s, &w);
		if (outcome == OUTCOME_DONE && q.answer) {
			outcome = judge(s, &w, &q, &decided);
			account_forget(&q);
		}
	}
	account_forget(&q);
	return outcome;
}

static void report(const struct sender *s, const struct progress *progress)
{
	printf("sent %" PRIu64 " ", s->offer->size);
	for (size_t i = 0; i < sizeof(s->transfer.digest); i++)
		printf("%02x", s->transfer.digest[i]);
	printf("\n");
	fflush(stdout);
	progress_summary(progress, "sent");
}

static int run(struct sender *s)
{
	struct progress progress;
	int outcome, choice = 0;

	if ((outcome = open_file(s)) || (outcome = account_login(s->account)) ||
	    (outcome = find_target(s)) || (outcome = ask_relay(s)) ||
	    (outcome = make_offer(s, &choice)))
		return outcome;
	outcome = leg_dial(&s->leg, s->account, s->offer->candidates, s->offer->n_candidates,
			   s->offer->candidates[choice].jid, NULL, s->options->timeout_ms);
	if (outcome || (outcome = leg_claim(&s->leg, s->account, s->offer->sid, s->to)) ||
	    (outcome = leg_wait_clear(&s->leg, s->account, &s->cancelled, s->options->timeout_ms)))
		return outcome;
	account_keep(s->account, true);
	if ((outcome = send_bytes(s, &progress)) || (outcome = tell_complete(s)))
		return outcome;
	report(s, &progress);
	return OUTCOME_DONE;
}

static void tell_cancel(struct sender *s, int outcome)
{
	const char *why = outcome == OUTCOME_STOPPED   ? "the sender was stopped"
			  : outcome == OUTCOME_TIMEOUT ? "the sender timed out"
			  : s->broken[0]	       ? s->broken
						       : "the sender failed";

	account_send(s->account,
		     offer_cancel_build(account_ctx(s->account), s->to, s->offer->sid, why));
}

int sender_run(const struct options *options, struct account *account)
{
	struct sender s = {.options = options,
			   .account = account,
			   .leg = {.fd = -1},
			   .transfer = {.file = -1},
			   .offer = calloc(1, sizeof(*s.offer))};
	int outcome;

	if (!s.offer) {
		say("out of memory");
		return OUTCOME_LOCAL;
	}
	account_on_request(account, on_request, &s);
	outcome = run(&s);
	account_on_request(account, NULL, NULL);
	if (outcome == OUTCOME_DONE) {
		leg_close(&s.leg);
	} else {
		leg_reset(&s.leg);
		if (s.offered && !s.cancelled)
			tell_cancel(&s, outcome);
	}
	if (s.transfer.file >= 0)
		close(s.transfer.file);
	free(s.offer);
	return outcome;
}

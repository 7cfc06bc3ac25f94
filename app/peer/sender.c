/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One run, in order: look at the file, log in, take the Initiator's steps, send, tell size and hash,
 * wait for the Target's verdict.  After a failure the connection is reset: an end of stream must
 * mean the end of the file.
 */
#include "sender.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "couple.h"
#include "haul.h"
#include "offer.h"
#include "outcome.h"
#include "report.h"
#include "terminal.h"

#define RETRY_MS 1000 /* between two attempts at the last word */
#define GONE_MS	 5000 /* how long after the partner's FIN its verdict may come */

struct sender {
	struct couple couple;
	struct transfer transfer;
	char broken[200]; /* how the transfer failed; "": it did not */
};

static int open_file(struct sender *s)
{
	const char *path = s->couple.partner.options->file, *name = strrchr(path, '/'), *fault;
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
	strcpy(s->couple.partner.offer->name, name);
	s->couple.partner.offer->size = (uint64_t)st.st_size;
	return OUTCOME_DONE;
}

static bool on_request(void *ctx, xmpp_stanza_t *iq)
{
	struct sender *s = ctx;

	return couple_on_request(&s->couple, iq);
}

static int send_bytes(struct sender *s, struct progress *progress)
{
	int outcome;

	s->transfer.socket = s->couple.partner.leg.fd;
	s->transfer.sending = true;
	s->transfer.size = s->couple.partner.offer->size;
	outcome = haul(&s->transfer, s->couple.partner.account, progress,
		       &s->couple.partner.cancelled, s->couple.partner.options->timeout_ms,
		       s->couple.partner.options->quiet);
	if (outcome != OUTCOME_DONE || s->transfer.end == TRANSFER_WHOLE)
		return outcome;
	haul_describe(&s->transfer, s->broken, sizeof(s->broken));
	say("%s: %s", s->couple.partner.options->file, s->broken);
	return s->transfer.end == TRANSFER_FILE ? OUTCOME_LOCAL : OUTCOME_BROKEN;
}

struct verdict_wait {
	int64_t deadline_ms, retry_at_ms;
	bool gone; /* the partner's end of the connection is closed */
};

static int verdict_turn(struct sender *s, struct verdict_wait *w)
{
	struct pollfd polled = {.fd = w->gone ? -1 : s->couple.partner.leg.fd, .events = POLLIN};
	int outcome = account_turn(s->couple.partner.account, &polled, 1,
				   w->deadline_ms - progress_now_ms());

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
	if (iq_error_passing(q->answer) && !w->gone) {
		*decided = false;
		w->retry_at_ms = progress_now_ms() + RETRY_MS;
		return OUTCOME_DONE;
	}
	iq_error_describe(q->answer, why, sizeof(why));
	say("%s did not confirm the file: %s", s->couple.partner.jid, why);
	return OUTCOME_BROKEN;
}

/* Tell size and hash until the partner has judged; repeating it does no harm. */
static int tell_complete(struct sender *s)
{
	struct verdict_wait w = {.deadline_ms =
					 progress_now_ms() + s->couple.partner.options->timeout_ms};
	struct offer_complete complete = {.bytes = s->couple.partner.offer->size};
	struct account_query q = {0};
	int outcome = OUTCOME_DONE;
	bool decided = false;

	strcpy(complete.sid, s->couple.partner.offer->sid);
	memcpy(complete.digest, s->transfer.digest, sizeof(complete.digest));
	while (outcome == OUTCOME_DONE && !decided) {
		if (s->couple.partner.cancelled || progress_now_ms() >= w.deadline_ms) {
			if (!s->couple.partner.cancelled)
				say("%s: no confirmation%s", s->couple.partner.jid,
				    w.gone ? ", it closed the connection" : " in time");
			outcome = s->couple.partner.cancelled || w.gone ? OUTCOME_BROKEN
									: OUTCOME_TIMEOUT;
			break;
		}
		if (!account_online(s->couple.partner.account))
			account_forget(&q); /* its answer is lost with the stream */
		else if (!q.id && progress_now_ms() >= w.retry_at_ms)
			account_ask(s->couple.partner.account, &q,
				    offer_complete_build(account_ctx(s->couple.partner.account),
							 s->couple.partner.jid, &complete));
		outcome = verdict_turn(s, &w);
		if (outcome == OUTCOME_DONE && q.answer) {
			outcome = judge(s, &w, &q, &decided);
			account_forget(&q);
		}
	}
	account_forget(&q);
	return outcome;
}

/* The last word about a file that a client of 2002 has: its kernel has it all, and it closes in
 * order, or does not care to. */
static int see_taken(struct sender *s)
{
	struct partner *p = &s->couple.partner;
	int64_t deadline_ms = progress_now_ms() + p->options->timeout_ms;
	bool all = false, closed = false;
	int outcome = OUTCOME_DONE, left;

	while ((left = transfer_unacknowledged(p->leg.fd)) >= 0 && !closed) {
		struct pollfd polled = {.fd = all ? p->leg.fd : -1, .events = POLLIN};
		int64_t now = progress_now_ms();

		if (left == 0 && !all) {
			all = true;
			deadline_ms = now + GONE_MS;
		}
		if (now >= deadline_ms && all)
			return OUTCOME_DONE;
		if (now >= deadline_ms) {
			say("%s does not take the last %d bytes", p->jid, left);
			return OUTCOME_TIMEOUT;
		}
		outcome = account_turn(p->account, &polled, 1, deadline_ms - now);
		if (outcome != OUTCOME_DONE)
			return outcome;
		closed = polled.revents != 0;
	}
	if (left >= 0)
		return OUTCOME_DONE;
	say("%s: connection broken at its end: %s", p->jid, strerror(-left));
	return OUTCOME_BROKEN;
}

static void report(const struct sender *s, const struct progress *progress)
{
	struct report_file file = {.bytes = s->couple.partner.offer->size,
				   .confirmed = !s->couple.partner.plain};

	memcpy(file.digest, s->transfer.digest, sizeof(file.digest));
	if (!file.confirmed)
		say("%s cannot confirm that it has all of it", s->couple.partner.jid);
	report_file(&file);
	progress_summary(progress, "sent");
}

static int run(struct sender *s)
{
	struct progress progress;
	int outcome;

	if ((outcome = open_file(s)) || (outcome = account_login(s->couple.partner.account)) ||
	    (outcome = couple_connect(&s->couple)))
		return outcome;
	account_keep(s->couple.partner.account, true);
	if ((outcome = send_bytes(s, &progress)) ||
	    (outcome = s->couple.partner.plain ? see_taken(s) : tell_complete(s)))
		return outcome;
	report(s, &progress);
	return OUTCOME_DONE;
}

int sender_run(const struct options *options, struct account *account)
{
	struct sender s = {.transfer = {.file = -1}};
	int outcome = couple_open(&s.couple, options, account, OFFER_FILE);

	if (outcome != OUTCOME_DONE)
		return outcome;
	account_on_request(account, on_request, &s);
	outcome = run(&s);
	account_on_request(account, NULL, NULL);
	couple_close(&s.couple, outcome, false, s.broken);
	if (s.transfer.file >= 0)
		close(s.transfer.file);
	return outcome;
}

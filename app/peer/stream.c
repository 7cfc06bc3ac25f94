/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "outcome.h"
#include "progress.h"
#include "pump.h"
#include "terminal.h"
#include "transfer.h"

#define LOOK_MS	     1000
#define GRACE_MS     10000 /* for the partner's last word after the end of its stream */
#define REPEAT_MS    10000 /* our last word again, unanswered: the partner may have died meanwhile */
#define RETRY_MS     1000
#define LAST_WORD_MS 2000

/* A stream under way; on the heap, for the buffers. */
struct run {
	struct stream *stream;
	struct pump out, in; /* towards the partner, and from it */
	bool out_ended, in_ended;

	struct account_query query; /* our last word */
	bool confirmed;
	int64_t repeat_at_ms, give_up_ms;
	int64_t grace_ms; /* 0: not begun */
};

static int broken(struct stream *s, int outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int broken(struct stream *s, int outcome, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->broken, sizeof(s->broken), fmt, args);
	va_end(args);
	say("%s", s->broken);
	return outcome;
}

static void answer(struct stream *s, xmpp_stanza_t *iq)
{
	account_send(s->account, iq);
	iq_release(&s->end_iq);
}

bool stream_on_request(struct stream *s, xmpp_stanza_t *iq)
{
	struct offer_end end;
	int is_end = offer_end_parse(iq, &end);

	if (is_end == 0 || (is_end > 0 && strcmp(end.sid, s->sid) != 0))
		return false;
	if (is_end < 0) {
		account_send(s->account, iq_error(iq, IQ_BAD_REQUEST, "malformed"));
		return true;
	}
	iq_release(&s->end_iq); /* a repeated word replaces the first */
	s->end_iq = xmpp_stanza_clone(iq);
	s->end = end;
	if (s->whole)
		answer(s, end.bytes == s->received
				  ? iq_result(iq)
				  : iq_error(iq, IQ_NOT_ACCEPTABLE, "the counts differ"));
	return true;
}

/* The reader of a pipe sees the end when nobody can write to it any more. */
static void end_sink(int sink)
{
	int null;

	if (shutdown(sink, SHUT_WR) == 0 || errno != ENOTSOCK)
		return;
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, sink) < 0)
		close(sink);
	if (null >= 0)
		close(null);
}

/* After a reset the partner's reason may still be on its way.  Whether it came. */
static bool hear_reason(struct stream *s)
{
	int64_t deadline = progress_now_ms() + LAST_WORD_MS;

	while (!*s->cancelled && progress_now_ms() < deadline) {
		if (account_turn(s->account, NULL, 0, deadline - progress_now_ms()) != OUTCOME_DONE)
			break;
	}
	return *s->cancelled;
}

/* What a pump's end means; `out`: towards the partner. */
static int judge_pump(struct stream *s, const struct pump *p, bool out)
{
	bool local = out == (p->end == PUMP_SOURCE);

	if (p->end == PUMP_EOF)
		return OUTCOME_DONE;
	if (local)
		return broken(s, OUTCOME_LOCAL, "%s failed: %s",
			      out ? "local input" : "local output", strerror(p->error));
	if (hear_reason(s))
		return OUTCOME_BROKEN;
	return broken(s, OUTCOME_BROKEN, "connection broken after %" PRIu64 " bytes %s: %s",
		      atomic_load(&p->done), out ? "sent" : "received", strerror(p->error));
}

/* A client of 2002: its kernel's word has to do. */
static int see_end(struct run *r)
{
	struct stream *s = r->stream;
	int64_t now = progress_now_ms();
	int left = transfer_unacknowledged(s->socket);

	if (r->give_up_ms == 0)
		r->give_up_ms = now + s->timeout_ms;
	if (left < 0)
		return broken(s, OUTCOME_BROKEN, "connection broken after %" PRIu64 " bytes: %s",
			      s->sent, strerror(-left));
	if (left > 0 && now >= r->give_up_ms)
		return broken(s, OUTCOME_TIMEOUT, "%s does not take the last %d bytes", s->partner,
			      left);
	r->confirmed = left == 0;
	return OUTCOME_DONE;
}

static int tell_end(struct run *r)
{
	struct stream *s = r->stream;
	struct offer_end end = {.bytes = s->sent};
	int64_t now = progress_now_ms();
	xmpp_stanza_t *iq;

	if (!account_online(s->account) || now < r->repeat_at_ms)
		return OUTCOME_DONE;
	r->repeat_at_ms = now + REPEAT_MS;
	strcpy(end.sid, s->sid);
	iq = offer_end_build(account_ctx(s->account), s->partner, &end);
	if (!r->query.id)
		return account_ask(s->account, &r->query, iq) == -ENOMEM ? OUTCOME_LOCAL
									 : OUTCOME_DONE;
	/* Under the same id, whichever copy is answered counts. */
	if (iq)
		xmpp_stanza_set_id(iq, r->query.id);
	account_send(s->account, iq);
	return OUTCOME_DONE;
}

static int hear_confirmation(struct run *r)
{
	struct stream *s = r->stream;
	int64_t now = progress_now_ms();
	char why[400];

	if (!r->query.answer)
		return OUTCOME_DONE;
	if (iq_is(r->query.answer, "result")) {
		r->confirmed = true;
		account_forget(&r->query);
		return OUTCOME_DONE;
	}
	if (r->give_up_ms == 0)
		r->give_up_ms = now + GRACE_MS;
	iq_error_describe(r->query.answer, why, sizeof(why));
	if (!iq_error_passing(r->query.answer) || now >= r->give_up_ms)
		return broken(s, OUTCOME_BROKEN, "%s did not confirm the end: %.100s", s->partner,
			      why);
	account_forget(&r->query);
	r->repeat_at_ms = now + RETRY_MS;
	return OUTCOME_DONE;
}

/* The partner's stream has ended: was it all?  While we are offline it cannot tell us, so that
 * time does not count. */
static int check_end(struct run *r)
{
	struct stream *s = r->stream;
	int64_t now = progress_now_ms();

	if (s->end_iq && s->end.bytes != s->received) {
		broken(s, OUTCOME_BROKEN, "%" PRIu64 " bytes came, %" PRIu64 " were sent",
		       s->received, s->end.bytes);
		answer(s, iq_error(s->end_iq, IQ_NOT_ACCEPTABLE, s->broken));
		return OUTCOME_BROKEN;
	}
	if (s->plain) {
		end_sink(s->sink);
		s->whole = true;
		return OUTCOME_DONE;
	}
	if (s->end_iq) {
		end_sink(s->sink);
		s->whole = true;
		answer(s, iq_result(s->end_iq));
		return OUTCOME_DONE;
	}
	if (r->grace_ms == 0)
		r->grace_ms = now + s->timeout_ms;
	if (account_online(s->account) && r->grace_ms > now + GRACE_MS)
		r->grace_ms = now + GRACE_MS;
	if (now < r->grace_ms)
		return OUTCOME_DONE;
	return broken(s, OUTCOME_BROKEN, "cut: %s did not confirm the end after %" PRIu64 " bytes",
		      s->partner, s->received);
}

static void note_end(struct pump *p, bool *ended, uint64_t *count, short revents)
{
	if (!revents)
		return;
	pump_stop(p);
	*ended = true;
	*count = atomic_load(&p->done);
}

static int turn(struct run *r)
{
	struct stream *s = r->stream;
	struct pollfd polled[2] = {
		{.fd = r->out_ended ? -1 : r->out.event_fd, .events = POLLIN},
		{.fd = r->in_ended ? -1 : r->in.event_fd, .events = POLLIN},
	};
	int outcome = account_turn(s->account, polled, 2, LOOK_MS);

	note_end(&r->out, &r->out_ended, &s->sent, polled[0].revents);
	note_end(&r->in, &r->in_ended, &s->received, polled[1].revents);
	if (outcome == OUTCOME_DONE && *s->cancelled)
		outcome = OUTCOME_BROKEN;
	if (outcome == OUTCOME_DONE && r->in_ended)
		outcome = judge_pump(s, &r->in, false);
	if (outcome == OUTCOME_DONE && r->out_ended)
		outcome = judge_pump(s, &r->out, true);
	if (outcome == OUTCOME_DONE && r->out_ended && !r->confirmed)
		outcome = s->plain ? see_end(r) : tell_end(r);
	if (outcome == OUTCOME_DONE && r->out_ended && !r->confirmed && !s->plain)
		outcome = hear_confirmation(r);
	if (outcome == OUTCOME_DONE && r->in_ended && !s->whole)
		outcome = check_end(r);
	return outcome;
}

static int start(struct run *r)
{
	const int on = 1;
	int err;

	setsockopt(r->stream->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	r->out.source = r->stream->source;
	r->out.sink = r->stream->socket;
	r->out.shut = true;
	r->in.source = r->stream->socket;
	r->in.sink = r->stream->sink;
	err = pump_start(&r->out);
	if (!err)
		err = pump_start(&r->in);
	if (err)
		return broken(r->stream, OUTCOME_LOCAL, "cannot start: %s", strerror(-err));
	return OUTCOME_DONE;
}

int stream_run(struct stream *s)
{
	struct run *r = calloc(1, sizeof(*r));
	int outcome;

	if (!r)
		return broken(s, OUTCOME_LOCAL, "out of memory");
	r->stream = s;
	outcome = start(r);
	while (outcome == OUTCOME_DONE && !(r->confirmed && s->whole))
		outcome = turn(r);
	pump_stop(&r->out);
	pump_stop(&r->in);
	s->sent = atomic_load(&r->out.done);
	s->received = atomic_load(&r->in.done);
	account_forget(&r->query);
	free(r);
	return outcome;
}

bool stream_close(struct stream *s)
{
	if (!s->end_iq)
		return false;
	answer(s, iq_error(s->end_iq, IQ_NOT_ACCEPTABLE, s->broken[0] ? s->broken : "failed"));
	return true;
}

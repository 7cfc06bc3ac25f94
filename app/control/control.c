/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the parts together and turns the wheel: wait for the server's bytes, the workers' events or
 * a timer; hand on a bounded number of each; write what came of it.
 *
 * All parts belong to the thread in control_run(); only the counters and two descriptors, by which it
 * is asked to stop or to reload, are for others.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bytestreams.h"
#include "commands.h"
#include "control.h"
#include "counter.h"
#include "dispatch.h"
#include "endpoint.h"
#include "log.h"
#include "loop.h"
#include "request_book.h"
#include "service.h"
#include "session.h"
#include "stream.h"

#define EVENTS_A_ROUND 256

struct control {
	struct control_stats stats; /* first: it wants its alignment */
	struct mailbox *mailbox;
	struct loop *loop;
	struct stream *stream;
	struct dispatch *dispatch;
	struct commands *commands;
	struct service *service;
	struct request_book *requests; /* of the two services, until session answers them */
	struct endpoint *endpoint;
	struct bytestreams *bytestreams;
	struct session_book *book;
	int stop_fd, reload_fd;
	struct loop_source stop_source;
	struct loop_source reload_source;
	struct loop_source mailbox_source;
	control_reloader *reloader;
	void *reloader_ctx;
	bool answer_lost; /* said already that the server takes no answers */
};

static void send_answer(void *ctx, const char *text, size_t len)
{
	struct control *c = ctx;
	int err = stream_send(c->stream, text, len);

	if (err < 0 && !c->answer_lost)
		log_warning("answers to the XMPP server are lost: %s", strerrordesc_np(-err));
	c->answer_lost = err < 0;
}

static void on_stanza(void *ctx, const struct stanza *st)
{
	struct control *c = ctx;

	dispatch_stanza(c->dispatch, st, mailbox_now_ms());
}

static void on_oversized(void *ctx, const struct stanza *start_tag)
{
	struct control *c = ctx;

	dispatch_oversized(c->dispatch, start_tag);
}

static void on_stream_ready(void *ctx)
{
	struct control *c = ctx;

	if (c->book != NULL)
		session_stream_up(c->book, mailbox_now_ms());
}

static bool connected(void *ctx)
{
	const struct control *c = ctx;

	return stream_ready(c->stream);
}

static void answer_request(void *ctx, void *iq, enum iq_result result, enum refusal refusal)
{
	struct control *c = ctx;

	request_book_answer(c->requests, iq, result, refusal);
}

static int create_xmpp(struct control *c, const struct config *cfg)
{
	const struct stream_callbacks callbacks = {
		.ctx = c,
		.stanza = on_stanza,
		.oversized = on_oversized,
		.ready = on_stream_ready,
	};
	const struct outlet outlet = {.ctx = c, .send = send_answer};

	c->stream =
		stream_create(&cfg->xmpp, c->loop, &stream_timing_default, &callbacks, &c->stats);
	c->dispatch = dispatch_create(cfg->xmpp.jid, &c->stats, &outlet);
	if (c->stream == NULL || c->dispatch == NULL)
		return -1;
	c->requests = request_book_create(c->dispatch, 2 * (uint64_t)cfg->limits.sessions);
	c->commands = commands_create(cfg, c->dispatch);
	if (c->requests == NULL || c->commands == NULL)
		return -1;
	c->service = service_create(cfg, c->dispatch, c->commands, mailbox_now_ms());
	c->endpoint = endpoint_create(cfg, c->dispatch, c->requests);
	c->bytestreams = bytestreams_create(cfg, c->dispatch, c->requests);
	return c->service == NULL || c->endpoint == NULL || c->bytestreams == NULL ? -1 : 0;
}

/* Who writes to the descriptor asks for something. */
static bool asked(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void ask(int fd)
{
	const uint64_t one = 1;

	/* It refuses only when it is readable already. */
	(void)!write(fd, &one, sizeof(one));
}

static void on_reload(void *ctx, uint32_t events)
{
	struct control *c = ctx;
	int err;

	(void)events;
	if (!asked(c->reload_fd) || c->reloader == NULL)
		return;
	err = c->reloader(c->reloader_ctx);
	if (err == 0)
		session_book_reconfigure(c->book);
	counter_increment(&c->stats.config_reloads[err == 0 ? RELOAD_APPLIED : RELOAD_REFUSED]);
}

static int create_loop(struct control *c)
{
	int err;

	c->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	c->reload_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	c->reload_source = (struct loop_source){.fd = -1, .ready = on_reload, .ctx = c};
	c->loop = loop_create();
	if (c->stop_fd < 0 || c->reload_fd < 0 || c->loop == NULL)
		return -1;
	err = loop_add(c->loop, &c->stop_source, c->stop_fd, EPOLLIN);
	if (err == 0)
		err = loop_add(c->loop, &c->reload_source, c->reload_fd, EPOLLIN);
	if (err == 0)
		err = loop_add(c->loop, &c->mailbox_source, mailbox_control_fd(c->mailbox),
			       EPOLLIN);
	errno = -err;
	return err;
}

struct control *control_create(const struct config *cfg, struct mailbox *mb,
			       const struct mailbox_splicer *splicer)
{
	struct session_answers answers = {.answer = answer_request, .connected = connected};
	struct control *c = aligned_alloc(_Alignof(struct control), sizeof(*c));
	int saved;

	if (c == NULL)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->mailbox = mb;
	c->stop_fd = c->reload_fd = -1;
	answers.ctx = c;
	if (create_loop(c) < 0 || create_xmpp(c, cfg) < 0)
		goto fail;
	c->book = session_book_create(cfg, mb, splicer, &answers, &c->stats);
	if (c->book == NULL)
		goto fail;
	endpoint_set_book(c->endpoint, c->book);
	bytestreams_set_book(c->bytestreams, c->book);
	commands_set_book(c->commands, c->book);
	return c;
fail:
	saved = errno;
	control_destroy(c);
	errno = saved;
	return NULL;
}

void control_destroy(struct control *c)
{
	if (c == NULL)
		return;
	if (c->book != NULL)
		session_book_destroy(c->book);
	bytestreams_destroy(c->bytestreams);
	endpoint_destroy(c->endpoint);
	request_book_destroy(c->requests);
	service_destroy(c->service);
	commands_destroy(c->commands);
	dispatch_destroy(c->dispatch);
	stream_destroy(c->stream);
	loop_destroy(c->loop);
	if (c->stop_fd >= 0)
		close(c->stop_fd);
	if (c->reload_fd >= 0)
		close(c->reload_fd);
	free(c);
}

const struct control_stats *control_stats(const struct control *c)
{
	return &c->stats;
}

void control_set_reloader(struct control *c, control_reloader *reloader, void *ctx)
{
	c->reloader = reloader;
	c->reloader_ctx = ctx;
}

void control_reload(struct control *c)
{
	ask(c->reload_fd);
}

void control_stop(struct control *c)
{
	ask(c->stop_fd);
}

/* The workers' events; true when more may wait. */
static bool take_events(struct control *c, uint64_t now_ms)
{
	struct mailbox_event events[EVENTS_A_ROUND];
	unsigned int i, n = mailbox_take_events(c->mailbox, events, EVENTS_A_ROUND);

	for (i = 0; i < n; i++)
		session_event(c->book, &events[i], now_ms);
	return n == EVENTS_A_ROUND;
}

/* Block, unless events wait, for what comes next. */
static void wait_for_work(struct control *c, unsigned int timeout_ms)
{
	bool quiet = mailbox_control_sleep(c->mailbox);

	loop_wait(c->loop, quiet ? timeout_ms : 0);
	if (quiet)
		mailbox_control_awake(c->mailbox);
}

static void say_good_bye(struct control *c)
{
	unsigned int timeout_ms;

	session_book_destroy(c->book);
	c->book = NULL;
	/* Nobody drains these any more. */
	loop_remove(c->loop, &c->mailbox_source);
	loop_remove(c->loop, &c->stop_source);
	loop_remove(c->loop, &c->reload_source);
	stream_stop(c->stream, mailbox_now_ms());
	while (!stream_stopped(c->stream)) {
		timeout_ms = stream_tick(c->stream, mailbox_now_ms());
		/* Its last tick leaves nothing to wait for. */
		if (!stream_stopped(c->stream))
			loop_wait(c->loop, timeout_ms);
	}
}

void control_run(struct control *c)
{
	unsigned int session_ms, stream_ms;
	uint64_t now_ms;
	bool more;

	while (!asked(c->stop_fd)) {
		now_ms = mailbox_now_ms();
		more = take_events(c, now_ms);
		session_ms = session_tick(c->book, now_ms);
		stream_ms = stream_tick(c->stream, now_ms);
		if (more)
			session_ms = 0;
		wait_for_work(c, session_ms < stream_ms ? session_ms : stream_ms);
	}
	say_good_bye(c);
}

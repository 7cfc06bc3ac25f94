/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stream goes through the states below in their order; wherever it fails, stream_lost() closes
 * the socket and has it wait, for a time that doubles, for the next attempt.  Each state has one
 * deadline and one thing to do when it is over.
 *
 * Everything that comes is hostile: text of the wire goes into the log only quoted, and what is to
 * be written is bounded.  When the server does not read, nothing more is read from it, so that no
 * more answers come to be.
 *
 * The keep-alive is a ping to the component's own address: the server hands it back, whatever else
 * it serves, and anything it sends counts as a sign of life.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "connector.h"
#include "counter.h"
#include "frame.h"
#include "log.h"
#include "mailbox.h"
#include "reply.h"
#include "send_queue.h"
#include "stream.h"

#define OUTPUT_MAX    (4 << 20)	  /* bytes */
#define OUTPUT_HIGH   (256 << 10) /* above, nothing more is read */
#define OUTPUT_LOW    (64 << 10)  /* below, reading goes on */
#define READ_BYTES    16384
#define READS_A_ROUND 4
#define STREAM_END    "</stream:stream>"

enum stream_state {
	STREAM_WAITING,	   /* for the next attempt */
	STREAM_CONNECTING, /* `connector` is at work */
	STREAM_OPENING,	   /* our header is out */
	STREAM_HANDSHAKE,  /* our handshake is out */
	STREAM_UP,
	STREAM_CLOSING, /* our end tag is queued */
	STREAM_STOPPED,
	STREAM_STATES
};

struct stream {
	const struct config_xmpp *cfg;
	struct loop *loop;
	struct stream_timing timing;
	struct stream_callbacks callbacks;
	struct control_stats *stats;

	enum stream_state state;
	uint64_t deadline_ms;
	uint64_t up_since_ms;
	uint64_t last_read_ms;
	uint32_t backoff_ms;
	bool pinged;
	uint64_t pinged_ms;
	bool congested; /* the server does not read */
	bool stopping;

	struct connector *connector;
	int fd; /* connected, or -1 */
	struct loop_source source;
	uint32_t watched; /* epoll events */
	struct frame *frame;
	struct stanza *header; /* the server's */
	struct send_queue *unsent;
};

const struct stream_timing stream_timing_default = {
	.connect = 10000,
	.handshake = 15000,
	.silence = 30000,
	.ping = 15000,
	.backoff_min = 1000,
	.backoff_max = 30000,
	.stable = 60000,
	.close = 2000,
};

static void on_socket(void *ctx, uint32_t events);

struct stream *stream_create(const struct config_xmpp *cfg, struct loop *loop,
			     const struct stream_timing *timing,
			     const struct stream_callbacks *callbacks, struct control_stats *stats)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->cfg = cfg;
	s->loop = loop;
	s->timing = *timing;
	s->callbacks = *callbacks;
	s->stats = stats;
	s->fd = -1;
	s->source = (struct loop_source){.fd = -1, .ready = on_socket, .ctx = s};
	s->backoff_ms = timing->backoff_min;
	s->frame = frame_create();
	s->unsent = send_queue_create(OUTPUT_MAX);
	if (s->frame == NULL || s->unsent == NULL) {
		stream_destroy(s);
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

static void close_socket(struct stream *s)
{
	loop_remove(s->loop, &s->source);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	stanza_free(s->header);
	s->header = NULL;
}

void stream_destroy(struct stream *s)
{
	if (s == NULL)
		return;
	close_socket(s);
	connector_free(s->connector);
	send_queue_destroy(s->unsent);
	frame_destroy(s->frame);
	free(s);
}

static void enter(struct stream *s, enum stream_state state, uint64_t timeout_ms)
{
	s->state = state;
	s->deadline_ms = mailbox_now_ms() + timeout_ms;
}

static void watch(struct stream *s, uint32_t events)
{
	if (s->fd >= 0 && events != s->watched && loop_change(s->loop, &s->source, events) == 0)
		s->watched = events;
}

/* Somewhere in the upper half of the time, so that several relays do not come back in step; the
 * time itself is never less than the least. */
static uint32_t next_backoff(struct stream *s)
{
	uint32_t doubled = s->backoff_ms * 2;
	uint32_t wait;

	s->backoff_ms = doubled < s->timing.backoff_max ? doubled : s->timing.backoff_max;
	wait = s->backoff_ms - arc4random_uniform(s->backoff_ms / 2 + 1);
	return wait > s->timing.backoff_min ? wait : s->timing.backoff_min;
}

/* The one end of every stream and every attempt. */
static void stream_lost(struct stream *s, const char *why)
{
	bool up = s->state == STREAM_UP;
	unsigned int kept = send_queue_rewind(s->unsent);
	uint32_t wait;

	close_socket(s);
	connector_free(s->connector);
	s->connector = NULL;
	s->congested = false;
	counter_set(&s->stats->xmpp_connected, 0);
	if (s->stopping) {
		log_info("XMPP stream closed: %s", why);
		s->state = STREAM_STOPPED;
		return;
	}
	if (up && mailbox_now_ms() - s->up_since_ms >= s->timing.stable)
		s->backoff_ms = s->timing.backoff_min;
	wait = next_backoff(s);
	log_warning("XMPP stream %s: %s; next attempt in %u ms, %u stanzas kept for it",
		    up ? "lost" : "not established", why, (unsigned int)wait, kept);
	enter(s, STREAM_WAITING, wait);
}

/* --- connecting --- */

/* For what is said before and after stanzas; a fresh or dying socket that does not take these few
 * bytes whole is broken. */
static bool say(struct stream *s, const char *text)
{
	return send(s->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)strlen(text);
}

static char *our_header(const struct stream *s)
{
	mxml_node_t *node = reply_element("stream:stream", NS_COMPONENT);

	if (node != NULL) {
		mxmlElementSetAttr(node, "xmlns:stream", NS_STREAM);
		mxmlElementSetAttr(node, "to", s->cfg->jid);
	}
	return reply_start_tag(node);
}

static void on_connected(void *ctx, int fd, const char *why)
{
	struct stream *s = ctx;
	char *header;

	connector_free(s->connector);
	s->connector = NULL;
	if (fd < 0) {
		stream_lost(s, why);
		return;
	}
	s->fd = fd;
	s->watched = EPOLLIN;
	frame_reset(s->frame);
	enter(s, STREAM_OPENING, s->timing.handshake);
	header = our_header(s);
	if (loop_add(s->loop, &s->source, fd, EPOLLIN) < 0 || header == NULL || !say(s, header))
		stream_lost(s, "the stream header could not be sent");
	free(header);
}

static void on_connecting(struct stream *s)
{
	connector_tick(s->connector);
	if (s->connector != NULL)
		s->deadline_ms = connector_deadline_ms(s->connector);
}

static void on_waiting(struct stream *s)
{
	s->connector = connector_create(s->cfg->server_host, s->cfg->server_port, s->timing.connect,
					s->loop, on_connected, s);
	if (s->connector == NULL) {
		stream_lost(s, strerrordesc_np(errno));
		return;
	}
	s->state = STREAM_CONNECTING;
	on_connecting(s);
}

/* --- the handshake --- */

/* <handshake> with SHA1(id + secret) in lower-case hex (XEP-0114 section 3). */
static int handshake_text(char *text, size_t size, const char *id, const char *secret)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0, i;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1 &&
		 EVP_DigestUpdate(ctx, id, strlen(id)) == 1 &&
		 EVP_DigestUpdate(ctx, secret, strlen(secret)) == 1 &&
		 EVP_DigestFinal_ex(ctx, digest, &len) == 1;
	int n;

	EVP_MD_CTX_free(ctx);
	if (!ok)
		return -EIO;
	n = snprintf(text, size, "<handshake>");
	for (i = 0; i < len; i++)
		n += snprintf(text + n, size - (size_t)n, "%02x", digest[i]);
	snprintf(text + n, size - (size_t)n, "</handshake>");
	return 0;
}

static void on_header(struct stream *s)
{
	char text[128];
	const char *id;

	s->header = stanza_parse_start(frame_text(s->frame), NULL);
	if (s->header == NULL ||
	    !stanza_is(s->header, stanza_root(s->header), NS_STREAM, "stream")) {
		stream_lost(s, "that is no XMPP stream");
		return;
	}
	id = stanza_attribute(stanza_root(s->header), "id");
	/* A server that refuses us may leave it out: what follows at once tells why. */
	if (id == NULL || *id == '\0') {
		enter(s, STREAM_OPENING, s->timing.close);
		return;
	}
	s->state = STREAM_HANDSHAKE; /* the deadline stays */
	if (handshake_text(text, sizeof(text), id, s->cfg->secret) < 0 || !say(s, text))
		stream_lost(s, "the handshake could not be sent");
}

static void stay_up(struct stream *s)
{
	s->pinged = false;
	enter(s, STREAM_UP, s->timing.silence);
}

static void on_established(struct stream *s)
{
	log_info("XMPP stream established");
	stay_up(s);
	s->up_since_ms = mailbox_now_ms();
	counter_increment(&s->stats->stream_connects);
	counter_set(&s->stats->xmpp_connected, 1);
	s->callbacks.ready(s->callbacks.ctx);
}

static const char no_id[] = "the server gave no stream id";

static void on_handshake_timeout(struct stream *s)
{
	bool greeted = s->state == STREAM_OPENING && s->header != NULL;

	stream_lost(s, greeted ? no_id : "the server did not complete the handshake in time");
}

/* --- stanzas --- */

/* The error's name, and the words some servers add (RFC 6120 section 4.9.2). */
static void on_stream_error(struct stream *s, const struct stanza *st)
{
	const char *name = NULL, *words = NULL;
	struct log_quoted name_quoted, words_quoted;
	mxml_node_t *el = NULL;
	char why[512];

	while ((el = stanza_next_child(stanza_root(st), el)) != NULL) {
		if (stanza_is(st, el, NS_STREAM_ERRORS, "text"))
			words = mxmlGetOpaque(el);
		else if (name == NULL && strcmp(stanza_namespace(st, el), NS_STREAM_ERRORS) == 0)
			name = stanza_local_name(el);
	}
	snprintf(why, sizeof(why), "stream error %s%s%s%s", log_quote(&name_quoted, name),
		 words == NULL ? "" : " ", words == NULL ? "" : log_quote(&words_quoted, words),
		 s->state == STREAM_UP ? "" : ": see xmpp.jid, xmpp.secret_file");
	stream_lost(s, why);
}

static void on_stanza(struct stream *s)
{
	struct stanza *st = stanza_parse(frame_text(s->frame), s->header);

	if (st == NULL)
		counter_increment(&s->stats->stanzas_dropped);
	else if (stanza_is(st, stanza_root(st), NS_STREAM, "error"))
		on_stream_error(s, st);
	else if (s->state == STREAM_OPENING)
		stream_lost(s, no_id);
	else if (s->state == STREAM_UP)
		s->callbacks.stanza(s->callbacks.ctx, st);
	else if (s->state == STREAM_HANDSHAKE &&
		 stanza_is(st, stanza_root(st), NS_COMPONENT, "handshake"))
		on_established(s);
	stanza_free(st);
}

static void on_oversized(struct stream *s)
{
	const char *text = frame_text(s->frame);
	struct stanza *start_tag = text == NULL ? NULL : stanza_parse_start(text, s->header);

	counter_increment(&s->stats->stanzas_oversized);
	if (start_tag != NULL && s->state == STREAM_UP)
		s->callbacks.oversized(s->callbacks.ctx, start_tag);
	stanza_free(start_tag);
}

static void on_close(struct stream *s)
{
	if (!s->stopping && !send_queue_torn(s->unsent))
		say(s, STREAM_END);
	stream_lost(s, "closed by the server");
}

static void on_ill_formed(struct stream *s)
{
	char text[256], why[256];

	snprintf(text, sizeof(text),
		 "<stream:error><%s xmlns='" NS_STREAM_ERRORS "'/></stream:error>" STREAM_END,
		 frame_error(s->frame));
	snprintf(why, sizeof(why), "%s: %s", frame_error(s->frame), frame_error_detail(s->frame));
	if (!send_queue_torn(s->unsent))
		say(s, text);
	stream_lost(s, why);
}

static void on_frame(struct stream *s, enum frame_event ev)
{
	static void (*const handlers[])(struct stream *) = {
		[FRAME_HEADER] = on_header,	  [FRAME_STANZA] = on_stanza,
		[FRAME_OVERSIZED] = on_oversized, [FRAME_CLOSE] = on_close,
		[FRAME_ERROR] = on_ill_formed,
	};

	if (ev != FRAME_MORE)
		handlers[ev](s);
}

/* Feed what was read; the stream may be lost over any stanza of it. */
static void take(struct stream *s, const char *data, size_t len)
{
	size_t used;

	while (len > 0 && s->fd >= 0) {
		on_frame(s, frame_feed(s->frame, data, len, &used));
		data += used;
		len -= used;
	}
}

static void read_some(struct stream *s)
{
	char data[READ_BYTES];
	unsigned int i;
	ssize_t n;

	for (i = 0; i < READS_A_ROUND && s->fd >= 0; i++) {
		n = recv(s->fd, data, sizeof(data), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return;
		if (n <= 0) {
			stream_lost(s, n == 0 ? "connection closed" : strerrordesc_np(errno));
			return;
		}
		s->last_read_ms = mailbox_now_ms();
		take(s, data, (size_t)n);
		if ((size_t)n < sizeof(data))
			return;
	}
}

static void on_socket(void *ctx, uint32_t events)
{
	struct stream *s = ctx;

	/* What may be written is written by the tick of this round. */
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		read_some(s);
}

/* --- writing and keeping alive --- */

static void flush(struct stream *s)
{
	int err;

	if (s->state != STREAM_UP && s->state != STREAM_CLOSING)
		return;
	err = send_queue_flush(s->unsent, s->fd);
	if (err < 0 && err != -EAGAIN) {
		stream_lost(s, strerrordesc_np(-err));
		return;
	}
	if (send_queue_bytes(s->unsent) > OUTPUT_HIGH)
		s->congested = true;
	watch(s, (err == -EAGAIN ? EPOLLOUT : 0) | (s->congested ? 0 : EPOLLIN));
	if (s->congested && send_queue_bytes(s->unsent) < OUTPUT_LOW) {
		s->congested = false;
		watch(s, EPOLLIN | (err == -EAGAIN ? EPOLLOUT : 0));
		if (s->state == STREAM_UP)
			s->callbacks.ready(s->callbacks.ctx);
	}
}

static char *ping_text(const struct stream *s)
{
	mxml_node_t *iq = mxmlNewElement(MXML_NO_PARENT, "iq");

	if (iq == NULL)
		return NULL;
	mxmlElementSetAttr(iq, "type", "get");
	mxmlElementSetAttr(iq, "from", s->cfg->jid);
	mxmlElementSetAttr(iq, "to", s->cfg->jid);
	mxmlElementSetAttr(iq, "id", "keep-alive");
	mxmlElementSetAttr(mxmlNewElement(iq, "ping"), "xmlns", "urn:xmpp:ping");
	return reply_text(iq);
}

/* The deadline of a stream that is up is set when it comes up and found to be old news here: what
 * was read since then is looked at once a deadline, not once a packet. */
static void on_silence(struct stream *s)
{
	uint64_t now_ms = mailbox_now_ms();
	uint64_t silent_ms = now_ms - s->last_read_ms;
	char *text;

	if (s->pinged && s->last_read_ms < s->pinged_ms) {
		stream_lost(s, "the server does not answer");
		return;
	}
	s->pinged = silent_ms >= s->timing.silence;
	if (!s->pinged) {
		s->deadline_ms = s->last_read_ms + s->timing.silence;
		return;
	}
	text = ping_text(s);
	if (text != NULL)
		send_queue_add(s->unsent, text, strlen(text), false);
	free(text);
	s->pinged_ms = now_ms;
	s->deadline_ms = now_ms + s->timing.ping;
}

static void on_close_timeout(struct stream *s)
{
	stream_lost(s, "the server did not close it in time");
}

static void (*const expired[STREAM_STATES])(struct stream *) = {
	[STREAM_WAITING] = on_waiting,
	[STREAM_CONNECTING] = on_connecting,
	[STREAM_OPENING] = on_handshake_timeout,
	[STREAM_HANDSHAKE] = on_handshake_timeout,
	[STREAM_UP] = on_silence,
	[STREAM_CLOSING] = on_close_timeout,
};

unsigned int stream_tick(struct stream *s, uint64_t now_ms)
{
	uint64_t left;

	if (s->state != STREAM_STOPPED && now_ms >= s->deadline_ms)
		expired[s->state](s);
	flush(s);
	if (s->state == STREAM_STOPPED)
		return UINT32_MAX;
	/* `ready` may have had something to say. */
	if (stream_ready(s) && send_queue_bytes(s->unsent) > 0 && (s->watched & EPOLLOUT) == 0)
		return 0;
	left = s->deadline_ms > now_ms ? s->deadline_ms - now_ms : 0;
	return left > UINT32_MAX ? UINT32_MAX : (unsigned int)left;
}

bool stream_ready(const struct stream *s)
{
	return s->state == STREAM_UP && !s->congested;
}

int stream_send(struct stream *s, const char *text, size_t len)
{
	return send_queue_add(s->unsent, text, len, true);
}

void stream_stop(struct stream *s, uint64_t now_ms)
{
	s->stopping = true;
	if (s->state == STREAM_UP &&
	    send_queue_add(s->unsent, STREAM_END, strlen(STREAM_END), false) == 0) {
		s->state = STREAM_CLOSING;
		s->deadline_ms = now_ms + s->timing.close;
		counter_set(&s->stats->xmpp_connected, 0);
	} else if (s->state != STREAM_STOPPED && s->state != STREAM_CLOSING) {
		stream_lost(s, "stopped");
	}
}

bool stream_stopped(const struct stream *s)
{
	return s->state == STREAM_STOPPED;
}

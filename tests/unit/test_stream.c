/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The component stream against a server of cardboard on the loopback, with timers cut short.  Both
 * ends are run by turns on this one thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "frame.h"
#include "mailbox.h"
#include "send_queue.h"
#include "stream.h"

#define HEADER_ID(id)                                                          \
	"<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' " \
	"xmlns:stream='http://etherx.jabber.org/streams' from='relay.example.org' id=" id ">"
#define HEADER HEADER_ID("\"it's&lt;1&gt;\"")
#define OUR_HEADER                                          \
	"<stream:stream xmlns=\"jabber:component:accept\" " \
	"xmlns:stream=\"http://etherx.jabber.org/streams\" to=\"relay.example.org\" >"
/* SHA1 of "it's<1>s3cret" */
#define HANDSHAKE   "<handshake>d26944bd06c4e1427eaf4098798f554f42fd6518</handshake>"
#define PATIENCE_MS 3000

static const struct stream_timing quick = {
	.connect = 300,
	.handshake = 300,
	.silence = 100,
	.ping = 150,
	.backoff_min = 20,
	.backoff_max = 200,
	.stable = 1000,
	.close = 200,
};

static struct config_xmpp cfg = {
	.jid = (char[]){"relay.example.org"},
	.server_host = (char[]){"127.0.0.1"},
	.secret = (char[]){"s3cret"},
};

struct bench {
	struct loop *loop;
	struct stream *stream;
	struct control_stats stats;
	int listener;
	int peer; /* the server's end */
	char *got;
	size_t got_len;
	bool ended; /* the stream closed the connection */
	unsigned int stanzas, oversized, ready;
	char last_id[64];
	char last_ns[64];
};

static void on_stanza(void *ctx, const struct stanza *st)
{
	struct bench *b = ctx;
	const char *id = stanza_attribute(stanza_root(st), "id");
	mxml_node_t *child = stanza_next_child(stanza_root(st), NULL);

	b->stanzas++;
	snprintf(b->last_id, sizeof(b->last_id), "%s", id == NULL ? "-" : id);
	snprintf(b->last_ns, sizeof(b->last_ns), "%s",
		 child == NULL ? "-" : stanza_namespace(st, child));
}

static void on_oversized(void *ctx, const struct stanza *start_tag)
{
	struct bench *b = ctx;

	b->oversized++;
	snprintf(b->last_id, sizeof(b->last_id), "%s",
		 stanza_attribute(stanza_root(start_tag), "id"));
}

static void on_ready(void *ctx)
{
	struct bench *b = ctx;

	b->ready++;
	assert_true(stream_ready(b->stream));
}

static void server_listen(struct bench *b)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	b->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(b->listener >= 0);
	assert_int_equal(bind(b->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(b->listener, 5), 0);
	assert_int_equal(getsockname(b->listener, (struct sockaddr *)&a, &len), 0);
	cfg.server_port = ntohs(a.sin_port);
}

static int setup_with(void **state, const struct stream_timing *timing)
{
	const struct stream_callbacks callbacks = {
		.ctx = NULL, .stanza = on_stanza, .oversized = on_oversized, .ready = on_ready};
	struct bench *b = calloc(1, sizeof(*b) + 128);
	struct stream_callbacks with_ctx = callbacks;

	assert_non_null(b);
	with_ctx.ctx = b;
	b->peer = -1;
	server_listen(b);
	b->loop = loop_create();
	b->stream = stream_create(&cfg, b->loop, timing, &with_ctx, &b->stats);
	assert_non_null(b->stream);
	*state = b;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, &quick);
}

/* For a test that keeps silent for long. */
static int setup_patient(void **state)
{
	struct stream_timing timing = quick;

	timing.silence = 60000;
	return setup_with(state, &timing);
}

static void hang_up(struct bench *b)
{
	if (b->peer >= 0)
		close(b->peer);
	b->peer = -1;
	free(b->got);
	b->got = NULL;
	b->got_len = 0;
	b->ended = false;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	stream_destroy(b->stream);
	loop_destroy(b->loop);
	hang_up(b);
	if (b->listener >= 0)
		close(b->listener);
	free(b);
	return 0;
}

static void server_read(struct bench *b)
{
	char data[65536];
	ssize_t n;

	while (b->peer >= 0 && (n = recv(b->peer, data, sizeof(data), MSG_DONTWAIT)) >= 0) {
		if (n == 0) {
			b->ended = true;
			return;
		}
		b->got = realloc(b->got, b->got_len + (size_t)n + 1);
		assert_non_null(b->got);
		memcpy(b->got + b->got_len, data, (size_t)n);
		b->got_len += (size_t)n;
		b->got[b->got_len] = '\0';
	}
	if (b->peer >= 0 && errno == ECONNRESET)
		b->ended = true;
}

/* One turn of both; returns what the tick wanted. */
static unsigned int turn(struct bench *b)
{
	unsigned int wait = stream_tick(b->stream, mailbox_now_ms());

	loop_wait(b->loop, wait < 2 ? wait : 2);
	return wait;
}

#define RUN_UNTIL(b, condition)                                   \
	do {                                                      \
		uint64_t limit_ = mailbox_now_ms() + PATIENCE_MS; \
		while (!(condition)) {                            \
			assert_true(mailbox_now_ms() < limit_);   \
			turn(b);                                  \
			server_read(b);                           \
		}                                                 \
	} while (0)

static void run_for(struct bench *b, uint64_t ms)
{
	uint64_t limit = mailbox_now_ms() + ms;

	while (mailbox_now_ms() < limit) {
		turn(b);
		server_read(b);
	}
}

static bool got(const struct bench *b, const char *text)
{
	return b->got != NULL && strstr(b->got, text) != NULL;
}

static void say(struct bench *b, const char *text)
{
	assert_int_equal(send(b->peer, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void server_accept(struct bench *b)
{
	hang_up(b);
	RUN_UNTIL(b, (b->peer = accept(b->listener, NULL, NULL)) >= 0);
}

static void establish(struct bench *b)
{
	uint64_t connects = b->stats.stream_connects;

	server_accept(b);
	RUN_UNTIL(b, got(b, OUR_HEADER));
	say(b, HEADER);
	RUN_UNTIL(b, got(b, HANDSHAKE));
	assert_false(stream_ready(b->stream));
	assert_int_equal(b->stats.xmpp_connected, 0);
	say(b, "<handshake/>");
	RUN_UNTIL(b, stream_ready(b->stream));
	assert_int_equal(b->stats.xmpp_connected, 1);
	assert_int_equal(b->stats.stream_connects, connects + 1);
}

static void send_text(struct bench *b, const char *text)
{
	assert_int_equal(stream_send(b->stream, text, strlen(text)), 0);
}

static void test_handshake(void **state)
{
	struct bench *b = *state;

	establish(b);
	assert_int_equal(b->ready, 1);
	say(b, "<iq id='7'><query xmlns='whoknows'/></iq><message/>");
	RUN_UNTIL(b, b->stanzas == 2);
	assert_string_equal(b->last_id, "-");
	say(b, "<iq id='8'><stream:x/></iq>"); /* a prefix of the server's header */
	RUN_UNTIL(b, b->stanzas == 3);
	assert_string_equal(b->last_id, "8");
	assert_string_equal(b->last_ns, "http://etherx.jabber.org/streams");
	send_text(b, "<iq id='9'/>");
	RUN_UNTIL(b, got(b, "<iq id='9'/>"));
}

/* Other prefixes, other quotes, every byte on its own, things between header and handshake. */
static void test_other_spelling(void **state)
{
	static const char header[] =
		"<x:stream  xmlns:x = \"http://etherx.jabber.org/streams\" id='it&apos;s&lt;1>' >"
		"<x:features/>";
	struct bench *b = *state;
	size_t i;

	server_accept(b);
	RUN_UNTIL(b, got(b, OUR_HEADER));
	for (i = 0; i < sizeof(header) - 1; i++) {
		assert_int_equal(send(b->peer, header + i, 1, 0), 1);
		turn(b);
	}
	RUN_UNTIL(b, got(b, HANDSHAKE));
	say(b, "<iq id='early'/><c:handshake xmlns:c='jabber:component:accept'></c:handshake>");
	RUN_UNTIL(b, stream_ready(b->stream));
	assert_int_equal(b->stanzas, 0);
}

/* Each of these, instead of the server's header or after the good one, ends the connection. */
static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *answer; /* what must be said before the connection is closed */
	} rows[] = {
		{HEADER
		 "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
		 "</stream:error>",
		 ""},
		{HEADER "</stream:stream>", "</stream:stream>"},
		{HEADER "garbage",
		 "<not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"},
		{"HTTP/1.1 400 Bad Request\r\n\r\n", "<not-well-formed "},
		{"<!DOCTYPE a [<!ENTITY b 'c'>]>" HEADER, "<restricted-xml "},
		{"<stream xmlns='jabber:component:accept' id='1'>", ""},
		{"<stream:stream xmlns:stream='jabber:client' id='1'>", ""},
		{"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>", ""},
		{HEADER_ID("''"), ""},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_accept(b);
		RUN_UNTIL(b, got(b, OUR_HEADER));
		say(b, rows[i].text);
		RUN_UNTIL(b, b->ended);
		assert_true(got(b, rows[i].answer));
		assert_false(got(b, "s3cret"));
	}
	establish(b); /* and yet it comes back */
}

/* What the stream logs while `text` is answered to its header. */
static void log_of(struct bench *b, const char *text, char *log, size_t size)
{
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	server_accept(b);
	RUN_UNTIL(b, got(b, OUR_HEADER));
	dup2(ends[1], STDERR_FILENO);
	say(b, text);
	RUN_UNTIL(b, b->ended);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	n = read(ends[0], log, size - 1);
	assert_true(n > 0);
	log[n] = '\0';
	close(ends[0]);
}

/* An operator reads why the server does not want us, in the server's own words, made harmless. */
static void test_refusal_is_explained(void **state)
{
#define REFUSAL(name, words)                                                                \
	"<stream:error><" name " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"             \
	"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>" words "</text></stream:error>" \
	"</stream:stream>"
	static const struct {
		const char *text, *log;
	} rows[] = {
		{HEADER REFUSAL("not-authorized", "Given token&#10;does not match"),
		 "stream error \"not-authorized\" \"Given token\\x0adoes not match\": see "
		 "xmpp.jid, xmpp.secret_file;"},
		/* without an id, as Prosody does it */
		{"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>" REFUSAL(
			 "host-unknown", "no such component"),
		 "stream error \"host-unknown\" \"no such component\": see xmpp.jid, "
		 "xmpp.secret_file;"},
		{"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'><x/>",
		 "the server gave no stream id;"},
		{"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>",
		 "the server gave no stream id;"},
		{HEADER "<stream:error/>", "stream error -: see xmpp.jid, xmpp.secret_file;"},
	};
	struct bench *b = *state;
	char log[1024];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_of(b, rows[i].text, log, sizeof(log));
		if (strstr(log, rows[i].log) == NULL)
			fail_msg("%s", log);
	}
}

static void test_silent_server(void **state)
{
	struct bench *b = *state;
	uint64_t began;

	server_accept(b);
	RUN_UNTIL(b, got(b, OUR_HEADER));
	began = mailbox_now_ms();
	RUN_UNTIL(b, b->ended);
	assert_in_range(mailbox_now_ms() - began, quick.handshake - 50, quick.handshake + 300);
	/* also with the handshake to come */
	server_accept(b);
	say(b, HEADER);
	RUN_UNTIL(b, b->ended);
	establish(b);
}

static void test_server_away(void **state)
{
	struct bench *b = *state;

	close(b->listener);
	run_for(b, 300);
	assert_int_equal(b->stats.stream_connects, 0);
	b->listener = -1;
	server_listen(b);
	establish(b);
}

/* What was not wholly written when the server went away is sent to the next one, once. */
static void test_restart(void **state)
{
	struct bench *b = *state;

	establish(b);
	send_text(b, "<iq id='1'/>");
	RUN_UNTIL(b, got(b, "<iq id='1'/>"));
	hang_up(b);
	RUN_UNTIL(b, !stream_ready(b->stream));
	assert_int_equal(b->stats.xmpp_connected, 0);
	send_text(b, "<iq id='2'/>");
	establish(b);
	assert_int_equal(b->ready, 2);
	RUN_UNTIL(b, got(b, "<iq id='2'/>"));
	run_for(b, 20);
	assert_false(got(b, "<iq id='1'/>"));
	assert_null(strstr(strstr(b->got, "<iq id='2'/>") + 1, "<iq id='2'/>"));
}

static void test_stream_error_when_up(void **state)
{
	struct bench *b = *state;

	establish(b);
	say(b,
	    "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
	RUN_UNTIL(b, b->ended);
	assert_int_equal(b->stanzas, 0);
	establish(b);
	/* a remote user's stanza of that name is not the server's */
	say(b, "<error/><x:error xmlns:x='y'/>");
	RUN_UNTIL(b, b->stanzas == 2);
	assert_true(stream_ready(b->stream));
}

static void test_backoff(void **state)
{
	struct bench *b = *state;
	uint64_t began = mailbox_now_ms(), ms;
	unsigned int i;

	/* from 20 to 200 ms: 20..40, 40..80, 80..160, 100..200, 100..200 */
	for (i = 0; i < 6; i++) {
		server_accept(b);
		close(b->peer);
		b->peer = -1;
	}
	ms = mailbox_now_ms() - began;
	assert_in_range(ms, 340, 1200);
}

static void test_keep_alive(void **state)
{
	static const char ping[] =
		"<iq type=\"get\" from=\"relay.example.org\" to=\"relay.example.org\" "
		"id=\"keep-alive\"><ping xmlns=\"urn:xmpp:ping\" /></iq>";
	struct bench *b = *state;
	uint64_t began;
	unsigned int i;

	establish(b);
	/* whatever is answered counts, for ever */
	for (i = 0; i < 4; i++) {
		began = mailbox_now_ms();
		RUN_UNTIL(b, got(b, ping));
		assert_in_range(mailbox_now_ms() - began, quick.silence / 2,
				quick.silence + quick.ping);
		free(b->got);
		b->got = NULL;
		b->got_len = 0;
		say(b, i % 2 == 0 ? "<iq type='error' id='keep-alive'/>" : " ");
	}
	assert_true(stream_ready(b->stream));
	/* a server that talks is not asked */
	for (i = 0; i < 10; i++) {
		say(b, "\n");
		run_for(b, quick.silence / 4);
	}
	assert_false(got(b, ping));
	/* one that says nothing is left */
	RUN_UNTIL(b, got(b, ping));
	began = mailbox_now_ms();
	RUN_UNTIL(b, b->ended);
	assert_in_range(mailbox_now_ms() - began, quick.ping - 50, quick.ping + 300);
	establish(b);
	run_for(b, 20);
	assert_false(got(b, ping)); /* the old one does not come again */
}

static void test_oversized(void **state)
{
	struct bench *b = *state;
	char text[1000];
	unsigned int i;

	establish(b);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	say(b, "<iq type='set' id='big'><body>");
	for (i = 0; i < 200; i++) {
		say(b, text);
		turn(b);
	}
	say(b, "</body></iq><iq id='next'/>");
	RUN_UNTIL(b, b->stanzas == 1);
	assert_int_equal(b->oversized, 1);
	assert_int_equal(b->stats.stanzas_oversized, 1);
	assert_string_equal(b->last_id, "next");
	/* one without a start tag that could be read */
	say(b, "<iq type='set' id='");
	for (i = 0; i < 200; i++) {
		say(b, text);
		turn(b);
	}
	say(b, "'/><iq id='last'/>");
	RUN_UNTIL(b, b->stanzas == 2);
	assert_int_equal(b->oversized, 1);
	assert_int_equal(b->stats.stanzas_oversized, 2);
	assert_true(stream_ready(b->stream));
}

static void test_garbage(void **state)
{
	struct bench *b = *state;
	char junk[500];
	unsigned int i, j;

	establish(b);
	say(b, "<iq id='\xef\xbb\xbf'/>"); /* looks like garbage, and is none */
	RUN_UNTIL(b, b->stanzas == 1);
	assert_string_equal(b->last_id, "\xef\xbb\xbf");
	assert_true(stream_ready(b->stream));
	for (i = 0; i < 5; i++) {
		for (j = 0; j < sizeof(junk) - 1; j++)
			junk[j] = (char)(rand() % 255 + 1);
		junk[sizeof(junk) - 1] = '\0';
		junk[0] = '<';
		junk[1] = '\x01';
		say(b, junk);
		RUN_UNTIL(b, b->ended);
		assert_true(got(b, "<stream:error><not-well-formed "));
		establish(b);
	}
}

/* A server that does not read is sent no more than fits, and is not read from. */
static void test_congestion(void **state)
{
	struct bench *b = *state;
	char *text = malloc(10001);
	unsigned int i, n = 0;
	size_t before;

	assert_non_null(text);
	memset(text, ' ', 10000);
	text[10000] = '\0';
	establish(b);
	before = b->got_len;
	while (stream_send(b->stream, text, 10000) == 0) {
		n++;
		stream_tick(b->stream, mailbox_now_ms());
		loop_wait(b->loop, 0);
		assert_true(n < 100000);
	}
	assert_false(stream_ready(b->stream));
	assert_int_equal(stream_send(b->stream, text, 10000), -ENOBUFS);
	say(b, "<message/>");
	for (i = 0; i < 20; i++) {
		stream_tick(b->stream, mailbox_now_ms());
		loop_wait(b->loop, 1);
	}
	assert_int_equal(b->stanzas, 0);
	RUN_UNTIL(b, b->got_len == before + n * 10000u);
	RUN_UNTIL(b, b->ready == 2);
	RUN_UNTIL(b, b->stanzas == 1);
	free(text);
}

/* Waiting costs no turns of the loop. */
static void test_idle(void **state)
{
	struct bench *b = *state;
	uint64_t limit;
	unsigned int turns = 0;

	establish(b);
	run_for(b, 10);
	limit = mailbox_now_ms() + quick.silence / 2;
	while (mailbox_now_ms() < limit) {
		loop_wait(b->loop, stream_tick(b->stream, mailbox_now_ms()));
		turns++;
	}
	assert_in_range(turns, 1, 5);
}

static void test_stop(void **state)
{
	struct bench *b = *state;

	establish(b);
	send_text(b, "<iq id='last'/>");
	stream_stop(b->stream, mailbox_now_ms());
	assert_false(stream_ready(b->stream));
	RUN_UNTIL(b, got(b, "<iq id='last'/></stream:stream>"));
	say(b, "<message/></stream:stream>");
	RUN_UNTIL(b, stream_stopped(b->stream));
	assert_int_equal(b->stanzas, 0);
	RUN_UNTIL(b, b->ended);
	assert_int_equal(b->stats.xmpp_connected, 0);
	run_for(b, 100);
	assert_true(accept(b->listener, NULL, NULL) < 0);
}

static void test_stop_without_answer(void **state)
{
	struct bench *b = *state;
	uint64_t began;

	establish(b);
	began = mailbox_now_ms();
	stream_stop(b->stream, began);
	RUN_UNTIL(b, stream_stopped(b->stream));
	assert_in_range(mailbox_now_ms() - began, quick.close - 20, quick.close + 300);
}

static void test_stop_while_connecting(void **state)
{
	struct bench *b = *state;

	turn(b);
	stream_stop(b->stream, mailbox_now_ms());
	assert_true(stream_stopped(b->stream));
	assert_int_equal(stream_tick(b->stream, mailbox_now_ms()), UINT32_MAX);
}

static void test_names(void **state)
{
	struct bench *b = *state;
	char *host = cfg.server_host;

	cfg.server_host = (char[]){"localhost"};
	establish(b);
	hang_up(b);
	cfg.server_host = (char[]){"no-such-host.invalid"};
	run_for(b, 200);
	assert_int_equal(b->stats.stream_connects, 1);
	cfg.server_host = host;
	establish(b);
}

/* The queue by itself: nothing is lost or doubled wherever the connection breaks. */
static void test_send_queue(void **state)
{
	struct send_queue *o = send_queue_create(100);
	int fds[2], size = 1;
	char data[64];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	assert_int_equal(send_queue_add(o, "aaaaaaaaaa", 10, true), 0);
	assert_int_equal(send_queue_add(o, "bbbbbbbbbb", 10, false), 0);
	assert_int_equal(send_queue_add(o, "cccccccccc", 10, true), 0);
	assert_int_equal(send_queue_bytes(o), 30);
	assert_int_equal(send_queue_rewind(o), 2);
	assert_int_equal(send_queue_bytes(o), 20);
	assert_int_equal(send_queue_add(o, data, 64, true), 0);
	assert_int_equal(send_queue_add(o, data, 17, true), -ENOBUFS);
	assert_int_equal(send_queue_add(o, data, (size_t)-1, true), -ENOBUFS);
	assert_int_equal(send_queue_flush(o, fds[0]), 0);
	assert_int_equal(send_queue_bytes(o), 0);
	assert_false(send_queue_torn(o));
	assert_int_equal(read(fds[1], data, 20), 20);
	assert_memory_equal(data, "aaaaaaaaaacccccccccc", 20);
	close(fds[1]);
	assert_int_equal(send_queue_add(o, "d", 1, true), 0);
	assert_int_equal(send_queue_flush(o, fds[0]), -EPIPE);
	assert_int_equal(send_queue_rewind(o), 1);
	close(fds[0]);
	send_queue_destroy(o);
}

static void test_output_torn(void **state)
{
	struct send_queue *o = send_queue_create(4 << 20);
	char *text = malloc(2 << 20);
	int fds[2];

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 2 << 20);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(send_queue_add(o, text, 2 << 20, true), 0);
	assert_int_equal(send_queue_flush(o, fds[0]), -EAGAIN);
	assert_true(send_queue_torn(o));
	assert_true(send_queue_bytes(o) < 2 << 20);
	assert_int_equal(send_queue_rewind(o), 1);
	assert_false(send_queue_torn(o));
	assert_int_equal(send_queue_bytes(o), 2 << 20);
	free(text);
	close(fds[0]);
	close(fds[1]);
	send_queue_destroy(o);
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BENCH(test_handshake),
		WITH_BENCH(test_other_spelling),
		WITH_BENCH(test_refused),
		WITH_BENCH(test_refusal_is_explained),
		WITH_BENCH(test_silent_server),
		WITH_BENCH(test_server_away),
		WITH_BENCH(test_restart),
		WITH_BENCH(test_stream_error_when_up),
		WITH_BENCH(test_backoff),
		WITH_BENCH(test_keep_alive),
		WITH_BENCH(test_oversized),
		WITH_BENCH(test_garbage),
		cmocka_unit_test_setup_teardown(test_congestion, setup_patient, teardown),
		WITH_BENCH(test_idle),
		WITH_BENCH(test_stop),
		WITH_BENCH(test_stop_without_answer),
		WITH_BENCH(test_stop_while_connecting),
		WITH_BENCH(test_names),
		cmocka_unit_test(test_send_queue),
		cmocka_unit_test(test_output_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole wheel, on its own thread, between a server and a session book of cardboard: bytes of
 * the stream become claims, answers become bytes, the workers' events arrive, and it stops.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "access.h"
#include "control.h"
#include "session.h"

#define HEADER                                            \
	"<stream:stream xmlns='jabber:component:accept' " \
	"xmlns:stream='http://etherx.jabber.org/streams' id='1'>"
#define CLAIM(id, from)                                                      \
	"<iq type='set' id='" id "' from='" from "' to='relay.example.org'>" \
	"<query xmlns='whoknows' sid='A01'><endpoint ip='192.0.2.10' port='4000'/></query></iq>"
#define EVENTS 3000u

/* --- a session book that answers the first claim when the second comes --- */

static struct session_answers answers;
static void *waiting;
static atomic_uint n_events, n_ticks, n_up, n_reloads, n_reconfigured;
static bool destroyed;

struct session_book *session_book_create(const struct config *cfg, struct mailbox *mb,
					 const struct mailbox_splicer *splicer,
					 const struct session_answers *a,
					 struct control_stats *stats)
{
	(void)cfg;
	(void)mb;
	(void)splicer;
	(void)stats;
	answers = *a;
	waiting = NULL;
	destroyed = false;
	return (struct session_book *)&waiting;
}

void session_book_reconfigure(struct session_book *book)
{
	assert_ptr_equal(book, &waiting);
	atomic_fetch_add(&n_reconfigured, 1);
}

void session_book_destroy(struct session_book *book)
{
	assert_ptr_equal(book, &waiting);
	assert_false(destroyed);
	destroyed = true;
	if (waiting != NULL)
		answers.answer(answers.ctx, waiting, IQ_SERVICE_UNAVAILABLE, REFUSALS);
}

bool session_reserved_for(const struct session_book *book, const char *sid, const char *jid,
			  const char *peer)
{
	(void)book;
	(void)sid;
	(void)jid;
	(void)peer;
	return false;
}

enum refusal session_reserve(struct session_book *book, const char *sid, const char *jid,
			     const char *peer, uint64_t now_ms, struct rendezvous_ends *ends)
{
	(void)book;
	(void)sid;
	(void)jid;
	(void)peer;
	(void)now_ms;
	(void)ends;
	return REFUSAL_RESERVATIONS;
}

void session_claim(struct session_book *book, const struct claim *claim, void *iq, uint64_t now_ms)
{
	(void)book;
	(void)claim;
	(void)now_ms;
	assert_true(answers.connected(answers.ctx));
	if (waiting != NULL)
		answers.answer(answers.ctx, waiting, IQ_OK, REFUSALS);
	waiting = iq;
}

void session_activate(struct session_book *book, const struct activation *activation, void *iq,
		      uint64_t now_ms)
{
	(void)book;
	(void)now_ms;
	assert_string_equal(activation->target, "b@e/x");
	answers.answer(answers.ctx, iq, IQ_OK, REFUSALS);
}

void session_event(struct session_book *book, const struct mailbox_event *ev, uint64_t now_ms)
{
	(void)book;
	(void)now_ms;
	assert_int_equal(ev->id, atomic_load(&n_events));
	atomic_fetch_add(&n_events, 1);
}

unsigned int session_tick(struct session_book *book, uint64_t now_ms)
{
	(void)book;
	(void)now_ms;
	atomic_fetch_add(&n_ticks, 1);
	return 60000;
}

void session_stream_up(struct session_book *book, uint64_t now_ms)
{
	(void)book;
	(void)now_ms;
	atomic_fetch_add(&n_up, 1);
}

unsigned int session_list(struct session_book *book, unsigned int max,
			  void (*show)(void *ctx, const struct session_view *v), void *ctx,
			  uint64_t now_ms)
{
	(void)book;
	(void)max;
	(void)show;
	(void)ctx;
	(void)now_ms;
	return 0;
}

bool session_end(struct session_book *book, uint64_t id, uint64_t now_ms)
{
	(void)book;
	(void)id;
	(void)now_ms;
	return false;
}

void session_drain(struct session_book *book, bool draining)
{
	(void)book;
	(void)draining;
}

bool session_draining(const struct session_book *book)
{
	(void)book;
	return false;
}

bool access_denied(const struct config *cfg, const char *from_jid)
{
	(void)cfg;
	(void)from_jid;
	return false;
}

bool access_is_admin(const struct config *cfg, const char *from_jid)
{
	(void)cfg;
	(void)from_jid;
	return false;
}

bool access_allowed(const struct config *cfg, const char *from_jid)
{
	(void)cfg;
	(void)from_jid;
	return true;
}

/* --- the server --- */

static int server_listen(uint16_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval patience = {.tv_sec = 3};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	*port = ntohs(a.sin_port);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void expect(int fd, const char *text)
{
	char data[4096];
	size_t len = 0;
	ssize_t n;

	do {
		n = recv(fd, data + len, sizeof(data) - 1 - len, 0);
		assert_true(n > 0);
		len += (size_t)n;
		data[len] = '\0';
	} while (strstr(data, text) == NULL);
}

static int server_accept(int listener)
{
	struct timeval patience = {.tv_sec = 3};
	int fd = accept(listener, NULL, NULL);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	expect(fd, "<stream:stream ");
	say(fd, HEADER);
	expect(fd, "</handshake>");
	say(fd, "<handshake/>");
	return fd;
}

static void *run(void *arg)
{
	control_run(arg);
	return NULL;
}

static bool reached(atomic_uint *counter, unsigned int value)
{
	const struct timespec ms = {.tv_nsec = 1000000};
	unsigned int i;

	for (i = 0; i < 3000 && atomic_load(counter) < value; i++)
		nanosleep(&ms, NULL);
	return atomic_load(counter) == value;
}

/* Refuses every other time. */
static int reload(void *ctx)
{
	assert_ptr_equal(ctx, &n_reloads);
	return atomic_fetch_add(&n_reloads, 1) % 2 == 0 ? -EINVAL : 0;
}

static char *namespaces[] = {(char[]){"whoknows"}};

static const struct config served = {
	.xmpp = {.jid = (char[]){"relay.example.org"},
		 .server_host = (char[]){"127.0.0.1"},
		 .secret = (char[]){"s3cret"},
		 .namespaces = {.names = namespaces, .count = 1}},
	.limits = {.sessions = 10},
	.endpoint = {.enabled = true, .port = 4000},
	.socks5 = {.enabled = true, .port = 7777},
};

static void test_wheel(void **state)
{
	struct config cfg = served;
	int listener = server_listen(&cfg.xmpp.server_port), fd;
	struct mailbox *mb = mailbox_create(1);
	struct control *c = control_create(&cfg, mb, NULL);
	const struct timespec ms = {.tv_nsec = 1000000}, long_time = {.tv_nsec = 200000000};
	unsigned int i, ticks;
	pthread_t thread;

	(void)state;
	assert_non_null(c);
	control_set_reloader(c, reload, &n_reloads);
	assert_int_equal(pthread_create(&thread, NULL, run, c), 0);
	fd = server_accept(listener);
	assert_true(reached(&n_up, 1));
	say(fd, CLAIM("1", "a@e/x") CLAIM("2", "b@e/x"));
	expect(fd, "<iq type=\"result\" from=\"relay.example.org\" to=\"a@e/x\" id=\"1\">"
		   "<query xmlns=\"whoknows\" /></iq>");

	/* the other service's requests find their way back as well */
	say(fd, "<iq type='set' id='3' from='a@e/x' to='relay.example.org'>"
		"<query xmlns='http://jabber.org/protocol/bytestreams' sid='A01'>"
		"<activate>b@e/x</activate></query></iq>");
	expect(fd, "<iq type=\"result\" from=\"relay.example.org\" to=\"a@e/x\" id=\"3\" />");

	/* more events than a round takes, and one that has to wake it */
	for (i = 0; i < EVENTS; i++) {
		const struct mailbox_event ev = {.type = MAILBOX_LEG_GONE, .id = i};

		while (!mailbox_post_event(mb, 0, &ev))
			nanosleep(&ms, NULL);
	}
	assert_true(reached(&n_events, EVENTS));
	nanosleep(&long_time, NULL);
	/* nothing to do: it sleeps */
	ticks = atomic_load(&n_ticks);
	nanosleep(&long_time, NULL);
	assert_in_range(atomic_load(&n_ticks) - ticks, 0, 2);

	control_reload(c);
	assert_true(reached(&n_reloads, 1));
	control_reload(c);
	assert_true(reached(&n_reconfigured, 1));

	control_stop(c);
	control_stop(c);
	expect(fd, "id=\"2\"><error type=\"cancel\"><service-unavailable "
		   "xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\" /></error></iq></stream:stream>");
	say(fd, "</stream:stream>");
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(destroyed);
	assert_int_equal(control_stats(c)->config_reloads[RELOAD_REFUSED], 1);
	assert_int_equal(control_stats(c)->config_reloads[RELOAD_APPLIED], 1);
	assert_int_equal(control_stats(c)->iq[IQ_CLAIM][IQ_OK], 1);
	assert_int_equal(control_stats(c)->iq[IQ_ACTIVATE][IQ_OK], 1);
	assert_int_equal(control_stats(c)->iq[IQ_CLAIM][IQ_SERVICE_UNAVAILABLE], 1);
	control_destroy(c);
	mailbox_destroy(mb);
	close(fd);
	close(listener);
}

/* It does not close its side: the relay ends all the same. */
static void test_silent_server(void **state)
{
	struct config cfg = served;
	int listener = server_listen(&cfg.xmpp.server_port), fd;
	struct mailbox *mb = mailbox_create(1);
	struct control *c = control_create(&cfg, mb, NULL);
	unsigned int up = atomic_load(&n_up);
	struct timespec deadline;
	pthread_t thread;

	(void)state;
	assert_non_null(c);
	assert_int_equal(pthread_create(&thread, NULL, run, c), 0);
	fd = server_accept(listener);
	assert_true(reached(&n_up, up + 1));
	control_stop(c);
	expect(fd, "</stream:stream>");
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += 6;
	assert_int_equal(pthread_timedjoin_np(thread, NULL, &deadline), 0);
	control_destroy(c);
	mailbox_destroy(mb);
	close(fd);
	close(listener);
}

static void test_destroy_without_run(void **state)
{
	struct config cfg = {.xmpp = {.jid = (char[]){"r"}, .server_host = (char[]){"::1"}}};
	struct mailbox *mb = mailbox_create(1);
	struct control *c = control_create(&cfg, mb, NULL);

	(void)state;
	assert_non_null(c);
	control_destroy(c);
	assert_true(destroyed);
	control_destroy(NULL);
	mailbox_destroy(mb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wheel),
		cmocka_unit_test(test_silent_server),
		cmocka_unit_test(test_destroy_without_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

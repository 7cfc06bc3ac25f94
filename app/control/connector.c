/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First the name is resolved, looked after every RESOLVE_POLL_MS (a resolver that takes long has
 * time-outs of its own); then there is a socket, one at a time, until one is connected.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector.h"
#include "mailbox.h"
#include "resolver.h"

#define RESOLVE_POLL_MS 50

struct connector {
	struct resolver *resolver;
	const struct addrinfo *address; /* the one that is tried; NULL: still resolving */
	struct loop *loop;
	struct loop_source source;
	int fd;
	uint32_t timeout_ms;
	uint64_t deadline_ms;
	connector_done done;
	void *ctx;
};

static void on_socket(void *ctx, uint32_t events);

struct connector *connector_create(const char *host, uint16_t port, uint32_t timeout_ms,
				   struct loop *loop, connector_done done, void *ctx)
{
	struct connector *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->resolver = resolver_start(host, port);
	if (c->resolver == NULL) {
		free(c);
		return NULL;
	}
	c->loop = loop;
	c->source = (struct loop_source){.fd = -1, .ready = on_socket, .ctx = c};
	c->fd = -1;
	c->timeout_ms = timeout_ms;
	c->done = done;
	c->ctx = ctx;
	return c;
}

static void close_socket(struct connector *c)
{
	loop_remove(c->loop, &c->source);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void connector_free(struct connector *c)
{
	if (c == NULL)
		return;
	close_socket(c);
	resolver_free(c->resolver);
	free(c);
}

static int open_socket(struct connector *c)
{
	const struct addrinfo *a = c->address;
	const int one = 1;

	c->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	/* Answers are small and awaited. */
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
		return -errno;
	return loop_add(c->loop, &c->source, c->fd, EPOLLOUT);
}

/* Try `address` and, as long as that fails at once, those behind it; `err` is what is reported
 * when there is none. */
static void connect_from(struct connector *c, const struct addrinfo *address, int err)
{
	for (; address != NULL; address = address->ai_next) {
		close_socket(c);
		c->address = address;
		err = open_socket(c);
		if (err == 0) {
			c->deadline_ms = mailbox_now_ms() + c->timeout_ms;
			return;
		}
	}
	c->done(c->ctx, -1, strerrordesc_np(-err));
}

static void on_socket(void *ctx, uint32_t events)
{
	struct connector *c = ctx;
	socklen_t len = sizeof(int);
	int err = 0, fd = c->fd;

	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (err != 0) {
		connect_from(c, c->address->ai_next, -err);
		return;
	}
	loop_remove(c->loop, &c->source);
	c->fd = -1;
	c->done(c->ctx, fd, NULL);
}

void connector_tick(struct connector *c)
{
	const struct addrinfo *address;
	int err;

	if (mailbox_now_ms() < c->deadline_ms)
		return;
	if (c->address != NULL) {
		connect_from(c, c->address->ai_next, -ETIMEDOUT);
		return;
	}
	err = resolver_poll(c->resolver, &address);
	if (err == EAI_INPROGRESS)
		c->deadline_ms = mailbox_now_ms() + RESOLVE_POLL_MS;
	else if (err != 0)
		c->done(c->ctx, -1, gai_strerror(err));
	else
		connect_from(c, address, -EADDRNOTAVAIL);
}

uint64_t connector_deadline_ms(const struct connector *c)
{
	return c->deadline_ms;
}

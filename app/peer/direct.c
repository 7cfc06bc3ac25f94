/* SPDX-License-Identifier: BSD-3-Clause */
#include "direct.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const int families[] = {AF_INET, AF_INET6};

void direct_init(struct direct *d)
{
	*d = (struct direct){.listeners = {-1, -1}, .matched = -1};
}

/* The port, network byte order; 0 when nothing listens. */
static in_port_t listen_any(int family, int *listener)
{
	union candidate_address addr = {.sa.sa_family = (sa_family_t)family};
	socklen_t len = sizeof(addr);
	const int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return 0;
	if ((family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, &addr.sa, candidate_length(&addr)) < 0 ||
	    listen(fd, DIRECT_ACCEPTED_MAX) < 0 || getsockname(fd, &addr.sa, &len) < 0) {
		close(fd);
		return 0;
	}
	*listener = fd;
	return family == AF_INET6 ? addr.in6.sin6_port : addr.in.sin_port;
}

/* Of the addresses that nobody could be sent to, none is told. */
static bool offerable(const struct ifaddrs *own, const in_port_t *ports, struct candidate *c)
{
	const struct candidate_policy any = {.allow_private = true};

	if (!own->ifa_addr || !(own->ifa_flags & IFF_UP) || own->ifa_flags & IFF_LOOPBACK)
		return false;
	memset(&c->addr, 0, sizeof(c->addr));
	if (own->ifa_addr->sa_family == AF_INET && ports[0]) {
		memcpy(&c->addr, own->ifa_addr, sizeof(c->addr.in));
		c->addr.in.sin_port = ports[0];
	} else if (own->ifa_addr->sa_family == AF_INET6 && ports[1]) {
		memcpy(&c->addr, own->ifa_addr, sizeof(c->addr.in6));
		c->addr.in6.sin6_port = ports[1];
	} else {
		return false;
	}
	return !candidate_refusal(&c->addr, &any);
}

unsigned int direct_open(struct direct *d, const struct ifaddrs *interfaces, const char *jid,
			 struct candidate *list)
{
	in_port_t ports[2];
	unsigned int n = 0;

	for (int i = 0; i < 2; i++)
		ports[i] = listen_any(families[i], &d->listeners[i]);
	for (; interfaces && n < DIRECT_OFFER_MAX; interfaces = interfaces->ifa_next) {
		if (offerable(interfaces, ports, &list[n]))
			strcpy(list[n++].jid, jid);
	}
	if (n == 0)
		direct_close(d);
	return n;
}

/* Take in what has connected since. */
static void accept_all(struct direct *d)
{
	for (int i = 0; i < 2; i++) {
		while (d->listeners[i] >= 0 && d->n_accepted < DIRECT_ACCEPTED_MAX) {
			int fd = accept4(d->listeners[i], NULL, NULL, SOCK_CLOEXEC);

			if (fd >= 0)
				d->accepted[d->n_accepted++] = fd;
			else if (errno != ECONNABORTED && errno != EINTR)
				break;
		}
	}
}

static bool same(const union candidate_address *a, const union candidate_address *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET6)
		return a->in6.sin6_port == b->in6.sin6_port &&
		       IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
	return a->in.sin_port == b->in.sin_port && a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
}

static bool is(int fd, const union candidate_address *to, const union candidate_address *from)
{
	union candidate_address local = {0}, remote = {0};
	socklen_t local_len = sizeof(local), remote_len = sizeof(remote);

	return getsockname(fd, &local.sa, &local_len) == 0 &&
	       getpeername(fd, &remote.sa, &remote_len) == 0 && same(&local, to) &&
	       same(&remote, from);
}

int direct_match(struct direct *d, const union candidate_address *to,
		 const union candidate_address *from)
{
	const int on = 1;

	if (d->matched >= 0)
		return -EBUSY;
	accept_all(d);
	for (unsigned int i = 0; i < d->n_accepted; i++) {
		if (!is(d->accepted[i], to, from))
			continue;
		d->matched = d->accepted[i];
		d->accepted[i] = d->accepted[--d->n_accepted];
		setsockopt(d->matched, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
		return 0;
	}
	return -ENOENT;
}

int direct_take(struct direct *d)
{
	int fd = d->matched;

	d->matched = -1;
	return fd;
}

void direct_close(struct direct *d)
{
	for (int i = 0; i < 2; i++) {
		if (d->listeners[i] >= 0)
			close(d->listeners[i]);
	}
	for (unsigned int i = 0; i < d->n_accepted; i++)
		close(d->accepted[i]);
	if (d->matched >= 0)
		close(d->matched);
	direct_init(d);
}

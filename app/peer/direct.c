/* SPDX-License-Identifier: BSD-3-Clause */
#include "direct.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const int families[] = {AF_INET6, AF_INET};

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

/* The first of `own` that is of `family` and that others can be sent to goes to `c`; NULL: none. */
static const struct ifaddrs *next_own(const struct ifaddrs *own, int family, in_port_t port,
				      struct candidate *c)
{
	const struct candidate_policy any = {.allow_private = true};

	for (; own && port; own = own->ifa_next) {
		if (!own->ifa_addr || own->ifa_addr->sa_family != family ||
		    !(own->ifa_flags & IFF_UP) || own->ifa_flags & IFF_LOOPBACK)
			continue;
		memset(&c->addr, 0, sizeof(c->addr));
		c->addr.sa.sa_family = (sa_family_t)family;
		memcpy(&c->addr, own->ifa_addr, candidate_length(&c->addr));
		if (family == AF_INET6)
			c->addr.in6.sin6_port = port;
		else
			c->addr.in.sin_port = port;
		if (!candidate_refusal(&c->addr, &any))
			return own;
	}
	return NULL;
}

unsigned int direct_open(struct direct *d, const struct ifaddrs *interfaces, const char *jid,
			 struct candidate *list)
{
	const struct ifaddrs *own[2] = {interfaces, interfaces};
	in_port_t ports[2];
	unsigned int n = 0;

	for (int i = 0; i < 2; i++)
		ports[i] = listen_any(families[i], &d->listeners[i]);
	while (n < DIRECT_OFFER_MAX && (own[0] || own[1])) {
		for (int i = 0; i < 2 && n < DIRECT_OFFER_MAX; i++) {
			own[i] = next_own(own[i], families[i], ports[i], &list[n]);
			if (!own[i])
				continue;
			strcpy(list[n++].jid, jid);
			own[i] = own[i]->ifa_next;
		}
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

/* The readings of a partner's word. */
enum reading {
	FOUR_NUMBERS, /* rule a of DESIGN 2.1 */
	ITS_END,      /* rule b */
	ITS_PORT,     /* rule c: as the proposal's samples read */
	OUR_END,      /* as the proposal's text reads */
};

static in_port_t port_of(const union candidate_address *a)
{
	return a->sa.sa_family == AF_INET6 ? a->in6.sin6_port : a->in.sin_port;
}

static bool fits(int fd, enum reading reading, const union candidate_address *to,
		 const union candidate_address *from)
{
	union candidate_address local = {0}, remote = {0}, mixed;
	socklen_t local_len = sizeof(local), remote_len = sizeof(remote);

	if (getsockname(fd, &local.sa, &local_len) < 0 ||
	    getpeername(fd, &remote.sa, &remote_len) < 0)
		return false;
	mixed = local;
	if (local.sa.sa_family == AF_INET6)
		mixed.in6.sin6_port = port_of(&remote);
	else
		mixed.in.sin_port = port_of(&remote);
	switch (reading) {
	case FOUR_NUMBERS:
		return same(&local, to) && same(&remote, from);
	case ITS_END:
		return same(&remote, to);
	case ITS_PORT:
		/* A stranger who comes from the very port he connects to fits nothing. */
		return port_of(&local) != port_of(to) && same(&mixed, to);
	case OUR_END:
		return same(&local, to);
	}
	return false;
}

/* The index of the only one that fits; -ENOENT, -EEXIST. */
static int only_one(const struct direct *d, enum reading reading, const union candidate_address *to,
		    const union candidate_address *from)
{
	int found = -ENOENT;

	for (unsigned int i = 0; i < d->n_accepted; i++) {
		if (!fits(d->accepted[i], reading, to, from))
			continue;
		if (found >= 0)
			return -EEXIST;
		found = (int)i;
	}
	return found;
}

int direct_match(struct direct *d, const union candidate_address *to,
		 const union candidate_address *from)
{
	bool four = from->sa.sa_family != 0;
	enum reading reading = four ? FOUR_NUMBERS : ITS_END;
	const enum reading last = four ? FOUR_NUMBERS : OUR_END;
	const int on = 1;
	int found;

	if (d->matched >= 0)
		return -EBUSY;
	accept_all(d);
	while ((found = only_one(d, reading, to, from)) == -ENOENT && reading != last)
		reading++;
	if (found < 0)
		return found;
	d->matched = d->accepted[found];
	d->accepted[found] = d->accepted[--d->n_accepted];
	setsockopt(d->matched, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return 0;
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

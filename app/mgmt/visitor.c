/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include "visitor.h"

static struct in6_addr source_of(const struct sockaddr *addr)
{
	struct in6_addr source = IN6ADDR_ANY_INIT;

	if (addr->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, addr, sizeof(in));
		source.s6_addr[10] = 0xff;
		source.s6_addr[11] = 0xff;
		memcpy(&source.s6_addr[12], &in.sin_addr, sizeof(in.sin_addr));
	} else if (addr->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, addr, sizeof(in6));
		memcpy(&source, &in6.sin6_addr, 8);
	}
	return source;
}

void visitors_init(struct visitors *v)
{
	for (size_t i = 0; i < VISITORS_MAX; i++)
		v->place[i].fd = -1;
}

bool visitors_admit(const struct visitors *v, const struct sockaddr *addr)
{
	const struct in6_addr source = source_of(addr);
	unsigned int all = 0, same = 0;

	for (size_t i = 0; i < VISITORS_MAX; i++) {
		if (v->place[i].fd < 0)
			continue;
		all++;
		same += IN6_ARE_ADDR_EQUAL(&v->place[i].source, &source);
	}
	return all < VISITORS_MAX && same < VISITORS_PER_SOURCE;
}

struct visitor *visitors_enter(struct visitors *v, int fd, const struct sockaddr *addr,
			       uint64_t deadline_ms)
{
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		if (v->place[i].fd >= 0)
			continue;
		v->place[i] = (struct visitor){
			.fd = fd, .deadline_ms = deadline_ms, .source = source_of(addr)};
		return &v->place[i];
	}
	return NULL;
}

void visitor_leave(struct visitor *visitor)
{
	visitor->fd = -1;
}

void visitors_sweep(struct visitors *v, uint64_t now_ms)
{
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &v->place[i];

		if (visitor->fd < 0 || now_ms < visitor->deadline_ms)
			continue;
		shutdown(visitor->fd, SHUT_RDWR);
		visitor->deadline_ms = UINT64_MAX;
	}
}

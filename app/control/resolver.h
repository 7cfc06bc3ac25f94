/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A host name into socket addresses, without blocking: a literal at once, a name by
 * getaddrinfo_a(3), whose helper thread may take as long as it likes.
 */
#ifndef TANDEM_RESOLVER_H
#define TANDEM_RESOLVER_H

#include <netdb.h>
#include <stdint.h>

struct resolver;

/* Returns NULL and sets errno on failure.  `host` is copied; `port` in host byte order. */
struct resolver *resolver_start(const char *host, uint16_t port);

/* 0: `*result` has the addresses, the resolver's own until resolver_free(); EAI_INPROGRESS: ask
 * again later; else what gai_strerror() explains. */
int resolver_poll(struct resolver *r, const struct addrinfo **result);

/* At any time, also while it is under way; the memory a helper thread still uses is left to it. */
void resolver_free(struct resolver *r);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>

#include "hosts.h"

struct teller {
	const struct config *cfg;
	enum hosts_which which;
	void (*tell)(void *ctx, const char *host);
	void *ctx;
};

static void tell_address(const struct teller *t, const struct in6_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(addr))
		inet_ntop(AF_INET, &addr->s6_addr[12], text, sizeof(text));
	else
		inet_ntop(AF_INET6, addr, text, sizeof(text));
	t->tell(t->ctx, text);
}

static void tell_family(const struct teller *t, bool v4)
{
	for (unsigned int i = 0; i < t->cfg->n_ports; i++) {
		for (unsigned int j = 0; j < t->cfg->ports[i].n_addresses; j++) {
			const struct in6_addr *addr = &t->cfg->ports[i].addresses[j].addr;

			if ((bool)IN6_IS_ADDR_V4MAPPED(addr) != v4)
				continue;
			tell_address(t, addr);
			if (t->which == HOSTS_ONE_A_FAMILY)
				return;
		}
	}
}

void hosts_tell(const struct config *cfg, enum hosts_which which,
		void (*tell)(void *ctx, const char *host), void *ctx)
{
	const struct teller t = {cfg, which, tell, ctx};

	for (unsigned int i = 0; i < cfg->advertise.count; i++)
		tell(ctx, cfg->advertise.names[i]);
	if (cfg->advertise.count == 0) {
		tell_family(&t, true);
		tell_family(&t, false);
	}
}

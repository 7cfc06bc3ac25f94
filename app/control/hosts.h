/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where clients find a service: the names of services.advertise, or else the ports' addresses, IPv4
 * before IPv6, for some clients take the first and no other.
 */
#ifndef TANDEM_HOSTS_H
#define TANDEM_HOSTS_H

#include "config.h"

enum hosts_which {
	HOSTS_ALL,
	HOSTS_ONE_A_FAMILY, /* of the addresses; all of the names */
};

/* Call `tell` for each; addresses as RFC 5952 writes them.  The text is gone when `tell` returns. */
void hosts_tell(const struct config *cfg, enum hosts_which which,
		void (*tell)(void *ctx, const char *host), void *ctx);

#endif

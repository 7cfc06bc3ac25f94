/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_IP_SCOPE_H
#define TANDEM_IP_SCOPE_H

#include <netinet/in.h>
#include <stdbool.h>

/* Whether an address (IPv4 as ::ffff:a.b.c.d) is of a network whose addresses are used in many
 * places at once: private, link-local, behind a provider's NAT.  What a client behind NAT believes
 * to be its own is such a one: it tells nobody elsewhere who it is. */
bool ip_is_private(const struct in6_addr *addr);

#endif

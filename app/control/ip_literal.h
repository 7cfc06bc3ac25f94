/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_IP_LITERAL_H
#define TANDEM_IP_LITERAL_H

#include <netinet/in.h>
#include <stdbool.h>

/* Read an IPv4 or IPv6 address, without brackets, port or zone; IPv4 becomes ::ffff:a.b.c.d, as the
 * rest of the program keeps it.  False, with `addr` untouched, for anything else. */
bool ip_literal_read(const char *text, struct in6_addr *addr);

#endif

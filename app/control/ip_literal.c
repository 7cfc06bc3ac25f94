/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <string.h>

#include "ip_literal.h"

bool ip_literal_read(const char *text, struct in6_addr *addr)
{
	struct in6_addr v6 = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		memcpy(&v6.s6_addr[12], &v4, sizeof(v4));
	else if (inet_pton(AF_INET6, text, &v6) != 1)
		return false;
	*addr = v6;
	return true;
}

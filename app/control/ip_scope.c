/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <string.h>

#include "ip_scope.h"

/* Networks whose addresses are used in many places at once: RFC 1918, 3927, 6598. */
static const struct {
	uint32_t addr;
	unsigned int bits;
} private4[] = {
	{0x0a000000, 8}, {0xac100000, 12}, {0xc0a80000, 16}, {0xa9fe0000, 16}, {0x64400000, 10},
};

bool ip_is_private(const struct in6_addr *addr)
{
	uint32_t v4;

	if (!IN6_IS_ADDR_V4MAPPED(addr)) /* RFC 4193, 4291 */
		return (addr->s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_LINKLOCAL(addr) ||
		       IN6_IS_ADDR_SITELOCAL(addr);
	memcpy(&v4, &addr->s6_addr[12], sizeof(v4));
	for (size_t i = 0; i < sizeof(private4) / sizeof(private4[0]); i++) {
		if ((ntohl(v4) ^ private4[i].addr) >> (32 - private4[i].bits) == 0)
			return true;
	}
	return false;
}

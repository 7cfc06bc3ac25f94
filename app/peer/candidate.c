/* SPDX-License-Identifier: BSD-3-Clause */
#include "candidate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MIN 1024

/* Where not to go.  Prefixes in the bytes of in_addr or in6_addr; the first that covers counts. */
struct rule {
	int family;
	unsigned char prefix[16];
	unsigned int bits;
	bool private; /* only to be asked for: on the own link or with --allow-private */
	const char *why;
};

static const struct rule rules[] = {
	{AF_INET, {0}, 8, false, "unspecified address"},
	{AF_INET, {10}, 8, true, "private address"},
	{AF_INET, {100, 64}, 10, true, "private address"},
	{AF_INET, {127}, 8, false, "loopback address"},
	{AF_INET, {169, 254}, 16, false, "link-local address"},
	{AF_INET, {172, 16}, 12, true, "private address"},
	{AF_INET, {192, 168}, 16, true, "private address"},
	{AF_INET, {224}, 4, false, "multicast address"},
	{AF_INET, {240}, 4, false, "reserved address"},
	{AF_INET6, {0}, 128, false, "unspecified address"},
	{AF_INET6, {[15] = 1}, 128, false, "loopback address"},
	{AF_INET6, {[10] = 0xff, 0xff}, 96, false, "IPv4-mapped address"},
	{AF_INET6, {0}, 96, false, "IPv4-compatible address"},
	{AF_INET6, {0, 0x64, 0xff, 0x9b}, 32, false, "translated IPv4 address"},
	{AF_INET6, {0xfc}, 7, true, "private address"},
	{AF_INET6, {0xfe, 0x80}, 10, false, "link-local address"},
	{AF_INET6, {0xfe, 0xc0}, 10, true, "private address"},
	{AF_INET6, {0xff}, 8, false, "multicast address"},
};

int candidate_parse(const char *ip, const char *port, union candidate_address *addr)
{
	unsigned long number;

	memset(addr, 0, sizeof(*addr));
	if (!ip || !port || port[0] == '\0' || strlen(port) > 5 ||
	    strspn(port, "0123456789") != strlen(port))
		return -EINVAL;
	number = strtoul(port, NULL, 10);
	if (number == 0 || number > 65535)
		return -EINVAL;
	if (inet_pton(AF_INET, ip, &addr->in.sin_addr) == 1) {
		addr->in.sin_family = AF_INET;
		addr->in.sin_port = htons((in_port_t)number);
		return 0;
	}
	if (inet_pton(AF_INET6, ip, &addr->in6.sin6_addr) == 1) {
		addr->in6.sin6_family = AF_INET6;
		addr->in6.sin6_port = htons((in_port_t)number);
		return 0;
	}
	return -EINVAL;
}

static const unsigned char *address_bytes(const union candidate_address *addr)
{
	return addr->sa.sa_family == AF_INET6 ? (const unsigned char *)&addr->in6.sin6_addr
					      : (const unsigned char *)&addr->in.sin_addr;
}

static in_port_t address_port(const union candidate_address *addr)
{
	return ntohs(addr->sa.sa_family == AF_INET6 ? addr->in6.sin6_port : addr->in.sin_port);
}

void candidate_format(const union candidate_address *addr, char *ip, char *port)
{
	inet_ntop(addr->sa.sa_family, address_bytes(addr), ip, CANDIDATE_TEXT);
	snprintf(port, 6, "%u", (unsigned int)address_port(addr));
}

socklen_t candidate_length(const union candidate_address *addr)
{
	return addr->sa.sa_family == AF_INET6 ? sizeof(addr->in6) : sizeof(addr->in);
}

bool candidate_is_loopback(const union candidate_address *addr)
{
	if (addr->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&addr->in6.sin6_addr);
	return addr->sa.sa_family == AF_INET && address_bytes(addr)[0] == 127;
}

static bool covers(const unsigned char *prefix, unsigned int bits, const unsigned char *bytes)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	return memcmp(prefix, bytes, whole) == 0 &&
	       (rest == 0 || (prefix[whole] ^ bytes[whole]) >> (8 - rest) == 0);
}

static bool same_subnet(const struct ifaddrs *own, const union candidate_address *addr)
{
	union candidate_address a = {0}, mask = {0};
	const unsigned char *x, *m, *y = address_bytes(addr);
	size_t len = addr->sa.sa_family == AF_INET6 ? 16 : 4;

	if (!own->ifa_addr || !own->ifa_netmask || own->ifa_flags & IFF_LOOPBACK ||
	    own->ifa_addr->sa_family != addr->sa.sa_family)
		return false;
	memcpy(&a, own->ifa_addr, candidate_length(addr));
	memcpy(&mask, own->ifa_netmask, candidate_length(addr));
	mask.sa.sa_family = addr->sa.sa_family; /* the kernel may leave it out */
	x = address_bytes(&a);
	m = address_bytes(&mask);
	if (m[0] == 0)
		return false; /* a mask of nothing would make the world our subnet */
	for (size_t i = 0; i < len; i++) {
		if ((x[i] ^ y[i]) & m[i])
			return false;
	}
	return true;
}

static bool on_own_link(const struct ifaddrs *own, const union candidate_address *addr)
{
	for (; own; own = own->ifa_next) {
		if (same_subnet(own, addr))
			return true;
	}
	return false;
}

const char *candidate_refusal(const union candidate_address *addr,
			      const struct candidate_policy *policy)
{
	if (address_port(addr) < PORT_MIN)
		return "port under 1024";
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];

		if (r->family != addr->sa.sa_family ||
		    !covers(r->prefix, r->bits, address_bytes(addr)))
			continue;
		if (r->private && (policy->allow_private || on_own_link(policy->interfaces, addr)))
			return NULL;
		return r->why;
	}
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "candidate.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

static void parses(void **state)
{
	static const struct {
		const char *ip, *port;
		int family; /* 0: refused */
	} rows[] = {
		{"192.0.2.1", "4000", AF_INET},
		{"2001:db8::1", "65535", AF_INET6},
		{"192.0.2.1", "0", 0},
		{"192.0.2.1", "65536", 0},
		{"192.0.2.1", "+4000", 0},
		{"192.0.2.1", "4000 ", 0},
		{"192.0.2.1", "", 0},
		{"192.0.2.1", "000004000", 0},
		{"192.0.2.1", "0x10", 0},
		{"192.0.2.256", "4000", 0},
		{"192.0.2", "4000", 0},
		{"relay.example.org", "4000", 0},
		{"fe80::1%eth0", "4000", 0},
		{"[2001:db8::1]", "4000", 0},
		{"", "4000", 0},
		{NULL, "4000", 0},
		{"192.0.2.1", NULL, 0},
	};
	union candidate_address addr;
	char ip[CANDIDATE_TEXT], port[6];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		int err = candidate_parse(rows[i].ip, rows[i].port, &addr);

		assert_int_equal(err == 0, rows[i].family != 0);
		if (err)
			continue;
		assert_int_equal(addr.sa.sa_family, rows[i].family);
		candidate_format(&addr, ip, port);
		assert_string_equal(ip, rows[i].ip);
		assert_string_equal(port, rows[i].port);
	}
}

static union candidate_address address(const char *ip, const char *port)
{
	union candidate_address addr;

	assert_int_equal(candidate_parse(ip, port, &addr), 0);
	return addr;
}

static void policy_table(void **state)
{
	static const struct {
		const char *ip, *port;
		bool plain, allow_private; /* may connect */
	} rows[] = {
		{"192.0.2.1", "4000", true, true},
		{"192.0.2.1", "1024", true, true},
		{"192.0.2.1", "1023", false, false},
		{"2001:db8::1", "22", false, false},
		{"8.8.8.8", "4000", true, true},
		{"0.0.0.0", "4000", false, false},
		{"0.1.2.3", "4000", false, false},
		{"127.0.0.1", "4000", false, false},
		{"127.255.255.255", "4000", false, false},
		{"169.254.1.1", "4000", false, false},
		{"224.0.0.1", "4000", false, false},
		{"255.255.255.255", "4000", false, false},
		{"10.0.0.1", "4000", false, true},
		{"172.15.255.255", "4000", true, true},
		{"172.16.0.1", "4000", false, true},
		{"172.31.255.255", "4000", false, true},
		{"172.32.0.1", "4000", true, true},
		{"192.168.1.1", "4000", false, true},
		{"192.169.1.1", "4000", true, true},
		{"100.64.0.1", "4000", false, true},
		{"100.128.0.1", "4000", true, true},
		{"2001:db8::1", "4000", true, true},
		{"::", "4000", false, false},
		{"::1", "4000", false, false},
		{"::127.0.0.1", "4000", false, false},
		{"::ffff:127.0.0.1", "4000", false, false},
		{"::ffff:192.0.2.1", "4000", false, false},
		{"64:ff9b::7f00:1", "4000", false, false},
		{"fe80::1", "4000", false, false},
		{"febf::1", "4000", false, false},
		{"fec0::1", "4000", false, true},
		{"fd00::1", "4000", false, true},
		{"fc00::1", "4000", false, true},
		{"ff02::1", "4000", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct candidate_policy policy = {.allow_private = false};
		union candidate_address addr = address(rows[i].ip, rows[i].port);

		if ((candidate_refusal(&addr, &policy) == NULL) != rows[i].plain)
			fail_msg("%s %s", rows[i].ip, rows[i].port);
		policy.allow_private = true;
		if ((candidate_refusal(&addr, &policy) == NULL) != rows[i].allow_private)
			fail_msg("%s %s with allow_private", rows[i].ip, rows[i].port);
	}
}

static void own_subnets(void **state)
{
	static const struct {
		const char *own, *mask;
		unsigned int flags;
		const char *ip;
		bool may;
	} rows[] = {
		{"10.1.2.3", "255.255.255.0", IFF_UP, "10.1.2.200", true},
		{"10.1.2.3", "255.255.255.0", IFF_UP, "10.1.3.1", false},
		{"10.1.2.3", "255.255.255.128", IFF_UP, "10.1.2.200", false},
		{"10.1.2.3", "255.255.255.0", IFF_UP | IFF_LOOPBACK, "10.1.2.200", false},
		{"10.1.2.3", "0.0.0.0", IFF_UP, "192.168.1.1", false},
		{"127.0.0.2", "255.0.0.0", IFF_UP, "127.0.0.1", false},
		{"fd00:1::1", "ffff:ffff::", IFF_UP, "fd00:1::2", true},
		{"fd00:1::1", "ffff:ffff::", IFF_UP, "fd00:2::2", false},
		{"fd00:1::1", "ffff:ffff::", IFF_UP, "10.1.2.3", false},
		{"fe80::1", "ffff::", IFF_UP, "fe80::2", false},
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		union candidate_address own = address(rows[i].own, "1");
		union candidate_address mask = address(rows[i].mask, "1");
		union candidate_address addr = address(rows[i].ip, "4000");
		struct ifaddrs nothing = {.ifa_flags = IFF_UP};
		struct ifaddrs list = {.ifa_next = &nothing,
				       .ifa_flags = rows[i].flags,
				       .ifa_addr = &own.sa,
				       .ifa_netmask = &mask.sa};
		struct candidate_policy policy = {.interfaces = &list};

		if ((candidate_refusal(&addr, &policy) == NULL) != rows[i].may)
			fail_msg("row %zu: %s from %s", i, rows[i].ip, rows[i].own);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(policy_table),
		cmocka_unit_test(own_subnets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

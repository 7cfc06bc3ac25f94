/* SPDX-License-Identifier: BSD-3-Clause */
/* The rendezvous service: its range of ports, its prefix, and what they must keep clear of. */
#include "config_fixture.h"
#include "value.h"

/* It would make stairs of strings that are put together. */
/* clang-format off */

#define RENDEZVOUS(ports, services, complaints)                                          \
	{XMPP ports "services:\n" services "\n", complaints}
#define RANGE(range, what)                                                                \
	RENDEZVOUS(PORTS, "  rendezvous: {ports: " range "}\n  endpoint: {}",           \
		   E(10, "services.rendezvous.ports", what))
#define PREFIX(prefix, what)                                                             \
	RENDEZVOUS(PORTS, "  rendezvous: {prefix: " prefix "}\n  endpoint: {}",         \
		   E(10, "services.rendezvous.prefix", what))
#define NO_RANGE      "must be a range like 10000-32767"
#define OUT_OF_RANGE  "out of range: must be within 1024-65535"
#define BITS_BEHIND   "has bits behind its length"

static const struct bad bad_rendezvous[] = {
	RANGE("10000", NO_RANGE), RANGE("-5", NO_RANGE), RANGE("5-", NO_RANGE),
	RANGE("10001-10000", NO_RANGE), RANGE("10000-+20000", NO_RANGE),
	RANGE("10000-020000", NO_RANGE), RANGE("10000-20000-30000", NO_RANGE),
	RANGE("00000000000001-20000", NO_RANGE),
	RANGE("1023-20000", OUT_OF_RANGE), RANGE("10000-65536", OUT_OF_RANGE),
	RANGE("10000-99999999999999999999", NO_RANGE),
	RANGE("3999-4000", "4000 is the port of services.endpoint"),
	RANGE("4000-4001", "4000 is the port of services.endpoint"),
	RENDEZVOUS(PORTS, "  rendezvous: {}\n  socks5: {}",
		   E(10, "services.rendezvous", "needs services.endpoint")),
	RENDEZVOUS("ports:\n  - device: a\n    tap: t\n    addresses: [\"2001:db8::1/48\"]\n",
		   "  rendezvous: {}\n  endpoint: {}",
		   E(10, "services.rendezvous",
		     "no port has an IPv4 address, and no prefix is given")),
	RENDEZVOUS(PORTS, "  rendezvous: {ports: 7777-7778}\n  endpoint: {}\n  socks5: {}",
		   E(10, "services.rendezvous.ports", "7777 is the port of services.socks5")),
	PREFIX("192.0.2.0/24", "must be of IPv6"),
	PREFIX("\"2001:db8::/65\"", "must be a /64 or shorter"),
	PREFIX("\"2001:db8::/128\"", "must be a /64 or shorter"),
	PREFIX("\"2001:db8::1/64\"", BITS_BEHIND), PREFIX("\"2001:db8:1::/47\"", BITS_BEHIND),
	PREFIX("\"2001:db8:0:1::/63\"", BITS_BEHIND),
	PREFIX("\"fe80::/64\"", "a link-local address: nobody elsewhere can reach it"),
	PREFIX("\"ff00::/16\"", "not a unicast address"),
	PREFIX("\"2000::/15\"", "a prefix this short is no subnet"),
	PREFIX("\"2001:db8::1\"", NO_ADDRESS),
	RENDEZVOUS("ports:\n  - device: a\n    tap: t\n    addresses: [\"2001:db8::1/48\"]\n",
		   "  rendezvous: {prefix: \"2001:db8:0:1::/64\"}\n  endpoint: {}",
		   E(10, "services.rendezvous.prefix", "overlaps the subnet of ports[0]")),
};

/* clang-format on */

static void good_rendezvous(void **state)
{
	static const struct {
		const char *text;
		uint16_t first, last;
		uint8_t prefix_len;
	} rows[] = {
		{"{}", 10000, 32767, 0},
		{"{ports: 1024-1024}", 1024, 1024, 0},
		{"{prefix: \"2001:db8:0:1::/64\"}", 10000, 32767, 64},
		{"{ports: 10000-10001, prefix: \"2001:db8:f00::/47\"}", 10000, 10001, 47},
	};
	struct config *cfg = load_good(XMPP PORTS SERVICES);
	char text[512];

	(void)state;
	assert_false(cfg->rendezvous.enabled);
	config_free(cfg);
	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(text, sizeof(text),
			       XMPP PORTS "services: {endpoint: {}, rendezvous: %s}\n"
					  "limits: {reservations_per_jid: 7}\n"
					  "timers: {reserve: 90s}\n",
			       rows[i].text);
		cfg = load_good(text);
		assert_true(cfg->rendezvous.enabled);
		assert_int_equal(cfg->rendezvous.ports.first, rows[i].first);
		assert_int_equal(cfg->rendezvous.ports.last, rows[i].last);
		assert_int_equal(cfg->rendezvous.prefix.prefix_len, rows[i].prefix_len);
		assert_int_equal(cfg->limits.reservations_per_jid, 7);
		assert_int_equal(cfg->timers.reserve_ms, 90000);
		config_free(cfg);
	}
}

static void rendezvous_is_checked(void **state)
{
	(void)state;
	run_bad(bad_rendezvous, COUNT(bad_rendezvous));
}

/* Ports from which the kernel takes those of its own connections. */
static void rendezvous_spares_the_kernel(void **state)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	unsigned int first, last;
	char text[512], errors[512];

	(void)state;
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u %u", &first, &last), 2);
	fclose(f);
	for (unsigned int port = first; port <= last; port += last > first ? last - first : 1) {
		(void)snprintf(text, sizeof(text),
			       XMPP PORTS "services: {endpoint: {}, rendezvous: {ports: %u-%u}}\n",
			       port, port);
		(void)snprintf(errors, sizeof(errors),
			       E(9, "services.rendezvous.ports",
				 "overlaps %u-%u, the kernel's own in "
				 "/proc/sys/net/ipv4/ip_local_port_range"),
			       first, last);
		load_bad(text, -EINVAL, errors);
	}
}

static void ranges(void **state)
{
	struct config_range range = {0, 0};

	(void)state;
	assert_int_equal(value_range("10000-32767", &range), 0);
	assert_int_equal(range.first, 10000);
	assert_int_equal(range.last, 32767);
	assert_int_equal(value_range("0-65535", &range), 0);
	assert_int_equal(value_range("0-65536", &range), -ERANGE);
	assert_int_equal(value_range("", &range), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_rendezvous),
		cmocka_unit_test(rendezvous_is_checked),
		cmocka_unit_test(rendezvous_spares_the_kernel),
		cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests(tests, config_setup, config_teardown);
}

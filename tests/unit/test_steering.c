/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steering, against a driver that keeps what it is asked for and refuses at a call of choice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>

#include "rss.h"
#include "steering.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PORT	     3
#define RULES	     5 /* four addresses and the rest */
#define NEVER	     UINT32_MAX

/* --- a driver --- */

static char asked[16384]; /* every rule as text, one a line */
static unsigned int validated, created, refuse_at;
static bool alive[STEERING_MAX_RULES];
static const char *refusal;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
	size_t used = strlen(asked);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(asked + used, sizeof(asked) - used, fmt, ap);
	va_end(ap);
}

static bool all_ones(const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (((const uint8_t *)bytes)[i] != 0xff)
			return false;
	}
	return true;
}

/* Everything but `length` bytes at `offset` is zero. */
static bool only(const void *bytes, size_t size, size_t offset, size_t length)
{
	for (size_t i = 0; i < size; i++) {
		if ((i < offset || i >= offset + length) && ((const uint8_t *)bytes)[i] != 0)
			return false;
	}
	return true;
}

static void say_ipv4(const struct rte_flow_item *item)
{
	const struct rte_flow_item_ipv4 *spec = item->spec, *mask = item->mask;
	const size_t at = offsetof(struct rte_flow_item_ipv4, hdr.dst_addr);
	char text[INET_ADDRSTRLEN];

	assert_true(all_ones(&mask->hdr.dst_addr, 4) && only(mask, sizeof(*mask), at, 4));
	say(" / ipv4 dst %s", inet_ntop(AF_INET, &spec->hdr.dst_addr, text, sizeof(text)));
}

static void say_ipv6(const struct rte_flow_item *item)
{
	const struct rte_flow_item_ipv6 *spec = item->spec, *mask = item->mask;
	const size_t at = offsetof(struct rte_flow_item_ipv6, hdr.dst_addr);
	const uint8_t *m = mask->hdr.dst_addr;
	char text[INET6_ADDRSTRLEN];
	unsigned int bits = 0;

	assert_true(only(mask, sizeof(*mask), at, 16));
	while (bits < 128 && m[bits / 8] & 0x80 >> bits % 8)
		bits++;
	for (unsigned int i = bits; i < 128; i++)
		assert_int_equal(m[i / 8] & 0x80 >> i % 8, 0);
	say(" / ipv6 dst %s", inet_ntop(AF_INET6, spec->hdr.dst_addr, text, sizeof(text)));
	if (bits < 128)
		say("/%u", bits);
}

static void say_tcp(const struct rte_flow_item *item)
{
	const struct rte_flow_item_tcp *spec = item->spec, *mask = item->mask;
	const size_t at = offsetof(struct rte_flow_item_tcp, hdr.dst_port);

	uint16_t port = ntohs(spec->hdr.dst_port), bits = ntohs(mask->hdr.dst_port);

	assert_true(only(mask, sizeof(*mask), at, 2));
	assert_int_equal(port & ~bits, 0);
	say(" / tcp dst %u", port);
	if (bits != UINT16_MAX)
		say("-%u", port | (uint16_t)~bits);
}

static void say_vlan(const struct rte_flow_item *item)
{
	const struct rte_flow_item_vlan *spec = item->spec, *mask = item->mask;

	assert_int_equal(mask->tci, htons(0x0fff));
	assert_int_equal(mask->inner_type, 0);
	say(" / vlan %u", ntohs(spec->tci));
}

static void say_items(const struct rte_flow_item *item)
{
	for (; item->type != RTE_FLOW_ITEM_TYPE_END; item++) {
		assert_null(item->last);
		switch (item->type) {
		case RTE_FLOW_ITEM_TYPE_ETH:
			assert_null(item->spec);
			say(" eth");
			break;
		case RTE_FLOW_ITEM_TYPE_VLAN:
			say_vlan(item);
			break;
		case RTE_FLOW_ITEM_TYPE_IPV4:
			say_ipv4(item);
			break;
		case RTE_FLOW_ITEM_TYPE_IPV6:
			say_ipv6(item);
			break;
		case RTE_FLOW_ITEM_TYPE_TCP:
			say_tcp(item);
			break;
		default:
			fail();
		}
	}
}

static void say_rss(const struct rte_flow_action_rss *rss)
{
	assert_int_equal(rss->func, RTE_ETH_HASH_FUNCTION_DEFAULT);
	assert_int_equal(rss->level, 0);
	assert_int_equal(rss->key_len, 40);
	assert_memory_equal(rss->key, rss_symmetric_key, 40);
	assert_int_equal(rss->types, RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP);
	say(" rss");
	for (unsigned int i = 0; i < rss->queue_num; i++)
		say(" %u", rss->queue[i]);
}

static void say_actions(const struct rte_flow_action *action)
{
	if (action->type == RTE_FLOW_ACTION_TYPE_RSS) {
		say_rss(action->conf);
	} else {
		const struct rte_flow_action_queue *queue = action->conf;

		assert_int_equal(action->type, RTE_FLOW_ACTION_TYPE_QUEUE);
		say(" queue %u", queue->index);
	}
	assert_int_equal(action[1].type, RTE_FLOW_ACTION_TYPE_END);
	say("\n");
}

static int take(uint16_t port_id, const struct rte_flow_attr *attr,
		const struct rte_flow_item *items, const struct rte_flow_action *actions,
		unsigned int number, struct rte_flow_error *error)
{
	assert_int_equal(port_id, PORT);
	assert_true(attr->ingress && !attr->egress && !attr->transfer && attr->group == 0);
	say("%u:", attr->priority);
	say_items(items);
	say(" ->");
	say_actions(actions);
	if (number != refuse_at)
		return 0;
	error->message = refusal;
	return -ENOTSUP;
}

int __wrap_rte_flow_validate(uint16_t port_id, const struct rte_flow_attr *attr,
			     const struct rte_flow_item *items,
			     const struct rte_flow_action *actions, struct rte_flow_error *error);
int __wrap_rte_flow_validate(uint16_t port_id, const struct rte_flow_attr *attr,
			     const struct rte_flow_item *items,
			     const struct rte_flow_action *actions, struct rte_flow_error *error)
{
	return take(port_id, attr, items, actions, validated++, error);
}

struct rte_flow *__wrap_rte_flow_create(uint16_t port_id, const struct rte_flow_attr *attr,
					const struct rte_flow_item *items,
					const struct rte_flow_action *actions,
					struct rte_flow_error *error);
struct rte_flow *__wrap_rte_flow_create(uint16_t port_id, const struct rte_flow_attr *attr,
					const struct rte_flow_item *items,
					const struct rte_flow_action *actions,
					struct rte_flow_error *error)
{
	unsigned int number = created++;

	if (take(port_id, attr, items, actions, number, error) < 0) {
		rte_errno = ENOTSUP;
		return NULL;
	}
	alive[number] = true;
	return (struct rte_flow *)&alive[number];
}

int __wrap_rte_flow_destroy(uint16_t port_id, struct rte_flow *flow, struct rte_flow_error *error);
int __wrap_rte_flow_destroy(uint16_t port_id, struct rte_flow *flow, struct rte_flow_error *error)
{
	bool *it = (bool *)flow;

	(void)error;
	assert_int_equal(port_id, PORT);
	assert_true(*it);
	*it = false;
	return 0;
}

static unsigned int living(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < COUNT(alive); i++)
		n += alive[i];
	return n;
}

/* --- the configuration --- */

static struct config_address v4(const char *text)
{
	struct config_address a = {.addr.s6_addr = {[10] = 0xff, [11] = 0xff}};

	assert_int_equal(inet_pton(AF_INET, text, &a.addr.s6_addr[12]), 1);
	return a;
}

static struct config_address v6(const char *text)
{
	struct config_address a = {.prefix_len = 0};

	assert_int_equal(inet_pton(AF_INET6, text, &a.addr), 1);
	return a;
}

static struct config cfg;
static struct steering_target target;

static int set_up(void **state)
{
	(void)state;
	memset(&cfg, 0, sizeof(cfg));
	cfg.n_ports = 2;
	cfg.ports[0].addresses[0] = v4("192.0.2.10");
	cfg.ports[0].addresses[1] = v6("2001:db8:1::10");
	cfg.ports[0].n_addresses = 2;
	cfg.ports[1].addresses[0] = v4("198.51.100.10");
	cfg.ports[1].addresses[1] = v6("2001:db8:2::10");
	cfg.ports[1].n_addresses = 2;
	cfg.endpoint.enabled = true;
	cfg.endpoint.port = 4000;
	target = (struct steering_target){
		.port_id = PORT,
		.queues = 3,
		.rss_key_bytes = 40,
		.rss_types = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP |
			     RTE_ETH_RSS_NONFRAG_IPV4_UDP,
	};
	memset(alive, 0, sizeof(alive));
	validated = created = 0;
	refuse_at = NEVER;
	refusal = NULL;
	asked[0] = '\0';
	return 0;
}

#define RULES_OF(vlan, to_workers, to_rest)                                                  \
	"0: eth" vlan " / ipv4 dst 192.0.2.10 / tcp dst 4000 -> " to_workers "\n0: eth" vlan \
	" / ipv6 dst 2001:db8:1::10 / tcp dst 4000 -> " to_workers "\n0: eth" vlan           \
	" / ipv4 dst 198.51.100.10 / tcp dst 4000 -> " to_workers "\n0: eth" vlan            \
	" / ipv6 dst 2001:db8:2::10 / tcp dst 4000 -> " to_workers "\n1: eth -> " to_rest "\n"

static void rules_are_as_they_should_be(void **state)
{
	static const struct {
		uint16_t queues, vlan;
		const char *rules;
	} rows[] = {
		{3, 0, RULES_OF("", "rss 0 1 2", "queue 3")},
		{1, 0, RULES_OF("", "queue 0", "queue 1")},
		{2, 100, RULES_OF(" / vlan 100", "rss 0 1", "queue 2")},
	};
	const char *why = "not said";
	struct steering s;

	for (size_t i = 0; i < COUNT(rows); i++) {
		set_up(state);
		target.queues = rows[i].queues;
		target.vlan = rows[i].vlan;
		assert_int_equal(steering_validate(&target, &cfg, &why), 0);
		assert_string_equal(asked, rows[i].rules);
		assert_null(why);
		asked[0] = '\0';
		assert_int_equal(steering_start(&s, &target, &cfg, &why), 0);
		assert_string_equal(asked, rows[i].rules);
		assert_int_equal(s.n_rules, RULES);
		assert_int_equal(living(), RULES);
		steering_stop(&s);
		assert_int_equal(living(), 0);
		assert_int_equal(s.n_rules, 0);
		steering_stop(&s);
	}
}

static void one_refusal_refuses_all(void **state)
{
	const char *why;

	for (unsigned int k = 0; k < RULES; k++) {
		set_up(state);
		refuse_at = k;
		refusal = "no such item";
		assert_int_equal(steering_validate(&target, &cfg, &why), -ENOTSUP);
		assert_string_equal(why, "no such item");
		assert_int_equal(validated, k + 1);
		assert_int_equal(created, 0);
	}
}

static void one_failure_takes_all_back(void **state)
{
	struct steering s;
	const char *why;

	for (unsigned int k = 0; k < RULES; k++) {
		set_up(state);
		refuse_at = k;
		assert_int_equal(steering_start(&s, &target, &cfg, &why), -ENOTSUP);
		assert_string_equal(why, strerror(ENOTSUP)); /* the driver gave no reason */
		assert_int_equal(created, k + 1);
		assert_int_equal(living(), 0);
		assert_int_equal(s.n_rules, 0);
	}
}

/* The range in aligned blocks, on IPv4 only; the prefix with the endpoint's port. */
static void rendezvous_is_steered(void **state)
{
#define SERVICE(dst, ports) "0: eth / " dst " / tcp dst " ports " -> rss 0 1 2\n"
#define RANGE(dst)           \
	SERVICE(dst, "4000") \
	SERVICE(dst, "9999") \
	SERVICE(dst, "10000-10015") SERVICE(dst, "10016-10017") SERVICE(dst, "10018")
	static const char *const rules =
		RANGE("ipv4 dst 192.0.2.10") SERVICE("ipv6 dst 2001:db8:1::10", "4000") RANGE(
			"ipv4 dst 198.51.100.10") SERVICE("ipv6 dst 2001:db8:2::10", "4000")
			SERVICE("ipv6 dst 2001:db8:f000::/52", "4000") "1: eth -> queue 3\n";
	const char *why;

	(void)state;
	cfg.rendezvous.enabled = true;
	cfg.rendezvous.ports = (struct config_range){9999, 10018};
	cfg.rendezvous.prefix = v6("2001:db8:f000::");
	cfg.rendezvous.prefix.prefix_len = 52;
	assert_int_equal(steering_validate(&target, &cfg, &why), 0);
	assert_string_equal(asked, rules);
}

/* Each port of the range is in one block, and no other is in any. */
static void blocks_are_the_range(void **state)
{
	static const struct config_range ranges[] = {
		{1024, 65535}, {1024, 1024}, {65535, 65535}, {1025, 65534}, {10000, 32767}};
	static uint8_t covered[65536];
	const char *why, *line;

	(void)state;
	cfg.n_ports = cfg.ports[0].n_addresses = 1;
	cfg.endpoint.enabled = false;
	cfg.rendezvous.enabled = true;
	for (size_t i = 0; i < COUNT(ranges); i++) {
		cfg.rendezvous.ports = ranges[i];
		asked[0] = '\0';
		memset(covered, 0, sizeof(covered));
		assert_int_equal(steering_validate(&target, &cfg, &why), 0);
		for (line = asked; (line = strstr(line, "tcp dst ")) != NULL; line++) {
			unsigned int first, last;

			if (sscanf(line, "tcp dst %u-%u", &first, &last) == 1)
				last = first;
			for (unsigned int port = first; port <= last; port++)
				covered[port]++;
		}
		for (unsigned int port = 0; port <= UINT16_MAX; port++)
			assert_int_equal(covered[port],
					 port >= ranges[i].first && port <= ranges[i].last);
	}
}

/* Every address there can be fits, for every service. */
static void the_largest_configuration(void **state)
{
	struct steering s;
	const char *why;

	(void)state;
	target.queues = CONFIG_MAX_QUEUES;
	cfg.socks5.enabled = true;
	cfg.socks5.port = 7777;
	cfg.rendezvous.enabled = true;
	cfg.rendezvous.ports = (struct config_range){1025, 65534};
	cfg.rendezvous.prefix = v6("2001:db8:f000::");
	cfg.rendezvous.prefix.prefix_len = 64;
	cfg.n_ports = CONFIG_MAX_PORTS;
	for (unsigned int port = 0; port < CONFIG_MAX_PORTS; port++) {
		cfg.ports[port].n_addresses = CONFIG_MAX_ADDRESSES;
		for (unsigned int i = 0; i < CONFIG_MAX_ADDRESSES; i++)
			cfg.ports[port].addresses[i] = v4("192.0.2.1");
	}
	assert_int_equal(steering_start(&s, &target, &cfg, &why), 0);
	/* The range has 29 blocks: only from port 1 on there would be one more. */
	assert_int_equal(living(), STEERING_MAX_RULES - CONFIG_MAX_PORTS * CONFIG_MAX_ADDRESSES);
	steering_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rules_are_as_they_should_be, set_up),
		cmocka_unit_test_setup(one_refusal_refuses_all, set_up),
		cmocka_unit_test_setup(one_failure_takes_all_back, set_up),
		cmocka_unit_test_setup(rendezvous_is_steered, set_up),
		cmocka_unit_test_setup(blocks_are_the_range, set_up),
		cmocka_unit_test_setup(the_largest_configuration, set_up),
	};

	return cmocka_run_group_tests_name("steering", tests, NULL, NULL);
}

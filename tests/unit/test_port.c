/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports start, on the null driver: with RSS as it has it, and with an rte_flow of the test's own,
 * which it has not.  TAPs are null devices too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "eal_fixture.h"
#include "log.h"
#include "port.h"
#include "port_kind.h"

#define RULES 3 /* two addresses and the rest */
#define NEVER UINT32_MAX

/* --- what is said --- */

static char said[4096];

void __wrap_log_write(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void __wrap_log_write(enum log_level level, const char *fmt, ...)
{
	size_t used = strlen(said);
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(said + used, sizeof(said) - used - 1, fmt, ap);
	va_end(ap);
	strcat(said, "\n");
}

/* --- a driver that may have rte_flow --- */

static struct port_kind kind;
static unsigned int validated, created, destroyed, refuse_validate, refuse_create;
static uint16_t queues_when_validated;
static bool started_when_validated, started_when_created;

static bool started[RTE_MAX_ETHPORTS];

int __real_rte_eth_dev_start(uint16_t id);
int __wrap_rte_eth_dev_start(uint16_t id);
int __wrap_rte_eth_dev_start(uint16_t id)
{
	int rc = __real_rte_eth_dev_start(id);

	started[id] = rc == 0;
	return rc;
}

int __real_rte_eth_dev_stop(uint16_t id);
int __wrap_rte_eth_dev_stop(uint16_t id);
int __wrap_rte_eth_dev_stop(uint16_t id)
{
	started[id] = false;
	return __real_rte_eth_dev_stop(id);
}

static uint16_t rx_queues_of(uint16_t port_id)
{
	struct rte_eth_dev_info info;

	assert_int_equal(rte_eth_dev_info_get(port_id, &info), 0);
	return info.nb_rx_queues;
}

const struct port_kind *__wrap_port_kind_of(const char *driver);
const struct port_kind *__wrap_port_kind_of(const char *driver)
{
	(void)driver;
	return &kind;
}

int __wrap_rte_flow_validate(uint16_t port_id, const struct rte_flow_attr *attr,
			     const struct rte_flow_item *items,
			     const struct rte_flow_action *actions, struct rte_flow_error *error);
int __wrap_rte_flow_validate(uint16_t port_id, const struct rte_flow_attr *attr,
			     const struct rte_flow_item *items,
			     const struct rte_flow_action *actions, struct rte_flow_error *error)
{
	(void)attr, (void)items, (void)actions;
	queues_when_validated = rx_queues_of(port_id);
	started_when_validated = started[port_id];
	error->message = "refused by the test";
	return validated++ == refuse_validate ? -ENOTSUP : 0;
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
	static int rule;

	(void)attr, (void)items, (void)actions;
	started_when_created = started[port_id];
	error->message = "not created by the test";
	rte_errno = ENOSPC;
	return created++ == refuse_create ? NULL : (struct rte_flow *)&rule;
}

int __wrap_rte_flow_destroy(uint16_t port_id, struct rte_flow *flow, struct rte_flow_error *error);
int __wrap_rte_flow_destroy(uint16_t port_id, struct rte_flow *flow, struct rte_flow_error *error)
{
	(void)flow, (void)error;
	assert_true(started[port_id]);
	destroyed++;
	return 0;
}

/* --- TAPs --- */

int __real_rte_eal_hotplug_add(const char *bus, const char *name, const char *args);
int __wrap_rte_eal_hotplug_add(const char *bus, const char *name, const char *args);
int __wrap_rte_eal_hotplug_add(const char *bus, const char *name, const char *args)
{
	(void)bus, (void)args;
	assert_string_equal(name, "net_tap0");
	return __real_rte_eal_hotplug_add("vdev", "net_null9", "");
}

int __real_rte_eth_dev_get_port_by_name(const char *name, uint16_t *id);
int __wrap_rte_eth_dev_get_port_by_name(const char *name, uint16_t *id);
int __wrap_rte_eth_dev_get_port_by_name(const char *name, uint16_t *id)
{
	bool tap = strcmp(name, "net_tap0") == 0;

	return __real_rte_eth_dev_get_port_by_name(tap ? "net_null9" : name, id);
}

int __wrap_rte_eth_dev_set_mtu(uint16_t id, uint16_t mtu);
int __wrap_rte_eth_dev_set_mtu(uint16_t id, uint16_t mtu)
{
	(void)id;
	assert_int_equal(mtu, 1500);
	return 0;
}

/* --- the world --- */

static char device[] = "net_null0";
static char tap[] = "tandem0";
static struct config cfg;
static struct port_set set;

static int set_up(void **state)
{
	(void)state;
	memset(&cfg, 0, sizeof(cfg));
	cfg.dataplane.n_workers = 2;
	cfg.n_ports = 1;
	cfg.ports[0] = (struct config_port){
		.device = device, .tap = tap, .queues = 2, .mtu = 1500, .n_addresses = 2};
	cfg.endpoint.enabled = true;
	cfg.endpoint.port = 4000;
	kind = (struct port_kind){.mtu_max = 1500, .room_max = UINT16_MAX};
	validated = created = destroyed = 0;
	refuse_validate = refuse_create = NEVER;
	queues_when_validated = 0;
	said[0] = '\0';
	return __real_rte_eal_hotplug_add("vdev", device, "");
}

static int tear_down(void **state)
{
	(void)state;
	port_set_stop(&set);
	rte_eal_hotplug_remove("vdev", device);
	rte_eal_hotplug_remove("vdev", "net_null9");
	return 0;
}

static void expect_queues(uint16_t id, uint16_t rx, uint16_t tx)
{
	struct rte_eth_dev_info info;

	assert_int_equal(rte_eth_dev_info_get(id, &info), 0);
	assert_int_equal(info.nb_rx_queues, rx);
	assert_int_equal(info.nb_tx_queues, tx);
	assert_true(started[id]);
}

static void expect_said(const char *text)
{
	if (strstr(said, text) == NULL)
		fail_msg("not said: %s\nbut:\n%s", text, said);
}

/* --- tests --- */

/* The queues of the configuration to receive, one a worker to send; a TAP has one a worker. */
static void plain(void **state)
{
	(void)state;
	cfg.ports[0].queues = 4;
	assert_int_equal(port_set_start(&set, &cfg), 0);
	expect_queues(set.ports[0].ids[0], 4, 2);
	expect_queues(set.ports[0].tap_id, 2, 2);
	assert_int_equal(set.ports[0].rx_queues, 4);
	assert_false(port_is_steered(&set.ports[0]));
	assert_int_equal(validated, 0);
	expect_said("port net_null0: driver net_null, 4 queue(s), service traffic is told apart in "
		    "software: the driver has no rte_flow, or no queue to spare\n");
	/* this driver does RSS, and says so */
	expect_said("port net_null0: RSS is ");
}

static void a_queue_to_send_for_each_to_receive(void **state)
{
	(void)state;
	kind.tx_as_rx = true;
	cfg.ports[0].queues = 4;
	assert_int_equal(port_set_start(&set, &cfg), 0);
	expect_queues(set.ports[0].ids[0], 4, 4);
}

static void one_queue_needs_no_rss(void **state)
{
	(void)state;
	cfg.dataplane.n_workers = 1;
	cfg.ports[0].queues = 1;
	assert_int_equal(port_set_start(&set, &cfg), 0);
	expect_queues(set.ports[0].ids[0], 1, 1);
	assert_null(strstr(said, "RSS"));
}

static void steered(void **state)
{
	(void)state;
	kind.steers = true;
	assert_int_equal(port_set_start(&set, &cfg), 0);
	assert_int_equal(validated, RULES);
	assert_int_equal(queues_when_validated, 3);
	assert_false(started_when_validated);
	assert_int_equal(created, RULES);
	assert_true(started_when_created);
	expect_queues(set.ports[0].ids[0], 3, 2);
	assert_int_equal(set.ports[0].rx_queues, 3);
	assert_true(port_is_steered(&set.ports[0]));
	expect_said("port net_null0: driver net_null, rte_flow steers service traffic to 2 "
		    "queue(s) and the rest to queue 2\n");
	port_set_stop(&set);
	assert_int_equal(destroyed, RULES);
}

/* Refused before anything was started: no queue is left over. */
static void refused(void **state)
{
	(void)state;
	kind.steers = true;
	refuse_validate = 1;
	assert_int_equal(port_set_start(&set, &cfg), 0);
	assert_int_equal(created, 0);
	expect_queues(set.ports[0].ids[0], 2, 2);
	assert_int_equal(set.ports[0].rx_queues, 2);
	assert_false(port_is_steered(&set.ports[0]));
	expect_said("told apart in software: refused by the test\n");
}

/* It took the rules when asked, and not when told: back to where it never was. */
static void failed(void **state)
{
	(void)state;
	kind.steers = true;
	refuse_create = RULES - 1;
	assert_int_equal(port_set_start(&set, &cfg), 0);
	assert_int_equal(created, RULES);
	assert_int_equal(destroyed, RULES - 1);
	expect_queues(set.ports[0].ids[0], 2, 2);
	assert_int_equal(set.ports[0].rx_queues, 2);
	assert_false(port_is_steered(&set.ports[0]));
	expect_said("told apart in software: not created by the test\n");
}

static void no_such_device(void **state)
{
	static char other[] = "net_null7";

	(void)state;
	cfg.ports[0].device = other;
	assert_int_equal(port_set_start(&set, &cfg), -ENODEV);
	expect_said("port net_null7: no such device\n");
}

static int start_eal(void **state)
{
	(void)state;
	return eal_start(256);
}

static int stop_eal(void **state)
{
	(void)state;
	return eal_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(plain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_queue_to_send_for_each_to_receive, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_queue_needs_no_rss, set_up, tear_down),
		cmocka_unit_test_setup_teardown(steered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_such_device, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("port", tests, start_eal, stop_eal);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The data plane as a whole: made, started on an lcore of its own, stopped; its pen and its view. */
#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_lcore.h>

#include "dataplane.h"
#include "flow_fixture.h"
#include "mailbox.h"

#define WORKER_LCORE 1

static const struct dataplane_port no_port;

/* Two lcores, on whatever processor there is. */
static int set_up(void **state)
{
	char arguments[][40] = {"test",	    "--no-huge",      "-m",	      "64",
				"--no-pci", "--no-telemetry", "--no-shconf",  "--lcores",
				"(0-1)@0",  "--log-level=4",  "--file-prefix"};
	char *argv[RTE_DIM(arguments)];
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(arguments); i++)
		argv[i] = arguments[i];
	snprintf(arguments[i - 1], sizeof(arguments[0]), "--file-prefix=tandem-test-%d",
		 (int)getpid());
	return rte_eal_init(RTE_DIM(arguments), argv) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (rte_eal_cleanup() < 0)
		return -1;
	return rmdir(rte_eal_get_runtime_dir());
}

static void configure(struct config *cfg)
{
	struct config_port *port = &cfg->ports[0];

	memset(cfg, 0, sizeof(*cfg));
	cfg->limits.sessions = 4;
	cfg->limits.half_open = 16;
	cfg->limits.legs = 8;
	cfg->limits.legs_per_source = 4;
	cfg->dataplane.workers[0] = WORKER_LCORE;
	cfg->dataplane.n_workers = 1;
	cfg->dataplane.mss = 1400;
	cfg->endpoint.port = RELAY_PORT;
	port->n_addresses = 2;
	tuple_map_v4(&port->addresses[0].addr, rte_cpu_to_be_32(RELAY_ADDR));
	port->addresses[0].prefix_len = 24;
	port->addresses[1].addr = relay6;
	port->addresses[1].prefix_len = 64;
}

/* --- */

static void made_and_unmade(void **state)
{
	const struct dataplane_port port = {.id = 0};
	struct leg_report a = report_alice(), b = report_bob();
	struct mailbox *mb = mailbox_create(1);
	struct mailbox_splicer pen;
	struct flow_status status;
	struct dataplane *dp;
	struct config cfg;
	uint64_t flow, other;

	(void)state;
	configure(&cfg);
	cfg.n_ports = 1;
	dp = dataplane_create(&cfg, mb, &port, NULL);
	assert_non_null(dp);
	assert_int_equal(dataplane_worker_count(dp), 1);
	assert_int_equal(dataplane_worker_stats(dp, 0)->packets, 0);
	pen = dataplane_splicer(dp);
	assert_int_equal(pen.insert(pen.ctx, &a, &b, &flow), 0);
	assert_int_equal(pen.insert(pen.ctx, &a, &b, &other), -EEXIST);
	assert_int_equal(pen.status(pen.ctx, flow, &status), 0);
	assert_int_equal(status.state, FLOW_ESTABLISHED);
	assert_int_equal(status.packets[0] + status.packets[1], 0);
	assert_int_equal(pen.owner(pen.ctx, &a.tuple), 0);
	assert_int_equal(pen.remove(pen.ctx, flow), 0);
	assert_int_equal(pen.remove(pen.ctx, flow), -ESTALE);
	assert_int_equal(pen.status(pen.ctx, flow, &status), -ESTALE);
	dataplane_destroy(dp);
	dataplane_destroy(NULL);
	mailbox_destroy(mb);
}

/* The worker answers a command from its own lcore. */
static void started_and_stopped(void **state)
{
	const struct mailbox_command cmd = {.type = MAILBOX_FLOW_RESET, .id = 77};
	const uint64_t patience = mailbox_now_ms() + 10000;
	struct mailbox *mb = mailbox_create(1);
	struct mailbox_event ev;
	struct dataplane *dp;
	struct config cfg;

	(void)state;
	configure(&cfg);
	cfg.dataplane.idle = CONFIG_IDLE_ADAPTIVE;
	dp = dataplane_create(&cfg, mb, &no_port, NULL);
	assert_non_null(dp);
	assert_int_equal(dataplane_start(dp), 0);
	assert_true(mailbox_post_command(mb, 0, &cmd));
	while (mailbox_take_events(mb, &ev, 1) == 0)
		assert_true(mailbox_now_ms() < patience);
	assert_int_equal(ev.type, MAILBOX_FLOW_RESET_DONE);
	assert_int_equal(ev.id, 77);
	dataplane_stop(dp);
	assert_int_equal(rte_eal_get_lcore_state(WORKER_LCORE), WAIT);
	assert_true(dataplane_worker_stats(dp, 0)->busy_cycles > 0);
	assert_true(dataplane_worker_stats(dp, 0)->cycles >=
		    dataplane_worker_stats(dp, 0)->busy_cycles);
	dataplane_destroy(dp);
	mailbox_destroy(mb);
}

/* An lcore is one worker's only. */
static void busy_lcore(void **state)
{
	struct mailbox *mb = mailbox_create(2);
	struct dataplane *dp;
	struct config cfg;

	(void)state;
	configure(&cfg);
	cfg.dataplane.n_workers = 2;
	cfg.dataplane.workers[1] = WORKER_LCORE;
	dp = dataplane_create(&cfg, mb, &no_port, NULL);
	assert_non_null(dp);
	assert_int_equal(dataplane_start(dp), -EBUSY);
	assert_int_equal(rte_eal_get_lcore_state(WORKER_LCORE), WAIT);
	dataplane_destroy(dp);
	mailbox_destroy(mb);
}

static void out_of_memory(void **state)
{
	struct mailbox *mb = mailbox_create(1);
	struct config cfg;

	(void)state;
	configure(&cfg);
	cfg.limits.sessions = 100000000;
	errno = 0;
	assert_null(dataplane_create(&cfg, mb, &no_port, NULL));
	assert_int_equal(errno, ENOMEM);
	configure(&cfg);
	cfg.limits.legs = 100000000;
	errno = 0;
	assert_null(dataplane_create(&cfg, mb, &no_port, NULL));
	assert_int_equal(errno, ENOMEM);
	mailbox_destroy(mb);
}

/* --- what metrics call things --- */

/* Lower case with underscores, and none twice. */
static void check_label(const char *label, const char *const *before, unsigned int n)
{
	assert_non_null(label);
	assert_int_not_equal(label[0], '\0');
	for (const char *c = label; *c != '\0'; c++)
		assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
	for (unsigned int i = 0; i < n; i++)
		assert_string_not_equal(label, before[i]);
}

static void labels(void **state)
{
	const char *reasons[DROP_REASONS], *results[COOKIE_RESULTS];
	unsigned int i;

	(void)state;
	for (i = 0; i < DROP_REASONS; i++) {
		reasons[i] = drop_reason_label(i);
		check_label(reasons[i], reasons, i);
	}
	for (i = 0; i < COOKIE_RESULTS; i++) {
		results[i] = cookie_result_label(i);
		check_label(results[i], results, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_and_unmade), cmocka_unit_test(started_and_stopped),
		cmocka_unit_test(busy_lcore),	   cmocka_unit_test(out_of_memory),
		cmocka_unit_test(labels),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

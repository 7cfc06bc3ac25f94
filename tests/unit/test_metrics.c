/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /metrics: valid OpenMetrics, all series from the start, and every number where it belongs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mgmt_fixture.h"
#include "om_check.h"

static void assert_sample(const char *series, const char *value)
{
	const char *found = om_value(reply.body, series);

	if (!found)
		fail_msg("no %s", series);
	if (strcmp(found, value) != 0)
		fail_msg("%s is %s, not %s", series, found, value);
}

static void assert_valid(void)
{
	char err[128];

	if (!om_check(reply.body, err, sizeof(err)))
		fail_msg("%s in:\n%s", err, reply.body);
}

static void checker_refuses_what_is_wrong(void **state)
{
	static const struct {
		bool good;
		const char *text;
	} rows[] = {
		{true, "# EOF\n"},
		{true, "# TYPE a counter\n# HELP a h\na_total 1\n# EOF\n"},
		{true, "# TYPE a gauge\n# HELP a h\na{x=\"\\\"\\\\\\n\",y=\"2\"} 1\n# EOF\n"},
		{true,
		 "# TYPE a_s histogram\n# UNIT a_s s\n# HELP a_s h\na_s_bucket{le=\"0.1\"} 1\n"
		 "a_s_bucket{le=\"+Inf\"} 2\na_s_count 2\na_s_sum 0.5\n# EOF\n"},
		{false, ""},
		{false, "# EOF"},
		{false, "# EOF\n\n"},
		{false, "\n# EOF\n"},
		{false, "# TYPE a counter\n# HELP a h\na_total 1\n"},
		{false, "# TYPE a counter\n# HELP a h\na 1\n# EOF\n"},
		{false, "# TYPE a counter\n# HELP a h\na_total -1\n# EOF\n"},
		{false, "# TYPE a_total counter\n# HELP a_total h\na_total 1\n# EOF\n"},
		{false, "# TYPE a counter\na_total 1\n# EOF\n"},
		{false, "# TYPE a counter\n# UNIT a s\n# HELP a h\na_total 1\n# EOF\n"},
		{false, "# TYPE a counter\n# HELP a \\x\na_total 1\n# EOF\n"},
		{false, "# TYPE a gauge\n# HELP a h\na_total 1\n# EOF\n"},
		{false, "# TYPE a gauge\n# TYPE a gauge\n# HELP a h\na 1\n# EOF\n"},
		{false, "# TYPE a gauge\n# HELP a h\n# TYPE b gauge\n# HELP b h\na 1\n# EOF\n"},
		{false, "# TYPE a gauge\n# HELP a h\na 1\na 1\n# EOF\n"},
		{false, "# TYPE a gauge\n# HELP a h\na{x=\"1\"} 1\na{x=\"1\"} 1\n# EOF\n"},
		{false, "# TYPE a gauge\n# HELP a h\na{x=\"1\",x=\"2\"} 1\n# EOF\n"},
		{false, "# TYPE a gauge\n# HELP a h\na{x=\"\"\"} 1\n# EOF\n"},
		{false, "# TYPE a gauge\n# HELP a h\na{x=\"\\t\"} 1\n# EOF\n"},
		{false, "# TYPE a gauge\n# HELP a h\na{x=\"1} 1\n# EOF\n"},
		{false, "# TYPE a gauge\n# HELP a h\na  1\n# EOF\n"},
		{false, "# TYPE a info\n# HELP a h\na_info 2\n# EOF\n"},
		{false, "# TYPE a histogram\n# HELP a h\na_bucket{le=\"0.1\"} 2\n"
			"a_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n# EOF\n"},
		{false, "# TYPE a histogram\n# HELP a h\na_bucket{le=\"0.1\"} 1\n"
			"a_bucket{le=\"+Inf\"} 2\na_count 1\na_sum 1\n# EOF\n"},
		{false, "# TYPE a histogram\n# HELP a h\na_bucket{le=\"1\"} 1\n"
			"a_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n# EOF\n"},
		{false, "# TYPE a histogram\n# HELP a h\na_bucket{le=\"0.1\"} 1\n# EOF\n"},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char err[128];

		if (om_check(rows[i].text, err, sizeof(err)) != rows[i].good)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
}

static void metrics_are_openmetrics(void **state)
{
	static const char *const header_lines[] = {
		"Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8",
		"Cache-Control: no-store",
		"X-Content-Type-Options: nosniff",
		"Connection: close",
	};
	char length[64];

	(void)state;
	get("/metrics");
	assert_int_equal(reply.status, 200);
	assert_valid();
	snprintf(length, sizeof(length), "Content-Length: %zu", strlen(reply.body));
	for (size_t i = 0; i < N(header_lines); i++)
		assert_true(reply_has(header_lines[i]));

	request("HEAD /metrics HTTP/1.1\r\nHost: relay\r\n\r\n");
	assert_int_equal(reply.status, 200);
	assert_true(reply_has(length));
	assert_true(reply_has(header_lines[0]));
	assert_string_equal(reply.body, "");
}

static void every_series_is_there_from_the_start(void **state)
{
	static const struct {
		const char *name;
		unsigned int n;
	} rows[] = {
		{"tandem_sessions", SESSION_STATES},
		{"tandem_refusals_total", REFUSALS},
		{"tandem_config_reloads_total", RELOAD_RESULTS},
		{"tandem_legs", LEG_GAUGES},
		{"tandem_reservations", 1},
		{"tandem_sessions_closed_total", SESSION_REASONS},
		{"tandem_relayed_bytes_total", 1},
		{"tandem_relayed_packets_total", 1},
		{"tandem_dropped_packets_total", DROP_REASONS},
		{"tandem_icmp_errors_total", ICMP_ERROR_KINDS},
		{"tandem_syn_cookies_total", COOKIE_RESULTS},
		{"tandem_exception_packets_total", 2},
		{"tandem_iq_total", IQ_KINDS * IQ_RESULTS},
		{"tandem_stanzas_dropped_total", 1},
		{"tandem_stanzas_oversized_total", 1},
		{"tandem_xmpp_connects_total", 1},
		{"tandem_xmpp_connected", 1},
		{"tandem_worker_cycles_total", WORKERS},
		{"tandem_worker_busy_cycles_total", WORKERS},
		{"tandem_worker_packets_total", WORKERS},
		{"tandem_port_up", 2},
		{"tandem_port_rx_missed_packets_total", 2},
		{"tandem_port_steering", 4},
		{"tandem_setup_seconds_bucket", SETUP_BUCKETS + 1},
		{"tandem_setup_seconds_count", 1},
		{"tandem_setup_seconds_sum", 1},
		{"tandem_build_info", 1},
		{"tandem_start_time_seconds", 1},
	};

	(void)state;
	get("/metrics");
	for (size_t i = 0; i < N(rows); i++) {
		if (om_samples(reply.body, rows[i].name) != rows[i].n)
			fail_msg("%u of %s", om_samples(reply.body, rows[i].name), rows[i].name);
	}
}

static void counters_are_shown(void **state)
{
	static const struct {
		uint64_t *counter;
		uint64_t value;
		const char *series, *before, *after;
	} rows[] = {
		{&control.sessions[SESSIONS_SPLICED], 7, "tandem_sessions{state=\"s3\"}", "0", "7"},
		{&control.sessions_closed[SESSION_REFUSED], 8,
		 "tandem_sessions_closed_total{reason=\"c8\"}", "0", "8"},
		{&control.refusals[REFUSAL_SESSIONS], 31, "tandem_refusals_total{limit=\"f3\"}",
		 "0", "31"},
		{&control.config_reloads[RELOAD_REFUSED], 32,
		 "tandem_config_reloads_total{result=\"l1\"}", "0", "32"},
		{&dp.worker[0].legs[LEG_GAUGE_HALF_OPEN], 3, "tandem_legs{state=\"half_open\"}",
		 "0", "3"},
		{&dp.worker[1].legs[LEG_GAUGE_UNCLAIMED], 4, "tandem_legs{state=\"unclaimed\"}",
		 "0", "4"},
		{&dp.worker[1].legs[LEG_GAUGE_CLAIMED], 5, "tandem_legs{state=\"claimed\"}", "0",
		 "5"},
		{&dp.worker[0].relayed_bytes, 1, "tandem_relayed_bytes_total", "0", "1"},
		{&dp.worker[1].relayed_bytes, 1ULL << 62, "tandem_relayed_bytes_total", "1",
		 "4611686018427387905"},
		{&dp.worker[1].relayed_packets, 9, "tandem_relayed_packets_total", "0", "9"},
		{&dp.worker[0].dropped[DROP_CHECKSUM], 10,
		 "tandem_dropped_packets_total{reason=\"d1\"}", "0", "10"},
		{&dp.worker[1].dropped[DROP_CHECKSUM], 10,
		 "tandem_dropped_packets_total{reason=\"d1\"}", "10", "20"},
		{&dp.worker[0].syn_cookies[COOKIE_INVALID], 21,
		 "tandem_syn_cookies_total{result=\"v2\"}", "0", "21"},
		{&dp.worker[1].syn_cookies[COOKIE_INVALID], 21,
		 "tandem_syn_cookies_total{result=\"v2\"}", "21", "42"},
		{&dp.worker[0].exception_rx, 11,
		 "tandem_exception_packets_total{direction=\"to_kernel\"}", "0", "11"},
		{&dp.worker[0].exception_tx, 12,
		 "tandem_exception_packets_total{direction=\"from_kernel\"}", "0", "12"},
		{&control.iq[IQ_OTHER][IQ_CONFLICT], 13,
		 "tandem_iq_total{kind=\"k9\",result=\"r4\"}", "0", "13"},
		{&control.iq[IQ_CLAIM][IQ_POLICY_VIOLATION], 14,
		 "tandem_iq_total{kind=\"k0\",result=\"r8\"}", "0", "14"},
		{&control.stanzas_dropped, 15, "tandem_stanzas_dropped_total", "0", "15"},
		{&control.stanzas_oversized, 16, "tandem_stanzas_oversized_total", "0", "16"},
		{&control.stream_connects, 17, "tandem_xmpp_connects_total", "0", "17"},
		{&control.xmpp_connected, 1, "tandem_xmpp_connected", "0", "1"},
		{&dp.worker[0].cycles, 18, "tandem_worker_cycles_total{worker=\"0\"}", "0", "18"},
		{&dp.worker[1].busy_cycles, 19, "tandem_worker_busy_cycles_total{worker=\"1\"}",
		 "0", "19"},
		{&dp.worker[1].packets, UINT64_MAX, "tandem_worker_packets_total{worker=\"1\"}",
		 "0", "18446744073709551615"},
		{&fake_ports[0].up, 1, "tandem_port_up{port=\"net_af_xdp0\"}", "0", "1"},
		{&fake_ports[1].up, 1, "tandem_port_up{port=\"we\\\"ird\\\\po\\nrt\"}", "0", "1"},
		{&fake_ports[0].rx_missed, 20,
		 "tandem_port_rx_missed_packets_total{port=\"net_af_xdp0\"}", "0", "20"},
		{&fake_ports[0].steered, 1,
		 "tandem_port_steering{port=\"net_af_xdp0\",mode=\"rte_flow\"}", "0", "1"},
		{&fake_ports[0].steered, 0,
		 "tandem_port_steering{port=\"net_af_xdp0\",mode=\"software\"}", "0", "1"},
		{&control.setup_count[0], 2, "tandem_setup_seconds_bucket{le=\"0.0001\"}", "0",
		 "2"},
		{&control.setup_count[8], 3, "tandem_setup_seconds_bucket{le=\"1.0\"}", "2", "5"},
		{&control.setup_count[SETUP_BUCKETS], 4, "tandem_setup_seconds_bucket{le=\"+Inf\"}",
		 "5", "9"},
		{&control.setup_sum_us, 12000345, "tandem_setup_seconds_sum", "0.000000",
		 "12.000345"},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		get("/metrics");
		assert_sample(rows[i].series, rows[i].before);
		set(rows[i].counter, rows[i].value);
		get("/metrics");
		assert_sample(rows[i].series, rows[i].after);
		assert_valid();
	}
	assert_sample("tandem_setup_seconds_count", "9");
	assert_sample("tandem_setup_seconds_bucket{le=\"0.1\"}", "2");
	assert_sample("tandem_start_time_seconds", "1039798366");
	assert_sample("tandem_build_info{version=\"" TANDEM_VERSION "\"}", "1");
	assert_null(strstr(reply.body, "secret"));
	assert_null(strstr(reply.body, "iface"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checker_refuses_what_is_wrong),
		cmocka_unit_test_setup_teardown(metrics_are_openmetrics, mgmt_setup, mgmt_teardown),
		cmocka_unit_test_setup_teardown(every_series_is_there_from_the_start, mgmt_setup,
						mgmt_teardown),
		cmocka_unit_test_setup_teardown(counters_are_shown, mgmt_setup, mgmt_teardown),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}

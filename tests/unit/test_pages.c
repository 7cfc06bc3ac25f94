/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /stats and /: the same numbers as /metrics, in JSON and for people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "metric.h"
#include "mgmt_fixture.h"
#include "om_check.h"

#define CSP                                                                                  \
	"Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'"

static char hostile_device[] = "<script>alert('x')&\"\\\n\xc3\xa9,secret=1";

static int setup(void **state)
{
	(void)state;
	reset_sources();
	cfg.ports[1].device = hostile_device;
	return mgmt_start(&sources, NULL, &mgmt);
}

static void set_some_numbers(void)
{
	set(&control.sessions[SESSIONS_SPLICED], 7);
	set(&control.iq[IQ_OTHER][IQ_CONFLICT], 13);
	set(&control.setup_count[0], 2);
	set(&control.setup_count[8], 3);
	set(&control.setup_count[SETUP_BUCKETS], 4);
	set(&control.setup_sum_us, 12000345);
	set(&dp.worker[0].relayed_bytes, INT64_MAX);
	set(&dp.worker[1].packets, UINT64_MAX);
	set(&dp.worker[0].dropped[DROP_CHECKSUM], 10);
	set(&fake_ports[1].rx_missed, 20);
	set(&fake_ports[1].up, 1);
}

/* --- JSON --- */

static void append_escaped(char *at, size_t room, const char *text)
{
	size_t used = strlen(at);

	for (; *text && used + 3 < room; text++) {
		if (*text == '\\' || *text == '"' || *text == '\n')
			at[used++] = '\\';
		if (*text == '\n')
			at[used++] = 'n';
		else
			at[used++] = *text;
	}
	at[used] = '\0';
}

/* The sample as /metrics names it. */
static void series_of(const char *name, const json_t *sample, char *series, size_t room)
{
	const char *label, *before = "{";
	json_t *value;

	snprintf(series, room, "%s", name);
	json_object_foreach (json_object_get(sample, "labels"), label, value) {
		snprintf(series + strlen(series), room - strlen(series), "%s%s=\"", before, label);
		append_escaped(series, room - 3, json_string_value(value));
		strcat(series, "\"");
		before = ",";
	}
	if (*before == ',')
		strcat(series, "}");
}

static unsigned int samples_of_text(const char *text)
{
	unsigned int n = 0;

	for (; *text; text = strchr(text, '\n') + 1)
		n += *text != '#';
	return n;
}

static void assert_sample(const char *metrics, const char *name, const json_t *sample)
{
	const double value = json_number_value(json_object_get(sample, "value"));
	char series[512];
	const char *text;
	double expected;

	series_of(name, sample, series, sizeof(series));
	text = om_value(metrics, series);
	if (!text)
		fail_msg("%s is not in /metrics", series);
	expected = text ? strtod(text, NULL) : 0;
	/* Beyond 2^63 there are 15 digits. */
	if (value < expected * (1 - 1e-14) || value > expected * (1 + 1e-14))
		fail_msg("%s is %f, not %s", series, value, text);
}

static void stats_are_the_metrics_in_json(void **state)
{
	const char *name;
	unsigned int n = 0;
	json_t *root, *list;
	json_error_t error;
	char *metrics;

	(void)state;
	set_some_numbers();
	get("/metrics");
	metrics = strdup(reply.body);
	get("/stats");
	assert_int_equal(reply.status, 200);
	assert_true(reply_has("Content-Type: application/json"));
	root = json_loads(reply.body, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("line %d: %s", error.line, error.text);
	json_object_foreach (root, name, list) {
		json_t *sample;
		size_t i;

		json_array_foreach (list, i, sample) {
			assert_sample(metrics, name, sample);
			n++;
		}
	}
	assert_int_equal(n, samples_of_text(metrics));
	json_decref(root);
	free(metrics);
}

static void whole_numbers_stay_whole(void **state)
{
	(void)state;
	set_some_numbers();
	get("/stats");
	assert_non_null(strstr(reply.body, "9223372036854775807"));
	assert_non_null(strstr(reply.body, "12.000345\n"));
}

/* --- the page --- */

static void page_shows_the_numbers(void **state)
{
	(void)state;
	set_some_numbers();
	get("/");
	assert_int_equal(reply.status, 200);
	assert_true(reply_has("Content-Type: text/html; charset=utf-8"));
	assert_memory_equal(reply.body, "<!DOCTYPE html>\n", 16);
	assert_non_null(strstr(reply.body, "</html>\n"));
	for (size_t i = 0; i < metric_families_count; i++)
		assert_non_null(strstr(reply.body, metric_families[i].help));
	assert_non_null(strstr(reply.body, "<td>tandem_sessions</td><td>state: s3</td>"
					   "<td align=\"right\">7</td>"));
	assert_non_null(strstr(reply.body, "<td>tandem_setup_seconds_sum</td><td></td>"
					   "<td align=\"right\">12.000345</td>"));
	/* A port that is down is to be seen, one of many counters at 0 is not. */
	assert_non_null(strstr(reply.body, "<td>tandem_port_up</td><td>port: net_af_xdp0</td>"
					   "<td align=\"right\">0</td>"));
	assert_non_null(strstr(reply.body, "reason: d1<"));
	assert_null(strstr(reply.body, "reason: d2<"));
}

static void page_tells_health(void **state)
{
	(void)state;
	get("/");
	assert_non_null(strstr(reply.body, "worker 1 does not run\nthe XMPP stream is down\n"));
	set(&control.xmpp_connected, 1);
	get("/");
	assert_null(strstr(reply.body, "the XMPP stream is down"));
}

static void page_is_escaped(void **state)
{
	(void)state;
	get("/");
	assert_null(strstr(reply.body, "<script"));
	assert_non_null(strstr(reply.body,
			       "port: &lt;script&gt;alert(&#39;x&#39;)&amp;&quot;\\\n\xc3\xa9<"));
}

/* --- both --- */

static void only_get_and_head(void **state)
{
	static const char *const paths[] = {"/", "/stats"};
	static const char *const refused[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
	char text[128], length[64];

	(void)state;
	for (size_t i = 0; i < N(paths); i++) {
		get(paths[i]);
		assert_true(reply_has(CSP));
		assert_true(reply_has("Cache-Control: no-store"));
		assert_true(reply_has("X-Content-Type-Options: nosniff"));
		assert_null(strstr(reply.body, "secret"));
		assert_null(strstr(reply.body, "iface"));
		snprintf(length, sizeof(length), "Content-Length: %zu", strlen(reply.body));
		snprintf(text, sizeof(text), "HEAD %s HTTP/1.1\r\nHost: relay\r\n\r\n", paths[i]);
		request(text);
		assert_int_equal(reply.status, 200);
		assert_true(reply_has(length));
		assert_true(reply_has(CSP));
		assert_string_equal(reply.body, "");
		for (size_t k = 0; k < N(refused); k++) {
			snprintf(text, sizeof(text),
				 "%s %s HTTP/1.1\r\nHost: relay\r\nContent-Length: 0\r\n\r\n",
				 refused[k], paths[i]);
			request(text);
			assert_int_equal(reply.status, 405);
			assert_true(reply_has("Allow: GET, HEAD"));
		}
	}
}

#define PAGE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, mgmt_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAGE_TEST(stats_are_the_metrics_in_json),
		PAGE_TEST(whole_numbers_stay_whole),
		PAGE_TEST(page_shows_the_numbers),
		PAGE_TEST(page_tells_health),
		PAGE_TEST(page_is_escaped),
		PAGE_TEST(only_get_and_head),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}

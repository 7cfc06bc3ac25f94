/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stats endpoint: /healthz, what it refuses, and what it bounds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "health.h"
#include "metric.h"
#include "mgmt_fixture.h"
#include "visitor.h"

static void health_follows_the_workers(void **state)
{
	/* Each row: who advances, when we look, who is said to run. */
	static const struct {
		uint64_t now_ms;
		bool advance[WORKERS], runs[WORKERS];
	} rows[] = {
		{100000, {false, false}, {false, false}}, /* never seen to advance */
		{100100, {true, false}, {true, false}},
		{100200, {false, true}, {true, true}},
		{102099, {false, true}, {true, true}},
		{102100, {false, true}, {false, true}}, /* 2 s after it advanced */
		{104099, {false, false}, {false, true}},
		{104100, {true, false}, {true, false}}, /* back again */
		{200000, {false, false}, {false, false}},
		{200001, {true, true}, {true, true}},
	};
	struct health h;

	(void)state;
	reset_sources();
	set(&dp.worker[0].cycles, 12345);
	set(&control.xmpp_connected, 1);
	health_init(&h, &sources, 2000);
	for (size_t i = 0; i < N(rows); i++) {
		char text[256] = "";
		FILE *out = fmemopen(text, sizeof(text), "w");
		bool ok;

		for (unsigned int w = 0; w < WORKERS; w++)
			set(&dp.worker[w].cycles, dp.worker[w].cycles + rows[i].advance[w]);
		health_sample(&h, &sources, rows[i].now_ms);
		ok = health_write(&h, &sources, out);
		fclose(out);
		assert_int_equal(ok, rows[i].runs[0] && rows[i].runs[1]);
		assert_int_equal(!strstr(text, "worker 0 does not run\n"), rows[i].runs[0]);
		assert_int_equal(!strstr(text, "worker 1 does not run\n"), rows[i].runs[1]);
		assert_int_equal(ok, strcmp(text, "ok\n") == 0);
	}
}

/* Advance the workers in `mask` and ask until the answer has that status and says that. */
static void await_health(unsigned int mask, int status, const char *says)
{
	for (unsigned int i = 0; i < 1000; i++) {
		for (unsigned int w = 0; w < WORKERS; w++)
			set(&dp.worker[w].cycles, dp.worker[w].cycles + (mask >> w & 1));
		get("/healthz");
		if (reply.status == status && strstr(reply.body, says))
			return;
		(void)poll(NULL, 0, 10);
	}
	fail_msg("never %d %s, but %d %s", status, says, reply.status, reply.body);
}

static void healthz_names_the_cause(void **state)
{
	(void)state;
	get("/healthz");
	assert_int_equal(reply.status, 503);
	assert_true(reply_has("Content-Type: text/plain; charset=utf-8"));
	assert_true(reply_has("Cache-Control: no-store"));
	assert_string_equal(reply.body, "worker 0 does not run\nworker 1 does not run\n"
					"the XMPP stream is down\n");
	await_health(3, 503, "the XMPP stream is down\n");
	set(&control.xmpp_connected, 1);
	await_health(3, 200, "ok\n");
	await_health(1, 503, "worker 1 does not run\n");
	await_health(3, 200, "ok\n");
	await_health(2, 503, "worker 0 does not run\n");
	await_health(3, 200, "ok\n");
	set(&control.xmpp_connected, 0);
	await_health(3, 503, "the XMPP stream is down\n");
}

#define HOST "Host: relay\r\n"

static void other_requests_are_refused(void **state)
{
	static const struct {
		const char *text;
		int status; /* 0: no answer is as good */
	} rows[] = {
		{"GET /metrics?x=1 HTTP/1.1\r\n" HOST "\r\n", 200},
		{"GET /metrics HTTP/1.0\r\n\r\n", 200},
		{"GET // HTTP/1.1\r\n" HOST "\r\n", 404},
		{"GET /stats/ HTTP/1.1\r\n" HOST "\r\n", 404},
		{"GET /metrics/ HTTP/1.1\r\n" HOST "\r\n", 404},
		{"GET /METRICS HTTP/1.1\r\n" HOST "\r\n", 404},
		{"GET /../etc/passwd HTTP/1.1\r\n" HOST "\r\n", 404},
		{"HEAD /nothing HTTP/1.1\r\n" HOST "\r\n", 404},
		{"POST /metrics HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na=b", 405},
		{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 405},
		{"POST /stats HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na=b", 405},
		{"PUT /metrics HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 405},
		{"DELETE /metrics HTTP/1.1\r\n" HOST "\r\n", 405},
		{"OPTIONS /metrics HTTP/1.1\r\n" HOST "\r\n", 405},
		{"TRACE /metrics HTTP/1.1\r\n" HOST "\r\n", 405},
		{"get /metrics HTTP/1.1\r\n" HOST "\r\n", 405},
		{"GET /metrics HTTP/1.1\r\n\r\n", 400},
		{"\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n", 0},
		{"GET\r\n\r\n", 0},
		{"GET /metrics HTTP/9.9\r\n" HOST "\r\n", 0},
		{"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", 0},
		{"GET /metrics HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 0},
		{"GET /metrics HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n",
		 0},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		request(rows[i].text);
		if (rows[i].status && reply.status != rows[i].status)
			fail_msg("row %zu: %d to %s", i, reply.status, rows[i].text);
		assert_int_equal(reply.status == 405, reply_has("Allow: GET, HEAD"));
		get("/metrics");
		assert_int_equal(reply.status, 200);
	}
}

static void long_requests_are_refused(void **state)
{
	static const char *const heads[] = {"GET /", "GET /metrics HTTP/1.1\r\n" HOST "X: "};
	static char text[70000];

	(void)state;
	for (size_t i = 0; i < N(heads); i++) {
		const size_t len = strlen(heads[i]);
		int fd = client(1);

		memset(text, 'a', sizeof(text) - 1);
		memcpy(text, heads[i], len);
		/* It may be cut before all is sent; then even the answer may be lost. */
		(void)send(fd, text, 20000, MSG_NOSIGNAL);
		receive(fd);
		assert_true(reply.status == 0 || (reply.status >= 400 && reply.status < 500));
		get("/metrics");
		assert_int_equal(reply.status, 200);
	}
}

/* It sends a byte now and then, so it is never idle: only a bound on the whole time ends it. */
static void slow_client_is_cut(void **state)
{
	const int fd = client(1);
	struct pollfd pfd = {.fd = fd, .events = POLLIN | POLLRDHUP};
	unsigned int sent = 0;

	(void)state;
	assert_int_equal(send(fd, "GET /", 5, MSG_NOSIGNAL), 5);
	while (poll(&pfd, 1, 20) == 0) {
		assert_true(sent++ < 500);
		(void)send(fd, "a", 1, MSG_NOSIGNAL);
	}
	assert_true(sent > 2);
	close(fd);
	get("/metrics");
	assert_int_equal(reply.status, 200);
}

/* A pipelined second request is not served: no connection outlives its answer. */
static void one_answer_a_connection(void **state)
{
	(void)state;
	request("GET /nothing HTTP/1.1\r\n" HOST "Connection: keep-alive\r\n\r\n"
		"GET /nothing HTTP/1.1\r\n" HOST "\r\n\r\n");
	assert_int_equal(reply.status, 404);
	assert_string_equal(reply.body, "not found\n");
}

static void connections_are_bounded(void **state)
{
	int fds[VISITORS_MAX];
	char byte;

	(void)state;
	for (unsigned int i = 0; i < VISITORS_PER_SOURCE; i++)
		fds[i] = client(1);
	/* One more from there is closed unheard ... */
	fds[VISITORS_PER_SOURCE] = client(1);
	assert_true(recv(fds[VISITORS_PER_SOURCE], &byte, 1, 0) <= 0);
	close(fds[VISITORS_PER_SOURCE]);
	/* ... one from elsewhere is served. */
	fds[VISITORS_PER_SOURCE] = client(2);
	(void)send(fds[VISITORS_PER_SOURCE], "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL);
	receive(fds[VISITORS_PER_SOURCE]);
	assert_int_equal(reply.status, 200);
	for (unsigned int i = VISITORS_PER_SOURCE; i < VISITORS_MAX; i++)
		fds[i] = client(2);
	/* Nobody else now, until their time is over. */
	request("GET / HTTP/1.0\r\n\r\n");
	assert_int_equal(reply.status, 200);
	for (unsigned int i = 0; i < VISITORS_MAX; i++)
		close(fds[i]);
}

static struct sockaddr_in6 address6(const char *text)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return in6;
}

static void sources_count_by_prefix(void **state)
{
	const struct sockaddr_in6 same = address6("2001:db8::ffff:1");
	const struct sockaddr_in6 other = address6("2001:db8:0:1::1");
	struct visitors v;

	(void)state;
	visitors_init(&v);
	for (unsigned int i = 0; i < VISITORS_PER_SOURCE; i++) {
		struct sockaddr_in6 in6 = address6("2001:db8::");

		in6.sin6_addr.s6_addr[15] = (uint8_t)i;
		assert_true(visitors_admit(&v, (struct sockaddr *)&in6));
		assert_non_null(visitors_enter(&v, 1000 + (int)i, (struct sockaddr *)&in6, 0));
	}
	assert_false(visitors_admit(&v, (const struct sockaddr *)&same));
	assert_true(visitors_admit(&v, (const struct sockaddr *)&other));
	visitor_leave(&v.place[3]);
	assert_true(visitors_admit(&v, (const struct sockaddr *)&same));
}

static void start_tells_what_is_wrong(void **state)
{
	static char name[] = "localhost", number[] = "300.1.1.1", empty[] = "";
	static char elsewhere[] = "192.0.2.77";
	static char long_device[METRIC_LABEL_SIZE + 1];
	const uint16_t taken = mgmt_listen_port(mgmt);
	const struct {
		char *host;
		uint16_t port;
		char *device;
		int err;
	} rows[] = {
		{loopback, taken, weird_device, -EADDRINUSE},
		{name, 0, weird_device, -EINVAL},
		{number, 0, weird_device, -EINVAL},
		{empty, 0, weird_device, -EINVAL},
		{NULL, 0, weird_device, -EINVAL},
		{elsewhere, 0, weird_device, -EADDRNOTAVAIL},
		{loopback, 0, xdp_device, -EEXIST},
		{loopback, 0, long_device, -ENAMETOOLONG},
	};

	(void)state;
	memset(long_device, 'a', sizeof(long_device) - 1);
	for (size_t i = 0; i < N(rows); i++) {
		struct mgmt *m = mgmt;

		cfg.stats.listen_host = rows[i].host;
		cfg.stats.listen_port = rows[i].port;
		cfg.ports[1].device = rows[i].device;
		assert_int_equal(mgmt_start(&sources, NULL, &m), rows[i].err);
		assert_null(m);
	}
}

static void no_section_no_endpoint(void **state)
{
	struct mgmt *m = (void *)&cfg;

	(void)state;
	reset_sources();
	cfg.stats.enabled = false;
	assert_int_equal(mgmt_start(&sources, NULL, &m), 0);
	assert_null(m);
	mgmt_stop(NULL);
}

static void ipv6_is_served(void **state)
{
	static char host[] = "::1";
	struct sockaddr_in6 to = address6("::1");
	int err, fd;

	(void)state;
	reset_sources();
	cfg.stats.listen_host = host;
	err = mgmt_start(&sources, NULL, &mgmt);
	if (err == -EADDRNOTAVAIL || err == -EAFNOSUPPORT)
		skip();
	assert_int_equal(err, 0);
	to.sin6_port = htons(mgmt_listen_port(mgmt));
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	assert_return_code(connect(fd, (struct sockaddr *)&to, sizeof(to)), errno);
	(void)send(fd, "GET /metrics HTTP/1.0\r\n\r\n", 25, MSG_NOSIGNAL);
	receive(fd);
	assert_int_equal(reply.status, 200);
	assert_non_null(strstr(reply.body, "# EOF\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_follows_the_workers),
		cmocka_unit_test_setup_teardown(healthz_names_the_cause, mgmt_setup_hasty,
						mgmt_teardown),
		cmocka_unit_test_setup_teardown(other_requests_are_refused, mgmt_setup,
						mgmt_teardown),
		cmocka_unit_test_setup_teardown(long_requests_are_refused, mgmt_setup,
						mgmt_teardown),
		cmocka_unit_test_setup_teardown(slow_client_is_cut, mgmt_setup_hasty,
						mgmt_teardown),
		cmocka_unit_test_setup_teardown(one_answer_a_connection, mgmt_setup, mgmt_teardown),
		cmocka_unit_test_setup_teardown(connections_are_bounded, mgmt_setup_hasty,
						mgmt_teardown),
		cmocka_unit_test(sources_count_by_prefix),
		cmocka_unit_test_setup_teardown(start_tells_what_is_wrong, mgmt_setup,
						mgmt_teardown),
		cmocka_unit_test(no_section_no_endpoint),
		cmocka_unit_test_teardown(ipv6_is_served, mgmt_teardown),
	};

	return cmocka_run_group_tests_name("mgmt", tests, NULL, NULL);
}

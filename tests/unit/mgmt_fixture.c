/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mgmt_fixture.h"

/* --- the sources --- */

struct config cfg;
struct dataplane dp;
struct control_stats control;
struct fake_port fake_ports[2];
struct mgmt *mgmt;

char weird_device[] = "we\"ird\\po\nrt,secret=1";
char xdp_device[] = "net_af_xdp0,iface=eth1";
char loopback[] = "127.0.0.1";

const uint32_t setup_bucket_us[SETUP_BUCKETS] = {
	100, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 1000000, 2500000, 5000000, 10000000};

unsigned int dataplane_worker_count(const struct dataplane *d)
{
	(void)d;
	return WORKERS;
}

const struct worker_stats *dataplane_worker_stats(const struct dataplane *d, unsigned int index)
{
	return &d->worker[index];
}

/* Stand-ins for the other rooms' names: a letter and the number. */
#define NAMES(function, type, letter, count)                                        \
	const char *function(enum type i)                                           \
	{                                                                           \
		static char names[count][8];                                        \
                                                                                    \
		if ((unsigned int)i >= (count))                                     \
			abort();                                                    \
		snprintf(names[i], sizeof(names[i]), letter "%u", (unsigned int)i); \
		return names[i];                                                    \
	}

NAMES(session_state_name, session_state_label, "s", SESSION_STATES)
NAMES(session_reason_name, session_reason, "c", SESSION_REASONS)
NAMES(iq_kind_name, iq_kind, "k", IQ_KINDS)
NAMES(iq_result_name, iq_result, "r", IQ_RESULTS)
NAMES(refusal_name, refusal, "f", REFUSALS)
NAMES(reload_result_name, reload_result, "l", RELOAD_RESULTS)
NAMES(drop_reason_label, drop_reason, "d", DROP_REASONS)
NAMES(cookie_result_label, cookie_result, "v", COOKIE_RESULTS)

void set(uint64_t *counter, uint64_t value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static bool port_up(void *ctx)
{
	return __atomic_load_n(&((struct fake_port *)ctx)->up, __ATOMIC_RELAXED);
}

static uint64_t port_rx_missed(void *ctx)
{
	return __atomic_load_n(&((struct fake_port *)ctx)->rx_missed, __ATOMIC_RELAXED);
}

static bool port_steered(void *ctx)
{
	return __atomic_load_n(&((struct fake_port *)ctx)->steered, __ATOMIC_RELAXED);
}

static const struct mgmt_port ports[] = {{&fake_ports[0], port_up, port_rx_missed, port_steered},
					 {&fake_ports[1], port_up, port_rx_missed, port_steered}};
const struct mgmt_sources sources = {
	.cfg = &cfg, .dp = &dp, .control = &control, .ports = ports, .started = 1039798366};

void reset_sources(void)
{
	memset(&cfg, 0, sizeof(cfg));
	memset(&dp, 0, sizeof(dp));
	memset(&control, 0, sizeof(control));
	memset(fake_ports, 0, sizeof(fake_ports));
	cfg.ports[0].device = xdp_device;
	cfg.ports[1].device = weird_device;
	cfg.n_ports = 2;
	cfg.stats = (struct config_stats){.enabled = true, .listen_host = loopback};
}

int mgmt_setup(void **state)
{
	(void)state;
	reset_sources();
	return mgmt_start(&sources, NULL, &mgmt);
}

int mgmt_setup_hasty(void **state)
{
	static const struct mgmt_times hasty = {.connection_ms = 2000, .stuck_ms = 400};

	(void)state;
	reset_sources();
	return mgmt_start(&sources, &hasty, &mgmt);
}

int mgmt_teardown(void **state)
{
	(void)state;
	mgmt_stop(mgmt);
	mgmt = NULL;
	return 0;
}

/* --- an HTTP client --- */

struct reply reply;

int client(unsigned int source)
{
	const struct timeval patience = {.tv_sec = 15};
	struct sockaddr_in from = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + source)};
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(mgmt_listen_port(mgmt))};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_return_code(bind(fd, (struct sockaddr *)&from, sizeof(from)), errno);
	assert_return_code(connect(fd, (struct sockaddr *)&to, sizeof(to)), errno);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

void receive(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, reply.text + len, sizeof(reply.text) - 1 - len, 0)) > 0)
		len += (size_t)n;
	assert_false(n < 0 && errno == EAGAIN);
	reply.text[len] = '\0';
	reply.status = 0;
	(void)sscanf(reply.text, "HTTP/1.1 %d ", &reply.status);
	reply.body = strstr(reply.text, "\r\n\r\n");
	reply.body = reply.body ? reply.body + 4 : reply.text + len;
	close(fd);
}

void request(const char *text)
{
	const int fd = client(1);

	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
	receive(fd);
}

void get(const char *path)
{
	char text[256];

	snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: relay\r\n\r\n", path);
	request(text);
}

bool reply_has(const char *header_line)
{
	const char *at = strstr(reply.text, header_line);

	return at && at < reply.body && at[-1] == '\n' && at[strlen(header_line)] == '\r';
}

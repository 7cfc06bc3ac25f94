/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Alices and bobs by the hundred thousand, at the other ends of the wires of tandemd or of whoever
 * stands in its place.
 *
 * usage: peers [EAL option]... -- -n SESSIONS [-s PORT]
 *   EAL options: two vdevs, alices' and bobs'
 *   -s   the SOCKS5 service's port: legs are for that one
 *
 * It says `ready` when somebody is at both wires.  Of its input it takes lines:
 *
 *   connect FIRST N
 *       connect the legs of N sessions; says how many seconds that took
 *   await SESSION
 *       hear until both its legs are cleared to send; says when that was, by CLOCK_MONOTONIC in s
 *   blast SECONDS PPS SESSIONS BYTES
 *       segments with so many bytes of payload, of the first so many sessions, PPS a second or as
 *       many as the wires take (0); says how many were sent and received, in how many seconds, and
 *       the median, 99th percentile and maximum of their latencies in us
 *
 * Meanwhile it hears whatever comes; a leg that is cleared to send says an ACK.
 */
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>

#include "blast.h"
#include "knock.h"

#define PAYLOAD_MIN 8 /* for the stamp */
#define PAYLOAD_MAX 1460

static struct wires wires;
static struct traffic traffic = {.sessions = 1000};
static struct knock knocking = {.traffic = &traffic, .wires = &wires};

static void take_connect(unsigned int first, unsigned int n)
{
	uint64_t started = rte_rdtsc();

	knock(&knocking, first, n);
	printf("%.3f\n", (double)(rte_rdtsc() - started) / (double)rte_get_tsc_hz());
}

static void take_await(uint32_t session)
{
	struct timespec now;

	if (!knock_await_open(&knocking, session))
		rig_die("session %u does not open", session);
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%.6f\n", (double)now.tv_sec + (double)now.tv_nsec / 1e9);
}

static void take_blast(double seconds, double pps, unsigned int sessions, unsigned int payload)
{
	const uint32_t all = traffic.sessions;
	struct blast b;

	traffic.sessions = RTE_MIN(sessions, all);
	traffic.payload = (uint16_t)payload;
	b = blast(&traffic, &wires, seconds, pps);
	traffic.sessions = all;
	printf("%llu %llu %.3f %.1f %.1f %.1f\n", (unsigned long long)b.sent,
	       (unsigned long long)b.received, b.seconds, b.p50_us, b.p99_us, b.max_us);
}

static void take_line(const char *line)
{
	unsigned int first, n, sessions, payload;
	double seconds, pps;

	if (sscanf(line, "connect %u %u", &first, &n) == 2 && first + n <= traffic.sessions)
		take_connect(first, n);
	else if (sscanf(line, "await %u", &first) == 1 && first < traffic.sessions)
		take_await(first);
	else if (sscanf(line, "blast %lf %lf %u %u", &seconds, &pps, &sessions, &payload) == 4 &&
		 payload >= PAYLOAD_MIN && payload <= PAYLOAD_MAX)
		take_blast(seconds, pps, sessions, payload);
	else
		rig_die("what is %s", line);
	fflush(stdout);
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:s:")) != -1) {
		switch (option) {
		case 'n':
			traffic.sessions = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 's':
			traffic.service = rte_cpu_to_be_16((uint16_t)strtoul(optarg, NULL, 10));
			knocking.socks5 = true;
			break;
		default:
			rig_die("see the head of peers.c");
		}
	}
}

int main(int argc, char **argv)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	int used = rte_eal_init(argc, argv);
	char line[64];

	if (used < 0)
		rig_die("the EAL does not start");
	parse(argc - used, argv + used);
	knocking.states = calloc(traffic.sessions, sizeof(*knocking.states));
	if (traffic_init(&traffic) < 0 || knocking.states == NULL)
		rig_die("no memory for %u sessions", traffic.sessions);
	wires_open(&wires);
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (poll(&input, 1, 1) == 0)
			knock_hear(&knocking);
		else if (fgets(line, sizeof(line), stdin) != NULL)
			take_line(line);
		else
			break;
	}
	rte_eal_cleanup();
	return 0;
}

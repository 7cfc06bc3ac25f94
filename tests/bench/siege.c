/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A flood of SYNs over a wire of tandemd, with honest peers in the midst of it.
 *
 * usage: siege [EAL option]... -- -n SESSIONS [-6]
 *   EAL options: two vdevs, the ends of its wires; all of this goes by the first
 *   -n   honest peers that there may be
 *   -6   IPv6
 *
 * It says `ready HZ`, of the clock that it counts by, when somebody is at both wires.  From then on
 * it keeps up a trickle of SYNs, enough to bring cookies in force and to keep them there.  Of its
 * input it takes lines:
 *
 *   flood SECONDS PPS
 *       so many SYNs a second, or as many as the wire takes (0); says how many were sent and
 *       answered, in how many seconds
 *   siege FIRST N PPS
 *       the same until N honest peers from number FIRST on have connected, or 30 s are over; says
 *       how many SYNs of the flood were sent and answered, in how many seconds, how many peers
 *       completed their handshake and were refused, how many segments they had to say again, and
 *       the median and the 99th percentile of the time from SYN to SYN|ACK in us
 */
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>

#include "callers.h"
#include "syn_flood.h"

#define AFTER_MS   200 /* wait for what is under way */
#define PATIENCE_S 30  /* of the peers */

static struct wires wires;
static struct traffic traffic = {.timestamps = true};
static struct syn_flood flood;
static struct callers callers = {.traffic = &traffic, .wires = &wires};

/* Returns how many frames there were. */
static unsigned int hear(void)
{
	struct rte_mbuf *frames[WIRE_BURST];
	unsigned int port, i, n, all = 0;

	for (port = 0; port < RIG_PORTS; port++) {
		n = wires_receive(&wires, port, frames);
		all += n;
		for (i = 0; i < n; i++) {
			if (!syn_flood_hear(&flood, frames[i]))
				callers_hear(&callers, frames[i]);
			rte_pktmbuf_free(frames[i]);
		}
	}
	return all;
}

static double since(uint64_t begin)
{
	return (double)(rte_rdtsc() - begin) / (double)rte_get_tsc_hz();
}

/* `pps` as on the command line. */
static void flood_once(uint64_t begin, double pps)
{
	if (pps == 0 || (double)flood.sent < since(begin) * pps)
		syn_flood_send(&flood);
	hear();
}

static void rest(void)
{
	const uint64_t begin = rte_rdtsc();

	while (since(begin) < AFTER_MS / 1e3)
		hear();
}

static uint64_t begin_flood(void)
{
	flood.sent = flood.answered = 0;
	return rte_rdtsc();
}

static void take_flood(double seconds, double pps)
{
	const uint64_t begin = begin_flood();
	double took;

	do {
		flood_once(begin, pps);
		took = since(begin);
	} while (took < seconds);
	rest();
	printf("%llu %llu %.4f\n", (unsigned long long)flood.sent,
	       (unsigned long long)flood.answered, took);
}

static void take_siege(uint32_t first, uint32_t n, double pps)
{
	const uint64_t begin = begin_flood();
	double took;

	callers_begin(&callers, first, n);
	do {
		callers_work(&callers);
		flood_once(begin, pps);
		took = since(begin);
	} while (!callers_settled(&callers) && took < PATIENCE_S);
	rest();
	printf("%llu %llu %.4f %u %u %u %.1f %.1f\n", (unsigned long long)flood.sent,
	       (unsigned long long)flood.answered, took, callers.held, callers.refused,
	       callers.again, callers_latency_us(&callers, 0.5),
	       callers_latency_us(&callers, 0.99));
}

static void take_line(const char *line)
{
	unsigned int first, n;
	double seconds, pps;

	if (sscanf(line, "flood %lf %lf", &seconds, &pps) == 2)
		take_flood(seconds, pps);
	else if (sscanf(line, "siege %u %u %lf", &first, &n, &pps) == 3 && n > 0 &&
		 first + n <= traffic.sessions)
		take_siege(first, n, pps);
	else
		rig_die("what is %s", line);
	fflush(stdout);
}

/* A line, or NULL at the end of them. */
static char *next_line(char *line, int size)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	while (poll(&input, 1, 1) == 0) {
		syn_flood_send(&flood);
		while (hear() > 0)
			;
	}
	return fgets(line, size, stdin);
}

int main(int argc, char **argv)
{
	int option, used = rte_eal_init(argc, argv);
	char line[64];

	if (used < 0)
		rig_die("the EAL does not start");
	while ((option = getopt(argc - used, argv + used, "n:6")) != -1) {
		if (option == '?')
			rig_die("see the head of siege.c");
		if (option == 'n')
			traffic.sessions = (uint32_t)strtoul(optarg, NULL, 10);
		traffic.v6 = traffic.v6 || option == '6';
	}
	if (traffic.sessions == 0)
		rig_die("there must be honest peers");
	callers.all = calloc(traffic.sessions, sizeof(*callers.all));
	if (traffic_init(&traffic) < 0 || callers.all == NULL)
		rig_die("no memory for %u peers", traffic.sessions);
	wires_open(&wires);
	syn_flood_init(&flood, &traffic, &wires);
	printf("ready %llu\n", (unsigned long long)rte_get_tsc_hz());
	fflush(stdout);
	while (next_line(line, sizeof(line)) != NULL)
		take_line(line);
	rte_eal_cleanup();
	return 0;
}

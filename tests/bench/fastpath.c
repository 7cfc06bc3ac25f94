/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles a packet of the way through a worker: receive, parse, look up, track, translate, transmit.
 *
 * usage: fastpath [EAL option]... -- [-n SESSIONS] [-6] [-t] [-s] [-p BYTES] [-w FILE]
 *
 * A worker on each lcore, with ports of its own, on one table of flows.
 *
 *   -n   how many sessions; each frame is of any of them, whichever end
 *   -6   IPv6   -t  with timestamps   -s  with a SACK block   -p  payload (6)
 *   -w   write such frames to a file, as pcap, for whom this is compared with
 *
 * It says `ready MIB HZ` when its sessions are there: the memory they took, the clock it counts by.
 * For each line "N" of its input each worker carries N batches at once, and it says in a line how many
 * cycles a packet that took: the mean of all batches, and the median, of all workers.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_malloc.h>

#include "frame_file.h"
#include "traffic.h"

#define BATCHES_MAX 100000
#define PER_BATCH   (RIG_PORTS * RIG_BATCH)

/* What a worker carries, and how long it took. */
struct lane {
	struct rig rig;
	struct traffic traffic;
	unsigned int batches;
	uint64_t total;
	uint64_t cycles[BATCHES_MAX];
};

static struct lane *lanes[RTE_MAX_LCORE];			  /* by lcore */
static struct traffic traffic = {.sessions = 1000, .payload = 6}; /* as it was asked for */

static struct rte_mbuf *next_frame(struct lane *l, unsigned int side)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(l->rig.pool);

	if (m == NULL)
		rig_die("no mbufs");
	traffic_segment(&l->traffic, traffic_pick(&l->traffic), side, m);
	return m;
}

static bool is_good(struct rte_mbuf *m)
{
	const struct rte_ether_addr to =
		rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->dst_addr;
	struct packet p;

	return packet_parse(&p, m, 0, &to) == PACKET_TCP && packet_checksums_good(&p);
}

static void take_all(struct lane *l, bool verify)
{
	struct rte_mbuf *m;
	unsigned int port;

	for (port = 0; port < RIG_PORTS; port++) {
		while ((m = rig_take(&l->rig, port)) != NULL) {
			if (verify && !is_good(m))
				rig_die("a frame left with a bad checksum");
			rte_pktmbuf_free(m);
		}
	}
}

/* Cycles that the worker took for a batch, half of which comes by either port. */
static uint64_t carry_batch(struct lane *l, bool verify)
{
	const uint64_t relayed = l->rig.stats.relayed_packets;
	unsigned int i, port;
	uint64_t cycles;

	for (i = 0; i < RIG_BATCH; i++) {
		for (port = 0; port < RIG_PORTS; port++)
			rig_put(&l->rig, port, next_frame(l, port));
	}
	cycles = rig_run(&l->rig, PER_BATCH);
	if (l->rig.stats.relayed_packets - relayed != PER_BATCH)
		rig_die("of %u frames only %llu were relayed", PER_BATCH,
			(unsigned long long)(l->rig.stats.relayed_packets - relayed));
	take_all(l, verify);
	return cycles;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* A worker's life, on its lcore. */
static int carry(void *arg)
{
	struct lane *l = lanes[rte_lcore_id()];
	unsigned int i;

	l->batches = *(const unsigned int *)arg;
	l->total = 0;
	carry_batch(l, true);
	for (i = 0; i < l->batches; i++) {
		l->cycles[i] = carry_batch(l, false);
		l->total += l->cycles[i];
	}
	qsort(l->cycles, l->batches, sizeof(*l->cycles), by_size);
	return 0;
}

static void run(unsigned int batches)
{
	double mean = 0, median = 0;
	unsigned int lcore, n = rte_lcore_count();

	rte_eal_mp_remote_launch(carry, &batches, CALL_MAIN);
	rte_eal_mp_wait_lcore();
	RTE_LCORE_FOREACH(lcore)
	{
		mean += (double)lanes[lcore]->total / batches / PER_BATCH / n;
		median += (double)lanes[lcore]->cycles[batches / 2] / PER_BATCH / n;
	}
	printf("%.1f %.1f\n", mean, median);
	fflush(stdout);
}

/* The first splices the sessions, of which each worker sends segments. */
static void make_lanes(void)
{
	const struct rig_size size = {traffic.sessions, 16, 1024};
	const struct lane *first = NULL;
	unsigned int lcore, n = 0;

	RTE_LCORE_FOREACH(lcore)
	{
		struct lane *l = calloc(1, sizeof(*l));
		int rc = -ENOMEM;

		if (l != NULL)
			rc = first == NULL ? rig_start(&l->rig, &size)
					   : rig_join(&l->rig, n, &first->rig);
		if (rc < 0)
			rig_die("no memory for %u sessions: %s", traffic.sessions, strerror(-rc));
		l->traffic = traffic;
		if (traffic_init(&l->traffic) < 0)
			rig_die("no memory for traffic");
		l->traffic.random += n++;
		if (first == NULL)
			traffic_splice(&l->traffic, &l->rig);
		first = first == NULL ? l : first;
		lanes[lcore] = l;
	}
}

static void write_frames(const char *path)
{
	struct lane *l = lanes[rte_lcore_id()];
	FILE *file = frame_file_create(path);
	unsigned int i;

	for (i = 0; file != NULL && i < PER_BATCH; i++) {
		struct rte_mbuf *m = next_frame(l, i % RIG_PORTS);

		frame_file_add(file, rte_pktmbuf_mtod(m, const void *), m->data_len);
		rte_pktmbuf_free(m);
	}
	if (file == NULL || fclose(file) != 0)
		rig_die("%s cannot be written", path);
	/* Nobody carried them: what comes next goes on from the beginning. */
	free(l->traffic.ends);
	if (traffic_init(&l->traffic) < 0)
		rig_die("no memory for traffic");
}

static void parse(int argc, char **argv, const char **path)
{
	int option;

	while ((option = getopt(argc, argv, "n:6tsp:w:")) != -1) {
		switch (option) {
		case 'n':
			traffic.sessions = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case '6':
			traffic.v6 = true;
			break;
		case 't':
			traffic.timestamps = true;
			break;
		case 's':
			traffic.sack = true;
			break;
		case 'p':
			traffic.payload = (uint16_t)strtoul(optarg, NULL, 10);
			break;
		case 'w':
			*path = optarg;
			break;
		default:
			rig_die("see the head of fastpath.c");
		}
	}
}

/* Bytes of the EAL's heap that are taken. */
static size_t heap_bytes(void)
{
	struct rte_malloc_socket_stats stats;

	return rte_malloc_get_socket_stats(0, &stats) == 0 ? stats.heap_allocsz_bytes : 0;
}

int main(int argc, char **argv)
{
	const char *path = NULL;
	char line[32];
	int used = rte_eal_init(argc, argv);

	if (used < 0)
		rig_die("the EAL does not start");
	parse(argc - used, argv + used, &path);
	make_lanes();
	if (path != NULL)
		write_frames(path);
	printf("ready %.1f %llu\n", (double)heap_bytes() / (1 << 20),
	       (unsigned long long)rte_get_tsc_hz());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		unsigned long batches = strtoul(line, NULL, 10);

		run((unsigned int)RTE_MIN(RTE_MAX(batches, 1UL), (unsigned long)BATCHES_MAX));
	}
	rte_eal_cleanup();
	return 0;
}

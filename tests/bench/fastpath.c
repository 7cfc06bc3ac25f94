/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles a packet of the way through a worker: receive, parse, look up, track, translate, transmit.
 *
 * usage: fastpath [EAL option]... -- [-n SESSIONS] [-6] [-t] [-s] [-p BYTES] [-w FILE]
 *   -n   how many sessions; each frame is of any of them, whichever end
 *   -6   IPv6   -t  with timestamps   -s  with a SACK block   -p  payload (6)
 *   -w   write such frames to a file, as pcap, for whom this is compared with
 *
 * It says `ready MIB` when its sessions are there, with the memory they took.  For each line "N" of
 * its input it carries N batches and says in a line how many cycles a packet: of all batches
 * together, and of the median batch.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_malloc.h>

#include "frame_file.h"
#include "traffic.h"

#define BATCHES_MAX 100000
#define PER_BATCH   (RIG_PORTS * RIG_BATCH)

static struct rig rig;
static struct traffic traffic = {.sessions = 1000, .payload = 6};

static struct rte_mbuf *next_frame(unsigned int side)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rig.pool);

	if (m == NULL)
		rig_die("no mbufs");
	traffic_segment(&traffic, traffic_pick(&traffic), side, m);
	return m;
}

static bool is_good(struct rte_mbuf *m)
{
	const struct rte_ether_addr to =
		rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->dst_addr;
	struct packet p;

	return packet_parse(&p, m, 0, &to) == PACKET_TCP && packet_checksums_good(&p);
}

/* Cycles that the worker took for a batch, half of which comes by either port. */
static uint64_t carry_batch(bool verify)
{
	const uint64_t relayed = rig.stats.relayed_packets;
	unsigned int i, port;
	struct rte_mbuf *m;
	uint64_t cycles;

	for (i = 0; i < RIG_BATCH; i++) {
		for (port = 0; port < RIG_PORTS; port++)
			rig_put(&rig, port, next_frame(port));
	}
	cycles = rig_run(&rig, PER_BATCH);
	if (rig.stats.relayed_packets - relayed != PER_BATCH)
		rig_die("of %u frames only %llu were relayed", PER_BATCH,
			(unsigned long long)(rig.stats.relayed_packets - relayed));
	for (port = 0; port < RIG_PORTS; port++) {
		while ((m = rig_take(&rig, port)) != NULL) {
			if (verify && !is_good(m))
				rig_die("a frame left with a bad checksum");
			rte_pktmbuf_free(m);
		}
	}
	return cycles;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

static void run(unsigned int batches)
{
	static uint64_t cycles[BATCHES_MAX];
	uint64_t total = 0;
	unsigned int i;

	carry_batch(true);
	for (i = 0; i < batches; i++) {
		cycles[i] = carry_batch(false);
		total += cycles[i];
	}
	qsort(cycles, batches, sizeof(*cycles), by_size);
	printf("%.1f %.1f\n", (double)total / batches / PER_BATCH,
	       (double)cycles[batches / 2] / PER_BATCH);
	fflush(stdout);
}

static void write_frames(const char *path)
{
	FILE *file = frame_file_create(path);
	unsigned int i;

	for (i = 0; file != NULL && i < PER_BATCH; i++) {
		struct rte_mbuf *m = next_frame(i % RIG_PORTS);

		frame_file_add(file, rte_pktmbuf_mtod(m, const void *), m->data_len);
		rte_pktmbuf_free(m);
	}
	if (file == NULL || fclose(file) != 0)
		rig_die("%s cannot be written", path);
	/* Nobody carried them: what comes next goes on from the beginning. */
	free(traffic.ends);
	if (traffic_init(&traffic) < 0)
		rig_die("no memory");
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
	if (traffic_init(&traffic) < 0 || rig_start(&rig, traffic.sessions, 16, 1024) < 0)
		rig_die("no memory for %u sessions", traffic.sessions);
	traffic_splice(&traffic, &rig);
	if (path != NULL)
		write_frames(path);
	printf("ready %.1f\n", (double)heap_bytes() / (1 << 20));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		unsigned long batches = strtoul(line, NULL, 10);

		run((unsigned int)RTE_MIN(RTE_MAX(batches, 1UL), (unsigned long)BATCHES_MAX));
	}
	rte_eal_cleanup();
	return 0;
}

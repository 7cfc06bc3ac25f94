/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes of the EAL's heap, which is what hugepages are for, that the data plane takes.
 *
 * usage: memory [EAL option]... -- SESSIONS LEGS
 *
 * It makes the tables for so many sessions and legs, splices all of the sessions, and says how many
 * bytes the flows took, how many the legs, and how many of the process are resident.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_malloc.h>

#include "traffic.h"

static struct traffic traffic;

static size_t heap_bytes(void)
{
	struct rte_malloc_socket_stats stats;

	return rte_malloc_get_socket_stats(0, &stats) == 0 ? stats.heap_allocsz_bytes : 0;
}

/* Of the whole process, as the kernel counts it. */
static unsigned long resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (f == NULL || fscanf(f, "%*u %lu", &pages) != 1)
		rig_die("/proc/self/statm cannot be read");
	fclose(f);
	return pages * (unsigned long)sysconf(_SC_PAGESIZE);
}

/* What is given back tells what was taken. */
static void measure(uint32_t sessions, uint32_t legs)
{
	const struct rig_size size = {sessions, legs, 1024};
	static struct rig rig;
	unsigned long resident;
	size_t before, flows;

	if (rig_start(&rig, &size) < 0)
		rig_die("no memory for %u sessions and %u legs", sessions, legs);
	traffic_splice(&traffic, &rig);
	resident = resident_bytes();
	before = heap_bytes();
	flow_table_fini(rig.flows);
	flows = before - heap_bytes();
	before = heap_bytes();
	leg_table_fini(&rig.worker.legs);
	printf("%zu %zu %lu\n", flows, before - heap_bytes(), resident);
}

int main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv);

	if (used < 0 || argc - used != 3)
		rig_die("see the head of memory.c");
	traffic.sessions = (uint32_t)strtoul(argv[used + 1], NULL, 10);
	measure(traffic.sessions, (uint32_t)strtoul(argv[used + 2], NULL, 10));
	rte_eal_cleanup();
	return 0;
}

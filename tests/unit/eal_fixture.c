/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "eal_fixture.h"

int eal_start(unsigned int megabytes)
{
	char prefix[48], size[16], program[] = "test", huge[] = "--no-huge", mem[] = "-m",
				   pci[] = "--no-pci", telemetry[] = "--no-telemetry",
				   conf[] = "--no-shconf", lcores[] = "-l", first[] = "0",
				   level[] = "--log-level=4";
	char *argv[] = {program, huge,	 mem,	size,  pci,   telemetry,
			conf,	 lcores, first, level, prefix};

	snprintf(size, sizeof(size), "%u", megabytes);
	snprintf(prefix, sizeof(prefix), "--file-prefix=tandem-test-%d", (int)getpid());
	if (rte_eal_init(RTE_DIM(argv), argv) < 0) {
		fprintf(stderr, "EAL: %s\n", rte_strerror(rte_errno));
		return -1;
	}
	return 0;
}

int eal_end(void)
{
	if (rte_eal_cleanup() < 0)
		return -1;
	/* The EAL leaves its directory behind, empty. */
	return rmdir(rte_eal_get_runtime_dir());
}

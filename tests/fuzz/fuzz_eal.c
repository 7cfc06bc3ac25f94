/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "fuzz.h"
#include "fuzz_eal.h"

void fuzz_eal(void)
{
	char arguments[][48] = {"fuzz",	    "--no-huge",      "-m",	      "64",
				"--no-pci", "--no-telemetry", "--no-shconf",  "-l",
				"0",	    "--log-level=4",  "--file-prefix"};
	char *argv[RTE_DIM(arguments)];
	unsigned int i;

	for (i = 0; i < RTE_DIM(arguments); i++)
		argv[i] = arguments[i];
	snprintf(arguments[i - 1], sizeof(arguments[0]), "--file-prefix=tandem-fuzz-%d",
		 (int)getpid());
	CHECK(rte_eal_init(RTE_DIM(arguments), argv) >= 0);
}

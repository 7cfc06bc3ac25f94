/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_LCORES_H
#define TANDEM_LCORES_H

#include <sched.h>

#include "config.h"

/*
 * The lcores of the configuration as EAL's --lcores argument: each on the CPU of its number where
 * `cpus` has it, else on all of `cpus`, whose other users it then shares them with.  `*shared`
 * tells how many do.  A string for free(), or NULL when out of memory.
 */
char *lcores_argument(const struct config_dataplane *dp, const cpu_set_t *cpus,
		      unsigned int *shared);

#endif

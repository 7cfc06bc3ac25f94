/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_EAL_H
#define TANDEM_EAL_H

#include "config.h"

/*
 * Start DPDK's environment for the configuration: lcores, memory, devices.  The calling thread
 * becomes the control lcore.  Once in a process.  0 or a negative errno, told in the log.  Where
 * hugepages are only liked and another was faster to take them, the program is executed anew with
 * `argv`, to do without.
 */
int eal_start(const struct config *cfg, char **argv);
void eal_stop(void);

#endif

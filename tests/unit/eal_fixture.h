/* SPDX-License-Identifier: BSD-3-Clause */
/* One EAL a process: a single lcore, no huge pages, no devices but those that a test makes. */
#ifndef TANDEM_EAL_FIXTURE_H
#define TANDEM_EAL_FIXTURE_H

/* 0, or -1; why it does not start is on stderr. */
int eal_start(unsigned int megabytes);
int eal_end(void);

#endif

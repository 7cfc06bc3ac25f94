/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_FUZZ_EAL_H
#define TANDEM_FUZZ_EAL_H

/* The EAL of the process: little memory, no huge pages, no devices. */
void fuzz_eal(void);

#endif

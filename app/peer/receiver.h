/* SPDX-License-Identifier: BSD-3-Clause */
/* The Target: takes one offer, connects to the relay it names, receives. */
#ifndef TANDEM_RECEIVER_H
#define TANDEM_RECEIVER_H

#include "account.h"
#include "options.h"

/* `account` is not logged in yet.  An outcome; what went wrong has been said. */
int receiver_run(const struct options *options, struct account *account);

#endif

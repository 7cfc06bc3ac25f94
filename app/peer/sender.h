/* SPDX-License-Identifier: BSD-3-Clause */
/* The Initiator: offers a file, connects to the relay the Target has named, sends. */
#ifndef TANDEM_SENDER_H
#define TANDEM_SENDER_H

#include "account.h"
#include "options.h"

/* `account` is not logged in yet.  An outcome; what went wrong has been said. */
int sender_run(const struct options *options, struct account *account);

#endif

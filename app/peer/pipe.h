/* SPDX-License-Identifier: BSD-3-Clause */
/* `tandem pipe`: standard input and output, both ways, through a connection to the partner. */
#ifndef TANDEM_PIPE_H
#define TANDEM_PIPE_H

#include "account.h"
#include "options.h"

/* `account` is not logged in yet.  An outcome; what went wrong has been said. */
int pipe_run(const struct options *options, struct account *account);

#endif

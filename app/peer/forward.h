/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `tandem forward`: local TCP connections carried to the partner, one after the other.  One side
 * listens on loopback and offers a stream for each connection; the other takes each offer and hands
 * it to a server on its own loopback, or to a command.
 */
#ifndef TANDEM_FORWARD_H
#define TANDEM_FORWARD_H

#include "account.h"
#include "options.h"

/* `account` is not logged in yet.  An outcome; what went wrong has been said. */
int forward_run(const struct options *options, struct account *account);

#endif

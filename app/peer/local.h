/* SPDX-License-Identifier: BSD-3-Clause */
/* The local end of a forwarded connection: a TCP connection over loopback, or a command. */
#ifndef TANDEM_LOCAL_H
#define TANDEM_LOCAL_H

#include <sys/types.h>

#include "account.h"
#include "candidate.h"

struct local {
	int fd;	   /* blocking; -1: none */
	pid_t pid; /* of the command; 0: none */
};

/* A socket that listens on 127.0.0.1, with `*port` (host byte order; 0: any, which then is told).
 * Descriptor or negative errno. */
int local_listen(uint16_t *port);

/* Connect to a loopback address.  0 or negative errno; -EINTR with `*outcome` as dial(). */
int local_dial(struct local *local, struct account *account, const union candidate_address *addr,
	       int *outcome);

/* Run a shell command whose standard input and output are a socket; TANDEM_PEER in its environment
 * is `partner`.  0 or negative errno. */
int local_command(struct local *local, const char *command, const char *partner);

/* Close; by RST when `broken`.  A command then has 2 s to end before it is made to. */
void local_close(struct local *local, bool broken);

#endif

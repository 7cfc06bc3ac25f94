/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The AF_XDP PMD tells nobody the descriptors of its sockets, which say when frames wait.  It opens
 * one for each queue that is set up: so the one that is new afterwards is the queue's.
 */
#ifndef TANDEM_XDP_SOCKET_H
#define TANDEM_XDP_SOCKET_H

#include "config.h"

struct xdp_sockets {
	int fds[CONFIG_MAX_PORTS * CONFIG_MAX_QUEUES];
	unsigned int n;
};

/* The AF_XDP socket of this process that is not among `known`, to which it is added; -1: there is
 * none, or more than one. */
int xdp_socket_newest(struct xdp_sockets *known);

#endif

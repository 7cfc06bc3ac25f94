/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYNs of hosts that mean nothing by it: each has a source, a port and a number by chance.  They
 * are of 16.0.0.0/4 and 2001:db8:c00::/48, where none of the traffic's hosts are.
 */
#ifndef TANDEM_BENCH_SYN_FLOOD_H
#define TANDEM_BENCH_SYN_FLOOD_H

#include "traffic.h"
#include "wires.h"

#define SYN_FLOOD_FRAME 128

struct syn_flood {
	struct wires *wires;
	bool v6;
	uint64_t random;
	uint8_t syn[SYN_FLOOD_FRAME];	     /* what is the same in all */
	uint16_t length;		     /* of it, in bytes */
	uint64_t ip_sum, tcp_sum;	     /* of it, for the checksums */
	struct rte_mbuf *frames[WIRE_BURST]; /* the wire did not take them yet, */
	unsigned int n, taken;		     /* all but so many of n */
	uint64_t sent, answered;	     /* so far */
};

/* SYNs like the traffic's, over the first of the wires. */
void syn_flood_init(struct syn_flood *f, const struct traffic *t, struct wires *w);

/* As many as the wire takes, WIRE_BURST at most. */
void syn_flood_send(struct syn_flood *f);

/* Count the answer to one; false: `m` is none. */
bool syn_flood_hear(struct syn_flood *f, const struct rte_mbuf *m);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP and ICMPv6 errors about packets of spliced connections, DESIGN 3.5.
 */
#ifndef TANDEM_ICMP_H
#define TANDEM_ICMP_H

#include "worker.h"

/*
 * The PACKET_ICMP `p`: what it says of a packet that the relay sent on a spliced leg is told to the
 * end that packet came from.  What is about none of the service's goes to the kernel, what is about
 * the service but not to be believed, or of no use, is dropped.  Takes the mbuf.
 */
void icmp_input(struct worker *w, struct packet *p);

/*
 * The packet `p`, translated in the direction of `slot`, is longer than the `mtu` bytes that the way
 * out takes, and cannot be cut: drop it and tell its sender (RFC 1191 4, RFC 4443 3.2), unless that
 * is IPv4 and allows fragments.  Takes the mbuf.
 */
void icmp_too_big(struct worker *w, uint32_t slot, struct packet *p, uint32_t mtu);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors about spliced packets, in a worker's rig: a flow of any families, the packets of
 * either end, and routers that quote what the relay sent.
 *
 *   sender --- packet ---> [ worker ] --- relayed ---> router
 *          <-- answer ----            <--- error -----
 *
 * Frames are built and taken apart here byte by byte, and all sums are made over all bytes.
 */
#ifndef TANDEM_ICMP_FIXTURE_H
#define TANDEM_ICMP_FIXTURE_H

#include "frame_check.h"
#include "worker_fixture.h"

#define ICMP4_UNREACHABLE 3
#define ICMP4_REDIRECT	  5
#define ICMP4_ECHO	  8
#define ICMP4_TIME	  11
#define ICMP4_PARAMETER	  12
#define ICMP4_FRAG_NEEDED 4 /* code */

#define ICMP6_UNREACHABLE 1
#define ICMP6_TOO_BIG	  2
#define ICMP6_TIME	  3
#define ICMP6_PARAMETER	  4
#define ICMP6_ECHO	  128
#define ICMP6_NEIGHBOUR	  135 /* solicitation */

#define FRAME_MAX 2048

struct bytes {
	uint8_t at[FRAME_MAX];
	unsigned int n;
};

/* One end: what its connection to the relay looks like.  Addresses of IPv4 take four bytes. */
struct end {
	bool v6;
	uint8_t addr[16], relay[16], router[16];
	uint16_t port; /* its TCP port */
	uint16_t mss;
	bool timestamps;
	uint32_t sent;	 /* R: the number of the first byte it sends */
	uint32_t expect; /* S: of the first byte it gets */
};

/* A flow between ends 0 and 1, which are on the rig's ports 0 and 1. */
struct path {
	struct end ends[2];
	uint64_t flow;
};

/* Splice ends of the families said; side 0's numbers are about to wrap. */
struct path path_make(bool a6, bool b6);

/* Splice it anew: without timestamps on the leg of `side`; with an MSS. */
void path_without_timestamps(struct path *path, unsigned int side);
void path_set_mss(struct path *path, unsigned int side, uint16_t mss);

/* An ACK of `side` with timestamps, if it has them, and `payload` bytes that begin `at` bytes into
 * its stream; an IP packet, DF set, all sums good. */
struct bytes path_packet(const struct path *path, unsigned int side, uint32_t at,
			 unsigned int payload);
/* Put an IP packet into a frame for the port. */
struct rte_mbuf *path_frame(unsigned int port, bool v6, const struct bytes *ip);

/* Let the worker have the packet; what it sends to the other end, an IP packet. */
struct bytes path_relay(const struct path *path, unsigned int side, const struct bytes *packet);

/* What is said of a packet. */
struct message {
	uint8_t type, code;
	uint32_t word;
};

/* The error of the router beside `side`, whom the relay sent what is quoted, to the relay. */
struct bytes path_error(const struct path *path, unsigned int side, struct message said,
			const uint8_t *quote, unsigned int n);

/* The frame of an error as the relay must make it for `side`: addresses, MACs and sums are looked
 * at here. */
struct answer {
	struct message said;
	struct bytes quote;
};
struct answer path_answer(const struct path *path, unsigned int side, struct rte_mbuf *m);

/* Make the ICMP checksum of an error, an IP packet, good again. */
void error_seal(bool v6, struct bytes *error);
/* What TCP's receiver sums up over a whole IP packet: 0xffff when it is good. */
uint16_t packet_residue(bool v6, const struct bytes *ip);

static inline unsigned int ip_header(bool v6)
{
	return v6 ? 40 : 20;
}

#endif

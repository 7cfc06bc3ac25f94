/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the data plane share: one EAL a process, mbufs, and TCP segments that are
 * written down field by field, built into frames and read back.
 *
 * Checksums are computed here byte by byte over the whole packet, by other code than the one under
 * test.
 */
#ifndef TANDEM_DATAPLANE_FIXTURE_H
#define TANDEM_DATAPLANE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#include "packet.h"

/* Host order; RTE_IPV4() shifts a bit into the sign of an int. */
#define IPV4(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* Two fields of a row: what a string literal says, and how many bytes that is. */
#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

/* Flags as tcpdump writes them. */
#define FIN RTE_TCP_FIN_FLAG
#define SYN RTE_TCP_SYN_FLAG
#define RST RTE_TCP_RST_FLAG
#define PSH RTE_TCP_PSH_FLAG
#define ACK RTE_TCP_ACK_FLAG
#define URG RTE_TCP_URG_FLAG

/* A TCP segment over IPv4 or IPv6 over Ethernet.  Numbers, IPv4 addresses and ports in host order. */
struct segment {
	struct rte_ether_addr dst_mac, src_mac;
	uint32_t src, dst;	    /* IPv4 */
	struct in6_addr src6, dst6; /* IPv6 */
	uint32_t label;		    /* IPv6 */
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint8_t flags;
	uint8_t ttl, tos; /* hop limit and traffic class */
	bool v6;
	uint16_t id, frag; /* IPv4; frag: flags and offset as on the wire */
	uint16_t window, urgent;
	uint16_t bad_tcp, bad_ip; /* XORed to the good checksum */
	uint16_t
		extension; /* IPv6: the kind of the first header in `ip_options`, if there are any */
	uint8_t options[40], ip_options[40];
	unsigned int n_options, n_ip_options; /* bytes, multiples of four */
	uint8_t payload[1460];
	unsigned int n_payload;
};

extern struct rte_mempool *fixture_pool;

/* Group set-up and tear-down of cmocka: start the EAL and make the pool; one lcore, no ports. */
int fixture_eal(void **state);
int fixture_eal_end(void **state);

/* The EAL binds the test to one core, and a thread inherits that: the caller may run on any now. */
void fixture_unbind(void);

/* Every mbuf is back in the pool. */
void fixture_assert_no_leak(void);

/* Random numbers that can be had again: the seed is printed, TANDEM_TEST_SEED sets it. */
void fixture_seed(void);
uint64_t fixture_random(void);
/* From `from` to `to`, both included. */
uint32_t fixture_between(uint32_t from, uint32_t to);

/* An IPv6 address as it is written. */
struct in6_addr ip6(const char *text);

/* A plain ACK with TTL 64 between 192.0.2.1:40000 and 192.0.2.10:4000. */
struct segment segment_plain(void);
/* The same between 2001:db8::1 and 2001:db8::10. */
struct segment segment_plain6(void);
void segment_option(struct segment *s, const uint8_t *bytes, unsigned int n);
/* NOP NOP TIMESTAMP, as nearly everybody sends it. */
void segment_timestamps(struct segment *s, uint32_t tsval, uint32_t tsecr);

/* The frame's bytes, checksums included; returns how many. */
unsigned int segment_bytes(const struct segment *s, uint8_t *frame);
struct rte_mbuf *segment_build(const struct segment *s);
/* Any bytes as an mbuf. */
struct rte_mbuf *frame_build(const uint8_t *frame, unsigned int n);
/* The same as a chain of two, the first of `first` bytes. */
struct rte_mbuf *segment_build_two(const struct segment *s, unsigned int first);
/* Any bytes as an mbuf around heap memory of exactly their size, so that the address sanitizer sees
 * each step beyond; freed by frame_unwrap(). */
struct rte_mbuf *frame_wrap(const uint8_t *frame, unsigned int n);
void frame_unwrap(struct rte_mbuf *m);
/* Build, and parse for the MAC it is sent to; must be PACKET_TCP. */
struct packet segment_packet(const struct segment *s);

/* Read a frame back into fields; fails the test when it is not one TCP segment right behind its
 * IP header. */
struct segment segment_read(struct rte_mbuf *m);
/* The numbers of the timestamps option; false: none. */
bool segment_find_timestamps(const struct segment *s, uint32_t *tsval, uint32_t *tsecr);

/*
 * What a receiver sums up over header (and pseudo-header and payload): 0xffff when the checksum is
 * good, and otherwise by how much it is not.  Of IPv6, whose header has none, always 0xffff.
 */
uint16_t ip_residue(struct rte_mbuf *m);
uint16_t tcp_residue(struct rte_mbuf *m);
void assert_checksums(struct rte_mbuf *m);

#endif

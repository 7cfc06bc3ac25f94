/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What packet_parse() owes to frames of both families.  Frames lie in heap memory of exactly their
 * size, so that the address sanitizer sees every step beyond.
 */
#ifndef TANDEM_TEST_PACKET_FIXTURE_H
#define TANDEM_TEST_PACKET_FIXTURE_H

#include "dataplane_fixture.h"

#define IP	  14
#define PAYLOAD	  5 /* of the good frame: "hello" behind a timestamps option */
#define NO_BYTE	  (-1)
#define MALFORMED PACKET_DROP, DROP_MALFORMED, 0
#define KERNEL	  PACKET_KERNEL, 0, 0

extern const struct rte_ether_addr our_mac;

/* Make a good segment of a plain one. */
void good_segment(struct segment *s);

/* A good frame with one lie in it. */
struct lie {
	const char *name;
	int at[2]; /* the bytes changed, or NO_BYTE */
	uint8_t to[2];
	enum packet_class class;
	enum drop_reason drop; /* with PACKET_DROP */
	unsigned int payload;  /* with PACKET_TCP */
};
void check_lies(const struct lie *lies, unsigned int n_lies, const uint8_t *good, unsigned int n);

/* The good frame cut from byte `first` on, its byte `length_at` telling the truth, counted from
 * `from`. */
void check_true_cuts(uint8_t *frame, unsigned int n, unsigned int first, unsigned int length_at,
		     unsigned int from);

/* The plain segment with one byte of payload, a frame of `n` bytes, and padding behind it. */
void check_padding(struct segment s, unsigned int n);

/* The segment in two mbufs, parted anywhere: with all of its `headers` in the first it is good. */
void check_chains(struct segment s, unsigned int headers);

/* What is seen of a frame at a glance is what a close look finds; of a usual one it is seen. */
void check_glance(const uint8_t *frame, unsigned int n, bool usual);

#endif

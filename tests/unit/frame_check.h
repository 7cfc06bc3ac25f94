/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second opinion on frames: read byte by byte, by other code than the one under test, and summed
 * up as a receiver does.  Needs no test library.
 */
#ifndef TANDEM_FRAME_CHECK_H
#define TANDEM_FRAME_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* A whole TCP segment, not fragmented and with no IPv6 extension header.  Offsets in the frame. */
struct frame_view {
	const uint8_t *frame;
	bool v6;
	uint8_t hops, tos;
	unsigned int ip, ip_header, tcp, tcp_header, payload, end;
};

uint16_t frame_get16(const uint8_t *at);
uint32_t frame_get32(const uint8_t *at);
void frame_put16(uint8_t *at, uint16_t v);
void frame_put32(uint8_t *at, uint32_t v);

/* False: the `n` bytes are not such a frame. */
bool frame_look(const uint8_t *frame, unsigned int n, struct frame_view *v);

/* Sum of big-endian words with end-around carry; an odd last byte is a word's upper half. */
uint16_t frame_sum(const uint8_t *at, unsigned int n, uint16_t start);

/* The sum over the pseudo-header of `n` bytes of `protocol` behind the header `ip`. */
uint16_t frame_pseudo_sum(bool v6, const uint8_t *ip, uint8_t protocol, unsigned int n);

/* 0xffff when the checksum is good, and otherwise by how much it is not.  Without an IPv4 header
 * its sum is good. */
uint16_t frame_ip_residue(const struct frame_view *v);
uint16_t frame_tcp_residue(const struct frame_view *v);

/* Make both checksums good. */
void frame_seal(uint8_t *frame, const struct frame_view *v);

/* The offset behind kind and length of the option `kind` of `length` bytes in all, from the start
 * of the frame; 0: it has none. */
unsigned int frame_option(const struct frame_view *v, uint8_t kind, uint8_t length);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One's-complement sums as RFC 1624 updates them.
 *
 * A sum is a 64-bit accumulator of native-order words: a 32-bit word at an even offset counts as
 * its two 16-bit halves do, and byte order does not matter as long as all come as they lie in
 * memory.  Replacing a word adds its complement and its successor.
 *
 * Where the same is added to a number of every packet, what that does to the sum is known before, but
 * for the carry out of bit 31: 2^32 is 1 modulo 65,535, so that each carry takes 1 from the sum.
 */
#ifndef TANDEM_CHECKSUM_H
#define TANDEM_CHECKSUM_H

#include <stdint.h>

#include <rte_byteorder.h>

/* The accumulator that stands for the change of a word. */
static inline uint64_t csum_change32(uint32_t from, uint32_t to)
{
	return (uint64_t)(uint32_t)~from + to;
}

static inline uint64_t csum_change16(uint16_t from, uint16_t to)
{
	return (uint64_t)(uint16_t)~from + to;
}

static inline uint16_t csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The same of a sum of at most 32 bits: of a few words of 16. */
static inline uint16_t csum_fold32(uint32_t sum)
{
	return (uint16_t)((sum + (sum << 16 | sum >> 16)) >> 16);
}

/* Adding the number `delta` to one in network order, without a carry out of bit 31. */
static inline uint64_t csum_delta(uint32_t delta)
{
	return rte_cpu_to_be_32(delta);
}

/* So many carries out of bit 31, up to 0xffff. */
static inline uint32_t csum_carries(unsigned int n)
{
	return (uint16_t)~rte_cpu_to_be_16((uint16_t)n);
}

/* A change to bytes at an odd offset counts with its bytes swapped. */
static inline uint64_t csum_at_odd(uint64_t sum)
{
	return __builtin_bswap16(csum_fold(sum));
}

/* The checksum field after the change `sum` of what it covers. */
static inline uint16_t csum_update(uint16_t field, uint64_t sum)
{
	return (uint16_t)~csum_fold((uint16_t)~field + sum);
}

/* The same after a change of at most 31 bits. */
static inline uint16_t csum_update32(uint16_t field, uint32_t sum)
{
	return (uint16_t)~csum_fold32((uint16_t)~field + sum);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash-2-4 (Aumasson and Bernstein) of a few 64-bit words: the keyed function of RFC 6528's
 * initial sequence numbers.  Inline and for whole words only, because a library's call with its
 * set-up costs more than the hash.
 */
#ifndef TANDEM_SIPHASH_H
#define TANDEM_SIPHASH_H

#include <stdint.h>

struct siphash_key {
	uint64_t k[2];
};

static inline uint64_t siphash_rotl(uint64_t x, unsigned int b)
{
	return x << b | x >> (64 - b);
}

static inline void siphash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = siphash_rotl(v[1], 13) ^ v[0];
	v[0] = siphash_rotl(v[0], 32);
	v[2] += v[3];
	v[3] = siphash_rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = siphash_rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = siphash_rotl(v[1], 17) ^ v[2];
	v[2] = siphash_rotl(v[2], 32);
}

/* `n` words, each taken as eight bytes in little-endian order; n < 32. */
static inline uint64_t siphash(const struct siphash_key *key, const uint64_t *words, unsigned int n)
{
	uint64_t v[4] = {
		key->k[0] ^ 0x736f6d6570736575ULL,
		key->k[1] ^ 0x646f72616e646f6dULL,
		key->k[0] ^ 0x6c7967656e657261ULL,
		key->k[1] ^ 0x7465646279746573ULL,
	};
	uint64_t last = (uint64_t)n * 8 << 56;
	unsigned int i;

	for (i = 0; i <= n; i++) {
		uint64_t word = i < n ? words[i] : last;

		v[3] ^= word;
		siphash_round(v);
		siphash_round(v);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif

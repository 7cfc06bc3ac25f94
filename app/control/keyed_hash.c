/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "keyed_hash.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void mix(struct state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

static inline void absorb(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	mix(s);
	mix(s);
	s->v0 ^= word;
}

uint64_t keyed_hash(const struct hash_key *key, const void *data, size_t size)
{
	struct state s = {key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
			  key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573};
	const unsigned char *at = data;
	uint64_t word;

	for (size_t left = size; left >= 8; left -= 8, at += 8) {
		memcpy(&word, at, 8);
		absorb(&s, le64toh(word));
	}
	word = 0;
	memcpy(&word, at, size % 8);
	absorb(&s, le64toh(word) | (uint64_t)size << 56);
	s.v2 ^= 0xff;
	for (int round = 0; round < 4; round++)
		mix(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t keyed_hash_text(const struct hash_key *key, const char *text)
{
	return keyed_hash(key, text, strlen(text));
}

int hash_key_draw(struct hash_key *key)
{
	/* Up to 256 bytes come whole or not at all, getrandom(2). */
	return getrandom(key, sizeof(*key), 0) == sizeof(*key) ? 0 : -errno;
}

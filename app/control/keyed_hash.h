/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hashes for the tables, under a key drawn at random by each process: sids, JIDs, addresses and
 * ports are chosen by whoever likes to attack us, so neither a linear hash (CRC) nor one with known
 * collisions will do.
 */
#ifndef TANDEM_KEYED_HASH_H
#define TANDEM_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "siphash.h"

/* Draw a key.  Returns 0 or a negative errno. */
int hash_key_draw(struct siphash_key *key);

uint64_t keyed_hash(const struct siphash_key *key, const void *data, size_t size);
uint64_t keyed_hash_text(const struct siphash_key *key, const char *text);

/* One hash of several: of texts hashed one by one, no two lists of which concatenate alike. */
#define keyed_hash_of(key, ...) \
	keyed_hash(key, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}))

#endif

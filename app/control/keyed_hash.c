/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "keyed_hash.h"

uint64_t keyed_hash(const struct siphash_key *key, const void *data, size_t size)
{
	return siphash(key, data, size);
}

uint64_t keyed_hash_text(const struct siphash_key *key, const char *text)
{
	return keyed_hash(key, text, strlen(text));
}

int hash_key_draw(struct siphash_key *key)
{
	/* Up to 256 bytes come whole or not at all, getrandom(2). */
	return getrandom(key, sizeof(*key), 0) == sizeof(*key) ? 0 : -errno;
}

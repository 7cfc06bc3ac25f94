/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The claims that failed a short while ago, so that the partner's claim need not wait for somebody
 * who has closed his connection (A4 of the proposal).
 *
 * A failure is kept as a keyed hash of sid, who failed and the partner he had named, if any: 64
 * bits that nobody outside can aim at.  The book is a ring of fixed size: a flood of failures
 * pushes the oldest out, and their partners then wait for their timer as they would without this
 * book.  One thread.
 */
#ifndef TANDEM_FAILURE_BOOK_H
#define TANDEM_FAILURE_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash_index.h"
#include "keyed_hash.h"

struct failure;

struct failure_book {
	const struct siphash_key *key;
	struct hash_index index;
	struct failure *ring;
	size_t size, next;
	uint64_t keep_ms;
};

/* Returns 0 or -ENOMEM; failure_book_fini() is allowed after either, and on a zeroed book. */
int failure_book_init(struct failure_book *book, const struct siphash_key *key, size_t size,
		      uint64_t keep_ms);
void failure_book_fini(struct failure_book *book);

/* The claim of `jid` for `sid`, which named `peer` or (NULL) nobody, failed. */
void failure_remember(struct failure_book *book, const char *sid, const char *jid, const char *peer,
		      uint64_t now_ms);
/* `jid` tries again, naming the same. */
void failure_forget(struct failure_book *book, const char *sid, const char *jid, const char *peer);
/* Whether the claim of `jid` for `sid`, naming `peer`, failed within the book's time. */
bool failure_known(const struct failure_book *book, const char *sid, const char *jid,
		   const char *peer, uint64_t now_ms);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "container.h"
#include "failure_book.h"

struct failure {
	struct index_node node;
	uint64_t hash;
	uint64_t until_ms;
};

int failure_book_init(struct failure_book *book, const struct siphash_key *key, size_t size,
		      uint64_t keep_ms)
{
	book->key = key;
	book->size = size;
	book->next = 0;
	book->keep_ms = keep_ms;
	book->ring = calloc(size, sizeof(*book->ring));
	return book->ring != NULL ? hash_index_init(&book->index, size) : -ENOMEM;
}

void failure_book_fini(struct failure_book *book)
{
	hash_index_fini(&book->index);
	free(book->ring);
	book->ring = NULL;
}

static uint64_t hash_failure(const struct failure_book *book, const char *sid, const char *jid,
			     const char *peer)
{
	return keyed_hash_of(book->key, keyed_hash_text(book->key, sid),
			     keyed_hash_text(book->key, jid),
			     peer == NULL ? 0 : keyed_hash_text(book->key, peer));
}

static struct failure *find(const struct failure_book *book, uint64_t hash)
{
	struct index_node *node;

	HASH_INDEX_FOREACH (node, &book->index, hash) {
		struct failure *failure = CONTAINER(node, struct failure, node);

		if (failure->hash == hash)
			return failure;
	}
	return NULL;
}

void failure_remember(struct failure_book *book, const char *sid, const char *jid, const char *peer,
		      uint64_t now_ms)
{
	uint64_t hash = hash_failure(book, sid, jid, peer);
	struct failure *failure = find(book, hash);

	if (failure == NULL) {
		failure = &book->ring[book->next];
		book->next = (book->next + 1) % book->size;
		hash_index_remove(&failure->node);
		failure->hash = hash;
		hash_index_insert(&book->index, hash, &failure->node);
	}
	failure->until_ms = now_ms + book->keep_ms;
}

void failure_forget(struct failure_book *book, const char *sid, const char *jid, const char *peer)
{
	struct failure *failure = find(book, hash_failure(book, sid, jid, peer));

	if (failure != NULL)
		hash_index_remove(&failure->node);
}

bool failure_known(const struct failure_book *book, const char *sid, const char *jid,
		   const char *peer, uint64_t now_ms)
{
	const struct failure *failure = find(book, hash_failure(book, sid, jid, peer));

	return failure != NULL && now_ms < failure->until_ms;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "name_book.h"

int name_book_init(struct name_book *book, const struct siphash_key *key, size_t max_legs,
		   size_t names)
{
	book->key = key;
	book->n_legs = 0;
	book->max_legs = max_legs;
	return hash_index_init(&book->by_name, names);
}

static void forget(struct bytestream *bytestream)
{
	hash_index_remove(&bytestream->by_name);
	free(bytestream);
}

void name_book_fini(struct name_book *book)
{
	struct index_node *node, *next;

	for (size_t i = 0; book->by_name.chains != NULL && i <= book->by_name.mask; i++) {
		for (node = LIST_FIRST(&book->by_name.chains[i]); node != NULL; node = next) {
			next = LIST_NEXT(node, link);
			free(CONTAINER(node, struct bytestream, by_name));
		}
	}
	hash_index_fini(&book->by_name);
}

static uint64_t hash_name(const struct name_book *book, const uint8_t name[LEG_NAME_BYTES])
{
	return keyed_hash(book->key, name, LEG_NAME_BYTES);
}

struct bytestream *name_book_find(const struct name_book *book, const uint8_t name[LEG_NAME_BYTES])
{
	struct index_node *node;

	HASH_INDEX_FOREACH (node, &book->by_name, hash_name(book, name)) {
		struct bytestream *bytestream = CONTAINER(node, struct bytestream, by_name);

		if (memcmp(bytestream->name, name, LEG_NAME_BYTES) == 0)
			return bytestream;
	}
	return NULL;
}

static struct bytestream *add(struct name_book *book, const uint8_t name[LEG_NAME_BYTES])
{
	struct bytestream *bytestream = calloc(1, sizeof(*bytestream));

	if (bytestream == NULL)
		return NULL;
	memcpy(bytestream->name, name, LEG_NAME_BYTES);
	hash_index_insert(&book->by_name, hash_name(book, name), &bytestream->by_name);
	return bytestream;
}

int name_book_add(struct name_book *book, const uint8_t name[LEG_NAME_BYTES], struct leg *leg)
{
	struct bytestream *bytestream = name_book_find(book, name);

	if (bytestream != NULL && bytestream->session != NULL)
		return -EBUSY;
	if (book->n_legs == book->max_legs)
		return -ENOSPC;
	if (bytestream == NULL)
		bytestream = add(book, name);
	if (bytestream == NULL)
		return -ENOMEM;
	if (bytestream->n_legs == NAME_LEGS_MAX)
		return -ENOSPC;
	bytestream->legs[bytestream->n_legs++] = leg;
	leg->bytestream = bytestream;
	book->n_legs++;
	return 0;
}

static void forget_unused(struct bytestream *bytestream)
{
	if (bytestream->n_legs == 0 && bytestream->session == NULL)
		forget(bytestream);
}

void name_book_take(struct name_book *book, struct leg *leg)
{
	struct bytestream *bytestream = leg->bytestream;
	unsigned int kept = 0;

	if (bytestream == NULL)
		return;
	for (unsigned int i = 0; i < bytestream->n_legs; i++) {
		if (bytestream->legs[i] != leg)
			bytestream->legs[kept++] = bytestream->legs[i];
	}
	bytestream->n_legs = kept;
	leg->bytestream = NULL;
	book->n_legs--;
	forget_unused(bytestream);
}

void name_book_lend(struct bytestream *bytestream, struct session *session)
{
	bytestream->session = session;
}

void name_book_give_back(struct bytestream *bytestream)
{
	bytestream->session = NULL;
	forget_unused(bytestream);
}

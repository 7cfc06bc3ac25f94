/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Claims without a leg, found by the legs they may mean.
 *
 * A claim is kept under one name (match_name()); a leg that comes, is established or goes is looked
 * up under all names it has.  So a leg's event costs the few claims that may care, however many are
 * held.  As many claims as CLAIMS_PER_NAME name the same end only when somebody tries something:
 * there is one leg at such an end.
 *
 * Reconsidering a claim may close its session and others', so a look over the claims that matter to
 * one leg starts again from the chains' heads after each, and a claim it has been at carries the
 * look's number.
 */
#include <string.h>

#include "container.h"
#include "session_book.h"

#define CLAIMS_PER_NAME 8

static uint64_t hash_name(const struct session_book *book, const struct four_tuple *name)
{
	return keyed_hash(&book->key, name, sizeof(*name));
}

static struct pending *pending_of(struct index_node *node, const struct four_tuple *name)
{
	struct pending *p = CONTAINER(node, struct pending, by_name);

	return memcmp(&p->name, name, sizeof(*name)) == 0 ? p : NULL;
}

bool held_claims_add(struct session_book *book, struct party *party)
{
	struct pending *pending = party->pending;
	uint64_t hash = hash_name(book, &pending->name);
	struct index_node *node;
	unsigned int n = 0;

	HASH_INDEX_FOREACH (node, &book->by_name, hash) {
		n += pending_of(node, &pending->name) != NULL;
	}
	if (n >= CLAIMS_PER_NAME)
		return false;
	hash_index_insert(&book->by_name, hash, &pending->by_name);
	return true;
}

void held_claims_remove(struct party *party)
{
	hash_index_remove(&party->pending->by_name);
	deadline_stop(&party->pending->asking);
}

uint64_t held_claims_look(struct session_book *book)
{
	return ++book->looks;
}

struct party *held_claims_next(struct session_book *book, const struct four_tuple *tuple,
			       uint64_t look)
{
	struct four_tuple names[MATCH_NAMES];
	unsigned int n = match_names_of(&book->policy, tuple, names);
	struct pending *oldest = NULL;
	struct index_node *node;

	for (unsigned int i = 0; i < n; i++) {
		HASH_INDEX_FOREACH (node, &book->by_name, hash_name(book, &names[i])) {
			struct pending *p = pending_of(node, &names[i]);

			if (p != NULL && p->looked_at != look &&
			    (oldest == NULL || p->serial < oldest->serial))
				oldest = p;
		}
	}
	if (oldest == NULL)
		return NULL;
	oldest->looked_at = look;
	return oldest->party;
}

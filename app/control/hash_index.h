/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An index: hash chains through nodes embedded in what is indexed.
 *
 * The number of chains is fixed at creation, an insertion allocates nothing and cannot fail, and a
 * removal needs neither key nor walk.  The caller hashes (keyed_hash.h) and compares keys itself;
 * several entries may share one.  One thread.
 */
#ifndef TANDEM_HASH_INDEX_H
#define TANDEM_HASH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct index_node {
	LIST_ENTRY(index_node) link;
};
LIST_HEAD(index_chain, index_node);

struct hash_index {
	struct index_chain *chains;
	uint64_t mask;
};

/* Room for about `entries`; more only make the chains longer.  Returns 0 or -ENOMEM. */
int hash_index_init(struct hash_index *index, size_t entries);
/* Frees the chains, not the entries.  A zeroed index is allowed. */
void hash_index_fini(struct hash_index *index);

/* Newest first. */
void hash_index_insert(struct hash_index *index, uint64_t hash, struct index_node *node);
/* A zeroed node, and one that was removed, is in no index: removing it does nothing. */
void hash_index_remove(struct index_node *node);
bool hash_index_holds(const struct index_node *node);

/* Walks a chain in which entries with this hash are found among others. */
#define HASH_INDEX_FOREACH(node, index, hash) \
	LIST_FOREACH (node, &(index)->chains[(hash) & (index)->mask], link)

#endif

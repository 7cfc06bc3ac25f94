/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "hash_index.h"

int hash_index_init(struct hash_index *index, size_t entries)
{
	size_t chains = 16;

	while (chains < entries)
		chains *= 2;
	/* Zeroed chains are empty ones, and pages nobody touched cost nothing. */
	index->chains = calloc(chains, sizeof(*index->chains));
	index->mask = chains - 1;
	return index->chains != NULL ? 0 : -ENOMEM;
}

void hash_index_fini(struct hash_index *index)
{
	free(index->chains);
	index->chains = NULL;
}

void hash_index_insert(struct hash_index *index, uint64_t hash, struct index_node *node)
{
	LIST_INSERT_HEAD(&index->chains[hash & index->mask], node, link);
}

bool hash_index_holds(const struct index_node *node)
{
	return node->link.le_prev != NULL;
}

void hash_index_remove(struct index_node *node)
{
	if (!hash_index_holds(node))
		return;
	LIST_REMOVE(node, link);
	node->link.le_prev = NULL;
}

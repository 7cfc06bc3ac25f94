/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_malloc.h>

#include "tuple_index.h"

/* Entries a bucket when the index is as full as it was asked to be: half of its places. */
#define ENTRIES_PER_BUCKET (TUPLE_BUCKET_SLOTS / 2)

int tuple_index_init(struct tuple_index *ix, uint32_t entries)
{
	uint32_t n = rte_align32pow2(entries / ENTRIES_PER_BUCKET + 1);

	ix->mask = n - 1;
	ix->buckets =
		rte_zmalloc("tuple_buckets", (size_t)n * sizeof(*ix->buckets), RTE_CACHE_LINE_SIZE);
	ix->passed =
		rte_zmalloc("tuple_passed", (size_t)n * sizeof(*ix->passed), RTE_CACHE_LINE_SIZE);
	if (ix->buckets == NULL || ix->passed == NULL) {
		tuple_index_fini(ix);
		return -ENOMEM;
	}
	return 0;
}

void tuple_index_fini(struct tuple_index *ix)
{
	rte_free(ix->buckets);
	rte_free(ix->passed);
	ix->buckets = NULL;
	ix->passed = NULL;
}

static int free_place(const struct tuple_bucket *b)
{
	int i;

	for (i = 0; i < TUPLE_BUCKET_SLOTS; i++) {
		if (b->tag[i] == 0)
			return i;
	}
	return -1;
}

/* Count one more entry that passed the bucket (or one less) and keep the readers' mark in step. */
static void mark_passed(struct tuple_index *ix, uint32_t bucket, int change)
{
	uint32_t *last = &ix->buckets[bucket].slot[TUPLE_BUCKET_SLOTS - 1];

	ix->passed[bucket] = (uint16_t)(ix->passed[bucket] + change);
	if (ix->passed[bucket] != 0)
		relaxed_store(last, *last | TUPLE_PASSED);
	else
		relaxed_store(last, *last & ~TUPLE_PASSED);
}

int tuple_index_insert(struct tuple_index *ix, uint64_t hash, uint32_t slot)
{
	uint32_t home = (uint32_t)hash;
	struct tuple_bucket *b;
	unsigned int hops, i;
	int place = -1;

	for (hops = 0; hops <= TUPLE_MAX_PASSED; hops++) {
		b = &ix->buckets[(home + hops) & ix->mask];
		place = free_place(b);
		if (place >= 0)
			break;
	}
	if (place < 0)
		return -ENOSPC;
	for (i = 0; i < hops; i++)
		mark_passed(ix, (home + i) & ix->mask, 1);
	/* Both are released: a reader that still has the tag before may take up this slot. */
	__atomic_store_n(&b->slot[place], slot | (b->slot[place] & TUPLE_PASSED), __ATOMIC_RELEASE);
	__atomic_store_n(&b->tag[place], tuple_tag(hash), __ATOMIC_RELEASE);
	return 0;
}

void tuple_index_remove(struct tuple_index *ix, uint64_t hash, uint32_t slot)
{
	uint32_t home = (uint32_t)hash, tag = tuple_tag(hash);
	unsigned int hops, i;

	for (hops = 0; hops <= TUPLE_MAX_PASSED; hops++) {
		struct tuple_bucket *b = &ix->buckets[(home + hops) & ix->mask];

		for (i = 0; i < TUPLE_BUCKET_SLOTS; i++) {
			if (b->tag[i] != tag || (b->slot[i] & ~TUPLE_PASSED) != slot)
				continue;
			relaxed_store(&b->tag[i], 0);
			for (i = 0; i < hops; i++)
				mark_passed(ix, (home + i) & ix->mask, -1);
			return;
		}
	}
}

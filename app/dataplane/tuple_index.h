/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a key's hash to the slot of its record: buckets of eight tags and eight slots, a cache line
 * each.  Pointer-free, one writer, readers without locks.  It knows no keys: a reader compares the
 * record of each candidate slot itself.
 *
 * A key lives in its home bucket or, where that was full, in one of the next few.  Each bucket that
 * a key had to pass is marked, so that a reader goes on only where there is something to find, and
 * an entry, once in, is never moved: a reader cannot miss it.  With twice as many places as entries
 * or more, one line is read for nearly every look-up, hit or miss.
 */
#ifndef TANDEM_TUPLE_INDEX_H
#define TANDEM_TUPLE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_prefetch.h>
#include <rte_vect.h>

#include "relaxed.h"

#define TUPLE_BUCKET_SLOTS 8
#define TUPLE_MAX_PASSED   32 /* buckets behind the home bucket */
#define TUPLE_NO_SLOT	   UINT32_MAX

/* Tag 0: free.  The top bit of the last slot is the mark "somebody passed". */
struct tuple_bucket {
	uint32_t tag[TUPLE_BUCKET_SLOTS];
	uint32_t slot[TUPLE_BUCKET_SLOTS];
} __rte_cache_aligned;

#define TUPLE_PASSED (UINT32_C(1) << 31)

struct tuple_index {
	struct tuple_bucket *buckets;
	uint16_t *passed; /* writer only: how many entries passed each bucket */
	uint32_t mask;
};

/* `entries` < 2^29 is how many it must hold.  Memory is from the EAL's heap.  -ENOMEM. */
int tuple_index_init(struct tuple_index *ix, uint32_t entries);
void tuple_index_fini(struct tuple_index *ix);

/* Writer.  The record of `slot` must be complete: readers see it from here on.  -ENOSPC. */
int tuple_index_insert(struct tuple_index *ix, uint64_t hash, uint32_t slot);

/* Writer.  Readers under way may still use the slot. */
void tuple_index_remove(struct tuple_index *ix, uint64_t hash, uint32_t slot);

static inline uint32_t tuple_tag(uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);

	return tag != 0 ? tag : 1;
}

/* Bit i: place i has the tag.  Nobody can predict which place it is, so nothing branches on it. */
static __rte_always_inline unsigned int tuple_bucket_places(const struct tuple_bucket *b,
							    uint32_t tag)
{
#ifdef __SSE2__
	/* Each word is loaded whole, as x86 does with aligned ones. */
	const __m128i wanted = _mm_set1_epi32((int)tag), *tags = (const __m128i *)b->tag;
	const __m128i low = _mm_cmpeq_epi32(_mm_load_si128(&tags[0]), wanted);
	const __m128i high = _mm_cmpeq_epi32(_mm_load_si128(&tags[1]), wanted);

	return (unsigned int)_mm_movemask_ps(_mm_castsi128_ps(low)) |
	       (unsigned int)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
#else
	unsigned int i, places = 0;

	for (i = 0; i < TUPLE_BUCKET_SLOTS; i++)
		places |= (unsigned int)(relaxed_load(&b->tag[i]) == tag) << i;
	return places;
#endif
}

static inline void tuple_index_prefetch(const struct tuple_index *ix, uint64_t hash)
{
	rte_prefetch0(&ix->buckets[(uint32_t)hash & ix->mask]);
}

/* Does the record of `slot` have the key? */
typedef bool (*tuple_match)(const void *records, uint32_t slot, const void *key);

/*
 * The slot of the record that `match` accepts, or TUPLE_NO_SLOT.  Any thread; the caller keeps a
 * removed slot from being used again while it looks (RCU).  `match` is known at compile time.
 */
static __rte_always_inline uint32_t tuple_index_find(const struct tuple_index *ix, uint64_t hash,
						     tuple_match match, const void *records,
						     const void *key)
{
	uint32_t tag = tuple_tag(hash), home = (uint32_t)hash, passed, slot;
	unsigned int places, hops;

	for (hops = 0; hops <= TUPLE_MAX_PASSED; hops++) {
		const struct tuple_bucket *b = &ix->buckets[(home + hops) & ix->mask];

		for (places = tuple_bucket_places(b, tag); places != 0; places &= places - 1) {
			const unsigned int i = (unsigned int)__builtin_ctz(places);

			__atomic_thread_fence(__ATOMIC_ACQUIRE);
			/* The place may have been given to another entry since its tag was read. */
			slot = __atomic_load_n(&b->slot[i], __ATOMIC_ACQUIRE) & ~TUPLE_PASSED;
			if (likely(match(records, slot, key)))
				return slot;
		}
		passed = relaxed_load(&b->slot[TUPLE_BUCKET_SLOTS - 1]) & TUPLE_PASSED;
		if (likely(passed == 0))
			break;
	}
	return TUPLE_NO_SLOT;
}

/* The first slot of the home bucket with the hash's tag, or TUPLE_NO_SLOT: what to prefetch. */
static __rte_always_inline uint32_t tuple_index_guess(const struct tuple_index *ix, uint64_t hash)
{
	const struct tuple_bucket *b = &ix->buckets[(uint32_t)hash & ix->mask];
	unsigned int places = tuple_bucket_places(b, tuple_tag(hash));

	if (unlikely(places == 0))
		return TUPLE_NO_SLOT;
	return relaxed_load(&b->slot[__builtin_ctz(places)]) & ~TUPLE_PASSED;
}

#endif

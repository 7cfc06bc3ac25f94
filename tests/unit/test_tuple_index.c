/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The index against a plain array, with hashes chosen so that buckets overflow and tags collide;
 * then with a reader beside the writer.
 */
#include <errno.h>
#include <pthread.h>

#include "dataplane_fixture.h"
#include "tuple_index.h"

#define KEYS 80

/* A key is its own number; its record says so. */
struct record {
	uint32_t key;
	uint64_t hash;
};

static struct record records[KEYS];

static bool record_match(const void *all, uint32_t slot, const void *key)
{
	return ((const struct record *)all)[slot].key == *(const uint32_t *)key;
}

static uint32_t find(const struct tuple_index *ix, uint32_t key)
{
	return tuple_index_find(ix, records[key].hash, record_match, records, &key);
}

static uint64_t hash_of(uint32_t tag, uint32_t home)
{
	return (uint64_t)tag << 32 | home;
}

static void assert_empty(const struct tuple_index *ix)
{
	uint32_t b, i;

	for (b = 0; b <= ix->mask; b++) {
		assert_int_equal(ix->passed[b], 0);
		for (i = 0; i < TUPLE_BUCKET_SLOTS; i++) {
			assert_int_equal(ix->buckets[b].tag[i], 0);
			assert_int_equal(ix->buckets[b].slot[i] & TUPLE_PASSED, 0);
		}
	}
}

/* Eight buckets; homes and tags as `homes` and `tags` allow; tag 0 and 1 are one. */
static void against_model(uint32_t homes, uint32_t tags)
{
	bool in[KEYS] = {false};
	struct tuple_index ix;
	uint32_t count = 0, places, key, i;

	assert_int_equal(tuple_index_init(&ix, 28), 0);
	places = (ix.mask + 1) * TUPLE_BUCKET_SLOTS;
	assert_int_equal(places, 64);
	for (key = 0; key < KEYS; key++)
		records[key] = (struct record){
			key, hash_of(fixture_between(0, tags - 1), fixture_between(0, homes - 1))};
	for (i = 0; i < 50000; i++) {
		key = fixture_between(0, KEYS - 1);
		if (in[key]) {
			tuple_index_remove(&ix, records[key].hash, key);
			in[key] = false;
			count--;
		} else if (count == places) {
			assert_int_equal(tuple_index_insert(&ix, records[key].hash, key), -ENOSPC);
		} else {
			assert_int_equal(tuple_index_insert(&ix, records[key].hash, key), 0);
			in[key] = true;
			count++;
		}
		key = i % KEYS;
		assert_int_equal(find(&ix, key), in[key] ? key : TUPLE_NO_SLOT);
	}
	for (key = 0; key < KEYS; key++) {
		assert_int_equal(find(&ix, key), in[key] ? key : TUPLE_NO_SLOT);
		tuple_index_remove(&ix, records[key].hash, key);
		assert_int_equal(find(&ix, key), TUPLE_NO_SLOT);
	}
	assert_empty(&ix);
	tuple_index_fini(&ix);
}

static void model(void **state)
{
	static const struct {
		uint32_t homes, tags;
	} rows[] = {{1, 1}, {1, 3}, {2, 2}, {8, 1}, {8, 3}, {1, 1000}, {1000, 1000}};
	unsigned int i;

	(void)state;
	fixture_seed();
	for (i = 0; i < RTE_DIM(rows); i++)
		against_model(rows[i].homes, rows[i].tags);
}

/* An entry may lie 32 buckets behind its home, not further: the walk is bounded. */
static void passes_are_bounded(void **state)
{
	const uint32_t most = (TUPLE_MAX_PASSED + 1) * TUPLE_BUCKET_SLOTS;
	struct tuple_index ix;
	uint32_t i;

	(void)state;
	assert_int_equal(tuple_index_init(&ix, 1000), 0);
	assert_true(ix.mask > TUPLE_MAX_PASSED);
	for (i = 0; i < most; i++)
		assert_int_equal(tuple_index_insert(&ix, hash_of(7, ix.mask - 3), i), 0);
	assert_int_equal(tuple_index_insert(&ix, hash_of(7, ix.mask - 3), most), -ENOSPC);
	assert_int_equal(tuple_index_insert(&ix, hash_of(7, ix.mask / 2), most), 0);
	tuple_index_remove(&ix, hash_of(7, ix.mask / 2), most);
	for (i = 0; i < most; i++)
		tuple_index_remove(&ix, hash_of(7, ix.mask - 3), most - 1 - i);
	assert_empty(&ix);
	tuple_index_fini(&ix);
}

/* The last slot of a bucket shares its word with the mark. */
static void mark_and_last_slot(void **state)
{
	struct tuple_index ix;
	uint32_t i;

	(void)state;
	assert_int_equal(tuple_index_init(&ix, 28), 0);
	for (i = 0; i < 16; i++) {
		records[i] = (struct record){i, hash_of(i + 1, 0)};
		assert_int_equal(tuple_index_insert(&ix, records[i].hash, i), 0);
	}
	tuple_index_remove(&ix, records[7].hash, 7);
	assert_int_equal(find(&ix, 12), 12);
	assert_int_equal(tuple_index_insert(&ix, records[7].hash, 7), 0);
	assert_int_equal(find(&ix, 7), 7);
	assert_int_equal(tuple_index_guess(&ix, records[7].hash), 7);
	assert_int_equal(find(&ix, 12), 12);
	assert_int_equal(tuple_index_guess(&ix, records[12].hash), TUPLE_NO_SLOT);
	tuple_index_fini(&ix);
}

/* --- a reader beside the writer --- */

#define PERMANENT 24

struct reader {
	const struct tuple_index *ix;
	bool stop;
	uint64_t looks, misses, wrong;
};

static void *read_all(void *arg)
{
	struct reader *r = arg;
	uint32_t key, slot;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		for (key = 0; key < KEYS; key++) {
			slot = find(r->ix, key);
			if (key < PERMANENT)
				r->misses += slot == TUPLE_NO_SLOT;
			r->wrong += slot != TUPLE_NO_SLOT && slot != key;
		}
		__atomic_fetch_add(&r->looks, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void reader_misses_nothing(void **state)
{
	bool in[KEYS] = {false};
	struct tuple_index ix;
	struct reader reader = {.ix = &ix};
	pthread_t thread;
	uint32_t key, i, count = 0;

	(void)state;
	fixture_seed();
	assert_int_equal(tuple_index_init(&ix, 28), 0);
	/* Few homes, few tags; permanent keys come last, so that they lie behind full buckets. */
	for (key = 0; key < KEYS; key++)
		records[key] = (struct record){key, hash_of(key % 3, key % 2)};
	for (key = PERMANENT; key < 56; key++)
		assert_int_equal(tuple_index_insert(&ix, records[key].hash, key), 0);
	for (key = 0; key < PERMANENT; key++)
		assert_int_equal(tuple_index_insert(&ix, records[key].hash, key), 0);
	for (key = PERMANENT; key < 56; key++)
		tuple_index_remove(&ix, records[key].hash, key);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
	for (i = 0; i < 2000000 || __atomic_load_n(&reader.looks, __ATOMIC_RELAXED) < 100; i++) {
		key = fixture_between(PERMANENT, KEYS - 1);
		if (in[key]) {
			tuple_index_remove(&ix, records[key].hash, key);
			count--;
		} else if (count < 64 - PERMANENT) {
			assert_int_equal(tuple_index_insert(&ix, records[key].hash, key), 0);
			count++;
		} else {
			continue;
		}
		in[key] = !in[key];
	}
	__atomic_store_n(&reader.stop, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(reader.misses, 0);
	assert_int_equal(reader.wrong, 0);
	tuple_index_fini(&ix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model),
		cmocka_unit_test(passes_are_bounded),
		cmocka_unit_test(mark_and_last_slot),
		cmocka_unit_test(reader_misses_nothing),
	};

	return cmocka_run_group_tests_name("tuple_index", tests, fixture_eal, fixture_eal_end);
}

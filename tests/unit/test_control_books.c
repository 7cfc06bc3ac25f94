/* SPDX-License-Identifier: BSD-3-Clause */
/* The small books under the sessions: hash, deadlines, quota, failures, the legs' commands. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control_stats.h"
#include "deadline.h"
#include "failure_book.h"
#include "leg_book.h"
#include "quota.h"

static void test_hash_of_lists(void **state)
{
	struct siphash_key key, other;

	(void)state;
	assert_int_equal(hash_key_draw(&key), 0);
	assert_int_equal(hash_key_draw(&other), 0);
	assert_true(keyed_hash_text(&key, "x") != keyed_hash_text(&other, "x"));
	assert_true(keyed_hash_of(&key, keyed_hash_text(&key, "ab"), keyed_hash_text(&key, "c")) !=
		    keyed_hash_of(&key, keyed_hash_text(&key, "a"), keyed_hash_text(&key, "bc")));
}

static void test_deadlines(void **state)
{
	struct deadline_queue q;
	struct deadline a = {.queue = NULL}, b = {.queue = NULL};

	(void)state;
	deadline_queue_init(&q, 100);
	assert_true(deadline_wait(&q, 0) == UINT64_MAX);
	deadline_start(&q, &a, 1000);
	deadline_start(&q, &b, 1010);
	assert_null(deadline_due(&q, 1099));
	assert_int_equal(deadline_wait(&q, 1099), 1);
	assert_ptr_equal(deadline_due(&q, 1100), &a);
	deadline_start(&q, &a, 1100);
	assert_ptr_equal(deadline_first(&q), &b);
	deadline_stop(&b);
	deadline_stop(&b);
	assert_null(deadline_due(&q, 1199));
	assert_int_equal(deadline_wait(&q, 5000), 0);
}

/* The order of arming stays the order of expiry, whichever way the duration goes. */
static void test_deadlines_change(void **state)
{
	struct deadline_queue q;
	struct deadline a = {.queue = NULL}, b = {.queue = NULL}, c = {.queue = NULL};

	(void)state;
	deadline_queue_init(&q, 100);
	deadline_start(&q, &a, 1000);
	deadline_start(&q, &b, 1010);
	deadline_queue_set(&q, 20);
	deadline_start(&q, &c, 1015);
	assert_int_equal(deadline_wait(&q, 1015), 5);
	assert_ptr_equal(deadline_due(&q, 1020), &a);
	deadline_stop(&a);
	assert_null(deadline_due(&q, 1029));
	assert_ptr_equal(deadline_due(&q, 1030), &b);
	deadline_queue_set(&q, 200);
	assert_null(deadline_due(&q, 1209));
	assert_ptr_equal(deadline_due(&q, 1210), &b);
	deadline_stop(&b);
	assert_int_equal(deadline_wait(&q, 1210), 5);
}

/* Who shares an entry, by what counts. */
static void test_quota_scopes(void **state)
{
	static const struct {
		enum quota_scope scope;
		const char *a, *b;
		bool shared;
	} rows[] = {
		{QUOTA_JID, "a@x/1", "a@x/2", true},	 {QUOTA_JID, "a@x", "a@x/2", true},
		{QUOTA_JID, "a@x/1", "a@xy/1", false},	 {QUOTA_JID, "a@x/1", "b@x/1", false},
		{QUOTA_JID, "x/a@x", "a@x", false},	 {QUOTA_DOMAIN, "a@x/1", "b@x/2", true},
		{QUOTA_DOMAIN, "a@x", "x", true},	 {QUOTA_DOMAIN, "x/b@y", "a@x", true},
		{QUOTA_DOMAIN, "a@x/1", "a@y.x", false}, {QUOTA_DOMAIN, "a@x/1", "a@xy/1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct siphash_key key;
		struct quota quota = {.limit = 1};
		struct quota_entry *a, *b;

		assert_int_equal(hash_key_draw(&key), 0);
		assert_int_equal(quota_init(&quota, rows[i].scope, &key, 4), 0);
		assert_int_equal(quota_take(&quota, rows[i].a, &a), QUOTA_OK);
		assert_int_equal(quota_take(&quota, rows[i].b, &b),
				 rows[i].shared ? QUOTA_USED_UP : QUOTA_OK);
		assert_int_equal(b == NULL, rows[i].shared);
		quota_release(a);
		quota_release(b);
		quota_fini(&quota);
	}
}

static void test_quota(void **state)
{
	struct siphash_key key;
	struct quota quota = {.limit = 2};
	struct quota_entry *e[4];

	(void)state;
	assert_int_equal(hash_key_draw(&key), 0);
	assert_int_equal(quota_init(&quota, QUOTA_JID, &key, 4), 0);
	assert_int_equal(quota_take(&quota, "a@x/1", &e[0]), QUOTA_OK);
	assert_int_equal(quota_take(&quota, "a@x/2", &e[1]), QUOTA_OK);
	assert_int_equal(quota_take(&quota, "a@x/3", &e[3]), QUOTA_USED_UP);
	quota_release(e[0]);
	assert_int_equal(quota_take(&quota, "a@x/4", &e[0]), QUOTA_OK);
	quota.limit = 0;
	assert_int_equal(quota_take(&quota, "a@x/5", &e[2]), QUOTA_OK);
	for (int i = 0; i < 3; i++)
		quota_release(e[i]);
	quota_release(NULL);
	assert_int_equal(quota.n_idle, 0); /* nothing was relayed for it */
	quota_fini(&quota);
}

/* The volume of a day outlives its sessions, and not the day. */
static void test_quota_volume(void **state)
{
	struct siphash_key key;
	struct quota quota = {.volume = 1000};
	struct quota_entry *a, *b;

	(void)state;
	assert_int_equal(hash_key_draw(&key), 0);
	assert_int_equal(quota_init(&quota, QUOTA_JID, &key, 4), 0);
	quota_day(&quota, 12000);
	assert_int_equal(quota_take(&quota, "a@x/1", &a), QUOTA_OK);
	assert_true(quota_charge(a, 999));
	quota_release(a);
	quota_day(&quota, 12000);
	assert_int_equal(quota.n_idle, 1);
	assert_int_equal(quota_take(&quota, "a@x/2", &a), QUOTA_OK);
	assert_int_equal(quota.n_idle, 0);
	assert_false(quota_charge(a, 1));
	assert_int_equal(quota_take(&quota, "a@x/3", &b), QUOTA_VOLUME);
	quota_release(a);
	assert_int_equal(quota_take(&quota, "a@x/3", &b), QUOTA_VOLUME);
	assert_int_equal(quota_take(&quota, "b@x/3", &b), QUOTA_OK);
	quota_release(b);

	quota_day(&quota, 12001); /* another day */
	assert_int_equal(quota.n_idle, 0);
	assert_int_equal(quota_take(&quota, "a@x/3", &a), QUOTA_OK);
	assert_true(quota_charge(a, 500));
	quota_day(&quota, 12002); /* which a session may live to see */
	assert_true(quota_charge(a, 600));
	quota_day(&quota, 12001); /* a clock that goes back gives nothing away */
	assert_false(quota_charge(a, 400));
	quota_release(a);
	quota.volume = 0; /* no limit any more */
	assert_int_equal(quota_take(&quota, "a@x/3", &a), QUOTA_OK);
	quota_release(a);
	assert_int_equal(quota.n_idle, 0);
	quota_fini(&quota);
}

/* When too many are kept for what they used, newcomers get none: nobody is forgotten for them. */
static void test_quota_is_bounded(void **state)
{
	struct siphash_key key;
	struct quota quota = {.volume = 1000};
	struct quota_entry *entry;
	char jid[32];

	(void)state;
	assert_int_equal(hash_key_draw(&key), 0);
	assert_int_equal(quota_init(&quota, QUOTA_JID, &key, QUOTA_IDLE_MAX), 0);
	quota_day(&quota, 12000);
	for (unsigned int i = 0; i < QUOTA_IDLE_MAX; i++) {
		snprintf(jid, sizeof(jid), "u%u@x", i);
		assert_int_equal(quota_take(&quota, jid, &entry), QUOTA_OK);
		quota_charge(entry, 1000);
		quota_release(entry);
	}
	assert_int_equal(quota_take(&quota, "new@x", &entry), QUOTA_NO_MEMORY);
	assert_int_equal(quota_take(&quota, "u0@x", &entry), QUOTA_VOLUME);
	quota_day(&quota, 12001); /* frees a part of them at a time */
	assert_in_range(quota.n_idle, 1, QUOTA_IDLE_MAX - 1);
	assert_int_equal(quota_take(&quota, "new@x", &entry), QUOTA_OK);
	quota_release(entry);
	quota_fini(&quota);
}

static void test_failures(void **state)
{
	struct siphash_key key;
	struct failure_book book = {.ring = NULL};
	char sid[8];

	(void)state;
	assert_int_equal(hash_key_draw(&key), 0);
	assert_int_equal(failure_book_init(&book, &key, 4, 60), 0);
	failure_remember(&book, "s", "a", "b", 100);
	assert_true(failure_known(&book, "s", "a", "b", 159));
	assert_false(failure_known(&book, "s", "a", "b", 160));
	assert_false(failure_known(&book, "s", "b", "a", 100));
	assert_false(failure_known(&book, "t", "a", "b", 100));
	failure_forget(&book, "s", "a", "b");
	failure_forget(&book, "s", "a", "b");
	assert_false(failure_known(&book, "s", "a", "b", 100));
	for (int i = 0; i < 6; i++) {
		snprintf(sid, sizeof(sid), "%d", i);
		failure_remember(&book, sid, "a", "b", 200);
		failure_remember(&book, sid, "a", "b", 201); /* takes no second place */
	}
	for (int i = 0; i < 6; i++) {
		snprintf(sid, sizeof(sid), "%d", i);
		assert_int_equal(failure_known(&book, sid, "a", "b", 210), i >= 2);
	}
	failure_book_fini(&book);
}

/* --- the legs' commands --- */

struct yard {
	struct siphash_key key;
	struct mailbox *mb;
	struct leg_book *book;
	unsigned int filled;
};

static void yard_open(struct yard *y, size_t capacity)
{
	assert_int_equal(hash_key_draw(&y->key), 0);
	y->mb = mailbox_create(2);
	y->book = leg_book_create(capacity, y->mb, &y->key);
	y->filled = 0;
	assert_non_null(y->book);
}

static void yard_close(struct yard *y)
{
	leg_book_destroy(y->book);
	mailbox_destroy(y->mb);
}

static void yard_fill_ring(struct yard *y)
{
	const struct mailbox_command filler = {.type = MAILBOX_FLOW_RESET, .id = 999};

	while (mailbox_post_command(y->mb, 0, &filler))
		y->filled++;
}

static struct leg *yard_leg(struct yard *y, uint64_t id)
{
	struct four_tuple tuple = {.peer_port = (in_port_t)id, .relay_port = 1};

	return leg_book_add(y->book, id, 0, &tuple);
}

static void yard_expect(struct yard *y, enum mailbox_command_type type, uint64_t id)
{
	struct mailbox_command cmd;

	assert_int_equal(mailbox_take_commands(y->mb, 0, &cmd, 1), 1);
	assert_int_equal(cmd.type, type);
	assert_int_equal(cmd.id, id);
}

static void yard_drain_filler(struct yard *y)
{
	for (; y->filled > 0; y->filled--)
		yard_expect(y, MAILBOX_FLOW_RESET, 999);
}

static void test_full_ring_keeps_order(void **state)
{
	struct yard y;
	struct leg *a, *b, *c, *d;
	struct mailbox_command cmd;

	(void)state;
	yard_open(&y, 8);
	a = yard_leg(&y, 1);
	b = yard_leg(&y, 2);
	c = yard_leg(&y, 3);
	d = yard_leg(&y, 4);
	yard_fill_ring(&y);
	leg_hold(y.book, a, NULL, MATCH_EXACT);
	leg_hold(y.book, b, NULL, MATCH_EXACT);
	leg_retire(y.book, a);
	leg_hold(y.book, c, NULL, MATCH_EXACT);
	leg_reset(y.book, c); /* makes its CLAIM moot */
	assert_false(leg_book_post(y.book));
	yard_drain_filler(&y);
	/* A ring with room again is no reason to overtake. */
	leg_retire(y.book, b);
	leg_hold(y.book, d, NULL, MATCH_EXACT);
	assert_int_equal(mailbox_take_commands(y.mb, 0, &cmd, 1), 0);
	assert_true(leg_book_post(y.book));
	yard_expect(&y, MAILBOX_LEG_CLAIM, 1);
	yard_expect(&y, MAILBOX_LEG_RETIRE, 1);
	yard_expect(&y, MAILBOX_LEG_CLAIM, 2);
	yard_expect(&y, MAILBOX_LEG_RETIRE, 2);
	yard_expect(&y, MAILBOX_LEG_RESET, 3);
	yard_expect(&y, MAILBOX_LEG_CLAIM, 4);
	assert_int_equal(mailbox_take_commands(y.mb, 0, &cmd, 1), 0);
	yard_close(&y);
}

static void test_retired_leg_goes_with_last_command(void **state)
{
	struct yard y;
	struct mailbox_command cmd;

	(void)state;
	yard_open(&y, 8);
	leg_was_retired(y.book, yard_leg(&y, 7)); /* nobody's: over at once */
	assert_int_equal(leg_book_count(y.book), 0);

	leg_hold(y.book, yard_leg(&y, 1), (struct party *)(uintptr_t)16, MATCH_EXACT);
	leg_was_retired(y.book, leg_book_find(y.book, 1));
	yard_expect(&y, MAILBOX_LEG_CLAIM, 1);
	yard_fill_ring(&y);
	leg_open(y.book, leg_book_find(y.book, 1), 77, 1);
	assert_int_equal(leg_book_count(y.book), 1);
	yard_drain_filler(&y);
	assert_true(leg_book_post(y.book));
	assert_int_equal(leg_book_count(y.book), 0);
	assert_int_equal(mailbox_take_commands(y.mb, 0, &cmd, 1), 1);
	assert_int_equal(cmd.type, MAILBOX_LEG_OPEN);
	assert_int_equal(cmd.flow, 77);
	assert_int_equal(cmd.side, 1);
	yard_close(&y);
}

static void test_reset_before_the_report(void **state)
{
	struct yard y;

	(void)state;
	yard_open(&y, 8);
	leg_retire(y.book, yard_leg(&y, 1));
	leg_reset(y.book, leg_book_find(y.book, 1));
	assert_int_equal(leg_book_count(y.book), 1); /* RETIRED or GONE is still to come */
	leg_was_retired(y.book, leg_book_find(y.book, 1));
	assert_int_equal(leg_book_count(y.book), 0);
	yard_close(&y);
}

static void test_full_book(void **state)
{
	struct yard y;
	struct four_tuple tuple = {.peer_port = 9};

	(void)state;
	yard_open(&y, 2);
	assert_non_null(yard_leg(&y, 1));
	assert_non_null(yard_leg(&y, 2));
	assert_null(yard_leg(&y, 3));
	leg_book_remove(y.book, leg_book_find(y.book, 1));
	assert_non_null(yard_leg(&y, 3));
	leg_book_remove(y.book, leg_book_find(y.book, 2));
	assert_null(leg_book_add(y.book, 4, 2, &tuple)); /* no such worker */
	yard_fill_ring(&y);
	leg_reset(y.book, leg_book_find(y.book, 3));
	leg_book_remove(y.book, leg_book_find(y.book, 3)); /* with its command */
	yard_drain_filler(&y);
	assert_true(leg_book_post(y.book));
	yard_close(&y);
}

static void test_labels(void **state)
{
	(void)state;
	for (int i = 0; i < SESSION_STATES; i++)
		assert_string_not_equal(session_state_name((enum session_state_label)i), "unknown");
	for (int i = 0; i < SESSION_REASONS; i++)
		assert_non_null(session_reason_name((enum session_reason)i));
	for (int i = 0; i < IQ_KINDS; i++)
		assert_non_null(iq_kind_name((enum iq_kind)i));
	for (int i = 0; i < IQ_RESULTS; i++)
		assert_non_null(iq_result_name((enum iq_result)i));
	for (int i = 0; i < REFUSALS; i++)
		assert_string_not_equal(refusal_name((enum refusal)i), "unknown");
	for (int i = 1; i < SETUP_BUCKETS; i++)
		assert_true(setup_bucket_us[i - 1] < setup_bucket_us[i]);
	assert_int_equal(setup_bucket_us[0], 50);
	assert_int_equal(setup_bucket_us[SETUP_BUCKETS - 1], 10000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_of_lists),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_deadlines_change),
		cmocka_unit_test(test_quota_scopes),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_quota_volume),
		cmocka_unit_test(test_quota_is_bounded),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_full_ring_keeps_order),
		cmocka_unit_test(test_retired_leg_goes_with_last_command),
		cmocka_unit_test(test_reset_before_the_report),
		cmocka_unit_test(test_full_book),
		cmocka_unit_test(test_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

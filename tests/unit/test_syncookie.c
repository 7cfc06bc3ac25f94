/* SPDX-License-Identifier: BSD-3-Clause */
/* SYN cookies: what they keep, what they refuse, how long they are good. */
#include "dataplane_fixture.h"
#include "syncookie.h"

#define CLAMP 1400
#define START (1000 * (uint64_t)SYNCOOKIE_PERIOD_MS)

static const struct siphash_key master = {{0x0123456789abcdef, 0xfedcba9876543210}};

static struct tuple tuple_v4_of(uint32_t peer, uint16_t port)
{
	return (struct tuple){.ends = {.peer_addr = rte_cpu_to_be_32(peer),
				       .relay_addr = rte_cpu_to_be_32(IPV4(192, 0, 2, 10)),
				       .peer_port = rte_cpu_to_be_16(port),
				       .relay_port = rte_cpu_to_be_16(4000)}};
}

static struct tuple tuple_v6_of(uint8_t last, uint16_t port)
{
	const uint8_t relay[16] = {0x20, 1, 0x0d, 0xb8, [15] = 0x10};
	uint8_t peer[16] = {0x20, 1, 0x0d, 0xb8, [15] = last};
	struct tuple t = {.ends = {.peer_port = rte_cpu_to_be_16(port),
				   .relay_port = rte_cpu_to_be_16(4000)}};

	tuple_set_v6(&t, peer, relay);
	return t;
}

static struct syncookie_secrets secrets_at(uint64_t now_ms)
{
	struct syncookie_secrets s;

	memset(&s, 0xa5, sizeof(s));
	syncookie_init(&s, &master, CLAMP, now_ms);
	return s;
}

static bool good(const struct syncookie_secrets *s, const struct tuple *t, uint32_t cookie,
		 uint32_t seq)
{
	struct syncookie_syn syn = {.seq = seq};

	return syncookie_check(s, t, cookie, &syn);
}

static void mss_is_rounded_down(void **state)
{
	static const struct {
		uint16_t clamp, mss, kept;
	} rows[] = {
		{1400, 65535, 1400}, {1400, 1460, 1400}, {1400, 1400, 1400}, {1400, 1399, 1360},
		{1400, 1360, 1360},  {1400, 1359, 1300}, {1400, 1299, 1220}, {1400, 1220, 1220},
		{1400, 1219, 512},   {1400, 512, 512},	 {1400, 511, 88},    {1400, 88, 88},
		{1400, 87, 88},	     {1000, 1200, 1000}, {1000, 999, 512},   {8900, 8960, 8900},
		{8900, 8899, 1440},  {8900, 1460, 1440}, {8900, 1439, 1400},
	};
	struct tuple t = tuple_v4_of(IPV4(10, 0, 0, 1), 5);
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct syncookie_secrets s;
		struct syncookie_syn syn = {.seq = 9, .mss = rows[i].mss}, got = {.seq = 9};

		syncookie_init(&s, &master, rows[i].clamp, START);
		assert_true(syncookie_check(&s, &t, syncookie_make(&s, &t, &syn), &got));
		if (got.mss != rows[i].kept)
			fail_msg("clamp %u: %u is kept as %u", rows[i].clamp, rows[i].mss, got.mss);
	}
}

/* Whatever the clock's low bits are: all comes back, and TSval is at most a few ticks behind. */
static void options_ride_in_tsval(void **state)
{
	unsigned int scale, sack;
	uint32_t clock;

	(void)state;
	for (clock = UINT32_MAX - 100; clock != 100; clock++) {
		for (scale = 0; scale <= 15; scale++) {
			for (sack = 0; sack < 2; sack++) {
				struct syncookie_syn got = {.wscale = 77}, syn = {0};
				uint32_t tsval;

				syn.options = LEG_TIMESTAMPS | (sack ? LEG_SACK : 0);
				if (scale < 15) {
					syn.options |= LEG_WSCALE;
					syn.wscale = (uint8_t)scale;
				}
				tsval = syncookie_tsval(clock, &syn);
				assert_true(clock - tsval < 32);
				syncookie_read_tsecr(tsval, &got);
				assert_int_equal(got.options, syn.options);
				assert_int_equal(got.wscale, syn.wscale);
			}
		}
	}
}

static void only_for_its_own_syn(void **state)
{
	const struct tuple tuples[] = {
		tuple_v4_of(IPV4(10, 0, 0, 1), 5),
		tuple_v4_of(IPV4(10, 0, 0, 2), 5),
		tuple_v4_of(IPV4(10, 0, 0, 1), 6),
		tuple_v6_of(1, 5),
		tuple_v6_of(2, 5),
		tuple_v6_of(1, 6),
	};
	struct syncookie_secrets s = secrets_at(START);
	struct syncookie_syn syn = {.seq = 0xffffffff, .mss = 1460};
	unsigned int i, j, bit;

	(void)state;
	for (i = 0; i < RTE_DIM(tuples); i++) {
		uint32_t cookie = syncookie_make(&s, &tuples[i], &syn);

		for (j = 0; j < RTE_DIM(tuples); j++) {
			if (good(&s, &tuples[j], cookie, syn.seq) != (i == j))
				fail_msg("the cookie of %u, asked for %u", i, j);
		}
		for (bit = 0; bit < 32; bit++) {
			if (good(&s, &tuples[i], cookie ^ UINT32_C(1) << bit, syn.seq))
				fail_msg("bit %u of the cookie changed", bit);
			if (good(&s, &tuples[i], cookie, syn.seq ^ UINT32_C(1) << bit))
				fail_msg("bit %u of the initial number changed", bit);
		}
	}
}

/* The folds of two IPv6 addresses may be the same: the addresses are what counts. */
static void addresses_of_one_fold(void **state)
{
	struct syncookie_secrets s = secrets_at(START);
	struct syncookie_syn syn = {.seq = 1, .mss = 1460};
	struct tuple t = tuple_v6_of(1, 5), same_fold = t;

	(void)state;
	same_fold.wide.peer.s6_addr[7] ^= 1;
	same_fold.wide.peer.s6_addr[15] ^= 1;
	assert_int_equal(tuple_fold(&t.wide.peer), tuple_fold(&same_fold.wide.peer));
	assert_false(good(&s, &same_fold, syncookie_make(&s, &t, &syn), syn.seq));
}

static void good_in_its_period_and_the_next(void **state)
{
	struct tuple t = tuple_v4_of(IPV4(10, 0, 0, 1), 5);
	struct syncookie_syn syn = {.seq = 1, .mss = 1460};
	const uint64_t period = SYNCOOKIE_PERIOD_MS;
	unsigned int odd, i;

	(void)state;
	for (odd = 0; odd < 2; odd++) {
		uint64_t start = START + odd * period;
		struct syncookie_secrets s = secrets_at(start);
		uint32_t cookie = syncookie_make(&s, &t, &syn);

		syncookie_rotate(&s, start + period - 1);
		assert_int_equal(syncookie_make(&s, &t, &syn), cookie);
		assert_true(good(&s, &t, cookie, syn.seq));
		syncookie_rotate(&s, start + period);
		assert_int_not_equal(syncookie_make(&s, &t, &syn), cookie);
		assert_true(good(&s, &t, cookie, syn.seq));
		syncookie_rotate(&s, start + 2 * period - 1);
		assert_true(good(&s, &t, cookie, syn.seq));
		for (i = 2; i < 40; i++) {
			syncookie_rotate(&s, start + i * period);
			assert_false(good(&s, &t, cookie, syn.seq));
		}
	}
}

/* Time may jump over a period while nothing happens; and who starts later has the same secrets. */
static void secrets_follow_the_time_only(void **state)
{
	struct tuple t = tuple_v4_of(IPV4(10, 0, 0, 1), 5);
	struct syncookie_syn syn = {.seq = 1, .mss = 1460};
	struct syncookie_secrets s = secrets_at(START), other;
	const struct siphash_key stranger = {{1, 2}};

	(void)state;
	syncookie_rotate(&s, START + 7 * (uint64_t)SYNCOOKIE_PERIOD_MS);
	other = secrets_at(START + 8 * (uint64_t)SYNCOOKIE_PERIOD_MS);
	assert_true(good(&other, &t, syncookie_make(&s, &t, &syn), syn.seq));
	syncookie_init(&other, &stranger, CLAMP, START + 7 * (uint64_t)SYNCOOKIE_PERIOD_MS);
	assert_false(good(&other, &t, syncookie_make(&s, &t, &syn), syn.seq));
}

/* Right after boot there is no period before. */
static void the_first_period(void **state)
{
	struct tuple t = tuple_v4_of(IPV4(10, 0, 0, 1), 5);
	struct syncookie_syn syn = {.seq = 1, .mss = 1460};
	struct syncookie_secrets s = secrets_at(0);
	uint32_t cookie = syncookie_make(&s, &t, &syn);

	(void)state;
	syncookie_rotate(&s, SYNCOOKIE_PERIOD_MS);
	assert_true(good(&s, &t, cookie, syn.seq));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mss_is_rounded_down),
		cmocka_unit_test(options_ride_in_tsval),
		cmocka_unit_test(only_for_its_own_syn),
		cmocka_unit_test(addresses_of_one_fold),
		cmocka_unit_test(good_in_its_period_and_the_next),
		cmocka_unit_test(secrets_follow_the_time_only),
		cmocka_unit_test(the_first_period),
	};

	return cmocka_run_group_tests_name("syncookie", tests, NULL, NULL);
}

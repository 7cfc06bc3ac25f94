/* SPDX-License-Identifier: BSD-3-Clause */
/* The wheel against a plain array: never early, at most a tick late, however time goes. */
#include "dataplane_fixture.h"
#include "timer_wheel.h"

#define TIMERS 200
#define START  1000003

static struct wheel_timer timers[TIMERS];
static struct timer_wheel wheel;
static uint64_t now;

/* The model. */
static bool armed[TIMERS];
static uint64_t deadline[TIMERS], armed_at[TIMERS];

static struct wheel_timer *timer_of(void *ctx, uint32_t index)
{
	return &((struct wheel_timer *)ctx)[index];
}

static int start(void **state)
{
	unsigned int i;

	(void)state;
	now = START;
	for (i = 0; i < TIMERS; i++) {
		timers[i] = (struct wheel_timer){.slot = WHEEL_NONE};
		armed[i] = false;
	}
	timer_wheel_init(&wheel, timer_of, timers, now);
	return 0;
}

static void arm(uint32_t i, uint64_t at)
{
	timer_wheel_arm(&wheel, i, at);
	armed[i] = true;
	deadline[i] = at;
	armed_at[i] = now;
}

/* Let time be `to` and take all that expired, `burst` at a time. */
static unsigned int advance(uint64_t to, unsigned int burst)
{
	uint32_t taken[64];
	unsigned int i, n, all = 0;

	now = to;
	do {
		n = timer_wheel_expire(&wheel, now, taken, burst);
		for (i = 0; i < n; i++) {
			assert_true(taken[i] < TIMERS);
			assert_true(armed[taken[i]]);
			assert_true(deadline[taken[i]] <= now);
			assert_int_equal(timers[taken[i]].slot, WHEEL_NONE);
			armed[taken[i]] = false;
		}
		all += n;
	} while (n == burst);
	for (i = 0; i < TIMERS; i++) {
		if (armed[i])
			assert_true(now < RTE_MAX(deadline[i], armed_at[i]) + WHEEL_TICK_MS);
	}
	return all;
}

static void one_at_a_time(void **state)
{
	static const uint64_t after[] = {0,	1,     15,    16,    17,    1000,  16367,  16368,
					 16383, 16384, 16385, 30000, 32768, 65536, 7440000};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(after); i++) {
		uint64_t at = now + after[i], step;

		arm(0, at);
		for (step = now; step<at; step += after[i]> 100000 ? 97 : 1)
			assert_int_equal(advance(step, 32), 0);
		assert_int_equal(advance(at + WHEEL_TICK_MS, 32), 1);
	}
}

static void past_deadline(void **state)
{
	(void)state;
	arm(0, now - 5000);
	arm(1, 0);
	assert_int_equal(advance(now + WHEEL_TICK_MS, 32), 2);
}

static void disarmed_stays_silent(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++)
		arm(i, now + 100);
	timer_wheel_disarm(&wheel, 2); /* middle, then ends of the list */
	timer_wheel_disarm(&wheel, 4);
	timer_wheel_disarm(&wheel, 0);
	timer_wheel_disarm(&wheel, 0);
	armed[0] = armed[2] = armed[4] = false;
	assert_int_equal(advance(now + 200, 32), 2);
}

static void armed_anew(void **state)
{
	(void)state;
	arm(0, now + 100);
	arm(0, now + 500);
	assert_int_equal(advance(now + 200, 32), 0);
	assert_int_equal(advance(now + 400, 32), 1);
}

/* A burst that fills the caller's array goes on in the next call. */
static void bursts(void **state)
{
	uint32_t taken[8];
	unsigned int i, n, all = 0, calls = 0;

	(void)state;
	for (i = 0; i < TIMERS; i++)
		arm(i, now + 100 + i % 3);
	do {
		n = timer_wheel_expire(&wheel, now + 200, taken, RTE_DIM(taken));
		assert_true(n <= RTE_DIM(taken));
		all += n;
		calls++;
	} while (n > 0);
	assert_int_equal(all, TIMERS);
	assert_int_equal(calls, TIMERS / RTE_DIM(taken) + 1);
}

static void time_jumps(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < TIMERS; i++)
		arm(i, now + (uint64_t)i * 1000);
	/* An hour's sleep, then all is due. */
	assert_int_equal(advance(now + 3600000, 7), TIMERS);
	arm(0, now + 20);
	assert_int_equal(advance(now + 19, 7), 0);
	assert_int_equal(advance(now + 17, 7), 1);
}

static void model(void **state)
{
	static const uint32_t reach[] = {40, 2000, 16500, 100000};
	static const uint32_t steps[] = {0, 1, 15, 16, 17, 300, 17000};
	unsigned int i, fired = 0;

	(void)state;
	fixture_seed();
	for (i = 0; i < 30000; i++) {
		uint32_t index = fixture_between(0, TIMERS - 1);

		switch (fixture_between(0, 9)) {
		case 0:
			timer_wheel_disarm(&wheel, index);
			armed[index] = false;
			break;
		case 1:
			fired += advance(now + steps[fixture_between(0, RTE_DIM(steps) - 1)],
					 fixture_between(1, 32));
			break;
		default:
			arm(index, now + fixture_between(
						 0, reach[fixture_between(0, RTE_DIM(reach) - 1)]));
		}
	}
	assert_true(fired > 1000);
	advance(now + 200000, 32);
	for (i = 0; i < TIMERS; i++)
		assert_false(armed[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_at_a_time, start),
		cmocka_unit_test_setup(past_deadline, start),
		cmocka_unit_test_setup(disarmed_stays_silent, start),
		cmocka_unit_test_setup(armed_anew, start),
		cmocka_unit_test_setup(bursts, start),
		cmocka_unit_test_setup(time_jumps, start),
		cmocka_unit_test_setup(model, start),
	};

	return cmocka_run_group_tests_name("timer_wheel", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers of one worker: a wheel of slots, each a list of legs by their 32-bit pool index.  Arming
 * and disarming take constant time however many there are, which a skip list under a SYN flood
 * would not.  A deadline beyond the wheel's horizon is looked at once a turn.
 */
#ifndef TANDEM_TIMER_WHEEL_H
#define TANDEM_TIMER_WHEEL_H

#include <stdint.h>

#define WHEEL_SLOTS   1024
#define WHEEL_TICK_MS 16
#define WHEEL_NONE    UINT32_MAX

/* In each entry that can be armed; `slot` WHEEL_NONE: not armed. */
struct wheel_timer {
	uint64_t deadline_ms;
	uint32_t next, prev;
	uint32_t slot;
};

/* `at(ctx, index)` is the timer of an entry. */
struct timer_wheel {
	struct wheel_timer *(*at)(void *ctx, uint32_t index);
	void *ctx;
	uint64_t tick; /* the next to be run */
	uint32_t head[WHEEL_SLOTS];
};

void timer_wheel_init(struct timer_wheel *w, struct wheel_timer *(*at)(void *, uint32_t), void *ctx,
		      uint64_t now_ms);

/* Arm, or arm anew.  It expires at `deadline_ms` or up to a tick later, never before. */
void timer_wheel_arm(struct timer_wheel *w, uint32_t index, uint64_t deadline_ms);
void timer_wheel_disarm(struct timer_wheel *w, uint32_t index);

/*
 * Take up to `n` expired entries, which are disarmed; returns how many.  Fewer than `n` means that
 * all up to `now_ms` were taken.
 */
unsigned int timer_wheel_expire(struct timer_wheel *w, uint64_t now_ms, uint32_t *indexes,
				unsigned int n);

#endif

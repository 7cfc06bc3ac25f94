/* SPDX-License-Identifier: BSD-3-Clause */
#include "timer_wheel.h"

void timer_wheel_init(struct timer_wheel *w, struct wheel_timer *(*at)(void *, uint32_t), void *ctx,
		      uint64_t now_ms)
{
	unsigned int i;

	w->at = at;
	w->ctx = ctx;
	w->tick = now_ms / WHEEL_TICK_MS;
	for (i = 0; i < WHEEL_SLOTS; i++)
		w->head[i] = WHEEL_NONE;
}

static void link_in(struct timer_wheel *w, uint32_t index, uint64_t tick)
{
	struct wheel_timer *t = w->at(w->ctx, index);

	t->slot = (uint32_t)(tick % WHEEL_SLOTS);
	t->prev = WHEEL_NONE;
	t->next = w->head[t->slot];
	if (t->next != WHEEL_NONE)
		w->at(w->ctx, t->next)->prev = index;
	w->head[t->slot] = index;
}

void timer_wheel_arm(struct timer_wheel *w, uint32_t index, uint64_t deadline_ms)
{
	struct wheel_timer *t = w->at(w->ctx, index);
	uint64_t tick = (deadline_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;

	timer_wheel_disarm(w, index);
	t->deadline_ms = deadline_ms;
	if (tick < w->tick)
		tick = w->tick;
	else if (tick > w->tick + WHEEL_SLOTS - 1)
		tick = w->tick + WHEEL_SLOTS - 1;
	link_in(w, index, tick);
}

void timer_wheel_disarm(struct timer_wheel *w, uint32_t index)
{
	struct wheel_timer *t = w->at(w->ctx, index);

	if (t->slot == WHEEL_NONE)
		return;
	if (t->prev != WHEEL_NONE)
		w->at(w->ctx, t->prev)->next = t->next;
	else
		w->head[t->slot] = t->next;
	if (t->next != WHEEL_NONE)
		w->at(w->ctx, t->next)->prev = t->prev;
	t->slot = WHEEL_NONE;
}

unsigned int timer_wheel_expire(struct timer_wheel *w, uint64_t now_ms, uint32_t *indexes,
				unsigned int n)
{
	uint64_t now_tick = now_ms / WHEEL_TICK_MS;
	unsigned int taken = 0;

	while (w->tick <= now_tick) {
		uint32_t *head = &w->head[w->tick % WHEEL_SLOTS];

		while (*head != WHEEL_NONE) {
			uint32_t index = *head;
			const struct wheel_timer *t = w->at(w->ctx, index);

			if (taken == n)
				return taken;
			timer_wheel_disarm(w, index);
			if (t->deadline_ms > now_ms)
				timer_wheel_arm(w, index, t->deadline_ms);
			else
				indexes[taken++] = index;
		}
		w->tick++;
	}
	return taken;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers of one duration a queue: in the order of arming they are in the order of expiry, so
 * starting, stopping and finding what is due all take constant time.  One thread.
 */
#ifndef TANDEM_DEADLINE_H
#define TANDEM_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct deadline_queue;

/* Embedded in what waits.  Zeroed: not running. */
struct deadline {
	TAILQ_ENTRY(deadline) link;
	struct deadline_queue *queue; /* NULL while not running */
	uint64_t due_ms;
};

struct deadline_queue {
	TAILQ_HEAD(, deadline) waiting;
	uint64_t after_ms;
};

void deadline_queue_init(struct deadline_queue *queue, uint64_t after_ms);

/* Another duration, from the same beginning on, for those that run as well: so the order stays. */
void deadline_queue_set(struct deadline_queue *queue, uint64_t after_ms);

/* Run for the queue's duration from `now_ms`; one that runs, here or elsewhere, starts anew. */
void deadline_start(struct deadline_queue *queue, struct deadline *deadline, uint64_t now_ms);
void deadline_stop(struct deadline *deadline);

/* The next one whether due or not, NULL when none runs. */
struct deadline *deadline_first(const struct deadline_queue *queue);
/* The next one that is due, NULL when none is.  It runs on until stopped or started again. */
struct deadline *deadline_due(const struct deadline_queue *queue, uint64_t now_ms);
/* Milliseconds until the next is due, 0 for at once, UINT64_MAX for never. */
uint64_t deadline_wait(const struct deadline_queue *queue, uint64_t now_ms);

#endif

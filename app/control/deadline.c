/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "deadline.h"

void deadline_queue_init(struct deadline_queue *queue, uint64_t after_ms)
{
	TAILQ_INIT(&queue->waiting);
	queue->after_ms = after_ms;
}

void deadline_queue_set(struct deadline_queue *queue, uint64_t after_ms)
{
	struct deadline *deadline;

	TAILQ_FOREACH (deadline, &queue->waiting, link)
		deadline->due_ms = deadline->due_ms - queue->after_ms + after_ms;
	queue->after_ms = after_ms;
}

void deadline_start(struct deadline_queue *queue, struct deadline *deadline, uint64_t now_ms)
{
	deadline_stop(deadline);
	deadline->queue = queue;
	deadline->due_ms = now_ms + queue->after_ms;
	TAILQ_INSERT_TAIL(&queue->waiting, deadline, link);
}

void deadline_stop(struct deadline *deadline)
{
	if (deadline->queue == NULL)
		return;
	TAILQ_REMOVE(&deadline->queue->waiting, deadline, link);
	deadline->queue = NULL;
}

struct deadline *deadline_first(const struct deadline_queue *queue)
{
	return TAILQ_FIRST(&queue->waiting);
}

struct deadline *deadline_due(const struct deadline_queue *queue, uint64_t now_ms)
{
	struct deadline *first = deadline_first(queue);

	return first != NULL && first->due_ms <= now_ms ? first : NULL;
}

uint64_t deadline_wait(const struct deadline_queue *queue, uint64_t now_ms)
{
	const struct deadline *first = deadline_first(queue);

	if (first == NULL)
		return UINT64_MAX;
	return first->due_ms > now_ms ? first->due_ms - now_ms : 0;
}

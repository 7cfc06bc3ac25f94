/* SPDX-License-Identifier: BSD-3-Clause */
#include "fence.h"

void fence_init(struct fence *fence, struct mailbox *mb)
{
	*fence = (struct fence){.mb = mb};
}

bool fence_post(struct fence *fence)
{
	const struct mailbox_command cmd = {.type = MAILBOX_FENCE, .id = fence->tickets};
	bool done = true;

	for (unsigned int i = 0; i < mailbox_workers(fence->mb); i++) {
		if (fence->worker[i].posted == fence->tickets ||
		    fence->worker[i].posted != fence->worker[i].met)
			continue;
		if (mailbox_post_command(fence->mb, i, &cmd))
			fence->worker[i].posted = fence->tickets;
		else
			done = false;
	}
	return done;
}

uint64_t fence_ask(struct fence *fence)
{
	fence->tickets++;
	fence_post(fence);
	return fence->tickets;
}

void fence_met(struct fence *fence, const struct mailbox_event *ev)
{
	fence->worker[ev->worker].met = ev->id;
	fence_post(fence);
}

bool fence_passed(const struct fence *fence, uint64_t ticket)
{
	for (unsigned int i = 0; i < mailbox_workers(fence->mb); i++) {
		if (fence->worker[i].met < ticket)
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Knowing that all workers' events up to a moment have come (MAILBOX_FENCE).
 *
 * Who asks gets a ticket.  Each worker has one fence under way at most, which stands for all
 * tickets given out before it was posted; so however many ask, a worker hears of it once a round
 * trip.  One thread.
 */
#ifndef TANDEM_FENCE_H
#define TANDEM_FENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "mailbox.h"

struct fence {
	struct mailbox *mb;
	uint64_t tickets; /* given out; the first is 1 */
	struct {
		uint64_t posted, met; /* the newest ticket each stands for */
	} worker[CONFIG_MAX_WORKERS];
};

void fence_init(struct fence *fence, struct mailbox *mb);

uint64_t fence_ask(struct fence *fence);

/* A worker's event FENCED. */
void fence_met(struct fence *fence, const struct mailbox_event *ev);

/* All that any worker had to tell when the ticket was asked for has been taken from the mailbox. */
bool fence_passed(const struct fence *fence, uint64_t ticket);

/* Post what full rings refused.  True when nothing is left to post. */
bool fence_post(struct fence *fence);

#endif

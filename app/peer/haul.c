/* SPDX-License-Identifier: BSD-3-Clause */
#include "haul.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "outcome.h"
#include "terminal.h"

#define LOOK_MS 100

void haul_describe(const struct transfer *t, char *buf, size_t size)
{
	uint64_t done = atomic_load(&t->done);
	char of_all[32] = "";

	if (!t->endless)
		snprintf(of_all, sizeof(of_all), " of %" PRIu64, t->size);
	switch (t->end) {
	case TRANSFER_WHOLE:
		snprintf(buf, size, "whole");
		break;
	case TRANSFER_TRUNCATED:
		snprintf(buf, size, "truncated: the stream ended after %" PRIu64 "%s bytes", done,
			 of_all);
		break;
	case TRANSFER_EXCESS:
		snprintf(buf, size, "more bytes came than the %" PRIu64 " announced", t->size);
		break;
	case TRANSFER_CHANGED:
		snprintf(buf, size, "the file changed its size while it was sent");
		break;
	case TRANSFER_NETWORK:
		snprintf(buf, size, "connection broken after %" PRIu64 "%s bytes: %s", done, of_all,
			 strerror(t->error));
		break;
	case TRANSFER_FILE:
		snprintf(buf, size, "cannot %s the file: %s", t->sending ? "read" : "write",
			 strerror(t->error));
		break;
	case TRANSFER_CANCELLED:
		snprintf(buf, size, "cancelled");
		break;
	}
}

/* One look at a running transfer. */
static int look(struct transfer *t, struct account *account, const bool *cancelled, bool *through)
{
	struct pollfd polled = {.fd = t->event_fd, .events = POLLIN};
	int outcome = account_turn(account, &polled, 1, LOOK_MS);

	*through = polled.revents != 0;
	if (outcome == OUTCOME_DONE && *cancelled && !*through)
		return OUTCOME_BROKEN;
	return outcome;
}

int haul(struct transfer *t, struct account *account, struct progress *progress,
	 const bool *cancelled, int64_t stall_ms, bool quiet)
{
	int64_t moved_ms = progress_now_ms();
	uint64_t seen = 0, done;
	bool through = false;
	int outcome = OUTCOME_DONE, err;

	progress_begin(progress, t->endless ? PROGRESS_UNKNOWN : t->size, quiet);
	err = transfer_start(t);
	if (err) {
		say("cannot start the transfer: %s", strerror(-err));
		return OUTCOME_LOCAL;
	}
	while (!through && outcome == OUTCOME_DONE) {
		outcome = look(t, account, cancelled, &through);
		done = atomic_load_explicit(&t->done, memory_order_relaxed);
		progress_update(progress, done);
		if (done != seen) {
			seen = done;
			moved_ms = progress_now_ms();
		} else if (!through && progress_now_ms() - moved_ms > stall_ms) {
			say("no byte moved for %d s", (int)(stall_ms / 1000));
			outcome = OUTCOME_TIMEOUT;
		}
	}
	if (!through)
		transfer_cancel(t);
	transfer_join(t);
	progress_end(progress, atomic_load(&t->done));
	return outcome;
}

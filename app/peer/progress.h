/* SPDX-License-Identifier: BSD-3-Clause */
/* How far a transfer is: a bar on a terminal while it runs, one line when it is through. */
#ifndef TANDEM_PROGRESS_H
#define TANDEM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_UNKNOWN UINT64_MAX

struct progress {
	bool bar, summary;
	uint64_t total;
	int64_t started_ms, drawn_ms, told_ms;
};

/* Monotonic milliseconds. */
int64_t progress_now_ms(void);

/* `total` PROGRESS_UNKNOWN: until the end. */
void progress_begin(struct progress *p, uint64_t total, bool quiet);

/* Draws at most five times a second, tells scripts once a second. */
void progress_update(struct progress *p, uint64_t done);

/* Wipes the bar; `done` is the total now. */
void progress_end(struct progress *p, uint64_t done);

/* "sent 256.0 MiB in 1.2 s, 1.79 Gbit/s" on standard error. */
void progress_summary(const struct progress *p, const char *verb);

#endif

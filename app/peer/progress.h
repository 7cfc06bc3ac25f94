/* SPDX-License-Identifier: BSD-3-Clause */
/* How far a transfer is: a bar on a terminal while it runs, one line when it is through. */
#ifndef TANDEM_PROGRESS_H
#define TANDEM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool bar, summary;
	uint64_t total;
	int64_t started_ms, drawn_ms;
};

/* Monotonic milliseconds. */
int64_t progress_now_ms(void);

void progress_begin(struct progress *p, uint64_t total, bool quiet);

/* Draws at most five times a second. */
void progress_update(struct progress *p, uint64_t done);

/* Wipes the bar. */
void progress_end(struct progress *p);

/* "sent 256.0 MiB in 1.2 s, 1.79 Gbit/s" on standard error. */
void progress_summary(const struct progress *p, const char *verb);

#endif

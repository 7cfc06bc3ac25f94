/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the appliance work?  The answer of /healthz.
 *
 * A worker stores its `cycles` at least every 100 ms, idle or not.  We remember when it last
 * advanced: one that stood still for `stuck_ms`, or was never seen to advance, does not run.  Used
 * on the stats thread only.  Times are milliseconds of any one monotonic clock.
 */
#ifndef TANDEM_HEALTH_H
#define TANDEM_HEALTH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "mgmt.h"

struct health_worker {
	uint64_t cycles;	 /* at the last look */
	uint64_t alive_until_ms; /* it advanced less than stuck_ms before this */
	bool runs;		 /* as of the last look */
};

struct health {
	uint32_t stuck_ms;
	unsigned int n_workers;
	struct health_worker worker[CONFIG_MAX_WORKERS];
};

/* Remember where the workers stand now; no worker runs yet. */
void health_init(struct health *h, const struct mgmt_sources *src, uint32_t stuck_ms);

/* Look at the workers; to be called several times in stuck_ms. */
void health_sample(struct health *h, const struct mgmt_sources *src, uint64_t now_ms);

/* Write "ok", or what is wrong, one cause a line, as of the last look.  Returns true for "ok". */
bool health_write(const struct health *h, const struct mgmt_sources *src, FILE *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's share of a token bucket: each token costs as much as there are workers. */
#ifndef TANDEM_RATE_LIMIT_H
#define TANDEM_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	uint64_t last_ms;
	uint32_t tokens;
	uint32_t burst;
	uint32_t per_ms;
	uint32_t cost;
};

/* A full one; the numbers are those of all `n_workers` together. */
static inline struct rate_limit rate_limit(uint32_t per_ms, uint32_t burst, uint32_t n_workers,
					   uint64_t now_ms)
{
	return (struct rate_limit){.last_ms = now_ms,
				   .tokens = burst,
				   .burst = burst,
				   .per_ms = per_ms,
				   .cost = n_workers};
}

static inline bool rate_limit_take(struct rate_limit *r, uint64_t now_ms)
{
	uint64_t tokens = r->tokens + (now_ms - r->last_ms) * r->per_ms;

	r->last_ms = now_ms;
	r->tokens = tokens < r->burst ? (uint32_t)tokens : r->burst;
	if (r->tokens < r->cost)
		return false;
	r->tokens -= r->cost;
	return true;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A token bucket of one worker. */
#ifndef TANDEM_RATE_LIMIT_H
#define TANDEM_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	uint64_t last_ms;
	uint32_t tokens;
	uint32_t burst;
	uint32_t per_ms;
};

/* A full one. */
static inline struct rate_limit rate_limit(uint32_t per_ms, uint32_t burst, uint64_t now_ms)
{
	return (struct rate_limit){
		.last_ms = now_ms, .tokens = burst, .burst = burst, .per_ms = per_ms};
}

static inline bool rate_limit_take(struct rate_limit *r, uint64_t now_ms)
{
	uint64_t tokens = r->tokens + (now_ms - r->last_ms) * r->per_ms;

	r->last_ms = now_ms;
	r->tokens = tokens < r->burst ? (uint32_t)tokens : r->burst;
	if (r->tokens == 0)
		return false;
	r->tokens--;
	return true;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's rig (tests/unit/worker_fixture.h) for fuzzers: new for each input, with a clock that
 * begins at the same time whenever it runs, and frames in memory of their own size.
 */
#ifndef TANDEM_FUZZ_RIG_H
#define TANDEM_FUZZ_RIG_H

#include "fuzz.h"
#include "worker_fixture.h"

/* When an input begins, in milliseconds: just before SYN cookies change their secret. */
#define FUZZ_RIG_BEGIN_MS (UINT64_C(200) * SYNCOOKIE_PERIOD_MS - 5000)

/* `mix` is what rig_start() takes; NULL: IPv4, no VLAN. */
void fuzz_rig_start(struct rig_mix *mix);
/* Every mbuf must be back. */
void fuzz_rig_end(void);

/* An mbuf whose data lies in memory of exactly the size of a headroom and the `n` bytes, so that the
 * sanitizer sees who leaves it. */
struct rte_mbuf *fuzz_mbuf(const uint8_t *data, size_t n);
/* The same as a chain of two, the first of `first` bytes; as one when there are not so many. */
struct rte_mbuf *fuzz_mbuf_two(const uint8_t *data, size_t n, size_t first);

/* The rig's only worker, its counters and its clock. */
static inline struct worker *fuzz_worker(void)
{
	return &rig.workers[0];
}

static inline const struct worker_stats *fuzz_stats(void)
{
	return &rig.stats[0];
}

static inline uint64_t *fuzz_now_ms(void)
{
	return &rig.now_ms;
}

/* All reasons together. */
uint64_t fuzz_rig_dropped(void);

#endif

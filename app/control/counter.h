/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing the counters of `struct control_stats`: one writer, readers on any thread.
 */
#ifndef TANDEM_COUNTER_H
#define TANDEM_COUNTER_H

#include <stdint.h>

static inline void counter_set(uint64_t *counter, uint64_t value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

/* A gauge is taken down by adding a negative number, converted. */
static inline void counter_add(uint64_t *counter, uint64_t by)
{
	/* One writer: no other addition can come in between. */
	counter_set(counter, *counter + by);
}

static inline void counter_increment(uint64_t *counter)
{
	counter_add(counter, 1);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequence numbers, acknowledgements and timestamps are compared modulo 2^32 (RFC 9293 3.4). */
#ifndef TANDEM_SEQ_H
#define TANDEM_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool seq_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static inline bool seq_not_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

/* The later one.  Whether a segment is ahead of the others of its connection nobody can predict: no
 * branch should depend on it. */
static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_after(a, b) ? a : b;
}

/* Not before `from` nor after `to`, which are less than 2^31 apart. */
static inline bool seq_within(uint32_t number, uint32_t from, uint32_t to)
{
	return (int32_t)((number - from) | (to - number)) >= 0;
}

#endif

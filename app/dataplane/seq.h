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

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A rate that a session is held to, by dropping what is over it.
 *
 * Each byte costs some time, and a session's meter is the time up to which all its bytes are paid
 * for (the generic cell rate algorithm): a segment passes unless the meter is ahead of the clock by
 * more than a burst.  That is one word a session, and neither division nor lock.  Where several
 * workers carry one session a sum may get lost between them: it then gets a little more.
 *
 * Nothing is queued, for a relay that holds no payload has nowhere to; the windows are not touched
 * either, since what an end was granted once cannot be taken back.
 */
#ifndef TANDEM_POLICER_H
#define TANDEM_POLICER_H

#include <stdbool.h>
#include <stdint.h>

#include "relaxed.h"

/* Units of time, 1/1024 ns: so that a byte at some GiB/s still is several. */
#define POLICER_MS UINT64_C(1024000000)

/* What may pass at once: as much as the rate gives in this time, and 2^16 bytes.  A TCP that loses the
 * end of a burst waits for its retransmission timer, 200 ms at the least: with less than that saved
 * up it would get but a part of its rate (tried: 60 % of 100 Mbit/s with 100 ms). */
#define POLICER_BURST	    (500 * POLICER_MS)
#define POLICER_BURST_SHIFT 16

/* What a byte costs at a rate in bytes a second; 0 for the rate 0, which is none.  The least rate is
 * about 240. */
static inline uint32_t policer_cost(uint64_t bytes_per_s)
{
	uint64_t cost;

	if (bytes_per_s == 0)
		return 0;
	cost = (1000 * POLICER_MS + bytes_per_s / 2) / bytes_per_s;
	if (cost == 0)
		return 1;
	return cost < UINT32_MAX ? (uint32_t)cost : UINT32_MAX;
}

/* May so many bytes pass?  They are then paid for. */
static inline bool policer_pass(uint64_t *meter, uint32_t cost, uint32_t bytes, uint64_t now_ms)
{
	uint64_t now = now_ms * POLICER_MS, paid = relaxed_load(meter);

	if ((int64_t)(paid - now) < 0)
		paid = now;
	if (paid - now > POLICER_BURST + ((uint64_t)cost << POLICER_BURST_SHIFT))
		return false;
	relaxed_store(meter, paid + (uint64_t)cost * bytes);
	return true;
}

#endif

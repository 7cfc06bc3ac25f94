/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a worker answers SYNs by cookies instead of half-open legs (DESIGN 3.1).
 *
 *   half-open legs at 3/4 of their limit  --> in force: no new half-open leg is made
 *   at 1/2 or less, and the last second brought fewer SYNs than would fill the table to 1/2
 *   again within the life of a half-open leg  --> out of force
 *
 * The rate is looked at too because the table runs empty while cookies are in force: by its filling
 * alone they would go in and out of force every few seconds as long as a flood lasts.
 *
 * One worker's own; no packets here, and the caller knows the time.
 */
#ifndef TANDEM_COOKIES_H
#define TANDEM_COOKIES_H

#include <stdbool.h>
#include <stdint.h>

#include "mailbox.h"
#include "syncookie.h"

/* How long a peer may take to complete a handshake: the life of a half-open leg. */
#define COOKIES_HALF_OPEN_MS 8000

struct cookies {
	struct syncookie_secrets secrets;
	uint32_t on_at, off_at; /* half-open legs */
	uint32_t calm;		/* SYNs a second */
	bool in_force;
	bool sent_any;
	uint64_t sent_ms, sent_period; /* the last one sent */
	uint64_t second_ms;	       /* the running second's start */
	uint32_t sent_in_second;
};

/* `half_open` is the limit of half-open legs, `master` and `mss` are as in syncookie_init(). */
void cookies_init(struct cookies *c, const struct siphash_key *master, uint16_t mss,
		  uint32_t half_open, uint64_t now_ms);

/* Is a SYN to be answered by a cookie, when there are so many half-open legs? */
static inline bool cookies_due(struct cookies *c, uint64_t half_open)
{
	c->in_force |= half_open >= c->on_at;
	return c->in_force;
}

/* One was sent. */
void cookies_sent(struct cookies *c, uint64_t now_ms);

/* May a cookie come back that is good?  Not longer than for the period after the last was sent. */
bool cookies_outstanding(const struct cookies *c, uint64_t now_ms);

/* Time goes by: change secrets, go out of force.  Returns what the control thread shall know. */
enum mailbox_cookies cookies_tick(struct cookies *c, uint64_t half_open, uint64_t now_ms);

#endif

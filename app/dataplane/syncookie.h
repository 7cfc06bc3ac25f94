/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN cookies: half-open legs that are kept in their peers' packets instead of a table, so that a
 * flood of SYNs costs computing and no memory (DESIGN 3.1, RFC 4987 3.6).
 *
 * The initial sequence number is the cookie:
 *
 *   31       30   28 27                      0
 *   | period |  mss  |  keyed hash           |
 *
 * over the four-tuple, the peer's own initial number, period and mss.  Where the peer offered
 * timestamps the other options ride in the low bits of the relay's TSval, which the peer echoes:
 * they are the peer's own affair, so nobody gains by forging them.
 *
 * Each period has a secret of its own.  The secrets of the running one and of the one before are in
 * use; one bit tells which of the two made a cookie, and one that is older fits neither.
 *
 * Pure functions; the caller knows the time.
 */
#ifndef TANDEM_SYNCOOKIE_H
#define TANDEM_SYNCOOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "siphash.h"
#include "tuple.h"

/* A cookie is good in the period it was made in and the next one: 64 to 128 s. */
#define SYNCOOKIE_PERIOD_MS 65536

/* What the cookie keeps of a SYN. Host byte order. */
struct syncookie_syn {
	uint32_t seq; /* the peer's initial sequence number */
	uint16_t mss;
	uint8_t wscale;	 /* 0..14 */
	uint8_t options; /* enum leg_option */
};

struct syncookie_secrets {
	struct siphash_key master;
	struct siphash_key of[2]; /* periods, by their lowest bit */
	uint64_t period;	  /* the running one */
	uint16_t mss;
};

/*
 * `master` is what nobody may guess: workers, and processes of one boot, that share it take each
 * other's cookies.  `mss` is the relay's clamp: what a peer could take beyond it is not remembered.
 */
void syncookie_init(struct syncookie_secrets *s, const struct siphash_key *master, uint16_t mss,
		    uint64_t now_ms);

/* To be called as time goes by: changes secrets when a period is over. */
void syncookie_rotate(struct syncookie_secrets *s, uint64_t now_ms);

/* The relay's initial sequence number for the SYN. */
uint32_t syncookie_make(const struct syncookie_secrets *s, const struct tuple *t,
			const struct syncookie_syn *syn);

/* `clock` with the options of the SYN in its low bits; never later than `clock`. */
uint32_t syncookie_tsval(uint32_t clock, const struct syncookie_syn *syn);

/*
 * Is `cookie` ours, made in this period or the one before for a SYN with the number `syn->seq`?
 * If so `syn->mss` is set to what it kept: the next lower of a few values.
 */
bool syncookie_check(const struct syncookie_secrets *s, const struct tuple *t, uint32_t cookie,
		     struct syncookie_syn *syn);

/* Set `wscale` and `options` to what the echo of syncookie_tsval() says. */
void syncookie_read_tsecr(uint32_t tsecr, struct syncookie_syn *syn);

#endif

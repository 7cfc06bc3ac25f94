/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a TCP connection while the XMPP stream is served. */
#ifndef TANDEM_DIAL_H
#define TANDEM_DIAL_H

#include "account.h"
#include "candidate.h"

#define DIAL_STAGGER_MS 250 /* RFC 8305, section 5: the Connection Attempt Delay */

/* Connect within `timeout_ms`.  A blocking socket with keep-alive on, or negative errno
 * (-ETIMEDOUT; -EINTR when the account's turn ended the wait, `*outcome` then is not OUTCOME_DONE).
 */
int dial(struct account *account, const union candidate_address *addr, int64_t timeout_ms,
	 int *outcome);

/*
 * The same with several addresses, at most CANDIDATE_TRY_MAX, in the order wished for: each
 * following attempt begins DIAL_STAGGER_MS after the one before, or as soon as that has failed, and
 * the first connection there is wins; the others are given up.  `errors[i]`: negative errno of the
 * i-th, 0 when it was not decided; `*winner`: its index.
 */
int dial_race(struct account *account, const union candidate_address *const *addrs, unsigned int n,
	      int64_t timeout_ms, unsigned int *winner, int *errors, int *outcome);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a TCP connection while the XMPP stream is served. */
#ifndef TANDEM_DIAL_H
#define TANDEM_DIAL_H

#include "account.h"
#include "candidate.h"

/* Connect within `timeout_ms`.  A blocking socket with keep-alive on, or negative errno
 * (-ETIMEDOUT; -EINTR when the account's turn ended the wait, `*outcome` then is not OUTCOME_DONE).
 */
int dial(struct account *account, const union candidate_address *addr, int64_t timeout_ms,
	 int *outcome);

#endif

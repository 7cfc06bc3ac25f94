/* SPDX-License-Identifier: BSD-3-Clause */
/* A transfer watched to its end: the XMPP stream served beside it, progress shown, stalls and
 * wishes to stop noticed. */
#ifndef TANDEM_HAUL_H
#define TANDEM_HAUL_H

#include "account.h"
#include "progress.h"
#include "transfer.h"

/*
 * Run `t` (its first block filled in) until its thread is through.  Cut short when `*cancelled`,
 * when no byte moved for `stall_ms`, on a signal, or when the account is lost for good; then the
 * outcome is not OUTCOME_DONE and has been said.  Otherwise t->end tells how it went.
 */
int haul(struct transfer *t, struct account *account, struct progress *progress,
	 const bool *cancelled, int64_t stall_ms, bool quiet);

/* What t->end means, in words. */
void haul_describe(const struct transfer *t, char *buf, size_t size);

#endif

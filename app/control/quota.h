/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many claims and sessions each bare JID takes part in, for limits.sessions_per_jid.
 *
 * There is an entry for each JID that takes part in anything, and for no other: the caller bounds
 * how many that are.  One thread.
 */
#ifndef TANDEM_QUOTA_H
#define TANDEM_QUOTA_H

#include <stddef.h>
#include <stdint.h>

#include "hash_index.h"
#include "keyed_hash.h"

struct quota {
	struct hash_index by_jid;
	const struct siphash_key *key;
	uint32_t limit;
};

struct quota_entry;

/* `entries`: about how many JIDs at once.  Returns 0 or -ENOMEM. */
int quota_init(struct quota *quota, const struct siphash_key *key, uint32_t limit, size_t entries);
void quota_fini(struct quota *quota);

/* Count one more for the bare JID of `jid`, whose domain is folded.  Returns its entry, to be given
 * back with quota_release(); NULL with errno EDQUOT at the limit, ENOMEM without memory. */
struct quota_entry *quota_take(struct quota *quota, const char *jid);
void quota_release(struct quota_entry *entry);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each bare JID, or each domain, has of the relay: how many claims and sessions it takes part
 * in, how many of these are spliced, and how much was relayed for it today (UTC).
 *
 * There is an entry for each that takes part in anything; the caller bounds how many that are.
 * While there is a limit of volume an entry that nobody holds any more is kept to the end of the day
 * if anything was relayed for it.  Of such there are at most QUOTA_IDLE_MAX: then who has no entry
 * gets none, for a limit that forgets is none.  One thread.
 */
#ifndef TANDEM_QUOTA_H
#define TANDEM_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "hash_index.h"
#include "keyed_hash.h"

#define QUOTA_IDLE_MAX 262144

enum quota_scope { QUOTA_JID, QUOTA_DOMAIN };

struct quota_entry {
	struct index_node node;
	TAILQ_ENTRY(quota_entry) link; /* while it is idle */
	struct quota *quota;
	uint64_t volume; /* bytes, of `day` */
	uint32_t day;
	uint32_t taken;
	uint32_t spliced; /* sessions, kept by the caller */
	size_t key_len;
	char key[];
};

struct quota {
	struct hash_index index;
	const struct siphash_key *key;
	enum quota_scope scope;
	uint32_t limit;	 /* of what an entry is taken for; 0: none */
	uint64_t volume; /* bytes a day; 0: no limit */
	uint32_t today;	 /* days since the epoch */
	TAILQ_HEAD(, quota_entry) idle;
	uint32_t n_idle;
};

enum quota_verdict {
	QUOTA_OK,
	QUOTA_USED_UP,	 /* `limit` */
	QUOTA_VOLUME,	 /* `volume` */
	QUOTA_NO_MEMORY, /* or too many entries are kept for their volume */
};

/* No limits yet.  `entries`: about how many at once.  Returns 0 or -ENOMEM. */
int quota_init(struct quota *quota, enum quota_scope scope, const struct siphash_key *key,
	       size_t entries);
/* Frees the entries kept for their volume too; those that are held have to be released before. */
void quota_fini(struct quota *quota);

/* Count one more for the bare JID or the domain of `jid`, whose domain is folded.  Its entry, to be
 * given back with quota_release(), goes to `*entry`; NULL if the verdict is not QUOTA_OK. */
enum quota_verdict quota_take(struct quota *quota, const char *jid, struct quota_entry **entry);
/* NULL is allowed. */
void quota_release(struct quota_entry *entry);

/* So many bytes more were relayed for it.  False when it has used up the day's volume. */
bool quota_charge(struct quota_entry *entry, uint64_t bytes);

/* It is this day now; some of the entries that were kept for an earlier one are freed.  To be called
 * now and then. */
void quota_day(struct quota *quota, uint32_t day);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows whose session is over, but which stay in the flow table a while: one that finished or was
 * reset for the segments still under way, an expired one until its ends have been sent their RSTs.
 *
 * They are counted in no quota and no gauge.  When the table is needed for living sessions
 * linger_evict() makes room.  The control thread alone touches this.
 */
#ifndef TANDEM_LINGER_BOOK_H
#define TANDEM_LINGER_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deadline.h"
#include "hash_index.h"
#include "keyed_hash.h"
#include "mailbox.h"

struct lingerer;

struct linger_book {
	const struct siphash_key *key;
	const struct mailbox_splicer *splicer;
	struct mailbox *mb;
	struct hash_index by_flow;
	struct deadline_queue looks;
	TAILQ_HEAD(, lingerer) unposted; /* resets that a full ring refused */
	size_t count;
};

/* Returns 0 or -ENOMEM. */
int linger_init(struct linger_book *book, const struct siphash_key *key,
		const struct mailbox_splicer *splicer, struct mailbox *mb, size_t entries);
/* Frees what is kept about the flows; they stay in the flow table. */
void linger_fini(struct linger_book *book);

/* Remove `flow` after `for_ms`, or as soon as an end starts anew on its four-tuple. */
void linger_add(struct linger_book *book, uint64_t flow, uint64_t for_ms, uint64_t now_ms);

/* Have `worker` reset both ends of `flow`; remove it when that is done or takes too long. */
void linger_reset(struct linger_book *book, uint64_t flow, unsigned int worker, uint64_t now_ms);
void linger_reset_done(struct linger_book *book, uint64_t flow);

/* Remove the flow that was looked at longest ago.  False when there is none. */
bool linger_evict(struct linger_book *book);

/* Look at up to `batch` flows that are due.  Returns the milliseconds until it wants to be called
 * again, UINT64_MAX for never. */
uint64_t linger_tick(struct linger_book *book, unsigned int batch, uint64_t now_ms);

#endif

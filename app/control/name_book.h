/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SOCKS5 bytestreams by their names (XEP-0065 5.3.2): which legs wait under a name for its
 * activation, and which session has it since.
 *
 * A bytestream is kept while a leg waits under its name or a session has it.  One thread.
 */
#ifndef TANDEM_NAME_BOOK_H
#define TANDEM_NAME_BOOK_H

#include <stddef.h>
#include <stdint.h>

#include "hash_index.h"
#include "keyed_hash.h"
#include "leg_book.h"

#define NAME_LEGS_MAX 4 /* DESIGN 2.3 */

struct session;

struct bytestream {
	struct index_node by_name;
	uint8_t name[LEG_NAME_BYTES];
	unsigned int n_legs;
	struct leg *legs[NAME_LEGS_MAX]; /* in the order of their arrival */
	struct session *session;	 /* NULL before the activation */
};

struct name_book {
	struct hash_index by_name;
	const struct siphash_key *key;
	size_t n_legs, max_legs;
};

/* `max_legs` may wait in all, and about `names` names be known.  Returns 0 or -ENOMEM;
 * name_book_fini() is allowed after either, and on a zeroed book. */
int name_book_init(struct name_book *book, const struct siphash_key *key, size_t max_legs,
		   size_t names);
/* Forgets all names; neither their legs nor their sessions may be asked for them any more. */
void name_book_fini(struct name_book *book);

/* NULL when neither leg nor session has it. */
struct bytestream *name_book_find(const struct name_book *book, const uint8_t name[LEG_NAME_BYTES]);

/* `leg` waits under the name from now on.  -EBUSY: a session has the name; -ENOSPC: as many legs
 * wait under it, or in all, as may; -ENOMEM. */
int name_book_add(struct name_book *book, const uint8_t name[LEG_NAME_BYTES], struct leg *leg);

/* `leg` waits no more.  Does nothing for one that does not wait under any name. */
void name_book_take(struct name_book *book, struct leg *leg);

/* `session` has the name from now on, and when it is over gives it back. */
void name_book_lend(struct bytestream *bytestream, struct session *session);
void name_book_give_back(struct bytestream *bytestream);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control thread's mirror of the legs its workers reported, and its voice towards them.
 *
 * A leg is *listed* while it can be found by its addresses: from its first event until it is to be
 * reset or has become part of a flow.  By id it is found until it is forgotten.  A named leg, one of
 * the SOCKS5 service, is never listed: no endpoint claim can mean it.
 */
#ifndef TANDEM_LEG_BOOK_H
#define TANDEM_LEG_BOOK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash_index.h"
#include "keyed_hash.h"
#include "mailbox.h"

struct bytestream;
struct reservation;
struct party;

/* How precisely a claim named its leg, least first: the rules of DESIGN 2.1, 3c, 3b and 3a. */
enum match_rule { MATCH_PORT, MATCH_SOURCE, MATCH_EXACT };

struct leg {
	struct index_node by_id, by_tuple, by_source, by_port;
	TAILQ_ENTRY(leg)
	link; /* with commands to post: in its worker's queue; unused: in the pool */
	struct party *holder;		 /* whose claim it is matched with, or NULL */
	struct bytestream *bytestream;	 /* a named leg that waits in the name book, else NULL */
	struct reservation *reservation; /* on whose addresses it waits, else NULL */
	uint64_t id;
	uint64_t flow; /* for command OPEN */
	struct four_tuple tuple;
	uint16_t worker;
	uint8_t unposted; /* a bit for each command still to be posted */
	uint8_t side;	  /* for command OPEN */
	uint8_t rule;	  /* the enum match_rule it is held by */
	bool established;
	bool kept;    /* its owner was told to keep it */
	bool retired; /* its owner says nothing more about it */
};

struct leg_book;

/* `key` and `mb` must outlive the book.  NULL when there is no memory. */
struct leg_book *leg_book_create(size_t capacity, struct mailbox *mb,
				 const struct siphash_key *key);
void leg_book_destroy(struct leg_book *book);

/* Enter a leg, listed and half-open.  NULL when the book is full: nobody can claim that leg, and
 * its owner ends it in time. */
struct leg *leg_book_add(struct leg_book *book, uint64_t id, uint32_t worker,
			 const struct four_tuple *tuple);

/* Likewise a named leg, or one on a rendezvous address, which are not listed. */
struct leg *leg_book_add_named(struct leg_book *book, uint64_t id, uint32_t worker,
			       const struct four_tuple *tuple);

/* Forget a leg, with its unposted commands. */
void leg_book_remove(struct leg_book *book, struct leg *leg);

size_t leg_book_count(const struct leg_book *book);

/* --- finding; NULL when there is none (any more) --- */

struct leg *leg_book_find(const struct leg_book *book, uint64_t id);
struct leg *leg_by_tuple(const struct leg_book *book, const struct four_tuple *tuple);

/* All legs that come from addr:port, one after the other: `last` is the previous one or NULL. */
struct leg *leg_by_source(const struct leg_book *book, const struct in6_addr *addr, in_port_t port,
			  const struct leg *last);

/* Likewise all that come from any address's `port` to the relay's `addr`, except those that are
 * held by a better rule than MATCH_PORT. */
struct leg *leg_by_port(const struct leg_book *book, const struct in6_addr *relay_addr,
			in_port_t port, const struct leg *last);

/* --- what happens to a leg --- */

/* A named leg: its peer is told that the name is connected. */
void leg_admit(struct leg_book *book, struct leg *leg);

/* A named leg: its peer is told that the name is not allowed, and it ends.  It is forgotten when its
 * owner has been told. */
void leg_refuse(struct leg_book *book, struct leg *leg);

/* It is established, and its owner is told to keep it, if it was not before. */
void leg_keep(struct leg_book *book, struct leg *leg);

/* A claim named it by `rule`: it is `holder`'s, and to be kept. */
void leg_hold(struct leg_book *book, struct leg *leg, struct party *holder, enum match_rule rule);

/* Ask its owner for its last numbers. */
void leg_retire(struct leg_book *book, struct leg *leg);

/* Its owner reported them. */
void leg_was_retired(struct leg_book *book, struct leg *leg);

/* It is side `side` of `flow` now.  The leg is forgotten when its owner has been told. */
void leg_open(struct leg_book *book, struct leg *leg, uint64_t flow, unsigned int side);

/* Nobody's any more, to be reset.  It is forgotten when it is gone. */
void leg_reset(struct leg_book *book, struct leg *leg);

/* Post what full rings refused, oldest first.  True when nothing is left to post. */
bool leg_book_post(struct leg_book *book);

#endif

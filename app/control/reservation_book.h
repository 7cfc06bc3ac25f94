/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rendezvous addresses that are reserved, DESIGN 2.2: each for one sid and two full JIDs.
 *
 * A reservation has a random port of the range, the same on every IPv4 address of the relay, and a
 * random address of the IPv6 prefix, as far as the configuration has them.  It is asked for by one
 * of the two, whose bare JID it counts for, and ends by reservation_end() or timers.reserve after it
 * was last asked for by either.  Its port rests for RESERVATION_QUARANTINE_MS then: whoever still
 * connects there must not meet strangers.
 *
 * Of sid and JIDs only keyed hashes are kept, 64 bits each that nobody outside can aim at: so a
 * reservation has a fixed size whatever the names, and there are at most as many as ports of the
 * range, or RESERVATIONS_MAX without IPv4.
 *
 * JIDs are full, with their domains folded; times are mailbox_now_ms().  One thread.
 */
#ifndef TANDEM_RESERVATION_BOOK_H
#define TANDEM_RESERVATION_BOOK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "config.h"
#include "deadline.h"
#include "hash_index.h"
#include "keyed_hash.h"
#include "quota.h"
#include "rendezvous.h"

#define RESERVATION_QUARANTINE_MS 60000
#define RESERVATIONS_MAX	  65536

struct session;

struct reservation {
	/* One of each JID, with the hash of the sid and that JID. */
	struct reservation_seat {
		struct index_node node;
		uint64_t hash;
		struct reservation *reservation;
	} seat[2];
	struct index_node by_addr6;
	struct deadline deadline;
	struct quota_entry *quota;
	in_port_t port;	       /* of every IPv4 address, network byte order; 0: none */
	struct in6_addr addr6; /* unspecified: none */

	struct session *session; /* reservation_lend() */

	/* The caller's. */
	struct rendezvous_address at[2]; /* the legs on its addresses, IPv4 and IPv6 */
	uint64_t fence;			 /* what its session waits for, 0: nothing */
	TAILQ_ENTRY(reservation) fenced; /* while it waits */
	bool spoiled;			 /* not all of its legs are known */
};

/* Told of every reservation as it begins and ends; then it lasts as long as the call. */
typedef void reservation_watcher(void *ctx, struct reservation *r, bool begins);

struct reservation_book {
	const struct config *cfg;
	const struct siphash_key *key;
	struct hash_index by_jid, by_addr6;
	struct quota jids;
	struct deadline_queue held;
	reservation_watcher *watcher;
	void *watcher_ctx;
	uint32_t count;

	/* IPv4; all by the port's place in the range. */
	struct reservation_port {
		struct reservation *holder; /* NULL: it is free, or rests */
	} * by_port;
	uint16_t *free_ports; /* in no order */
	uint32_t n_ports, n_free;
	/* A ring: as long as the range it never overflows. */
	struct reservation_rest {
		uint64_t until_ms;
		uint16_t place;
	} * resting;
	uint32_t first_resting, n_resting;
};

/* `cfg`, whose services.rendezvous is on, and `key` must outlive the book; `watcher` may be NULL.
 * Returns 0 or -ENOMEM; reservation_book_fini() is allowed after either, and on a zeroed book. */
int reservation_book_init(struct reservation_book *book, const struct config *cfg,
			  const struct siphash_key *key, reservation_watcher *watcher, void *ctx);
/* Ends all reservations. */
void reservation_book_fini(struct reservation_book *book);

/* What may change of the configuration has: timers.reserve, limits.reservations_per_jid. */
void reservation_book_reconfigure(struct reservation_book *book);

/*
 * Reserve for `jid` and `peer`, who must differ; or renew what is reserved for them.
 * 0; -EDQUOT: the bare JID of `jid` has as many as it may; -ENOSPC: no port is free, or there are
 * too many in all; -ENOMEM; or -errno of getrandom(2).  `*out` is set with 0 only, and belongs to
 * the book.
 */
int reservation_take(struct reservation_book *book, const char *sid, const char *jid,
		     const char *peer, uint64_t now_ms, struct reservation **out);

/* `session` is about to use it: until it is given back it does not expire. */
void reservation_lend(struct reservation *r, struct session *session);
void reservation_give_back(struct reservation_book *book, struct reservation *r, uint64_t now_ms);

/* It was used, or must not be any more. */
void reservation_end(struct reservation_book *book, struct reservation *r, uint64_t now_ms);

/* End those whose time is over, up to `batch`.  Returns the milliseconds until the next is due,
 * UINT64_MAX for never. */
uint64_t reservation_tick(struct reservation_book *book, unsigned int batch, uint64_t now_ms);

/* --- finding; NULL when there is none --- */

/* The one of this couple. */
struct reservation *reservation_find(const struct reservation_book *book, const char *sid,
				     const char *jid, const char *peer);

/* All of `jid` for `sid`, one after the other: `last` is the previous one or NULL. */
struct reservation *reservation_of(const struct reservation_book *book, const char *sid,
				   const char *jid, const struct reservation *last);

/* Whether it is for `jid` and `sid`, which is one of its own. */
bool reservation_is_for(const struct reservation_book *book, const struct reservation *r,
			const char *sid, const char *jid);

/* The one that has this end: any IPv4 address (::ffff:a.b.c.d) with its port, or its IPv6 address
 * with the port of the endpoint service.  Network byte order. */
struct reservation *reservation_at(const struct reservation_book *book,
				   const struct in6_addr *relay_addr, in_port_t relay_port);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Claims, pairs and spliced sessions: the matching of DESIGN 2.1 rules 1 to 6.
 *
 * A claim says "the TCP connection with this end is mine, for this sid".  It finds its leg among
 * those the workers reported, then its partner by sid and JIDs; the pair is spliced and both claims
 * are answered.  A claim is answered exactly once, whatever happens, and every claim and pair ends
 * in session_close() for exactly one reason.
 *
 * Everything here runs on the control thread.  Time is passed in, in mailbox_now_ms() milliseconds.
 */
#ifndef TANDEM_SESSION_H
#define TANDEM_SESSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "control_stats.h"
#include "mailbox.h"

#define SESSION_SID_MAX 128 /* bytes */

struct session_book;

/* One endpoint IQ, decoded.  Strings belong to the caller and are copied.  Addresses: IPv4 as
 * ::ffff:a.b.c.d; ports in network byte order, never 0. */
struct claim {
	const char *from; /* full JID as it came on the wire */
	const char *sid;  /* 1..SESSION_SID_MAX bytes */
	const char *peer; /* NULL when not given */
	struct in6_addr ip;
	in_port_t port;
	bool has_from_addr; /* from_ip and from_port were given too: rule 3a */
	struct in6_addr from_ip;
	in_port_t from_port;
};

/*
 * How claims are answered.  `iq` is the pointer that was given to session_claim(); the callee owns
 * it again.
 * connected() tells whether an answer can be handed to the XMPP stream now: while it is false
 * nothing is spliced, claims wait for the reconnect or their timer.  An error may have to be
 * answered all the same; what can be done with it then is the callee's business, as are the
 * tandem_iq_total counters.
 */
struct session_answers {
	void *ctx;
	void (*answer)(void *ctx, void *iq, enum iq_result result);
	bool (*connected)(void *ctx);
};

/* `cfg`, `mb`, `splicer`, `stats` must outlive the book.  Returns NULL and sets errno on failure.
 */
struct session_book *session_book_create(const struct config *cfg, struct mailbox *mb,
					 const struct mailbox_splicer *splicer,
					 const struct session_answers *answers,
					 struct control_stats *stats);

/* Closes all that is left with SESSION_SHUTDOWN; claims still unanswered get service-unavailable.
 */
void session_book_destroy(struct session_book *book);

/* Take a claim.  The answer may come before this returns. */
void session_claim(struct session_book *book, const struct claim *claim, void *iq, uint64_t now_ms);

/* An event of the data plane. */
void session_event(struct session_book *book, const struct mailbox_event *ev, uint64_t now_ms);

/* Run what is due: timers, commands a full ring refused, the watch over spliced pairs.  Returns the
 * milliseconds after which it wants to be called again at the latest. */
unsigned int session_tick(struct session_book *book, uint64_t now_ms);

/* The XMPP stream came (back) up: splice what was waiting for it. */
void session_stream_up(struct session_book *book, uint64_t now_ms);

#endif

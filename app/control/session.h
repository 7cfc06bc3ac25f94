/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Claims, pairs and spliced sessions: the matching of DESIGN 2.1 rules 1 to 6, and the activation of
 * SOCKS5 bytestreams of 2.3.
 *
 * A claim says "the TCP connection with this end is mine, for this sid".  It finds its leg among
 * those the workers reported, then its partner by sid and JIDs; the pair is spliced and both claims
 * are answered.  A claim is answered exactly once, whatever happens, and every claim and pair ends
 * in session_close() for exactly one reason.
 *
 * An activation says "splice the two connections whose peers asked for this name".  It is answered
 * and ends as a claim does.
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

#define SESSION_SID_MAX	 128 /* bytes */
#define ACTIVATION_NAMES 2

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

/* One activation of a SOCKS5 bytestream (XEP-0065 5.3.6), decoded.  Strings belong to the caller and
 * are copied. */
struct activation {
	const char *from;   /* the requester's JID as it came on the wire */
	const char *target; /* the other's, as the requester says: it proves nothing */
	const char *sid;    /* 1..SESSION_SID_MAX bytes */
	/* What the bytestream may be called, as FACTS.md 1 has it: one name or two. */
	unsigned int n_names;
	uint8_t names[ACTIVATION_NAMES][LEG_NAME_BYTES];
};

/*
 * How claims and activations are answered.  `iq` is the pointer that was given to session_claim() or
 * session_activate(); the callee owns it again.  `refusal` is what refused it, or REFUSALS.
 * connected() tells whether an answer can be handed to the XMPP stream now: while it is false
 * nothing is spliced, claims wait for the reconnect or their timer.  An error may have to be
 * answered all the same; what can be done with it then is the callee's business, as are the
 * counters tandem_iq_total and tandem_refusals_total.
 */
struct session_answers {
	void *ctx;
	void (*answer)(void *ctx, void *iq, enum iq_result result, enum refusal refusal);
	bool (*connected)(void *ctx);
};

/* `cfg`, `mb`, `splicer`, `stats` must outlive the book.  Returns NULL and sets errno on failure.
 */
struct session_book *session_book_create(const struct config *cfg, struct mailbox *mb,
					 const struct mailbox_splicer *splicer,
					 const struct session_answers *answers,
					 struct control_stats *stats);

/* What may change of `cfg` has: take it into use.  Claims that wait do so, from when they began,
 * for as long as it says now; what is over a limit already stays. */
void session_book_reconfigure(struct session_book *book);

/* Closes all that is left with SESSION_SHUTDOWN; claims still unanswered get service-unavailable.
 */
void session_book_destroy(struct session_book *book);

/* Take a claim.  The answer may come before this returns. */
void session_claim(struct session_book *book, const struct claim *claim, void *iq, uint64_t now_ms);

/* Take an activation.  It is for the IQ side to have asked whether its sender may use the relay.  The
 * answer may come before this returns. */
void session_activate(struct session_book *book, const struct activation *activation, void *iq,
		      uint64_t now_ms);

/* A rendezvous address: what one reservation has, network byte order. */
struct rendezvous_ends {
	in_port_t port;	       /* of every IPv4 address; 0: none */
	struct in6_addr addr6; /* with the port of the endpoint service; unspecified: none */
};

/*
 * Reserve for `jid` and `peer`, full JIDs with their domains folded, who differ (DESIGN 2.2), or
 * renew what is reserved for them.  REFUSALS, and then `*ends` is set; or what refuses it.  Not
 * without services.rendezvous.
 */
enum refusal session_reserve(struct session_book *book, const char *sid, const char *jid,
			     const char *peer, uint64_t now_ms, struct rendezvous_ends *ends);

/* Whether `sid` is reserved for `jid`, a full JID with its domain folded, and `peer` (NULL: and
 * anybody).  False without services.rendezvous. */
bool session_reserved_for(const struct session_book *book, const char *sid, const char *jid,
			  const char *peer);

/* An event of the data plane. */
void session_event(struct session_book *book, const struct mailbox_event *ev, uint64_t now_ms);

/* Run what is due: timers, commands a full ring refused, the watch over spliced pairs.  Returns the
 * milliseconds after which it wants to be called again at the latest. */
unsigned int session_tick(struct session_book *book, uint64_t now_ms);

/* The XMPP stream came (back) up: splice what was waiting for it. */
void session_stream_up(struct session_book *book, uint64_t now_ms);

/* --- for operators --- */

/* A spliced session; the strings are the book's and last as long as the callback runs. */
struct session_view {
	uint64_t id; /* never used twice */
	const char *sid, *jid[2];
	uint64_t bytes[2]; /* of payload, from the first, from the second */
	uint64_t age_ms;   /* since the splice */
};

/* Show up to `max` spliced sessions, in no order; returns how many there are in all. */
unsigned int session_list(struct session_book *book, unsigned int max,
			  void (*show)(void *ctx, const struct session_view *v), void *ctx,
			  uint64_t now_ms);

/* Reset both ends of a spliced session.  False when there is none with that id (any more). */
bool session_end(struct session_book *book, uint64_t id, uint64_t now_ms);

/* While draining no new session begins: claims but those that find their partner waiting, and
 * activations, get IQ_DRAINING, SOCKS5 legs are refused.  What has begun goes on. */
void session_drain(struct session_book *book, bool draining);
bool session_draining(const struct session_book *book);

#endif

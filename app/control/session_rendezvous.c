/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Claims and legs of reserved addresses: DESIGN 2.2.
 *
 * A leg on such an address waits with its reservation, unlisted: no claim can mean it by the rules
 * of 2.1.  A claim for whose sid and JID there is a reservation belongs to the reservation's session
 * and to no other, whatever it says of its peer.  Two such claims are decided together, each time
 * something changes, until the legs are found or timers.match after the second claim has run out.
 *
 * While a session has the reservation it does not expire; it ends when the legs are found or are in
 * conflict.  What still waits on its addresses then is reset.  After any other ending of the session
 * the two may try again.
 */
#include <errno.h>
#include <string.h>

#include "counter.h"
#include "session_book.h"

#define PREFIX_BYTES 8 /* all reserved addresses are of one /64 */

enum { AT_V4, AT_V6 };

static void set_state(const struct session_book *book, const struct reservation *r,
		      enum mailbox_rendezvous state)
{
	const struct mailbox_splicer *splicer = book->splicer;

	if (splicer->rendezvous != NULL)
		splicer->rendezvous(splicer->ctx, r->port, &r->addr6, state);
}

static void reset_legs(struct session_book *book, struct rendezvous_address *at)
{
	while (at->n_legs > 0) {
		struct leg *leg = at->legs[--at->n_legs];

		leg->reservation = NULL;
		leg_reset(book->legs, leg);
	}
}

static void on_reservation(void *ctx, struct reservation *r, bool begins)
{
	struct session_book *book = ctx;

	set_state(book, r, begins ? MAILBOX_RENDEZVOUS_OPEN : MAILBOX_RENDEZVOUS_FREE);
	counter_add(&book->stats->reservations, begins ? 1 : UINT64_MAX);
	for (int i = 0; i < 2; i++)
		reset_legs(book, &r->at[i]);
}

int rendezvous_init(struct session_book *book)
{
	if (!book->cfg->rendezvous.enabled)
		return 0;
	return reservation_book_init(&book->reservations, book->cfg, &book->key, on_reservation,
				     book);
}

enum refusal session_reserve(struct session_book *book, const char *sid, const char *jid,
			     const char *peer, uint64_t now_ms, struct rendezvous_ends *ends)
{
	struct reservation *r;

	book->now_ms = now_ms;
	if (book->draining)
		return REFUSAL_DRAINING;
	switch (reservation_take(&book->reservations, sid, jid, peer, now_ms, &r)) {
	case 0:
		*ends = (struct rendezvous_ends){.port = r->port, .addr6 = r->addr6};
		return REFUSALS;
	case -EDQUOT:
		return REFUSAL_RESERVATIONS_PER_JID;
	case -ENOSPC:
		return REFUSAL_RESERVATIONS;
	default:
		return REFUSAL_NO_MEMORY;
	}
}

bool session_reserved_for(const struct session_book *book, const char *sid, const char *jid,
			  const char *peer)
{
	const struct reservation_book *reservations = &book->reservations;

	if (!book->cfg->rendezvous.enabled)
		return false;
	return (peer != NULL ? reservation_find(reservations, sid, jid, peer)
			     : reservation_of(reservations, sid, jid, NULL)) != NULL;
}

/* --- the decision --- */

/* The address of the reservation that the claim names: on IPv4 by the port alone, for under which
 * address the relay is known outside it need not know itself. */
static const struct rendezvous_address *
named(const struct session_book *book, const struct reservation *r, const struct claim *claim)
{
	if (IN6_IS_ADDR_V4MAPPED(&claim->ip))
		return r->port != 0 && claim->port == r->port ? &r->at[AT_V4] : NULL;
	return claim->port == book->policy.service_port && IN6_ARE_ADDR_EQUAL(&claim->ip, &r->addr6)
		       ? &r->at[AT_V6]
		       : NULL;
}

static void take_out(struct rendezvous_address *at, const struct leg *leg)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < at->n_legs; i++) {
		if (at->legs[i] != leg)
			at->legs[kept++] = at->legs[i];
	}
	at->n_legs = kept;
}

static void detach(struct leg *leg)
{
	struct reservation *r = leg->reservation;

	leg->reservation = NULL;
	take_out(&r->at[AT_V4], leg);
	take_out(&r->at[AT_V6], leg);
}

static void end_reservation(struct session_book *book, struct session *session)
{
	struct reservation *r = session->reservation;

	session->reservation = NULL;
	r->session = NULL;
	reservation_end(&book->reservations, r, book->now_ms);
}

static void settle(struct session_book *book, const struct reservation *r)
{
	struct session *session = r->session;
	const struct rendezvous_address *at[2];
	const struct claim *claims[2];
	struct leg *found[2];

	if (session == NULL || !session_is_pair(session))
		return;
	for (int i = 0; i < 2; i++) {
		claims[i] = &session->party[i]->pending->claim;
		at[i] = named(book, r, claims[i]);
	}
	switch (rendezvous_decide(claims, at, found)) {
	case RENDEZVOUS_WAIT:
		break;
	case RENDEZVOUS_FOUND:
		for (int i = 0; i < 2; i++)
			detach(found[i]);
		end_reservation(book, session);
		for (int i = 0; i < 2; i++)
			session_take_leg(book, session->party[i], found[i], MATCH_EXACT);
		break;
	case RENDEZVOUS_CONFLICT:
		end_reservation(book, session);
		session_close(book, session, ENDING_CONFLICT, NULL);
		break;
	}
}

/* --- legs --- */

bool rendezvous_has(const struct session_book *book, const struct four_tuple *tuple)
{
	const struct in6_addr *addr = &tuple->relay_addr;
	const struct in6_addr *prefix = &book->cfg->rendezvous.prefix.addr;

	if (!book->cfg->rendezvous.enabled)
		return false;
	if (tuple->relay_port != book->policy.service_port)
		return true;
	return !IN6_IS_ADDR_V4MAPPED(addr) && memcmp(addr, prefix, PREFIX_BYTES) == 0;
}

void rendezvous_leg_added(struct session_book *book, struct leg *leg)
{
	const struct four_tuple *tuple = &leg->tuple;
	struct reservation *r =
		reservation_at(&book->reservations, &tuple->relay_addr, tuple->relay_port);
	struct rendezvous_address *at;

	/* Nobody's any more, or more than there may be. */
	at = r != NULL ? &r->at[IN6_IS_ADDR_V4MAPPED(&tuple->relay_addr) ? AT_V4 : AT_V6] : NULL;
	if (at == NULL || at->n_legs == RENDEZVOUS_LEGS_MAX) {
		leg_reset(book->legs, leg);
		return;
	}
	at->legs[at->n_legs++] = leg;
	leg->reservation = r;
}

void rendezvous_leg_moved(struct session_book *book, struct leg *leg)
{
	if (leg->reservation != NULL)
		settle(book, leg->reservation);
}

void rendezvous_leg_gone(struct session_book *book, struct leg *leg)
{
	struct reservation *r = leg->reservation;

	if (r == NULL)
		return;
	detach(leg);
	settle(book, r);
}

/* --- claims --- */

struct reservation *rendezvous_meant(struct session_book *book, const struct claim *claim)
{
	const struct reservation_book *reservations = &book->reservations;
	struct reservation *r = NULL, *first = NULL;

	if (!book->cfg->rendezvous.enabled)
		return NULL;
	if (claim->peer != NULL)
		return reservation_find(reservations, claim->sid, claim->from, claim->peer);
	/* Of several the one whose address it names; with none named it can only wait. */
	while ((r = reservation_of(reservations, claim->sid, claim->from, r)) != NULL) {
		if (named(book, r, claim) != NULL)
			return r;
		if (first == NULL)
			first = r;
	}
	return first;
}

void rendezvous_claimed(struct session_book *book, struct party *party)
{
	struct session *session = party->session;
	const struct reservation *r = session->reservation;

	if (!session_is_pair(session)) {
		deadline_start(&book->alone, &party->pending->deadline, book->now_ms);
		return;
	}
	for (int i = 0; i < 2; i++)
		deadline_start(&book->held, &session->party[i]->pending->deadline, book->now_ms);
	set_state(book, r, MAILBOX_RENDEZVOUS_CLOSED);
	settle(book, r);
}

static bool is_delayed(const struct rendezvous_address *at)
{
	for (unsigned int i = 0; i < at->n_legs; i++) {
		if (!at->legs[i]->established)
			return true;
	}
	return false;
}

bool rendezvous_delays(const struct session *session)
{
	const struct reservation *r = session->reservation;

	return r != NULL && session_is_pair(session) &&
	       (is_delayed(&r->at[AT_V4]) || is_delayed(&r->at[AT_V6]));
}

void rendezvous_left(struct session_book *book, struct session *session)
{
	struct reservation *r = session->reservation;

	if (r == NULL)
		return;
	set_state(book, r, MAILBOX_RENDEZVOUS_OPEN);
	reservation_give_back(&book->reservations, r, book->now_ms);
}

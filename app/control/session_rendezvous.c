/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Claims and legs of reserved addresses: DESIGN 2.2.
 *
 * A leg on such an address waits with its reservation, unlisted: no claim can mean it by the rules
 * of 2.1.  A claim for whose sid and JID there is a reservation belongs to the reservation's session
 * and to no other.  Two such claims are decided together, each time something changes, until the legs
 * are found or timers.match after the second claim has run out.
 *
 * To count is to decide, so no leg may be missed:
 * - With the second claim no more are taken, and nothing is decided before every worker has told of
 *   those it had (the fence).
 * - An established leg that goes from an address that a claim names may have been that claim's.  Then
 *   what is left may be a stranger's however well it counts, and the session is over.  (A half-open one
 *   says nothing: anybody can begin one in anybody's name.)
 * - A leg that the relay itself ended may have a claim under way that does not know: it spoils its
 *   reservation, which then comes to nothing.
 *
 * While a session has the reservation it does not expire.  It ends with the session, found legs or
 * not, for what still waits on its addresses is reset then, and claims may be under way for that too.
 * Only a claim that replaces the first one leaves all as it is.
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

static void await_fence(struct session_book *book, struct reservation *r)
{
	r->fence = fence_ask(&book->fence);
	TAILQ_INSERT_TAIL(&book->fenced, r, fenced);
}

static void forget_fence(struct session_book *book, struct reservation *r)
{
	if (r->fence != 0)
		TAILQ_REMOVE(&book->fenced, r, fenced);
	r->fence = 0;
}

static void on_reservation(void *ctx, struct reservation *r, bool begins)
{
	struct session_book *book = ctx;

	set_state(book, r, begins ? MAILBOX_RENDEZVOUS_OPEN : MAILBOX_RENDEZVOUS_FREE);
	counter_add(&book->stats->reservations, begins ? 1 : UINT64_MAX);
	forget_fence(book, r);
	for (int i = 0; i < 2; i++)
		reset_legs(book, &r->at[i]);
}

int rendezvous_init(struct session_book *book)
{
	fence_init(&book->fence, book->mb);
	TAILQ_INIT(&book->fenced);
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

static struct rendezvous_address *address_of(struct reservation *r, const struct four_tuple *tuple)
{
	return &r->at[IN6_IS_ADDR_V4MAPPED(&tuple->relay_addr) ? AT_V4 : AT_V6];
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
	take_out(address_of(r, &leg->tuple), leg);
}

static void end_reservation(struct session_book *book, struct session *session)
{
	struct reservation *r = session->reservation;

	session->reservation = NULL;
	reservation_end(&book->reservations, r, book->now_ms);
}

static enum rendezvous_verdict decide(const struct session_book *book, const struct reservation *r,
				      struct leg *found[2])
{
	const struct rendezvous_address *at[2];
	const struct claim *claims[2];

	if (r->spoiled)
		return RENDEZVOUS_CONFLICT;
	for (int i = 0; i < 2; i++) {
		claims[i] = &r->session->party[i]->pending->claim;
		at[i] = named(book, r, claims[i]);
	}
	return rendezvous_decide(claims, at, found);
}

static void settle(struct session_book *book, const struct reservation *r)
{
	struct session *session = r->session;
	struct leg *found[2];

	if (session == NULL || !session_is_pair(session) || r->fence != 0)
		return;
	switch (decide(book, r, found)) {
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
		session_close(book, session, ENDING_CONFLICT, NULL);
		break;
	}
}

/* --- legs --- */

bool rendezvous_has(const struct session_book *book, const struct four_tuple *tuple)
{
	const struct config_rendezvous *cfg = &book->cfg->rendezvous;
	uint16_t port = ntohs(tuple->relay_port);

	if (!cfg->enabled)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&tuple->relay_addr))
		return port >= cfg->ports.first && port <= cfg->ports.last;
	return memcmp(&tuple->relay_addr, &cfg->prefix.addr, PREFIX_BYTES) == 0;
}

struct leg *rendezvous_add_leg(struct session_book *book, const struct mailbox_event *ev)
{
	const struct four_tuple *tuple = &ev->tuple;
	struct leg *leg = leg_book_add_named(book->legs, ev->id, ev->worker, tuple);
	struct reservation *r =
		reservation_at(&book->reservations, &tuple->relay_addr, tuple->relay_port);
	struct rendezvous_address *at = r != NULL ? address_of(r, tuple) : NULL;

	if (leg != NULL && at != NULL && at->n_legs < RENDEZVOUS_LEGS_MAX) {
		at->legs[at->n_legs++] = leg;
		leg->reservation = r;
		return leg;
	}
	if (leg != NULL)
		leg_reset(book->legs, leg);
	if (r != NULL)
		r->spoiled = true;
	return leg;
}

/* Who has claimed is not to lose his leg by timers.claim. */
static void keep_legs(struct session_book *book, const struct reservation *r)
{
	for (int i = 0; r->session != NULL && i < 2; i++) {
		const struct party *party = r->session->party[i];
		const struct rendezvous_address *at =
			party != NULL ? named(book, r, &party->pending->claim) : NULL;

		for (unsigned int n = 0; at != NULL && n < at->n_legs; n++) {
			if (at->legs[n]->established)
				leg_keep(book->legs, at->legs[n]);
		}
	}
}

void rendezvous_leg_moved(struct session_book *book, struct leg *leg)
{
	if (leg->reservation == NULL)
		return;
	keep_legs(book, leg->reservation);
	settle(book, leg->reservation);
}

/* Whether a claim of the session may have meant a leg that was at `at`. */
static bool was_meant(const struct session_book *book, const struct session *session,
		      const struct rendezvous_address *at)
{
	for (int i = 0; i < 2; i++) {
		const struct party *party = session->party[i];
		const struct claim *claim = party != NULL ? &party->pending->claim : NULL;

		if (claim != NULL && named(book, session->reservation, claim) == at &&
		    rendezvous_told(claim, at) == NULL)
			return true;
	}
	return false;
}

/* The relay itself reset a leg that its peer takes for established. */
static bool may_come_as_news(const struct leg *leg, enum leg_end end)
{
	return end == LEG_END_REFUSED || (end == LEG_END_TIMEOUT && leg->established);
}

void rendezvous_leg_gone(struct session_book *book, struct leg *leg, enum leg_end end)
{
	struct reservation *r = leg->reservation;
	struct session *session;

	if (r == NULL)
		return;
	session = r->session;
	detach(leg);
	if (may_come_as_news(leg, end))
		r->spoiled = true;
	if (session != NULL && leg->established &&
	    was_meant(book, session, address_of(r, &leg->tuple)))
		session_close(book, session, ENDING_LEG_LOST,
			      session_is_pair(session) ? NULL : session->party[0]);
	else
		settle(book, r);
}

void rendezvous_fenced(struct session_book *book, const struct mailbox_event *ev)
{
	struct reservation *r;

	fence_met(&book->fence, ev);
	while ((r = TAILQ_FIRST(&book->fenced)) != NULL && fence_passed(&book->fence, r->fence)) {
		forget_fence(book, r);
		settle(book, r);
	}
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
	struct reservation *r = session->reservation;

	keep_legs(book, r);
	if (!session_is_pair(session)) {
		deadline_start(&book->alone, &party->pending->deadline, book->now_ms);
		return;
	}
	for (int i = 0; i < 2; i++)
		deadline_start(&book->held, &session->party[i]->pending->deadline, book->now_ms);
	set_state(book, r, MAILBOX_RENDEZVOUS_CLOSED);
	await_fence(book, r);
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

void rendezvous_left(struct session_book *book, struct session *session, bool replaced)
{
	struct reservation *r = session->reservation;

	if (r == NULL)
		return;
	if (replaced) /* never with a second claim, so nobody waits for a fence */
		reservation_give_back(&book->reservations, r, book->now_ms);
	else
		end_reservation(book, session);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A claim comes: rules 2 to 4 of DESIGN 2.1.
 *
 * It is looked at in this order: is its form right and permitted; does it replace an earlier one of
 * the same JID; has its partner failed already; which session does it belong to; do the limits
 * allow it; which leg does it mean.  What fails at any of these closes the session it is in by
 * then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "session_book.h"

/* --- making one --- */

/* A session of one party, not entered anywhere yet; NULL without memory. */
static struct session *session_of(struct session_book *book, const struct claim *claim, void *iq)
{
	struct session *session = session_new(book, claim->sid);
	struct party *party;
	struct pending *pending;

	party = session != NULL ? session_seat(session, 0, claim->from, claim->peer, iq) : NULL;
	if (party == NULL) {
		session_give_up(book, session, iq);
		return NULL;
	}
	pending = party->pending;
	pending->claim = *claim;
	pending->claim.from = party->jid;
	pending->claim.sid = session->sid;
	pending->claim.peer = claim->peer != NULL ? pending->peer : NULL;
	pending->name = match_name(&book->policy, claim);
	return session;
}

/* --- finding its leg --- */

/* False: it could not be held, and its session is closed. */
static bool hold(struct session_book *book, struct party *party)
{
	struct pending *pending = party->pending;

	if (hash_index_holds(&pending->by_name))
		return true;
	if (!held_claims_add(book, party)) {
		session_close(book, party->session, ENDING_CONFLICT, party);
		return false;
	}
	pending->serial = ++book->serials;
	deadline_start(&book->held, &pending->deadline, book->now_ms);
	return true;
}

static void wait_for_leg(struct session_book *book, struct party *party, const struct match *match)
{
	if (hold(book, party) && match->leg == NULL && party->pending->claim.has_from_addr)
		lost_ack_ask(book, party);
}

void session_take_leg(struct session_book *book, struct party *party, struct leg *leg,
		      enum match_rule rule)
{
	struct session *session = party->session;
	struct pending *pending = party->pending;
	const struct party *partner = session_partner(party);

	held_claims_remove(party);
	deadline_stop(&pending->deadline);
	session_gauge(book, session, -1);
	pending->leg = leg;
	session_gauge(book, session, +1);
	leg_hold(book->legs, leg, party, rule);

	if (partner == NULL)
		deadline_start(&book->alone, &pending->deadline, book->now_ms);
	else if (partner->pending->leg != NULL)
		splice_begin(book, session);
}

/* Two JIDs name one leg, and nothing tells who is right: neither gets it.  A second claim of the
 * same JID is no dispute; it waits for a leg of its own. */
static void dispute(struct session_book *book, struct party *party, struct party *rival)
{
	if (strcmp(party->jid, rival->jid) == 0) {
		hold(book, party);
	} else if (party->session == rival->session) {
		session_close(book, party->session, ENDING_CONFLICT, NULL);
	} else {
		session_close(book, rival->session, ENDING_CONFLICT, rival);
		session_close(book, party->session, ENDING_CONFLICT, party);
	}
}

static void find_leg(struct session_book *book, struct party *party)
{
	const struct claim *claim = &party->pending->claim;
	struct match match;

	if (party->session->reservation != NULL) {
		rendezvous_claimed(book, party);
		return;
	}
	/* Rules b and c count candidates: not while there may be some that nobody sees. */
	if (!claim->has_from_addr && mailbox_cookies(book->mb) == MAILBOX_COOKIES_IN_FORCE) {
		session_close(book, party->session, ENDING_COOKIES, party);
		return;
	}
	match = match_leg(book->legs, &book->policy, claim);
	switch (match.verdict) {
	case MATCH_FOUND:
		session_take_leg(book, party, match.leg, match.rule);
		break;
	case MATCH_WAIT:
		wait_for_leg(book, party, &match);
		break;
	case MATCH_TAKEN:
		dispute(book, party, match.leg->holder);
		break;
	case MATCH_CONFLICT:
		session_close(book, party->session, ENDING_CONFLICT, party);
		break;
	}
}

void session_reconsider(struct session_book *book, const struct four_tuple *tuple)
{
	uint64_t look = held_claims_look(book);
	struct party *party;

	while ((party = held_claims_next(book, tuple, look)) != NULL)
		find_leg(book, party);
}

/* --- finding its session --- */

static void begin(struct session_book *book, struct session *session,
		  struct reservation *reservation)
{
	session->reservation = reservation;
	if (reservation != NULL)
		reservation_lend(reservation, session);
	session->stage = STAGE_CLAIMING;
	book->live++;
	session_gauge(book, session, +1);
	pairing_enlist(book, session->party[0]);
}

/* The party leaves the session it was made with and joins `session` as its second. */
static void join(struct session_book *book, struct session *session, struct party *party)
{
	struct pending *first = session->party[0]->pending;

	free(party->session);
	party->session = session;
	party->pending->claim.sid = session->sid;

	session_gauge(book, session, -1);
	session->party[1] = party;
	session_gauge(book, session, +1);
	pairing_enlist(book, party);
	pairing_joined(session);
	/* The first has waited for its partner long enough.  For its leg it goes on to wait. */
	if (first->leg != NULL)
		deadline_stop(&first->deadline);
}

static bool partner_has_failed(struct session_book *book, const struct claim *claim)
{
	const struct failure_book *failures = &book->failures;

	failure_forget(&book->failures, claim->sid, claim->from, claim->peer);
	/* A failed claim is only somebody's partner's when one of the two says so. */
	return claim->peer != NULL &&
	       (failure_known(failures, claim->sid, claim->peer, claim->from, book->now_ms) ||
		failure_known(failures, claim->sid, claim->peer, NULL, book->now_ms));
}

/* A second line behind the decoder: what is kept of a claim has a limit. */
static bool is_well_formed(const struct claim *claim)
{
	return claim->sid[0] != '\0' && strlen(claim->sid) <= SESSION_SID_MAX &&
	       strlen(claim->from) <= CONFIG_MAX_JID &&
	       (claim->peer == NULL || strlen(claim->peer) <= CONFIG_MAX_JID);
}

/* Bring a new session's claim to where it belongs, or to the ending that is returned. */
static enum ending admit(struct session_book *book, struct session *session)
{
	struct party *party = session->party[0];
	const struct claim *claim = &party->pending->claim;
	struct reservation *reservation;
	enum pairing pairing;
	struct session *other;
	enum ending ending;

	if (!is_well_formed(claim))
		return ENDING_MALFORMED;
	reservation = rendezvous_meant(book, claim);
	/* It names the peer, and its addresses the legs. */
	if (reservation == NULL && !match_permits(&book->policy, claim))
		return ENDING_STRICT;
	other = pairing_own(book, claim->sid, claim->from);
	if (other != NULL && session_is_pair(other))
		return ENDING_REPEATED;
	if (other != NULL)
		session_close(book, other, ENDING_REPLACED, other->party[0]);
	if (partner_has_failed(book, claim))
		return ENDING_PARTNER_FAILED;
	pairing = reservation != NULL ? pairing_reserved(reservation, &other)
				      : pairing_seek(book, claim, &other);
	if (pairing == PAIRING_CONFLICT)
		return ENDING_CONFLICT;
	if (pairing != PAIRING_JOIN && book->draining)
		return ENDING_DRAINING;
	ending = limits_admit(book, party, pairing == PAIRING_JOIN);
	if (ending != ENDINGS)
		return ending;
	if (pairing == PAIRING_JOIN)
		join(book, other, party);
	else
		begin(book, session, reservation);
	return ENDINGS;
}

void session_claim(struct session_book *book, const struct claim *claim, void *iq, uint64_t now_ms)
{
	struct session *session;
	struct party *party;
	enum ending ending;

	book->now_ms = now_ms;
	session = session_of(book, claim, iq);
	if (session == NULL)
		return;
	party = session->party[0];
	ending = admit(book, session);
	if (ending != ENDINGS)
		session_close(book, session, ending, party);
	else
		find_leg(book, party);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which two claims belong together: rule 4 of DESIGN 2.1.
 *
 * Two claims fit when their sids are equal, their JIDs differ, and each that names a peer names the
 * other.  Claims pair as claims, on arrival, whether or not their legs are there.
 *
 * A sid is taken, as long as the session is not over, for the two parties of the session, and for
 * every claim that fits one of them when the session is *peerless* - nobody named anybody, so one
 * claim is as good as the other and the third has to be told.  Another couple may use the same sid:
 * it neither joins nor blocks.  A session with a reservation (DESIGN 2.2) is for that couple alone,
 * whoever was named.  A claim that fits two others equally well is a conflict too, for
 * which of them is meant would be a guess.
 *
 * Two indexes:
 *   by_jid   (sid, JID)            every party of a session that is not over
 *   by_peer  (sid, peer or none)   those that can be joined, and the parties of peerless pairs,
 *                                  which bar
 * so a look-up finds only claims that concern it, however many others use the sid.
 *
 * "Over" is told by the flow, at which session_watch.c looks once a second; where a session stands
 * in somebody's way it is looked at on the spot, so that a sid can be used again at once.
 */
#include <string.h>

#include "container.h"
#include "session_book.h"

static uint64_t hash_sid_jid(const struct session_book *book, const char *sid, const char *jid)
{
	return keyed_hash_of(&book->key, keyed_hash_text(&book->key, sid),
			     jid != NULL ? keyed_hash_text(&book->key, jid) : 0);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const char *peer_of(const struct party *party)
{
	return party->pending != NULL ? party->pending->claim.peer : NULL;
}

/* The next party of `jid` for `sid`, from `node` on. */
static struct party *next_of(struct index_node *node, const char *sid, const char *jid)
{
	for (; node != NULL; node = LIST_NEXT(node, link)) {
		struct party *party = CONTAINER(node, struct party, by_jid);

		if (strcmp(party->jid, jid) == 0 && strcmp(party->session->sid, sid) == 0)
			return party;
	}
	return NULL;
}

struct session *pairing_own(struct session_book *book, const char *sid, const char *jid)
{
	uint64_t hash = hash_sid_jid(book, sid, jid);
	struct index_chain *chain = &book->by_jid.chains[hash & book->by_jid.mask];
	struct party *party;

	/* Closing one that is over changes the chain: from its head again. */
	while ((party = next_of(LIST_FIRST(chain), sid, jid)) != NULL) {
		if (!watch_is_over(book, party->session))
			return party->session;
	}
	return NULL;
}

/* The claim names its partner: so there is one claim that can fit. */
static enum pairing seek_named(struct session_book *book, const struct claim *claim,
			       struct session **found)
{
	struct session *session = pairing_own(book, claim->sid, claim->peer);

	if (session == NULL)
		return PAIRING_ALONE;
	if (session_is_pair(session))
		return session->peerless ? PAIRING_CONFLICT : PAIRING_ALONE;
	if (session->reservation != NULL)
		return PAIRING_ALONE;
	if (peer_of(session->party[0]) != NULL &&
	    !same_text(peer_of(session->party[0]), claim->from))
		return PAIRING_ALONE;
	*found = session;
	return PAIRING_JOIN;
}

/* Among the claims for `sid` that gave `peer` (NULL: those that gave none). */
static enum pairing seek_among(struct session_book *book, const char *sid, const char *peer,
			       struct session **found)
{
	uint64_t hash = hash_sid_jid(book, sid, peer);
	enum pairing result;
	struct index_node *node;

again: /* closing one that is over changes the chain */
	result = PAIRING_ALONE;
	HASH_INDEX_FOREACH (node, &book->by_peer, hash) {
		const struct party *party = CONTAINER(node, struct party, by_peer);
		struct session *session = party->session;

		if (strcmp(session->sid, sid) != 0 || !same_text(peer_of(party), peer) ||
		    session->reservation != NULL)
			continue;
		if (watch_is_over(book, session))
			goto again;
		if (session_is_pair(session) || result == PAIRING_JOIN)
			return PAIRING_CONFLICT;
		*found = session;
		result = PAIRING_JOIN;
	}
	return result;
}

enum pairing pairing_seek(struct session_book *book, const struct claim *claim,
			  struct session **found)
{
	enum pairing result;

	if (claim->peer != NULL)
		return seek_named(book, claim, found);
	result = seek_among(book, claim->sid, claim->from, found);
	if (result == PAIRING_ALONE)
		result = seek_among(book, claim->sid, NULL, found);
	return result;
}

/* It is for two JIDs, of whom the one that claims has no claim any more. */
enum pairing pairing_reserved(const struct reservation *r, struct session **found)
{
	if (r->session == NULL)
		return PAIRING_ALONE;
	if (session_is_pair(r->session))
		return PAIRING_CONFLICT;
	*found = r->session;
	return PAIRING_JOIN;
}

void pairing_enlist(struct session_book *book, struct party *party)
{
	const char *sid = party->session->sid;

	hash_index_insert(&book->by_jid, hash_sid_jid(book, sid, party->jid), &party->by_jid);
	hash_index_insert(&book->by_peer, hash_sid_jid(book, sid, peer_of(party)), &party->by_peer);
}

void pairing_joined(struct session *session)
{
	session->peerless = session->reservation == NULL && peer_of(session->party[0]) == NULL &&
			    peer_of(session->party[1]) == NULL;
	if (session->peerless)
		return;
	hash_index_remove(&session->party[0]->by_peer);
	hash_index_remove(&session->party[1]->by_peer);
}

void pairing_leave(struct party *party)
{
	hash_index_remove(&party->by_jid);
	hash_index_remove(&party->by_peer);
}

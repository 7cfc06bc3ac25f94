/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions before they are entered anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "jid.h"
#include "session_book.h"

struct session *session_new(const struct session_book *book, const char *sid)
{
	size_t sid_size = strlen(sid) + 1;
	struct session *session = calloc(1, sizeof(*session) + sid_size);

	if (session == NULL)
		return NULL;
	memcpy(session->sid, sid, sid_size);
	session->begun_ms = book->now_ms;
	return session;
}

static struct pending *pending_new(const char *peer, void *iq)
{
	size_t peer_size = peer != NULL ? strlen(peer) + 1 : 0;
	struct pending *pending = calloc(1, sizeof(*pending) + peer_size);

	if (pending == NULL)
		return NULL;
	pending->iq = iq;
	pending->arrived_us = session_clock_us();
	if (peer != NULL) {
		memcpy(pending->peer, peer, peer_size);
		jid_fold(pending->peer);
	}
	return pending;
}

struct party *session_seat(struct session *session, unsigned int side, const char *jid,
			   const char *peer, void *iq)
{
	size_t jid_size = strlen(jid) + 1;
	struct party *party = calloc(1, sizeof(*party) + jid_size);
	struct pending *pending = pending_new(peer, iq);

	if (party == NULL || pending == NULL) {
		free(party);
		free(pending);
		return NULL;
	}
	memcpy(party->jid, jid, jid_size);
	jid_fold(party->jid);
	party->session = session;
	party->pending = pending;
	pending->party = party;
	session->party[side] = party;
	return party;
}

void session_give_up(struct session_book *book, struct session *session, void *iq)
{
	for (int i = 0; session != NULL && i < 2; i++) {
		if (session->party[i] != NULL)
			free(session->party[i]->pending);
		free(session->party[i]);
	}
	free(session);
	counter_add(&book->stats->sessions_closed[SESSION_REFUSED], 1);
	book->answers.answer(book->answers.ctx, iq, IQ_RESOURCE_CONSTRAINT, REFUSAL_NO_MEMORY);
}

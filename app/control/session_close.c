/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one ending.  Whatever a session was and whyever it ends, session_close() looks up one row and
 * does what it says: so the log line, the metric label, the account and the stanza error can never
 * tell different stories.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "counter.h"
#include "log.h"
#include "session_book.h"

#define FINISHED_LINGER_MS 60000
#define RESET_LINGER_MS	   5000

/* What becomes of the flow of a session that was spliced. */
enum flow_end {
	FLOW_END_NONE, /* it had none, or the data plane has removed it already */
	FLOW_END_STAY, /* the next process finds it, DESIGN 8 */
	FLOW_END_LINGER,
	FLOW_END_RESET, /* both ends are told first */
};

/* Rows for what was spliced, for claims that came to nothing, and for those refused. */
#define ENDED(reason, flow_end, linger_ms)                          \
	{                                                           \
		reason, IQ_OK, REFUSALS, flow_end, linger_ms, false \
	}
#define FAILED(reason, error, remember)                             \
	{                                                           \
		reason, error, REFUSALS, FLOW_END_NONE, 0, remember \
	}
#define REFUSED(error, refusal, remember)                                   \
	{                                                                   \
		SESSION_REFUSED, error, refusal, FLOW_END_NONE, 0, remember \
	}

static const struct end_row {
	enum session_reason reason;
	enum iq_result error; /* for the party at fault, or for both */
	enum refusal refusal; /* and what refused it */
	enum flow_end flow_end;
	uint32_t linger_ms;
	bool remember; /* the partner's later claim fails at once */
} end_rows[ENDINGS] = {
	/* only of a spliced session: all claims are answered */
	[ENDING_FINISHED] = ENDED(SESSION_FINISHED, FLOW_END_LINGER, FINISHED_LINGER_MS),
	[ENDING_RESET] = ENDED(SESSION_RESET, FLOW_END_LINGER, RESET_LINGER_MS),
	[ENDING_IDLE] = ENDED(SESSION_IDLE, FLOW_END_RESET, 0),
	[ENDING_VOLUME] = ENDED(SESSION_VOLUME, FLOW_END_RESET, 0),
	[ENDING_ENDED] = ENDED(SESSION_ENDED, FLOW_END_RESET, 0),
	[ENDING_VANISHED] = ENDED(SESSION_RESET, FLOW_END_NONE, 0),
	/* only before */
	[ENDING_NO_LEG] = FAILED(SESSION_NO_LEG, IQ_ITEM_NOT_FOUND, true),
	[ENDING_NO_PARTNER] = FAILED(SESSION_NO_PARTNER, IQ_REMOTE_SERVER_TIMEOUT, true),
	[ENDING_PARTNER_FAILED] = FAILED(SESSION_NO_PARTNER, IQ_ITEM_NOT_FOUND, false),
	[ENDING_LEG_LOST] = FAILED(SESSION_LEG_LOST, IQ_ITEM_NOT_FOUND, true),
	[ENDING_REPLACED] = FAILED(SESSION_REPLACED, IQ_CONFLICT, false),
	[ENDING_CONFLICT] = FAILED(SESSION_CONFLICT, IQ_CONFLICT, true),
	[ENDING_REPEATED] = FAILED(SESSION_CONFLICT, IQ_CONFLICT, false),
	[ENDING_UNNAMED] = FAILED(SESSION_NO_LEG, IQ_ITEM_NOT_FOUND, false),
	[ENDING_ONE_LEG] = FAILED(SESSION_NO_PARTNER, IQ_NOT_ALLOWED, false),
	[ENDING_MALFORMED] = FAILED(SESSION_REFUSED, IQ_BAD_REQUEST, false),
	[ENDING_UNSPLICEABLE] = FAILED(SESSION_REFUSED, IQ_SERVICE_UNAVAILABLE, true),
	[ENDING_STRICT] = REFUSED(IQ_FORBIDDEN, REFUSAL_STRICT, true),
	[ENDING_SESSIONS] = REFUSED(IQ_RESOURCE_CONSTRAINT, REFUSAL_SESSIONS, true),
	[ENDING_SESSIONS_PER_JID] = REFUSED(IQ_RESOURCE_CONSTRAINT, REFUSAL_SESSIONS_PER_JID, true),
	[ENDING_SESSIONS_PER_DOMAIN] =
		REFUSED(IQ_RESOURCE_CONSTRAINT, REFUSAL_SESSIONS_PER_DOMAIN, true),
	[ENDING_VOLUME_PER_JID] = REFUSED(IQ_RESOURCE_CONSTRAINT, REFUSAL_VOLUME_PER_JID, true),
	[ENDING_NO_MEMORY] = REFUSED(IQ_RESOURCE_CONSTRAINT, REFUSAL_NO_MEMORY, true),
	[ENDING_COOKIES] = REFUSED(IQ_RESOURCE_CONSTRAINT, REFUSAL_COOKIES, true),
	[ENDING_FLOWS] = REFUSED(IQ_RESOURCE_CONSTRAINT, REFUSAL_FLOWS, true),
	[ENDING_DRAINING] = REFUSED(IQ_DRAINING, REFUSAL_DRAINING, false),
	/* either */
	[ENDING_SHUTDOWN] = {SESSION_SHUTDOWN, IQ_SERVICE_UNAVAILABLE, REFUSALS, FLOW_END_STAY, 0,
			     false},
};

/* --- the account --- */

static void account_flow(const struct session_book *book, struct session *session,
			 const char *reason)
{
	struct log_quoted sid, a, b;
	struct flow_status status = {.state = FLOW_RESET};
	uint64_t now_ms = book->now_ms > session->begun_ms ? book->now_ms : session->begun_ms;

	/* Of a flow that vanished there is nothing left to tell: zeros. */
	if (book->splicer->status(book->splicer->ctx, session->flow, &status) == 0)
		limits_charge(book, session, &status);
	log_info("session closed: sid=%s a=%s b=%s reason=%s bytes=%" PRIu64 "/%" PRIu64
		 " packets=%" PRIu64 "/%" PRIu64 " seconds=%.3f",
		 log_quote(&sid, session->sid), log_quote(&a, session->party[0]->jid),
		 log_quote(&b, session->party[1]->jid), reason, status.bytes[0], status.bytes[1],
		 status.packets[0], status.packets[1], (double)(now_ms - session->begun_ms) / 1000);
}

/* Requests that came to nothing cost nothing to send: they must not fill the log.  Returns how many
 * there were. */
static unsigned int account_claims(const struct session *session, const char *reason)
{
	struct log_quoted sid, jid;
	unsigned int n = 0;

	for (int i = 0; i < 2; i++) {
		const struct party *party = session->party[i];

		if (party == NULL || party->pending->iq == NULL)
			continue;
		log_debug("claim closed: sid=%s jid=%s reason=%s", log_quote(&sid, session->sid),
			  log_quote(&jid, party->jid), reason);
		n++;
	}
	return n;
}

static void account(const struct session_book *book, struct session *session,
		    enum session_reason reason)
{
	uint64_t *closed = &book->stats->sessions_closed[reason];

	if (session->stage == STAGE_SPLICED) {
		account_flow(book, session, session_reason_name(reason));
		counter_add(closed, 1);
	} else {
		counter_add(closed, account_claims(session, session_reason_name(reason)));
	}
}

/* --- the parts --- */

static void end_flow(struct session_book *book, const struct session *session,
		     const struct end_row *row)
{
	switch (row->flow_end) {
	case FLOW_END_NONE:
	case FLOW_END_STAY:
		break;
	case FLOW_END_LINGER:
		linger_add(&book->linger, session->flow, row->linger_ms, book->now_ms);
		break;
	case FLOW_END_RESET:
		linger_reset(&book->linger, session->flow, session->worker, book->now_ms);
		break;
	}
}

static void end_claim(struct session_book *book, struct party *party, const struct end_row *row)
{
	struct pending *pending = party->pending;

	held_claims_remove(party);
	deadline_stop(&pending->deadline);
	if (pending->leg != NULL)
		leg_reset(book->legs, pending->leg);
	session_tell(book, pending, row->error, row->refusal);
	free(pending->report);
	free(pending);
}

static void end_party(struct session_book *book, struct party *party, const struct end_row *row,
		      const struct party *at_fault)
{
	bool is_about_it = at_fault == NULL || at_fault == party;
	struct pending *pending = party->pending;

	/* Who failed on a bytestream may still claim for its sid. */
	if (pending != NULL && row->remember && at_fault == party &&
	    party->session->bytestream == NULL)
		failure_remember(&book->failures, party->session->sid, party->jid,
				 pending->claim.peer, book->now_ms);
	pairing_leave(party);
	if (pending != NULL)
		end_claim(book, party, is_about_it ? row : &end_rows[ENDING_PARTNER_FAILED]);
	free(party);
}

void session_close(struct session_book *book, struct session *session, enum ending ending,
		   const struct party *at_fault)
{
	const struct end_row *row = &end_rows[ending];
	unsigned int parties = session_is_pair(session) ? 2 : 1;

	account(book, session, row->reason);
	session_gauge(book, session, -1);
	deadline_stop(&session->deadline);
	if (session->stage != STAGE_NEW)
		book->live--;
	if (session->stage == STAGE_SPLICED) {
		book->spliced--;
		end_flow(book, session, row);
	}
	limits_release(session);
	for (unsigned int i = 0; i < parties; i++)
		end_party(book, session->party[i], row, at_fault);
	if (session->bytestream != NULL)
		name_book_give_back(session->bytestream);
	rendezvous_left(book, session, ending == ENDING_REPLACED);
	free(session);
}

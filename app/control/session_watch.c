/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of a spliced session: DESIGN 3.5 and RFC 5382, section 5.
 *
 * Each session is looked at about once a second, and what it has relayed is then charged; where there
 * are more than 100,000 less often, for a look takes some 0.2 us, most of it memory to wait for.  All
 * idle times count from the last packet of either direction, acknowledgements included: neither a
 * one-way stream nor one whose other direction was closed by a FIN is idle as long as anything
 * moves.
 */
#include "session_book.h"

/* Ended, or for how long it may be silent. */
static const struct outlook {
	bool is_over;
	enum ending ending; /* when it is over */
	bool is_transitory;
} outlooks[] = {
	[FLOW_ESTABLISHED] = {.is_transitory = false},
	[FLOW_HALF_CLOSED] = {.is_transitory = true},
	[FLOW_RESET_PENDING] = {.is_transitory = true},
	[FLOW_FINISHED] = {true, ENDING_FINISHED, false},
	[FLOW_RESET] = {true, ENDING_RESET, false},
};

/* A new connection in its place says nothing of how it ended. */
static const struct outlook *outlook_of(const struct flow_status *status)
{
	return &outlooks[status->state == FLOW_SUPERSEDED ? status->ended : status->state];
}

static uint64_t silent_ms(const struct session_book *book, const struct session *session,
			  const struct flow_status *status)
{
	uint64_t last_ms = status->last_packet_ms > session->begun_ms ? status->last_packet_ms
								      : session->begun_ms;

	/* A worker's clock may have been read after ours. */
	return book->now_ms > last_ms ? book->now_ms - last_ms : 0;
}

void watch_later(struct session_book *book, struct session *session)
{
	const uint64_t turn_ms = book->spliced / WATCHED_PER_MS;

	/* When they become less, those behind longer waits wait for these. */
	book->watched.after_ms = turn_ms > WATCH_EVERY_MS ? turn_ms : WATCH_EVERY_MS;
	deadline_start(&book->watched, &session->deadline, book->now_ms);
}

bool watch_session(struct session_book *book, struct session *session)
{
	const struct config_timers *timers = &book->cfg->timers;
	const struct outlook *outlook;
	struct flow_status status;
	enum ending ending;

	if (book->splicer->status(book->splicer->ctx, session->flow, &status) < 0) {
		session_close(book, session, ENDING_VANISHED, NULL);
		return false;
	}
	outlook = outlook_of(&status);
	if (outlook->is_over)
		ending = outlook->ending;
	else if (silent_ms(book, session, &status) >=
		 (outlook->is_transitory ? timers->transitory_ms : timers->idle_ms))
		ending = ENDING_IDLE;
	else
		ending = limits_charge(book, session, &status) ? ENDINGS : ENDING_VOLUME;
	if (ending == ENDINGS) {
		limits_set_rate(book, session);
		return true;
	}
	session_close(book, session, ending, NULL);
	return false;
}

bool watch_is_over(struct session_book *book, struct session *session)
{
	return session->stage == STAGE_SPLICED && !watch_session(book, session);
}

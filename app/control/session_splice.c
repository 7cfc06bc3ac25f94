/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two legs become one flow: rule 5 of DESIGN 2.1 and the hand-over of 3.3.
 *
 *   RETIRE to both owners - both report - insert - both answers - OPEN to both owners
 *
 * Clear to send means it: the answers leave only after the flow entries are in.  Nothing is
 * spliced while the XMPP stream is down, for then nobody could be told: a session that gets here
 * meanwhile waits in `stalled`, before RETIRE if it can, otherwise before the insertion.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "counter.h"
#include "session_book.h"

static bool stream_is_up(const struct session_book *book)
{
	return book->answers.connected(book->answers.ctx);
}

static void stall(struct session_book *book, struct session *session)
{
	deadline_start(&book->stalled, &session->deadline, book->now_ms);
}

void splice_begin(struct session_book *book, struct session *session)
{
	if (!stream_is_up(book)) {
		stall(book, session);
		return;
	}
	session_gauge(book, session, -1);
	session->stage = STAGE_SPLICING;
	session_gauge(book, session, +1);
	deadline_start(&book->retiring, &session->deadline, book->now_ms);
	for (int i = 0; i < 2; i++)
		leg_retire(book->legs, session->party[i]->pending->leg);
}

static void count_setup(struct session_book *book, const struct session *session)
{
	struct control_stats *stats = book->stats;
	uint64_t took_us = session_clock_us() - session->party[1]->pending->arrived_us;
	unsigned int bucket = 0;

	while (bucket < SETUP_BUCKETS && took_us > setup_bucket_us[bucket])
		bucket++;
	counter_add(&stats->setup_count[bucket], 1);
	counter_add(&stats->setup_sum_us, took_us);
}

static void party_answered(struct party *party)
{
	free(party->pending->report);
	free(party->pending);
	party->pending = NULL;
}

/* The flow is in: tell everybody. */
static void finish(struct session_book *book, struct session *session, uint64_t flow)
{
	count_setup(book, session);
	session_gauge(book, session, -1);
	session->stage = STAGE_SPLICED;
	session_gauge(book, session, +1);
	session->flow = flow;
	session->begun_ms = book->now_ms;
	session->worker = session->party[0]->pending->leg->worker;
	book->spliced++;
	limits_spliced(book, session);
	watch_later(book, session);

	for (int i = 0; i < 2; i++)
		session_tell(book, session->party[i]->pending, IQ_OK, REFUSALS);
	for (unsigned int i = 0; i < 2; i++) {
		leg_open(book->legs, session->party[i]->pending->leg, flow, i);
		party_answered(session->party[i]);
	}
}

/* A flow that has one of the four-tuples means that the leg belongs to a session already. */
static enum ending ending_of(int error)
{
	switch (error) {
	case -ENOSPC:
		return ENDING_FLOWS;
	case -ENOMEM:
		return ENDING_NO_MEMORY;
	case -EEXIST:
		return ENDING_CONFLICT;
	default:
		return ENDING_UNSPLICEABLE;
	}
}

static void insert(struct session_book *book, struct session *session)
{
	const struct mailbox_splicer *splicer = book->splicer;
	uint64_t flow;
	int r;

	if (!stream_is_up(book)) {
		stall(book, session);
		return;
	}
	/* The flow table is as large as limits.sessions. */
	if (book->spliced + book->linger.count >= book->cfg->limits.sessions)
		linger_evict(&book->linger);
	r = splicer->insert(splicer->ctx, session->party[0]->pending->report,
			    session->party[1]->pending->report, &flow);
	if (r < 0)
		session_close(book, session, ending_of(r), NULL);
	else
		finish(book, session, flow);
}

void splice_report(struct session_book *book, struct party *party, const struct leg_report *report)
{
	struct pending *pending = party->pending;

	if (pending->report != NULL)
		return;
	pending->report = malloc(sizeof(*report));
	if (pending->report == NULL) {
		session_close(book, party->session, ENDING_NO_MEMORY, NULL);
		return;
	}
	*pending->report = *report;
	if (session_partner(party)->pending->report != NULL)
		insert(book, party->session);
}

void splice_resume(struct session_book *book, unsigned int batch)
{
	struct deadline *deadline;

	while (batch-- > 0 && stream_is_up(book) &&
	       (deadline = deadline_first(&book->stalled)) != NULL) {
		struct session *session = CONTAINER(deadline, struct session, deadline);

		if (session->stage == STAGE_CLAIMING)
			splice_begin(book, session);
		else
			insert(book, session);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operator may see and do of sessions while they run.
 */
#include "container.h"
#include "session_book.h"

static void view(const struct session_book *book, const struct session *session,
		 struct session_view *v)
{
	struct flow_status status = {.state = FLOW_RESET};

	/* Of a flow that vanished there is nothing to tell: zeros. */
	book->splicer->status(book->splicer->ctx, session->flow, &status);
	v->id = session->flow;
	v->sid = session->sid;
	v->age_ms = book->now_ms > session->begun_ms ? book->now_ms - session->begun_ms : 0;
	for (int i = 0; i < 2; i++) {
		v->jid[i] = session->party[i]->jid;
		v->bytes[i] = status.bytes[i];
	}
}

/* The spliced session behind `last`, or the first for NULL. */
static struct session *next_spliced(const struct session_book *book, const struct session *last)
{
	struct deadline *deadline =
		last != NULL ? TAILQ_NEXT(&last->deadline, link) : deadline_first(&book->watched);

	return deadline != NULL ? CONTAINER(deadline, struct session, deadline) : NULL;
}

unsigned int session_list(struct session_book *book, unsigned int max,
			  void (*show)(void *ctx, const struct session_view *v), void *ctx,
			  uint64_t now_ms)
{
	struct session *session = next_spliced(book, NULL);
	struct session_view v;

	book->now_ms = now_ms;
	for (unsigned int n = 0; n < max && session != NULL; n++) {
		view(book, session, &v);
		show(ctx, &v);
		session = next_spliced(book, session);
	}
	return book->spliced;
}

bool session_end(struct session_book *book, uint64_t id, uint64_t now_ms)
{
	struct session *session = next_spliced(book, NULL);

	book->now_ms = now_ms;
	while (session != NULL && session->flow != id)
		session = next_spliced(book, session);
	if (session != NULL)
		session_close(book, session, ENDING_ENDED, NULL);
	return session != NULL;
}

void session_drain(struct session_book *book, bool draining)
{
	book->draining = draining;
}

bool session_draining(const struct session_book *book)
{
	return book->draining;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Claims of legs that nobody saw established.  With SYN cookies a leg is known by the last ACK of
 * its handshake only; where that was lost the client waits for the splice and has nothing to say.
 * So while a cookie may be outstanding the leg's owner is told which connection is claimed, and asks
 * its peer (MAILBOX_LEG_CHALLENGE); again every second, for the question or its answer may be lost
 * too, until the claim has its leg or is over.
 */
#include "container.h"
#include "session_book.h"

void lost_ack_ask(struct session_book *book, struct party *party)
{
	struct pending *pending = party->pending;
	struct four_tuple legs[MATCH_MEANT];
	unsigned int n;

	if (mailbox_cookies(book->mb) == MAILBOX_COOKIES_NONE) {
		deadline_stop(&pending->asking);
		return;
	}
	n = match_meant(&book->policy, &pending->claim, legs);
	for (unsigned int i = 0; i < n; i++) {
		const struct mailbox_command cmd = {.type = MAILBOX_LEG_CHALLENGE,
						    .tuple = legs[i]};

		/* What a full ring refuses is asked in a second. */
		mailbox_post_command(book->mb, book->splicer->owner(book->splicer->ctx, &legs[i]),
				     &cmd);
	}
	deadline_start(&book->asking, &pending->asking, book->now_ms);
}

uint64_t lost_ack_tick(struct session_book *book)
{
	struct deadline *deadline;

	for (int n = 0; n < TICK_BATCH; n++) {
		deadline = deadline_due(&book->asking, book->now_ms);
		if (deadline == NULL)
			break;
		lost_ack_ask(book, CONTAINER(deadline, struct pending, asking)->party);
	}
	return deadline_wait(&book->asking, book->now_ms);
}

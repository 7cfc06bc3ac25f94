/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes both ways between a connection that is clear to send and two local descriptors, until both
 * sides agree on the end.
 *
 * The end of a TCP stream proves nothing: the kernel of a killed process closes as cleanly.  So
 * each side, when its own source has ended, shuts the connection down for writing and says by an IQ
 * (<end/>) how many bytes it has sent; the other answers when it has received and passed on just
 * as many.  Only then does the local sink see the end: what ends without an error is whole.
 *
 * A client of 2002 knows no such word; with one, the end of its stream is all there is, and that
 * what it was sent arrived is seen from its closing in order.
 */
#ifndef TANDEM_STREAM_H
#define TANDEM_STREAM_H

#include "account.h"
#include "offer.h"

struct stream {
	/* set by the owner */
	struct account *account;
	const char *sid, *partner; /* full JID */
	const bool *cancelled;	   /* the partner gave up */
	int64_t timeout_ms;	   /* longest wait for the partner's last word while offline */
	bool plain;		   /* the partner is a client of 2002 */
	int socket;		   /* blocking */
	int source, sink;	   /* may be one descriptor */

	/* results */
	uint64_t sent, received;
	char broken[200]; /* what went wrong, for the partner; "": nothing */

	xmpp_stanza_t *end_iq; /* unanswered last word; may come before stream_run() */
	struct offer_end end;
	bool whole; /* it has been answered by yes */
};

/* Whether `iq`, which is of the partner, is its last word; it then is dealt with. */
bool stream_on_request(struct stream *stream, xmpp_stanza_t *iq);

/* An outcome; said.  The sink is at its end after OUTCOME_DONE; what else is closed is the
 * owner's. */
int stream_run(struct stream *stream);

/* Answer a last word left over by an error, and free.  Whether the partner was told so. */
bool stream_close(struct stream *stream);

#endif

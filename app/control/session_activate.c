/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SOCKS5 bytestreams: DESIGN 2.3, XEP-0065 6.3.
 *
 * A leg whose peer asked for a name is admitted and waits under that name; its owner ends it after
 * timers.claim.  An activation makes a session of two parties at once: the requester, who is
 * answered and whose quota counts, and the target, who made no request and of whom nothing but the
 * requester's word is known.  The requester connects last (XEP-0065 6.3.4), so its leg is the newest
 * and the target's the oldest; what else waits under the name are connections that lost a race.
 *
 * From there on it is a session like any other: no byte passes before both legs are retired and the
 * flow is in.  While it lasts it has the name: whoever asks for it, in band or by IQ, is refused.
 */
#include <string.h>

#include "session_book.h"

/* --- legs --- */

/* There is no room even to remember that it is to be refused. */
static void refuse_unseen(struct session_book *book, const struct mailbox_event *ev)
{
	const struct mailbox_command cmd = {.type = MAILBOX_LEG_REFUSE, .id = ev->id};

	/* Where the ring is full too the owner's timer ends it. */
	if (ev->worker < mailbox_workers(book->mb))
		mailbox_post_command(book->mb, ev->worker, &cmd);
}

/* What has the name now; a session that is over has it no more. */
static struct bytestream *find(struct session_book *book, const uint8_t name[LEG_NAME_BYTES])
{
	struct bytestream *bytestream = name_book_find(&book->names, name);

	if (bytestream == NULL || bytestream->session == NULL ||
	    !watch_is_over(book, bytestream->session))
		return bytestream;
	return name_book_find(&book->names, name);
}

void activate_leg_named(struct session_book *book, const struct mailbox_event *ev)
{
	struct leg *leg = leg_book_find(book->legs, ev->id);

	if (leg != NULL)
		return; /* a name is asked for once */
	leg = leg_book_add_named(book->legs, ev->id, ev->worker, &ev->named.tuple);
	if (leg == NULL) {
		refuse_unseen(book, ev);
		return;
	}
	find(book, ev->named.name);
	if (book->draining || name_book_add(&book->names, ev->named.name, leg) < 0)
		leg_refuse(book->legs, leg);
	else
		leg_admit(book->legs, leg);
}

/* --- activations --- */

/* How far a bytestream is, nearest to being relayed last. */
enum standing { STANDING_UNKNOWN, STANDING_ALONE, STANDING_READY, STANDING_ACTIVE };

static enum standing standing_of(const struct bytestream *bytestream)
{
	if (bytestream == NULL)
		return STANDING_UNKNOWN;
	if (bytestream->session != NULL)
		return STANDING_ACTIVE;
	return bytestream->n_legs < 2 ? STANDING_ALONE : STANDING_READY;
}

/* The one of its names under which most has happened. */
static enum standing seek(struct session_book *book, const struct activation *activation,
			  struct bytestream **found)
{
	enum standing standing, best = STANDING_UNKNOWN;
	struct bytestream *bytestream;

	for (unsigned int i = 0; i < activation->n_names && i < ACTIVATION_NAMES; i++) {
		bytestream = find(book, activation->names[i]);
		standing = standing_of(bytestream);
		if (standing > best) {
			best = standing;
			*found = bytestream;
		}
	}
	return best;
}

/* A second line behind the decoder: what is kept of an activation has a limit. */
static bool is_well_formed(const struct activation *activation)
{
	return activation->sid[0] != '\0' && strlen(activation->sid) <= SESSION_SID_MAX &&
	       strlen(activation->from) <= CONFIG_MAX_JID &&
	       strlen(activation->target) <= CONFIG_MAX_JID;
}

/* The bytestream that may be relayed, or the ending that is returned. */
static enum ending admit(struct session_book *book, struct session *session,
			 const struct activation *activation, struct bytestream **bytestream)
{
	static const enum ending endings[] = {
		[STANDING_UNKNOWN] = ENDING_UNNAMED,
		[STANDING_ALONE] = ENDING_ONE_LEG,
		[STANDING_READY] = ENDINGS,
		[STANDING_ACTIVE] = ENDING_REPEATED,
	};
	enum standing standing;

	if (!is_well_formed(activation))
		return ENDING_MALFORMED;
	if (book->draining)
		return ENDING_DRAINING;
	standing = seek(book, activation, bytestream);
	if (standing != STANDING_READY)
		return endings[standing];
	return limits_admit(book, session->party[0], false);
}

static void seat(struct session_book *book, struct party *party, struct leg *leg)
{
	party->pending->leg = leg;
	leg_hold(book->legs, leg, party, MATCH_EXACT);
}

/* The newest leg for the requester, the oldest for the target, the rest for nobody. */
static void take_legs(struct session_book *book, struct session *session,
		      struct bytestream *bytestream)
{
	struct leg *oldest = bytestream->legs[0];
	struct leg *newest = bytestream->legs[bytestream->n_legs - 1];

	session->bytestream = bytestream;
	name_book_lend(bytestream, session);
	while (bytestream->n_legs > 0) {
		struct leg *leg = bytestream->legs[0];

		name_book_take(&book->names, leg);
		if (leg == newest)
			seat(book, session->party[0], leg);
		else if (leg == oldest)
			seat(book, session->party[1], leg);
		else
			leg_reset(book->legs, leg);
	}
}

static void begin(struct session_book *book, struct session *session, struct bytestream *bytestream)
{
	take_legs(book, session, bytestream);
	session->stage = STAGE_CLAIMING;
	book->live++;
	session_gauge(book, session, +1);
	splice_begin(book, session);
}

void session_activate(struct session_book *book, const struct activation *activation, void *iq,
		      uint64_t now_ms)
{
	struct bytestream *bytestream = NULL;
	struct session *session;
	enum ending ending;

	book->now_ms = now_ms;
	session = session_new(book, activation->sid);
	if (session == NULL || session_seat(session, 0, activation->from, NULL, iq) == NULL ||
	    session_seat(session, 1, activation->target, NULL, NULL) == NULL) {
		session_give_up(book, session, iq);
		return;
	}
	ending = admit(book, session, activation, &bytestream);
	if (ending != ENDINGS)
		session_close(book, session, ending, NULL);
	else
		begin(book, session, bytestream);
}

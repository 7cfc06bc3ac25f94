/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the session files share, and nobody else includes.
 *
 * A session has one party or two.  It begins with one claim; the claim that fits it joins it, and
 * from then on the two share their fate: both are answered with success, or, when one fails, both
 * with an error.  A session of the SOCKS5 service begins with both its parties and their legs, only
 * the first of which made a request.
 *
 *   STAGE_NEW       being looked at: in no index, gauge or queue
 *   STAGE_CLAIMING  one claim or two, not both with their legs
 *   STAGE_SPLICING  two claims with their legs, which are asked for their last numbers
 *   STAGE_SPLICED   both flow entries are in, both claims are answered
 *
 * Every session has at least one deadline running, its own or a party's, from when it leaves
 * STAGE_NEW; so none is ever forgotten, and all can be found through the queues:
 *
 *   held        a claim without a leg                    timers.match
 *   alone       a claim with a leg or a reservation,     timers.pair
 *               without a partner
 *   retiring    a session waiting for its owners         RETIRE_WITHIN_MS
 *   stalled     a session waiting for the XMPP stream    timers.pair
 *   watched     a spliced session's next look            WATCH_EVERY_MS or longer
 *
 * and beside `held` there is
 *
 *   asking      a held claim's leg is asked for again    ASK_EVERY_MS
 *
 * session_new.c    what both kinds begin with
 * session_claim.c  a claim comes, finds its session and its leg   (rules 2 to 4)
 * session_activate.c SOCKS5 legs with their names, and their activation (DESIGN 2.3)
 * session_rendezvous.c claims and legs of reserved addresses      (DESIGN 2.2)
 * session_splice.c two legs become one flow                       (rule 5, DESIGN 3.3)
 * session_watch.c  what becomes of the flow                       (DESIGN 3.5)
 * session_limits.c who may have how much
 * session_close.c  the one ending
 * session_operate.c what operators see and do
 * session.c        the public functions: events, timers, creation
 * pairing.c        who belongs to whom; held_claims.c who waits for which leg; lost_ack.c the legs
 *                  that have to be asked for; name_book.c the SOCKS5 legs by name
 */
#ifndef TANDEM_SESSION_BOOK_H
#define TANDEM_SESSION_BOOK_H

#include "deadline.h"
#include "failure_book.h"
#include "fence.h"
#include "hash_index.h"
#include "leg_book.h"
#include "linger_book.h"
#include "match.h"
#include "name_book.h"
#include "quota.h"
#include "reservation_book.h"
#include "session.h"

#define WATCH_EVERY_MS	 1000
#define WATCHED_PER_MS	 100 /* of so many sessions that it would be more each waits longer */
#define ASK_EVERY_MS	 1000
#define RETIRE_WITHIN_MS 5000
#define TICK_BATCH	 256 /* what a tick takes from one queue at most */

enum session_stage { STAGE_NEW, STAGE_CLAIMING, STAGE_SPLICING, STAGE_SPLICED };

/* What a party has only until it is answered: a spliced session keeps nothing of it. */
struct pending {
	struct party *party;
	void *iq;		    /* NULL: the party made no request */
	struct claim claim;	    /* its strings are the party's, the session's and ours below */
	struct leg *leg;	    /* NULL while it is held */
	struct leg_report *report;  /* NULL until the leg is retired */
	struct four_tuple name;	    /* match_name() */
	struct index_node by_name;  /* while it is held */
	struct deadline deadline;   /* in `held` or in `alone` */
	struct deadline asking;	    /* see lost_ack.c */
	uint64_t arrived_us;	    /* monotonic clock */
	uint64_t serial, looked_at; /* see held_claims.c */
	char peer[];
};

struct party {
	struct session *session;
	struct pending *pending;	    /* NULL once answered */
	struct quota_entry *quota, *domain; /* NULL until it is admitted */
	struct index_node by_jid, by_peer;  /* see pairing.c */
	char jid[];			    /* full, domain folded */
};

struct session {
	struct party *party[2]; /* the second NULL until it joins */
	struct deadline deadline;
	enum session_stage stage;
	struct bytestream *bytestream;	 /* whose name it has; NULL: a session of claims */
	struct reservation *reservation; /* whose addresses alone it uses, until it has its legs */
	bool peerless;			 /* two parties, neither of which named the other */
	unsigned int worker;		 /* owner of side 0's leg */
	uint64_t flow;
	uint64_t charged;  /* bytes */
	uint64_t rate;	   /* bytes a second, as the data plane knows it */
	uint64_t begun_ms; /* of the first claim, then of the splice */
	char sid[];
};

struct session_book {
	const struct config *cfg;
	struct mailbox *mb;
	const struct mailbox_splicer *splicer;
	struct session_answers answers;
	struct control_stats *stats;
	uint64_t now_ms; /* of the public function that runs */

	struct siphash_key key;
	struct match_policy policy;
	struct leg_book *legs;
	struct hash_index by_jid, by_peer, by_name;
	struct quota jids, domains;
	struct failure_book failures;
	struct linger_book linger;
	struct name_book names;
	struct reservation_book reservations;
	struct fence fence;
	TAILQ_HEAD(, reservation) fenced; /* in the order of their tickets */
	bool draining;
	uint32_t live,
		spliced; /* sessions beyond STAGE_NEW, for limits.sessions; spliced of these */
	uint64_t serials, looks;

	struct deadline_queue held, alone, retiring, stalled, watched, asking;
};

/* --- session.c --- */

/* Add the session to the gauges it belongs in now, or take it out (by = -1). */
void session_gauge(struct session_book *book, const struct session *session, int by);
uint64_t session_clock_us(void);

static inline bool session_is_pair(const struct session *session)
{
	return session->party[1] != NULL;
}

static inline struct party *session_partner(const struct party *party)
{
	const struct session *s = party->session;

	return s->party[0] == party ? s->party[1] : s->party[0];
}

static inline void session_tell(const struct session_book *book, const struct pending *pending,
				enum iq_result result, enum refusal refusal)
{
	if (pending->iq != NULL)
		book->answers.answer(book->answers.ctx, pending->iq, result, refusal);
}

/* --- session_new.c --- */

/* A session without parties, in no index, gauge or queue; NULL without memory. */
struct session *session_new(const struct session_book *book, const char *sid);
/* Its first or second party, of `jid`, who named `peer` (NULL: nobody) and made the request `iq`
 * (NULL: none).  NULL without memory. */
struct party *session_seat(struct session *session, unsigned int side, const char *jid,
			   const char *peer, void *iq);
/* There was no memory for all of it: `iq` is told, and what there is of `session` is freed. */
void session_give_up(struct session_book *book, struct session *session, void *iq);

/* --- session_activate.c --- */

void activate_leg_named(struct session_book *book, const struct mailbox_event *ev);

/* --- session_claim.c --- */

/* The leg is the party's; with its partner's there too, they are spliced. */
void session_take_leg(struct session_book *book, struct party *party, struct leg *leg,
		      enum match_rule rule);

/* See whether a leg can be found for one more claim, for which a leg with this tuple matters that
 * came, was established or went. */
void session_reconsider(struct session_book *book, const struct four_tuple *tuple);

/* --- session_rendezvous.c: DESIGN 2.2 --- */

int rendezvous_init(struct session_book *book);

/* Whether a leg with this tuple is on a rendezvous address, reserved or not. */
bool rendezvous_has(const struct session_book *book, const struct four_tuple *tuple);
/* It is: enter it, unlisted; it may be reset at once.  NULL without room. */
struct leg *rendezvous_add_leg(struct session_book *book, const struct mailbox_event *ev);
/* It became established.  Does nothing for a leg that waits on no such address. */
void rendezvous_leg_moved(struct session_book *book, struct leg *leg);
/* It is gone. */
void rendezvous_leg_gone(struct session_book *book, struct leg *leg, enum leg_end end);
/* A worker met a fence. */
void rendezvous_fenced(struct session_book *book, const struct mailbox_event *ev);

/* The reservation that the claim can only be for, or NULL. */
struct reservation *rendezvous_meant(struct session_book *book, const struct claim *claim);
/* The party came to a session that has a reservation: what pairs, or waits. */
void rendezvous_claimed(struct session_book *book, struct party *party);
/* A half-open leg may be one that the session waits for: it must not end before that one does, which
 * takes seconds, for no more are begun. */
bool rendezvous_delays(const struct session *session);
/* The session ends before it found its legs.  So does the reservation, unless another claim replaces
 * (`replaced`) the only one there was. */
void rendezvous_left(struct session_book *book, struct session *session, bool replaced);

/* --- pairing.c: rule 4 --- */

enum pairing { PAIRING_ALONE, PAIRING_JOIN, PAIRING_CONFLICT };

/* The session of `jid` for `sid` that is not over, NULL when there is none. */
struct session *pairing_own(struct session_book *book, const char *sid, const char *jid);
/* Which session a claim of a JID that has none for that sid belongs to: `*found` for JOIN. */
enum pairing pairing_seek(struct session_book *book, const struct claim *claim,
			  struct session **found);
/* Likewise of one that has this reservation. */
enum pairing pairing_reserved(const struct reservation *r, struct session **found);
void pairing_enlist(struct session_book *book, struct party *party);
/* The second party of `session` has been enlisted too. */
void pairing_joined(struct session *session);
void pairing_leave(struct party *party);

/* --- held_claims.c: rule 2 --- */

/* False when so many claims wait for the same leg that they cannot be honest. */
bool held_claims_add(struct session_book *book, struct party *party);
void held_claims_remove(struct party *party);
/* The claim held longest that may mean a leg with this tuple, among those not yet found with this
 * `look`, a number that held_claims_look() gives out; NULL when there is none. */
uint64_t held_claims_look(struct session_book *book);
struct party *held_claims_next(struct session_book *book, const struct four_tuple *tuple,
			       uint64_t look);

/* --- lost_ack.c: DESIGN 3.1 --- */

/* The party's claim gave all four values, is held, and no such leg is known. */
void lost_ack_ask(struct session_book *book, struct party *party);
/* Returns the milliseconds until it wants to be called again. */
uint64_t lost_ack_tick(struct session_book *book);

/* --- session_splice.c: rule 5 --- */

/* Both parties have their legs. */
void splice_begin(struct session_book *book, struct session *session);
void splice_report(struct session_book *book, struct party *party, const struct leg_report *report);
/* Go on with up to `batch` sessions that waited for the stream, if it is up. */
void splice_resume(struct session_book *book, unsigned int batch);

/* --- session_watch.c --- */

/* Look at the spliced session again in due time. */
void watch_later(struct session_book *book, struct session *session);

/* Look at the flow of a spliced session.  False when the session was closed over it. */
bool watch_session(struct session_book *book, struct session *session);

/* Whether a session is over; a spliced one may be without our having noticed, and is closed now. */
bool watch_is_over(struct session_book *book, struct session *session);

/* --- session_close.c --- */

/* Why a session ends, in more detail than its reason tells: a row each in session_close.c. */
enum ending {
	ENDING_FINISHED,
	ENDING_RESET,
	ENDING_IDLE,
	ENDING_VOLUME,	 /* limits.volume_per_jid is used up */
	ENDING_VANISHED, /* the data plane knows the flow no more */
	ENDING_ENDED,	 /* by an operator */
	ENDING_NO_LEG,
	ENDING_NO_PARTNER,
	ENDING_PARTNER_FAILED, /* a short while ago */
	ENDING_LEG_LOST,
	ENDING_REPLACED,
	ENDING_CONFLICT,
	ENDING_REPEATED, /* the same JID's earlier claim has its partner already, or the
			  * bytestream is active */
	ENDING_UNNAMED,	 /* no leg has the bytestream's name */
	ENDING_ONE_LEG,	 /* has it */
	ENDING_MALFORMED,
	ENDING_UNSPLICEABLE,
	ENDING_STRICT, /* from here on an enum refusal each */
	ENDING_SESSIONS,
	ENDING_SESSIONS_PER_JID,
	ENDING_SESSIONS_PER_DOMAIN,
	ENDING_VOLUME_PER_JID,
	ENDING_NO_MEMORY,
	ENDING_COOKIES,
	ENDING_FLOWS,
	ENDING_DRAINING, /* up to here */
	ENDING_SHUTDOWN,
	ENDINGS
};

/*
 * The one way a session ends, whatever its stage: legs or flow are disposed of, unanswered claims
 * answered, counters moved, the account written, and all of it freed.
 * `at_fault` is the party that the ending is about: it gets the ending's error and its partner
 * item-not-found; with NULL it is about both.
 */
void session_close(struct session_book *book, struct session *session, enum ending ending,
		   const struct party *at_fault);

/* --- session_limits.c --- */

/* What the configuration says comes into force. */
void limits_configure(struct session_book *book);
/* Whether a party that made a request may have one session more, or join (`joins`) one that is
 * there; then it is counted, and ENDINGS returned.  If not, the ending for the limit in its way. */
enum ending limits_admit(struct session_book *book, struct party *party, bool joins);
/* The session was spliced, and is to have its rate. */
void limits_spliced(struct session_book *book, struct session *session);
/* What its flow has relayed since the last time is charged; false when a party has no volume left. */
bool limits_charge(const struct session_book *book, struct session *session,
		   const struct flow_status *status);
/* Tell the data plane the session's rate, if that is another than before. */
void limits_set_rate(struct session_book *book, struct session *session);
/* The session ends: its parties count no more. */
void limits_release(struct session *session);

#endif

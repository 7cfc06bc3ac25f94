/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The book of sessions: its making and unmaking, the data plane's events, and time.
 * session_book.h tells what a session is and which file does what to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "container.h"
#include "counter.h"
#include "log.h"
#include "session_book.h"

#define LEG_SLACK    1024  /* legs that ended while their GONE is still under way */
#define FAILURES_MAX 65536 /* remembered at a time */
#define DOMAINS	     1024  /* about as many as there are */
#define DAY_SECONDS  86400
#define IDLE_TICK_MS 1000
#define POST_TICK_MS 1

/* --- counters --- */

void session_gauge(struct session_book *book, const struct session *session, int by)
{
	static const enum session_state_label pair_states[] = {
		[STAGE_SPLICING] = SESSIONS_SPLICING,
		[STAGE_SPLICED] = SESSIONS_SPLICED,
	};
	uint64_t *gauges = book->stats->sessions;
	uint64_t delta = (uint64_t)(int64_t)by;

	if (session->stage == STAGE_NEW)
		return;
	if (session->stage != STAGE_CLAIMING) {
		counter_add(&gauges[pair_states[session->stage]], delta);
		return;
	}
	for (int i = 0; i < 2; i++) {
		const struct party *party = session->party[i];

		if (party != NULL && party->pending->iq != NULL)
			counter_add(&gauges[party->pending->leg != NULL ? SESSIONS_CLAIMED
									: SESSIONS_WAITING],
				    delta);
	}
}

uint64_t session_clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* --- events --- */

/* The leg is no more, and nothing of it is left at its owner. */
static void lose_leg(struct session_book *book, struct leg *leg, enum leg_end end)
{
	struct party *holder = leg->holder;

	name_book_take(&book->names, leg);
	rendezvous_leg_gone(book, leg, end);
	leg_book_remove(book->legs, leg);
	if (holder == NULL)
		return;
	session_gauge(book, holder->session, -1);
	holder->pending->leg = NULL;
	session_gauge(book, holder->session, +1);
	session_close(book, holder->session, ENDING_LEG_LOST, holder);
}

static struct leg *add_leg(struct session_book *book, const struct mailbox_event *ev)
{
	if (rendezvous_has(book, &ev->tuple))
		return rendezvous_add_leg(book, ev);
	return leg_book_add(book->legs, ev->id, ev->worker, &ev->tuple);
}

static void on_leg_seen(struct session_book *book, const struct mailbox_event *ev)
{
	struct leg *leg = leg_book_find(book->legs, ev->id);

	if (leg == NULL) {
		/* Two connections cannot have one four-tuple: the older one's GONE is under way. */
		struct leg *older = leg_by_tuple(book->legs, &ev->tuple);

		if (older != NULL)
			lose_leg(book, older, LEG_END_REPLACED);
		leg = add_leg(book, ev);
	}
	if (leg == NULL)
		return;
	if (ev->type == MAILBOX_LEG_ESTABLISHED)
		leg->established = true;
	rendezvous_leg_moved(book, leg);
	session_reconsider(book, &ev->tuple);
}

static void on_leg_gone(struct session_book *book, const struct mailbox_event *ev)
{
	struct leg *leg = leg_book_find(book->legs, ev->id);
	struct four_tuple tuple;

	if (leg == NULL)
		return;
	tuple = leg->tuple;
	lose_leg(book, leg, ev->end);
	session_reconsider(book, &tuple);
}

static void on_leg_retired(struct session_book *book, const struct mailbox_event *ev)
{
	struct leg *leg = leg_book_find(book->legs, ev->id);
	struct party *holder;

	if (leg == NULL)
		return;
	holder = leg->holder;
	if (holder == NULL)
		name_book_take(&book->names, leg);
	leg_was_retired(book->legs, leg);
	if (holder == NULL)
		return;
	if (holder->session->stage == STAGE_SPLICING)
		splice_report(book, holder, &ev->report);
	else /* nobody asked for it, and it will never speak again */
		session_close(book, holder->session, ENDING_LEG_LOST, holder);
}

static void on_flow_reset_done(struct session_book *book, const struct mailbox_event *ev)
{
	linger_reset_done(&book->linger, ev->id);
}

void session_event(struct session_book *book, const struct mailbox_event *ev, uint64_t now_ms)
{
	static void (*const handlers[])(struct session_book *, const struct mailbox_event *) = {
		[MAILBOX_LEG_HALF_OPEN] = on_leg_seen,
		[MAILBOX_LEG_ESTABLISHED] = on_leg_seen,
		[MAILBOX_LEG_GONE] = on_leg_gone,
		[MAILBOX_LEG_RETIRED] = on_leg_retired,
		[MAILBOX_FLOW_RESET_DONE] = on_flow_reset_done,
		[MAILBOX_LEG_NAMED] = activate_leg_named,
		[MAILBOX_FENCED] = rendezvous_fenced,
	};

	book->now_ms = now_ms;
	if (ev->type < sizeof(handlers) / sizeof(handlers[0]))
		handlers[ev->type](book, ev);
}

void session_stream_up(struct session_book *book, uint64_t now_ms)
{
	book->now_ms = now_ms;
	splice_resume(book, TICK_BATCH);
}

/* --- time --- */

#define QUEUE(name) offsetof(struct session_book, name)

/* What it means that a deadline passes.  Those of claims are about the claim's party, those of
 * sessions about both. */
static const struct clock {
	size_t queue;
	bool is_of_claim;
	enum ending ending;
} clocks[] = {
	{QUEUE(held), true, ENDING_NO_LEG},
	{QUEUE(alone), true, ENDING_NO_PARTNER},
	{QUEUE(retiring), false, ENDING_UNSPLICEABLE},
	{QUEUE(stalled), false, ENDING_NO_PARTNER},
	{QUEUE(watched), false, ENDINGS}, /* no ending: look at it */
};

#define N_CLOCKS (sizeof(clocks) / sizeof(clocks[0]))

static struct deadline_queue *queue_of(struct session_book *book, const struct clock *clock)
{
	return (struct deadline_queue *)(void *)((char *)book + clock->queue);
}

/* The claim that is about to run out, or NULL, and its session. */
static struct party *claim_of(const struct clock *clock, struct deadline *deadline,
			      struct session **session)
{
	struct party *party = NULL;

	if (clock->is_of_claim) {
		party = CONTAINER(deadline, struct pending, deadline)->party;
		*session = party->session;
	} else {
		*session = CONTAINER(deadline, struct session, deadline);
	}
	return party;
}

static void expire(struct session_book *book, const struct clock *clock, struct deadline *deadline)
{
	struct session *session;
	struct party *party = claim_of(clock, deadline, &session);

	if (clock->ending == ENDING_NO_LEG && rendezvous_delays(session))
		deadline_start(&book->held, deadline, book->now_ms);
	else if (clock->ending != ENDINGS)
		session_close(book, session, clock->ending, party);
	else if (watch_session(book, session))
		watch_later(book, session);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

unsigned int session_tick(struct session_book *book, uint64_t now_ms)
{
	uint64_t wait_ms = IDLE_TICK_MS;

	book->now_ms = now_ms;
	quota_day(&book->jids, (uint32_t)(time(NULL) / DAY_SECONDS));
	for (size_t i = 0; i < N_CLOCKS; i++) {
		struct deadline_queue *queue = queue_of(book, &clocks[i]);
		struct deadline *deadline;

		for (int n = 0; n < TICK_BATCH; n++) {
			deadline = deadline_due(queue, now_ms);
			if (deadline == NULL)
				break;
			expire(book, &clocks[i], deadline);
		}
		wait_ms = earlier(wait_ms, deadline_wait(queue, now_ms));
	}
	wait_ms = earlier(wait_ms, linger_tick(&book->linger, TICK_BATCH, now_ms));
	wait_ms = earlier(wait_ms, lost_ack_tick(book));
	if (book->cfg->rendezvous.enabled)
		wait_ms =
			earlier(wait_ms, reservation_tick(&book->reservations, TICK_BATCH, now_ms));
	splice_resume(book, TICK_BATCH);
	if (deadline_first(&book->stalled) != NULL && book->answers.connected(book->answers.ctx))
		wait_ms = 0;
	if (!leg_book_post(book->legs) || !fence_post(&book->fence))
		wait_ms = earlier(wait_ms, POST_TICK_MS);
	return (unsigned int)wait_ms;
}

/* --- the book --- */

static void init_queues(struct session_book *book)
{
	const struct config_timers *timers = &book->cfg->timers;

	deadline_queue_init(&book->held, timers->match_ms);
	deadline_queue_init(&book->alone, timers->pair_ms);
	deadline_queue_init(&book->retiring, RETIRE_WITHIN_MS);
	deadline_queue_init(&book->stalled, timers->pair_ms);
	deadline_queue_init(&book->watched, WATCH_EVERY_MS);
	deadline_queue_init(&book->asking, ASK_EVERY_MS);
}

void session_book_reconfigure(struct session_book *book)
{
	const struct config_timers *timers = &book->cfg->timers;

	deadline_queue_set(&book->held, timers->match_ms);
	deadline_queue_set(&book->alone, timers->pair_ms);
	deadline_queue_set(&book->stalled, timers->pair_ms);
	book->failures.keep_ms = timers->pair_ms;
	if (book->cfg->rendezvous.enabled)
		reservation_book_reconfigure(&book->reservations);
	limits_configure(book);
	match_policy_init(&book->policy, book->cfg);
}

/* Every table at the size the limits ask for. */
static int init_tables(struct session_book *book)
{
	const struct config_limits *limits = &book->cfg->limits;
	size_t sessions = limits->sessions;
	size_t legs = (size_t)limits->half_open + limits->legs + sessions + LEG_SLACK;
	size_t failures = sessions < FAILURES_MAX ? sessions : FAILURES_MAX;
	int r = hash_key_draw(&book->key);

	if (r == 0)
		r = hash_index_init(&book->by_jid, 2 * sessions);
	if (r == 0)
		r = hash_index_init(&book->by_peer, sessions);
	if (r == 0)
		r = hash_index_init(&book->by_name, sessions);
	if (r == 0)
		r = quota_init(&book->jids, QUOTA_JID, &book->key, 2 * sessions);
	if (r == 0)
		r = quota_init(&book->domains, QUOTA_DOMAIN, &book->key, DOMAINS);
	if (r == 0)
		r = failure_book_init(&book->failures, &book->key, failures,
				      book->cfg->timers.pair_ms);
	if (r == 0)
		r = linger_init(&book->linger, &book->key, book->splicer, book->mb, sessions);
	if (r == 0)
		r = name_book_init(&book->names, &book->key, limits->legs,
				   limits->legs / 2 + sessions);
	if (r == 0)
		r = rendezvous_init(book);
	if (r == 0) {
		book->legs = leg_book_create(legs, book->mb, &book->key);
		r = book->legs != NULL ? 0 : -ENOMEM;
	}
	return r;
}

struct session_book *session_book_create(const struct config *cfg, struct mailbox *mb,
					 const struct mailbox_splicer *splicer,
					 const struct session_answers *answers,
					 struct control_stats *stats)
{
	struct session_book *book = calloc(1, sizeof(*book));
	int r;

	if (book == NULL)
		return NULL;
	book->cfg = cfg;
	book->mb = mb;
	book->splicer = splicer;
	book->answers = *answers;
	book->stats = stats;
	match_policy_init(&book->policy, cfg);
	init_queues(book);
	limits_configure(book);
	r = init_tables(book);
	if (r < 0) {
		session_book_destroy(book);
		errno = -r;
		return NULL;
	}
	return book;
}

void session_book_destroy(struct session_book *book)
{
	struct deadline *deadline;
	struct session *session;

	if (book == NULL)
		return;
	for (size_t i = 0; i < N_CLOCKS; i++) {
		while ((deadline = deadline_first(queue_of(book, &clocks[i]))) != NULL) {
			claim_of(&clocks[i], deadline, &session);
			session_close(book, session, ENDING_SHUTDOWN, NULL);
		}
	}
	reservation_book_fini(&book->reservations);
	if (book->legs != NULL)
		leg_book_post(book->legs);
	linger_fini(&book->linger);
	name_book_fini(&book->names);
	leg_book_destroy(book->legs);
	failure_book_fini(&book->failures);
	quota_fini(&book->domains);
	quota_fini(&book->jids);
	hash_index_fini(&book->by_name);
	hash_index_fini(&book->by_peer);
	hash_index_fini(&book->by_jid);
	free(book);
}

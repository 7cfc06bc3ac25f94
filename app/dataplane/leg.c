/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "leg.h"
#include "relaxed.h"

#define NO_LEG UINT32_MAX

static uint32_t leg_index(const struct leg_table *t, const struct leg *leg)
{
	return (uint32_t)(leg - t->legs);
}

static uint64_t leg_id(const struct leg_table *t, const struct leg *leg)
{
	return (uint64_t)leg->generation << 32 | (t->first_id + leg_index(t, leg));
}

static struct wheel_timer *timer_at(void *ctx, uint32_t index)
{
	return &((struct leg_table *)ctx)->legs[index].timer;
}

/* --- gauges: which one a state counts in --- */

static const int gauge_of[LEG_STATES] = {
	[LEG_FREE] = -1,
	[LEG_HALF_OPEN] = LEG_GAUGE_HALF_OPEN,
	[LEG_PARKED] = LEG_GAUGE_UNCLAIMED,
	[LEG_CLAIMED] = LEG_GAUGE_CLAIMED,
	[LEG_RETIRED] = LEG_GAUGE_CLAIMED,
	[LEG_OPENING] = -1,
	[LEG_DEAD] = -1,
};

static void set_state(struct leg_table *t, struct leg *leg, enum leg_state state)
{
	int from = gauge_of[leg->state], to = gauge_of[state];

	if (from >= 0)
		relaxed_add(&t->stats->legs[from], (uint64_t)-1);
	if (to >= 0)
		relaxed_add(&t->stats->legs[to], 1);
	leg->state = (uint8_t)state;
}

/* --- unclaimed legs a source --- */

static __rte_always_inline bool source_match(const void *sources, uint32_t slot, const void *net)
{
	return ((const struct leg_source *)sources)[slot].net == *(const uint64_t *)net;
}

static uint64_t source_hash(const struct leg_table *t, uint64_t net)
{
	return tuple_mix(net ^ t->seed.k[0], t->seed.k[1]);
}

static bool source_full(const struct leg_table *t, const struct tuple *tuple)
{
	uint64_t net = tuple_source(tuple);
	uint32_t slot = tuple_index_find(&t->source_index, source_hash(t, net), source_match,
					 t->sources, &net);

	return slot != TUPLE_NO_SLOT && t->sources[slot].legs >= relaxed_load(&t->max_per_source);
}

static bool source_take(struct leg_table *t, const struct tuple *tuple)
{
	uint64_t net = tuple_source(tuple), hash = source_hash(t, net);
	uint32_t slot = tuple_index_find(&t->source_index, hash, source_match, t->sources, &net);

	if (slot == TUPLE_NO_SLOT) {
		if (t->n_free_sources == 0)
			return false;
		slot = t->free_sources[t->n_free_sources - 1];
		t->sources[slot] = (struct leg_source){.net = net};
		if (tuple_index_insert(&t->source_index, hash, slot) < 0)
			return false;
		t->n_free_sources--;
	}
	if (t->sources[slot].legs >= relaxed_load(&t->max_per_source))
		return false;
	t->sources[slot].legs++;
	return true;
}

static void source_give(struct leg_table *t, const struct tuple *tuple)
{
	uint64_t net = tuple_source(tuple), hash = source_hash(t, net);
	uint32_t slot = tuple_index_find(&t->source_index, hash, source_match, t->sources, &net);

	if (slot == TUPLE_NO_SLOT || --t->sources[slot].legs > 0)
		return;
	tuple_index_remove(&t->source_index, hash, slot);
	t->free_sources[t->n_free_sources++] = slot;
}

/* --- the table --- */

static uint32_t *stack_create(const char *name, uint32_t n)
{
	uint32_t *stack = rte_malloc(name, (size_t)n * sizeof(*stack), 0);
	uint32_t i;

	for (i = 0; stack != NULL && i < n; i++)
		stack[i] = n - 1 - i;
	return stack;
}

static uint32_t share_of(uint32_t total, unsigned int n)
{
	return total / n + (total % n != 0);
}

/*
 * Places for unclaimed legs.  Sources are spread evenly by their hash, but in whole sources: twice
 * a worker's share is not reached by chance but where there are few of them, which the second term
 * allows for.  So all workers together have no more than twice the places of one alone.
 */
static uint32_t unclaimed_places(const struct leg_limits *limits, unsigned int n)
{
	uint64_t places = 2 * (uint64_t)share_of(limits->unclaimed, n) +
			  4 * (uint64_t)limits->unclaimed_per_source;

	return (uint32_t)RTE_MIN(places, (uint64_t)limits->unclaimed);
}

int leg_table_init(struct leg_table *t, const struct leg_limits *limits,
		   const struct tuple_seed *seed, const struct leg_workers *workers,
		   uint64_t now_ms)
{
	memset(t, 0, sizeof(*t));
	t->seed = *seed;
	t->workers = *workers;
	t->stats = &workers->stats[workers->index];
	t->max_half_open = share_of(limits->half_open, workers->count);
	t->max_unclaimed = limits->unclaimed;
	t->max_per_source = limits->unclaimed_per_source;
	t->socks5_port = limits->socks5_port;
	t->rendezvous = limits->rendezvous;
	/* Claimed and opening legs come out of the same pool; when it is empty, SYNs wait. */
	t->n_free_sources = unclaimed_places(limits, workers->count);
	t->capacity = t->n_free = t->max_half_open + t->n_free_sources;
	t->first_id = workers->index * t->capacity;
	t->looked_ms = now_ms;
	t->news_head = t->news_tail = NO_LEG;
	t->legs = rte_zmalloc("legs", (size_t)t->capacity * sizeof(*t->legs), RTE_CACHE_LINE_SIZE);
	if (t->socks5_port != 0)
		t->negotiations = rte_zmalloc("negotiations",
					      (size_t)t->capacity * sizeof(*t->negotiations), 0);
	t->free_legs = stack_create("leg_free", t->capacity);
	t->sources = rte_zmalloc("leg_sources", (size_t)t->n_free_sources * sizeof(*t->sources), 0);
	t->free_sources = stack_create("leg_source_free", t->n_free_sources);
	if (t->legs == NULL || (t->socks5_port != 0 && t->negotiations == NULL) ||
	    t->free_legs == NULL || t->sources == NULL || t->free_sources == NULL ||
	    tuple_index_init(&t->index, t->capacity) < 0 ||
	    tuple_index_init(&t->source_index, t->n_free_sources) < 0) {
		leg_table_fini(t);
		return -ENOMEM;
	}
	timer_wheel_init(&t->wheel, timer_at, t, now_ms);
	return 0;
}

void leg_table_fini(struct leg_table *t)
{
	tuple_index_fini(&t->index);
	tuple_index_fini(&t->source_index);
	rte_free(t->legs);
	rte_free(t->negotiations);
	rte_free(t->free_legs);
	rte_free(t->sources);
	rte_free(t->free_sources);
	memset(t, 0, sizeof(*t));
}

static __rte_always_inline bool leg_match(const void *legs, uint32_t slot, const void *tuple)
{
	return tuple_equal(&((const struct leg *)legs)[slot].tuple, tuple);
}

void leg_fetch(const struct leg_table *t, uint64_t hash, const struct tuple *tuple)
{
	tuple_index_prefetch(&t->index, hash);
	tuple_index_prefetch(&t->source_index, source_hash(t, tuple_source(tuple)));
}

struct leg *leg_find(struct leg_table *t, uint64_t hash, const struct tuple *tuple)
{
	uint32_t slot = tuple_index_find(&t->index, hash, leg_match, t->legs, tuple);

	return slot != TUPLE_NO_SLOT ? &t->legs[slot] : NULL;
}

struct leg *leg_by_id(struct leg_table *t, uint64_t id)
{
	uint32_t index = (uint32_t)id - t->first_id;
	struct leg *leg;

	if (index >= t->capacity)
		return NULL;
	leg = &t->legs[index];
	if (leg->generation != id >> 32 || leg->state == LEG_FREE || leg->state == LEG_DEAD)
		return NULL;
	return leg;
}

/* --- news --- */

static void add_news(struct leg_table *t, struct leg *leg, enum leg_news news)
{
	uint32_t index = leg_index(t, leg);

	leg->news |= (uint8_t)news;
	leg->told = true;
	if (leg->in_news)
		return;
	leg->in_news = true;
	t->news_listed++;
	leg->news_next = NO_LEG;
	if (t->news_tail != NO_LEG)
		t->legs[t->news_tail].news_next = index;
	else
		t->news_head = index;
	t->news_tail = index;
}

static void give_back(struct leg_table *t, struct leg *leg)
{
	leg->generation++;
	leg->state = LEG_FREE;
	t->free_legs[t->n_free++] = leg_index(t, leg);
}

static void fill_report(const struct leg *leg, struct leg_report *r)
{
	memset(r, 0, sizeof(*r));
	tuple_to_four(&leg->tuple, &r->tuple);
	r->next_hop = leg->next_hop;
	r->snd_nxt = leg->iss + 1;
	r->rcv_nxt = leg->rcv_nxt;
	r->ts_const = leg->ts_const;
	r->ts_first = leg->ts_first;
	r->ts_recent = leg->ts_recent;
	r->window = leg->window;
	r->mss = leg->mss;
	r->wscale = leg->wscale;
	r->options = leg->options;
}

static const struct {
	enum leg_news news;
	enum mailbox_event_type event;
} news_events[] = {
	{LEG_NEWS_HALF_OPEN, MAILBOX_LEG_HALF_OPEN},
	{LEG_NEWS_ESTABLISHED, MAILBOX_LEG_ESTABLISHED},
	{LEG_NEWS_NAMED, MAILBOX_LEG_NAMED},
	{LEG_NEWS_RETIRED, MAILBOX_LEG_RETIRED},
	{LEG_NEWS_GONE, MAILBOX_LEG_GONE},
};

static void fill_event(const struct leg_table *t, const struct leg *leg, struct mailbox_event *ev)
{
	switch (ev->type) {
	case MAILBOX_LEG_RETIRED:
		fill_report(leg, &ev->report);
		break;
	case MAILBOX_LEG_GONE:
		ev->end = leg->end;
		break;
	case MAILBOX_LEG_NAMED:
		tuple_to_four(&leg->tuple, &ev->named.tuple);
		socks5_name(&leg_negotiation(t, leg)->socks5, ev->named.name);
		break;
	default:
		tuple_to_four(&leg->tuple, &ev->tuple);
	}
}

static bool tell_one(struct leg_table *t, struct leg *leg, struct mailbox *mb, unsigned int worker)
{
	struct mailbox_event ev = {.worker = worker, .id = leg_id(t, leg)};
	unsigned int i;

	for (i = 0; i < RTE_DIM(news_events); i++) {
		if (!(leg->news & news_events[i].news))
			continue;
		ev.type = news_events[i].event;
		fill_event(t, leg, &ev);
		if (!mailbox_post_event(mb, worker, &ev))
			return false;
		leg->news &= (uint8_t)~news_events[i].news;
	}
	return true;
}

void leg_table_tell(struct leg_table *t, struct mailbox *mb, unsigned int worker)
{
	while (t->news_head != NO_LEG) {
		struct leg *leg = &t->legs[t->news_head];

		if (!tell_one(t, leg, mb, worker))
			return;
		t->news_head = leg->news_next;
		if (t->news_head == NO_LEG)
			t->news_tail = NO_LEG;
		leg->in_news = false;
		t->news_told++;
		if (leg->state == LEG_DEAD)
			give_back(t, leg);
	}
}

/* --- life --- */

/* Gauges of other workers are on lines that these write all the time. */
static void look_around(struct leg_table *t)
{
	unsigned int i;

	t->others_unclaimed = 0;
	for (i = 0; i < t->workers.count; i++) {
		if (i != t->workers.index)
			t->others_unclaimed +=
				relaxed_load(&t->workers.stats[i].legs[LEG_GAUGE_UNCLAIMED]);
	}
}

static bool unclaimed_full(const struct leg_table *t)
{
	return t->stats->legs[LEG_GAUGE_UNCLAIMED] + t->others_unclaimed >= t->max_unclaimed;
}

bool leg_welcome(const struct leg_table *t, const struct tuple *tuple, enum drop_reason *why)
{
	*why = unclaimed_full(t) ? DROP_LEGS : DROP_LEGS_SOURCE;
	return *why != DROP_LEGS && !source_full(t, tuple);
}

/* Likewise, and then it is counted. */
static bool welcome(struct leg_table *t, const struct tuple *tuple, enum drop_reason *why)
{
	look_around(t);
	return leg_welcome(t, tuple, why) && source_take(t, tuple);
}

/* A leg without a state. */
static struct leg *take(struct leg_table *t, uint64_t hash, const struct tuple *tuple)
{
	struct leg *leg;
	uint32_t index;

	if (t->n_free == 0)
		return NULL;
	index = t->free_legs[t->n_free - 1];
	if (tuple_index_insert(&t->index, hash, index) < 0)
		return NULL;
	t->n_free--;
	leg = &t->legs[index];
	*leg = (struct leg){
		.tuple = *tuple,
		.hash = hash,
		.generation = leg->generation + 1,
		.timer.slot = WHEEL_NONE,
		.news_next = NO_LEG,
		.place = RENDEZVOUS_NOWHERE,
		.negotiates = leg_negotiates(t, tuple),
	};
	if (leg->negotiates)
		*leg_negotiation(t, leg) = (struct negotiation){0};
	return leg;
}

/* Of a leg that counts at a rendezvous address, it does no more. */
static void leave_place(struct leg_table *t, struct leg *leg)
{
	rendezvous_set_leave(t->rendezvous, leg->place);
	leg->place = RENDEZVOUS_NOWHERE;
}

/* Where a leg to this end counts; false: it is no open rendezvous address, or one that has enough. */
static bool enter_place(struct leg_table *t, const struct tuple *tuple, uint32_t *place)
{
	*place = RENDEZVOUS_NOWHERE;
	if (t->rendezvous == NULL || !rendezvous_set_spans(t->rendezvous, tuple))
		return true;
	*place = rendezvous_set_find(t->rendezvous, tuple);
	return rendezvous_set_enter(t->rendezvous, *place);
}

struct leg *leg_create(struct leg_table *t, uint64_t hash, const struct tuple *tuple,
		       enum drop_reason *why)
{
	struct leg *leg;
	uint32_t place;

	if (!leg_welcome(t, tuple, why))
		return NULL;
	*why = DROP_HALF_OPEN;
	if (t->stats->legs[LEG_GAUGE_HALF_OPEN] >= t->max_half_open)
		return NULL;
	*why = DROP_RENDEZVOUS;
	if (!enter_place(t, tuple, &place))
		return NULL;
	leg = take(t, hash, tuple);
	if (leg == NULL) {
		*why = DROP_HALF_OPEN;
		rendezvous_set_leave(t->rendezvous, place);
		return NULL;
	}
	leg->place = place;
	set_state(t, leg, LEG_HALF_OPEN);
	if (!leg->negotiates)
		add_news(t, leg, LEG_NEWS_HALF_OPEN);
	return leg;
}

static void park(struct leg_table *t, struct leg *leg)
{
	set_state(t, leg, LEG_PARKED);
	if (!leg->negotiates)
		add_news(t, leg, LEG_NEWS_ESTABLISHED);
}

struct leg *leg_create_parked(struct leg_table *t, uint64_t hash, const struct tuple *tuple,
			      enum drop_reason *why)
{
	struct leg *leg;

	if (!welcome(t, tuple, why))
		return NULL;
	leg = take(t, hash, tuple);
	if (leg == NULL) {
		*why = DROP_LEGS;
		source_give(t, tuple);
		return NULL;
	}
	park(t, leg);
	return leg;
}

bool leg_establish(struct leg_table *t, struct leg *leg, enum drop_reason *why)
{
	if (!welcome(t, &leg->tuple, why))
		return false;
	park(t, leg);
	return true;
}

void leg_name(struct leg_table *t, struct leg *leg)
{
	add_news(t, leg, LEG_NEWS_NAMED);
}

void leg_advance(struct leg_table *t, struct leg *leg, enum leg_state state)
{
	if (leg->state == LEG_PARKED)
		source_give(t, &leg->tuple);
	timer_wheel_disarm(&t->wheel, leg_index(t, leg));
	set_state(t, leg, state);
	if (state != LEG_RETIRED)
		return;
	leave_place(t, leg);
	add_news(t, leg, LEG_NEWS_RETIRED);
}

void leg_end(struct leg_table *t, struct leg *leg, enum leg_end end)
{
	bool was_retired = leg->state == LEG_RETIRED || leg->state == LEG_OPENING;

	if (leg->state == LEG_PARKED)
		source_give(t, &leg->tuple);
	timer_wheel_disarm(&t->wheel, leg_index(t, leg));
	tuple_index_remove(&t->index, leg->hash, leg_index(t, leg));
	leave_place(t, leg);
	set_state(t, leg, LEG_DEAD);
	leg->end = (uint8_t)end;
	if (!was_retired && leg->told)
		add_news(t, leg, LEG_NEWS_GONE);
	else if (!leg->in_news)
		give_back(t, leg);
}

void leg_arm(struct leg_table *t, struct leg *leg, uint64_t deadline_ms)
{
	timer_wheel_arm(&t->wheel, leg_index(t, leg), deadline_ms);
}

void leg_disarm(struct leg_table *t, struct leg *leg)
{
	timer_wheel_disarm(&t->wheel, leg_index(t, leg));
}

unsigned int leg_expire(struct leg_table *t, uint64_t now_ms, struct leg **legs)
{
	uint32_t indexes[LEG_EXPIRE_BURST];
	unsigned int i, n = timer_wheel_expire(&t->wheel, now_ms, indexes, LEG_EXPIRE_BURST);

	if (t->looked_ms != now_ms)
		look_around(t);
	t->looked_ms = now_ms;
	for (i = 0; i < n; i++)
		legs[i] = &t->legs[indexes[i]];
	return n;
}

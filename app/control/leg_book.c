/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The legs lie in one array as large as the limits allow, are entered by an event and found through
 * four indexes.  Nothing here grows from the wire; pages of the array nobody needed are never
 * touched.
 *
 * Life of a leg: added - (listed) - held - retired - opened or reset - forgotten.  Which side has
 * the last word depends on RETIRED: before it the owner ends every leg with GONE, a reset one too,
 * and the leg stays until then.  After it the owner is silent, so the leg is forgotten with the
 * last command posted for it.  So is a refused one: nobody cares for what becomes of it.
 *
 * Commands for one worker go out in the order of the legs' first refusal, and those of one leg in
 * the order of its life; a reset makes the others moot.
 * As long as a worker's queue holds anything new commands line up behind it.
 *
 * The control thread alone touches this.
 */
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "leg_book.h"

TAILQ_HEAD(leg_queue, leg);

struct leg_book {
	struct mailbox *mb;
	const struct siphash_key *key;
	struct hash_index by_id, by_tuple, by_source, by_port;
	struct leg *legs;
	size_t capacity, touched, count;
	struct leg_queue pool; /* used before and free again */
	unsigned int n_workers;
	struct leg_queue unposted[]; /* one a worker */
};

/* What a leg can be told, in the order of its life. */
static const enum mailbox_command_type life[] = {
	MAILBOX_LEG_ADMIT,  MAILBOX_LEG_REFUSE, MAILBOX_LEG_CLAIM,
	MAILBOX_LEG_RETIRE, MAILBOX_LEG_OPEN,	MAILBOX_LEG_RESET,
};

#define LIFE		  (sizeof(life) / sizeof(life[0]))
#define COMMAND_BIT(type) (1U << (type))

/* --- indexes --- */

static uint64_t hash_id(const struct leg_book *book, uint64_t id)
{
	return keyed_hash(book->key, &id, sizeof(id));
}

static uint64_t hash_tuple(const struct leg_book *book, const struct four_tuple *tuple)
{
	return keyed_hash(book->key, tuple, sizeof(*tuple));
}

static uint64_t hash_end(const struct leg_book *book, const struct in6_addr *addr, in_port_t port)
{
	unsigned char end[sizeof(*addr) + sizeof(port)];

	memcpy(end, addr, sizeof(*addr));
	memcpy(end + sizeof(*addr), &port, sizeof(port));
	return keyed_hash(book->key, end, sizeof(end));
}

static void list(struct leg_book *book, struct leg *leg)
{
	const struct four_tuple *t = &leg->tuple;

	hash_index_insert(&book->by_tuple, hash_tuple(book, t), &leg->by_tuple);
	hash_index_insert(&book->by_source, hash_end(book, &t->peer_addr, t->peer_port),
			  &leg->by_source);
	hash_index_insert(&book->by_port, hash_end(book, &t->relay_addr, t->peer_port),
			  &leg->by_port);
}

static void unlist(struct leg *leg)
{
	hash_index_remove(&leg->by_tuple);
	hash_index_remove(&leg->by_source);
	hash_index_remove(&leg->by_port);
}

struct leg *leg_book_find(const struct leg_book *book, uint64_t id)
{
	struct index_node *node;

	HASH_INDEX_FOREACH (node, &book->by_id, hash_id(book, id)) {
		struct leg *leg = CONTAINER(node, struct leg, by_id);

		if (leg->id == id)
			return leg;
	}
	return NULL;
}

struct leg *leg_by_tuple(const struct leg_book *book, const struct four_tuple *tuple)
{
	struct index_node *node;

	HASH_INDEX_FOREACH (node, &book->by_tuple, hash_tuple(book, tuple)) {
		struct leg *leg = CONTAINER(node, struct leg, by_tuple);

		if (memcmp(&leg->tuple, tuple, sizeof(*tuple)) == 0)
			return leg;
	}
	return NULL;
}

static struct index_node *chain_start(const struct hash_index *index, uint64_t hash)
{
	return LIST_FIRST(&index->chains[hash & index->mask]);
}

struct leg *leg_by_source(const struct leg_book *book, const struct in6_addr *addr, in_port_t port,
			  const struct leg *last)
{
	struct index_node *node =
		last != NULL ? LIST_NEXT(&last->by_source, link)
			     : chain_start(&book->by_source, hash_end(book, addr, port));

	for (; node != NULL; node = LIST_NEXT(node, link)) {
		struct leg *leg = CONTAINER(node, struct leg, by_source);

		if (leg->tuple.peer_port == port && IN6_ARE_ADDR_EQUAL(&leg->tuple.peer_addr, addr))
			return leg;
	}
	return NULL;
}

struct leg *leg_by_port(const struct leg_book *book, const struct in6_addr *relay_addr,
			in_port_t port, const struct leg *last)
{
	struct index_node *node =
		last != NULL ? LIST_NEXT(&last->by_port, link)
			     : chain_start(&book->by_port, hash_end(book, relay_addr, port));

	for (; node != NULL; node = LIST_NEXT(node, link)) {
		struct leg *leg = CONTAINER(node, struct leg, by_port);

		if (leg->tuple.peer_port == port &&
		    IN6_ARE_ADDR_EQUAL(&leg->tuple.relay_addr, relay_addr))
			return leg;
	}
	return NULL;
}

/* --- commands --- */

static bool post(struct leg_book *book, const struct leg *leg, enum mailbox_command_type type)
{
	const struct mailbox_command cmd = {
		.type = type,
		.id = leg->id,
		.flow = type == MAILBOX_LEG_OPEN ? leg->flow : 0,
		.side = type == MAILBOX_LEG_OPEN ? leg->side : 0,
	};

	return mailbox_post_command(book->mb, leg->worker, &cmd);
}

/* Post a leg's commands in the order of its life; false when the ring is full. */
static bool post_all(struct leg_book *book, struct leg *leg)
{
	for (size_t i = 0; i < LIFE; i++) {
		if ((leg->unposted & COMMAND_BIT(life[i])) == 0)
			continue;
		if (!post(book, leg, life[i]))
			return false;
		leg->unposted &= (uint8_t)~COMMAND_BIT(life[i]);
	}
	return true;
}

/* An owner that is silent already, and now has nothing more to be told. */
static bool is_over(const struct leg *leg)
{
	return leg->retired && leg->holder == NULL && leg->unposted == 0;
}

static void command(struct leg_book *book, struct leg *leg, enum mailbox_command_type type)
{
	struct leg_queue *queue = &book->unposted[leg->worker];
	bool queued = leg->unposted != 0;

	if (type == MAILBOX_LEG_RESET)
		leg->unposted = 0;
	leg->unposted |= (uint8_t)COMMAND_BIT(type);
	if (queued)
		return;
	if (!TAILQ_EMPTY(queue) || !post_all(book, leg))
		TAILQ_INSERT_TAIL(queue, leg, link);
	else if (is_over(leg))
		leg_book_remove(book, leg);
}

bool leg_book_post(struct leg_book *book)
{
	bool done = true;

	for (unsigned int i = 0; i < book->n_workers; i++) {
		struct leg_queue *queue = &book->unposted[i];
		struct leg *leg;

		while ((leg = TAILQ_FIRST(queue)) != NULL && post_all(book, leg)) {
			TAILQ_REMOVE(queue, leg, link);
			if (is_over(leg))
				leg_book_remove(book, leg);
		}
		done = done && leg == NULL;
	}
	return done;
}

/* --- what happens to a leg --- */

void leg_admit(struct leg_book *book, struct leg *leg)
{
	command(book, leg, MAILBOX_LEG_ADMIT);
}

void leg_refuse(struct leg_book *book, struct leg *leg)
{
	leg->retired = true;
	command(book, leg, MAILBOX_LEG_REFUSE);
}

void leg_keep(struct leg_book *book, struct leg *leg)
{
	if (!leg->kept)
		command(book, leg, MAILBOX_LEG_CLAIM);
	leg->kept = true;
}

void leg_hold(struct leg_book *book, struct leg *leg, struct party *holder, enum match_rule rule)
{
	leg->holder = holder;
	leg->rule = (uint8_t)rule;
	/* What a source port alone names cannot compete with the claim that holds this one. */
	if (rule > MATCH_PORT)
		hash_index_remove(&leg->by_port);
	leg_keep(book, leg);
}

void leg_retire(struct leg_book *book, struct leg *leg)
{
	command(book, leg, MAILBOX_LEG_RETIRE);
}

void leg_was_retired(struct leg_book *book, struct leg *leg)
{
	leg->retired = true;
	if (is_over(leg))
		leg_book_remove(book, leg);
}

void leg_open(struct leg_book *book, struct leg *leg, uint64_t flow, unsigned int side)
{
	unlist(leg);
	leg->holder = NULL;
	leg->flow = flow;
	leg->side = (uint8_t)side;
	command(book, leg, MAILBOX_LEG_OPEN);
}

void leg_reset(struct leg_book *book, struct leg *leg)
{
	unlist(leg);
	leg->holder = NULL;
	command(book, leg, MAILBOX_LEG_RESET);
}

/* --- the book --- */

struct leg *leg_book_add_named(struct leg_book *book, uint64_t id, uint32_t worker,
			       const struct four_tuple *tuple)
{
	struct leg *leg = TAILQ_FIRST(&book->pool);

	if (worker >= book->n_workers)
		return NULL;
	if (leg != NULL)
		TAILQ_REMOVE(&book->pool, leg, link);
	else if (book->touched < book->capacity)
		leg = &book->legs[book->touched++];
	else
		return NULL;

	memset(leg, 0, sizeof(*leg));
	leg->id = id;
	leg->worker = (uint16_t)worker;
	leg->tuple = *tuple;
	hash_index_insert(&book->by_id, hash_id(book, id), &leg->by_id);
	book->count++;
	return leg;
}

struct leg *leg_book_add(struct leg_book *book, uint64_t id, uint32_t worker,
			 const struct four_tuple *tuple)
{
	struct leg *leg = leg_book_add_named(book, id, worker, tuple);

	if (leg != NULL)
		list(book, leg);
	return leg;
}

void leg_book_remove(struct leg_book *book, struct leg *leg)
{
	if (leg->unposted != 0)
		TAILQ_REMOVE(&book->unposted[leg->worker], leg, link);
	unlist(leg);
	hash_index_remove(&leg->by_id);
	TAILQ_INSERT_HEAD(&book->pool, leg, link);
	book->count--;
}

size_t leg_book_count(const struct leg_book *book)
{
	return book->count;
}

struct leg_book *leg_book_create(size_t capacity, struct mailbox *mb, const struct siphash_key *key)
{
	unsigned int n_workers = mailbox_workers(mb);
	struct leg_book *book = calloc(1, sizeof(*book) + n_workers * sizeof(book->unposted[0]));

	if (book == NULL)
		return NULL;
	book->mb = mb;
	book->key = key;
	book->capacity = capacity;
	book->n_workers = n_workers;
	TAILQ_INIT(&book->pool);
	for (unsigned int i = 0; i < n_workers; i++)
		TAILQ_INIT(&book->unposted[i]);
	book->legs = calloc(capacity, sizeof(*book->legs));
	if (book->legs == NULL || hash_index_init(&book->by_id, capacity) < 0 ||
	    hash_index_init(&book->by_tuple, capacity) < 0 ||
	    hash_index_init(&book->by_source, capacity) < 0 ||
	    hash_index_init(&book->by_port, capacity) < 0) {
		leg_book_destroy(book);
		return NULL;
	}
	return book;
}

void leg_book_destroy(struct leg_book *book)
{
	if (book == NULL)
		return;
	hash_index_fini(&book->by_id);
	hash_index_fini(&book->by_tuple);
	hash_index_fini(&book->by_source);
	hash_index_fini(&book->by_port);
	free(book->legs);
	free(book);
}

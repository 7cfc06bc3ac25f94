/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "container.h"
#include "linger_book.h"

#define LOOK_EVERY_MS	1000
#define RESET_WITHIN_MS 5000
#define POST_AGAIN_MS	1

struct lingerer {
	struct index_node by_flow;
	struct deadline look;
	TAILQ_ENTRY(lingerer) link; /* in unposted */
	uint64_t flow;
	uint64_t until_ms;
	unsigned int worker;
	bool is_unposted;
};

int linger_init(struct linger_book *book, const struct siphash_key *key,
		const struct mailbox_splicer *splicer, struct mailbox *mb, size_t entries)
{
	book->key = key;
	book->splicer = splicer;
	book->mb = mb;
	book->count = 0;
	deadline_queue_init(&book->looks, LOOK_EVERY_MS);
	TAILQ_INIT(&book->unposted);
	return hash_index_init(&book->by_flow, entries);
}

static uint64_t hash_flow(const struct linger_book *book, uint64_t flow)
{
	return keyed_hash(book->key, &flow, sizeof(flow));
}

static void forget(struct linger_book *book, struct lingerer *l)
{
	if (l->is_unposted)
		TAILQ_REMOVE(&book->unposted, l, link);
	deadline_stop(&l->look);
	hash_index_remove(&l->by_flow);
	book->count--;
	free(l);
}

static void finish(struct linger_book *book, struct lingerer *l)
{
	book->splicer->remove(book->splicer->ctx, l->flow);
	forget(book, l);
}

void linger_fini(struct linger_book *book)
{
	struct deadline *look;

	if (book->by_flow.chains == NULL)
		return;
	while ((look = deadline_first(&book->looks)) != NULL)
		forget(book, CONTAINER(look, struct lingerer, look));
	hash_index_fini(&book->by_flow);
}

static struct lingerer *add(struct linger_book *book, uint64_t flow, uint64_t for_ms,
			    uint64_t now_ms)
{
	struct lingerer *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->flow = flow;
	l->until_ms = now_ms + for_ms;
	hash_index_insert(&book->by_flow, hash_flow(book, flow), &l->by_flow);
	deadline_start(&book->looks, &l->look, now_ms);
	book->count++;
	return l;
}

void linger_add(struct linger_book *book, uint64_t flow, uint64_t for_ms, uint64_t now_ms)
{
	if (add(book, flow, for_ms, now_ms) == NULL)
		book->splicer->remove(book->splicer->ctx, flow);
}

static bool post_reset(struct linger_book *book, uint64_t flow, unsigned int worker)
{
	const struct mailbox_command cmd = {.type = MAILBOX_FLOW_RESET, .id = flow};

	return mailbox_post_command(book->mb, worker, &cmd);
}

void linger_reset(struct linger_book *book, uint64_t flow, unsigned int worker, uint64_t now_ms)
{
	struct lingerer *l = add(book, flow, RESET_WITHIN_MS, now_ms);

	if (l == NULL) {
		book->splicer->remove(book->splicer->ctx, flow);
		return;
	}
	l->worker = worker;
	l->is_unposted = !post_reset(book, flow, worker);
	if (l->is_unposted)
		TAILQ_INSERT_TAIL(&book->unposted, l, link);
}

void linger_reset_done(struct linger_book *book, uint64_t flow)
{
	struct index_node *node;

	HASH_INDEX_FOREACH (node, &book->by_flow, hash_flow(book, flow)) {
		struct lingerer *l = CONTAINER(node, struct lingerer, by_flow);

		if (l->flow == flow) {
			finish(book, l);
			return;
		}
	}
}

bool linger_evict(struct linger_book *book)
{
	struct deadline *look = deadline_first(&book->looks);

	if (look != NULL)
		finish(book, CONTAINER(look, struct lingerer, look));
	return look != NULL;
}

static void look_at(struct linger_book *book, struct lingerer *l, uint64_t now_ms)
{
	struct flow_status status;

	if (book->splicer->status(book->splicer->ctx, l->flow, &status) < 0)
		forget(book, l); /* it is gone already */
	else if (status.state == FLOW_SUPERSEDED || now_ms >= l->until_ms)
		finish(book, l);
	else
		deadline_start(&book->looks, &l->look, now_ms);
}

uint64_t linger_tick(struct linger_book *book, unsigned int batch, uint64_t now_ms)
{
	struct lingerer *l;
	struct deadline *look;

	while ((l = TAILQ_FIRST(&book->unposted)) != NULL && post_reset(book, l->flow, l->worker)) {
		TAILQ_REMOVE(&book->unposted, l, link);
		l->is_unposted = false;
	}
	while (batch-- > 0 && (look = deadline_due(&book->looks, now_ms)) != NULL)
		look_at(book, CONTAINER(look, struct lingerer, look), now_ms);
	return TAILQ_EMPTY(&book->unposted) ? deadline_wait(&book->looks, now_ms) : POST_AGAIN_MS;
}

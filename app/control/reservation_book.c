/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "container.h"
#include "reservation_book.h"

#define HOST_DRAWS 8 /* 64 random bits that are taken already are drawn again; so often never */

/* What nobody may guess: the port by one, the host part of the address by the other. */
struct draw {
	uint64_t port, host;
};

/* --- the book --- */

static bool has_v4(const struct config *cfg)
{
	for (unsigned int i = 0; i < cfg->n_ports; i++) {
		for (unsigned int j = 0; j < cfg->ports[i].n_addresses; j++) {
			if (IN6_IS_ADDR_V4MAPPED(&cfg->ports[i].addresses[j].addr))
				return true;
		}
	}
	return false;
}

static bool has_v6(const struct config *cfg)
{
	return !IN6_IS_ADDR_UNSPECIFIED(&cfg->rendezvous.prefix.addr);
}

static int init_ports(struct reservation_book *book)
{
	const struct config_range *range = &book->cfg->rendezvous.ports;

	if (!has_v4(book->cfg))
		return 0;
	book->n_ports = book->n_free = (uint32_t)range->last - range->first + 1;
	book->by_port = calloc(book->n_ports, sizeof(*book->by_port));
	book->free_ports = calloc(book->n_ports, sizeof(*book->free_ports));
	book->resting = calloc(book->n_ports, sizeof(*book->resting));
	if (book->by_port == NULL || book->free_ports == NULL || book->resting == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < book->n_ports; i++)
		book->free_ports[i] = (uint16_t)i;
	return 0;
}

int reservation_book_init(struct reservation_book *book, const struct config *cfg,
			  const struct siphash_key *key, reservation_watcher *watcher, void *ctx)
{
	int r;

	*book = (struct reservation_book){
		.cfg = cfg, .key = key, .watcher = watcher, .watcher_ctx = ctx};
	deadline_queue_init(&book->held, cfg->timers.reserve_ms);
	r = init_ports(book);
	if (r == 0)
		r = hash_index_init(&book->by_jid, RESERVATIONS_MAX);
	if (r == 0)
		r = hash_index_init(&book->by_addr6, RESERVATIONS_MAX);
	if (r == 0)
		r = quota_init(&book->jids, QUOTA_JID, key, RESERVATIONS_MAX);
	book->jids.limit = cfg->limits.reservations_per_jid;
	return r;
}

void reservation_book_reconfigure(struct reservation_book *book)
{
	deadline_queue_set(&book->held, book->cfg->timers.reserve_ms);
	book->jids.limit = book->cfg->limits.reservations_per_jid;
}

void reservation_book_fini(struct reservation_book *book)
{
	struct deadline *deadline;

	if (book->cfg == NULL)
		return;
	while ((deadline = deadline_first(&book->held)) != NULL)
		reservation_end(book, CONTAINER(deadline, struct reservation, deadline), 0);
	quota_fini(&book->jids);
	hash_index_fini(&book->by_addr6);
	hash_index_fini(&book->by_jid);
	free(book->resting);
	free(book->free_ports);
	free(book->by_port);
	memset(book, 0, sizeof(*book));
}

/* --- finding --- */

static uint64_t hash_seat(const struct reservation_book *book, const char *sid, const char *jid)
{
	return keyed_hash_of(book->key, keyed_hash_text(book->key, sid),
			     keyed_hash_text(book->key, jid));
}

static uint64_t hash_addr(const struct reservation_book *book, const struct in6_addr *addr)
{
	return keyed_hash(book->key, addr, sizeof(*addr));
}

bool reservation_is_for(const struct reservation_book *book, const struct reservation *r,
			const char *sid, const char *jid)
{
	uint64_t hash = hash_seat(book, sid, jid);

	return r->seat[0].hash == hash || r->seat[1].hash == hash;
}

struct reservation *reservation_of(const struct reservation_book *book, const char *sid,
				   const char *jid, const struct reservation *last)
{
	uint64_t hash = hash_seat(book, sid, jid);
	struct index_node *node;
	bool passed = last == NULL;

	HASH_INDEX_FOREACH (node, &book->by_jid, hash) {
		struct reservation_seat *seat = CONTAINER(node, struct reservation_seat, node);

		if (seat->hash != hash)
			continue;
		if (passed)
			return seat->reservation;
		passed = seat->reservation == last;
	}
	return NULL;
}

struct reservation *reservation_find(const struct reservation_book *book, const char *sid,
				     const char *jid, const char *peer)
{
	uint64_t hash = hash_seat(book, sid, jid), other = hash_seat(book, sid, peer);
	struct index_node *node;

	HASH_INDEX_FOREACH (node, &book->by_jid, hash) {
		struct reservation_seat *seat = CONTAINER(node, struct reservation_seat, node);
		struct reservation *r = seat->reservation;

		if (seat->hash == hash && r->seat[seat == &r->seat[0]].hash == other)
			return r;
	}
	return NULL;
}

static struct reservation *at_addr6(const struct reservation_book *book,
				    const struct in6_addr *addr)
{
	struct index_node *node;

	HASH_INDEX_FOREACH (node, &book->by_addr6, hash_addr(book, addr)) {
		struct reservation *r = CONTAINER(node, struct reservation, by_addr6);

		if (IN6_ARE_ADDR_EQUAL(&r->addr6, addr))
			return r;
	}
	return NULL;
}

struct reservation *reservation_at(const struct reservation_book *book,
				   const struct in6_addr *relay_addr, in_port_t relay_port)
{
	uint32_t port = ntohs(relay_port), first = book->cfg->rendezvous.ports.first;

	if (IN6_IS_ADDR_V4MAPPED(relay_addr))
		return port >= first && port - first < book->n_ports
			       ? book->by_port[port - first].holder
			       : NULL;
	return port == book->cfg->endpoint.port ? at_addr6(book, relay_addr) : NULL;
}

/* --- addresses --- */

static void end_rest(struct reservation_book *book, uint64_t now_ms)
{
	while (book->n_resting > 0 && book->resting[book->first_resting].until_ms <= now_ms) {
		book->free_ports[book->n_free++] = book->resting[book->first_resting].place;
		book->first_resting = (book->first_resting + 1) % book->n_ports;
		book->n_resting--;
	}
}

static void give_port(struct reservation_book *book, struct reservation *r, uint64_t random)
{
	uint32_t chosen = (uint32_t)(random % book->n_free);
	uint16_t place = book->free_ports[chosen];

	book->free_ports[chosen] = book->free_ports[--book->n_free];
	book->by_port[place].holder = r;
	r->port = htons((uint16_t)(book->cfg->rendezvous.ports.first + place));
}

static void rest_port(struct reservation_book *book, const struct reservation *r, uint64_t now_ms)
{
	uint16_t place = (uint16_t)(ntohs(r->port) - book->cfg->rendezvous.ports.first);
	uint32_t last = (book->first_resting + book->n_resting++) % book->n_ports;

	book->by_port[place].holder = NULL;
	book->resting[last].place = place;
	book->resting[last].until_ms = now_ms + RESERVATION_QUARANTINE_MS;
}

/* The prefix may be shorter than /64: all are of its first one.  False: draw again.  An all-zero
 * host part is every router's (RFC 4291 2.6.1). */
static bool give_addr6(struct reservation_book *book, struct reservation *r, uint64_t random)
{
	struct in6_addr addr = book->cfg->rendezvous.prefix.addr;

	memcpy(&addr.s6_addr[8], &random, sizeof(random));
	if (random == 0 || at_addr6(book, &addr) != NULL)
		return false;
	r->addr6 = addr;
	hash_index_insert(&book->by_addr6, hash_addr(book, &addr), &r->by_addr6);
	return true;
}

static int give_addresses(struct reservation_book *book, struct reservation *r)
{
	struct draw draw;
	int tries = 0;

	do {
		/* Up to 256 bytes come whole or not at all, getrandom(2). */
		if (getrandom(&draw, sizeof(draw), 0) != sizeof(draw))
			return -errno;
		if (tries++ == HOST_DRAWS)
			return -ENOSPC;
	} while (has_v6(book->cfg) && !give_addr6(book, r, draw.host));
	if (book->n_ports > 0)
		give_port(book, r, draw.port);
	return 0;
}

/* --- their life --- */

static void seat(struct reservation_book *book, struct reservation *r, unsigned int side,
		 const char *sid, const char *jid)
{
	r->seat[side].reservation = r;
	r->seat[side].hash = hash_seat(book, sid, jid);
	hash_index_insert(&book->by_jid, r->seat[side].hash, &r->seat[side].node);
}

static int charge(struct reservation_book *book, const char *jid, struct quota_entry **entry)
{
	switch (quota_take(&book->jids, jid, entry)) {
	case QUOTA_OK:
		return 0;
	case QUOTA_NO_MEMORY:
		return -ENOMEM;
	default:
		return -EDQUOT;
	}
}

static int begin(struct reservation_book *book, const char *sid, const char *jid, const char *peer,
		 struct reservation **out)
{
	struct reservation *r;
	int err;

	if (book->count == RESERVATIONS_MAX || (book->n_ports > 0 && book->n_free == 0))
		return -ENOSPC;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return -ENOMEM;
	err = charge(book, jid, &r->quota);
	if (err == 0)
		err = give_addresses(book, r);
	if (err < 0) {
		quota_release(r->quota);
		free(r);
		return err;
	}
	seat(book, r, 0, sid, jid);
	seat(book, r, 1, sid, peer);
	book->count++;
	if (book->watcher != NULL)
		book->watcher(book->watcher_ctx, r, true);
	*out = r;
	return 0;
}

int reservation_take(struct reservation_book *book, const char *sid, const char *jid,
		     const char *peer, uint64_t now_ms, struct reservation **out)
{
	struct reservation *r = reservation_find(book, sid, jid, peer);
	int err = 0;

	end_rest(book, now_ms);
	if (r == NULL)
		err = begin(book, sid, jid, peer, &r);
	if (err < 0)
		return err;
	if (r->session == NULL)
		deadline_start(&book->held, &r->deadline, now_ms);
	*out = r;
	return 0;
}

void reservation_lend(struct reservation *r, struct session *session)
{
	r->session = session;
	deadline_stop(&r->deadline);
}

void reservation_give_back(struct reservation_book *book, struct reservation *r, uint64_t now_ms)
{
	r->session = NULL;
	deadline_start(&book->held, &r->deadline, now_ms);
}

void reservation_end(struct reservation_book *book, struct reservation *r, uint64_t now_ms)
{
	if (book->watcher != NULL)
		book->watcher(book->watcher_ctx, r, false);
	deadline_stop(&r->deadline);
	hash_index_remove(&r->seat[0].node);
	hash_index_remove(&r->seat[1].node);
	hash_index_remove(&r->by_addr6);
	if (r->port != 0)
		rest_port(book, r, now_ms);
	quota_release(r->quota);
	book->count--;
	free(r);
}

uint64_t reservation_tick(struct reservation_book *book, unsigned int batch, uint64_t now_ms)
{
	struct deadline *deadline;

	while (batch-- > 0 && (deadline = deadline_due(&book->held, now_ms)) != NULL)
		reservation_end(book, CONTAINER(deadline, struct reservation, deadline), now_ms);
	return deadline_wait(&book->held, now_ms);
}

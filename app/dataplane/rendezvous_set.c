/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_malloc.h>

#include "relaxed.h"
#include "rendezvous_set.h"

static struct rendezvous_place *hosts_of(const struct rendezvous_set *s)
{
	return &s->places[s->n_ports];
}

static bool has_id(const void *records, uint32_t slot, const void *key)
{
	const struct rendezvous_place *hosts = records;

	return relaxed_load(&hosts[slot].id) == *(const uint64_t *)key;
}

/* Ids are drawn at random, so they are their own hashes: what strangers ask for is not entered. */
static uint32_t find_host(const struct rendezvous_set *s, uint64_t id)
{
	return tuple_index_find(&s->by_id, id, has_id, hosts_of(s), &id);
}

static void read_prefix(struct rendezvous_set *s, const struct config_address *prefix)
{
	s->has_prefix = !IN6_IS_ADDR_UNSPECIFIED(&prefix->addr);
	s->prefix = tuple_half(&prefix->addr, 0);
	s->mask = prefix->prefix_len == 0
			  ? 0
			  : rte_cpu_to_be_64(UINT64_MAX << (64 - prefix->prefix_len));
}

int rendezvous_set_init(struct rendezvous_set *s, const struct config *cfg)
{
	uint32_t n_hosts;

	memset(s, 0, sizeof(*s));
	s->range = cfg->rendezvous.ports;
	s->n_ports = (uint32_t)s->range.last - s->range.first + 1;
	s->service_port = rte_cpu_to_be_16(cfg->endpoint.port);
	read_prefix(s, &cfg->rendezvous.prefix);
	n_hosts = s->has_prefix ? RENDEZVOUS_ADDRESSES : 0;
	s->places = rte_zmalloc("rendezvous_places", (s->n_ports + n_hosts) * sizeof(*s->places),
				RTE_CACHE_LINE_SIZE);
	if (s->places == NULL)
		return -ENOMEM;
	if (!s->has_prefix)
		return 0;
	s->free_hosts = rte_malloc("rendezvous_free", n_hosts * sizeof(*s->free_hosts), 0);
	if (s->free_hosts == NULL)
		return -ENOMEM;
	for (; s->n_free < n_hosts; s->n_free++)
		s->free_hosts[s->n_free] = s->n_free;
	return tuple_index_init(&s->by_id, n_hosts);
}

void rendezvous_set_fini(struct rendezvous_set *s)
{
	tuple_index_fini(&s->by_id);
	rte_free(s->free_hosts);
	rte_free(s->places);
	memset(s, 0, sizeof(*s));
}

static void add_host(struct rendezvous_set *s, uint64_t id, enum mailbox_rendezvous state)
{
	uint32_t slot;

	if (s->n_free == 0)
		return;
	slot = s->free_hosts[s->n_free - 1];
	relaxed_store(&hosts_of(s)[slot].id, id);
	relaxed_store(&hosts_of(s)[slot].state, (uint32_t)state);
	if (tuple_index_insert(&s->by_id, id, slot) == 0)
		s->n_free--;
}

static void set_host(struct rendezvous_set *s, uint64_t id, enum mailbox_rendezvous state)
{
	uint32_t slot = find_host(s, id);

	if (slot == TUPLE_NO_SLOT) {
		if (state != MAILBOX_RENDEZVOUS_FREE)
			add_host(s, id, state);
		return;
	}
	relaxed_store(&hosts_of(s)[slot].state, (uint32_t)state);
	if (state != MAILBOX_RENDEZVOUS_FREE)
		return;
	tuple_index_remove(&s->by_id, id, slot);
	s->free_hosts[s->n_free++] = slot;
}

void rendezvous_set_state(struct rendezvous_set *s, in_port_t port, const struct in6_addr *addr6,
			  enum mailbox_rendezvous state)
{
	if (port != 0)
		relaxed_store(&s->places[rte_be_to_cpu_16(port) - s->range.first].state,
			      (uint32_t)state);
	if (s->has_prefix && !IN6_IS_ADDR_UNSPECIFIED(addr6))
		set_host(s, tuple_half(addr6, 1), state);
}

uint32_t rendezvous_set_find(const struct rendezvous_set *s, const struct tuple *t)
{
	uint32_t slot;

	if (!t->v6)
		return (uint32_t)rte_be_to_cpu_16(t->ends.relay_port) - s->range.first;
	/* The prefix may have more than one network: reserved are addresses of its first. */
	if (tuple_half(&t->wide.relay, 0) != s->prefix)
		return RENDEZVOUS_NOWHERE;
	slot = find_host(s, tuple_half(&t->wide.relay, 1));
	return slot == TUPLE_NO_SLOT ? RENDEZVOUS_NOWHERE : s->n_ports + slot;
}

bool rendezvous_set_enter(struct rendezvous_set *s, uint32_t place)
{
	uint32_t *legs;

	if (rendezvous_set_state_of(s, place) != MAILBOX_RENDEZVOUS_OPEN)
		return false;
	legs = &s->places[place].legs;
	if (__atomic_fetch_add(legs, 1, __ATOMIC_RELAXED) < RENDEZVOUS_LEGS)
		return true;
	__atomic_fetch_sub(legs, 1, __ATOMIC_RELAXED);
	return false;
}

void rendezvous_set_leave(struct rendezvous_set *s, uint32_t place)
{
	if (place != RENDEZVOUS_NOWHERE)
		__atomic_fetch_sub(&s->places[place].legs, 1, __ATOMIC_RELAXED);
}

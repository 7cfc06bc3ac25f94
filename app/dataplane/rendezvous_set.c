/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_malloc.h>

#include "relaxed.h"
#include "rendezvous_set.h"

#define PORTS 65536

static bool has_id(const void *records, uint32_t slot, const void *key)
{
	const struct rendezvous_host *hosts = records;

	return relaxed_load(&hosts[slot].id) == *(const uint64_t *)key;
}

/* Ids are drawn at random, so they are their own hashes: what strangers ask for is not entered. */
static uint32_t find_host(const struct rendezvous_set *s, uint64_t id)
{
	return tuple_index_find(&s->by_id, id, has_id, s->hosts, &id);
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
	memset(s, 0, sizeof(*s));
	s->range = cfg->rendezvous.ports;
	s->service_port = rte_cpu_to_be_16(cfg->endpoint.port);
	read_prefix(s, &cfg->rendezvous.prefix);
	s->ports = rte_zmalloc("rendezvous_ports", PORTS, RTE_CACHE_LINE_SIZE);
	if (s->ports == NULL)
		return -ENOMEM;
	if (!s->has_prefix)
		return 0;
	s->hosts = rte_zmalloc("rendezvous_hosts", RENDEZVOUS_ADDRESSES * sizeof(*s->hosts), 0);
	s->free_hosts =
		rte_malloc("rendezvous_free", RENDEZVOUS_ADDRESSES * sizeof(*s->free_hosts), 0);
	if (s->hosts == NULL || s->free_hosts == NULL)
		return -ENOMEM;
	while (s->n_free < RENDEZVOUS_ADDRESSES) {
		s->free_hosts[s->n_free] = s->n_free;
		s->n_free++;
	}
	return tuple_index_init(&s->by_id, RENDEZVOUS_ADDRESSES);
}

void rendezvous_set_fini(struct rendezvous_set *s)
{
	tuple_index_fini(&s->by_id);
	rte_free(s->free_hosts);
	rte_free(s->hosts);
	rte_free(s->ports);
	memset(s, 0, sizeof(*s));
}

static void add_host(struct rendezvous_set *s, uint64_t id, enum mailbox_rendezvous state)
{
	uint32_t slot;

	if (s->n_free == 0)
		return;
	slot = s->free_hosts[s->n_free - 1];
	relaxed_store(&s->hosts[slot].id, id);
	relaxed_store(&s->hosts[slot].state, (uint32_t)state);
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
	relaxed_store(&s->hosts[slot].state, (uint32_t)state);
	if (state != MAILBOX_RENDEZVOUS_FREE)
		return;
	tuple_index_remove(&s->by_id, id, slot);
	s->free_hosts[s->n_free++] = slot;
}

void rendezvous_set_state(struct rendezvous_set *s, in_port_t port, const struct in6_addr *addr6,
			  enum mailbox_rendezvous state)
{
	if (port != 0)
		relaxed_store(&s->ports[rte_be_to_cpu_16(port)], (uint8_t)state);
	if (s->has_prefix && !IN6_IS_ADDR_UNSPECIFIED(addr6))
		set_host(s, tuple_half(addr6, 1), state);
}

enum mailbox_rendezvous rendezvous_set_find(const struct rendezvous_set *s, const struct tuple *t)
{
	uint32_t slot;

	if (!t->v6)
		return relaxed_load(&s->ports[rte_be_to_cpu_16(t->ends.relay_port)]);
	/* The prefix may be longer than a network: reserved are addresses of its first. */
	if (tuple_half(&t->wide.relay, 0) != s->prefix)
		return MAILBOX_RENDEZVOUS_FREE;
	slot = find_host(s, tuple_half(&t->wide.relay, 1));
	return slot == TUPLE_NO_SLOT ? MAILBOX_RENDEZVOUS_FREE
				     : (enum mailbox_rendezvous)relaxed_load(&s->hosts[slot].state);
}

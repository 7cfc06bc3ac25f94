/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which rendezvous addresses take connections (DESIGN 2.2): a place for each port of the range, the
 * same on every IPv4 address of the relay, and for each IPv6 address that is reserved.
 *
 * The control thread alone gives an address its state, workers read it without locks.  One that reads
 * while it changes sees the old one or the new: a SYN came before or after.  How many legs a place
 * has the workers count together, atomically, for those of one address are of several owners: a SYN
 * there is seldom.  A leg counts at its place until it is chosen for a splice or ends, even if the
 * address is another one by then: then that one takes fewer for a moment, never more.
 */
#ifndef TANDEM_RENDEZVOUS_SET_H
#define TANDEM_RENDEZVOUS_SET_H

#include "config.h"
#include "mailbox.h"
#include "relaxed.h"
#include "tuple.h"
#include "tuple_index.h"

#define RENDEZVOUS_ADDRESSES 65536 /* of IPv6 that can be reserved at a time */

#define RENDEZVOUS_LEGS	   4 /* at a place */
#define RENDEZVOUS_NOWHERE UINT32_MAX

struct rendezvous_place {
	uint64_t id; /* of IPv6: the address's last 64 bits, as they stand in it */
	uint32_t state;
	uint32_t legs; /* the workers' */
};

struct rendezvous_set {
	struct config_range range;
	rte_be16_t service_port; /* of IPv6 */
	bool has_prefix;
	uint64_t prefix, mask;		 /* of IPv6, the first 64 bits */
	struct rendezvous_place *places; /* of the ports, then of hosts */
	uint32_t n_ports;
	struct tuple_index by_id; /* of hosts */
	uint32_t *free_hosts;	  /* stack, the writer's */
	uint32_t n_free;
};

/* Nothing is reserved yet.  Memory is from the EAL's heap.  -ENOMEM; rendezvous_set_fini() is allowed
 * after that, and on a zeroed set. */
int rendezvous_set_init(struct rendezvous_set *s, const struct config *cfg);
void rendezvous_set_fini(struct rendezvous_set *s);

/* As mailbox_splicer has it.  On the control thread.  An IPv6 address beyond what can be reserved
 * stays free. */
void rendezvous_set_state(struct rendezvous_set *s, in_port_t port, const struct in6_addr *addr6,
			  enum mailbox_rendezvous state);

/* Is it of the prefix? */
static inline bool rendezvous_set_covers(const struct rendezvous_set *s,
					 const struct in6_addr *addr)
{
	return s->has_prefix && ((tuple_half(addr, 0) ^ s->prefix) & s->mask) == 0;
}

/* Is the relay's end of `t` a rendezvous address, of IPv4 if it is the relay's at all? */
static inline bool rendezvous_set_spans(const struct rendezvous_set *s, const struct tuple *t)
{
	uint16_t port = rte_be_to_cpu_16(t->ends.relay_port);

	if (!t->v6)
		return port >= s->range.first && port <= s->range.last;
	return t->ends.relay_port == s->service_port && rendezvous_set_covers(s, &t->wide.relay);
}

/* The place of an end that the set spans; RENDEZVOUS_NOWHERE: of an IPv6 address that is free. */
uint32_t rendezvous_set_find(const struct rendezvous_set *s, const struct tuple *t);

static inline enum mailbox_rendezvous rendezvous_set_state_of(const struct rendezvous_set *s,
							      uint32_t place)
{
	if (place == RENDEZVOUS_NOWHERE)
		return MAILBOX_RENDEZVOUS_FREE;
	return (enum mailbox_rendezvous)relaxed_load(&s->places[place].state);
}

/* One leg more at an open place; false when it is not open, or has as many as it may. */
bool rendezvous_set_enter(struct rendezvous_set *s, uint32_t place);
/* One less; NOWHERE is allowed. */
void rendezvous_set_leave(struct rendezvous_set *s, uint32_t place);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which rendezvous addresses take connections (DESIGN 2.2): a state each of the 65,536 ports, the
 * same on every IPv4 address of the relay, and of the IPv6 addresses that are reserved.
 *
 * The control thread alone writes, workers read without locks.  A worker that reads while an address
 * changes its state sees the old one or the new: a SYN came before or after.
 */
#ifndef TANDEM_RENDEZVOUS_SET_H
#define TANDEM_RENDEZVOUS_SET_H

#include "config.h"
#include "mailbox.h"
#include "tuple.h"
#include "tuple_index.h"

#define RENDEZVOUS_ADDRESSES 65536 /* of IPv6 that can be reserved at a time */

struct rendezvous_host {
	uint64_t id; /* the address's last 64 bits, as they stand in it */
	uint32_t state;
};

struct rendezvous_set {
	struct config_range range;
	rte_be16_t service_port; /* of IPv6 */
	bool has_prefix;
	uint64_t prefix, mask; /* of IPv6, the first 64 bits */
	uint8_t *ports;
	struct rendezvous_host *hosts;
	struct tuple_index by_id;
	uint32_t *free_hosts; /* stack, the writer's */
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

/* Is the relay's end of `t` a rendezvous address, of IPv4 if it is the relay's at all? */
static inline bool rendezvous_set_spans(const struct rendezvous_set *s, const struct tuple *t)
{
	uint16_t port = rte_be_to_cpu_16(t->ends.relay_port);

	if (!t->v6)
		return port >= s->range.first && port <= s->range.last;
	return s->has_prefix && t->ends.relay_port == s->service_port &&
	       ((tuple_half(&t->wide.relay, 0) ^ s->prefix) & s->mask) == 0;
}

/* Of an end that the set spans. */
enum mailbox_rendezvous rendezvous_set_find(const struct rendezvous_set *s, const struct tuple *t);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Auto last hop, DESIGN 3: what is sent to a leg leaves by the port, and goes to the MAC, that its
 * own packets come from.
 */
#ifndef TANDEM_LAST_HOP_H
#define TANDEM_LAST_HOP_H

#include "flow_table.h"
#include "next_hop.h"
#include "packet.h"

/*
 * `p` of the direction `slot` came by another way than its leg's packets did: believe it (a router
 * failed over) only when it is whole, exactly the next segment and acknowledges what can be.
 * Call it before track_packet().
 */
void last_hop_learn(const struct flow_table *t, uint32_t slot, const struct packet *p,
		    uint64_t hop);

static inline void last_hop_check(const struct flow_table *t, uint32_t slot, const struct packet *p)
{
	uint64_t hop = next_hop_make(p->port, 0, &p->eth->src_addr);

	if (unlikely(hop != relaxed_load(&t->tracks[slot ^ 1].next_hop)))
		last_hop_learn(t, slot, p, hop);
}

#endif

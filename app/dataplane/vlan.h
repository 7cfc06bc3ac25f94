/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The 802.1Q tag of a port that has a VLAN.
 *
 * It is taken off a frame before anything else looks at it, and put on when it leaves: in between,
 * and behind the port's TAP, all frames are untagged, and no step of the packet path knows of tags.
 * Which VLAN a frame leaves in is thus said by its port's configuration alone, not by the tag that
 * its leg's packets came with: on one port these cannot differ, and after a change of the
 * configuration it is the new one that holds.
 *
 * Tags are bytes of the frame, never an offload: not every kind of port has one.  The priority (PCP
 * and DEI) of a relayed frame is kept from tag to tag; frames of the relay's own and of the kernel
 * have 0, and so have those that came without a tag.
 */
#ifndef TANDEM_VLAN_H
#define TANDEM_VLAN_H

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "dataplane_stats.h"

#define VLAN_ID_MASK 0x0fff

/* A tag, of a customer's or a provider's network (QinQ). */
static inline bool vlan_is_tag(rte_be16_t ether_type)
{
	return ether_type == RTE_BE16(RTE_ETHER_TYPE_VLAN) ||
	       ether_type == RTE_BE16(RTE_ETHER_TYPE_QINQ);
}

/*
 * Take the tag of VLAN `vlan` off the frame; 0 is a mere priority.  False: it has none, or that of
 * another VLAN, or is cut off in it; `*why` says which, and the frame is as it was.
 */
bool vlan_take_off(struct rte_mbuf *m, uint16_t vlan, enum drop_reason *why);

/* Put the tag of `vlan` on the frame, with the priority it came with.  False: there is no headroom, or
 * it is no frame; `*why` says which, and it is as it was. */
bool vlan_put_on(struct rte_mbuf *m, uint16_t vlan, enum drop_reason *why);

/* `to` is made of `from`, and has its priority. */
static inline void vlan_copy_priority(struct rte_mbuf *to, const struct rte_mbuf *from)
{
	to->vlan_tci = from->vlan_tci;
	to->ol_flags |= from->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "vlan.h"
#include "worker.h"

static bool refuse(enum drop_reason *why, enum drop_reason reason)
{
	*why = reason;
	return false;
}

bool vlan_take_off(struct rte_mbuf *m, uint16_t vlan, enum drop_reason *why)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_vlan_hdr *tag = (const struct rte_vlan_hdr *)(eth + 1);

	if (m->data_len < sizeof(*eth))
		return refuse(why, DROP_MALFORMED);
	if (eth->ether_type != RTE_BE16(RTE_ETHER_TYPE_VLAN))
		return refuse(why, DROP_VLAN);
	if (m->data_len < sizeof(*eth) + sizeof(*tag))
		return refuse(why, DROP_MALFORMED);
	if ((rte_be_to_cpu_16(tag->vlan_tci) & VLAN_ID_MASK) != vlan)
		return refuse(why, DROP_VLAN);
	return rte_vlan_strip(m) == 0;
}

/* rte_vlan_insert() refuses frames in external buffers, which some kinds of port hand over. */
bool vlan_put_on(struct rte_mbuf *m, uint16_t vlan, enum drop_reason *why)
{
	uint16_t priority = m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED
				    ? m->vlan_tci & (uint16_t)~VLAN_ID_MASK
				    : 0;
	const void *macs = rte_pktmbuf_mtod(m, const void *);
	struct rte_ether_hdr *eth;
	struct rte_vlan_hdr *tag;

	if (m->data_len < sizeof(*eth))
		return refuse(why, DROP_MALFORMED);
	eth = (struct rte_ether_hdr *)(void *)rte_pktmbuf_prepend(m, sizeof(*tag));
	if (eth == NULL)
		return refuse(why, DROP_NO_BUFFER);
	/* What the frame's type was is the tag's now, and lies where it must. */
	memmove(eth, macs, 2 * RTE_ETHER_ADDR_LEN);
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN);
	tag = (struct rte_vlan_hdr *)(eth + 1);
	tag->vlan_tci = rte_cpu_to_be_16(priority | vlan);
	return true;
}

unsigned int vlan_input(struct worker *w, unsigned int port, struct rte_mbuf **frames,
			unsigned int n)
{
	const uint16_t vlan = w->ports[port].vlan;
	unsigned int i, kept = 0;
	enum drop_reason why;

	for (i = 0; i < n; i++) {
		if (likely(vlan_take_off(frames[i], vlan, &why)))
			frames[kept++] = frames[i];
		else
			worker_drop(w, frames[i], why);
	}
	return kept;
}

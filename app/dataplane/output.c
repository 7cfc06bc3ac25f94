/* SPDX-License-Identifier: BSD-3-Clause */
#include "next_hop.h"
#include "vlan.h"
#include "worker.h"

/* Kept out of the way of the ports that have no VLAN. */
static __rte_noinline bool put_tag(struct worker *w, struct rte_mbuf *m, uint16_t vlan)
{
	enum drop_reason why;

	if (vlan_put_on(m, vlan, &why))
		return true;
	worker_drop(w, m, why);
	return false;
}

void output_frame(struct worker *w, unsigned int port, struct rte_mbuf *m)
{
	const struct dataplane_queue tx = dataplane_queue(&w->ports[port], w->index);
	const uint16_t vlan = w->ports[port].vlan;

	if (unlikely(vlan != 0) && !put_tag(w, m, vlan))
		return;
	rte_eth_tx_buffer(tx.id, tx.queue, w->tx[port], m);
}

void output_reply(struct worker *w, const struct reply *r)
{
	unsigned int port = next_hop_port(r->next_hop);
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	if (unlikely(m == NULL)) {
		relaxed_add(&w->stats->dropped[DROP_NO_BUFFER], 1);
		return;
	}
	reply_build(r, &w->ports[port].mac, m);
	output_frame(w, port, m);
}

/* The port's pump writes what the worker has sent. */
static bool pump_out(struct worker *w, const struct dataplane_pump *pump)
{
	unsigned int lost = 0;
	bool waits = pump->send(pump->ctx, w->index, &lost);

	if (lost > 0)
		relaxed_add(&w->stats->dropped[DROP_TX], lost);
	return waits;
}

unsigned int output_flush(struct worker *w)
{
	unsigned int port, waiting = 0;

	for (port = 0; port < w->n_ports; port++) {
		const struct dataplane_queue tx = dataplane_queue(&w->ports[port], w->index);

		rte_eth_tx_buffer_flush(tx.id, tx.queue, w->tx[port]);
		if (unlikely(w->ports[port].pump.ctx != NULL))
			waiting += pump_out(w, &w->ports[port].pump);
	}
	return waiting;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "next_hop.h"
#include "vlan.h"
#include "worker.h"

static int open_outlet(struct worker *w, unsigned int i)
{
	const struct dataplane_port *port = &w->ports[i];
	struct outlet *out = &w->outlets[i];
	int rc;

	*out = (struct outlet){
		.queue = dataplane_queue(port, w->index), .vlan = port->vlan, .mac = port->mac};
	memcpy(out->room, port->room, sizeof(out->room));
	out->buffer = rte_zmalloc("tx_buffer", RTE_ETH_TX_BUFFER_SIZE(WORKER_BURST), 0);
	if (out->buffer == NULL)
		return -ENOMEM;
	rc = rte_eth_tx_buffer_init(out->buffer, WORKER_BURST);
	return rc < 0 ? rc
		      : rte_eth_tx_buffer_set_err_callback(out->buffer,
							   rte_eth_tx_buffer_count_callback,
							   &w->stats->dropped[DROP_TX]);
}

int output_init(struct worker *w)
{
	unsigned int port;
	int rc = 0;

	for (port = 0; port < w->n_ports && rc == 0; port++)
		rc = open_outlet(w, port);
	return rc;
}

void output_fini(struct worker *w)
{
	unsigned int port;

	for (port = 0; port < w->n_ports; port++)
		rte_free(w->outlets[port].buffer);
}

bool output_tag(struct worker *w, struct rte_mbuf *m, uint16_t vlan)
{
	enum drop_reason why;

	if (vlan_put_on(m, vlan, &why))
		return true;
	worker_drop(w, m, why);
	return false;
}

void output_burst(const struct outlet *out)
{
	rte_eth_tx_buffer_flush(out->queue.id, out->queue.queue, out->buffer);
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
		output_burst(&w->outlets[port]);
		if (unlikely(w->ports[port].pump.ctx != NULL))
			waiting += pump_out(w, &w->ports[port].pump);
	}
	return waiting;
}

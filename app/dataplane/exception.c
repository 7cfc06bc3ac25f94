/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything that is not the relay's own belongs to the kernel behind the port's TAP, and what the
 * kernel says there leaves by the port.  On a port of the kernel's own it has all that by itself.
 * System calls happen here, and only for such packets.
 */
#include "worker.h"

void exception_to_kernel(struct worker *w, unsigned int port, struct rte_mbuf *m)
{
	if (w->ports[port].kernels) {
		rte_pktmbuf_free(m);
		return;
	}
	if (!rate_limit_take(&w->to_kernel, w->now_ms)) {
		worker_drop(w, m, DROP_RATE);
		return;
	}
	if (rte_eth_tx_burst(w->ports[port].tap_id, (uint16_t)w->index, &m, 1) != 1) {
		worker_drop(w, m, DROP_TX);
		return;
	}
	relaxed_add(&w->stats->exception_rx, 1);
}

unsigned int exception_from_kernel(struct worker *w)
{
	struct rte_mbuf *frames[WORKER_BURST];
	unsigned int port, i, n, total = 0;

	for (port = 0; port < w->n_ports; port++) {
		if (w->ports[port].kernels)
			continue;
		n = rte_eth_rx_burst(w->ports[port].tap_id, (uint16_t)w->index, frames,
				     WORKER_BURST);
		for (i = 0; i < n; i++)
			output_frame(w, port, frames[i]);
		total += n;
	}
	relaxed_add(&w->stats->exception_tx, total);
	return total;
}

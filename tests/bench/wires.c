/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "traffic.h"
#include "wires.h"

#define DESCRIPTORS 1024
#define MBUFS	    8191
#define POOL_CACHE  256
#define PATIENCE_S  20

static void fill(struct rte_mempool *pool, void *arg, void *object, unsigned int index)
{
	struct rte_mbuf *m = object;

	(void)pool;
	(void)arg;
	(void)index;
	memset(m->buf_addr, TRAFFIC_FILLING, m->buf_len);
}

static struct rte_mempool *make_pool(const char *name)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		name, MBUFS, POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);

	if (pool == NULL)
		rig_die("no memory for mbufs");
	return pool;
}

static void start(struct wires *w, uint16_t id)
{
	const struct rte_eth_conf conf = {0};
	int rc = rte_eth_dev_configure(id, 1, 1, &conf);

	if (rc == 0)
		rc = rte_eth_rx_queue_setup(id, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL, w->pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(id, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL);
	if (rc == 0)
		rc = rte_eth_dev_start(id);
	if (rc < 0)
		rig_die("ethdev %u does not start: %s", id, strerror(-rc));
}

static void await_link(uint16_t id)
{
	struct rte_eth_link link;
	unsigned int ms;

	for (ms = 0; rte_eth_link_get_nowait(id, &link) < 0 || !link.link_status; ms++) {
		if (ms == PATIENCE_S * 1000)
			rig_die("nobody is at the other end of ethdev %u", id);
		usleep(1000);
	}
}

void wires_open(struct wires *w)
{
	uint16_t i;

	w->pool = make_pool("received");
	w->filled = make_pool("filled");
	rte_mempool_obj_iter(w->filled, fill, NULL);
	for (i = 0; i < RIG_PORTS; i++) {
		w->ids[i] = i;
		start(w, i);
	}
	for (i = 0; i < RIG_PORTS; i++)
		await_link(i);
}

void wires_send(struct wires *w, unsigned int port, struct rte_mbuf **frames, unsigned int n)
{
	const uint64_t deadline = rte_rdtsc() + PATIENCE_S * rte_get_tsc_hz();
	unsigned int sent = 0;

	while ((sent += rte_eth_tx_burst(w->ids[port], 0, frames + sent, (uint16_t)(n - sent))) <
	       n) {
		if (rte_rdtsc() > deadline)
			rig_die("port %u takes nothing any more", port);
		rte_pause();
	}
}

unsigned int wires_receive(struct wires *w, unsigned int port, struct rte_mbuf **frames)
{
	return rte_eth_rx_burst(w->ids[port], 0, frames, WIRE_BURST);
}

struct rte_mbuf *wires_blank(struct wires *w)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	if (m == NULL)
		rig_die("no mbufs");
	return m;
}

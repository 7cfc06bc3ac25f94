/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_malloc.h>

#include "rig.h"

#define RING_SIZE 1024
/* Hardly more than are under way: those that testpmd forwards in a circle stay in its caches too. */
#define MBUFS	   (RIG_PORTS * RIG_BATCH + POOL_CACHE)
#define POOL_CACHE 256
#define MTU	   1500

const struct in6_addr rig_relay6 = {
	{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}}};
const struct rte_ether_addr rig_port_mac[RIG_PORTS] = {{{0x02, 0, 0, 0, 0, 0x10}},
						       {{0x02, 0, 0, 0, 0, 0x11}}};
const struct rte_ether_addr rig_peer_mac[RIG_PORTS] = {{{0x02, 0, 0, 0, 0, 0x01}},
						       {{0x02, 0, 0, 0, 0, 0x02}}};

static const struct tuple_seed seed = {{0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL}};

void rig_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static struct rte_ring *make_ring(const struct rig *r, const char *kind, unsigned int i,
				  const char *way)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s%u_%u_%s", kind, r->number, i, way);
	/* As the vdev net_ring makes them. */
	return rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

/* An ethdev of two rings.  Its id, or a negative errno. */
static int make_wire(struct rig *r, const char *kind, unsigned int i, struct rte_ring **in,
		     struct rte_ring **out)
{
	const struct rte_eth_conf conf = {0};
	char name[RTE_ETH_NAME_MAX_LEN];
	int id, rc;

	*in = make_ring(r, kind, i, "in");
	*out = make_ring(r, kind, i, "out");
	if (*in == NULL || *out == NULL)
		return -ENOMEM;
	snprintf(name, sizeof(name), "%s%u_%u", kind, r->number, i);
	id = rte_eth_from_rings(name, in, 1, out, 1, SOCKET_ID_ANY);
	if (id < 0)
		return -ENOMEM;
	rc = rte_eth_dev_configure((uint16_t)id, 1, 1, &conf);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup((uint16_t)id, 0, RING_SIZE, SOCKET_ID_ANY, NULL,
					    r->pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup((uint16_t)id, 0, RING_SIZE, SOCKET_ID_ANY, NULL);
	if (rc == 0)
		rc = rte_eth_dev_start((uint16_t)id);
	return rc < 0 ? rc : id;
}

static int make_ports(struct rig *r)
{
	struct rte_ring *tap_in, *tap_out;
	unsigned int i;

	for (i = 0; i < RIG_PORTS; i++) {
		int port = make_wire(r, "port", i, &r->in[i], &r->out[i]);
		int tap = port < 0 ? port : make_wire(r, "tap", i, &tap_in, &tap_out);

		if (tap < 0)
			return tap;
		r->ports[i] = (struct dataplane_port){
			.id = (uint16_t)port,
			.rx_queues = 1,
			.tap_id = (uint16_t)tap,
			.mac = rig_port_mac[i],
			.room = {MTU - 40, MTU - 60},
		};
	}
	return 0;
}

static void configure(struct rig *r, const struct rig_size *size)
{
	r->cfg.limits.sessions = size->sessions;
	r->cfg.limits.legs = size->legs;
	r->cfg.limits.legs_per_source = size->legs;
	r->cfg.limits.half_open = size->half_open;
	r->cfg.timers.claim_ms = 3600000;
	r->cfg.dataplane.idle = CONFIG_IDLE_POLL;
	r->listener = (struct listener){
		.addresses = {{.host_mask = rte_cpu_to_be_32(0xff)}},
		.n_addresses = 2,
		.endpoint_port = rte_cpu_to_be_16(RIG_RELAY_PORT),
		.mss = 1400,
		.isn_key = {{3, 4}},
		.ts_key = {{5, 6}},
		.cookie_key = {{7, 8}},
	};
	tuple_map_v4(&r->listener.addresses[0].addr, rte_cpu_to_be_32(RIG_RELAY_ADDR));
	r->listener.addresses[1].addr = rig_relay6;
}

static int make_flows(struct rig *r)
{
	r->readers = rte_zmalloc("readers", rte_rcu_qsbr_get_memsize(CONFIG_MAX_WORKERS),
				 RTE_CACHE_LINE_SIZE);
	r->flows = rte_zmalloc("flows", sizeof(*r->flows), 0);
	if (r->readers == NULL || r->flows == NULL)
		return -ENOMEM;
	rte_rcu_qsbr_init(r->readers, CONFIG_MAX_WORKERS);
	return flow_table_init(r->flows, r->cfg.limits.sessions, &seed, r->readers);
}

static int make_worker(struct rig *r)
{
	const struct worker_args args = {
		.cfg = &r->cfg,
		.n_workers = 1,
		.ports = r->ports,
		.n_ports = RIG_PORTS,
		.pool = r->pool,
		.mb = r->mb,
		.flows = r->flows,
		.readers = r->readers,
		.handover = &r->handover,
		.listener = &r->listener,
		.seed = &seed,
		.stats = &r->stats,
	};

	rte_rcu_qsbr_thread_register(r->readers, r->number);
	rte_rcu_qsbr_thread_online(r->readers, r->number);
	return worker_init(&r->worker, 0, &args);
}

/* All but the flows, which are there. */
static int make_rest(struct rig *r)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	int rc;

	snprintf(name, sizeof(name), "frames%u", r->number);
	r->pool = rte_pktmbuf_pool_create(name, MBUFS, POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					  SOCKET_ID_ANY);
	r->mb = mailbox_create(1);
	if (r->pool == NULL || r->mb == NULL)
		return -ENOMEM;
	rc = make_ports(r);
	if (rc == 0)
		rc = handover_init(&r->handover, 1, &seed, r->mb);
	return rc == 0 ? make_worker(r) : rc;
}

int rig_start(struct rig *r, const struct rig_size *size)
{
	int rc;

	memset(r, 0, sizeof(*r));
	configure(r, size);
	rc = make_flows(r);
	return rc == 0 ? make_rest(r) : rc;
}

int rig_join(struct rig *r, unsigned int number, const struct rig *first)
{
	const struct rig_size size = {first->cfg.limits.sessions, first->cfg.limits.legs,
				      first->cfg.limits.half_open};

	memset(r, 0, sizeof(*r));
	r->number = number;
	r->readers = first->readers;
	r->flows = first->flows;
	configure(r, &size);
	return make_rest(r);
}

void rig_put(struct rig *r, unsigned int port, struct rte_mbuf *m)
{
	if (rte_ring_enqueue(r->in[port], m) != 0)
		rig_die("a ring of the bench is full");
}

struct rte_mbuf *rig_take(struct rig *r, unsigned int port)
{
	void *m;

	return rte_ring_dequeue(r->out[port], &m) == 0 ? m : NULL;
}

uint64_t rig_run(struct rig *r, unsigned int n)
{
	uint64_t until = relaxed_load(&r->stats.packets) + n, started;

	r->worker.now_ms = mailbox_now_ms();
	started = rte_rdtsc();
	while (relaxed_load(&r->stats.packets) != until) {
		worker_round(&r->worker);
		rte_rcu_qsbr_quiescent(r->readers, r->number);
	}
	return rte_rdtsc() - started;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>

#include "log.h"
#include "port.h"
#include "port_kind.h"

#define RX_DESCRIPTORS	2048
#define TX_DESCRIPTORS	2048
#define TAP_DESCRIPTORS 256
#define POOL_CACHE	256

/* Frames that can be in a queue's rings at once, those of its TAP too, and some in hand. */
#define MBUFS_A_QUEUE (2 * (RX_DESCRIPTORS + TX_DESCRIPTORS) + 2 * TAP_DESCRIPTORS + 1024)

static uint16_t queue_count(const struct config *cfg)
{
	return (uint16_t)cfg->dataplane.n_workers;
}

/* As rte_pktmbuf_pool_create() does, but without the padding that spreads elements over memory
 * channels: with it the largest would be more than AF_XDP takes. */
static struct rte_mempool *create_mbufs(unsigned int n, uint16_t data_room)
{
	struct rte_pktmbuf_pool_private sizes = {
		.mbuf_data_room_size = (uint16_t)(data_room + RTE_PKTMBUF_HEADROOM),
	};
	struct rte_mempool *pool = rte_mempool_create_empty(
		"frames", n, (unsigned int)sizeof(struct rte_mbuf) + sizes.mbuf_data_room_size,
		POOL_CACHE, sizeof(sizes), SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_SPREAD);

	if (pool == NULL)
		return NULL;
	if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL) < 0)
		goto fail;
	rte_pktmbuf_pool_init(pool, &sizes);
	if (rte_mempool_populate_default(pool) < 0)
		goto fail;
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
fail:
	rte_mempool_free(pool);
	return NULL;
}

static struct rte_mempool *create_pool(const struct config *cfg, uint16_t data_room)
{
	unsigned int n = cfg->n_ports * queue_count(cfg) * MBUFS_A_QUEUE;
	struct rte_mempool *pool = create_mbufs(rte_align32pow2(n) - 1, data_room);

	if (pool == NULL)
		log_error("no memory for %u frames of %u bytes: raise dataplane.memory", n,
			  data_room);
	return pool;
}

static int find_port(const char *device, uint16_t *id)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	int rc;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
	rc = rte_eth_dev_get_port_by_name(name, id);
	if (rc < 0)
		log_error("port %s: no such device", name);
	return rc;
}

static int setup_queues(uint16_t id, uint16_t queues, struct rte_mempool *pool, uint16_t rx,
			uint16_t tx)
{
	uint16_t q;
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx);

	for (q = 0; rc == 0 && q < queues; q++)
		rc = rte_eth_rx_queue_setup(id, q, rx, (unsigned int)rte_eth_dev_socket_id(id),
					    NULL, pool);
	for (q = 0; rc == 0 && q < queues; q++)
		rc = rte_eth_tx_queue_setup(id, q, tx, (unsigned int)rte_eth_dev_socket_id(id),
					    NULL);
	return rc;
}

static int configure(uint16_t id, uint16_t queues, struct rte_mempool *pool, uint16_t rx,
		     uint16_t tx)
{
	const struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE}};
	int rc = rte_eth_dev_configure(id, queues, queues, &conf);

	return rc == 0 ? setup_queues(id, queues, pool, rx, tx) : rc;
}

static int set_mtu(const struct port *port, const struct config_port *cfg,
		   const struct port_kind *kind)
{
	uint16_t mtu;

	if (kind->sets_mtu)
		return rte_eth_dev_set_mtu(port->id, cfg->mtu);
	return rte_eth_dev_get_mtu(port->id, &mtu);
}

static int start_port(struct port *port, const struct config_port *cfg, uint16_t queues,
		      struct rte_mempool *pool)
{
	struct rte_eth_dev_info info;
	const struct port_kind *kind;
	int rc;

	rc = rte_eth_dev_info_get(port->id, &info);
	if (rc < 0)
		return rc;
	kind = port_kind_of(info.driver_name);
	rc = configure(port->id, queues, pool, RX_DESCRIPTORS, TX_DESCRIPTORS);
	if (rc == 0)
		rc = set_mtu(port, cfg, kind);
	if (rc == 0)
		rc = rte_eth_dev_start(port->id);
	if (rc < 0)
		return rc;
	port->started = true;
	port->rx_queues = queues;
	if (kind->allmulticast)
		rte_eth_allmulticast_enable(port->id);
	log_info("port %s: driver %s, %u queue(s), service traffic is told apart in software",
		 cfg->device, info.driver_name, queues);
	return rte_eth_macaddr_get(port->id, &port->mac);
}

static int start_tap(struct port *port, const struct config_port *cfg, unsigned int index,
		     uint16_t queues, struct rte_mempool *pool)
{
	const uint16_t mtu = RTE_MIN(cfg->mtu, port_kind_of("net_tap")->mtu_max);
	char name[32], args[128], mac[RTE_ETHER_ADDR_FMT_SIZE];
	int rc;

	snprintf(name, sizeof(name), "net_tap%u", index);
	rte_ether_format_addr(mac, sizeof(mac), &port->mac);
	snprintf(args, sizeof(args), "iface=%s,mac=%s", cfg->tap, mac);
	rc = rte_eal_hotplug_add("vdev", name, args);
	if (rc == 0)
		rc = rte_eth_dev_get_port_by_name(name, &port->tap_id);
	if (rc == 0)
		rc = configure(port->tap_id, queues, pool, TAP_DESCRIPTORS, TAP_DESCRIPTORS);
	if (rc == 0)
		rc = rte_eth_dev_set_mtu(port->tap_id, mtu);
	if (rc == 0)
		rc = rte_eth_dev_start(port->tap_id);
	port->tap_started = rc == 0;
	return rc;
}

static int start_one(struct port_set *set, unsigned int index)
{
	const struct config_port *cfg = &set->cfg->ports[index];
	struct port *port = &set->ports[index];
	uint16_t queues = queue_count(set->cfg);
	int rc = find_port(cfg->device, &port->id);

	if (rc < 0)
		return rc;
	rc = start_port(port, cfg, queues, set->pool);
	if (rc < 0) {
		log_error("port %s does not start: %s", cfg->device, strerror(-rc));
		return rc;
	}
	rc = start_tap(port, cfg, index, queues, set->pool);
	if (rc < 0)
		log_error("port %s: its TAP %s does not start: %s", cfg->device, cfg->tap,
			  strerror(-rc));
	return rc;
}

static int find_kind(const struct config_port *cfg, const struct port_kind **kind)
{
	struct rte_eth_dev_info info;
	uint16_t id;
	int rc = find_port(cfg->device, &id);

	if (rc == 0)
		rc = rte_eth_dev_info_get(id, &info);
	if (rc == 0)
		*kind = port_kind_of(info.driver_name);
	return rc;
}

/* What the frames of all ports need, for there is one pool for all. */
static int largest_data_room(const struct config *cfg, uint16_t *largest)
{
	const struct port_kind *kinds[CONFIG_MAX_PORTS];
	unsigned int i;

	for (i = 0, *largest = 0; i < cfg->n_ports; i++) {
		uint16_t room;
		int rc = find_kind(&cfg->ports[i], &kinds[i]);

		if (rc < 0)
			return rc;
		room = port_kind_data_room(kinds[i], cfg->ports[i].mtu);
		if (room == 0) {
			log_error("port %s: mtu %u is more than this kind of port carries",
				  cfg->ports[i].device, cfg->ports[i].mtu);
			return -EINVAL;
		}
		*largest = RTE_MAX(*largest, room);
	}
	for (i = 0; i < cfg->n_ports; i++) {
		if (*largest > kinds[i]->room_max) {
			log_error("port %s: it cannot share buffers with a port of so large an mtu",
				  cfg->ports[i].device);
			return -EINVAL;
		}
	}
	return 0;
}

int port_set_start(struct port_set *set, const struct config *cfg)
{
	uint16_t room;
	unsigned int i;
	int rc = largest_data_room(cfg, &room);

	set->cfg = cfg;
	if (rc < 0)
		return rc;
	set->pool = create_pool(cfg, room);
	if (set->pool == NULL)
		return -ENOMEM;
	for (i = 0; i < cfg->n_ports && rc == 0; i++)
		rc = start_one(set, i);
	return rc;
}

static void stop_device(uint16_t id)
{
	rte_eth_dev_stop(id);
	rte_eth_dev_close(id);
}

void port_set_stop(struct port_set *set)
{
	unsigned int i;

	for (i = 0; set->cfg != NULL && i < set->cfg->n_ports; i++) {
		if (set->ports[i].tap_started)
			stop_device(set->ports[i].tap_id);
		if (set->ports[i].started)
			stop_device(set->ports[i].id);
	}
	rte_mempool_free(set->pool);
	memset(set, 0, sizeof(*set));
}

bool port_is_up(const struct port *port)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(port->id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

uint64_t port_rx_missed(const struct port *port)
{
	struct rte_eth_stats stats;

	return rte_eth_stats_get(port->id, &stats) == 0 ? stats.imissed : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "device.h"
#include "frame_pool.h"
#include "log.h"
#include "port.h"
#include "port_kind.h"
#include "rss.h"

#define DESCRIPTORS	2048
#define TAP_DESCRIPTORS 256

/* Frames that can be in the rings of a queue at once, of each kind of ring, and in hand. */
#define MBUFS_TO_RECEIVE (2 * DESCRIPTORS)
#define MBUFS_TO_SEND	 (2 * DESCRIPTORS)
#define MBUFS_OF_TAP	 (2 * TAP_DESCRIPTORS)
#define MBUFS_IN_HAND	 1024

/* What is known of a port that is to start. */
struct start {
	const struct config *cfg;
	const struct config_port *port_cfg;
	const struct port_kind *kind;
	struct port *port;
	struct rte_mempool *pool;
	struct xdp_sockets *xdp_sockets;
	struct rte_eth_dev_info info;
};

static uint16_t queues_to_send(const struct config *cfg, const struct port_kind *kind, uint16_t rx)
{
	return kind->tx_as_rx ? rx : (uint16_t)cfg->dataplane.n_workers;
}

/* What one port may need of the pool, with a queue more where steering may want one. */
static unsigned int mbufs_of(const struct config *cfg, const struct config_port *port,
			     const struct port_kind *kind)
{
	uint16_t rx = (uint16_t)(port->queues + kind->steers);

	return rx * (MBUFS_TO_RECEIVE + MBUFS_IN_HAND) +
	       queues_to_send(cfg, kind, rx) * MBUFS_TO_SEND +
	       cfg->dataplane.n_workers * MBUFS_OF_TAP;
}

/* `known` is NULL, or each queue to receive opens a socket that is not among them: its descriptor
 * goes to `fds`. */
static int setup_queues(uint16_t id, uint16_t n_rx, uint16_t n_tx, uint16_t descriptors,
			struct rte_mempool *pool, struct xdp_sockets *known, int *fds)
{
	uint16_t q, rx = descriptors, tx = descriptors;
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx);

	for (q = 0; rc == 0 && q < n_rx; q++) {
		rc = rte_eth_rx_queue_setup(id, q, rx, (unsigned int)rte_eth_dev_socket_id(id),
					    NULL, pool);
		if (rc == 0 && known != NULL)
			fds[q] = xdp_socket_newest(known);
	}
	for (q = 0; rc == 0 && q < n_tx; q++)
		rc = rte_eth_tx_queue_setup(id, q, tx, (unsigned int)rte_eth_dev_socket_id(id),
					    NULL);
	return rc;
}

static int set_mtu(uint16_t id, const struct config_port *cfg, const struct port_kind *kind)
{
	uint16_t mtu;

	if (kind->sets_mtu)
		return rte_eth_dev_set_mtu(id, cfg->mtu);
	return rte_eth_dev_get_mtu(id, &mtu);
}

/* --- one port --- */

static int find_port(const struct config_port *cfg, struct port *port)
{
	int count = device_count(cfg), rc;

	if (count < 0)
		return count;
	for (port->n_ids = 0; port->n_ids < (unsigned int)count; port->n_ids++) {
		char name[RTE_ETH_NAME_MAX_LEN];

		device_name(cfg, port->n_ids, name);
		rc = rte_eth_dev_get_port_by_name(name, &port->ids[port->n_ids]);
		if (rc < 0) {
			log_error("port %s: no such device", name);
			return rc;
		}
	}
	return 0;
}

static int run_queues(const struct start *s, uint16_t id, uint16_t rx)
{
	struct xdp_sockets *known = s->kind->xdp_sockets ? s->xdp_sockets : NULL;
	int rc = setup_queues(id, rx, queues_to_send(s->cfg, s->kind, rx), DESCRIPTORS, s->pool,
			      known, &s->port->wake_fds[s->port->n_started * rx]);

	if (rc == 0)
		rc = set_mtu(id, s->port_cfg, s->kind);
	return rc == 0 ? rte_eth_dev_start(id) : rc;
}

static int configure(const struct start *s, uint16_t id, uint16_t rx,
		     const struct rte_eth_conf *conf)
{
	return rte_eth_dev_configure(id, rx, queues_to_send(s->cfg, s->kind, rx), conf);
}

/* The NIC parts service traffic from the rest.  On failure the port is stopped. */
static int start_steered(const struct start *s, const char **why)
{
	const struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE},
					  .intr_conf = {.rxq = s->kind->interrupts}};
	const uint16_t id = s->port->ids[0], queues = s->port_cfg->queues;
	const struct steering_target target = {
		.port_id = id,
		.queues = queues,
		.vlan = s->port_cfg->vlan,
		.rss_key_bytes = rss_key_length(&s->info),
		.rss_types = s->info.flow_type_rss_offloads,
	};
	int rc;

	*why = NULL;
	if (!s->kind->steers || s->info.max_rx_queues <= queues) {
		*why = "the driver has no rte_flow, or no queue to spare";
		return -ENOTSUP;
	}
	/* A driver can only judge rules about queues that it has. */
	rc = configure(s, id, (uint16_t)(queues + 1), &conf);
	if (rc == 0)
		rc = steering_validate(&target, s->cfg, why);
	if (rc == 0)
		rc = run_queues(s, id, (uint16_t)(queues + 1));
	if (rc < 0)
		return rc;
	rc = steering_start(&s->port->steering, &target, s->cfg, why);
	if (rc < 0)
		rte_eth_dev_stop(id);
	else
		s->port->n_started = 1;
	return rc;
}

static int start_ethdev(const struct start *s, uint16_t id, uint16_t rx)
{
	struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE},
				    .intr_conf = {.rxq = s->kind->interrupts}};
	bool rss = rss_configure(&s->info, rx, &conf);
	struct rss_report report;
	int rc = configure(s, id, rx, &conf);

	if (rc == 0)
		rc = run_queues(s, id, rx);
	if (rc < 0)
		return rc;
	s->port->n_started++;
	if (rss) {
		rss_inspect(id, &s->info, rx, &report);
		rss_tell(s->port_cfg->device, rx, &report);
	}
	return 0;
}

/* Every worker looks at what comes and tells it apart. */
static int start_plain(const struct start *s)
{
	const struct port *port = s->port;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < port->n_ids && rc == 0; i++)
		rc = start_ethdev(s, port->ids[i], (uint16_t)(s->port_cfg->queues / port->n_ids));
	return rc;
}

static int check_queues(const struct start *s)
{
	uint16_t rx = (uint16_t)(s->port_cfg->queues / s->port->n_ids);
	uint16_t tx = queues_to_send(s->cfg, s->kind, rx);

	if (rx <= s->info.max_rx_queues && tx <= s->info.max_tx_queues)
		return 0;
	log_error("port %s: queues is %u, and the driver has %u to receive and %u to send",
		  s->port_cfg->device, s->port_cfg->queues, s->info.max_rx_queues,
		  s->info.max_tx_queues);
	return -EINVAL;
}

static void tell_started(const struct start *s, const char *why)
{
	const char *device = s->port_cfg->device;
	unsigned int queues = s->port_cfg->queues;

	if (port_is_steered(s->port))
		log_info("port %s: driver %s, rte_flow steers service traffic to %u queue(s) and "
			 "the rest to queue %u",
			 device, s->info.driver_name, queues, queues);
	else
		log_info("port %s: driver %s, %u queue(s), service traffic is told apart in "
			 "software: %s",
			 device, s->info.driver_name, queues, why);
}

/* Only now is there an ethdev of it: its frames come from the pool. */
static int open_kernel_port(struct start *s)
{
	struct port *port = s->port;
	const unsigned int index = (unsigned int)(s->port_cfg - s->cfg->ports);
	int rc = kernel_port_open(&port->kernel, s->cfg, index, s->pool);

	if (rc < 0)
		return rc;
	port->ids[0] = kernel_port_id(port->kernel);
	port->n_ids = 1;
	return 0;
}

static int know_kind(struct start *s)
{
	int rc;

	s->kind = port_kind_of_device(s->port_cfg->device);
	rc = s->kind->kernels ? open_kernel_port(s) : 0;
	if (rc == 0)
		rc = rte_eth_dev_info_get(s->port->ids[0], &s->info);
	if (rc == 0 && !s->kind->kernels)
		s->kind = port_kind_of(s->info.driver_name);
	return rc;
}

static int read_mac(struct port *port)
{
	if (port->kernel == NULL)
		return rte_eth_macaddr_get(port->ids[0], &port->mac);
	port->mac = kernel_port_mac(port->kernel);
	return 0;
}

static void find_wake_fds(const struct start *s)
{
	struct port *port = s->port;
	uint16_t q;

	for (q = 0; q < port->rx_queues; q++) {
		if (port->kernel != NULL)
			port->wake_fds[q] = kernel_port_wake_fd(port->kernel, q);
		else if (s->kind->interrupts)
			port->wake_fds[q] = rte_eth_dev_rx_intr_ctl_q_get_fd(port->ids[0], q);
	}
}

static int start_port(struct start *s)
{
	struct port *port = s->port;
	const char *why;
	int rc = know_kind(s);

	memset(port->wake_fds, -1, sizeof(port->wake_fds));
	if (rc < 0)
		return rc;
	rc = check_queues(s);
	if (rc < 0)
		return rc;
	rc = start_steered(s, &why);
	if (rc < 0) {
		why = why != NULL ? why : strerror(-rc);
		rc = start_plain(s);
	}
	if (rc < 0)
		return rc;
	port->rx_queues = (uint16_t)(s->port_cfg->queues + port_is_steered(port));
	find_wake_fds(s);
	if (s->kind->allmulticast)
		rte_eth_allmulticast_enable(port->ids[0]);
	tell_started(s, why);
	return read_mac(port);
}

static int start_tap(struct port *port, const struct config_port *cfg, unsigned int index,
		     uint16_t queues, struct rte_mempool *pool)
{
	/* Interrupts: its queues have descriptors that wake. */
	const struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE},
					  .intr_conf = {.rxq = 1}};
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
		rc = rte_eth_dev_configure(port->tap_id, queues, queues, &conf);
	if (rc == 0)
		rc = setup_queues(port->tap_id, queues, queues, TAP_DESCRIPTORS, pool, NULL, NULL);
	if (rc == 0)
		rc = rte_eth_dev_set_mtu(port->tap_id, mtu);
	if (rc == 0)
		rc = rte_eth_dev_start(port->tap_id);
	port->tap_started = rc == 0;
	return rc;
}

static int start_one(struct port_set *set, unsigned int index)
{
	struct start s = {
		.cfg = set->cfg,
		.port_cfg = &set->cfg->ports[index],
		.port = &set->ports[index],
		.pool = set->pool,
		.xdp_sockets = &set->xdp_sockets,
	};
	const struct config_port *cfg = s.port_cfg;
	int rc = start_port(&s);

	if (rc < 0) {
		log_error("port %s does not start: %s", cfg->device, strerror(-rc));
		return rc;
	}
	if (s.kind->kernels)
		return 0;
	rc = start_tap(s.port, cfg, index, (uint16_t)set->cfg->dataplane.n_workers, set->pool);
	if (rc < 0)
		log_error("port %s: its TAP %s does not start: %s", cfg->device, cfg->tap,
			  strerror(-rc));
	return rc;
}

/* --- all ports --- */

static int find_kind(const struct config_port *cfg, struct port *port,
		     const struct port_kind **kind)
{
	struct rte_eth_dev_info info;
	int rc = find_port(cfg, port);

	*kind = port_kind_of_device(cfg->device);
	if (rc < 0 || (*kind)->kernels)
		return rc;
	rc = rte_eth_dev_info_get(port->ids[0], &info);
	if (rc == 0)
		*kind = port_kind_of(info.driver_name);
	return rc;
}

/* What the frames of all ports need, for there is one pool for all. */
static int largest_data_room(const struct config *cfg, const struct port_kind *const *kinds,
			     uint16_t *largest)
{
	unsigned int i;

	for (i = 0, *largest = 0; i < cfg->n_ports; i++) {
		uint16_t room = port_kind_data_room(kinds[i], cfg->ports[i].mtu);

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

/* Find the ports, and make the pool for the frames of all. */
static int prepare(struct port_set *set)
{
	const struct port_kind *kinds[CONFIG_MAX_PORTS];
	const struct config *cfg = set->cfg;
	unsigned int i, mbufs = 0;
	uint16_t room = 0;
	int rc = 0;

	for (i = 0; i < cfg->n_ports && rc == 0; i++) {
		rc = find_kind(&cfg->ports[i], &set->ports[i], &kinds[i]);
		if (rc == 0)
			mbufs += mbufs_of(cfg, &cfg->ports[i], kinds[i]);
	}
	if (rc == 0)
		rc = largest_data_room(cfg, kinds, &room);
	if (rc < 0)
		return rc;
	set->pool = frame_pool_create(mbufs, room);
	return set->pool != NULL ? 0 : -ENOMEM;
}

int port_set_start(struct port_set *set, const struct config *cfg)
{
	unsigned int i;
	int rc;

	set->cfg = cfg;
	rc = prepare(set);
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
	unsigned int i, n;

	for (i = 0; set->cfg != NULL && i < set->cfg->n_ports; i++) {
		struct port *port = &set->ports[i];

		if (port->tap_started)
			stop_device(port->tap_id);
		steering_stop(&port->steering);
		for (n = 0; n < port->n_started; n++)
			stop_device(port->ids[n]);
		kernel_port_close(port->kernel);
	}
	rte_mempool_free(set->pool);
	memset(set, 0, sizeof(*set));
}

bool port_is_up(const struct port *port)
{
	struct rte_eth_link link;

	if (port->kernel != NULL)
		return kernel_port_is_up(port->kernel);
	return rte_eth_link_get_nowait(port->ids[0], &link) == 0 &&
	       link.link_status == RTE_ETH_LINK_UP;
}

uint64_t port_rx_missed(const struct port *port)
{
	struct rte_eth_stats stats;
	uint64_t missed = 0;
	unsigned int i;

	if (port->kernel != NULL)
		return kernel_port_missed(port->kernel);
	for (i = 0; i < port->n_ids; i++) {
		if (rte_eth_stats_get(port->ids[i], &stats) == 0)
			missed += stats.imissed;
	}
	return missed;
}

bool port_is_steered(const struct port *port)
{
	return port->steering.n_rules > 0;
}

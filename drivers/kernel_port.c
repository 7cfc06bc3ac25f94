/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring a packet socket holds what came in, for the worker that polls that queue; and each worker
 * has its own ring to send, by the socket whose turn it is.  So every member but the sockets'
 * descriptors belongs to one worker.  Frames that the kernel has no room for are held until it has.
 */
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "kernel_port.h"
#include "log.h"
#include "packet_socket.h"

#define PREFIX "kernel:"

#define BURST	    PACKET_SOCKET_BURST
#define RING_FRAMES 1024
/* Large mbufs that may be under way at once, in rings or in a worker's hands; and what waits in a
 * socket. */
#define TAIL_MBUFS     1023
#define TAILS_A_SOCKET (BURST * PACKET_SOCKET_TAILS)
#define TAIL_CACHE     64

/* What a worker sends. */
struct sender {
	struct rte_ring *ring;
	struct rte_mbuf *held[BURST]; /* could not be sent yet */
	unsigned int n_held;
};

struct kernel_port {
	char interface[IFNAMSIZ];
	unsigned int n_sockets, n_workers;
	uint16_t id;
	struct rte_ether_addr mac;
	struct rte_mempool *tails;
	struct packet_socket *sockets[CONFIG_MAX_QUEUES];
	struct rte_ring *in[CONFIG_MAX_QUEUES]; /* of each socket */
	struct sender senders[CONFIG_MAX_WORKERS];
};

const char *kernel_port_interface(const char *device)
{
	return strncmp(device, PREFIX, strlen(PREFIX)) == 0 ? device + strlen(PREFIX) : NULL;
}

/* --- frames --- */

void kernel_port_receive(void *ctx, unsigned int queue)
{
	struct kernel_port *port = ctx;
	struct rte_mbuf *frames[BURST];
	unsigned int n = RTE_MIN(rte_ring_free_count(port->in[queue]), (unsigned int)BURST);

	n = packet_socket_receive(port->sockets[queue], frames, n);
	rte_ring_enqueue_bulk(port->in[queue], (void **)frames, n, NULL);
}

/* What is to be sent next, behind what is held. */
static unsigned int gather(struct sender *s)
{
	s->n_held += rte_ring_dequeue_burst(s->ring, (void **)&s->held[s->n_held],
					    BURST - s->n_held, NULL);
	return s->n_held;
}

bool kernel_port_send(void *ctx, unsigned int worker, unsigned int *lost)
{
	struct kernel_port *port = ctx;
	struct sender *s = &port->senders[worker];
	const struct packet_socket *out = port->sockets[worker % port->n_sockets];
	unsigned int n, done, i;

	while ((n = gather(s)) > 0) {
		done = packet_socket_send(out, s->held, n, lost);
		s->n_held -= done;
		for (i = 0; i < s->n_held; i++)
			s->held[i] = s->held[i + done];
		if (done < n)
			return true;
	}
	return false;
}

int kernel_port_wake_fd(const struct kernel_port *port, unsigned int queue)
{
	return packet_socket_fd(port->sockets[queue]);
}

/* --- the interface --- */

static int look_at_interface(struct kernel_port *port, const struct config_port *cfg)
{
	const int fd = packet_socket_fd(port->sockets[0]);
	struct ifreq ifr = {.ifr_ifindex = 0};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", port->interface);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) < 0)
		return -errno;
	if (ifr.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
		log_error("port %s: %s is no Ethernet interface", cfg->device, port->interface);
		return -EINVAL;
	}
	memcpy(&port->mac, ifr.ifr_hwaddr.sa_data, sizeof(port->mac));
	if (ioctl(fd, SIOCGIFMTU, &ifr) < 0)
		return -errno;
	if (ifr.ifr_mtu < cfg->mtu) {
		log_error("port %s: mtu is %u, and that of %s is %d", cfg->device, cfg->mtu,
			  port->interface, ifr.ifr_mtu);
		return -EINVAL;
	}
	return 0;
}

/* --- the ethdev --- */

static struct rte_ring *create_ring(const struct kernel_port *port, char way, unsigned int queue)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%.15s_%c%u", port->interface, way, queue);
	return rte_ring_create(name, RING_FRAMES, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static int create_rings(struct kernel_port *port)
{
	unsigned int i;

	for (i = 0; i < port->n_sockets; i++) {
		port->in[i] = create_ring(port, 'i', i);
		if (port->in[i] == NULL)
			return -ENOMEM;
	}
	for (i = 0; i < port->n_workers; i++) {
		port->senders[i].ring = create_ring(port, 'o', i);
		if (port->senders[i].ring == NULL)
			return -ENOMEM;
	}
	return 0;
}

static int create_ethdev(struct kernel_port *port)
{
	struct rte_ring *out[CONFIG_MAX_WORKERS];
	unsigned int i;
	int id;

	for (i = 0; i < port->n_workers; i++)
		out[i] = port->senders[i].ring;
	id = rte_eth_from_rings(port->interface, port->in, port->n_sockets, out, port->n_workers,
				(unsigned int)SOCKET_ID_ANY);
	if (id < 0)
		return -ENODEV;
	port->id = (uint16_t)id;
	return 0;
}

static int create_sockets(struct kernel_port *port, unsigned int n, struct rte_mempool *pool)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	int rc = 0;

	snprintf(name, sizeof(name), "%s_tails", port->interface);
	port->tails = rte_pktmbuf_pool_create(name, TAIL_MBUFS + n * TAILS_A_SOCKET, TAIL_CACHE, 0,
					      PACKET_SOCKET_TAIL_BYTES + RTE_PKTMBUF_HEADROOM,
					      SOCKET_ID_ANY);
	if (port->tails == NULL)
		return -ENOMEM;
	while (port->n_sockets < n && rc == 0) {
		rc = packet_socket_create(&port->sockets[port->n_sockets], pool, port->tails);
		port->n_sockets += rc == 0;
	}
	return rc;
}

static int bind_sockets(struct kernel_port *port)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < port->n_sockets && rc == 0; i++)
		rc = packet_socket_bind(port->sockets[i], port->interface,
					i > 0 ? port->sockets[0] : NULL);
	return rc;
}

static int open_port(struct kernel_port *port, const struct config_port *cfg,
		     struct rte_mempool *pool)
{
	int rc = create_sockets(port, cfg->queues, pool);

	if (rc == 0)
		rc = look_at_interface(port, cfg);
	if (rc == 0)
		rc = create_rings(port);
	if (rc == 0)
		rc = create_ethdev(port);
	return rc == 0 ? bind_sockets(port) : rc;
}

int kernel_port_open(struct kernel_port **port, const struct config *cfg, unsigned int index,
		     struct rte_mempool *pool)
{
	const struct config_port *port_cfg = &cfg->ports[index];
	struct kernel_port *p = rte_zmalloc("kernel_port", sizeof(*p), RTE_CACHE_LINE_SIZE);
	int rc;

	if (p == NULL)
		return -ENOMEM;
	p->n_workers = cfg->dataplane.n_workers;
	snprintf(p->interface, sizeof(p->interface), "%s", kernel_port_interface(port_cfg->device));
	rc = open_port(p, port_cfg, pool);
	if (rc < 0) {
		kernel_port_close(p);
		return rc;
	}
	*port = p;
	return 0;
}

static void drain(struct rte_ring *ring)
{
	void *m;

	while (ring != NULL && rte_ring_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(ring);
}

void kernel_port_close(struct kernel_port *port)
{
	unsigned int i;

	if (port == NULL)
		return;
	for (i = 0; i < port->n_sockets; i++) {
		packet_socket_destroy(port->sockets[i]);
		drain(port->in[i]);
	}
	for (i = 0; i < port->n_workers; i++) {
		drain(port->senders[i].ring);
		rte_pktmbuf_free_bulk(port->senders[i].held, port->senders[i].n_held);
	}
	rte_mempool_free(port->tails);
	rte_free(port);
}

uint16_t kernel_port_id(const struct kernel_port *port)
{
	return port->id;
}

struct rte_ether_addr kernel_port_mac(const struct kernel_port *port)
{
	return port->mac;
}

bool kernel_port_is_up(const struct kernel_port *port)
{
	struct ifreq ifr = {.ifr_ifindex = 0};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", port->interface);
	return ioctl(packet_socket_fd(port->sockets[0]), SIOCGIFFLAGS, &ifr) == 0 &&
	       ifr.ifr_flags & IFF_UP && ifr.ifr_flags & IFF_RUNNING;
}

uint64_t kernel_port_missed(const struct kernel_port *port)
{
	uint64_t missed = 0;
	unsigned int i;

	for (i = 0; i < port->n_sockets; i++)
		missed += packet_socket_missed(port->sockets[i]);
	return missed;
}

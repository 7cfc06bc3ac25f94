/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet socket sees each frame before the kernel's own protocols do, and not what the kernel
 * sends itself.  A frame is read into up to three mbufs: its headers are wholly in the first, and
 * the two large ones behind it are used only when a frame reaches them; those not used wait for the
 * next one.
 *
 * One worker receives, and each has its own ring to send, so every member but the socket and the
 * count belongs to one of them.  A frame that the kernel has no room for is held until it has.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "kernel_port.h"
#include "log.h"
#include "vnet.h"

#define PREFIX "kernel:"

#define BURST	    32
#define RING_FRAMES 1024
#define TAIL_BYTES  32768
#define TAILS	    2 /* with the head more than 64 KiB */
/* Large frames that may be under way at once, in rings or in a worker's hands. */
#define TAIL_MBUFS   1023
#define TAIL_CACHE   64
#define SOCKET_BYTES (32 << 20)

/* Parts that a frame to be sent may be in, with its vnet header. */
#define PARTS_MAX 8

struct kernel_port {
	char interface[IFNAMSIZ];
	int fd;
	unsigned int n_workers;
	uint16_t id;
	struct rte_ether_addr mac;
	struct rte_mempool *pool, *tails;
	struct rte_ring *in, *out[CONFIG_MAX_WORKERS];
	struct rte_mbuf *next[1 + TAILS];	   /* to be read into */
	struct rte_mbuf *held[CONFIG_MAX_WORKERS]; /* could not be sent yet */
	uint64_t missed; /* no room for them, or of no use; of any thread */
};

const char *kernel_port_interface(const char *device)
{
	return strncmp(device, PREFIX, strlen(PREFIX)) == 0 ? device + strlen(PREFIX) : NULL;
}

/* --- receiving --- */

/* False: there are no mbufs. */
static bool provide(struct kernel_port *port)
{
	unsigned int i;

	for (i = 0; i < 1 + TAILS; i++) {
		if (port->next[i] == NULL)
			port->next[i] = rte_pktmbuf_alloc(i == 0 ? port->pool : port->tails);
		if (port->next[i] == NULL)
			return false;
	}
	return true;
}

/* The mbufs that the `length` bytes of a frame reached, as a chain. */
static struct rte_mbuf *take_chain(struct kernel_port *port, size_t length)
{
	struct rte_mbuf *head = NULL, **link = &head;
	unsigned int i;

	for (i = 0; i < 1 + TAILS && length > 0; i++) {
		struct rte_mbuf *m = port->next[i];
		uint16_t n = (uint16_t)RTE_MIN(length, (size_t)rte_pktmbuf_tailroom(m));

		port->next[i] = NULL;
		m->data_len = n;
		*link = m;
		link = &m->next;
		if (m != head) {
			head->nb_segs++;
			head->pkt_len += n;
		} else {
			head->pkt_len = n;
		}
		length -= n;
	}
	return head;
}

/* NULL: there is nothing more now; `*lost`: or what there was is of no use. */
static struct rte_mbuf *read_frame(struct kernel_port *port, bool *lost)
{
	struct virtio_net_hdr header;
	struct iovec parts[2 + TAILS] = {{&header, sizeof(header)}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = RTE_DIM(parts)};
	struct rte_mbuf *m;
	unsigned int i;
	ssize_t n;

	for (i = 0; i < 1 + TAILS; i++)
		parts[i + 1] = (struct iovec){rte_pktmbuf_mtod(port->next[i], void *),
					      rte_pktmbuf_tailroom(port->next[i])};
	n = recvmsg(port->fd, &msg, MSG_DONTWAIT);
	*lost = n >= 0;
	if (n <= (ssize_t)sizeof(header) || msg.msg_flags & MSG_TRUNC)
		return NULL;
	m = take_chain(port, (size_t)n - sizeof(header));
	if (vnet_mark(m, &header))
		return m;
	rte_pktmbuf_free(m);
	return NULL;
}

void kernel_port_receive(void *ctx, unsigned int queue)
{
	struct kernel_port *port = ctx;
	unsigned int i;

	(void)queue;
	for (i = 0; i < BURST && provide(port) && rte_ring_free_count(port->in) > 0; i++) {
		bool lost;
		struct rte_mbuf *m = read_frame(port, &lost);

		if (m != NULL)
			rte_ring_enqueue(port->in, m);
		else if (lost)
			__atomic_add_fetch(&port->missed, 1, __ATOMIC_RELAXED);
		else
			break;
	}
}

/* --- sending --- */

/* 0 or a negative errno. */
static int write_frame(int fd, const struct rte_mbuf *m)
{
	struct virtio_net_hdr header = vnet_header(m);
	struct iovec parts[PARTS_MAX] = {{&header, sizeof(header)}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 1};

	for (; m != NULL; m = m->next) {
		if (msg.msg_iovlen == PARTS_MAX)
			return -EMSGSIZE;
		parts[msg.msg_iovlen++] = (struct iovec){rte_pktmbuf_mtod(m, void *), m->data_len};
	}
	return sendmsg(fd, &msg, MSG_DONTWAIT) >= 0 ? 0 : -errno;
}

static struct rte_mbuf *next_to_send(struct kernel_port *port, unsigned int queue)
{
	struct rte_mbuf *m = port->held[queue];
	void *next;

	port->held[queue] = NULL;
	if (m == NULL && rte_ring_dequeue(port->out[queue], &next) == 0)
		m = next;
	return m;
}

unsigned int kernel_port_send(void *ctx, unsigned int queue)
{
	struct kernel_port *port = ctx;
	unsigned int lost = 0, i;
	struct rte_mbuf *m;

	for (i = 0; i < RING_FRAMES && (m = next_to_send(port, queue)) != NULL; i++) {
		int rc = write_frame(port->fd, m);

		if (rc == -EAGAIN) {
			port->held[queue] = m;
			break;
		}
		lost += rc < 0;
		rte_pktmbuf_free(m);
	}
	return lost;
}

/* --- the interface --- */

static int look_at_interface(struct kernel_port *port, const struct config_port *cfg)
{
	struct ifreq ifr = {.ifr_ifindex = 0};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", port->interface);
	if (ioctl(port->fd, SIOCGIFHWADDR, &ifr) < 0)
		return -errno;
	if (ifr.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
		log_error("port %s: %s is no Ethernet interface", cfg->device, port->interface);
		return -EINVAL;
	}
	memcpy(&port->mac, ifr.ifr_hwaddr.sa_data, sizeof(port->mac));
	if (ioctl(port->fd, SIOCGIFMTU, &ifr) < 0)
		return -errno;
	if (ifr.ifr_mtu < cfg->mtu) {
		log_error("port %s: mtu is %u, and that of %s is %d", cfg->device, cfg->mtu,
			  port->interface, ifr.ifr_mtu);
		return -EINVAL;
	}
	return 0;
}

/* Only IP, and not what was tagged: the tag is off here already, and the frame not ours. */
static int filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x0fff, 4, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {RTE_DIM(code), code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* Nothing comes before the socket is bound, with all its options. */
static int prepare_socket(struct kernel_port *port)
{
	const int on = 1, bytes = SOCKET_BYTES;
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	at.sll_ifindex = (int)if_nametoindex(port->interface);
	if (at.sll_ifindex == 0)
		return -errno;
	if (setsockopt(port->fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0 ||
	    setsockopt(port->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    setsockopt(port->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
	    setsockopt(port->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
	    filter(port->fd) < 0 || bind(port->fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	return 0;
}

/* --- the ethdev --- */

static struct rte_ring *create_ring(const struct kernel_port *port, char way, unsigned int queue)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%.15s_%c%u", port->interface, way, queue);
	return rte_ring_create(name, RING_FRAMES, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static int create_ethdev(struct kernel_port *port)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	unsigned int i;
	int id;

	snprintf(name, sizeof(name), "%s_tails", port->interface);
	port->tails = rte_pktmbuf_pool_create(name, TAIL_MBUFS, TAIL_CACHE, 0,
					      TAIL_BYTES + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	port->in = create_ring(port, 'i', 0);
	if (port->tails == NULL || port->in == NULL)
		return -ENOMEM;
	for (i = 0; i < port->n_workers; i++) {
		port->out[i] = create_ring(port, 'o', i);
		if (port->out[i] == NULL)
			return -ENOMEM;
	}
	id = rte_eth_from_rings(port->interface, &port->in, 1, port->out, port->n_workers,
				(unsigned int)SOCKET_ID_ANY);
	if (id < 0)
		return -ENODEV;
	port->id = (uint16_t)id;
	return 0;
}

static int open_port(struct kernel_port *port, const struct config_port *cfg)
{
	int rc;

	port->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (port->fd < 0)
		return -errno;
	rc = look_at_interface(port, cfg);
	if (rc == 0)
		rc = create_ethdev(port);
	return rc == 0 ? prepare_socket(port) : rc;
}

int kernel_port_open(struct kernel_port **port, const struct config *cfg, unsigned int index,
		     struct rte_mempool *pool)
{
	const struct config_port *port_cfg = &cfg->ports[index];
	struct kernel_port *p = rte_zmalloc("kernel_port", sizeof(*p), RTE_CACHE_LINE_SIZE);
	int rc;

	if (p == NULL)
		return -ENOMEM;
	p->fd = -1;
	p->pool = pool;
	p->n_workers = cfg->dataplane.n_workers;
	snprintf(p->interface, sizeof(p->interface), "%s", kernel_port_interface(port_cfg->device));
	rc = open_port(p, port_cfg);
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
	if (port->fd >= 0)
		close(port->fd);
	drain(port->in);
	for (i = 0; i < port->n_workers; i++) {
		drain(port->out[i]);
		rte_pktmbuf_free(port->held[i]);
	}
	for (i = 0; i < RTE_DIM(port->next); i++)
		rte_pktmbuf_free(port->next[i]);
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
	return ioctl(port->fd, SIOCGIFFLAGS, &ifr) == 0 && ifr.ifr_flags & IFF_UP &&
	       ifr.ifr_flags & IFF_RUNNING;
}

/* The kernel's count begins anew whenever it is read. */
uint64_t kernel_port_missed(struct kernel_port *port)
{
	struct tpacket_stats stats;
	socklen_t length = sizeof(stats);

	if (getsockopt(port->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0)
		return __atomic_add_fetch(&port->missed, stats.tp_drops, __ATOMIC_RELAXED);
	return __atomic_load_n(&port->missed, __ATOMIC_RELAXED);
}

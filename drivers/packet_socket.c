/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet socket sees each frame before the kernel's own protocols do, and not what the kernel
 * sends itself.
 *
 * To receive, each slot of a burst has an mbuf for the headers and two large ones for what is left
 * of 64 KiB.  Those that a frame did not reach stay in the slot.  Slots are used from `spent` on, and
 * filled again from there back: while mbufs are scarce the last ones still work.
 *
 * One thread receives; all that sending needs is the descriptor.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "packet_socket.h"
#include "vnet.h"

#define BURST	     PACKET_SOCKET_BURST
#define PARTS	     (1 + PACKET_SOCKET_TAILS)
#define SOCKET_BYTES (32 << 20)

/* Parts that a frame to be sent may be in, with its vnet header. */
#define SENT_PARTS 8

struct slot {
	struct virtio_net_hdr header;
	struct rte_mbuf *mbufs[PARTS];
	struct iovec parts[1 + PARTS]; /* the header and the mbufs */
};

struct packet_socket {
	int fd;
	unsigned int spent; /* slots that want mbufs */
	struct rte_mempool *heads, *tails;
	struct mmsghdr messages[BURST]; /* one a slot */
	struct slot slots[BURST];
	uint64_t missed;
};

/* --- life --- */

static void lay_out(struct packet_socket *s)
{
	unsigned int i;

	for (i = 0; i < BURST; i++) {
		struct slot *slot = &s->slots[i];

		slot->parts[0] = (struct iovec){&slot->header, sizeof(slot->header)};
		s->messages[i].msg_hdr =
			(struct msghdr){.msg_iov = slot->parts, .msg_iovlen = 1 + PARTS};
	}
	s->spent = BURST;
}

int packet_socket_create(struct packet_socket **socket_, struct rte_mempool *heads,
			 struct rte_mempool *tails)
{
	struct packet_socket *s = rte_zmalloc("packet_socket", sizeof(*s), RTE_CACHE_LINE_SIZE);
	int rc;

	if (s == NULL)
		return -ENOMEM;
	s->heads = heads;
	s->tails = tails;
	lay_out(s);
	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (s->fd < 0) {
		rc = -errno;
		rte_free(s);
		return rc;
	}
	*socket_ = s;
	return 0;
}

void packet_socket_destroy(struct packet_socket *s)
{
	unsigned int i, part;

	if (s == NULL)
		return;
	close(s->fd);
	for (i = 0; i < BURST; i++) {
		for (part = 0; part < PARTS; part++)
			rte_pktmbuf_free(s->slots[i].mbufs[part]);
	}
	rte_free(s);
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

/* A connection's packets all go to one socket of the group, by the kernel's hash.  Whoever is first
 * makes a group with a number that nobody else has, and is asked for it. */
static int share(int fd, const struct packet_socket *first)
{
	int group = (PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_UNIQUEID) << 16;
	socklen_t length = sizeof(group);

	if (first != NULL) {
		if (getsockopt(first->fd, SOL_PACKET, PACKET_FANOUT, &group, &length) < 0)
			return -1;
		group = (group & UINT16_MAX) | PACKET_FANOUT_HASH << 16;
	}
	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group));
}

/* Nothing comes before the socket is bound, with all its options. */
int packet_socket_bind(struct packet_socket *s, const char *interface,
		       const struct packet_socket *first)
{
	const int on = 1, bytes = SOCKET_BYTES;
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	at.sll_ifindex = (int)if_nametoindex(interface);
	if (at.sll_ifindex == 0)
		return -errno;
	if (setsockopt(s->fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
	    setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
	    filter(s->fd) < 0 || bind(s->fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    share(s->fd, first) < 0)
		return -errno;
	return 0;
}

/* --- receiving --- */

/* False: there are no mbufs. */
static bool fill(struct packet_socket *s, struct slot *slot)
{
	unsigned int i;

	for (i = 0; i < PARTS; i++) {
		struct rte_mbuf *m = slot->mbufs[i];

		if (m != NULL)
			continue;
		m = slot->mbufs[i] = rte_pktmbuf_alloc(i == 0 ? s->heads : s->tails);
		if (m == NULL)
			return false;
		slot->parts[1 + i] =
			(struct iovec){rte_pktmbuf_mtod(m, void *), rte_pktmbuf_tailroom(m)};
	}
	return true;
}

/* The mbufs that the `length` bytes of a frame reached, as a chain. */
static struct rte_mbuf *take_chain(struct slot *slot, size_t length)
{
	struct rte_mbuf *head = NULL, **link = &head;
	unsigned int i;

	for (i = 0; i < PARTS && length > 0; i++) {
		struct rte_mbuf *m = slot->mbufs[i];
		uint16_t n = (uint16_t)RTE_MIN(length, slot->parts[1 + i].iov_len);

		slot->mbufs[i] = NULL;
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

/* NULL: of no use. */
static struct rte_mbuf *take_frame(struct slot *slot, const struct mmsghdr *message)
{
	struct rte_mbuf *m;

	if (message->msg_len <= sizeof(slot->header) || message->msg_hdr.msg_flags & MSG_TRUNC)
		return NULL;
	m = take_chain(slot, message->msg_len - sizeof(slot->header));
	if (vnet_mark(m, &slot->header))
		return m;
	rte_pktmbuf_free(m);
	return NULL;
}

unsigned int packet_socket_receive(struct packet_socket *s, struct rte_mbuf **frames,
				   unsigned int n)
{
	unsigned int i, taken = 0, first;
	int came;

	while (s->spent > 0 && fill(s, &s->slots[s->spent - 1]))
		s->spent--;
	first = s->spent;
	n = RTE_MIN(n, BURST - first);
	came = n > 0 ? recvmmsg(s->fd, &s->messages[first], n, MSG_DONTWAIT, NULL) : 0;
	if (came <= 0)
		return 0;
	s->spent += (unsigned int)came;
	for (i = first; i < s->spent; i++) {
		struct rte_mbuf *m = take_frame(&s->slots[i], &s->messages[i]);

		if (m != NULL)
			frames[taken++] = m;
	}
	if (taken < (unsigned int)came)
		__atomic_add_fetch(&s->missed, (unsigned int)came - taken, __ATOMIC_RELAXED);
	return taken;
}

/* --- sending --- */

struct sent {
	struct virtio_net_hdr header;
	struct iovec parts[SENT_PARTS];
};

/* In more parts than there may be it has none, and the kernel refuses it. */
static struct msghdr message_of(const struct rte_mbuf *m, struct sent *sent)
{
	struct msghdr msg = {.msg_iov = sent->parts};

	if (m->nb_segs >= SENT_PARTS)
		return msg;
	sent->header = vnet_header(m);
	sent->parts[msg.msg_iovlen++] = (struct iovec){&sent->header, sizeof(sent->header)};
	for (; m != NULL; m = m->next)
		sent->parts[msg.msg_iovlen++] =
			(struct iovec){rte_pktmbuf_mtod(m, void *), m->data_len};
	return msg;
}

/* It reports what became of the first message only, and stops before the next bad one. */
static unsigned int send_messages(int fd, struct mmsghdr *messages, unsigned int n,
				  unsigned int *lost)
{
	unsigned int done = 0;

	while (done < n) {
		int rc = sendmmsg(fd, messages + done, n - done, MSG_DONTWAIT);

		if (rc < 0 && errno == EAGAIN)
			break;
		*lost += rc < 0;
		done += rc < 0 ? 1 : (unsigned int)rc;
	}
	return done;
}

unsigned int packet_socket_send(const struct packet_socket *s, struct rte_mbuf **frames,
				unsigned int n, unsigned int *lost)
{
	struct mmsghdr messages[BURST];
	struct sent sent[BURST];
	unsigned int i, done;

	n = RTE_MIN(n, (unsigned int)BURST);
	for (i = 0; i < n; i++)
		messages[i].msg_hdr = message_of(frames[i], &sent[i]);
	done = send_messages(s->fd, messages, n, lost);
	rte_pktmbuf_free_bulk(frames, done);
	return done;
}

/* --- what is known of it --- */

int packet_socket_fd(const struct packet_socket *s)
{
	return s->fd;
}

/* The kernel's count begins anew whenever it is read. */
uint64_t packet_socket_missed(struct packet_socket *s)
{
	struct tpacket_stats stats;
	socklen_t length = sizeof(stats);

	if (getsockopt(s->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0)
		return __atomic_add_fetch(&s->missed, stats.tp_drops, __ATOMIC_RELAXED);
	return __atomic_load_n(&s->missed, __ATOMIC_RELAXED);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP segments that no flow claims: the service's own go to their owner and there to their leg by
 * its state, the others to the kernel.  A segment of the service is believed only when its
 * checksums are good.
 */
#include "next_hop.h"
#include "worker.h"

static bool is_ours(const struct listen_address *own, const struct tuple *t)
{
	/* The mapped form stands for IPv4; as an address of an IPv6 packet it is nobody's. */
	if (IN6_IS_ADDR_V4MAPPED(&own->addr))
		return !t->v6 && tuple_v4(&own->addr) == t->ends.relay_addr;
	return t->v6 && IN6_ARE_ADDR_EQUAL(&own->addr, &t->wide.relay);
}

static bool is_service_port(const struct listener *l, rte_be16_t port)
{
	return port != 0 && (port == l->endpoint_port || port == l->socks5_port);
}

static bool is_own_address(const struct listener *l, const struct tuple *t)
{
	unsigned int i;

	for (i = 0; i < l->n_addresses; i++) {
		if (is_ours(&l->addresses[i], t))
			return true;
	}
	return false;
}

bool listen_is_rendezvous(const struct listener *l, const struct tuple *t)
{
	return l->rendezvous != NULL && rendezvous_set_spans(l->rendezvous, t) &&
	       (t->v6 || is_own_address(l, t));
}

bool listen_is_ours(const struct listener *l, const struct tuple *t)
{
	return (is_service_port(l, t->ends.relay_port) && is_own_address(l, t)) ||
	       listen_is_rendezvous(l, t);
}

/* 224.0.0.0: multicast, class E and broadcast from here on */
#define FIRST_MULTICAST UINT32_C(0xe0000000)

/* One of our own addresses, or all ones or all zeros in the host part of one of our subnets. */
static bool not_a_neighbour(const struct listen_address *own, rte_be32_t src)
{
	rte_be32_t addr = tuple_v4(&own->addr), host = src & own->host_mask;

	if (!IN6_IS_ADDR_V4MAPPED(&own->addr))
		return false;
	if (src == addr)
		return true;
	return own->host_mask != 0 && ((src ^ addr) & ~own->host_mask) == 0 &&
	       (host == 0 || host == own->host_mask);
}

static bool martian4(const struct listener *l, rte_be32_t peer)
{
	uint32_t src = rte_be_to_cpu_32(peer);
	unsigned int i;

	if (src >> 24 == 0 || src >> 24 == IN_LOOPBACKNET || src >= FIRST_MULTICAST)
		return true;
	for (i = 0; i < l->n_addresses; i++) {
		if (not_a_neighbour(&l->addresses[i], peer))
			return true;
	}
	return false;
}

/* ::/32 is unspecified, loopback, IPv4 in disguise or nothing at all: none of it is routed. */
static bool martian6(const struct listener *l, const struct in6_addr *peer)
{
	unsigned int i;

	if (peer->s6_addr32[0] == 0 || IN6_IS_ADDR_MULTICAST(peer))
		return true;
	if (l->rendezvous != NULL && rendezvous_set_covers(l->rendezvous, peer))
		return true;
	for (i = 0; i < l->n_addresses; i++) {
		if (IN6_ARE_ADDR_EQUAL(&l->addresses[i].addr, peer))
			return true;
	}
	return false;
}

static bool martian_address(const struct listener *l, const struct tuple *t)
{
	if (t->ends.peer_port == 0)
		return true;
	return t->v6 ? martian6(l, &t->wide.peer) : martian4(l, t->ends.peer_addr);
}

/* Answers go to where a segment came from: a host's MAC, and not our own, which frames for us are
 * addressed to. */
static bool martian_mac(const struct rte_ether_hdr *eth)
{
	return !rte_is_valid_assigned_ether_addr(&eth->src_addr) ||
	       rte_is_same_ether_addr(&eth->src_addr, &eth->dst_addr);
}

bool listen_is_service(const struct listener *l, const struct tuple *t)
{
	return listen_is_ours(l, t) && !martian_address(l, t);
}

void listen_refuse(struct worker *w, const struct packet *p)
{
	const struct rte_tcp_hdr *tcp = p->tcp;
	struct reply r = {
		.to = p->key,
		.next_hop = next_hop_make(p->port, 0, &p->eth->src_addr),
		.flags = RTE_TCP_RST_FLAG,
	};

	if (tcp->tcp_flags & RTE_TCP_RST_FLAG || !rate_limit_take(&w->refusals, w->now_ms))
		return;
	if (tcp->tcp_flags & RTE_TCP_ACK_FLAG) {
		r.seq = rte_be_to_cpu_32(tcp->recv_ack);
	} else {
		r.flags |= RTE_TCP_ACK_FLAG;
		r.ack = rte_be_to_cpu_32(tcp->sent_seq) + packet_seq_len(p);
	}
	output_reply(w, &r);
}

static void silence(struct worker *w, struct leg *leg, const struct packet *p)
{
	RTE_SET_USED(leg);
	RTE_SET_USED(p);
	relaxed_add(&w->stats->dropped[DROP_NOT_EXPECTED], 1);
}

typedef void (*segment_handler)(struct worker *w, struct leg *leg, const struct packet *p);

static const segment_handler segment_handlers[LEG_STATES] = {
	[LEG_HALF_OPEN] = handshake_segment,
	[LEG_PARKED] = parked_segment,
	[LEG_CLAIMED] = parked_segment,
	[LEG_RETIRED] = silence,
};

static struct leg *find_leg(struct worker *w, const struct packet *p)
{
	struct leg *leg = leg_find(&w->legs, p->hash, &p->key);

	/* An opening leg's segments belong to its flow; where that is gone, so is the leg. */
	if (leg != NULL && leg->state == LEG_OPENING) {
		leg_end(&w->legs, leg, LEG_END_REPLACED);
		leg = NULL;
	}
	return leg;
}

static bool is_nobodys(const struct listener *l, const struct tuple *t)
{
	const struct rendezvous_set *set = l->rendezvous;

	return listen_is_rendezvous(l, t) &&
	       rendezvous_set_state_of(set, rendezvous_set_find(set, t)) == MAILBOX_RENDEZVOUS_FREE;
}

/* On a rendezvous address that is nobody's a SYN is refused as on any closed port. */
static void take_syn(struct worker *w, const struct packet *p)
{
	if (!is_nobodys(&w->listener, &p->key)) {
		handshake_syn(w, p);
		return;
	}
	relaxed_add(&w->stats->dropped[DROP_NO_LEG], 1);
	listen_refuse(w, p);
}

static void take_segment(struct worker *w, const struct packet *p)
{
	const uint8_t kind =
		RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_RST_FLAG | RTE_TCP_FIN_FLAG;
	struct leg *leg = find_leg(w, p);

	if (leg != NULL) {
		segment_handlers[leg->state](w, leg, p);
	} else if ((p->tcp->tcp_flags & kind) == RTE_TCP_SYN_FLAG) {
		take_syn(w, p);
	} else if (!handshake_cookie(w, p)) {
		relaxed_add(&w->stats->dropped[DROP_NO_LEG], 1);
		listen_refuse(w, p);
	}
}

/* All that is to be known of it its owner knows. */
static void hand_over(struct worker *w, unsigned int owner, const struct packet *p)
{
	if (!handover_give(w->handover, w->index, owner, p->port, p->m)) {
		worker_drop(w, p->m, DROP_OWNER_BUSY);
		return;
	}
	w->handed_to |= UINT32_C(1) << owner;
	relaxed_add(&w->stats->handed_over, 1);
}

void listen_input(struct worker *w, struct packet *p)
{
	unsigned int owner;

	if (!listen_is_ours(&w->listener, &p->key)) {
		exception_to_kernel(w, p->port, p->m);
		return;
	}
	owner = handover_owner(w->handover, &p->key);
	if (owner != w->index) {
		hand_over(w, owner, p);
		return;
	}
	if (martian_address(&w->listener, &p->key) || martian_mac(p->eth)) {
		worker_drop(w, p->m, DROP_MARTIAN);
		return;
	}
	if (!packet_checksums_good(p)) {
		worker_drop(w, p->m, DROP_CHECKSUM);
		return;
	}
	take_segment(w, p);
	rte_pktmbuf_free(p->m);
}

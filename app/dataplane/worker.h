/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: one lcore that carries packets from its receive queues to its transmit queues, run to
 * completion.  All it changes is its own, but for the mutable lines of flows.
 *
 * This header is for the steps of the packet path, one file each, that work on it:
 *
 *   worker -> packet -> flow_table -> splice, track -> output
 *                           miss -> listen -> (owner) -> handshake | parked | negotiation
 *                                      |                 | opening | challenge
 *                                      not ours -> exception
 *                    icmp error about a flow -> icmp -> output
 *
 * On a port that has a VLAN its tag is off before packet, and put on by output (vlan).
 */
#ifndef TANDEM_WORKER_H
#define TANDEM_WORKER_H

#include <rte_ethdev.h>

#include "config.h"
#include "cookies.h"
#include "dataplane.h"
#include "flow_table.h"
#include "handover.h"
#include "hop_cache.h"
#include "leg.h"
#include "packet.h"
#include "rate_limit.h"
#include "rendezvous_set.h"
#include "reply.h"
#include "siphash.h"

#define WORKER_BURST 32

/* What the service listens on, and how it answers a SYN. */
struct listener {
	struct listen_address {
		struct in6_addr addr; /* IPv4 as ::ffff:a.b.c.d */
		rte_be32_t host_mask; /* IPv4: the bits that number hosts of its subnet */
	} addresses[CONFIG_MAX_PORTS * CONFIG_MAX_ADDRESSES];
	unsigned int n_addresses;
	rte_be16_t endpoint_port, socks5_port; /* 0: that service is off */
	struct rendezvous_set *rendezvous;     /* NULL: that service is off */
	uint16_t mss;
	struct siphash_key isn_key; /* RFC 6528 */
	struct siphash_key ts_key;  /* offset of timestamps, RFC 7323 5.4 */
	struct siphash_key cookie_key;
};

/* A port as the worker sends by it: what of it each packet needs. */
struct outlet {
	struct rte_eth_dev_tx_buffer *buffer;
	struct dataplane_queue queue;
	uint16_t room[2]; /* as the port's */
	uint16_t vlan;
	struct rte_ether_addr mac;
};

struct worker {
	unsigned int index;	/* not the lcore */
	unsigned int n_workers; /* all there are */
	const struct dataplane_port *ports;
	unsigned int n_ports;
	struct outlet outlets[CONFIG_MAX_PORTS];
	struct rte_mempool *pool;
	struct mailbox *mb;
	struct flow_table *flows;
	struct rte_rcu_qsbr *readers;
	struct handover *handover;
	uint32_t handed_to; /* bits of the workers that may have to be woken */
	bool wakes;	    /* all its queues can, see `wake_fd` */
	struct listener listener;
	struct leg_table legs;
	struct cookies cookies;
	enum mailbox_cookies cookies_told;
	struct hop_cache hops[CONFIG_MAX_PORTS]; /* of those who were sent cookies */
	struct worker_stats *stats;
	uint64_t now_ms;     /* read once a round */
	uint64_t claim_ms;   /* see worker_reconfigure() */
	uint64_t idle_since; /* in TSC cycles */
	enum config_idle idle;
	uint32_t idle_rounds;			/* since the last round with work */
	uint64_t flow_reset_done[WORKER_BURST]; /* not yet told */
	unsigned int n_flow_reset_done;
	int wake_fd; /* readable while a queue that can tell has something */
	struct {
		bool asked;
		uint64_t id;
		uint64_t news; /* legs that have to be told of before it is answered */
	} fence;
	/* Each has the worker's share. */
	struct rate_limit refusals;   /* RSTs to nobody's segments: strangers can use them up */
	struct rate_limit challenges; /* ACKs to doubtful segments of legs */
	struct rate_limit probes;     /* questions whether somebody is connected */
	struct rate_limit to_kernel;  /* packets */
	struct rate_limit errors;     /* ICMP errors, passed on or our own */
} __rte_cache_aligned;

static inline void worker_drop(struct worker *w, struct rte_mbuf *m, enum drop_reason reason)
{
	relaxed_add(&w->stats->dropped[reason], 1);
	rte_pktmbuf_free(m);
}

/* Set up on the control thread, before the worker runs. -ENOMEM. */
struct worker_args {
	const struct config *cfg;
	unsigned int n_workers;
	const struct dataplane_port *ports;
	unsigned int n_ports;
	struct rte_mempool *pool;
	struct mailbox *mb;
	struct flow_table *flows;
	struct rte_rcu_qsbr *readers;
	struct handover *handover;
	const struct listener *listener;
	const struct tuple_seed *seed;
	struct worker_stats *stats; /* one for each worker */
};

int worker_init(struct worker *w, unsigned int index, const struct worker_args *args);
void worker_fini(struct worker *w);

/* Take over what may change while the worker runs. On the control thread. */
void worker_reconfigure(struct worker *w, const struct config *cfg);

/* Once through all there is to do, at the time `now_ms`; returns how much there was.  It is the packets
 * of the ports, each time, and the chores: the kernel's frames, commands, timers, news. */
unsigned int worker_round(struct worker *w);

/* The worker's life, until `*stop`. On its lcore. */
void worker_run(struct worker *w, const bool *stop);

/* --- vlan.c: the tags of what came in by a port that has a VLAN --- */

/* Take them off; drop frames of another VLAN or none.  Returns how many are left. */
unsigned int vlan_input(struct worker *w, unsigned int port, struct rte_mbuf **frames,
			unsigned int n);

/* --- output.c: what leaves --- */

int output_init(struct worker *w);
void output_fini(struct worker *w);
/* Put the tag of the port's VLAN on a frame; false: it is dropped. */
bool output_tag(struct worker *w, struct rte_mbuf *m, uint16_t vlan);
/* Send what waits for one port. */
void output_burst(const struct outlet *out);

/* Hand a frame to the port's queue, at the end of the round at the latest; takes the mbuf. */
static inline void output_frame(struct worker *w, unsigned int port, struct rte_mbuf *m)
{
	const struct outlet *out = &w->outlets[port];
	struct rte_eth_dev_tx_buffer *buffer = out->buffer;

	if (unlikely(out->vlan != 0) && !output_tag(w, m, out->vlan))
		return;
	buffer->pkts[buffer->length++] = m;
	if (unlikely(buffer->length == buffer->size))
		output_burst(out);
}

void output_reply(struct worker *w, const struct reply *r);
/* All that waits; returns how many ports want to be tried again. */
unsigned int output_flush(struct worker *w);

/* --- idle.c: between the packets --- */

/* Find what wakes the worker. -errno. */
int idle_init(struct worker *w);
/* Safe on a worker whose `wake_fd` is none's. */
void idle_fini(struct worker *w);
/* After a round without work: look again at once, or sleep a while. */
void idle_rest(struct worker *w);

/* --- listen.c: TCP that belongs to no flow; takes the mbuf --- */
void listen_input(struct worker *w, struct packet *p);
bool listen_is_ours(const struct listener *l, const struct tuple *t);
/* It is a rendezvous address, reserved or not. */
bool listen_is_rendezvous(const struct listener *l, const struct tuple *t);
/* It is ours, and its peer can be one. */
bool listen_is_service(const struct listener *l, const struct tuple *t);
/* RST to the sender of a segment, as RFC 9293 3.10.7.1 has it of nobody's; not at any rate. */
void listen_refuse(struct worker *w, const struct packet *p);

/* --- handshake.c: SYN, SYN|ACK, ACK --- */
void handshake_syn(struct worker *w, const struct packet *p);
void handshake_segment(struct worker *w, struct leg *leg, const struct packet *p);
void handshake_timer(struct worker *w, struct leg *leg);
/* An ACK of nobody's.  True: it carries a cookie, and is dealt with. */
bool handshake_cookie(struct worker *w, const struct packet *p);
/* Now: an initial number (RFC 6528) and a timestamp for this peer. */
uint32_t handshake_isn(const struct worker *w, const struct tuple *t);
uint32_t handshake_clock(const struct worker *w, const struct tuple *t);

/* --- challenge.c: is that peer connected? --- */
/* A SYN whose sender may have to be asked later. */
void challenge_remember(struct worker *w, const struct packet *p);
void challenge_send(struct worker *w, const struct four_tuple *four);

/* --- parked.c: an established leg without a partner --- */
/* It is established by `p`. */
void parked_start(struct worker *w, struct leg *leg, const struct packet *p);
void parked_segment(struct worker *w, struct leg *leg, const struct packet *p);
void parked_timer(struct worker *w, struct leg *leg);
/* The leg's current ACK, in answer to a segment that its peer may not have sent; not at any rate. */
void parked_challenge(struct worker *w, const struct leg *leg);
/* What is said on it, without payload: S, R, T; and say it. */
struct reply parked_reply(const struct worker *w, const struct leg *leg, uint8_t flags);
void parked_say(struct worker *w, const struct leg *leg, uint8_t flags);
/* A segment in its place, that the peer sent: where from, with which window and timestamp. */
void parked_hear(struct leg *leg, const struct packet *p);
/* RST to the leg's peer, and its end. */
void parked_reset(struct worker *w, struct leg *leg, enum leg_end end);

/* --- negotiation.c: such a leg of the SOCKS5 service, as long as it negotiates --- */
void negotiation_segment(struct worker *w, struct leg *leg, const struct packet *p);
void negotiation_timer(struct worker *w, struct leg *leg);
/* CLAIM, ADMIT, REFUSE or RETIRE. */
void negotiation_command(struct worker *w, struct leg *leg, enum mailbox_command_type type);
/* The window of its SYN|ACK, for 2 + 255 bytes of methods and 5 + 255 + 2 of a request; and the raw
 * one of what is said later.  Of any other leg 0. */
#define NEGOTIATION_WINDOW 520
uint16_t negotiation_window(const struct worker *w, const struct leg *leg);

/* --- opening.c: the window updates that start a spliced connection --- */
void opening_start(struct worker *w, struct leg *leg, uint64_t flow, unsigned int side);
void opening_timer(struct worker *w, struct leg *leg);
/* RST to both ends of a flow, with the numbers they expect. */
void opening_undo(struct worker *w, uint64_t flow);

/* --- exception.c: to and from the kernel --- */
void exception_to_kernel(struct worker *w, unsigned int port, struct rte_mbuf *m);
/* Returns how many frames the kernel had. */
unsigned int exception_from_kernel(struct worker *w);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "icmp.h"
#include "last_hop.h"
#include "offload.h"
#include "policer.h"
#include "segment.h"
#include "splice.h"
#include "timestamp.h"
#include "track.h"
#include "worker.h"

#define COMMAND_BURST WORKER_BURST

/* The chores wait for packets this long. */
#define CHORES_US 20

/* Rates of all workers: what they say to strangers and in doubt, what they let the kernel have. */
#define REFUSALS_PER_MS	  5
#define REFUSALS_BURST	  1000
#define CHALLENGES_PER_MS 5
#define CHALLENGES_BURST  1000
#define PROBES_PER_MS	  1
#define PROBES_BURST	  100
#define TO_KERNEL_PER_MS  20
#define TO_KERNEL_BURST	  4000
#define ERRORS_PER_MS	  5
#define ERRORS_BURST	  1000

int worker_init(struct worker *w, unsigned int index, const struct worker_args *args)
{
	const struct leg_limits limits = {
		.half_open = args->cfg->limits.half_open,
		.unclaimed = args->cfg->limits.legs,
		.unclaimed_per_source = args->cfg->limits.legs_per_source,
		.socks5_port = args->listener->socks5_port,
		.rendezvous = args->listener->rendezvous,
	};
	const unsigned int n = args->n_workers;
	const struct leg_workers workers = {args->stats, n, index};
	int rc;

	memset(w, 0, sizeof(*w));
	w->wake_fd = -1;
	w->index = index;
	w->n_workers = n;
	w->ports = args->ports;
	w->n_ports = args->n_ports;
	w->pool = args->pool;
	w->mb = args->mb;
	w->flows = args->flows;
	w->readers = args->readers;
	w->handover = args->handover;
	w->listener = *args->listener;
	w->stats = &args->stats[index];
	w->now_ms = mailbox_now_ms();
	w->claim_ms = args->cfg->timers.claim_ms;
	w->idle = args->cfg->dataplane.idle;
	w->refusals = rate_limit(REFUSALS_PER_MS, REFUSALS_BURST, n, w->now_ms);
	w->challenges = rate_limit(CHALLENGES_PER_MS, CHALLENGES_BURST, n, w->now_ms);
	w->probes = rate_limit(PROBES_PER_MS, PROBES_BURST, n, w->now_ms);
	w->to_kernel = rate_limit(TO_KERNEL_PER_MS, TO_KERNEL_BURST, n, w->now_ms);
	w->errors = rate_limit(ERRORS_PER_MS, ERRORS_BURST, n, w->now_ms);
	rc = leg_table_init(&w->legs, &limits, args->seed, &workers, w->now_ms);
	cookies_init(&w->cookies, &w->listener.cookie_key, w->listener.mss, w->legs.max_half_open,
		     w->now_ms);
	if (rc == 0)
		rc = output_init(w);
	if (rc == 0)
		rc = idle_init(w);
	if (rc < 0)
		worker_fini(w);
	return rc;
}

void worker_reconfigure(struct worker *w, const struct config *cfg)
{
	relaxed_store(&w->claim_ms, cfg->timers.claim_ms);
	relaxed_store(&w->legs.max_per_source, cfg->limits.legs_per_source);
}

void worker_fini(struct worker *w)
{
	output_fini(w);
	leg_table_fini(&w->legs);
	idle_fini(w);
	memset(w, 0, sizeof(*w));
}

/* --- packets --- */

static inline void send_relayed(struct worker *w, unsigned int port, uint64_t hop,
				struct rte_mbuf *m, uint32_t payload)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

	next_hop_mac(hop, &eth->dst_addr);
	eth->src_addr = w->outlets[port].mac;
	relaxed_add(&w->stats->relayed_packets, 1);
	relaxed_add(&w->stats->relayed_bytes, payload);
	output_frame(w, port, m);
}

/* The segment is larger than the other leg takes: pieces of it go.  To cut is to compute checksums
 * anew, so damage has to be found here. */
static void relay_pieces(struct worker *w, uint32_t slot, uint64_t hop, struct packet *p,
			 unsigned int room)
{
	unsigned int i, n, wanted = segment_pieces(p, room);
	const uint32_t headers = p->m->pkt_len - p->payload;
	struct rte_mbuf *pieces[SEGMENT_PIECES];

	if (wanted == 0) {
		icmp_too_big(w, slot, p, packet_ip_length(p) - (segment_room(p) - room));
		return;
	}
	if (!packet_checksums_good(p)) {
		worker_drop(w, p->m, DROP_CHECKSUM);
		return;
	}
	n = segment_cut(p, room, w->pool, pieces);
	if (n < wanted)
		relaxed_add(&w->stats->dropped[DROP_NO_BUFFER], 1);
	for (i = 0; i < n; i++)
		send_relayed(w, next_hop_port(hop), hop, pieces[i], pieces[i]->pkt_len - headers);
}

/* What not any port can send as it is, or is larger than the other leg takes. */
static __rte_noinline void relay_special(struct worker *w, uint32_t slot, uint64_t hop,
					 struct packet *p, unsigned int room)
{
	const unsigned int port = next_hop_port(hop);
	const bool partial = offload_is_partial(p->m), offload = w->ports[port].offload;
	const bool fits = segment_room(p) <= room || p->payload == 0;

	if (partial)
		offload_reseed(p);
	if (partial && offload &&
	    (fits || !(p->tcp->tcp_flags & (RTE_TCP_SYN_FLAG | RTE_TCP_RST_FLAG))) &&
	    offload_leave(p, room)) {
		send_relayed(w, port, hop, p->m, p->payload);
		return;
	}
	room = offload_room(p, room);
	if ((p->payload > 0 && segment_room(p) > room) || (p->m->nb_segs != 1 && !offload)) {
		relay_pieces(w, slot, hop, p, room);
		return;
	}
	if (partial)
		offload_complete(p);
	send_relayed(w, port, hop, p->m, p->payload);
}

/* Timestamps for a leg whose partner has none.  RFC 7323 3.2: a RST does without, and without ACK
 * there is no echo. */
static bool insert_timestamps(struct worker *w, uint32_t slot, struct packet *p)
{
	uint8_t flags = p->tcp->tcp_flags;

	if (flags & (RTE_TCP_RST_FLAG | RTE_TCP_SYN_FLAG))
		return true;
	p->drop = DROP_NO_BUFFER;
	return timestamp_insert(p, track_tsval(w->flows, slot, w->now_ms),
				flags & RTE_TCP_ACK_FLAG ? track_tsecr(w->flows, slot) : 0);
}

/* IPv4 ids count the direction's packets, from where nobody can tell: each flow has its own, which
 * no other worker shares in the usual case, and 65,536 pass before one comes again. */
static uint16_t next_ip_id(const struct flow_table *t, uint32_t slot, const struct packet *p)
{
	return (uint16_t)(p->hash + relaxed_load(&t->tracks[slot].packets));
}

/* False: `p->drop` says why. */
static bool translate(struct worker *w, uint32_t slot, struct packet *p)
{
	const struct flow_line *line = &w->flows->lines[slot];

	if (unlikely(!splice_translate(line, &w->flows->wides[slot], p,
				       next_ip_id(w->flows, slot, p))))
		return false;
	return likely(!(line->flags & FLOW_TS_INSERT)) || insert_timestamps(w, slot, p);
}

/* Is it over the rate of its session?  What carries no payload never is: acknowledgements and the
 * end of a connection pass. */
static bool over_rate(struct worker *w, uint32_t slot, const struct packet *p)
{
	uint32_t cost = relaxed_load(&w->flows->lines[slot].cost);

	return unlikely(cost != 0) && p->payload > 0 &&
	       !policer_pass(&w->flows->meters[slot / 2], cost, p->payload, w->now_ms);
}

/* The segment `p` of a spliced connection: translate it and pass it on. */
static void relay(struct worker *w, uint32_t slot, struct packet *p)
{
	const struct flow_table *flows = w->flows;
	unsigned int port, room;
	uint64_t hop;

	if (unlikely(packet_hops(p) <= 1)) {
		worker_drop(w, p->m, DROP_TTL);
		return;
	}
	if (unlikely(over_rate(w, slot, p))) {
		worker_drop(w, p->m, DROP_RATE_SESSION);
		return;
	}
	last_hop_check(flows, slot, p);
	track_packet(flows, slot, p, w->now_ms);
	if (unlikely(!translate(w, slot, p))) {
		worker_drop(w, p->m, p->drop);
		return;
	}
	hop = relaxed_load(&flows->tracks[slot].next_hop);
	port = next_hop_port(hop);
	room = RTE_MIN(flows->lines[slot].mss, w->outlets[port].room[p->key.v6]);
	if (likely((segment_room(p) <= room || p->payload == 0) && !offload_is_special(p->m)))
		send_relayed(w, port, hop, p->m, p->payload);
	else
		relay_special(w, slot, hop, p, room);
}

/* A new connection may begin on the four-tuple of one that only lingers. */
static __rte_noinline bool supersedes(struct worker *w, uint32_t slot, const struct packet *p)
{
	enum flow_state state = relaxed_load(flow_state_of(w->flows, slot));
	const uint8_t kind = RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_RST_FLAG;

	if (state == FLOW_SUPERSEDED)
		return true;
	if (!track_lingers(state) || (p->tcp->tcp_flags & kind) != RTE_TCP_SYN_FLAG ||
	    !packet_checksums_good(p))
		return false;
	track_supersede(w->flows, slot, state, w->now_ms);
	return true;
}

static void take_tcp(struct worker *w, struct packet *p)
{
	uint32_t slot = p->slot;

	/* What was fetched for it is nearly always its own. */
	if (slot == TUPLE_NO_SLOT || unlikely(!flow_match(w->flows, slot, &p->key)))
		slot = flow_table_find(w->flows, p->hash, &p->key);
	if (slot != TUPLE_NO_SLOT &&
	    (likely(relaxed_load(flow_state_of(w->flows, slot)) == FLOW_ESTABLISHED) ||
	     !supersedes(w, slot, p)))
		relay(w, slot, p);
	else
		listen_input(w, p);
}

/* Whatever is not the service's TCP, nor whole. */
static __rte_noinline void take_other(struct worker *w, struct packet *p, enum packet_class class)
{
	switch (class) {
	case PACKET_FRAGMENT:
		if (listen_is_ours(&w->listener, &p->key))
			worker_drop(w, p->m, DROP_FRAGMENT);
		else
			exception_to_kernel(w, p->port, p->m);
		break;
	case PACKET_ICMP:
		icmp_input(w, p);
		break;
	case PACKET_DROP:
		worker_drop(w, p->m, p->drop);
		break;
	default:
		exception_to_kernel(w, p->port, p->m);
		break;
	}
}

/* Frames are taken in three passes over a burst, each of which fetches what the next one needs. */
struct burst {
	unsigned int n;
	enum packet_class classes[WORKER_BURST];
	struct packet packets[WORKER_BURST];
};

static __rte_always_inline void add_frame(struct worker *w, struct burst *b, struct rte_mbuf *m,
					  unsigned int port)
{
	struct packet *p = &b->packets[b->n];
	const struct rte_ether_addr *mac = &w->ports[port].mac;
	enum packet_class class = PACKET_TCP;

	if (unlikely(!packet_parse_usual(p, m, (uint8_t)port, mac)))
		class = packet_parse(p, m, (uint8_t)port, mac);

	b->classes[b->n++] = class;
	if (unlikely(class != PACKET_TCP))
		return;
	p->hash = tuple_hash(&w->flows->seed, &p->key);
	tuple_index_prefetch(&w->flows->index, p->hash);
}

static void take_burst(struct worker *w, struct burst *b)
{
	unsigned int i;

	for (i = 0; i < b->n; i++) {
		struct packet *p = &b->packets[i];
		uint32_t slot;

		if (unlikely(b->classes[i] != PACKET_TCP))
			continue;
		p->slot = slot = tuple_index_guess(&w->flows->index, p->hash);
		if (slot == TUPLE_NO_SLOT) {
			leg_fetch(&w->legs, p->hash, &p->key);
			continue;
		}
		rte_prefetch0(&w->flows->lines[slot]);
		if (p->key.v6)
			rte_prefetch0(&w->flows->wides[slot]);
		rte_prefetch0(&w->flows->tracks[slot]);
		rte_prefetch0(&w->flows->tracks[slot ^ 1]);
	}
	for (i = 0; i < b->n; i++) {
		if (likely(b->classes[i] == PACKET_TCP))
			take_tcp(w, &b->packets[i]);
		else
			take_other(w, &b->packets[i], b->classes[i]);
	}
}

/* Headers with the options that nearly all have are longer than a cache line. */
static void fetch_headers(struct rte_mbuf **frames, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		const char *frame = rte_pktmbuf_mtod(frames[i], const char *);

		rte_prefetch0(frame);
		rte_prefetch0(frame + RTE_CACHE_LINE_SIZE);
	}
}

static unsigned int receive_queue(struct worker *w, unsigned int port, unsigned int queue)
{
	const struct dataplane_queue rx = dataplane_queue(&w->ports[port], queue);
	struct rte_mbuf *frames[WORKER_BURST];
	struct burst b;
	unsigned int i, n, received;

	b.n = 0;
	if (unlikely(w->ports[port].pump.ctx != NULL))
		w->ports[port].pump.receive(w->ports[port].pump.ctx, queue);
	n = received = rte_eth_rx_burst(rx.id, rx.queue, frames, WORKER_BURST);
	fetch_headers(frames, n);
	if (unlikely(w->ports[port].vlan != 0))
		n = vlan_input(w, port, frames, n);
	for (i = 0; i < n; i++)
		add_frame(w, &b, frames[i], port);
	take_burst(w, &b);
	return received;
}

/* A port may have more queues than there are workers, for the interface has them. */
static unsigned int receive(struct worker *w)
{
	unsigned int port, queue, total = 0;

	for (port = 0; port < w->n_ports; port++) {
		for (queue = w->index; queue < w->ports[port].rx_queues; queue += w->n_workers)
			total += receive_queue(w, port, queue);
	}
	relaxed_add(&w->stats->packets, total);
	return total;
}

/* What the others received and this one owns: from the start again, for by now it may be a flow's. */
static unsigned int receive_handed_over(struct worker *w)
{
	struct rte_mbuf *frames[WORKER_BURST];
	unsigned int from, i, n, total = 0;
	struct burst b;

	for (from = 0; from < w->n_workers; from++) {
		if (from == w->index)
			continue;
		b.n = 0;
		n = handover_take(w->handover, w->index, from, frames, WORKER_BURST);
		fetch_headers(frames, n);
		for (i = 0; i < n; i++)
			add_frame(w, &b, frames[i], frames[i]->port);
		take_burst(w, &b);
		total += n;
	}
	return total;
}

/* Once a round: nobody is woken for every frame. */
static void wake_owners(struct worker *w)
{
	for (; w->handed_to != 0; w->handed_to &= w->handed_to - 1)
		handover_wake(w->handover, (unsigned int)__builtin_ctz(w->handed_to));
}

/* --- timers --- */

typedef void (*leg_timer)(struct worker *w, struct leg *leg);

static const leg_timer leg_timers[LEG_STATES] = {
	[LEG_HALF_OPEN] = handshake_timer,
	[LEG_PARKED] = parked_timer,
	[LEG_CLAIMED] = parked_timer, /* of one that negotiates */
	[LEG_OPENING] = opening_timer,
};

static unsigned int run_timers(struct worker *w)
{
	struct leg *legs[LEG_EXPIRE_BURST];
	unsigned int i, n = leg_expire(&w->legs, w->now_ms, legs);

	for (i = 0; i < n; i++)
		leg_timers[legs[i]->state](w, legs[i]);
	return n;
}

/* --- commands --- */

static void command_leg(struct worker *w, const struct mailbox_command *cmd)
{
	struct leg *leg = leg_by_id(&w->legs, cmd->id);

	if (leg == NULL)
		return;
	if (cmd->type == MAILBOX_LEG_RESET)
		parked_reset(w, leg, LEG_END_COMMANDED);
	else if (leg->negotiates)
		negotiation_command(w, leg, cmd->type);
	else if (cmd->type == MAILBOX_LEG_CLAIM && leg->state == LEG_PARKED)
		leg_advance(&w->legs, leg, LEG_CLAIMED);
	else if (cmd->type == MAILBOX_LEG_RETIRE &&
		 (leg->state == LEG_PARKED || leg->state == LEG_CLAIMED))
		leg_advance(&w->legs, leg, LEG_RETIRED);
	else if (cmd->type == MAILBOX_LEG_OPEN && leg->state == LEG_RETIRED)
		opening_start(w, leg, cmd->flow, cmd->side);
}

/* Answers to commands that the ring has not taken yet; until it has, no more commands are. */
static void tell_flows_reset(struct worker *w)
{
	while (w->n_flow_reset_done > 0) {
		struct mailbox_event ev = {
			.type = MAILBOX_FLOW_RESET_DONE,
			.worker = w->index,
			.id = w->flow_reset_done[w->n_flow_reset_done - 1],
		};

		if (!mailbox_post_event(w->mb, w->index, &ev))
			return;
		w->n_flow_reset_done--;
	}
}

static void take_fence(struct worker *w, uint64_t id)
{
	w->fence.asked = true;
	w->fence.id = id;
	w->fence.news = w->legs.news_listed;
}

static void tell_fenced(struct worker *w)
{
	const struct mailbox_event ev = {
		.type = MAILBOX_FENCED, .worker = w->index, .id = w->fence.id};

	if (w->fence.asked && w->legs.news_told >= w->fence.news &&
	    mailbox_post_event(w->mb, w->index, &ev))
		w->fence.asked = false;
}

static unsigned int run_commands(struct worker *w)
{
	struct mailbox_command cmds[COMMAND_BURST];
	unsigned int i, n;

	if (w->n_flow_reset_done > 0)
		return 0;
	n = mailbox_take_commands(w->mb, w->index, cmds, COMMAND_BURST);
	for (i = 0; i < n; i++) {
		if (cmds[i].type == MAILBOX_FLOW_RESET) {
			opening_undo(w, cmds[i].id);
			w->flow_reset_done[w->n_flow_reset_done++] = cmds[i].id;
		} else if (cmds[i].type == MAILBOX_LEG_CHALLENGE) {
			challenge_send(w, &cmds[i].tuple);
		} else if (cmds[i].type == MAILBOX_FENCE) {
			take_fence(w, cmds[i].id);
		} else {
			command_leg(w, &cmds[i]);
		}
	}
	return n;
}

/* --- rounds --- */

static void run_cookies(struct worker *w)
{
	enum mailbox_cookies now =
		cookies_tick(&w->cookies, w->stats->legs[LEG_GAUGE_HALF_OPEN], w->now_ms);

	if (now != w->cookies_told)
		mailbox_set_cookies(w->mb, w->index, now);
	w->cookies_told = now;
}

static unsigned int carry_packets(struct worker *w)
{
	unsigned int n;

	n = receive(w);
	n += receive_handed_over(w);
	n += output_flush(w);
	wake_owners(w);
	return n;
}

static unsigned int do_chores(struct worker *w)
{
	unsigned int n;

	n = exception_from_kernel(w);
	n += run_commands(w);
	n += run_timers(w);
	run_cookies(w);
	n += output_flush(w);
	leg_table_tell(&w->legs, w->mb, w->index);
	tell_fenced(w);
	tell_flows_reset(w);
	return n;
}

unsigned int worker_round(struct worker *w)
{
	unsigned int n = carry_packets(w);

	return n + do_chores(w);
}

/* Between packets; of chores there are some every so often, however many packets there are. */
static unsigned int run_round(struct worker *w, uint64_t now, uint64_t *next_chores)
{
	const unsigned int n = carry_packets(w);

	if (n > 0 && now < *next_chores)
		return n;
	*next_chores = now + CHORES_US * (rte_get_tsc_hz() / 1000000);
	return n + do_chores(w);
}

void worker_run(struct worker *w, const bool *stop)
{
	const uint64_t per_ms = rte_get_tsc_hz() / 1000;
	uint64_t started = rte_rdtsc(), before = started, now, next_ms = started,
		 next_chores = started;

	rte_rcu_qsbr_thread_register(w->readers, w->index);
	rte_rcu_qsbr_thread_online(w->readers, w->index);
	while (!relaxed_load(stop)) {
		unsigned int n;

		if (before >= next_ms) {
			w->now_ms = mailbox_now_ms();
			next_ms = before + per_ms;
		}
		n = run_round(w, before, &next_chores);
		rte_rcu_qsbr_quiescent(w->readers, w->index);
		now = rte_rdtsc();
		if (n > 0) {
			relaxed_add(&w->stats->busy_cycles, now - before);
			w->idle_rounds = 0;
		} else {
			idle_rest(w);
			now = rte_rdtsc();
		}
		relaxed_store(&w->stats->cycles, now - started);
		before = now;
	}
	rte_rcu_qsbr_thread_offline(w->readers, w->index);
	rte_rcu_qsbr_thread_unregister(w->readers, w->index);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include <rte_eth_ring.h>

#include "worker_fixture.h"

#define RING_SIZE 256

struct rig rig;
struct rig_mix rig_mixes[7] = {
	{false, false, {0, 0}, {0, 0}},	  {true, true, {0, 0}, {0, 0}},
	{false, true, {0, 0}, {0, 0}},	  {true, false, {0, 0}, {0, 0}},
	{false, false, {100, 0}, {0, 0}}, {true, true, {0, 4094}, {0, 0}},
	{true, false, {100, 1}, {0, 0}},
};
bool rig_offload[RIG_PORTS];
const struct rte_ether_addr port_mac[RIG_PORTS] = {{{0x02, 0, 0, 0, 0, 0x10}},
						   {{0x02, 0, 0, 0, 0, 0x11}}};

/* An ethdev of two rings, as the test sees it. */
struct wire {
	uint16_t id;
	unsigned int queues;
	struct rte_ring *in[RIG_QUEUES], *out; /* of the workers, who all write to one */
};

static struct wire wires[RIG_PORTS], taps[RIG_PORTS];
static struct dataplane_port ports[RIG_PORTS];

static int wire_rings(struct wire *wire, const char *kind, unsigned int i)
{
	char name[32];
	unsigned int q;

	for (q = 0; q < wire->queues; q++) {
		snprintf(name, sizeof(name), "%s%u_in%u", kind, i, q);
		wire->in[q] = rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, 0);
		if (wire->in[q] == NULL)
			return -1;
	}
	snprintf(name, sizeof(name), "%s%u_out", kind, i);
	wire->out = rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, 0);
	return wire->out != NULL ? 0 : -1;
}

static int wire_start(struct wire *wire)
{
	const struct rte_eth_conf conf = {0};
	uint16_t q;

	if (rte_eth_dev_configure(wire->id, (uint16_t)wire->queues, RIG_WORKERS, &conf) < 0)
		return -1;
	for (q = 0; q < RIG_WORKERS; q++) {
		if (rte_eth_tx_queue_setup(wire->id, q, RING_SIZE, 0, NULL) < 0)
			return -1;
	}
	for (q = 0; q < wire->queues; q++) {
		if (rte_eth_rx_queue_setup(wire->id, q, RING_SIZE, 0, NULL, fixture_pool) < 0)
			return -1;
	}
	return rte_eth_dev_start(wire->id);
}

static int wire_create(struct wire *wire, const char *kind, unsigned int i, unsigned int queues)
{
	struct rte_ring *out[RIG_WORKERS];
	char name[32];
	unsigned int q;
	int id;

	wire->queues = queues;
	if (wire_rings(wire, kind, i) < 0)
		return -1;
	for (q = 0; q < RIG_WORKERS; q++)
		out[q] = wire->out;
	snprintf(name, sizeof(name), "%s%u", kind, i);
	id = rte_eth_from_rings(name, wire->in, queues, out, RIG_WORKERS, 0);
	if (id < 0)
		return -1;
	wire->id = (uint16_t)id;
	return wire_start(wire);
}

static void wire_destroy(struct wire *wire)
{
	unsigned int q;

	rte_eth_dev_stop(wire->id);
	rte_eth_dev_close(wire->id);
	for (q = 0; q < wire->queues; q++)
		rte_ring_free(wire->in[q]);
	rte_ring_free(wire->out);
}

int rig_ports(void **state)
{
	unsigned int i;

	if (fixture_eal(state) < 0)
		return -1;
	for (i = 0; i < RIG_PORTS; i++) {
		if (wire_create(&wires[i], "port", i, RIG_QUEUES) < 0 ||
		    wire_create(&taps[i], "tap", i, RIG_WORKERS) < 0)
			return -1;
		ports[i] = (struct dataplane_port){.id = wires[i].id,
						   .rx_queues = RIG_QUEUES,
						   .tap_id = taps[i].id,
						   .mac = port_mac[i]};
	}
	return 0;
}

int rig_ports_end(void **state)
{
	unsigned int i;

	for (i = 0; i < RIG_PORTS; i++) {
		wire_destroy(&wires[i]);
		wire_destroy(&taps[i]);
	}
	return fixture_eal_end(state);
}

static void drain_ring(struct rte_ring *ring)
{
	void *m;

	while (rte_ring_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
}

/* What a failed test left must not fail the next one. */
static void drain(struct wire *wire)
{
	unsigned int q;

	for (q = 0; q < wire->queues; q++)
		drain_ring(wire->in[q]);
	drain_ring(wire->out);
}

static void set_port(struct dataplane_port *port, unsigned int i)
{
	uint16_t mtu = rig.mix.mtus[i] != 0 ? rig.mix.mtus[i] : 1500;

	port->vlan = rig.mix.vlans[i];
	port->offload = rig_offload[i];
	port->room[0] = mtu - 40;
	port->room[1] = mtu - 60;
}

static void configure(void)
{
	rig.cfg.limits.half_open = RIG_WORKERS * RIG_HALF_OPEN;
	rig.cfg.limits.legs = RIG_UNCLAIMED;
	rig.cfg.limits.legs_per_source = RIG_PER_SOURCE;
	rig.cfg.timers.claim_ms = RIG_CLAIM_MS;
	rig.cfg.dataplane.idle = CONFIG_IDLE_POLL;
	rig.listener = (struct listener){
		.addresses = {{.host_mask = rte_cpu_to_be_32(0xff)}},
		.n_addresses = 3,
		.endpoint_port = rte_cpu_to_be_16(RELAY_PORT),
		.socks5_port = rte_cpu_to_be_16(RIG_SOCKS5_PORT),
		.mss = RIG_MSS,
		.isn_key = {{3, 4}},
		.ts_key = {{5, 6}},
		.cookie_key = {{7, 8}},
	};
	tuple_map_v4(&rig.listener.addresses[0].addr, rte_cpu_to_be_32(RELAY_ADDR));
	tuple_map_v4(&rig.listener.addresses[1].addr, rte_cpu_to_be_32(RELAY_ADDR + 1));
	rig.listener.addresses[2].addr = relay6;
}

static int start_workers(void)
{
	const struct tuple_seed owner = {{0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL}};
	const struct worker_args args = {
		.cfg = &rig.cfg,
		.n_workers = RIG_WORKERS,
		.ports = ports,
		.n_ports = RIG_PORTS,
		.pool = fixture_pool,
		.mb = rig.mb,
		.flows = &rig.flows.t,
		.readers = rig.flows.readers,
		.handover = &rig.handover,
		.listener = &rig.listener,
		.seed = &rig.flows.t.seed,
		.stats = rig.stats,
	};
	unsigned int i;

	if (handover_init(&rig.handover, RIG_WORKERS, &owner, rig.mb) < 0)
		return -1;
	for (i = 0; i < RIG_WORKERS; i++) {
		if (worker_init(&rig.workers[i], i, &args) < 0)
			return -1;
	}
	rig.now_ms = rig.workers[RIG_WORKERS - 1].now_ms; /* nobody's clock goes back */
	return 0;
}

int rig_start(void **state)
{
	unsigned int i;

	memset(&rig, 0, sizeof(rig));
	rig.mix = *state != NULL ? *(struct rig_mix *)*state : rig_mixes[0];
	for (i = 0; i < RIG_PORTS; i++) {
		set_port(&ports[i], i);
		drain(&wires[i]);
		drain(&taps[i]);
	}
	configure();
	rig.mb = mailbox_create(RIG_WORKERS);
	if (rig.mb == NULL)
		return -1;
	flow_rig_init(&rig.flows, 16);
	return start_workers();
}

void rig_listen(void)
{
	unsigned int i;

	for (i = 0; i < RIG_WORKERS; i++) {
		rig.workers[i].listener = rig.listener;
		rig.workers[i].legs.rendezvous = rig.listener.rendezvous;
	}
}

int rig_end(void **state)
{
	unsigned int i;

	(void)state;
	rig_silence();
	for (i = 0; i < RIG_WORKERS; i++)
		worker_fini(&rig.workers[i]);
	handover_fini(&rig.handover);
	flow_rig_fini(&rig.flows);
	mailbox_destroy(rig.mb);
	fixture_assert_no_leak();
	return 0;
}

/* --- packets --- */

static unsigned int any_queue(void)
{
	return RIG_WORKERS > 1 ? fixture_between(0, RIG_QUEUES - 1) : 0;
}

static void enqueue(unsigned int port, unsigned int queue, struct rte_mbuf *m)
{
	assert_int_equal(rte_ring_enqueue(wires[port].in[queue], m), 0);
}

void rig_send_raw(unsigned int port, struct rte_mbuf *m)
{
	enqueue(port, any_queue(), m);
}

/* Where there is no headroom a tag takes none: the frame moves back. */
static void put_tag(struct rte_mbuf *m, uint16_t vlan)
{
	const uint8_t tag[] = {0x81, 0, (uint8_t)(vlan >> 8), (uint8_t)vlan};
	uint8_t *frame = (uint8_t *)rte_pktmbuf_prepend(m, sizeof(tag));

	if (frame == NULL) {
		frame = rte_pktmbuf_mtod(m, uint8_t *);
		assert_non_null(rte_pktmbuf_append(m, sizeof(tag)));
		memmove(frame + sizeof(tag), frame, m->data_len - sizeof(tag));
	}
	memmove(frame, frame + sizeof(tag), 12);
	memcpy(frame + 12, tag, sizeof(tag));
}

/* What is too short for an Ethernet header is too short for a tag. */
void rig_send_to_queue(unsigned int port, unsigned int queue, struct rte_mbuf *m)
{
	if (rig.mix.vlans[port] != 0 && m->data_len >= 14)
		put_tag(m, rig.mix.vlans[port]);
	enqueue(port, queue, m);
}

void rig_send_frame(unsigned int port, struct rte_mbuf *m)
{
	rig_send_to_queue(port, any_queue(), m);
}

void rig_send(unsigned int port, const struct segment *s)
{
	rig_send_frame(port, segment_build(s));
}

void rig_kernel_sends(unsigned int port, struct rte_mbuf *m)
{
	unsigned int queue = fixture_between(0, RIG_WORKERS - 1);

	assert_int_equal(rte_ring_enqueue(taps[port].in[queue], m), 0);
}

void rig_put(unsigned int port, const struct segment *s)
{
	rig_send(port, s);
	rig_round();
}

static struct rte_mbuf *take(struct wire *wire)
{
	void *m;

	return rte_ring_dequeue(wire->out, &m) == 0 ? m : NULL;
}

struct rte_mbuf *rig_take_raw(unsigned int port)
{
	return take(&wires[port]);
}

static bool has_tag(const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

	return m->data_len >= 18 && frame[12] == 0x81 && frame[13] == 0;
}

struct rte_mbuf *rig_take(unsigned int port)
{
	struct rte_mbuf *m = rig_take_raw(port);
	uint8_t *frame;

	if (m != NULL && rig.mix.vlans[port] != 0) {
		frame = rte_pktmbuf_mtod(m, uint8_t *);
		assert_true(has_tag(m));
		assert_int_equal((frame[14] << 8 | frame[15]) & 0xfff, rig.mix.vlans[port]);
		memmove(frame + 4, frame, 12);
		rte_pktmbuf_adj(m, 4);
	}
	assert_false(m != NULL && has_tag(m));
	return m;
}

struct rte_mbuf *rig_kernel_takes(unsigned int port)
{
	struct rte_mbuf *m = take(&taps[port]);

	assert_false(m != NULL && has_tag(m));
	return m;
}

struct segment rig_answer(unsigned int port)
{
	struct rte_mbuf *m = rig_take(port);
	struct segment s;

	assert_non_null(m);
	assert_checksums(m);
	s = segment_read(m);
	assert_memory_equal(&s.src_mac, &port_mac[port], sizeof(s.src_mac));
	rte_pktmbuf_free(m);
	rig_silence();
	return s;
}

void rig_silence(void)
{
	unsigned int i;

	for (i = 0; i < RIG_PORTS; i++) {
		assert_int_equal(rte_ring_count(wires[i].out), 0);
		assert_int_equal(rte_ring_count(taps[i].out), 0);
	}
}

static void block(struct rte_ring *ring)
{
	while (rte_ring_enqueue(ring, NULL) == 0)
		;
}

static void unblock(struct rte_ring *ring)
{
	void *m;

	while (rte_ring_dequeue(ring, &m) == 0)
		assert_null(m);
}

void rig_block(unsigned int port)
{
	block(wires[port].out);
}

void rig_unblock(unsigned int port)
{
	unblock(wires[port].out);
}

void rig_kernel_block(unsigned int port)
{
	block(taps[port].out);
}

void rig_kernel_unblock(unsigned int port)
{
	unblock(taps[port].out);
}

/* --- time --- */

void rig_round_of(unsigned int worker)
{
	rig.workers[worker].now_ms = rig.now_ms;
	worker_round(&rig.workers[worker]);
}

void rig_round(void)
{
	unsigned int i;

	for (i = 0; i < RIG_WORKERS; i++)
		rig_round_of(i);
	for (i = 0; i < RIG_WORKERS; i++) {
		while (handover_waits(&rig.handover, i))
			rig_round_of(i);
	}
}

void rig_advance(uint64_t ms)
{
	while (ms-- > 0) {
		rig.now_ms++;
		rig_round();
	}
}

unsigned int rig_watch(unsigned int port, uint64_t ms, uint64_t *at_ms, unsigned int n,
		       struct segment *last)
{
	unsigned int seen = 0;
	uint64_t i;

	for (i = 1; i <= ms; i++) {
		rig_advance(1);
		if (rte_ring_empty(wires[port].out))
			continue;
		*last = rig_answer(port);
		if (seen < n)
			at_ms[seen] = i;
		seen++;
	}
	return seen;
}

/* --- messages --- */

/* The worker that gave the id to a leg. */
static unsigned int worker_of(uint64_t leg)
{
	return RTE_MIN((uint32_t)leg / rig.workers[0].legs.capacity, RIG_WORKERS - 1U);
}

struct mailbox_event rig_event(enum mailbox_event_type type)
{
	struct mailbox_event ev;

	assert_int_equal(mailbox_take_events(rig.mb, &ev, 1), 1);
	assert_int_equal(ev.type, type);
	if (type != MAILBOX_FLOW_RESET_DONE)
		assert_int_equal(ev.worker, worker_of(ev.id));
	return ev;
}

void rig_no_event(void)
{
	struct mailbox_event ev;

	assert_int_equal(mailbox_take_events(rig.mb, &ev, 1), 0);
}

void rig_command(enum mailbox_command_type type, uint64_t id)
{
	const struct mailbox_command cmd = {.type = type, .id = id};

	assert_true(mailbox_post_command(
		rig.mb, type == MAILBOX_FLOW_RESET ? RIG_WORKERS - 1 : worker_of(id), &cmd));
	rig_round();
}

void rig_open(uint64_t leg, uint64_t flow, uint32_t side)
{
	const struct mailbox_command cmd = {
		.type = MAILBOX_LEG_OPEN, .id = leg, .flow = flow, .side = side};

	assert_true(mailbox_post_command(rig.mb, worker_of(leg), &cmd));
	rig_round();
}

/* All of it is 64-bit counters. */
const struct worker_stats *rig_stats(void)
{
	static struct worker_stats sum;
	const size_t n = sizeof(sum) / sizeof(uint64_t);
	size_t i, w;

	memset(&sum, 0, sizeof(sum));
	for (w = 0; w < RIG_WORKERS; w++) {
		for (i = 0; i < n; i++)
			((uint64_t *)&sum)[i] += relaxed_load(&((uint64_t *)&rig.stats[w])[i]);
	}
	return &sum;
}

uint64_t rig_dropped(enum drop_reason reason)
{
	return rig_stats()->dropped[reason];
}

/* --- who has what --- */

struct worker *rig_owner(const struct segment *from)
{
	struct packet p = segment_packet(from);
	unsigned int owner = handover_owner(&rig.handover, &p.key);

	rte_pktmbuf_free(p.m);
	return &rig.workers[owner];
}

struct leg *rig_leg(uint64_t id)
{
	unsigned int i;

	for (i = 0; i < RIG_WORKERS; i++) {
		struct leg *leg = leg_by_id(&rig.workers[i].legs, id);

		if (leg != NULL)
			return leg;
	}
	return NULL;
}

unsigned int rig_free_legs(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < RIG_WORKERS; i++)
		n += rig.workers[i].legs.n_free;
	return n;
}

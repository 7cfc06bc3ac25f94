/* SPDX-License-Identifier: BSD-3-Clause */
/* Spliced packets through a whole worker, any packets at all, and the worker on a thread. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "peer_fixture.h"

static struct peer a, b;
static uint64_t flow;

static int start_spliced(void **state)
{
	return peers_start(state, &a, &b, &flow);
}

static enum flow_state flow_state(void)
{
	struct flow_status status;

	assert_int_equal(flow_table_status(&rig.flows.t, flow, &status), 0);
	return status.state;
}

/* Let `s` pass from p to q; returns what q gets. */
static struct segment pass(const struct peer *p, const struct peer *q, const struct segment *s)
{
	rig_put(p->port, s);
	return rig_answer(q->port);
}

/* --- spliced --- */

static void both_ways(void **state)
{
	struct segment s = peer_segment(&a, ACK | PSH), got;
	uint32_t t, first, tsval, tsecr;

	(void)state;
	s.n_payload = 1000;
	memset(s.payload, 0x42, s.n_payload);
	got = pass(&a, &b, &s);
	assert_memory_equal(&got.dst_mac, &bob_mac, sizeof(bob_mac));
	assert_to_peer(&got, &b);
	assert_int_equal(got.seq, b.synack.seq + 1); /* what bob expects of the relay */
	assert_int_equal(got.ack, b.syn.seq + 1);    /* what bob would send next */
	assert_int_equal(got.window, 500 / 2);
	assert_int_equal(got.ttl, 63);
	assert_int_equal(got.n_payload, 1000);
	assert_memory_equal(got.payload, s.payload, 1000);
	/* Bob's PAWS must accept it behind T, and find his own clock in the echo. */
	assert_true(segment_find_timestamps(&b.synack, &t, &first));
	assert_true(segment_find_timestamps(&got, &tsval, &tsecr));
	assert_int_equal(tsval, t + 1); /* alice's clock is one on since her SYN */
	assert_int_equal(tsecr, first);

	s = peer_segment(&b, ACK);
	s.ack += 1000;
	s.n_payload = 10;
	got = pass(&b, &a, &s);
	assert_memory_equal(&got.dst_mac, &alice_mac, sizeof(alice_mac));
	assert_to_peer(&got, &a);
	assert_int_equal(got.seq, a.synack.seq + 1);
	assert_int_equal(got.ack, a.syn.seq + 1 + 1000);
	assert_int_equal(got.window, 500 * 2);
	assert_int_equal(rig_stats()->relayed_packets, 2);
	assert_int_equal(rig_stats()->relayed_bytes, 1010);
}

/* A checksum that came bad leaves bad: the receiver must see it. */
static void corruption_stays_visible(void **state)
{
	struct segment s = peer_segment(&a, ACK);
	struct rte_mbuf *m;

	(void)state;
	s.n_payload = 100;
	s.bad_tcp = 0x0101;
	rig_put(0, &s);
	m = rig_take(1);
	assert_non_null(m);
	assert_int_equal(ip_residue(m), 0xffff);
	assert_int_not_equal(tcp_residue(m), 0xffff);
	rte_pktmbuf_free(m);
}

/* An IPv4 header that is replaced is not made whole: the packet ends here. */
static void damaged_ip_header(void **state)
{
	struct segment s = peer_segment(&a, ACK);
	struct rte_mbuf *m;

	(void)state;
	s.n_payload = 100;
	s.bad_ip = 0x0101;
	rig_put(0, &s);
	m = rig_take(1);
	assert_int_equal(m == NULL, !a.syn.v6 && b.syn.v6);
	if (m != NULL)
		assert_int_equal(ip_residue(m) == 0xffff, a.syn.v6);
	assert_int_equal(rig_dropped(DROP_CHECKSUM), m == NULL);
	assert_int_equal(rig_stats()->relayed_packets, m != NULL);
	rte_pktmbuf_free(m);
}

/* What may become fragments as IPv4, though it was IPv6, needs ids of its own (RFC 6864).
 * Other IPv4 keeps the ones it has. */
static void ids(void **state)
{
	struct segment s = peer_segment(&a, ACK);
	unsigned int i, had = 0;

	(void)state;
	for (i = 0; i < 1000; i++) {
		struct segment got;

		s.id = (uint16_t)(7 * i);
		s.n_payload = 1 + i;
		got = pass(&a, &b, &s);
		if (b.syn.v6)
			assert_int_equal(got.id, 0);
		else if (!a.syn.v6)
			assert_int_equal(got.id, s.id);
		else if (i > 0)
			assert_int_equal(got.id, (uint16_t)(had + 1));
		had = got.id;
	}
}

static void a_burst_keeps_its_order(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		struct segment s = peer_segment(&a, ACK);

		s.seq += i * 10;
		s.n_payload = 10;
		rig_send_to_queue(0, 1, segment_build(&s));
		s = peer_segment(&b, ACK);
		s.seq += i * 10;
		s.n_payload = 10;
		rig_send_to_queue(1, 2, segment_build(&s));
	}
	for (i = 0; i < 10; i++)
		rig_round();
	for (i = 0; i < 100; i++) {
		struct rte_mbuf *there = rig_take(1), *back = rig_take(0);

		assert_non_null(there);
		assert_non_null(back);
		assert_int_equal(segment_read(there).seq, b.synack.seq + 1 + i * 10);
		assert_int_equal(segment_read(back).seq, a.synack.seq + 1 + i * 10);
		rte_pktmbuf_free(there);
		rte_pktmbuf_free(back);
	}
}

/* One worker has them all, each in its turn. */
static void every_queue_is_polled(void **state)
{
	struct segment s = peer_segment(&a, ACK);
	unsigned int queue;

	(void)state;
	s.n_payload = 10;
	for (queue = 0; queue < RIG_QUEUES; queue++) {
		rig_send_to_queue(0, queue, segment_build(&s));
		rig_round();
		assert_int_equal(rig_answer(1).seq, b.synack.seq + 1 + 10 * queue);
		s.seq += 10;
	}
	assert_int_equal(rig_stats()->packets, rig_stats()->relayed_packets + 4);
}

static void ttl(void **state)
{
	struct segment s = peer_segment(&a, ACK), got;

	(void)state;
	s.ttl = 1;
	rig_put(0, &s);
	s.ttl = 0;
	rig_put(0, &s);
	rig_silence();
	assert_int_equal(rig_dropped(DROP_TTL), 2);
	s.ttl = 2;
	got = pass(&a, &b, &s);
	assert_int_equal(got.ttl, 1);
}

static void fins_and_rsts_pass(void **state)
{
	struct segment s = peer_segment(&a, FIN | ACK), got = pass(&a, &b, &s);

	(void)state;
	assert_int_equal(got.flags, FIN | ACK);
	assert_int_equal(flow_state(), FLOW_HALF_CLOSED);
	s = peer_segment(&b, ACK); /* half-close: bob goes on */
	s.ack++;
	s.n_payload = 500;
	got = pass(&b, &a, &s);
	assert_int_equal(got.n_payload, 500);
	assert_int_equal(got.ack, a.syn.seq + 2);
	s = peer_segment(&b, RST | ACK);
	got = pass(&b, &a, &s);
	assert_int_equal(got.flags, RST | ACK);
	assert_int_equal(got.seq, a.synack.seq + 1);
	assert_int_equal(flow_state(), FLOW_RESET);
	s = peer_segment(&a, ACK); /* lingering: what is under way still passes */
	s.seq++;
	pass(&a, &b, &s);
}

static void router_failover(void **state)
{
	static const struct rte_ether_addr router = {{0x02, 0, 0, 0, 0, 0x44}};
	struct segment s = peer_segment(&a, ACK), got;

	(void)state;
	s.src_mac = router;
	s.dst_mac = port_mac[1]; /* alice now comes by bob's port */
	s.n_payload = 10;
	rig_put(1, &s);
	rig_answer(1);
	s = peer_segment(&b, ACK);
	got = pass(&b, &b, &s); /* and what bob sends her leaves there */
	assert_memory_equal(&got.dst_mac, &router, sizeof(router));
	assert_to_peer(&got, &a);
}

/* A SYN on a live flow is the ends' to judge. */
static void syn_on_a_live_flow_passes(void **state)
{
	struct segment s = a.syn, got;

	(void)state;
	s.seq += 5000000;
	got = pass(&a, &b, &s);
	assert_int_equal(got.flags, SYN);
	assert_int_equal(got.window, s.window);
	assert_int_equal(flow_state(), FLOW_ESTABLISHED);
	rig_no_event();
}

static void end_flow(void)
{
	struct segment s = peer_segment(&a, RST | ACK);

	pass(&a, &b, &s);
	assert_int_equal(flow_state(), FLOW_RESET);
}

static void syn_on_a_lingering_flow_begins_anew(void **state)
{
	struct leg_report from_a, from_b;
	struct flow_status status;
	struct segment s;
	struct rte_mbuf *m;
	uint64_t next;

	(void)state;
	end_flow();
	s = a.syn; /* one that nobody sent as it is begins nothing */
	s.bad_tcp = 1;
	rig_put(0, &s);
	m = rig_take(1);
	assert_non_null(m);
	rte_pktmbuf_free(m);
	assert_int_equal(flow_state(), FLOW_RESET);

	a.syn.seq += 1000;
	peer_connect(&a); /* answered by the relay, not passed on */
	assert_int_equal(flow_state(), FLOW_SUPERSEDED);
	s = peer_segment(&b, ACK); /* bob's old connection is nobody's now */
	rig_put(1, &s);
	assert_int_equal(rig_answer(1).flags, RST);
	b.syn.seq += 1000;
	peer_connect(&b);
	from_a = peer_retire(&a);
	from_b = peer_retire(&b);
	next = flow_rig_insert(&rig.flows, &from_a, &from_b);
	assert_int_equal(flow_table_status(&rig.flows.t, flow, &status), 0); /* for the account */
	assert_int_equal(status.ended, FLOW_RESET);
	rig_open(a.id, next, 0);
	rig_answer(0);
	s = peer_segment(&a, ACK);
	s.n_payload = 1;
	assert_int_equal(pass(&a, &b, &s).seq, b.synack.seq + 1);
}

/* The leg that still sends its updates gives way too. */
static void syn_while_opening(void **state)
{
	uint64_t old = a.id;

	(void)state;
	end_flow();
	assert_int_equal(rig_leg(b.id)->state, LEG_OPENING);
	b.syn.seq += 1000;
	peer_connect(&b);
	a.syn.seq += 1000;
	peer_connect(&a);
	assert_null(rig_leg(old));
	rig_advance(20000);
	rig_silence();
	rig_no_event();
}

static void removed_flow(void **state)
{
	struct segment s = peer_segment(&a, ACK), got;

	(void)state;
	assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
	s.n_payload = 10;
	rig_put(0, &s);
	got = rig_answer(0);
	assert_int_equal(got.flags, RST);
	assert_int_equal(got.seq, s.ack);
	assert_int_equal(rig_dropped(DROP_NO_LEG), 1);
	rig_no_event();
}

/* --- when there is no room --- */

static void port_takes_nothing(void **state)
{
	struct segment s = peer_segment(&a, ACK);

	(void)state;
	rig_block(1);
	rig_put(0, &s);
	rig_put(0, &s);
	assert_int_equal(rig_dropped(DROP_TX), 2);
	rig_unblock(1);
	pass(&a, &b, &s);
}

static void no_buffers(void **state)
{
	static struct rte_mbuf *all[4096];
	struct peer p = peer_alice();
	struct rte_mbuf *syn;
	unsigned int n = 0;

	(void)state;
	syn = segment_build(&p.syn);
	while (n < RTE_DIM(all) && (all[n] = rte_pktmbuf_alloc(fixture_pool)) != NULL)
		n++;
	rig_send_frame(0, syn);
	rig_round();
	assert_int_equal(rig_dropped(DROP_NO_BUFFER), 1);
	rig_silence();
	rte_pktmbuf_free_bulk(all, n);
	rig_put(0, &p.syn); /* it comes again, and is answered */
	assert_int_equal(rig_answer(0).flags, SYN | ACK);
}

/* --- anything at all --- */

/* It must be what a receiver takes for TCP. */
static void free_whole(struct rte_mbuf *m)
{
	struct packet p;

	assert_int_equal(
		packet_parse(&p, m, 0, &rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->dst_addr),
		PACKET_TCP);
	rte_pktmbuf_free(m);
}

/* Damaged and random segments in every state: nothing leaks, nothing crashes, and whatever leaves
 * is well-formed. */
static void any_input(void **state)
{
	struct rte_mbuf *m;
	unsigned int i, port;

	(void)state;
	fixture_seed();
	for (i = 0; i < 100000; i++) {
		struct segment s = peer_segment(fixture_between(0, 1) ? &a : &b, ACK);
		uint8_t frame[2048];
		unsigned int n, at;

		if (fixture_between(0, 7) == 0)
			s.src_port += (uint16_t)fixture_between(0, 20);
		if (fixture_between(0, 3) == 0)
			s.flags = (uint8_t)fixture_random();
		s.seq += fixture_between(0, 3) - 1;
		s.n_payload = fixture_between(0, 20);
		n = segment_bytes(&s, frame);
		at = fixture_between(0, n - 1);
		if (fixture_between(0, 3) == 0)
			frame[at] = (uint8_t)fixture_random();
		if (fixture_between(0, 15) == 0)
			n = fixture_between(0, n);
		rig_send_frame(fixture_between(0, 1), frame_build(frame, n));
		if (fixture_between(0, 7) == 0)
			rig.now_ms += fixture_between(0, 100);
		rig_round();
		for (port = 0; port < RIG_PORTS; port++) {
			while ((m = rig_take(port)) != NULL)
				free_whole(m);
			rte_pktmbuf_free(rig_kernel_takes(port));
		}
		if (fixture_between(0, 15) == 0) {
			struct mailbox_event evs[64];

			mailbox_take_events(rig.mb, evs, RTE_DIM(evs));
		}
	}
	rig_advance(1);
	for (port = 0; port < RIG_PORTS; port++) {
		while ((m = rig_take(port)) != NULL)
			rte_pktmbuf_free(m);
	}
}

/* --- a life of its own --- */

static bool stop;

static void *run(void *worker)
{
	fixture_unbind();
	worker_run(worker, &stop);
	return NULL;
}

static struct rte_mbuf *wait_for(unsigned int port)
{
	struct rte_mbuf *m = NULL;
	unsigned int i;

	for (i = 0; i < 5000 && m == NULL; i++) {
		usleep(1000);
		m = rig_take(port);
	}
	assert_non_null(m);
	return m;
}

/* With an idle worker asleep most of the time: packets, commands and grace periods go on. */
static void on_a_thread(void **state)
{
	struct peer p = peer_alice();
	pthread_t threads[RIG_WORKERS];
	struct mailbox_event ev;
	struct rte_mbuf *m;
	unsigned int i;
	uint64_t token;

	(void)state;
	stop = false;
	for (i = 0; i < RIG_WORKERS; i++) {
		rig.workers[i].idle = CONFIG_IDLE_ADAPTIVE;
		assert_int_equal(pthread_create(&threads[i], NULL, run, &rig.workers[i]), 0);
	}
	usleep(300000); /* long enough to fall asleep */
	rig_send(0, &p.syn);
	m = wait_for(0);
	assert_int_equal(segment_read(m).flags, SYN | ACK);
	rte_pktmbuf_free(m);
	assert_int_equal(mailbox_take_events(rig.mb, &ev, 1), 1);
	assert_true(mailbox_post_command(
		rig.mb, ev.worker,
		&(struct mailbox_command){.type = MAILBOX_LEG_RESET, .id = ev.id}));
	m = wait_for(0);
	assert_int_equal(segment_read(m).flags, RST | ACK);
	rte_pktmbuf_free(m);
	token = rte_rcu_qsbr_start(rig.flows.readers);
	assert_int_equal(rte_rcu_qsbr_check(rig.flows.readers, token, true), 1);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < RIG_WORKERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_true(rig_stats()->cycles > rig_stats()->busy_cycles);
	assert_true(rig_stats()->busy_cycles > 0);
}

#define RIG_TEST(name)	   RIG_MIXED(name, rig_start)
#define SPLICED_TEST(name) RIG_MIXED(name, start_spliced)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPLICED_TEST(both_ways),
		SPLICED_TEST(corruption_stays_visible),
		SPLICED_TEST(damaged_ip_header),
		SPLICED_TEST(ids),
		SPLICED_TEST(a_burst_keeps_its_order),
		SPLICED_TEST(every_queue_is_polled),
		SPLICED_TEST(ttl),
		SPLICED_TEST(fins_and_rsts_pass),
		SPLICED_TEST(router_failover),
		SPLICED_TEST(syn_on_a_live_flow_passes),
		SPLICED_TEST(syn_on_a_lingering_flow_begins_anew),
		SPLICED_TEST(syn_while_opening),
		SPLICED_TEST(removed_flow),
		SPLICED_TEST(port_takes_nothing),
		RIG_TEST(no_buffers),
		SPLICED_TEST(any_input),
		RIG_TEST(on_a_thread),
	};

	return cmocka_run_group_tests_name("relay", tests, rig_ports, rig_ports_end);
}

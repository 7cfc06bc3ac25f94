/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several workers: what goes from one to the other, and all of them at once on threads of their own.
 * That the rest holds whatever queue a frame comes by, the tests of one worker show when they are
 * built with several.
 */
#include <pthread.h>
#include <unistd.h>

#include "peer_fixture.h"

static struct peer a, b;

/* Some worker that the peer's legs do not belong to. */
static unsigned int stranger_to(const struct peer *p)
{
	return (rig_owner(&p->syn)->index + 1) % RIG_WORKERS;
}

/* Queue n is worker n's. */
static void send_to_stranger(const struct peer *p, const struct segment *s)
{
	rig_send_to_queue(p->port, stranger_to(p), segment_build(s));
}

/* --- who owns what --- */

#define SOURCES 10000

static unsigned int owner_of(unsigned int n_workers, const struct tuple *t)
{
	const struct handover h = {.seed = {{0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL}},
				   .n_workers = n_workers};

	return handover_owner(&h, t);
}

static struct tuple any_source(bool v6)
{
	struct tuple t = {.ends = {.peer_addr = (uint32_t)fixture_random(),
				   .peer_port = (uint16_t)fixture_random()}};
	struct in6_addr peer;
	unsigned int i;

	for (i = 0; i < sizeof(peer); i++)
		peer.s6_addr[i] = (uint8_t)fixture_random();
	if (v6)
		tuple_set_v6(&t, &peer, &relay6);
	return t;
}

static void sources_are_shared_out(void **state)
{
	unsigned int n, i, v6;

	(void)state;
	for (n = 1; n <= CONFIG_MAX_WORKERS; n++) {
		for (v6 = 0; v6 < 2; v6++) {
			unsigned int has[CONFIG_MAX_WORKERS] = {0};

			for (i = 0; i < SOURCES; i++) {
				struct tuple t = any_source(v6);
				unsigned int owner = owner_of(n, &t);

				assert_true(owner < n);
				has[owner]++;
			}
			for (i = 0; i < n; i++)
				assert_in_range(has[i], SOURCES / n * 3 / 4, SOURCES / n * 5 / 4);
		}
	}
}

/* Else its legs would be counted in several places. */
static void a_source_has_one_owner(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < SOURCES; i++) {
		struct tuple t = any_source(i & 1);
		unsigned int owner = owner_of(RIG_WORKERS, &t);

		t.ends.peer_port++;
		t.ends.relay_port++;
		t.ends.relay_addr++;
		if (t.v6) {
			t.ends.peer_addr++; /* folded from all of the address */
			t.wide.peer.s6_addr[8 + i % 8]++;
			t.wide.relay.s6_addr[15]++;
		}
		assert_int_equal(owner_of(RIG_WORKERS, &t), owner);
	}
}

static void ids_are_nobody_elses(void **state)
{
	struct worker *owners[3];
	uint64_t ids[3];
	unsigned int i, j, n;

	(void)state;
	for (n = 0, i = 0; n < 3 && i < 256; i++) {
		struct peer p = peer_alice();

		peer_move(&p, (uint8_t)i);
		for (j = 0; j < n && owners[j] != rig_owner(&p.syn); j++)
			;
		if (j < n)
			continue;
		peer_connect(&p);
		owners[n] = rig_owner(&p.syn);
		ids[n++] = p.id;
	}
	assert_int_equal(n, 3);
	for (i = 0; i < 3; i++) {
		for (j = 0; j < 3; j++)
			assert_int_equal(leg_by_id(&owners[i]->legs, ids[j]) != NULL, i == j);
	}
}

/* --- in the ring --- */

/* What was nobody's when it came is a flow's when its owner has it. */
static void an_owner_looks_again(void **state)
{
	struct leg_report from_a, from_b;
	struct segment s;

	(void)state;
	a = peer_alice();
	b = peer_bob();
	peer_connect(&a);
	peer_connect(&b);
	from_a = peer_retire(&a);
	from_b = peer_retire(&b);
	s = peer_segment(&a, FIN | ACK);
	send_to_stranger(&a, &s);
	rig_round_of(stranger_to(&a));
	rig_silence();
	flow_rig_insert(&rig.flows, &from_a, &from_b);
	rig_round_of(rig_owner(&a.syn)->index);
	s = rig_answer(b.port);
	assert_to_peer(&s, &b);
	assert_int_equal(s.flags, FIN | ACK);
	assert_int_equal(rig_dropped(DROP_NOT_EXPECTED), 0);
	assert_int_equal(rig_stats()->relayed_packets, 1);
}

/* And the other way round. */
static void a_flow_may_be_gone(void **state)
{
	struct segment s;
	uint64_t flow;

	(void)state;
	a = peer_alice();
	b = peer_bob();
	flow = peers_splice(&a, &b);
	assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
	s = peer_segment(&a, ACK);
	send_to_stranger(&a, &s);
	rig_round();
	assert_int_equal(rig_answer(a.port).flags, RST);
}

/* Put frames into a stranger's queue and have only that one at work. */
static void hand_over(unsigned int n)
{
	struct segment s = a.syn;

	for (; n > 0; n--) {
		s.src_port++;
		send_to_stranger(&a, &s);
		rig_round_of(stranger_to(&a));
	}
}

static void a_full_ring_drops(void **state)
{
	unsigned int sent = 0, answers = 0, rounds;
	struct rte_mbuf *m;

	(void)state;
	a = peer_alice();
	while (rig_dropped(DROP_OWNER_BUSY) < 100) {
		hand_over(1);
		assert_true(++sent < 1500);
	}
	rig_silence();
	assert_int_equal(rig_stats()->handed_over, sent - 100);
	for (rounds = 0; handover_waits(&rig.handover, rig_owner(&a.syn)->index); rounds++) {
		rig_round_of(rig_owner(&a.syn)->index);
		for (; (m = rig_take(a.port)) != NULL; answers++)
			rte_pktmbuf_free(m);
	}
	assert_int_equal(answers, sent - 100);
	assert_true(rounds >= answers / WORKER_BURST); /* one other's frames do not fill a round */
	hand_over(1);
	rig_round();
	assert_int_equal(rig_answer(a.port).flags, SYN | ACK);
	assert_int_equal(rig_dropped(DROP_OWNER_BUSY), 100);
}

/* Who ends finds the frames that nobody took: rig_end() counts them. */
static void what_waits_is_not_lost(void **state)
{
	(void)state;
	a = peer_alice();
	hand_over(50);
	assert_int_equal(rig_stats()->handed_over, 50);
}

/* --- limits of all together --- */

static void rates_are_shared(void **state)
{
	struct segment s;
	unsigned int i, refused = 0;

	(void)state;
	a = peer_alice();
	s = peer_segment(&a, ACK);
	for (i = 0; i < 6000; i++) {
		struct rte_mbuf *m;

		s.src++;
		s.src6.s6_addr32[1]++;
		rig_put(0, &s);
		m = rig_take(0);
		refused += m != NULL;
		rte_pktmbuf_free(m);
	}
	assert_int_equal(refused, 1000 / RIG_WORKERS * RIG_WORKERS);
}

/* A table each that is no multiple of the whole. */
static void tables_are_bounded(void **state)
{
	static const struct {
		uint32_t half_open, unclaimed, per_source, workers;
		uint32_t max_half_open, places;
	} rows[] = {
		{100, 1000, 4, 1, 100, 1000},
		{100, 1000, 4, 2, 50, 1000},
		{100, 1000, 4, 3, 34, 684},
		{65536, 20000, 64, 16, 4096, 2756},
		{1, 2, 1, 16, 1, 2},
		{65, 100, 64, 4, 17, 100},
		{100, 10000, 1000000, 4, 25, 10000},
	};
	struct worker_stats stats[CONFIG_MAX_WORKERS];
	const struct tuple_seed seed = {{1, 2}};
	struct leg_table t;
	unsigned int i;

	(void)state;
	memset(stats, 0, sizeof(stats));
	for (i = 0; i < RTE_DIM(rows); i++) {
		const struct leg_limits limits = {rows[i].half_open, rows[i].unclaimed,
						  rows[i].per_source, 0, NULL};
		const struct leg_workers last = {stats, rows[i].workers, rows[i].workers - 1};

		assert_int_equal(leg_table_init(&t, &limits, &seed, &last, 0), 0);
		assert_int_equal(t.max_half_open, rows[i].max_half_open);
		assert_int_equal(t.capacity, rows[i].max_half_open + rows[i].places);
		leg_table_fini(&t);
	}
}

/* --- all at once --- */

#define SESSIONS 48
#define SEGMENTS 40	 /* each way, of 10 bytes */
#define PATIENCE 5000000 /* us */

static bool stop;

static void *run(void *worker)
{
	fixture_unbind();
	worker_run(worker, &stop);
	return NULL;
}

static struct rte_mbuf *wait_frame(unsigned int port)
{
	struct rte_mbuf *m = NULL;
	unsigned int us;

	for (us = 0; us < PATIENCE && (m = rig_take(port)) == NULL; us += 20)
		usleep(20);
	assert_non_null(m);
	assert_checksums(m);
	return m;
}

static struct segment wait_segment(unsigned int port)
{
	struct rte_mbuf *m = wait_frame(port);
	struct segment s = segment_read(m);

	rte_pktmbuf_free(m);
	return s;
}

static struct mailbox_event wait_event(enum mailbox_event_type type)
{
	struct mailbox_event ev;
	unsigned int us;

	for (us = 0; us < PATIENCE && mailbox_take_events(rig.mb, &ev, 1) == 0; us += 20)
		usleep(20);
	assert_true(us < PATIENCE);
	assert_int_equal(ev.type, type);
	return ev;
}

static void command(const struct peer *p, struct mailbox_command cmd)
{
	cmd.id = p->id;
	assert_true(mailbox_post_command(rig.mb, rig_owner(&p->syn)->index, &cmd));
}

static struct leg_report connect_and_retire(struct peer *p)
{
	struct segment ack;

	rig_send(p->port, &p->syn);
	p->synack = wait_segment(p->port);
	assert_int_equal(p->synack.flags, SYN | ACK);
	p->id = wait_event(MAILBOX_LEG_HALF_OPEN).id;
	p->tsval++;
	ack = peer_segment(p, ACK);
	rig_send(p->port, &ack);
	assert_int_equal(wait_event(MAILBOX_LEG_ESTABLISHED).id, p->id);
	command(p, (struct mailbox_command){.type = MAILBOX_LEG_CLAIM});
	command(p, (struct mailbox_command){.type = MAILBOX_LEG_RETIRE});
	return wait_event(MAILBOX_LEG_RETIRED).report;
}

static uint64_t splice(void)
{
	struct leg_report from_a = connect_and_retire(&a), from_b = connect_and_retire(&b);
	uint64_t flow;

	assert_int_equal(flow_table_insert(&rig.flows.t, &from_a, &from_b, mailbox_now_ms(), &flow),
			 0);
	command(&a, (struct mailbox_command){.type = MAILBOX_LEG_OPEN, .flow = flow, .side = 0});
	command(&b, (struct mailbox_command){.type = MAILBOX_LEG_OPEN, .flow = flow, .side = 1});
	assert_int_equal(wait_segment(a.port).flags, ACK);
	assert_int_equal(wait_segment(b.port).flags, ACK);
	return flow;
}

static struct segment numbered(const struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct segment s = peer_segment(p, flags);

	s.seq += seq;
	s.ack += ack;
	return s;
}

/* In any order, each of them once. */
static void take_all(const struct peer *p, unsigned int n)
{
	bool seen[SEGMENTS] = {false};

	for (; n > 0; n--) {
		struct segment s = wait_segment(p->port);
		uint32_t at = (s.seq - (p->synack.seq + 1)) / 10;

		assert_to_peer(&s, p);
		assert_true(at < SEGMENTS && !seen[at]);
		seen[at] = true;
	}
}

static void talk(void)
{
	unsigned int i;

	for (i = 0; i < SEGMENTS; i++) {
		struct segment s = numbered(&a, ACK, 10 * i, 0);

		s.n_payload = 10;
		rig_send(a.port, &s);
		s = numbered(&b, ACK, 10 * i, 0);
		s.n_payload = 10;
		rig_send(b.port, &s);
	}
	take_all(&b, SEGMENTS);
	take_all(&a, SEGMENTS);
}

/* Say two segments that may overtake each other. */
static void say(const struct peer *from, const struct peer *to, struct segment first,
		struct segment second)
{
	rig_send(from->port, &first);
	rig_send(from->port, &second);
	wait_segment(to->port);
	wait_segment(to->port);
}

static enum flow_state state_of(uint64_t flow)
{
	struct flow_status status;

	assert_int_equal(flow_table_status(&rig.flows.t, flow, &status), 0);
	return status.state;
}

/* Bob closes, then alice with her last data; each FIN travels beside what stands before it. */
static void close_both(uint64_t flow)
{
	const uint32_t end = 10 * SEGMENTS;
	struct segment data = numbered(&a, ACK, end, end + 1);

	data.n_payload = 10;
	say(&b, &a, numbered(&b, ACK, end, end), numbered(&b, FIN | ACK, end, end));
	say(&a, &b, data, numbered(&a, FIN | ACK, end + 10, end + 1));
	say(&b, &a, numbered(&b, ACK, end + 1, end + 10), numbered(&b, ACK, end + 1, end + 11));
	assert_int_equal(state_of(flow), FLOW_FINISHED);
	assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
}

static void a_session(unsigned int n)
{
	uint64_t flow;

	a = peer_alice();
	b = peer_bob();
	peer_move(&a, (uint8_t)(20 + n % 100));
	peer_move(&b, (uint8_t)(20 + n % 100));
	a.syn.src_port = b.syn.src_port = (uint16_t)(1000 + n);
	flow = splice();
	talk();
	close_both(flow);
}

static void everybody_at_once(void **state)
{
	unsigned int i, capacity = RIG_WORKERS * rig.workers[0].legs.capacity;
	pthread_t threads[RIG_WORKERS];

	(void)state;
	stop = false;
	for (i = 0; i < RIG_WORKERS; i++) {
		rig.workers[i].idle = CONFIG_IDLE_ADAPTIVE;
		assert_int_equal(pthread_create(&threads[i], NULL, run, &rig.workers[i]), 0);
	}
	for (i = 0; i < SESSIONS; i++) {
		a_session(i);
		if (i % 8 == 7) /* legs that opened give their places back when they look again */
			usleep(300000);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < RIG_WORKERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_true(rig_stats()->handed_over > 0);
	assert_int_equal(rig_stats()->relayed_packets, SESSIONS * (2 * SEGMENTS + 6));
	for (i = 0; i < LEG_GAUGES; i++)
		assert_int_equal(rig_stats()->legs[i], 0);
	for (i = 0; i < DROP_REASONS; i++)
		assert_int_equal(rig_dropped(i), 0);
	assert_int_equal(rig_free_legs(), capacity);
}

#define RIG_TEST(name) RIG_MIXED(name, rig_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_are_shared_out),
		cmocka_unit_test(a_source_has_one_owner),
		RIG_TEST(ids_are_nobody_elses),
		RIG_TEST(an_owner_looks_again),
		RIG_TEST(a_flow_may_be_gone),
		RIG_TEST(a_full_ring_drops),
		RIG_TEST(what_waits_is_not_lost),
		RIG_TEST(rates_are_shared),
		cmocka_unit_test(tables_are_bounded),
		RIG_TEST(everybody_at_once),
	};

	return cmocka_run_group_tests_name("workers", tests, rig_ports, rig_ports_end);
}

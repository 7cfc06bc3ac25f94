/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of up to 9000 bytes: whole where both ports have room for them, in pieces where the way
 * out has less.
 */
#include "frame_check.h"
#include "peer_fixture.h"

#define MTU	  9000
#define FRAME_MAX 9216

static struct rte_mempool *small, *large;

/* Buffers as the ports' frames are with such an MTU. */
static int start_large(void **state)
{
	if (rig_ports(state) < 0)
		return -1;
	small = fixture_pool;
	large = rte_pktmbuf_pool_create("large", 255, 0, 0, FRAME_MAX + RTE_PKTMBUF_HEADROOM,
					SOCKET_ID_ANY);
	return large != NULL ? 0 : -1;
}

static int end_large(void **state)
{
	rte_mempool_free(large);
	return rig_ports_end(state);
}

static int start(void **state)
{
	fixture_pool = small;
	if (rig_start(state) < 0)
		return -1;
	rig.workers[0].pool = large;
	return 0;
}

static int end(void **state)
{
	fixture_pool = small;
	assert_int_equal(rte_mempool_avail_count(large), 255);
	return rig_end(state);
}

/* --- segments --- */

static uint8_t byte_at(unsigned int i)
{
	return (uint8_t)(i * 7 + i / 251);
}

/* The next segment of `p`, as large as `mtu` allows, with all sums good; returns its payload. */
static unsigned int send_full(const struct peer *p, unsigned int mtu)
{
	static uint8_t frame[FRAME_MAX];
	struct segment s = peer_segment(p, ACK | PSH | FIN);
	unsigned int n, i, head = segment_bytes(&s, frame), payload = mtu + 14 - head;
	struct frame_view v;

	for (i = 0; i < payload; i++)
		frame[head + i] = byte_at(i);
	n = head + payload;
	if (s.v6)
		frame_put16(frame + 14 + 4, (uint16_t)(n - 14 - 40));
	else
		frame_put16(frame + 14 + 2, (uint16_t)(n - 14));
	assert_true(frame_look(frame, n, &v));
	frame_seal(frame, &v);
	fixture_pool = large;
	rig_send_frame(p->port, frame_build(frame, n));
	fixture_pool = small;
	rig_round();
	return payload;
}

/* What `q` got is the `payload` bytes, in packets of at most `mtu`; returns how many. */
static unsigned int take_all(const struct peer *q, unsigned int payload, unsigned int mtu)
{
	unsigned int pieces = 0, done = 0, i;
	struct rte_mbuf *m;

	while ((m = rig_take(q->port)) != NULL) {
		const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
		struct frame_view v;

		assert_int_equal(m->nb_segs, 1);
		assert_true(frame_look(frame, m->data_len, &v));
		assert_int_equal(v.end, m->data_len);
		assert_int_equal(frame_ip_residue(&v), 0xffff);
		assert_int_equal(frame_tcp_residue(&v), 0xffff);
		assert_true(v.end - v.ip <= mtu);
		assert_int_equal(frame_get32(frame + v.tcp + 4), q->synack.seq + 1 + done);
		for (i = 0; i < v.payload; i++)
			assert_int_equal(frame[v.tcp + v.tcp_header + i], byte_at(done + i));
		done += v.payload;
		assert_int_equal(!!(frame[v.tcp + 13] & FIN), done == payload);
		rte_pktmbuf_free(m);
		pieces++;
	}
	assert_int_equal(done, payload);
	rig_silence();
	return pieces;
}

static void splice_large(struct peer *a, struct peer *b)
{
	*a = peer_alice();
	*b = peer_bob();
	/* an MSS of 8960 */
	a->syn.options[2] = b->syn.options[2] = 0x23;
	a->syn.options[3] = b->syn.options[3] = 0x00;
	peers_splice(a, b);
}

static void whole(void **state)
{
	struct peer a, b;
	unsigned int n;

	(void)state;
	splice_large(&a, &b);
	n = send_full(&a, MTU);
	assert_true(n > 8900);
	assert_int_equal(take_all(&b, n, MTU), 1);
	n = send_full(&b, MTU);
	assert_int_equal(take_all(&a, n, MTU), 1);
}

/* Between the families a packet grows by 20 bytes or shrinks: what is too large then is cut. */
static void between_families(void **state)
{
	struct peer a, b;
	unsigned int n;

	(void)state;
	splice_large(&a, &b);
	n = send_full(&a, MTU);
	assert_int_equal(take_all(&b, n, MTU), 2);
	n = send_full(&b, MTU);
	assert_int_equal(take_all(&a, n, MTU), 1);
}

static void cut(void **state)
{
	struct peer a, b;
	unsigned int n;

	(void)state;
	splice_large(&a, &b);
	n = send_full(&a, MTU);
	assert_int_equal(take_all(&b, n, 1500), 7);
	n = send_full(&b, 1500);
	assert_int_equal(take_all(&a, n, MTU), 1);
}

#define JUMBO_ROW(test, mix)                           \
	{                                              \
#test " " #mix, test, start, end, &mix \
	}

static struct rig_mix of4 = {false, false, {0, 0}, {MTU, MTU}};
static struct rig_mix of6 = {true, true, {0, 0}, {MTU, MTU}};
static struct rig_mix tagged = {true, true, {100, 0}, {MTU, MTU}};
static struct rig_mix of4_to6 = {false, true, {0, 200}, {MTU, MTU}};
static struct rig_mix to_small4 = {false, false, {0, 0}, {MTU, 1500}};
static struct rig_mix to_small6 = {true, true, {0, 0}, {MTU, 1500}};
static struct rig_mix to_small_tagged = {false, true, {0, 300}, {MTU, 1500}};

int main(void)
{
	const struct CMUnitTest tests[] = {
		JUMBO_ROW(whole, of4),		 JUMBO_ROW(whole, of6),
		JUMBO_ROW(whole, tagged),	 JUMBO_ROW(between_families, of4_to6),
		JUMBO_ROW(cut, to_small4),	 JUMBO_ROW(cut, to_small6),
		JUMBO_ROW(cut, to_small_tagged),
	};

	return cmocka_run_group_tests_name("jumbo", tests, start_large, end_large);
}

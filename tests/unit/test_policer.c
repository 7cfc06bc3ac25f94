/* SPDX-License-Identifier: BSD-3-Clause */
/* The rate of a session: what it costs, what passes, and that a whole worker keeps to it. */
#include "peer_fixture.h"
#include "policer.h"

#define SEGMENT	    1000
#define BURST(rate) ((rate) / 2 + (1 << POLICER_BURST_SHIFT))

/* Within one in a hundred, whatever the rate. */
static void costs(void **state)
{
	static const uint64_t rates[] = {
		240, 1024, 10000, 12500000, 1 << 30, UINT64_C(1) << 32, UINT64_C(1) << 34,
	};

	(void)state;
	assert_int_equal(policer_cost(0), 0);
	assert_int_equal(policer_cost(1), UINT32_MAX);
	assert_int_equal(policer_cost(UINT64_MAX / 2), 1); /* never no limit at all */
	for (size_t i = 0; i < RTE_DIM(rates); i++) {
		double second = (double)policer_cost(rates[i]) * (double)rates[i];

		assert_true(second > 0.99e3 * POLICER_MS && second < 1.01e3 * POLICER_MS);
	}
}

/* Offered ten times of what is allowed for `ms`: how many bytes pass. */
static uint64_t squeeze(uint64_t *meter, uint64_t rate, uint32_t bytes, uint64_t from_ms,
			uint64_t ms)
{
	uint32_t cost = policer_cost(rate);
	uint64_t passed = 0, offered = 0;

	for (uint64_t t = 0; t < ms; t++) {
		for (; offered <= rate * t / 100; offered += bytes) {
			if (policer_pass(meter, cost, bytes, from_ms + t))
				passed += bytes;
		}
	}
	return passed;
}

static void rates(void **state)
{
	static const struct {
		uint64_t rate;
		uint32_t bytes;
	} rows[] = {
		{1024, 1}, {10000, 1400}, {12500000, 1400}, {12500000, 65000}, {1250000000, 65000},
	};
	static const uint64_t starts[] = {0, 1000, UINT64_C(1) << 33, UINT64_C(1) << 40};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		for (size_t k = 0; k < RTE_DIM(starts); k++) {
			uint64_t meter = 0, first, later;
			double rate = (double)rows[i].rate;

			first = squeeze(&meter, rows[i].rate, rows[i].bytes, starts[k], 5000);
			later = squeeze(&meter, rows[i].rate, rows[i].bytes, starts[k] + 5000,
					20000);
			assert_true((double)first < 5.1 * rate + BURST(rate) + 2.0 * rows[i].bytes);
			assert_true((double)first + 2.0 * rows[i].bytes >=
				    RTE_MIN(4.9 * rate + BURST(rate), 49 * rate));
			/* the burst is over */
			if (first > BURST(rows[i].rate))
				assert_true((double)later < 20.3 * rate + 2.0 * rows[i].bytes);
		}
	}
}

/* --- in a worker --- */

static struct peer a, b;
static uint64_t flow;

static int start_spliced(void **state)
{
	return peers_start(state, &a, &b, &flow);
}

/* Send `n` segments a millisecond from p to q; returns how many arrive. */
static unsigned int flood(const struct peer *p, const struct peer *q, unsigned int n, uint64_t ms)
{
	struct segment s = peer_segment(p, ACK);
	unsigned int arrived = 0;
	struct rte_mbuf *m;

	s.n_payload = SEGMENT;
	for (; ms > 0; ms--) {
		for (unsigned int i = 0; i < n; i++)
			rig_send(p->port, &s);
		rig_advance(1);
		while ((m = rig_take(q->port)) != NULL) {
			/* no window update of the relay's own */
			arrived += segment_read(m).n_payload > 0;
			rte_pktmbuf_free(m);
		}
	}
	return arrived;
}

static void none_by_default(void **state)
{
	(void)state;
	assert_int_equal(flood(&a, &b, 10, 100), 1000);
	assert_int_equal(rig_dropped(DROP_RATE_SESSION), 0);
}

static void both_ends_share_it(void **state)
{
	const unsigned int burst = BURST(1000000) / SEGMENT;
	struct flow_status status;
	struct segment s;
	unsigned int n;

	(void)state;
	assert_int_equal(flow_table_set_rate(&rig.flows.t, flow, 1000000), 0);
	n = flood(&a, &b, 2, 1000); /* twice of what is allowed */
	assert_in_range(n, 1000 + burst - 10, 1000 + burst + 10);
	assert_int_equal(n + rig_dropped(DROP_RATE_SESSION), 2000);
	assert_int_equal(rig_stats()->relayed_bytes, n * SEGMENT);
	assert_int_equal(flow_table_status(&rig.flows.t, flow, &status), 0);
	assert_int_equal(status.bytes[0], n * SEGMENT);	 /* what was dropped was not relayed */
	assert_in_range(flood(&b, &a, 2, 100), 90, 110); /* nothing is left for the other end */

	/* what carries nothing passes */
	s = peer_segment(&a, ACK);
	rig_put(a.port, &s);
	assert_int_equal(rig_answer(b.port).flags, ACK);
	s = peer_segment(&b, FIN | ACK);
	rig_put(b.port, &s);
	assert_int_equal(rig_answer(a.port).flags, FIN | ACK);
}

static void it_may_change(void **state)
{
	(void)state;
	assert_int_equal(flow_table_set_rate(&rig.flows.t, flow, 1000), 0);
	assert_in_range(flood(&a, &b, 2, 100), BURST(1000) / SEGMENT, BURST(1000) / SEGMENT + 2);
	assert_int_equal(flow_table_set_rate(&rig.flows.t, flow, 0), 0);
	assert_int_equal(flood(&a, &b, 2, 100), 200);
	assert_int_equal(flow_table_set_rate(&rig.flows.t, flow + 1, 1000), -ESTALE);
}

/* What a flow had of its rate is not its successor's. */
static void a_new_flow_begins_anew(void **state)
{
	(void)state;
	assert_int_equal(flow_table_set_rate(&rig.flows.t, flow, 1000), 0);
	flood(&a, &b, 2, 100);
	assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
	rig_advance(1);
	a.syn.src_port++;
	b.syn.src_port++;
	flow = peers_splice(&a, &b);
	assert_int_equal(flood(&a, &b, 2, 100), 200);
}

#define RIG_TEST(name) RIG_MIXED(name, start_spliced)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs),   cmocka_unit_test(rates),
		RIG_TEST(none_by_default), RIG_TEST(both_ends_share_it),
		RIG_TEST(it_may_change),   RIG_TEST(a_new_flow_begins_anew),
	};

	return cmocka_run_group_tests_name("policer", tests, rig_ports, rig_ports_end);
}

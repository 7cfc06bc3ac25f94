/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_malloc.h>

#include "flow_fixture.h"

const struct rte_ether_addr alice_mac = {{0x02, 0, 0, 0, 0, 0x01}};
const struct rte_ether_addr bob_mac = {{0x02, 0, 0, 0, 0, 0x02}};

/* 2001:db8::10, 2001:db8:a:11ce:8000:5eff:fe00:1, 2001:db8:ffff:b0b:0:ffff:0:2 */
const struct in6_addr relay6 = {{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}}};
const struct in6_addr alice6 = {
	{{0x20, 0x01, 0x0d, 0xb8, 0, 0x0a, 0x11, 0xce, 0x80, 0, 0x5e, 0xff, 0xfe, 0, 0, 0x01}}};
const struct in6_addr bob6 = {
	{{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0x0b, 0x0b, 0, 0, 0xff, 0xff, 0, 0, 0, 0x02}}};

void flow_rig_init(struct flow_rig *rig, uint32_t pairs)
{
	const struct tuple_seed seed = {{0x0123456789abcdefULL, 0xfedcba9876543210ULL}};

	rig->now_ms = 1;
	rig->readers = rte_zmalloc("readers", rte_rcu_qsbr_get_memsize(4), RTE_CACHE_LINE_SIZE);
	assert_non_null(rig->readers);
	assert_int_equal(rte_rcu_qsbr_init(rig->readers, 4), 0);
	assert_int_equal(rte_rcu_qsbr_thread_register(rig->readers, 0), 0);
	assert_int_equal(flow_table_init(&rig->t, pairs, &seed, rig->readers), 0);
}

void flow_rig_fini(struct flow_rig *rig)
{
	flow_table_fini(&rig->t);
	rte_free(rig->readers);
}

struct leg_report report_of(uint32_t addr, uint16_t port)
{
	struct leg_report r = {
		.tuple = {.peer_port = rte_cpu_to_be_16(port),
			  .relay_port = rte_cpu_to_be_16(RELAY_PORT)},
		.options = LEG_TIMESTAMPS | LEG_SACK | LEG_WSCALE,
		.mss = 1460,
	};

	tuple_map_v4(&r.tuple.peer_addr, rte_cpu_to_be_32(addr));
	tuple_map_v4(&r.tuple.relay_addr, rte_cpu_to_be_32(RELAY_ADDR));
	return r;
}

struct leg_report report_alice(void)
{
	struct leg_report r = report_of(ALICE_ADDR, ALICE_PORT);

	r.next_hop = next_hop_make(0, 0, &alice_mac);
	r.snd_nxt = 1000;
	r.rcv_nxt = 5000;
	r.ts_const = 70;
	r.ts_first = 10;
	r.ts_recent = 12;
	r.window = 500;
	r.wscale = 7;
	return r;
}

struct leg_report report_bob(void)
{
	struct leg_report r = report_of(BOB_ADDR, BOB_PORT);

	r.next_hop = next_hop_make(1, 0, &bob_mac);
	r.snd_nxt = 20000;
	r.rcv_nxt = 90000;
	r.ts_const = 3000;
	r.ts_first = 600;
	r.ts_recent = 603;
	r.window = 400;
	r.wscale = 9;
	return r;
}

struct leg_report report_over6(struct leg_report r, const struct in6_addr *peer)
{
	r.tuple.peer_addr = *peer;
	r.tuple.relay_addr = relay6;
	return r;
}

static void set_addresses(struct segment *s, const struct in6_addr *src, const struct in6_addr *dst)
{
	s->v6 = !IN6_IS_ADDR_V4MAPPED(dst);
	s->src = s->v6 ? 0 : rte_be_to_cpu_32(tuple_v4(src));
	s->dst = s->v6 ? 0 : rte_be_to_cpu_32(tuple_v4(dst));
	s->src6 = s->v6 ? *src : (struct in6_addr)IN6ADDR_ANY_INIT;
	s->dst6 = s->v6 ? *dst : (struct in6_addr)IN6ADDR_ANY_INIT;
}

struct segment segment_from(const struct leg_report *leg)
{
	struct segment s = segment_plain();

	set_addresses(&s, &leg->tuple.peer_addr, &leg->tuple.relay_addr);
	s.src_port = rte_be_to_cpu_16(leg->tuple.peer_port);
	s.dst_port = rte_be_to_cpu_16(leg->tuple.relay_port);
	return s;
}

void segment_redirect(struct segment *s, const struct leg_report *to)
{
	bool was6 = s->v6, may_be_fragmented;

	set_addresses(s, &to->tuple.relay_addr, &to->tuple.peer_addr);
	s->src_port = rte_be_to_cpu_16(to->tuple.relay_port);
	s->dst_port = rte_be_to_cpu_16(to->tuple.peer_port);
	s->ttl--;
	if (s->v6 == was6)
		return;
	/* RFC 7915 5.1 */
	may_be_fragmented = !s->v6 && 40 + s->n_options + s->n_payload <= 1260;
	s->id = may_be_fragmented ? FLOW_RIG_ID : 0;
	s->frag = s->v6 || may_be_fragmented ? 0 : RTE_IPV4_HDR_DF_FLAG;
	s->label = 0;
	s->n_ip_options = 0;
	memset(s->ip_options, 0, sizeof(s->ip_options));
}

uint64_t flow_rig_insert(struct flow_rig *rig, const struct leg_report *a,
			 const struct leg_report *b)
{
	uint64_t flow;

	assert_int_equal(flow_table_insert(&rig->t, a, b, rig->now_ms, &flow), 0);
	return flow;
}

uint32_t flow_rig_find(const struct flow_table *t, const struct leg_report *leg)
{
	struct tuple key = tuple_from_four(&leg->tuple);

	return flow_table_find(t, tuple_hash(&t->seed, &key), &key);
}

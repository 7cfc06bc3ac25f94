/* SPDX-License-Identifier: BSD-3-Clause */
/* Auto last hop: who is believed when a leg's packets come by another way. */
#include "flow_fixture.h"
#include "last_hop.h"

#define R_ALICE 5000
#define S_ALICE 1000

static const struct rte_ether_addr other_mac = {{0x02, 0, 0, 0, 0, 0x33}};

struct row {
	const char *name;
	uint8_t flags;
	int32_t seq, ack; /* from R and S of alice */
	unsigned int payload;
	uint8_t port;
	struct rte_ether_addr mac;
	uint16_t bad_tcp, bad_ip;
	bool learns;
};

#define OTHER                                  \
	{                                      \
		{                              \
			0x02, 0, 0, 0, 0, 0x33 \
		}                              \
	}

static const struct row rows[] = {
	{"pure ACK in place", ACK, 0, 0, 0, 0, OTHER, 0, 0, true},
	{"data in place", ACK | PSH, 0, 0, 100, 0, OTHER, 0, 0, true},
	{"FIN in place", ACK | FIN, 0, 0, 0, 0, OTHER, 0, 0, true},
	{"another port, the same MAC", ACK, 0, 0, 0, 1, {{0x02, 0, 0, 0, 0, 0x01}}, 0, 0, true},
	{"acknowledges all that was sent", ACK, 0, 700, 0, 0, OTHER, 0, 0, true},
	{"acknowledges more", ACK, 0, 701, 0, 0, OTHER, 0, 0, false},
	{"acknowledges less than before", ACK, 0, -1, 0, 0, OTHER, 0, 0, false},
	{"old", ACK, -1, 0, 0, 0, OTHER, 0, 0, false},
	{"ahead", ACK, 1, 0, 100, 0, OTHER, 0, 0, false},
	{"far away", ACK, 0x40000000, 0x40000000, 0, 0, OTHER, 0, 0, false},
	{"no ACK", PSH, 0, 0, 10, 0, OTHER, 0, 0, false},
	{"RST", RST | ACK, 0, 0, 0, 0, OTHER, 0, 0, false},
	{"SYN", SYN | ACK, 0, 0, 0, 0, OTHER, 0, 0, false},
	{"bad checksum", ACK, 0, 0, 0, 0, OTHER, 1, 0, false},
	{"bad IP checksum", ACK, 0, 0, 0, 0, OTHER, 0, 1, false},
	{"from a multicast MAC", ACK, 0, 0, 0, 0, {{0x03, 0, 0, 0, 0, 1}}, 0, 0, false},
	{"from the zero MAC", ACK, 0, 0, 0, 0, {{0, 0, 0, 0, 0, 0}}, 0, 0, false},
	{"from our own MAC", ACK, 0, 0, 0, 0, {{0x02, 0, 0, 0, 0, 0x10}}, 0, 0, false},
};

/* At each base the numbers wrap elsewhere. */
static void check_row(const struct row *r, uint32_t base)
{
	struct leg_report a = report_alice(), b = report_bob();
	struct segment s = segment_plain();
	struct flow_rig rig;
	struct packet p;
	uint32_t slot;
	uint64_t hop;

	a.rcv_nxt = R_ALICE + base;
	a.snd_nxt = S_ALICE + base;
	b.rcv_nxt += base * 3;
	flow_rig_init(&rig, 1);
	flow_rig_insert(&rig, &a, &b);
	slot = flow_rig_find(&rig.t, &a);
	rig.t.tracks[slot + 1].seq_hi += 700; /* bob has sent that much */
	s.flags = r->flags;
	s.seq = a.rcv_nxt + (uint32_t)r->seq;
	s.ack = a.snd_nxt + (uint32_t)r->ack;
	s.n_payload = r->payload;
	s.src_mac = r->mac;
	s.bad_tcp = r->bad_tcp;
	s.bad_ip = r->bad_ip;
	p = segment_packet(&s);
	p.port = r->port;
	last_hop_check(&rig.t, slot, &p);
	hop = rig.t.tracks[slot + 1].next_hop;
	if (hop != (r->learns ? next_hop_make(r->port, 0, &r->mac) : a.next_hop))
		fail_msg("%s: %s", r->name, r->learns ? "not learnt" : "learnt");
	assert_int_equal(rig.t.tracks[slot].next_hop, b.next_hop);
	rte_pktmbuf_free(p.m);
	flow_rig_fini(&rig);
}

static void table(void **state)
{
	static const uint32_t bases[] = {0, (uint32_t)-5000, (uint32_t)-1000, (uint32_t)-1700,
					 0x7fffffff - 1000};
	unsigned int i, j;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		for (j = 0; j < RTE_DIM(bases); j++)
			check_row(&rows[i], bases[j]);
	}
	fixture_assert_no_leak();
}

/* The usual case must not even look at the segment. */
static void same_way(void **state)
{
	struct leg_report a = report_alice(), b = report_bob();
	struct segment s = segment_plain();
	struct flow_rig rig;
	struct packet p;
	uint32_t slot;

	(void)state;
	flow_rig_init(&rig, 1);
	flow_rig_insert(&rig, &a, &b);
	slot = flow_rig_find(&rig.t, &a);
	s.src_mac = alice_mac;
	p = segment_packet(&s);
	last_hop_check(&rig.t, slot, &p);
	assert_int_equal(rig.t.tracks[slot + 1].next_hop, a.next_hop);
	s.src_mac = other_mac;
	rte_pktmbuf_free(p.m);
	flow_rig_fini(&rig);
	fixture_assert_no_leak();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(same_way),
	};

	return cmocka_run_group_tests_name("last_hop", tests, fixture_eal, fixture_eal_end);
}

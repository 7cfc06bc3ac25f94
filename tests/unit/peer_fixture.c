/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_fixture.h"

static struct segment plain_of(unsigned int port)
{
	bool v6 = port == 0 ? rig.mix.alice6 : rig.mix.bob6;
	struct segment s = v6 ? segment_plain6() : segment_plain();

	if (v6) {
		s.src6 = port == 0 ? alice6 : bob6;
		s.dst6 = relay6;
	} else {
		s.src = port == 0 ? ALICE_ADDR : BOB_ADDR;
	}
	return s;
}

static struct peer peer_of(unsigned int port, uint32_t isn, uint32_t tsval, uint8_t wscale)
{
	const uint8_t mss[] = {2, 4, 0x05, 0xb4, 4, 2, 1, 1}, scale[] = {1, 3, 3, wscale};
	struct peer p = {.port = port, .syn = plain_of(port), .tsval = tsval};

	p.syn.src_mac = port == 0 ? alice_mac : bob_mac;
	p.syn.dst_mac = port_mac[port];
	p.syn.src_port = port == 0 ? ALICE_PORT : BOB_PORT;
	p.syn.flags = SYN;
	p.syn.seq = isn;
	p.syn.window = 64240;
	segment_option(&p.syn, mss, sizeof(mss));
	segment_timestamps(&p.syn, tsval, 0);
	segment_option(&p.syn, scale, sizeof(scale));
	return p;
}

struct peer peer_alice(void)
{
	return peer_of(0, 0xfffffff0, 5000, 7);
}

struct peer peer_bob(void)
{
	return peer_of(1, 77000, 0xffffff00, 9);
}

void peer_rehost(struct peer *p, uint8_t n)
{
	if (p->syn.v6)
		p->syn.src6.s6_addr[15] ^= n;
}

void peer_move(struct peer *p, uint8_t n)
{
	if (p->syn.v6)
		p->syn.src6.s6_addr[7] ^= n;
	else
		p->syn.src += n;
}

void peer_connect(struct peer *p)
{
	struct segment ack;

	rig_put(p->port, &p->syn);
	p->synack = rig_answer(p->port);
	assert_int_equal(p->synack.flags, SYN | ACK);
	p->id = rig_event(MAILBOX_LEG_HALF_OPEN).id;
	p->tsval++;
	ack = peer_segment(p, ACK);
	rig_put(p->port, &ack);
	rig_silence();
	assert_int_equal(rig_event(MAILBOX_LEG_ESTABLISHED).id, p->id);
	rig_no_event();
}

struct segment peer_segment(const struct peer *p, uint8_t flags)
{
	struct segment s = p->syn;
	uint32_t tsval, tsecr, t;

	s.flags = flags;
	s.seq = p->syn.seq + 1;
	s.ack = flags & ACK ? p->synack.seq + 1 : 0;
	s.window = 500;
	s.n_options = 0;
	if (segment_find_timestamps(&p->syn, &tsval, &tsecr) &&
	    segment_find_timestamps(&p->synack, &t, &tsecr))
		segment_timestamps(&s, p->tsval, flags & ACK ? t : 0);
	return s;
}

void assert_to_peer(const struct segment *s, const struct peer *p)
{
	assert_int_equal(s->v6, p->syn.v6);
	assert_memory_equal(&s->src6, &p->syn.dst6, sizeof(s->src6));
	assert_memory_equal(&s->dst6, &p->syn.src6, sizeof(s->dst6));
	assert_int_equal(s->src, p->syn.dst);
	assert_int_equal(s->dst, p->syn.src);
	assert_int_equal(s->src_port, p->syn.dst_port);
	assert_int_equal(s->dst_port, p->syn.src_port);
	assert_int_equal(s->n_ip_options, 0);
}

void assert_parked_answer(const struct peer *p, const struct segment *s, uint32_t tsecr)
{
	uint32_t t, first, tsval, echo;

	assert_int_equal(s->seq, p->synack.seq + 1);
	assert_int_equal(s->ack, p->syn.seq + 1);
	assert_int_equal(s->window, 0);
	assert_int_equal(s->n_payload, 0);
	assert_to_peer(s, p);
	if (segment_find_timestamps(&p->synack, &t, &first)) {
		assert_int_equal(s->n_options, 12);
		assert_true(segment_find_timestamps(s, &tsval, &echo));
		assert_int_equal(tsval, t);
		assert_int_equal(echo, tsecr);
	} else {
		assert_int_equal(s->n_options, 0);
	}
}

struct leg_report peer_retire(const struct peer *p)
{
	struct mailbox_event ev;

	rig_command(MAILBOX_LEG_CLAIM, p->id);
	rig_command(MAILBOX_LEG_RETIRE, p->id);
	ev = rig_event(MAILBOX_LEG_RETIRED);
	assert_int_equal(ev.id, p->id);
	return ev.report;
}

uint64_t peers_splice(struct peer *a, struct peer *b)
{
	struct leg_report from_a, from_b;
	uint64_t flow;

	peer_connect(a);
	peer_connect(b);
	from_a = peer_retire(a);
	from_b = peer_retire(b);
	rig.flows.now_ms = rig.now_ms;
	flow = flow_rig_insert(&rig.flows, &from_a, &from_b);
	rig_open(a->id, flow, 0);
	rig_answer(a->port);
	rig_open(b->id, flow, 1);
	rig_answer(b->port);
	rig_no_event();
	return flow;
}

int peers_start(void **state, struct peer *a, struct peer *b, uint64_t *flow)
{
	int rc = rig_start(state);

	if (rc < 0)
		return rc;
	*a = peer_alice();
	*b = peer_bob();
	*flow = peers_splice(a, b);
	return 0;
}

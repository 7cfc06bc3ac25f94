/* SPDX-License-Identifier: BSD-3-Clause */
#include "socks5_client.h"

struct peer socks5_client(struct peer p)
{
	p.syn.dst_port = RIG_SOCKS5_PORT;
	return p;
}

struct leg *socks5_leg(const struct peer *p)
{
	struct leg_table *legs = &rig_owner(&p->syn)->legs;
	struct packet k = segment_packet(&p->syn);

	rte_pktmbuf_free(k.m);
	return leg_find(legs, tuple_hash(&legs->seed, &k.key), &k.key);
}

struct segment socks5_says(const struct peer *p, unsigned int at, unsigned int heard,
			   const void *bytes, unsigned int n)
{
	struct segment s = peer_segment(p, n > 0 ? ACK | PSH : ACK);

	s.seq += at;
	s.ack += heard;
	s.n_payload = n;
	if (n > 0)
		memcpy(s.payload, bytes, n);
	return s;
}

void socks5_assert(const struct peer *p, const struct segment *s, uint8_t flags, unsigned int at,
		   unsigned int read, uint16_t window, const void *bytes, unsigned int n)
{
	uint32_t t, first, tsval, echo;

	assert_to_peer(s, p);
	assert_int_equal(s->flags, flags);
	assert_int_equal(s->seq, p->synack.seq + 1 + at);
	assert_int_equal(s->ack, p->syn.seq + 1 + read);
	assert_int_equal(s->window, window);
	assert_int_equal(s->n_payload, n);
	if (n > 0)
		assert_memory_equal(s->payload, bytes, n);
	if (segment_find_timestamps(&p->synack, &t, &first)) {
		assert_int_equal(s->n_options, 12);
		assert_true(segment_find_timestamps(s, &tsval, &echo));
		assert_int_equal(tsval, t);
		assert_int_equal(echo, p->tsval);
	} else {
		assert_int_equal(s->n_options, 0);
	}
}

void socks5_expect(const struct peer *p, uint8_t flags, unsigned int at, unsigned int read,
		   uint16_t window, const void *bytes, unsigned int n)
{
	struct segment s = rig_answer(p->port);

	socks5_assert(p, &s, flags, at, read, window, bytes, n);
}

void socks5_connect(struct peer *p)
{
	struct segment ack;

	rig_put(p->port, &p->syn);
	p->synack = rig_answer(p->port);
	assert_int_equal(p->synack.flags, SYN | ACK);
	assert_int_equal(p->synack.window, WINDOW_SYN);
	p->tsval++;
	ack = peer_segment(p, ACK);
	rig_put(p->port, &ack);
	rig_silence();
	rig_no_event();
}

void socks5_choose(struct peer *p)
{
	struct segment s;

	socks5_connect(p);
	p->tsval++;
	s = socks5_says(p, 0, 0, METHODS, N_METHODS);
	rig_put(p->port, &s);
	socks5_expect(p, PSH | ACK, 0, N_METHODS, WINDOW_SCALED, CHOICE, N_CHOICE);
	rig_no_event();
}

void socks5_name_it(struct peer *p)
{
	struct mailbox_event ev;
	struct segment s;

	socks5_choose(p);
	p->tsval++;
	s = socks5_says(p, N_METHODS, N_CHOICE, REQUEST, N_REQUEST);
	rig_put(p->port, &s);
	socks5_expect(p, ACK, N_CHOICE, ALL_SAID, 0, NULL, 0);
	ev = rig_event(MAILBOX_LEG_NAMED);
	p->id = ev.id;
	rig_no_event();
	assert_ptr_equal(rig_leg(p->id), socks5_leg(p));
}

void socks5_admit(struct peer *p)
{
	socks5_name_it(p);
	rig_command(MAILBOX_LEG_ADMIT, p->id);
	socks5_expect(p, PSH | ACK, N_CHOICE, ALL_SAID, 0, REPLY, N_REPLY);
}

void socks5_go_through(struct peer *p)
{
	struct segment s;

	socks5_admit(p);
	s = socks5_says(p, ALL_SAID, ALL_HEARD, NULL, 0);
	rig_put(p->port, &s);
	rig_silence();
	rig_no_event();
}

struct peer socks5_alice(void)
{
	return socks5_client(peer_alice());
}

struct peer socks5_bob(void)
{
	return socks5_client(peer_bob());
}

void socks5_put(const struct peer *p, unsigned int at, unsigned int heard, const void *bytes,
		unsigned int n)
{
	struct segment s = socks5_says(p, at, heard, bytes, n);

	rig_put(p->port, &s);
}

void socks5_assert_gone(const struct peer *p)
{
	assert_null(socks5_leg(p));
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_UNCLAIMED], 0);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_CLAIMED], 0);
	assert_int_equal(rig_free_legs(), RIG_WORKERS * rig.workers[0].legs.capacity);
	for (unsigned int i = 0; i < RIG_WORKERS; i++)
		assert_int_equal(rig.workers[i].legs.n_free_sources,
				 rig.workers[i].legs.max_unclaimed);
}

struct leg_report socks5_retire(const struct peer *p)
{
	uint64_t claimed = rig_stats()->legs[LEG_GAUGE_CLAIMED];
	struct leg_report r;

	rig_command(MAILBOX_LEG_CLAIM, p->id);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_CLAIMED], claimed + 1);
	rig_command(MAILBOX_LEG_RETIRE, p->id);
	r = rig_event(MAILBOX_LEG_RETIRED).report;
	assert_int_equal(r.snd_nxt, p->synack.seq + 1 + ALL_HEARD);
	assert_int_equal(r.rcv_nxt, p->syn.seq + 1 + ALL_SAID);
	return r;
}

static const uint64_t again_ms[] = {1000, 2000, 4000};

struct segment socks5_watch_attempts(const struct peer *p, const struct segment *first)
{
	struct segment s, rst;
	uint64_t at[8];
	unsigned int n, i;

	n = rig_watch(p->port, 7999, at, RTE_DIM(at), &s);
	assert_int_equal(n, RTE_DIM(again_ms));
	for (i = 0; i < RTE_DIM(again_ms); i++)
		assert_in_range(at[i], again_ms[i], again_ms[i] + (i + 1) * WHEEL_TICK_MS);
	assert_memory_equal(&s, first, sizeof(s));
	assert_int_equal(rig_watch(p->port, 5 * WHEEL_TICK_MS, at, 1, &rst), 1);
	assert_int_equal(rst.flags, RST | ACK);
	return s;
}

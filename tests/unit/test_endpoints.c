/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two model TCPs talk through a whole worker, over wires that lose, repeat, reorder and damage:
 *
 *   a --- wire --- port 0 [ worker ] port 1 --- wire --- b
 *
 * The models are small but strict: each judges what arrives by its own numbers and by what the
 * other really sent, got and granted.  Options, families, sizes and all of S, R and T are random,
 * half of them just before a wrap-around.
 */
#include <stdio.h>
#include <stdlib.h>

#include "frame_check.h"
#include "worker_fixture.h"

#define CONVERSATIONS 5000 /* or $TANDEM_TEST_CONVERSATIONS */
#define STREAM_MAX    8000 /* bytes one way */
#define WIRE_FRAMES   512
#define FRAME_MAX     1600
#define TICKS_MAX     30000
#define RTO	      40 /* ticks */
#define MSS	      1400
#define RELAY_SCALE   8

/* A model TCP.  Places in the streams are offsets: the FIN of `n_out` bytes stands at n_out. */
struct end {
	struct end *other;
	unsigned int port; /* of the worker; which of the two it is */
	bool v6, ts, sack, scaled;
	uint8_t scale;
	uint16_t mss;	    /* told by it */
	uint32_t send_base; /* R: its number of offset 0 */
	uint32_t recv_base; /* S: the relay's number of offset 0 */
	uint32_t ts_first, ts_const, clock, ts_recent;

	uint8_t out[STREAM_MAX];
	unsigned int n_out, una, nxt;
	unsigned int granted; /* offset up to which it may send */
	uint64_t timer;

	bool have[STREAM_MAX + 1];
	unsigned int rcv, edge, last_ack; /* edge: the offset up to which it let the other send */
	unsigned int appetite;		  /* most it lets come at a time */
	bool owes_ack;
};

struct flying {
	uint64_t due;
	bool damaged;
	unsigned int to; /* 0, 1: the relay's port; 2, 3: the end's own side */
	unsigned int n;
	uint8_t frame[FRAME_MAX];
};

static struct end ends[2];
static struct flying wire[WIRE_FRAMES];
static unsigned int n_wire;
static uint64_t now;
static unsigned int per_mille; /* of frames lost; the like repeated, damaged */
static uint64_t segments, damaged_seen, paws_drops, sack_seen;
static uint32_t newest_tsval[2];
static bool stamped[2];

static bool chance(unsigned int in_thousand)
{
	return fixture_between(0, 999) < in_thousand;
}

/* --- the wires --- */

static void damage(struct flying *f)
{
	struct frame_view v;
	unsigned int at;

	assert_true(frame_look(f->frame, f->n, &v));
	/* Not what makes it another's, or no segment at all. */
	do
		at = fixture_between(v.tcp + 4, v.end - 1);
	while (at == v.tcp + 12 || at == v.tcp + 13);
	f->frame[at] ^= (uint8_t)(1 << fixture_between(0, 7));
	f->damaged = true;
}

static void fly(unsigned int to, const uint8_t *frame, unsigned int n, bool damaged)
{
	unsigned int copies = chance(per_mille) ? 0 : chance(per_mille) ? 2 : 1;

	for (; copies > 0 && n_wire < WIRE_FRAMES; copies--) {
		struct flying *f = &wire[n_wire++];

		f->to = to;
		f->n = n;
		f->damaged = damaged;
		f->due = now + (per_mille > 0 && chance(200) ? fixture_between(1, 12) : 1);
		memcpy(f->frame, frame, n);
		if (!damaged && to < 2 && chance(per_mille / 2))
			damage(f);
	}
}

/* --- a model's segments --- */

static unsigned int put_headers(const struct end *e, uint8_t *f, unsigned int segment)
{
	uint8_t *ip = f + 14;

	memcpy(f, &port_mac[e->port], 6);
	memcpy(f + 6, e->port ? &bob_mac : &alice_mac, 6);
	frame_put16(f + 12, e->v6 ? 0x86dd : 0x0800);
	if (e->v6) {
		ip[0] = 0x60;
		frame_put16(ip + 4, (uint16_t)segment);
		ip[6] = 6;
		ip[7] = 64;
		memcpy(ip + 8, e->port ? &bob6 : &alice6, 16);
		memcpy(ip + 24, &relay6, 16);
		return 54;
	}
	ip[0] = 0x45;
	frame_put16(ip + 2, (uint16_t)(20 + segment));
	ip[8] = 64;
	ip[9] = 6;
	frame_put32(ip + 12, e->port ? BOB_ADDR : ALICE_ADDR);
	frame_put32(ip + 16, RELAY_ADDR);
	return 34;
}

/* The first hole's far side: what came behind `from`; false: nothing. */
static bool next_block(const struct end *e, unsigned int from, unsigned int *start,
		       unsigned int *end)
{
	unsigned int last = e->other->n_out;

	for (*start = from; *start <= last && !e->have[*start]; (*start)++)
		;
	for (*end = *start; *end <= last && e->have[*end]; (*end)++)
		;
	return *end > *start;
}

static unsigned int put_sack(const struct end *e, uint8_t *at)
{
	unsigned int room = e->ts ? 3 : 4, n = 0, from = e->rcv, start, end;

	while (n < room && next_block(e, from, &start, &end)) {
		frame_put32(at + 4 + 8 * n, e->recv_base + start);
		frame_put32(at + 8 + 8 * n, e->recv_base + end);
		from = end;
		n++;
	}
	memcpy(at, (const uint8_t[]){1, 1, 5, (uint8_t)(2 + 8 * n)}, 4);
	return n > 0 ? 4 + 8 * n : 0;
}

static unsigned int put_options(const struct end *e, uint8_t *at)
{
	unsigned int n = 0;

	if (e->ts) {
		memcpy(at, (const uint8_t[]){1, 1, 8, 10}, 4);
		frame_put32(at + 4, e->clock);
		frame_put32(at + 8, e->ts_recent);
		n = 12;
	}
	return e->sack ? n + put_sack(e, at + n) : n;
}

/* The raw window, which never takes back what was granted. */
static uint16_t grant(struct end *e)
{
	unsigned int edge = e->rcv + fixture_between(0, e->appetite), raw;

	if (edge < e->edge)
		edge = e->edge;
	raw = (edge - e->rcv) >> e->scale;
	if (raw > UINT16_MAX)
		raw = UINT16_MAX;
	/* Rounding must not take back either. */
	if (e->rcv + (raw << e->scale) < e->edge)
		raw++;
	e->edge = e->rcv + (raw << e->scale);
	return (uint16_t)raw;
}

/* Say `n` bytes from offset `from`, and FIN where that is the end and `fin`. */
static void say(struct end *e, uint32_t seq, unsigned int from, unsigned int n, bool fin)
{
	uint8_t f[FRAME_MAX] = {0}, options[40];
	unsigned int n_options = put_options(e, options), tcp;
	struct frame_view v;

	tcp = put_headers(e, f, 20 + n_options + n);
	frame_put16(f + tcp, e->port ? BOB_PORT : ALICE_PORT);
	frame_put16(f + tcp + 2, RELAY_PORT);
	frame_put32(f + tcp + 4, seq);
	frame_put32(f + tcp + 8, e->recv_base + e->rcv);
	f[tcp + 12] = (uint8_t)((20 + n_options) / 4 << 4);
	f[tcp + 13] = (uint8_t)(ACK | (n > 0 ? PSH : 0) | (fin ? FIN : 0));
	frame_put16(f + tcp + 14, grant(e));
	memcpy(f + tcp + 20, options, n_options);
	memcpy(f + tcp + 20 + n_options, e->out + from, n);
	assert_true(frame_look(f, tcp + 20 + n_options + n, &v));
	frame_seal(f, &v);
	fly(e->port, f, v.end, false);
	e->last_ack = e->rcv;
	e->owes_ack = false;
}

/* As much as the window, the segment size and chance allow, from offset `from`. */
static unsigned int say_data(struct end *e, unsigned int from)
{
	unsigned int limit = e->granted < e->n_out ? e->granted : e->n_out, n, most;
	bool fin;

	most = MSS - (e->ts ? 0 : 12) - 40;
	n = limit > from ? limit - from : 0;
	if (n > most)
		n = most;
	if (n > 1 && chance(300))
		n = fixture_between(1, n);
	fin = from + n == e->n_out && e->granted > e->n_out;
	if (n > 0 || fin)
		say(e, e->send_base + from, from, n, fin);
	/* What is said again may be longer than it was: its end is new. */
	e->nxt = RTE_MAX(e->nxt, from + n + fin);
	return n + fin;
}

static void act(struct end *e)
{
	e->clock += chance(300);
	if (now >= e->timer) {
		e->timer = now + RTO;
		if (e->una < e->nxt)
			say_data(e, e->una);
		else /* a probe: it cannot be in order, and will be answered */
			say(e, e->send_base + e->nxt - 1, 0, 0, false);
	}
	while (e->nxt <= e->n_out && chance(700)) {
		if (say_data(e, e->nxt) == 0)
			break;
		e->timer = now + RTO;
	}
	if (e->owes_ack && chance(600))
		say(e, e->send_base + e->nxt, 0, 0, false);
}

/* --- what a model thinks of what arrives --- */

/* False: PAWS drops it (RFC 7323 5.3), as it does what was overtaken. */
static bool judge_timestamps(struct end *e, const struct frame_view *v, unsigned int offset)
{
	unsigned int at = frame_option(v, 8, 10);
	uint32_t tsval, tsecr;

	assert_int_equal(at != 0, e->ts);
	if (!e->ts)
		return true;
	tsval = frame_get32(v->frame + at);
	tsecr = frame_get32(v->frame + at + 4);
	/* An echo of what was really said. */
	assert_true(tsecr - e->ts_first <= e->clock - e->ts_first);
	if ((int32_t)(tsval - e->ts_recent) < 0) {
		paws_drops++;
		return false;
	}
	if (offset == UINT32_MAX || offset <= e->last_ack)
		e->ts_recent = tsval;
	return true;
}

static void judge_sack(const struct end *e, const struct frame_view *v)
{
	unsigned int blocks, at, start, end;

	for (blocks = 1; blocks <= 4; blocks++) {
		at = frame_option(v, 5, (uint8_t)(2 + 8 * blocks));
		if (at == 0)
			continue;
		assert_true(e->sack);
		sack_seen++;
		for (; blocks > 0; blocks--, at += 8) {
			start = frame_get32(v->frame + at) - e->send_base;
			end = frame_get32(v->frame + at + 4) - e->send_base;
			assert_true(start < end && end <= e->nxt);
			while (start < end)
				assert_true(e->other->have[start++]);
		}
		return;
	}
}

static void judge_ack(struct end *e, const struct frame_view *v)
{
	const uint8_t *tcp = v->frame + v->tcp;
	unsigned int ack = frame_get32(tcp + 8) - e->send_base;
	unsigned int window = (unsigned int)frame_get16(tcp + 14) << (e->scaled ? RELAY_SCALE : 0);

	assert_true(ack <= e->nxt && ack <= e->other->rcv);
	/* Nothing is advertised that was not granted. */
	assert_true(ack + window <= e->other->edge);
	if (ack > e->una) {
		e->una = ack;
		e->timer = now + RTO;
	}
	if (ack + window > e->granted)
		e->granted = ack + window;
	judge_sack(e, v);
}

static void take_data(struct end *e, const struct frame_view *v, unsigned int offset, bool fin)
{
	const uint8_t *data = v->frame + v->tcp + v->tcp_header;

	assert_true(offset + v->payload + fin <= e->edge);
	assert_true(offset + v->payload <= e->other->n_out);
	assert_memory_equal(data, e->other->out + offset, v->payload);
	memset(e->have + offset, true, v->payload);
	if (fin) {
		assert_int_equal(offset + v->payload, e->other->n_out);
		e->have[offset + v->payload] = true;
	}
	while (e->rcv <= e->other->n_out && e->have[e->rcv])
		e->rcv++;
	e->owes_ack = true;
}

static void hear(struct end *e, const struct flying *f)
{
	struct frame_view v;
	unsigned int offset;
	bool fin;

	assert_true(frame_look(f->frame, f->n, &v) && v.end == f->n);
	assert_int_equal(v.v6, e->v6);
	assert_int_equal(frame_ip_residue(&v), 0xffff);
	assert_int_equal(frame_tcp_residue(&v) == 0xffff, !f->damaged);
	segments++;
	if (f->damaged) {
		damaged_seen++;
		return;
	}
	assert_true(v.tcp_header - 20 + v.payload <= e->mss);
	fin = f->frame[v.tcp + 13] & FIN;
	assert_int_equal(f->frame[v.tcp + 13] & (SYN | RST | ACK), ACK);
	offset = frame_get32(f->frame + v.tcp + 4) - e->recv_base;
	if (!judge_timestamps(e, &v, offset)) {
		e->owes_ack = true;
		return;
	}
	judge_ack(e, &v);
	if (v.payload > 0 || fin)
		take_data(e, &v, offset, fin);
	else if (offset != e->rcv)
		e->owes_ack = true;
}

/* --- the relay --- */

/* As PAWS wants it, in the order in which segments leave. */
static void judge_order(unsigned int port, const struct frame_view *v)
{
	unsigned int at = frame_option(v, 8, 10);
	uint32_t tsval = at != 0 ? frame_get32(v->frame + at) : 0;

	if (at == 0 || per_mille > 0) /* the wires before it reorder */
		return;
	assert_true(!stamped[port] || (int32_t)(tsval - newest_tsval[port]) >= 0);
	newest_tsval[port] = tsval;
	stamped[port] = true;
}

static void relay(const struct flying *f)
{
	struct rte_mbuf *m;
	struct frame_view v;
	unsigned int port = f->to ^ 1;

	rig_send_frame(f->to, frame_build(f->frame, f->n));
	rig_round();
	while ((m = rig_take(port)) != NULL) {
		const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

		assert_true(frame_look(frame, m->data_len, &v));
		judge_order(port, &v);
		fly(port + 2, frame, m->data_len, f->damaged);
		rte_pktmbuf_free(m);
	}
	rig_silence();
}

/* What is due, in the order in which it was sent. */
static void deliver(void)
{
	static struct flying due[WIRE_FRAMES];
	unsigned int i, n_due = 0, kept = 0;

	for (i = 0; i < n_wire; i++) {
		if (wire[i].due <= now)
			due[n_due++] = wire[i];
		else if (kept++ < i)
			wire[kept - 1] = wire[i];
	}
	n_wire = kept;
	for (i = 0; i < n_due; i++) {
		if (due[i].to < 2)
			relay(&due[i]);
		else
			hear(&ends[due[i].to - 2], &due[i]);
	}
}

/* --- conversations --- */

static uint32_t any_number(void)
{
	return chance(500) ? 0 - fixture_between(0, 4000) : (uint32_t)fixture_random();
}

static void end_init(struct end *e, unsigned int port)
{
	unsigned int i;

	memset(e, 0, sizeof(*e));
	e->other = &ends[port ^ 1];
	e->port = port;
	e->v6 = chance(500);
	e->ts = chance(600);
	e->sack = chance(600);
	e->scaled = chance(700);
	e->scale = e->scaled ? (uint8_t)fixture_between(0, 10) : 0;
	e->mss = chance(500) ? 1460 : (uint16_t)fixture_between(300, 1460);
	e->send_base = any_number();
	e->recv_base = any_number();
	e->ts_first = e->clock = any_number();
	e->ts_const = e->ts_recent = any_number();
	e->n_out = fixture_between(0, chance(100) ? STREAM_MAX : 1500);
	e->appetite = fixture_between(1, 1U << fixture_between(1, 17));
	for (i = 0; i < e->n_out; i++)
		e->out[i] = (uint8_t)fixture_random();
}

static struct leg_report end_report(const struct end *e)
{
	struct leg_report r =
		report_of(e->port ? BOB_ADDR : ALICE_ADDR, e->port ? BOB_PORT : ALICE_PORT);

	if (e->v6)
		r = report_over6(r, e->port ? &bob6 : &alice6);
	r.next_hop = next_hop_make(e->port, 0, e->port ? &bob_mac : &alice_mac);
	r.snd_nxt = e->recv_base;
	r.rcv_nxt = e->send_base;
	r.ts_const = e->ts_const;
	r.ts_first = r.ts_recent = e->ts_first;
	r.mss = e->mss;
	r.wscale = e->scale;
	r.options = (e->ts ? LEG_TIMESTAMPS : 0) | (e->sack ? LEG_SACK : 0) |
		    (e->scaled ? LEG_WSCALE : 0);
	return r;
}

static bool through(void)
{
	return ends[0].una == ends[0].n_out + 1 && ends[1].una == ends[1].n_out + 1;
}

/* A window below what the scales on its way can tell would never open; a tiny one takes for ever. */
static void widen(struct end *e)
{
	unsigned int own = 2U << e->scale, told = e->other->scaled ? 2U << RELAY_SCALE : 2;

	e->appetite = RTE_MAX(e->appetite, RTE_MAX(own, told));
	e->appetite = RTE_MAX(e->appetite, e->other->n_out / 20);
}

static void converse(void)
{
	struct leg_report a, b;
	struct flow_status status;
	uint64_t flow, last;

	end_init(&ends[0], 0);
	end_init(&ends[1], 1);
	widen(&ends[0]);
	widen(&ends[1]);
	a = end_report(&ends[0]);
	b = end_report(&ends[1]);
	flow = flow_rig_insert(&rig.flows, &a, &b);
	per_mille = chance(250) ? 0 : fixture_between(1, 150);
	stamped[0] = stamped[1] = false;
	n_wire = 0;
	for (last = now + TICKS_MAX; !through(); now++) {
		if (now == last)
			fail_msg("stuck: %u of %u+1 and %u of %u+1 acknowledged", ends[0].una,
				 ends[0].n_out, ends[1].una, ends[1].n_out);
		rig.now_ms++;
		act(&ends[0]);
		act(&ends[1]);
		deliver();
	}
	assert_int_equal(ends[0].rcv, ends[1].n_out + 1);
	assert_int_equal(ends[1].rcv, ends[0].n_out + 1);
	assert_int_equal(flow_table_status(&rig.flows.t, flow, &status), 0);
	assert_int_equal(flow_table_remove(&rig.flows.t, flow), 0);
	rte_rcu_qsbr_quiescent(rig.flows.readers, 0);
}

static void conversations(void **state)
{
	const char *given = getenv("TANDEM_TEST_CONVERSATIONS");
	unsigned long i, n = given != NULL ? strtoul(given, NULL, 0) : CONVERSATIONS;

	(void)state;
	fixture_seed();
	for (i = 0; i < n; i++)
		converse();
	print_message("%lu conversations, %llu segments, %llu damaged, %llu dropped by PAWS, "
		      "%llu with SACK\n",
		      n, (unsigned long long)segments, (unsigned long long)damaged_seen,
		      (unsigned long long)paws_drops, (unsigned long long)sack_seen);
	assert_true(segments > n && (n < 100 || (damaged_seen > 0 && sack_seen > 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(conversations, rig_start, rig_end),
		RIG_ROW(conversations, rig_start, "conversations (tagged)", &rig_mixes[6]),
	};

	return cmocka_run_group_tests(tests, rig_ports, rig_ports_end);
}

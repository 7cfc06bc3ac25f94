/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "callers.h"
#include "tcp_option.h"

#define SIDE	  0
#define UNDER_WAY 256 /* at once */
#define ATTEMPTS  5   /* a host makes more, nobody waits for that here */

enum state { CALLING, PROBING, HELD, REFUSED, GIVEN_UP };

/* What is said again after how long, and then after twice that: RFC 6298 2.1, and Linux's least. */
static const unsigned int wait_ms[] = {[CALLING] = 1000, [PROBING] = 200};

static void arm(struct caller *caller)
{
	const uint64_t ms = (uint64_t)wait_ms[caller->state] << caller->attempts;

	caller->due = rte_rdtsc() + ms * rte_get_tsc_hz() / 1000;
	caller->attempts++;
}

static void send_one(struct callers *c, struct rte_mbuf *m)
{
	wires_send(c->wires, SIDE, &m, 1);
}

static void say(struct callers *c, uint32_t session, uint16_t size)
{
	struct rte_mbuf *m = wires_blank(c->wires);

	traffic_say(c->traffic, session, SIDE, "x", size, m);
	/* A closed window takes none of it: it will come again. */
	c->traffic->ends[session][SIDE].said = 0;
	send_one(c, m);
}

static void call(struct callers *c, uint32_t session)
{
	struct rte_mbuf *m = wires_blank(c->wires);

	traffic_syn(c->traffic, session, SIDE, m);
	send_one(c, m);
	arm(&c->all[session]);
}

static void probe(struct callers *c, uint32_t session)
{
	say(c, session, 1);
	arm(&c->all[session]);
}

static bool settled(const struct caller *caller)
{
	return caller->state >= HELD;
}

static void settle(struct callers *c, uint32_t session, enum state state)
{
	c->all[session].state = state;
	c->settled++;
	c->held += state == HELD;
	c->refused += state == REFUSED;
	while (c->oldest < c->next && settled(&c->all[c->oldest]))
		c->oldest++;
}

void callers_begin(struct callers *c, uint32_t first, uint32_t n)
{
	c->first = c->oldest = c->next = c->look = first;
	c->behind = first + n;
	c->settled = c->held = c->refused = c->again = 0;
}

bool callers_settled(const struct callers *c)
{
	return c->oldest == c->behind;
}

static void begin_one(struct callers *c)
{
	if (c->next == c->behind || c->next - c->first - c->settled == UNDER_WAY)
		return;
	c->all[c->next] = (struct caller){.begun = rte_rdtsc(), .state = CALLING};
	call(c, c->next++);
}

/* One at a time: all are looked at often enough. */
static void look(struct callers *c)
{
	const uint32_t session = c->look < c->oldest || c->look >= c->next ? c->oldest : c->look;
	const struct caller *caller = &c->all[session];

	c->look = session + 1;
	if (session == c->next || settled(caller) || rte_rdtsc() < caller->due)
		return;
	if (caller->attempts == ATTEMPTS) {
		settle(c, session, GIVEN_UP);
		return;
	}
	/* Behind the ACK comes the first probe, which is no second one. */
	c->again += caller->state == CALLING || caller->attempts > 1;
	if (caller->state == CALLING)
		call(c, session);
	else
		probe(c, session);
}

void callers_work(struct callers *c)
{
	begin_one(c);
	look(c);
}

/* --- what is heard --- */

/* Is it just what the SYN has to be answered with? */
static bool is_right_synack(const struct callers *c, const struct traffic_answer *a)
{
	const struct leg_report leg = traffic_leg(c->traffic, a->session, SIDE);
	const struct rte_tcp_hdr *tcp = a->p.tcp;
	uint32_t tsval, tsecr;

	if (tcp->tcp_flags != (RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG) || tcp->rx_win != 0 ||
	    rte_be_to_cpu_32(tcp->recv_ack) != leg.rcv_nxt || a->p.payload != 0 ||
	    !packet_checksums_good(&a->p))
		return false;
	if (tcp->src_port != leg.tuple.relay_port || tcp->dst_port != leg.tuple.peer_port)
		return false;
	return tcp_option_timestamps(tcp, a->p.tcp_header, &tsval, &tsecr) ==
		       c->traffic->timestamps &&
	       (!c->traffic->timestamps || tsecr == leg.ts_first);
}

/* Does it answer a probe as the relay does that holds the leg: nothing of it was taken? */
static bool is_kept_closed(const struct callers *c, const struct traffic_answer *a)
{
	const struct leg_report leg = traffic_leg(c->traffic, a->session, SIDE);
	const struct rte_tcp_hdr *tcp = a->p.tcp;

	return tcp->tcp_flags == RTE_TCP_ACK_FLAG && tcp->rx_win == 0 &&
	       rte_be_to_cpu_32(tcp->recv_ack) == leg.rcv_nxt &&
	       rte_be_to_cpu_32(tcp->sent_seq) == c->traffic->ends[a->session][SIDE].isn + 1 &&
	       packet_checksums_good(&a->p);
}

static void connect_one(struct callers *c, const struct traffic_answer *a)
{
	struct caller *caller = &c->all[a->session];

	if (!is_right_synack(c, a))
		rig_die("session %u: a SYN|ACK that is none of its SYN's", a->session);
	say(c, a->session, 0);
	/* It may be the answer to a SYN that was sent again. */
	if (caller->state != CALLING)
		return;
	caller->connected = rte_rdtsc();
	caller->state = PROBING;
	caller->attempts = 0;
	arm(caller);
}

void callers_hear(struct callers *c, struct rte_mbuf *m)
{
	struct traffic_answer a;
	struct caller *caller;

	if (!traffic_hear(c->traffic, m, &a) || a.side != SIDE || a.session < c->first ||
	    a.session >= c->next)
		return;
	caller = &c->all[a.session];
	if (settled(caller))
		return;
	if (a.p.tcp->tcp_flags & RTE_TCP_RST_FLAG)
		settle(c, a.session, REFUSED);
	else if (a.p.tcp->tcp_flags & RTE_TCP_SYN_FLAG)
		connect_one(c, &a);
	else if (caller->state == PROBING && is_kept_closed(c, &a))
		settle(c, a.session, HELD);
}

static int by_size(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

double callers_latency_us(const struct callers *c, double q)
{
	uint64_t *took = calloc(c->next - c->first + 1, sizeof(*took));
	uint32_t session, n = 0;
	double us;

	if (took == NULL)
		rig_die("no memory for latencies");
	for (session = c->first; session < c->next; session++) {
		const struct caller *caller = &c->all[session];

		if (caller->connected != 0)
			took[n++] = caller->connected - caller->begun;
	}
	qsort(took, n, sizeof(*took), by_size);
	us = (double)took[(uint32_t)(q * n)] * 1e6 / (double)rte_get_tsc_hz();
	free(took);
	return us;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "next_hop.h"
#include "tcp_option.h"
#include "traffic.h"

/* Where the ends begin to count: S, R, T and TSval as in DESIGN 3.4. */
static const struct numbers {
	uint32_t s, r, t, tsval;
} first[2] = {{1000, 5000, 70, 10}, {20000, 90000, 3000, 600}};

#define WINDOW 5000
#define WSCALE 7

int traffic_init(struct traffic *t)
{
	uint32_t i;

	t->random = 0x9e3779b97f4a7c15ULL;
	if (t->service == 0)
		t->service = rte_cpu_to_be_16(RIG_RELAY_PORT);
	t->ends = calloc(t->sessions, sizeof(*t->ends));
	if (t->ends == NULL)
		return -ENOMEM;
	for (i = 0; i < 2 * t->sessions; i++) {
		t->ends[i / 2][i % 2].isn = first[i % 2].s - 1;
		t->ends[i / 2][i % 2].tsval = first[i % 2].t;
	}
	return 0;
}

/* 10.0.0.0/8 and 100.64.0.0/10, a host a session; behind the first 2^22 the ports tell. */
static rte_be32_t peer_addr(uint32_t session, unsigned int side)
{
	const uint32_t net[2] = {RTE_IPV4(10, 0, 0, 0), RTE_IPV4(100, 64, 0, 0)};

	return rte_cpu_to_be_32(net[side] | (session & 0x3fffff));
}

/* 2001:db8:a:S:S:.. and 2001:db8:b:..: a network of 64 bits a session. */
static struct in6_addr peer_addr6(uint32_t session, unsigned int side)
{
	struct in6_addr a = {{{0x20, 0x01, 0x0d, 0xb8}}};
	const rte_be32_t number = rte_cpu_to_be_32(session);

	a.s6_addr[4] = (uint8_t)(0x0a + side);
	memcpy(&a.s6_addr[5], (const uint8_t *)&number + 1, 3);
	a.s6_addr[8] = 0x50;
	memcpy(&a.s6_addr[12], &number, sizeof(number));
	return a;
}

static rte_be16_t peer_port(uint32_t session, unsigned int side)
{
	return rte_cpu_to_be_16((uint16_t)(32768 + session % 28000 + side));
}

struct leg_report traffic_leg(const struct traffic *t, uint32_t session, unsigned int side)
{
	struct leg_report leg = {
		.tuple = {.peer_port = peer_port(session, side), .relay_port = t->service},
		.next_hop = next_hop_make(side, 0, &rig_peer_mac[side]),
		.snd_nxt = first[side].s,
		.rcv_nxt = first[side].r,
		.ts_const = first[side].t,
		.ts_first = first[side].tsval,
		.ts_recent = first[side].tsval,
		.window = WINDOW,
		.mss = 1460,
		.wscale = WSCALE,
		.options = LEG_WSCALE | LEG_SACK,
	};

	if (t->timestamps)
		leg.options |= LEG_TIMESTAMPS;
	if (t->v6) {
		leg.tuple.peer_addr = peer_addr6(session, side);
		leg.tuple.relay_addr = rig_relay6;
	} else {
		tuple_map_v4(&leg.tuple.peer_addr, peer_addr(session, side));
		tuple_map_v4(&leg.tuple.relay_addr, rte_cpu_to_be_32(RIG_RELAY_ADDR));
	}
	return leg;
}

void traffic_splice(const struct traffic *t, struct rig *r)
{
	const uint64_t now_ms = mailbox_now_ms();
	uint32_t i;

	for (i = 0; i < t->sessions; i++) {
		struct leg_report a = traffic_leg(t, i, 0), b = traffic_leg(t, i, 1);
		uint64_t flow;
		int rc = flow_table_insert(r->flows, &a, &b, now_ms, &flow);

		if (rc < 0)
			rig_die("session %u of %u cannot be spliced: %s", i, t->sessions,
				strerror(-rc));
	}
}

/* --- segments --- */

/* What differs between segments of an end. */
struct segment {
	uint32_t seq, ack;
	uint8_t flags;
	uint8_t options[40];
	uint8_t n_options;
	uint16_t payload;
	const void *data; /* NULL: any */
};

static void add32(struct segment *s, uint32_t value)
{
	const rte_be32_t v = rte_cpu_to_be_32(value);

	memcpy(&s->options[s->n_options], &v, sizeof(v));
	s->n_options += sizeof(v);
}

/* NOP NOP and the option, as everybody sends them. */
static void add_timestamps(struct segment *s, uint32_t value, uint32_t echo)
{
	add32(s, 0x0101080a);
	add32(s, value);
	add32(s, echo);
}

static struct rte_tcp_hdr *put_ip(const struct traffic *t, uint8_t *at, uint32_t session,
				  unsigned int side, uint16_t segment)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)at;
	struct rte_ipv6_hdr *ip6 = (struct rte_ipv6_hdr *)at;

	if (t->v6) {
		const struct in6_addr peer = peer_addr6(session, side);

		*ip6 = (struct rte_ipv6_hdr){
			.vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28),
			.payload_len = rte_cpu_to_be_16(segment),
			.proto = IPPROTO_TCP,
			.hop_limits = 64,
		};
		memcpy(ip6->src_addr, &peer, sizeof(peer));
		memcpy(ip6->dst_addr, &rig_relay6, sizeof(rig_relay6));
		return (struct rte_tcp_hdr *)(ip6 + 1);
	}
	*ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + segment)),
		.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = 64,
		.next_proto_id = IPPROTO_TCP,
		.src_addr = peer_addr(session, side),
		.dst_addr = rte_cpu_to_be_32(RIG_RELAY_ADDR),
	};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return (struct rte_tcp_hdr *)(ip + 1);
}

/* The sum of so many bytes of filling. */
static uint64_t filling_sum(uint16_t size)
{
	const uint64_t word = TRAFFIC_FILLING << 8 | TRAFFIC_FILLING;

	return size / 2 * word + (size % 2 ? rte_cpu_to_be_16(TRAFFIC_FILLING << 8) : 0);
}

/* Returns its sum for the checksum.  It need not be read for that, nor written where it is there. */
static uint64_t put_payload(const struct traffic *t, const struct segment *s, uint8_t *at)
{
	uint16_t stamp = t->stamp != 0 && s->payload >= sizeof(t->stamp) ? sizeof(t->stamp) : 0;

	if (s->data != NULL) {
		memcpy(at, s->data, s->payload);
		return rte_raw_cksum(at, s->payload);
	}
	if (!t->filled)
		memset(at, TRAFFIC_FILLING, s->payload);
	memcpy(at, &t->stamp, stamp);
	return filling_sum((uint16_t)(s->payload - stamp)) + rte_raw_cksum(at, stamp);
}

static void build(const struct traffic *t, uint32_t session, unsigned int side,
		  const struct segment *s, struct rte_mbuf *m)
{
	const uint16_t header = (uint16_t)(sizeof(struct rte_tcp_hdr) + s->n_options);
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_tcp_hdr *tcp;
	uint64_t sum;
	uint8_t *end;

	eth->dst_addr = rig_port_mac[side];
	eth->src_addr = rig_peer_mac[side];
	eth->ether_type = t->v6 ? RTE_BE16(RTE_ETHER_TYPE_IPV6) : RTE_BE16(RTE_ETHER_TYPE_IPV4);
	tcp = put_ip(t, (uint8_t *)(eth + 1), session, side, (uint16_t)(header + s->payload));
	*tcp = (struct rte_tcp_hdr){
		.src_port = peer_port(session, side),
		.dst_port = t->service,
		.sent_seq = rte_cpu_to_be_32(s->seq),
		.recv_ack = rte_cpu_to_be_32(s->ack),
		.data_off = (uint8_t)(header / 4 << 4),
		.tcp_flags = s->flags,
		.rx_win = rte_cpu_to_be_16(WINDOW),
	};
	end = (uint8_t *)(tcp + 1);
	memcpy(end, s->options, s->n_options);
	end += s->n_options;
	sum = put_payload(t, s, end);
	end += s->payload;
	sum += rte_raw_cksum(tcp, header);
	sum += t->v6 ? rte_ipv6_phdr_cksum((struct rte_ipv6_hdr *)(eth + 1), 0)
		     : rte_ipv4_phdr_cksum((struct rte_ipv4_hdr *)(eth + 1), 0);
	tcp->cksum = (rte_be16_t)~csum_fold(sum);
	m->data_len = (uint16_t)(end - (uint8_t *)eth);
	m->pkt_len = m->data_len;
}

void traffic_segment(struct traffic *t, uint32_t session, unsigned int side, struct rte_mbuf *m)
{
	struct traffic_end *end = &t->ends[session][side];
	struct segment s = {
		.seq = first[side].r + end->said + end->sent,
		.ack = end->isn + 1 + end->heard + t->ends[session][!side].sent,
		.flags = RTE_TCP_ACK_FLAG,
		.payload = t->payload,
	};

	if (t->timestamps)
		add_timestamps(&s, first[side].tsval + end->sent, end->tsval);
	end->sent += t->payload;
	if (t->sack) {
		add32(&s, 0x0101050a);
		add32(&s, s.ack + 1400);
		add32(&s, s.ack + 2800);
	}
	build(t, session, side, &s, m);
}

void traffic_syn(const struct traffic *t, uint32_t session, unsigned int side, struct rte_mbuf *m)
{
	struct segment s = {.seq = first[side].r - 1, .flags = RTE_TCP_SYN_FLAG};

	add32(&s, 0x020405b4);				    /* an MSS of 1460 */
	add32(&s, t->timestamps ? 0x0402080a : 0x04020101); /* SACK permitted */
	if (t->timestamps) {
		add32(&s, first[side].tsval);
		add32(&s, 0);
	}
	add32(&s, 0x01030300 | WSCALE);
	build(t, session, side, &s, m);
}

void traffic_say(struct traffic *t, uint32_t session, unsigned int side, const void *data,
		 uint16_t size, struct rte_mbuf *m)
{
	struct traffic_end *end = &t->ends[session][side];
	struct segment s = {
		.seq = first[side].r + end->said,
		.ack = end->isn + 1 + end->heard,
		.flags = RTE_TCP_ACK_FLAG,
		.payload = size,
		.data = data,
	};

	if (t->timestamps)
		add_timestamps(&s, first[side].tsval + 1, end->tsval);
	build(t, session, side, &s, m);
	end->said = (uint16_t)(end->said + size);
}

/* --- what the relay says --- */

static bool whose(const struct traffic *t, const struct packet *p, uint32_t *session,
		  unsigned int *side)
{
	const uint8_t *to6 = p->key.v6 ? p->ip6->dst_addr : NULL;
	rte_be32_t number;

	if (p->key.v6 != t->v6)
		return false;
	if (p->key.v6) {
		memcpy(&number, &to6[12], sizeof(number));
		*session = rte_be_to_cpu_32(number);
		*side = to6[4] != 0x0a;
	} else {
		*session = rte_be_to_cpu_32(p->ip->dst_addr) & 0x3fffff;
		*side = p->ip->dst_addr != peer_addr(*session, 0);
	}
	return *session < t->sessions;
}

bool traffic_hear(struct traffic *t, struct rte_mbuf *m, struct traffic_answer *answer)
{
	struct rte_ether_addr to;
	uint32_t tsval = 0, tsecr;
	struct traffic_end *end;

	if (m->data_len < sizeof(struct rte_ether_hdr))
		return false;
	to = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->dst_addr;
	if (packet_parse(&answer->p, m, 0, &to) != PACKET_TCP ||
	    !whose(t, &answer->p, &answer->session, &answer->side))
		return false;
	end = &t->ends[answer->session][answer->side];
	if (answer->p.tcp->tcp_flags & RTE_TCP_SYN_FLAG) {
		tcp_option_timestamps(answer->p.tcp, answer->p.tcp_header, &tsval, &tsecr);
		*end = (struct traffic_end){.isn = rte_be_to_cpu_32(answer->p.tcp->sent_seq),
					    .tsval = tsval};
	}
	/* What comes again is heard once. */
	if (rte_be_to_cpu_32(answer->p.tcp->sent_seq) == end->isn + 1 + end->heard)
		end->heard = (uint16_t)(end->heard + answer->p.payload);
	return true;
}

/* xorshift64*, scaled. */
uint32_t traffic_pick(struct traffic *t)
{
	t->random ^= t->random >> 12;
	t->random ^= t->random << 25;
	t->random ^= t->random >> 27;
	return (uint32_t)(((t->random * 0x2545f4914f6cdd1dULL) >> 32) * t->sessions >> 32);
}

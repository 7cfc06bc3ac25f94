/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>

#include "icmp_fixture.h"

uint16_t packet_residue(bool v6, const struct bytes *ip)
{
	unsigned int header = v6 ? 40 : (ip->at[0] & 15) * 4;

	return frame_sum(ip->at + header, ip->n - header,
			 frame_pseudo_sum(v6, ip->at, IPPROTO_TCP, ip->n - header));
}

/* --- paths --- */

static void set_end(struct end *end, bool v6, unsigned int side)
{
	static const char *const text[2][2][3] = {
		{{"192.0.2.1", "192.0.2.10", "192.0.2.254"},
		 {"2001:db8:1::1", "2001:db8:1::10", "2001:db8:1::fe"}},
		{{"198.51.100.2", "198.51.100.10", "10.255.0.1"},
		 {"2001:db8:2::2", "2001:db8:2::10", "fd00::1"}},
	};
	const char *const *t = text[side][v6];
	int family = v6 ? AF_INET6 : AF_INET;

	memset(end, 0, sizeof(*end));
	end->v6 = v6;
	end->timestamps = true;
	end->mss = 1460;
	end->port = side == 0 ? ALICE_PORT : BOB_PORT;
	end->sent = side == 0 ? 0xfffffe00 : 90000;
	end->expect = side == 0 ? 1000 : 0x7fffff00;
	assert_int_equal(inet_pton(family, t[0], end->addr), 1);
	assert_int_equal(inet_pton(family, t[1], end->relay), 1);
	assert_int_equal(inet_pton(family, t[2], end->router), 1);
}

static struct in6_addr mapped(bool v6, const uint8_t *addr)
{
	struct in6_addr a;
	uint32_t v4;

	if (v6) {
		memcpy(&a, addr, sizeof(a));
	} else {
		memcpy(&v4, addr, sizeof(v4));
		tuple_map_v4(&a, v4);
	}
	return a;
}

static struct leg_report report(const struct end *end, unsigned int side)
{
	struct leg_report r = side == 0 ? report_alice() : report_bob();

	r.tuple.peer_addr = mapped(end->v6, end->addr);
	r.tuple.relay_addr = mapped(end->v6, end->relay);
	r.tuple.peer_port = rte_cpu_to_be_16(end->port);
	r.rcv_nxt = end->sent;
	r.snd_nxt = end->expect;
	r.mss = end->mss;
	if (!end->timestamps)
		r.options &= (uint8_t)~LEG_TIMESTAMPS;
	return r;
}

static void insert(struct path *path)
{
	struct leg_report a = report(&path->ends[0], 0), b = report(&path->ends[1], 1);

	path->flow = flow_rig_insert(&rig.flows, &a, &b);
}

struct path path_make(bool a6, bool b6)
{
	struct path path;

	set_end(&path.ends[0], a6, 0);
	set_end(&path.ends[1], b6, 1);
	insert(&path);
	return path;
}

void path_without_timestamps(struct path *path, unsigned int side)
{
	assert_int_equal(flow_table_remove(&rig.flows.t, path->flow), 0);
	path->ends[side].timestamps = false;
	insert(path);
}

void path_set_mss(struct path *path, unsigned int side, uint16_t mss)
{
	assert_int_equal(flow_table_remove(&rig.flows.t, path->flow), 0);
	path->ends[side].mss = mss;
	insert(path);
}

/* --- frames --- */

static unsigned int put_ip(bool v6, const uint8_t *src, const uint8_t *dst, uint8_t protocol,
			   unsigned int n, uint8_t *ip)
{
	memset(ip, 0, ip_header(v6));
	if (v6) {
		ip[0] = 0x60;
		frame_put16(ip + 4, (uint16_t)n);
		ip[6] = protocol;
		ip[7] = 60;
		memcpy(ip + 8, src, 16);
		memcpy(ip + 24, dst, 16);
		return 40;
	}
	ip[0] = 0x45;
	frame_put16(ip + 2, (uint16_t)(20 + n));
	frame_put16(ip + 4, 0x1234);
	frame_put16(ip + 6, 0x4000);
	ip[8] = 60;
	ip[9] = protocol;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	frame_put16(ip + 10, (uint16_t)~frame_sum(ip, 20, 0));
	return 20;
}

struct bytes path_packet(const struct path *path, unsigned int side, uint32_t at,
			 unsigned int payload)
{
	const struct end *end = &path->ends[side];
	const unsigned int header = end->timestamps ? 32 : 20, n = header + payload;
	static const uint8_t timestamps[] = {1, 1, 8, 10};
	struct bytes p = {.n = ip_header(end->v6) + n};
	uint8_t *tcp = p.at + ip_header(end->v6);
	unsigned int i;

	put_ip(end->v6, end->addr, end->relay, IPPROTO_TCP, n, p.at);
	frame_put16(tcp, end->port);
	frame_put16(tcp + 2, RELAY_PORT);
	frame_put32(tcp + 4, end->sent + at);
	frame_put32(tcp + 8, end->expect);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = ACK;
	frame_put16(tcp + 14, 500);
	if (end->timestamps)
		memcpy(tcp + 20, timestamps, sizeof(timestamps));
	for (i = 0; i < payload; i++)
		tcp[header + i] = (uint8_t)(i * 7 + 1);
	frame_put16(tcp + 16,
		    (uint16_t)~frame_sum(tcp, n, frame_pseudo_sum(end->v6, p.at, IPPROTO_TCP, n)));
	return p;
}

static const struct rte_ether_addr *peer_mac(unsigned int side)
{
	return side == 0 ? &alice_mac : &bob_mac;
}

struct rte_mbuf *path_frame(unsigned int port, bool v6, const struct bytes *ip)
{
	uint8_t frame[FRAME_MAX + 14];

	memcpy(frame, &port_mac[port], 6);
	memcpy(frame + 6, peer_mac(port), 6);
	frame_put16(frame + 12, v6 ? 0x86dd : 0x0800);
	memcpy(frame + 14, ip->at, ip->n);
	return frame_build(frame, 14 + ip->n);
}

static struct bytes ip_of(struct rte_mbuf *m)
{
	struct bytes b = {.n = m->data_len - 14U};

	assert_int_equal(m->nb_segs, 1);
	memcpy(b.at, rte_pktmbuf_mtod(m, uint8_t *) + 14, b.n);
	rte_pktmbuf_free(m);
	return b;
}

struct bytes path_relay(const struct path *path, unsigned int side, const struct bytes *packet)
{
	struct rte_mbuf *m;

	rig_send_frame(side, path_frame(side, path->ends[side].v6, packet));
	rig_round();
	m = rig_take(side ^ 1);
	assert_non_null(m);
	rig_silence();
	return ip_of(m);
}

void error_seal(bool v6, struct bytes *error)
{
	unsigned int header = ip_header(v6), n = error->n - header;
	uint8_t *icmp = error->at + header;

	frame_put16(icmp + 2, 0);
	frame_put16(icmp + 2,
		    (uint16_t)~frame_sum(
			    icmp, n, v6 ? frame_pseudo_sum(v6, error->at, IPPROTO_ICMPV6, n) : 0));
}

struct bytes path_error(const struct path *path, unsigned int side, struct message said,
			const uint8_t *quote, unsigned int n)
{
	const struct end *end = &path->ends[side];
	struct bytes e = {.n = ip_header(end->v6) + 8 + n};
	uint8_t *icmp = e.at + ip_header(end->v6);

	put_ip(end->v6, end->router, end->relay, end->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 8 + n,
	       e.at);
	icmp[0] = said.type;
	icmp[1] = said.code;
	frame_put32(icmp + 4, said.word);
	if (n > 0)
		memcpy(icmp + 8, quote, n);
	error_seal(end->v6, &e);
	return e;
}

static void assert_outside(const struct end *end, unsigned int side, const uint8_t *frame,
			   unsigned int n)
{
	const uint8_t *ip = frame + 14;

	assert_memory_equal(frame, peer_mac(side), 6);
	assert_memory_equal(frame + 6, &port_mac[side], 6);
	assert_int_equal(frame_get16(frame + 12), end->v6 ? 0x86dd : 0x0800);
	if (end->v6) {
		assert_int_equal(ip[0], 0x60);
		assert_int_equal(frame_get16(ip + 4), n - 54);
		assert_int_equal(ip[6], IPPROTO_ICMPV6);
		assert_int_equal(ip[7], 64);
		assert_memory_equal(ip + 8, end->relay, 16);
		assert_memory_equal(ip + 24, end->addr, 16);
	} else {
		assert_int_equal(ip[0], 0x45);
		assert_int_equal(frame_get16(ip + 2), n - 14);
		assert_int_equal(frame_get16(ip + 6), 0x4000);
		assert_int_equal(ip[8], 64);
		assert_int_equal(ip[9], IPPROTO_ICMP);
		assert_memory_equal(ip + 12, end->relay, 4);
		assert_memory_equal(ip + 16, end->addr, 4);
		assert_int_equal(frame_sum(ip, 20, 0), 0xffff);
	}
}

struct answer path_answer(const struct path *path, unsigned int side, struct rte_mbuf *m)
{
	const struct end *end = &path->ends[side];
	unsigned int header = 14 + ip_header(end->v6), n;
	struct answer a = {.quote.n = 0};
	const uint8_t *frame, *icmp;

	assert_non_null(m);
	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(m->data_len, m->pkt_len);
	frame = rte_pktmbuf_mtod(m, const uint8_t *);
	icmp = frame + header;
	assert_true(m->data_len >= header + 8);
	n = m->data_len - header;
	assert_outside(end, side, frame, m->data_len);
	assert_int_equal(
		frame_sum(icmp, n,
			  end->v6 ? frame_pseudo_sum(true, frame + 14, IPPROTO_ICMPV6, n) : 0),
		0xffff);
	a.said = (struct message){icmp[0], icmp[1], frame_get32(icmp + 4)};
	a.quote.n = n - 8;
	memcpy(a.quote.at, icmp + 8, n - 8);
	rte_pktmbuf_free(m);
	return a;
}

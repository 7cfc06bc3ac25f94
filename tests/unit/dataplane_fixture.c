/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dataplane_fixture.h"
#include "eal_fixture.h"
#include "frame_check.h"

#define POOL_MBUFS 2047

struct rte_mempool *fixture_pool;

static uint64_t random_state;

int fixture_eal(void **state)
{
	(void)state;
	if (eal_start(64) < 0)
		return -1;
	fixture_pool = rte_pktmbuf_pool_create("test", POOL_MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					       SOCKET_ID_ANY);
	return fixture_pool != NULL ? 0 : -1;
}

int fixture_eal_end(void **state)
{
	(void)state;
	rte_mempool_free(fixture_pool);
	return eal_end();
}

void fixture_unbind(void)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	pthread_setaffinity_np(pthread_self(), sizeof(all), &all);
}

void fixture_assert_no_leak(void)
{
	assert_int_equal(rte_mempool_avail_count(fixture_pool), POOL_MBUFS);
}

/* --- random numbers: splitmix64 --- */

void fixture_seed(void)
{
	const char *given = getenv("TANDEM_TEST_SEED");

	random_state = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	print_message("TANDEM_TEST_SEED=%llu\n", (unsigned long long)random_state);
}

uint64_t fixture_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

uint32_t fixture_between(uint32_t from, uint32_t to)
{
	return from + (uint32_t)(fixture_random() % ((uint64_t)to - from + 1));
}

/* --- segments --- */

struct in6_addr ip6(const char *text)
{
	struct in6_addr addr;

	assert_int_equal(inet_pton(AF_INET6, text, &addr), 1);
	return addr;
}

struct segment segment_plain(void)
{
	return (struct segment){
		.dst_mac = {{0x02, 0, 0, 0, 0, 0x10}},
		.src_mac = {{0x02, 0, 0, 0, 0, 0x01}},
		.src = IPV4(192, 0, 2, 1),
		.dst = IPV4(192, 0, 2, 10),
		.src_port = 40000,
		.dst_port = 4000,
		.flags = ACK,
		.ttl = 64,
		.window = 1000,
	};
}

struct segment segment_plain6(void)
{
	struct segment s = segment_plain();

	s.v6 = true;
	s.src = s.dst = 0;
	s.src6 = ip6("2001:db8::1");
	s.dst6 = ip6("2001:db8::10");
	return s;
}

void segment_option(struct segment *s, const uint8_t *bytes, unsigned int n)
{
	assert_true(s->n_options + n <= sizeof(s->options));
	if (n > 0)
		memcpy(s->options + s->n_options, bytes, n);
	s->n_options += n;
}

void segment_timestamps(struct segment *s, uint32_t tsval, uint32_t tsecr)
{
	uint8_t option[12] = {1, 1, 8, 10};

	frame_put32(option + 4, tsval);
	frame_put32(option + 8, tsecr);
	segment_option(s, option, sizeof(option));
}

static uint16_t sum_tcp(const uint8_t *ip, const uint8_t *tcp, unsigned int n)
{
	return frame_sum(tcp, n, frame_pseudo_sum(ip[0] >> 4 == 6, ip, 6, n));
}

static unsigned int put_tcp(const struct segment *s, uint8_t *tcp)
{
	memset(tcp, 0, 20);
	frame_put16(tcp, s->src_port);
	frame_put16(tcp + 2, s->dst_port);
	frame_put32(tcp + 4, s->seq);
	frame_put32(tcp + 8, s->ack);
	tcp[12] = (uint8_t)((20 + s->n_options) / 4 << 4);
	tcp[13] = s->flags;
	frame_put16(tcp + 14, s->window);
	frame_put16(tcp + 18, s->urgent);
	memcpy(tcp + 20, s->options, s->n_options);
	memcpy(tcp + 20 + s->n_options, s->payload, s->n_payload);
	return 20 + s->n_options + s->n_payload;
}

static void put_ip4(const struct segment *s, uint8_t *ip, unsigned int n)
{
	unsigned int header = 20 + s->n_ip_options;

	memset(ip, 0, 20);
	ip[0] = (uint8_t)(0x40 | header / 4);
	ip[1] = s->tos;
	frame_put16(ip + 2, (uint16_t)(header + n));
	frame_put16(ip + 4, s->id);
	frame_put16(ip + 6, s->frag);
	ip[8] = s->ttl;
	ip[9] = 6;
	frame_put32(ip + 12, s->src);
	frame_put32(ip + 16, s->dst);
	memcpy(ip + 20, s->ip_options, s->n_ip_options);
	frame_put16(ip + 10, (uint16_t)~frame_sum(ip, header, 0) ^ s->bad_ip);
}

static void put_ip6(const struct segment *s, uint8_t *ip, unsigned int n)
{
	frame_put32(ip, UINT32_C(6) << 28 | (uint32_t)s->tos << 20 | s->label);
	frame_put16(ip + 4, (uint16_t)(s->n_ip_options + n));
	ip[6] = (uint8_t)(s->n_ip_options > 0 ? s->extension : 6);
	ip[7] = s->ttl;
	memcpy(ip + 8, &s->src6, 16);
	memcpy(ip + 24, &s->dst6, 16);
	memcpy(ip + 40, s->ip_options, s->n_ip_options);
}

unsigned int segment_bytes(const struct segment *s, uint8_t *frame)
{
	unsigned int header = (s->v6 ? 40 : 20) + s->n_ip_options, n;
	uint8_t *ip = frame + 14, *tcp = ip + header;

	memcpy(frame, s->dst_mac.addr_bytes, 6);
	memcpy(frame + 6, s->src_mac.addr_bytes, 6);
	frame_put16(frame + 12, s->v6 ? 0x86dd : 0x0800);
	n = put_tcp(s, tcp);
	(s->v6 ? put_ip6 : put_ip4)(s, ip, n);
	frame_put16(tcp + 16, (uint16_t)~sum_tcp(ip, tcp, n) ^ s->bad_tcp);
	return 14 + header + n;
}

struct rte_mbuf *frame_build(const uint8_t *frame, unsigned int n)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(fixture_pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)n), frame, n);
	return m;
}

struct rte_mbuf *segment_build(const struct segment *s)
{
	uint8_t frame[2048];

	return frame_build(frame, segment_bytes(s, frame));
}

struct rte_mbuf *segment_build_two(const struct segment *s, unsigned int first)
{
	struct rte_mbuf *m = segment_build(s), *tail = rte_pktmbuf_alloc(fixture_pool);
	uint16_t rest = (uint16_t)(m->data_len - first);

	memcpy(rte_pktmbuf_append(tail, rest), rte_pktmbuf_mtod_offset(m, char *, first), rest);
	rte_pktmbuf_trim(m, rest);
	assert_int_equal(rte_pktmbuf_chain(m, tail), 0);
	return m;
}

struct rte_mbuf *frame_wrap(const uint8_t *frame, unsigned int n)
{
	struct rte_mbuf *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->buf_addr = malloc(n > 0 ? n : 1);
	assert_non_null(m->buf_addr);
	memcpy(m->buf_addr, frame, n);
	m->buf_len = m->data_len = (uint16_t)n;
	m->pkt_len = n;
	m->nb_segs = 1;
	return m;
}

void frame_unwrap(struct rte_mbuf *m)
{
	free(m->buf_addr);
	free(m);
}

struct packet segment_packet(const struct segment *s)
{
	struct packet p;

	assert_int_equal(packet_parse(&p, segment_build(s), 0, &s->dst_mac), PACKET_TCP);
	return p;
}

/* The readers of IP headers return the bytes behind theirs. */
static unsigned int read_ip4(struct segment *s, const uint8_t *ip)
{
	assert_int_equal(ip[0] >> 4, 4);
	assert_int_equal(ip[9], 6);
	s->tos = ip[1];
	s->id = frame_get16(ip + 4);
	s->frag = frame_get16(ip + 6);
	s->ttl = ip[8];
	s->src = frame_get32(ip + 12);
	s->dst = frame_get32(ip + 16);
	s->n_ip_options = (ip[0] & 15) * 4 - 20;
	memcpy(s->ip_options, ip + 20, s->n_ip_options);
	return frame_get16(ip + 2) - 20 - s->n_ip_options;
}

static unsigned int read_ip6(struct segment *s, const uint8_t *ip)
{
	assert_int_equal(ip[0] >> 4, 6);
	assert_int_equal(ip[6], 6);
	s->v6 = true;
	s->tos = (uint8_t)(frame_get16(ip) >> 4);
	s->label = frame_get32(ip) & 0xfffff;
	s->ttl = ip[7];
	memcpy(&s->src6, ip + 8, 16);
	memcpy(&s->dst6, ip + 24, 16);
	return frame_get16(ip + 4);
}

static void read_tcp(struct segment *s, const uint8_t *tcp, unsigned int n)
{
	s->src_port = frame_get16(tcp);
	s->dst_port = frame_get16(tcp + 2);
	s->seq = frame_get32(tcp + 4);
	s->ack = frame_get32(tcp + 8);
	assert_int_equal(tcp[12] & 15, 0);
	s->n_options = (tcp[12] >> 4) * 4 - 20;
	s->flags = tcp[13];
	s->window = frame_get16(tcp + 14);
	s->urgent = frame_get16(tcp + 18);
	memcpy(s->options, tcp + 20, s->n_options);
	s->n_payload = n - 20 - s->n_options;
	assert_true(s->n_payload <= sizeof(s->payload));
	memcpy(s->payload, tcp + 20 + s->n_options, s->n_payload);
}

struct segment segment_read(struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *), *ip = frame + 14;
	unsigned int n, header;
	struct segment s;

	memset(&s, 0, sizeof(s));
	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(m->pkt_len, m->data_len);
	assert_true(m->data_len >= 54);
	memcpy(s.dst_mac.addr_bytes, frame, 6);
	memcpy(s.src_mac.addr_bytes, frame + 6, 6);
	if (frame_get16(frame + 12) == 0x86dd) {
		n = read_ip6(&s, ip);
		header = 40;
	} else {
		assert_int_equal(frame_get16(frame + 12), 0x0800);
		n = read_ip4(&s, ip);
		header = 20 + s.n_ip_options;
	}
	assert_int_equal(m->data_len, 14 + header + n);
	read_tcp(&s, ip + header, n);
	return s;
}

bool segment_find_timestamps(const struct segment *s, uint32_t *tsval, uint32_t *tsecr)
{
	unsigned int at = 0;

	while (at + 1 < s->n_options && s->options[at] != 0) {
		if (s->options[at] == 1) {
			at++;
			continue;
		}
		if (s->options[at + 1] < 2)
			break;
		if (s->options[at] == 8 && s->options[at + 1] == 10) {
			*tsval = frame_get32(s->options + at + 2);
			*tsecr = frame_get32(s->options + at + 6);
			return true;
		}
		at += s->options[at + 1];
	}
	return false;
}

uint16_t ip_residue(struct rte_mbuf *m)
{
	const uint8_t *ip = rte_pktmbuf_mtod(m, const uint8_t *) + 14;

	return ip[0] >> 4 == 6 ? 0xffff : frame_sum(ip, (ip[0] & 15) * 4, 0);
}

uint16_t tcp_residue(struct rte_mbuf *m)
{
	const uint8_t *ip = rte_pktmbuf_mtod(m, const uint8_t *) + 14;
	unsigned int header = (ip[0] & 15) * 4;

	if (ip[0] >> 4 == 6)
		return sum_tcp(ip, ip + 40, frame_get16(ip + 4));
	return sum_tcp(ip, ip + header, frame_get16(ip + 2) - header);
}

void assert_checksums(struct rte_mbuf *m)
{
	assert_int_equal(ip_residue(m), 0xffff);
	assert_int_equal(tcp_residue(m), 0xffff);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The splice, DESIGN 3.4, with random segments between legs of any families: addresses, checksums,
 * payload and the way back must hold whatever they carry.
 */
#include "checksum.h"
#include "flow_fixture.h"
#include "splice.h"

static struct flow_rig rig;

static int set_up(void **state)
{
	if (fixture_eal(state) < 0)
		return -1;
	flow_rig_init(&rig, 64);
	return 0;
}

static int tear_down(void **state)
{
	flow_rig_fini(&rig);
	return fixture_eal_end(state);
}

#define FLOWS	64 /* each pair of options, TIMESTAMPS and SACK, with each pair of families */
#define PACKETS 200000

static void random_bytes(uint8_t *at, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		at[i] = (uint8_t)fixture_random();
}

static struct leg_report random_report(unsigned int flow, unsigned int side, bool v6,
				       uint8_t options)
{
	struct leg_report r = report_of((uint32_t)fixture_random(), (uint16_t)fixture_random());

	tuple_map_v4(&r.tuple.relay_addr, (rte_be32_t)fixture_random());
	if (v6) {
		random_bytes(r.tuple.peer_addr.s6_addr, 16);
		random_bytes(r.tuple.relay_addr.s6_addr, 16);
	}
	r.tuple.relay_port = (rte_be16_t)(flow * 2 + side); /* no two alike */
	r.next_hop = fixture_random();
	r.snd_nxt = (uint32_t)fixture_random();
	r.rcv_nxt = (uint32_t)fixture_random();
	r.ts_const = (uint32_t)fixture_random();
	r.ts_first = (uint32_t)fixture_random();
	r.options = options;
	if (fixture_between(0, 3) > 0) {
		r.options |= LEG_WSCALE;
		r.wscale = (uint8_t)fixture_between(0, 14);
	}
	return r;
}

/* Options as real ones come, in any order and at any alignment, at times cut off or lying. */
static void random_options(struct segment *s)
{
	static const uint8_t kinds[] = {0, 1, 1, 1, 2, 3, 4, 5, 5, 8, 8, 8, 30, 34, 254};
	unsigned int at = 0, n = 4 * fixture_between(0, 10);

	random_bytes(s->options, n);
	s->n_options = n;
	while (at + 2 <= n && fixture_between(0, 15) > 0) {
		uint8_t kind = kinds[fixture_between(0, RTE_DIM(kinds) - 1)], length;

		s->options[at] = kind;
		if (kind <= 1) {
			at++;
			continue;
		}
		length = (uint8_t)(kind == 8   ? 10
				   : kind == 5 ? 2 + 8 * fixture_between(1, 4)
				   : kind == 2 ? 4
				   : kind == 3 ? 3
				   : kind == 4 ? 2
					       : fixture_between(2, 9));
		s->options[at + 1] = length;
		at += length;
	}
	if (n == 12 && fixture_between(0, 1)) {
		memcpy(s->options, "\1\1\x8\xa", 4);
	}
}

static void random_ip(struct segment *s)
{
	s->ttl = (uint8_t)fixture_between(3, 255);
	s->tos = (uint8_t)fixture_random();
	if (s->v6) {
		s->label = fixture_between(0, 0xfffff);
		return;
	}
	s->id = (uint16_t)fixture_random();
	s->frag = fixture_between(0, 1) ? RTE_IPV4_HDR_DF_FLAG : 0;
	if (fixture_between(0, 7) == 0) {
		s->n_ip_options = 4 * fixture_between(1, 10);
		random_bytes(s->ip_options, s->n_ip_options);
	}
	if (fixture_between(0, 15) == 0)
		s->bad_ip = (uint16_t)fixture_random();
}

static struct segment random_segment(const struct leg_report *a)
{
	struct segment s = segment_from(a);

	s.seq = (uint32_t)fixture_random();
	s.ack = (uint32_t)fixture_random();
	/* Half of them as data comes, half with any flags. */
	s.flags = fixture_between(0, 1) ? ACK : (uint8_t)fixture_random();
	s.window = (uint16_t)fixture_random();
	s.urgent = (uint16_t)fixture_random();
	random_ip(&s);
	random_options(&s);
	s.n_payload = fixture_between(0, 3) ? fixture_between(0, 64) : fixture_between(0, 1300);
	random_bytes(s.payload, s.n_payload);
	if (fixture_between(0, 3) == 0)
		s.bad_tcp = (uint16_t)fixture_random();
	return s;
}

/* 0xffff and 0 are the same sum. */
static uint16_t residue(uint16_t r)
{
	return r == 0xffff ? 0 : r;
}

/* The direction that takes back what `slot` does, but for window and TTL, with the numbers of the
 * other direction's line. */
static void invert(uint32_t slot, struct flow_line *line, struct flow_wide *wide)
{
	const struct flow_line *own = &rig.t.lines[slot], *other = &rig.t.lines[slot ^ 1];
	const struct flow_wide *addrs = &rig.t.wides[slot];

	*line = *own;
	line->out = (struct tuple_ends){.peer_addr = own->key.relay_addr,
					.relay_addr = own->key.peer_addr,
					.peer_port = own->key.relay_port,
					.relay_port = own->key.peer_port};
	wide->out = (struct tuple_wide){.peer = addrs->key.relay, .relay = addrs->key.peer};
	line->flags = own->flags & (FLOW_TIMESTAMPS | FLOW_SACK);
	line->flags |= own->flags & FLOW_KEY6 ? FLOW_OUT6 : 0;
	line->flags |= own->flags & FLOW_OUT6 ? FLOW_KEY6 : 0;
	line->seq_delta = other->ack_delta;
	line->ack_delta = other->seq_delta;
	line->tsval_delta = other->tsecr_delta;
	line->tsecr_delta = other->tsval_delta;
	line->tcp_csum_delta = (uint16_t)~own->tcp_csum_delta;
	line->seq_csum_delta = csum_fold(csum_delta(line->seq_delta) + csum_delta(line->ack_delta));
	line->ts_csum_delta =
		csum_fold(csum_delta(line->tsval_delta) + csum_delta(line->tsecr_delta));
	line->wscale_in = line->wscale_out = 0;
}

/* The receiver's view of the IP header, and what the parser sees in place of what `p` says. */
static void check_ip(const struct packet *p, const struct segment *got, const struct segment *want)
{
	const struct rte_ether_addr mac = rte_pktmbuf_mtod(p->m, struct rte_ether_hdr *)->dst_addr;
	struct packet again;

	assert_int_equal(got->v6, want->v6);
	assert_int_equal(got->src, want->src);
	assert_int_equal(got->dst, want->dst);
	assert_memory_equal(&got->src6, &want->src6, sizeof(got->src6));
	assert_memory_equal(&got->dst6, &want->dst6, sizeof(got->dst6));
	assert_int_equal(got->tos, want->tos);
	assert_int_equal(got->ttl, want->ttl);
	assert_int_equal(got->label, want->label);
	assert_int_equal(got->id, want->id);
	assert_int_equal(got->frag, want->frag);
	assert_int_equal(got->n_ip_options, want->n_ip_options);
	assert_memory_equal(got->ip_options, want->ip_options, want->n_ip_options);
	assert_int_equal(packet_parse(&again, p->m, 0, &mac), PACKET_TCP);
	assert_ptr_equal(again.eth, p->eth);
	assert_ptr_equal(again.ip, p->ip);
	assert_ptr_equal(again.tcp, p->tcp);
	assert_int_equal(again.tcp_header, p->tcp_header);
	assert_int_equal(again.payload, p->payload);
}

/* What only one leg has, and so does not come through. */
static void blank_options(struct segment *s, uint8_t one_has)
{
	unsigned int at = 0;

	while (at < s->n_options && s->options[at] != 0) {
		uint8_t kind = s->options[at], length;

		if (kind == 1) {
			at++;
			continue;
		}
		if (at + 1 >= s->n_options)
			return;
		length = s->options[at + 1];
		if (length < 2 || at + length > s->n_options)
			return;
		if ((kind == 8 && length == 10 && one_has & LEG_TIMESTAMPS) ||
		    (kind == 5 && one_has & LEG_SACK))
			memset(s->options + at, 1, length);
		at += length;
	}
}

static void check_random(uint32_t slot, const struct segment *in, const struct leg_report *from,
			 const struct leg_report *to)
{
	/* Who sends to `from`'s peer what came from there. */
	const struct leg_report mirror = {.tuple = {.peer_addr = from->tuple.relay_addr,
						    .relay_addr = from->tuple.peer_addr,
						    .peer_port = from->tuple.relay_port,
						    .relay_port = from->tuple.peer_port}};
	const struct flow_line *line = &rig.t.lines[slot];
	struct packet p = segment_packet(in);
	uint16_t tcp = residue(tcp_residue(p.m)), ip = residue(ip_residue(p.m));
	struct segment there, again, want = *in;
	struct flow_line back;
	struct flow_wide back_wide;
	bool refused;

	refused = !in->v6 && ip != 0 && line->flags & FLOW_OUT6;
	assert_int_equal(splice_translate(line, &rig.t.wides[slot], &p, FLOW_RIG_ID), !refused);
	if (refused) {
		assert_int_equal(p.drop, DROP_CHECKSUM);
		rte_pktmbuf_free(p.m);
		return;
	}
	there = segment_read(p.m);
	segment_redirect(&want, to);
	check_ip(&p, &there, &want);
	/* A new header is whole. */
	ip = want.v6 == in->v6 ? ip : 0;
	assert_int_equal(residue(tcp_residue(p.m)), tcp);
	assert_int_equal(residue(ip_residue(p.m)), ip);
	assert_int_equal(there.seq, in->seq + line->seq_delta);
	assert_int_equal(there.n_payload, in->n_payload);
	assert_memory_equal(there.payload, in->payload, in->n_payload);

	invert(slot, &back, &back_wide);
	p.key.v6 = want.v6;
	assert_true(splice_translate(&back, &back_wide, &p, FLOW_RIG_ID));
	again = segment_read(p.m);
	assert_int_equal(residue(tcp_residue(p.m)), tcp);
	segment_redirect(&want, &mirror);
	blank_options(&want, from->options ^ to->options);
	check_ip(&p, &again, &want);
	want.window = there.window;
	want.bad_tcp = want.bad_ip = 0;
	want.dst_mac = again.dst_mac;
	want.src_mac = again.src_mac;
	assert_memory_equal(&again, &want, sizeof(want));
	rte_pktmbuf_free(p.m);
}

static void random_packets(void **state)
{
	struct leg_report a[FLOWS], b[FLOWS];
	uint64_t id[FLOWS];
	unsigned int i;

	(void)state;
	fixture_seed();
	for (i = 0; i < FLOWS; i++) {
		a[i] = random_report(i, 0, i / 16 % 2, (uint8_t)(i % 4));
		b[i] = random_report(i, 1, i / 32 % 2, (uint8_t)(i / 4 % 4));
		id[i] = flow_rig_insert(&rig, &a[i], &b[i]);
	}
	for (i = 0; i < PACKETS; i++) {
		unsigned int f = fixture_between(0, FLOWS - 1);
		bool from_a = fixture_between(0, 1);
		const struct leg_report *from = from_a ? &a[f] : &b[f],
					*to = from_a ? &b[f] : &a[f];
		struct segment s = random_segment(from);

		check_random(flow_rig_find(&rig.t, from), &s, from, to);
	}
	for (i = 0; i < FLOWS; i++)
		assert_int_equal(flow_table_remove(&rig.t, id[i]), 0);
	fixture_assert_no_leak();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_packets),
	};

	return cmocka_run_group_tests_name("splice_random", tests, set_up, tear_down);
}

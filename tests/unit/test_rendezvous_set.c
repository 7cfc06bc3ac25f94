/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which addresses of the rendezvous range and prefix answer a SYN, and how many legs they take,
 * through whole workers.
 */
#include <arpa/inet.h>

#include "peer_fixture.h"

#define FIRST 10000
#define LAST  10007

static struct rendezvous_set set;

static struct in6_addr addr6(const char *text)
{
	struct in6_addr addr;

	assert_int_equal(inet_pton(AF_INET6, text, &addr), 1);
	return addr;
}

static int open_set(void **state)
{
	struct config cfg = {.rendezvous = {.enabled = true, .ports = {FIRST, LAST}}};

	cfg.endpoint.port = RELAY_PORT;
	cfg.rendezvous.prefix.addr = addr6("2001:db8:f000::");
	cfg.rendezvous.prefix.prefix_len = 48;
	if (rig_start(state) < 0 || rendezvous_set_init(&set, &cfg) < 0)
		return -1;
	rig.listener.rendezvous = &set;
	rig_listen();
	return 0;
}

static int close_set(void **state)
{
	int rc = rig_end(state);

	rendezvous_set_fini(&set);
	return rc;
}

enum outcome { ANSWERED, REFUSED, SILENT, KERNEL };

static struct segment syn4(uint32_t dst, uint16_t port)
{
	struct segment s = peer_alice().syn;

	s.dst = dst;
	s.dst_port = port;
	return s;
}

static struct segment syn6(const char *dst, uint16_t port)
{
	struct segment s = peer_alice().syn;

	s.dst6 = addr6(dst);
	s.dst_port = port;
	return s;
}

/* What a SYN comes to; a leg it made is gone again. */
static enum outcome try(struct segment s)
{
	struct rte_mbuf *m;

	rig_put(0, &s);
	m = rig_kernel_takes(0);
	if (m != NULL) {
		rte_pktmbuf_free(m);
		return KERNEL;
	}
	if (rig_stats()->legs[LEG_GAUGE_HALF_OPEN] > 0) {
		assert_int_equal(rig_answer(0).flags, SYN | ACK);
		rig_command(MAILBOX_LEG_RESET, rig_event(MAILBOX_LEG_HALF_OPEN).id);
		assert_true(rig_answer(0).flags & RST);
		rig_event(MAILBOX_LEG_GONE);
		return ANSWERED;
	}
	m = rig_take(0);
	rte_pktmbuf_free(m);
	rig_silence();
	rig_no_event();
	return m != NULL ? REFUSED : SILENT;
}

static void put(uint16_t port, const char *addr, enum mailbox_rendezvous state)
{
	struct in6_addr a = addr6(addr);

	rendezvous_set_state(&set, htons(port), &a, state);
}

static void ports(void **state)
{
	(void)state;
	for (uint16_t p = FIRST; p <= LAST; p++)
		assert_int_equal(try(syn4(RELAY_ADDR, p)), REFUSED);
	put(FIRST, "::", MAILBOX_RENDEZVOUS_OPEN);
	put(LAST, "::", MAILBOX_RENDEZVOUS_CLOSED);
	assert_int_equal(try(syn4(RELAY_ADDR, FIRST)), ANSWERED);
	assert_int_equal(try(syn4(RELAY_ADDR + 1, FIRST)), ANSWERED);
	assert_int_equal(try(syn4(RELAY_ADDR, LAST)), SILENT);
	for (uint16_t p = FIRST + 1; p < LAST; p++)
		assert_int_equal(try(syn4(RELAY_ADDR, p)), REFUSED);
	put(FIRST, "::", MAILBOX_RENDEZVOUS_FREE);
	assert_int_equal(try(syn4(RELAY_ADDR, FIRST)), REFUSED);
	/* nobody's business */
	assert_int_equal(try(syn4(RELAY_ADDR, FIRST - 1)), KERNEL);
	assert_int_equal(try(syn4(RELAY_ADDR, LAST + 1)), KERNEL);
	assert_int_equal(try(syn4(RELAY_ADDR + 2, FIRST)), KERNEL);
	assert_int_equal(try(syn4(RELAY_ADDR, RELAY_PORT)), ANSWERED);
}

static void hosts(void **state)
{
	(void)state;
	assert_int_equal(try(syn6("2001:db8:f000::1:2:3", RELAY_PORT)), REFUSED);
	put(0, "2001:db8:f000::1:2:3", MAILBOX_RENDEZVOUS_OPEN);
	assert_int_equal(try(syn6("2001:db8:f000::1:2:3", RELAY_PORT)), ANSWERED);
	assert_int_equal(try(syn6("2001:db8:f000::1:2:4", RELAY_PORT)), REFUSED);
	/* the same host of another network of the prefix */
	assert_int_equal(try(syn6("2001:db8:f000:1:0:1:2:3", RELAY_PORT)), REFUSED);
	put(0, "2001:db8:f000::1:2:3", MAILBOX_RENDEZVOUS_CLOSED);
	assert_int_equal(try(syn6("2001:db8:f000::1:2:3", RELAY_PORT)), SILENT);
	put(0, "2001:db8:f000::1:2:3", MAILBOX_RENDEZVOUS_FREE);
	assert_int_equal(try(syn6("2001:db8:f000::1:2:3", RELAY_PORT)), REFUSED);
	assert_int_equal(set.n_free, RENDEZVOUS_ADDRESSES);
	/* nobody's business */
	assert_int_equal(try(syn6("2001:db8:f001::1:2:3", RELAY_PORT)), KERNEL);
	assert_int_equal(try(syn6("2001:db8:f000::1:2:3", FIRST)), KERNEL);
}

/* As many as can be reserved, and no more. */
static void all_hosts(void **state)
{
	struct in6_addr addr = addr6("2001:db8:f000::");
	struct tuple t = {.v6 = true, .ends.relay_port = htons(RELAY_PORT)};

	(void)state;
	for (uint64_t i = 1; i <= RENDEZVOUS_ADDRESSES + 1; i++) {
		uint64_t id = i * 0x9e3779b97f4a7c15ULL;

		memcpy(&addr.s6_addr[8], &id, sizeof(id));
		rendezvous_set_state(&set, 0, &addr, MAILBOX_RENDEZVOUS_OPEN);
		t.wide.relay = addr;
		assert_int_equal(rendezvous_set_state_of(&set, rendezvous_set_find(&set, &t)),
				 i <= RENDEZVOUS_ADDRESSES ? MAILBOX_RENDEZVOUS_OPEN
							   : MAILBOX_RENDEZVOUS_FREE);
	}
	for (uint64_t i = 1; i <= RENDEZVOUS_ADDRESSES; i++) {
		uint64_t id = i * 0x9e3779b97f4a7c15ULL;

		memcpy(&addr.s6_addr[8], &id, sizeof(id));
		rendezvous_set_state(&set, 0, &addr, MAILBOX_RENDEZVOUS_FREE);
	}
	assert_int_equal(set.n_free, RENDEZVOUS_ADDRESSES);
}

/* --- legs --- */

#define HOST "2001:db8:f000::1:2:3"

/* To the rendezvous address of its family, from a source of its own. */
static struct peer peer_at(uint8_t n)
{
	struct peer p = peer_alice();

	peer_move(&p, n);
	if (p.syn.v6)
		p.syn.dst6 = addr6(HOST);
	else
		p.syn.dst_port = FIRST;
	return p;
}

static void put_both(enum mailbox_rendezvous state)
{
	put(FIRST, HOST, state);
}

static void assert_refused(const struct peer *p)
{
	uint64_t dropped = rig_dropped(DROP_RENDEZVOUS);

	rig_put(p->port, &p->syn);
	rig_silence();
	rig_no_event();
	assert_int_equal(rig_dropped(DROP_RENDEZVOUS), dropped + 1);
}

/* Four of whatever sources and owners; who ends, or is chosen, makes room. */
static void four_legs(void **state)
{
	struct peer peers[8];
	struct segment rst;

	(void)state;
	put_both(MAILBOX_RENDEZVOUS_OPEN);
	for (uint8_t i = 0; i < 8; i++)
		peers[i] = peer_at(11 * i);
	for (unsigned int i = 0; i < RENDEZVOUS_LEGS - 1; i++)
		peer_connect(&peers[i]);
	rig_put(0, &peers[3].syn);
	assert_int_equal(rig_answer(0).flags, SYN | ACK);
	peers[3].id = rig_event(MAILBOX_LEG_HALF_OPEN).id;
	assert_refused(&peers[4]);

	rig_command(MAILBOX_LEG_RESET, peers[3].id);
	assert_true(rig_answer(0).flags & RST);
	rig_event(MAILBOX_LEG_GONE);
	peer_connect(&peers[4]);
	assert_refused(&peers[5]);
	rst = peer_segment(&peers[0], RST);
	rig_put(0, &rst);
	rig_event(MAILBOX_LEG_GONE);
	peer_connect(&peers[5]);
	assert_refused(&peers[6]);
	peer_retire(&peers[1]);
	peer_connect(&peers[6]);
	assert_refused(&peers[7]);
	rig_command(MAILBOX_LEG_RESET, peers[1].id); /* it does not count any more */
	assert_true(rig_answer(0).flags & RST);
	assert_refused(&peers[7]);
}

/* The same place may be another address's by the time its old legs end. */
static void counted_once(void **state)
{
	struct peer old = peer_at(1), legs[RENDEZVOUS_LEGS], more = peer_at(99);

	(void)state;
	put_both(MAILBOX_RENDEZVOUS_OPEN);
	peer_connect(&old);
	put_both(MAILBOX_RENDEZVOUS_FREE);
	put_both(MAILBOX_RENDEZVOUS_OPEN);
	rig_command(MAILBOX_LEG_RESET, old.id);
	rig_answer(0);
	rig_event(MAILBOX_LEG_GONE);
	for (uint8_t i = 0; i < RENDEZVOUS_LEGS; i++) {
		legs[i] = peer_at(2 + i);
		peer_connect(&legs[i]);
	}
	assert_refused(&more);
}

/* When no more are taken those under way go on, and do not begin anew. */
static void late(void **state)
{
	struct peer p = peer_at(0), other = peer_at(1);
	struct segment again = p.syn, ack;

	(void)state;
	put_both(MAILBOX_RENDEZVOUS_OPEN);
	rig_put(0, &p.syn);
	p.synack = rig_answer(0);
	p.id = rig_event(MAILBOX_LEG_HALF_OPEN).id;
	put_both(MAILBOX_RENDEZVOUS_CLOSED);
	assert_refused(&other);
	again.seq += 1000;
	rig_put(0, &again);
	rig_silence();
	rig_no_event();
	rig_put(0, &p.syn);
	assert_int_equal(rig_answer(0).seq, p.synack.seq);
	p.tsval++;
	ack = peer_segment(&p, ACK);
	rig_put(0, &ack);
	assert_int_equal(rig_event(MAILBOX_LEG_ESTABLISHED).id, p.id);
}

/* Under a flood of the service itself each leg here is known from its SYN on. */
static void no_cookies(void **state)
{
	struct segment s = peer_alice().syn, ack;
	struct peer p = peer_at(0);
	const struct worker *owner = rig_owner(&s);
	struct syncookie_syn said = {.seq = p.syn.seq, .mss = 1460};
	struct packet packet;

	(void)state;
	put_both(MAILBOX_RENDEZVOUS_OPEN);
	for (unsigned int i = 0; i < RIG_HALF_OPEN * 3 / 4; i++) {
		rig_put(0, &s);
		rig_answer(0);
		rig_event(MAILBOX_LEG_HALF_OPEN);
		s.src_port++;
	}
	rig_put(0, &s);
	assert_int_equal(rig_answer(0).flags, SYN | ACK);
	rig_no_event();
	assert_int_equal(rig_stats()->syn_cookies[COOKIE_SENT], 1);

	packet = segment_packet(&p.syn);
	p.synack.seq = syncookie_make(&owner->cookies.secrets, &packet.key, &said);
	rte_pktmbuf_free(packet.m);
	ack = peer_segment(&p, ACK);
	rig_put(0, &ack);
	assert_int_equal(rig_answer(0).flags, RST);
	rig_no_event();
	peer_connect(&p);
	assert_int_equal(rig_stats()->syn_cookies[COOKIE_SENT], 1);
	assert_int_equal(rig_stats()->syn_cookies[COOKIE_VALID], 0);
}

/* Nobody has an address of the prefix but the relay. */
static void own_source(void **state)
{
	struct segment s = syn6("2001:db8:f000::1:2:3", RELAY_PORT);

	(void)state;
	put_both(MAILBOX_RENDEZVOUS_OPEN);
	s.src6 = addr6("2001:db8:f000:ff::1");
	rig_put(0, &s);
	rig_silence();
	assert_int_equal(rig_dropped(DROP_MARTIAN), 1);
	s.src6 = addr6("2001:db8:f001::1");
	assert_int_equal(try(s), ANSWERED);
}

/* --- the fence --- */

static struct mailbox_event next_event(void)
{
	struct mailbox_event ev = {.type = MAILBOX_FLOW_RESET_DONE};

	mailbox_take_events(rig.mb, &ev, 1);
	return ev;
}

/* It is answered behind whatever was there to tell, however full the ring. */
static void fence(void **state)
{
	const struct mailbox_event junk = {.type = MAILBOX_LEG_NAMED};
	struct mailbox_command cmd = {.type = MAILBOX_FENCE, .id = 7};
	struct peer p = peer_at(0);
	unsigned int owner = rig_owner(&p.syn)->index;
	struct mailbox_event ev;

	(void)state;
	put_both(MAILBOX_RENDEZVOUS_OPEN);
	while (mailbox_post_event(rig.mb, owner, &junk))
		;
	rig_put(0, &p.syn);
	rig_answer(0);
	assert_true(mailbox_post_command(rig.mb, owner, &cmd));
	rig_round();
	assert_int_equal(next_event().type, MAILBOX_LEG_NAMED);
	rig_round(); /* room for one */
	rig_round();
	do
		ev = next_event();
	while (ev.type == MAILBOX_LEG_NAMED);
	assert_int_equal(ev.type, MAILBOX_LEG_HALF_OPEN);
	rig_no_event();
	rig_round();
	ev = next_event();
	assert_int_equal(ev.type, MAILBOX_FENCED);
	assert_int_equal(ev.id, 7);
	assert_int_equal(ev.worker, owner);
	rig_round();
	rig_no_event();
	/* with nothing to tell it is answered at once */
	cmd.id = 8;
	assert_true(mailbox_post_command(rig.mb, owner, &cmd));
	rig_round();
	assert_int_equal(next_event().id, 8);
	/* room in the ring is not enough while there are news in front */
	cmd.id = 9;
	rig.workers[owner].legs.news_listed++;
	assert_true(mailbox_post_command(rig.mb, owner, &cmd));
	rig_round();
	rig_no_event();
	rig.workers[owner].legs.news_told++;
	rig_round();
	assert_int_equal(next_event().id, 9);
}

#define BOTH(test)                                                     \
	cmocka_unit_test_setup_teardown(test, open_set, close_set),    \
	{                                                              \
#test " (6)", test, open_set, close_set, &rig_mixes[1] \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ports, open_set, close_set),
		{"hosts", hosts, open_set, close_set, &rig_mixes[1]},
		cmocka_unit_test_setup_teardown(all_hosts, open_set, close_set),
		BOTH(four_legs),
		BOTH(counted_once),
		BOTH(late),
		BOTH(no_cookies),
		{"own_source", own_source, open_set, close_set, &rig_mixes[1]},
		BOTH(fence),
	};

	return cmocka_run_group_tests(tests, rig_ports, rig_ports_end);
}

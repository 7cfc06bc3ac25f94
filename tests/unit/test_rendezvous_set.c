/* SPDX-License-Identifier: BSD-3-Clause */
/* Which addresses of the rendezvous range and prefix answer a SYN, through a whole worker. */
#include <arpa/inet.h>

#include "worker_fixture.h"

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
		assert_int_equal(rendezvous_set_find(&set, &t), i <= RENDEZVOUS_ADDRESSES
									? MAILBOX_RENDEZVOUS_OPEN
									: MAILBOX_RENDEZVOUS_FREE);
	}
	for (uint64_t i = 1; i <= RENDEZVOUS_ADDRESSES; i++) {
		uint64_t id = i * 0x9e3779b97f4a7c15ULL;

		memcpy(&addr.s6_addr[8], &id, sizeof(id));
		rendezvous_set_state(&set, 0, &addr, MAILBOX_RENDEZVOUS_FREE);
	}
	assert_int_equal(set.n_free, RENDEZVOUS_ADDRESSES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ports, open_set, close_set),
		{"hosts", hosts, open_set, close_set, &rig_mixes[1]},
		cmocka_unit_test_setup_teardown(all_hosts, open_set, close_set),
	};

	return cmocka_run_group_tests(tests, rig_ports, rig_ports_end);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP that is made up, damaged, or not the relay's business. */
#include "icmp_fixture.h"
#include "peer_fixture.h"

/* Both ends of one family, or of two; errors come from side 1 about packets of side 0. */
static struct path path;
static struct bytes packet, relayed;
static bool v6; /* of side 1 */

static void start(bool a6, bool b6)
{
	v6 = b6;
	path = path_make(a6, b6);
	packet = path_packet(&path, 0, 0, 200);
	relayed = path_relay(&path, 0, &packet);
}

static struct message too_big(void)
{
	return v6 ? (struct message){ICMP6_TOO_BIG, 0, 1400}
		  : (struct message){ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED, 1400};
}

static struct bytes error_of(const struct bytes *quote)
{
	return path_error(&path, 1, too_big(), quote->at, quote->n);
}

static void offer(const struct bytes *ip)
{
	rig_send_frame(1, path_frame(1, v6, ip));
	rig_round();
}

static uint64_t before[DROP_REASONS];

enum fate { PASSES, TO_KERNEL, DROPPED };

/* What became of the frame just sent, which must be one thing only. */
static void assert_fate(enum fate fate, enum drop_reason reason)
{
	struct rte_mbuf *m = rig_take(0), *k = rig_kernel_takes(1);
	unsigned int i;

	rig_silence();
	if ((m != NULL) != (fate == PASSES))
		fail_msg("it %s", m != NULL ? "passed" : "did not pass");
	if ((k != NULL) != (fate == TO_KERNEL))
		fail_msg("the kernel has %s", k != NULL ? "it" : "nothing");
	for (i = 0; i < DROP_REASONS; i++) {
		uint64_t n = rig_stats()->dropped[i] - before[i];

		if (n != (fate == DROPPED && i == reason))
			fail_msg("%lu dropped for %s", n, drop_reason_label(i));
	}
	memcpy(before, rig_stats()->dropped, sizeof(before));
	if (m != NULL)
		path_answer(&path, 0, m);
	rte_pktmbuf_free(k);
}

static int start_rig(void **state)
{
	memset(before, 0, sizeof(before));
	return rig_start(state);
}

/* --- quotes --- */

static void cut_quotes(bool b6)
{
	unsigned int n, header = ip_header(b6);

	start(false, b6);
	for (n = 0; n <= relayed.n; n++) {
		struct bytes quote = relayed, error;

		quote.n = n;
		error = error_of(&quote);
		offer(&error);
		if (n < header + 4)
			assert_fate(TO_KERNEL, 0);
		else if (n < header + 8)
			assert_fate(DROPPED, DROP_ICMP_IGNORED);
		else
			assert_fate(PASSES, 0);
	}
}

static void cut_quotes4(void **state)
{
	(void)state;
	cut_quotes(false);
}

static void cut_quotes6(void **state)
{
	(void)state;
	cut_quotes(true);
}

/* The frame ends before the IP packet does. */
static void cut_frames(void **state)
{
	unsigned int family, n;

	(void)state;
	for (family = 0; family < 2; family++) {
		struct bytes error;

		start(false, family);
		error = error_of(&relayed);
		while (error.n > ip_header(v6)) {
			error.n--;
			offer(&error);
			assert_fate(TO_KERNEL, 0);
		}
		for (n = 0; n < ip_header(v6); n++) {
			error.n = n;
			offer(&error);
			assert_fate(DROPPED, DROP_MALFORMED);
		}
		assert_int_equal(flow_table_remove(&rig.flows.t, path.flow), 0);
	}
}

struct lie {
	const char *what;
	unsigned int at; /* in the quote */
	uint8_t bytes[4];
	unsigned int n;
	enum fate fate;
	enum drop_reason reason;
};

static void tell(const struct lie *lies, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct bytes quote = relayed, error;

		print_message("quoted %s\n", lies[i].what);
		memcpy(quote.at + lies[i].at, lies[i].bytes, lies[i].n);
		error = error_of(&quote);
		offer(&error);
		assert_fate(lies[i].fate, lies[i].reason);
	}
}

static void lies4(void **state)
{
	static const struct lie lies[] = {
		{"version 6", 0, {0x65}, 1, TO_KERNEL, 0},
		{"version 0", 0, {0x05}, 1, TO_KERNEL, 0},
		{"header of 16 bytes", 0, {0x44}, 1, TO_KERNEL, 0},
		{"header of 60 bytes: other ports", 0, {0x4f}, 1, TO_KERNEL, 0},
		{"total length 0", 2, {0, 0}, 2, DROPPED, DROP_ICMP_IGNORED},
		{"total length of a header", 2, {0, 20}, 2, DROPPED, DROP_ICMP_IGNORED},
		{"total length of no TCP", 2, {0, 39}, 2, DROPPED, DROP_ICMP_IGNORED},
		{"total length of a bare segment", 2, {0, 40}, 2, PASSES, 0},
		{"total length of all there can be", 2, {0xff, 0xff}, 2, PASSES, 0},
		{"a first fragment", 6, {0x20, 0}, 2, PASSES, 0},
		{"a second fragment", 6, {0x00, 1}, 2, TO_KERNEL, 0},
		{"UDP", 9, {17}, 1, TO_KERNEL, 0},
		{"another's packet", 12, {198, 51, 100, 11}, 4, TO_KERNEL, 0},
		{"a packet to another", 16, {198, 51, 100, 3}, 4, DROPPED, DROP_ICMP_IGNORED},
		{"another service's port", 20, {0x0f, 0xa1}, 2, TO_KERNEL, 0},
		{"another peer's port", 22, {0xc3, 0x51}, 2, DROPPED, DROP_ICMP_IGNORED},
	};

	(void)state;
	start(true, false);
	/* what the relay listens on decides whose the unknown ones are */
	tuple_map_v4(&rig.listener.addresses[0].addr, rte_cpu_to_be_32(IPV4(198, 51, 100, 10)));
	rig_listen();
	tell(lies, RTE_DIM(lies));
}

static void lies6(void **state)
{
	static const struct lie lies[] = {
		{"version 4", 0, {0x40}, 1, TO_KERNEL, 0},
		{"no payload", 4, {0, 0}, 2, DROPPED, DROP_ICMP_IGNORED},
		{"no TCP", 4, {0, 19}, 2, DROPPED, DROP_ICMP_IGNORED},
		{"a bare segment", 4, {0, 20}, 2, PASSES, 0},
		{"all there can be", 4, {0xff, 0xff}, 2, PASSES, 0},
		{"UDP", 6, {17}, 1, TO_KERNEL, 0},
		{"a fragment", 6, {44}, 1, TO_KERNEL, 0},
		{"another's packet", 20, {0, 0, 0, 0x11}, 4, TO_KERNEL, 0},
		{"a packet to another", 36, {0, 0, 0, 0x11}, 4, DROPPED, DROP_ICMP_IGNORED},
		{"another service's port", 40, {0x0f, 0xa1}, 2, TO_KERNEL, 0},
		{"another peer's port", 42, {0xc3, 0x51}, 2, DROPPED, DROP_ICMP_IGNORED},
	};

	(void)state;
	start(false, true);
	memcpy(&rig.listener.addresses[0].addr, path.ends[1].relay, 16);
	rig_listen();
	tell(lies, RTE_DIM(lies));
}

/* --- sequence numbers --- */

/* RFC 5927: from the last acknowledged one up to the last sent. */
static void windows(bool a6, bool b6)
{
	static const struct {
		uint32_t acked; /* by side 1, of what side 0 sent */
		uint32_t seq;	/* quoted, from the first byte */
		bool passes;
	} rows[] = {
		{0, 0, true},	  {0, 599, true},    {0, 600, false},	{0, 0x7fffffff, false},
		{0, -1, false},	  {0, -300, false},  {200, 199, false}, {200, 200, true},
		{200, 599, true}, {200, 600, false}, {600, 599, false}, {600, 600, false},
	};
	size_t i;

	start(a6, b6);
	packet = path_packet(&path, 0, 200, 400);
	path_relay(&path, 0, &packet);
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct bytes quote = relayed, error, ack = path_packet(&path, 1, 0, 0);
		uint8_t *tcp = ack.at + ip_header(b6);

		frame_put32(tcp + 8, path.ends[1].expect + rows[i].acked);
		path_relay(&path, 1, &ack);
		frame_put32(quote.at + ip_header(b6) + 4, path.ends[1].expect + rows[i].seq);
		error = error_of(&quote);
		offer(&error);
		print_message("acknowledged %u, quoted %d\n", rows[i].acked, (int)rows[i].seq);
		assert_fate(rows[i].passes ? PASSES : DROPPED, DROP_ICMP_WINDOW);
	}
}

static void windows44(void **state)
{
	(void)state;
	windows(false, false);
}

static void windows46(void **state)
{
	(void)state;
	windows(false, true);
}

static void windows64(void **state)
{
	(void)state;
	windows(true, false);
}

/* A blind attacker's best: any numbers at all. */
static void blind(void **state)
{
	unsigned int i, hits = 0;

	(void)state;
	fixture_seed();
	start(false, false);
	for (i = 0; i < 20000; i++) {
		struct bytes quote = relayed, error;

		frame_put32(quote.at + 24, (uint32_t)fixture_random());
		error = error_of(&quote);
		offer(&error);
		hits += rig_take(0) != NULL;
	}
	rig_silence();
	assert_int_equal(hits, 0);
	assert_int_equal(rig_dropped(DROP_ICMP_WINDOW), 20000);
}

/* --- sums --- */

static void damage(void **state)
{
	unsigned int family, bit;

	(void)state;
	for (family = 0; family < 2; family++) {
		struct bytes error;

		start(true, family);
		error = error_of(&relayed);
		for (bit = 0; bit < error.n * 8; bit++) {
			struct rte_mbuf *m, *k;

			/* the flow label, the class and the hop limit are in no sum */
			if (v6 && (bit < 32 || bit / 8 == 7))
				continue;
			error.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			offer(&error);
			error.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			m = rig_take(0);
			k = rig_kernel_takes(1);
			if (m != NULL)
				fail_msg("passed with bit %u damaged", bit);
			rte_pktmbuf_free(k);
			rig.now_ms++;
		}
		assert_true(rig_dropped(DROP_CHECKSUM) > 1000);
		offer(&error);
		path_answer(&path, 0, rig_take(0));
		assert_int_equal(flow_table_remove(&rig.flows.t, path.flow), 0);
	}
}

/* --- what is not the relay's --- */

static void kernels_own(void **state)
{
	static const struct {
		bool v6;
		uint8_t type;
	} rows[] = {{false, 0},
		    {false, ICMP4_ECHO},
		    {false, ICMP4_REDIRECT},
		    {false, 4},
		    {false, 13},
		    {true, 0},
		    {true, 5},
		    {true, 100},
		    {true, ICMP6_ECHO},
		    {true, ICMP6_NEIGHBOUR},
		    {true, 137}};
	size_t i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		struct bytes error;

		start(false, rows[i].v6);
		error = path_error(&path, 1, (struct message){rows[i].type, 0, 0}, relayed.at,
				   relayed.n);
		offer(&error);
		assert_fate(TO_KERNEL, 0);
		assert_int_equal(flow_table_remove(&rig.flows.t, path.flow), 0);
	}
}

/* An error that is a fragment itself, or behind an extension header. */
static void not_plain(void **state)
{
	struct bytes error;

	(void)state;
	start(true, false);
	error = error_of(&relayed);
	frame_put16(error.at + 6, 0x2000);
	frame_put16(error.at + 10, 0);
	frame_put16(error.at + 10, (uint16_t)~frame_sum(error.at, 20, 0));
	offer(&error);
	assert_fate(TO_KERNEL, 0);
	assert_int_equal(flow_table_remove(&rig.flows.t, path.flow), 0);
	start(false, true);
	error = error_of(&relayed);
	memmove(error.at + 48, error.at + 40, error.n - 40);
	memset(error.at + 40, 0, 8);
	error.at[40] = error.at[6];
	error.at[6] = IPPROTO_DSTOPTS;
	error.n += 8;
	frame_put16(error.at + 4, (uint16_t)(error.n - 40));
	offer(&error);
	assert_fate(TO_KERNEL, 0);
}

static void other_macs(void **state)
{
	struct bytes error;
	struct rte_mbuf *m;

	(void)state;
	start(false, false);
	error = error_of(&relayed);
	m = path_frame(1, v6, &error);
	rte_pktmbuf_mtod(m, uint8_t *)[5] ^= 1;
	rig_send_frame(1, m);
	rig_round();
	assert_fate(DROPPED, DROP_OTHER_HOST);
	m = path_frame(1, v6, &error);
	memset(rte_pktmbuf_mtod(m, uint8_t *), 0xff, 6);
	rig_send_frame(1, m);
	rig_round();
	assert_fate(TO_KERNEL, 0);
}

/* --- legs that are not spliced --- */

static void parked_leg(void **state)
{
	static const uint8_t relay[] = {192, 0, 2, 10};
	struct peer a = peer_alice();
	struct bytes quote = {.n = 28}, error;

	(void)state;
	peer_connect(&a);
	start(true, false);
	memcpy(path.ends[1].relay, relay, sizeof(relay));
	quote.at[0] = 0x45;
	frame_put16(quote.at + 2, 40);
	quote.at[9] = IPPROTO_TCP;
	memcpy(quote.at + 12, relay, 4);
	frame_put32(quote.at + 16, ALICE_ADDR);
	frame_put16(quote.at + 20, RELAY_PORT);
	frame_put16(quote.at + 22, ALICE_PORT);
	frame_put32(quote.at + 24, a.synack.seq);
	error = error_of(&quote);
	offer(&error);
	assert_fate(DROPPED, DROP_ICMP_IGNORED);
	assert_int_equal(rig_stats()->legs[LEG_GAUGE_UNCLAIMED], 1);
}

static void superseded_flow(void **state)
{
	struct bytes error;
	uint32_t slot;

	(void)state;
	start(false, false);
	slot = flow_table_slot(&rig.flows.t, path.flow);
	error = error_of(&relayed);
	offer(&error);
	assert_fate(PASSES, 0);
	*flow_state_of(&rig.flows.t, slot) = FLOW_SUPERSEDED;
	offer(&error);
	assert_fate(DROPPED, DROP_ICMP_IGNORED);
}

/* --- no room --- */

static void no_buffers(void **state)
{
	static struct rte_mbuf *all[4096];
	struct bytes error;
	struct rte_mbuf *m;
	unsigned int n = 0;

	(void)state;
	start(false, false);
	error = error_of(&relayed);
	m = path_frame(1, v6, &error);
	while (n < RTE_DIM(all) && (all[n] = rte_pktmbuf_alloc(fixture_pool)) != NULL)
		n++;
	rig_send_frame(1, m);
	rig_round();
	rte_pktmbuf_free_bulk(all, n);
	assert_fate(DROPPED, DROP_NO_BUFFER);
	offer(&error);
	assert_fate(PASSES, 0);
}

/* --- anything at all --- */

static void any_input(void **state)
{
	unsigned int i, j, passed = 0;

	(void)state;
	fixture_seed();
	for (i = 0; i < 60000; i++) {
		struct bytes error;
		struct rte_mbuf *m;
		unsigned int damaged = fixture_between(0, 3), header;

		if (i % 1000 == 0) {
			if (i > 0)
				flow_table_remove(&rig.flows.t, path.flow);
			start(fixture_between(0, 1), fixture_between(0, 1));
		}
		header = ip_header(v6);
		relayed.n = fixture_between(0, header + 60);
		error = path_error(&path, 1,
				   (struct message){(uint8_t)fixture_between(1, 12),
						    (uint8_t)fixture_between(0, 16),
						    (uint32_t)fixture_random()},
				   relayed.at, relayed.n);
		relayed.n = header + 232;
		for (j = 0; j < damaged; j++)
			error.at[fixture_between(header, error.n - 1)] = (uint8_t)fixture_random();
		error_seal(v6, &error);
		if (fixture_between(0, 15) == 0)
			error.at[fixture_between(0, error.n - 1)] = (uint8_t)fixture_random();
		offer(&error);
		m = rig_take(0);
		if (m != NULL) {
			path_answer(&path, 0, m);
			passed++;
		}
		rte_pktmbuf_free(rig_kernel_takes(1));
		rig_silence();
		rig.now_ms++;
	}
	assert_true(passed > 1000);
}

#define RIG_TEST(name)                         \
	RIG_ROW(name, start_rig, #name, NULL), \
		RIG_ROW(name, start_rig, #name " (tagged)", &rig_mixes[6])

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(cut_quotes4), RIG_TEST(cut_quotes6), RIG_TEST(cut_frames),
		RIG_TEST(lies4),       RIG_TEST(lies6),	      RIG_TEST(windows44),
		RIG_TEST(windows46),   RIG_TEST(windows64),   RIG_TEST(blind),
		RIG_TEST(damage),      RIG_TEST(kernels_own), RIG_TEST(not_plain),
		RIG_TEST(other_macs),  RIG_TEST(parked_leg),  RIG_TEST(superseded_flow),
		RIG_TEST(no_buffers),  RIG_TEST(any_input),
	};

	return cmocka_run_group_tests_name("icmp_hostile", tests, rig_ports, rig_ports_end);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tags: what comes in by a port with a VLAN and by one without, and what leaves by them.  That all
 * else works on tagged ports is shown by the tests of the worker, which run on such ports too.
 *
 *   alice === VLAN 100 === port 0 [ worker ] port 1 --- untagged, or VLAN 200 --- bob
 */
#include "peer_fixture.h"
#include "vlan.h"

#define VLAN	  100
#define OTHER	  200
#define TAG	  4  /* bytes */
#define TYPE	  12 /* where it is */
#define FRAME_MAX 2048

static struct rig_mix one_side = {false, false, {VLAN, 0}, {0, 0}};
static struct rig_mix both_sides = {false, true, {VLAN, OTHER}, {0, 0}};

/* --- bytes --- */

static void put_tag(uint8_t *frame, unsigned int *n, uint16_t type, uint16_t tci)
{
	const uint8_t tag[TAG] = {(uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(tci >> 8),
				  (uint8_t)tci};

	memmove(frame + TYPE + TAG, frame + TYPE, *n - TYPE);
	memcpy(frame + TYPE, tag, TAG);
	*n += TAG;
}

/* --- what comes in --- */

enum carried { SYN_TO_US, SYN6_TO_US, FRAGMENT_TO_US, ARP, ECHO, TO_OTHER_MAC, CARRIED };

enum fate { ANSWERED, TO_KERNEL, DROPPED };

static unsigned int carried_bytes(enum carried what, unsigned int port, uint8_t *frame)
{
	struct segment s = port == 0 ? peer_alice().syn : peer_bob().syn;
	unsigned int n;

	if (what == SYN6_TO_US) {
		s.v6 = true;
		s.src6 = port == 0 ? alice6 : bob6;
		s.dst6 = relay6;
	}
	if (what == FRAGMENT_TO_US)
		s.frag = 0x2000;
	n = segment_bytes(&s, frame);
	if (what == ARP)
		frame[TYPE + 1] = 0x06;
	if (what == ECHO)
		frame[14 + 9] = 1;
	if (what == TO_OTHER_MAC)
		frame[5] ^= 0x80;
	return n;
}

/* Let the worker have the frame by `port`; `plain` is what the kernel must get. */
static enum fate fate_of(unsigned int port, const uint8_t *frame, unsigned int n,
			 const uint8_t *plain, unsigned int n_plain)
{
	struct rte_mbuf *m;

	rig_send_raw(port, frame_build(frame, n));
	rig_round();
	m = rig_kernel_takes(port);
	if (m != NULL) {
		assert_int_equal(m->pkt_len, n_plain);
		assert_memory_equal(rte_pktmbuf_mtod(m, void *), plain, n_plain);
		rte_pktmbuf_free(m);
		rig_silence();
		return TO_KERNEL;
	}
	m = rig_take(port);
	if (m != NULL) {
		assert_int_equal(segment_read(m).flags, SYN | ACK);
		assert_checksums(m);
		rte_pktmbuf_free(m);
		rig_silence();
		rig_command(MAILBOX_LEG_RESET, rig_event(MAILBOX_LEG_HALF_OPEN).id);
		rte_pktmbuf_free(rig_take(port));
		rig_event(MAILBOX_LEG_GONE);
		return ANSWERED;
	}
	rig_silence();
	return DROPPED;
}

/* Tags as they lie in the frame; type 0: none. */
struct tags {
	const char *name;
	struct {
		uint16_t type, tci;
	} tags[2];
	bool taken[2]; /* by the port with the VLAN, and by the one without */
};

static void check_carried(const struct tags *row, enum carried what, unsigned int port)
{
	static const struct {
		enum fate fate;
		enum drop_reason reason;
	} own[CARRIED] = {
		[SYN_TO_US] = {ANSWERED, 0},
		[SYN6_TO_US] = {ANSWERED, 0},
		[FRAGMENT_TO_US] = {DROPPED, DROP_FRAGMENT},
		[ARP] = {TO_KERNEL, 0},
		[ECHO] = {TO_KERNEL, 0},
		[TO_OTHER_MAC] = {DROPPED, DROP_OTHER_HOST},
	};
	const enum fate want = row->taken[port] ? own[what].fate : DROPPED;
	const enum drop_reason reason = row->taken[port] ? own[what].reason : DROP_VLAN;
	uint64_t dropped = rig_dropped(reason);
	uint8_t plain[FRAME_MAX], frame[FRAME_MAX];
	unsigned int n_plain = carried_bytes(what, port, plain), n = n_plain, i;
	enum fate fate;

	memcpy(frame, plain, n);
	for (i = 2; i-- > 0;) {
		if (row->tags[i].type != 0)
			put_tag(frame, &n, row->tags[i].type, row->tags[i].tci);
	}
	fate = fate_of(port, frame, n, plain, n_plain);
	if (fate != want || rig_dropped(reason) != dropped + (want == DROPPED))
		fail_msg("%s, port %u, what %d: fate %d", row->name, port, what, fate);
}

static void tags(void **state)
{
	static const struct tags rows[] = {
		{"no tag", {{0, 0}}, {false, true}},
		{"the port's", {{0x8100, VLAN}}, {true, false}},
		{"with a priority", {{0x8100, 0xf000 | VLAN}}, {true, false}},
		{"another VLAN", {{0x8100, VLAN + 1}}, {false, false}},
		{"one with the same low byte", {{0x8100, 0x100 | VLAN}}, {false, false}},
		{"a mere priority", {{0x8100, 0xe000}}, {false, true}},
		{"VLAN 0", {{0x8100, 0}}, {false, true}},
		{"VLAN 4095", {{0x8100, 4095}}, {false, false}},
		{"a provider's", {{0x88a8, VLAN}}, {false, false}},
		{"a provider's of VLAN 0", {{0x88a8, 0}}, {false, false}},
		{"the port's twice", {{0x8100, VLAN}, {0x8100, VLAN}}, {false, false}},
		{"a priority in it", {{0x8100, VLAN}, {0x8100, 0xe000}}, {false, false}},
		{"it in a priority", {{0x8100, 0xe000}, {0x8100, VLAN}}, {false, false}},
		{"priorities", {{0x8100, 0}, {0x8100, 0}}, {false, false}},
		{"QinQ", {{0x88a8, VLAN}, {0x8100, VLAN}}, {false, false}},
		{"a provider's in it", {{0x8100, VLAN}, {0x88a8, VLAN}}, {false, false}},
		{"a provider's in a priority", {{0x8100, 0}, {0x88a8, VLAN}}, {false, false}},
	};
	unsigned int i, port;
	enum carried what;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		for (what = 0; what < CARRIED; what++) {
			for (port = 0; port < RIG_PORTS; port++)
				check_carried(&rows[i], what, port);
		}
	}
	assert_true(rig_stats()->packets == RTE_DIM(rows) * (unsigned int)CARRIED * RIG_PORTS);
}

/* Cut off anywhere, in memory of exactly its size. */
static void cut_off(void **state)
{
	static const uint16_t vlans[] = {VLAN, 0};
	uint8_t frame[FRAME_MAX];
	unsigned int i, cut, n;

	(void)state;
	for (i = 0; i < RTE_DIM(vlans); i++) {
		n = carried_bytes(SYN_TO_US, 0, frame);
		put_tag(frame, &n, 0x8100, vlans[i]);
		for (cut = 0; cut <= n; cut++) {
			struct rte_mbuf *m = frame_wrap(frame, cut);
			enum drop_reason why = DROP_REASONS;
			bool off = vlan_take_off(m, vlans[i], &why);
			struct packet p;

			assert_int_equal(off, cut >= 14 + TAG);
			assert_int_equal(why, off ? DROP_REASONS : DROP_MALFORMED);
			assert_int_equal(m->data_len, off ? cut - TAG : cut);
			assert_int_equal(m->pkt_len, m->data_len);
			assert_int_equal(packet_parse(&p, m, 0, &port_mac[0]),
					 cut < n ? PACKET_DROP : PACKET_TCP);
			if (cut < n)
				assert_int_equal(p.drop, DROP_MALFORMED);
			frame_unwrap(m);
		}
	}
}

/* The priority tag is packet_parse()'s to take off, at any length. */
static void priority_cut_off(void **state)
{
	uint8_t frame[FRAME_MAX];
	unsigned int cut, n = carried_bytes(SYN6_TO_US, 0, frame);

	(void)state;
	put_tag(frame, &n, 0x8100, 0xa000);
	for (cut = 0; cut <= n; cut++) {
		struct rte_mbuf *m = frame_wrap(frame, cut);
		struct packet p;

		assert_int_equal(packet_parse(&p, m, 0, &port_mac[0]),
				 cut < n ? PACKET_DROP : PACKET_TCP);
		if (cut < n)
			assert_int_equal(p.drop, DROP_MALFORMED);
		frame_unwrap(m);
	}
}

/* A burst of which every other frame is of the VLAN: all of these, in order, and no others. */
static void mixed_burst(void **state)
{
	struct peer a = peer_alice(), b = peer_bob();
	struct segment s;
	uint8_t frame[FRAME_MAX];
	unsigned int i, n;

	(void)state;
	peers_splice(&a, &b);
	s = peer_segment(&a, ACK | PSH);
	s.n_payload = 1;
	for (i = 0; i < WORKER_BURST; i++) {
		s.payload[0] = (uint8_t)i;
		n = segment_bytes(&s, frame);
		put_tag(frame, &n, 0x8100, i & 1 ? VLAN : OTHER);
		rig_send_raw(0, frame_build(frame, n));
		s.seq += i & 1;
	}
	rig_round();
	for (i = 1; i < WORKER_BURST; i += 2) {
		struct rte_mbuf *m = rig_take(1);
		struct segment got = segment_read(m);

		assert_checksums(m);
		assert_int_equal(got.payload[0], i);
		rte_pktmbuf_free(m);
	}
	rig_silence();
	assert_int_equal(rig_dropped(DROP_VLAN), WORKER_BURST / 2);
}

/* --- what leaves --- */

/* The TCI of a tagged frame. */
static uint16_t tci_of(struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

	assert_true(m->data_len >= 14 + TAG);
	assert_int_equal(frame[TYPE] << 8 | frame[TYPE + 1], 0x8100);
	return (uint16_t)(frame[TYPE + 2] << 8 | frame[TYPE + 3]);
}

/* Send the segment by `port` with this priority, in the port's VLAN, if it has one. */
static void send_with(unsigned int port, uint16_t vlan, uint16_t priority, const struct segment *s)
{
	uint8_t frame[FRAME_MAX];
	unsigned int n = segment_bytes(s, frame);

	put_tag(frame, &n, 0x8100, priority | vlan);
	rig_send_raw(port, frame_build(frame, n));
	rig_round();
}

/* Each piece of a segment that is cut, too. */
static void priority_is_kept(void **state)
{
	struct peer a = peer_alice(), b = peer_bob();
	struct segment s;
	uint16_t priority;
	struct rte_mbuf *m;
	unsigned int n;

	(void)state;
	a.syn.options[2] = b.syn.options[2] = 0x02; /* MSS 692 */
	peers_splice(&a, &b);
	s = peer_segment(&a, ACK | PSH);
	for (priority = 0; priority < 16; priority++) {
		s.n_payload = priority & 1 ? 1400 : 10;
		send_with(0, VLAN, (uint16_t)(priority << 12), &s);
		for (n = 0; (m = rig_take_raw(1)) != NULL; n++) {
			assert_int_equal(tci_of(m), priority << 12 | OTHER);
			rte_pktmbuf_free(m);
		}
		assert_int_equal(n, priority & 1 ? 3 : 1);
	}
}

static void own_frames_have_none(void **state)
{
	struct peer a = peer_alice();
	struct rte_mbuf *m;

	(void)state;
	send_with(0, VLAN, 0xf000, &a.syn);
	m = rig_take_raw(0);
	assert_non_null(m);
	assert_int_equal(tci_of(m), VLAN);
	rte_pktmbuf_free(m);
	rig_event(MAILBOX_LEG_HALF_OPEN);
}

/* From an untagged port to a tagged one there is none to keep, but for that of a mere priority tag;
 * the other way round there is no tag at all. */
static void one_side_untagged(void **state)
{
	struct peer a = peer_alice(), b = peer_bob();
	uint8_t frame[FRAME_MAX];
	struct rte_mbuf *m;
	struct segment s;

	(void)state;
	peers_splice(&a, &b);
	s = peer_segment(&b, ACK | PSH);
	s.n_payload = 5;
	rig_send_raw(1, frame_build(frame, segment_bytes(&s, frame)));
	rig_round();
	m = rig_take_raw(0);
	assert_non_null(m);
	assert_int_equal(tci_of(m), VLAN);
	rte_pktmbuf_free(m);
	send_with(1, 0, 0xa000, &s);
	m = rig_take_raw(0);
	assert_non_null(m);
	assert_int_equal(tci_of(m), 0xa000 | VLAN);
	rte_pktmbuf_free(m);
	s = peer_segment(&a, ACK | PSH);
	s.n_payload = 5;
	send_with(0, VLAN, 0xa000, &s);
	m = rig_take_raw(1);
	assert_non_null(m);
	assert_checksums(m); /* and so has no tag */
	assert_int_equal(segment_read(m).n_payload, 5);
	rte_pktmbuf_free(m);
	rig_silence();
}

/* What the kernel says leaves in its port's VLAN; the TAP is that VLAN's interface. */
static void kernel_speaks(void **state)
{
	uint8_t frame[FRAME_MAX];
	unsigned int n = carried_bytes(ARP, 0, frame), port;

	(void)state;
	memset(frame, 0xff, 6);
	for (port = 0; port < RIG_PORTS; port++) {
		struct rte_mbuf *m;

		rig_kernel_sends(port, frame_build(frame, n));
		rig_round();
		m = rig_take_raw(port);
		assert_non_null(m);
		assert_int_equal(tci_of(m), port == 0 ? VLAN : OTHER);
		rte_pktmbuf_adj(m, TAG);
		assert_int_equal(m->pkt_len, n);
		assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *) + TYPE, frame + TYPE, n - TYPE);
		rte_pktmbuf_free(m);
		rig_silence();
	}
	assert_int_equal(rig_stats()->exception_tx, RIG_PORTS);
}

/* No room for a tag: counted, and the mbuf is free again. */
static void no_headroom(void **state)
{
	uint8_t frame[FRAME_MAX];
	unsigned int n = carried_bytes(ARP, 0, frame), room;

	(void)state;
	for (room = 0; room <= TAG; room += 2) {
		struct rte_mbuf *m = frame_build(frame, n);
		uint64_t dropped = rig_dropped(DROP_NO_BUFFER);

		m->data_off = (uint16_t)room;
		memcpy(rte_pktmbuf_mtod(m, void *), frame, n);
		rig_kernel_sends(0, m);
		rig_round();
		m = rig_take_raw(0);
		assert_int_equal(m != NULL, room == TAG);
		rte_pktmbuf_free(m);
		assert_int_equal(rig_dropped(DROP_NO_BUFFER), dropped + (room < TAG));
	}
}

/* What the kernel never says: too short for an Ethernet header. */
static void too_short_for_a_tag(void **state)
{
	const uint8_t frame[14] = {0xff};
	unsigned int n;

	(void)state;
	for (n = 0; n <= sizeof(frame); n++) {
		struct rte_mbuf *m = frame_wrap(frame, n);
		enum drop_reason why = DROP_REASONS;

		assert_false(vlan_put_on(m, VLAN, &why));
		assert_int_equal(why, n < sizeof(frame) ? DROP_MALFORMED : DROP_NO_BUFFER);
		assert_int_equal(m->data_len, n);
		frame_unwrap(m);
	}
}

#define ONE_SIDE_TEST(name)   RIG_ROW(name, rig_start, #name, &one_side)
#define BOTH_SIDES_TEST(name) RIG_ROW(name, rig_start, #name, &both_sides)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE_SIDE_TEST(tags),
		ONE_SIDE_TEST(cut_off),
		ONE_SIDE_TEST(priority_cut_off),
		ONE_SIDE_TEST(mixed_burst),
		BOTH_SIDES_TEST(priority_is_kept),
		BOTH_SIDES_TEST(own_frames_have_none),
		ONE_SIDE_TEST(one_side_untagged),
		BOTH_SIDES_TEST(kernel_speaks),
		ONE_SIDE_TEST(no_headroom),
		ONE_SIDE_TEST(too_short_for_a_tag),
	};

	return cmocka_run_group_tests_name("vlan", tests, rig_ports, rig_ports_end);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What passing segments teach: scripts of segments between alice and bob, with the state after
 * each.  Numbers count from where the splice began, as both ends see them; every script runs with
 * bases at which they wrap.
 */
#include "flow_fixture.h"
#include "track.h"

enum side { A, B, END };

/* Alice grants 500 << 7 = 64,000 bytes, bob 400 << 9 = 204,800. */
#define WINDOW_A 500
#define WINDOW_B 400
#define GRANT_A	 64000
#define GRANT_B	 204800

struct step {
	enum side from;
	uint8_t flags;
	uint32_t seq, ack;
	unsigned int payload;
	bool bad; /* checksum */
	enum flow_state state;
	/* Of the sender, after it. */
	uint32_t seq_hi, ack_hi;
};

struct script {
	const char *name;
	struct step steps[12];
};

#define EST  FLOW_ESTABLISHED
#define HALF FLOW_HALF_CLOSED
#define PEND FLOW_RESET_PENDING
#define DONE FLOW_FINISHED
#define GONE FLOW_RESET

#define STOP                \
	{                   \
		.from = END \
	}
#define NEG(n) ((uint32_t) - (n))

static const struct script scripts[] = {
	{"data and acknowledgements",
	 {{A, ACK, 0, 0, 100, false, EST, 100, 0},
	  {B, ACK, 0, 100, 0, false, EST, 0, 100},
	  {B, ACK, 0, 100, 1000, false, EST, 1000, 100},
	  {A, ACK, 100, 1000, 0, false, EST, 100, 1000},
	  STOP}},
	{"retransmission and disorder",
	 {{A, ACK, 100, 0, 100, false, EST, 200, 0},
	  {A, ACK, 0, 0, 100, false, EST, 200, 0},
	  {B, ACK, 0, 200, 0, false, EST, 0, 200},
	  {B, ACK, 0, 100, 0, false, EST, 0, 200},
	  {A, ACK, 100, 0, 100, false, EST, 200, 0},
	  STOP}},
	{"keep-alives",
	 {{A, ACK, NEG(1), 0, 0, false, EST, 0, 0},
	  {B, ACK, NEG(1), 0, 1, false, EST, 0, 0},
	  STOP}},
	{"an ACK of what was never sent",
	 {{B, ACK, 0, 1, 0, false, EST, 0, 0}, {B, ACK, 0, 0x50000000, 0, false, EST, 0, 0}, STOP}},
	{"to the last byte of the window, and a FIN behind it",
	 {{A, ACK, GRANT_B - 1000, 0, 1000, false, EST, GRANT_B, 0},
	  {A, ACK, GRANT_B, 0, 1, false, EST, GRANT_B + 1, 0},
	  {A, ACK, GRANT_B + 1, 0, 1, false, EST, GRANT_B + 1, 0},
	  STOP}},
	{"blind data ahead of the window",
	 {{A, ACK, GRANT_B + 1000, 0, 100, false, EST, 0, 0},
	  {A, ACK, 0x40000000, 0, 100, false, EST, 0, 0},
	  {A, ACK, 0x7fffff00, 0, 10, false, EST, 0, 0},
	  STOP}},
	{"blind data behind, or with a guessed ACK",
	 {{B, ACK, 0, 0, 1000, false, EST, 1000, 0},
	  {A, ACK, NEG(0x40000000), 500, 10, false, EST, 0, 0},
	  {A, ACK, 0x40000000, 500, 10, false, EST, 0, 0},
	  {A, ACK, 0, 500, 10, false, EST, 10, 500},
	  STOP}},
	{"a number damaged into the window",
	 {{A, ACK, 0, 0, 100, true, EST, 100, 0},
	  {A, ACK, 1124, 0, 0, true, EST, 100, 0},
	  {A, ACK, 1124, 0, 100, true, EST, 100, 0},
	  {A, ACK, 100, 0, 100, false, EST, 200, 0},
	  {A, ACK, 1124, 0, 100, false, EST, 1224, 0},
	  STOP}},
	{"blind data within the window, but without an ACK or with one that cannot be",
	 {{A, PSH, 1000, 0, 10, false, EST, 0, 0},
	  {A, ACK, 1000, 0x40000000, 10, false, EST, 0, 0},
	  {A, ACK, 1000, NEG(0x40000000), 10, false, EST, 0, 0},
	  {A, FIN | ACK, 1000, GRANT_A + 2, 0, false, EST, 0, 0},
	  {A, FIN, 1000, 0, 0, false, EST, 0, 0},
	  STOP}},

	{"alice closes, then bob",
	 {{A, FIN | ACK, 0, 0, 10, false, HALF, 11, 0},
	  {B, ACK, 0, 11, 0, false, HALF, 0, 11},
	  {B, ACK, 0, 11, 500, false, HALF, 500, 11},
	  {A, ACK, 11, 500, 0, false, HALF, 11, 500},
	  {B, FIN | ACK, 500, 11, 0, false, HALF, 501, 11},
	  {A, ACK, 11, 501, 0, false, DONE, 11, 501},
	  STOP}},
	{"bob closes, then alice, FIN on the ACK",
	 {{B, FIN | ACK, 0, 0, 0, false, HALF, 1, 0},
	  {A, FIN | ACK, 0, 1, 0, false, HALF, 1, 1},
	  {B, ACK, 1, 1, 0, false, DONE, 1, 1},
	  STOP}},
	{"both at once",
	 {{A, FIN | ACK, 0, 0, 0, false, HALF, 1, 0},
	  {B, FIN | ACK, 0, 0, 0, false, HALF, 1, 0},
	  {A, ACK, 1, 1, 0, false, HALF, 1, 1},
	  {B, ACK, 1, 1, 0, false, DONE, 1, 1},
	  STOP}},
	{"a FIN again",
	 {{A, FIN | ACK, 0, 0, 0, false, HALF, 1, 0},
	  {A, FIN | ACK, 0, 0, 0, false, HALF, 1, 0},
	  {B, FIN | ACK, 0, 1, 0, false, HALF, 1, 1},
	  {B, FIN | ACK, 0, 1, 0, false, HALF, 1, 1},
	  {A, ACK, 1, 1, 0, false, DONE, 1, 1},
	  {B, FIN | ACK, 0, 1, 0, false, DONE, 1, 1},
	  STOP}},
	{"a FIN with a gap before it",
	 {{A, FIN | ACK, 100, 0, 10, false, HALF, 111, 0},
	  {B, ACK, 0, 0, 0, false, HALF, 0, 0},
	  {A, ACK, 0, 0, 100, false, HALF, 111, 0},
	  {B, FIN | ACK, 0, 111, 0, false, HALF, 1, 111},
	  {A, ACK, 111, 1, 0, false, DONE, 111, 1},
	  STOP}},
	{"FINs of somebody else, that both ends go on behind",
	 {{A, FIN | ACK, 50, 0, 0, false, HALF, 51, 0},
	  {B, FIN | ACK, 50, 0, 0, false, HALF, 51, 0},
	  {A, ACK, 0, 0, 500, false, HALF, 500, 0},
	  {B, ACK, 0, 500, 500, false, HALF, 500, 500},
	  {A, ACK, 500, 500, 10, false, HALF, 510, 500},
	  {A, FIN | ACK, 510, 500, 0, false, HALF, 511, 500},
	  {B, FIN | ACK, 500, 511, 0, false, HALF, 501, 511},
	  {A, ACK, 511, 501, 0, false, DONE, 511, 501},
	  STOP}},
	{"an acknowledgement damaged into data behind a FIN",
	 {{A, FIN | ACK, 0, 0, 10, false, HALF, 11, 0},
	  {B, ACK, 0, 11, 500, false, HALF, 500, 11},
	  {A, ACK, 11, 500, 12, true, HALF, 11, 500},
	  {B, FIN | ACK, 500, 11, 0, false, HALF, 501, 11},
	  {A, ACK, 11, 501, 0, false, DONE, 11, 501},
	  STOP}},
	{"FINs that do not count",
	 {{A, FIN | ACK, 0, 0, 0, true, EST, 0, 0},
	  {A, FIN | ACK, GRANT_B + 500, 0, 0, false, EST, 0, 0},
	  {A, FIN | ACK, NEG(500), 0, 0, false, EST, 0, 0},
	  {A, FIN | ACK, 0x40000000, 0, 0, false, EST, 0, 0},
	  STOP}},

	{"RST at the expected number",
	 {{A, RST, 0, 0, 0, false, GONE, 0, 0}, {A, ACK, 0, 0, 0, false, GONE, 0, 0}, STOP}},
	{"RST at what was acknowledged last",
	 {{A, ACK, 0, 0, 300, false, EST, 300, 0},
	  {B, ACK, 0, 300, 0, false, EST, 0, 300},
	  {A, RST | ACK, 300, 0, 0, false, GONE, 300, 0},
	  STOP}},
	{"RST ahead of what was acknowledged, and nothing more",
	 {{A, ACK, 0, 0, 300, false, EST, 300, 0},
	  {A, RST | ACK, 300, 0, 0, false, PEND, 300, 0},
	  {B, ACK, 0, 0, 100, false, PEND, 100, 0},
	  STOP}},
	{"RST behind what is outstanding, then its end goes on",
	 {{A, ACK, 0, 0, 10, false, EST, 10, 0},
	  {A, RST | ACK, 10, 0, 0, false, PEND, 10, 0},
	  {A, ACK, 0, 0, 10, false, EST, 10, 0},
	  STOP}},
	{"RST behind what is outstanding after a FIN, then its end goes on",
	 {{A, FIN | ACK, 0, 0, 10, false, HALF, 11, 0},
	  {B, ACK, 0, 11, 500, false, HALF, 500, 11},
	  {B, RST | ACK, 500, 0, 0, false, PEND, 500, 11},
	  {B, ACK, 0, 11, 0, false, HALF, 500, 11},
	  STOP}},
	{"RST behind what is outstanding, then the one that was asked for",
	 {{A, ACK, 0, 0, 10, false, EST, 10, 0},
	  {A, RST | ACK, 10, 0, 0, false, PEND, 10, 0},
	  {B, ACK, 0, 5, 0, false, PEND, 0, 5},
	  {A, RST, 5, 0, 0, false, GONE, 10, 0},
	  STOP}},
	{"RSTs that sweep the windows of an idle session",
	 {{A, RST, 1, 0, 0, false, EST, 0, 0},
	  {B, RST, 1, 0, 0, false, EST, 0, 0},
	  {A, RST | ACK, 10, 0, 0, false, EST, 0, 0},
	  {A, RST, GRANT_B, 0, 0, false, EST, 0, 0},
	  {B, RST, GRANT_A - 1, 0, 0, false, EST, 0, 0},
	  {A, ACK, 0, 0, 10, false, EST, 10, 0},
	  STOP}},
	{"RSTs that sweep what is outstanding",
	 {{A, ACK, 0, 0, 300, false, EST, 300, 0},
	  {A, RST, 1, 0, 0, false, EST, 300, 0},
	  {A, RST, 299, 0, 0, false, EST, 300, 0},
	  {A, RST, 301, 0, 0, false, EST, 300, 0},
	  {B, ACK, 0, 300, 0, false, EST, 0, 300},
	  STOP}},
	{"RSTs that sweep a half-closed session",
	 {{A, FIN | ACK, 0, 0, 10, false, HALF, 11, 0},
	  {B, ACK, 0, 11, 0, false, HALF, 0, 11},
	  {A, RST, 12, 0, 0, false, HALF, 11, 0},
	  {B, RST, 500, 0, 0, false, HALF, 0, 11},
	  STOP}},
	{"RSTs that do not count",
	 {{A, RST, GRANT_B + 1, 0, 0, false, EST, 0, 0},
	  {A, RST, NEG(1), 0, 0, false, EST, 0, 0},
	  {A, RST, 0x7fffffff, 0, 0, false, EST, 0, 0},
	  {A, RST, 0, 0, 0, true, EST, 0, 0},
	  {A, RST, 10, 0, 0, true, EST, 0, 0},
	  STOP}},
	{"RST after the end changes nothing",
	 {{B, FIN | ACK, 0, 0, 0, false, HALF, 1, 0},
	  {A, FIN | ACK, 0, 1, 0, false, HALF, 1, 1},
	  {B, ACK, 1, 1, 0, false, DONE, 1, 1},
	  {A, RST, 1, 0, 0, false, DONE, 1, 1},
	  STOP}},
	{"SYNs are for the ends to judge",
	 {{A, SYN, 0, 0, 0, false, EST, 0, 0},
	  {A, SYN, 12345, 0, 0, false, EST, 0, 0},
	  {B, SYN | ACK, 0, 0, 0, false, EST, 0, 0},
	  STOP}},
};

struct bases {
	uint32_t r_a, s_a, r_b, s_b;
};

static struct leg_report alice_at(const struct bases *at)
{
	struct leg_report r = report_alice();

	r.rcv_nxt = at->r_a;
	r.snd_nxt = at->s_a;
	return r;
}

static struct leg_report bob_at(const struct bases *at)
{
	struct leg_report r = report_bob();

	r.rcv_nxt = at->r_b;
	r.snd_nxt = at->s_b;
	return r;
}

static struct segment segment_of(const struct step *step, const struct bases *at)
{
	struct segment s = segment_plain();

	if (step->from == B) {
		s.src = BOB_ADDR;
		s.src_port = BOB_PORT;
	}
	s.flags = step->flags;
	s.seq = step->seq + (step->from == A ? at->r_a : at->r_b);
	s.ack = step->flags & ACK ? step->ack + (step->from == A ? at->s_a : at->s_b) : 0;
	s.window = step->from == A ? WINDOW_A : WINDOW_B;
	s.n_payload = step->payload;
	s.bad_tcp = step->bad;
	return s;
}

static void run_script(const struct script *script, const struct bases *at)
{
	struct leg_report a = alice_at(at), b = bob_at(at);
	struct flow_rig rig;
	uint32_t slot, i;
	uint64_t flow;

	flow_rig_init(&rig, 1);
	flow = flow_rig_insert(&rig, &a, &b);
	slot = flow_table_slot(&rig.t, flow);
	for (i = 0; script->steps[i].from != END; i++) {
		const struct step *step = &script->steps[i];
		const struct flow_track *track = &rig.t.tracks[slot + step->from];
		struct segment s = segment_of(step, at);
		struct packet p = segment_packet(&s);
		enum flow_state was = *flow_state_of(&rig.t, slot);
		struct flow_status status;

		track_packet(&rig.t, slot + step->from, &p, 100 + i);
		rte_pktmbuf_free(p.m);
		assert_int_equal(flow_table_status(&rig.t, flow, &status), 0);
		if (status.state != step->state)
			fail_msg("%s, step %u: state %d, not %d", script->name, i, status.state,
				 step->state);
		if (status.state != was && (uint32_t)status.state_since_ms != 100 + i)
			fail_msg("%s, step %u: time of the change", script->name, i);
		if ((uint32_t)status.last_packet_ms != 100 + i)
			fail_msg("%s, step %u: time of the packet", script->name, i);
		if (track->seq_hi != step->seq_hi + (step->from == A ? at->r_a : at->r_b))
			fail_msg("%s, step %u: seq_hi", script->name, i);
		if (track->ack_hi != step->ack_hi + (step->from == A ? at->s_a : at->s_b))
			fail_msg("%s, step %u: ack_hi", script->name, i);
	}
	flow_rig_fini(&rig);
}

static void all_scripts(void **state)
{
	static const struct bases bases[] = {
		{5000, 1000, 90000, 20000},
		{0, 0, 0, 0},
		{NEG(1), NEG(1), NEG(1), NEG(1)},
		{NEG(50), 7, NEG(205), 0x7fffffff},
		{0x80000000, NEG(300), 0x7ffffff0, NEG(11)},
	};
	unsigned int i, j;

	(void)state;
	for (i = 0; i < RTE_DIM(scripts); i++) {
		for (j = 0; j < RTE_DIM(bases); j++)
			run_script(&scripts[i], &bases[j]);
	}
	fixture_assert_no_leak();
}

static void random_bases(void **state)
{
	unsigned int i, j;

	(void)state;
	fixture_seed();
	for (j = 0; j < 100; j++) {
		const struct bases at = {(uint32_t)fixture_random(), (uint32_t)fixture_random(),
					 (uint32_t)fixture_random(), (uint32_t)fixture_random()};

		for (i = 0; i < RTE_DIM(scripts); i++)
			run_script(&scripts[i], &at);
	}
	fixture_assert_no_leak();
}

static void counts_and_window(void **state)
{
	struct leg_report a = report_alice(), b = report_bob();
	struct segment s = segment_plain();
	struct flow_status status;
	struct flow_rig rig;
	uint64_t flow;
	uint32_t slot, i;

	(void)state;
	flow_rig_init(&rig, 1);
	flow = flow_rig_insert(&rig, &a, &b);
	slot = flow_table_slot(&rig.t, flow);
	s.seq = 5000;
	s.ack = 1000;
	s.n_payload = 10;
	for (i = 0; i < 3; i++) {
		struct packet p;

		s.window = (uint16_t)(600 - i); /* a shrinking window does not take back the edge */
		p = segment_packet(&s);
		track_packet(&rig.t, slot, &p, 50 + i);
		rte_pktmbuf_free(p.m);
	}
	assert_int_equal(flow_table_status(&rig.t, flow, &status), 0);
	assert_int_equal(status.packets[0], 3);
	assert_int_equal(status.packets[1], 0);
	assert_int_equal(status.bytes[0], 30);
	assert_int_equal((uint32_t)status.last_packet_ms, 52);
	assert_int_equal(rig.t.tracks[slot].window, 598);
	assert_int_equal(rig.t.tracks[slot].edge, 1000 + (600 << 7));
	flow_rig_fini(&rig);
}

/* --- timestamps of legs unlike each other --- */

/* At which TSval bob's first timestamp stands, when the splice began, and when segments leave; what
 * they carry counts from the first. */
static void made_up_timestamps(void **state)
{
	static const struct {
		uint32_t t;
		uint64_t began;
	} starts[] = {
		{3000, 100000},		  {0xfffffffe, 100000},
		{3000, 0xffffffff}, /* ms wrap */
		{0x7fffffff, 0x80000000}, {0, 1000},
	};
	static const struct {
		int64_t after;
		uint32_t want;
	} steps[] = {
		{-1, 0}, /* a worker's clock that lags */
		{0, 0},	 {-500, 0},	     {3, 3},	     {2, 3}, {3, 3},
		{4, 4},	 {1000000, 1000000}, {999, 1000000},
	};
	unsigned int i, j;

	(void)state;
	for (i = 0; i < RTE_DIM(starts); i++) {
		struct leg_report a = report_alice(), b = report_bob();
		struct flow_rig rig;
		uint32_t slot;

		a.options &= (uint8_t)~LEG_TIMESTAMPS;
		b.ts_const = starts[i].t;
		flow_rig_init(&rig, 1);
		rig.now_ms = starts[i].began;
		slot = flow_table_slot(&rig.t, flow_rig_insert(&rig, &a, &b));
		for (j = 0; j < RTE_DIM(steps); j++) {
			uint64_t now = starts[i].began + (uint64_t)steps[j].after;

			assert_int_equal(track_tsval(&rig.t, slot, now),
					 (uint32_t)(starts[i].t + steps[j].want));
		}
		flow_rig_fini(&rig);
	}
}

/* RFC 7323 4.3. */
static void timestamps_to_echo(void **state)
{
	static const struct {
		const char *name;
		enum side from;
		uint8_t flags;
		uint32_t seq, ack;
		unsigned int payload;
		int tsval; /* 0: none */
		bool bad;
		int echo;
	} steps[] = {
		{"in order", A, ACK, 0, 0, 100, 20, false, 20},
		{"ahead of what bob acknowledged", A, ACK, 100, 0, 100, 25, false, 20},
		{"bob acknowledges", B, ACK, 0, 200, 0, 0, false, 20},
		{"in order again", A, ACK, 200, 0, 10, 30, false, 30},
		{"a retransmission of what he has", A, ACK, 100, 0, 100, 35, false, 35},
		{"an old segment, late", A, ACK, 0, 0, 100, 33, false, 35},
		{"a keep-alive", A, ACK, 199, 0, 0, 40, false, 40},
		{"a pure ACK", A, ACK, 200, 0, 0, 41, false, 41},
		{"damaged", A, ACK, 200, 0, 10, 900000, true, 41},
		{"without timestamps", A, ACK, 200, 0, 10, 0, false, 41},
		{"a FIN", A, FIN | ACK, 200, 0, 10, 44, false, 44},
		{"a SYN", A, SYN, 200, 0, 0, 50, false, 44},
		{"blind, far behind", A, ACK, 0xc0000000, 0, 10, 60, false, 44},
		{"blind, far ahead", A, ACK, 0x40000000, 0, 10, 60, false, 44},
		{"a RST", A, RST | ACK, 200, 0, 0, 70, false, 44},
	};
	static const uint32_t bases[] = {0, 0xffffffe0, 0x7ffffff0};
	unsigned int i, j;

	(void)state;
	for (j = 0; j < RTE_DIM(bases); j++) {
		struct leg_report a = report_alice(), b = report_bob();
		const struct bases at = {a.rcv_nxt, a.snd_nxt, b.rcv_nxt, b.snd_nxt};
		struct flow_rig rig;
		uint32_t slot;

		a.ts_recent = bases[j] + 12;
		b.options &= (uint8_t)~LEG_TIMESTAMPS;
		flow_rig_init(&rig, 1);
		slot = flow_table_slot(&rig.t, flow_rig_insert(&rig, &a, &b));
		assert_int_equal(track_tsecr(&rig.t, slot + 1), a.ts_recent);
		for (i = 0; i < RTE_DIM(steps); i++) {
			struct step step = {steps[i].from,
					    steps[i].flags,
					    steps[i].seq,
					    steps[i].ack,
					    steps[i].payload,
					    false,
					    FLOW_ESTABLISHED,
					    0,
					    0};
			struct segment s = segment_of(&step, &at);
			struct packet p;

			s.bad_tcp = steps[i].bad;
			if (steps[i].tsval != 0)
				segment_timestamps(&s, bases[j] + (uint32_t)steps[i].tsval, 0);
			p = segment_packet(&s);
			track_packet(&rig.t, slot + steps[i].from, &p, 100);
			rte_pktmbuf_free(p.m);
			if (track_tsecr(&rig.t, slot + 1) != bases[j] + (uint32_t)steps[i].echo)
				fail_msg("%s: echo %u", steps[i].name,
					 track_tsecr(&rig.t, slot + 1) - bases[j]);
		}
		flow_rig_fini(&rig);
	}
	fixture_assert_no_leak();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_scripts),	      cmocka_unit_test(random_bases),
		cmocka_unit_test(counts_and_window),  cmocka_unit_test(made_up_timestamps),
		cmocka_unit_test(timestamps_to_echo),
	};

	return cmocka_run_group_tests_name("track", tests, fixture_eal, fixture_eal_end);
}

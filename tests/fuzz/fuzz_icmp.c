/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors about the packets of one flow, between any families, through a whole worker.  An input
 * is the flow (struct shape) and a program: each step is a byte of `enum step` and what belongs to
 * it.  The ends talk, and routers beside them quote what the relay sent, with changes: cut, in
 * extended messages, inside of other quotes, with bytes of the quote or the message turned.
 *
 * For each frame in, one frame leaves at most, and it is counted as passed on, as the kernel's or
 * as dropped.  Errors never change what is known of a flow.  What is passed on is about a segment
 * that is outstanding, and an error with nothing wrong about it is passed on.
 */
#include "frame_check.h"
#include "fuzz_rig.h"
#include "icmp_fixture.h"

#define STEPS_MAX 100
#define KEPT	  4 /* packets that the relay sent a side */
#define EDITS_MAX 4
#define WINDOW	  50000 /* less than either end grants */

enum step {
	STEP_SPEAK,
	STEP_ACK, /* of all there is */
	STEP_ERROR,
	STEP_FRAME,
	STEP_TIME,
	STEPS
};

struct shape {
	uint8_t ends; /* bits 0 and 1: IPv6; 2 and 3: no timestamps; 4: port 0 has a VLAN */
	uint8_t mss;  /* of both, in eights over the least; 0: 1460 */
};

/* What the relay sent: an IP packet, and how much payload it was made of. */
struct kept {
	struct bytes sent;
	unsigned int payload;
};

enum flaw {
	FLAW_SUM = 1 << 0,	/* nobody repairs the checksum */
	FLAW_MESSAGE = 1 << 1,	/* edits anywhere in the packet, not only in the quote */
	FLAW_NESTED = 1 << 2,	/* what is quoted is an error itself */
	FLAW_EXTENDED = 1 << 3, /* with extension objects, RFC 4884 */
	FLAW_CHAIN = 1 << 4,	/* in two mbufs: no flaw */
};

/* The error of a router beside `side` & 1. */
struct said {
	uint8_t side, which, kind, code;
	uint32_t word;
	uint16_t quoted; /* bytes; 0: all */
	uint8_t flaws, edits;
};

struct counts {
	uint64_t dropped, kernel, passed, too_big, relayed;
};

static struct path path;
static struct kept kept[2][KEPT];
static unsigned int n_kept[2];
static uint32_t spoken[2], acked[2]; /* bytes by the side; of those by the other */

/* --- what there is to count --- */

static struct counts count(void)
{
	return (struct counts){
		.dropped = fuzz_rig_dropped(),
		.kernel = fuzz_stats()->exception_rx,
		.passed = fuzz_stats()->icmp_errors[ICMP_ERROR_TRANSLATED],
		.too_big = fuzz_stats()->icmp_errors[ICMP_ERROR_TOO_BIG],
		.relayed = fuzz_stats()->relayed_packets,
	};
}

static struct counts since(const struct counts *then)
{
	struct counts now = count();

	return (struct counts){now.dropped - then->dropped, now.kernel - then->kernel,
			       now.passed - then->passed, now.too_big - then->too_big,
			       now.relayed - then->relayed};
}

static unsigned int kernel_takes(void)
{
	unsigned int n = 0;
	struct rte_mbuf *m;

	for (unsigned int port = 0; port < RIG_PORTS; port++) {
		for (; (m = rig_kernel_takes(port)) != NULL; n++)
			rte_pktmbuf_free(m);
	}
	return n;
}

static void round_done(void)
{
	rig_round();
	rte_rcu_qsbr_quiescent(rig.flows.readers, 0);
}

/* --- the ends talk --- */

static void keep(unsigned int side, struct rte_mbuf *m, unsigned int payload)
{
	struct kept *k = &kept[side][n_kept[side]++ % KEPT];
	uint8_t copy[FRAME_MAX];
	struct frame_view v;

	CHECK(frame_look(rte_pktmbuf_read(m, 0, m->pkt_len, copy), m->pkt_len, &v));
	CHECK(frame_ip_residue(&v) == 0xffff && frame_tcp_residue(&v) == 0xffff);
	k->payload = payload;
	k->sent.n = v.end - v.ip;
	memcpy(k->sent.at, v.frame + v.ip, k->sent.n);
	rte_pktmbuf_free(m);
}

/* Whatever of a segment came: pieces at the other end, or an error where it came from. */
static void take_relayed(unsigned int side, unsigned int payload)
{
	const struct counts then = count();
	unsigned int pieces = 0;
	struct counts now;
	struct rte_mbuf *m;

	round_done();
	now = since(&then);
	while ((m = rig_take(side ^ 1)) != NULL) {
		keep(side ^ 1, m, payload);
		pieces++;
	}
	if (now.too_big > 0)
		path_answer(&path, side, rig_take(side));
	CHECK(pieces == now.relayed && now.too_big <= 1 && (pieces == 0 || now.too_big == 0));
	CHECK(pieces > 0 || now.dropped == 1);
	rig_silence();
}

static void put_ethernet(unsigned int side, uint8_t *frame)
{
	memcpy(frame, &port_mac[side], 6);
	memcpy(frame + 6, side ? &bob_mac : &alice_mac, 6);
	frame_put16(frame + 12, path.ends[side].v6 ? 0x86dd : 0x0800);
}

static void allow_fragments(uint8_t *ip)
{
	frame_put16(ip + 6, 0);
	frame_put16(ip + 10, 0);
	frame_put16(ip + 10, (uint16_t)~frame_sum(ip, 20, 0));
}

/* New bytes, or those again that are not acknowledged; never beyond the window. */
static void step_speak(struct input *in)
{
	uint8_t how = input_u8(in);
	unsigned int side = how & 1, payload = input_u16(in) % 1400;
	uint32_t at = how & 4 ? acked[side] : spoken[side];
	uint8_t frame[FRAME_MAX + 14];
	struct bytes p;

	if (at + payload - acked[side] > WINDOW)
		return;
	p = path_packet(&path, side, at, payload);
	put_ethernet(side, frame);
	memcpy(frame + 14, p.at, p.n);
	if (how & 2 && !path.ends[side].v6)
		allow_fragments(frame + 14);
	rig_send_frame(side, fuzz_mbuf_two(frame, 14 + p.n, how & 8 ? 100 : 0));
	take_relayed(side, payload);
	if (at + payload > spoken[side])
		spoken[side] = at + payload;
}

static void step_ack(struct input *in)
{
	unsigned int side = input_u8(in) & 1;
	struct path later = path;
	struct bytes p;

	later.ends[side].expect += spoken[side ^ 1];
	p = path_packet(&later, side, spoken[side], 0);
	rig_send_frame(side, path_frame(side, path.ends[side].v6, &p));
	take_relayed(side, 0);
	acked[side ^ 1] = spoken[side ^ 1];
}

/* --- routers complain --- */

static const uint8_t kinds4[] = {ICMP4_UNREACHABLE, ICMP4_TIME, ICMP4_PARAMETER, ICMP4_REDIRECT};
static const uint8_t kinds6[] = {ICMP6_UNREACHABLE, ICMP6_TOO_BIG, ICMP6_TIME, ICMP6_PARAMETER};

static struct message message_of(const struct said *s, bool v6)
{
	uint8_t kind = v6 ? kinds6[s->kind % sizeof(kinds6)] : kinds4[s->kind % sizeof(kinds4)];

	return (struct message){s->kind & 0x80 ? s->kind : kind, s->code, s->word};
}

/* RFC 4884: pad the quote, tell its length, and put a structure of one object behind it. */
static void extend(const struct said *s, struct message *said, struct bytes *quote)
{
	unsigned int unit = path.ends[s->side & 1].v6 ? 8 : 4, shift = unit == 8 ? 24 : 16, n;
	uint8_t extension[16] = {0x20, 0, 0, 0, 0, 12, s->code, 1, 1, 2, 3, 4, 5, 6, 7, 8};

	n = quote->n < 128 ? 128 : quote->n + (0U - quote->n) % unit;
	if (n / unit > UINT8_MAX)
		n = UINT8_MAX * unit;
	if (n > quote->n)
		memset(quote->at + quote->n, 0, n - quote->n);
	frame_put16(extension + 2, (uint16_t)~frame_sum(extension, sizeof(extension), 0));
	memcpy(quote->at + n, extension, sizeof(extension));
	quote->n = n + (unsigned int)sizeof(extension);
	said->word = (said->word & ~(UINT32_C(0xff) << shift)) | n / unit << shift;
}

static void edit(struct input *in, struct bytes *b, unsigned int n_edits)
{
	for (; n_edits > 0 && b->n > 0; n_edits--) {
		unsigned int at = input_u16(in) % b->n;

		b->at[at] ^= input_u8(in);
	}
}

/* The message, an IP packet. */
static struct bytes build_error(struct input *in, const struct said *s, const struct kept *k)
{
	unsigned int side = s->side & 1, n_edits = s->edits % (EDITS_MAX + 1);
	struct message said = message_of(s, path.ends[side].v6);
	bool v6 = path.ends[side].v6;
	struct bytes quote = k->sent, error;

	if (s->quoted != 0 && s->quoted < quote.n)
		quote.n = s->quoted;
	if (s->flaws & FLAW_NESTED)
		quote = path_error(&path, side, said, quote.at, quote.n);
	if (!(s->flaws & FLAW_MESSAGE))
		edit(in, &quote, n_edits);
	if (s->flaws & FLAW_EXTENDED)
		extend(s, &said, &quote);
	error = path_error(&path, side, said, quote.at, quote.n);
	if (s->flaws & FLAW_MESSAGE)
		edit(in, &error, n_edits);
	if (!(s->flaws & FLAW_SUM))
		error_seal(v6, &error);
	return error;
}

/* Nothing is wrong with it, and both families have a word for it. */
static bool is_honest(const struct said *s, const struct kept *k, const struct bytes *error)
{
	unsigned int side = s->side & 1, header = ip_header(path.ends[side].v6);
	struct message said = message_of(s, path.ends[side].v6);
	const uint8_t *quoted = error->at + header + 8;
	uint32_t seq = frame_get32(quoted + header + 4) - path.ends[side].expect;

	return (s->flaws & ~(FLAW_CHAIN | FLAW_EXTENDED)) == 0 && s->edits % (EDITS_MAX + 1) == 0 &&
	       (s->quoted == 0 || s->quoted >= header + 8) && k->payload > 0 &&
	       said.type == (path.ends[side].v6 ? ICMP6_UNREACHABLE : ICMP4_UNREACHABLE) &&
	       said.code == 0 && said.word == 0 && seq >= acked[side ^ 1] && seq < spoken[side ^ 1];
}

/* The sums of an error as it came in. */
static bool sums_good(bool v6, const struct bytes *e)
{
	unsigned int header = v6 ? 40 : (e->at[0] & 15U) * 4, n;
	uint16_t sum;

	n = (v6 ? 40U + frame_get16(e->at + 4) : frame_get16(e->at + 2)) - header;
	sum = v6 ? frame_pseudo_sum(true, e->at, 58, n) : 0;
	return header + n <= e->n && frame_sum(e->at + header, n, sum) == 0xffff &&
	       (v6 || frame_sum(e->at, header, 0) == 0xffff);
}

/* The offset of TCP in a quote by its own words. */
static unsigned int quoted_header(bool v6, const uint8_t *quote)
{
	return v6 ? 40 : (quote[0] & 15U) * 4;
}

/* What was passed on to `side` is about what it sent, and has of the message what it must have. */
static void check_passed(unsigned int side, const struct answer *a, const struct bytes *error)
{
	const struct end *end = &path.ends[side], *other = &path.ends[side ^ 1];
	unsigned int header = quoted_header(end->v6, a->quote.at), n;
	unsigned int in = ip_header(other->v6) + 8;
	const uint8_t *tcp = a->quote.at + header, *ip = a->quote.at;
	uint32_t seq;

	CHECK(a->quote.n + 8 + ip_header(end->v6) <= (end->v6 ? 1280 : 576));
	CHECK(a->quote.n >= header + 8 && ip[0] >> 4 == (end->v6 ? 6 : 4));
	CHECK(memcmp(ip + (end->v6 ? 8 : 12), end->addr, end->v6 ? 16 : 4) == 0);
	CHECK(memcmp(ip + (end->v6 ? 24 : 16), end->relay, end->v6 ? 16 : 4) == 0);
	CHECK(ip[end->v6 ? 6 : 9] == 6 && (end->v6 || frame_sum(ip, header, 0) == 0xffff));
	CHECK(frame_get16(tcp) == end->port && frame_get16(tcp + 2) == RELAY_PORT);
	seq = frame_get32(tcp + 4) - end->sent;
	CHECK(seq >= acked[side] && seq < spoken[side]);
	if (end->v6 ? a->said.type == ICMP6_TOO_BIG
		    : a->said.type == ICMP4_UNREACHABLE && a->said.code == ICMP4_FRAG_NEEDED)
		CHECK(a->said.word >= (end->v6 ? 1280 : 552));
	/* What lies behind the numbers that are shifted is as it came. */
	in += quoted_header(other->v6, error->at + in);
	n = a->quote.n - header;
	if (n > 20)
		CHECK(memcmp(tcp + 20, error->at + in + 20, n - 20) == 0);
}

/* The error's frame goes in; what comes out? */
static void complain(const struct said *s, const struct bytes *error, bool honest)
{
	const struct counts then = count();
	unsigned int side = s->side & 1;
	const struct flow_track *track =
		&rig.flows.t.tracks[flow_table_slot(&rig.flows.t, path.flow)];
	struct flow_track tracks[2];
	uint8_t frame[FRAME_MAX + 14];
	struct counts now;
	struct answer a;

	memcpy(tracks, track, sizeof(tracks));
	put_ethernet(side, frame);
	memcpy(frame + 14, error->at, error->n);
	rig_send_frame(side, fuzz_mbuf_two(frame, 14 + error->n, s->flaws & FLAW_CHAIN ? 64 : 0));
	round_done();
	now = since(&then);
	CHECK(now.dropped + now.kernel + now.passed == 1 && now.too_big + now.relayed == 0);
	CHECK(kernel_takes() == now.kernel && (now.passed == 1 || !honest));
	if (now.passed == 1) {
		CHECK(sums_good(path.ends[side].v6, error));
		a = path_answer(&path, side ^ 1, rig_take(side ^ 1));
		check_passed(side ^ 1, &a, error);
	}
	rig_silence();
	CHECK(memcmp(tracks, track, sizeof(tracks)) == 0);
}

static void step_error(struct input *in)
{
	const struct kept *k;
	struct bytes error;
	struct said s;

	input_bytes(in, &s, sizeof(s));
	if (n_kept[s.side & 1] == 0)
		return;
	k = &kept[s.side & 1][s.which % (n_kept[s.side & 1] < KEPT ? n_kept[s.side & 1] : KEPT)];
	error = build_error(in, &s, k);
	complain(&s, &error, is_honest(&s, k, &error));
}

/* --- anything else --- */

/* Any bytes as an IP packet, with what the fuzzer cannot be asked to guess. */
static void step_frame(struct input *in)
{
	uint8_t how = input_u8(in);
	struct said s = {.side = how & 1, .flaws = how >> 4 & FLAW_CHAIN};
	bool v6 = path.ends[s.side].v6;
	size_t n = input_u16(in) % 1400;
	uint8_t *bytes = input_take(in, &n);
	struct bytes p = {.n = (unsigned int)n};

	memcpy(p.at, bytes, n);
	free(bytes);
	if (p.n < ip_header(v6) + 8)
		return;
	p.at[v6 ? 6 : 9] = v6 ? 58 : 1;
	if (how & 2)
		frame_put16(p.at + (v6 ? 4 : 2), (uint16_t)(p.n - (v6 ? 40 : 0)));
	if (!v6 && how & 4) {
		p.at[0] = 0x45;
		allow_fragments(p.at);
	}
	if (how & 8)
		error_seal(v6, &p);
	complain(&s, &p, false);
}

/* Nothing happens by itself. */
static void step_time(struct input *in)
{
	*fuzz_now_ms() += input_u16(in);
	round_done();
	rig_silence();
}

static void run(struct input *in)
{
	static void (*const steps[STEPS])(struct input *) = {
		[STEP_SPEAK] = step_speak, [STEP_ACK] = step_ack,   [STEP_ERROR] = step_error,
		[STEP_FRAME] = step_frame, [STEP_TIME] = step_time,
	};

	for (unsigned int i = 0; i < STEPS_MAX && in->left > 0; i++)
		steps[input_u8(in) % STEPS](in);
}

static void make_path(const struct shape *shape)
{
	path = path_make(shape->ends & 1, shape->ends & 2);
	for (unsigned int side = 0; side < 2; side++) {
		if (shape->ends >> side & 4)
			path_without_timestamps(&path, side);
		if (shape->mss != 0)
			path_set_mss(&path, side, (uint16_t)(88 + shape->mss * 8));
	}
	memset(n_kept, 0, sizeof(n_kept));
	memset(spoken, 0, sizeof(spoken));
	memset(acked, 0, sizeof(acked));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig_mix tagged = {false, false, {100, 0}, {0, 0}};
	struct input in = {data, size};
	struct shape shape;

	input_bytes(&in, &shape, sizeof(shape));
	fuzz_rig_start(shape.ends & 0x10 ? &tagged : NULL);
	make_path(&shape);
	run(&in);
	CHECK(flow_table_remove(&rig.flows.t, path.flow) == 0);
	fuzz_rig_end();
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN cookies through a whole worker.  An input is a byte that says whether they are in force from
 * the start and whether port 0 has a VLAN, and a program of steps: SYNs with any options, floods,
 * ACKs that bring back what they were sent or something else, time for secrets to change,
 * challenges.
 *
 * A SYN answered by a cookie leaves nothing behind; an ACK with a good cookie that is not too old
 * makes a leg with the numbers of its SYN, and none other does.  28 bits may be right by chance: it
 * is let pass once an input.
 */
#include "frame_check.h"
#include "fuzz_rig.h"
#include "seq.h"

#define STEPS_MAX 100
#define ATTEMPTS  16
#define LEGS_MAX  1000 /* ids of one input */

enum step { STEP_SYN, STEP_ACK, STEP_FLOOD, STEP_TIME, STEP_CHALLENGE, STEP_LEG, STEPS };

/* What a SYN offers, by our own reading. */
struct offered {
	bool timestamps, sack, scale;
	uint16_t mss;
	uint8_t wscale;
	uint32_t tsval;
};

/* A SYN that was answered, and the answer. */
struct attempt {
	bool by_cookie;
	struct segment syn;
	struct offered offered;
	unsigned int port;
	uint32_t cookie, tsval;
	uint64_t period;
};

struct heard {
	struct mailbox_event established;
	unsigned int half_open, n_established, gone;
};

static struct attempt attempts[ATTEMPTS];
static unsigned int n_attempts, n_legs, accidents;
static uint64_t legs[LEGS_MAX];
static uint32_t flood_source;

/* --- what left, and what is told --- */

static unsigned int drain(struct segment *last, unsigned int *port)
{
	struct frame_view v;
	unsigned int n = 0;
	struct rte_mbuf *m;

	for (unsigned int i = 0; i < RIG_PORTS; i++) {
		for (; (m = rig_take(i)) != NULL; n++) {
			CHECK(frame_look(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, &v));
			CHECK(frame_ip_residue(&v) == 0xffff && frame_tcp_residue(&v) == 0xffff);
			CHECK(v.payload == 0 && memcmp(v.frame + 6, &port_mac[i], 6) == 0);
			*last = segment_read(m);
			*port = i;
			rte_pktmbuf_free(m);
		}
		CHECK(rig_kernel_takes(i) == NULL);
	}
	return n;
}

static struct heard hear(void)
{
	struct heard h = {.half_open = 0};
	struct mailbox_event ev;

	while (mailbox_take_events(rig.mb, &ev, 1) == 1) {
		h.half_open += ev.type == MAILBOX_LEG_HALF_OPEN;
		h.gone += ev.type == MAILBOX_LEG_GONE;
		if (ev.type == MAILBOX_LEG_ESTABLISHED) {
			h.n_established++;
			h.established = ev;
		}
		if (ev.type != MAILBOX_LEG_GONE) {
			CHECK(n_legs < LEGS_MAX);
			legs[n_legs++] = ev.id;
		}
	}
	return h;
}

static uint64_t cookies(enum cookie_result result)
{
	return fuzz_stats()->syn_cookies[result];
}

static unsigned int legs_taken(void)
{
	return fuzz_worker()->legs.capacity - fuzz_worker()->legs.n_free;
}

static struct tuple tuple_of(const struct segment *s)
{
	struct four_tuple four = {.peer_port = rte_cpu_to_be_16(s->src_port),
				  .relay_port = rte_cpu_to_be_16(s->dst_port)};

	if (s->v6) {
		four.peer_addr = s->src6;
		four.relay_addr = s->dst6;
	} else {
		tuple_map_v4(&four.peer_addr, rte_cpu_to_be_32(s->src));
		tuple_map_v4(&four.relay_addr, rte_cpu_to_be_32(s->dst));
	}
	return tuple_from_four(&four);
}

static bool has_leg(const struct segment *s)
{
	struct tuple t = tuple_of(s);

	return leg_find(&fuzz_worker()->legs, tuple_hash(&rig.flows.t.seed, &t), &t) != NULL;
}

static void put(unsigned int port, const struct segment *s)
{
	uint8_t frame[2048];

	rig_send_frame(port, fuzz_mbuf(frame, segment_bytes(s, frame)));
	rig_round();
}

/* --- SYNs --- */

/* A peer by number: odd ones speak IPv6, every second two stand at port 1. */
static struct segment peer_syn(unsigned int k)
{
	struct segment s = k & 1 ? segment_plain6() : segment_plain();
	unsigned int port = k >> 1 & 1;

	s.src_mac = port ? bob_mac : alice_mac;
	s.dst_mac = port_mac[port];
	s.src_port = (uint16_t)(40000 + (k >> 5));
	s.dst_port = RELAY_PORT;
	s.flags = SYN;
	if (s.v6) {
		s.src6 = port ? bob6 : alice6;
		s.src6.s6_addr[7] = (uint8_t)(k >> 2 & 7);
		s.dst6 = relay6;
	} else {
		s.src = IPV4(198, 51, 100, 20 + (k >> 1 & 15));
		s.dst = RELAY_ADDR;
	}
	return s;
}

enum shape {
	SHAPE_MSS = 1 << 0,
	SHAPE_SACK = 1 << 1,
	SHAPE_STAMPS = 1 << 2,
	SHAPE_SCALE = 1 << 3,
	SHAPE_ANY = 1 << 4, /* any bytes behind these */
};

/* Well-formed options, for nobody can guess them all, and any. */
static void put_options(struct input *in, struct segment *s)
{
	uint8_t shape = input_u8(in), any[24] = {0}, n = 0;
	uint8_t mss[] = {2, 4, input_u8(in), input_u8(in)}, scale[] = {1, 3, 3, input_u8(in)};

	if (shape & SHAPE_MSS)
		segment_option(s, mss, sizeof(mss));
	if (shape & SHAPE_SACK)
		segment_option(s, (const uint8_t[]){1, 1, 4, 2}, 4);
	if (shape & SHAPE_STAMPS)
		segment_timestamps(s, input_u32(in), 0);
	if (shape & SHAPE_SCALE)
		segment_option(s, scale, sizeof(scale));
	if (shape & SHAPE_ANY) {
		n = input_u8(in) % 5 * 4;
		input_bytes(in, any, n);
		segment_option(s, any, n);
	}
}

static struct offered read_options(const struct segment *s)
{
	struct offered o = {.mss = s->v6 ? 1220 : 536};
	const uint8_t *at = s->options, *end = at + s->n_options;

	while (at < end && *at != 0) {
		unsigned int n = *at == 1 ? 1 : at + 1 < end ? at[1] : 0;

		if (n == 0 || (n < 2 && *at != 1) || n > (size_t)(end - at))
			break;
		if (at[0] == 2 && n == 4) {
			o.mss = frame_get16(at + 2);
		} else if (at[0] == 3 && n == 3) {
			o.scale = true;
			o.wscale = at[2] < 14 ? at[2] : 14;
		} else if (at[0] == 4 && n == 2) {
			o.sack = true;
		} else if (at[0] == 8 && n == 10) {
			o.timestamps = true;
			o.tsval = frame_get32(at + 2);
		}
		at += n;
	}
	return o;
}

/* The numbers and options of the SYN|ACK, where nothing else is kept of them. */
static void check_synack(const struct attempt *t, const struct segment *s)
{
	const struct offered *o = &t->offered;
	struct offered answer = read_options(s);
	uint32_t tsval, tsecr;

	CHECK(s->flags == (SYN | ACK) && s->ack == t->syn.seq + 1 && s->window == 0);
	CHECK(s->dst_port == t->syn.src_port && s->v6 == t->syn.v6 && s->dst == t->syn.src);
	CHECK(memcmp(&s->dst6, &t->syn.src6, sizeof(s->dst6)) == 0);
	CHECK(answer.timestamps == o->timestamps);
	CHECK(answer.sack == (o->timestamps && o->sack));
	CHECK(answer.scale == (o->timestamps && o->scale) && (!answer.scale || answer.wscale == 8));
	CHECK(answer.mss == RIG_MSS - (o->timestamps ? 0 : 12));
	if (o->timestamps)
		CHECK(segment_find_timestamps(s, &tsval, &tsecr) && tsecr == o->tsval);
}

static void step_syn(struct input *in)
{
	struct attempt t = {.syn = peer_syn(input_u8(in))};
	uint64_t sent = cookies(COOKIE_SENT);
	unsigned int n, taken = legs_taken(), port = 0;
	struct segment answer;
	struct heard h;
	uint32_t tsecr;

	t.port = t.syn.dst_mac.addr_bytes[5] - 0x10U;
	t.syn.seq = input_u32(in);
	t.syn.window = input_u16(in);
	t.syn.n_payload = input_u8(in);
	put_options(in, &t.syn);
	t.offered = read_options(&t.syn);
	put(t.port, &t.syn);
	n = drain(&answer, &port);
	h = hear();
	CHECK(n <= 1 && h.n_established == 0);
	t.by_cookie = cookies(COOKIE_SENT) != sent;
	if (t.by_cookie) {
		CHECK(n == 1 && port == t.port && h.half_open == 0);
		CHECK(legs_taken() == taken - h.gone);
		check_synack(&t, &answer);
	}
	if (n == 0 || answer.flags != (SYN | ACK))
		return;
	t.cookie = answer.seq;
	segment_find_timestamps(&answer, &t.tsval, &tsecr);
	t.period = *fuzz_now_ms() / SYNCOOKIE_PERIOD_MS;
	attempts[n_attempts++ % ATTEMPTS] = t;
}

static void step_flood(struct input *in)
{
	unsigned int n = input_u8(in) % 16, port;
	struct segment s = peer_syn(0);

	for (unsigned int i = 0; i < n; i++) {
		uint8_t frame[2048];

		s.src = flood_source++;
		rig_send_frame(0, fuzz_mbuf(frame, segment_bytes(&s, frame)));
	}
	rig_round();
	CHECK(drain(&s, &port) <= n);
	hear();
}

/* --- ACKs --- */

enum flaw {
	FLAW_PROBE = 1 << 0, /* one before R: none */
	FLAW_SEQ = 1 << 1,
	FLAW_ACK = 1 << 2,
	FLAW_FLAGS = 1 << 3,
	FLAW_STAMPS = 1 << 4, /* none */
	FLAW_ECHO = 1 << 5,   /* another: the options are not what they were */
	FLAW_SUM = 1 << 6,
	RETIRE = 1 << 7, /* no flaw: if a leg comes of it, look at its numbers */
};

struct word {
	uint8_t which, flaws;
	int8_t seq;
	uint8_t ack_bit, flags, echo, payload;
	uint16_t window;
};

static struct segment build_ack(const struct attempt *t, const struct word *w)
{
	struct segment s = t->syn;

	s.seq++;
	if (w->flaws & FLAW_PROBE)
		s.seq--;
	if (w->flaws & FLAW_SEQ)
		s.seq += (uint32_t)w->seq;
	s.ack = t->cookie + 1;
	if (w->flaws & FLAW_ACK)
		s.ack = (t->cookie ^ UINT32_C(1) << w->ack_bit % 32) + 1;
	s.flags = w->flaws & FLAW_FLAGS ? w->flags : ACK;
	s.bad_tcp = w->flaws & FLAW_SUM ? 0x5555 : 0;
	s.window = w->window;
	s.n_options = 0;
	s.n_payload = w->payload;
	if (t->offered.timestamps && !(w->flaws & FLAW_STAMPS))
		segment_timestamps(&s, t->offered.tsval + 1,
				   t->tsval ^ (w->flaws & FLAW_ECHO ? w->echo : 0));
	return s;
}

static bool is_good(const struct attempt *t, const struct segment *s)
{
	uint32_t at = s->seq - t->syn.seq;

	return t->by_cookie && at <= 1 && s->ack == t->cookie + 1 && s->bad_tcp == 0 &&
	       (s->flags & (SYN | RST | ACK)) == ACK &&
	       *fuzz_now_ms() / SYNCOOKIE_PERIOD_MS - t->period <= 1;
}

/* The leg's numbers are its SYN's. */
static void check_leg(const struct attempt *t, const struct segment *ack, uint64_t id)
{
	const struct offered *o = &t->offered;
	uint16_t told = o->mss < 88 ? 88 : o->mss;
	struct mailbox_event ev;
	struct leg_report *r = &ev.report;
	uint32_t tsval = 0, tsecr = 0;

	rig_command(MAILBOX_LEG_CLAIM, id);
	rig_command(MAILBOX_LEG_RETIRE, id);
	ev = rig_event(MAILBOX_LEG_RETIRED);
	CHECK(r->snd_nxt == t->cookie + 1);
	CHECK(r->rcv_nxt == ack->seq || r->rcv_nxt == ack->seq + 1);
	CHECK(told >= RIG_MSS ? r->mss == RIG_MSS : r->mss <= told && r->mss >= 88);
	segment_find_timestamps(ack, &tsval, &tsecr);
	CHECK(r->ts_const == tsecr && r->ts_first == tsval && r->window == ack->window);
	if (tsecr != t->tsval)
		return;
	CHECK(!(r->options & LEG_TIMESTAMPS) == !o->timestamps);
	CHECK(!(r->options & LEG_SACK) == !(o->timestamps && o->sack));
	CHECK(!(r->options & LEG_WSCALE) == !(o->timestamps && o->scale));
	CHECK(r->wscale == (o->timestamps && o->scale ? o->wscale : 0));
}

/* Cookies were good, but there was no room for a leg, in all or of its source. */
static uint64_t refused(void)
{
	return rig_dropped(DROP_LEGS) + rig_dropped(DROP_LEGS_SOURCE);
}

static void step_ack(struct input *in)
{
	uint64_t valid = cookies(COOKIE_VALID), no_room = refused();
	struct segment ack, answer;
	const struct attempt *t;
	unsigned int port;
	struct word w;
	bool good, known;
	struct heard h;

	input_bytes(in, &w, sizeof(w));
	if (n_attempts == 0)
		return;
	t = &attempts[w.which % (n_attempts < ATTEMPTS ? n_attempts : ATTEMPTS)];
	ack = build_ack(t, &w);
	known = has_leg(&ack);
	good = is_good(t, &ack);
	put(t->port, &ack);
	CHECK(drain(&answer, &port) <= 1);
	h = hear();
	if (known)
		return;
	valid = cookies(COOKIE_VALID) - valid;
	if (!good && valid == 1)
		CHECK(accidents++ == 0);
	CHECK(valid == 1 || !good);
	/* Without a cookie a SYN may have been refused. */
	CHECK(h.n_established == (valid == 1 ? 1 - (refused() - no_room) : 0));
	CHECK(h.half_open <= 1);
	if (h.n_established == 1) {
		struct tuple a = tuple_of(&ack), b = tuple_from_four(&h.established.tuple);

		CHECK(a.v6 == b.v6 && memcmp(&a.ends, &b.ends, sizeof(a.ends)) == 0);
		if (good && w.flaws & RETIRE)
			check_leg(t, &ack, h.established.id);
	}
}

/* --- the rest --- */

/* Legs end and half-open ones are answered again; nothing else is said. */
static void step_time(struct input *in)
{
	uint16_t t = input_u16(in);
	unsigned int port, before = legs_taken();
	struct segment answer;

	*fuzz_now_ms() += t & 1 ? t >> 1 : (t >> 1) * 4U;
	rig_round();
	CHECK(drain(&answer, &port) <= before);
	hear();
}

static void step_challenge(struct input *in)
{
	unsigned int which = input_u8(in), n, port;
	struct segment
		syn = n_attempts > 0 && which & 0x80
			      ? attempts[which % (n_attempts < ATTEMPTS ? n_attempts : ATTEMPTS)]
					.syn
			      : peer_syn(which),
		answer;
	bool known = has_leg(&syn);
	struct mailbox_command cmd = {.type = MAILBOX_LEG_CHALLENGE};
	uint32_t tsval, tsecr;

	cmd.tuple.peer_port = rte_cpu_to_be_16(syn.src_port);
	cmd.tuple.relay_port = rte_cpu_to_be_16(syn.dst_port);
	if (syn.v6) {
		cmd.tuple.peer_addr = syn.src6;
		cmd.tuple.relay_addr = syn.dst6;
	} else {
		tuple_map_v4(&cmd.tuple.peer_addr, rte_cpu_to_be_32(syn.src));
		tuple_map_v4(&cmd.tuple.relay_addr, rte_cpu_to_be_32(syn.dst));
	}
	CHECK(mailbox_post_command(rig.mb, 0, &cmd));
	rig_round();
	n = drain(&answer, &port);
	CHECK(n <= RIG_PORTS && (n == 0 || (!known && n_attempts + flood_source > 0)));
	if (n > 0)
		CHECK(answer.flags == ACK && answer.n_payload == 0 &&
		      answer.dst_port == syn.src_port && answer.dst == syn.src &&
		      segment_find_timestamps(&answer, &tsval, &tsecr));
	hear();
}

static void reset_leg(uint64_t id)
{
	struct segment answer;
	unsigned int port;

	rig_command(MAILBOX_LEG_RESET, id);
	CHECK(drain(&answer, &port) <= 1);
	hear();
}

static void step_leg(struct input *in)
{
	uint8_t which = input_u8(in);

	if (n_legs > 0)
		reset_leg(legs[which % n_legs]);
}

static void run(struct input *in)
{
	static void (*const steps[STEPS])(struct input *) = {
		[STEP_SYN] = step_syn,
		[STEP_ACK] = step_ack,
		[STEP_FLOOD] = step_flood,
		[STEP_TIME] = step_time,
		[STEP_CHALLENGE] = step_challenge,
		[STEP_LEG] = step_leg,
	};

	for (unsigned int i = 0; i < STEPS_MAX && in->left > 0 && n_legs < LEGS_MAX - 100; i++) {
		steps[input_u8(in) % STEPS](in);
		CHECK(fuzz_stats()->legs[LEG_GAUGE_HALF_OPEN] <= RIG_HALF_OPEN);
		CHECK(fuzz_stats()->legs[LEG_GAUGE_UNCLAIMED] <= RIG_UNCLAIMED);
	}
}

static void wind_up(void)
{
	for (unsigned int i = 0; i < n_legs; i++)
		reset_leg(legs[i]);
	CHECK(legs_taken() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig_mix tagged = {false, false, {100, 0}, {0, 0}};
	struct input in = {data, size};
	uint8_t how = input_u8(&in);

	fuzz_rig_start(how & 2 ? &tagged : NULL);
	n_attempts = n_legs = accidents = 0;
	flood_source = IPV4(203, 0, 113, 0);
	fuzz_worker()->cookies.in_force = how & 1;
	run(&in);
	wind_up();
	fuzz_rig_end();
	return 0;
}

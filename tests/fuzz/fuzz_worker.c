/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole worker, as tests/unit/worker_fixture.h makes it, driven by a program: each step of the
 * input is a byte of `enum step` and what belongs to it.  Frames come as raw bytes or as segments
 * of four small peers, two of each family, that know their numbers, and the bytes of a SOCKS5
 * negotiation; the control thread's part is played with ids it was told.
 *
 * After every step what left has good checksums, the events tell a leg's life in order and the
 * gauges tell the truth; at the end every leg and every mbuf is free again.
 *
 * The one port of the rendezvous range and the one address of its prefix take connections when a
 * command says so, and count theirs.  With an input of odd length port 0 is in a VLAN.
 */
#include "frame_check.h"
#include "fuzz_rig.h"
#include "seq.h"

#define PEERS	  4
#define LEGS_MAX  200 /* ids of one input */
#define STEPS_MAX 400

enum step {
	STEP_SEGMENT,
	STEP_CONNECT, /* SYN and ACK of a peer */
	STEP_SPLICE,  /* all that control does for two legs */
	STEP_COMMAND,
	STEP_TIME,
	STEP_FRAME,
	STEP_KERNEL,
	STEP_FLOW, /* remove one, or reset it */
	STEP_BLOCK,
	STEPS
};

/* The bits of a word's `peer`: which of them, to which service, from which of its ports. */
#define PEER_RENDEZVOUS 0x10
#define PEER_SOCKS5	0x20
#define PEER_PORT	6

#define RENDEZVOUS_PORT 10000
#define LAST_PLACE	RENDEZVOUS_ADDRESSES /* which the one host gets; the port has the first */

/* A peer: odd ones are IPv6, the upper two at port 1.  It counts apart for each service. */
struct far {
	uint32_t isn, nxt, rcv, tsval, tsecr;
};

enum stage { STAGE_NONE, STAGE_HALF_OPEN, STAGE_ESTABLISHED, STAGE_RETIRED, STAGE_GONE };

struct known {
	uint64_t id;
	enum stage stage;
	bool spliced;
	struct leg_report report;
};

enum to { TO_ENDPOINT, TO_SOCKS5, TO_RENDEZVOUS, SERVICES };

static struct far fars[SERVICES][PEERS];
static struct rendezvous_set set;
static struct in6_addr host; /* of the prefix */
static struct known legs[LEGS_MAX];
static uint64_t flows[LEGS_MAX];
static unsigned int n_legs, n_flows;
static bool honest; /* no bad checksum was put in since the last round */

/* --- what left --- */

static unsigned int far_of(const struct frame_view *v)
{
	const uint8_t *ip = v->frame + v->ip;

	return (v->v6 ? ip[39] : ip[19]) - 20U;
}

static enum to service_of(const struct frame_view *v)
{
	const uint8_t *tcp = v->frame + v->tcp;
	unsigned int port = (unsigned int)(tcp[0] << 8 | tcp[1]);

	if (port == RIG_SOCKS5_PORT)
		return TO_SOCKS5;
	if (port == RENDEZVOUS_PORT || (v->v6 && memcmp(v->frame + v->ip + 8, &host, 16) == 0))
		return TO_RENDEZVOUS;
	return TO_ENDPOINT;
}

static void far_hears(struct far *f, const struct frame_view *v)
{
	const uint8_t *tcp = v->frame + v->tcp;
	unsigned int stamps = frame_option(v, 8, 10);

	f->rcv = frame_get32(tcp + 4) + v->payload + !!(tcp[13] & (SYN | FIN));
	if (stamps != 0)
		f->tsecr = frame_get32(v->frame + stamps);
}

static void check_out(struct rte_mbuf *m, unsigned int port, bool from_kernel)
{
	struct frame_view v;
	unsigned int far;

	CHECK(m->nb_segs == 1 && m->data_len == m->pkt_len);
	if (!from_kernel) {
		CHECK(frame_look(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, &v));
		CHECK(memcmp(v.frame + 6, &port_mac[port], 6) == 0);
		CHECK(!honest || frame_ip_residue(&v) == 0xffff);
		CHECK(!honest || frame_tcp_residue(&v) == 0xffff);
		far = far_of(&v);
		if (far < PEERS)
			far_hears(&fars[service_of(&v)][far], &v);
	}
	rte_pktmbuf_free(m);
}

static void drain(bool from_kernel)
{
	struct rte_mbuf *m;
	unsigned int port;

	for (port = 0; port < RIG_PORTS; port++) {
		while ((m = from_kernel ? rig_take_raw(port) : rig_take(port)) != NULL)
			check_out(m, port, from_kernel);
		while ((m = rig_kernel_takes(port)) != NULL)
			rte_pktmbuf_free(m);
	}
}

/* --- what is told --- */

static struct known *find(uint64_t id)
{
	for (unsigned int i = 0; i < n_legs; i++) {
		if (legs[i].id == id)
			return &legs[i];
	}
	return NULL;
}

static void hear(const struct mailbox_event *ev)
{
	struct known *leg = find(ev->id);

	CHECK(ev->worker == 0);
	switch (ev->type) {
	case MAILBOX_LEG_HALF_OPEN:
		CHECK(leg == NULL && n_legs < LEGS_MAX);
		legs[n_legs++] = (struct known){.id = ev->id, .stage = STAGE_HALF_OPEN};
		break;
	case MAILBOX_LEG_ESTABLISHED:
		CHECK(leg != NULL && leg->stage == STAGE_HALF_OPEN);
		leg->stage = STAGE_ESTABLISHED;
		break;
	case MAILBOX_LEG_NAMED:
		CHECK(leg == NULL && n_legs < LEGS_MAX);
		legs[n_legs++] = (struct known){.id = ev->id, .stage = STAGE_ESTABLISHED};
		break;
	case MAILBOX_LEG_RETIRED:
		CHECK(leg != NULL && leg->stage == STAGE_ESTABLISHED);
		leg->stage = STAGE_RETIRED;
		leg->report = ev->report;
		break;
	case MAILBOX_LEG_GONE:
		CHECK(leg != NULL && leg->stage != STAGE_RETIRED && leg->stage != STAGE_GONE);
		CHECK(ev->end < LEG_END_COUNT);
		leg->stage = STAGE_GONE;
		break;
	case MAILBOX_FLOW_RESET_DONE:
	case MAILBOX_FENCED:
		break;
	default:
		CHECK(!"an event of its kind");
	}
}

static void listen_events(void)
{
	struct mailbox_event ev;

	while (mailbox_take_events(rig.mb, &ev, 1) == 1)
		hear(&ev);
}

static void check_gauges(void)
{
	static const int gauge[LEG_STATES] = {
		[LEG_FREE] = -1,
		[LEG_HALF_OPEN] = LEG_GAUGE_HALF_OPEN,
		[LEG_PARKED] = LEG_GAUGE_UNCLAIMED,
		[LEG_CLAIMED] = LEG_GAUGE_CLAIMED,
		[LEG_RETIRED] = LEG_GAUGE_CLAIMED,
		[LEG_OPENING] = -1,
		[LEG_DEAD] = -1,
	};
	const struct leg_table *t = &rig.workers[0].legs;
	uint64_t seen[LEG_GAUGES] = {0};
	uint32_t i, n_free = 0;

	for (i = 0; i < t->capacity; i++) {
		CHECK(t->legs[i].state < LEG_STATES);
		n_free += t->legs[i].state == LEG_FREE;
		if (gauge[t->legs[i].state] >= 0)
			seen[gauge[t->legs[i].state]]++;
	}
	CHECK(n_free == t->n_free);
	CHECK(memcmp(seen, rig_stats()->legs, sizeof(seen)) == 0);
	CHECK(seen[LEG_GAUGE_HALF_OPEN] <= RIG_HALF_OPEN);
	CHECK(seen[LEG_GAUGE_UNCLAIMED] <= RIG_UNCLAIMED);
}

static void check_places(void)
{
	const struct leg_table *t = &rig.workers[0].legs;
	uint32_t at[] = {0, LAST_PLACE}, counted, i;

	for (unsigned int k = 0; k < RTE_DIM(at); k++) {
		for (counted = i = 0; i < t->capacity; i++)
			counted += t->legs[i].state != LEG_FREE && t->legs[i].place == at[k];
		CHECK(counted == set.places[at[k]].legs && counted <= RENDEZVOUS_LEGS);
	}
}

static void round_and_check(bool from_kernel)
{
	rig_round();
	rte_rcu_qsbr_quiescent(rig.flows.readers, 0);
	drain(from_kernel);
	listen_events();
	check_gauges();
	check_places();
}

/* --- frames in --- */

static unsigned int put_ip(uint8_t *f, unsigned int k, unsigned int length)
{
	bool v6 = k & 1;
	uint8_t *ip = f + 14;

	memcpy(f, &port_mac[k >> 1], 6);
	memcpy(f + 6, k >> 1 ? &bob_mac : &alice_mac, 6);
	frame_put16(f + 12, v6 ? 0x86dd : 0x0800);
	if (v6) {
		ip[0] = 0x60;
		frame_put16(ip + 4, (uint16_t)length);
		ip[6] = 6;
		ip[7] = 64;
		memcpy(ip + 8, &relay6, 16);
		ip[23] = (uint8_t)(20 + k);
		memcpy(ip + 24, &relay6, 16);
		return 54;
	}
	ip[0] = 0x45;
	frame_put16(ip + 2, (uint16_t)(20 + length));
	ip[8] = 64;
	ip[9] = 6;
	frame_put32(ip + 12, IPV4(192, 0, 2, 20 + k));
	frame_put32(ip + 16, RELAY_ADDR);
	return 34;
}

/* Options by the bits of `wanted`: MSS, SACK permitted, scale; timestamps; SACK blocks. */
static unsigned int put_options(uint8_t *at, uint8_t wanted, const struct far *f)
{
	const uint8_t syn[] = {2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 1, 1};
	uint8_t *start = at;

	if (wanted & 1) {
		memcpy(at, syn, sizeof(syn));
		at += sizeof(syn);
	}
	if (wanted & 2) {
		memcpy(at, (const uint8_t[]){1, 1, 8, 10}, 4);
		frame_put32(at + 4, f->tsval);
		frame_put32(at + 8, f->tsecr);
		at += 12;
	}
	if (wanted & 4) {
		memcpy(at, (const uint8_t[]){1, 1, 5, 10}, 4);
		frame_put32(at + 4, f->rcv + 100);
		frame_put32(at + 8, f->rcv + 200);
		at += 12;
	}
	return (unsigned int)(at - start);
}

struct word {
	uint8_t peer, flags, options, window;
	int8_t seq, ack; /* beside what would be in order */
	uint8_t payload; /* eight bytes each; to SOCKS5 one */
};

/* What a client of SOCKS5 says, at its place in the stream; payload behind that. */
static void put_negotiation(uint8_t *at, uint32_t place, unsigned int n)
{
	static const uint8_t said[] = "\5\1\0\5\1\0\3\x28"
				      "0123456789abcdef0123456789abcdef01234567\0";

	for (; n-- > 0; place++)
		*at++ = place < sizeof(said) ? said[place] : 'x';
}

static enum to service_meant(const struct word *w)
{
	if (w->peer & PEER_SOCKS5)
		return TO_SOCKS5;
	return w->peer & PEER_RENDEZVOUS ? TO_RENDEZVOUS : TO_ENDPOINT;
}

/* The relay's end. */
static void put_service(uint8_t *f, unsigned int k, unsigned int tcp, enum to to)
{
	static const uint16_t ports[2][SERVICES] = {
		{RELAY_PORT, RIG_SOCKS5_PORT, RENDEZVOUS_PORT},
		{RELAY_PORT, RIG_SOCKS5_PORT, RELAY_PORT},
	};
	bool v6 = k & 1;

	frame_put16(f + tcp + 2, ports[v6][to]);
	if (v6 && to == TO_RENDEZVOUS)
		memcpy(f + 14 + 24, &host, 16);
}

static void speak(const struct word *w)
{
	static uint8_t f[2200];
	enum to to = service_meant(w);
	bool socks5 = to == TO_SOCKS5;
	unsigned int k = w->peer % PEERS, n_options, tcp, payload = w->payload * (socks5 ? 1U : 8U);
	struct far *far = &fars[to][k];
	struct frame_view v;

	memset(f, 0, sizeof(f));
	tcp = put_ip(f, k, 0);
	n_options = put_options(f + tcp + 20, w->options, far);
	put_ip(f, k, 20 + n_options + payload);
	if (socks5)
		put_negotiation(f + tcp + 20 + n_options,
				far->nxt + (uint32_t)w->seq - far->isn - 1, payload);
	frame_put16(f + tcp, (uint16_t)(40000 + (w->peer >> PEER_PORT)));
	put_service(f, k, tcp, to);
	frame_put32(f + tcp + 4, (w->flags & SYN ? far->isn : far->nxt) + (uint32_t)w->seq);
	frame_put32(f + tcp + 8, far->rcv + (uint32_t)w->ack);
	f[tcp + 12] = (uint8_t)((20 + n_options) / 4 << 4);
	f[tcp + 13] = w->flags;
	frame_put16(f + tcp + 14, (uint16_t)(w->window * 100));
	CHECK(frame_look(f, tcp + 20 + n_options + payload, &v));
	frame_seal(f, &v);
	rig_send_frame(k >> 1, fuzz_mbuf(f, v.end));
	if (w->flags & SYN)
		far->nxt = far->isn + 1;
	else if (w->seq == 0)
		far->nxt += payload;
	far->tsval++;
}

static void step_segment(struct input *in)
{
	struct word w;

	input_bytes(in, &w, sizeof(w));
	speak(&w);
	/* Several may come in one burst. */
	if (!(w.options & 0x80))
		round_and_check(false);
}

static void step_connect(struct input *in)
{
	struct word w = {.peer = input_u8(in), .flags = SYN, .window = 200};

	w.options = input_u8(in) & 3;
	speak(&w);
	round_and_check(false);
	w.flags = ACK;
	w.options &= 2;
	speak(&w);
	round_and_check(false);
}

/* A segment of a peer's, with some of its first 64 bytes set to others: fragments, sources that may
 * not be, what nobody would guess.  Its sums are good, if it still has any, or are left alone. */
static size_t put_bent(struct input *in, bool sealed, uint8_t *f)
{
	unsigned int k = input_u8(in) % PEERS, edits = input_u8(in) % 8, tcp;
	struct frame_view v;

	tcp = put_ip(f, k, 24);
	frame_put16(f + tcp, 40000);
	frame_put16(f + tcp + 2, RELAY_PORT);
	frame_put32(f + tcp + 4, fars[0][k].nxt);
	frame_put32(f + tcp + 8, fars[0][k].rcv);
	f[tcp + 12] = 0x50;
	f[tcp + 13] = ACK;
	CHECK(frame_look(f, tcp + 24, &v));
	frame_seal(f, &v);
	for (; edits > 0; edits--) {
		unsigned int at = input_u8(in) % 64;

		f[at] = input_u8(in);
	}
	if (sealed && frame_look(f, tcp + 24, &v))
		frame_seal(f, &v);
	return tcp + 24;
}

static void put_frame(const uint8_t *f, size_t n, uint8_t how, bool kernel)
{
	unsigned int port = how & 1;

	if (kernel)
		rig_kernel_sends(port, fuzz_mbuf(f, n));
	else if (how & 8) /* tagged as it may be */
		rig_send_raw(port, fuzz_mbuf(f, n));
	else
		rig_send_frame(port, fuzz_mbuf(f, n));
	honest = false;
	round_and_check(kernel);
	honest = true;
}

/* Any bytes; none stand for a bent segment. */
static void step_frame(struct input *in, bool kernel)
{
	uint8_t how = input_u8(in), bent[128] = {0};
	size_t n = input_u8(in) | (size_t)(how >> 4) << 8;
	uint8_t *f = input_take(in, &n);
	struct frame_view v;

	if (n == 0) {
		n = put_bent(in, how & 4, bent);
		put_frame(bent, n, how, kernel);
		free(f);
		return;
	}
	if (n >= 6 && how & 2)
		memcpy(f, &port_mac[how & 1], 6);
	if (how & 4 && frame_look(f, (unsigned int)n, &v)) {
		frame_put16(f + v.tcp + 2, how & 8 ? RIG_SOCKS5_PORT : RELAY_PORT);
		frame_seal(f, &v);
	}
	put_frame(f, n, how, kernel);
	free(f);
}

/* --- control --- */

static void command(enum mailbox_command_type type, uint64_t id, uint64_t flow, uint32_t side)
{
	struct mailbox_command cmd = {.type = type, .id = id, .flow = flow, .side = side};

	CHECK(mailbox_post_command(rig.mb, 0, &cmd));
	round_and_check(false);
}

static void step_command(struct input *in)
{
	uint8_t type = input_u8(in), which = input_u8(in);
	uint64_t flow = n_flows > 0 ? flows[which % n_flows] : which;
	uint64_t id = n_legs > 0 ? legs[which % n_legs].id : which;

	if (type >= 0xe0 && type < 0xf0) {
		rendezvous_set_state(&set, htons(RENDEZVOUS_PORT), &host, type % 3);
		return;
	}
	if (type >= 0xd0 && type < 0xe0)
		type = MAILBOX_FENCE;
	else if (type >= 0xf0)
		type = type & 1 ? MAILBOX_LEG_REFUSE : MAILBOX_LEG_ADMIT;
	else
		type %= MAILBOX_FLOW_RESET + 1;
	command(type, type == MAILBOX_FLOW_RESET ? flow : id, flow, which >> 7);
}

static struct known *retire(uint8_t which)
{
	struct known *leg = n_legs > 0 ? &legs[which % n_legs] : NULL;

	if (leg != NULL && leg->stage == STAGE_ESTABLISHED) {
		command(MAILBOX_LEG_CLAIM, leg->id, 0, 0);
		command(MAILBOX_LEG_RETIRE, leg->id, 0, 0);
	}
	/* One that negotiated may have become it later. */
	return leg != NULL && leg->stage == STAGE_RETIRED && !leg->spliced ? leg : NULL;
}

static void step_splice(struct input *in)
{
	uint8_t first = input_u8(in), second = input_u8(in);
	struct known *a = retire(first), *b = retire(second);
	uint64_t flow;

	if (a == NULL || b == NULL || a == b || n_flows == LEGS_MAX ||
	    flow_table_insert(&rig.flows.t, &a->report, &b->report, rig.now_ms, &flow) < 0)
		return;
	flows[n_flows++] = flow;
	a->spliced = b->spliced = true;
	command(MAILBOX_LEG_OPEN, a->id, flow, 0);
	command(MAILBOX_LEG_OPEN, b->id, flow, 1);
}

static void step_flow(struct input *in)
{
	uint8_t which = input_u8(in);
	struct flow_status status;
	uint64_t flow;

	if (n_flows == 0)
		return;
	flow = flows[which % n_flows];
	if (flow_table_status(&rig.flows.t, flow, &status) == 0)
		/* The table reads the real clock, which ours may be far ahead of. */
		CHECK(status.state <= FLOW_SUPERSEDED &&
		      seq_not_after((uint32_t)status.last_packet_ms, (uint32_t)rig.now_ms));
	if (which & 0x80)
		flow_table_remove(&rig.flows.t, flow);
	else
		command(MAILBOX_FLOW_RESET, flow, 0, 0);
}

static void step_time(struct input *in)
{
	uint16_t ms = input_u16(in);

	rig.now_ms += ms & 1 ? ms / 2 % 64 : ms;
	round_and_check(false);
}

static void step_block(struct input *in)
{
	unsigned int port = input_u8(in) & 1;

	rig_round();
	drain(true);
	rig_block(port);
	rig_round();
	rig_unblock(port);
}

static void run(struct input *in)
{
	for (unsigned int i = 0; i < STEPS_MAX && in->left > 0 && n_legs < LEGS_MAX - 40; i++) {
		switch (input_u8(in) % STEPS) {
		case STEP_SEGMENT:
			step_segment(in);
			break;
		case STEP_CONNECT:
			step_connect(in);
			break;
		case STEP_SPLICE:
			step_splice(in);
			break;
		case STEP_COMMAND:
			step_command(in);
			break;
		case STEP_TIME:
			step_time(in);
			break;
		case STEP_FRAME:
			step_frame(in, false);
			break;
		case STEP_KERNEL:
			step_frame(in, true);
			break;
		case STEP_FLOW:
			step_flow(in);
			break;
		case STEP_BLOCK:
			step_block(in);
			break;
		}
	}
}

/* Control forgets everything: so must the worker. */
static void wind_up(void)
{
	unsigned int i;

	round_and_check(false);
	for (i = 0; i < n_flows; i++)
		flow_table_remove(&rig.flows.t, flows[i]);
	for (i = 0; i < n_legs; i++)
		command(MAILBOX_LEG_RESET, legs[i].id, 0, 0);
	/* Those that have no name end by their timer. */
	for (i = 0; i < 20 + RIG_CLAIM_MS / 1000; i++) {
		rig.now_ms += 1000;
		round_and_check(false);
	}
	CHECK(rig_free_legs() == rig.workers[0].legs.capacity);
	CHECK(set.places[0].legs == 0 && set.places[LAST_PLACE].legs == 0);
	for (i = 0; i < n_legs; i++)
		CHECK(legs[i].stage >= STAGE_RETIRED);
}

static void start_rendezvous(void)
{
	struct config cfg = {
		.endpoint.port = RELAY_PORT,
		.rendezvous = {.enabled = true, .ports = {RENDEZVOUS_PORT, RENDEZVOUS_PORT}},
	};

	/* The relay's own /32 has others too. */
	host = relay6;
	host.s6_addr[4] = 0xf0;
	host.s6_addr[15] = 0;
	cfg.rendezvous.prefix = (struct config_address){host, 64};
	host.s6_addr[15] = 7;
	CHECK(rendezvous_set_init(&set, &cfg) == 0);
	rig.listener.rendezvous = &set;
	rig_listen();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig_mix tagged = {false, false, {100, 0}, {0, 0}};
	struct input in = {data, size};

	fuzz_rig_start(size & 1 ? &tagged : NULL);
	start_rendezvous();
	n_legs = n_flows = 0;
	honest = true;
	for (unsigned int k = 0; k < PEERS; k++)
		fars[TO_ENDPOINT][k] = fars[TO_SOCKS5][k] = fars[TO_RENDEZVOUS][k] =
			(struct far){.isn = 0xffffff80 + k * 0x40000000, .tsval = 0xfffffff0};
	run(&in);
	wind_up();
	fuzz_rig_end();
	rendezvous_set_fini(&set);
	return 0;
}

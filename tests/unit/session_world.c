/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>

#include "log.h"
#include "session_world.h"

#define N_WORKERS 2

static struct world *the_world; /* for the log */

/* --- the log, in place of the real one --- */

void log_write(enum log_level level, const char *fmt, ...)
{
	va_list args;

	if (level != LOG_LEVEL_INFO)
		return;
	va_start(args, fmt);
	vsnprintf(the_world->account, sizeof(the_world->account), fmt, args);
	va_end(args);
}

const char *log_quote(struct log_quoted *q, const char *text)
{
	snprintf(q->text, sizeof(q->text), "<%.128s>", text);
	return q->text;
}

static void trace(struct world *w, char what)
{
	size_t len = strlen(w->trace);

	if (len + 1 < sizeof(w->trace))
		w->trace[len] = what;
}

/* --- the XMPP side --- */

static void answer(void *ctx, void *iq, enum iq_result result, enum refusal refusal)
{
	struct world *w = ctx;
	struct world_iq *entry = iq;

	assert_true(entry->used);
	if (entry->result != PENDING)
		fail_msg("IQ %td answered twice", entry - w->iqs);
	entry->result = (int)result;
	if (refusal < REFUSALS)
		w->refusals[refusal]++;
	trace(w, result == IQ_OK ? '+' : '!');
}

static bool connected(void *ctx)
{
	return ((struct world *)ctx)->stream_up;
}

/* --- the flow table --- */

static int flow_insert(void *ctx, const struct leg_report *a, const struct leg_report *b,
		       uint64_t *flow)
{
	struct world *w = ctx;
	struct world_flow *f;

	assert_true(w->stream_up);
	assert_true(w->legs[ntohs(a->tuple.peer_port)].retired);
	assert_true(w->legs[ntohs(b->tuple.peer_port)].retired);
	if (w->insert_error != 0)
		return w->insert_error;
	trace(w, 'I');
	assert_true(w->n_flows + 1 < WORLD_FLOWS);
	f = &w->flows[ *flow = ++w->n_flows];
	f->in_table = true;
	f->side[0] = *a;
	f->side[1] = *b;
	f->status.state = FLOW_ESTABLISHED;
	f->status.last_packet_ms = w->now_ms;
	return 0;
}

static int flow_remove(void *ctx, uint64_t flow)
{
	struct world *w = ctx;

	if (!w->flows[flow].in_table)
		fail_msg("flow %u removed twice", (unsigned int)flow);
	w->flows[flow].in_table = false;
	return 0;
}

static int flow_rate(void *ctx, uint64_t flow, uint64_t bytes_per_s)
{
	struct world *w = ctx;

	if (!w->flows[flow].in_table)
		return -ESTALE;
	assert_true(w->flows[flow].rate != bytes_per_s); /* said once */
	w->flows[flow].rate = bytes_per_s;
	return 0;
}

static int flow_status(void *ctx, uint64_t flow, struct flow_status *status)
{
	struct world *w = ctx;

	if (!w->flows[flow].in_table)
		return -ESTALE;
	*status = w->flows[flow].status;
	return 0;
}

static unsigned int leg_owner(void *ctx, const struct four_tuple *leg)
{
	(void)ctx;
	return ntohs(leg->peer_port) % N_WORKERS;
}

/* --- the workers --- */

static void deliver(struct world *w)
{
	struct mailbox_event ev;

	while (mailbox_take_events(w->mb, &ev, 1) == 1) {
		if (w->book != NULL)
			session_event(w->book, &ev, w->now_ms);
	}
}

static void report(struct world *w, const struct mailbox_event *ev)
{
	assert_true(mailbox_post_event(w->mb, ev->worker, ev));
}

static void do_retire(struct world *w, unsigned int id)
{
	struct mailbox_event ev = {
		.type = MAILBOX_LEG_RETIRED, .id = id, .worker = w->legs[id].worker};

	ev.report.tuple = world_tuple(id);
	ev.report.snd_nxt = id;
	w->legs[id].retired = true;
	trace(w, 'R');
	report(w, &ev);
}

static void do_end(struct world *w, unsigned int id, enum leg_end end)
{
	struct mailbox_event ev = {
		.type = MAILBOX_LEG_GONE, .id = id, .worker = w->legs[id].worker, .end = end};

	w->legs[id].exists = false;
	report(w, &ev);
}

static void obey_leg(struct world *w, const struct mailbox_command *cmd)
{
	struct world_leg *leg = &w->legs[cmd->id];

	if (!leg->exists)
		return; /* a stale id means expired */
	switch (cmd->type) {
	case MAILBOX_LEG_CLAIM:
		assert_false(leg->claimed);
		assert_int_equal(leg->named, leg->admitted);
		leg->claimed = true;
		break;
	case MAILBOX_LEG_RETIRE:
		assert_true(leg->claimed && !leg->retire_asked);
		leg->retire_asked = true;
		if (!w->lazy_owners)
			do_retire(w, (unsigned int)cmd->id);
		break;
	case MAILBOX_LEG_OPEN:
		assert_true(leg->retired && w->flows[cmd->flow].in_table);
		assert_int_equal(w->flows[cmd->flow].side[cmd->side].snd_nxt, cmd->id);
		leg->opened = true;
		leg->exists = false;
		leg->flow = cmd->flow;
		leg->side = cmd->side;
		trace(w, 'O');
		break;
	case MAILBOX_LEG_RESET:
		leg->reset = true;
		trace(w, 'X');
		if (leg->retired)
			leg->exists = false;
		else
			do_end(w, (unsigned int)cmd->id, LEG_END_COMMANDED);
		break;
	case MAILBOX_LEG_ADMIT:
		assert_true(leg->named && !leg->admitted && !leg->claimed);
		leg->admitted = true;
		break;
	case MAILBOX_LEG_REFUSE:
		assert_true(leg->named && !leg->admitted && !leg->claimed);
		leg->refused = true;
		do_end(w, (unsigned int)cmd->id, LEG_END_COMMANDED);
		break;
	case MAILBOX_FLOW_RESET:
	case MAILBOX_LEG_CHALLENGE:
	case MAILBOX_FENCE:
		fail();
	}
}

static void obey(struct world *w, unsigned int worker, const struct mailbox_command *cmd)
{
	struct mailbox_event done = {.type = MAILBOX_FLOW_RESET_DONE, .id = cmd->id};

	if (cmd->type == MAILBOX_LEG_CHALLENGE) {
		assert_int_equal(worker, leg_owner(w, &cmd->tuple));
		w->challenged = cmd->tuple;
		w->challenges++;
		return;
	}
	if (cmd->type == MAILBOX_FENCE) {
		const struct mailbox_event met = {
			.type = MAILBOX_FENCED, .worker = worker, .id = cmd->id};

		if (!w->lazy_fences)
			report(w, &met);
		return;
	}
	if (cmd->type != MAILBOX_FLOW_RESET) {
		obey_leg(w, cmd);
		return;
	}
	w->flows[cmd->id].reset_asked = true;
	if (!w->lazy_resetters)
		report(w, &done);
}

/* One round of all workers.  False when there was nothing to do. */
static bool work_round(struct world *w)
{
	struct mailbox_command cmd;
	bool busy = false;

	for (unsigned int i = 0; i < N_WORKERS && !w->deaf_workers; i++) {
		while (mailbox_take_commands(w->mb, i, &cmd, 1) == 1) {
			busy = true;
			obey(w, i, &cmd);
			deliver(w);
		}
	}
	return busy;
}

void world_work(struct world *w)
{
	do {
		deliver(w);
	} while (work_round(w));
}

struct in6_addr world_ip(const char *v4)
{
	struct in6_addr addr = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	assert_int_equal(inet_pton(AF_INET, v4, &addr.s6_addr[12]), 1);
	return addr;
}

struct four_tuple world_tuple(unsigned int port)
{
	return (struct four_tuple){world_ip("198.51.100.1"), world_ip("192.0.2.1"),
				   htons((uint16_t)port), htons(SERVICE)};
}

static void say_at(struct world *w, enum mailbox_event_type type, unsigned int id,
		   const struct four_tuple *tuple)
{
	struct mailbox_event ev = {
		.type = type, .id = id, .worker = leg_owner(w, tuple), .tuple = *tuple};

	if (!w->legs[id].exists)
		w->legs[id] = (struct world_leg){.exists = true, .worker = ev.worker};
	report(w, &ev);
}

static void seen_at(struct world *w, enum mailbox_event_type type, unsigned int id,
		    const struct four_tuple *tuple)
{
	say_at(w, type, id, tuple);
	world_work(w);
}

static void seen(struct world *w, enum mailbox_event_type type, unsigned int id, unsigned int port)
{
	struct four_tuple tuple = world_tuple(port);

	seen_at(w, type, id, &tuple);
}

static struct four_tuple tuple_at(unsigned int port, const struct in6_addr *relay_addr,
				  in_port_t relay_port)
{
	struct four_tuple tuple = world_tuple(port);

	tuple.relay_addr = *relay_addr;
	tuple.relay_port = relay_port;
	if (!IN6_IS_ADDR_V4MAPPED(relay_addr))
		inet_pton(AF_INET6, "2001:db8::1", &tuple.peer_addr);
	return tuple;
}

void world_leg_at(struct world *w, enum mailbox_event_type type, unsigned int port,
		  const struct in6_addr *relay_addr, in_port_t relay_port)
{
	struct four_tuple tuple = tuple_at(port, relay_addr, relay_port);

	seen_at(w, type, port, &tuple);
}

void world_leg_at_unseen(struct world *w, enum mailbox_event_type type, unsigned int port,
			 const struct in6_addr *relay_addr, in_port_t relay_port)
{
	struct four_tuple tuple = tuple_at(port, relay_addr, relay_port);

	say_at(w, type, port, &tuple);
}

void world_gone_unseen(struct world *w, unsigned int port, enum leg_end end)
{
	do_end(w, port, end);
}

void world_look(struct world *w)
{
	struct mailbox_event ev;

	if (mailbox_take_events(w->mb, &ev, 1) == 1)
		session_event(w->book, &ev, w->now_ms);
}

void world_half_open(struct world *w, unsigned int port)
{
	seen(w, MAILBOX_LEG_HALF_OPEN, port, port);
}

void world_established(struct world *w, unsigned int port)
{
	seen(w, MAILBOX_LEG_ESTABLISHED, port, port);
}

void world_established_as(struct world *w, unsigned int id, unsigned int port)
{
	seen(w, MAILBOX_LEG_ESTABLISHED, id, port);
}

void world_gone(struct world *w, unsigned int port, enum leg_end end)
{
	do_end(w, port, end);
	world_work(w);
}

void world_retired(struct world *w, unsigned int port)
{
	do_retire(w, port);
	world_work(w);
}

/* --- SOCKS5 --- */

static void name_of(uint8_t name[LEG_NAME_BYTES], const char *text)
{
	memset(name, 0, LEG_NAME_BYTES);
	memcpy(name, text, strnlen(text, LEG_NAME_BYTES));
}

void world_named(struct world *w, unsigned int port, const char *name)
{
	struct mailbox_event ev = {
		.type = MAILBOX_LEG_NAMED, .id = port, .worker = port % N_WORKERS};

	ev.named.tuple = world_tuple(port);
	ev.named.tuple.relay_port = htons(SOCKS5);
	name_of(ev.named.name, name);
	w->legs[port] = (struct world_leg){.exists = true, .named = true, .worker = ev.worker};
	report(w, &ev);
	deliver(w);
	world_work(w);
}

unsigned int world_activate(struct world *w, const char *from, const char *sid, const char *target,
			    const char *name, const char *other)
{
	struct activation activation = {
		.from = from, .sid = sid, .target = target, .n_names = other != NULL ? 2 : 1};
	unsigned int iq = w->n_iqs++;

	assert_true(iq < WORLD_IQS);
	name_of(activation.names[0], name);
	if (other != NULL)
		name_of(activation.names[1], other);
	w->iqs[iq] = (struct world_iq){.used = true, .result = PENDING};
	session_activate(w->book, &activation, &w->iqs[iq], w->now_ms);
	world_work(w);
	return iq;
}

/* --- claims --- */

unsigned int world_claim(struct world *w, const struct claim *claim)
{
	unsigned int iq = w->n_iqs++;

	assert_true(iq < WORLD_IQS);
	w->iqs[iq] = (struct world_iq){.used = true, .result = PENDING};
	session_claim(w->book, claim, &w->iqs[iq], w->now_ms);
	world_work(w);
	return iq;
}

unsigned int world_claim_leg(struct world *w, const char *from, const char *sid, const char *peer,
			     unsigned int port)
{
	const struct claim claim = {.from = from,
				    .sid = sid,
				    .peer = peer,
				    .ip = world_ip("192.0.2.1"),
				    .port = htons(SERVICE),
				    .has_from_addr = true,
				    .from_ip = world_ip("198.51.100.1"),
				    .from_port = htons((uint16_t)port)};

	return world_claim(w, &claim);
}

unsigned int world_claim_port(struct world *w, const char *from, const char *sid, const char *peer,
			      unsigned int port)
{
	const struct claim claim = {.from = from,
				    .sid = sid,
				    .peer = peer,
				    .ip = world_ip("192.0.2.1"),
				    .port = htons((uint16_t)port)};

	return world_claim(w, &claim);
}

unsigned int world_claim_source(struct world *w, const char *from, const char *sid,
				const char *peer, unsigned int port)
{
	const struct claim claim = {.from = from,
				    .sid = sid,
				    .peer = peer,
				    .ip = world_ip("198.51.100.1"),
				    .port = htons((uint16_t)port)};

	return world_claim(w, &claim);
}

void world_claim_both(struct world *w, const char *sid, unsigned int port, unsigned int *a,
		      unsigned int *b)
{
	world_established(w, port);
	world_established(w, port + 1);
	*a = world_claim_leg(w, ALICE, sid, BOB, port);
	*b = world_claim_leg(w, BOB, sid, ALICE, port + 1);
}

uint64_t world_splice(struct world *w, const char *sid, unsigned int port)
{
	unsigned int a, b;

	world_claim_both(w, sid, port, &a, &b);
	assert_answer(w, a, IQ_OK);
	assert_answer(w, b, IQ_OK);
	return w->legs[port].flow;
}

void world_pass(struct world *w, uint64_t ms)
{
	uint64_t until = w->now_ms + ms;

	for (;;) {
		unsigned int wait = session_tick(w->book, w->now_ms);
		uint64_t left = until - w->now_ms;

		world_work(w);
		if (wait > 0 && left == 0)
			return;
		w->now_ms += wait < left ? wait : left;
	}
}

/* --- the world --- */

static void default_config(struct config *cfg)
{
	cfg->endpoint.enabled = true;
	cfg->endpoint.port = SERVICE;
	cfg->socks5.enabled = true;
	cfg->socks5.port = SOCKS5;
	cfg->n_ports = 1;
	cfg->ports[0].n_addresses = 1;
	cfg->ports[0].addresses[0].addr = world_ip("192.0.2.1");
	cfg->limits = (struct config_limits){.sessions = 1000,
					     .sessions_per_jid = 16,
					     .legs = 1000,
					     .half_open = 1000,
					     .legs_per_source = 1000};
	cfg->timers = (struct config_timers){.match_ms = 3000,
					     .claim_ms = 30000,
					     .pair_ms = 60000,
					     .idle_ms = 7440000,
					     .transitory_ms = 240000};
}

struct world *world_open(void (*tune)(struct config *cfg))
{
	struct world *w = calloc(1, sizeof(*w));
	struct session_answers answers = {.ctx = w, .answer = answer, .connected = connected};

	assert_non_null(w);
	the_world = w;
	w->legs = calloc(WORLD_LEGS, sizeof(*w->legs));
	w->iqs = calloc(WORLD_IQS, sizeof(*w->iqs));
	w->flows = calloc(WORLD_FLOWS, sizeof(*w->flows));
	assert_true(w->legs != NULL && w->iqs != NULL && w->flows != NULL);
	default_config(&w->cfg);
	if (tune != NULL)
		tune(&w->cfg);
	w->stream_up = true;
	w->now_ms = 1000000;
	w->mb = mailbox_create(N_WORKERS);
	w->splicer = (struct mailbox_splicer){w,	   flow_insert, flow_remove, flow_rate,
					      flow_status, leg_owner,	NULL};
	w->book = session_book_create(&w->cfg, w->mb, &w->splicer, &answers, &w->stats);
	assert_non_null(w->book);
	return w;
}

/* A leg that was claimed must have been told how it ends, and one that was opened be in a flow. */
static void assert_legs_are_told(const struct world *w)
{
	for (unsigned int i = 0; i < WORLD_LEGS; i++) {
		const struct world_leg *leg = &w->legs[i];

		if (leg->exists && leg->claimed)
			fail_msg("leg %u was claimed and then forgotten", i);
		if (leg->opened && leg->reset)
			fail_msg("leg %u was reset after its splice", i);
	}
}

void world_close(struct world *w)
{
	struct session_book *book = w->book;

	session_book_destroy(book);
	w->book = NULL;
	w->deaf_workers = false;
	world_work(w);
	for (unsigned int i = 0; i < w->n_iqs; i++) {
		if (w->iqs[i].result == PENDING)
			fail_msg("IQ %u was never answered", i);
	}
	for (int i = 0; i < SESSION_STATES; i++)
		assert_gauge(w, i, 0);
	assert_legs_are_told(w);
	mailbox_destroy(w->mb);
	free(w->legs);
	free(w->flows);
	free(w->iqs);
	free(w);
}

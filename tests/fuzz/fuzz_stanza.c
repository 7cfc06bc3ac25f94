/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A component's incoming stream: framing, tree, dispatch and all services, up to a session book made
 * of cardboard.  Every answer must be a stanza by our own reading, and a request gets one at most,
 * with its id.  The first byte of the input says how the book answers.
 */
#include <errno.h>
#include <sys/random.h>

#include "bytestreams.h"
#include "commands.h"
#include "dispatch.h"
#include "endpoint.h"
#include "frame.h"
#include "fuzz.h"
#include "jid.h"
#include "jid_prep.h"
#include "service.h"
#include "session.h"

#define PENDING_MAX 16
#define HEADER	    "<stream:stream xmlns='" NS_COMPONENT "' xmlns:stream='" NS_STREAM "'>"

static void *pending[PENDING_MAX];
static unsigned int n_pending, n_sent, n_claimed;
static uint8_t manner;
static const char *asked; /* the id of the request that is dispatched */
static struct request_book *requests;

/* --- the far end of our answers --- */

static void check_iq(const struct stanza *st)
{
	mxml_node_t *root = stanza_root(st);
	const char *type = stanza_attribute(root, "type");

	CHECK(stanza_is(st, root, NS_COMPONENT, "iq"));
	CHECK(type != NULL && (strcmp(type, "result") == 0 || strcmp(type, "error") == 0));
	CHECK(stanza_attribute(root, "id") != NULL && stanza_attribute(root, "to") != NULL);
	CHECK(stanza_attribute(root, "from") != NULL);
	CHECK(asked == NULL || strcmp(stanza_attribute(root, "id"), asked) == 0);
}

static void send_checked(void *ctx, const char *text, size_t len)
{
	struct frame *f = frame_create();
	struct stanza *st;
	size_t used;

	(void)ctx;
	CHECK(f != NULL && strlen(text) == len);
	CHECK(frame_feed(f, HEADER, strlen(HEADER), &used) == FRAME_HEADER);
	CHECK(frame_feed(f, text, len, &used) == FRAME_STANZA && used == len);
	st = stanza_parse(frame_text(f), NULL);
	CHECK(st != NULL);
	check_iq(st);
	stanza_free(st);
	frame_destroy(f);
	n_sent++;
}

/* --- the session book --- */

static void check_claim(const struct claim *c)
{
	size_t sid = strlen(c->sid);

	CHECK(sid >= 1 && sid <= SESSION_SID_MAX);
	CHECK(c->port != 0 && (!c->has_from_addr || c->from_port != 0));
	CHECK(c->peer == NULL || (jid_is_full(c->peer) && strcmp(c->peer, c->from) != 0));
	CHECK(strlen(c->from) <= CONFIG_MAX_JID);
}

static void check_activation(const struct activation *a)
{
	size_t sid = strlen(a->sid);
	char prepared[JID_SIZE];

	CHECK(sid >= 1 && sid <= SESSION_SID_MAX);
	CHECK(strlen(a->from) <= CONFIG_MAX_JID && strlen(a->target) <= CONFIG_MAX_JID);
	CHECK(jid_prepare(a->target, prepared));
	CHECK(a->n_names == 1 ||
	      (a->n_names == 2 && memcmp(a->names[0], a->names[1], LEG_NAME_BYTES) != 0));
}

static void answer(void *iq)
{
	request_book_answer(requests, iq, (manner >> 1) % IQ_RESULTS, n_claimed % (REFUSALS + 1));
}

static void take_request(void *iq)
{
	n_claimed++;
	if (manner & 1 && n_pending < PENDING_MAX)
		pending[n_pending++] = iq;
	else
		answer(iq);
}

bool session_reserved_for(const struct session_book *book, const char *sid, const char *jid,
			  const char *peer)
{
	(void)book;
	CHECK(sid != NULL && strlen(jid) <= CONFIG_MAX_JID &&
	      (peer == NULL || strcmp(peer, jid) != 0));
	return manner & 2;
}

enum refusal session_reserve(struct session_book *book, const char *sid, const char *jid,
			     const char *peer, uint64_t now_ms, struct rendezvous_ends *ends)
{
	(void)book;
	(void)now_ms;
	CHECK(sid[0] != '\0' && strlen(sid) <= SESSION_SID_MAX && strlen(jid) <= CONFIG_MAX_JID);
	CHECK(jid_is_full(peer) && strcmp(peer, jid) != 0);
	if (manner & 4)
		return manner & 8 ? REFUSAL_DRAINING : REFUSAL_RESERVATIONS_PER_JID;
	*ends = (struct rendezvous_ends){.port = htons(manner & 8 ? 0 : 10000)};
	if (manner & 16)
		ends->addr6.s6_addr[0] = 0x20;
	return REFUSALS;
}

void session_claim(struct session_book *book, const struct claim *claim, void *iq, uint64_t now_ms)
{
	(void)book;
	(void)now_ms;
	check_claim(claim);
	take_request(iq);
}

void session_activate(struct session_book *book, const struct activation *activation, void *iq,
		      uint64_t now_ms)
{
	(void)book;
	(void)now_ms;
	check_activation(activation);
	take_request(iq);
}

unsigned int session_list(struct session_book *book, unsigned int max,
			  void (*show)(void *ctx, const struct session_view *v), void *ctx,
			  uint64_t now_ms)
{
	const struct session_view v = {.id = 1, .sid = "<s>", .jid = {"a@b/c", "d@e/\n"}};

	(void)book;
	(void)now_ms;
	CHECK(max == COMMANDS_ROWS);
	show(ctx, &v);
	return 1;
}

bool session_end(struct session_book *book, uint64_t id, uint64_t now_ms)
{
	(void)book;
	(void)now_ms;
	return id % 2 == 0;
}

static bool draining;

void session_drain(struct session_book *book, bool drain)
{
	(void)book;
	draining = drain;
}

bool session_draining(const struct session_book *book)
{
	(void)book;
	return draining;
}

/* So that an input can go on with a command: all ids are the same. */
ssize_t getrandom(void *buf, size_t length, unsigned int flags)
{
	(void)flags;
	memset(buf, 0x11, length);
	return (ssize_t)length;
}

static void answer_pending(void)
{
	while (n_pending > 0)
		answer(pending[--n_pending]);
}

/* --- the stream --- */

static struct stanza *header;

static void take_stanza(struct dispatch *d, const char *text)
{
	unsigned int sent = n_sent, waiting = n_pending;
	struct stanza *st = stanza_parse(text, header);

	if (st == NULL) {
		CHECK(errno == EBADMSG);
		return;
	}
	asked = stanza_attribute(stanza_root(st), "id");
	dispatch_stanza(d, st, 1);
	asked = NULL;
	CHECK(n_sent - sent + n_pending - waiting <= 1);
	stanza_free(st);
}

static void take_oversized(struct dispatch *d, const char *tag)
{
	struct stanza *st = tag != NULL ? stanza_parse_start(tag, header) : NULL;
	unsigned int sent = n_sent;

	if (st == NULL)
		return;
	dispatch_oversized(d, st);
	CHECK(n_sent - sent <= 1);
	stanza_free(st);
}

/* False: the stream is over. */
static bool take_event(struct dispatch *d, const struct frame *f, enum frame_event type)
{
	switch (type) {
	case FRAME_HEADER:
		header = stanza_parse_start(frame_text(f), NULL);
		return header != NULL;
	case FRAME_STANZA:
		take_stanza(d, frame_text(f));
		return true;
	case FRAME_OVERSIZED:
		take_oversized(d, frame_text(f));
		return true;
	case FRAME_MORE:
		return true;
	default:
		return false;
	}
}

static void read_stream(struct dispatch *d, struct input *in)
{
	struct frame *f = frame_create();
	enum frame_event type;
	size_t used;

	CHECK(f != NULL);
	while (in->left > 0) {
		type = frame_feed(f, (const char *)in->at, in->left, &used);
		in->at += used;
		in->left -= used;
		if (!take_event(d, f, type))
			break;
	}
	frame_destroy(f);
	stanza_free(header);
	header = NULL;
}

static char jid[] = "relay.example.org", ours[] = "whoknows", other[] = "urn:example:w",
	    parent[] = "example.org", bare[] = "bob@jabber.org", full[] = "carol@jabber.org/pda",
	    root[] = "root@example.org", abuse[] = "mailto:abuse@example.org";
static char *names[] = {ours, other}, *allowed[] = {parent, bare, full}, *admins[] = {root};
static struct config cfg = {
	.xmpp = {.jid = jid, .namespaces = {.names = names, .count = 2}, .abuse = abuse},
	.access = {.allow = {.names = allowed, .count = 3},
		   .admins = {.names = admins, .count = 1}},
	.limits = {.sessions = 4},
	.n_ports = 1,
	.ports = {{.n_addresses = 1,
		   .addresses = {{.addr = {.s6_addr = {[10] = 0xff, 0xff, 192, 0, 2, 1}}}}}},
	.endpoint = {.enabled = true, .port = 4000},
	.socks5 = {.enabled = true, .port = 7777},
	.rendezvous = {.enabled = true, .ports = {10000, 32767}},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct outlet outlet = {.send = send_checked};
	static struct control_stats stats;
	struct input in = {data, size};
	struct dispatch *d = dispatch_create(cfg.xmpp.jid, &stats, &outlet);

	struct endpoint *endpoint;
	struct bytestreams *bytestreams;
	struct commands *commands;
	struct service *service;

	CHECK(d != NULL);
	requests = request_book_create(d, 2 * (uint64_t)cfg.limits.sessions);
	endpoint = endpoint_create(&cfg, d, requests);
	bytestreams = bytestreams_create(&cfg, d, requests);
	commands = commands_create(&cfg, d);
	service = service_create(&cfg, d, commands, 0);
	CHECK(requests != NULL && endpoint != NULL && bytestreams != NULL);
	CHECK(commands != NULL && service != NULL);
	draining = false;
	manner = input_u8(&in);
	n_sent = n_claimed = 0;
	read_stream(d, &in);
	answer_pending();
	service_destroy(service);
	commands_destroy(commands);
	bytestreams_destroy(bytestreams);
	endpoint_destroy(endpoint);
	request_book_destroy(requests);
	dispatch_destroy(d);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A request lives from a claim that could be read to its answer.  Session sees to it that each is
 * answered; their number is bounded by two claims for each session allowed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "access.h"
#include "endpoint.h"
#include "ip_literal.h"
#include "jid.h"
#include "log.h"
#include "reply.h"
#include "session.h"

/* Where the answer to a claim goes. */
struct request {
	LIST_ENTRY(request) entry;
	const char *ns; /* the configuration's own string */
	char *id;	/* behind `from`, in the same memory */
	char from[];
};

struct endpoint {
	const struct config *cfg;
	struct dispatch *dispatch;
	struct session_book *book;
	LIST_HEAD(, request) requests;
	uint64_t n_requests;
};

static struct request *request_create(struct endpoint *e, const struct iq *iq)
{
	size_t from_size = strlen(iq->from) + 1, id_size = strlen(iq->id) + 1;
	struct request *r;

	if (e->n_requests >= 2 * (uint64_t)e->cfg->limits.sessions)
		return NULL;
	r = malloc(sizeof(*r) + from_size + id_size);
	if (r == NULL)
		return NULL;
	r->ns = iq->ns;
	r->id = r->from + from_size;
	memcpy(r->from, iq->from, from_size);
	memcpy(r->id, iq->id, id_size);
	LIST_INSERT_HEAD(&e->requests, r, entry);
	e->n_requests++;
	return r;
}

static void request_free(struct endpoint *e, struct request *r)
{
	LIST_REMOVE(r, entry);
	e->n_requests--;
	free(r);
}

void endpoint_answer(void *ctx, void *iq, enum iq_result result)
{
	struct endpoint *e = ctx;
	struct request *r = iq;

	if (result == IQ_OK)
		dispatch_result(e->dispatch, IQ_CLAIM, r->from, r->id,
				reply_element("query", r->ns));
	else
		dispatch_error(e->dispatch, IQ_CLAIM, r->from, r->id, result);
	request_free(e, r);
}

/* No control characters: mxml hands on a line end in an attribute where XML has a space. */
static bool sid_valid(const char *sid)
{
	size_t len = strlen(sid);

	return len > 0 && len <= SESSION_SID_MAX && reply_can_carry(sid);
}

/* `sid`, or what the proposal's own samples write instead. */
static bool read_sid(mxml_node_t *query, const char **sid)
{
	const char *side = stanza_attribute(query, "side");

	*sid = stanza_attribute(query, "sid");
	if (*sid == NULL)
		*sid = side;
	return *sid == NULL || (sid_valid(*sid) && (side == NULL || strcmp(*sid, side) == 0));
}

/* The peer as servers write it, in `folded`; false when it is malformed or `from` itself. */
static bool read_peer(mxml_node_t *query, const char *from, char folded[CONFIG_MAX_JID + 1],
		      const char **peer)
{
	*peer = stanza_attribute(query, "peer");
	if (*peer == NULL)
		return true;
	if (!jid_is_full(*peer))
		return false;
	strcpy(folded, *peer);
	jid_fold(folded);
	*peer = folded;
	return strcmp(folded, from) != 0;
}

static bool read_ip(const char *text, struct in6_addr *ip)
{
	return text != NULL && ip_literal_read(text, ip);
}

static bool read_port(const char *text, in_port_t *port)
{
	unsigned int value = 0;
	const char *p;

	if (text == NULL)
		return false;
	for (p = text; *p >= '0' && *p <= '9' && value <= 65535; p++)
		value = value * 10 + (unsigned int)(*p - '0');
	*port = htons((uint16_t)value);
	return *p == '\0' && value >= 1 && value <= 65535;
}

static bool read_endpoint(mxml_node_t *el, struct claim *claim)
{
	const char *from_ip = stanza_attribute(el, "from-ip");
	const char *from_port = stanza_attribute(el, "from-port");

	if (!read_ip(stanza_attribute(el, "ip"), &claim->ip) ||
	    !read_port(stanza_attribute(el, "port"), &claim->port))
		return false;
	claim->has_from_addr = from_ip != NULL || from_port != NULL;
	if (!claim->has_from_addr)
		return true;
	return read_ip(from_ip, &claim->from_ip) && read_port(from_port, &claim->from_port) &&
	       IN6_IS_ADDR_V4MAPPED(&claim->ip) == IN6_IS_ADDR_V4MAPPED(&claim->from_ip);
}

/* The one <endpoint/>; NULL for none or several. */
static mxml_node_t *only_endpoint(const struct iq *iq)
{
	mxml_node_t *el = NULL, *found = NULL;

	while ((el = stanza_next_child(iq->payload, el)) != NULL) {
		if (!stanza_is(iq->stanza, el, iq->ns, "endpoint"))
			continue;
		if (found != NULL)
			return NULL;
		found = el;
	}
	return found;
}

/* The service must be on and the sender allowed, before anything else is looked at. */
static bool admitted(struct endpoint *e, enum iq_kind kind, const struct iq *iq)
{
	struct log_quoted q;

	if (!e->cfg->endpoint.enabled) {
		dispatch_error(e->dispatch, kind, iq->from, iq->id, IQ_SERVICE_UNAVAILABLE);
		return false;
	}
	if (!access_allowed(e->cfg, iq->from)) {
		log_debug("%s is not allowed to use the relay", log_quote(&q, iq->from));
		dispatch_error(e->dispatch, kind, iq->from, iq->id, IQ_FORBIDDEN);
		return false;
	}
	return true;
}

static void handle_claim(void *ctx, const struct iq *iq)
{
	struct endpoint *e = ctx;
	struct claim claim = {.from = iq->from};
	char peer[CONFIG_MAX_JID + 1];
	struct request *request;
	mxml_node_t *el;

	if (!admitted(e, IQ_CLAIM, iq))
		return;
	el = only_endpoint(iq);
	if (el == NULL || !read_sid(iq->payload, &claim.sid) || claim.sid == NULL ||
	    !read_peer(iq->payload, iq->from, peer, &claim.peer) || !read_endpoint(el, &claim)) {
		dispatch_error(e->dispatch, IQ_CLAIM, iq->from, iq->id, IQ_BAD_REQUEST);
		return;
	}
	request = request_create(e, iq);
	if (request == NULL) {
		dispatch_error(e->dispatch, IQ_CLAIM, iq->from, iq->id, IQ_RESOURCE_CONSTRAINT);
		return;
	}
	session_claim(e->book, &claim, request, iq->now_ms);
}

static void add_connection(struct endpoint *e, mxml_node_t *query, const char *host)
{
	mxml_node_t *connection = mxmlNewElement(query, "connection");

	mxmlElementSetAttr(connection, "jid", e->cfg->xmpp.jid);
	mxmlElementSetAttr(connection, "ip", host);
	mxmlElementSetAttrf(connection, "port", "%u", (unsigned int)e->cfg->endpoint.port);
}

/* The first IPv4 address of the ports; NULL when there is none. */
static const char *first_address(const struct config *cfg, char text[INET_ADDRSTRLEN])
{
	unsigned int i, j;

	for (i = 0; i < cfg->n_ports; i++) {
		for (j = 0; j < cfg->ports[i].n_addresses; j++) {
			const struct in6_addr *a = &cfg->ports[i].addresses[j].addr;

			if (IN6_IS_ADDR_V4MAPPED(a))
				return inet_ntop(AF_INET, &a->s6_addr[12], text, INET_ADDRSTRLEN);
		}
	}
	return NULL;
}

/* The service's fixed address, or the names told instead of it. */
static void answer_address(struct endpoint *e, const struct iq *iq)
{
	const struct config_names *advertise = &e->cfg->advertise;
	char text[INET_ADDRSTRLEN];
	const char *address = first_address(e->cfg, text);
	mxml_node_t *query;
	unsigned int i;

	if (advertise->count == 0 && address == NULL) {
		dispatch_error(e->dispatch, IQ_ADDRESS, iq->from, iq->id, IQ_SERVICE_UNAVAILABLE);
		return;
	}
	query = reply_element("query", iq->ns);
	if (query == NULL)
		return;
	for (i = 0; i < advertise->count; i++)
		add_connection(e, query, advertise->names[i]);
	if (advertise->count == 0)
		add_connection(e, query, address);
	dispatch_result(e->dispatch, IQ_ADDRESS, iq->from, iq->id, query);
}

static void handle_address(void *ctx, const struct iq *iq)
{
	struct endpoint *e = ctx;
	const char *sid, *peer_given;
	char peer[CONFIG_MAX_JID + 1];

	if (!admitted(e, IQ_ADDRESS, iq))
		return;
	if (!read_sid(iq->payload, &sid) || !read_peer(iq->payload, iq->from, peer, &peer_given) ||
	    (sid == NULL) != (peer_given == NULL))
		dispatch_error(e->dispatch, IQ_ADDRESS, iq->from, iq->id, IQ_BAD_REQUEST);
	else if (sid != NULL) /* reservations are of a later issue */
		dispatch_error(e->dispatch, IQ_ADDRESS, iq->from, iq->id, IQ_SERVICE_UNAVAILABLE);
	else
		answer_address(e, iq);
}

struct endpoint *endpoint_create(const struct config *cfg, struct dispatch *d)
{
	struct endpoint *e = calloc(1, sizeof(*e));
	struct iq_route get = {.set = false, .name = "query", .handle = handle_address, .ctx = e};
	struct iq_route set = {.set = true, .name = "query", .handle = handle_claim, .ctx = e};
	unsigned int i;
	int err = 0;

	if (e == NULL)
		return NULL;
	e->cfg = cfg;
	e->dispatch = d;
	LIST_INIT(&e->requests);
	for (i = 0; i < cfg->xmpp.namespaces.count && err == 0; i++) {
		get.ns = set.ns = cfg->xmpp.namespaces.names[i];
		err = dispatch_add(d, &get);
		if (err == 0)
			err = dispatch_add(d, &set);
	}
	if (err < 0) {
		free(e);
		errno = -err;
		return NULL;
	}
	return e;
}

void endpoint_destroy(struct endpoint *e)
{
	struct request *r, *next;

	if (e == NULL)
		return;
	for (r = LIST_FIRST(&e->requests); r != NULL; r = next) {
		next = LIST_NEXT(r, entry);
		free(r);
	}
	free(e);
}

void endpoint_set_book(struct endpoint *e, struct session_book *book)
{
	e->book = book;
}

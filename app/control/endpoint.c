/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "admission.h"
#include "endpoint.h"
#include "hosts.h"
#include "ip_literal.h"
#include "jid.h"
#include "reply.h"
#include "session.h"
#include "sid.h"

/* Immutable, but for the book that is set once. */
struct endpoint {
	const struct config *cfg;
	struct dispatch *dispatch;
	struct request_book *requests;
	struct session_book *book;
};

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

/* Which session an IQ is about, and whose it is; JIDs as servers write them. */
struct subject {
	const char *sid, *peer; /* NULL when not given */
	char from[CONFIG_MAX_JID + 1], folded[CONFIG_MAX_JID + 1];
};

static bool read_subject(const struct iq *iq, struct subject *subject)
{
	if (strlen(iq->from) > CONFIG_MAX_JID)
		return false;
	strcpy(subject->from, iq->from);
	jid_fold(subject->from);
	return read_sid(iq->payload, &subject->sid) &&
	       read_peer(iq->payload, subject->from, subject->folded, &subject->peer);
}

/* Whom somebody on the list has named may take part, whatever the domain; NULL: nobody can have. */
static bool is_named(const struct endpoint *e, const struct iq *iq, const struct subject *subject)
{
	return subject != NULL && subject->sid != NULL && e->cfg->endpoint.enabled &&
	       !access_denied(e->cfg, iq->from) &&
	       session_reserved_for(e->book, subject->sid, subject->from, subject->peer);
}

/* False: the IQ has been refused. */
static bool admit(const struct endpoint *e, enum iq_kind kind, const struct iq *iq,
		  const struct subject *subject)
{
	return is_named(e, iq, subject) ||
	       admission_check(e->cfg, e->cfg->endpoint.enabled, e->dispatch, kind, iq);
}

static void handle_claim(void *ctx, const struct iq *iq)
{
	struct endpoint *e = ctx;
	struct claim claim = {.from = iq->from};
	struct subject subject;
	bool good = read_subject(iq, &subject);
	mxml_node_t *el;
	void *request;

	if (!admit(e, IQ_CLAIM, iq, good ? &subject : NULL))
		return;
	el = only_endpoint(iq);
	if (!good || subject.sid == NULL || el == NULL || !read_endpoint(el, &claim)) {
		dispatch_error(e->dispatch, IQ_CLAIM, iq->from, iq->id, IQ_BAD_REQUEST);
		return;
	}
	claim.sid = subject.sid;
	claim.peer = subject.peer;
	request = request_book_add(e->requests, IQ_CLAIM, true, iq);
	if (request != NULL)
		session_claim(e->book, &claim, request, iq->now_ms);
}

struct answer {
	const struct endpoint *e;
	mxml_node_t *query;
	unsigned int port;
};

static void add_connection(void *ctx, const char *host)
{
	const struct answer *a = ctx;
	mxml_node_t *connection = mxmlNewElement(a->query, "connection");

	mxmlElementSetAttr(connection, "jid", a->e->cfg->xmpp.jid);
	mxmlElementSetAttr(connection, "ip", host);
	mxmlElementSetAttrf(connection, "port", "%u", a->port);
}

/* The service's fixed addresses, or the names told instead of them. */
static void answer_address(struct endpoint *e, const struct iq *iq)
{
	struct answer a = {e, reply_element("query", iq->ns), e->cfg->endpoint.port};

	if (a.query == NULL)
		return;
	hosts_tell(e->cfg, HOSTS_ONE_A_FAMILY, add_connection, &a);
	dispatch_result(e->dispatch, IQ_ADDRESS, iq->from, iq->id, a.query);
}

/* Under a name, or an address of IPv4, the same ports are reached. */
static void add_port(void *ctx, const char *host)
{
	if (strchr(host, ':') == NULL)
		add_connection(ctx, host);
}

static void answer_reservation(struct endpoint *e, const struct iq *iq,
			       const struct subject *subject)
{
	char text[INET6_ADDRSTRLEN];
	struct rendezvous_ends ends;
	enum refusal refusal = session_reserve(e->book, subject->sid, subject->from, subject->peer,
					       iq->now_ms, &ends);
	struct answer a = {e, NULL, 0};

	if (refusal != REFUSALS) {
		dispatch_refuse(e->dispatch, IQ_ADDRESS, iq->from, iq->id,
				refusal == REFUSAL_DRAINING ? IQ_DRAINING : IQ_RESOURCE_CONSTRAINT,
				refusal);
		return;
	}
	a.query = reply_element("query", iq->ns);
	if (a.query == NULL)
		return;
	a.port = ntohs(ends.port);
	if (a.port != 0)
		hosts_tell(e->cfg, HOSTS_ONE_A_FAMILY, add_port, &a);
	a.port = e->cfg->endpoint.port;
	if (!IN6_IS_ADDR_UNSPECIFIED(&ends.addr6))
		add_connection(&a, inet_ntop(AF_INET6, &ends.addr6, text, sizeof(text)));
	dispatch_result(e->dispatch, IQ_ADDRESS, iq->from, iq->id, a.query);
}

static void handle_address(void *ctx, const struct iq *iq)
{
	struct endpoint *e = ctx;
	struct subject subject;
	/* Only who names the other can be named. */
	bool good = read_subject(iq, &subject) && (subject.sid == NULL) == (subject.peer == NULL);

	if (!admit(e, IQ_ADDRESS, iq, good ? &subject : NULL))
		return;
	if (!good)
		dispatch_error(e->dispatch, IQ_ADDRESS, iq->from, iq->id, IQ_BAD_REQUEST);
	else if (subject.sid != NULL && e->cfg->rendezvous.enabled)
		answer_reservation(e, iq, &subject);
	else if (subject.sid != NULL)
		dispatch_error(e->dispatch, IQ_ADDRESS, iq->from, iq->id, IQ_SERVICE_UNAVAILABLE);
	else
		answer_address(e, iq);
}

struct endpoint *endpoint_create(const struct config *cfg, struct dispatch *d,
				 struct request_book *requests)
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
	e->requests = requests;
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
	free(e);
}

void endpoint_set_book(struct endpoint *e, struct session_book *book)
{
	e->book = book;
}

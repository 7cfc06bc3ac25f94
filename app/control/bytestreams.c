/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "bytestream_name.h"
#include "bytestreams.h"
#include "jid_prep.h"
#include "reply.h"
#include "session.h"
#include "sid.h"

/* Immutable, but for the book that is set once. */
struct bytestreams {
	const struct config *cfg;
	struct dispatch *dispatch;
	struct request_book *requests;
	struct session_book *book;
};

/* --- the address query, XEP-0065 section 6.3.1 --- */

static void add_streamhost(const struct bytestreams *b, mxml_node_t *query, const char *host)
{
	mxml_node_t *streamhost = mxmlNewElement(query, "streamhost");

	mxmlElementSetAttr(streamhost, "jid", b->cfg->xmpp.jid);
	mxmlElementSetAttr(streamhost, "host", host);
	mxmlElementSetAttrf(streamhost, "port", "%u", (unsigned int)b->cfg->socks5.port);
}

/* inet_ntop() writes IPv6 as RFC 5952 has it. */
static void add_address(const struct bytestreams *b, mxml_node_t *query,
			const struct in6_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(addr))
		inet_ntop(AF_INET, &addr->s6_addr[12], text, sizeof(text));
	else
		inet_ntop(AF_INET6, addr, text, sizeof(text));
	add_streamhost(b, query, text);
}

static void add_addresses(const struct bytestreams *b, mxml_node_t *query, bool v4)
{
	const struct config *cfg = b->cfg;

	for (unsigned int i = 0; i < cfg->n_ports; i++) {
		for (unsigned int j = 0; j < cfg->ports[i].n_addresses; j++) {
			const struct in6_addr *addr = &cfg->ports[i].addresses[j].addr;

			if ((bool)IN6_IS_ADDR_V4MAPPED(addr) == v4)
				add_address(b, query, addr);
		}
	}
}

static void answer_query(struct bytestreams *b, const struct iq *iq, const char *sid)
{
	const struct config_names *advertise = &b->cfg->advertise;
	mxml_node_t *query = reply_element("query", iq->ns);

	if (query == NULL)
		return;
	if (sid != NULL)
		mxmlElementSetAttr(query, "sid", sid);
	for (unsigned int i = 0; i < advertise->count; i++)
		add_streamhost(b, query, advertise->names[i]);
	if (advertise->count == 0) {
		add_addresses(b, query, true); /* some clients take the first and no other */
		add_addresses(b, query, false);
	}
	dispatch_result(b->dispatch, IQ_STREAMHOST, iq->from, iq->id, query);
}

static void handle_query(void *ctx, const struct iq *iq)
{
	struct bytestreams *b = ctx;
	const char *sid = stanza_attribute(iq->payload, "sid");

	if (!admission_check(b->cfg, b->cfg->socks5.enabled, b->dispatch, IQ_STREAMHOST, iq))
		return;
	if (sid != NULL && !sid_valid(sid))
		dispatch_error(b->dispatch, IQ_STREAMHOST, iq->from, iq->id, IQ_BAD_REQUEST);
	else
		answer_query(b, iq, sid);
}

/* --- activation, XEP-0065 section 6.3.5 --- */

/* The one <activate/>; NULL for none or several. */
static mxml_node_t *only_activate(const struct iq *iq)
{
	mxml_node_t *el = NULL, *found = NULL;

	while ((el = stanza_next_child(iq->payload, el)) != NULL) {
		if (!stanza_is(iq->stanza, el, iq->ns, "activate"))
			continue;
		if (found != NULL)
			return NULL;
		found = el;
	}
	return found;
}

/*
 * The names the bytestream may have: of the JIDs as they came, for so clients hash them, and of the
 * prepared ones, as the XEP demands, where these are others.
 */
static enum iq_result name_it(struct activation *a)
{
	char from[JID_SIZE], target[JID_SIZE];

	if (!jid_prepare(a->target, target))
		return IQ_JID_MALFORMED;
	if (bytestream_name(a->sid, a->from, a->target, a->names[0]) < 0)
		return IQ_SERVICE_UNAVAILABLE;
	a->n_names = 1;
	/* `from` is the server's word: one it should not have let pass stays as it is. */
	if (!jid_prepare(a->from, from))
		strcpy(from, a->from);
	if (strcmp(from, a->from) == 0 && strcmp(target, a->target) == 0)
		return IQ_OK;
	if (bytestream_name(a->sid, from, target, a->names[1]) < 0)
		return IQ_SERVICE_UNAVAILABLE;
	a->n_names = 2;
	return IQ_OK;
}

static enum iq_result read_activation(const struct iq *iq, char target[JID_SIZE],
				      struct activation *a)
{
	mxml_node_t *activate = only_activate(iq);

	a->from = iq->from;
	a->target = target;
	a->sid = stanza_attribute(iq->payload, "sid");
	if (a->sid == NULL || !sid_valid(a->sid) || activate == NULL)
		return IQ_BAD_REQUEST;
	if (!stanza_text(activate, target, JID_SIZE))
		return IQ_JID_MALFORMED;
	return name_it(a);
}

static void handle_activate(void *ctx, const struct iq *iq)
{
	struct bytestreams *b = ctx;
	char target[JID_SIZE];
	struct activation activation;
	enum iq_result result;
	void *request;

	/* Whoever may not ask for the address may not activate either: CVE-2026-43504. */
	if (!admission_check(b->cfg, b->cfg->socks5.enabled, b->dispatch, IQ_ACTIVATE, iq))
		return;
	result = read_activation(iq, target, &activation);
	if (result != IQ_OK) {
		dispatch_error(b->dispatch, IQ_ACTIVATE, iq->from, iq->id, result);
		return;
	}
	request = request_book_add(b->requests, IQ_ACTIVATE, false, iq);
	if (request != NULL)
		session_activate(b->book, &activation, request, iq->now_ms);
}

/* --- the service --- */

struct bytestreams *bytestreams_create(const struct config *cfg, struct dispatch *d,
				       struct request_book *requests)
{
	struct bytestreams *b = calloc(1, sizeof(*b));
	const struct iq_route routes[] = {
		{false, NS_BYTESTREAMS, "query", handle_query, b},
		{true, NS_BYTESTREAMS, "query", handle_activate, b},
	};
	int err = 0;

	if (b == NULL)
		return NULL;
	b->cfg = cfg;
	b->dispatch = d;
	b->requests = requests;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]) && err == 0; i++)
		err = dispatch_add(d, &routes[i]);
	if (err < 0) {
		free(b);
		errno = -err;
		return NULL;
	}
	return b;
}

void bytestreams_destroy(struct bytestreams *b)
{
	free(b);
}

void bytestreams_set_book(struct bytestreams *b, struct session_book *book)
{
	b->book = book;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "bytestream_name.h"
#include "bytestreams.h"
#include "hosts.h"
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

struct answer {
	const struct bytestreams *b;
	mxml_node_t *query;
};

static void add_streamhost(void *ctx, const char *host)
{
	const struct answer *a = ctx;
	mxml_node_t *streamhost = mxmlNewElement(a->query, "streamhost");

	mxmlElementSetAttr(streamhost, "jid", a->b->cfg->xmpp.jid);
	mxmlElementSetAttr(streamhost, "host", host);
	mxmlElementSetAttrf(streamhost, "port", "%u", (unsigned int)a->b->cfg->socks5.port);
}

static void answer_query(struct bytestreams *b, const struct iq *iq, const char *sid)
{
	struct answer a = {b, reply_element("query", iq->ns)};

	if (a.query == NULL)
		return;
	if (sid != NULL)
		mxmlElementSetAttr(a.query, "sid", sid);
	hosts_tell(b->cfg, HOSTS_ALL, add_streamhost, &a);
	dispatch_result(b->dispatch, IQ_STREAMHOST, iq->from, iq->id, a.query);
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "reply.h"
#include "service.h"

#define NS_PING	       "urn:xmpp:ping"
#define NS_DISCO_INFO  "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"

/* Immutable. */
struct service {
	const struct config *cfg;
	struct dispatch *dispatch;
};

static void handle_ping(void *ctx, const struct iq *iq)
{
	struct service *s = ctx;

	dispatch_result(s->dispatch, IQ_PING, iq->from, iq->id, NULL);
}

static void add_feature(mxml_node_t *query, const char *var)
{
	mxml_node_t *feature = mxmlNewElement(query, "feature");

	mxmlElementSetAttr(feature, "var", var);
}

/* The registry's type of a `proxy` would be "bytestreams", but that is SOCKS5. */
static void add_identity(mxml_node_t *query)
{
	mxml_node_t *identity = mxmlNewElement(query, "identity");

	mxmlElementSetAttr(identity, "category", "proxy");
	mxmlElementSetAttr(identity, "type", "endpoint");
	mxmlElementSetAttr(identity, "name", "tandem");
}

/* There are no nodes to be asked for. */
static bool refuse_node(struct service *s, const struct iq *iq)
{
	if (stanza_attribute(iq->payload, "node") == NULL)
		return false;
	dispatch_error(s->dispatch, IQ_DISCO, iq->from, iq->id, IQ_ITEM_NOT_FOUND);
	return true;
}

static void handle_info(void *ctx, const struct iq *iq)
{
	struct service *s = ctx;
	const struct config_names *namespaces = &s->cfg->xmpp.namespaces;
	mxml_node_t *query;
	unsigned int i;

	if (refuse_node(s, iq))
		return;
	query = reply_element("query", NS_DISCO_INFO);
	if (query == NULL)
		return;
	add_identity(query);
	add_feature(query, NS_DISCO_INFO);
	add_feature(query, NS_DISCO_ITEMS);
	add_feature(query, NS_PING);
	for (i = 0; s->cfg->endpoint.enabled && i < namespaces->count; i++)
		add_feature(query, namespaces->names[i]);
	dispatch_result(s->dispatch, IQ_DISCO, iq->from, iq->id, query);
}

static void handle_items(void *ctx, const struct iq *iq)
{
	struct service *s = ctx;

	if (!refuse_node(s, iq))
		dispatch_result(s->dispatch, IQ_DISCO, iq->from, iq->id,
				reply_element("query", NS_DISCO_ITEMS));
}

struct service *service_create(const struct config *cfg, struct dispatch *d)
{
	struct service *s = malloc(sizeof(*s));
	const struct iq_route routes[] = {
		{false, NS_PING, "ping", handle_ping, s},
		{false, NS_DISCO_INFO, "query", handle_info, s},
		{false, NS_DISCO_ITEMS, "query", handle_items, s},
	};
	size_t i;
	int err;

	if (s == NULL)
		return NULL;
	s->cfg = cfg;
	s->dispatch = d;
	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		err = dispatch_add(d, &routes[i]);
		if (err < 0) {
			free(s);
			errno = -err;
			return NULL;
		}
	}
	return s;
}

void service_destroy(struct service *s)
{
	free(s);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "bytestreams.h"
#include "data_form.h"
#include "reply.h"
#include "service.h"

#define NS_PING	       "urn:xmpp:ping"
#define NS_DISCO_INFO  "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define NS_VERSION     "jabber:iq:version"
#define NS_LAST	       "jabber:iq:last"
#define NS_SERVERINFO  "http://jabber.org/network/serverinfo"

/* Immutable. */
struct service {
	const struct config *cfg;
	struct dispatch *dispatch;
	const struct commands *commands;
	uint64_t started_ms;
};

static void handle_ping(void *ctx, const struct iq *iq)
{
	struct service *s = ctx;

	dispatch_result(s->dispatch, IQ_PING, iq->from, iq->id, NULL);
}

/* --- service discovery --- */

static void add_feature(mxml_node_t *query, const char *var)
{
	mxml_node_t *feature = mxmlNewElement(query, "feature");

	mxmlElementSetAttr(feature, "var", var);
}

/*
 * Clients look for proxy/bytestreams and then speak XEP-0065, so it is told only where that is
 * served.  The registry has no type for endpoint bytestreams, by which nobody looks for it; some
 * identity there must be: component/generic is what it has for components it does not know.
 */
static void add_identity(const struct service *s, mxml_node_t *query)
{
	mxml_node_t *identity = mxmlNewElement(query, "identity");
	bool socks5 = s->cfg->socks5.enabled;

	mxmlElementSetAttr(identity, "category", socks5 ? "proxy" : "component");
	mxmlElementSetAttr(identity, "type", socks5 ? "bytestreams" : "generic");
	mxmlElementSetAttr(identity, "name", "tandem");
}

/* The namespace itself, and whether an address can be reserved in it. */
static void add_endpoint_features(const struct service *s, mxml_node_t *query, const char *ns)
{
	mxml_node_t *feature;

	add_feature(query, ns);
	if (!s->cfg->rendezvous.enabled)
		return;
	feature = mxmlNewElement(query, "feature");
	mxmlElementSetAttrf(feature, "var", "%s#rendezvous", ns);
}

static void add_features(const struct service *s, mxml_node_t *query, const char *from)
{
	static const char *const always[] = {NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION,
					     NS_LAST};
	const struct config_names *namespaces = &s->cfg->xmpp.namespaces;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		add_feature(query, always[i]);
	if (s->cfg->socks5.enabled)
		add_feature(query, NS_BYTESTREAMS);
	for (unsigned int i = 0; s->cfg->endpoint.enabled && i < namespaces->count; i++)
		add_endpoint_features(s, query, namespaces->names[i]);
	if (commands_are_for(s->commands, from))
		add_feature(query, NS_COMMANDS);
}

/* XEP-0157, in a form as XEP-0128 has them. */
static void add_contact(const struct service *s, mxml_node_t *query)
{
	mxml_node_t *form;

	if (s->cfg->xmpp.abuse == NULL)
		return;
	form = data_form_add(query, "result", NULL, NULL);
	data_form_add_field(form, "hidden", "FORM_TYPE", NULL, NS_SERVERINFO);
	data_form_add_field(form, "list-multi", "abuse-addresses", NULL, s->cfg->xmpp.abuse);
}

/* Of the component's nodes only those of commands exist. */
static void describe(struct service *s, const struct iq *iq, bool items)
{
	const char *node = stanza_attribute(iq->payload, "node");
	mxml_node_t *query = reply_element("query", iq->ns);
	enum iq_result result = IQ_OK;

	if (query == NULL)
		return;
	if (node != NULL) {
		result = commands_describe(s->commands, iq->from, node, items, query);
	} else if (!items) {
		add_identity(s, query);
		add_features(s, query, iq->from);
		add_contact(s, query);
	}
	if (result == IQ_OK) {
		dispatch_result(s->dispatch, IQ_DISCO, iq->from, iq->id, query);
		return;
	}
	mxmlDelete(query);
	if (result == IQ_FORBIDDEN)
		dispatch_forbid(s->dispatch, IQ_DISCO, iq, REFUSAL_ADMINS);
	else
		dispatch_error(s->dispatch, IQ_DISCO, iq->from, iq->id, result);
}

static void handle_info(void *ctx, const struct iq *iq)
{
	describe(ctx, iq, false);
}

static void handle_items(void *ctx, const struct iq *iq)
{
	describe(ctx, iq, true);
}

/* --- what runs, and for how long --- */

static void handle_version(void *ctx, const struct iq *iq)
{
	struct service *s = ctx;
	mxml_node_t *query = reply_element("query", iq->ns);

	if (query == NULL)
		return;
	data_form_add_text(query, "name", "tandem");
	data_form_add_text(query, "version", TANDEM_VERSION);
	dispatch_result(s->dispatch, IQ_VERSION, iq->from, iq->id, query);
}

/* Of a component it is the time since it began (XEP-0012 section 4). */
static void handle_last(void *ctx, const struct iq *iq)
{
	struct service *s = ctx;
	uint64_t up_ms = iq->now_ms > s->started_ms ? iq->now_ms - s->started_ms : 0;
	mxml_node_t *query = reply_element("query", iq->ns);

	if (query == NULL)
		return;
	mxmlElementSetAttrf(query, "seconds", "%" PRIu64, up_ms / 1000);
	dispatch_result(s->dispatch, IQ_LAST, iq->from, iq->id, query);
}

struct service *service_create(const struct config *cfg, struct dispatch *d,
			       const struct commands *commands, uint64_t started_ms)
{
	struct service *s = malloc(sizeof(*s));
	const struct iq_route routes[] = {
		{false, NS_PING, "ping", handle_ping, s},
		{false, NS_DISCO_INFO, "query", handle_info, s},
		{false, NS_DISCO_ITEMS, "query", handle_items, s},
		{false, NS_VERSION, "query", handle_version, s},
		{false, NS_LAST, "query", handle_last, s},
	};
	size_t i;
	int err;

	if (s == NULL)
		return NULL;
	s->cfg = cfg;
	s->dispatch = d;
	s->commands = commands;
	s->started_ms = started_ms;
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

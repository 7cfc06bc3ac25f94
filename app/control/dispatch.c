/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The routes are added while the control plane is set up and stay; nothing else is kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "counter.h"
#include "dispatch.h"
#include "jid.h"
#include "log.h"
#include "reply.h"

struct dispatch {
	const char *jid;
	struct control_stats *stats;
	struct outlet outlet;
	struct iq_route routes[DISPATCH_ROUTES_MAX];
	unsigned int n_routes;
};

struct dispatch *dispatch_create(const char *jid, struct control_stats *stats,
				 const struct outlet *outlet)
{
	struct dispatch *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->jid = jid;
	d->stats = stats;
	d->outlet = *outlet;
	return d;
}

void dispatch_destroy(struct dispatch *d)
{
	free(d);
}

int dispatch_add(struct dispatch *d, const struct iq_route *route)
{
	if (d->n_routes == DISPATCH_ROUTES_MAX)
		return -ENOSPC;
	d->routes[d->n_routes++] = *route;
	return 0;
}

static void answer(struct dispatch *d, enum iq_kind kind, enum iq_result result, mxml_node_t *reply)
{
	char *text = reply_text(reply);

	counter_increment(&d->stats->iq[kind][result]);
	if (text == NULL) {
		log_error("no memory for an answer");
		return;
	}
	d->outlet.send(d->outlet.ctx, text, strlen(text));
	free(text);
}

void dispatch_result(struct dispatch *d, enum iq_kind kind, const char *to, const char *id,
		     mxml_node_t *payload)
{
	answer(d, kind, IQ_OK, reply_result(d->jid, to, id, payload));
}

void dispatch_error(struct dispatch *d, enum iq_kind kind, const char *to, const char *id,
		    enum iq_result why)
{
	dispatch_refuse(d, kind, to, id, why, REFUSALS);
}

void dispatch_refuse(struct dispatch *d, enum iq_kind kind, const char *to, const char *id,
		     enum iq_result why, enum refusal refusal)
{
	if (refusal < REFUSALS)
		counter_increment(&d->stats->refusals[refusal]);
	answer(d, kind, why, reply_refusal(d->jid, to, id, why, refusal));
}

void dispatch_forbid(struct dispatch *d, enum iq_kind kind, const struct iq *iq,
		     enum refusal refusal)
{
	struct log_quoted q;

	log_debug("%s is not allowed: %s", log_quote(&q, iq->from), refusal_name(refusal));
	dispatch_refuse(d, kind, iq->from, iq->id, IQ_FORBIDDEN, refusal);
}

static void drop(struct dispatch *d, mxml_node_t *root, const char *why)
{
	struct log_quoted q;

	counter_increment(&d->stats->stanzas_dropped);
	log_debug("stanza from %s dropped: %s", log_quote(&q, stanza_attribute(root, "from")), why);
}

static bool is_to_component(const struct dispatch *d, mxml_node_t *root)
{
	return strcasecmp(stanza_attribute(root, "to"), d->jid) == 0;
}

/* The answer comes from the address that was asked: the requester knows it by that (RFC 6120
 * section 8.1.2.1). */
static void refuse(struct dispatch *d, mxml_node_t *root, enum iq_result why)
{
	const char *us = is_to_component(d, root) ? d->jid : stanza_attribute(root, "to");

	answer(d, IQ_OTHER, why,
	       reply_error(us, stanza_attribute(root, "from"), stanza_attribute(root, "id"), why));
}

/* Is it from somebody, and to an address that we may answer from: our own or one below it? */
static bool addressed(struct dispatch *d, mxml_node_t *root)
{
	const char *from = stanza_attribute(root, "from");
	const char *to = stanza_attribute(root, "to");
	struct jid sender, addressee;

	if (from == NULL || !jid_split(from, &sender)) {
		drop(d, root, "no sender");
		return false;
	}
	if (to == NULL || !jid_split(to, &addressee) ||
	    (!is_to_component(d, root) &&
	     (addressee.domain_len != strlen(d->jid) ||
	      memcmp(addressee.domain, d->jid, addressee.domain_len) != 0))) {
		drop(d, root, "to another domain");
		return false;
	}
	return true;
}

enum stanza_kind { STANZA_IGNORED, STANZA_REQUEST, STANZA_BAD_REQUEST, STANZA_BROKEN };

/* The three kinds of RFC 6120 section 8 and the four types of an IQ (section 8.2.3). */
static enum stanza_kind kind_of(const struct stanza *st, bool *set)
{
	static const struct {
		const char *type;
		enum stanza_kind kind;
		bool set;
	} types[] = {
		{"get", STANZA_REQUEST, false},
		{"set", STANZA_REQUEST, true},
		{"result", STANZA_IGNORED, false},
		{"error", STANZA_IGNORED, false},
	};
	mxml_node_t *root = stanza_root(st);
	const char *type = stanza_attribute(root, "type");
	const char *id = stanza_attribute(root, "id");
	size_t i;

	if (stanza_is(st, root, NS_COMPONENT, "message") ||
	    stanza_is(st, root, NS_COMPONENT, "presence"))
		return STANZA_IGNORED;
	if (!stanza_is(st, root, NS_COMPONENT, "iq") || id == NULL || !reply_can_carry(id))
		return STANZA_BROKEN;
	for (i = 0; type != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i].type) == 0) {
			*set = types[i].set;
			return types[i].kind;
		}
	}
	return STANZA_BAD_REQUEST;
}

static const struct iq_route *find_route(const struct dispatch *d, const struct iq *iq, bool set)
{
	unsigned int i;

	for (i = 0; i < d->n_routes; i++) {
		const struct iq_route *r = &d->routes[i];

		if (r->set == set && stanza_is(iq->stanza, iq->payload, r->ns, r->name))
			return r;
	}
	return NULL;
}

static void handle_request(struct dispatch *d, const struct stanza *st, bool set, uint64_t now_ms)
{
	mxml_node_t *root = stanza_root(st);
	struct iq iq = {
		.stanza = st,
		.payload = stanza_next_child(root, NULL),
		.from = stanza_attribute(root, "from"),
		.id = stanza_attribute(root, "id"),
		.now_ms = now_ms,
	};
	const struct iq_route *route;

	if (strlen(iq.id) > IQ_ID_MAX) {
		refuse(d, root, IQ_POLICY_VIOLATION);
		return;
	}
	if (iq.payload == NULL || stanza_next_child(root, iq.payload) != NULL) {
		refuse(d, root, IQ_BAD_REQUEST);
		return;
	}
	route = is_to_component(d, root) ? find_route(d, &iq, set) : NULL;
	if (route == NULL) {
		refuse(d, root, IQ_SERVICE_UNAVAILABLE);
		return;
	}
	iq.ns = route->ns;
	route->handle(route->ctx, &iq);
}

/* Is it an IQ get or set?  All else is done with here. */
static bool is_request(struct dispatch *d, const struct stanza *st, bool *set)
{
	mxml_node_t *root = stanza_root(st);

	if (!addressed(d, root))
		return false;
	switch (kind_of(st, set)) {
	case STANZA_REQUEST:
		return true;
	case STANZA_BAD_REQUEST:
		refuse(d, root, IQ_BAD_REQUEST);
		break;
	case STANZA_BROKEN:
		drop(d, root, "neither message, presence nor a proper IQ");
		break;
	case STANZA_IGNORED:
		break;
	}
	return false;
}

void dispatch_stanza(struct dispatch *d, const struct stanza *st, uint64_t now_ms)
{
	bool set;

	if (is_request(d, st, &set))
		handle_request(d, st, set, now_ms);
}

void dispatch_oversized(struct dispatch *d, const struct stanza *start_tag)
{
	bool set;

	if (is_request(d, start_tag, &set))
		refuse(d, stanza_root(start_tag), IQ_POLICY_VIOLATION);
}

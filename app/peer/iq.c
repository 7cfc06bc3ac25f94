/* SPDX-License-Identifier: BSD-3-Clause */
#include "iq.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const struct {
	const char *name, *type;
} conditions[] = {
	[IQ_BAD_REQUEST] = {"bad-request", "modify"},
	[IQ_CONFLICT] = {"conflict", "cancel"},
	[IQ_ITEM_NOT_FOUND] = {"item-not-found", "cancel"},
	[IQ_NOT_ACCEPTABLE] = {"not-acceptable", "cancel"},
	[IQ_RESOURCE_CONSTRAINT] = {"resource-constraint", "wait"},
	[IQ_SERVICE_UNAVAILABLE] = {"service-unavailable", "cancel"},
	[IQ_UNEXPECTED_REQUEST] = {"unexpected-request", "cancel"},
};

void iq_random(char text[IQ_RANDOM_TEXT])
{
	unsigned char bytes[(IQ_RANDOM_TEXT - 1) / 2];

	/* Cannot fail for so few bytes once the kernel's pool is up; there is no fallback. */
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort();
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

xmpp_stanza_t *iq_new(xmpp_ctx_t *ctx, const char *type, const char *to)
{
	char id[IQ_RANDOM_TEXT];
	xmpp_stanza_t *iq;

	iq_random(id);
	iq = xmpp_iq_new(ctx, type, id);
	if (iq && xmpp_stanza_set_to(iq, to) != XMPP_EOK) {
		xmpp_stanza_release(iq);
		return NULL;
	}
	return iq;
}

xmpp_stanza_t *iq_add(xmpp_stanza_t *parent, const char *name, const char *ns)
{
	xmpp_stanza_t *child = xmpp_stanza_new(xmpp_stanza_get_context(parent));

	if (!child)
		return NULL;
	if (xmpp_stanza_set_name(child, name) != XMPP_EOK ||
	    (ns && xmpp_stanza_set_ns(child, ns) != XMPP_EOK) ||
	    xmpp_stanza_add_child(parent, child) != XMPP_EOK) {
		xmpp_stanza_release(child);
		return NULL;
	}
	xmpp_stanza_release(child); /* the parent holds its own reference */
	return child;
}

void iq_release(xmpp_stanza_t **iq)
{
	if (*iq)
		xmpp_stanza_release(*iq);
	*iq = NULL;
}

xmpp_stanza_t *iq_result(xmpp_stanza_t *request)
{
	xmpp_stanza_t *result = xmpp_stanza_reply(request);

	if (result && xmpp_stanza_set_type(result, "result") != XMPP_EOK) {
		xmpp_stanza_release(result);
		return NULL;
	}
	return result;
}

xmpp_stanza_t *iq_error(xmpp_stanza_t *request, enum iq_condition condition, const char *text)
{
	return xmpp_stanza_reply_error(request, conditions[condition].type,
				       conditions[condition].name, text);
}

bool iq_is(xmpp_stanza_t *iq, const char *type)
{
	const char *own = xmpp_stanza_get_type(iq);

	return own && strcmp(own, type) == 0;
}

const char *iq_sid(xmpp_stanza_t *query)
{
	const char *sid = xmpp_stanza_get_attribute(query, "sid");
	const char *side = xmpp_stanza_get_attribute(query, "side");

	if (sid && side && strcmp(sid, side) != 0)
		return NULL;
	if (!sid)
		sid = side;
	return sid && sid[0] != '\0' && strlen(sid) <= IQ_SID_MAX ? sid : NULL;
}

int iq_number(const char *text, unsigned long long *value)
{
	if (!text || text[0] == '\0' || strlen(text) > 19 ||
	    strspn(text, "0123456789") != strlen(text))
		return -EINVAL;
	*value = strtoull(text, NULL, 10); /* 19 digits fit */
	return *value <= LLONG_MAX ? 0 : -EINVAL;
}

const char *iq_error_condition(xmpp_stanza_t *iq)
{
	xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(iq, "error");
	xmpp_stanza_t *child = error ? xmpp_stanza_get_children(error) : NULL;

	for (; child; child = xmpp_stanza_get_next(child)) {
		const char *name = xmpp_stanza_get_name(child);
		const char *ns = xmpp_stanza_get_ns(child);

		if (name && ns && strcmp(ns, XMPP_NS_STANZAS_IETF) == 0 &&
		    strcmp(name, "text") != 0)
			return name;
	}
	return "undefined-condition";
}

bool iq_error_passing(xmpp_stanza_t *iq)
{
	static const char *const passing[] = {"service-unavailable", "recipient-unavailable",
					      "remote-server-timeout", "remote-server-not-found"};
	const char *condition = iq_error_condition(iq);

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		if (strcmp(condition, passing[i]) == 0)
			return true;
	}
	return false;
}

void iq_error_describe(xmpp_stanza_t *iq, char *buf, size_t size)
{
	xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(iq, "error");
	xmpp_stanza_t *text = error ? xmpp_stanza_get_child_by_name(error, "text") : NULL;
	char *words = text ? xmpp_stanza_get_text(text) : NULL;

	snprintf(buf, size, "%s%s%.300s", iq_error_condition(iq), words ? ": " : "",
		 words ? words : "");
	if (words)
		xmpp_free(xmpp_stanza_get_context(iq), words);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "reply.h"
#include "stanza.h"

/* DESIGN 2.1 rule 7, and for bytestreams the errors of XEP-0065 */
static const struct {
	const char *type;
	const char *condition;
} errors[IQ_RESULTS] = {
	[IQ_BAD_REQUEST] = {"modify", "bad-request"},
	[IQ_FORBIDDEN] = {"auth", "forbidden"},
	[IQ_ITEM_NOT_FOUND] = {"cancel", "item-not-found"},
	[IQ_CONFLICT] = {"cancel", "conflict"},
	[IQ_RESOURCE_CONSTRAINT] = {"wait", "resource-constraint"},
	[IQ_SERVICE_UNAVAILABLE] = {"cancel", "service-unavailable"},
	[IQ_REMOTE_SERVER_TIMEOUT] = {"wait", "remote-server-timeout"},
	[IQ_POLICY_VIOLATION] = {"modify", "policy-violation"},
	[IQ_JID_MALFORMED] = {"modify", "jid-malformed"},
	[IQ_NOT_ALLOWED] = {"cancel", "not-allowed"},
	[IQ_DRAINING] = {"wait", "service-unavailable"},
};

static const char *const texts[REFUSALS] = {
	[REFUSAL_ACCESS] = "You may not use this relay.",
	[REFUSAL_ADMINS] = "Only administrators of this relay may do that.",
	[REFUSAL_STRICT] = "A claim must give its peer and all four values of its connection.",
	[REFUSAL_SESSIONS] = "The relay has as many sessions as it may have.",
	[REFUSAL_SESSIONS_PER_JID] = "You have as many sessions as one user may have.",
	[REFUSAL_SESSIONS_PER_DOMAIN] = "Your domain has as many sessions as it may have.",
	[REFUSAL_VOLUME_PER_JID] = "You have used up the volume that one user has a day.",
	[REFUSAL_RESERVATIONS] = "The relay has no rendezvous address left.",
	[REFUSAL_RESERVATIONS_PER_JID] =
		"You have as many rendezvous addresses as one user may have.",
	[REFUSAL_NO_MEMORY] = "The relay is short of memory.",
	[REFUSAL_COOKIES] = "Under load a claim must give all four values of its connection.",
	[REFUSAL_FLOWS] = "The relay has no room for another pair of connections.",
	[REFUSAL_DRAINING] = "The relay is being drained and takes nothing new.",
};

static mxml_node_t *iq(const char *type, const char *from, const char *to, const char *id)
{
	mxml_node_t *node = mxmlNewElement(MXML_NO_PARENT, "iq");

	if (node == NULL)
		return NULL;
	mxmlElementSetAttr(node, "type", type);
	mxmlElementSetAttr(node, "from", from);
	mxmlElementSetAttr(node, "to", to);
	mxmlElementSetAttr(node, "id", id);
	return node;
}

mxml_node_t *reply_result(const char *from, const char *to, const char *id, mxml_node_t *payload)
{
	mxml_node_t *node = iq("result", from, to, id);

	if (node == NULL)
		mxmlDelete(payload);
	else if (payload != NULL)
		mxmlAdd(node, MXML_ADD_AFTER, MXML_ADD_TO_PARENT, payload);
	return node;
}

/* A child in the namespace; false without memory. */
static bool add_child(mxml_node_t *parent, const char *name, const char *ns, mxml_node_t **child)
{
	*child = mxmlNewElement(parent, name);
	if (*child != NULL)
		mxmlElementSetAttr(*child, "xmlns", ns);
	return *child != NULL;
}

static bool explain(mxml_node_t *error, enum refusal refusal)
{
	mxml_node_t *text, *limit;

	if (!add_child(error, "text", NS_STANZA_ERRORS, &text) ||
	    !add_child(error, refusal_name(refusal), NS_REFUSALS, &limit))
		return false;
	mxmlElementSetAttr(text, "xml:lang", "en");
	return mxmlNewOpaque(text, texts[refusal]) != NULL;
}

mxml_node_t *reply_refusal(const char *from, const char *to, const char *id, enum iq_result why,
			   enum refusal refusal)
{
	mxml_node_t *node = iq("error", from, to, id);
	mxml_node_t *error = node == NULL ? NULL : mxmlNewElement(node, "error");
	mxml_node_t *condition;

	if (error == NULL ||
	    !add_child(error, errors[why].condition, NS_STANZA_ERRORS, &condition) ||
	    (refusal < REFUSALS && !explain(error, refusal))) {
		mxmlDelete(node);
		return NULL;
	}
	mxmlElementSetAttr(error, "type", errors[why].type);
	return node;
}

mxml_node_t *reply_error(const char *from, const char *to, const char *id, enum iq_result why)
{
	return reply_refusal(from, to, id, why, REFUSALS);
}

mxml_node_t *reply_element(const char *name, const char *ns)
{
	mxml_node_t *node = mxmlNewElement(MXML_NO_PARENT, name);

	if (node != NULL)
		mxmlElementSetAttr(node, "xmlns", ns);
	return node;
}

char *reply_text(mxml_node_t *reply)
{
	char *text;
	size_t len;

	if (reply == NULL)
		return NULL;
	/* Without this line ends are put between attributes. */
	mxmlSetWrapMargin(0);
	text = mxmlSaveAllocString(reply, MXML_NO_CALLBACK);
	mxmlDelete(reply);
	len = text == NULL ? 0 : strlen(text);
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

char *reply_start_tag(mxml_node_t *element)
{
	char *text = reply_text(element);
	char *end = text == NULL ? NULL : strrchr(text, '/');

	if (end != NULL)
		strcpy(end, ">");
	return text;
}

bool reply_can_carry(const char *value)
{
	return strpbrk(value, "\t\n\r") == NULL;
}

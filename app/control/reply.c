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

mxml_node_t *reply_error(const char *from, const char *to, const char *id, enum iq_result why)
{
	mxml_node_t *node = iq("error", from, to, id);
	mxml_node_t *error, *condition;

	if (node == NULL)
		return NULL;
	error = mxmlNewElement(node, "error");
	condition = error == NULL ? NULL : mxmlNewElement(error, errors[why].condition);
	if (condition == NULL) {
		mxmlDelete(node);
		return NULL;
	}
	mxmlElementSetAttr(error, "type", errors[why].type);
	mxmlElementSetAttr(condition, "xmlns", NS_STANZA_ERRORS);
	return node;
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stanza.h"

/* Immutable once parsed. */
struct stanza {
	mxml_node_t *root;
	const struct stanza *stream;
};

static void ignore_error(const char *message)
{
	(void)message; /* it goes to stderr otherwise, wire text and all */
}

#define BOM	      "\xef\xbb\xbf" /* U+FEFF in UTF-8 */
#define BOM_REFERENCE "&#xfeff;"

/* mxml drops U+FEFF wherever it stands, and an id without it would be another one; as a reference
 * it keeps it. */
static mxml_node_t *load(const char *text)
{
	char *spelt, *out;
	const char *bom;
	mxml_node_t *root;
	size_t n = 0;

	for (bom = text; (bom = strstr(bom, BOM)) != NULL; bom += strlen(BOM))
		n++;
	if (n == 0)
		return mxmlLoadString(NULL, text, MXML_OPAQUE_CALLBACK);
	spelt = malloc(strlen(text) + n * strlen(BOM_REFERENCE) + 1);
	if (spelt == NULL)
		return NULL;
	for (out = spelt; (bom = strstr(text, BOM)) != NULL; text = bom + strlen(BOM)) {
		out = mempcpy(out, text, (size_t)(bom - text));
		out = stpcpy(out, BOM_REFERENCE);
	}
	strcpy(out, text);
	root = mxmlLoadString(NULL, spelt, MXML_OPAQUE_CALLBACK);
	free(spelt);
	return root;
}

struct stanza *stanza_parse(const char *text, const struct stanza *stream)
{
	struct stanza *st = malloc(sizeof(*st));

	if (st == NULL)
		return NULL;
	mxmlSetErrorCallback(ignore_error);
	st->stream = stream;
	st->root = load(text);
	if (st->root == NULL) {
		free(st);
		errno = EBADMSG;
		return NULL;
	}
	return st;
}

struct stanza *stanza_parse_start(const char *tag, const struct stanza *stream)
{
	size_t len = strlen(tag);
	struct stanza *st;
	char *text;

	if (len < 2 || tag[len - 1] != '>') {
		errno = EBADMSG;
		return NULL;
	}
	text = malloc(len + 2);
	if (text == NULL)
		return NULL;
	memcpy(text, tag, len - 1);
	strcpy(text + len - 1, "/>");
	st = stanza_parse(text, stream);
	free(text);
	return st;
}

void stanza_free(struct stanza *st)
{
	if (st == NULL)
		return;
	mxmlDelete(st->root);
	free(st);
}

mxml_node_t *stanza_root(const struct stanza *st)
{
	return st->root;
}

/* Is the attribute `name` a declaration of the prefix of `prefix_len` bytes (0: of the default)? */
static bool declares(const char *name, const char *prefix, size_t prefix_len)
{
	static const char xmlns[] = "xmlns";

	if (strncmp(name, xmlns, strlen(xmlns)) != 0)
		return false;
	name += strlen(xmlns);
	if (prefix_len == 0)
		return *name == '\0';
	return *name == ':' && strlen(name + 1) == prefix_len &&
	       memcmp(name + 1, prefix, prefix_len) == 0;
}

static const char *declared_at(mxml_node_t *element, const char *prefix, size_t prefix_len)
{
	const char *name, *value;
	int i, n = mxmlElementGetAttrCount(element);

	for (i = 0; i < n; i++) {
		value = mxmlElementGetAttrByIndex(element, i, &name);
		if (value != NULL && declares(name, prefix, prefix_len))
			return value;
	}
	return NULL;
}

const char *stanza_namespace(const struct stanza *st, mxml_node_t *element)
{
	const char *name = mxmlGetElement(element);
	const char *colon = strchr(name, ':');
	size_t prefix_len = colon == NULL ? 0 : (size_t)(colon - name);
	const char *ns;

	if (colon == name)
		return "";
	if (prefix_len == strlen("xml") && memcmp(name, "xml", prefix_len) == 0)
		return "http://www.w3.org/XML/1998/namespace";
	for (; st != NULL; st = st->stream, element = st == NULL ? NULL : st->root) {
		for (; element != NULL; element = mxmlGetParent(element)) {
			ns = declared_at(element, name, prefix_len);
			if (ns != NULL)
				return ns;
		}
	}
	return colon == NULL ? NS_COMPONENT : "";
}

const char *stanza_local_name(mxml_node_t *element)
{
	const char *name = mxmlGetElement(element);
	const char *colon = strchr(name, ':');

	return colon == NULL ? name : colon + 1;
}

bool stanza_is(const struct stanza *st, mxml_node_t *element, const char *ns, const char *name)
{
	return strcmp(stanza_local_name(element), name) == 0 &&
	       strcmp(stanza_namespace(st, element), ns) == 0;
}

const char *stanza_attribute(mxml_node_t *element, const char *name)
{
	return mxmlElementGetAttr(element, name);
}

mxml_node_t *stanza_next_child(mxml_node_t *parent, mxml_node_t *after)
{
	mxml_node_t *node = after == NULL ? mxmlGetFirstChild(parent) : mxmlGetNextSibling(after);

	for (; node != NULL; node = mxmlGetNextSibling(node)) {
		const char *name = mxmlGetElement(node);

		/* mxml makes a CDATA section an element called "![CDATA[..." */
		if (name != NULL && name[0] != '!')
			return node;
	}
	return NULL;
}

/* The text or CDATA section that the node is; NULL for an element. */
static const char *node_text(mxml_node_t *node)
{
	const char *name = mxmlGetElement(node);

	if (name == NULL)
		return mxmlGetOpaque(node);
	return name[0] == '!' ? mxmlGetCDATA(node) : NULL;
}

bool stanza_text(mxml_node_t *element, char *text, size_t size)
{
	mxml_node_t *node;
	size_t used = 0;

	for (node = mxmlGetFirstChild(element); node != NULL; node = mxmlGetNextSibling(node)) {
		const char *part = node_text(node);
		size_t len = part != NULL ? strlen(part) : 0;

		if (part == NULL || len >= size - used)
			return false;
		memcpy(text + used, part, len);
		used += len;
	}
	text[used] = '\0';
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "data_form.h"

mxml_node_t *data_form_add_text(mxml_node_t *parent, const char *name, const char *text)
{
	mxml_node_t *element = mxmlNewElement(parent, name);

	mxmlNewOpaque(element, text);
	return element;
}

mxml_node_t *data_form_add(mxml_node_t *parent, const char *type, const char *title,
			   const char *instructions)
{
	mxml_node_t *form = mxmlNewElement(parent, "x");

	mxmlElementSetAttr(form, "xmlns", NS_DATA_FORM);
	mxmlElementSetAttr(form, "type", type);
	if (title != NULL)
		data_form_add_text(form, "title", title);
	if (instructions != NULL)
		data_form_add_text(form, "instructions", instructions);
	return form;
}

mxml_node_t *data_form_add_field(mxml_node_t *parent, const char *type, const char *var,
				 const char *label, const char *value)
{
	mxml_node_t *field = mxmlNewElement(parent, "field");

	mxmlElementSetAttr(field, "var", var);
	if (type != NULL)
		mxmlElementSetAttr(field, "type", type);
	if (label != NULL)
		mxmlElementSetAttr(field, "label", label);
	if (value != NULL)
		data_form_add_text(field, "value", value);
	return field;
}

static bool is_wanted(const struct stanza *st, mxml_node_t *el, const char *name,
		      const char *attribute, const char *value)
{
	const char *found = attribute != NULL ? stanza_attribute(el, attribute) : NULL;

	return stanza_is(st, el, NS_DATA_FORM, name) &&
	       (attribute == NULL || (found != NULL && strcmp(found, value) == 0));
}

/* The one child that is called `name` and, unless NULL, has the attribute's value. */
static mxml_node_t *only_child(const struct stanza *st, mxml_node_t *parent, const char *name,
			       const char *attribute, const char *value)
{
	mxml_node_t *el = NULL, *found = NULL;

	while ((el = stanza_next_child(parent, el)) != NULL) {
		if (!is_wanted(st, el, name, attribute, value))
			continue;
		if (found != NULL)
			return NULL;
		found = el;
	}
	return found;
}

mxml_node_t *data_form_submitted(const struct stanza *st, mxml_node_t *parent)
{
	return only_child(st, parent, "x", "type", "submit");
}

bool data_form_value(const struct stanza *st, mxml_node_t *form, const char *var, char *value,
		     size_t size)
{
	mxml_node_t *field = only_child(st, form, "field", "var", var);
	mxml_node_t *el = field != NULL ? only_child(st, field, "value", NULL, NULL) : NULL;

	return el != NULL && stanza_text(el, value, size);
}

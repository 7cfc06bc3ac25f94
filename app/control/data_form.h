/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Data forms (XEP-0004): those we show and what comes back.  Nodes are the tree's they are added to;
 * texts are escaped.  Use on the thread of `stanza`.
 */
#ifndef TANDEM_DATA_FORM_H
#define TANDEM_DATA_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "stanza.h"

#define NS_DATA_FORM "jabber:x:data"

/* An <x/> of a form's `type`; title and instructions may be NULL. */
mxml_node_t *data_form_add(mxml_node_t *parent, const char *type, const char *title,
			   const char *instructions);

/* A <field/> in a form, in its <reported/> or in one of its <item/>s; type, label and value may be
 * NULL. */
mxml_node_t *data_form_add_field(mxml_node_t *parent, const char *type, const char *var,
				 const char *label, const char *value);

/* An element with text in it. */
mxml_node_t *data_form_add_text(mxml_node_t *parent, const char *name, const char *text);

/* The form submitted in `parent`; NULL when there is none, or more than one. */
mxml_node_t *data_form_submitted(const struct stanza *st, mxml_node_t *parent);

/* The one value of the field `var`.  False when the field or its value is missing, is there twice,
 * or does not fit into `size` bytes. */
bool data_form_value(const struct stanza *st, mxml_node_t *form, const char *var, char *value,
		     size_t size);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers to IQs: results and stanza errors (RFC 6120 sections 8.2.3 and 8.3), built as mxml trees
 * so that the library escapes what they carry.  Use on the thread of `stanza`.
 *
 * mxml writes tabs and line ends in attribute values as they are, and the reader would take them
 * for spaces: reply_can_carry() says whether a value survives.
 *
 * All return NULL, with errno set, only when memory is short; a NULL `payload` is none.
 */
#ifndef TANDEM_REPLY_H
#define TANDEM_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include <mxml.h>

#include "control_stats.h"

#define NS_REFUSALS "tandem:refusals"

/* `payload` is owned by the callee, whatever happens. */
mxml_node_t *reply_result(const char *from, const char *to, const char *id, mxml_node_t *payload);

/* `why` is not IQ_OK. */
mxml_node_t *reply_error(const char *from, const char *to, const char *id, enum iq_result why);

/* Likewise, and tells what refused: in English for people, and for programs by an element of that
 * name, in a namespace of ours (RFC 6120 sections 8.3.2 and 8.3.4).  REFUSALS: nothing to tell. */
mxml_node_t *reply_refusal(const char *from, const char *to, const char *id, enum iq_result why,
			   enum refusal refusal);

/* An element without parent, in the namespace. */
mxml_node_t *reply_element(const char *name, const char *ns);

/* The tree as text, which the caller frees; the tree is deleted.  NULL gives NULL. */
char *reply_text(mxml_node_t *reply);

/* An element's start tag alone, for the stream's header; else as reply_text(). */
char *reply_start_tag(mxml_node_t *element);

bool reply_can_carry(const char *value);

#endif

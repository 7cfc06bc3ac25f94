/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One stanza as a tree of mxml's, with the namespaces mxml does not know (Namespaces in XML 1.0).
 *
 * Elements are compared by namespace and local name, never by the name with its prefix; of
 * attributes only those without prefix are looked at.  The tree parser is only for text that
 * `frame` has let pass.
 *
 * mxml keeps its error callback a thread: all of this is to be used by one thread, on which no
 * other part relies on that callback.
 */
#ifndef TANDEM_STANZA_H
#define TANDEM_STANZA_H

#include <stdbool.h>
#include <stddef.h>

#include <mxml.h>

#define NS_COMPONENT	 "jabber:component:accept"
#define NS_STREAM	 "http://etherx.jabber.org/streams"
#define NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZA_ERRORS "urn:ietf:params:xml:ns:xmpp-stanzas"

struct stanza;

/*
 * Parse one complete stanza, or for stanza_parse_start() a start tag alone, which is taken for an
 * empty element.  `stream` is the stream's header or NULL; its namespace declarations are inherited
 * and it must outlive the stanza.  Without any declaration of a default it is NS_COMPONENT.
 *
 * Returns NULL when it cannot be parsed, with errno EBADMSG, or ENOMEM.
 */
struct stanza *stanza_parse(const char *text, const struct stanza *stream);
struct stanza *stanza_parse_start(const char *tag, const struct stanza *stream);
void stanza_free(struct stanza *st);

mxml_node_t *stanza_root(const struct stanza *st);

/* The element's namespace; "" when it is in none, or its prefix is not declared. */
const char *stanza_namespace(const struct stanza *st, mxml_node_t *element);
const char *stanza_local_name(mxml_node_t *element);
bool stanza_is(const struct stanza *st, mxml_node_t *element, const char *ns, const char *name);

/* NULL when it is not there. */
const char *stanza_attribute(mxml_node_t *element, const char *name);

/* The next element among the children of `parent` behind `after`, or the first for NULL; NULL at
 * the end.  Text and CDATA sections are passed over. */
mxml_node_t *stanza_next_child(mxml_node_t *parent, mxml_node_t *after);

/* Copy the character data of an element that has no elements in it.  False for one that has, and
 * when it does not fit into `size` bytes with its NUL. */
bool stanza_text(mxml_node_t *element, char *text, size_t size);

#endif

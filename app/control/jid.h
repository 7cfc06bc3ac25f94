/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Jabber IDs, RFC 7622: [node@]domain[/resource].
 *
 * The server has prepared every `from` it delivers; what a user or an operator typed has not been.
 * Nothing is prepared here, only ASCII case is folded where servers fold it.
 */
#ifndef TANDEM_JID_H
#define TANDEM_JID_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/* Pointers into the JID that was split.  An absent part has the length 0. */
struct jid {
	const char *node, *domain, *resource;
	size_t node_len, domain_len, resource_len;
};

/* Take `text` apart.  False for what is no JID: a part that is missing, over 1023 bytes or has
 * control characters, a space outside the resource, a second @ before it. */
bool jid_split(const char *text, struct jid *jid);

/* Nothing is missing of a user's full JID; a JID that is only a domain is one as well, for
 * components speak under it. */
bool jid_is_full(const char *text);

/* Bytes of the bare JID at the head of `text`, which need not be well-formed. */
size_t jid_bare_length(const char *text);

/* Fold ASCII letters of node and domain to lower case in place, as servers do: strcmp() compares
 * JIDs from then on. */
void jid_fold(char *text);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Jabber addresses, node@domain/resource (RFC 7622), as far as a client needs them: the server
 * prepares and checks what goes over the wire, here the parts are only found and compared.
 */
#ifndef TANDEM_JID_H
#define TANDEM_JID_H

#include <stdbool.h>

#define JID_MAX	     3071 /* bytes of a full JID, RFC 7622 section 3.1 */
#define JID_PART_MAX 1023

/* A non-empty domain, no empty node or resource, nothing over its length, no white space, control
 * or markup characters outside the resource and no control characters in it. */
bool jid_valid(const char *jid);

/* With a node (somebody's account, not a server or component). */
bool jid_has_node(const char *jid);

/* With a resource. */
bool jid_is_full(const char *jid);

/* Nodes and domains are compared without regard to ASCII case, as a server prepares them;
 * resources exactly.  Both must be valid. */
bool jid_equal(const char *a, const char *b);

/* The same without the resources. */
bool jid_equal_bare(const char *a, const char *b);

#endif

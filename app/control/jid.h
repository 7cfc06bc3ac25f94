/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Jabber addresses (RFC 7622), as far as a relay must know them: the server has prepared every
 * `from`; what a user writes in an attribute is checked for its shape only.
 */
#ifndef TANDEM_JID_H
#define TANDEM_JID_H

#include <stdbool.h>

#define JID_MAX 3071 /* bytes of a full JID */

/* [local@]domain[/resource], each part of 1..1023 bytes, no control characters, no space in local
 * part or domain. */
bool jid_valid(const char *jid);

/* Valid and nothing is missing of a user's full JID; a JID that is only a domain is one as well,
 * for components speak under it. */
bool jid_is_full(const char *jid);

/* Copies a valid JID, ASCII letters of local part and domain in lower case as servers send them. */
void jid_lower(const char *jid, char out[JID_MAX + 1]);

#endif

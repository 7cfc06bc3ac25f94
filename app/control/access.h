/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may use the relay and who may rule it: access.allow, access.deny and access.admins. */
#ifndef TANDEM_ACCESS_H
#define TANDEM_ACCESS_H

#include <stdbool.h>

#include "config.h"

/*
 * Whether the sender of a stanza may be served.  A JID on the deny list is not, whatever the allow
 * list says; one on neither list is not.  An entry is a domain, which covers everybody there and
 * nobody in its subdomains; a bare JID, which covers all its resources; or a full JID.  Node and
 * domain compare without ASCII case, for entries are typed by people and servers fold both; the
 * resource compares exactly.  A `from` that is no JID (see jid_split()) is not allowed; NULL
 * neither.  Any thread.
 */
bool access_allowed(const struct config *cfg, const char *from_jid);

/* Whether the sender is on the deny list, or no JID. */
bool access_denied(const struct config *cfg, const char *from_jid);

/* Likewise whether the sender may administer the relay: on access.admins and not on the deny list. */
bool access_is_admin(const struct config *cfg, const char *from_jid);

#endif

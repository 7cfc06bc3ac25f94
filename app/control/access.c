/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <strings.h>

#include "access.h"
#include "jid.h"

static bool same_folded(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

static bool same_exactly(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* What an entry leaves out it does not ask for. */
static bool covers(const struct jid *entry, const struct jid *who)
{
	if (!same_folded(entry->domain, entry->domain_len, who->domain, who->domain_len))
		return false;
	if (entry->node_len > 0 &&
	    !same_folded(entry->node, entry->node_len, who->node, who->node_len))
		return false;
	if (entry->resource_len == 0)
		return true;
	/* domain/resource is the full JID of the domain itself, of no user there. */
	return same_exactly(entry->resource, entry->resource_len, who->resource,
			    who->resource_len) &&
	       (entry->node_len > 0) == (who->node_len > 0);
}

static bool listed(const struct config_names *list, const struct jid *who)
{
	struct jid entry;

	for (unsigned int i = 0; i < list->count; i++) {
		if (jid_split(list->names[i], &entry) && covers(&entry, who))
			return true;
	}
	return false;
}

bool access_denied(const struct config *cfg, const char *from_jid)
{
	struct jid who;

	return from_jid == NULL || !jid_split(from_jid, &who) || listed(&cfg->access.deny, &who);
}

static bool permitted(const struct config *cfg, const struct config_names *list,
		      const char *from_jid)
{
	struct jid who;

	return !access_denied(cfg, from_jid) && jid_split(from_jid, &who) && listed(list, &who);
}

bool access_allowed(const struct config *cfg, const char *from_jid)
{
	return permitted(cfg, &cfg->access.allow, from_jid);
}

bool access_is_admin(const struct config *cfg, const char *from_jid)
{
	return permitted(cfg, &cfg->access.admins, from_jid);
}

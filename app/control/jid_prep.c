/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <stringprep.h>

#include "jid.h"
#include "jid_prep.h"

#define PART_SIZE 1024 /* RFC 3920 section 3.1, and a NUL */

/* Append the prepared part; the place behind it, or NULL. */
static char *append(char *out, const char *part, size_t len, const Stringprep_profile *profile)
{
	char prepared[PART_SIZE];

	memcpy(prepared, part, len);
	prepared[len] = '\0';
	if (stringprep(prepared, sizeof(prepared), 0, profile) != STRINGPREP_OK ||
	    prepared[0] == '\0')
		return NULL;
	return stpcpy(out, prepared);
}

/* Preparing makes separators and spaces of some characters, and a domain may not gain any. */
static bool is_domain(const char *domain)
{
	struct jid jid;

	return jid_split(domain, &jid) && jid.domain_len == strlen(domain);
}

bool jid_prepare(const char *text, char out[JID_SIZE])
{
	struct jid jid;
	char *domain = out, *end;

	if (!jid_split(text, &jid))
		return false;
	if (jid.node_len > 0) {
		end = append(out, jid.node, jid.node_len, stringprep_xmpp_nodeprep);
		if (end == NULL)
			return false;
		*end = '@';
		domain = end + 1;
	}
	end = append(domain, jid.domain, jid.domain_len, stringprep_nameprep);
	if (end == NULL || !is_domain(domain))
		return false;
	if (jid.resource_len > 0) {
		*end++ = '/';
		end = append(end, jid.resource, jid.resource_len, stringprep_xmpp_resourceprep);
	}
	return end != NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include "jid.h"

#define PART_MAX 1023

static bool part_valid(const char *part, size_t len, unsigned char least)
{
	size_t i;

	if (len == 0 || len > PART_MAX)
		return false;
	for (i = 0; i < len; i++) {
		if ((unsigned char)part[i] < least || part[i] == 0x7f)
			return false;
	}
	return true;
}

bool jid_valid(const char *jid)
{
	size_t bare_len = strcspn(jid, "/");
	const char *at = memchr(jid, '@', bare_len);
	const char *domain = at == NULL ? jid : at + 1;
	size_t domain_len = bare_len - (size_t)(domain - jid);

	if (at != NULL && !part_valid(jid, (size_t)(at - jid), '!'))
		return false;
	if (!part_valid(domain, domain_len, '!') || memchr(domain, '@', domain_len) != NULL)
		return false;
	return jid[bare_len] == '\0' ||
	       part_valid(jid + bare_len + 1, strlen(jid + bare_len + 1), ' ');
}

bool jid_is_full(const char *jid)
{
	return jid_valid(jid) && (strchr(jid, '/') != NULL || strchr(jid, '@') == NULL);
}

void jid_lower(const char *jid, char out[JID_MAX + 1])
{
	size_t bare_len = strcspn(jid, "/"), i;

	for (i = 0; i < bare_len; i++)
		out[i] = jid[i] >= 'A' && jid[i] <= 'Z' ? (char)(jid[i] | 0x20) : jid[i];
	strcpy(out + bare_len, jid + bare_len);
}

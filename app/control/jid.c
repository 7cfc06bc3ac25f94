/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "jid.h"

#define PART_MAX 1023

size_t jid_bare_length(const char *text)
{
	return strcspn(text, "/");
}

/* `least` is the lowest character the part may have. */
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

bool jid_split(const char *text, struct jid *jid)
{
	size_t bare = jid_bare_length(text);
	const char *at = memchr(text, '@', bare);
	bool resource = text[bare] == '/';

	jid->node = text;
	jid->node_len = at != NULL ? (size_t)(at - text) : 0;
	jid->domain = at != NULL ? at + 1 : text;
	jid->domain_len = bare - (size_t)(jid->domain - text);
	jid->resource = text + bare + resource;
	jid->resource_len = strlen(jid->resource);

	if (at != NULL && !part_valid(jid->node, jid->node_len, '!'))
		return false;
	if (!part_valid(jid->domain, jid->domain_len, '!') ||
	    memchr(jid->domain, '@', jid->domain_len) != NULL)
		return false;
	return !resource || part_valid(jid->resource, jid->resource_len, ' ');
}

bool jid_is_full(const char *text)
{
	struct jid jid;

	return jid_split(text, &jid) && (jid.resource_len > 0 || jid.node_len == 0);
}

void jid_fold(char *text)
{
	size_t bare = jid_bare_length(text), i;

	for (i = 0; i < bare; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] |= 0x20;
	}
}

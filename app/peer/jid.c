/* SPDX-License-Identifier: BSD-3-Clause */
#include "jid.h"

#include <string.h>
#include <strings.h>

struct parts {
	const char *node; /* NULL when there is none */
	size_t node_len;
	const char *domain;
	size_t domain_len;
	const char *resource; /* NULL when there is none; to the end of the string */
};

/* The resource may hold '@' and '/', so it is cut off first. */
static void split(const char *jid, struct parts *p)
{
	size_t bare_len = strcspn(jid, "/");
	const char *at = memchr(jid, '@', bare_len);

	p->resource = jid[bare_len] == '/' ? jid + bare_len + 1 : NULL;
	p->node = at ? jid : NULL;
	p->node_len = at ? (size_t)(at - jid) : 0;
	p->domain = at ? at + 1 : jid;
	p->domain_len = bare_len - (size_t)(p->domain - jid);
}

static bool clean(const char *s, size_t len, const char *forbidden)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f || strchr(forbidden, c))
			return false;
	}
	return true;
}

bool jid_valid(const char *jid)
{
	struct parts p;

	if (strlen(jid) > JID_MAX)
		return false;
	split(jid, &p);
	/* An empty domain must never pass: TLS would have no name to verify. */
	if (p.domain_len == 0 || p.domain_len > JID_PART_MAX ||
	    !clean(p.domain, p.domain_len, " \"&'/:<>@"))
		return false;
	if (p.node && (p.node_len == 0 || p.node_len > JID_PART_MAX ||
		       !clean(p.node, p.node_len, " \"&'/:<>@")))
		return false;
	return !p.resource || (p.resource[0] != '\0' && strlen(p.resource) <= JID_PART_MAX &&
			       clean(p.resource, strlen(p.resource), ""));
}

bool jid_has_node(const char *jid)
{
	struct parts p;

	split(jid, &p);
	return p.node != NULL;
}

bool jid_is_full(const char *jid)
{
	return strchr(jid, '/') != NULL;
}

static bool same_part(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

bool jid_equal_bare(const char *a, const char *b)
{
	struct parts x, y;

	split(a, &x);
	split(b, &y);
	return !x.node == !y.node &&
	       (!x.node || same_part(x.node, x.node_len, y.node, y.node_len)) &&
	       same_part(x.domain, x.domain_len, y.domain, y.domain_len);
}

bool jid_equal(const char *a, const char *b)
{
	struct parts x, y;

	split(a, &x);
	split(b, &y);
	if (!x.resource != !y.resource || (x.resource && strcmp(x.resource, y.resource) != 0))
		return false;
	return jid_equal_bare(a, b);
}

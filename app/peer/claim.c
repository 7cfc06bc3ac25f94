/* SPDX-License-Identifier: BSD-3-Clause */
#include "claim.h"

#include <errno.h>
#include <string.h>

#include "iq.h"
#include "offer.h"

xmpp_stanza_t *claim_address_query(xmpp_ctx_t *ctx, const char *relay)
{
	xmpp_stanza_t *iq = iq_new(ctx, "get", relay);

	if (iq && !iq_add(iq, "query", IQ_NS)) {
		xmpp_stanza_release(iq);
		return NULL;
	}
	return iq;
}

xmpp_stanza_t *claim_reserve_query(xmpp_ctx_t *ctx, const char *relay, const char *sid,
				   const char *peer)
{
	xmpp_stanza_t *iq = iq_new(ctx, "get", relay);
	xmpp_stanza_t *query = iq ? iq_add(iq, "query", IQ_NS) : NULL;

	if (query && xmpp_stanza_set_attribute(query, "sid", sid) == XMPP_EOK &&
	    xmpp_stanza_set_attribute(query, "peer", peer) == XMPP_EOK)
		return iq;
	if (iq)
		xmpp_stanza_release(iq);
	return NULL;
}

unsigned int claim_address_answer(xmpp_stanza_t *result, const char *relay, struct candidate *list)
{
	xmpp_stanza_t *query = xmpp_stanza_get_child_by_name_and_ns(result, "query", IQ_NS);
	unsigned int n = query ? offer_candidates(query, list) : 0, kept = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (jid_equal(list[i].jid, relay))
			list[kept++] = list[i];
	}
	return kept;
}

static int add_endpoint(xmpp_stanza_t *query, const union candidate_address *remote,
			const union candidate_address *local)
{
	xmpp_stanza_t *endpoint = iq_add(query, "endpoint", NULL);
	char ip[CANDIDATE_TEXT], port[6], from_ip[CANDIDATE_TEXT], from_port[6];

	if (!endpoint)
		return -ENOMEM;
	candidate_format(remote, ip, port);
	candidate_format(local, from_ip, from_port);
	if (xmpp_stanza_set_attribute(endpoint, "ip", ip) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(endpoint, "port", port) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(endpoint, "from-ip", from_ip) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(endpoint, "from-port", from_port) != XMPP_EOK)
		return -ENOMEM;
	return 0;
}

xmpp_stanza_t *claim_build(xmpp_ctx_t *ctx, const char *relay, const char *sid, const char *peer,
			   int fd)
{
	union candidate_address remote = {0}, local = {0};
	socklen_t remote_len = sizeof(remote), local_len = sizeof(local);
	xmpp_stanza_t *iq, *query;

	if (getpeername(fd, &remote.sa, &remote_len) < 0 ||
	    getsockname(fd, &local.sa, &local_len) < 0)
		return NULL;
	iq = iq_new(ctx, "set", relay);
	query = iq ? iq_add(iq, "query", IQ_NS) : NULL;
	if (!query || xmpp_stanza_set_attribute(query, "sid", sid) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(query, "peer", peer) != XMPP_EOK ||
	    add_endpoint(query, &remote, &local) < 0) {
		if (iq)
			xmpp_stanza_release(iq);
		errno = ENOMEM;
		return NULL;
	}
	return iq;
}

int claim_parse(xmpp_stanza_t *iq, const char *sid, union candidate_address *to,
		union candidate_address *from)
{
	xmpp_stanza_t *query = xmpp_stanza_get_child_by_name_and_ns(iq, "query", IQ_NS), *endpoint;
	const char *own, *from_ip, *from_port;

	endpoint = query ? xmpp_stanza_get_child_by_name_and_ns(query, "endpoint", IQ_NS) : NULL;
	if (!endpoint || !iq_is(iq, "set"))
		return 0;
	own = iq_sid(query);
	if (!own)
		return -EINVAL;
	if (strcmp(own, sid) != 0)
		return 0;
	from_ip = xmpp_stanza_get_attribute(endpoint, "from-ip");
	from_port = xmpp_stanza_get_attribute(endpoint, "from-port");
	memset(from, 0, sizeof(*from));
	if (candidate_parse(xmpp_stanza_get_attribute(endpoint, "ip"),
			    xmpp_stanza_get_attribute(endpoint, "port"), to) < 0 ||
	    ((from_ip || from_port) && candidate_parse(from_ip, from_port, from) < 0))
		return -EINVAL;
	return 1;
}

xmpp_stanza_t *claim_result(xmpp_stanza_t *iq)
{
	xmpp_stanza_t *result = iq_result(iq);

	if (result && !iq_add(result, "query", IQ_NS)) {
		xmpp_stanza_release(result);
		return NULL;
	}
	return result;
}

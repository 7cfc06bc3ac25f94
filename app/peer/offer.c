/* SPDX-License-Identifier: BSD-3-Clause */
#include "offer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

#define SEEN_MAX 256 /* children of one query looked at */

const char *offer_name_fault(const char *name)
{
	char shown[OFFER_NAME_MAX + 1];

	if (name[0] == '\0')
		return "empty name";
	if (strlen(name) > OFFER_NAME_MAX)
		return "name too long";
	if (strchr(name, '/'))
		return "name with a directory";
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return "name of a directory";
	strcpy(shown, name);
	terminal_clean(shown);
	return strcmp(shown, name) == 0 ? NULL : "name with control characters";
}

static xmpp_stanza_t *query_of(xmpp_stanza_t *iq)
{
	return xmpp_stanza_get_child_by_name_and_ns(iq, "query", IQ_NS);
}

static xmpp_stanza_t *file_of(xmpp_stanza_t *query)
{
	return xmpp_stanza_get_child_by_name_and_ns(query, "file", IQ_FILE_NS);
}

static xmpp_stanza_t *stream_of(xmpp_stanza_t *query)
{
	return xmpp_stanza_get_child_by_name_and_ns(query, "stream", IQ_STREAM_NS);
}

bool offer_is(xmpp_stanza_t *iq)
{
	xmpp_stanza_t *query = query_of(iq);

	return iq_is(iq, "set") && query &&
	       !xmpp_stanza_get_child_by_name_and_ns(query, "endpoint", IQ_NS);
}

bool offer_knows(xmpp_stanza_t *iq, enum offer_kind kind)
{
	xmpp_stanza_t *query = query_of(iq);

	return query && ((kind == OFFER_FILE && file_of(query)) ||
			 (kind == OFFER_STREAM && stream_of(query)));
}

static int add_connection(xmpp_stanza_t *query, const struct candidate *c)
{
	xmpp_stanza_t *element = iq_add(query, "connection", NULL);
	char ip[CANDIDATE_TEXT], port[6];

	if (!element)
		return -ENOMEM;
	candidate_format(&c->addr, ip, port);
	if (xmpp_stanza_set_attribute(element, "jid", c->jid) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(element, "ip", ip) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(element, "port", port) != XMPP_EOK)
		return -ENOMEM;
	return 0;
}

static int add_file(xmpp_stanza_t *query, const struct offer *offer)
{
	xmpp_stanza_t *file = iq_add(query, "file", IQ_FILE_NS);
	char size[24];

	snprintf(size, sizeof(size), "%" PRIu64, offer->size);
	if (!file || xmpp_stanza_set_attribute(file, "name", offer->name) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(file, "size", size) != XMPP_EOK)
		return -ENOMEM;
	return 0;
}

static int add_kind(xmpp_stanza_t *query, const struct offer *offer)
{
	if (offer->kind == OFFER_FILE)
		return add_file(query, offer);
	if (offer->kind == OFFER_STREAM && !iq_add(query, "stream", IQ_STREAM_NS))
		return -ENOMEM;
	return 0;
}

static int fill_offer(xmpp_stanza_t *iq, const struct offer *offer)
{
	xmpp_stanza_t *query = iq_add(iq, "query", IQ_NS);

	if (!query || xmpp_stanza_set_attribute(query, "sid", offer->sid) != XMPP_EOK)
		return -ENOMEM;
	for (unsigned int i = 0; i < offer->n_candidates; i++) {
		if (add_connection(query, &offer->candidates[i]) < 0)
			return -ENOMEM;
	}
	return add_kind(query, offer);
}

xmpp_stanza_t *offer_build(xmpp_ctx_t *ctx, const char *to, const struct offer *offer)
{
	xmpp_stanza_t *iq = iq_new(ctx, "set", to);

	if (iq && fill_offer(iq, offer) < 0) {
		xmpp_stanza_release(iq);
		return NULL;
	}
	return iq;
}

static bool read_candidate(xmpp_stanza_t *element, struct candidate *c)
{
	const char *jid = xmpp_stanza_get_attribute(element, "jid");

	if (!jid || !jid_valid(jid) ||
	    candidate_parse(xmpp_stanza_get_attribute(element, "ip"),
			    xmpp_stanza_get_attribute(element, "port"), &c->addr) < 0)
		return false;
	strcpy(c->jid, jid); /* jid_valid() bounds it */
	return true;
}

unsigned int offer_candidates(xmpp_stanza_t *query, struct candidate *list)
{
	xmpp_stanza_t *child = xmpp_stanza_get_children(query);
	unsigned int n = 0;

	for (int seen = 0; child && n < CANDIDATE_READ_MAX && seen < SEEN_MAX; seen++) {
		const char *name = xmpp_stanza_get_name(child);
		const char *ns = xmpp_stanza_get_ns(child);

		if (name && ns && strcmp(name, "connection") == 0 && strcmp(ns, IQ_NS) == 0 &&
		    read_candidate(child, &list[n]))
			n++;
		child = xmpp_stanza_get_next(child);
	}
	return n;
}

static const char *parse_file(xmpp_stanza_t *file, struct offer *offer)
{
	const char *name = xmpp_stanza_get_attribute(file, "name");
	unsigned long long size;

	if (!name || strlen(name) > OFFER_NAME_MAX)
		return "no file name, or one too long";
	if (iq_number(xmpp_stanza_get_attribute(file, "size"), &size) < 0)
		return "no valid size";
	strcpy(offer->name, name);
	offer->size = size;
	return NULL;
}

const char *offer_parse(xmpp_stanza_t *iq, struct offer *offer)
{
	xmpp_stanza_t *query = query_of(iq), *file;
	const char *sid, *fault;

	if (!query)
		return "no query";
	sid = iq_sid(query);
	if (!sid)
		return "no valid sid";
	file = file_of(query);
	if (file && stream_of(query))
		return "both a file and a stream";
	offer->kind = file ? OFFER_FILE : stream_of(query) ? OFFER_STREAM : OFFER_PLAIN;
	offer->name[0] = '\0';
	offer->size = 0;
	fault = file ? parse_file(file, offer) : NULL;
	if (fault)
		return fault;
	strcpy(offer->sid, sid);
	offer->n_candidates = offer_candidates(query, offer->candidates);
	return NULL;
}

const char *offer_swap(xmpp_stanza_t *iq, struct offer *offer)
{
	xmpp_stanza_t *query = query_of(iq);
	const char *sid = query ? iq_sid(query) : NULL;

	if (!sid)
		return "no valid sid";
	if (strcmp(sid, offer->sid) != 0)
		return "another sid";
	offer->n_candidates = offer_candidates(query, offer->candidates);
	return NULL;
}

xmpp_stanza_t *offer_accept(xmpp_stanza_t *iq, const struct offer *offer, const char *jid)
{
	xmpp_stanza_t *result = iq_result(iq), *query, *connection;

	if (!result)
		return NULL;
	query = iq_add(result, "query", IQ_NS);
	connection = query ? iq_add(query, "connection", NULL) : NULL;
	if (!connection || xmpp_stanza_set_attribute(query, "sid", offer->sid) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(connection, "jid", jid) != XMPP_EOK ||
	    add_kind(query, offer) < 0) {
		xmpp_stanza_release(result);
		return NULL;
	}
	return result;
}

int offer_accepted(xmpp_stanza_t *result, const struct offer *offer)
{
	xmpp_stanza_t *query = query_of(result), *connection;
	const char *sid, *jid;

	if (!query)
		return -EINVAL;
	sid = iq_sid(query);
	connection = xmpp_stanza_get_child_by_name_and_ns(query, "connection", IQ_NS);
	jid = connection ? xmpp_stanza_get_attribute(connection, "jid") : NULL;
	if (!sid || strcmp(sid, offer->sid) != 0 || !jid || !jid_valid(jid))
		return -EINVAL;
	for (unsigned int i = 0; i < offer->n_candidates; i++) {
		if (jid_equal(offer->candidates[i].jid, jid))
			return (int)i;
	}
	return -EINVAL;
}

xmpp_stanza_t *offer_complete_build(xmpp_ctx_t *ctx, const char *to,
				    const struct offer_complete *complete)
{
	xmpp_stanza_t *iq = iq_new(ctx, "set", to), *element;
	char bytes[24], hex[2 * OFFER_DIGEST_LEN + 1];

	if (!iq)
		return NULL;
	snprintf(bytes, sizeof(bytes), "%" PRIu64, complete->bytes);
	for (size_t i = 0; i < OFFER_DIGEST_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", complete->digest[i]);
	element = iq_add(iq, "complete", IQ_FILE_NS);
	if (!element || xmpp_stanza_set_attribute(element, "sid", complete->sid) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(element, "bytes", bytes) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(element, "sha256", hex) != XMPP_EOK) {
		xmpp_stanza_release(iq);
		return NULL;
	}
	return iq;
}

static int digest_parse(const char *hex, unsigned char digest[OFFER_DIGEST_LEN])
{
	if (!hex || strlen(hex) != 2 * OFFER_DIGEST_LEN ||
	    strspn(hex, "0123456789abcdefABCDEF") != strlen(hex))
		return -EINVAL;
	for (size_t i = 0; i < OFFER_DIGEST_LEN; i++) {
		char byte[3] = {hex[2 * i], hex[2 * i + 1]};

		digest[i] = (unsigned char)strtoul(byte, NULL, 16);
	}
	return 0;
}

int offer_complete_parse(xmpp_stanza_t *iq, struct offer_complete *complete)
{
	xmpp_stanza_t *element = xmpp_stanza_get_child_by_name_and_ns(iq, "complete", IQ_FILE_NS);
	unsigned long long bytes;
	const char *sid;

	if (!element || !iq_is(iq, "set"))
		return 0;
	sid = iq_sid(element);
	if (!sid || iq_number(xmpp_stanza_get_attribute(element, "bytes"), &bytes) < 0 ||
	    digest_parse(xmpp_stanza_get_attribute(element, "sha256"), complete->digest) < 0)
		return -EINVAL;
	strcpy(complete->sid, sid);
	complete->bytes = bytes;
	return 1;
}

xmpp_stanza_t *offer_end_build(xmpp_ctx_t *ctx, const char *to, const struct offer_end *end)
{
	xmpp_stanza_t *iq = iq_new(ctx, "set", to), *element;
	char bytes[24];

	if (!iq)
		return NULL;
	snprintf(bytes, sizeof(bytes), "%" PRIu64, end->bytes);
	element = iq_add(iq, "end", IQ_STREAM_NS);
	if (!element || xmpp_stanza_set_attribute(element, "sid", end->sid) != XMPP_EOK ||
	    xmpp_stanza_set_attribute(element, "bytes", bytes) != XMPP_EOK) {
		xmpp_stanza_release(iq);
		return NULL;
	}
	return iq;
}

int offer_end_parse(xmpp_stanza_t *iq, struct offer_end *end)
{
	xmpp_stanza_t *element = xmpp_stanza_get_child_by_name_and_ns(iq, "end", IQ_STREAM_NS);
	unsigned long long bytes;
	const char *sid;

	if (!element || !iq_is(iq, "set"))
		return 0;
	sid = iq_sid(element);
	if (!sid || iq_number(xmpp_stanza_get_attribute(element, "bytes"), &bytes) < 0)
		return -EINVAL;
	strcpy(end->sid, sid);
	end->bytes = bytes;
	return 1;
}

xmpp_stanza_t *offer_cancel_build(xmpp_ctx_t *ctx, const char *to, const char *sid, const char *why)
{
	xmpp_stanza_t *iq = iq_new(ctx, "set", to), *element, *text;

	if (!iq)
		return NULL;
	element = iq_add(iq, "cancel", IQ_FILE_NS);
	text = xmpp_stanza_new(ctx);
	if (!element || !text || xmpp_stanza_set_attribute(element, "sid", sid) != XMPP_EOK ||
	    xmpp_stanza_set_text(text, why) != XMPP_EOK ||
	    xmpp_stanza_add_child(element, text) != XMPP_EOK) {
		xmpp_stanza_release(iq);
		iq = NULL;
	}
	if (text)
		xmpp_stanza_release(text);
	return iq;
}

bool offer_cancel_parse(xmpp_stanza_t *iq, const char *sid, char *buf, size_t size)
{
	xmpp_stanza_t *element = xmpp_stanza_get_child_by_name_and_ns(iq, "cancel", IQ_FILE_NS);
	const char *own = element ? iq_sid(element) : NULL;
	char *text;

	if (!own || !iq_is(iq, "set") || strcmp(own, sid) != 0)
		return false;
	text = xmpp_stanza_get_text(element);
	snprintf(buf, size, "%.300s", text ? text : "no reason given");
	if (text)
		xmpp_free(xmpp_stanza_get_context(iq), text);
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all IQ stanzas of this program have in common (RFC 6120 section 8.2.3), on libstrophe's
 * stanza trees.  Functions that make a stanza return a reference the caller releases, or NULL when
 * out of memory.
 */
#ifndef TANDEM_IQ_H
#define TANDEM_IQ_H

#include <stdbool.h>
#include <stddef.h>
#include <strophe.h>

#define IQ_NS	       "whoknows"	   /* the proposal's namespace */
#define IQ_FILE_NS     "urn:tandem:file:0" /* what tandem adds to it */
#define IQ_STREAM_NS   "urn:tandem:stream:0"
#define IQ_SID_MAX     128 /* bytes */
#define IQ_RANDOM_TEXT 33  /* 128 bits in hex, and the end */

/* 128 bits from the kernel, in lower-case hex. */
void iq_random(char text[IQ_RANDOM_TEXT]);

/* An IQ of `type` "get" or "set" with an unguessable id. */
xmpp_stanza_t *iq_new(xmpp_ctx_t *ctx, const char *type, const char *to);

/* Add an element and return it, still owned by `parent`; `ns` NULL: the parent's. */
xmpp_stanza_t *iq_add(xmpp_stanza_t *parent, const char *name, const char *ns);

/* Release a stanza that was kept, if any, and forget it. */
void iq_release(xmpp_stanza_t **iq);

/* The empty result that answers `request`, and its error.  NULL too when it has no `from`. */
xmpp_stanza_t *iq_result(xmpp_stanza_t *request);

enum iq_condition {
	IQ_BAD_REQUEST,
	IQ_CONFLICT,
	IQ_ITEM_NOT_FOUND,
	IQ_NOT_ACCEPTABLE,
	IQ_RESOURCE_CONSTRAINT,
	IQ_SERVICE_UNAVAILABLE,
	IQ_UNEXPECTED_REQUEST,
};
xmpp_stanza_t *iq_error(xmpp_stanza_t *request, enum iq_condition condition, const char *text);

bool iq_is(xmpp_stanza_t *iq, const char *type);

/* The sid of a query, from `sid` or the `side` of the proposal's samples.  NULL when it is missing,
 * empty or too long, or when the two differ. */
const char *iq_sid(xmpp_stanza_t *query);

/* A decimal number of at most 63 bits and nothing else. 0 or -EINVAL; NULL is invalid. */
int iq_number(const char *text, unsigned long long *value);

/* The defined condition of an error stanza, "undefined-condition" when it has none. */
const char *iq_error_condition(xmpp_stanza_t *iq);

/* Whether an error may pass: a partner between two logins is answered for by its server. */
bool iq_error_passing(xmpp_stanza_t *iq);

/* "condition: text" of an error stanza, cut to `size`. */
void iq_error_describe(xmpp_stanza_t *iq, char *buf, size_t size);

#endif

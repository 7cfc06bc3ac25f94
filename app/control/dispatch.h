/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a stanza to the one who handles it, and back with the answer (RFC 6120 section 8.2.3).
 *
 * Only IQs of type get and set to the component's bare JID are handed on, chosen by type and by
 * namespace and local name of their one child; those nobody handles, and those to an address below
 * the component's, get service-unavailable; those of no known type bad-request.  Results and errors
 * are never answered; messages and presence are ignored.  What has no `from`, is to another domain,
 * or is an IQ whose answer would find nobody (no id) is dropped and counted.  All on the control
 * thread.
 */
#ifndef TANDEM_DISPATCH_H
#define TANDEM_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mxml.h>

#include "control_stats.h"
#include "stanza.h"

#define DISPATCH_ROUTES_MAX 32
#define IQ_ID_MAX	    1024 /* bytes; IQs with a longer id get policy-violation */

/* Where answers go: one complete stanza a call, copied by the callee. */
struct outlet {
	void *ctx;
	void (*send)(void *ctx, const char *text, size_t len);
};

/* An IQ get or set.  All but `ns` belongs to the stanza and lives as long as the handler runs. */
struct iq {
	const struct stanza *stanza;
	mxml_node_t *payload; /* its one child */
	const char *ns;	      /* of the payload; the route's own, outlives the IQ */
	const char *from;
	const char *id; /* at most IQ_ID_MAX bytes */
	uint64_t now_ms;
};

struct iq_route {
	bool set; /* else get */
	const char *ns;
	const char *name;
	/* Answers now or later, by dispatch_result() or dispatch_error(), exactly once. */
	void (*handle)(void *ctx, const struct iq *iq);
	void *ctx;
};

struct dispatch;

/* `jid` (the component's), `stats` and what the outlet needs must outlive it.  Returns NULL and
 * sets errno on failure. */
struct dispatch *dispatch_create(const char *jid, struct control_stats *stats,
				 const struct outlet *outlet);
void dispatch_destroy(struct dispatch *d);

/* The route is copied, its strings are not.  -ENOSPC when the table is full. */
int dispatch_add(struct dispatch *d, const struct iq_route *route);

void dispatch_stanza(struct dispatch *d, const struct stanza *st, uint64_t now_ms);

/* A stanza over a cap, of which only the start tag is known: an IQ gets policy-violation. */
void dispatch_oversized(struct dispatch *d, const struct stanza *start_tag);

/* Answer and count.  `payload` may be NULL and is owned by the callee. */
void dispatch_result(struct dispatch *d, enum iq_kind kind, const char *to, const char *id,
		     mxml_node_t *payload);
void dispatch_error(struct dispatch *d, enum iq_kind kind, const char *to, const char *id,
		    enum iq_result why);
/* Likewise, and the answer tells and tandem_refusals_total counts what refused; REFUSALS: nothing. */
void dispatch_refuse(struct dispatch *d, enum iq_kind kind, const char *to, const char *id,
		     enum iq_result why, enum refusal refusal);
/* The sender is on no list, or on the wrong one: refused as `forbidden`. */
void dispatch_forbid(struct dispatch *d, enum iq_kind kind, const struct iq *iq,
		     enum refusal refusal);

#endif

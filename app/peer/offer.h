/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stanzas between Initiator and Target: the offer (PF1) with the file it is for, its answer
 * (PF5), and tandem's own two words about the file, "complete" and "cancel".
 */
#ifndef TANDEM_OFFER_H
#define TANDEM_OFFER_H

#include <stdint.h>
#include <strophe.h>

#include "candidate.h"
#include "iq.h"

#define OFFER_NAME_MAX	 255 /* bytes of a file's name */
#define OFFER_DIGEST_LEN 32  /* SHA-256 */

enum offer_kind {
	OFFER_FILE,   /* <file name size/>: one file, from Initiator to Target */
	OFFER_STREAM, /* <stream/>: bytes both ways, without end known */
	OFFER_PLAIN,  /* neither: a client of 2002, which knows the proposal alone */
};

struct offer {
	enum offer_kind kind;
	char sid[IQ_SID_MAX + 1];
	/* OFFER_FILE: */
	char name[OFFER_NAME_MAX + 1];
	uint64_t size; /* bytes, at most INT64_MAX */
	unsigned int n_candidates;
	struct candidate candidates[CANDIDATE_READ_MAX];
};

/* What the sender says about a file it has sent to the end. */
struct offer_complete {
	char sid[IQ_SID_MAX + 1];
	uint64_t bytes;
	unsigned char digest[OFFER_DIGEST_LEN];
};

/* NULL when `name` may become a file's name: one component, not "." or "..", no control characters
 * nor such as reorder text, at most OFFER_NAME_MAX bytes.  Otherwise what is wrong with it. */
const char *offer_name_fault(const char *name);

/* Whether this stanza means to be an offer: an IQ set with the proposal's query, and no <endpoint/>
 * in it. */
bool offer_is(xmpp_stanza_t *iq);

/* The IQ set of PF1. */
xmpp_stanza_t *offer_build(xmpp_ctx_t *ctx, const char *to, const struct offer *offer);

/* Read it.  NULL, or what is wrong with it (then `offer` is undefined).  The name is only bounded
 * here, offer_name_fault() judges it.  Candidates that cannot be read are left out, those beyond
 * CANDIDATE_READ_MAX too. */
const char *offer_parse(xmpp_stanza_t *iq, struct offer *offer);

/* The <connection/> elements of `query` in `ns`, as above; returns how many were taken. */
unsigned int offer_candidates(xmpp_stanza_t *query, struct candidate *list);

/* An offer of the same, with the roles swapped (A1.3, A2.2): the partner's connections take the place
 * of those in `offer`, the rest of which stays.  NULL, or what is wrong with it (then `offer` is
 * unchanged). */
const char *offer_swap(xmpp_stanza_t *iq, struct offer *offer);

/* Whether whoever sent this, an offer or the answer to one, says that it is tandem too: it then
 * repeats what the offer is for.  Others know nothing of "complete", "end" and "cancel". */
bool offer_knows(xmpp_stanza_t *iq, enum offer_kind kind);

/* The result of PF5: `jid` of the connection taken. */
xmpp_stanza_t *offer_accept(xmpp_stanza_t *iq, const struct offer *offer, const char *jid);

/* The connection a PF5 result names: the index of the first candidate of that JID, or -EINVAL when
 * the stanza is malformed, for another sid, or names what was not offered. */
int offer_accepted(xmpp_stanza_t *result, const struct offer *offer);

/* <complete sid bytes sha256/>: the sender's last word; the answer to it is the receiver's. */
xmpp_stanza_t *offer_complete_build(xmpp_ctx_t *ctx, const char *to,
				    const struct offer_complete *complete);
/* 1 and `complete` filled, 0 when it is another stanza, -EINVAL when malformed. */
int offer_complete_parse(xmpp_stanza_t *iq, struct offer_complete *complete);

/* <end sid bytes/>: how many bytes one side of a stream has sent, once it has sent the last. */
struct offer_end {
	char sid[IQ_SID_MAX + 1];
	uint64_t bytes;
};
xmpp_stanza_t *offer_end_build(xmpp_ctx_t *ctx, const char *to, const struct offer_end *end);
/* As offer_complete_parse(). */
int offer_end_parse(xmpp_stanza_t *iq, struct offer_end *end);

/* <cancel sid>why</cancel>: either side gives up. */
xmpp_stanza_t *offer_cancel_build(xmpp_ctx_t *ctx, const char *to, const char *sid,
				  const char *why);
/* Whether `iq` cancels `sid`; why, cut to `size`, goes to `buf`. */
bool offer_cancel_parse(xmpp_stanza_t *iq, const char *sid, char *buf, size_t size);

#endif

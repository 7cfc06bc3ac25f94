/* SPDX-License-Identifier: BSD-3-Clause */
/* The stanzas between a party and the relay: asking its address (DESIGN 2.2), and telling it which
 * connection is one's own (PF4, A6.4). */
#ifndef TANDEM_CLAIM_H
#define TANDEM_CLAIM_H

#include <strophe.h>

#include "candidate.h"

/* <iq type='get'><query/></iq>: where the relay is. */
xmpp_stanza_t *claim_address_query(xmpp_ctx_t *ctx, const char *relay);

/* <iq type='get'><query sid peer/></iq>: where it is for this sid and the partner's full JID. */
xmpp_stanza_t *claim_reserve_query(xmpp_ctx_t *ctx, const char *relay, const char *sid,
				   const char *peer);

/* The connections in the answer that belong to `relay` itself; returns how many were put in `list`
 * of CANDIDATE_READ_MAX. */
unsigned int claim_address_answer(xmpp_stanza_t *result, const char *relay, struct candidate *list);

/* The IQ set that claims socket `fd` for `sid` and the partner's full JID: all four numbers of the
 * connection (rule 3a of DESIGN 2.1).  NULL with errno. */
xmpp_stanza_t *claim_build(xmpp_ctx_t *ctx, const char *relay, const char *sid, const char *peer,
			   int fd);

/* Read such a claim, for the Initiator it was sent to (PF6): `to` is what the Target is connected
 * to, `from` its own end, of family 0 when a client of 2002 does not tell it.  1 and both filled
 * when it claims `sid`; 0 when it is another stanza or sid; -EINVAL when malformed. */
int claim_parse(xmpp_stanza_t *iq, const char *sid, union candidate_address *to,
		union candidate_address *from);

/* PF7: the empty <query/> that answers it. */
xmpp_stanza_t *claim_result(xmpp_stanza_t *iq);

#endif

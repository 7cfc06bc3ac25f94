/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SOCKS5 bytestreams: the IQ forms of XEP-0065 that concern a proxy, its address query and the
 * activation.  Candidates of XEP-0260 are activated by the same.
 *
 * The query reserves nothing.  An activation is decoded and handed to `session`, with the names that
 * its bytestream may have, and waits in the request book for its answer.
 */
#ifndef TANDEM_BYTESTREAMS_H
#define TANDEM_BYTESTREAMS_H

#include "config.h"
#include "dispatch.h"
#include "request_book.h"

#define NS_BYTESTREAMS "http://jabber.org/protocol/bytestreams"

struct bytestreams;
struct session_book;

/* Adds its routes to `d`; what is pointed to must outlive it.  Returns NULL and sets errno on
 * failure. */
struct bytestreams *bytestreams_create(const struct config *cfg, struct dispatch *d,
				       struct request_book *requests);
void bytestreams_destroy(struct bytestreams *b);

/* Who takes the activations; to be called before the first stanza. */
void bytestreams_set_book(struct bytestreams *b, struct session_book *book);

#endif

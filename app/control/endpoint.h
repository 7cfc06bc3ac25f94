/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Endpoint bytestreams: the IQ forms of DESIGN 2.1 and 2.2, the address query and the claim.
 *
 * A claim is decoded and handed to `session`; it waits in the request book for its answer.
 */
#ifndef TANDEM_ENDPOINT_H
#define TANDEM_ENDPOINT_H

#include "config.h"
#include "dispatch.h"
#include "request_book.h"

struct endpoint;
struct session_book;

/* Adds its routes, for every accepted namespace, to `d`; what is pointed to must outlive it.
 * Returns NULL and sets errno on failure. */
struct endpoint *endpoint_create(const struct config *cfg, struct dispatch *d,
				 struct request_book *requests);

void endpoint_destroy(struct endpoint *e);

/* Who takes the claims; to be called before the first stanza. */
void endpoint_set_book(struct endpoint *e, struct session_book *book);

#endif

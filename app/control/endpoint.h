/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Endpoint bytestreams: the IQ forms of DESIGN 2.1, and of 2.2 the address query without
 * reservation.
 *
 * A claim is decoded, handed to `session` and kept here, as the address of its answer, until
 * session answers by endpoint_answer().
 */
#ifndef TANDEM_ENDPOINT_H
#define TANDEM_ENDPOINT_H

#include "config.h"
#include "control_stats.h"
#include "dispatch.h"

struct endpoint;
struct session_book;

/* Adds its routes, for every accepted namespace, to `d`; `cfg` and `d` must outlive it.  Returns
 * NULL and sets errno on failure. */
struct endpoint *endpoint_create(const struct config *cfg, struct dispatch *d);

/* Forgets what is still unanswered: to be called when the session book is gone. */
void endpoint_destroy(struct endpoint *e);

/* Who takes the claims; to be called before the first stanza. */
void endpoint_set_book(struct endpoint *e, struct session_book *book);

/* For `struct session_answers`: `ctx` is the struct endpoint, `iq` what session_claim() was given.
 */
void endpoint_answer(void *ctx, void *iq, enum iq_result result);

#endif

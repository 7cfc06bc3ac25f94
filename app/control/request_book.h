/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests that session answers later: where each answer goes and what it looks like.
 *
 * A request lives from an IQ that could be read to its answer.  Session sees to it that each is
 * answered; their number is bounded.  One thread.
 */
#ifndef TANDEM_REQUEST_BOOK_H
#define TANDEM_REQUEST_BOOK_H

#include <stdint.h>

#include "control_stats.h"
#include "dispatch.h"

struct request_book;

/* At most `max` at a time; `d` must outlive it.  NULL without memory. */
struct request_book *request_book_create(struct dispatch *d, uint64_t max);

/* Forgets what is still unanswered: to be called when the session book is gone.  NULL is allowed. */
void request_book_destroy(struct request_book *book);

/* To be answered as `kind`; a result is empty, or with `has_query` carries an empty <query/> in the
 * IQ's namespace.  NULL when there are too many, or no memory: the IQ has been told so. */
void *request_book_add(struct request_book *book, enum iq_kind kind, bool has_query,
		       const struct iq *iq);

/* For `struct session_answers`: `ctx` is the struct request_book, `iq` what was added. */
void request_book_answer(void *ctx, void *iq, enum iq_result result, enum refusal refusal);

#endif

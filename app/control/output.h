/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stanzas on their way out: a bounded queue that knows where each begins.
 *
 * When the stream is lost, a stanza of which not every byte was written cannot have been read:
 * it and those behind it are kept for the next stream, so that an answer is not lost with the
 * connection.  What only made sense on that stream (a keep-alive) is marked and goes with it.
 */
#ifndef TANDEM_OUTPUT_H
#define TANDEM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct output;

/* Holds up to `max_bytes`.  Returns NULL and sets errno on failure. */
struct output *output_create(size_t max_bytes);
void output_destroy(struct output *o);

/* Queue a copy.  -ENOBUFS when it does not fit, -ENOMEM; it is not queued then. */
int output_add(struct output *o, const char *text, size_t len, bool keep);

/* Write what the socket takes.  0: all is out; -EAGAIN: it takes no more now; another negative
 * errno: the connection is broken. */
int output_flush(struct output *o, int fd);

/* The connection is gone: the rest begins with the first stanza not wholly written, without those
 * that are not to be kept.  Returns how many stanzas wait. */
unsigned int output_rewind(struct output *o);

/* Bytes not yet written. */
size_t output_bytes(const struct output *o);

/* Is a stanza partly written? */
bool output_torn(const struct output *o);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stanzas on their way out: a bounded queue that knows where each begins.
 *
 * When the stream is lost, a stanza of which not every byte was written cannot have been read:
 * it and those behind it are kept for the next stream, so that an answer is not lost with the
 * connection.  What only made sense on that stream (a keep-alive) is marked and goes with it.
 */
#ifndef TANDEM_SEND_QUEUE_H
#define TANDEM_SEND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct send_queue;

/* Holds up to `max_bytes`.  Returns NULL and sets errno on failure. */
struct send_queue *send_queue_create(size_t max_bytes);
void send_queue_destroy(struct send_queue *o);

/* Queue a copy.  -ENOBUFS when it does not fit, -ENOMEM; it is not queued then. */
int send_queue_add(struct send_queue *o, const char *text, size_t len, bool keep);

/* Write what the socket takes.  0: all is out; -EAGAIN: it takes no more now; another negative
 * errno: the connection is broken. */
int send_queue_flush(struct send_queue *o, int fd);

/* The connection is gone: the rest begins with the first stanza not wholly written, without those
 * that are not to be kept.  Returns how many stanzas wait. */
unsigned int send_queue_rewind(struct send_queue *o);

/* Bytes not yet written. */
size_t send_queue_bytes(const struct send_queue *o);

/* Is a stanza partly written? */
bool send_queue_torn(const struct send_queue *o);

#endif

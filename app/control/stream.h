/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The component stream to the XMPP server (XEP-0114): connects, shakes hands, keeps itself alive
 * and comes back after a loss, by itself and for ever.
 *
 * All on the control thread; callbacks are run from loop_wait() and stream_tick() and must not
 * destroy the stream.
 */
#ifndef TANDEM_STREAM_H
#define TANDEM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "control_stats.h"
#include "loop.h"
#include "stanza.h"

/* All in milliseconds. */
struct stream_timing {
	uint32_t connect;     /* one address */
	uint32_t handshake;   /* from the connection to the server's <handshake/> */
	uint32_t silence;     /* then a keep-alive is sent */
	uint32_t ping;	      /* then the stream is given up */
	uint32_t backoff_min; /* before the next attempt; doubled each time, */
	uint32_t backoff_max; /* up to this, */
	uint32_t stable;      /* and back to the least after a stream that lasted so long */
	uint32_t close;	      /* for the server's answer to our end tag, or its word of refusal */
};

extern const struct stream_timing stream_timing_default;

struct stream_callbacks {
	void *ctx;
	/* A stanza; it is freed when the callback returns. */
	void (*stanza)(void *ctx, const struct stanza *st);
	/* One over a cap, of which only the start tag could be read. */
	void (*oversized)(void *ctx, const struct stanza *start_tag);
	/* stream_ready() has become true. */
	void (*ready)(void *ctx);
};

struct stream;

/* What is pointed to must outlive the stream.  It first connects in stream_tick().  Returns NULL
 * and sets errno on failure. */
struct stream *stream_create(const struct config_xmpp *cfg, struct loop *loop,
			     const struct stream_timing *timing,
			     const struct stream_callbacks *callbacks, struct control_stats *stats);

/* At once, without a word to the server: for a good-bye call stream_stop() before. */
void stream_destroy(struct stream *s);

/* Write what waits and do what is due; to be called once a round of the event loop.  Returns the
 * milliseconds after which it wants to be called again at the latest. */
unsigned int stream_tick(struct stream *s, uint64_t now_ms);

/* Is the stream up and does the server read what it is sent? */
bool stream_ready(const struct stream *s);

/* Queue one stanza, copied, to be written at the next tick, or after the next handshake while the
 * stream is down: a loss does not lose it unless it was wholly written.  -ENOBUFS when too much
 * waits already: the stanza is lost. */
int stream_send(struct stream *s, const char *text, size_t len);

/* Write what waits, close the stream and do not come back.  stream_stopped() tells when that is
 * done; `timing.close` bounds it. */
void stream_stop(struct stream *s, uint64_t now_ms);
bool stream_stopped(const struct stream *s);

#endif

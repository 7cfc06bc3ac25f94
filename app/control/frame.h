/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stanza boundaries in the byte stream of an XML stream (RFC 6120 section 4 and 11).
 *
 * The stream is cut into its header, complete stanzas and its end, in constant memory and however
 * its bytes are split.  Everything handed up is well-formed XML 1.0 but for the checks that need
 * namespaces, so that the tree parser is never given what it might misread: tags nest, attributes
 * are quoted and differ in name, references are to the five predefined entities or to legal
 * characters, the text is UTF-8.
 *
 * A stanza over a cap is well-formed too; it is passed over to its end and reported as oversized.
 * What RFC 6120 section 11.1 forbids and ill-formed XML end the stream.  A literal "]]>" in text is
 * let pass: it harms nobody.
 */
#ifndef TANDEM_FRAME_H
#define TANDEM_FRAME_H

#include <stddef.h>

#define FRAME_STANZA_MAX     65536 /* bytes of one stanza */
#define FRAME_START_TAG_MAX  8192  /* bytes of a start tag that is still read: header, oversized */
#define FRAME_DEPTH_MAX	     32	   /* elements within each other, the stanza itself included */
#define FRAME_ATTRIBUTES_MAX 64	   /* of one tag */
#define FRAME_REFERENCE_MAX  32	   /* bytes between '&' and ';' */

enum frame_event {
	FRAME_MORE,	 /* all was consumed, nothing is complete */
	FRAME_HEADER,	 /* the stream's start tag: frame_text() */
	FRAME_STANZA,	 /* a stanza: frame_text() */
	FRAME_OVERSIZED, /* end of one over a cap; frame_text() is its start tag or NULL */
	FRAME_CLOSE,	 /* the stream's end tag; the rest is not looked at */
	FRAME_ERROR,	 /* frame_error(); nothing more comes */
};

struct frame;

/* Returns NULL and sets errno on failure.  frame_destroy() takes NULL too. */
struct frame *frame_create(void);
void frame_destroy(struct frame *f);

/* Start anew, at the first byte of a stream. */
void frame_reset(struct frame *f);

/* Consume bytes up to the next event, at most `len`; `*used` says how many. */
enum frame_event frame_feed(struct frame *f, const char *data, size_t len, size_t *used);

/* What the last event was about, NUL-terminated; the frame's own, until the next call of
 * frame_feed() or frame_reset(). */
const char *frame_text(const struct frame *f);

/* After FRAME_ERROR: the name of the stream error (RFC 6120 section 4.9.3) and, in words for the
 * log, why.  Static strings. */
const char *frame_error(const struct frame *f);
const char *frame_error_detail(const struct frame *f);

#endif

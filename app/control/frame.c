/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One function a lexical state, fed byte by byte.
 *
 * A stanza's bytes are collected in one buffer.  The names of the elements open at the moment are
 * remembered as places in that buffer; an end tag is compared with the name as it comes.  When a
 * cap is passed the collecting stops, the buffer stays as it is and with it the names so far:
 * those are still compared, elements opened later are only counted.
 *
 * UTF-8 is checked before a byte reaches its state, so the states take any byte from 0x80 for part
 * of a name or text.  Confined to the thread that feeds it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "xml_char.h"

#define HEADER_NAME_MAX	    64
#define XML_DECLARATION_MAX 256

enum frame_state {
	IN_TEXT,
	AFTER_LT,
	IN_DECLARATION,
	IN_NAME,
	IN_TAG,
	IN_ATTRIBUTE,
	BEFORE_EQUALS,
	BEFORE_VALUE,
	IN_VALUE,
	AFTER_VALUE,
	AFTER_SLASH,
	IN_END_NAME,
	AFTER_END_NAME,
	IN_REFERENCE,
	AFTER_BANG,
	IN_CDATA,
	AT_END,
	FRAME_STATES
};

/* A place in the buffer. */
struct span {
	uint32_t start;
	uint32_t len;
};

struct frame {
	enum frame_state state;
	enum frame_state resume; /* after a reference */
	char quote;
	size_t at; /* how far: in an end tag's name, a declaration, "<![CDATA[", "]]>" */

	struct utf8 utf8;
	char reference[FRAME_REFERENCE_MAX];
	size_t reference_len;

	bool begun;	/* something came: no XML declaration any more */
	bool in_stream; /* the header was read */
	char header_name[HEADER_NAME_MAX];
	size_t header_name_len;

	uint64_t depth; /* open elements below the stream's */
	uint64_t known; /* of these, counted from the outside, have their name in `open` */
	struct span open[FRAME_DEPTH_MAX];
	struct span element; /* the name in the tag that is being read */
	struct span attribute;
	struct span attributes[FRAME_ATTRIBUTES_MAX];
	unsigned int n_attributes;

	bool collecting; /* inside of a tag or stanza */
	bool skipping;	 /* it is over a cap */
	size_t start_tag_len;
	size_t len;
	const char *text;
	const char *error;
	const char *error_detail;
	char buf[FRAME_STANZA_MAX + 1];
};

static enum frame_event fail(struct frame *f, const char *error, const char *detail)
{
	f->state = AT_END;
	f->error = error;
	f->error_detail = detail;
	return FRAME_ERROR;
}

static enum frame_event ill_formed(struct frame *f, const char *detail)
{
	return fail(f, "not-well-formed", detail);
}

static enum frame_event restricted(struct frame *f, const char *detail)
{
	return fail(f, "restricted-xml", detail);
}

/* A cap is passed: of the stanza no more is kept.  For the stream's own tag there is no mercy. */
static enum frame_event over_cap(struct frame *f)
{
	if (!f->in_stream)
		return fail(f, "policy-violation", "stream header over a limit");
	f->skipping = true;
	return FRAME_MORE;
}

static enum frame_event keep(struct frame *f, char c)
{
	if (f->skipping)
		return FRAME_MORE;
	if (f->len == (f->in_stream ? FRAME_STANZA_MAX : FRAME_START_TAG_MAX))
		return over_cap(f);
	f->buf[f->len++] = c;
	return FRAME_MORE;
}

/* Both are called when the byte at hand is in the buffer already. */
static void name_begin(struct frame *f, struct span *name)
{
	name->start = (uint32_t)(f->len - 1);
}

static void name_end(struct frame *f, struct span *name)
{
	name->len = (uint32_t)(f->len - 1 - name->start);
}

static bool same_name(const struct frame *f, struct span a, struct span b)
{
	return a.len == b.len && memcmp(f->buf + a.start, f->buf + b.start, a.len) == 0;
}

static enum frame_event attribute_named(struct frame *f)
{
	unsigned int i;

	if (f->skipping)
		return FRAME_MORE;
	name_end(f, &f->attribute);
	for (i = 0; i < f->n_attributes; i++) {
		if (same_name(f, f->attributes[i], f->attribute))
			return ill_formed(f, "attribute given twice");
	}
	if (f->n_attributes == FRAME_ATTRIBUTES_MAX)
		return over_cap(f);
	f->attributes[f->n_attributes++] = f->attribute;
	return FRAME_MORE;
}

static enum frame_event stanza_complete(struct frame *f)
{
	f->state = IN_TEXT;
	f->collecting = false;
	if (!f->skipping) {
		f->buf[f->len] = '\0';
		f->text = f->buf;
		return FRAME_STANZA;
	}
	if (f->start_tag_len > 0 && f->start_tag_len <= FRAME_START_TAG_MAX) {
		f->buf[f->start_tag_len] = '\0';
		f->text = f->buf;
	}
	return FRAME_OVERSIZED;
}

static enum frame_event header_complete(struct frame *f)
{
	if (f->element.len > HEADER_NAME_MAX)
		return over_cap(f);
	memcpy(f->header_name, f->buf + f->element.start, f->element.len);
	f->header_name_len = f->element.len;
	f->state = IN_TEXT;
	f->collecting = false;
	f->in_stream = true;
	f->buf[f->len] = '\0';
	f->text = f->buf;
	return FRAME_HEADER;
}

static enum frame_event start_tag_complete(struct frame *f)
{
	if (!f->in_stream)
		return header_complete(f);
	f->state = IN_TEXT;
	if (f->depth == FRAME_DEPTH_MAX)
		over_cap(f);
	if (!f->skipping) {
		f->open[f->known++] = f->element;
		if (f->depth == 0)
			f->start_tag_len = f->len;
	}
	f->depth++;
	return FRAME_MORE;
}

static enum frame_event empty_tag_complete(struct frame *f)
{
	if (!f->in_stream)
		return ill_formed(f, "stream header closes itself");
	if (f->depth == 0)
		return stanza_complete(f);
	f->state = IN_TEXT;
	return FRAME_MORE;
}

static enum frame_event end_tag_complete(struct frame *f)
{
	if (f->depth == 0) {
		f->state = AT_END;
		return FRAME_CLOSE;
	}
	if (f->known == f->depth)
		f->known--;
	if (--f->depth == 0)
		return stanza_complete(f);
	f->state = IN_TEXT;
	return FRAME_MORE;
}

static enum frame_event on_text(struct frame *f, char c)
{
	if (c == '<') {
		if (!f->collecting) {
			f->collecting = true;
			f->skipping = false;
			f->len = 0;
			f->start_tag_len = 0;
			keep(f, c);
		}
		f->state = AFTER_LT;
		return FRAME_MORE;
	}
	if (f->depth == 0)
		return xml_is_space(c) ? FRAME_MORE : ill_formed(f, "text between stanzas");
	if (c == '&') {
		f->resume = IN_TEXT;
		f->reference_len = 0;
		f->state = IN_REFERENCE;
	}
	return FRAME_MORE;
}

static enum frame_event on_after_lt(struct frame *f, char c)
{
	if (xml_is_name_start(c)) {
		name_begin(f, &f->element);
		f->n_attributes = 0;
		f->state = IN_NAME;
		return FRAME_MORE;
	}
	f->at = 0;
	if (c == '/' && f->in_stream) {
		f->state = IN_END_NAME;
		return FRAME_MORE;
	}
	if (c == '!') {
		f->state = AFTER_BANG;
		return FRAME_MORE;
	}
	if (c == '?' && !f->begun) {
		f->state = IN_DECLARATION;
		return FRAME_MORE;
	}
	return c == '?' ? restricted(f, "processing instruction")
			: ill_formed(f, "no name behind '<'");
}

/* "<?xml" with anything up to "?>"; UTF-8 is what is read, whatever it says. */
static enum frame_event on_declaration(struct frame *f, char c)
{
	static const char start[] = "xml";
	size_t at = f->at++;

	if (at < strlen(start))
		return c == start[at] ? FRAME_MORE : restricted(f, "processing instruction");
	if (at == strlen(start))
		return xml_is_space(c) ? FRAME_MORE : restricted(f, "processing instruction");
	if (at > XML_DECLARATION_MAX)
		return over_cap(f);
	if (c == '>' && f->buf[f->len - 2] == '?') {
		f->begun = true;
		f->collecting = false;
		f->state = IN_TEXT;
	}
	return FRAME_MORE;
}

static enum frame_event on_tag_punctuation(struct frame *f, char c)
{
	if (c == '>')
		return start_tag_complete(f);
	if (c == '/') {
		f->state = AFTER_SLASH;
		return FRAME_MORE;
	}
	if (xml_is_space(c)) {
		f->state = IN_TAG;
		return FRAME_MORE;
	}
	return ill_formed(f, "unexpected character in a tag");
}

static enum frame_event on_name(struct frame *f, char c)
{
	if (xml_is_name(c))
		return FRAME_MORE;
	if (!f->skipping)
		name_end(f, &f->element);
	return on_tag_punctuation(f, c);
}

static enum frame_event on_tag(struct frame *f, char c)
{
	if (!xml_is_name_start(c))
		return on_tag_punctuation(f, c);
	name_begin(f, &f->attribute);
	f->state = IN_ATTRIBUTE;
	return FRAME_MORE;
}

static enum frame_event on_before_equals(struct frame *f, char c)
{
	if (xml_is_space(c))
		return FRAME_MORE;
	if (c != '=')
		return ill_formed(f, "attribute without value");
	f->state = BEFORE_VALUE;
	return FRAME_MORE;
}

static enum frame_event on_attribute(struct frame *f, char c)
{
	enum frame_event ev;

	if (xml_is_name(c))
		return FRAME_MORE;
	f->state = BEFORE_EQUALS;
	ev = attribute_named(f);
	return ev != FRAME_MORE ? ev : on_before_equals(f, c);
}

static enum frame_event on_before_value(struct frame *f, char c)
{
	if (xml_is_space(c))
		return FRAME_MORE;
	if (c != '"' && c != '\'')
		return ill_formed(f, "attribute value without quotes");
	f->quote = c;
	f->state = IN_VALUE;
	return FRAME_MORE;
}

static enum frame_event on_value(struct frame *f, char c)
{
	if (c == f->quote) {
		f->state = AFTER_VALUE;
	} else if (c == '&') {
		f->resume = IN_VALUE;
		f->reference_len = 0;
		f->state = IN_REFERENCE;
	} else if (c == '<') {
		return ill_formed(f, "'<' in an attribute value");
	}
	return FRAME_MORE;
}

static enum frame_event on_after_slash(struct frame *f, char c)
{
	return c == '>' ? empty_tag_complete(f) : ill_formed(f, "'/' in a tag");
}

/* The name the end tag must have; false when it was not kept. */
static bool expected_name(const struct frame *f, const char **name, size_t *len)
{
	if (f->depth == 0) {
		*name = f->header_name;
		*len = f->header_name_len;
		return true;
	}
	if (f->known < f->depth)
		return false;
	*name = f->buf + f->open[f->depth - 1].start;
	*len = f->open[f->depth - 1].len;
	return true;
}

static enum frame_event on_after_end_name(struct frame *f, char c)
{
	if (xml_is_space(c))
		return FRAME_MORE;
	return c == '>' ? end_tag_complete(f) : ill_formed(f, "unexpected character in an end tag");
}

static enum frame_event on_end_name(struct frame *f, char c)
{
	const char *name = NULL;
	size_t len = 0, at = f->at;
	bool expected = expected_name(f, &name, &len);

	if (at == 0 ? xml_is_name_start(c) : xml_is_name(c)) {
		f->at++;
		if (expected && (at >= len || c != name[at]))
			return ill_formed(f, "end tag of another element");
		return FRAME_MORE;
	}
	if (at == 0 || (expected && at != len))
		return ill_formed(f, "end tag of another element");
	f->state = AFTER_END_NAME;
	return on_after_end_name(f, c);
}

static enum frame_event reference_complete(struct frame *f)
{
	f->state = f->resume;
	if (f->reference_len > FRAME_REFERENCE_MAX)
		return FRAME_MORE; /* the stanza is skipped for it */
	switch (xml_reference(f->reference, f->reference_len)) {
	case XML_REFERENCE_LEGAL:
		return FRAME_MORE;
	case XML_REFERENCE_NO_CHARACTER:
		return ill_formed(f, "reference to no character");
	case XML_REFERENCE_UNDEFINED:
		break;
	}
	return restricted(f, "undefined entity");
}

static enum frame_event on_reference(struct frame *f, char c)
{
	if (c == ';')
		return reference_complete(f);
	if (!xml_is_name(c) && c != '#')
		return ill_formed(f, "'&' that is no reference");
	if (f->reference_len > FRAME_REFERENCE_MAX)
		return FRAME_MORE;
	if (f->reference_len == FRAME_REFERENCE_MAX) {
		f->reference_len++;
		return over_cap(f);
	}
	f->reference[f->reference_len++] = c;
	return FRAME_MORE;
}

static enum frame_event on_after_bang(struct frame *f, char c)
{
	static const char start[] = "[CDATA[";

	if (f->at == 0 && c == '-')
		return restricted(f, "comment");
	if (f->at == 0 && c == 'D')
		return restricted(f, "document type declaration");
	if (c != start[f->at])
		return ill_formed(f, "no CDATA section behind '<!'");
	if (start[++f->at] != '\0')
		return FRAME_MORE;
	if (f->depth == 0)
		return ill_formed(f, "CDATA section between stanzas");
	f->at = 0;
	f->state = IN_CDATA;
	return FRAME_MORE;
}

static enum frame_event on_cdata(struct frame *f, char c)
{
	if (c == ']') {
		if (f->at < 2)
			f->at++;
	} else if (c == '>' && f->at == 2) {
		f->state = IN_TEXT;
	} else {
		f->at = 0;
	}
	return FRAME_MORE;
}

static enum frame_event on_end(struct frame *f, char c)
{
	(void)c;
	return f->error == NULL ? FRAME_CLOSE : FRAME_ERROR;
}

static enum frame_event (*const states[FRAME_STATES])(struct frame *f, char c) = {
	[IN_TEXT] = on_text,
	[AFTER_LT] = on_after_lt,
	[IN_DECLARATION] = on_declaration,
	[IN_NAME] = on_name,
	[IN_TAG] = on_tag,
	[IN_ATTRIBUTE] = on_attribute,
	[BEFORE_EQUALS] = on_before_equals,
	[BEFORE_VALUE] = on_before_value,
	[IN_VALUE] = on_value,
	[AFTER_VALUE] = on_tag_punctuation,
	[AFTER_SLASH] = on_after_slash,
	[IN_END_NAME] = on_end_name,
	[AFTER_END_NAME] = on_after_end_name,
	[IN_REFERENCE] = on_reference,
	[AFTER_BANG] = on_after_bang,
	[IN_CDATA] = on_cdata,
	[AT_END] = on_end,
};

static enum frame_event take(struct frame *f, char c)
{
	enum frame_event ev;

	if (f->state == AT_END)
		return on_end(f, c);
	if (!utf8_take(&f->utf8, (uint8_t)c))
		return ill_formed(f, "not UTF-8 or no legal character");
	if (f->collecting && keep(f, c) == FRAME_ERROR)
		return FRAME_ERROR;
	ev = states[f->state](f, c);
	if (f->state != AFTER_LT && f->state != IN_DECLARATION)
		f->begun = true;
	return ev;
}

enum frame_event frame_feed(struct frame *f, const char *data, size_t len, size_t *used)
{
	enum frame_event ev = FRAME_MORE;
	size_t i = 0;

	f->text = NULL;
	while (i < len && ev == FRAME_MORE)
		ev = take(f, data[i++]);
	*used = i;
	return ev;
}

void frame_reset(struct frame *f)
{
	memset(f, 0, offsetof(struct frame, buf));
}

struct frame *frame_create(void)
{
	return calloc(1, sizeof(struct frame));
}

void frame_destroy(struct frame *f)
{
	free(f);
}

const char *frame_text(const struct frame *f)
{
	return f->text;
}

const char *frame_error(const struct frame *f)
{
	return f->error;
}

const char *frame_error_detail(const struct frame *f)
{
	return f->error_detail;
}

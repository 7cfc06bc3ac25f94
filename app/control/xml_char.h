/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The characters of XML 1.0, for `frame`.
 *
 * Bytes from 0x80 count as part of a name wherever a name may be: their encoding is checked by
 * utf8_take(), and a name nobody knows harms nobody.
 */
#ifndef TANDEM_XML_CHAR_H
#define TANDEM_XML_CHAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool xml_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool xml_is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
	       (unsigned char)c >= 0x80;
}

static inline bool xml_is_name(char c)
{
	return xml_is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* An UTF-8 sequence that may be under way; all zero at the start. */
struct utf8 {
	uint32_t missing; /* bytes */
	uint32_t value;
	uint32_t min; /* less is an overlong form */
};

/* False when the byte breaks RFC 3629 or ends a character XML does not allow (production 2). */
bool utf8_take(struct utf8 *u, uint8_t byte);

enum xml_reference { XML_REFERENCE_LEGAL, XML_REFERENCE_NO_CHARACTER, XML_REFERENCE_UNDEFINED };

/* What is between '&' and ';'. */
enum xml_reference xml_reference(const char *ref, size_t len);

#endif

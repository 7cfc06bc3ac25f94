/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "xml_char.h"

static bool is_char(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) ||
	       (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

static bool utf8_begin(struct utf8 *u, uint8_t byte)
{
	if (byte >= 0xc2 && byte <= 0xdf)
		*u = (struct utf8){.missing = 1, .min = 0x80, .value = byte & 0x1f};
	else if (byte >= 0xe0 && byte <= 0xef)
		*u = (struct utf8){.missing = 2, .min = 0x800, .value = byte & 0x0f};
	else if (byte >= 0xf0 && byte <= 0xf4)
		*u = (struct utf8){.missing = 3, .min = 0x10000, .value = byte & 0x07};
	else
		return false;
	return true;
}

bool utf8_take(struct utf8 *u, uint8_t byte)
{
	if (u->missing == 0)
		return byte < 0x80 ? is_char(byte) : utf8_begin(u, byte);
	if ((byte & 0xc0) != 0x80)
		return false;
	u->value = u->value << 6 | (byte & 0x3f);
	return --u->missing > 0 || (u->value >= u->min && is_char(u->value));
}

/* -1 for what is no digit in `base`, 10 or 16. */
static int digit(char c, uint32_t base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (base == 16 && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (base == 16 && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "#10" or "#xA". */
static bool is_character_reference(const char *ref, size_t len)
{
	uint32_t base = len > 1 && ref[1] == 'x' ? 16 : 10;
	size_t i = base == 16 ? 2 : 1;
	uint32_t value = 0;

	if (i == len)
		return false;
	for (; i < len; i++) {
		int d = digit(ref[i], base);

		if (d < 0)
			return false;
		value = value * base + (uint32_t)d;
		if (value > 0x10ffff)
			return false;
	}
	return is_char(value);
}

enum xml_reference xml_reference(const char *ref, size_t len)
{
	static const char *const predefined[] = {"amp", "lt", "gt", "apos", "quot"};
	size_t i;

	if (len > 0 && ref[0] == '#')
		return is_character_reference(ref, len) ? XML_REFERENCE_LEGAL
							: XML_REFERENCE_NO_CHARACTER;
	for (i = 0; i < sizeof(predefined) / sizeof(predefined[0]); i++) {
		if (len == strlen(predefined[i]) && memcmp(ref, predefined[i], len) == 0)
			return XML_REFERENCE_LEGAL;
	}
	return XML_REFERENCE_UNDEFINED;
}

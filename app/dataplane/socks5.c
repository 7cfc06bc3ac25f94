/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "socks5.h"

#define VERSION		5
#define METHOD_OPEN	0x00 /* no authentication required */
#define METHOD_NONE	0xff /* no acceptable methods */
#define COMMAND_CONNECT 1
#define TYPE_IPV4	1
#define TYPE_NAME	3

/* Of an upper case digit too: those who compare names do not look at the case. */
static int digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void refuse(struct socks5 *s, enum socks5_reply reply)
{
	s->state = SOCKS5_REFUSED;
	s->reply = (uint8_t)reply;
}

/* --- a byte in each state; the next state is the one that follows in the enum, unless it is said
 * otherwise --- */

static void take_version(struct socks5 *s, uint8_t byte)
{
	s->state = byte == VERSION ? s->state + 1 : SOCKS5_BROKEN;
}

static void choose_method(struct socks5 *s)
{
	s->state = s->open ? SOCKS5_REQUEST_VERSION : SOCKS5_NO_METHOD;
}

static void take_method_count(struct socks5 *s, uint8_t byte)
{
	s->left = byte;
	s->state = SOCKS5_METHODS;
	if (byte == 0)
		choose_method(s);
}

static void take_method(struct socks5 *s, uint8_t byte)
{
	s->open |= byte == METHOD_OPEN;
	if (--s->left == 0)
		choose_method(s);
}

static void take_command(struct socks5 *s, uint8_t byte)
{
	if (byte == COMMAND_CONNECT)
		s->state = SOCKS5_REQUEST_RESERVED;
	else
		refuse(s, SOCKS5_COMMAND);
}

/* Nobody gives it a meaning. */
static void take_reserved(struct socks5 *s, uint8_t byte)
{
	(void)byte;
	s->state = SOCKS5_REQUEST_TYPE;
}

static void take_type(struct socks5 *s, uint8_t byte)
{
	if (byte == TYPE_NAME)
		s->state = SOCKS5_REQUEST_LENGTH;
	else
		refuse(s, SOCKS5_ADDRESS_TYPE);
}

static void take_length(struct socks5 *s, uint8_t byte)
{
	s->left = byte;
	if (byte == SOCKS5_DIGITS)
		s->state = SOCKS5_REQUEST_DIGITS;
	else
		refuse(s, SOCKS5_CONNECTION_REFUSED);
}

static void take_digit(struct socks5 *s, uint8_t byte)
{
	if (digit_value(byte) < 0) {
		refuse(s, SOCKS5_CONNECTION_REFUSED);
		return;
	}
	s->digits[SOCKS5_DIGITS - s->left] = (char)byte;
	if (--s->left > 0)
		return;
	s->state = SOCKS5_REQUEST_PORT;
	s->left = sizeof(s->port);
}

/* It is 0 by XEP-0065 5.3.2, but another one does no harm. */
static void take_port(struct socks5 *s, uint8_t byte)
{
	s->port[sizeof(s->port) - s->left] = byte;
	if (--s->left == 0)
		s->state = SOCKS5_NAMED;
}

static void (*const take[SOCKS5_STATES])(struct socks5 *s, uint8_t byte) = {
	[SOCKS5_VERSION] = take_version,	 [SOCKS5_METHOD_COUNT] = take_method_count,
	[SOCKS5_METHODS] = take_method,		 [SOCKS5_REQUEST_VERSION] = take_version,
	[SOCKS5_REQUEST_COMMAND] = take_command, [SOCKS5_REQUEST_RESERVED] = take_reserved,
	[SOCKS5_REQUEST_TYPE] = take_type,	 [SOCKS5_REQUEST_LENGTH] = take_length,
	[SOCKS5_REQUEST_DIGITS] = take_digit,	 [SOCKS5_REQUEST_PORT] = take_port,
};

size_t socks5_read(struct socks5 *s, const uint8_t *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n && take[s->state] != NULL; i++)
		take[s->state](s, bytes[i]);
	return i;
}

void socks5_answer(struct socks5 *s, enum socks5_reply reply)
{
	s->state = reply == SOCKS5_SUCCEEDED ? SOCKS5_CONNECTED : SOCKS5_REFUSED;
	s->reply = (uint8_t)reply;
}

/* --- what is said --- */

/* RFC 1928 section 6 in the form of XEP-0065: bound address and port are those of the request.  A
 * request that was refused before its end is answered by the unspecified address. */
static size_t put_reply(const struct socks5 *s, uint8_t *at)
{
	memset(at, 0, SOCKS5_REPLY_BYTES);
	at[0] = VERSION;
	at[1] = s->reply;
	if (s->reply != SOCKS5_SUCCEEDED && s->reply != SOCKS5_NOT_ALLOWED) {
		at[3] = TYPE_IPV4;
		return 4 + 4 + sizeof(s->port);
	}
	at[3] = TYPE_NAME;
	at[4] = SOCKS5_DIGITS;
	memcpy(at + 5, s->digits, SOCKS5_DIGITS);
	memcpy(at + 5 + SOCKS5_DIGITS, s->port, sizeof(s->port));
	return SOCKS5_REPLY_BYTES;
}

size_t socks5_said(const struct socks5 *s, uint8_t said[SOCKS5_SAID_MAX])
{
	/* It may have broken off before there was anything to choose of, or after. */
	if (s->state < SOCKS5_REQUEST_VERSION || (s->state == SOCKS5_BROKEN && !s->open))
		return 0;
	said[0] = VERSION;
	said[1] = s->open ? METHOD_OPEN : METHOD_NONE;
	if (s->state != SOCKS5_CONNECTED && s->state != SOCKS5_REFUSED)
		return SOCKS5_CHOICE_BYTES;
	return SOCKS5_CHOICE_BYTES + put_reply(s, said + SOCKS5_CHOICE_BYTES);
}

void socks5_name(const struct socks5 *s, uint8_t name[SOCKS5_NAME_BYTES])
{
	unsigned int i;

	for (i = 0; i < SOCKS5_NAME_BYTES; i++)
		name[i] = (uint8_t)(16 * digit_value((uint8_t)s->digits[2 * i]) +
				    digit_value((uint8_t)s->digits[2 * i + 1]));
}

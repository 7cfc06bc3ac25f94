/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay's part of a SOCKS5 negotiation (RFC 1928) as SOCKS5 bytestreams use it (XEP-0065):
 *
 *   peer:   05 n m1..mn                                       a method among them is 00
 *   relay:  05 00
 *   peer:   05 01 00 03 28 <40 hex digits> <port>             CONNECT to the name of a bytestream
 *   relay:  05 00 00 03 28 <the same digits> <the same port>
 *
 * It reads a byte at a time, so that it is all the same how the peer's messages are cut into
 * segments, and reads nothing behind the request, which is not the relay's.  No packets here, no
 * memory but the automaton itself.
 */
#ifndef TANDEM_SOCKS5_H
#define TANDEM_SOCKS5_H

#include <stddef.h>
#include <stdint.h>

#define SOCKS5_DIGITS	  40
#define SOCKS5_NAME_BYTES (SOCKS5_DIGITS / 2)

/* The most that a peer may say: 255 methods, and a request. */
#define SOCKS5_HEARD_MAX (2 + 255 + 5 + SOCKS5_DIGITS + 2)

/* What the relay says: its choice of a method, and one reply. */
#define SOCKS5_CHOICE_BYTES 2
#define SOCKS5_REPLY_BYTES  (5 + SOCKS5_DIGITS + 2)
#define SOCKS5_SAID_MAX	    (SOCKS5_CHOICE_BYTES + SOCKS5_REPLY_BYTES)

/* RFC 1928 section 6 */
enum socks5_reply {
	SOCKS5_SUCCEEDED = 0,
	SOCKS5_NOT_ALLOWED = 2,
	SOCKS5_CONNECTION_REFUSED = 5, /* what was asked for is no name of a bytestream */
	SOCKS5_COMMAND = 7,	       /* another command than CONNECT */
	SOCKS5_ADDRESS_TYPE = 8,       /* another address than a name */
};

enum socks5_state {
	/* What comes next. */
	SOCKS5_VERSION,
	SOCKS5_METHOD_COUNT,
	SOCKS5_METHODS,
	SOCKS5_REQUEST_VERSION,
	SOCKS5_REQUEST_COMMAND,
	SOCKS5_REQUEST_RESERVED,
	SOCKS5_REQUEST_TYPE,
	SOCKS5_REQUEST_LENGTH,
	SOCKS5_REQUEST_DIGITS,
	SOCKS5_REQUEST_PORT,
	/* Nothing more is read. */
	SOCKS5_NAMED,	  /* the request is complete: socks5_answer() is due */
	SOCKS5_CONNECTED, /* answered by success */
	SOCKS5_NO_METHOD, /* none of the methods is one of ours; that was said */
	SOCKS5_REFUSED,	  /* a reply of failure was said */
	SOCKS5_BROKEN,	  /* this is not SOCKS5: nothing can be said */
	SOCKS5_STATES
};

/* All zeros is the beginning. */
struct socks5 {
	uint8_t state; /* enum socks5_state */
	uint8_t left;  /* methods, digits or bytes of the port that are still to come */
	uint8_t open;  /* method 00 is among those that came */
	uint8_t reply; /* enum socks5_reply that was said */
	char digits[SOCKS5_DIGITS];
	uint8_t port[2];
};

/* Read of `n` bytes as many as belong to the negotiation; returns how many. */
size_t socks5_read(struct socks5 *s, const uint8_t *bytes, size_t n);

/* Answer the request of a socks5 that is SOCKS5_NAMED. */
void socks5_answer(struct socks5 *s, enum socks5_reply reply);

/*
 * All that the relay has to have said so far, from the start: the choice of a method, and behind it
 * the reply, which is a message of its own.  Returns how many bytes.
 */
size_t socks5_said(const struct socks5 *s, uint8_t said[SOCKS5_SAID_MAX]);

/* The name that was asked for; SOCKS5_NAMED or SOCKS5_CONNECTED only. */
void socks5_name(const struct socks5 *s, uint8_t name[SOCKS5_NAME_BYTES]);

#endif

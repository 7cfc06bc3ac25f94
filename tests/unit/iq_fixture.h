/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of IQ services have in common: who asks and how, where answers go, how errors look,
 * and a dispatcher for the service to stand on.
 */
#ifndef TANDEM_TEST_IQ_FIXTURE_H
#define TANDEM_TEST_IQ_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dispatch.h"
#include "request_book.h"

/* Two whom the relay serves, and one it does not. */
#define ALICE	"alice@example.org/pda"
#define BOB	"bob@example.org/laptop"
#define MALLORY "mallory@evil.example/x"

/* How a request begins; alice's; and how one ends. */
#define OF(type, who) "<iq type='" type "' id='1' from='" who "' to='relay.example.org'>"
#define GET	      OF("get", ALICE)
#define SET	      OF("set", ALICE)
#define END	      "</query></iq>"

#define STANZAS " xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\""
#define ERROR_TO(who, type, condition)                            \
	"<iq type=\"error\" from=\"relay.example.org\" to=\"" who \
	"\" id=\"1\"><error type=\"" type "\"><" condition STANZAS " /></error></iq>"
#define REFUSED_TO(who, type, condition, limit, text)                    \
	"<iq type=\"error\" from=\"relay.example.org\" to=\"" who        \
	"\" id=\"1\"><error type=\"" type "\"><" condition STANZAS " />" \
	"<text" STANZAS " xml:lang=\"en\">" text "</text>"               \
	"<" limit " xmlns=\"tandem:refusals\" /></error></iq>"
#define NOT_LISTED(who) \
	REFUSED_TO(who, "auth", "forbidden", "access", "You may not use this relay.")

/* To alice, and to mallory. */
#define ERROR(type, condition) ERROR_TO(ALICE, type, condition)
#define UNAVAILABLE	       ERROR("cancel", "service-unavailable")
#define BAD_REQUEST	       ERROR("modify", "bad-request")
#define FORBIDDEN	       NOT_LISTED(MALLORY)

#define X16  "xxxxxxxxxxxxxxxx"
#define X128 X16 X16 X16 X16 X16 X16 X16 X16

/* The last answer, and how many there were. */
extern char sent[1 << 20];
extern size_t sent_len;
extern unsigned int n_sent;

extern const struct outlet outlet;

extern struct control_stats stats;
extern struct dispatch *dispatch;
extern struct request_book *requests; /* room for four */

/* Make dispatcher and requests, with nothing answered yet; end them. */
void iq_start(const char *jid);
void iq_end(void);

/* A stanza comes; `sent` and `stats` have what it alone brought about. */
void iq_feed(const char *in, uint64_t now_ms);

#endif

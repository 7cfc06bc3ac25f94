/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of IQ services have in common: where their answers go, and how errors look.
 */
#ifndef TANDEM_TEST_IQ_FIXTURE_H
#define TANDEM_TEST_IQ_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dispatch.h"

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

#define X16  "xxxxxxxxxxxxxxxx"
#define X128 X16 X16 X16 X16 X16 X16 X16 X16

/* The last answer, and how many there were. */
extern char sent[1 << 20];
extern size_t sent_len;
extern unsigned int n_sent;

extern const struct outlet outlet;

#endif

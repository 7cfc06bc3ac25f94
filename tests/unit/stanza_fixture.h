/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the peer's stanzas have in common: a libstrophe context, and stanzas as they come
 * off the wire. */
#ifndef TANDEM_TEST_STANZA_FIXTURE_H
#define TANDEM_TEST_STANZA_FIXTURE_H

#include <strophe.h>

extern xmpp_ctx_t *ctx;

/* A group's set-up and tear-down. */
int stanza_set_up(void **state);
int stanza_tear_down(void **state);

/* Well-formed text; the caller's to release. */
xmpp_stanza_t *wire(const char *text);

#endif

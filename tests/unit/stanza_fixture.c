/* SPDX-License-Identifier: BSD-3-Clause */
#include "stanza_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

xmpp_ctx_t *ctx;

int stanza_set_up(void **state)
{
	(void)state;
	xmpp_initialize();
	ctx = xmpp_ctx_new(NULL, NULL);
	return ctx ? 0 : -1;
}

int stanza_tear_down(void **state)
{
	(void)state;
	xmpp_ctx_free(ctx);
	xmpp_shutdown();
	return 0;
}

xmpp_stanza_t *wire(const char *text)
{
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(ctx, text);

	assert_non_null(stanza);
	return stanza;
}

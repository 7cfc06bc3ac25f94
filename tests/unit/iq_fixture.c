/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "iq_fixture.h"

char sent[1 << 20];
size_t sent_len;
unsigned int n_sent;

static void fake_send(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	assert_int_equal(strlen(text), len);
	assert_true(len < sizeof(sent));
	strcpy(sent, text);
	sent_len = len;
	n_sent++;
}

const struct outlet outlet = {.send = fake_send};

/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "iq_fixture.h"

char sent[1 << 20];
size_t sent_len;
unsigned int n_sent;
struct control_stats stats;
struct dispatch *dispatch;
struct request_book *requests;

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

void iq_start(const char *jid)
{
	dispatch = dispatch_create(jid, &stats, &outlet);
	requests = request_book_create(dispatch, 4);
	assert_non_null(requests);
	n_sent = 0;
}

void iq_end(void)
{
	request_book_destroy(requests);
	dispatch_destroy(dispatch);
}

void iq_feed(const char *in, uint64_t now_ms)
{
	struct stanza *st = stanza_parse(in, NULL);

	assert_non_null(st);
	sent[0] = '\0';
	memset(&stats, 0, sizeof(stats));
	dispatch_stanza(dispatch, st, now_ms);
	stanza_free(st);
}

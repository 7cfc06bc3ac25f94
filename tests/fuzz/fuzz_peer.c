/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stanza from far away through everything the peer program reads of stanzas.  What was read must
 * be the same after it was written and read again.
 */
#include "claim.h"
#include "fuzz.h"
#include "iq.h"
#include "offer.h"

#define RELAY "relay.example.org"

static xmpp_ctx_t *ctx;

/* Write it, release it and read it again. */
static xmpp_stanza_t *again(xmpp_stanza_t *st)
{
	char *text;
	size_t len;

	CHECK(st != NULL && xmpp_stanza_to_text(st, &text, &len) == XMPP_EOK);
	xmpp_stanza_release(st);
	st = xmpp_stanza_new_from_string(ctx, text);
	CHECK(st != NULL);
	xmpp_free(ctx, text);
	return st;
}

static bool same_candidates(const struct offer *a, const struct offer *b)
{
	if (a->n_candidates != b->n_candidates)
		return false;
	for (unsigned int i = 0; i < a->n_candidates; i++) {
		if (strcmp(a->candidates[i].jid, b->candidates[i].jid) != 0 ||
		    memcmp(&a->candidates[i].addr, &b->candidates[i].addr,
			   candidate_length(&a->candidates[i].addr)) != 0)
			return false;
	}
	return true;
}

/* An attribute's white space does not survive being written, of any writer. */
static bool plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ')
			return false;
	}
	return true;
}

static void take_candidates(const struct offer *offer)
{
	static const struct candidate_policy policies[] = {{.allow_private = false},
							   {.allow_private = true}};
	char ip[CANDIDATE_TEXT], port[6];
	union candidate_address back;

	CHECK(offer->n_candidates <= CANDIDATE_READ_MAX);
	for (unsigned int i = 0; i < offer->n_candidates; i++) {
		const struct candidate *c = &offer->candidates[i];

		CHECK(jid_valid(c->jid));
		for (unsigned int j = 0; j < 2; j++)
			candidate_refusal(&c->addr, &policies[j]);
		candidate_format(&c->addr, ip, port);
		CHECK(candidate_parse(ip, port, &back) == 0);
		CHECK(memcmp(&back, &c->addr, candidate_length(&back)) == 0);
	}
}

static void take_offer(xmpp_stanza_t *st)
{
	static struct offer offer, second;
	xmpp_stanza_t *copy;
	const char *fault;

	if (!offer_is(st) || offer_parse(st, &offer) != NULL)
		return;
	CHECK(strlen(offer.sid) >= 1 && offer.size <= INT64_MAX);
	take_candidates(&offer);
	CHECK(offer_knows(st, offer.kind) == (offer.kind != OFFER_PLAIN));
	fault = offer_name_fault(offer.name);
	CHECK(fault != NULL || (plain(offer.name) && strchr(offer.name, '/') == NULL));
	if (!plain(offer.name) || !plain(offer.sid))
		return;
	copy = again(offer_build(ctx, "bob@example.org/laptop", &offer));
	CHECK(offer_is(copy) && offer_parse(copy, &second) == NULL);
	CHECK(strcmp(offer.sid, second.sid) == 0 && strcmp(offer.name, second.name) == 0);
	CHECK(offer.size == second.size && same_candidates(&offer, &second));
	CHECK(offer.kind == second.kind && offer_swap(copy, &offer) == NULL);
	CHECK(same_candidates(&offer, &second));
	xmpp_stanza_release(copy);
}

/* A partner's connections in place of ours, and nothing else. */
static void take_swap(xmpp_stanza_t *st)
{
	static struct offer ours;
	const char *fault;

	ours = (struct offer){.kind = OFFER_FILE, .sid = "A01", .name = "a", .size = 5};
	fault = offer_swap(st, &ours);
	CHECK(fault == NULL || ours.n_candidates == 0);
	take_candidates(&ours);
	CHECK(ours.kind == OFFER_FILE && ours.size == 5);
	CHECK(strcmp(ours.sid, "A01") == 0 && strcmp(ours.name, "a") == 0);
}

static void take_claim(xmpp_stanza_t *st)
{
	union candidate_address to, from;
	int parsed = claim_parse(st, "A01", &to, &from);

	CHECK(parsed == 0 || !offer_is(st));
	if (parsed == 1)
		CHECK(to.sa.sa_family != 0);
}

static void take_complete(xmpp_stanza_t *st)
{
	struct offer_complete complete, second;
	xmpp_stanza_t *copy;

	if (offer_complete_parse(st, &complete) != 1 || !plain(complete.sid))
		return;
	copy = again(offer_complete_build(ctx, "bob@example.org/laptop", &complete));
	CHECK(offer_complete_parse(copy, &second) == 1);
	CHECK(strcmp(complete.sid, second.sid) == 0 && complete.bytes == second.bytes);
	CHECK(memcmp(complete.digest, second.digest, OFFER_DIGEST_LEN) == 0);
	xmpp_stanza_release(copy);
}

static void take_answers(xmpp_stanza_t *st)
{
	static struct candidate list[CANDIDATE_READ_MAX];
	static const struct offer ours = {
		.sid = "A01",
		.n_candidates = 2,
		.candidates = {{.jid = RELAY}, {.jid = "alice@example.org/pda"}},
	};
	unsigned int n = claim_address_answer(st, RELAY, list);
	char text[64];
	int index;

	CHECK(n <= CANDIDATE_READ_MAX);
	for (unsigned int i = 0; i < n; i++)
		CHECK(jid_equal(list[i].jid, RELAY));
	index = offer_accepted(st, &ours);
	CHECK(index < 2);
	if (offer_cancel_parse(st, "A01", text, sizeof(text)))
		CHECK(strlen(text) < sizeof(text));
	iq_error_describe(st, text, sizeof(text));
	CHECK(strlen(text) < sizeof(text) && iq_error_condition(st) != NULL);
}

static void take_request(xmpp_stanza_t *st)
{
	xmpp_stanza_t *answer = iq_result(st);

	if (answer != NULL) {
		CHECK(iq_is(answer, "result"));
		xmpp_stanza_release(answer);
	}
	answer = iq_error(st, IQ_BAD_REQUEST, "no");
	if (answer != NULL) {
		CHECK(iq_is(answer, "error"));
		xmpp_stanza_release(answer);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	xmpp_stanza_t *st;
	char *text;

	if (ctx == NULL) {
		xmpp_initialize();
		ctx = xmpp_ctx_new(NULL, NULL);
		CHECK(ctx != NULL);
	}
	text = malloc(size + 1);
	CHECK(text != NULL);
	input_bytes(&in, text, size + 1);
	st = xmpp_stanza_new_from_string(ctx, text);
	free(text);
	if (st == NULL)
		return 0;
	take_offer(st);
	take_swap(st);
	take_claim(st);
	take_complete(st);
	take_answers(st);
	take_request(st);
	xmpp_stanza_release(st);
	return 0;
}

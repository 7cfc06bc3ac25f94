/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "offer.h"
#include "stanza_fixture.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

static xmpp_stanza_t *over_the_wire(xmpp_stanza_t *stanza)
{
	char *text;
	size_t len;

	assert_non_null(stanza);
	assert_int_equal(xmpp_stanza_to_text(stanza, &text, &len), XMPP_EOK);
	xmpp_stanza_release(stanza);
	stanza = wire(text);
	xmpp_free(ctx, text);
	return stanza;
}

static void names(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{"report.pdf", true},
		{"two words", true},
		{"gr\xc3\xbc\xc3\x9f"
		 "e.txt",
		 true},
		{".profile", true}, /* hidden files are the receiver's business */
		{"...", true},
		{"", false},
		{".", false},
		{"..", false},
		{"a/b", false},
		{"../../etc/passwd", false},
		{"/etc/passwd", false},
		{"a\nb", false},
		{"a\x1b[2J", false},
		{"a\x7f", false},
		{"a\xc2\x9b"
		 "2J",
		 false}, /* C1 CSI */
		{"gpj.\xe2\x80\xae"
		 "exe",
		 false}, /* right-to-left override */
		{"a\xff", false},
		{"\xc0\xaf", false}, /* overlong slash */
		{"\xed", false},
	};
	char name[OFFER_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		if ((offer_name_fault(rows[i].name) == NULL) != rows[i].good)
			fail_msg("row %zu", i);
	}
	memset(name, 'x', sizeof(name));
	name[OFFER_NAME_MAX + 1] = '\0';
	assert_non_null(offer_name_fault(name));
	name[OFFER_NAME_MAX] = '\0';
	assert_null(offer_name_fault(name));
}

#define OFFER(sid, inner)                                                                       \
	"<iq type='set' id='1' from='bob@example.org/x'><query xmlns='whoknows' " sid ">" inner \
	"</query></iq>"
#define FILE_OK "<file xmlns='urn:tandem:file:0' name='a' size='5'/>"

static void offers(void **state)
{
	static const struct {
		const char *text;
		int candidates; /* -1: malformed */
	} rows[] = {
		{OFFER("sid='A'",
		       "<connection jid='r.example.org' ip='192.0.2.1' port='4000'/>" FILE_OK),
		 1},
		{OFFER("side='A'", FILE_OK), 0},
		{OFFER("sid='A' side='A'", FILE_OK), 0},
		{OFFER("sid='A' side='B'", FILE_OK), -1},
		{OFFER("sid=''", FILE_OK), -1},
		{OFFER("", FILE_OK), -1},
		{OFFER("sid='A'", "<file xmlns='urn:tandem:file:0' size='5'/>"), -1},
		{OFFER("sid='A'", "<file xmlns='urn:tandem:file:0' name='a'/>"), -1},
		{OFFER("sid='A'", "<file xmlns='urn:tandem:file:0' name='a' size='-5'/>"), -1},
		{OFFER("sid='A'",
		       "<file xmlns='urn:tandem:file:0' name='a' size='9223372036854775808'/>"),
		 -1},
		{OFFER("sid='A'",
		       "<file xmlns='urn:tandem:file:0' name='a' size='9223372036854775807'/>"),
		 0},
		{OFFER("sid='A'",
		       "<file xmlns='urn:tandem:file:0' name='a' size='18446744073709551617'/>"),
		 -1},
		{OFFER("sid='A'", "<file xmlns='urn:tandem:file:0' name='a' size='5 '/>"), -1},
		{OFFER("sid='A'", "<stream xmlns='urn:tandem:stream:0'/>"), 0},
		{OFFER("", "<stream xmlns='urn:tandem:stream:0'/>"), -1},
		{OFFER("sid='A'", "<stream xmlns='urn:tandem:stream:0'/>" FILE_OK), -1},
		/* bad candidates are passed over */
		{OFFER("sid='A'",
		       "<connection ip='192.0.2.1' port='4000'/><connection jid='' ip='192.0.2.1' port='1'/>"
		       "<connection jid='r' ip='name' port='4000'/><connection jid='r' ip='192.0.2.1'/>"
		       "<connection xmlns='other' jid='r' ip='192.0.2.1' port='4000'/>text"
		       "<connection jid='r' ip='192.0.2.1' port='4000'/>" FILE_OK),
		 1},
		/* prefixes are nothing but prefixes */
		{"<iq type='set' id='1' from='b@c/d'><w:query xmlns:w='whoknows' sid='A'>"
		 "<w:connection jid='r' ip='192.0.2.1' port='4000'/>"
		 "<f:file xmlns:f='urn:tandem:file:0' name='a' size='5'/></w:query></iq>",
		 1},
	};
	struct offer *offer = calloc(1, sizeof(*offer));

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		xmpp_stanza_t *iq = wire(rows[i].text);
		const char *fault;

		assert_true(offer_is(iq));
		fault = offer_parse(iq, offer);
		if ((fault != NULL) != (rows[i].candidates < 0) ||
		    (!fault && (int)offer->n_candidates != rows[i].candidates))
			fail_msg("row %zu: %s, %u candidates", i, fault ? fault : "taken",
				 offer->n_candidates);
		xmpp_stanza_release(iq);
	}
	free(offer);
}

static void not_offers(void **state)
{
	static const char *const rows[] = {
		"<iq type='get' id='1'><query xmlns='whoknows' sid='A'>" FILE_OK "</query></iq>",
		"<iq type='set' id='1'><query xmlns='other' sid='A'>" FILE_OK "</query></iq>",
		"<iq type='set' id='1'><query xmlns='whoknows' sid='A'><endpoint/></query></iq>",
		"<iq type='set' id='1'><query xmlns='whoknows' sid='A'><endpoint/>" FILE_OK
		"</query></iq>",
		"<iq type='set' id='1'/>",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		xmpp_stanza_t *iq = wire(rows[i]);

		assert_false(offer_is(iq));
		xmpp_stanza_release(iq);
	}
}

static void kinds(void **state)
{
	static const struct {
		const char *text;
		enum offer_kind kind;
	} rows[] = {
		{OFFER("sid='A'", FILE_OK), OFFER_FILE},
		{OFFER("sid='A'", "<stream xmlns='urn:tandem:stream:0'/>"), OFFER_STREAM},
		{OFFER("sid='A'", ""), OFFER_PLAIN},
		{OFFER("sid='A'", "<file name='a' size='5'/>"), OFFER_PLAIN},
		{OFFER("sid='A'", "<stream xmlns='other'/>"), OFFER_PLAIN},
		{OFFER("side='A'", "<connection jid='r' ip='192.0.2.1' port='4000'/>"),
		 OFFER_PLAIN},
	};
	struct offer *offer = calloc(1, sizeof(*offer));

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		xmpp_stanza_t *iq = wire(rows[i].text), *accept;

		assert_null(offer_parse(iq, offer));
		assert_int_equal(offer->kind, rows[i].kind);
		assert_string_equal(offer->name, rows[i].kind == OFFER_FILE ? "a" : "");
		/* what is answered says whether we know more than the proposal, if the other does */
		accept = over_the_wire(offer_accept(iq, offer, "r.example.org"));
		for (enum offer_kind kind = OFFER_FILE; kind <= OFFER_PLAIN; kind++)
			assert_int_equal(offer_knows(accept, kind),
					 kind == rows[i].kind && kind != OFFER_PLAIN);
		assert_int_equal(offer_accepted(accept, offer), -EINVAL); /* not offered */
		assert_int_equal(offer->n_candidates, i + 1 == ROWS(rows));
		xmpp_stanza_release(accept);
		xmpp_stanza_release(iq);
	}
	free(offer);
}

/* A swap replaces the connections and nothing else. */
static void swaps(void **state)
{
	static const struct {
		const char *text;
		int candidates; /* -1: refused */
	} rows[] = {
		{OFFER("sid='A'", "<connection jid='two' ip='192.0.2.2' port='5000'/>"), 1},
		{OFFER("side='A'", ""), 0},
		{OFFER("sid='B'", "<connection jid='two' ip='192.0.2.2' port='5000'/>"), -1},
		{OFFER("sid='A' side='B'", ""), -1},
		{OFFER("", ""), -1},
		{OFFER("sid='A'", "<file xmlns='urn:tandem:file:0' name='other' size='9'/>"), 0},
	};
	struct offer *offer = calloc(1, sizeof(*offer));

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		xmpp_stanza_t *iq = wire(OFFER(
			"sid='A'", "<connection jid='one' ip='192.0.2.1' port='4000'/>" FILE_OK));

		assert_null(offer_parse(iq, offer));
		xmpp_stanza_release(iq);
		iq = wire(rows[i].text);
		assert_int_equal(offer_swap(iq, offer) == NULL, rows[i].candidates >= 0);
		assert_int_equal(offer->n_candidates,
				 rows[i].candidates >= 0 ? rows[i].candidates : 1);
		assert_string_equal(offer->candidates[0].jid,
				    rows[i].candidates == 1 ? "two" : "one");
		assert_string_equal(offer->name, "a");
		assert_string_equal(offer->sid, "A");
		assert_int_equal(offer->size, 5);
		xmpp_stanza_release(iq);
	}
	free(offer);
}

/* PF4 as the Initiator reads it. */
static void claims(void **state)
{
#define CLAIM(sid, endpoint) OFFER(sid, "<endpoint " endpoint "/>")
	static const struct {
		const char *text;
		int parsed;
		bool four;
	} rows[] = {
		{CLAIM("sid='A'", "ip='192.0.2.1' port='1' from-ip='192.0.2.2' from-port='2'"), 1,
		 true},
		{CLAIM("side='A'", "ip='192.0.2.1' port='1'"), 1, false},
		{CLAIM("sid='A'", "ip='192.0.2.1' port='1' from-ip='192.0.2.2'"), -EINVAL, false},
		{CLAIM("sid='A'", "ip='192.0.2.1' port='1' from-port='2'"), -EINVAL, false},
		{CLAIM("sid='A'", "ip='192.0.2.1' from-ip='192.0.2.2' from-port='2'"), -EINVAL,
		 false},
		{CLAIM("sid='A'", "ip='name' port='1'"), -EINVAL, false},
		{CLAIM("sid='A'", ""), -EINVAL, false},
		{CLAIM("sid='A' side='B'", "ip='192.0.2.1' port='1'"), -EINVAL, false},
		{CLAIM("", "ip='192.0.2.1' port='1'"), -EINVAL, false},
		{CLAIM("sid='B'", "ip='192.0.2.1' port='1'"), 0, false},
		{OFFER("sid='A'", ""), 0, false},
	};
	union candidate_address to, from;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		xmpp_stanza_t *iq = wire(rows[i].text), *result = over_the_wire(claim_result(iq));

		assert_int_equal(claim_parse(iq, "A", &to, &from), rows[i].parsed);
		if (rows[i].parsed == 1)
			assert_int_equal(from.sa.sa_family != 0, rows[i].four);
		assert_non_null(xmpp_stanza_get_child_by_name_and_ns(result, "query", "whoknows"));
		xmpp_stanza_release(result);
		xmpp_stanza_release(iq);
	}
}

static void many_candidates(void **state)
{
	struct offer *offer = calloc(1, sizeof(*offer)), *read = calloc(1, sizeof(*read));
	xmpp_stanza_t *iq, *more;

	(void)state;
	strcpy(offer->sid, "A01");
	strcpy(offer->name, "a&<'\">b");
	offer->size = INT64_MAX;
	offer->n_candidates = CANDIDATE_READ_MAX;
	for (unsigned int i = 0; i < CANDIDATE_READ_MAX; i++) {
		strcpy(offer->candidates[i].jid, "relay.example.org");
		candidate_parse(i % 2 ? "192.0.2.1" : "2001:db8::1", "4000",
				&offer->candidates[i].addr);
	}
	iq = offer_build(ctx, "alice@example.org/x", offer);
	more = iq_add(xmpp_stanza_get_child_by_name(iq, "query"), "connection", NULL);
	xmpp_stanza_set_attribute(more, "jid", "one.too.many");
	xmpp_stanza_set_attribute(more, "ip", "192.0.2.9");
	xmpp_stanza_set_attribute(more, "port", "4000");
	iq = over_the_wire(iq);
	assert_null(offer_parse(iq, read));
	assert_memory_equal(read, offer, sizeof(*offer));
	xmpp_stanza_release(iq);
	free(offer);
	free(read);
}

#define ACCEPT(sid, jid)                                                            \
	"<iq type='result' id='1'><query xmlns='whoknows' " sid "><connection " jid \
	"/></query></iq>"

static void accepted(void **state)
{
	static const struct {
		const char *text;
		int choice; /* negative: refused */
	} rows[] = {
		{ACCEPT("sid='A'", "jid='two.example.org'"), 1},
		{ACCEPT("sid='A'", "jid='One.example.org'"), 0},
		{ACCEPT("side='A'", "jid='one.example.org'"), 0},
		{ACCEPT("sid='B'", "jid='one.example.org'"), -1},
		{ACCEPT("", "jid='one.example.org'"), -1},
		{ACCEPT("sid='A'", "jid='three.example.org'"), -1},
		{ACCEPT("sid='A'", "jid=''"), -1},
		{ACCEPT("sid='A'", ""), -1},
		{"<iq type='result' id='1'><query xmlns='whoknows' sid='A'/></iq>", -1},
		{"<iq type='result' id='1'/>", -1},
	};
	struct offer *offer = calloc(1, sizeof(*offer));

	(void)state;
	strcpy(offer->sid, "A");
	offer->n_candidates = 2;
	strcpy(offer->candidates[0].jid, "one.example.org");
	strcpy(offer->candidates[1].jid, "two.example.org");
	for (size_t i = 0; i < ROWS(rows); i++) {
		xmpp_stanza_t *iq = wire(rows[i].text);
		int choice = offer_accepted(iq, offer);

		if (rows[i].choice < 0 ? choice >= 0 : choice != rows[i].choice)
			fail_msg("row %zu: %d", i, choice);
		xmpp_stanza_release(iq);
	}
	free(offer);
}

static void completes(void **state)
{
	struct offer_complete said = {.sid = "A", .bytes = 1234567890123}, heard;
	xmpp_stanza_t *iq, *element;

	(void)state;
	for (unsigned int i = 0; i < OFFER_DIGEST_LEN; i++)
		said.digest[i] = (unsigned char)(i * 37);
	iq = over_the_wire(offer_complete_build(ctx, "a@b/c", &said));
	assert_int_equal(offer_complete_parse(iq, &heard), 1);
	assert_string_equal(heard.sid, said.sid);
	assert_true(heard.bytes == said.bytes);
	assert_memory_equal(heard.digest, said.digest, sizeof(said.digest));
	element = xmpp_stanza_get_child_by_name(iq, "complete");
	xmpp_stanza_set_attribute(element, "sha256", "abcd");
	assert_int_equal(offer_complete_parse(iq, &heard), -EINVAL);
	xmpp_stanza_del_attribute(element, "sha256");
	assert_int_equal(offer_complete_parse(iq, &heard), -EINVAL);
	xmpp_stanza_set_type(iq, "get");
	assert_int_equal(offer_complete_parse(iq, &heard), 0);
	xmpp_stanza_release(iq);
}

static void ten_thousand_candidates(void **state)
{
	struct offer *read = calloc(1, sizeof(*read));
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	xmpp_stanza_t *iq;

	(void)state;
	fputs("<iq type='set' id='1'><query xmlns='whoknows' sid='A'>", f);
	for (int i = 0; i < 10000; i++)
		fprintf(f, "<connection jid='r%d' ip='192.0.2.1' port='4000'/>", i);
	fputs("<stream xmlns='urn:tandem:stream:0'/></query></iq>", f);
	fclose(f);
	iq = wire(text);
	assert_null(offer_parse(iq, read));
	assert_int_equal(read->kind, OFFER_STREAM);
	assert_int_equal(read->n_candidates, CANDIDATE_READ_MAX);
	assert_string_equal(read->candidates[CANDIDATE_READ_MAX - 1].jid, "r15");
	xmpp_stanza_release(iq);
	free(text);
	free(read);
}

static void ends(void **state)
{
	static const struct {
		const char *text;
		int parsed;
	} rows[] = {
		{"<iq type='set' id='1'><end xmlns='urn:tandem:stream:0' sid='A' bytes='7'/></iq>",
		 1},
		{"<iq type='get' id='1'><end xmlns='urn:tandem:stream:0' sid='A' bytes='7'/></iq>",
		 0},
		{"<iq type='set' id='1'><end xmlns='urn:tandem:file:0' sid='A' bytes='7'/></iq>",
		 0},
		{"<iq type='set' id='1'><end xmlns='urn:tandem:stream:0' bytes='7'/></iq>",
		 -EINVAL},
		{"<iq type='set' id='1'><end xmlns='urn:tandem:stream:0' sid='A'/></iq>", -EINVAL},
		{"<iq type='set' id='1'><end xmlns='urn:tandem:stream:0' sid='A' bytes='-1'/></iq>",
		 -EINVAL},
	};
	struct offer_end said = {.sid = "A", .bytes = INT64_MAX}, heard;
	xmpp_stanza_t *iq = over_the_wire(offer_end_build(ctx, "a@b/c", &said));

	(void)state;
	assert_int_equal(offer_end_parse(iq, &heard), 1);
	assert_string_equal(heard.sid, "A");
	assert_true(heard.bytes == said.bytes);
	xmpp_stanza_release(iq);
	for (size_t i = 0; i < ROWS(rows); i++) {
		iq = wire(rows[i].text);
		assert_int_equal(offer_end_parse(iq, &heard), rows[i].parsed);
		xmpp_stanza_release(iq);
	}
}

static void cancels(void **state)
{
	char why[16];
	xmpp_stanza_t *iq =
		over_the_wire(offer_cancel_build(ctx, "a@b/c", "A", "disk <full> & more"));

	(void)state;
	assert_false(offer_cancel_parse(iq, "B", why, sizeof(why)));
	assert_true(offer_cancel_parse(iq, "A", why, sizeof(why)));
	assert_string_equal(why, "disk <full> & m");
	xmpp_stanza_release(iq);
}

static void relay_questions(void **state)
{
	xmpp_stanza_t *iq = over_the_wire(claim_reserve_query(ctx, "r", "A<1>", "b@x/a & b"));
	xmpp_stanza_t *query = xmpp_stanza_get_child_by_name_and_ns(iq, "query", IQ_NS);

	(void)state;
	assert_true(iq_is(iq, "get"));
	assert_string_equal(xmpp_stanza_get_to(iq), "r");
	assert_non_null(query);
	assert_string_equal(xmpp_stanza_get_attribute(query, "sid"), "A<1>");
	assert_string_equal(xmpp_stanza_get_attribute(query, "peer"), "b@x/a & b");
	assert_null(xmpp_stanza_get_children(query));
	xmpp_stanza_release(iq);
	/* half a reservation would be none: a plain question has neither */
	iq = over_the_wire(claim_address_query(ctx, "r"));
	query = xmpp_stanza_get_child_by_name_and_ns(iq, "query", IQ_NS);
	assert_int_equal(xmpp_stanza_get_attribute_count(query), 1); /* xmlns */
	xmpp_stanza_release(iq);
}

static void relay_addresses(void **state)
{
	struct candidate *list = calloc(CANDIDATE_READ_MAX, sizeof(*list));
	xmpp_stanza_t *iq =
		wire("<iq type='result' id='1'><w:query xmlns:w='whoknows'>"
		     "<w:connection jid='other.example.org' ip='192.0.2.9' port='4000'/>"
		     "<w:connection jid='relay.example.org' ip='192.0.2.1' port='4000'/>"
		     "</w:query></iq>");

	(void)state;
	assert_int_equal(claim_address_answer(iq, "relay.example.org", list), 1);
	assert_string_equal(list[0].jid, "relay.example.org");
	assert_int_equal(claim_address_answer(iq, "third.example.org", list), 0);
	xmpp_stanza_release(iq);
	free(list);
}

static void errors(void **state)
{
	char why[64];
	xmpp_stanza_t *request =
		wire("<iq type='set' id='7' from='a@b/c'><query xmlns='whoknows'/></iq>");
	xmpp_stanza_t *iq = over_the_wire(iq_error(request, IQ_NOT_ACCEPTABLE, "no, thanks"));

	(void)state;
	assert_string_equal(xmpp_stanza_get_id(iq), "7");
	assert_string_equal(xmpp_stanza_get_to(iq), "a@b/c");
	assert_string_equal(iq_error_condition(iq), "not-acceptable");
	xmpp_stanza_release(iq);
	xmpp_stanza_release(request);
	iq = wire("<iq type='error' id='7'/>");
	iq_error_describe(iq, why, sizeof(why));
	assert_string_equal(why, "undefined-condition");
	xmpp_stanza_release(iq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(offers),
		cmocka_unit_test(not_offers),
		cmocka_unit_test(kinds),
		cmocka_unit_test(swaps),
		cmocka_unit_test(claims),
		cmocka_unit_test(many_candidates),
		cmocka_unit_test(accepted),
		cmocka_unit_test(completes),
		cmocka_unit_test(cancels),
		cmocka_unit_test(relay_questions),
		cmocka_unit_test(relay_addresses),
		cmocka_unit_test(errors),
		cmocka_unit_test(ends),
		cmocka_unit_test(ten_thousand_candidates),
	};

	return cmocka_run_group_tests(tests, stanza_set_up, stanza_tear_down);
}

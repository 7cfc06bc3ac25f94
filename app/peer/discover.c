/* SPDX-License-Identifier: BSD-3-Clause */
#include "discover.h"

#include <stdlib.h>
#include <string.h>

#include "iq.h"
#include "outcome.h"
#include "progress.h"
#include "terminal.h"

#define SEEN_MAX 1024 /* children of one result looked at */
#define INFO_MS	 5000 /* a listed service may be down: its server then says nothing for long */
#define LATER_MS 300  /* how long others may still answer after the first relay has */

/* What was asked of the listed services; on the heap, for its size. */
struct survey {
	unsigned int n;
	char items[DISCOVER_ITEMS_MAX][JID_MAX + 1];
	struct account_query queries[DISCOVER_ITEMS_MAX];
};

static xmpp_stanza_t *disco(xmpp_ctx_t *ctx, const char *to, const char *ns)
{
	xmpp_stanza_t *iq = iq_new(ctx, "get", to);

	if (iq && !iq_add(iq, "query", ns)) {
		xmpp_stanza_release(iq);
		return NULL;
	}
	return iq;
}

static bool element_is(xmpp_stanza_t *element, const char *name, const char *ns)
{
	const char *own = xmpp_stanza_get_name(element), *own_ns = xmpp_stanza_get_ns(element);

	return own && own_ns && strcmp(own, name) == 0 && strcmp(own_ns, ns) == 0;
}

static xmpp_stanza_t *first_child(xmpp_stanza_t *result, const char *ns)
{
	xmpp_stanza_t *query = xmpp_stanza_get_child_by_name_and_ns(result, "query", ns);

	return query ? xmpp_stanza_get_children(query) : NULL;
}

unsigned int discover_items(xmpp_stanza_t *result, char (*list)[JID_MAX + 1])
{
	xmpp_stanza_t *child = first_child(result, DISCO_ITEMS_NS);
	unsigned int n = 0;

	for (int seen = 0; child && n < DISCOVER_ITEMS_MAX && seen < SEEN_MAX; seen++) {
		const char *jid = xmpp_stanza_get_attribute(child, "jid");

		if (element_is(child, "item", DISCO_ITEMS_NS) && jid && jid_valid(jid) &&
		    !jid_has_node(jid) && !xmpp_stanza_get_attribute(child, "node"))
			strcpy(list[n++], jid); /* jid_valid() bounds it */
		child = xmpp_stanza_get_next(child);
	}
	return n;
}

bool discover_offers(xmpp_stanza_t *result, const char *feature)
{
	xmpp_stanza_t *child = first_child(result, DISCO_INFO_NS);

	if (!iq_is(result, "result"))
		return false;
	for (int seen = 0; child && seen < SEEN_MAX; seen++) {
		const char *var = xmpp_stanza_get_attribute(child, "var");

		if (element_is(child, "feature", DISCO_INFO_NS) && var && strcmp(var, feature) == 0)
			return true;
		child = xmpp_stanza_get_next(child);
	}
	return false;
}

static int ask_server(struct account *account, int64_t timeout_ms, struct survey *survey)
{
	char server[JID_MAX + 1];
	struct account_query q = {0};
	int outcome;

	strcpy(server, strchr(account_jid(account), '@') + 1);
	server[strcspn(server, "/")] = '\0';
	outcome = account_ask_wait(account, &q, disco(account_ctx(account), server, DISCO_ITEMS_NS),
				   timeout_ms);
	if (outcome == OUTCOME_TIMEOUT)
		say("%s: no answer in time", server);
	if (outcome == OUTCOME_DONE && iq_is(q.answer, "result"))
		survey->n = discover_items(q.answer, survey->items);
	account_forget(&q);
	return outcome;
}

static void look(const struct survey *survey, unsigned int *answered, unsigned int *relays)
{
	*answered = *relays = 0;
	for (unsigned int i = 0; i < survey->n; i++) {
		if (!survey->queries[i].answer)
			continue;
		++*answered;
		*relays += discover_offers(survey->queries[i].answer, IQ_NS);
	}
}

/* All are asked at once, so one that is dead holds up nobody. */
static int ask_items(struct account *account, struct survey *survey)
{
	int64_t deadline = progress_now_ms() + INFO_MS;
	unsigned int answered = 0, relays = 0;
	int outcome = OUTCOME_DONE;

	for (unsigned int i = 0; i < survey->n; i++)
		account_ask(account, &survey->queries[i],
			    disco(account_ctx(account), survey->items[i], DISCO_INFO_NS));
	while (outcome == OUTCOME_DONE && answered < survey->n && progress_now_ms() < deadline) {
		bool first = relays == 0;

		outcome = account_turn(account, NULL, 0, deadline - progress_now_ms());
		look(survey, &answered, &relays);
		if (first && relays > 0 && deadline > progress_now_ms() + LATER_MS)
			deadline = progress_now_ms() + LATER_MS;
	}
	return outcome;
}

static void collect(struct survey *survey, struct discovered *found)
{
	found->n = 0;
	for (unsigned int i = 0; i < survey->n; i++) {
		struct account_query *q = &survey->queries[i];

		if (found->n < DISCOVER_RELAYS_MAX && q->answer &&
		    discover_offers(q->answer, IQ_NS))
			strcpy(found->relays[found->n++], survey->items[i]);
		account_forget(q);
	}
}

int discover_relays(struct account *account, int64_t timeout_ms, struct discovered *found)
{
	struct survey *survey = calloc(1, sizeof(*survey));
	int outcome;

	if (!survey) {
		say("out of memory");
		return OUTCOME_LOCAL;
	}
	outcome = ask_server(account, timeout_ms, survey);
	if (outcome == OUTCOME_DONE)
		outcome = ask_items(account, survey);
	collect(survey, found);
	free(survey);
	if (outcome != OUTCOME_DONE || found->n > 0)
		return outcome;
	say("the server lists no relay; --via can name one");
	return OUTCOME_REFUSED;
}

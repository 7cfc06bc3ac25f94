/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finding relays by service discovery (XEP-0030): what the user's own server lists (disco#items),
 * and which of that has the proposal's namespace among its features (disco#info).
 */
#ifndef TANDEM_DISCOVER_H
#define TANDEM_DISCOVER_H

#include "account.h"
#include "jid.h"

#define DISCOVER_ITEMS_MAX  32 /* listed services that are asked */
#define DISCOVER_RELAYS_MAX 4

#define DISCO_ITEMS_NS "http://jabber.org/protocol/disco#items"
#define DISCO_INFO_NS  "http://jabber.org/protocol/disco#info"

struct discovered {
	unsigned int n;
	char relays[DISCOVER_RELAYS_MAX][JID_MAX + 1]; /* in the order of the server's list */
};

/* The services in a disco#items result: valid JIDs without a node, neither "node"s of an entity nor
 * users; the first DISCOVER_ITEMS_MAX go to `list`.  Returns how many. */
unsigned int discover_items(xmpp_stanza_t *result, char (*list)[JID_MAX + 1]);

/* Whether a disco#info result has `feature`. */
bool discover_offers(xmpp_stanza_t *result, const char *feature);

/* Ask the server of `account`, which is logged in.  An outcome; OUTCOME_REFUSED when there is no
 * relay; said. */
int discover_relays(struct account *account, int64_t timeout_ms, struct discovered *found);

#endif

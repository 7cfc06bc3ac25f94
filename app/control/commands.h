/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ad-hoc commands (XEP-0050) for those in access.admins: list the sessions, end one, drain.
 */
#ifndef TANDEM_COMMANDS_H
#define TANDEM_COMMANDS_H

#include <stdbool.h>

#include <mxml.h>

#include "config.h"
#include "dispatch.h"

#define NS_COMMANDS "http://jabber.org/protocol/commands"

#define COMMANDS_ROWS	 100	/* sessions listed at most */
#define COMMANDS_MAX	 16	/* commands begun, of all admins; the oldest makes room */
#define COMMANDS_LIFE_MS 300000 /* of one begun */

struct commands;
struct session_book;

/* Adds its route to `d`; `cfg` and `d` must outlive it.  Returns NULL and sets errno on failure. */
struct commands *commands_create(const struct config *cfg, struct dispatch *d);
void commands_destroy(struct commands *c);

/* Whose sessions they are about; to be called before the first stanza. */
void commands_set_book(struct commands *c, struct session_book *book);

/* Whether the sender of an IQ may use them. */
bool commands_are_for(const struct commands *c, const char *from);

/*
 * Service discovery of `node` (XEP-0050 section 2): fill in the <query/> of an answer to disco#info,
 * or with `items` to disco#items.  IQ_OK; IQ_ITEM_NOT_FOUND for a node that is none of ours,
 * IQ_FORBIDDEN.
 */
enum iq_result commands_describe(const struct commands *c, const char *from, const char *node,
				 bool items, mxml_node_t *query);

#endif

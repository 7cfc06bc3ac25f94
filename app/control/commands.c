/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A command that asks for something takes two IQs: one that begins it, answered with a form, and one
 * that submits the form or cancels.  In between it is kept here under a random id, for its sender
 * alone, for a while, in a table of fixed size.  Those that ask for nothing are over at once.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "access.h"
#include "commands.h"
#include "data_form.h"
#include "log.h"
#include "reply.h"
#include "session.h"

#define ID_BYTES 16
#define ID_SIZE	 (2 * ID_BYTES + 1)

/* One IQ of a command, and the <command/> that answers it. */
struct step {
	struct commands *commands;
	const struct iq *iq;
	mxml_node_t *form; /* submitted; NULL for a command that asks for nothing */
	mxml_node_t *reply;
};

struct command {
	const char *node, *name;
	void (*ask)(struct step *step); /* add the form; NULL: there is nothing to ask */
	/* Do it and add what there is to tell.  False: what was submitted makes no sense. */
	bool (*run)(struct step *step);
};

struct begun {
	const struct command *command; /* NULL: the place is free */
	char id[ID_SIZE];
	char from[CONFIG_MAX_JID + 1];
	uint64_t until_ms;
};

struct commands {
	const struct config *cfg;
	struct dispatch *dispatch;
	struct session_book *book;
	struct begun begun[COMMANDS_MAX];
};

static void add_note(struct step *step, const char *type, const char *text)
{
	mxmlElementSetAttr(data_form_add_text(step->reply, "note", text), "type", type);
}

/* --- list sessions --- */

static const struct {
	const char *var, *label;
} columns[] = {
	{"id", "Number"},
	{"sid", "Session id"},
	{"first", "First party"},
	{"second", "Second party"},
	{"bytes-first", "Bytes from the first"},
	{"bytes-second", "Bytes from the second"},
	{"seconds", "Age in seconds"},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* Texts of others are quoted and cut as in the log, which bounds the answer too. */
static void show_session(void *ctx, const struct session_view *v)
{
	mxml_node_t *item = mxmlNewElement(ctx, "item");
	struct log_quoted sid, first, second;
	char numbers[4][24];
	const char *const cells[COLUMNS] = {numbers[0],
					    log_quote(&sid, v->sid),
					    log_quote(&first, v->jid[0]),
					    log_quote(&second, v->jid[1]),
					    numbers[1],
					    numbers[2],
					    numbers[3]};

	snprintf(numbers[0], sizeof(numbers[0]), "%" PRIu64, v->id);
	snprintf(numbers[1], sizeof(numbers[1]), "%" PRIu64, v->bytes[0]);
	snprintf(numbers[2], sizeof(numbers[2]), "%" PRIu64, v->bytes[1]);
	snprintf(numbers[3], sizeof(numbers[3]), "%" PRIu64, v->age_ms / 1000);
	for (size_t i = 0; i < COLUMNS; i++)
		data_form_add_field(item, NULL, columns[i].var, NULL, cells[i]);
}

static bool run_list(struct step *step)
{
	mxml_node_t *form = data_form_add(step->reply, "result", "Sessions", NULL);
	mxml_node_t *reported = mxmlNewElement(form, "reported");
	unsigned int n, shown;
	char text[64];

	for (size_t i = 0; i < COLUMNS; i++)
		data_form_add_field(reported, "text-single", columns[i].var, columns[i].label,
				    NULL);
	n = session_list(step->commands->book, COMMANDS_ROWS, show_session, form, step->iq->now_ms);
	shown = n < COMMANDS_ROWS ? n : COMMANDS_ROWS;
	snprintf(text, sizeof(text), "%u of %u sessions are shown", shown, n);
	add_note(step, "info", text);
	return true;
}

/* --- end a session --- */

static void ask_end(struct step *step)
{
	mxml_node_t *form = data_form_add(step->reply, "form", "End a session",
					  "Both ends are reset. The number is the one listed.");
	mxml_node_t *field =
		data_form_add_field(form, "text-single", "session", "Number of the session", NULL);

	mxmlNewElement(field, "required");
}

static bool run_end(struct step *step)
{
	const struct iq *iq = step->iq;
	struct log_quoted q;
	char text[24], *end;
	uint64_t id;

	if (!data_form_value(iq->stanza, step->form, "session", text, sizeof(text)) ||
	    text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	id = strtoull(text, &end, 10);
	if (*end != '\0' || errno != 0)
		return false;
	if (session_end(step->commands->book, id, iq->now_ms)) {
		log_info("session %" PRIu64 " ended by %s", id, log_quote(&q, iq->from));
		add_note(step, "info", "The session is ended");
	} else {
		add_note(step, "error", "There is no such session");
	}
	return true;
}

/* --- drain --- */

static void ask_drain(struct step *step)
{
	mxml_node_t *form =
		data_form_add(step->reply, "form", "Drain",
			      "While draining no new session begins; those that run go on.");

	data_form_add_field(form, "boolean", "draining", "Drain",
			    session_draining(step->commands->book) ? "1" : "0");
}

/* The lexical forms of XEP-0004 3.3 and XML Schema. */
static bool read_boolean(const char *text, bool *value)
{
	*value = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
	return *value || strcmp(text, "0") == 0 || strcmp(text, "false") == 0;
}

static bool run_drain(struct step *step)
{
	const struct iq *iq = step->iq;
	struct log_quoted q;
	char text[8];
	bool draining;

	if (!data_form_value(iq->stanza, step->form, "draining", text, sizeof(text)) ||
	    !read_boolean(text, &draining))
		return false;
	session_drain(step->commands->book, draining);
	log_info("draining %s by %s", draining ? "begun" : "ended", log_quote(&q, iq->from));
	add_note(step, "info", draining ? "No new session begins" : "New sessions begin again");
	return true;
}

static const struct command commands[] = {
	{"list-sessions", "List sessions", NULL, run_list},
	{"end-session", "End a session", ask_end, run_end},
	{"drain", "Drain", ask_drain, run_drain},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *node)
{
	for (size_t i = 0; node != NULL && i < COMMANDS; i++) {
		if (strcmp(commands[i].node, node) == 0)
			return &commands[i];
	}
	return NULL;
}

/* --- commands begun --- */

static struct begun *oldest_begun(struct commands *c)
{
	struct begun *oldest = &c->begun[0];

	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		if (c->begun[i].command == NULL)
			return &c->begun[i];
		if (c->begun[i].until_ms < oldest->until_ms)
			oldest = &c->begun[i];
	}
	return oldest;
}

/* False when the kernel has no random numbers. */
static bool draw_id(char id[ID_SIZE])
{
	unsigned char random[ID_BYTES];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	for (size_t i = 0; i < ID_BYTES; i++)
		snprintf(id + 2 * i, 3, "%02x", random[i]);
	return true;
}

static void keep_begun(struct commands *c, const struct command *command, const char *id,
		       const struct iq *iq)
{
	struct begun *b = oldest_begun(c);

	b->command = command;
	strcpy(b->id, id);
	strcpy(b->from, iq->from); /* a JID, as dispatch saw to */
	b->until_ms = iq->now_ms + COMMANDS_LIFE_MS;
}

static struct begun *find_begun(struct commands *c, const struct command *command, const char *id,
				const char *from)
{
	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		struct begun *b = &c->begun[i];

		if (b->command == command && strcmp(b->id, id) == 0 && strcmp(b->from, from) == 0)
			return b;
	}
	return NULL;
}

/* --- IQs --- */

static void refuse(struct commands *c, const struct iq *iq, enum iq_result why)
{
	dispatch_error(c->dispatch, IQ_COMMAND, iq->from, iq->id, why);
}

static mxml_node_t *new_reply(const char *node, const char *id, const char *status)
{
	mxml_node_t *reply = reply_element("command", NS_COMMANDS);

	mxmlElementSetAttr(reply, "node", node);
	mxmlElementSetAttr(reply, "sessionid", id);
	mxmlElementSetAttr(reply, "status", status);
	return reply;
}

static void answer(const struct step *step)
{
	const struct iq *iq = step->iq;

	dispatch_result(step->commands->dispatch, IQ_COMMAND, iq->from, iq->id, step->reply);
}

/* The command has all it needs. */
static void complete(struct step *step, const struct command *command, const char *id)
{
	step->reply = new_reply(command->node, id, "completed");
	if (command->run(step)) {
		answer(step);
	} else {
		mxmlDelete(step->reply);
		refuse(step->commands, step->iq, IQ_BAD_REQUEST);
	}
}

static void ask(struct step *step, const struct command *command, const char *id)
{
	mxml_node_t *actions;

	keep_begun(step->commands, command, id, step->iq);
	step->reply = new_reply(command->node, id, "executing");
	actions = mxmlNewElement(step->reply, "actions");
	mxmlElementSetAttr(actions, "execute", "complete");
	mxmlNewElement(actions, "complete");
	command->ask(step);
	answer(step);
}

static void handle_first(struct step *step, const struct command *command, const char *action)
{
	char id[ID_SIZE];

	if (action != NULL && strcmp(action, "execute") != 0)
		refuse(step->commands, step->iq, IQ_BAD_REQUEST);
	else if (!draw_id(id))
		refuse(step->commands, step->iq, IQ_RESOURCE_CONSTRAINT);
	else if (command->ask == NULL)
		complete(step, command, id);
	else
		ask(step, command, id);
}

static void handle_next(struct step *step, struct begun *b, const char *action)
{
	const struct iq *iq = step->iq;

	if (iq->now_ms >= b->until_ms) {
		b->command = NULL;
		refuse(step->commands, iq, IQ_NOT_ALLOWED);
		return;
	}
	if (action != NULL && strcmp(action, "cancel") == 0) {
		step->reply = new_reply(b->command->node, b->id, "canceled");
		b->command = NULL;
		answer(step);
		return;
	}
	step->form = data_form_submitted(iq->stanza, iq->payload);
	if (step->form == NULL ||
	    (action != NULL && strcmp(action, "execute") != 0 && strcmp(action, "complete") != 0)) {
		refuse(step->commands, iq, IQ_BAD_REQUEST);
		return;
	}
	complete(step, b->command, b->id);
	b->command = NULL;
}

static void handle(void *ctx, const struct iq *iq)
{
	struct commands *c = ctx;
	const struct command *command = find_command(stanza_attribute(iq->payload, "node"));
	const char *id = stanza_attribute(iq->payload, "sessionid");
	const char *action = stanza_attribute(iq->payload, "action");
	struct step step = {.commands = c, .iq = iq};
	struct begun *b;

	if (!commands_are_for(c, iq->from)) {
		dispatch_forbid(c->dispatch, IQ_COMMAND, iq, REFUSAL_ADMINS);
	} else if (command == NULL) {
		refuse(c, iq, IQ_ITEM_NOT_FOUND);
	} else if (id == NULL) {
		handle_first(&step, command, action);
	} else {
		b = find_begun(c, command, id, iq->from);
		if (b == NULL)
			refuse(c, iq, IQ_BAD_REQUEST);
		else
			handle_next(&step, b, action);
	}
}

/* --- discovery --- */

bool commands_are_for(const struct commands *c, const char *from)
{
	return access_is_admin(c->cfg, from);
}

static void add_identity(mxml_node_t *query, const char *type, const char *name)
{
	mxml_node_t *identity = mxmlNewElement(query, "identity");

	mxmlElementSetAttr(identity, "category", "automation");
	mxmlElementSetAttr(identity, "type", type);
	mxmlElementSetAttr(identity, "name", name);
}

static void add_feature(mxml_node_t *query, const char *var)
{
	mxmlElementSetAttr(mxmlNewElement(query, "feature"), "var", var);
}

static void add_items(const struct commands *c, mxml_node_t *query)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		mxml_node_t *item = mxmlNewElement(query, "item");

		mxmlElementSetAttr(item, "jid", c->cfg->xmpp.jid);
		mxmlElementSetAttr(item, "node", commands[i].node);
		mxmlElementSetAttr(item, "name", commands[i].name);
	}
}

enum iq_result commands_describe(const struct commands *c, const char *from, const char *node,
				 bool items, mxml_node_t *query)
{
	bool is_list = strcmp(node, NS_COMMANDS) == 0;
	const struct command *command = find_command(node);

	if (!is_list && command == NULL)
		return IQ_ITEM_NOT_FOUND;
	if (!commands_are_for(c, from))
		return IQ_FORBIDDEN;
	mxmlElementSetAttr(query, "node", node);
	if (items && is_list) {
		add_items(c, query);
	} else if (!items) {
		add_identity(query, is_list ? "command-list" : "command-node",
			     is_list ? "Commands" : command->name);
		add_feature(query, NS_COMMANDS);
		if (!is_list)
			add_feature(query, NS_DATA_FORM);
	}
	return IQ_OK;
}

/* --- the service --- */

struct commands *commands_create(const struct config *cfg, struct dispatch *d)
{
	struct commands *c = calloc(1, sizeof(*c));
	const struct iq_route route = {true, NS_COMMANDS, "command", handle, c};
	int err;

	if (c == NULL)
		return NULL;
	c->cfg = cfg;
	c->dispatch = d;
	err = dispatch_add(d, &route);
	if (err < 0) {
		free(c);
		errno = -err;
		return NULL;
	}
	return c;
}

void commands_destroy(struct commands *c)
{
	free(c);
}

void commands_set_book(struct commands *c, struct session_book *book)
{
	c->book = book;
}

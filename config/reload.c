/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rows of the schema once more: this time two configurations are walked side by side.
 *
 * Values that may change have no bounds in common with others: validate() compares only what needs
 * a restart with its like.  So the mixture of old and new is as valid as both are.  The one value
 * that follows from another is access.allow, when it is not given.
 */
#include <string.h>

#include "reload.h"
#include "schema.h"

#define PATH_SIZE 128 /* bytes of the longest path of a row, with an index, and its NUL */

struct comparison {
	struct config *cfg, *fresh;
	config_changed *changed;
	void *ctx;
};

/* --- the same or not, by type; `a` and `b` are where two values are kept --- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_string(const void *a, const void *b, size_t size)
{
	(void)size;
	return same_text(*(char *const *)a, *(char *const *)b);
}

static bool same_bytes(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

static bool same_address(const void *a, const void *b, size_t size)
{
	const struct config_address *x = a, *y = b;

	(void)size;
	return x->prefix_len == y->prefix_len && memcmp(&x->addr, &y->addr, sizeof(x->addr)) == 0;
}

static bool same_names(const struct config_names *a, const struct config_names *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned int i = 0; i < a->count; i++)
		if (!same_text(a->names[i], b->names[i]))
			return false;
	return true;
}

typedef bool same_value(const void *a, const void *b, size_t size);

static same_value *const same_of_type[SCHEMA_TYPES] = {
	[SCHEMA_SECTION] = same_bytes,	  [SCHEMA_SECTIONS] = NULL, /* a row each */
	[SCHEMA_TEXT] = same_string,	  [SCHEMA_UINT] = same_bytes,
	[SCHEMA_SIZE] = same_bytes,	  [SCHEMA_DURATION] = same_bytes,
	[SCHEMA_BOOL] = same_bytes,	  [SCHEMA_CHOICE] = same_bytes,
	[SCHEMA_HOST_PORT] = same_string, [SCHEMA_ADDRESS] = same_address,
	[SCHEMA_RANGE] = same_bytes,
};

/* How many values a list that is no list of names has. */
static unsigned int count_of(const struct schema_row *row, const char *base)
{
	unsigned int n;

	memcpy(&n, base + row->companion, sizeof(n));
	return n;
}

static bool same_list(const struct schema_row *row, const char *a, const char *b)
{
	if (count_of(row, a) != count_of(row, b))
		return false;
	for (unsigned int i = 0; i < count_of(row, a); i++) {
		size_t at = row->offset + i * row->size;

		if (!same_of_type[row->type](a + at, b + at, row->size))
			return false;
	}
	return true;
}

/* Whether what two configurations, or two ports, keep for a row is the same. */
static bool same(const struct schema_row *row, const char *a, const char *b)
{
	if (row->list && row->type == SCHEMA_TEXT)
		return same_names((const void *)(a + row->offset), (const void *)(b + row->offset));
	if (row->list)
		return same_list(row, a, b);
	if (row->type == SCHEMA_HOST_PORT &&
	    memcmp(a + row->companion, b + row->companion, sizeof(uint16_t)) != 0)
		return false;
	return same_of_type[row->type](a + row->offset, b + row->offset, row->size);
}

/* --- the rows --- */

/* Who may use the relay where nobody says follows from the name of the relay, which stays. */
static bool follows_jid(const struct comparison *c, const struct schema_row *row)
{
	return row->offset == offsetof(struct config, access.allow) &&
	       c->fresh->access.allow_by_jid && !same_text(c->cfg->xmpp.jid, c->fresh->xmpp.jid);
}

static void swap(char *a, char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char kept = a[i];

		a[i] = b[i];
		b[i] = kept;
	}
}

static void compare_row(const struct comparison *c, const struct schema_row *row)
{
	char *was = (char *)c->cfg, *is = (char *)c->fresh;
	bool live = row->change == SCHEMA_LIVE && !follows_jid(c, row);

	if (same(row, was, is))
		return;
	if (live)
		swap(was + row->offset, is + row->offset, row->size);
	c->changed(c->ctx, row->path, live);
}

/* A row below "ports[]". */
static void compare_port(const struct comparison *c, const struct schema_row *row, const char *key)
{
	char path[PATH_SIZE];

	for (unsigned int i = 0; i < c->cfg->n_ports && i < c->fresh->n_ports; i++) {
		if (same(row, (const char *)&c->cfg->ports[i], (const char *)&c->fresh->ports[i]))
			continue;
		(void)snprintf(path, sizeof(path), "ports[%u].%s", i, key);
		c->changed(c->ctx, path, false);
	}
}

void config_take_over(struct config *cfg, struct config *fresh, config_changed *changed, void *ctx)
{
	const struct comparison c = {cfg, fresh, changed, ctx};

	for (size_t i = 0; i < schema_count; i++) {
		const struct schema_row *row = &schema_rows[i];
		const char *key = schema_key_in(row, "ports[]");

		if (row->size == 0)
			continue;
		if (key != NULL)
			compare_port(&c, row, key);
		else if (row->type != SCHEMA_SECTIONS)
			compare_row(&c, row);
	}
	if (cfg->n_ports != fresh->n_ports)
		changed(ctx, "ports", false);
	/* The file's name may be the same. */
	if (!same_text(cfg->xmpp.secret, fresh->xmpp.secret) &&
	    same_text(cfg->xmpp.secret_file, fresh->xmpp.secret_file))
		changed(ctx, "xmpp.secret_file", false);
}

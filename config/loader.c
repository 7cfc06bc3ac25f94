/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a tree of YAML to a struct config, driven by the rows of the schema.
 *
 * The rows are walked, not the file: each takes its node, or its default where the file has none.
 * A value that does not fit is complained about and left out, so that one run tells everything.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "complaint.h"
#include "config.h"
#include "schema.h"
#include "tree.h"
#include "validate.h"
#include "value.h"

struct loader {
	struct complaints *complaints;
	struct tree_path path;
	bool out_of_memory;
};

/* A scalar, from the file or from a row's default. */
struct scalar {
	const char *text;
	bool plain;
	unsigned int line;
};

static void load_map(struct loader *l, const char *prefix, const struct tree_node *map,
		     unsigned int line, char *base);

#define COMPLAIN(l, line, ...) complaints_add((l)->complaints, line, (l)->path.text, __VA_ARGS__)

/* --- one scalar into its place --- */

static void put_number(void *slot, size_t size, uint64_t value)
{
	switch (size) {
	case sizeof(uint8_t):
		*(uint8_t *)slot = (uint8_t)value;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)slot = (uint16_t)value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)slot = (uint32_t)value;
		break;
	default:
		*(uint64_t *)slot = value;
		break;
	}
}

/* Returns the copy that is now in the slot, NULL when out of memory. */
static char *put_text(struct loader *l, void *slot, const char *text)
{
	char *copy = strdup(text);

	l->out_of_memory |= copy == NULL;
	*(char **)slot = copy;
	return copy;
}

/* Whether the scalar is a string of the row's kind and length; complains if not. */
static bool is_name(struct loader *l, const struct schema_row *row, const struct scalar *s,
		    const char *text)
{
	char quoted[COMPLAINT_QUOTE];
	size_t length = strlen(text);

	if (length < row->min || length > row->max)
		COMPLAIN(l, s->line, "out of range: must have %llu to %llu bytes",
			 (unsigned long long)row->min, (unsigned long long)row->max);
	else if (!row->kind->is(text))
		COMPLAIN(l, s->line, "\"%s\" is not %s", complaint_quote(quoted, text),
			 row->kind->noun);
	else
		return true;
	return false;
}

static void store_text(struct loader *l, const struct schema_row *row, const struct scalar *s,
		       char *slot)
{
	char *copy;

	if (s->plain && !value_is_string(s->text)) {
		COMPLAIN(l, s->line, "must be a string; put it in quotes if it is one");
		return;
	}
	if (!is_name(l, row, s, s->text))
		return;
	copy = put_text(l, slot, s->text);
	if (copy != NULL && row->kind->normalise != NULL)
		row->kind->normalise(copy);
}

static void store_number(struct loader *l, const struct schema_row *row, const struct scalar *s,
			 char *slot)
{
	static const struct {
		enum value_unit unit;
		const char *noun;
	} kinds[SCHEMA_TYPES] = {
		[SCHEMA_UINT] = {VALUE_PLAIN, "a whole number"},
		[SCHEMA_SIZE] = {VALUE_SIZE, "a size like 512M"},
		[SCHEMA_DURATION] = {VALUE_DURATION, "a duration like 1h30m or 500ms"},
	};
	enum value_unit unit = kinds[row->type].unit;
	char min[VALUE_TEXT];
	char max[VALUE_TEXT];
	uint64_t value = 0;
	/* A plain number in quotes is a string; with a unit it is one anyway. */
	int rc = !s->plain && unit == VALUE_PLAIN ? -EINVAL : value_number(s->text, unit, &value);

	if (rc == -EINVAL)
		COMPLAIN(l, s->line, "must be %s", kinds[row->type].noun);
	else if (rc != 0 || value < row->min || value > row->max)
		COMPLAIN(l, s->line, "out of range: must be %s to %s",
			 value_print(min, unit, row->min), value_print(max, unit, row->max));
	else
		put_number(slot, row->size, value);
}

static void store_bool(struct loader *l, const struct schema_row *row, const struct scalar *s,
		       char *slot)
{
	bool yes = strcmp(s->text, "true") == 0;

	if (!s->plain || (!yes && strcmp(s->text, "false") != 0))
		COMPLAIN(l, s->line, "must be true or false");
	else
		put_number(slot, row->size, yes);
}

static void store_choice(struct loader *l, const struct schema_row *row, const struct scalar *s,
			 char *slot)
{
	char all[128] = "";

	for (unsigned int i = 0; row->choices[i] != NULL; i++) {
		size_t used = strlen(all);

		if (strcmp(row->choices[i], s->text) == 0) {
			put_number(slot, row->size, i);
			return;
		}
		(void)snprintf(&all[used], sizeof(all) - used, "%s%s", i > 0 ? ", " : "",
			       row->choices[i]);
	}
	COMPLAIN(l, s->line, "must be one of %s", all);
}

static void store_host_port(struct loader *l, const struct schema_row *row, const struct scalar *s,
			    char *base)
{
	char host[256];
	uint16_t port;

	if (value_host_port(s->text, host, sizeof(host), &port) != 0)
		COMPLAIN(l, s->line, "must be host:port, with an IPv6 address as \"[::1]:5347\"");
	else if (is_name(l, row, s, host) && put_text(l, base + row->offset, host))
		put_number(base + row->companion, sizeof(port), port);
}

static void store_address(struct loader *l, const struct schema_row *row, const struct scalar *s,
			  char *slot)
{
	struct config_address address;

	if (value_address(s->text, &address) != 0)
		COMPLAIN(l, s->line,
			 "must be an address with its prefix length, like 192.0.2.1/24");
	else
		memcpy(slot, &address, row->size);
}

static void store_range(struct loader *l, const struct schema_row *row, const struct scalar *s,
			char *slot)
{
	struct config_range range = {0, 0};
	int rc = value_range(s->text, &range);

	if (rc == -EINVAL)
		COMPLAIN(l, s->line, "must be a range like 10000-32767");
	else if (rc != 0 || range.first < row->min || range.last > row->max)
		COMPLAIN(l, s->line, "out of range: must be within %u-%u", (unsigned int)row->min,
			 (unsigned int)row->max);
	else
		memcpy(slot, &range, row->size);
}

static void store_scalar(struct loader *l, const struct schema_row *row, const struct scalar *s,
			 char *base, char *slot)
{
	typedef void store_fn(struct loader *, const struct schema_row *, const struct scalar *,
			      char *);
	static store_fn *const stores[SCHEMA_TYPES] = {
		[SCHEMA_TEXT] = store_text,	      [SCHEMA_UINT] = store_number,
		[SCHEMA_SIZE] = store_number,	      [SCHEMA_DURATION] = store_number,
		[SCHEMA_BOOL] = store_bool,	      [SCHEMA_CHOICE] = store_choice,
		[SCHEMA_HOST_PORT] = store_host_port, [SCHEMA_ADDRESS] = store_address,
		[SCHEMA_RANGE] = store_range,
	};

	assert(stores[row->type] != NULL); /* sections are maps and have no default */
	stores[row->type](l, row, s, row->type == SCHEMA_HOST_PORT ? base : slot);
}

/* --- lists --- */

/* Make room for `n` entries and say so at the right place.  Returns where the first one goes, NULL
 * when out of memory. */
static char *list_begin(struct loader *l, const struct schema_row *row, char *base, unsigned int n)
{
	struct config_names names = {.count = n};

	if (row->type != SCHEMA_TEXT) {
		put_number(base + row->companion, sizeof(n), n);
		return base + row->offset;
	}
	names.names = calloc(n > 0 ? n : 1, sizeof(*names.names));
	if (names.names == NULL) {
		l->out_of_memory = true;
		return NULL;
	}
	memcpy(base + row->offset, &names, sizeof(names));
	return (char *)names.names;
}

static size_t item_size(const struct schema_row *row)
{
	return row->type == SCHEMA_TEXT ? sizeof(char *) : row->size;
}

static bool is_list(struct loader *l, const struct schema_row *row, const struct tree_node *node)
{
	if (node->kind != TREE_LIST)
		COMPLAIN(l, node->line, "must be a list");
	else if (node->n_children < row->min_items || node->n_children > row->max_items)
		COMPLAIN(l, node->line, "out of range: must have %u to %u entries", row->min_items,
			 row->max_items);
	else
		return true;
	return false;
}

static void load_item(struct loader *l, const struct schema_row *row, const struct tree_node *node,
		      char *base, char *slot)
{
	char prefix[COMPLAINT_PATH];
	struct scalar s = {node->text, node->plain, node->line};

	if (node->kind == TREE_BROKEN)
		return;
	if (row->type == SCHEMA_SECTIONS) {
		(void)snprintf(prefix, sizeof(prefix), "%s[]", row->path);
		load_map(l, prefix, node, node->line, slot);
	} else if (node->kind != TREE_SCALAR) {
		COMPLAIN(l, node->line, "must be a single value");
	} else {
		store_scalar(l, row, &s, base, slot);
	}
}

static void load_list(struct loader *l, const struct schema_row *row, const struct tree_node *list,
		      char *base)
{
	const struct tree_node *item;
	unsigned int index = 0;
	char *slot;

	if (!is_list(l, row, list))
		return;
	slot = list_begin(l, row, base, list->n_children);
	if (slot == NULL)
		return;
	STAILQ_FOREACH (item, &list->children, next) {
		size_t length = tree_path_index(&l->path, index++);

		load_item(l, row, item, base, slot);
		tree_path_cut(&l->path, length);
		slot += item_size(row);
	}
}

/* --- maps --- */

/* No node in the file: the default, if there is one.  A list's default has one entry. */
static void load_default(struct loader *l, const struct schema_row *row, unsigned int line,
			 char *base)
{
	struct scalar s = {row->def, true, line};
	char *slot = base + row->offset;

	if (row->mandatory)
		COMPLAIN(l, line, "missing");
	else if (row->type == SCHEMA_SECTION && row->unbuilt == NULL)
		load_map(l, row->path, NULL, line, base);
	else if (row->def != NULL && row->size > 0) {
		if (row->list)
			slot = list_begin(l, row, base, 1);
		if (slot != NULL)
			store_scalar(l, row, &s, base, slot);
	}
}

static void load_section(struct loader *l, const struct schema_row *row,
			 const struct tree_node *node, char *base)
{
	if (node->kind == TREE_MAP && row->size > 0)
		put_number(base + row->offset, row->size, true);
	load_map(l, row->path, node, node->line, base);
}

static void load_row(struct loader *l, const struct schema_row *row, const struct tree_node *node,
		     char *base)
{
	if (node->kind == TREE_BROKEN)
		return;
	if (row->unbuilt != NULL)
		COMPLAIN(l, node->line, "not built yet: %s", row->unbuilt);
	else if (row->list)
		load_list(l, row, node, base);
	else if (row->type == SCHEMA_SECTION)
		load_section(l, row, node, base);
	else
		load_item(l, row, node, base, base + row->offset);
}

/* Complain about keys that no row has. */
static void refuse_unknown(struct loader *l, const char *prefix, const struct tree_node *map)
{
	const struct tree_node *child;

	STAILQ_FOREACH (child, &map->children, next) {
		bool known = child->key == NULL;
		size_t length;

		for (size_t i = 0; i < schema_count && !known; i++) {
			const char *key = schema_key_in(&schema_rows[i], prefix);

			known = key != NULL && strcmp(key, child->key) == 0;
		}
		if (known)
			continue;
		length = tree_path_key(&l->path, child->key);
		COMPLAIN(l, child->line, "unknown key");
		tree_path_cut(&l->path, length);
	}
}

/* The map of the section `prefix`, NULL when it is not in the file; `line` is where it should be.
 */
static void load_map(struct loader *l, const char *prefix, const struct tree_node *map,
		     unsigned int line, char *base)
{
	if (map != NULL && map->kind != TREE_MAP) {
		COMPLAIN(l, line, "must be a map of keys and values");
		return;
	}
	if (map != NULL)
		refuse_unknown(l, prefix, map);
	for (size_t i = 0; i < schema_count; i++) {
		const struct schema_row *row = &schema_rows[i];
		const char *key = schema_key_in(row, prefix);
		const struct tree_node *node;
		size_t length;

		if (key == NULL)
			continue;
		length = tree_path_key(&l->path, key);
		node = map == NULL ? NULL : tree_child(map, key);
		if (node == NULL)
			load_default(l, row, line, base);
		else
			load_row(l, row, node, base);
		tree_path_cut(&l->path, length);
	}
}

/* --- the whole --- */

static int load(const struct tree_node *root, struct complaints *c, struct config **out)
{
	struct loader l = {.complaints = c};
	struct config *cfg = calloc(1, sizeof(*cfg));
	int rc = -ENOMEM;

	if (cfg == NULL)
		return rc;
	load_map(&l, "", root, root->line, (char *)cfg);
	if (!l.out_of_memory)
		rc = root->kind != TREE_MAP ? -EINVAL : validate(cfg, root, c);
	if (rc == 0 && complaints_any(c))
		rc = -EINVAL;
	if (rc == 0)
		*out = cfg;
	else
		config_free(cfg);
	return rc;
}

int config_load(const char *path, FILE *err, struct config **out)
{
	struct complaints *c = complaints_create(path);
	struct tree_node *root;
	int rc;

	*out = NULL;
	if (c == NULL)
		return -ENOMEM;
	rc = tree_read(path, c, &root);
	if (rc == 0) {
		rc = load(root, c, out);
		if (rc == -ENOMEM)
			complaints_add(c, 1, COMPLAINT_FILE, "out of memory");
	}
	complaints_print(c, err);
	tree_free(root);
	complaints_free(c);
	return rc;
}

static void free_names(struct config_names *names)
{
	for (unsigned int i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
}

void config_free(struct config *cfg)
{
	if (cfg == NULL)
		return;
	free(cfg->xmpp.jid);
	free(cfg->xmpp.server_host);
	free(cfg->xmpp.secret_file);
	if (cfg->xmpp.secret != NULL)
		explicit_bzero(cfg->xmpp.secret, strlen(cfg->xmpp.secret));
	free(cfg->xmpp.secret);
	free_names(&cfg->xmpp.namespaces);
	free_names(&cfg->access.allow);
	free_names(&cfg->access.deny);
	free_names(&cfg->access.admins);
	free(cfg->xmpp.abuse);
	free(cfg->dataplane.file_prefix);
	for (unsigned int i = 0; i < CONFIG_MAX_PORTS; i++) {
		free(cfg->ports[i].device);
		free(cfg->ports[i].tap);
	}
	free_names(&cfg->advertise);
	free(cfg->stats.listen_host);
	free(cfg);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yaml.h>

#include "tree.h"

struct builder {
	yaml_parser_t parser;
	struct complaints *complaints;
	const unsigned char *bytes;
	struct tree_path path;
	unsigned int n_nodes;
	unsigned int depth;
	int error; /* what ended the reading, a negative errno */
};

static bool build(struct builder *b, const yaml_event_t *event, struct tree_node *node);

/* --- paths --- */

static void path_add(struct tree_path *path, const char *text)
{
	size_t room = sizeof(path->text) - path->length;
	int length = snprintf(&path->text[path->length], room, "%s", text);

	path->length += (size_t)length < room ? (size_t)length : room - 1;
}

size_t tree_path_key(struct tree_path *path, const char *key)
{
	char quoted[COMPLAINT_QUOTE];
	size_t before = path->length;

	if (before > 0)
		path_add(path, ".");
	path_add(path, complaint_quote(quoted, key));
	return before;
}

size_t tree_path_index(struct tree_path *path, unsigned int index)
{
	char text[sizeof("[4294967295]")];
	size_t before = path->length;

	(void)snprintf(text, sizeof(text), "[%u]", index);
	path_add(path, text);
	return before;
}

void tree_path_cut(struct tree_path *path, size_t length)
{
	path->length = length;
	path->text[length] = '\0';
}

/* --- nodes --- */

static unsigned int event_line(const yaml_event_t *event)
{
	return (unsigned int)event->start_mark.line + 1;
}

static bool fail(struct builder *b, unsigned int line, int error, const char *what)
{
	b->error = error;
	complaints_add(b->complaints, line, b->path.text, "%s", what);
	return false;
}

static struct tree_node *node_create(struct builder *b, const yaml_event_t *event)
{
	struct tree_node *node;

	if (++b->n_nodes > TREE_MAX_NODES) {
		(void)fail(b, event_line(event), -EINVAL, "too many values in one file");
		return NULL;
	}
	node = calloc(1, sizeof(*node));
	if (node == NULL) {
		(void)fail(b, event_line(event), -ENOMEM, "out of memory");
		return NULL;
	}
	node->line = event_line(event);
	STAILQ_INIT(&node->children);
	return node;
}

void tree_free(struct tree_node *node)
{
	struct tree_node *child;

	if (node == NULL)
		return;
	while ((child = STAILQ_FIRST(&node->children)) != NULL) {
		STAILQ_REMOVE_HEAD(&node->children, next);
		tree_free(child);
	}
	free(node->key);
	free(node->text);
	free(node);
}

static struct tree_node *node_append(struct builder *b, struct tree_node *parent,
				     const yaml_event_t *event)
{
	struct tree_node *node = node_create(b, event);

	if (node != NULL) {
		STAILQ_INSERT_TAIL(&parent->children, node, next);
		parent->n_children++;
	}
	return node;
}

const struct tree_node *tree_child(const struct tree_node *map, const char *key)
{
	const struct tree_node *child;

	STAILQ_FOREACH (child, &map->children, next) {
		if (child->key != NULL && strcmp(child->key, key) == 0)
			return child;
	}
	return NULL;
}

static const struct tree_node *tree_item(const struct tree_node *list, unsigned long index)
{
	const struct tree_node *child;

	STAILQ_FOREACH (child, &list->children, next) {
		if (index-- == 0)
			return child;
	}
	return NULL;
}

unsigned int tree_line(const struct tree_node *root, const char *path)
{
	const struct tree_node *node = root;
	char key[COMPLAINT_PATH];

	while (*path != '\0') {
		const struct tree_node *below;

		if (*path == '[') {
			char *end;

			below = tree_item(node, strtoul(path + 1, &end, 10));
			path = end + strspn(end, "].");
		} else {
			size_t length = strcspn(path, ".[");

			(void)snprintf(key, sizeof(key), "%.*s", (int)length, path);
			below = tree_child(node, key);
			path += length + (path[length] == '.');
		}
		if (below == NULL)
			break;
		node = below;
	}
	return node->line;
}

/* --- from events to nodes --- */

/* The line of what the reader itself refuses, for which libyaml has an offset only. */
static unsigned int line_of_offset(const unsigned char *bytes, size_t offset)
{
	unsigned int line = 1;

	for (size_t i = 0; i < offset; i++)
		line += bytes[i] == '\n';
	return line;
}

static bool next_event(struct builder *b, yaml_event_t *event)
{
	const yaml_parser_t *p = &b->parser;
	unsigned int line;

	if (yaml_parser_parse(&b->parser, event))
		return true;
	if (p->error == YAML_MEMORY_ERROR)
		return fail(b, 1, -ENOMEM, "out of memory");
	line = p->error == YAML_READER_ERROR ? line_of_offset(b->bytes, p->problem_offset)
					     : (unsigned int)p->problem_mark.line + 1;
	b->error = -EINVAL;
	complaints_add(b->complaints, line, COMPLAINT_FILE, "not YAML: %s%s%s", p->problem,
		       p->context != NULL ? " " : "", p->context != NULL ? p->context : "");
	return false;
}

/* Anchors and tags would let a line mean something else than it says. */
static bool decorated(struct builder *b, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor != NULL)
		complaints_add(b->complaints, event_line(event), b->path.text,
			       "an anchor (&) is not allowed");
	else if (tag != NULL)
		complaints_add(b->complaints, event_line(event), b->path.text,
			       "a tag (!) is not allowed");
	return anchor != NULL || tag != NULL;
}

static bool build_scalar(struct builder *b, const yaml_event_t *event, struct tree_node *node)
{
	const char *text = (const char *)event->data.scalar.value;

	if (strlen(text) != event->data.scalar.length) {
		complaints_add(b->complaints, event_line(event), b->path.text,
			       "a NUL character is not allowed");
		return true;
	}
	node->text = strdup(text);
	if (node->text == NULL)
		return fail(b, node->line, -ENOMEM, "out of memory");
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->kind = TREE_SCALAR;
	return true;
}

static bool build_list(struct builder *b, struct tree_node *list)
{
	yaml_event_t event;
	bool good = true;

	list->kind = TREE_LIST;
	while (good && next_event(b, &event)) {
		struct tree_node *item;
		size_t length;

		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return true;
		}
		length = tree_path_index(&b->path, list->n_children);
		item = node_append(b, list, &event);
		good = item != NULL && build(b, &event, item);
		tree_path_cut(&b->path, length);
		yaml_event_delete(&event);
	}
	return false;
}

/* Give `node`, the newest of `map`, its key; or none when the key is not fit, with a complaint. */
static bool build_key(struct builder *b, struct tree_node *map, struct tree_node *node,
		      const char *key)
{
	const struct tree_node *before = tree_child(map, key);

	if (before != NULL) {
		complaints_add(b->complaints, node->line, b->path.text,
			       "duplicate key, it is in line %u already", before->line);
		return true;
	}
	node->key = strdup(key);
	return node->key != NULL || fail(b, node->line, -ENOMEM, "out of memory");
}

/* One key, whose event is given, and its value. */
static bool build_pair(struct builder *b, struct tree_node *map, const yaml_event_t *key)
{
	struct tree_node *node = node_append(b, map, key);
	unsigned int line = event_line(key);
	yaml_event_t value;
	bool good;

	if (node == NULL)
		return false;
	if (key->type == YAML_SCALAR_EVENT &&
	    strlen((const char *)key->data.scalar.value) == key->data.scalar.length) {
		const char *text = (const char *)key->data.scalar.value;

		(void)tree_path_key(&b->path, text);
		if (!decorated(b, key) && !build_key(b, map, node, text))
			return false;
	} else {
		complaints_add(b->complaints, line, b->path.text, "a key must be a single word");
		/* Read it to get past it; what it becomes is dropped with the tree. */
		if (!build(b, key, node))
			return false;
		node = node_append(b, map, key);
		if (node == NULL)
			return false;
	}
	if (!next_event(b, &value))
		return false;
	if (value.type == YAML_SCALAR_EVENT)
		node->line = event_line(&value);
	good = build(b, &value, node);
	yaml_event_delete(&value);
	return good;
}

static bool build_map(struct builder *b, struct tree_node *map)
{
	yaml_event_t event;
	bool good = true;

	map->kind = TREE_MAP;
	while (good && next_event(b, &event)) {
		size_t length = b->path.length;

		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return true;
		}
		good = build_pair(b, map, &event);
		tree_path_cut(&b->path, length);
		yaml_event_delete(&event);
	}
	return false;
}

/* Make `node` of the event and, for a list or map, of those that follow. */
static bool build(struct builder *b, const yaml_event_t *event, struct tree_node *node)
{
	bool bare = !decorated(b, event);
	bool good = true;

	if (++b->depth > TREE_MAX_DEPTH)
		return fail(b, event_line(event), -EINVAL, "nested too deeply");
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		good = build_scalar(b, event, node);
		break;
	case YAML_SEQUENCE_START_EVENT:
		good = build_list(b, node);
		break;
	case YAML_MAPPING_START_EVENT:
		good = build_map(b, node);
		break;
	default:
		complaints_add(b->complaints, event_line(event), b->path.text,
			       "an alias (*) is not allowed");
		break;
	}
	b->depth--;
	if (!bare)
		node->kind = TREE_BROKEN;
	return good;
}

/* The stream: one document and nothing else. */
static bool build_document(struct builder *b, struct tree_node **root)
{
	enum { BEFORE, IN, AFTER } where = BEFORE;
	bool good = true;
	bool end = false;

	while (good && !end) {
		yaml_event_t event;

		if (!next_event(b, &event))
			return false;
		if (event.type == YAML_STREAM_END_EVENT) {
			end = true;
		} else if (event.type == YAML_DOCUMENT_START_EVENT) {
			if (where == AFTER)
				good = fail(b, event_line(&event), -EINVAL,
					    "a second document is not allowed");
			where = IN;
		} else if (event.type == YAML_DOCUMENT_END_EVENT) {
			where = AFTER;
		} else if (where == IN) {
			*root = node_create(b, &event);
			good = *root != NULL && build(b, &event, *root);
		}
		yaml_event_delete(&event);
	}
	if (good && *root == NULL)
		return fail(b, 1, -EINVAL, "the file is empty");
	return good;
}

/* --- the file --- */

static int open_file(const char *path, struct complaints *c)
{
	struct stat st;
	/* Without O_NONBLOCK a FIFO would stop us right here. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int error;

	if (fd < 0 || fstat(fd, &st) < 0) {
		error = -errno;
		complaints_add(c, 1, COMPLAINT_FILE, "cannot be opened: %s", strerror(-error));
	} else if (!S_ISREG(st.st_mode)) {
		error = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
		complaints_add(c, 1, COMPLAINT_FILE, "not a regular file");
	} else if (st.st_size > TREE_MAX_BYTES) {
		error = -EFBIG;
		complaints_add(c, 1, COMPLAINT_FILE, "larger than 1M");
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return error;
}

/* Returns the number of bytes, at most TREE_MAX_BYTES, or a negative errno. */
static ssize_t read_file(int fd, unsigned char *bytes)
{
	size_t length = 0;

	while (length < TREE_MAX_BYTES) {
		ssize_t n = read(fd, &bytes[length], TREE_MAX_BYTES - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	return (ssize_t)length;
}

static int parse(const unsigned char *bytes, size_t length, struct complaints *c,
		 struct tree_node **root)
{
	struct builder b = {.complaints = c, .bytes = bytes};

	if (!yaml_parser_initialize(&b.parser)) {
		complaints_add(c, 1, COMPLAINT_FILE, "out of memory");
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&b.parser, bytes, length);
	if (!build_document(&b, root)) {
		tree_free(*root);
		*root = NULL;
	}
	yaml_parser_delete(&b.parser);
	return b.error;
}

int tree_read(const char *path, struct complaints *c, struct tree_node **root)
{
	int fd = open_file(path, c);
	unsigned char *bytes;
	ssize_t length;
	int rc;

	*root = NULL;
	if (fd < 0)
		return fd;
	bytes = malloc(TREE_MAX_BYTES);
	length = bytes == NULL ? -ENOMEM : read_file(fd, bytes);
	close(fd);
	if (length >= 0) {
		rc = parse(bytes, (size_t)length, c, root);
	} else {
		rc = (int)length;
		complaints_add(c, 1, COMPLAINT_FILE, "cannot be read: %s", strerror(-rc));
	}
	free(bytes);
	return rc;
}

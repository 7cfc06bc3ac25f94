/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A YAML file as a tree that remembers lines.
 *
 * Only what a configuration needs is let in: one document of maps, lists and scalars.  Aliases,
 * anchors, tags, duplicate keys and keys that are no scalars are complained about here and leave
 * TREE_BROKEN or a child without key, which readers pass over in silence.
 */
#ifndef TANDEM_TREE_H
#define TANDEM_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "complaint.h"

#define TREE_MAX_BYTES (1024 * 1024)
#define TREE_MAX_NODES 8192
#define TREE_MAX_DEPTH 8

enum tree_kind { TREE_BROKEN, TREE_SCALAR, TREE_LIST, TREE_MAP };

STAILQ_HEAD(tree_children, tree_node);

struct tree_node {
	enum tree_kind kind;
	unsigned int line; /* from 1; a map or list under a key has its key's */
	bool plain;	   /* scalar without quotes: its text may mean more than a string */
	char *key;	   /* in a map */
	char *text;	   /* of a scalar */
	struct tree_children children;
	unsigned int n_children;
	STAILQ_ENTRY(tree_node) next;
};

/* The place of a node as it is told to the user: "ports[0].addresses[1]". */
struct tree_path {
	char text[COMPLAINT_PATH];
	size_t length;
};

/*
 * Read the file at `path`.  Returns 0 and the root, also when there are complaints about parts of
 * it; or, always with a complaint, a negative errno: that of opening the file, -EFBIG, -ENOMEM, or
 * -EINVAL for what is no YAML or goes past a bound.
 */
int tree_read(const char *path, struct complaints *c, struct tree_node **root);
void tree_free(struct tree_node *node);

/* The child of a map, or NULL. */
const struct tree_node *tree_child(const struct tree_node *map, const char *key);

/* The line of the node at `path`, or of the nearest one above it that exists. */
unsigned int tree_line(const struct tree_node *root, const char *path);

/* Lengthen a path; the length before is returned, and tree_path_cut() goes back to it. */
size_t tree_path_key(struct tree_path *path, const char *key);
size_t tree_path_index(struct tree_path *path, unsigned int index);
void tree_path_cut(struct tree_path *path, size_t length);

#endif

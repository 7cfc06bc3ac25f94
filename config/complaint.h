/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is wrong with one configuration file: collected first, then printed in the order of lines.
 *
 * At most COMPLAINTS_MAX are kept, the others are counted.  A path is complained about once: what
 * follows from a first error at the same place helps nobody.
 */
#ifndef TANDEM_COMPLAINT_H
#define TANDEM_COMPLAINT_H

#include <stdbool.h>
#include <stdio.h>

#define COMPLAINTS_MAX	32
#define COMPLAINT_PATH	512 /* bytes of a path, with its NUL */
#define COMPLAINT_QUOTE 160 /* bytes of a quoted text, with its NUL */

/* The path of what concerns the file or the document as a whole. */
#define COMPLAINT_FILE "(file)"

struct complaints;

/* `file` is printed in front of every line and must stay.  NULL when out of memory. */
struct complaints *complaints_create(const char *file);
void complaints_free(struct complaints *c);

/* `line` counts from 1.  An empty path stands for COMPLAINT_FILE. */
void complaints_add(struct complaints *c, unsigned int line, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

bool complaints_any(const struct complaints *c);

/* Whether `path` itself has been complained about. */
bool complaints_about(const struct complaints *c, const char *path);

/* One `file:line: path: what is wrong` a line. */
void complaints_print(struct complaints *c, FILE *out);

/* Copy text of unknown origin so that it may be printed: cut, and all but printable ASCII escaped.
 * Returns `buf`. */
const char *complaint_quote(char buf[COMPLAINT_QUOTE], const char *text);

#endif

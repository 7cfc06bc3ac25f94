/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "complaint.h"

struct complaint {
	unsigned int line;
	unsigned int order; /* qsort() alone would shuffle the complaints of one line */
	char path[COMPLAINT_PATH];
	char what[512];
};

struct complaints {
	const char *file;
	unsigned int count;
	unsigned int not_kept;
	struct complaint kept[COMPLAINTS_MAX];
};

struct complaints *complaints_create(const char *file)
{
	struct complaints *c = calloc(1, sizeof(*c));

	if (c != NULL)
		c->file = file;
	return c;
}

void complaints_free(struct complaints *c)
{
	free(c);
}

void complaints_add(struct complaints *c, unsigned int line, const char *path, const char *fmt, ...)
{
	struct complaint *new;
	va_list args;

	if (*path == '\0')
		path = COMPLAINT_FILE;
	if (complaints_about(c, path))
		return;
	if (c->count == COMPLAINTS_MAX) {
		c->not_kept++;
		return;
	}
	new = &c->kept[c->count];
	new->line = line;
	new->order = c->count++;
	(void)snprintf(new->path, sizeof(new->path), "%s", path);
	va_start(args, fmt);
	(void)vsnprintf(new->what, sizeof(new->what), fmt, args);
	va_end(args);
}

bool complaints_any(const struct complaints *c)
{
	return c->count > 0;
}

bool complaints_about(const struct complaints *c, const char *path)
{
	for (unsigned int i = 0; i < c->count; i++)
		if (strcmp(c->kept[i].path, path) == 0)
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	const struct complaint *x = a;
	const struct complaint *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

void complaints_print(struct complaints *c, FILE *out)
{
	qsort(c->kept, c->count, sizeof(c->kept[0]), compare);
	for (unsigned int i = 0; i < c->count; i++)
		fprintf(out, "%s:%u: %s: %s\n", c->file, c->kept[i].line, c->kept[i].path,
			c->kept[i].what);
	if (c->not_kept > 0)
		fprintf(out, "%s: %u more errors are not shown\n", c->file, c->not_kept);
}

const char *complaint_quote(char buf[COMPLAINT_QUOTE], const char *text)
{
	static const char cut[] = "...";
	const size_t room = COMPLAINT_QUOTE - sizeof("\\xff") - sizeof(cut);
	size_t used = 0;

	for (; *text != '\0' && used < room; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 0x20 && byte < 0x7f)
			buf[used++] = *text;
		else
			used += (size_t)sprintf(&buf[used], "\\x%02x", byte);
	}
	strcpy(&buf[used], *text != '\0' ? cut : "");
	return buf;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "om_check.h"

#define MAX_FAMILIES 64
#define MAX_SERIES   1024
#define TEXT	     256

struct checker {
	const char *problem;
	char family[TEXT], type[TEXT];
	bool has_unit, has_help, has_samples;
	char families[MAX_FAMILIES][TEXT];
	unsigned int n_families;
	char series[MAX_SERIES][TEXT];
	unsigned int n_series;
	/* the histogram being read */
	double last_bound;
	uint64_t last_count;
	bool has_inf, has_count, has_sum;
};

static bool fail(struct checker *c, const char *problem)
{
	c->problem = problem;
	return false;
}

static bool is_name(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalpha((unsigned char)s[i]) && s[i] != '_' &&
		    (i == 0 || !isdigit((unsigned char)s[i])))
			return false;
	}
	return len > 0 && len < TEXT;
}

static bool ends_in(const char *s, const char *tail)
{
	return strlen(s) > strlen(tail) && strcmp(s + strlen(s) - strlen(tail), tail) == 0;
}

/* Length of an escaped text up to `stop`; -1 when an escape or a quote is wrong. */
static int escaped_length(const char *s, char stop)
{
	const char *p = s;

	for (; *p != stop; p++) {
		if (*p == '\0' || *p == '"')
			return -1;
		if (*p == '\\' && !strchr("\\\"n", *++p))
			return -1;
		if (*p == '\0')
			return -1;
	}
	return (int)(p - s);
}

static bool family_end(struct checker *c)
{
	if (strcmp(c->type, "histogram") == 0 && !(c->has_inf && c->has_count && c->has_sum))
		return fail(c, "a histogram without +Inf, _count or _sum");
	return true;
}

static bool family_start(struct checker *c, const char *name, const char *type)
{
	static const char *const types[] = {"counter", "gauge", "histogram", "info"};
	bool known = false;

	if (!family_end(c))
		return false;
	for (unsigned int i = 0; i < 4; i++)
		known |= strcmp(type, types[i]) == 0;
	if (!known)
		return fail(c, "unknown type");
	for (unsigned int i = 0; i < c->n_families; i++) {
		if (strcmp(c->families[i], name) == 0)
			return fail(c, "a family twice");
	}
	if (c->n_families == MAX_FAMILIES)
		return fail(c, "too many families");
	if (ends_in(name, "_total") || ends_in(name, "_info"))
		return fail(c, "a family's name with a sample's suffix");
	strcpy(c->families[c->n_families++], name);
	strcpy(c->family, name);
	strcpy(c->type, type);
	c->has_unit = c->has_help = c->has_samples = false;
	c->has_inf = c->has_count = c->has_sum = false;
	c->last_bound = -1;
	c->last_count = 0;
	return true;
}

static bool check_descriptor(struct checker *c, const char *line)
{
	char word[8], name[TEXT], rest[TEXT], again[3 * TEXT];

	if (sscanf(line, "# %7s %255s %255[^\n]", word, name, rest) != 3)
		return fail(c, "not a descriptor");
	snprintf(again, sizeof(again), "# %s %s %s", word, name, rest);
	if (strcmp(line, again) != 0)
		return fail(c, "spaces in a descriptor");
	if (!is_name(name, strlen(name)))
		return fail(c, "a family's name");
	if (strcmp(word, "TYPE") == 0)
		return family_start(c, name, rest);
	if (strcmp(c->family, name) != 0 || c->has_samples)
		return fail(c, "a descriptor outside its family");
	if (strcmp(word, "UNIT") == 0) {
		char tail[TEXT + 1];

		snprintf(tail, sizeof(tail), "_%s", rest);
		if (c->has_unit || !ends_in(name, tail) || strcmp(c->type, "info") == 0)
			return fail(c, "a wrong unit");
		c->has_unit = true;
	} else if (strcmp(word, "HELP") == 0) {
		if (c->has_help || escaped_length(rest, '\0') < 0)
			return fail(c, "a wrong help");
		c->has_help = true;
	} else {
		return fail(c, "an unknown descriptor");
	}
	return true;
}

/* Reads {a="b",...}; returns what follows, or NULL. `le` gets that label's value. */
static const char *check_labels(struct checker *c, const char *p, char *le)
{
	const char *names[8];
	size_t lens[8];
	unsigned int n = 0;

	do {
		const char *name = ++p;
		const size_t len = strcspn(p, "=");
		int value;

		if (!is_name(name, len) || name[len + 1] != '"' || n == 8) {
			fail(c, "a label's name");
			return NULL;
		}
		for (unsigned int i = 0; i < n; i++) {
			if (lens[i] == len && memcmp(names[i], name, len) == 0) {
				fail(c, "a label twice");
				return NULL;
			}
		}
		names[n] = name;
		lens[n++] = len;
		p += len + 2;
		/* A quote ends it; escaped_length() takes any other for an error. */
		value = escaped_length(p, '"');
		if (value < 0) {
			fail(c, "a label's value");
			return NULL;
		}
		if (len == 2 && memcmp(name, "le", 2) == 0)
			snprintf(le, TEXT, "%.*s", value, p);
		p += value + 1;
	} while (*p == ',');
	if (*p != '}') {
		fail(c, "labels that do not end");
		return NULL;
	}
	return p + 1;
}

static bool is_count(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s) && (s[0] != '0' || !s[1]);
}

static bool check_histogram(struct checker *c, const char *suffix, const char *le,
			    const char *number)
{
	const uint64_t count = strtoull(number, NULL, 10);

	if (strcmp(suffix, "_sum") == 0) {
		char *end;

		c->has_sum = strtod(number, &end) >= 0 && *end == '\0';
		return c->has_sum || fail(c, "a wrong sum");
	}
	if (!is_count(number))
		return fail(c, "a count that is none");
	if (strcmp(suffix, "_count") == 0) {
		c->has_count = c->has_inf && count == c->last_count;
		return c->has_count || fail(c, "_count is not the +Inf bucket");
	}
	if (strcmp(suffix, "_bucket") != 0 || !*le || c->has_inf || count < c->last_count)
		return fail(c, "a wrong bucket");
	c->last_count = count;
	if (strcmp(le, "+Inf") == 0) {
		c->has_inf = true;
		return true;
	}
	if (!strpbrk(le, ".e") || strtod(le, NULL) <= c->last_bound)
		return fail(c, "a wrong bound");
	c->last_bound = strtod(le, NULL);
	return true;
}

static bool check_number(struct checker *c, const char *suffix, const char *le, const char *number)
{
	if (strcmp(c->type, "histogram") == 0)
		return check_histogram(c, suffix, le, number);
	if (*le)
		return fail(c, "le outside a histogram");
	if (strcmp(c->type, "counter") == 0 && strcmp(suffix, "_total") != 0)
		return fail(c, "a counter without _total");
	if (strcmp(c->type, "info") == 0 && (strcmp(suffix, "_info") || strcmp(number, "1") != 0))
		return fail(c, "a wrong info");
	if (strcmp(c->type, "gauge") == 0 && *suffix)
		return fail(c, "a gauge with a suffix");
	return is_count(number) || fail(c, "not a number");
}

static bool check_sample(struct checker *c, const char *line)
{
	const size_t name_len = strcspn(line, "{ ");
	const size_t family_len = strlen(c->family);
	char suffix[TEXT], le[TEXT] = "";
	const char *p = line + name_len;

	if (!c->has_help || !is_name(line, name_len))
		return fail(c, "a sample's name, or no help before it");
	if (family_len > name_len || memcmp(line, c->family, family_len) != 0)
		return fail(c, "a sample outside its family");
	snprintf(suffix, sizeof(suffix), "%.*s", (int)(name_len - family_len), line + family_len);
	if (*p == '{')
		p = check_labels(c, p, le);
	if (!p)
		return false;
	for (unsigned int i = 0; i < c->n_series; i++) {
		if (strlen(c->series[i]) == (size_t)(p - line) &&
		    memcmp(c->series[i], line, (size_t)(p - line)) == 0)
			return fail(c, "a series twice");
	}
	if (c->n_series == MAX_SERIES || p - line >= TEXT || *p != ' ')
		return fail(c, "a sample too long, or one too many, or without a space");
	memcpy(c->series[c->n_series++], line, (size_t)(p - line));
	c->has_samples = true;
	return check_number(c, suffix, le, p + 1);
}

static bool check_line(struct checker *c, const char *line)
{
	return line[0] == '#' ? check_descriptor(c, line) : check_sample(c, line);
}

bool om_check(const char *text, char *err, size_t err_size)
{
	struct checker *c = calloc(1, sizeof(*c));
	unsigned int number = 1;
	char line[2 * TEXT];
	bool ok = true;

	for (; ok; number++) {
		const size_t len = strcspn(text, "\n");

		if (text[len] != '\n' || len >= sizeof(line)) {
			ok = fail(c, "a line without end, or no # EOF");
			break;
		}
		memcpy(line, text, len);
		line[len] = '\0';
		text += len + 1;
		if (strcmp(line, "# EOF") == 0) {
			ok = family_end(c) && (!*text || fail(c, "text behind # EOF"));
			break;
		}
		ok = check_line(c, line);
	}
	if (!ok)
		snprintf(err, err_size, "line %u: %s", number, c->problem);
	free(c);
	return ok;
}

const char *om_value(const char *text, const char *series)
{
	static char value[64];
	const size_t len = strlen(series);

	for (; *text; text += strcspn(text, "\n") + 1) {
		if (memcmp(text, series, strnlen(text, len)) != 0 || text[len] != ' ')
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(text + len + 1, "\n"),
			 text + len + 1);
		return value;
	}
	return NULL;
}

unsigned int om_samples(const char *text, const char *name)
{
	const size_t len = strlen(name);
	unsigned int n = 0;

	for (; *text; text += strcspn(text, "\n") + 1)
		n += strncmp(text, name, len) == 0 && (text[len] == '{' || text[len] == ' ');
	return n;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "metric.h"
#include "openmetrics.h"

/* How a type is called, and what its samples' names carry behind the family's. */
static const struct {
	const char *name, *suffix;
} types[] = {
	[METRIC_COUNTER] = {"counter", "_total"},
	[METRIC_GAUGE] = {"gauge", ""},
	[METRIC_HISTOGRAM] = {"histogram", "_bucket"},
	[METRIC_INFO] = {"info", "_info"},
};

static void write_escaped(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*text == '\\' || *text == '"')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void write_descriptor(const struct metric_family *family, FILE *out)
{
	fprintf(out, "# TYPE %s %s\n", family->name, types[family->type].name);
	if (family->unit)
		fprintf(out, "# UNIT %s %s\n", family->name, family->unit);
	fprintf(out, "# HELP %s ", family->name);
	write_escaped(family->help, out);
	fputc('\n', out);
}

static void write_labels(const struct metric_family *family, const struct mgmt_sources *src,
			 unsigned int series, FILE *out)
{
	char scratch[METRIC_LABEL_SIZE];

	for (unsigned int k = 0; k < METRIC_LABELS && family->labels[k]; k++) {
		fprintf(out, "%s%s=\"", k ? "," : "{", family->labels[k]->name);
		write_escaped(metric_label_value(family, src, series, k, scratch), out);
		fputc('"', out);
	}
	if (family->labels[0])
		fputc('}', out);
}

static void write_series(const struct metric_family *family, const struct mgmt_sources *src,
			 FILE *out)
{
	const unsigned int n = metric_series(family, src);

	for (unsigned int i = 0; i < n; i++) {
		fprintf(out, "%s%s", family->name, types[family->type].suffix);
		write_labels(family, src, i, out);
		fprintf(out, " %" PRIu64 "\n", family->read(src, family->where, i));
	}
}

/* A bucket's bound as the specification wants floats: shortest, but never without a point. */
static void write_bound(uint32_t us, FILE *out)
{
	char text[32];

	snprintf(text, sizeof(text), "%.10g", (double)us / 1e6);
	fprintf(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

/* Each bucket is read once, so that +Inf equals the count whatever the writer does meanwhile. */
static void write_histogram(const struct metric_family *family, const struct mgmt_sources *src,
			    FILE *out)
{
	const struct metric_histogram *h = family->histogram;
	const uint64_t sum_us = family->read(src, h->sum_us_where, 0);
	uint64_t count = 0;

	for (unsigned int i = 0; i <= h->n_bounds; i++) {
		count += family->read(src, family->where, i);
		fprintf(out, "%s%s{le=\"", family->name, types[family->type].suffix);
		if (i < h->n_bounds)
			write_bound(h->bounds_us[i], out);
		else
			fputs("+Inf", out);
		fprintf(out, "\"} %" PRIu64 "\n", count);
	}
	fprintf(out, "%s_count %" PRIu64 "\n", family->name, count);
	fprintf(out, "%s_sum %" PRIu64 ".%06" PRIu64 "\n", family->name, sum_us / 1000000,
		sum_us % 1000000);
}

void openmetrics_write(const struct mgmt_sources *src, FILE *out)
{
	for (size_t i = 0; i < metric_families_count; i++) {
		const struct metric_family *family = &metric_families[i];

		write_descriptor(family, out);
		if (family->type == METRIC_HISTOGRAM)
			write_histogram(family, src, out);
		else
			write_series(family, src, out);
	}
	fputs("# EOF\n", out);
}

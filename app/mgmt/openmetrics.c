/* SPDX-License-Identifier: BSD-3-Clause */
#include "openmetrics.h"
#include "sample.h"

static const char *const type_names[] = {
	[METRIC_COUNTER] = "counter",
	[METRIC_GAUGE] = "gauge",
	[METRIC_HISTOGRAM] = "histogram",
	[METRIC_INFO] = "info",
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
	fprintf(out, "# TYPE %s %s\n", family->name, type_names[family->type]);
	if (family->unit)
		fprintf(out, "# UNIT %s %s\n", family->name, family->unit);
	fprintf(out, "# HELP %s ", family->name);
	write_escaped(family->help, out);
	fputc('\n', out);
}

static void write_sample(void *ctx, const struct sample *sample)
{
	char scratch[SAMPLE_TEXT_SIZE];
	FILE *out = ctx;

	fprintf(out, "%s%s", sample->family->name, sample->suffix);
	for (unsigned int k = 0; k < sample->n_labels; k++) {
		fprintf(out, "%s%s=\"", k ? "," : "{", sample->labels[k].name);
		write_escaped(sample->labels[k].value, out);
		fputc('"', out);
	}
	fprintf(out, "%s %s\n", sample->n_labels ? "}" : "", sample_text(sample, scratch));
}

void openmetrics_write(const struct mgmt_sources *src, FILE *out)
{
	for (size_t i = 0; i < metric_families_count; i++) {
		write_descriptor(&metric_families[i], out);
		sample_each(&metric_families[i], src, write_sample, out);
	}
	fputs("# EOF\n", out);
}

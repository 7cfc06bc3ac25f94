/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "sample.h"
#include "status_page.h"

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
			   "<title>tandem</title></head>\n<body>\n<h1>tandem</h1>\n";
static const char begin[] = "<p>Of counters by label those that are 0 are left out.</p>\n<table>\n";
static const char end[] = "</table>\n</body>\n</html>\n";

static void write_escaped(const char *text, FILE *out)
{
	static const char *const entities[] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
	};

	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c < sizeof(entities) / sizeof(entities[0]) && entities[c])
			fputs(entities[c], out);
		else
			fputc(c, out);
	}
}

static void write_health(const struct mgmt_sources *src, const struct health *health, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *memory = open_memstream(&text, &len);

	if (!memory)
		return;
	health_write(health, src, memory);
	if (fclose(memory) == 0) {
		fputs("<pre>", out);
		write_escaped(text, out);
		fputs("</pre>\n", out);
	}
	free(text);
}

static void write_sample(void *ctx, const struct sample *sample)
{
	const struct metric_family *family = sample->family;
	char scratch[SAMPLE_TEXT_SIZE];
	FILE *out = ctx;

	if (family->type == METRIC_COUNTER && sample->n_labels && sample->value == 0)
		return;
	fputs("<tr><td>", out);
	write_escaped(family->name, out);
	fprintf(out, "%s</td><td>", sample->suffix);
	for (unsigned int k = 0; k < sample->n_labels; k++) {
		fprintf(out, "%s%s: ", k ? ", " : "", sample->labels[k].name);
		write_escaped(sample->labels[k].value, out);
	}
	fprintf(out, "</td><td align=\"right\">%s</td></tr>\n", sample_text(sample, scratch));
}

void status_page_write(const struct mgmt_sources *src, const struct health *health, FILE *out)
{
	fputs(head, out);
	write_health(src, health, out);
	fputs(begin, out);
	for (size_t i = 0; i < metric_families_count; i++) {
		fputs("<tr><th colspan=\"3\" align=\"left\">", out);
		write_escaped(metric_families[i].help, out);
		fputs("</th></tr>\n", out);
		sample_each(&metric_families[i], src, write_sample, out);
	}
	fputs(end, out);
}

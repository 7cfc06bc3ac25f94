/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sample.h"

#define US_PER_S 1000000

typedef void (*sample_taker)(void *ctx, const struct sample *sample);

static const char *const suffixes[] = {
	[METRIC_COUNTER] = "_total",
	[METRIC_GAUGE] = "",
	[METRIC_HISTOGRAM] = "_bucket",
	[METRIC_INFO] = "_info",
};

static void each_series(const struct metric_family *family, const struct mgmt_sources *src,
			sample_taker take, void *ctx)
{
	const unsigned int n = metric_series(family, src);
	char scratch[METRIC_LABELS][METRIC_LABEL_SIZE];

	for (unsigned int i = 0; i < n; i++) {
		struct sample s = {.family = family, .suffix = suffixes[family->type], .per = 1};

		for (unsigned int k = 0; k < METRIC_LABELS && family->labels[k]; k++)
			s.labels[s.n_labels++] = (struct sample_label){
				family->labels[k]->name,
				metric_label_value(family, src, i, k, scratch[k])};
		s.value = family->read(src, family->where, i);
		take(ctx, &s);
	}
}

/* A bucket's bound as the specification wants floats: shortest, but never without a point. */
static const char *bound_text(const struct metric_histogram *h, unsigned int i, char *scratch)
{
	if (i == h->n_bounds)
		return "+Inf";
	snprintf(scratch, METRIC_LABEL_SIZE - 2, "%.10g", (double)h->bounds_us[i] / US_PER_S);
	return strpbrk(scratch, ".e") ? scratch : strcat(scratch, ".0");
}

/* Each bucket is read once, so that +Inf equals the count whatever the writer does meanwhile. */
static void each_bucket(const struct metric_family *family, const struct mgmt_sources *src,
			sample_taker take, void *ctx)
{
	const struct metric_histogram *h = family->histogram;
	const uint64_t sum_us = family->read(src, h->sum_us_where, 0);
	struct sample s = {.family = family, .suffix = suffixes[METRIC_HISTOGRAM], .per = 1};
	char scratch[METRIC_LABEL_SIZE];

	s.n_labels = 1;
	for (unsigned int i = 0; i <= h->n_bounds; i++) {
		s.value += family->read(src, family->where, i);
		s.labels[0] = (struct sample_label){"le", bound_text(h, i, scratch)};
		take(ctx, &s);
	}
	s.n_labels = 0;
	s.suffix = "_count";
	take(ctx, &s);
	s.suffix = "_sum";
	s.value = sum_us;
	s.per = US_PER_S;
	take(ctx, &s);
}

void sample_each(const struct metric_family *family, const struct mgmt_sources *src,
		 sample_taker take, void *ctx)
{
	if (family->type == METRIC_HISTOGRAM)
		each_bucket(family, src, take, ctx);
	else
		each_series(family, src, take, ctx);
}

const char *sample_text(const struct sample *sample, char *scratch)
{
	if (sample->per == 1)
		snprintf(scratch, SAMPLE_TEXT_SIZE, "%" PRIu64, sample->value);
	else
		snprintf(scratch, SAMPLE_TEXT_SIZE, "%" PRIu64 ".%06" PRIu64,
			 sample->value / sample->per, sample->value % sample->per);
	return scratch;
}

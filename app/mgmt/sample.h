/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sample: one number of a metric family, with its name and labels, as OpenMetrics 1.0 counts
 * them: a histogram's buckets are cumulated, and have its count and sum behind them.
 *
 * All formats are written from samples, so that they tell the same numbers.  Stats thread.
 */
#ifndef TANDEM_SAMPLE_H
#define TANDEM_SAMPLE_H

#include <stdint.h>

#include "metric.h"

#define SAMPLE_TEXT_SIZE 32 /* bytes of a number, NUL included */

struct sample_label {
	const char *name, *value; /* unescaped UTF-8 */
};

struct sample {
	const struct metric_family *family;
	const char *suffix; /* what its name has behind the family's */
	unsigned int n_labels;
	struct sample_label labels[METRIC_LABELS];
	uint64_t value;
	uint32_t per; /* the number is value / per; 1 or 1,000,000 */
};

/* Call `take` for each of a family's samples; those of one name come in one piece.  A sample and its
 * strings last as long as the call. */
void sample_each(const struct metric_family *family, const struct mgmt_sources *src,
		 void (*take)(void *ctx, const struct sample *sample), void *ctx);

/* The number in decimal, in `scratch`, which has SAMPLE_TEXT_SIZE bytes. */
const char *sample_text(const struct sample *sample, char *scratch);

#endif

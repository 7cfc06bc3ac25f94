/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The metric families as rows: names, labels, and where the numbers are read.
 *
 * A writer of any format walks metric_families and asks for each of a family's series by number;
 * the names are the outside contract of DESIGN 6.  Everything runs on the stats thread.
 */
#ifndef TANDEM_METRIC_H
#define TANDEM_METRIC_H

#include <stddef.h>
#include <stdint.h>

#include "mgmt.h"

#define METRIC_LABELS	  2
#define METRIC_LABEL_SIZE 64 /* bytes of a label's value, NUL included */

struct config;

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_INFO };

/* A label's values are a closed set, numbered from 0. */
struct metric_label {
	const char *name;
	unsigned int n_values;				    /* 0: `count` tells */
	unsigned int (*count)(const struct mgmt_sources *); /* the same as long as tandemd runs */
	const char *(*value)(const struct mgmt_sources *, unsigned int i, char *scratch);
};

/* Buckets by upper bound, +Inf behind them; each bucket's own count is a series of `read`. */
struct metric_histogram {
	const uint32_t *bounds_us;
	unsigned int n_bounds;
	size_t sum_us_where;
};

struct metric_family {
	const char *name; /* without the suffix that its type brings: _total, _bucket, _info */
	enum metric_type type;
	const char *unit; /* NULL: none; else the name ends in it */
	const char *help;
	const struct metric_label *labels[METRIC_LABELS];
	uint64_t (*read)(const struct mgmt_sources *, size_t where, unsigned int series);
	size_t where; /* for `read` */
	const struct metric_histogram *histogram;
};

extern const struct metric_family metric_families[];
extern const size_t metric_families_count;

/* How many series a family has: every combination of its labels' values, always. */
unsigned int metric_series(const struct metric_family *family, const struct mgmt_sources *src);

/* The value of label `k` in series `series`, unescaped UTF-8; may point into `scratch`, which has
 * METRIC_LABEL_SIZE bytes. */
const char *metric_label_value(const struct metric_family *family, const struct mgmt_sources *src,
			       unsigned int series, unsigned int k, char *scratch);

/* Can the ports be told apart by their label, `device` up to the first comma?  0, -ENAMETOOLONG or
 * -EEXIST. */
int metric_check_ports(const struct config *cfg);

#endif

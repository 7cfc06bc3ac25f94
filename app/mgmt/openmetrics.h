/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The OpenMetrics 1.0 text format: metric.h's families, written for a scraper.
 */
#ifndef TANDEM_OPENMETRICS_H
#define TANDEM_OPENMETRICS_H

#include <stdio.h>

#include "mgmt.h"

#define OPENMETRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* Write one exposition, "# EOF" included.  The process must be in the C locale, as a program that
 * never calls setlocale() is.  The caller checks ferror(). */
void openmetrics_write(const struct mgmt_sources *src, FILE *out);

#endif

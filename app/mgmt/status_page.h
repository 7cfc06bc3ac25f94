/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The status page: health and the numbers of /metrics, for a person with a browser.
 *
 * One HTML document without scripts, styles, pictures or links; every text in it is escaped.
 */
#ifndef TANDEM_STATUS_PAGE_H
#define TANDEM_STATUS_PAGE_H

#include <stdio.h>

#include "health.h"

/* The caller checks ferror(). */
void status_page_write(const struct mgmt_sources *src, const struct health *health, FILE *out);

#endif

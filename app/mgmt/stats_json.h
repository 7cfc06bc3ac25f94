/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The numbers of /metrics as one JSON object (RFC 8259), for whoever has no parser for those:
 *
 *   {"tandem_legs": [{"labels": {"state": "unclaimed"}, "value": 3}, ...], ...}
 *
 * A member has the name that its samples have in /metrics.
 */
#ifndef TANDEM_STATS_JSON_H
#define TANDEM_STATS_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "mgmt.h"

/* False when memory is short; then nothing is written.  The caller checks ferror(). */
bool stats_json_write(const struct mgmt_sources *src, FILE *out);

#endif

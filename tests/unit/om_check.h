/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A strict reader of OpenMetrics 1.0 text, written from the specification and not from our writer.
 * It knows the types tandem uses; where the specification leaves a choice it takes the narrow one.
 */
#ifndef TANDEM_TEST_OM_CHECK_H
#define TANDEM_TEST_OM_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Is `text` one whole exposition?  If not, `err` says which line and why. */
bool om_check(const char *text, char *err, size_t err_size);

/* The number, as written, of the sample whose name and labels are exactly `series`; NULL: none.
 * The answer is valid until the next call. */
const char *om_value(const char *text, const char *series);

/* How many samples have this name, whatever their labels. */
unsigned int om_samples(const char *text, const char *name);

#endif

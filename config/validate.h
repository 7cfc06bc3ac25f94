/* SPDX-License-Identifier: BSD-3-Clause */
/* What no single row of the schema can know. */
#ifndef TANDEM_VALIDATE_H
#define TANDEM_VALIDATE_H

#include "complaint.h"
#include "config.h"
#include "tree.h"

/*
 * Check the values of `cfg` against each other, read the secret and fill in the one default that
 * depends on another value, access.allow.  Values that could not be read are absent in `cfg` (NULL,
 * or 0) and complained about already.  `root` gives the lines.
 *
 * Returns 0, also when there are complaints, or -ENOMEM.
 */
int validate(struct config *cfg, const struct tree_node *root, struct complaints *c);

#endif

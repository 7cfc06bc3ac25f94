/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may use the relay: access.allow and access.deny of the configuration (DESIGN 2.4).
 */
#ifndef TANDEM_ACCESS_H
#define TANDEM_ACCESS_H

#include <stdbool.h>

#include "config.h"

bool access_allowed(const struct config *cfg, const char *from_jid);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the configuration in force to a new one, while it is being used.
 *
 * Whether a value may change is in its row of the schema.  Those that may are read, once there are
 * threads, by the one that calls config_take_over() alone; whoever else wants one is given a copy.
 * The others stay as they were, so every thread may go on reading them.
 */
#ifndef TANDEM_RELOAD_H
#define TANDEM_RELOAD_H

#include <stdbool.h>

#include "config.h"

/* A value that is not what it was: `path` as in the file, "ports[1].mtu" for example; `live` when
 * it has come into force, else tandemd has to be started anew for it. */
typedef void config_changed(void *ctx, const char *path, bool live);

/*
 * Bring what may change from `fresh`, a configuration that config_load() gave, into `cfg`, and tell
 * of all that differs.  What it replaces goes into `fresh`: config_free() that when nobody has any
 * of it in hand.
 */
void config_take_over(struct config *cfg, struct config *fresh, config_changed *changed, void *ctx);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control plane: one thread that speaks with the XMPP server, matches claims with legs and
 * programs the flow table.
 */
#ifndef TANDEM_CONTROL_H
#define TANDEM_CONTROL_H

#include "config.h"
#include "control_stats.h"
#include "mailbox.h"

struct control;

/* Makes everything ready; nothing is sent before control_run().  What is pointed to must outlive
 * it.  Returns NULL and sets errno on failure. */
struct control *control_create(const struct config *cfg, struct mailbox *mb,
			       const struct mailbox_splicer *splicer);

/*
 * The thread's whole life: returns after control_stop(), when claims that waited have been told,
 * the legs' resets are in the mailbox and the stream is closed, or about two seconds later.  The
 * workers should run until it has returned.  To be called once.
 */
void control_run(struct control *c);

/*
 * What control_reload() has the control thread do: bring a new configuration into the one that
 * control_create() was given.  Returns 0, or a negative errno when nothing of it has changed.
 */
typedef int control_reloader(void *ctx);

/* Before control_run(). */
void control_set_reloader(struct control *c, control_reloader *reloader, void *ctx);

/* Ask for a reload: once, however often it is asked before it is done.  From any thread, and
 * async-signal-safe. */
void control_reload(struct control *c);

/* Ask control_run() to return.  From any thread, and async-signal-safe. */
void control_stop(struct control *c);

/* Not while control_run() runs.  NULL is allowed. */
void control_destroy(struct control *c);

/* Counters, readable on any thread as long as the control plane exists. */
const struct control_stats *control_stats(const struct control *c);

#endif

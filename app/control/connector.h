/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One attempt to connect to a host over TCP, without blocking: its addresses are tried in turn.
 */
#ifndef TANDEM_CONNECTOR_H
#define TANDEM_CONNECTOR_H

#include <stdint.h>

#include "loop.h"

/* Run once, from connector_tick() or loop_wait(); it may call connector_free().  `fd` is a
 * connected, non-blocking socket that belongs to the callee, or -1 and `why` says what was wrong
 * with the last address. */
typedef void (*connector_done)(void *ctx, int fd, const char *why);

struct connector;

/* `timeout_ms` is for each address.  It begins in the first connector_tick().  Returns NULL and
 * sets errno on failure. */
struct connector *connector_create(const char *host, uint16_t port, uint32_t timeout_ms,
				   struct loop *loop, connector_done done, void *ctx);
void connector_free(struct connector *c);

/* To be called at connector_deadline_ms(), a mailbox_now_ms() time; nothing happens before it. */
void connector_tick(struct connector *c);
uint64_t connector_deadline_ms(const struct connector *c);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for file descriptors: epoll, level-triggered, one thread.
 */
#ifndef TANDEM_LOOP_H
#define TANDEM_LOOP_H

#include <stdint.h>

struct loop;

/* Belongs to the caller, which fills in `ready` and `ctx`; fd is -1 while it is not added. */
struct loop_source {
	int fd;
	void (*ready)(void *ctx, uint32_t events); /* may be NULL: only ends the wait */
	void *ctx;
};

/* Returns NULL and sets errno on failure. */
struct loop *loop_create(void);
void loop_destroy(struct loop *l);

/* Watch `fd` for `events` (EPOLLIN, EPOLLOUT).  Returns 0 or a negative errno. */
int loop_add(struct loop *l, struct loop_source *source, int fd, uint32_t events);
int loop_change(struct loop *l, struct loop_source *source, uint32_t events);

/* Stop watching and set fd to -1; the descriptor stays open. Nothing happens when it is -1. */
void loop_remove(struct loop *l, struct loop_source *source);

/* Wait up to `timeout_ms` and run what is ready, at most a few sources. */
void loop_wait(struct loop *l, unsigned int timeout_ms);

#endif

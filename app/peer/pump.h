/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes moving one way between two descriptors, in a thread of its own: read, then written at once,
 * so that small writes wait for nothing.
 *
 * Life: pump_start(), then the owner polls event_fd (readable when the thread is through) and may
 * look at `done`; pump_stop() ends it wherever it is, and only then are `end` and `error` to be
 * read.  The descriptors stay the owner's.
 */
#ifndef TANDEM_PUMP_H
#define TANDEM_PUMP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define PUMP_BYTES (128u << 10)

enum pump_end {
	PUMP_STOPPED, /* by the owner, before the end */
	PUMP_EOF,     /* the source is at its end, all is written */
	PUMP_SOURCE,  /* `error` of the source */
	PUMP_SINK,    /* `error` of the sink */
};

struct pump {
	/* set by the owner */
	int source, sink;
	bool shut; /* at the end, shut the sink, a socket, down for writing */

	_Atomic uint64_t done; /* bytes written */

	/* results */
	enum pump_end end;
	int error; /* errno value */

	bool running;
	atomic_bool stopping;
	int event_fd;
	pthread_t thread;
	unsigned char buf[PUMP_BYTES];
};

/* 0 or negative errno. */
int pump_start(struct pump *pump);

/* Harmless on one that has not been started. */
void pump_stop(struct pump *pump);

#endif

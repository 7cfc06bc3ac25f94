/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bytes of one file moving through one TCP connection, in a thread of their own so that the
 * XMPP stream beside them is served meanwhile.
 *
 * The bytes are hashed on their way: what is told about a file is what was read from it and sent,
 * or received and written, once and in order.
 *
 * Life: transfer_start(), then the owner polls event_fd (readable when the thread is through) and
 * may look at the counter or transfer_cancel(); transfer_join() ends it and only then are the
 * results to be read and the descriptors, which stay the owner's, to be closed.
 */
#ifndef TANDEM_TRANSFER_H
#define TANDEM_TRANSFER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum transfer_end {
	TRANSFER_WHOLE,	    /* `size` bytes and, when receiving, end of stream behind them */
	TRANSFER_TRUNCATED, /* the stream ended early */
	TRANSFER_EXCESS,    /* more bytes came than announced */
	TRANSFER_CHANGED,   /* the file to send is no longer of the size announced */
	TRANSFER_NETWORK,   /* `error` of the connection */
	TRANSFER_FILE,	    /* `error` of the file */
	TRANSFER_CANCELLED,
};

struct transfer {
	/* set by the owner */
	int socket; /* connected, blocking */
	int file;
	bool sending;
	uint64_t size; /* bytes announced */
	bool endless;  /* receiving, and none were: the end of the stream is all there is */

	/* shared */
	_Atomic uint64_t done; /* bytes so far */
	atomic_bool cancelled;
	int event_fd;

	/* results */
	enum transfer_end end;
	int error; /* errno value */
	unsigned char digest[32];

	pthread_t thread;
};

/* 0 or negative errno.  When sending, the thread shuts the connection down for writing after the
 * last byte, unless it failed. */
int transfer_start(struct transfer *t);

/* Make the thread end soon. */
void transfer_cancel(struct transfer *t);

void transfer_join(struct transfer *t);

/* How much of what was written to a connection, its end included, the other end has not
 * acknowledged yet: 0 is all; negative errno when the connection is broken. */
int transfer_unacknowledged(int fd);

/* Close a connection so that the other end notices that it was not the end of the file: by RST. */
void transfer_reset(int fd);

#endif

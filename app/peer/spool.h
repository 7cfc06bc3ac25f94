/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file being received: under a temporary name until it is known to be whole, then under its own,
 * which must still be free.  Nothing is ever overwritten, and nothing is left behind by
 * spool_discard().
 */
#ifndef TANDEM_SPOOL_H
#define TANDEM_SPOOL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct spool {
	int dir; /* -1: not open */
	int fd;	 /* -1: no temporary file */
	char temporary[64];
};

/* Where files go.  0 or negative errno. */
int spool_open(struct spool *spool, const char *directory);

/* Whether the directory already has something of that name, a dangling link included. */
bool spool_taken(const struct spool *spool, const char *name);

/* Whether the file system has room for `size` bytes. */
bool spool_has_room(const struct spool *spool, uint64_t size);

/* Create the temporary file, readable by its owner only; its descriptor is spool->fd.  0 or
 * negative errno. */
int spool_create(struct spool *spool);

/* Give the file its name and the rights the umask leaves.  -EEXIST when the name is taken. */
int spool_publish(struct spool *spool, const char *name);

/* Close everything; a temporary file not published is removed. */
void spool_discard(struct spool *spool);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file being received: without a name until it is known to be whole and on the disk, then under
 * its own, which must still be free.  Nothing is ever overwritten.  Of a cut transfer nothing is
 * left, even when this process is killed; on file systems that have no nameless files it is called
 * .tandem-*.part meanwhile, which spool_discard() removes and kill -9 leaves.
 */
#ifndef TANDEM_SPOOL_H
#define TANDEM_SPOOL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct spool {
	int dir;	    /* -1: not open */
	int fd;		    /* -1: no temporary file */
	char temporary[64]; /* "": it has no name */
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

/* Write it to the disk, give it its name and the rights the umask leaves.  -EEXIST when the name is
 * taken. */
int spool_publish(struct spool *spool, const char *name);

/* Close everything; a temporary file not published is removed. */
void spool_discard(struct spool *spool);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the program tells scripts: a line each, flushed at once, as words or with --json as objects,
 * of which there are more.  They go to standard output; where that is the partner's bytes, to
 * standard error, and then what is said to the user becomes an object too.
 *
 * Texts of other people are shown as they are: in words only what has been judged before, in
 * objects anything, with all but ASCII escaped and U+FFFD for what is no UTF-8.
 * Main thread only.
 */
#ifndef TANDEM_REPORT_H
#define TANDEM_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "candidate.h"
#include "offer.h"

#define REPORT_DIGEST_LEN 32 /* SHA-256 */

void report_begin(bool json, bool output_is_data);

void report_ready(const char *jid);
void report_listening(const char *ip, uint16_t port);

/* Objects only: the connections told to the partner, those it tells, those that are tried. */
void report_offering(const char *to, const struct offer *offer, bool swapped);
void report_offered(const char *from, const struct offer *offer, bool swapped);
void report_connecting(const struct candidate *const *list, unsigned int n);

/* Clear to send over socket `fd`; `relay` NULL: direct. */
void report_connected(const char *partner, const char *relay, int fd);

/* Objects only; `size` UINT64_MAX: not known. */
void report_progress(uint64_t bytes, uint64_t size);

/* A file; `confirmed`: both sides agree on its size and hash. */
struct report_file {
	uint64_t bytes;
	unsigned char digest[REPORT_DIGEST_LEN];
	bool confirmed;
	const char *directory, *name; /* NULL: it was sent */
};
void report_file(const struct report_file *file);

/* A stream that has ended in order, and one of several that has not. */
void report_carried(const char *partner, uint64_t sent, uint64_t received, bool confirmed);
void report_failed(const char *partner, int outcome);

/* How the run ends, if not well: the exit code, and what was said last. */
void report_end(int code);

#endif

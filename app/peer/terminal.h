/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the user sees on standard error, and is asked on the terminal.  Texts of other people (names
 * of files, JIDs, error texts) pass through here, so everything is shown on one line with control
 * characters and direction overrides replaced: nobody far away drives this terminal.
 * Main thread only.
 */
#ifndef TANDEM_TERMINAL_H
#define TANDEM_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* "tandem: ..." and a line end on standard error, or wherever it is diverted to. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Hand what is said to `fn` instead, cleaned and without "tandem: "; NULL: no longer. */
void terminal_divert(void (*fn)(const char *line));

/* What was said last, cleaned; "" when nothing was. */
const char *terminal_last(void);

/* One line that is drawn over by the next one and wiped by say(); "" wipes it. */
void terminal_status(const char *text);

/* Replace in place, by '?', what must not reach a terminal: C0, DEL, C1, and the characters that
 * reorder text.  `text` is UTF-8; bytes that are not are replaced too. */
void terminal_clean(char *text);

/* Length of the well-formed UTF-8 sequence `text` begins with, and its code point; 0 when it is none
 * (RFC 3629). */
size_t terminal_sequence(const char *text, unsigned int *code);

/* A password typed without echo, without its line end; the caller frees and wipes it.
 * NULL with errno: ENOTTY (no terminal), EINTR (a signal), EIO (end of input), ... */
char *terminal_password(const char *prompt);

#endif

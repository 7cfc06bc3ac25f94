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

/* "tandem: ..." and a line end on standard error. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One line that is drawn over by the next one and wiped by say(); "" wipes it. */
void terminal_status(const char *text);

/* Replace in place, by '?', what must not reach a terminal: C0, DEL, C1, and the characters that
 * reorder text.  `text` is UTF-8; bytes that are not are replaced too. */
void terminal_clean(char *text);

/* A password typed without echo, without its line end; the caller frees and wipes it.
 * NULL with errno: ENOTTY (no terminal), EINTR (a signal), EIO (end of input), ... */
char *terminal_password(const char *prompt);

#endif

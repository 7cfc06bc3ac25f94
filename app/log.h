/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines to stderr: one write a message, so that lines of several threads never mix.
 *
 * Where the journal reads stderr (JOURNAL_STREAM, systemd.exec(5)) a line starts with its level as
 * sd-daemon(3) has it, elsewhere with the level's name.  Never called on the packet path.
 */
#ifndef TANDEM_LOG_H
#define TANDEM_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* In the order of `enum config_log_level`. */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, LOG_LEVELS };

/* Sets the most talkative level that is still written and finds out whether the journal listens.
 * Call it before there are threads; without it the level is info and prefixes are plain. */
void log_init(enum log_level level);

/* Changes the level.  Any thread. */
void log_set_level(enum log_level level);

bool log_enabled(enum log_level level);

/* Writes one line.  `fmt` has no newline at its end; control characters become '?', what is over
 * about 1000 bytes is cut.  Any thread; errno is left as it was. */
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	 log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Text from the wire made fit for a log line. */
struct log_quoted {
	char text[132];
};

/* Puts `len` bytes in double quotes, everything but printable ASCII as \xNN, '"' and '\' behind a
 * backslash, and cuts what does not fit ("..." behind the closing quote).  NULL is written as -.
 * Returns q->text. */
const char *log_quote_bytes(struct log_quoted *q, const char *bytes, size_t len);

/* The same for a string. */
const char *log_quote(struct log_quoted *q, const char *text);

#endif

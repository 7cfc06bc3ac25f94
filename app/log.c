/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define LINE_BYTES 1024

static const struct {
	const char *journal; /* sd-daemon(3) */
	const char *plain;
} prefixes[LOG_LEVELS] = {
	[LOG_LEVEL_ERROR] = {"<3>", "error: "},
	[LOG_LEVEL_WARNING] = {"<4>", "warning: "},
	[LOG_LEVEL_INFO] = {"<6>", "info: "},
	[LOG_LEVEL_DEBUG] = {"<7>", "debug: "},
};

static enum log_level max_level = LOG_LEVEL_INFO;
/* Written once by log_init(), before there are threads. */
static bool to_journal;

/* The variable is inherited by children whose stderr goes elsewhere, hence the comparison. */
static bool journal_reads_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream != NULL && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void log_init(enum log_level level)
{
	log_set_level(level);
	to_journal = journal_reads_stderr();
}

void log_set_level(enum log_level level)
{
	__atomic_store_n(&max_level, level, __ATOMIC_RELAXED);
}

bool log_enabled(enum log_level level)
{
	return level <= __atomic_load_n(&max_level, __ATOMIC_RELAXED);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	const char *prefix = to_journal ? prefixes[level].journal : prefixes[level].plain;
	int saved = errno;
	char line[LINE_BYTES];
	size_t start, len, i;
	va_list ap;
	int n;

	if (!log_enabled(level))
		return;
	start = strlen(prefix);
	memcpy(line, prefix, start);
	va_start(ap, fmt);
	n = vsnprintf(line + start, sizeof(line) - start, fmt, ap);
	va_end(ap);
	len = n < 0 ? start : start + (size_t)n;
	if (len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	for (i = start; i < len; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[len++] = '\n';
	/* Nobody is left to be told when stderr does not take it. */
	(void)!write(STDERR_FILENO, line, len);
	errno = saved;
}

const char *log_quote_bytes(struct log_quoted *q, const char *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	char *out = q->text;
	const char *limit = q->text + sizeof(q->text) - sizeof("\\xNN\"...");
	size_t i;

	if (bytes == NULL)
		return strcpy(q->text, "-");
	*out++ = '"';
	for (i = 0; i < len && out <= limit; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c < ' ' || c > '~') {
			*out++ = '\\';
			*out++ = 'x';
			*out++ = hex[c >> 4];
			*out++ = hex[c & 15];
		} else {
			if (c == '"' || c == '\\')
				*out++ = '\\';
			*out++ = (char)c;
		}
	}
	*out++ = '"';
	strcpy(out, i < len ? "..." : "");
	return q->text;
}

const char *log_quote(struct log_quoted *q, const char *text)
{
	return log_quote_bytes(q, text, text == NULL ? 0 : strlen(text));
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LINE_BYTES	   2048
#define PASSWORD_MAX_BYTES 1024

static bool status_shown;
static char last[LINE_BYTES];
static void (*divert)(const char *line);

size_t terminal_sequence(const char *text, unsigned int *code)
{
	static const unsigned int least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)text;
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (n == 1) {
		*code = s[0];
		return 1;
	}
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	*code = s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3fu);
	}
	if (*code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n;
}

static bool harmful(unsigned int code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

void terminal_clean(char *text)
{
	char *out = text;

	while (*text) {
		unsigned int code = 0;
		size_t n = terminal_sequence(text, &code);

		if (n == 0 || harmful(code)) {
			*out++ = '?';
			text += n ? n : 1;
			continue;
		}
		memmove(out, text, n);
		out += n;
		text += n;
	}
	*out = '\0';
}

void terminal_status(const char *text)
{
	if (!status_shown && text[0] == '\0')
		return;
	fprintf(stderr, "\r%s\033[K", text);
	fflush(stderr);
	status_shown = text[0] != '\0';
}

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(last, sizeof(last), fmt, args);
	va_end(args);
	terminal_clean(last);
	terminal_status("");
	if (divert)
		divert(last);
	else
		fprintf(stderr, "tandem: %s\n", last);
}

void terminal_divert(void (*fn)(const char *line))
{
	divert = fn;
}

const char *terminal_last(void)
{
	return last;
}

static char *read_line(int fd)
{
	char *line = malloc(PASSWORD_MAX_BYTES);
	size_t len = 0;
	ssize_t n;

	if (!line)
		return NULL;
	while (len < PASSWORD_MAX_BYTES - 1) {
		n = read(fd, line + len, 1);
		if (n < 0)
			goto fail;
		if (n == 0) {
			errno = EIO;
			goto fail;
		}
		if (line[len] == '\n') {
			line[len] = '\0';
			return line;
		}
		len++;
	}
	errno = EMSGSIZE;
fail:
	explicit_bzero(line, PASSWORD_MAX_BYTES);
	free(line);
	return NULL;
}

char *terminal_password(const char *prompt)
{
	struct termios before, silent;
	char *password;
	int err, fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || tcgetattr(fd, &before) < 0) {
		if (fd >= 0)
			close(fd);
		errno = ENOTTY;
		return NULL;
	}
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &silent);
	dprintf(fd, "%s", prompt);
	password = read_line(fd);
	err = errno;
	tcsetattr(fd, TCSAFLUSH, &before);
	dprintf(fd, "\n");
	close(fd);
	errno = err;
	return password;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terminal.h"

#define SECRET_MAX 1024 /* bytes, line end included */

void secret_free(char *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret, strlen(secret));
	free(secret);
}

static char *from_terminal(const char *jid)
{
	char prompt[256];
	char *secret;

	snprintf(prompt, sizeof(prompt), "Password of %.200s: ", jid);
	terminal_clean(prompt);
	secret = terminal_password(prompt);
	if (!secret && errno != EINTR)
		say("no password: %s", errno == ENOTTY
					       ? "no terminal to ask on; use --password-file"
					       : strerror(errno));
	return secret;
}

/* The whole of a short file; a longer one is no password. */
static ssize_t slurp(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = read(fd, buf + len, size - len)) != 0) {
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static char *from_file(const char *path)
{
	char buf[SECRET_MAX + 1] = "";
	char *secret = NULL;
	const char *wrong = NULL;
	struct stat st;
	ssize_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0) {
		wrong = strerror(errno);
		goto out;
	}
	if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		wrong = "group or others may read it; chmod 600 it";
		goto out;
	}
	len = slurp(fd, buf, SECRET_MAX);
	if (len < 0) {
		wrong = strerror((int)-len);
		goto out;
	}
	buf[strcspn(buf, "\r\n")] = '\0';
	if (buf[0] == '\0' || strlen(buf) >= SECRET_MAX)
		wrong = "its first line is no password";
	else if (!(secret = strdup(buf)))
		wrong = strerror(errno);
out:
	if (wrong)
		say("password file %s: %s", path, wrong);
	explicit_bzero(buf, sizeof(buf));
	if (fd >= 0)
		close(fd);
	return secret;
}

char *secret_read(const char *path, const char *jid)
{
	return path ? from_file(path) : from_terminal(jid);
}

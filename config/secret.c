/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secret.h"

static int refuse(const char **why, const char *what)
{
	*why = what;
	return -EINVAL;
}

/* Judges the file that was opened, not a name that may mean another one by now. */
static int judge(int fd, const char **why)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return refuse(why, "not a regular file");
	if ((st.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0)
		return refuse(why, "readable or writable by group or others, chmod it to 0600");
	return 0;
}

/* Fill `bytes` as far as the file goes.  Returns how many, or a negative errno. */
static ssize_t read_start(int fd, char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t n = read(fd, &bytes[length], size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	return (ssize_t)length;
}

/* `line` has SECRET_MAX + 2 bytes: the longest secret, its end of line, and a NUL. */
static int first_line(int fd, char *line, const char **why)
{
	ssize_t n = read_start(fd, line, SECRET_MAX + 1);
	const char *end;
	size_t length;

	if (n < 0)
		return (int)n;
	end = memchr(line, '\n', (size_t)n);
	length = end != NULL ? (size_t)(end - line) : (size_t)n;
	if (length > SECRET_MAX)
		return refuse(why, "its first line is longer than 1024 bytes");
	if (memchr(line, '\0', length) != NULL)
		return refuse(why, "a NUL character in its first line");
	if (length > 0 && line[length - 1] == '\r')
		length--;
	if (length == 0)
		return refuse(why, "its first line is empty");
	line[length] = '\0';
	return 0;
}

int secret_read(const char *path, char **secret, const char **why)
{
	char line[SECRET_MAX + 2];
	/* Without O_NONBLOCK a FIFO would stop us right here. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int rc;

	*why = NULL;
	if (fd < 0)
		return -errno;
	rc = judge(fd, why);
	if (rc == 0)
		rc = first_line(fd, line, why);
	if (rc == 0) {
		*secret = strdup(line);
		rc = *secret == NULL ? -ENOMEM : 0;
	}
	explicit_bzero(line, sizeof(line));
	close(fd);
	return rc;
}

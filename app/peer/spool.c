/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "iq.h"

int spool_open(struct spool *spool, const char *directory)
{
	spool->fd = -1;
	spool->dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool->dir < 0)
		return -errno;
	return faccessat(spool->dir, ".", W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

bool spool_taken(const struct spool *spool, const char *name)
{
	struct stat st;

	return fstatat(spool->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

bool spool_has_room(const struct spool *spool, uint64_t size)
{
	struct statvfs vfs;

	if (fstatvfs(spool->dir, &vfs) < 0 || vfs.f_frsize == 0)
		return true; /* writing will tell */
	return size / vfs.f_frsize < vfs.f_bavail || size == 0;
}

/* Without a name the kernel removes it, however we end.  Not all file systems can. */
static bool cannot_be_nameless(int err)
{
	return err == EOPNOTSUPP || err == EISDIR || err == ENOENT || err == EINVAL;
}

int spool_create(struct spool *spool)
{
	char random[IQ_RANDOM_TEXT];

	spool->temporary[0] = '\0';
	spool->fd = openat(spool->dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	if (spool->fd >= 0)
		return 0;
	if (!cannot_be_nameless(errno))
		return -errno;
	iq_random(random);
	snprintf(spool->temporary, sizeof(spool->temporary), ".tandem-%.16s.part", random);
	spool->fd = openat(spool->dir, spool->temporary,
			   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return spool->fd < 0 ? -errno : 0;
}

/* For file systems whose renameat2() has no flags: a link fails on an existing name too. */
static int link_and_unlink(struct spool *spool, const char *name)
{
	if (linkat(spool->dir, spool->temporary, spool->dir, name, 0) < 0)
		return -errno;
	unlinkat(spool->dir, spool->temporary, 0);
	return 0;
}

static int link_nameless(struct spool *spool, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", spool->fd);
	return linkat(AT_FDCWD, path, spool->dir, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static int give_name(struct spool *spool, const char *name)
{
	if (spool->temporary[0] == '\0')
		return link_nameless(spool, name);
	if (renameat2(spool->dir, spool->temporary, spool->dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	return errno == EINVAL || errno == ENOSYS ? link_and_unlink(spool, name) : -errno;
}

int spool_publish(struct spool *spool, const char *name)
{
	mode_t mask = umask(0);
	int err;

	umask(mask);
	/* What has its name must be whole, after a power cut too. */
	if (fchmod(spool->fd, 0666 & ~mask) < 0 || fsync(spool->fd) < 0)
		return -errno;
	err = give_name(spool, name);
	if (err)
		return err;
	/* Some file systems report a failed write only here. */
	err = close(spool->fd) < 0 ? -errno : 0;
	spool->fd = -1;
	if (!err && fsync(spool->dir) < 0 && errno != EINVAL)
		err = -errno;
	return err;
}

void spool_discard(struct spool *spool)
{
	if (spool->fd >= 0) {
		if (spool->temporary[0])
			unlinkat(spool->dir, spool->temporary, 0);
		close(spool->fd);
		spool->fd = -1;
	}
	if (spool->dir >= 0)
		close(spool->dir);
	spool->dir = -1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool.h"

static char directory[] = "/tmp/test_spool.XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(directory); /* fails when anything was left behind */
}

static void path_of(char *path, const char *name)
{
	snprintf(path, 128, "%s/%s", directory, name);
}

static void publishes(void **state)
{
	struct spool spool;
	struct stat st;
	char path[128];

	(void)state;
	assert_int_equal(spool_open(&spool, directory), 0);
	assert_int_equal(spool_create(&spool), 0);
	assert_int_equal(fstat(spool.fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(write(spool.fd, "abc", 3), 3);
	assert_false(spool_taken(&spool, "name"));
	umask(027);
	assert_int_equal(spool_publish(&spool, "name"), 0);
	assert_true(spool_taken(&spool, "name"));
	path_of(path, "name");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(st.st_mode & 07777, 0640);
	spool_discard(&spool);
	assert_int_equal(access(path, F_OK), 0); /* published files stay */
	unlink(path);
}

static void never_overwrites(void **state)
{
	struct spool spool;
	char path[128], text[4] = "";
	int fd;

	(void)state;
	path_of(path, "name");
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_int_equal(write(fd, "old", 3), 3);
	assert_int_equal(spool_open(&spool, directory), 0);
	assert_int_equal(spool_create(&spool), 0);
	assert_int_equal(spool_publish(&spool, "name"), -EEXIST);
	spool_discard(&spool);
	assert_int_equal(pread(fd, text, 3, 0), 3);
	assert_string_equal(text, "old");
	close(fd);
	unlink(path);
	/* nor through a link that leads nowhere */
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(spool_open(&spool, directory), 0);
	assert_true(spool_taken(&spool, "name"));
	assert_int_equal(spool_create(&spool), 0);
	assert_int_equal(spool_publish(&spool, "name"), -EEXIST);
	spool_discard(&spool);
	unlink(path);
}

static void bad_directories(void **state)
{
	struct spool spool;

	(void)state;
	assert_int_equal(spool_open(&spool, "/nonexistent"), -ENOENT);
	spool_discard(&spool);
	assert_int_equal(spool_open(&spool, "/etc/passwd"), -ENOTDIR);
	spool_discard(&spool);
	assert_int_equal(spool_open(&spool, directory), 0);
	assert_true(spool_has_room(&spool, 0));
	assert_false(spool_has_room(&spool, INT64_MAX));
	spool_discard(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publishes),
		cmocka_unit_test(never_overwrites),
		cmocka_unit_test(bad_directories),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

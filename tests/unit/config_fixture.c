/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_fixture.h"

static char directory[] = "/tmp/test_config.XXXXXX";

void put_bytes(const char *name, const void *bytes, size_t length)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, length, f), length);
	assert_int_equal(fclose(f), 0);
}

void put_file(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

void put_secret(const char *name, const void *bytes, size_t length, mode_t mode)
{
	put_bytes(name, bytes, length);
	assert_int_equal(chmod(name, mode), 0);
}

int load_path(const char *path, struct config **cfg, char **errors)
{
	size_t length;
	FILE *err = open_memstream(errors, &length);
	int rc;

	assert_non_null(err);
	rc = config_load(path, err, cfg);
	assert_int_equal(fclose(err), 0);
	assert_true((rc == 0) == (*cfg != NULL));
	assert_true((rc == 0) == (length == 0));
	return rc;
}

struct config *load_good(const char *text)
{
	struct config *cfg;
	char *errors;

	put_file("t.yaml", text);
	(void)load_path("t.yaml", &cfg, &errors);
	assert_string_equal(errors, "");
	free(errors);
	return cfg;
}

void load_bad(const char *text, int rc, const char *expected)
{
	struct config *cfg;
	char *errors;

	put_file("t.yaml", text);
	assert_int_equal(load_path("t.yaml", &cfg, &errors), rc);
	assert_string_equal(errors, expected);
	free(errors);
}

void run_bad(const struct bad *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		load_bad(table[i].text, -EINVAL, table[i].errors);
}

int config_setup(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL || chdir(directory) != 0)
		return -1;
	put_secret("secret", "s3cret word\n", 12, 0600);
	return mkfifo("fifo", 0600);
}

int config_teardown(void **state)
{
	static const char *const names[] = {"secret", "secret.new", "link", "fifo", "t.yaml"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		(void)unlink(names[i]);
	return chdir("/") == 0 ? rmdir(directory) : -1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lcores.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NONE	     UINT32_MAX

static void lcores_are_mapped(void **state)
{
	static const struct {
		struct config_dataplane dp;
		unsigned int cpus[4];
		unsigned int n_cpus;
		unsigned int shared;
		const char *argument;
	} rows[] = {
		{{.control = 0, .workers = {1}, .n_workers = 1}, {0, 1}, 2, 0, "0@0,1@1"},
		/* two CPUs, three threads */
		{{.control = 0, .workers = {1, 2}, .n_workers = 2},
		 {0, 1},
		 2,
		 1,
		 "0@0,1@1,2@(0-1)"},
		{{.control = 0, .workers = {1}, .n_workers = 1}, {0}, 1, 1, "0@0,1@(0-0)"},
		/* CPUs of others: a machine of many, of which these were given to us */
		{{.control = 0, .workers = {1, 4}, .n_workers = 2},
		 {2, 3, 4, 127},
		 4,
		 2,
		 "0@(2-4,127-127),1@(2-4,127-127),4@4"},
		{{.control = CONFIG_MAX_LCORE, .workers = {3, 2}, .n_workers = 2},
		 {CONFIG_MAX_LCORE, 2, 1023},
		 3,
		 1,
		 "127@127,3@(2-2,127-127,1023-1023),2@2"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned int shared = NONE, n;
		cpu_set_t cpus;
		char *text;

		CPU_ZERO(&cpus);
		for (n = 0; n < rows[i].n_cpus; n++)
			CPU_SET(rows[i].cpus[n], &cpus);
		text = lcores_argument(&rows[i].dp, &cpus, &shared);
		assert_string_equal(text, rows[i].argument);
		assert_int_equal(shared, rows[i].shared);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lcores_are_mapped),
	};

	return cmocka_run_group_tests_name("lcores", tests, NULL, NULL);
}

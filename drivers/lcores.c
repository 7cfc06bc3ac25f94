/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "lcores.h"

/* "(0-2,5)" */
static void write_cpus(FILE *out, const cpu_set_t *cpus)
{
	const char *separator = "(";
	unsigned int from, to;

	for (from = 0; from < CPU_SETSIZE; from = to + 1) {
		to = from;
		if (!CPU_ISSET(from, cpus))
			continue;
		while (to + 1 < CPU_SETSIZE && CPU_ISSET(to + 1, cpus))
			to++;
		fprintf(out, "%s%u-%u", separator, from, to);
		separator = ",";
	}
	fputc(')', out);
}

/* True: it shares. */
static bool write_lcore(FILE *out, unsigned int lcore, const cpu_set_t *cpus)
{
	fprintf(out, "%u@", lcore);
	if (lcore < CPU_SETSIZE && CPU_ISSET(lcore, cpus)) {
		fprintf(out, "%u", lcore);
		return false;
	}
	write_cpus(out, cpus);
	return true;
}

char *lcores_argument(const struct config_dataplane *dp, const cpu_set_t *cpus,
		      unsigned int *shared)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	unsigned int i;

	if (out == NULL)
		return NULL;
	*shared = write_lcore(out, dp->control, cpus);
	for (i = 0; i < dp->n_workers; i++) {
		fputc(',', out);
		*shared += write_lcore(out, dp->workers[i], cpus);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

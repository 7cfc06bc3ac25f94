/* SPDX-License-Identifier: BSD-3-Clause */
#include <jansson.h>

#include "sample.h"
#include "stats_json.h"

#define NAME_SIZE 128

/* Functions of jansson take a NULL for what there was no memory for, and fail then. */
struct tree {
	json_t *root;
	bool failed;
};

/* Whatever a reader makes of it, a number of JSON is hardly ever more than a double. */
static json_t *number(const struct sample *sample)
{
	if (sample->per == 1 && sample->value <= INT64_MAX)
		return json_integer((json_int_t)sample->value);
	return json_real((double)sample->value / sample->per);
}

static json_t *labels(const struct sample *sample, bool *failed)
{
	json_t *object = json_object();

	for (unsigned int k = 0; k < sample->n_labels; k++)
		*failed |= json_object_set_new(object, sample->labels[k].name,
					       json_string(sample->labels[k].value)) < 0;
	return object;
}

static void add_sample(void *ctx, const struct sample *sample)
{
	json_t *list, *object = json_object();
	struct tree *tree = ctx;
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s%s", sample->family->name, sample->suffix);
	if (!json_object_get(tree->root, name))
		tree->failed |= json_object_set_new(tree->root, name, json_array()) < 0;
	list = json_object_get(tree->root, name);
	tree->failed |= json_object_set_new(object, "labels", labels(sample, &tree->failed)) < 0;
	tree->failed |= json_object_set_new(object, "value", number(sample)) < 0;
	tree->failed |= json_array_append_new(list, object) < 0;
}

bool stats_json_write(const struct mgmt_sources *src, FILE *out)
{
	struct tree tree = {.root = json_object()};

	for (size_t i = 0; i < metric_families_count && !tree.failed; i++)
		sample_each(&metric_families[i], src, add_sample, &tree);
	if (!tree.failed && tree.root) {
		/* Doubles with no more digits than they have. */
		tree.failed =
			json_dumpf(tree.root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) < 0;
		fputc('\n', out);
	}
	json_decref(tree.root);
	return !tree.failed;
}

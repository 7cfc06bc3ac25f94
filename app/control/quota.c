/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "jid.h"
#include "quota.h"

struct quota_entry {
	struct index_node by_jid;
	uint32_t taken;
	size_t jid_len;
	char jid[];
};

int quota_init(struct quota *quota, const struct siphash_key *key, uint32_t limit, size_t entries)
{
	quota->key = key;
	quota->limit = limit;
	return hash_index_init(&quota->by_jid, entries);
}

void quota_fini(struct quota *quota)
{
	hash_index_fini(&quota->by_jid);
}

static struct quota_entry *find(const struct quota *quota, uint64_t hash, const char *jid,
				size_t len)
{
	struct index_node *node;

	HASH_INDEX_FOREACH (node, &quota->by_jid, hash) {
		struct quota_entry *entry = CONTAINER(node, struct quota_entry, by_jid);

		if (entry->jid_len == len && memcmp(entry->jid, jid, len) == 0)
			return entry;
	}
	return NULL;
}

struct quota_entry *quota_take(struct quota *quota, const char *jid)
{
	size_t len = jid_bare_length(jid);
	uint64_t hash = keyed_hash(quota->key, jid, len);
	struct quota_entry *entry = find(quota, hash, jid, len);

	if ((entry != NULL ? entry->taken : 0) >= quota->limit) {
		errno = EDQUOT;
		return NULL;
	}
	if (entry == NULL) {
		entry = calloc(1, sizeof(*entry) + len);
		if (entry == NULL)
			return NULL;
		entry->jid_len = len;
		memcpy(entry->jid, jid, len);
		hash_index_insert(&quota->by_jid, hash, &entry->by_jid);
	}
	entry->taken++;
	return entry;
}

void quota_release(struct quota_entry *entry)
{
	if (entry == NULL || --entry->taken > 0)
		return;
	hash_index_remove(&entry->by_jid);
	free(entry);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "jid.h"
#include "quota.h"

#define FREED_A_CALL 256

int quota_init(struct quota *quota, enum quota_scope scope, const struct siphash_key *key,
	       size_t entries)
{
	quota->key = key;
	quota->scope = scope;
	TAILQ_INIT(&quota->idle);
	return hash_index_init(&quota->index, entries);
}

static void forget(struct quota_entry *entry)
{
	hash_index_remove(&entry->node);
	free(entry);
}

static void forget_idle(struct quota *quota, struct quota_entry *entry)
{
	TAILQ_REMOVE(&quota->idle, entry, link);
	quota->n_idle--;
	forget(entry);
}

void quota_fini(struct quota *quota)
{
	struct quota_entry *entry, *next;

	if (quota->index.chains == NULL)
		return;
	for (entry = TAILQ_FIRST(&quota->idle); entry != NULL; entry = next) {
		next = TAILQ_NEXT(entry, link);
		forget_idle(quota, entry);
	}
	hash_index_fini(&quota->index);
}

/* The part of a JID that counts. */
static const char *key_of(enum quota_scope scope, const char *jid, size_t *len)
{
	const char *at;

	*len = jid_bare_length(jid);
	at = scope == QUOTA_DOMAIN ? memchr(jid, '@', *len) : NULL;
	if (at == NULL)
		return jid;
	*len -= (size_t)(at + 1 - jid);
	return at + 1;
}

static struct quota_entry *find(const struct quota *quota, uint64_t hash, const char *key,
				size_t len)
{
	struct index_node *node;

	HASH_INDEX_FOREACH (node, &quota->index, hash) {
		struct quota_entry *entry = CONTAINER(node, struct quota_entry, node);

		if (entry->key_len == len && memcmp(entry->key, key, len) == 0)
			return entry;
	}
	return NULL;
}

/* NULL without memory, or when there may be no more. */
static struct quota_entry *add(struct quota *quota, uint64_t hash, const char *key, size_t len)
{
	struct quota_entry *entry;

	if (quota->n_idle >= QUOTA_IDLE_MAX)
		return NULL;
	entry = calloc(1, sizeof(*entry) + len);
	if (entry == NULL)
		return NULL;
	entry->quota = quota;
	entry->key_len = len;
	memcpy(entry->key, key, len);
	hash_index_insert(&quota->index, hash, &entry->node);
	return entry;
}

static uint64_t volume_today(const struct quota_entry *entry)
{
	return entry->day < entry->quota->today ? 0 : entry->volume;
}

static bool is_spent(const struct quota_entry *entry)
{
	return entry->quota->volume != 0 && volume_today(entry) >= entry->quota->volume;
}

enum quota_verdict quota_take(struct quota *quota, const char *jid, struct quota_entry **entry)
{
	size_t len;
	const char *key = key_of(quota->scope, jid, &len);
	uint64_t hash = keyed_hash(quota->key, key, len);
	struct quota_entry *found = find(quota, hash, key, len);

	*entry = NULL;
	if (found != NULL && quota->limit != 0 && found->taken >= quota->limit)
		return QUOTA_USED_UP;
	if (found != NULL && is_spent(found))
		return QUOTA_VOLUME;
	if (found == NULL)
		found = add(quota, hash, key, len);
	else if (found->taken == 0) {
		TAILQ_REMOVE(&quota->idle, found, link);
		quota->n_idle--;
	}
	if (found == NULL)
		return QUOTA_NO_MEMORY;
	found->taken++;
	*entry = found;
	return QUOTA_OK;
}

void quota_release(struct quota_entry *entry)
{
	struct quota *quota;

	if (entry == NULL || --entry->taken > 0)
		return;
	quota = entry->quota;
	if (quota->volume == 0 || volume_today(entry) == 0) {
		forget(entry);
		return;
	}
	TAILQ_INSERT_TAIL(&quota->idle, entry, link);
	quota->n_idle++;
}

bool quota_charge(struct quota_entry *entry, uint64_t bytes)
{
	if (entry->quota->volume == 0)
		bytes = 0;
	entry->volume = volume_today(entry) + bytes;
	if (entry->day < entry->quota->today)
		entry->day = entry->quota->today;
	return !is_spent(entry);
}

void quota_day(struct quota *quota, uint32_t day)
{
	struct quota_entry *entry, *next;
	unsigned int n = FREED_A_CALL;

	quota->today = day;
	for (entry = TAILQ_FIRST(&quota->idle); entry != NULL && n > 0; entry = next, n--) {
		if (quota->volume != 0 && volume_today(entry) > 0)
			break;
		next = TAILQ_NEXT(entry, link);
		forget_idle(quota, entry);
	}
}

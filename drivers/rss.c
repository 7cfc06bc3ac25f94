/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include <rte_thash.h>

#include "log.h"
#include "rss.h"

#define DEFAULT_KEY_BYTES 40 /* Toeplitz over two IPv6 addresses and two ports */
#define SAMPLES		  64
#define TUPLE_WORDS	  9 /* 32 bits: two IPv6 addresses and two ports */
#define V4_ADDRESS_WORDS  1
#define V6_ADDRESS_WORDS  4
#define TABLE_MAX	  (RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE)

#define PAIR	 0x6d, 0x5a
#define PAIRS_4	 PAIR, PAIR, PAIR, PAIR
#define PAIRS_16 PAIRS_4, PAIRS_4, PAIRS_4, PAIRS_4

const uint8_t rss_symmetric_key[RSS_KEY_BYTES] = {PAIRS_16, PAIRS_16};

uint8_t rss_key_length(const struct rte_eth_dev_info *info)
{
	return info->hash_key_size != 0 ? info->hash_key_size : DEFAULT_KEY_BYTES;
}

bool rss_configure(const struct rte_eth_dev_info *info, uint16_t queues, struct rte_eth_conf *conf)
{
	/* ethdev reads the key only */
	uint8_t *key = (uint8_t *)(uintptr_t)rss_symmetric_key;
	uint64_t wanted = (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP) & info->flow_type_rss_offloads;

	if (wanted == 0 || queues < 2 || rss_key_length(info) > RSS_KEY_BYTES)
		return false;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
		.rss_key = key,
		.rss_key_len = rss_key_length(info),
		.rss_hf = wanted,
	};
	return true;
}

/* --- the key --- */

/* The hashes of some made-up connections and of their other directions are the same. */
static bool mirrors(const uint8_t *key, unsigned int address_words)
{
	uint32_t there[TUPLE_WORDS], back[TUPLE_WORDS];
	const unsigned int words = 2 * address_words + 1;
	unsigned int sample, i;
	uint32_t n = 1;

	for (sample = 0; sample < SAMPLES; sample++) {
		/* Numerical Recipes' generator: the bits of interest are the upper ones */
		for (i = 0; i < words; i++)
			there[i] = n = n * 1664525 + 1013904223;
		memcpy(back, &there[address_words], address_words * sizeof(back[0]));
		memcpy(&back[address_words], there, address_words * sizeof(back[0]));
		back[words - 1] = there[words - 1] << 16 | there[words - 1] >> 16;
		if (rte_softrss(there, words, key) != rte_softrss(back, words, key))
			return false;
	}
	return true;
}

static void inspect_key(uint16_t port_id, const struct rte_eth_dev_info *info,
			struct rss_report *report)
{
	static const uint8_t none[RSS_KEY_BYTES];
	uint8_t key[RSS_KEY_BYTES] = {0};
	struct rte_eth_rss_conf conf = {.rss_key = key, .rss_key_len = rss_key_length(info)};

	if (rte_eth_dev_rss_hash_conf_get(port_id, &conf) < 0 || conf.rss_hf == 0 ||
	    memcmp(key, none, sizeof(key)) == 0)
		return;
	report->key_known = true;
	report->symmetric =
		mirrors(key, V4_ADDRESS_WORDS) &&
		(rss_key_length(info) < DEFAULT_KEY_BYTES || mirrors(key, V6_ADDRESS_WORDS));
}

/* --- the table --- */

static void count_shares(const struct rte_eth_rss_reta_entry64 *table, struct rss_report *report)
{
	unsigned int i;

	for (i = 0; i < report->entries; i++) {
		uint16_t queue =
			table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];

		if (queue < RSS_MAX_QUEUES)
			report->share[queue]++;
	}
}

/* No queue has more than one entry over its part. */
static bool is_even(const struct rss_report *report, uint16_t queues)
{
	unsigned int least = report->entries / queues, queue;

	for (queue = 0; queue < queues; queue++) {
		if (report->share[queue] < least || report->share[queue] > least + 1)
			return false;
	}
	return true;
}

static void inspect_table(uint16_t port_id, const struct rte_eth_dev_info *info, uint16_t queues,
			  struct rss_report *report)
{
	struct rte_eth_rss_reta_entry64 table[TABLE_MAX];
	unsigned int i;

	if (info->reta_size == 0 || info->reta_size > TABLE_MAX * RTE_ETH_RETA_GROUP_SIZE)
		return;
	memset(table, 0, sizeof(table));
	for (i = 0; i < TABLE_MAX; i++)
		table[i].mask = UINT64_MAX;
	if (rte_eth_dev_rss_reta_query(port_id, table, info->reta_size) < 0)
		return;
	report->table_known = true;
	report->entries = info->reta_size;
	count_shares(table, report);
	report->even = is_even(report, queues);
}

void rss_inspect(uint16_t port_id, const struct rte_eth_dev_info *info, uint16_t queues,
		 struct rss_report *report)
{
	memset(report, 0, sizeof(*report));
	inspect_key(port_id, info, report);
	inspect_table(port_id, info, queues, report);
}

/* --- the log --- */

static void tell_shares(const char *port, uint16_t queues, const struct rss_report *report)
{
	char text[16 * RSS_MAX_QUEUES];
	size_t used = 0;
	unsigned int queue;

	for (queue = 0; queue < queues; queue++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u: %u %%",
					 queue > 0 ? ", " : "", queue,
					 100 * report->share[queue] / report->entries);
	log_warning("port %s: RSS is uneven, its table leads to queue %s", port, text);
}

void rss_tell(const char *port, uint16_t queues, const struct rss_report *report)
{
	if (report->table_known && !report->even)
		tell_shares(port, queues, report);
	if (report->key_known && !report->symmetric)
		log_warning("port %s: RSS is asymmetric: the two directions of a connection may "
			    "arrive on different queues, which costs cache and nothing else",
			    port);
	if (report->key_known && report->symmetric && report->table_known && report->even)
		log_info("port %s: RSS is even and symmetric", port);
	if (!report->key_known || !report->table_known)
		log_info("port %s: the driver does not tell %s", port,
			 report->key_known     ? "RSS's table"
			 : report->table_known ? "RSS's key"
					       : "RSS's key and table");
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is asked of RSS, and what is made of a driver's answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "rss.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PORT	     5

/* Microsoft's, which most drivers have when nobody gives them another. */
static const uint8_t usual_key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
				      0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
				      0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
				      0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

/* --- a driver --- */

static struct {
	int key_rc, table_rc;
	uint64_t types;
	uint8_t key[RSS_KEY_BYTES];
	uint16_t table[RTE_ETH_RSS_RETA_SIZE_512];
} driver;

int __wrap_rte_eth_dev_rss_hash_conf_get(uint16_t port_id, struct rte_eth_rss_conf *conf);
int __wrap_rte_eth_dev_rss_hash_conf_get(uint16_t port_id, struct rte_eth_rss_conf *conf)
{
	assert_int_equal(port_id, PORT);
	conf->rss_hf = driver.types;
	memcpy(conf->rss_key, driver.key, conf->rss_key_len);
	return driver.key_rc;
}

int __wrap_rte_eth_dev_rss_reta_query(uint16_t port_id, struct rte_eth_rss_reta_entry64 *table,
				      uint16_t size);
int __wrap_rte_eth_dev_rss_reta_query(uint16_t port_id, struct rte_eth_rss_reta_entry64 *table,
				      uint16_t size)
{
	assert_int_equal(port_id, PORT);
	for (uint16_t i = 0; i < size; i++) {
		assert_true(table[i / 64].mask >> i % 64 & 1);
		table[i / 64].reta[i % 64] = driver.table[i];
	}
	return driver.table_rc;
}

/* --- the log --- */

static char said[1024];

void __wrap_log_write(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void __wrap_log_write(enum log_level level, const char *fmt, ...)
{
	size_t used = strlen(said);
	va_list ap;

	used += (size_t)snprintf(said + used, sizeof(said) - used, "%s ",
				 level == LOG_LEVEL_WARNING ? "warning" : "info");
	va_start(ap, fmt);
	vsnprintf(said + used, sizeof(said) - used, fmt, ap);
	va_end(ap);
	strcat(said, "\n");
}

/* --- what is asked for --- */

static void configured(void **state)
{
	static const struct {
		uint8_t key_bytes;
		uint64_t offers;
		uint16_t queues;
		bool asked;
		uint8_t length;
		uint64_t types;
	} rows[] = {
		{40, RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP, 2, true, 40,
		 RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP},
		{52, RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_L2_PAYLOAD, 16, true, 52, RTE_ETH_RSS_IPV4},
		{0, RTE_ETH_RSS_NONFRAG_IPV6_TCP, 2, true, 40, RTE_ETH_RSS_NONFRAG_IPV6_TCP},
		{40, RTE_ETH_RSS_IP, 1, false, 0, 0},
		{40, RTE_ETH_RSS_L2_PAYLOAD, 2, false, 0, 0},
		{40, 0, 2, false, 0, 0},
		{RSS_KEY_BYTES + 1, RTE_ETH_RSS_IP, 2, false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rte_eth_dev_info info = {.hash_key_size = rows[i].key_bytes,
						.flow_type_rss_offloads = rows[i].offers};
		struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE}};
		const struct rte_eth_rss_conf *rss = &conf.rx_adv_conf.rss_conf;

		assert_int_equal(rss_configure(&info, rows[i].queues, &conf), rows[i].asked);
		assert_int_equal(conf.rxmode.mq_mode,
				 rows[i].asked ? RTE_ETH_MQ_RX_RSS : RTE_ETH_MQ_RX_NONE);
		assert_int_equal(rss->rss_hf, rows[i].types);
		assert_int_equal(rss->rss_key_len, rows[i].length);
		for (unsigned int n = 0; n < rss->rss_key_len; n++)
			assert_int_equal(rss->rss_key[n], n % 2 == 0 ? 0x6d : 0x5a);
	}
}

/* --- what is in force --- */

static void spread_round(uint16_t queues)
{
	for (uint16_t i = 0; i < COUNT(driver.table); i++)
		driver.table[i] = i % queues;
}

static void good_driver(uint16_t queues)
{
	memset(&driver, 0, sizeof(driver));
	driver.types = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP;
	memcpy(driver.key, rss_symmetric_key, sizeof(driver.key));
	spread_round(queues);
	said[0] = '\0';
}

static const char *told(uint16_t table_size, uint16_t queues)
{
	const struct rte_eth_dev_info info = {.reta_size = table_size, .hash_key_size = 40};
	struct rss_report report;

	rss_inspect(PORT, &info, queues, &report);
	rss_tell("nic", queues, &report);
	return said;
}

#define ASYMMETRIC                                                                               \
	"warning port nic: RSS is asymmetric: the two directions of a connection may arrive on " \
	"different queues, which costs cache and nothing else\n"

static void even_and_symmetric(void **state)
{
	(void)state;
	for (uint16_t queues = 2; queues <= CONFIG_MAX_QUEUES; queues++) {
		good_driver(queues);
		assert_string_equal(told(128, queues),
				    "info port nic: RSS is even and symmetric\n");
	}
	good_driver(2);
	assert_string_equal(told(512, 2), "info port nic: RSS is even and symmetric\n");
}

static void asymmetric(void **state)
{
	(void)state;
	good_driver(2);
	memcpy(driver.key, usual_key, sizeof(usual_key));
	assert_string_equal(told(128, 2), ASYMMETRIC);

	/* where it differs from ours, only addresses of IPv6 are hashed by it */
	good_driver(2);
	driver.key[30] ^= 1;
	assert_string_equal(told(128, 2), ASYMMETRIC);
}

static void uneven(void **state)
{
	(void)state;
	good_driver(2);
	for (unsigned int i = 0; i < 64; i++)
		driver.table[i] = 0;
	assert_string_equal(
		told(128, 2),
		"warning port nic: RSS is uneven, its table leads to queue 0: 75 %, 1: 25 %\n");

	/* one of three hears nothing */
	good_driver(2);
	assert_string_equal(told(64, 3), "warning port nic: RSS is uneven, its table leads to "
					 "queue 0: 50 %, 1: 50 %, 2: 0 %\n");

	/* both faults, both told */
	good_driver(2);
	memcpy(driver.key, usual_key, sizeof(usual_key));
	memset(driver.table, 0, sizeof(driver.table));
	assert_string_equal(
		told(128, 2),
		"warning port nic: RSS is uneven, its table leads to queue 0: 100 %, 1: 0 %\n" ASYMMETRIC);

	/* entries that lead nowhere */
	good_driver(2);
	for (unsigned int i = 0; i < 512; i++)
		driver.table[i] = UINT16_MAX;
	assert_string_equal(
		told(128, 2),
		"warning port nic: RSS is uneven, its table leads to queue 0: 0 %, 1: 0 %\n");
}

static void untold(void **state)
{
	(void)state;
	good_driver(2);
	driver.key_rc = -ENOTSUP;
	assert_string_equal(told(128, 2), "info port nic: the driver does not tell RSS's key\n");
	good_driver(2);
	driver.types = 0;
	assert_string_equal(told(128, 2), "info port nic: the driver does not tell RSS's key\n");
	good_driver(2);
	memset(driver.key, 0, sizeof(driver.key));
	assert_string_equal(told(128, 2), "info port nic: the driver does not tell RSS's key\n");
	good_driver(2);
	driver.table_rc = -ENOTSUP;
	assert_string_equal(told(128, 2), "info port nic: the driver does not tell RSS's table\n");
	good_driver(2);
	assert_string_equal(told(0, 2), "info port nic: the driver does not tell RSS's table\n");
	good_driver(2);
	assert_string_equal(told(1024, 2), "info port nic: the driver does not tell RSS's table\n");
	good_driver(2);
	driver.key_rc = driver.table_rc = -ENOTSUP;
	assert_string_equal(told(128, 2),
			    "info port nic: the driver does not tell RSS's key and table\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configured), cmocka_unit_test(even_and_symmetric),
		cmocka_unit_test(asymmetric), cmocka_unit_test(uneven),
		cmocka_unit_test(untold),
	};

	return cmocka_run_group_tests_name("rss", tests, NULL, NULL);
}

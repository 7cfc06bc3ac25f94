/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a port spreads packets over its receive queues by their addresses and ports, and what is
 * really in force once it runs.  Nothing depends on it but speed.
 */
#ifndef TANDEM_RSS_H
#define TANDEM_RSS_H

#include <rte_ethdev.h>

#include "config.h"

#define RSS_KEY_BYTES  64		       /* the longest key that a driver may ask for */
#define RSS_MAX_QUEUES (CONFIG_MAX_QUEUES + 1) /* the exception queue too */

/* The two bytes that make a hash of (a, b) that of (b, a), again and again. */
extern const uint8_t rss_symmetric_key[RSS_KEY_BYTES];

/* Bytes of key that a driver wants. */
uint8_t rss_key_length(const struct rte_eth_dev_info *info);

/* Ask for it in `conf`.  False when the driver has none, or there is nothing to spread over. */
bool rss_configure(const struct rte_eth_dev_info *info, uint16_t queues, struct rte_eth_conf *conf);

/* What a driver says of itself; it may not answer. */
struct rss_report {
	bool key_known, symmetric;
	bool table_known, even;
	unsigned int share[RSS_MAX_QUEUES]; /* entries of the table that lead to each queue */
	unsigned int entries;		    /* of the table */
};

/* Read what is in force on a started port. */
void rss_inspect(uint16_t port_id, const struct rte_eth_dev_info *info, uint16_t queues,
		 struct rss_report *report);

/* Tell it in the log: a warning when the spread is uneven, or asymmetric. */
void rss_tell(const char *port, uint16_t queues, const struct rss_report *report);

#endif

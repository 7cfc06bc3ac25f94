/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The key of a leg and of a flow's direction: whose packets, to which of our ends.
 *
 * IPv4 keys have 12 bytes and live in the first line of a record; an IPv6 key is to add its
 * addresses in a second line, behind the same hash and tag.
 */
#ifndef TANDEM_TUPLE_H
#define TANDEM_TUPLE_H

#include <stdbool.h>
#include <string.h>

#include <rte_byteorder.h>

#include "mailbox.h"

/* Network byte order. */
struct tuple {
	rte_be32_t peer_addr;
	rte_be32_t relay_addr;
	rte_be16_t peer_port;
	rte_be16_t relay_port;
};

/* Secret of a process: without it nobody can aim keys at one bucket. */
struct tuple_seed {
	uint64_t k[2];
};

static inline bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
	return ((a->peer_addr ^ b->peer_addr) | (a->relay_addr ^ b->relay_addr) |
		(uint32_t)(a->peer_port ^ b->peer_port) |
		(uint32_t)(a->relay_port ^ b->relay_port)) == 0;
}

/*
 * One 64 by 64 bit multiplication with both halves folded together.  Linear hashes (CRC) are out:
 * their collisions do not depend on the seed.
 */
static inline uint64_t tuple_hash(const struct tuple_seed *seed, const struct tuple *t)
{
	uint64_t addrs = (uint64_t)t->peer_addr << 32 | t->relay_addr;
	uint64_t ports = (uint64_t)t->peer_port << 16 | t->relay_port;
	unsigned __int128 product = (unsigned __int128)(addrs ^ seed->k[0]) *
				    ((ports * 0x9e3779b97f4a7c15ULL) ^ seed->k[1]);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline rte_be32_t tuple_v4(const struct in6_addr *mapped)
{
	rte_be32_t addr;

	memcpy(&addr, &mapped->s6_addr[12], sizeof(addr));
	return addr;
}

static inline void tuple_map_v4(struct in6_addr *mapped, rte_be32_t addr)
{
	memset(mapped, 0, sizeof(*mapped));
	mapped->s6_addr[10] = 0xff;
	mapped->s6_addr[11] = 0xff;
	memcpy(&mapped->s6_addr[12], &addr, sizeof(addr));
}

static inline void tuple_to_four(const struct tuple *t, struct four_tuple *four)
{
	tuple_map_v4(&four->peer_addr, t->peer_addr);
	tuple_map_v4(&four->relay_addr, t->relay_addr);
	four->peer_port = t->peer_port;
	four->relay_port = t->relay_port;
}

static inline struct tuple tuple_from_four(const struct four_tuple *four)
{
	return (struct tuple){
		.peer_addr = tuple_v4(&four->peer_addr),
		.relay_addr = tuple_v4(&four->relay_addr),
		.peer_port = four->peer_port,
		.relay_port = four->relay_port,
	};
}

#endif

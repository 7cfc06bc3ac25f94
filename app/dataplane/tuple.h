/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The key of a leg and of a flow's direction: whose packets, to which of our ends.
 *
 * The *ends* are 12 bytes: ports and addresses of IPv4, and of IPv6 each address folded to 32 bits.
 * They are all that is compared for IPv4; for IPv6 the addresses themselves come behind.
 */
#ifndef TANDEM_TUPLE_H
#define TANDEM_TUPLE_H

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>

#include "mailbox.h"

/* Network byte order, and in the order of a packet from the peer. */
struct tuple_ends {
	rte_be32_t peer_addr;
	rte_be32_t relay_addr;
	rte_be16_t peer_port;
	rte_be16_t relay_port;
};

static_assert(sizeof(struct tuple_ends) == 12, "it has no padding");

/* The addresses of an IPv6 key. */
struct tuple_wide {
	struct in6_addr peer;
	struct in6_addr relay;
};

struct tuple {
	struct tuple_ends ends;
	bool v6;
	struct tuple_wide wide; /* IPv6 only */
};

/* Secret of a process: without it nobody can aim keys at one bucket. */
struct tuple_seed {
	uint64_t k[2];
};

static inline rte_be32_t tuple_fold(const struct in6_addr *addr)
{
	const uint32_t *w = addr->s6_addr32;

	return w[0] ^ w[1] ^ w[2] ^ w[3];
}

/* Both at once, in any order. */
static inline uint32_t tuple_ports(const struct tuple_ends *ends)
{
	uint32_t ports;

	memcpy(&ports, &ends->peer_port, sizeof(ports));
	return ports;
}

static inline bool tuple_ends_equal(const struct tuple_ends *a, const struct tuple_ends *b)
{
	return ((a->peer_addr ^ b->peer_addr) | (a->relay_addr ^ b->relay_addr) |
		(tuple_ports(a) ^ tuple_ports(b))) == 0;
}

static inline bool tuple_wide_equal(const struct tuple_wide *a, const struct tuple_wide *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
	return tuple_ends_equal(&a->ends, &b->ends) && a->v6 == b->v6 &&
	       (!a->v6 || tuple_wide_equal(&a->wide, &b->wide));
}

/* One 64 by 64 bit multiplication with both halves folded together. */
static inline uint64_t tuple_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t tuple_half(const struct in6_addr *addr, unsigned int half)
{
	uint64_t word;

	memcpy(&word, &addr->s6_addr[half * 8], sizeof(word));
	return word;
}

/*
 * Linear hashes (CRC, and the folding of the ends) are out: their collisions do not depend on the
 * seed.  So of IPv6 all of the addresses is mixed in.
 */
static inline uint64_t tuple_hash(const struct tuple_seed *seed, const struct tuple *t)
{
	uint64_t addrs = (uint64_t)t->ends.peer_addr << 32 | t->ends.relay_addr;
	uint64_t ports = tuple_ports(&t->ends);

	if (unlikely(t->v6))
		addrs = tuple_mix(tuple_half(&t->wide.peer, 0) ^ seed->k[1],
				  tuple_half(&t->wide.peer, 1) ^ seed->k[0]) +
			tuple_mix(tuple_half(&t->wide.relay, 0) ^ seed->k[0],
				  tuple_half(&t->wide.relay, 1) ^ ~seed->k[1]);
	return tuple_mix(addrs ^ seed->k[0], (ports * 0x9e3779b97f4a7c15ULL) ^ seed->k[1]);
}

/* What limits count as one source: an IPv4 address, or the IPv6 network of 64 bits that a household
 * has to itself.  No IPv6 network that is routed begins with 32 zero bits. */
static inline uint64_t tuple_source(const struct tuple *t)
{
	return t->v6 ? rte_be_to_cpu_64(tuple_half(&t->wide.peer, 0))
		     : rte_be_to_cpu_32(t->ends.peer_addr);
}

#define TUPLE_WORDS 6

/* The key as words for a keyed function; returns how many there are. */
static inline unsigned int tuple_words(const struct tuple *t, uint64_t words[TUPLE_WORDS])
{
	words[0] = (uint64_t)t->ends.peer_addr << 32 | t->ends.relay_addr;
	words[1] = (uint64_t)t->ends.peer_port << 16 | t->ends.relay_port;
	if (!t->v6)
		return 2;
	words[2] = tuple_half(&t->wide.peer, 0);
	words[3] = tuple_half(&t->wide.peer, 1);
	words[4] = tuple_half(&t->wide.relay, 0);
	words[5] = tuple_half(&t->wide.relay, 1);
	return 6;
}

static inline rte_be32_t tuple_v4(const struct in6_addr *mapped)
{
	return mapped->s6_addr32[3];
}

static inline void tuple_map_v4(struct in6_addr *mapped, rte_be32_t addr)
{
	memset(mapped, 0, sizeof(*mapped));
	mapped->s6_addr[10] = 0xff;
	mapped->s6_addr[11] = 0xff;
	mapped->s6_addr32[3] = addr;
}

/* The addresses are 16 bytes each and need not be aligned. */
static inline void tuple_set_v6(struct tuple *t, const void *peer, const void *relay)
{
	t->v6 = true;
	memcpy(&t->wide.peer, peer, sizeof(t->wide.peer));
	memcpy(&t->wide.relay, relay, sizeof(t->wide.relay));
	t->ends.peer_addr = tuple_fold(&t->wide.peer);
	t->ends.relay_addr = tuple_fold(&t->wide.relay);
}

static inline void tuple_to_four(const struct tuple *t, struct four_tuple *four)
{
	if (t->v6) {
		four->peer_addr = t->wide.peer;
		four->relay_addr = t->wide.relay;
	} else {
		tuple_map_v4(&four->peer_addr, t->ends.peer_addr);
		tuple_map_v4(&four->relay_addr, t->ends.relay_addr);
	}
	four->peer_port = t->ends.peer_port;
	four->relay_port = t->ends.relay_port;
}

/* A connection has one family: both ends are IPv4-mapped, or none is. */
static inline struct tuple tuple_from_four(const struct four_tuple *four)
{
	struct tuple t = {
		.ends = {.peer_port = four->peer_port, .relay_port = four->relay_port},
	};

	if (IN6_IS_ADDR_V4MAPPED(&four->relay_addr)) {
		t.ends.peer_addr = tuple_v4(&four->peer_addr);
		t.ends.relay_addr = tuple_v4(&four->relay_addr);
	} else {
		tuple_set_v6(&t, &four->peer_addr, &four->relay_addr);
	}
	return t;
}

#endif

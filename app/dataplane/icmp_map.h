/* SPDX-License-Identifier: BSD-3-Clause */
/* What an ICMP error of one family is in the other: RFC 7915 sections 4.2 and 5.2. */
#ifndef TANDEM_ICMP_MAP_H
#define TANDEM_ICMP_MAP_H

#include <stdbool.h>
#include <stdint.h>

/* What the 32 bits behind type, code and checksum say; host order. */
enum icmp_detail {
	ICMP_DETAIL_NONE,
	ICMP_DETAIL_MTU,     /* of the next hop, bytes; of ICMPv4 0 where a router does not tell */
	ICMP_DETAIL_POINTER, /* offset in the quoted packet */
};

struct icmp_meaning {
	uint8_t type, code;
	uint8_t detail; /* enum icmp_detail */
	uint32_t value;
};

/* Read `word`, as it is in the message (host order), by type and code. */
struct icmp_meaning icmp_meaning_read(bool v6, uint8_t type, uint8_t code, uint32_t word);

/* The inverse: the word of a message. */
uint32_t icmp_meaning_word(bool v6, const struct icmp_meaning *m);

/*
 * Turn the meaning of an ICMPv4 error (`to6`) or ICMPv6 error into that of the other family.  An
 * MTU is kept: it is for the caller to adjust.  False: the other family has no word for it, and it
 * is to be dropped.
 */
bool icmp_meaning_map(bool to6, struct icmp_meaning *m);

#endif

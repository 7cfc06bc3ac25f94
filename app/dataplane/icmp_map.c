/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>

#include <rte_common.h>

#include "icmp_map.h"

/* Pointers without a counterpart. */
#define NONE UINT8_MAX

/* Of fields of the IPv4 header, by offset, and of the IPv6 header; what is behind has none. */
static const uint8_t pointers_to6[20] = {
	0,    1,    4,	  4,	/* version and length, type of service, total length */
	NONE, NONE, NONE, NONE, /* what is about fragments */
	7,    6,    NONE, NONE, /* time to live, protocol, checksum */
	8,    8,    8,	  8,	/* source */
	24,   24,   24,	  24,	/* destination */
};

static const uint8_t pointers_to4[40] = {
	0,  1,	NONE, NONE, /* version and class, flow label */
	2,  2,	9,    8,    /* payload length, next header, hop limit */
	12, 12, 12,   12,   12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12,
	16, 16, 16,   16,   16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
};

struct mapping {
	uint8_t type;
	uint32_t codes; /* those that are taken as one, a bit each */
	uint8_t to_type, to_code;
	uint8_t to_detail; /* enum icmp_detail */
	uint8_t to_value;  /* of a pointer that the message does not come with */
};

#define CODE(code) (UINT32_C(1) << (code))
#define MAX_CODE   31

/* Of an ICMPv4 parameter problem: the pointer shows it; bad length. */
#define POINTED	   0
#define BAD_LENGTH 2

/* Offset of the next header in IPv6's. */
#define NEXT_HEADER 6

static const struct mapping to6_rows[] = {
	{ICMP_DEST_UNREACH,
	 CODE(ICMP_NET_UNREACH) | CODE(ICMP_HOST_UNREACH) | CODE(ICMP_SR_FAILED) |
		 CODE(ICMP_NET_UNKNOWN) | CODE(ICMP_HOST_UNKNOWN) | CODE(ICMP_HOST_ISOLATED) |
		 CODE(ICMP_NET_UNR_TOS) | CODE(ICMP_HOST_UNR_TOS),
	 ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, ICMP_DETAIL_NONE, 0},
	{ICMP_DEST_UNREACH,
	 CODE(ICMP_NET_ANO) | CODE(ICMP_HOST_ANO) | CODE(ICMP_PKT_FILTERED) |
		 CODE(ICMP_PREC_CUTOFF),
	 ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, ICMP_DETAIL_NONE, 0},
	{ICMP_DEST_UNREACH, CODE(ICMP_PORT_UNREACH), ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT,
	 ICMP_DETAIL_NONE, 0},
	{ICMP_DEST_UNREACH, CODE(ICMP_PROT_UNREACH), ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER,
	 ICMP_DETAIL_POINTER, NEXT_HEADER},
	{ICMP_DEST_UNREACH, CODE(ICMP_FRAG_NEEDED), ICMP6_PACKET_TOO_BIG, 0, ICMP_DETAIL_MTU, 0},
	{ICMP_TIME_EXCEEDED, CODE(ICMP_EXC_TTL), ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT,
	 ICMP_DETAIL_NONE, 0},
	{ICMP_TIME_EXCEEDED, CODE(ICMP_EXC_FRAGTIME), ICMP6_TIME_EXCEEDED,
	 ICMP6_TIME_EXCEED_REASSEMBLY, ICMP_DETAIL_NONE, 0},
	{ICMP_PARAMETERPROB, CODE(POINTED) | CODE(BAD_LENGTH), ICMP6_PARAM_PROB,
	 ICMP6_PARAMPROB_HEADER, ICMP_DETAIL_POINTER, 0},
};

static const struct mapping to4_rows[] = {
	{ICMP6_DST_UNREACH,
	 CODE(ICMP6_DST_UNREACH_NOROUTE) | CODE(ICMP6_DST_UNREACH_BEYONDSCOPE) |
		 CODE(ICMP6_DST_UNREACH_ADDR),
	 ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, ICMP_DETAIL_NONE, 0},
	{ICMP6_DST_UNREACH, CODE(ICMP6_DST_UNREACH_ADMIN), ICMP_DEST_UNREACH, ICMP_HOST_ANO,
	 ICMP_DETAIL_NONE, 0},
	{ICMP6_DST_UNREACH, CODE(ICMP6_DST_UNREACH_NOPORT), ICMP_DEST_UNREACH, ICMP_PORT_UNREACH,
	 ICMP_DETAIL_NONE, 0},
	{ICMP6_PACKET_TOO_BIG, CODE(0), ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, ICMP_DETAIL_MTU, 0},
	{ICMP6_TIME_EXCEEDED, CODE(ICMP6_TIME_EXCEED_TRANSIT), ICMP_TIME_EXCEEDED, ICMP_EXC_TTL,
	 ICMP_DETAIL_NONE, 0},
	{ICMP6_TIME_EXCEEDED, CODE(ICMP6_TIME_EXCEED_REASSEMBLY), ICMP_TIME_EXCEEDED,
	 ICMP_EXC_FRAGTIME, ICMP_DETAIL_NONE, 0},
	{ICMP6_PARAM_PROB, CODE(ICMP6_PARAMPROB_HEADER), ICMP_PARAMETERPROB, POINTED,
	 ICMP_DETAIL_POINTER, 0},
	{ICMP6_PARAM_PROB, CODE(ICMP6_PARAMPROB_NEXTHEADER), ICMP_DEST_UNREACH, ICMP_PROT_UNREACH,
	 ICMP_DETAIL_NONE, 0},
};

struct icmp_meaning icmp_meaning_read(bool v6, uint8_t type, uint8_t code, uint32_t word)
{
	struct icmp_meaning m = {.type = type, .code = code};

	if (v6 && type == ICMP6_PACKET_TOO_BIG) {
		m.code = 0; /* RFC 4443 3.2: the receiver ignores it */
		m.detail = ICMP_DETAIL_MTU;
		m.value = word;
	} else if (v6 && type == ICMP6_PARAM_PROB) {
		m.detail = ICMP_DETAIL_POINTER;
		m.value = word;
	} else if (!v6 && type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED) {
		m.detail = ICMP_DETAIL_MTU;
		m.value = word & UINT16_MAX;
	} else if (!v6 && type == ICMP_PARAMETERPROB) {
		m.detail = ICMP_DETAIL_POINTER;
		m.value = word >> 24;
	}
	return m;
}

uint32_t icmp_meaning_word(bool v6, const struct icmp_meaning *m)
{
	return !v6 && m->detail == ICMP_DETAIL_POINTER ? m->value << 24 : m->value;
}

static bool map_pointer(const uint8_t *pointers, size_t n, uint32_t *value)
{
	if (*value >= n || pointers[*value] == NONE)
		return false;
	*value = pointers[*value];
	return true;
}

static bool map_value(bool to6, const struct mapping *row, struct icmp_meaning *m)
{
	if (row->to_detail == ICMP_DETAIL_MTU)
		return true;
	if (row->to_detail != ICMP_DETAIL_POINTER || m->detail != ICMP_DETAIL_POINTER) {
		m->value = row->to_value;
		return true;
	}
	return to6 ? map_pointer(pointers_to6, RTE_DIM(pointers_to6), &m->value)
		   : map_pointer(pointers_to4, RTE_DIM(pointers_to4), &m->value);
}

bool icmp_meaning_map(bool to6, struct icmp_meaning *m)
{
	const struct mapping *rows = to6 ? to6_rows : to4_rows;
	size_t i, n = to6 ? RTE_DIM(to6_rows) : RTE_DIM(to4_rows);

	if (m->code > MAX_CODE)
		return false;
	for (i = 0; i < n; i++) {
		if (rows[i].type != m->type || (rows[i].codes & CODE(m->code)) == 0)
			continue;
		if (!map_value(to6, &rows[i], m))
			return false;
		m->type = rows[i].to_type;
		m->code = rows[i].to_code;
		m->detail = rows[i].to_detail;
		return true;
	}
	return false;
}

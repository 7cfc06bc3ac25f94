/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP options as they lie in a header: RFC 9293 3.1, RFC 7323, RFC 2018. */
#ifndef TANDEM_TCP_OPTION_H
#define TANDEM_TCP_OPTION_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>

enum tcp_option_kind {
	TCP_OPTION_END = 0,
	TCP_OPTION_NOP = 1,
	TCP_OPTION_MSS = 2,
	TCP_OPTION_WSCALE = 3,
	TCP_OPTION_SACK_PERMITTED = 4,
	TCP_OPTION_SACK = 5,
	TCP_OPTION_TIMESTAMP = 8,
};

/* A place in the options; offsets count from the start of the TCP header. */
struct tcp_option {
	uint8_t kind;
	uint8_t length;	    /* with kind and length */
	unsigned int value; /* offset of what follows them */
	unsigned int next;  /* offset behind the option */
};

#define TCP_OPTION_FIRST ((struct tcp_option){.next = 20})

/*
 * Step to the next option other than NOP of a header of `header` bytes (20..60) that is wholly in
 * memory.  Returns false at the end, and at an option that does not fit.
 */
static inline bool tcp_option_next(struct tcp_option *o, const uint8_t *tcp, unsigned int header)
{
	unsigned int at = o->next;

	while (at < header && tcp[at] == TCP_OPTION_NOP)
		at++;
	if (at + 2 > header || tcp[at] == TCP_OPTION_END || tcp[at + 1] < 2 ||
	    at + tcp[at + 1] > header)
		return false;
	o->kind = tcp[at];
	o->length = tcp[at + 1];
	o->value = at + 2;
	o->next = at + o->length;
	return true;
}

static inline uint32_t tcp_option_get32(const uint8_t *at)
{
	rte_be32_t be;

	memcpy(&be, at, sizeof(be));
	return rte_be_to_cpu_32(be);
}

/* The numbers of a header with a timestamps option, host order. */
static inline bool tcp_option_timestamps(const void *tcp, unsigned int header, uint32_t *tsval,
					 uint32_t *tsecr)
{
	const uint8_t *bytes = (const uint8_t *)tcp;
	struct tcp_option o = TCP_OPTION_FIRST;

	while (tcp_option_next(&o, bytes, header)) {
		if (o.kind != TCP_OPTION_TIMESTAMP || o.length != 10)
			continue;
		*tsval = tcp_option_get32(bytes + o.value);
		*tsecr = tcp_option_get32(bytes + o.value + 4);
		return true;
	}
	return false;
}

static inline bool tcp_option_tsval(const void *tcp, unsigned int header, uint32_t *tsval)
{
	uint32_t tsecr;

	return tcp_option_timestamps(tcp, header, tsval, &tsecr);
}

#endif

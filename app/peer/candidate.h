/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection somebody offers: whose it is and where.  And the policy over where this program lets
 * itself be sent: an offer comes from far away, and must not turn its taker into a prober of its
 * own machine or network.
 */
#ifndef TANDEM_CANDIDATE_H
#define TANDEM_CANDIDATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "jid.h"

#define CANDIDATE_READ_MAX 16 /* taken from one offer */
#define CANDIDATE_TRY_MAX  8  /* of these connected to */
#define CANDIDATE_TEXT	   INET6_ADDRSTRLEN

/* sockaddr_in or sockaddr_in6 by `sa.sa_family`; ports in network byte order, as always there. */
union candidate_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct candidate {
	char jid[JID_MAX + 1];
	union candidate_address addr;
};

struct ifaddrs;

struct candidate_policy {
	bool allow_private;
	const struct ifaddrs *interfaces; /* own addresses, from getifaddrs(); may be NULL */
};

/* `ip` an IPv4 or IPv6 literal, `port` 1..65535 in decimal.  0 or -EINVAL.  NULL texts are invalid.
 */
int candidate_parse(const char *ip, const char *port, union candidate_address *addr);

/* Back to texts: `ip` holds CANDIDATE_TEXT bytes, `port` six. */
void candidate_format(const union candidate_address *addr, char *ip, char *port);

bool candidate_is_loopback(const union candidate_address *addr);

socklen_t candidate_length(const union candidate_address *addr);

/* Why the Target must not connect to `addr`, in a few words; NULL when it may. */
const char *candidate_refusal(const union candidate_address *addr,
			      const struct candidate_policy *policy);

#endif

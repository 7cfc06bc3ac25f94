/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read-only view of the data plane's counters, for the stats endpoint.
 *
 * Every counter has one writer, the worker it belongs to, which writes it with relaxed stores;
 * any thread reads it with relaxed loads and disturbs nobody.  Counters only grow, gauges (legs)
 * go both ways.
 */
#ifndef TANDEM_DATAPLANE_STATS_H
#define TANDEM_DATAPLANE_STATS_H

#include <stdint.h>

/* Why a packet went no further: the closed set of tandem_dropped_packets_total{reason}. */
enum drop_reason {
	DROP_MALFORMED,	   /* lengths that lie, headers cut off */
	DROP_CHECKSUM,	   /* verified where state would change, or an IPv4 header goes */
	DROP_TTL,	   /* TTL 1 or 0 */
	DROP_OTHER_HOST,   /* a unicast MAC that is not the port's */
	DROP_VLAN,	   /* a VLAN tag that is not the port's, or none where it has one */
	DROP_FRAGMENT,	   /* the service's TCP in an IP fragment or behind IPv6 extension
			      headers */
	DROP_MARTIAN,	   /* service TCP from an own, multicast, broadcast, loopback or unspecified
			      source, or from a MAC that is no host's */
	DROP_HALF_OPEN,	   /* no room for a half-open leg */
	DROP_LEGS,	   /* too many unclaimed legs in all */
	DROP_LEGS_SOURCE,  /* too many of one source */
	DROP_RENDEZVOUS,   /* a SYN to a rendezvous address that takes no more */
	DROP_NO_LEG,	   /* service TCP that belongs to no leg and no flow */
	DROP_NOT_EXPECTED, /* a segment its leg's state has no use for */
	DROP_OWNER_BUSY,   /* the worker it belongs to has more waiting than it may have */
	DROP_RATE,	   /* a rate limit: challenge ACKs, ICMP errors, packets to the kernel */
	DROP_RATE_SESSION, /* payload over the rate of its session */
	DROP_NO_BUFFER,	   /* no mbuf for an answer, no room in one for a longer header */
	DROP_TOO_BIG,	   /* larger than the way out takes, and not to be cut */
	DROP_ICMP_WINDOW,  /* an ICMP error that quotes a segment which is not outstanding */
	DROP_ICMP_IGNORED, /* one about a leg not spliced, or of no use to the other end */
	DROP_TX,	   /* the port did not take it */
	DROP_REASONS
};

/* What became of SYN cookies: the closed set of tandem_syn_cookies_total{result}. */
enum cookie_result {
	COOKIE_SENT,	/* in answer to a SYN */
	COOKIE_VALID,	/* came back */
	COOKIE_INVALID, /* an ACK of nobody's without one, while some were outstanding */
	COOKIE_RESULTS
};

enum leg_gauge { LEG_GAUGE_HALF_OPEN, LEG_GAUGE_UNCLAIMED, LEG_GAUGE_CLAIMED, LEG_GAUGES };

/* ICMP errors: of others about relayed packets, translated, and our own. */
enum icmp_error_kind { ICMP_ERROR_TRANSLATED, ICMP_ERROR_TOO_BIG, ICMP_ERROR_KINDS };

/* One worker's counters, on cache lines nobody else writes. */
struct worker_stats {
	uint64_t packets;			/* received on ports */
	uint64_t handed_over;			/* of those, given to the worker that owns them */
	uint64_t relayed_packets;		/* translated and handed to a port */
	uint64_t relayed_bytes;			/* TCP payload of those */
	uint64_t exception_rx;			/* handed to the kernel */
	uint64_t exception_tx;			/* from the kernel, handed to a port */
	uint64_t icmp_errors[ICMP_ERROR_KINDS]; /* handed to a port */
	uint64_t dropped[DROP_REASONS];
	uint64_t syn_cookies[COOKIE_RESULTS];
	uint64_t legs[LEG_GAUGES]; /* gauges */
	uint64_t cycles;	   /* TSC cycles since the worker started */
	uint64_t busy_cycles;	   /* those spent on bursts that held something */
} __attribute__((aligned(128)));

struct dataplane;

unsigned int dataplane_worker_count(const struct dataplane *dp);
/* Never NULL for index < dataplane_worker_count(). Any thread. */
const struct worker_stats *dataplane_worker_stats(const struct dataplane *dp, unsigned int index);

/* The reason's metric label, lower case with underscores. */
const char *drop_reason_label(enum drop_reason reason);
/* Likewise the result's. */
const char *cookie_result_label(enum cookie_result result);

#endif

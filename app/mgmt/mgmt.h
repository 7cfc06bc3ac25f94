/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stats endpoint of tandemd: HTTP at `stats.listen` for whoever watches the appliance.
 *
 *   GET /metrics   every metric family of metric.c as OpenMetrics 1.0 text
 *   GET /stats     the same numbers as JSON
 *   GET /          and as a page for people
 *   GET /healthz   200 when every worker runs and the XMPP stream is up, else 503 naming each cause
 *
 * It only ever reads: other threads' counters, by relaxed loads, and what `struct mgmt_port` gives.
 * It tells numbers and names out of closed sets; no JID, sid, peer address or secret gets here.
 */
#ifndef TANDEM_MGMT_H
#define TANDEM_MGMT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct config;
struct control_stats;
struct dataplane;

/* How the endpoint asks about one port.  Both functions are called on the stats thread, must not
 * block, and must not wait for a worker. */
struct mgmt_port {
	void *ctx;
	bool (*up)(void *ctx);		  /* the link is up and workers poll it */
	uint64_t (*rx_missed)(void *ctx); /* packets lost for want of room on the queues */
	bool (*steered)(void *ctx);	  /* rte_flow parts service traffic from the rest */
};

/* What is shown.  All that is pointed to stays the caller's and outlives mgmt_stop(). */
struct mgmt_sources {
	const struct config *cfg;
	const struct dataplane *dp;
	const struct control_stats *control;
	const struct mgmt_port *ports; /* one for each of cfg->ports, in that order */
	time_t started;		       /* Unix time at which tandemd started */
};

/* For tests; everybody else passes NULL and gets the defaults. */
struct mgmt_times {
	uint32_t connection_ms; /* a connection lives at most so long, 10 s */
	uint32_t stuck_ms;	/* a worker whose `cycles` stands still so long does not run, 2 s */
};

struct mgmt;

/*
 * Listen on stats.listen and serve from a thread of our own, with all signals blocked.  That thread
 * inherits the caller's CPU affinity: call it from a thread that is not on a worker's lcore.
 *
 * `src` is copied.  A worker runs while its `cycles` advances; it has to store it at least every
 * 100 ms, idle or not.  Until a worker was seen to advance once, it does not run.
 *
 * Returns 0, with NULL in `*out` when the configuration has no stats section; or a negative errno
 * and NULL in `*out`: -EINVAL when listen_host is not an IPv4 or IPv6 literal or a port has no
 * function, -ENAMETOOLONG or -EEXIST when the configuration's ports cannot be told apart by the
 * part of `device` before the first comma, -EADDRINUSE, -EACCES and such of socket(), bind() and
 * listen(), -ENOMEM, or -EIO when libmicrohttpd does not start.
 */
int mgmt_start(const struct mgmt_sources *src, const struct mgmt_times *times, struct mgmt **out);

/* Cut all connections, end the thread, free everything.  NULL is allowed. */
void mgmt_stop(struct mgmt *m);

/* The TCP port listened on, host byte order: tells which one it became when 0 was asked for. */
uint16_t mgmt_listen_port(const struct mgmt *m);

#endif

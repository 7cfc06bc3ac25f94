/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read-only view of the control plane's counters, for the stats endpoint.
 *
 * One writer, the control thread, with relaxed stores; any thread reads with relaxed loads.
 */
#ifndef TANDEM_CONTROL_STATS_H
#define TANDEM_CONTROL_STATS_H

#include <stdbool.h>
#include <stdint.h>

/* tandem_sessions{state}: gauges. */
enum session_state_label {
	SESSIONS_WAITING,  /* a claim without a leg */
	SESSIONS_CLAIMED,  /* a claim with its leg, without a partner */
	SESSIONS_SPLICING, /* paired, the legs are being retired */
	SESSIONS_SPLICED,
	SESSION_STATES
};

/* tandem_sessions_closed_total{reason}: the one reason a claim or a spliced pair ended for. */
enum session_reason {
	SESSION_FINISHED,   /* both FINs passed and are acknowledged */
	SESSION_RESET,	    /* an end reset it */
	SESSION_IDLE,	    /* idle or transitory timer */
	SESSION_NO_LEG,	    /* timers.match: no leg came */
	SESSION_NO_PARTNER, /* timers.pair: no partner came */
	SESSION_LEG_LOST,   /* the leg went away before the splice */
	SESSION_REPLACED,   /* a newer claim by the same JID */
	SESSION_CONFLICT,   /* more than one candidate, a stolen leg, a third claim */
	SESSION_REFUSED,    /* access, limits, or a splice that was not possible */
	SESSION_VOLUME,	    /* a JID used up its volume of the day */
	SESSION_ENDED,	    /* an operator ended it */
	SESSION_SHUTDOWN,   /* tandemd stops */
	SESSION_REASONS
};

/* tandem_iq_total{kind,result} */
enum iq_kind {
	IQ_CLAIM,
	IQ_ADDRESS,
	IQ_ACTIVATE,   /* of a SOCKS5 bytestream */
	IQ_STREAMHOST, /* its address query */
	IQ_PING,
	IQ_DISCO,
	IQ_VERSION,
	IQ_LAST,
	IQ_COMMAND,
	IQ_OTHER,
	IQ_KINDS
};
enum iq_result {
	IQ_OK,
	IQ_BAD_REQUEST,
	IQ_FORBIDDEN,
	IQ_ITEM_NOT_FOUND,
	IQ_CONFLICT,
	IQ_RESOURCE_CONSTRAINT,
	IQ_SERVICE_UNAVAILABLE,
	IQ_REMOTE_SERVER_TIMEOUT,
	IQ_POLICY_VIOLATION,
	IQ_JID_MALFORMED,
	IQ_NOT_ALLOWED,
	IQ_DRAINING, /* service-unavailable for a while */
	IQ_RESULTS
};

/* tandem_refusals_total{limit}: what says no to a request.  REFUSALS: none of these. */
enum refusal {
	REFUSAL_ACCESS, /* access.allow, access.deny */
	REFUSAL_ADMINS, /* access.admins */
	REFUSAL_STRICT, /* services.endpoint.strict */
	REFUSAL_SESSIONS,
	REFUSAL_SESSIONS_PER_JID,
	REFUSAL_SESSIONS_PER_DOMAIN,
	REFUSAL_VOLUME_PER_JID,
	REFUSAL_RESERVATIONS, /* every rendezvous address is taken, or rests */
	REFUSAL_RESERVATIONS_PER_JID,
	REFUSAL_NO_MEMORY,
	REFUSAL_COOKIES, /* SYN cookies are in force: DESIGN 2.1 rule 3 */
	REFUSAL_FLOWS,	 /* the flow table is full */
	REFUSAL_DRAINING,
	REFUSALS
};

/* tandem_config_reloads_total{result} */
enum reload_result { RELOAD_APPLIED, RELOAD_REFUSED, RELOAD_RESULTS };

/* Upper bounds of the tandem_setup_seconds buckets, in microseconds; +Inf follows. */
#define SETUP_BUCKETS 12
extern const uint32_t setup_bucket_us[SETUP_BUCKETS];

struct control_stats {
	uint64_t sessions[SESSION_STATES];
	uint64_t sessions_closed[SESSION_REASONS];
	uint64_t iq[IQ_KINDS][IQ_RESULTS];
	uint64_t setup_count[SETUP_BUCKETS + 1]; /* each its own bucket, not cumulated */
	uint64_t setup_sum_us;
	uint64_t reservations; /* gauge */
	uint64_t refusals[REFUSALS];
	uint64_t config_reloads[RELOAD_RESULTS];
	uint64_t stanzas_dropped;   /* without from, to somebody else, unparsable */
	uint64_t stanzas_oversized; /* over a cap of DESIGN 4 */
	uint64_t stream_connects;
	uint64_t xmpp_connected; /* gauge, 0 or 1 */
} __attribute__((aligned(128)));

/* Metric labels, lower case with underscores; iq results as the stanza errors are
 * named, but for "draining": one error may stand for one label only.  Refusals are elements of
 * stanza errors too, see reply.h. */
const char *session_state_name(enum session_state_label state);
const char *session_reason_name(enum session_reason reason);
const char *iq_kind_name(enum iq_kind kind);
const char *iq_result_name(enum iq_result result);
const char *refusal_name(enum refusal refusal);
const char *reload_result_name(enum reload_result result);

#endif

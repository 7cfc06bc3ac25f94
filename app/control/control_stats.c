/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "control_stats.h"

#define NAME_OF(names, i) \
	((size_t)(i) < sizeof(names) / sizeof((names)[0]) ? (names)[(i)] : "unknown")

/* From a hand-over between two threads to a partner that is slow to connect. */
const uint32_t setup_bucket_us[SETUP_BUCKETS] = {
	50, 100, 250, 500, 1000, 5000, 25000, 100000, 500000, 1000000, 3000000, 10000000,
};

static const char *const state_names[SESSION_STATES] = {
	[SESSIONS_WAITING] = "waiting",
	[SESSIONS_CLAIMED] = "claimed",
	[SESSIONS_SPLICING] = "splicing",
	[SESSIONS_SPLICED] = "spliced",
};

static const char *const reason_names[SESSION_REASONS] = {
	[SESSION_FINISHED] = "finished",
	[SESSION_RESET] = "reset",
	[SESSION_IDLE] = "idle",
	[SESSION_NO_LEG] = "no_leg",
	[SESSION_NO_PARTNER] = "no_partner",
	[SESSION_LEG_LOST] = "leg_lost",
	[SESSION_REPLACED] = "replaced",
	[SESSION_CONFLICT] = "conflict",
	[SESSION_REFUSED] = "refused",
	[SESSION_VOLUME] = "volume",
	[SESSION_ENDED] = "ended",
	[SESSION_SHUTDOWN] = "shutdown",
};

static const char *const kind_names[IQ_KINDS] = {
	[IQ_CLAIM] = "claim",		[IQ_ADDRESS] = "address", [IQ_ACTIVATE] = "activate",
	[IQ_STREAMHOST] = "streamhost", [IQ_PING] = "ping",	  [IQ_DISCO] = "disco",
	[IQ_VERSION] = "version",	[IQ_LAST] = "last",	  [IQ_COMMAND] = "command",
	[IQ_OTHER] = "other",
};

static const char *const result_names[IQ_RESULTS] = {
	[IQ_OK] = "ok",
	[IQ_BAD_REQUEST] = "bad-request",
	[IQ_FORBIDDEN] = "forbidden",
	[IQ_ITEM_NOT_FOUND] = "item-not-found",
	[IQ_CONFLICT] = "conflict",
	[IQ_RESOURCE_CONSTRAINT] = "resource-constraint",
	[IQ_SERVICE_UNAVAILABLE] = "service-unavailable",
	[IQ_REMOTE_SERVER_TIMEOUT] = "remote-server-timeout",
	[IQ_POLICY_VIOLATION] = "policy-violation",
	[IQ_JID_MALFORMED] = "jid-malformed",
	[IQ_NOT_ALLOWED] = "not-allowed",
	[IQ_DRAINING] = "draining",
};

static const char *const refusal_names[REFUSALS] = {
	[REFUSAL_ACCESS] = "access",
	[REFUSAL_ADMINS] = "admins",
	[REFUSAL_STRICT] = "strict",
	[REFUSAL_SESSIONS] = "sessions",
	[REFUSAL_SESSIONS_PER_JID] = "sessions_per_jid",
	[REFUSAL_SESSIONS_PER_DOMAIN] = "sessions_per_domain",
	[REFUSAL_VOLUME_PER_JID] = "volume_per_jid",
	[REFUSAL_RESERVATIONS] = "reservations",
	[REFUSAL_RESERVATIONS_PER_JID] = "reservations_per_jid",
	[REFUSAL_NO_MEMORY] = "memory",
	[REFUSAL_COOKIES] = "cookies",
	[REFUSAL_FLOWS] = "flows",
	[REFUSAL_DRAINING] = "draining",
};

static const char *const reload_names[RELOAD_RESULTS] = {
	[RELOAD_APPLIED] = "applied",
	[RELOAD_REFUSED] = "refused",
};

const char *session_state_name(enum session_state_label state)
{
	return NAME_OF(state_names, state);
}

const char *session_reason_name(enum session_reason reason)
{
	return NAME_OF(reason_names, reason);
}

const char *iq_kind_name(enum iq_kind kind)
{
	return NAME_OF(kind_names, kind);
}

const char *iq_result_name(enum iq_result result)
{
	return NAME_OF(result_names, result);
}

const char *refusal_name(enum refusal refusal)
{
	return NAME_OF(refusal_names, refusal);
}

const char *reload_result_name(enum reload_result result)
{
	return NAME_OF(reload_names, result);
}

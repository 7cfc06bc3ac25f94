/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows, and the few ways to read them.
 *
 * A row's numbers are single-writer counters of other threads, read by relaxed loads: each is
 * right, two of them need not be of the same instant.  Series are numbered like the C array behind
 * them, the last label fastest.
 *
 * Families of DESIGN 6 whose feature is not built yet are here with the zero that is true of them.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "control_stats.h"
#include "dataplane_stats.h"
#include "metric.h"

#define PORT_MODES 2 /* how a port tells service traffic from the rest */

static uint64_t load(const void *base, size_t where, unsigned int i)
{
	const uint64_t *counter = (const void *)((const char *)base + where);

	return __atomic_load_n(&counter[i], __ATOMIC_RELAXED);
}

/* --- ways to read; `where` is the offset of the series' array in its struct --- */

static uint64_t read_control(const struct mgmt_sources *src, size_t where, unsigned int series)
{
	return load(src->control, where, series);
}

static uint64_t read_all_workers(const struct mgmt_sources *src, size_t where, unsigned int series)
{
	const unsigned int n = dataplane_worker_count(src->dp);
	uint64_t sum = 0;

	for (unsigned int i = 0; i < n; i++)
		sum += load(dataplane_worker_stats(src->dp, i), where, series);
	return sum;
}

static uint64_t read_one_worker(const struct mgmt_sources *src, size_t where, unsigned int series)
{
	return load(dataplane_worker_stats(src->dp, series), where, 0);
}

static uint64_t read_port_up(const struct mgmt_sources *src, size_t where, unsigned int series)
{
	(void)where;
	return src->ports[series].up(src->ports[series].ctx);
}

static uint64_t read_port_missed(const struct mgmt_sources *src, size_t where, unsigned int series)
{
	(void)where;
	return src->ports[series].rx_missed(src->ports[series].ctx);
}

/* Modes of a port, as steering_value() names them: 1 for the one in force. */
static uint64_t read_port_steering(const struct mgmt_sources *src, size_t where,
				   unsigned int series)
{
	const struct mgmt_port *port = &src->ports[series / PORT_MODES];

	(void)where;
	return port->steered(port->ctx) == (series % PORT_MODES == 0);
}

static uint64_t read_started(const struct mgmt_sources *src, size_t where, unsigned int series)
{
	(void)where, (void)series;
	return (uint64_t)src->started;
}

static uint64_t read_constant(const struct mgmt_sources *src, size_t where, unsigned int series)
{
	(void)src, (void)series;
	return where;
}

/* --- labels --- */

static unsigned int count_workers(const struct mgmt_sources *src)
{
	return dataplane_worker_count(src->dp);
}

static const char *worker_value(const struct mgmt_sources *src, unsigned int i, char *scratch)
{
	(void)src;
	snprintf(scratch, METRIC_LABEL_SIZE, "%u", i);
	return scratch;
}

static unsigned int count_ports(const struct mgmt_sources *src)
{
	return src->cfg->n_ports;
}

/* What follows the comma may name files and interfaces; it is nobody's business. */
static size_t port_name_length(const struct config_port *port)
{
	return strcspn(port->device, ",");
}

static const char *port_value(const struct mgmt_sources *src, unsigned int i, char *scratch)
{
	const struct config_port *port = &src->cfg->ports[i];

	snprintf(scratch, METRIC_LABEL_SIZE, "%.*s", (int)port_name_length(port), port->device);
	return scratch;
}

int metric_check_ports(const struct config *cfg)
{
	for (unsigned int i = 0; i < cfg->n_ports; i++) {
		const size_t len = port_name_length(&cfg->ports[i]);

		if (len >= METRIC_LABEL_SIZE)
			return -ENAMETOOLONG;
		for (unsigned int j = 0; j < i; j++) {
			if (len == port_name_length(&cfg->ports[j]) &&
			    memcmp(cfg->ports[i].device, cfg->ports[j].device, len) == 0)
				return -EEXIST;
		}
	}
	return 0;
}

static const char *leg_state_value(const struct mgmt_sources *src, unsigned int i, char *scratch)
{
	static const char *const names[LEG_GAUGES] = {
		[LEG_GAUGE_HALF_OPEN] = "half_open",
		[LEG_GAUGE_UNCLAIMED] = "unclaimed",
		[LEG_GAUGE_CLAIMED] = "claimed",
	};

	(void)src, (void)scratch;
	return names[i];
}

static const char *icmp_error_value(const struct mgmt_sources *src, unsigned int i, char *scratch)
{
	static const char *const names[ICMP_ERROR_KINDS] = {
		[ICMP_ERROR_TRANSLATED] = "translated",
		[ICMP_ERROR_TOO_BIG] = "too_big",
	};

	(void)src, (void)scratch;
	return names[i];
}

static const char *steering_value(const struct mgmt_sources *src, unsigned int i, char *scratch)
{
	(void)src, (void)scratch;
	return i == 0 ? "rte_flow" : "software";
}

static const char *direction_value(const struct mgmt_sources *src, unsigned int i, char *scratch)
{
	(void)src, (void)scratch;
	return i == 0 ? "to_kernel" : "from_kernel";
}

static_assert(offsetof(struct worker_stats, exception_tx) ==
		      offsetof(struct worker_stats, exception_rx) + sizeof(uint64_t),
	      "the two directions are read as an array");

static const char *version_value(const struct mgmt_sources *src, unsigned int i, char *scratch)
{
	(void)src, (void)i, (void)scratch;
	return TANDEM_VERSION;
}

/* The other rooms name their enumerations themselves. */
#define NAMED_ELSEWHERE(function, type, namer)                                                     \
	static const char *function(const struct mgmt_sources *src, unsigned int i, char *scratch) \
	{                                                                                          \
		(void)src, (void)scratch;                                                          \
		return namer((type)i);                                                             \
	}

NAMED_ELSEWHERE(session_state_value, enum session_state_label, session_state_name)
NAMED_ELSEWHERE(session_reason_value, enum session_reason, session_reason_name)
NAMED_ELSEWHERE(drop_reason_value, enum drop_reason, drop_reason_label)
NAMED_ELSEWHERE(cookie_value, enum cookie_result, cookie_result_label)
NAMED_ELSEWHERE(iq_kind_value, enum iq_kind, iq_kind_name)
NAMED_ELSEWHERE(iq_result_value, enum iq_result, iq_result_name)
NAMED_ELSEWHERE(refusal_value, enum refusal, refusal_name)
NAMED_ELSEWHERE(reload_value, enum reload_result, reload_result_name)

static const struct metric_label worker = {"worker", 0, count_workers, worker_value};
static const struct metric_label port = {"port", 0, count_ports, port_value};
static const struct metric_label steering = {"mode", PORT_MODES, NULL, steering_value};
static const struct metric_label leg_state = {"state", LEG_GAUGES, NULL, leg_state_value};
static const struct metric_label direction = {"direction", 2, NULL, direction_value};
static const struct metric_label cookie = {"result", COOKIE_RESULTS, NULL, cookie_value};
static const struct metric_label icmp_error = {"kind", ICMP_ERROR_KINDS, NULL, icmp_error_value};
static const struct metric_label refused = {"limit", REFUSALS, NULL, refusal_value};
static const struct metric_label reload = {"result", RELOAD_RESULTS, NULL, reload_value};
static const struct metric_label version = {"version", 1, NULL, version_value};
static const struct metric_label session_state = {"state", SESSION_STATES, NULL,
						  session_state_value};
static const struct metric_label closed_reason = {"reason", SESSION_REASONS, NULL,
						  session_reason_value};
static const struct metric_label dropped_reason = {"reason", DROP_REASONS, NULL, drop_reason_value};
static const struct metric_label kind = {"kind", IQ_KINDS, NULL, iq_kind_value};
static const struct metric_label result = {"result", IQ_RESULTS, NULL, iq_result_value};

static unsigned int label_values(const struct metric_label *label, const struct mgmt_sources *src)
{
	if (!label)
		return 1;
	return label->count ? label->count(src) : label->n_values;
}

unsigned int metric_series(const struct metric_family *family, const struct mgmt_sources *src)
{
	return label_values(family->labels[0], src) * label_values(family->labels[1], src);
}

const char *metric_label_value(const struct metric_family *family, const struct mgmt_sources *src,
			       unsigned int series, unsigned int k, char *scratch)
{
	const unsigned int fastest = label_values(family->labels[1], src);

	return family->labels[k]->value(src, k == 0 ? series / fastest : series % fastest, scratch);
}

/* --- the rows --- */

static const struct metric_histogram setup = {
	.bounds_us = setup_bucket_us,
	.n_bounds = SETUP_BUCKETS,
	.sum_us_where = offsetof(struct control_stats, setup_sum_us),
};

#define CONTROL(member)	    .read = read_control, .where = offsetof(struct control_stats, member)
#define WORKERS(member)	    .read = read_all_workers, .where = offsetof(struct worker_stats, member)
#define EACH_WORKER(member) .read = read_one_worker, .where = offsetof(struct worker_stats, member)
#define CONSTANT(value)	    .read = read_constant, .where = (value)

/* clang-format off */
const struct metric_family metric_families[] = {
	{"tandem_sessions", METRIC_GAUGE, NULL, "Claims and spliced pairs, by how far they are.",
	 {&session_state}, CONTROL(sessions)},
	{"tandem_sessions_closed", METRIC_COUNTER, NULL, "Claims and pairs ended, by reason.",
	 {&closed_reason}, CONTROL(sessions_closed)},
	{"tandem_refusals", METRIC_COUNTER, NULL,
	 "Requests refused, by which list, limit or state of the relay.",
	 {&refused}, CONTROL(refusals)},
	{"tandem_legs", METRIC_GAUGE, NULL, "TCP connections to the relay that are not spliced.",
	 {&leg_state}, WORKERS(legs)},
	{"tandem_reservations", METRIC_GAUGE, NULL, "Rendezvous addresses reserved.",
	 {NULL}, CONTROL(reservations)},
	{"tandem_setup_seconds", METRIC_HISTOGRAM, "seconds", "Time from a claim to clear-to-send.",
	 {NULL}, CONTROL(setup_count), .histogram = &setup},
	{"tandem_relayed_bytes", METRIC_COUNTER, "bytes", "TCP payload relayed.",
	 {NULL}, WORKERS(relayed_bytes)},
	{"tandem_relayed_packets", METRIC_COUNTER, "packets", "Packets translated and sent on.",
	 {NULL}, WORKERS(relayed_packets)},
	{"tandem_dropped_packets", METRIC_COUNTER, "packets", "Packets dropped, by reason.",
	 {&dropped_reason}, WORKERS(dropped)},
	{"tandem_icmp_errors", METRIC_COUNTER, NULL,
	 "ICMP errors about relayed packets: translated for the other end, or our own.",
	 {&icmp_error}, WORKERS(icmp_errors)},
	{"tandem_syn_cookies", METRIC_COUNTER, NULL, "SYN cookies, by what became of them.",
	 {&cookie}, WORKERS(syn_cookies)},
	{"tandem_config_reloads", METRIC_COUNTER, NULL, "Configurations loaded anew.",
	 {&reload}, CONTROL(config_reloads)},
	{"tandem_exception_packets", METRIC_COUNTER, "packets",
	 "Packets passed between the ports and the kernel.",
	 {&direction}, WORKERS(exception_rx)},
	{"tandem_iq", METRIC_COUNTER, NULL, "IQ requests answered.",
	 {&kind, &result}, CONTROL(iq)},
	{"tandem_stanzas_dropped", METRIC_COUNTER, NULL,
	 "Stanzas without a sender, not for us, or unreadable.",
	 {NULL}, CONTROL(stanzas_dropped)},
	{"tandem_stanzas_oversized", METRIC_COUNTER, NULL, "Stanzas over a cap, skipped.",
	 {NULL}, CONTROL(stanzas_oversized)},
	{"tandem_xmpp_connects", METRIC_COUNTER, NULL, "Component streams that came up.",
	 {NULL}, CONTROL(stream_connects)},
	{"tandem_xmpp_connected", METRIC_GAUGE, NULL, "1 while the component stream is up.",
	 {NULL}, CONTROL(xmpp_connected)},
	{"tandem_worker_cycles", METRIC_COUNTER, "cycles", "TSC cycles since the worker started.",
	 {&worker}, EACH_WORKER(cycles)},
	{"tandem_worker_busy_cycles", METRIC_COUNTER, "cycles", "TSC cycles spent on packets.",
	 {&worker}, EACH_WORKER(busy_cycles)},
	{"tandem_worker_packets", METRIC_COUNTER, "packets", "Packets received.",
	 {&worker}, EACH_WORKER(packets)},
	{"tandem_worker_handed_over_packets", METRIC_COUNTER, "packets",
	 "Packets received and given to the worker that owns their source.",
	 {&worker}, EACH_WORKER(handed_over)},
	{"tandem_port_up", METRIC_GAUGE, NULL, "1 while the port is up.",
	 {&port}, .read = read_port_up},
	{"tandem_port_rx_missed_packets", METRIC_COUNTER, "packets", "Packets the port had no room for.",
	 {&port}, .read = read_port_missed},
	{"tandem_port_steering", METRIC_GAUGE, NULL,
	 "1 for what tells service traffic from the rest: the NIC by rte_flow, or software.",
	 {&port, &steering}, .read = read_port_steering},
	{"tandem_build", METRIC_INFO, NULL, "What is running.",
	 {&version}, CONSTANT(1)},
	{"tandem_start_time_seconds", METRIC_GAUGE, "seconds", "Unix time at which tandemd started.",
	 {NULL}, .read = read_started},
};
/* clang-format on */

const size_t metric_families_count = sizeof(metric_families) / sizeof(metric_families[0]);

/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config.h"
#include "schema.h"

/* For the tables below: where a value is kept. */
#define KEPT(member)                               \
	.offset = offsetof(struct config, member), \
	.size = sizeof(((const struct config *)NULL)->member)
#define PORT_KEPT(member)                               \
	.offset = offsetof(struct config_port, member), \
	.size = sizeof(((const struct config_port *)NULL)->member)
#define WITH(member)	  .companion = offsetof(struct config, member)
#define PORT_WITH(member) .companion = offsetof(struct config_port, member)

#define K	  UINT64_C(1024)
#define SECOND	  UINT64_C(1000)
#define HOUR	  (3600 * SECOND)
#define DAY	  (24 * HOUR)
#define MAX_TABLE (16 * K * K)	   /* entries of any table; ids of records have 32 bits */
#define MAX_PATH  4095		   /* bytes */
#define MAX_RATE  (16 * K * K * K) /* bytes a second */
#define SECTION(name)                                  \
	{                                              \
		.path = (name), .type = SCHEMA_SECTION \
	}
#define NAMES .list = true, .max = CONFIG_MAX_JID, .max_items = CONFIG_MAX_NAMES

static const char *const tristates[] = {
	[CONFIG_AUTO] = "auto", [CONFIG_ON] = "on", [CONFIG_OFF] = "off", NULL};
static const char *const idles[] = {
	[CONFIG_IDLE_ADAPTIVE] = "adaptive", [CONFIG_IDLE_POLL] = "poll", NULL};
static const char *const log_levels[] = {[CONFIG_LOG_ERROR] = "error",
					 [CONFIG_LOG_WARNING] = "warning",
					 [CONFIG_LOG_INFO] = "info",
					 [CONFIG_LOG_DEBUG] = "debug",
					 NULL};

/* clang-format off */
const struct schema_row schema_rows[] = {
	SECTION("xmpp"),
	{"xmpp.jid", SCHEMA_TEXT, .mandatory = true, .min = 1, .max = 1023, .kind = &name_domain,
		KEPT(xmpp.jid)},
	{"xmpp.server", SCHEMA_HOST_PORT, .mandatory = true, .min = 1, .max = 253,
		.kind = &name_host, KEPT(xmpp.server_host), WITH(xmpp.server_port)},
	{"xmpp.secret_file", SCHEMA_TEXT, .mandatory = true, .min = 1, .max = MAX_PATH,
		.kind = &name_text, KEPT(xmpp.secret_file)},
	{"xmpp.namespaces", SCHEMA_TEXT, .list = true, .min = 1, .max = 256, .min_items = 1,
		.max_items = CONFIG_MAX_NAMESPACES, .def = "whoknows", .kind = &name_namespace,
		KEPT(xmpp.namespaces)},
	{"xmpp.abuse", SCHEMA_TEXT, SCHEMA_LIVE, .min = 1, .max = 1024, .kind = &name_uri,
		KEPT(xmpp.abuse)},

	SECTION("access"),
	{"access.allow", SCHEMA_TEXT, SCHEMA_LIVE, NAMES, .min = 1, .min_items = 1,
		.kind = &name_jid, KEPT(access.allow)},
	{"access.deny", SCHEMA_TEXT, SCHEMA_LIVE, NAMES, .min = 1, .kind = &name_jid,
		KEPT(access.deny)},
	{"access.admins", SCHEMA_TEXT, SCHEMA_LIVE, NAMES, .min = 1, .kind = &name_jid,
		KEPT(access.admins)},

	SECTION("limits"),
	{"limits.sessions", SCHEMA_UINT, .min = 1, .max = MAX_TABLE, .def = "100000",
		KEPT(limits.sessions)},
	{"limits.sessions_per_jid", SCHEMA_UINT, SCHEMA_LIVE, .min = 1, .max = MAX_TABLE,
		.def = "16", KEPT(limits.sessions_per_jid)},
	{"limits.sessions_per_domain", SCHEMA_UINT, SCHEMA_LIVE, .min = 1, .max = MAX_TABLE,
		KEPT(limits.sessions_per_domain)},
	{"limits.rate_per_session", SCHEMA_SIZE, SCHEMA_LIVE, .min = K, .max = MAX_RATE,
		KEPT(limits.rate_per_session)},
	{"limits.rate_per_jid", SCHEMA_SIZE, SCHEMA_LIVE, .min = K, .max = MAX_RATE,
		KEPT(limits.rate_per_jid)},
	{"limits.volume_per_jid", SCHEMA_SIZE, SCHEMA_LIVE, .min = K, .max = K * K * K * K * K,
		KEPT(limits.volume_per_jid)},
	{"limits.reservations_per_jid", SCHEMA_UINT, SCHEMA_LIVE, .min = 1, .max = MAX_TABLE,
		.def = "16", KEPT(limits.reservations_per_jid)},
	{"limits.legs", SCHEMA_UINT, .min = 2, .max = MAX_TABLE, .def = "200000",
		KEPT(limits.legs)},
	{"limits.legs_per_source", SCHEMA_UINT, SCHEMA_LIVE, .min = 1, .max = MAX_TABLE,
		.def = "64", KEPT(limits.legs_per_source)},
	{"limits.half_open", SCHEMA_UINT, .min = 1, .max = MAX_TABLE, .def = "65536",
		KEPT(limits.half_open)},

	SECTION("timers"),
	{"timers.match", SCHEMA_DURATION, SCHEMA_LIVE, .min = 100, .max = HOUR, .def = "3s",
		KEPT(timers.match_ms)},
	{"timers.claim", SCHEMA_DURATION, SCHEMA_LIVE, .min = 100, .max = HOUR, .def = "30s",
		KEPT(timers.claim_ms)},
	{"timers.pair", SCHEMA_DURATION, SCHEMA_LIVE, .min = 100, .max = HOUR, .def = "60s",
		KEPT(timers.pair_ms)},
	{"timers.reserve", SCHEMA_DURATION, SCHEMA_LIVE, .min = 100, .max = HOUR, .def = "120s",
		KEPT(timers.reserve_ms)},
	{"timers.idle", SCHEMA_DURATION, SCHEMA_LIVE, .min = SECOND, .max = 30 * DAY,
		.def = "2h4m", KEPT(timers.idle_ms)},
	{"timers.transitory", SCHEMA_DURATION, SCHEMA_LIVE, .min = SECOND, .max = DAY,
		.def = "4m", KEPT(timers.transitory_ms)},

	SECTION("dataplane"),
	{"dataplane.workers", SCHEMA_UINT, .list = true, .max = CONFIG_MAX_LCORE,
		.min_items = 1, .max_items = CONFIG_MAX_WORKERS, .def = "1",
		KEPT(dataplane.workers[0]), WITH(dataplane.n_workers)},
	{"dataplane.control", SCHEMA_UINT, .max = CONFIG_MAX_LCORE, .def = "0",
		KEPT(dataplane.control)},
	{"dataplane.memory", SCHEMA_SIZE, .min = 64 * K * K, .max = K * K * K * K, .def = "512M",
		KEPT(dataplane.memory_bytes)},
	{"dataplane.hugepages", SCHEMA_CHOICE, .def = "auto", .choices = tristates,
		KEPT(dataplane.hugepages)},
	{"dataplane.idle", SCHEMA_CHOICE, .def = "adaptive", .choices = idles,
		KEPT(dataplane.idle)},
	{"dataplane.mss", SCHEMA_UINT, .min = 536, .max = 8940, .def = "1400",
		KEPT(dataplane.mss)},
	{"dataplane.file_prefix", SCHEMA_TEXT, .min = 1, .max = 32, .def = "tandem",
		.kind = &name_file_prefix, KEPT(dataplane.file_prefix)},

	{"ports", SCHEMA_SECTIONS, .list = true, .mandatory = true, .min_items = 1,
		.max_items = CONFIG_MAX_PORTS, KEPT(ports[0]), WITH(n_ports)},
	{"ports[].device", SCHEMA_TEXT, .mandatory = true, .min = 1, .max = 255,
		.kind = &name_device, PORT_KEPT(device)},
	{"ports[].queues", SCHEMA_UINT, .min = 1, .max = CONFIG_MAX_QUEUES, PORT_KEPT(queues)},
	{"ports[].tap", SCHEMA_TEXT, .min = 1, .max = 15,
		.kind = &name_interface, PORT_KEPT(tap)},
	{"ports[].addresses", SCHEMA_ADDRESS, .list = true, .mandatory = true, .min_items = 1,
		.max_items = CONFIG_MAX_ADDRESSES, PORT_KEPT(addresses[0]), PORT_WITH(n_addresses)},
	{"ports[].mtu", SCHEMA_UINT, .min = 576, .max = 9000, .def = "1500", PORT_KEPT(mtu)},
	{"ports[].vlan", SCHEMA_UINT, .min = 1, .max = 4094, PORT_KEPT(vlan)},

	SECTION("services"),
	{"services.endpoint", SCHEMA_SECTION, KEPT(endpoint.enabled)},
	{"services.endpoint.port", SCHEMA_UINT, .min = 1, .max = UINT16_MAX, .def = "4000",
		KEPT(endpoint.port)},
	{"services.endpoint.strict", SCHEMA_BOOL, SCHEMA_LIVE, .def = "false",
		KEPT(endpoint.strict)},
	{"services.socks5", SCHEMA_SECTION, KEPT(socks5.enabled)},
	{"services.socks5.port", SCHEMA_UINT, .min = 1, .max = UINT16_MAX, .def = "7777",
		KEPT(socks5.port)},
	{"services.rendezvous", SCHEMA_SECTION, KEPT(rendezvous.enabled)},
	{"services.rendezvous.ports", SCHEMA_RANGE, .min = 1024, .max = UINT16_MAX,
		.def = "10000-32767", KEPT(rendezvous.ports)},
	{"services.rendezvous.prefix", SCHEMA_ADDRESS, KEPT(rendezvous.prefix)},
	{"services.advertise", SCHEMA_TEXT, SCHEMA_LIVE, .list = true, .min = 1, .max = 253,
		.max_items = 16, .kind = &name_host, KEPT(advertise)},

	{"stats", SCHEMA_SECTION, KEPT(stats.enabled)},
	{"stats.listen", SCHEMA_HOST_PORT, .min = 1, .max = 253, .def = "127.0.0.1:9465",
		.kind = &name_ip, KEPT(stats.listen_host), WITH(stats.listen_port)},

	SECTION("control"),
	{"control.socket", SCHEMA_TEXT, .min = 1, .max = 107, .def = "/run/tandem/control.sock",
		.unbuilt = "the control socket of tandemctl"},
	SECTION("state"),
	{"state.dir", SCHEMA_TEXT, .min = 1, .max = MAX_PATH, .def = "/run/tandem",
		.unbuilt = "restart without loss"},
	SECTION("log"),
	{"log.level", SCHEMA_CHOICE, SCHEMA_LIVE, .def = "info", .choices = log_levels,
		KEPT(log_level)},
	SECTION("process"),
	{"process.user", SCHEMA_TEXT, .min = 1, .max = 32, .def = "tandem",
		.unbuilt = "running as a user of its own"},
};
/* clang-format on */

const size_t schema_count = sizeof(schema_rows) / sizeof(schema_rows[0]);

const struct schema_row *schema_find(const char *path)
{
	for (size_t i = 0; i < schema_count; i++)
		if (strcmp(schema_rows[i].path, path) == 0)
			return &schema_rows[i];
	return NULL;
}

const char *schema_key_in(const struct schema_row *row, const char *prefix)
{
	size_t length = strlen(prefix);
	const char *key = row->path;

	if (length > 0) {
		if (strncmp(key, prefix, length) != 0 || key[length] != '.')
			return NULL;
		key += length + 1;
	}
	return strpbrk(key, ".[") == NULL ? key : NULL;
}

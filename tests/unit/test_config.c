/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Documents good and bad, each with all it must say.  All runs in a directory of its own, so that
 * files have short names: "t.yaml" is the document, "secret" a fitting secret.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "schema.h"
#include "tree.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A good document in four parts; the first line of each is told. */
#define XMPP                         \
	"xmpp:\n" /* 1 */            \
	"  jid: relay.example.org\n" \
	"  server: 127.0.0.1:5347\n" \
	"  secret_file: secret\n"
#define PORTS                     \
	"ports:\n" /* 5 */        \
	"  - device: net_null0\n" \
	"    tap: tandem0\n"      \
	"    addresses: [192.0.2.10/24]\n"
#define SERVICES "services: {endpoint: {}}\n" /* 9 */
#define PORT(device, tap, addresses, mtu) \
	"  - {device: \"" device "\", tap: " tap ", addresses: [" addresses "], mtu: " mtu "}\n"

static char directory[] = "/tmp/test_config.XXXXXX";

static void put_bytes(const char *name, const void *bytes, size_t length)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, length, f), length);
	assert_int_equal(fclose(f), 0);
}

static void put_file(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

static void put_secret(const char *name, const void *bytes, size_t length, mode_t mode)
{
	put_bytes(name, bytes, length);
	assert_int_equal(chmod(name, mode), 0);
}

/* Load a file; `*errors` is freed by the caller. */
static int load_path(const char *path, struct config **cfg, char **errors)
{
	size_t length;
	FILE *err = open_memstream(errors, &length);
	int rc;

	assert_non_null(err);
	rc = config_load(path, err, cfg);
	assert_int_equal(fclose(err), 0);
	assert_true((rc == 0) == (*cfg != NULL));
	assert_true((rc == 0) == (length == 0));
	return rc;
}

static struct config *load_good(const char *text)
{
	struct config *cfg;
	char *errors;

	put_file("t.yaml", text);
	(void)load_path("t.yaml", &cfg, &errors);
	assert_string_equal(errors, "");
	free(errors);
	return cfg;
}

static void load_bad(const char *text, int rc, const char *expected)
{
	struct config *cfg;
	char *errors;

	put_file("t.yaml", text);
	assert_int_equal(load_path("t.yaml", &cfg, &errors), rc);
	assert_string_equal(errors, expected);
	free(errors);
}

static struct in6_addr v4(const char *text)
{
	struct in6_addr addr = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	assert_int_equal(inet_pton(AF_INET, text, &addr.s6_addr[12]), 1);
	return addr;
}

/* --- what is good --- */

static void defaults(void **state)
{
	struct config *cfg = load_good(XMPP PORTS SERVICES);
	struct in6_addr addr = v4("192.0.2.10");

	(void)state;
	assert_string_equal(cfg->xmpp.jid, "relay.example.org");
	assert_string_equal(cfg->xmpp.server_host, "127.0.0.1");
	assert_int_equal(cfg->xmpp.server_port, 5347);
	assert_string_equal(cfg->xmpp.secret_file, "secret");
	assert_string_equal(cfg->xmpp.secret, "s3cret word");
	assert_int_equal(cfg->xmpp.namespaces.count, 1);
	assert_string_equal(cfg->xmpp.namespaces.names[0], "whoknows");
	assert_int_equal(cfg->access.allow.count, 1);
	assert_string_equal(cfg->access.allow.names[0], "example.org");
	assert_int_equal(cfg->access.deny.count, 0);
	assert_int_equal(cfg->access.admins.count, 0);
	assert_null(cfg->xmpp.abuse);
	assert_int_equal(cfg->limits.sessions, 100000);
	assert_int_equal(cfg->limits.sessions_per_jid, 16);
	assert_int_equal(cfg->limits.legs, 200000);
	assert_int_equal(cfg->limits.legs_per_source, 64);
	assert_int_equal(cfg->limits.half_open, 65536);
	assert_int_equal(cfg->limits.sessions_per_domain, 0);
	assert_int_equal(cfg->limits.rate_per_session, 0);
	assert_int_equal(cfg->limits.rate_per_jid, 0);
	assert_int_equal(cfg->limits.volume_per_jid, 0);
	assert_int_equal(cfg->timers.match_ms, 3000);
	assert_int_equal(cfg->timers.claim_ms, 30000);
	assert_int_equal(cfg->timers.pair_ms, 60000);
	assert_int_equal(cfg->timers.idle_ms, 7440000);
	assert_int_equal(cfg->timers.transitory_ms, 240000);
	assert_int_equal(cfg->dataplane.n_workers, 1);
	assert_int_equal(cfg->dataplane.workers[0], 1);
	assert_int_equal(cfg->dataplane.control, 0);
	assert_int_equal(cfg->dataplane.memory_bytes, 512u << 20);
	assert_int_equal(cfg->dataplane.hugepages, CONFIG_AUTO);
	assert_int_equal(cfg->dataplane.idle, CONFIG_IDLE_ADAPTIVE);
	assert_int_equal(cfg->dataplane.mss, 1400);
	assert_string_equal(cfg->dataplane.file_prefix, "tandem");
	assert_int_equal(cfg->n_ports, 1);
	assert_string_equal(cfg->ports[0].device, "net_null0");
	assert_int_equal(cfg->ports[0].queues, 1);
	assert_string_equal(cfg->ports[0].tap, "tandem0");
	assert_int_equal(cfg->ports[0].n_addresses, 1);
	assert_memory_equal(&cfg->ports[0].addresses[0].addr, &addr, sizeof(addr));
	assert_int_equal(cfg->ports[0].addresses[0].prefix_len, 24);
	assert_int_equal(cfg->ports[0].mtu, 1500);
	assert_true(cfg->endpoint.enabled);
	assert_int_equal(cfg->endpoint.port, 4000);
	assert_false(cfg->endpoint.strict);
	assert_false(cfg->socks5.enabled);
	assert_int_equal(cfg->socks5.port, 7777);
	assert_int_equal(cfg->advertise.count, 0);
	assert_false(cfg->stats.enabled);
	assert_int_equal(cfg->log_level, CONFIG_LOG_INFO);
	config_free(cfg);
}

/* No value here is a default, so that each must come from the file. */
static const char every_key[] =
	"xmpp:\n"
	"  jid: Relay.Example.NET\n"
	"  server: \"[::1]:5348\"\n"
	"  secret_file: \"secret\"\n"
	"  namespaces:\n"
	"    - urn:a\n"
	"    - 'urn:b'\n"
	"  abuse: \"mailto:abuse@example.net\"\n"
	"access:\n"
	"  allow: [Example.ORG, Alice@Example.COM/My Phone]\n"
	"  deny: [Mallory@EXAMPLE.org]\n"
	"  admins: [Root@Example.NET]\n"
	"limits: {sessions: 11, sessions_per_jid: 12, legs: 13, legs_per_source: 14, half_open: 15,\n"
	"  sessions_per_domain: 16, rate_per_session: 17K, rate_per_jid: 18M, volume_per_jid: 19G}\n"
	"timers: {match: 500ms, claim: 1m30s, pair: 45s, idle: 1d2h3m4s5ms, transitory: 60s}\n"
	"dataplane:\n"
	"  workers: [3, 5]\n"
	"  control: 2\n"
	"  memory: 1G\n"
	"  hugepages: off\n"
	"  idle: poll\n"
	"  mss: 1300\n"
	"  file_prefix: t-2_X\n"
	"ports:\n"
	"  - device: \"0000:03:00.0\"\n"
	"    queues: 4\n"
	"    tap: ext0\n"
	"    addresses:\n"
	"      - 192.0.2.10/24\n"
	"      - 192.0.2.11/24\n"
	"    mtu: 9000\n"
	"    vlan: 4094\n"
	"  - device: net_af_xdp1,iface=eth2\n"
	"    tap: ext1\n"
	"    addresses: [198.51.100.1/31, 203.0.113.7/32]\n"
	"    mtu: 3500\n"
	"services:\n"
	"  endpoint: {port: 4001, strict: true}\n"
	"  socks5: {port: 7778}\n"
	"  advertise: [relay.example.net, 203.0.113.99, \"2001:db8::9\"]\n"
	"stats: {listen: \"[::1]:4001\"}\n"
	"log: {level: debug}\n";

static void check_every_key_ports(const struct config *cfg)
{
	struct in6_addr second = v4("192.0.2.11");

	assert_int_equal(cfg->n_ports, 2);
	assert_string_equal(cfg->ports[0].device, "0000:03:00.0");
	assert_int_equal(cfg->ports[0].queues, 4);
	assert_string_equal(cfg->ports[0].tap, "ext0");
	assert_int_equal(cfg->ports[0].n_addresses, 2);
	assert_memory_equal(&cfg->ports[0].addresses[1].addr, &second, sizeof(second));
	assert_int_equal(cfg->ports[0].mtu, 9000);
	assert_int_equal(cfg->ports[0].vlan, 4094);
	assert_string_equal(cfg->ports[1].device, "net_af_xdp1,iface=eth2");
	assert_int_equal(cfg->ports[1].queues, 2); /* not in the file: one a worker */
	assert_string_equal(cfg->ports[1].tap, "ext1");
	assert_int_equal(cfg->ports[1].n_addresses, 2);
	assert_int_equal(cfg->ports[1].addresses[0].prefix_len, 31);
	assert_int_equal(cfg->ports[1].addresses[1].prefix_len, 32);
	assert_int_equal(cfg->ports[1].mtu, 3500);
	assert_int_equal(cfg->ports[1].vlan, 0);
}

static void every_built_key(void **state)
{
	struct config *cfg = load_good(every_key);

	(void)state;
	assert_string_equal(cfg->xmpp.jid, "relay.example.net");
	assert_string_equal(cfg->xmpp.server_host, "::1");
	assert_int_equal(cfg->xmpp.server_port, 5348);
	assert_int_equal(cfg->xmpp.namespaces.count, 2);
	assert_string_equal(cfg->xmpp.namespaces.names[1], "urn:b");
	assert_int_equal(cfg->access.allow.count, 2);
	assert_string_equal(cfg->access.allow.names[0], "example.org");
	assert_string_equal(cfg->access.allow.names[1], "Alice@example.com/My Phone");
	assert_int_equal(cfg->access.deny.count, 1);
	assert_string_equal(cfg->access.deny.names[0], "Mallory@example.org");
	assert_int_equal(cfg->access.admins.count, 1);
	assert_string_equal(cfg->access.admins.names[0], "Root@example.net");
	assert_string_equal(cfg->xmpp.abuse, "mailto:abuse@example.net");
	assert_int_equal(cfg->limits.sessions, 11);
	assert_int_equal(cfg->limits.sessions_per_jid, 12);
	assert_int_equal(cfg->limits.legs, 13);
	assert_int_equal(cfg->limits.legs_per_source, 14);
	assert_int_equal(cfg->limits.half_open, 15);
	assert_int_equal(cfg->limits.sessions_per_domain, 16);
	assert_int_equal(cfg->limits.rate_per_session, 17 << 10);
	assert_int_equal(cfg->limits.rate_per_jid, 18 << 20);
	assert_int_equal(cfg->limits.volume_per_jid, UINT64_C(19) << 30);
	assert_int_equal(cfg->timers.match_ms, 500);
	assert_int_equal(cfg->timers.claim_ms, 90000);
	assert_int_equal(cfg->timers.pair_ms, 45000);
	assert_int_equal(cfg->timers.idle_ms, 93784005);
	assert_int_equal(cfg->timers.transitory_ms, 60000);
	assert_int_equal(cfg->dataplane.n_workers, 2);
	assert_int_equal(cfg->dataplane.workers[0], 3);
	assert_int_equal(cfg->dataplane.workers[1], 5);
	assert_int_equal(cfg->dataplane.control, 2);
	assert_int_equal(cfg->dataplane.memory_bytes, 1u << 30);
	assert_int_equal(cfg->dataplane.hugepages, CONFIG_OFF);
	assert_int_equal(cfg->dataplane.idle, CONFIG_IDLE_POLL);
	assert_int_equal(cfg->dataplane.mss, 1300);
	assert_string_equal(cfg->dataplane.file_prefix, "t-2_X");
	check_every_key_ports(cfg);
	assert_true(cfg->endpoint.enabled);
	assert_int_equal(cfg->endpoint.port, 4001);
	assert_true(cfg->endpoint.strict);
	assert_true(cfg->socks5.enabled);
	assert_int_equal(cfg->socks5.port, 7778);
	assert_int_equal(cfg->advertise.count, 3);
	assert_string_equal(cfg->advertise.names[2], "2001:db8::9");
	assert_true(cfg->stats.enabled);
	assert_string_equal(cfg->stats.listen_host, "::1");
	assert_int_equal(cfg->stats.listen_port, 4001);
	assert_int_equal(cfg->log_level, CONFIG_LOG_DEBUG);
	config_free(cfg);
}

/* Odd, but right. */
static void good_documents(void **state)
{
	static const char *const texts[] = {
		/* a section with nothing in it, and one with a byte order mark and directives */
		XMPP PORTS SERVICES "stats: {}\ncontrol: {}\n",
		"\xef\xbb\xbf%YAML 1.1\n---\n" XMPP PORTS SERVICES "...\n",
		/* JSON is YAML */
		"{\"xmpp\": {\"jid\": \"r.x\", \"server\": \"h:1\", \"secret_file\": \"secret\"},\n"
		"\"ports\": [{\"device\": \"d\", \"tap\": \"t\", \"addresses\": [\"9.9.9.9/8\"]}],\n"
		"\"services\": {\"endpoint\": {\"port\": 65535}}}",
		/* the limits of ranges */
		XMPP PORTS "services: {socks5: {}}\n",
		XMPP PORTS "services: {endpoint: {}, socks5: {port: 4001}}\n",
		XMPP PORTS SERVICES "dataplane: {memory: 65536K, mss: 1440, workers: [127]}\n",
		XMPP PORTS SERVICES "dataplane: {memory: 67108864}\naccess: {deny: []}\n",
		XMPP PORTS SERVICES "timers: {idle: 30d, match: \"100ms\", claim: 1h}\n",
		/* as many workers and queues as there can be */
		XMPP PORTS "    queues: 16\n" SERVICES
			   "dataplane: {workers: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}\n",
		/* the device's own argument says the same as queues */
		XMPP "ports:\n" PORT("net_af_xdp0,iface=e,queue_count=2,shared_umem=1", "t",
				     "192.0.2.1/24", "1500, queues: 2") SERVICES,
		/* two addresses of one subnet on one port */
		XMPP "ports:\n" PORT("a", "t", "192.0.2.1/24, 192.0.2.2/24", "1500") SERVICES,
		/* neighbours */
		XMPP "ports:\n" PORT("a", "t", "192.0.2.1/25", "1500")
			PORT("b", "u", "192.0.2.129/25", "1500") SERVICES,
		XMPP PORTS SERVICES "access: {allow: [b\xc3\xbc"
				    "cher.example, a@b, '@b/x']}\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts) - 1; i++)
		config_free(load_good(texts[i]));
	load_bad(texts[COUNT(texts) - 1], -EINVAL,
		 "t.yaml:10: access.allow[2]: \"@b/x\" is not a domain or JID\n");
}

static void sample(void **state)
{
	static const char key[] = "secret_file: /etc/tandem/secret";
	static const char ours[] = "secret_file: secret            ";
	char text[16384];
	FILE *f = fopen(SAMPLE, "r");
	char *found;

	(void)state;
	static_assert(sizeof(key) == sizeof(ours), "one is written over the other");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	found = strstr(text, key);
	assert_non_null(found);
	memcpy(found, ours, strlen(ours));
	config_free(load_good(text));
	put_file("sample.yaml", text);
}

/* --- the schema --- */

static void schema_is_whole(void **state)
{
	static const char *const paths[] = {
		"xmpp.jid",
		"xmpp.server",
		"xmpp.secret_file",
		"xmpp.namespaces",
		"xmpp.abuse",
		"access.allow",
		"access.deny",
		"access.admins",
		"limits.sessions",
		"limits.sessions_per_jid",
		"limits.reservations_per_jid",
		"limits.sessions_per_domain",
		"limits.rate_per_session",
		"limits.rate_per_jid",
		"limits.volume_per_jid",
		"limits.legs",
		"limits.legs_per_source",
		"limits.half_open",
		"timers.match",
		"timers.claim",
		"timers.pair",
		"timers.reserve",
		"timers.idle",
		"timers.transitory",
		"dataplane.workers",
		"dataplane.control",
		"dataplane.memory",
		"dataplane.hugepages",
		"dataplane.idle",
		"dataplane.mss",
		"dataplane.file_prefix",
		"ports[].device",
		"ports[].queues",
		"ports[].tap",
		"ports[].addresses",
		"ports[].mtu",
		"ports[].vlan",
		"services.endpoint.port",
		"services.endpoint.strict",
		"services.socks5.port",
		"services.rendezvous.ports",
		"services.rendezvous.prefix",
		"services.advertise",
		"stats.listen",
		"control.socket",
		"state.dir",
		"log.level",
		"process.user",
	};
	size_t leaves = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++)
		assert_non_null(schema_find(paths[i]));
	for (size_t i = 0; i < schema_count; i++) {
		const struct schema_row *row = &schema_rows[i];

		assert_ptr_equal(schema_find(row->path), row); /* no path twice */
		if (row->type == SCHEMA_SECTION || row->type == SCHEMA_SECTIONS)
			continue;
		leaves++;
		assert_true(row->size > 0 || row->unbuilt != NULL);
		assert_true(row->min <= row->max);
		if (row->list)
			assert_true(row->max_items >= 1 && row->min_items <= row->max_items);
		if (row->type == SCHEMA_TEXT && row->size > 0)
			assert_non_null(row->kind);
	}
	assert_int_equal(leaves, COUNT(paths));
	assert_null(schema_find("xmpp.jids"));
}

/* --- what is bad --- */

#define E(line, path, what) "t.yaml:" #line ": " path ": " what "\n"
#define GOOD		    XMPP PORTS SERVICES

struct bad {
	const char *text;
	const char *errors;
};

/* It would make stairs of strings that are put together. */
/* clang-format off */
static const struct bad bad_yaml[] = {
	{"", E(1, "(file)", "the file is empty")},
	{"# nothing\n", E(1, "(file)", "the file is empty")},
	{"relay\n", E(1, "(file)", "must be a map of keys and values")},
	{"- a\n", E(1, "(file)", "must be a map of keys and values")},
	{GOOD "---\n" XMPP, E(10, "(file)", "a second document is not allowed")},
	{GOOD "log: {level: info\n",
	 E(11, "(file)",
	   "not YAML: did not find expected ',' or '}' while parsing a flow mapping")},
	{GOOD "\tlog: {level: info}\n",
	 E(10, "(file)",
	   "not YAML: found character that cannot start any token while scanning for the next "
	   "token")},
	{GOOD "# \xff\n", E(10, "(file)", "not YAML: invalid leading UTF-8 octet")},
	{GOOD "log: {level: \x01}\n",
	 E(10, "(file)", "not YAML: control characters are not allowed")},
	{GOOD "log: &a {level: info}\n", E(10, "log", "an anchor (&) is not allowed")},
	{GOOD "log: {level: *a}\n", E(10, "log.level", "an alias (*) is not allowed")},
	{GOOD "log: {level: !!str info}\n", E(10, "log.level", "a tag (!) is not allowed")},
	{GOOD "&a log: {level: info}\n", E(10, "log", "an anchor (&) is not allowed")},
	{GOOD "log: {level: \"in\\0fo\"}\n", E(10, "log.level", "a NUL character is not allowed")},
	{GOOD "\"lo\\0g\": {level: info}\n", E(10, "(file)", "a key must be a single word")},
	{GOOD "? [log]\n: 1\n", E(10, "(file)", "a key must be a single word")},
	{GOOD "log: {level: info, level: debug}\n",
	 E(10, "log.level", "duplicate key, it is in line 10 already")},
	{GOOD "log:\n  level: info\nlog: {}\n",
	 E(12, "log", "duplicate key, it is in line 10 already")},
	{GOOD "<<: {a: 1}\n", E(10, "<<", "unknown key")},
	{GOOD "log: [[[[[[[[[[info]]]]]]]]]]\n",
	 E(10, "log[0][0][0][0][0][0][0]", "nested too deeply")},
};

static const struct bad bad_keys[] = {
	{GOOD "limit: {sessions: 1}\n", E(10, "limit", "unknown key")},
	{GOOD "limits: {session: 1}\n", E(10, "limits.session", "unknown key")},
	{GOOD "ports[]: 1\n", E(10, "ports[]", "unknown key")},
	{GOOD "limits.sessions: 1\n", E(10, "limits.sessions", "unknown key")},
	{GOOD "\"a\\nb\\x7f\": 1\n", E(10, "a\\x0ab\\x7f", "unknown key")},
	{XMPP
	 "ports:\n  - device: net_null0\n    tap: t\n    speed: 1\n    addresses: [9.9.9.9/8]\n" SERVICES,
	 E(8, "ports[0].speed", "unknown key")},
	{PORTS SERVICES, E(1, "xmpp.jid", "missing")
	 E(1, "xmpp.server", "missing")
	 E(1, "xmpp.secret_file", "missing")},
	{XMPP SERVICES, E(1, "ports", "missing")},
	{XMPP "ports:\n  - mtu: 1500\n" SERVICES,
	 E(6, "ports[0].device", "missing")
	 E(6, "ports[0].addresses", "missing")
	 E(6, "ports[0].tap", "missing")},
	{XMPP "ports: []\n" SERVICES, E(5, "ports", "out of range: must have 1 to 8 entries")},
	{XMPP PORTS, E(1, "services", "no service is on")},
	{XMPP PORTS "services: {advertise: [a]}\n", E(9, "services", "no service is on")},
	/* the things that go wrong together are told together, in the order of lines */
	{"log: {level: loud}\nxmpp:\n  jid: a b\n  server: nowhere\nports:\n- tap: a/b\n",
	 E(1, "log.level", "must be one of error, warning, info, debug")
	 E(1, "services", "no service is on")
	 E(2, "xmpp.secret_file", "missing")
	 E(3, "xmpp.jid", "\"a b\" is not a domain")
	 E(4, "xmpp.server",
	   "must be host:port, with an IPv6 address as \"[::1]:5347\"")
	 E(6, "ports[0].device", "missing")
	 E(6, "ports[0].tap",
	   "\"a/b\" is not an interface name (letters, digits and ._-)")
	 E(6, "ports[0].addresses", "missing")},
};

static const struct bad bad_values[] = {
	{GOOD "limits:\n", E(10, "limits", "must be a map of keys and values")},
	{GOOD "limits: []\n", E(10, "limits", "must be a map of keys and values")},
	{GOOD "limits: {sessions: [1]}\n", E(10, "limits.sessions", "must be a single value")},
	{GOOD "limits: {sessions: many}\n", E(10, "limits.sessions", "must be a whole number")},
	{GOOD "limits: {sessions: \"5\"}\n", E(10, "limits.sessions", "must be a whole number")},
	{GOOD "limits: {sessions: 1.5}\n", E(10, "limits.sessions", "must be a whole number")},
	{GOOD "limits: {sessions: 010}\n", E(10, "limits.sessions", "must be a whole number")},
	{GOOD "limits: {sessions: +1}\n", E(10, "limits.sessions", "must be a whole number")},
	{GOOD "limits: {sessions: 1K}\n", E(10, "limits.sessions", "must be a whole number")},
	{GOOD "limits:\n  sessions:\n", E(11, "limits.sessions", "must be a whole number")},
	{GOOD "limits: {sessions: -1}\n",
	 E(10, "limits.sessions", "out of range: must be 1 to 16777216")},
	{GOOD "limits: {sessions: 0}\n",
	 E(10, "limits.sessions", "out of range: must be 1 to 16777216")},
	{GOOD "limits: {sessions: 16777217}\n",
	 E(10, "limits.sessions", "out of range: must be 1 to 16777216")},
	{GOOD "limits: {sessions: 18446744073709551617}\n",
	 E(10, "limits.sessions", "out of range: must be 1 to 16777216")},
	{GOOD "timers: {match: 3}\n",
	 E(10, "timers.match", "must be a duration like 1h30m or 500ms")},
	{GOOD "timers: {match: 3 s}\n",
	 E(10, "timers.match", "must be a duration like 1h30m or 500ms")},
	{GOOD "timers: {match: 3s1m}\n",
	 E(10, "timers.match", "must be a duration like 1h30m or 500ms")},
	{GOOD "timers: {match: 3s3s}\n",
	 E(10, "timers.match", "must be a duration like 1h30m or 500ms")},
	{GOOD "timers: {match: 1.5s}\n",
	 E(10, "timers.match", "must be a duration like 1h30m or 500ms")},
	{GOOD "timers: {match: 3sec}\n",
	 E(10, "timers.match", "must be a duration like 1h30m or 500ms")},
	{GOOD "timers: {match: 99ms}\n",
	 E(10, "timers.match", "out of range: must be 100ms to 1h")},
	{GOOD "timers: {idle: 213503982335d}\n",
	 E(10, "timers.idle", "out of range: must be 1s to 30d")},
	{GOOD "timers: {idle: 99999999999999999999s}\n",
	 E(10, "timers.idle", "out of range: must be 1s to 30d")},
	{GOOD "timers: {idle: 18446744073709551s616ms}\n",
	 E(10, "timers.idle", "out of range: must be 1s to 30d")},
	{GOOD "dataplane: {memory: 63M}\n",
	 E(10, "dataplane.memory", "out of range: must be 64M to 1024G")},
	{GOOD "dataplane: {memory: 17179869184G}\n",
	 E(10, "dataplane.memory", "out of range: must be 64M to 1024G")},
	{GOOD "dataplane: {memory: 512m}\n", E(10, "dataplane.memory", "must be a size like 512M")},
	{GOOD "dataplane: {memory: 1G512M}\n",
	 E(10, "dataplane.memory", "must be a size like 512M")},
	{GOOD "dataplane: {hugepages: maybe}\n",
	 E(10, "dataplane.hugepages", "must be one of auto, on, off")},
	{GOOD "dataplane: {idle: lazy}\n",
	 E(10, "dataplane.idle", "must be one of adaptive, poll")},
	{GOOD "dataplane: {file_prefix: a/b}\n",
	 E(10, "dataplane.file_prefix", "\"a/b\" is not made of letters, digits, _ and -")},
	{GOOD "dataplane: {file_prefix: ''}\n",
	 E(10, "dataplane.file_prefix", "out of range: must have 1 to 32 bytes")},
	{GOOD "dataplane: {file_prefix: abcdefghijklmnopqrstuvwxyz0123456}\n",
	 E(10, "dataplane.file_prefix", "out of range: must have 1 to 32 bytes")},
	{GOOD "dataplane: {file_prefix: 7}\n",
	 E(10, "dataplane.file_prefix", "must be a string; put it in quotes if it is one")},
	{GOOD "dataplane: {file_prefix: true}\n",
	 E(10, "dataplane.file_prefix", "must be a string; put it in quotes if it is one")},
	{GOOD "dataplane: {file_prefix: ~}\n",
	 E(10, "dataplane.file_prefix", "must be a string; put it in quotes if it is one")},
	{GOOD "dataplane: {workers: 1}\n", E(10, "dataplane.workers", "must be a list")},
	{GOOD "dataplane: {workers: []}\n",
	 E(10, "dataplane.workers", "out of range: must have 1 to 16 entries")},
	{GOOD "dataplane: {workers: [128]}\n",
	 E(10, "dataplane.workers[0]", "out of range: must be 0 to 127")},
	{GOOD "dataplane: {workers: [[1]]}\n",
	 E(10, "dataplane.workers[0]", "must be a single value")},
	{GOOD "dataplane: {control: 128}\n",
	 E(10, "dataplane.control", "out of range: must be 0 to 127")},
	{GOOD "access: {allow: []}\n",
	 E(10, "access.allow", "out of range: must have 1 to 1024 entries")},
	{GOOD "access: {allow: [a..b, a b@c, a@, a@b/, \"a@b/\\t\", a@b@c]}\n",
	 E(10, "access.allow[0]", "\"a..b\" is not a domain or JID")
	 E(10, "access.allow[1]", "\"a b@c\" is not a domain or JID")
	 E(10, "access.allow[2]", "\"a@\" is not a domain or JID")
	 E(10, "access.allow[3]", "\"a@b/\" is not a domain or JID")
	 E(10, "access.allow[4]", "\"a@b/\\x09\" is not a domain or JID")
	 E(10, "access.allow[5]", "\"a@b@c\" is not a domain or JID")},
	{GOOD "stats: {listen: localhost:80}\n",
	 E(10, "stats.listen", "\"localhost\" is not an IP address")},
	{GOOD "stats: {listen: 127.0.0.1:0}\n",
	 E(10, "stats.listen", "must be host:port, with an IPv6 address as \"[::1]:5347\"")},
	{GOOD "stats: {listen: 127.0.0.1:65536}\n",
	 E(10, "stats.listen", "must be host:port, with an IPv6 address as \"[::1]:5347\"")},
	{GOOD "stats: {listen: \"::1:80\"}\n",
	 E(10, "stats.listen", "must be host:port, with an IPv6 address as \"[::1]:5347\"")},
	{GOOD "stats: {listen: \"[127.0.0.1]:80\"}\n",
	 E(10, "stats.listen", "must be host:port, with an IPv6 address as \"[::1]:5347\"")},
	{GOOD "stats: {listen: \":80\"}\n",
	 E(10, "stats.listen", "out of range: must have 1 to 253 bytes")},
	{XMPP PORTS "services: {endpoint: {port: 0}}\n",
	 E(9, "services.endpoint.port", "out of range: must be 1 to 65535")},
	{XMPP PORTS "services: {endpoint: {strict: yes}}\n",
	 E(9, "services.endpoint.strict", "must be true or false")},
	{XMPP PORTS "services: {endpoint: {strict: \"true\"}}\n",
	 E(9, "services.endpoint.strict", "must be true or false")},
	{XMPP PORTS "services: {socks5: {port: 65536}}\n",
	 E(9, "services.socks5.port", "out of range: must be 1 to 65535")},
	{XMPP PORTS "services: {endpoint: on}\n",
	 E(9, "services.endpoint", "must be a map of keys and values")},
	{XMPP PORTS "services: {endpoint: {}, advertise: [a b]}\n",
	 E(9, "services.advertise[0]", "\"a b\" is not a host name or IP address")},
	{"xmpp: {jid: a@b.c, server: h:1, secret_file: secret}\n" PORTS SERVICES,
	 E(1, "xmpp.jid", "\"a@b.c\" is not a domain")},
	{"xmpp: {jid: a.b, server: h:1, secret_file: secret, abuse: abuse@b}\n" PORTS SERVICES,
	 E(1, "xmpp.abuse",
	   "\"abuse@b\" is not a URI such as mailto:abuse@example.org")},
	{"xmpp: {jid: a.b, server: h:1, secret_file: secret, abuse: \"x: y\"}\n" PORTS SERVICES,
	 E(1, "xmpp.abuse", "\"x: y\" is not a URI such as mailto:abuse@example.org")},
	{GOOD "access: {admins: [\"@b\"]}\n",
	 E(10, "access.admins[0]", "\"@b\" is not a domain or JID")},
	{"xmpp: {jid: a.b, server: h:1, secret_file: secret, namespaces: []}\n" PORTS SERVICES,
	 E(1, "xmpp.namespaces", "out of range: must have 1 to 8 entries")},
	{"xmpp: {jid: a.b, server: h:1, secret_file: secret, namespaces: ['', 'x y']}\n" PORTS
		 SERVICES,
	 E(1, "xmpp.namespaces[0]", "out of range: must have 1 to 256 bytes")
	 E(1, "xmpp.namespaces[1]", "\"x y\" is not a namespace")},
};

#define NOT_BUILT(rest, path, why) {GOOD rest "\n", E(10, path, "not built yet: " why)}

static const struct bad not_built[] = {
	NOT_BUILT("control: {socket: /run/s}", "control.socket", "the control socket of tandemctl"),
	NOT_BUILT("state: {dir: /run/tandem}", "state.dir", "restart without loss"),
	NOT_BUILT("process: {user: tandem}", "process.user", "running as a user of its own"),
};

#define NO_ADDRESS "must be an address with its prefix length, like 192.0.2.1/24"

#define RENDEZVOUS(ports, services, complaints)                                          \
	{XMPP ports "services:\n" services "\n", complaints}
#define RANGE(range, what)                                                                \
	RENDEZVOUS(PORTS, "  rendezvous: {ports: " range "}\n  endpoint: {}",           \
		   E(10, "services.rendezvous.ports", what))
#define PREFIX(prefix, what)                                                             \
	RENDEZVOUS(PORTS, "  rendezvous: {prefix: " prefix "}\n  endpoint: {}",         \
		   E(10, "services.rendezvous.prefix", what))
#define NO_RANGE      "must be a range like 10000-32767"
#define OUT_OF_RANGE  "out of range: must be within 1024-65535"
#define BITS_BEHIND   "has bits behind its length"

static const struct bad bad_rendezvous[] = {
	RANGE("10000", NO_RANGE), RANGE("-5", NO_RANGE), RANGE("5-", NO_RANGE),
	RANGE("10001-10000", NO_RANGE), RANGE("10000-+20000", NO_RANGE),
	RANGE("10000-020000", NO_RANGE), RANGE("10000-20000-30000", NO_RANGE),
	RANGE("00000000000001-20000", NO_RANGE),
	RANGE("1023-20000", OUT_OF_RANGE), RANGE("10000-65536", OUT_OF_RANGE),
	RANGE("10000-99999999999999999999", NO_RANGE),
	RANGE("3999-4000", "4000 is the port of services.endpoint"),
	RANGE("4000-4001", "4000 is the port of services.endpoint"),
	RENDEZVOUS(PORTS, "  rendezvous: {}\n  socks5: {}",
		   E(10, "services.rendezvous", "needs services.endpoint")),
	RENDEZVOUS("ports:\n  - device: a\n    tap: t\n    addresses: [\"2001:db8::1/48\"]\n",
		   "  rendezvous: {}\n  endpoint: {}",
		   E(10, "services.rendezvous",
		     "no port has an IPv4 address, and no prefix is given")),
	RENDEZVOUS(PORTS, "  rendezvous: {ports: 7777-7778}\n  endpoint: {}\n  socks5: {}",
		   E(10, "services.rendezvous.ports", "7777 is the port of services.socks5")),
	PREFIX("192.0.2.0/24", "must be of IPv6"),
	PREFIX("\"2001:db8::/65\"", "must be a /64 or shorter"),
	PREFIX("\"2001:db8::/128\"", "must be a /64 or shorter"),
	PREFIX("\"2001:db8::1/64\"", BITS_BEHIND), PREFIX("\"2001:db8:1::/47\"", BITS_BEHIND),
	PREFIX("\"2001:db8:0:1::/63\"", BITS_BEHIND),
	PREFIX("\"fe80::/64\"", "a link-local address: nobody elsewhere can reach it"),
	PREFIX("\"ff00::/16\"", "not a unicast address"),
	PREFIX("\"2000::/15\"", "a prefix this short is no subnet"),
	PREFIX("\"2001:db8::1\"", NO_ADDRESS),
	RENDEZVOUS("ports:\n  - device: a\n    tap: t\n    addresses: [\"2001:db8::1/48\"]\n",
		   "  rendezvous: {prefix: \"2001:db8:0:1::/64\"}\n  endpoint: {}",
		   E(10, "services.rendezvous.prefix", "overlaps the subnet of ports[0]")),
};

#define KERNEL_PORT(device, rest) \
	XMPP "ports:\n  - {device: \"" device "\", addresses: [192.0.2.1/24]" rest "}\n" SERVICES

/* An interface of the kernel's. */
static const struct bad kernels[] = {
	{XMPP "ports:\n" PORT("kernel:eth0", "t", "192.0.2.1/24", "1500") SERVICES,
	 E(6, "ports[0].tap", "none on kernel:eth0: the kernel has that interface itself")},
	{KERNEL_PORT("kernel:", ""), E(6, "ports[0].device", "\"\" is not an interface")},
	{KERNEL_PORT("kernel:eth0,x=1", ""),
	 E(6, "ports[0].device", "\"eth0,x=1\" is not an interface")},
	{KERNEL_PORT("kernel:e234567890123456", ""),
	 E(6, "ports[0].device", "\"e234567890123456\" is not an interface")},
	{KERNEL_PORT("kernel:eth0", ", vlan: 7"),
	 E(6, "ports[0].vlan", "none on kernel:eth0: make a VLAN interface and give its name")},
	{KERNEL_PORT("net_null0", ""), E(6, "ports[0].tap", "missing")},
};

#define ADDRESS(address, what)                                            \
	{XMPP "ports:\n" PORT("a", "t", address, "1500") SERVICES, \
	 E(6, "ports[0].addresses[0]", what)}
#define XMPP_WITH(jid, server, secret) \
	"xmpp: {jid: " jid ", server: \"" server "\", secret_file: " secret "}\n" PORTS SERVICES

#define QUEUES_PORT(device, queues) \
	"ports:\n" PORT(device, "t", "192.0.2.1/24", "1500, queues: " queues) SERVICES

static const struct bad bad_together[] = {
	ADDRESS("192.0.2.1", NO_ADDRESS),
	ADDRESS("192.0.2.1/33", NO_ADDRESS),
	ADDRESS("192.0.2.1/", NO_ADDRESS),
	ADDRESS("192.0.2.1/024", NO_ADDRESS),
	ADDRESS("192.0.2/24", NO_ADDRESS),
	ADDRESS("192.0.2.1/24x", NO_ADDRESS),
	ADDRESS("\"::ffff:192.0.2.1/120\"", NO_ADDRESS),
	ADDRESS("\"::/64\"", NO_ADDRESS),
	ADDRESS("\"2001:db8::1/129\"", NO_ADDRESS),
	ADDRESS("192.0.2.1/7", "a prefix this short is no subnet"),
	ADDRESS("192.0.2.1/0", "a prefix this short is no subnet"),
	ADDRESS("127.0.0.1/8", "a loopback address"),
	ADDRESS("0.0.0.1/8", "not a unicast address"),
	ADDRESS("224.0.0.1/24", "not a unicast address"),
	ADDRESS("255.255.255.255/32", "not a unicast address"),
	ADDRESS("192.0.2.0/24", "the network or broadcast address of its own subnet"),
	ADDRESS("192.0.2.255/24", "the network or broadcast address of its own subnet"),
	{XMPP "ports:\n" PORT("a", "t", "192.0.2.1/24, 192.0.2.1/25", "1500") SERVICES,
	 E(6, "ports[0].addresses[1]", "the same address is on ports[0] already")},
	{XMPP "ports:\n" PORT("a", "t", "192.0.2.1/24", "1500")
		 PORT("b", "u", "192.0.2.1/24", "1500") SERVICES,
	 E(7, "ports[1].addresses[0]", "the same address is on ports[0] already")},
	{XMPP "ports:\n" PORT("a", "t", "192.0.2.200/25", "1500")
		 PORT("b", "u", "198.51.100.1/24, 192.0.2.1/24", "1500") SERVICES,
	 E(7, "ports[1].addresses[1]", "its subnet overlaps one of ports[0]")},
	{XMPP "ports:\n" PORT("a0,x=1", "t", "192.0.2.1/24", "1500")
		 PORT("A0,x=2", "t", "198.51.100.1/24", "1500") SERVICES,
	 E(7, "ports[1].device", "the same device as ports[0]")
	 E(7, "ports[1].tap", "the same name as ports[0].tap")},
	{XMPP "ports:\n" PORT("net_af_xdp0,iface=e", "t", "192.0.2.1/24", "3501") SERVICES,
	 E(6, "ports[0].mtu", "out of range: at most 3500 on net_af_xdp")},
	{XMPP "ports:\n" PORT("a", "t", "192.0.2.1/24", "9001") SERVICES,
	 E(6, "ports[0].mtu", "out of range: must be 576 to 9000")},
	{XMPP PORTS "    vlan: 0\n" SERVICES,
	 E(9, "ports[0].vlan", "out of range: must be 1 to 4094")},
	{XMPP PORTS "    vlan: 4095\n" SERVICES,
	 E(9, "ports[0].vlan", "out of range: must be 1 to 4094")},
	{XMPP "ports:\n" PORT("a", "t", "192.0.2.1/24", "1459") SERVICES,
	 E(1, "dataplane.mss", "1400 is more than ports[0].mtu leaves: at most 1399")},
	{GOOD "dataplane:\n  mss: 1441\n",
	 E(11, "dataplane.mss", "1441 is more than ports[0].mtu leaves: at most 1440")},
	{GOOD "dataplane: {mss: 535}\n",
	 E(10, "dataplane.mss", "out of range: must be 536 to 8940")},
	{XMPP "ports:\n" PORT("--vdev=x", "t", "192.0.2.1/24", "1500") SERVICES,
	 E(6, "ports[0].device", "\"--vdev=x\" is not a PCI address or a vdev")},
	{XMPP "ports:\n" PORT("a", "abcdefghijklmnop", "192.0.2.1/24", "1500") SERVICES,
	 E(6, "ports[0].tap", "out of range: must have 1 to 15 bytes")},
	{GOOD "dataplane: {workers: [5], control: 5}\n",
	 E(10, "dataplane.workers[0]", "lcore 5 is dataplane.control already")},
	{GOOD "dataplane: {workers: [1, 2, 1]}\n",
	 E(10, "dataplane.workers[2]", "lcore 1 is dataplane.workers[0] already")},
	{XMPP PORTS "    queues: 1\n" SERVICES "dataplane: {workers: [1, 2]}\n",
	 E(9, "ports[0].queues", "1 is less than the 2 workers: each sends by a queue of its own")},
	{XMPP PORTS "    queues: 17\n" SERVICES,
	 E(9, "ports[0].queues", "out of range: must be 1 to 16")},
	{XMPP PORTS "    queues: 0\n" SERVICES,
	 E(9, "ports[0].queues", "out of range: must be 1 to 16")},
	{XMPP QUEUES_PORT("net_af_xdp0,iface=e,queue_count=4", "2"),
	 E(6, "ports[0].device", "queue_count=4, but ports[0].queues is 2")},
	{XMPP QUEUES_PORT("net_af_xdp0,queue_count=2x,iface=e", "2"),
	 E(6, "ports[0].device", "queue_count=2x, but ports[0].queues is 2")},
	{XMPP "ports:\n" PORT("net_af_packet0,iface=e,qpairs=2", "t", "192.0.2.1/24", "1500")
		 SERVICES,
	 E(6, "ports[0].device", "qpairs=2, but ports[0].queues is 1")},
	{XMPP QUEUES_PORT("net_af_xdp0,iface=e,start_queue=1", "1"),
	 E(6, "ports[0].device", "start_queue: a port has all queues of its interface")},
	{GOOD "dataplane:\n  control: 1\n",
	 E(10, "dataplane.workers[0]", "lcore 1 is dataplane.control already")},
	{"xmpp: {jid: a.b, server: h:1, secret_file: secret, namespaces: [a, b, a]}\n" PORTS
		 SERVICES,
	 E(1, "xmpp.namespaces[2]", "the same as xmpp.namespaces[0]")},
	{XMPP PORTS "services: {endpoint: {}, advertise: [a, a]}\n",
	 E(9, "services.advertise[1]", "the same as services.advertise[0]")},
	{XMPP PORTS "services: {endpoint: {}, socks5: {port: 4000}}\n",
	 E(9, "services.socks5.port", "4000 is the port of services.endpoint already")},
	{XMPP PORTS "services: {socks5: {}, endpoint: {port: 7777}}\n",
	 E(9, "services.socks5.port", "7777 is the port of services.endpoint already")},
	{XMPP_WITH("relay", "h:1", "secret"),
	 E(1, "access.allow", "missing, and xmpp.jid has no parent domain to stand for it")},
	{XMPP_WITH("a.b", "h h:1", "secret"),
	 E(1, "xmpp.server", "\"h h\" is not a host name or IP address")},
	{XMPP_WITH("a.b", "h:1", "none"), E(1, "xmpp.secret_file", "No such file or directory")},
	{XMPP_WITH("a.b", "h:1", "."), E(1, "xmpp.secret_file", "not a regular file")},
	{XMPP_WITH("a.b", "h:1", "fifo"), E(1, "xmpp.secret_file", "not a regular file")},
	{XMPP_WITH("a.b", "h:1", "/dev/null"), E(1, "xmpp.secret_file", "not a regular file")},
};

/* clang-format on */

static void run_bad(const struct bad *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		load_bad(table[i].text, -EINVAL, table[i].errors);
}

static void bad_yaml_is_refused(void **state)
{
	(void)state;
	run_bad(bad_yaml, COUNT(bad_yaml));
}

static void bad_keys_are_refused(void **state)
{
	(void)state;
	run_bad(bad_keys, COUNT(bad_keys));
}

static void bad_values_are_refused(void **state)
{
	(void)state;
	run_bad(bad_values, COUNT(bad_values));
}

static void what_is_not_built_is_refused(void **state)
{
	(void)state;
	run_bad(not_built, COUNT(not_built));
}

/* It has no TAP, and a queue a worker as others have. */
static void a_port_of_the_kernels(void **state)
{
	struct config *cfg =
		load_good(KERNEL_PORT("kernel:eth0.100", "") "dataplane: {workers: [1, 2]}\n");

	(void)state;
	assert_string_equal(cfg->ports[0].device, "kernel:eth0.100");
	assert_null(cfg->ports[0].tap);
	assert_int_equal(cfg->ports[0].queues, 2);
	config_free(cfg);
	run_bad(kernels, COUNT(kernels));
}

static void what_does_not_go_together_is_refused(void **state)
{
	(void)state;
	run_bad(bad_together, COUNT(bad_together));
}

static void good_rendezvous(void **state)
{
	static const struct {
		const char *text;
		uint16_t first, last;
		uint8_t prefix_len;
	} rows[] = {
		{"{}", 10000, 32767, 0},
		{"{ports: 1024-1024}", 1024, 1024, 0},
		{"{prefix: \"2001:db8:0:1::/64\"}", 10000, 32767, 64},
		{"{ports: 10000-10001, prefix: \"2001:db8:f00::/47\"}", 10000, 10001, 47},
	};
	struct config *cfg = load_good(XMPP PORTS SERVICES);
	char text[512];

	(void)state;
	assert_false(cfg->rendezvous.enabled);
	config_free(cfg);
	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(text, sizeof(text),
			       XMPP PORTS "services: {endpoint: {}, rendezvous: %s}\n"
					  "limits: {reservations_per_jid: 7}\n"
					  "timers: {reserve: 90s}\n",
			       rows[i].text);
		cfg = load_good(text);
		assert_true(cfg->rendezvous.enabled);
		assert_int_equal(cfg->rendezvous.ports.first, rows[i].first);
		assert_int_equal(cfg->rendezvous.ports.last, rows[i].last);
		assert_int_equal(cfg->rendezvous.prefix.prefix_len, rows[i].prefix_len);
		assert_int_equal(cfg->limits.reservations_per_jid, 7);
		assert_int_equal(cfg->timers.reserve_ms, 90000);
		config_free(cfg);
	}
}

static void rendezvous_is_checked(void **state)
{
	(void)state;
	run_bad(bad_rendezvous, COUNT(bad_rendezvous));
}

/* Ports from which the kernel takes those of its own connections. */
static void rendezvous_spares_the_kernel(void **state)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	unsigned int first, last;
	char text[512], errors[512];

	(void)state;
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u %u", &first, &last), 2);
	fclose(f);
	for (unsigned int port = first; port <= last; port += last > first ? last - first : 1) {
		(void)snprintf(text, sizeof(text),
			       XMPP PORTS "services: {endpoint: {}, rendezvous: {ports: %u-%u}}\n",
			       port, port);
		(void)snprintf(errors, sizeof(errors),
			       E(9, "services.rendezvous.ports",
				 "overlaps %u-%u, the kernel's own in "
				 "/proc/sys/net/ipv4/ip_local_port_range"),
			       first, last);
		load_bad(text, -EINVAL, errors);
	}
}

static void ranges(void **state)
{
	struct config_range range = {0, 0};

	(void)state;
	assert_int_equal(value_range("10000-32767", &range), 0);
	assert_int_equal(range.first, 10000);
	assert_int_equal(range.last, 32767);
	assert_int_equal(value_range("0-65535", &range), 0);
	assert_int_equal(value_range("0-65536", &range), -ERANGE);
	assert_int_equal(value_range("", &range), -EINVAL);
}

/* --- bounds --- */

/* The document `head`, then `n` times `unit`, then `tail`. */
static char *repeat(const char *head, const char *unit, size_t n, const char *tail)
{
	char *text;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	assert_non_null(f);
	fputs(head, f);
	for (size_t i = 0; i < n; i++)
		fputs(unit, f);
	fputs(tail, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void bounds(void **state)
{
	static const struct {
		const char *head;
		const char *unit;
		size_t n;
		const char *tail;
		int rc;
		const char *errors;
	} cases[] = {
		{GOOD "access: {allow: [", "a.b,", CONFIG_MAX_NAMES, "]}\n", 0, ""},
		{GOOD "access: {allow: [", "a.b,", CONFIG_MAX_NAMES + 1, "]}\n", -EINVAL,
		 E(10, "access.allow", "out of range: must have 1 to 1024 entries")},
		{GOOD "access: {allow: [", "a.b,", TREE_MAX_NODES, "]}\n", -EINVAL,
		 E(10, "access.allow[8177]", "too many values in one file")},
		{GOOD, "#234567\n", TREE_MAX_BYTES / 8, "", -EFBIG,
		 E(1, "(file)", "larger than 1M")},
		{GOOD, "[", TREE_MAX_BYTES / 2, "", -EINVAL,
		 E(10, "(file)",
		   "not YAML: could not find expected ':' while scanning a simple key")},
		{GOOD "x: ", "{a: ", TREE_MAX_BYTES / 8, "", -EINVAL,
		 E(10, "x.a.a.a.a.a.a.a", "nested too deeply")},
		{GOOD "access: {allow: [\"a@b/", "x", 1023, "\"]}\n", 0, ""},
		{GOOD "access: {allow: [\"a@b/", "x", 1024, "\"]}\n", -EINVAL,
		 E(10, "access.allow[0]",
		   "\"a@b/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		   "...\" is not a domain or JID")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = repeat(cases[i].head, cases[i].unit, cases[i].n, cases[i].tail);

		if (cases[i].rc == 0)
			config_free(load_good(text));
		else
			load_bad(text, cases[i].rc, cases[i].errors);
		free(text);
	}
}

/* More errors than are kept: these are told, the others counted. */
static void many_errors(void **state)
{
	char *text = repeat(GOOD "access: {allow: [", "'',", COMPLAINTS_MAX + 5, "]}\n");
	struct config *cfg;
	unsigned int lines = 0;
	char *errors;

	(void)state;
	put_file("t.yaml", text);
	assert_int_equal(load_path("t.yaml", &cfg, &errors), -EINVAL);
	for (const char *c = errors; *c != '\0'; c++)
		lines += *c == '\n';
	assert_int_equal(lines, COMPLAINTS_MAX + 1);
	assert_non_null(strstr(errors, "t.yaml: 5 more errors are not shown\n"));
	free(errors);
	free(text);
}

/* --- files --- */

static void odd_files(void **state)
{
	static const struct {
		const char *path;
		int rc;
		const char *errors;
	} cases[] = {
		{"none.yaml", -ENOENT,
		 "none.yaml:1: (file): cannot be opened: No such file or directory\n"},
		{".", -EISDIR, ".:1: (file): not a regular file\n"},
		{"/dev/null", -EINVAL, "/dev/null:1: (file): not a regular file\n"},
		{"fifo", -EINVAL, "fifo:1: (file): not a regular file\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config *cfg;
		char *errors;

		assert_int_equal(load_path(cases[i].path, &cfg, &errors), cases[i].rc);
		assert_string_equal(errors, cases[i].errors);
		free(errors);
	}
	config_free(NULL);
}

static void secrets(void **state)
{
	static char longest[1025];
	static char too_long[1026];
	static const char loose[] = "readable or writable by group or others, chmod it to 0600";
	const struct {
		const char *bytes;
		size_t length;
		mode_t mode;
		const char *secret; /* NULL: refused */
		const char *why;
	} cases[] = {
		{"word", 4, 0600, "word", NULL},
		{"word\nother\n", 11, 0400, "word", NULL},
		{"two words \r\n", 12, 0700, "two words ", NULL},
		{"a\rb\n", 4, 0600, "a\rb", NULL},
		{"w\n\0", 3, 0600, "w", NULL},
		{longest, 1025, 0600, NULL, NULL},
		{too_long, 1026, 0600, NULL, "its first line is longer than 1024 bytes"},
		{"", 0, 0600, NULL, "its first line is empty"},
		{"\nword\n", 6, 0600, NULL, "its first line is empty"},
		{"\r\n", 2, 0600, NULL, "its first line is empty"},
		{"w\0rd\n", 5, 0600, NULL, "a NUL character in its first line"},
		{"word\n", 5, 0640, NULL, loose},
		{"word\n", 5, 0604, NULL, loose},
		{"word\n", 5, 0620, NULL, loose},
		{"word\n", 5, 0602, NULL, loose},
	};
	char expected[256];

	(void)state;
	memset(longest, 'x', 1024);
	longest[1024] = '\n';
	memset(too_long, 'x', 1025);
	too_long[1025] = '\n';
	assert_int_equal(symlink("secret.new", "link"), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		(void)unlink("secret.new");
		put_secret("secret.new", cases[i].bytes, cases[i].length, cases[i].mode);
		if (cases[i].why == NULL) {
			struct config *cfg = load_good(XMPP_WITH("a.b", "h:1", "link"));

			if (cases[i].secret != NULL)
				assert_string_equal(cfg->xmpp.secret, cases[i].secret);
			else
				assert_int_equal(strlen(cfg->xmpp.secret), 1024);
			config_free(cfg);
			continue;
		}
		(void)snprintf(expected, sizeof(expected), "t.yaml:1: xmpp.secret_file: %s\n",
			       cases[i].why);
		load_bad(XMPP_WITH("a.b", "h:1", "link"), -EINVAL, expected);
	}
}

/* --- garbage: anything may come of it but a crash, a leak or an error without a word --- */

static void load_any(const char *bytes, size_t length)
{
	struct config *cfg;
	char *errors;

	put_bytes("t.yaml", bytes, length);
	(void)load_path("t.yaml", &cfg, &errors);
	free(errors);
	config_free(cfg);
}

static size_t read_sample(char *text, size_t size)
{
	FILE *f = fopen("sample.yaml", "r");
	size_t length;

	assert_non_null(f);
	length = fread(text, 1, size, f);
	fclose(f);
	return length;
}

static void truncated(void **state)
{
	char text[16384];
	size_t length = read_sample(text, sizeof(text));

	(void)state;
	for (size_t i = 0; i <= length; i++)
		load_any(text, i);
	for (size_t i = 0; i <= strlen(every_key); i++)
		load_any(every_key, i);
}

static uint64_t random_next(uint64_t *seed)
{
	/* xorshift64: the same documents in every run */
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void mutated(void **state)
{
	static const char spice[] = "{}[]:,-&*!|>'\"%@`#? \n\t\\~<0123456789\xff\x80";
	uint64_t seed = 20021213;

	(void)state;
	for (unsigned int run = 0; run < 5000; run++) {
		char text[sizeof(every_key)];
		uint64_t n = 1 + random_next(&seed) % 8;

		memcpy(text, every_key, sizeof(text));
		for (uint64_t i = 0; i < n; i++) {
			uint64_t at = random_next(&seed) % (sizeof(text) - 1);
			uint64_t dice = random_next(&seed);

			text[at] = dice % 3 == 0 ? (char)(dice >> 8)
						 : spice[(dice >> 8) % (sizeof(spice) - 1)];
		}
		load_any(text, sizeof(text) - 1);
	}
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL || chdir(directory) != 0)
		return -1;
	put_secret("secret", "s3cret word\n", 12, 0600);
	return mkfifo("fifo", 0600);
}

static int tear_down(void **state)
{
	static const char *const names[] = {"secret", "secret.new",  "link",
					    "fifo",   "sample.yaml", "t.yaml"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		(void)unlink(names[i]);
	return chdir("/") == 0 ? rmdir(directory) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_built_key),
		cmocka_unit_test(good_documents),
		cmocka_unit_test(sample),
		cmocka_unit_test(schema_is_whole),
		cmocka_unit_test(bad_yaml_is_refused),
		cmocka_unit_test(bad_keys_are_refused),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(what_is_not_built_is_refused),
		cmocka_unit_test(a_port_of_the_kernels),
		cmocka_unit_test(what_does_not_go_together_is_refused),
		cmocka_unit_test(good_rendezvous),
		cmocka_unit_test(rendezvous_is_checked),
		cmocka_unit_test(rendezvous_spares_the_kernel),
		cmocka_unit_test(ranges),
		cmocka_unit_test(bounds),
		cmocka_unit_test(many_errors),
		cmocka_unit_test(odd_files),
		cmocka_unit_test(secrets),
		cmocka_unit_test(truncated),
		cmocka_unit_test(mutated),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

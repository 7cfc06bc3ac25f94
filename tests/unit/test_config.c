/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Good documents, each with all that must be read from it, the schema behind them, and that nothing
 * that is left of them when they are mangled does harm.
 */
#include <arpa/inet.h>
#include <assert.h>

#include "config_fixture.h"
#include "schema.h"

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

/* The sample as it is shipped, but with a secret that is there. */
static void read_sample(char *text, size_t size)
{
	static const char key[] = "secret_file: /etc/tandem/secret";
	static const char ours[] = "secret_file: secret            ";
	FILE *f = fopen(SAMPLE, "r");
	char *found;

	static_assert(sizeof(key) == sizeof(ours), "one is written over the other");
	assert_non_null(f);
	text[fread(text, 1, size - 1, f)] = '\0';
	fclose(f);
	found = strstr(text, key);
	assert_non_null(found);
	memcpy(found, ours, strlen(ours));
}

static void sample(void **state)
{
	char text[16384];

	(void)state;
	read_sample(text, sizeof(text));
	config_free(load_good(text));
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

static void truncated(void **state)
{
	char text[16384];

	(void)state;
	read_sample(text, sizeof(text));
	for (size_t i = 0; i <= strlen(text); i++)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),	   cmocka_unit_test(every_built_key),
		cmocka_unit_test(good_documents),  cmocka_unit_test(sample),
		cmocka_unit_test(schema_is_whole), cmocka_unit_test(truncated),
		cmocka_unit_test(mutated),
	};

	return cmocka_run_group_tests(tests, config_setup, config_teardown);
}

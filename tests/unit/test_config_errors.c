/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bad documents, each with all that must be said of it: what is no YAML, unknown keys, values out of
 * range, what does not go together, and too much of anything.
 */
#include "config_fixture.h"
#include "tree.h"

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
	{GOOD "dataplane: {mss: 535}\n",
	 E(10, "dataplane.mss", "out of range: must be 536 to 8940")},
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

static const struct bad bad_together[] = {
	{GOOD "dataplane: {workers: [5], control: 5}\n",
	 E(10, "dataplane.workers[0]", "lcore 5 is dataplane.control already")},
	{GOOD "dataplane: {workers: [1, 2, 1]}\n",
	 E(10, "dataplane.workers[2]", "lcore 1 is dataplane.workers[0] already")},
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
};

/* clang-format on */

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

static void what_does_not_go_together_is_refused(void **state)
{
	(void)state;
	run_bad(bad_together, COUNT(bad_together));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_yaml_is_refused),
		cmocka_unit_test(bad_keys_are_refused),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(what_is_not_built_is_refused),
		cmocka_unit_test(what_does_not_go_together_is_refused),
		cmocka_unit_test(bounds),
		cmocka_unit_test(many_errors),
	};

	return cmocka_run_group_tests(tests, config_setup, config_teardown);
}

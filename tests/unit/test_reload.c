/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One configuration is brought into another: what is told, what moves and what stays.  All runs in
 * a directory of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reload.h"
#include "schema.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define XMPP_AS(jid, secret)         \
	"xmpp:\n"                    \
	"  jid: " jid "\n"           \
	"  server: 127.0.0.1:5347\n" \
	"  secret_file: " secret "\n"
#define XMPP XMPP_AS("relay.example.org", "secret")
#define PORT(n, mtu)                                                            \
	"  - {device: net_null" #n ", tap: tandem" #n ", addresses: [192.0." #n \
	".10/24], mtu: " #mtu "}\n"
#define PORTS	 "ports:\n" PORT(0, 1500) PORT(1, 1500)
#define SERVICES "services: {endpoint: {}}\n"
#define BASE	 XMPP PORTS SERVICES

static char directory[] = "/tmp/test_reload.XXXXXX";

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, true);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(name, 0600), 0);
}

static struct config *load(const char *text)
{
	struct config *cfg;

	put("t.yaml", text);
	assert_int_equal(config_load("t.yaml", stderr, &cfg), 0);
	return cfg;
}

/* "path live, path restart": what was told, in order. */
struct told {
	char text[1024];
};

static void tell(void *ctx, const char *path, bool live)
{
	struct told *told = ctx;
	size_t used = strlen(told->text);

	snprintf(told->text + used, sizeof(told->text) - used, "%s%s %s", used > 0 ? ", " : "",
		 path, live ? "live" : "restart");
}

static void documents(void **state)
{
	static const struct {
		const char *was, *is, *told;
	} rows[] = {
		{BASE, BASE, ""},
		{BASE "limits: {sessions_per_jid: 16}\n", BASE, ""}, /* the default */
		{BASE, BASE "limits: {sessions_per_jid: 15}\n", "limits.sessions_per_jid live"},
		{BASE "access: {deny: [a@x, b@x]}\n", BASE "access: {deny: [b@x]}\n",
		 "access.deny live"},
		{BASE "access: {deny: [a@x]}\n", BASE "access: {deny: [b@x]}\n",
		 "access.deny live"},
		{BASE "access: {deny: [a@x]}\n", BASE, "access.deny live"},
		{BASE, BASE "access: {allow: [example.net]}\n", "access.allow live"},
		{BASE, BASE "log: {level: debug}\n", "log.level live"},
		{BASE, BASE "limits: {sessions: 1}\ntimers: {claim: 1s}\n",
		 "limits.sessions restart, timers.claim live"},
		{BASE, XMPP "ports:\n" PORT(0, 1500) PORT(1, 1490) SERVICES,
		 "ports[1].mtu restart"},
		{BASE, XMPP "ports:\n" PORT(0, 1500) SERVICES, "ports restart"},
		{BASE, XMPP PORTS "services: {endpoint: {strict: true, port: 4001}}\n",
		 "services.endpoint.port restart, services.endpoint.strict live"},
		{BASE, XMPP PORTS "services: {endpoint: {}, rendezvous: {}}\n",
		 "services.rendezvous restart"},
		{XMPP PORTS "services: {endpoint: {}, rendezvous: {}}\n",
		 XMPP PORTS "services: {endpoint: {}, rendezvous: {ports: 10000-10001, prefix: "
			    "\"2001:db8:1::/48\"}}\n",
		 "services.rendezvous.ports restart, services.rendezvous.prefix restart"},
		{BASE, BASE "limits: {reservations_per_jid: 1}\ntimers: {reserve: 1s}\n",
		 "limits.reservations_per_jid live, timers.reserve live"},
		{BASE, BASE "stats: {listen: 127.0.0.1:9466}\n",
		 "stats restart, stats.listen restart"},
		{BASE, XMPP_AS("relay.example.org", "other") PORTS SERVICES,
		 "xmpp.secret_file restart"},
		{BASE, XMPP_AS("relay.example.org", "same") PORTS SERVICES,
		 "xmpp.secret_file restart"},
		/* who may use the relay by default goes with its name */
		{BASE, XMPP_AS("relay.example.net", "secret") PORTS SERVICES,
		 "xmpp.jid restart, access.allow restart"},
		{BASE,
		 XMPP_AS("relay.example.net", "secret") PORTS SERVICES
		 "access: {allow: [example.net]}\n",
		 "xmpp.jid restart, access.allow live"},
		{BASE "access: {allow: [example.net]}\n", BASE, "access.allow live"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *cfg = load(rows[i].was), *fresh = load(rows[i].is);
		struct told told = {""};

		config_take_over(cfg, fresh, tell, &told);
		assert_string_equal(told.text, rows[i].told);
		config_free(fresh);
		config_free(cfg);
	}
}

/* The name of the file stays, what is in it does not. */
static void secret_content(void **state)
{
	struct config *cfg = load(BASE), *fresh;
	struct told told = {""};

	(void)state;
	put("secret", "another\n");
	fresh = load(BASE);
	config_take_over(cfg, fresh, tell, &told);
	assert_string_equal(told.text, "xmpp.secret_file restart");
	assert_string_equal(cfg->xmpp.secret, "s3cret");
	config_free(fresh);
	config_free(cfg);
	put("secret", "s3cret\n");
}

/* What moved belongs to the one it moved to. */
static void values_move(void **state)
{
	struct config *cfg = load(BASE "access: {deny: [a@x]}\n"), *fresh;
	struct told told = {""};

	(void)state;
	fresh = load(BASE "access: {deny: [b@x, c@x]}\ntimers: {pair: 7s}\nlimits: {legs: 9}\n");
	config_take_over(cfg, fresh, tell, &told);
	config_free(fresh);
	assert_int_equal(cfg->access.deny.count, 2);
	assert_string_equal(cfg->access.deny.names[1], "c@x");
	assert_int_equal(cfg->timers.pair_ms, 7000);
	assert_int_equal(cfg->limits.legs, 200000);
	config_free(cfg);
}

/* Give the value of a row another one. */
static void alter(const struct schema_row *row, struct config *cfg)
{
	char *slot = (char *)cfg + row->offset;
	struct config_names *names = (void *)slot;
	char **text = (void *)slot;

	if (row->list && row->type == SCHEMA_TEXT) {
		names->names = realloc(names->names, (names->count + 1) * sizeof(*names->names));
		names->names[names->count++] = strdup("more");
	} else if (row->type == SCHEMA_TEXT || row->type == SCHEMA_HOST_PORT) {
		free(*text);
		*text = strdup("other");
	} else {
		slot[0] ^= 1;
	}
}

/* Every row there is, and rows to come: told by its path and nothing else is; it moves if it may. */
static void every_row(void **state)
{
	unsigned int n = 0;

	(void)state;
	for (size_t i = 0; i < schema_count; i++) {
		const struct schema_row *row = &schema_rows[i];
		struct config *cfg, *fresh;
		struct told told = {""};
		char expected[128];

		if (row->size == 0 || strncmp(row->path, "ports", 5) == 0)
			continue;
		/* nothing else can be swapped as it is */
		if (row->change == SCHEMA_LIVE)
			assert_true(row->companion == 0 &&
				    (!row->list || row->type == SCHEMA_TEXT));
		cfg = load(BASE);
		fresh = load(BASE);
		alter(row, fresh);
		config_take_over(cfg, fresh, tell, &told);
		snprintf(expected, sizeof(expected), "%s %s", row->path,
			 row->change == SCHEMA_LIVE ? "live" : "restart");
		assert_string_equal(told.text, expected);
		told.text[0] = '\0';
		config_take_over(cfg, fresh, tell, &told);
		assert_string_equal(told.text, expected); /* swapped back, or still not */
		config_free(fresh);
		config_free(cfg);
		n++;
	}
	assert_true(n > 20);
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL || chdir(directory) != 0)
		return -1;
	put("secret", "s3cret\n");
	put("same", "s3cret\n");
	put("other", "another\n");
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"secret", "same", "other", "t.yaml"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		(void)unlink(names[i]);
	return chdir("/") == 0 ? rmdir(directory) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents),
		cmocka_unit_test(secret_content),
		cmocka_unit_test(values_move),
		cmocka_unit_test(every_row),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

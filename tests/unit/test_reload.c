/* SPDX-License-Identifier: BSD-3-Clause */
/* One configuration is brought into another: what is told, what moves and what stays. */
#include "config_fixture.h"
#include "reload.h"
#include "schema.h"

#define NULL_PORT(n, mtu) PORT("net_null" #n, "tandem" #n, "192.0." #n ".10/24", #mtu)
#define TWO_PORTS	  "ports:\n" NULL_PORT(0, 1500) NULL_PORT(1, 1500)
#define BASE		  XMPP TWO_PORTS SERVICES

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
		{BASE, XMPP "ports:\n" NULL_PORT(0, 1500) NULL_PORT(1, 1490) SERVICES,
		 "ports[1].mtu restart"},
		{BASE, XMPP "ports:\n" NULL_PORT(0, 1500) SERVICES, "ports restart"},
		{BASE, XMPP TWO_PORTS "services: {endpoint: {strict: true, port: 4001}}\n",
		 "services.endpoint.port restart, services.endpoint.strict live"},
		{BASE, XMPP TWO_PORTS "services: {endpoint: {}, rendezvous: {}}\n",
		 "services.rendezvous restart"},
		{XMPP TWO_PORTS "services: {endpoint: {}, rendezvous: {}}\n",
		 XMPP TWO_PORTS "services: {endpoint: {}, rendezvous: {ports: 10000-10001, prefix: "
				"\"2001:db8:1::/48\"}}\n",
		 "services.rendezvous.ports restart, services.rendezvous.prefix restart"},
		{BASE, BASE "limits: {reservations_per_jid: 1}\ntimers: {reserve: 1s}\n",
		 "limits.reservations_per_jid live, timers.reserve live"},
		{BASE, BASE "stats: {listen: 127.0.0.1:9466}\n",
		 "stats restart, stats.listen restart"},
		{BASE, XMPP_AS("relay.example.org", "other") TWO_PORTS SERVICES,
		 "xmpp.secret_file restart"},
		{BASE, XMPP_AS("relay.example.org", "same") TWO_PORTS SERVICES,
		 "xmpp.secret_file restart"},
		/* who may use the relay by default goes with its name */
		{BASE, XMPP_AS("relay.example.net", "secret") TWO_PORTS SERVICES,
		 "xmpp.jid restart, access.allow restart"},
		{BASE,
		 XMPP_AS("relay.example.net", "secret") TWO_PORTS SERVICES
		 "access: {allow: [example.net]}\n",
		 "xmpp.jid restart, access.allow live"},
		{BASE "access: {allow: [example.net]}\n", BASE, "access.allow live"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *cfg = load_good(rows[i].was), *fresh = load_good(rows[i].is);
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
	struct config *cfg = load_good(BASE), *fresh;
	struct told told = {""};

	(void)state;
	put_file("secret", "another\n");
	fresh = load_good(BASE);
	config_take_over(cfg, fresh, tell, &told);
	assert_string_equal(told.text, "xmpp.secret_file restart");
	assert_string_equal(cfg->xmpp.secret, "s3cret word");
	config_free(fresh);
	config_free(cfg);
	put_file("secret", "s3cret word\n");
}

/* What moved belongs to the one it moved to. */
static void values_move(void **state)
{
	struct config *cfg = load_good(BASE "access: {deny: [a@x]}\n"), *fresh;
	struct told told = {""};

	(void)state;
	fresh = load_good(BASE
			  "access: {deny: [b@x, c@x]}\ntimers: {pair: 7s}\nlimits: {legs: 9}\n");
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
		cfg = load_good(BASE);
		fresh = load_good(BASE);
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
	if (config_setup(state) != 0)
		return -1;
	put_secret("same", "s3cret word\n", 12, 0600);
	put_secret("other", "another\n", 8, 0600);
	return 0;
}

static int tear_down(void **state)
{
	(void)unlink("same");
	(void)unlink("other");
	return config_teardown(state);
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

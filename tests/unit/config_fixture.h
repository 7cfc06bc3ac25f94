/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Documents made of parts, and what loading them must say.  All runs in a directory of its own, so
 * that files have short names: "t.yaml" is the document, "secret" a fitting secret, "fifo" no file.
 */
#ifndef TANDEM_TEST_CONFIG_FIXTURE_H
#define TANDEM_TEST_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A good document in three parts; the first line of each is told. */
#define XMPP_AS(jid, secret)         \
	"xmpp:\n" /* 1 */            \
	"  jid: " jid "\n"           \
	"  server: 127.0.0.1:5347\n" \
	"  secret_file: " secret "\n"
#define XMPP XMPP_AS("relay.example.org", "secret")
#define PORTS                     \
	"ports:\n" /* 5 */        \
	"  - device: net_null0\n" \
	"    tap: tandem0\n"      \
	"    addresses: [192.0.2.10/24]\n"
#define SERVICES "services: {endpoint: {}}\n" /* 9 */
#define PORT(device, tap, addresses, mtu) \
	"  - {device: \"" device "\", tap: " tap ", addresses: [" addresses "], mtu: " mtu "}\n"
#define GOOD XMPP PORTS SERVICES
#define XMPP_WITH(jid, server, secret) \
	"xmpp: {jid: " jid ", server: \"" server "\", secret_file: " secret "}\n" PORTS SERVICES

/* One line that a bad document brings about. */
#define E(line, path, what) "t.yaml:" #line ": " path ": " what "\n"

#define NO_ADDRESS "must be an address with its prefix length, like 192.0.2.1/24"

/* A document that is refused, and all that must be said of it. */
struct bad {
	const char *text;
	const char *errors;
};

/* --- cmocka set-up and tear-down --- */

int config_setup(void **state);
int config_teardown(void **state);

/* --- files --- */

void put_bytes(const char *name, const void *bytes, size_t length);
void put_file(const char *name, const char *text);
void put_secret(const char *name, const void *bytes, size_t length, mode_t mode);

/* --- documents --- */

/* Load a file; `*errors` is freed by the caller. */
int load_path(const char *path, struct config **cfg, char **errors);

/* Load a text in which nothing is wrong. */
struct config *load_good(const char *text);

/* Load a text of which all of `expected`, and nothing else, is said. */
void load_bad(const char *text, int rc, const char *expected);

/* Load all texts of a table. */
void run_bad(const struct bad *table, size_t count);

#endif

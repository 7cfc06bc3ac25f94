/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "direct.h"

#define STRANGERS (DIRECT_ACCEPTED_MAX / 2)

static union candidate_address address(const char *ip, const char *port)
{
	union candidate_address addr;

	assert_int_equal(candidate_parse(ip, port, &addr), 0);
	return addr;
}

static const struct {
	const char *ip;
	unsigned int flags;
	int place; /* -1: not told */
} own_rows[] = {
	{"127.0.0.1", IFF_UP | IFF_LOOPBACK, -1},
	{"192.0.2.7", IFF_UP, 1},
	{"192.0.2.8", 0, -1},
	{"10.1.2.3", IFF_UP, 3},
	{"169.254.1.1", IFF_UP, -1},
	{"fe80::1", IFF_UP, -1},
	{"192.0.2.9", IFF_UP, -1}, /* one too many */
	{"2001:db8::7", IFF_UP, 0},
	{"::1", IFF_UP | IFF_LOOPBACK, -1},
	{"2001:db8::8", IFF_UP, 2},
	{"2001:db8::9", IFF_UP, -1}, /* one too many */
};
enum { OWN_ROWS = sizeof(own_rows) / sizeof(own_rows[0]), LAST_IPV4 = 6 };

/* Which of the own addresses are told, and in which order; where listening begins at all. */
static void told(void **state)
{
	struct candidate *list = calloc(DIRECT_OFFER_MAX + 1, sizeof(*list));
	union candidate_address addrs[OWN_ROWS];
	struct ifaddrs own[OWN_ROWS + 1] = {0}; /* the last has no address */
	struct direct d;

	(void)state;
	for (size_t i = 0; i < OWN_ROWS; i++) {
		addrs[i] = address(own_rows[i].ip, "1");
		own[i] = (struct ifaddrs){.ifa_next = &own[i + 1],
					  .ifa_flags = own_rows[i].flags,
					  .ifa_addr = &addrs[i].sa};
	}
	direct_init(&d);
	assert_int_equal(direct_open(&d, own, "bob@example.org/x", list), DIRECT_OFFER_MAX);
	for (size_t i = 0; i < OWN_ROWS; i++) {
		const struct candidate *c = &list[own_rows[i].place];
		char ip[CANDIDATE_TEXT], port[6];

		if (own_rows[i].place < 0)
			continue;
		candidate_format(&c->addr, ip, port);
		assert_string_equal(ip, own_rows[i].ip);
		assert_true(atoi(port) >= 1024);
		assert_string_equal(c->jid, "bob@example.org/x");
	}
	direct_close(&d);
	own[LAST_IPV4].ifa_next = &own[OWN_ROWS]; /* one family alone */
	assert_int_equal(direct_open(&d, own, "bob@example.org/x", list), 3);
	direct_close(&d);
	assert_int_equal(direct_open(&d, NULL, "bob@example.org/x", list), 0);
	assert_int_equal(d.listeners[0], -1);
	free(list);
}

static union candidate_address name_of(int fd)
{
	union candidate_address addr = {0};
	socklen_t len = sizeof(addr);

	assert_int_equal(getsockname(fd, &addr.sa, &len), 0);
	return addr;
}

static int connect_to(const union candidate_address *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, &to->sa, candidate_length(to)), 0);
	return fd;
}

/* Only all four numbers name the partner's connection among strangers'. */
static void matches(void **state)
{
	union candidate_address own = address("192.0.2.7", "1"), to, from, other;
	struct ifaddrs list = {.ifa_flags = IFF_UP, .ifa_addr = &own.sa};
	struct candidate *offered = calloc(DIRECT_OFFER_MAX + 1, sizeof(*offered));
	int strangers[STRANGERS], partner, fd;
	struct direct d;

	(void)state;
	direct_init(&d);
	assert_int_equal(direct_open(&d, &list, "bob@example.org/x", offered), 1);
	to = address("127.0.0.1", "1");
	to.in.sin_port = offered[0].addr.in.sin_port;
	for (int i = 0; i < STRANGERS; i++)
		strangers[i] = connect_to(&to);
	partner = connect_to(&to);
	from = name_of(partner);

	other = from;
	other.in.sin_port = (in_port_t)~other.in.sin_port;
	assert_int_equal(direct_match(&d, &to, &other), -ENOENT);
	other = address("127.0.0.2", "1");
	other.in.sin_port = to.in.sin_port;
	assert_int_equal(direct_match(&d, &other, &from), -ENOENT);
	assert_int_equal(direct_match(&d, &to, &from), 0);
	other = name_of(strangers[0]);
	assert_int_equal(direct_match(&d, &to, &other), -EBUSY);
	fd = direct_take(&d);
	assert_int_equal(write(partner, "x", 1), 1);
	assert_int_equal(read(fd, &(char){0}, 1), 1);
	direct_close(&d);
	for (int i = 0; i < STRANGERS; i++) {
		assert_int_equal(read(strangers[i], &(char){0}, 1), 0);
		close(strangers[i]);
	}
	close(partner);
	close(fd);
	free(offered);
}

static int connect_from(in_port_t port, const union candidate_address *to)
{
	union candidate_address own = address("127.0.0.1", "1");
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	own.in.sin_port = port;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
	assert_int_equal(bind(fd, &own.sa, candidate_length(&own)), 0);
	assert_int_equal(connect(fd, &to->sa, candidate_length(to)), 0);
	return fd;
}

enum reading { ITS_END, ITS_PORT, OUR_END, NEITHER };

/* What a client of 2002 says of a connection it has to `to`. */
static union candidate_address told_by(int partner, enum reading reading,
				       const union candidate_address *to)
{
	union candidate_address said = reading == OUR_END ? *to : name_of(partner);

	if (reading == ITS_PORT)
		said.in.sin_addr = to->in.sin_addr;
	if (reading == NEITHER)
		said.in.sin_port = (in_port_t)~said.in.sin_port;
	return said;
}

/* It tells two numbers: its own end, our address with its port, or where it connected to; and they
 * are never guessed by. */
static void matches_two_numbers(void **state)
{
	static const struct {
		enum reading reading;
		bool stranger;
		int matched;
	} rows[] = {
		{ITS_END, false, 0},	   {ITS_END, true, 0},	     {ITS_PORT, false, 0},
		{ITS_PORT, true, 0},	   {OUR_END, false, 0},	     {OUR_END, true, -EEXIST},
		{NEITHER, false, -ENOENT}, {NEITHER, true, -ENOENT},
	};
	union candidate_address own = address("192.0.2.7", "1"), to = address("127.0.0.2", "1");
	const union candidate_address untold = {0};
	struct ifaddrs list = {.ifa_flags = IFF_UP, .ifa_addr = &own.sa};
	struct candidate *offered = calloc(DIRECT_OFFER_MAX + 1, sizeof(*offered));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		union candidate_address said;
		int partner, stranger;
		struct direct d;

		direct_init(&d);
		assert_int_equal(direct_open(&d, &list, "bob@example.org/x", offered), 1);
		to.in.sin_port = offered[0].addr.in.sin_port;
		stranger = rows[i].stranger ? connect_from(0, &to) : -1;
		partner = connect_from(0, &to);
		said = told_by(partner, rows[i].reading, &to);
		assert_int_equal(direct_match(&d, &said, &untold), rows[i].matched);
		assert_int_equal(write(partner, "x", 1), 1);
		if (d.matched >= 0)
			assert_int_equal(read(d.matched, &(char){0}, 1), 1);
		direct_close(&d);
		close(partner);
		close(stranger);
	}
	free(offered);
}

/* He who comes from the port we listen on is not taken for the partner that names that port. */
static void mimic(void **state)
{
	union candidate_address to = address("127.0.0.2", "1");
	const union candidate_address untold = {0};
	struct direct d;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), partner, stranger;

	(void)state;
	direct_init(&d);
	to.in.sin_port = 0;
	assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
	assert_int_equal(bind(listener, &to.sa, candidate_length(&to)), 0);
	assert_int_equal(listen(listener, 4), 0);
	to = name_of(listener);
	d.listeners[1] = listener;
	partner = connect_from(0, &to);
	stranger = connect_from(to.in.sin_port, &to);
	assert_int_equal(direct_match(&d, &to, &untold), -EEXIST);
	direct_close(&d);
	close(partner);
	close(stranger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(told), cmocka_unit_test(matches),
					   cmocka_unit_test(matches_two_numbers),
					   cmocka_unit_test(mimic)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

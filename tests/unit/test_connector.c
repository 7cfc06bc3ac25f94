/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses tried in turn; the resolver is of cardboard and gives what a row says.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "connector.h"
#include "mailbox.h"
#include "resolver.h"

#define TIMEOUT_MS 100

static unsigned int polls_to_come; /* before the resolver has its answer */
static int resolver_error;
static const struct addrinfo *resolved;

struct resolver *resolver_start(const char *host, uint16_t port)
{
	assert_string_equal(host, "xmpp.example.org");
	assert_int_equal(port, 5347);
	return (struct resolver *)&polls_to_come;
}

int resolver_poll(struct resolver *r, const struct addrinfo **result)
{
	assert_ptr_equal(r, &polls_to_come);
	if (polls_to_come > 0) {
		polls_to_come--;
		return EAI_INPROGRESS;
	}
	*result = resolver_error == 0 ? resolved : NULL;
	return resolver_error;
}

void resolver_free(struct resolver *r)
{
	assert_ptr_equal(r, &polls_to_come);
}

/* --- what may be behind an address --- */

enum host { NONE, OPEN, CLOSED, SILENT };

static struct sockaddr_in addresses[4];
static int fds[4], fillers[4][4];

static void set_up_host(enum host host, unsigned int i)
{
	struct sockaddr_in *a = &addresses[i];
	socklen_t len = sizeof(*a);
	unsigned int j;

	*a = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	fds[i] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fds[i], (struct sockaddr *)a, sizeof(*a)), 0);
	assert_int_equal(getsockname(fds[i], (struct sockaddr *)a, &len), 0);
	if (host != CLOSED)
		assert_int_equal(listen(fds[i], 0), 0);
	/* With its queue full Linux drops further SYNs. */
	for (j = 0; host == SILENT && j < 4; j++) {
		fillers[i][j] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fillers[i][j], (struct sockaddr *)a, sizeof(*a));
	}
}

static void take_down_host(enum host host, unsigned int i)
{
	unsigned int j;

	for (j = 0; host == SILENT && j < 4; j++)
		close(fillers[i][j]);
	close(fds[i]);
}

/* --- */

static struct connector *connector;
static unsigned int n_done;
static int done_fd;
static char done_why[64];

static void on_done(void *ctx, int fd, const char *why)
{
	assert_ptr_equal(ctx, &n_done);
	n_done++;
	done_fd = fd;
	strncpy(done_why, why == NULL ? "" : why, sizeof(done_why) - 1);
	connector_free(connector);
	connector = NULL;
}

static const struct row {
	enum host hosts[4];
	unsigned int polls;
	int error;
	int at; /* which one is connected in the end, or -1 */
	const char *why;
	unsigned int least_ms;
} rows[] = {
	{{OPEN}, 0, 0, 0, "", 0},
	{{OPEN, CLOSED}, 2, 0, 0, "", 100},
	{{CLOSED, OPEN}, 0, 0, 1, "", 0},
	{{CLOSED, CLOSED, OPEN, OPEN}, 0, 0, 2, "", 0},
	{{CLOSED, CLOSED}, 0, 0, -1, "Connection refused", 0},
	{{SILENT, OPEN}, 0, 0, 1, "", TIMEOUT_MS},
	{{CLOSED, SILENT, OPEN}, 0, 0, 2, "", TIMEOUT_MS},
	{{SILENT, SILENT}, 0, 0, -1, "Connection timed out", 2 * TIMEOUT_MS},
	{{NONE}, 0, 0, -1, "Cannot assign requested address", 0},
	{{NONE}, 1, EAI_NONAME, -1, "Name or service not known", 0},
};

static void connect_to(const struct row *row)
{
	struct addrinfo list[4];
	struct loop *loop = loop_create();
	uint64_t began = mailbox_now_ms();
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	unsigned int i, n = 0;

	for (i = 0; i < 4 && row->hosts[i] != NONE; i++, n++) {
		set_up_host(row->hosts[i], i);
		list[i] = (struct addrinfo){.ai_family = AF_INET,
					    .ai_addr = (struct sockaddr *)&addresses[i],
					    .ai_addrlen = sizeof(addresses[i])};
		if (i > 0)
			list[i - 1].ai_next = &list[i];
	}
	resolved = n > 0 ? list : NULL;
	resolver_error = row->error;
	polls_to_come = row->polls;
	n_done = 0;
	connector = connector_create("xmpp.example.org", 5347, TIMEOUT_MS, loop, on_done, &n_done);
	assert_non_null(connector);
	while (n_done == 0) {
		assert_true(mailbox_now_ms() - began < 3000);
		connector_tick(connector);
		loop_wait(loop, n_done > 0 ? 0 : 1);
	}
	assert_int_equal(n_done, 1);
	assert_string_equal(done_why, row->why);
	assert_true(mailbox_now_ms() - began >= row->least_ms);
	if (row->at < 0) {
		assert_int_equal(done_fd, -1);
	} else {
		assert_int_equal(getpeername(done_fd, (struct sockaddr *)&peer, &len), 0);
		assert_int_equal(peer.sin_port, addresses[row->at].sin_port);
		close(done_fd);
	}
	for (i = 0; i < n; i++)
		take_down_host(row->hosts[i], i);
	loop_destroy(loop);
}

static void test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		connect_to(&rows[i]);
}

/* Given up while the resolver or a socket is at work. */
static void test_given_up(void **state)
{
	struct addrinfo one = {.ai_family = AF_INET,
			       .ai_addr = (struct sockaddr *)&addresses[0],
			       .ai_addrlen = sizeof(addresses[0])};
	struct loop *loop = loop_create();
	unsigned int i;

	(void)state;
	set_up_host(SILENT, 0);
	resolved = &one;
	resolver_error = 0;
	n_done = 0;
	for (i = 0; i < 2; i++) {
		polls_to_come = i;
		connector = connector_create("xmpp.example.org", 5347, TIMEOUT_MS, loop, on_done,
					     &n_done);
		connector_tick(connector);
		connector_free(connector);
	}
	loop_wait(loop, 10);
	assert_int_equal(n_done, 0);
	take_down_host(SILENT, 0);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

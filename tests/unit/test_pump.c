/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pump.h"

/* A pump from a pipe to a socket: in[1] feeds it, out[1] is where it comes out. */
struct world {
	struct pump pump;
	int in[2], out[2];
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(w->in), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, w->out), 0);
	w->pump.source = w->in[0];
	w->pump.sink = w->out[0];
	w->pump.shut = true;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	pump_stop(&w->pump);
	for (int i = 0; i < 2; i++) {
		close(w->in[i]);
		close(w->out[i]);
	}
	free(w);
	return 0;
}

static void wait_end(struct world *w)
{
	struct pollfd polled = {.fd = w->pump.event_fd, .events = POLLIN};

	assert_int_equal(poll(&polled, 1, 10000), 1);
	pump_stop(&w->pump);
}

static void to_the_end(void **state)
{
	struct world *w = *state;
	char buf[16];

	assert_int_equal(pump_start(&w->pump), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(write(w->in[1], "ab", 2), 2);
		assert_int_equal(read(w->out[1], buf, sizeof(buf)), 2); /* it waits for no more */
	}
	close(w->in[1]);
	w->in[1] = -1;
	assert_int_equal(read(w->out[1], buf, sizeof(buf)), 0);
	wait_end(w);
	assert_int_equal(w->pump.end, PUMP_EOF);
	assert_int_equal(w->pump.done, 200);
	/* the other way is still open */
	assert_int_equal(write(w->out[1], "x", 1), 1);
	assert_int_equal(read(w->out[0], buf, sizeof(buf)), 1);
}

static void non_blocking(void **state)
{
	struct world *w = *state;
	char buf[4096];
	size_t sent = 0, seen = 0;
	ssize_t n;

	fcntl(w->in[0], F_SETFL, O_NONBLOCK);
	fcntl(w->out[0], F_SETFL, O_NONBLOCK);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(pump_start(&w->pump), 0);
	usleep(20000); /* it meets an empty source first */
	fcntl(w->in[1], F_SETFL, O_NONBLOCK);
	for (int full = 0; full < 50;) { /* then a full sink */
		n = write(w->in[1], buf, sizeof(buf));
		if (n > 0)
			sent += (size_t)n;
		else
			full += usleep(1000) == 0;
	}
	close(w->in[1]);
	w->in[1] = -1;
	while ((n = read(w->out[1], buf, sizeof(buf))) > 0)
		seen += (size_t)n;
	wait_end(w);
	assert_int_equal(w->pump.end, PUMP_EOF);
	assert_int_equal(seen, sent);
	assert_int_equal(w->pump.done, sent);
}

static void sink_gone(void **state)
{
	struct world *w = *state;

	close(w->out[1]);
	w->out[1] = -1;
	assert_int_equal(pump_start(&w->pump), 0);
	assert_int_equal(write(w->in[1], "a", 1), 1);
	wait_end(w);
	assert_int_equal(w->pump.end, PUMP_SINK);
	assert_int_equal(w->pump.error, EPIPE);
	assert_int_equal(w->pump.done, 0);
}

static void source_bad(void **state)
{
	struct world *w = *state;

	w->pump.source = w->in[1]; /* the end for writing */
	assert_int_equal(pump_start(&w->pump), 0);
	wait_end(w);
	assert_int_equal(w->pump.end, PUMP_SOURCE);
	assert_int_equal(w->pump.error, EBADF);
}

/* It waits for bytes that never come, or for room that never comes. */
static void stopped(void **state)
{
	struct world *w = *state;
	static char much[1 << 16];

	assert_int_equal(pump_start(&w->pump), 0);
	usleep(10000);
	pump_stop(&w->pump);
	assert_int_equal(w->pump.end, PUMP_STOPPED);
	assert_int_equal(pump_start(&w->pump), 0);
	for (int i = 0; i < 4; i++)
		assert_true(write(w->in[1], much, sizeof(much)) > 0);
	usleep(10000);
	pump_stop(&w->pump);
	assert_int_equal(w->pump.end, PUMP_STOPPED);
	pump_stop(&w->pump); /* harmless */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(to_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(non_blocking, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sink_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(source_bad, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stopped, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

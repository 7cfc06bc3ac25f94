/* SPDX-License-Identifier: BSD-3-Clause */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;
static void (*hook)(void);

static void on_stop(int sig)
{
	int err = errno;

	caught = sig;
	hook();
	errno = err;
}

static void on_alarm(int sig)
{
	int err = errno;

	(void)sig;
	hook();
	errno = err;
}

void stop_install(void (*on_signal)(void))
{
	static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction sa = {.sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND};

	hook = on_signal;
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigaction(stops[i], &sa, NULL);
	sa = (struct sigaction){.sa_handler = on_alarm};
	sigaction(SIGALRM, &sa, NULL);
	sa = (struct sigaction){.sa_handler = SIG_IGN};
	sigaction(SIGPIPE, &sa, NULL);
}

int stop_signal(void)
{
	return caught;
}

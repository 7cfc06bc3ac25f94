/* SPDX-License-Identifier: BSD-3-Clause */
#include "pump.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAKE_SIGNAL SIGUSR1 /* ends a wait of the thread */
#define WAKE_MS	    5	    /* and again, should it have come just before the wait */

static void on_wake(int sig)
{
	(void)sig;
}

/* A descriptor handed to us may be non-blocking, and then is so for others too: it stays as it is.
 * Whether to try again. */
static bool passing(const struct pump *pump, int fd, short events)
{
	struct pollfd polled = {.fd = fd, .events = events};

	if (errno == EINTR)
		return !atomic_load(&pump->stopping);
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return false;
	poll(&polled, 1, -1);
	return !atomic_load(&pump->stopping);
}

static void end(struct pump *pump, enum pump_end how, int error)
{
	pump->end = atomic_load(&pump->stopping) ? PUMP_STOPPED : how;
	pump->error = error;
}

static bool write_all(struct pump *pump, size_t len)
{
	size_t written = 0;

	while (written < len && !atomic_load(&pump->stopping)) {
		ssize_t n = write(pump->sink, pump->buf + written, len - written);

		if (n >= 0) {
			written += (size_t)n;
			atomic_fetch_add_explicit(&pump->done, (uint64_t)n, memory_order_relaxed);
		} else if (!passing(pump, pump->sink, POLLOUT)) {
			end(pump, PUMP_SINK, errno);
			return false;
		}
	}
	return written == len;
}

static void finish(struct pump *pump)
{
	if (pump->shut && shutdown(pump->sink, SHUT_WR) < 0)
		end(pump, PUMP_SINK, errno);
	else
		end(pump, PUMP_EOF, 0);
}

static void move(struct pump *pump)
{
	while (!atomic_load(&pump->stopping)) {
		ssize_t n = read(pump->source, pump->buf, sizeof(pump->buf));

		if (n < 0 && passing(pump, pump->source, POLLIN))
			continue;
		if (n < 0) {
			end(pump, PUMP_SOURCE, errno);
			return;
		}
		if (n == 0) {
			finish(pump);
			return;
		}
		if (!write_all(pump, (size_t)n))
			return;
	}
}

static void *pump_thread(void *arg)
{
	struct pump *pump = arg;

	move(pump);
	eventfd_write(pump->event_fd, 1);
	return NULL;
}

int pump_start(struct pump *pump)
{
	const struct sigaction wake = {.sa_handler = on_wake}; /* no SA_RESTART: it ends waits */
	sigset_t all, before;
	int err;

	pump->end = PUMP_STOPPED;
	pump->error = 0;
	atomic_store(&pump->done, 0);
	pump->event_fd = eventfd(0, EFD_CLOEXEC);
	if (pump->event_fd < 0)
		return -errno;
	atomic_store(&pump->stopping, false);
	sigaction(WAKE_SIGNAL, &wake, NULL);
	sigfillset(&all); /* other signals are the main thread's, whose waits they end */
	sigdelset(&all, WAKE_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&pump->thread, NULL, pump_thread, pump);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		close(pump->event_fd);
		return -err;
	}
	pump->running = true;
	return 0;
}

void pump_stop(struct pump *pump)
{
	struct pollfd ended = {.fd = pump->event_fd, .events = POLLIN};

	if (!pump->running)
		return;
	atomic_store(&pump->stopping, true);
	while (poll(&ended, 1, 0) == 0) {
		pthread_kill(pump->thread, WAKE_SIGNAL);
		poll(&ended, 1, WAKE_MS);
	}
	pthread_join(pump->thread, NULL);
	close(pump->event_fd);
	pump->running = false;
}

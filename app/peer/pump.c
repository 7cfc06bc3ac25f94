/* SPDX-License-Identifier: BSD-3-Clause */
#include "pump.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* A descriptor handed to us may be non-blocking, and then is so for others too: it stays as it is.
 * Whether to try again. */
static bool passing(int fd, short events)
{
	struct pollfd polled = {.fd = fd, .events = events};

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return false;
	poll(&polled, 1, -1);
	return true;
}

static void end(struct pump *pump, enum pump_end how, int error)
{
	pump->end = how;
	pump->error = error;
}

static bool write_all(struct pump *pump, size_t len)
{
	size_t written = 0;

	while (written < len) {
		ssize_t n = write(pump->sink, pump->buf + written, len - written);

		if (n >= 0) {
			written += (size_t)n;
			atomic_fetch_add_explicit(&pump->done, (uint64_t)n, memory_order_relaxed);
		} else if (!passing(pump->sink, POLLOUT)) {
			end(pump, PUMP_SINK, errno);
			return false;
		}
	}
	return true;
}

static void move(struct pump *pump)
{
	for (;;) {
		ssize_t n = read(pump->source, pump->buf, sizeof(pump->buf));

		if (n < 0 && passing(pump->source, POLLIN))
			continue;
		if (n < 0) {
			end(pump, PUMP_SOURCE, errno);
			return;
		}
		if (n == 0)
			break;
		if (!write_all(pump, (size_t)n))
			return;
	}
	if (pump->shut && shutdown(pump->sink, SHUT_WR) < 0)
		end(pump, PUMP_SINK, errno);
	else
		end(pump, PUMP_EOF, 0);
}

/* Only what can wait for ever may be cancelled: it is in move(). */
static void *pump_thread(void *arg)
{
	struct pump *pump = arg;
	int before;

	move(pump);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	eventfd_write(pump->event_fd, 1);
	return NULL;
}

int pump_start(struct pump *pump)
{
	sigset_t all, before;
	int err;

	pump->end = PUMP_STOPPED;
	pump->error = 0;
	atomic_store(&pump->done, 0);
	pump->event_fd = eventfd(0, EFD_CLOEXEC);
	if (pump->event_fd < 0)
		return -errno;
	sigfillset(&all); /* signals are the main thread's, whose waits they end */
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
	if (!pump->running)
		return;
	pthread_cancel(pump->thread);
	pthread_join(pump->thread, NULL);
	close(pump->event_fd);
	pump->running = false;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two ends of TCP connections whose sockets somebody else has made and connected: they are
 * inherited, and named by their numbers.
 *
 *   stream pour MS FD...          write to all of them for so long, then end
 *   stream drain WAIT_MS MS FD... read from all; after WAIT_MS count what comes for MS more, and say
 *                                 how many bytes came in how many seconds
 *   stream echo FD                send back each byte until the other end closes
 *   stream ping N FD              send a byte and wait for it to come back, N times; say the median,
 *                                 the 99th percentile (us) and how many a second
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK	   (256 * 1024)
#define EVENTS	   64
#define PINGS_MAX  1000000
#define PATIENCE_S 20

static char block[BLOCK];

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *fmt, ...)
{
	va_list ap;

	fputs("stream: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(errno));
	exit(1);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int watch(char **fds, uint32_t events)
{
	int ep = epoll_create1(0);

	for (; ep >= 0 && *fds != NULL; fds++) {
		struct epoll_event event = {.events = events, .data.fd = atoi(*fds)};

		if (fcntl(event.data.fd, F_SETFL, O_NONBLOCK) < 0 ||
		    epoll_ctl(ep, EPOLL_CTL_ADD, event.data.fd, &event) < 0)
			die("socket %s", *fds);
	}
	return ep;
}

typedef ssize_t (*mover)(int fd);

static ssize_t write_block(int fd)
{
	return send(fd, block, sizeof(block), MSG_NOSIGNAL);
}

static ssize_t read_block(int fd)
{
	return recv(fd, block, sizeof(block), 0);
}

/* Bytes that were moved until `end`.  A connection that breaks is an error. */
static uint64_t move_until(int ep, double end, mover move)
{
	struct epoll_event events[EVENTS];
	uint64_t total = 0;
	double left;

	while ((left = end - now_s()) > 0) {
		int i, n = epoll_wait(ep, events, EVENTS, (int)(left * 1000) + 1);

		for (i = 0; i < n; i++) {
			ssize_t size = move(events[i].data.fd);

			if (size == 0 || (size < 0 && errno != EAGAIN))
				die("a stream broke");
			total += size > 0 ? (uint64_t)size : 0;
		}
	}
	return total;
}

static void pour(char **args)
{
	double end = now_s() + atof(args[0]) / 1000;

	move_until(watch(args + 1, EPOLLOUT), end, write_block);
}

static void drain(char **args)
{
	int ep = watch(args + 2, EPOLLIN);
	double begin;
	uint64_t bytes;

	move_until(ep, now_s() + atof(args[0]) / 1000, read_block);
	begin = now_s();
	bytes = move_until(ep, begin + atof(args[1]) / 1000, read_block);
	printf("%llu %.6f\n", (unsigned long long)bytes, now_s() - begin);
}

static void patience(int fd)
{
	const struct timeval limit = {.tv_sec = PATIENCE_S};
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    fcntl(fd, F_SETFL, 0) < 0)
		die("socket %d", fd);
}

static void echo(char **args)
{
	int fd = atoi(args[0]);
	ssize_t n;

	patience(fd);
	while ((n = recv(fd, block, sizeof(block), 0)) > 0) {
		if (send(fd, block, (size_t)n, MSG_NOSIGNAL) != n)
			die("echo");
	}
}

static int by_size(const void *a, const void *b)
{
	const double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

static void ping(char **args)
{
	static double took_us[PINGS_MAX];
	const int n = atoi(args[0]), fd = atoi(args[1]);
	double begin = now_s(), before = begin, after;
	int i;

	if (n < 1 || n > PINGS_MAX)
		die("%d pings", n);
	patience(fd);
	for (i = 0; i < n; i++, before = after) {
		if (send(fd, block, 1, MSG_NOSIGNAL) != 1 || recv(fd, block, 1, 0) != 1)
			die("ping %d", i);
		after = now_s();
		took_us[i] = (after - before) * 1e6;
	}
	qsort(took_us, (size_t)n, sizeof(*took_us), by_size);
	printf("%.1f %.1f %.0f\n", took_us[n / 2], took_us[n * 99 / 100], n / (before - begin));
}

static const struct verb {
	const char *name;
	void (*run)(char **args);
	int least; /* arguments */
} verbs[] = {{"pour", pour, 2}, {"drain", drain, 3}, {"echo", echo, 1}, {"ping", ping, 2}};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (argc >= 2 + verbs[i].least && strcmp(argv[1], verbs[i].name) == 0) {
			verbs[i].run(argv + 2);
			return 0;
		}
	}
	fputs("see the head of stream.c\n", stderr);
	return 2;
}

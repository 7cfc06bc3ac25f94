/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stats thread.
 *
 * One thread does everything: it looks at the workers every tick, lets libmicrohttpd serve, and
 * cuts connections that outstay their time.  We drive libmicrohttpd's epoll set ourselves: with a
 * thread of its own it would know idle time-outs only, and a client that sends one byte every few
 * seconds could hold a place for hours.  Nothing here is shared with another thread but the eventfd
 * that ends the loop, so nothing is locked.
 *
 * Life-cycle: mgmt_start() builds all in the caller's thread and starts ours last; mgmt_stop()
 * joins it first and takes the rest down in reverse.
 */
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "health.h"
#include "metric.h"
#include "mgmt.h"
#include "request.h"
#include "visitor.h"

#define CONNECTION_MEMORY \
	((size_t)8192) /* bytes: request and response headers of one connection \
			*/
#define TICKS_PER_STUCK 8

static const struct mgmt_times default_times = {.connection_ms = 10000, .stuck_ms = 2000};

struct mgmt {
	struct mgmt_sources src;
	struct mgmt_times times;
	struct health health;
	struct visitors visitors;
	struct request_view view;
	struct MHD_Daemon *http;
	int http_fd; /* libmicrohttpd's epoll set; its own */
	int stop_fd;
	uint16_t listen_port;
	bool running;
	pthread_t thread;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void *stats_thread(void *arg)
{
	struct mgmt *m = arg;
	struct pollfd fds[] = {{.fd = m->http_fd, .events = POLLIN},
			       {.fd = m->stop_fd, .events = POLLIN}};
	const int tick_ms = (int)(m->times.stuck_ms / TICKS_PER_STUCK) + 1;

	for (;;) {
		MHD_UNSIGNED_LONG_LONG pending_ms;
		int wait_ms = tick_ms;

		if (MHD_get_timeout(m->http, &pending_ms) == MHD_YES &&
		    pending_ms < (unsigned int)tick_ms)
			wait_ms = (int)pending_ms;
		(void)poll(fds, 2, wait_ms);
		if (fds[1].revents)
			return NULL;
		health_sample(&m->health, &m->src, now_ms());
		MHD_run(m->http);
		visitors_sweep(&m->visitors, now_ms());
	}
}

static enum MHD_Result admit(void *cls, const struct sockaddr *addr, socklen_t len)
{
	const struct mgmt *m = cls;

	(void)len;
	return visitors_admit(&m->visitors, addr) ? MHD_YES : MHD_NO;
}

static void connection_changed(void *cls, struct MHD_Connection *connection, void **slot,
			       enum MHD_ConnectionNotificationCode code)
{
	struct mgmt *m = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *fd, *addr;

		fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		addr = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		*slot = visitors_enter(&m->visitors, fd->connect_fd, addr->client_addr,
				       now_ms() + m->times.connection_ms);
	} else if (*slot) {
		visitor_leave(*slot);
		*slot = NULL;
	}
}

/* Returns a listening socket or a negative errno. */
static int listen_on(const struct config_stats *stats)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				       .ai_socktype = SOCK_STREAM};
	const int on = 1;
	struct addrinfo *ai;
	char port[sizeof("65535")];
	int fd, err;

	snprintf(port, sizeof(port), "%u", stats->listen_port);
	/* Without a node getaddrinfo() would take loopback, which nobody asked for. */
	if (!stats->listen_host || getaddrinfo(stats->listen_host, port, &hints, &ai))
		return -EINVAL;
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0)
		goto fail;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		goto fail;
	/* "[::]" means IPv6: whoever wants IPv4 too must not get it by the kernel's default. */
	if (ai->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		goto fail;
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, VISITORS_MAX))
		goto fail;
	freeaddrinfo(ai);
	return fd;
fail:
	err = -errno;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(ai);
	return err;
}

static uint16_t port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} name = {.in6 = {0}};
	socklen_t len = sizeof(name);

	if (getsockname(fd, &name.any, &len))
		return 0;
	return ntohs(name.any.sa_family == AF_INET6 ? name.in6.sin6_port : name.in4.sin_port);
}

static int http_start(struct mgmt *m)
{
	const union MHD_DaemonInfo *info;
	int fd = listen_on(&m->src.cfg->stats);

	if (fd < 0)
		return fd;
	m->listen_port = port_of(fd);
	m->http = MHD_start_daemon(
		MHD_USE_EPOLL, 0, admit, m, request_answer, &m->view, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)VISITORS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_NOTIFY_CONNECTION,
		connection_changed, m, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	/* The socket is libmicrohttpd's now, which closes it in most of its failures: better to
	 * leak it in the others than to close a number that is somebody else's by now. */
	if (!m->http)
		return -EIO;
	info = MHD_get_daemon_info(m->http, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -EIO;
	m->http_fd = info->epoll_fd;
	return 0;
}

/* The process's signals are for the thread that waits for them, not for this one. */
static int thread_start(struct mgmt *m)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&m->thread, NULL, stats_thread, m);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return -err;
	m->running = true;
	pthread_setname_np(m->thread, "stats");
	return 0;
}

static int check_ports(const struct mgmt_sources *src)
{
	for (unsigned int i = 0; i < src->cfg->n_ports; i++) {
		const struct mgmt_port *port = src->ports ? &src->ports[i] : NULL;

		if (!port || !port->up || !port->rx_missed || !port->steered)
			return -EINVAL;
	}
	return metric_check_ports(src->cfg);
}

int mgmt_start(const struct mgmt_sources *src, const struct mgmt_times *times, struct mgmt **out)
{
	struct mgmt *m;
	int err;

	*out = NULL;
	if (!src->cfg->stats.enabled)
		return 0;
	err = check_ports(src);
	if (err)
		return err;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->src = *src;
	m->times = times ? *times : default_times;
	m->view = (struct request_view){.src = &m->src, .health = &m->health};
	health_init(&m->health, &m->src, m->times.stuck_ms);
	visitors_init(&m->visitors);
	m->stop_fd = eventfd(0, EFD_CLOEXEC);
	err = m->stop_fd < 0 ? -errno : http_start(m);
	if (!err)
		err = thread_start(m);
	if (err) {
		mgmt_stop(m);
		return err;
	}
	*out = m;
	return 0;
}

void mgmt_stop(struct mgmt *m)
{
	if (!m)
		return;
	if (m->running) {
		(void)eventfd_write(m->stop_fd, 1);
		pthread_join(m->thread, NULL);
	}
	if (m->http)
		MHD_stop_daemon(m->http);
	if (m->stop_fd >= 0)
		close(m->stop_fd);
	free(m);
}

uint16_t mgmt_listen_port(const struct mgmt *m)
{
	return m->listen_port;
}

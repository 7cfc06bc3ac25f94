/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"

#define EVENTS_A_WAIT 8

struct loop {
	int epoll_fd;
};

struct loop *loop_create(void)
{
	struct loop *l = malloc(sizeof(*l));

	if (l == NULL)
		return NULL;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0) {
		free(l);
		return NULL;
	}
	return l;
}

void loop_destroy(struct loop *l)
{
	if (l == NULL)
		return;
	close(l->epoll_fd);
	free(l);
}

int loop_add(struct loop *l, struct loop_source *source, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = source};

	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return -errno;
	source->fd = fd;
	return 0;
}

int loop_change(struct loop *l, struct loop_source *source, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = source};

	return epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, source->fd, &ev) < 0 ? -errno : 0;
}

void loop_remove(struct loop *l, struct loop_source *source)
{
	if (source->fd < 0)
		return;
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	source->fd = -1;
}

void loop_wait(struct loop *l, unsigned int timeout_ms)
{
	struct epoll_event events[EVENTS_A_WAIT];
	int i, n;

	n = epoll_wait(l->epoll_fd, events, EVENTS_A_WAIT,
		       timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms);
	if (n < 0 && errno != EINTR)
		log_error("epoll_wait: %m");
	for (i = 0; i < n; i++) {
		struct loop_source *source = events[i].data.ptr;

		/* One that ran before it may have removed it. */
		if (source->fd >= 0 && source->ready != NULL)
			source->ready(source->ctx, events[i].events);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dial.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "outcome.h"
#include "progress.h"

/* 0, or negative errno; -EINPROGRESS while it is not decided. */
static int connect_state(int fd, short revents)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (!revents)
		return -EINPROGRESS;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

static int wait_connected(struct account *account, int fd, int64_t deadline, int *outcome)
{
	int err = -EINPROGRESS;

	while (err == -EINPROGRESS) {
		struct pollfd polled = {.fd = fd, .events = POLLOUT};
		int64_t left = deadline - progress_now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		*outcome = account_turn(account, &polled, 1, left);
		if (*outcome != OUTCOME_DONE)
			return -EINTR;
		err = connect_state(fd, polled.revents);
	}
	return err;
}

int dial(struct account *account, const union candidate_address *addr, int64_t timeout_ms,
	 int *outcome)
{
	const int on = 1;
	int err = 0, fd;

	*outcome = OUTCOME_DONE;
	fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (connect(fd, &addr->sa, candidate_length(addr)) < 0)
		err = -errno;
	if (err == -EINPROGRESS)
		err = wait_connected(account, fd, progress_now_ms() + timeout_ms, outcome);
	if (!err && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

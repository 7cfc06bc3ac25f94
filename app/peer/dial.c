/* SPDX-License-Identifier: BSD-3-Clause */
#include "dial.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "outcome.h"
#include "progress.h"
#include "transfer.h"

/* Attempts under way: a slot of `fds` for each address, -1 before and after. */
struct race {
	const union candidate_address *const *addrs;
	unsigned int n, begun, failed;
	int64_t next_ms; /* when the next attempt begins */
	struct pollfd fds[CANDIDATE_TRY_MAX];
	int *errors;
};

_Static_assert(CANDIDATE_TRY_MAX <= ACCOUNT_EXTRA_FDS, "a race is polled at once");

static void fail_attempt(struct race *r, unsigned int i, int err)
{
	if (r->fds[i].fd >= 0)
		close(r->fds[i].fd);
	r->fds[i].fd = -1;
	r->errors[i] = err;
	r->failed++;
	r->next_ms = progress_now_ms();
}

/* Whether it is connected at once. */
static bool begin_attempt(struct race *r)
{
	const union candidate_address *addr = r->addrs[r->begun];
	unsigned int i = r->begun++;
	const int on = 1;
	int fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	r->next_ms = progress_now_ms() + DIAL_STAGGER_MS;
	r->fds[i] = (struct pollfd){.fd = fd, .events = POLLOUT};
	if (fd < 0) {
		fail_attempt(r, i, -errno);
		return false;
	}
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (connect(fd, &addr->sa, candidate_length(addr)) == 0)
		return true;
	if (errno != EINPROGRESS)
		fail_attempt(r, i, -errno);
	return false;
}

/* The index of one that is connected, or -1; notes those that failed. */
static int look(struct race *r)
{
	for (unsigned int i = 0; i < r->begun; i++) {
		socklen_t len = sizeof(int);
		int err = 0;

		if (r->fds[i].fd < 0 || !r->fds[i].revents)
			continue;
		if (getsockopt(r->fds[i].fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
			err = errno;
		if (!err)
			return (int)i;
		fail_attempt(r, i, -err);
	}
	return -1;
}

static int64_t wait_ms(const struct race *r, int64_t deadline)
{
	int64_t until = r->begun < r->n && r->next_ms < deadline ? r->next_ms : deadline;

	return until - progress_now_ms();
}

/* The winner's index, or negative errno. */
static int run(struct race *r, struct account *account, int64_t deadline, int *outcome)
{
	int won = -1;

	for (;;) {
		if (progress_now_ms() >= deadline)
			return -ETIMEDOUT;
		while (r->begun < r->n && progress_now_ms() >= r->next_ms) {
			if (begin_attempt(r))
				return (int)r->begun - 1;
		}
		if (r->failed == r->n)
			return r->errors[r->n - 1];
		*outcome = account_turn(account, r->fds, r->begun, wait_ms(r, deadline));
		if (*outcome != OUTCOME_DONE)
			return -EINTR;
		won = look(r);
		if (won >= 0)
			return won;
	}
}

int dial_race(struct account *account, const union candidate_address *const *addrs, unsigned int n,
	      int64_t timeout_ms, unsigned int *winner, int *errors, int *outcome)
{
	struct race r = {.addrs = addrs, .n = n, .errors = errors};
	int fd = -1, won;

	*outcome = OUTCOME_DONE;
	for (unsigned int i = 0; i < n; i++)
		errors[i] = 0;
	won = run(&r, account, progress_now_ms() + timeout_ms, outcome);
	if (won >= 0) {
		*winner = (unsigned int)won;
		fd = r.fds[won].fd;
		r.fds[won].fd = -1;
		if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0) {
			won = -errno;
			close(fd);
		}
	}
	/* One that is connected as well must be gone from the other end before the winner is claimed:
	 * into a closed window there goes no end of stream. */
	for (unsigned int i = 0; i < r.begun; i++) {
		if (r.fds[i].fd >= 0)
			transfer_reset(r.fds[i].fd);
	}
	return won < 0 ? won : fd;
}

int dial(struct account *account, const union candidate_address *addr, int64_t timeout_ms,
	 int *outcome)
{
	unsigned int winner;
	int error;

	return dial_race(account, &addr, 1, timeout_ms, &winner, &error, outcome);
}

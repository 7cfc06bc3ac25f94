/* SPDX-License-Identifier: BSD-3-Clause */
#include "local.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dial.h"
#include "progress.h"
#include "terminal.h"
#include "transfer.h"

#define BACKLOG	     16
#define DIAL_MS	     10000
#define LAST_WORD_MS 2000 /* of a command whose partner is gone */
#define KILL_MS	     1000 /* of one that was told to end */
#define LOOK_MS	     10

int local_listen(uint16_t *port)
{
	union candidate_address addr = {.in = {.sin_family = AF_INET,
					       .sin_port = htons(*port),
					       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(addr.in);
	const int on = 1;
	int err, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &addr.sa, len) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, &addr.sa, &len) < 0) {
		err = errno;
		close(fd);
		return -err;
	}
	*port = ntohs(addr.in.sin_port);
	return fd;
}

int local_dial(struct local *local, struct account *account, const union candidate_address *addr,
	       int *outcome)
{
	local->pid = 0;
	local->fd = dial(account, addr, DIAL_MS, outcome);
	return local->fd < 0 ? local->fd : 0;
}

static int spawn(pid_t *pid, const char *command, int fd)
{
	char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(command), NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int err;

	if (!argv[2])
		return -ENOMEM;
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE); /* ignored here, which would be inherited */
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	err = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(argv[2]);
	return -err;
}

int local_command(struct local *local, const char *command, const char *partner)
{
	int pair[2], err;

	if (setenv("TANDEM_PEER", partner, 1) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	err = spawn(&local->pid, command, pair[1]);
	close(pair[1]);
	if (err) {
		close(pair[0]);
		local->pid = 0;
		return err;
	}
	local->fd = pair[0];
	return 0;
}

static bool ended_within(struct local *local, int64_t ms)
{
	const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};
	int64_t deadline = progress_now_ms() + ms;
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(local->pid, &status, WNOHANG)) == 0) {
		if (progress_now_ms() >= deadline)
			return false;
		nanosleep(&look, NULL);
	}
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		say("the command ended with status %d", WEXITSTATUS(status));
	if (pid > 0 && WIFSIGNALED(status))
		say("the command was ended by signal %d", WTERMSIG(status));
	local->pid = 0;
	return true;
}

static void end_command(struct local *local)
{
	if (ended_within(local, LAST_WORD_MS))
		return;
	kill(-local->pid, SIGTERM);
	if (ended_within(local, KILL_MS))
		return;
	kill(-local->pid, SIGKILL);
	waitpid(local->pid, NULL, 0);
	local->pid = 0;
}

void local_close(struct local *local, bool broken)
{
	if (local->fd >= 0 && broken)
		transfer_reset(local->fd);
	else if (local->fd >= 0)
		close(local->fd);
	local->fd = -1;
	if (local->pid > 0)
		end_command(local);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "xdp_socket.h"

static bool is_xdp(int fd)
{
	int domain = 0;
	socklen_t length = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_XDP;
}

static bool is_known(const struct xdp_sockets *known, int fd)
{
	unsigned int i;

	for (i = 0; i < known->n; i++) {
		if (known->fds[i] == fd)
			return true;
	}
	return false;
}

int xdp_socket_newest(struct xdp_sockets *known)
{
	const unsigned int before = known->n, most = sizeof(known->fds) / sizeof(known->fds[0]);
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL && known->n < most) {
		int fd = atoi(entry->d_name); /* of the directory itself 0, which is no socket */

		if (is_xdp(fd) && !is_known(known, fd))
			known->fds[known->n++] = fd;
	}
	if (dir != NULL)
		closedir(dir);
	return known->n == before + 1 ? known->fds[before] : -1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "channels.h"

int channels_read(const char *interface, struct channels *c)
{
	struct ethtool_channels answer = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (char *)&answer};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCETHTOOL, &request) < 0 && errno != EOPNOTSUPP)
		rc = -errno;
	close(fd);
	c->combined = answer.max_combined > 0;
	c->receive = c->combined ? answer.combined_count + answer.rx_count : answer.rx_count;
	if (c->receive == 0)
		c->receive = 1;
	return rc;
}

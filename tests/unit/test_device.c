/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a device is made of, with a kernel that has the interfaces of a table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "device.h"
#include "log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char device_text[256];

/* --- the kernel --- */

static const struct {
	const char *name;
	struct ethtool_channels channels;
	int error;
} interfaces[] = {
	{"nic4", {.max_combined = 8, .combined_count = 4}, 0},
	{"nic1", {.max_combined = 8, .combined_count = 1}, 0},
	{"apart", {.max_combined = 8, .max_rx = 8, .combined_count = 1, .rx_count = 1}, 0},
	{"veth2", {.max_rx = 2, .max_tx = 2, .rx_count = 2, .tx_count = 2}, 0},
	{"veth1", {.max_rx = 2, .max_tx = 4, .rx_count = 1, .tx_count = 4}, 0},
	{"old", {0}, EOPNOTSUPP},
};

int __wrap_ioctl(int fd, unsigned long request, struct ifreq *ifr);
int __wrap_ioctl(int fd, unsigned long request, struct ifreq *ifr)
{
	(void)fd;
	assert_int_equal(request, SIOCETHTOOL);
	for (size_t i = 0; i < COUNT(interfaces); i++) {
		struct ethtool_channels *answer = (struct ethtool_channels *)ifr->ifr_data;

		if (strcmp(interfaces[i].name, ifr->ifr_name) != 0)
			continue;
		assert_int_equal(answer->cmd, ETHTOOL_GCHANNELS);
		errno = interfaces[i].error;
		if (errno == 0)
			*answer = interfaces[i].channels;
		return errno == 0 ? 0 : -1;
	}
	errno = ENODEV;
	return -1;
}

/* --- the log --- */

static char said[2048];

void __wrap_log_write(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void __wrap_log_write(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	assert_int_equal(level, LOG_LEVEL_ERROR);
	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

static struct config_port port(const char *device, uint16_t queues)
{
	snprintf(device_text, sizeof(device_text), "%s", device);
	said[0] = '\0';
	return (struct config_port){.device = device_text, .queues = queues};
}

static void interfaces_fit_or_are_refused(void **state)
{
	static const struct {
		const char *device;
		uint16_t queues;
		int count;
		const char *said;
	} rows[] = {
		{"net_af_xdp0,iface=nic4", 4, 1, ""},
		{"net_af_xdp0,iface=nic1", 1, 1, ""},
		{"net_af_xdp0,iface=old", 1, 1, ""},
		{"net_af_xdp0,iface=veth1", 1, 1, ""},
		{"net_af_xdp0,iface=veth2", 2, 2, ""},
		{"net_af_xdp0,iface=apart", 2, 1, ""},
		{"net_af_xdp0,iface=nic4", 2, -EINVAL,
		 "port net_af_xdp0,iface=nic4: nic4 has 4 receive queues, and frames on those "
		 "beyond queues: 2 would be lost: `ethtool -L nic4 combined 2`, or queues: 4"},
		{"net_af_xdp0,iface=veth2", 1, -EINVAL,
		 "port net_af_xdp0,iface=veth2: veth2 has 2 receive queues, and frames on those "
		 "beyond queues: 1 would be lost: `ethtool -L veth2 rx 1`, or queues: 2"},
		{"net_af_xdp0,iface=nic1", 2, -EINVAL,
		 "port net_af_xdp0,iface=nic1: nic1 has 1 receive queue(s), and queues is 2: "
		 "`ethtool -L nic1 combined 2`, or queues: 1"},
		{"net_af_xdp0,iface=old", 2, -EINVAL,
		 "port net_af_xdp0,iface=old: old has 1 receive queue(s), and queues is 2: "
		 "`ethtool -L old rx 2`, or queues: 1"},
		{"net_af_xdp0,iface=none", 1, -ENODEV,
		 "port net_af_xdp0,iface=none: the queues of none cannot be read: No such device"},
		{"net_af_xdp0", 1, -EINVAL, "port net_af_xdp0: it needs an interface: iface=NAME"},
		{"net_af_xdp0,iface", 1, -EINVAL,
		 "port net_af_xdp0,iface: it needs an interface: iface=NAME"},
		/* these spread over the queues that they have */
		{"net_af_packet0,iface=nic4", 2, 1, ""},
		{"0000:03:00.0", 4, 1, ""},
		{"net_memif0,id=1", 2, 1, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config_port p = port(rows[i].device, rows[i].queues);

		assert_int_equal(device_count(&p), rows[i].count);
		assert_string_equal(said, rows[i].said);
	}
}

static void arguments_say_how_many_queues(void **state)
{
	static const struct {
		const char *device;
		uint16_t queues;
		unsigned int member, count;
		const char *name, *argument;
	} rows[] = {
		{"net_af_xdp0,iface=e", 1, 0, 1, "net_af_xdp0",
		 "net_af_xdp0,iface=e,queue_count=1"},
		{"net_af_xdp0,iface=e,shared_umem=1", 4, 0, 1, "net_af_xdp0",
		 "net_af_xdp0,iface=e,shared_umem=1,queue_count=4"},
		{"net_af_xdp0,queue_count=4,iface=e", 4, 0, 1, "net_af_xdp0",
		 "net_af_xdp0,iface=e,queue_count=4"},
		{"net_af_xdp0,iface=e,queue_count=2", 2, 0, 2, "net_af_xdp0",
		 "net_af_xdp0,iface=e,queue_count=1,start_queue=0"},
		{"net_af_xdp0,iface=e,queue_count=2", 2, 1, 2, "net_af_xdp0q1",
		 "net_af_xdp0q1,iface=e,queue_count=1,start_queue=1"},
		{"net_af_packet7,iface=e", 3, 0, 1, "net_af_packet7",
		 "net_af_packet7,iface=e,qpairs=3"},
		{"net_memif0,id=1", 2, 0, 1, "net_memif0", "net_memif0,id=1"},
		{"0000:03:00.0,x=[1,2]", 2, 0, 1, "0000:03:00.0", "0000:03:00.0,x=[1,2]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config_port p = port(rows[i].device, rows[i].queues);
		char name[RTE_ETH_NAME_MAX_LEN];
		char *argument = device_argument(&p, rows[i].member, rows[i].count);

		device_name(&p, rows[i].member, name);
		assert_string_equal(name, rows[i].name);
		assert_string_equal(argument, rows[i].argument);
		free(argument);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_fit_or_are_refused),
		cmocka_unit_test(arguments_say_how_many_queues),
	};

	return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}

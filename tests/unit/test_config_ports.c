/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports: their devices, addresses and queues, and what these allow the rest of the document. */
#include "config_fixture.h"

/* It would make stairs of strings that are put together. */
/* clang-format off */

#define KERNEL_PORT(device, rest) \
	XMPP "ports:\n  - {device: \"" device "\", addresses: [192.0.2.1/24]" rest "}\n" SERVICES

/* An interface of the kernel's. */
static const struct bad kernels[] = {
	{XMPP "ports:\n" PORT("kernel:eth0", "t", "192.0.2.1/24", "1500") SERVICES,
	 E(6, "ports[0].tap", "none on kernel:eth0: the kernel has that interface itself")},
	{KERNEL_PORT("kernel:", ""), E(6, "ports[0].device", "\"\" is not an interface")},
	{KERNEL_PORT("kernel:eth0,x=1", ""),
	 E(6, "ports[0].device", "\"eth0,x=1\" is not an interface")},
	{KERNEL_PORT("kernel:e234567890123456", ""),
	 E(6, "ports[0].device", "\"e234567890123456\" is not an interface")},
	{KERNEL_PORT("kernel:eth0", ", vlan: 7"),
	 E(6, "ports[0].vlan", "none on kernel:eth0: make a VLAN interface and give its name")},
	{KERNEL_PORT("net_null0", ""), E(6, "ports[0].tap", "missing")},
};

#define ADDRESS(address, what)                                            \
	{XMPP "ports:\n" PORT("a", "t", address, "1500") SERVICES, \
	 E(6, "ports[0].addresses[0]", what)}
#define QUEUES_PORT(device, queues) \
	"ports:\n" PORT(device, "t", "192.0.2.1/24", "1500, queues: " queues) SERVICES

static const struct bad bad_ports[] = {
	ADDRESS("192.0.2.1", NO_ADDRESS),
	ADDRESS("192.0.2.1/33", NO_ADDRESS),
	ADDRESS("192.0.2.1/", NO_ADDRESS),
	ADDRESS("192.0.2.1/024", NO_ADDRESS),
	ADDRESS("192.0.2/24", NO_ADDRESS),
	ADDRESS("192.0.2.1/24x", NO_ADDRESS),
	ADDRESS("\"::ffff:192.0.2.1/120\"", NO_ADDRESS),
	ADDRESS("\"::/64\"", NO_ADDRESS),
	ADDRESS("\"2001:db8::1/129\"", NO_ADDRESS),
	ADDRESS("192.0.2.1/7", "a prefix this short is no subnet"),
	ADDRESS("192.0.2.1/0", "a prefix this short is no subnet"),
	ADDRESS("127.0.0.1/8", "a loopback address"),
	ADDRESS("0.0.0.1/8", "not a unicast address"),
	ADDRESS("224.0.0.1/24", "not a unicast address"),
	ADDRESS("255.255.255.255/32", "not a unicast address"),
	ADDRESS("192.0.2.0/24", "the network or broadcast address of its own subnet"),
	ADDRESS("192.0.2.255/24", "the network or broadcast address of its own subnet"),
	{XMPP "ports:\n" PORT("a", "t", "192.0.2.1/24, 192.0.2.1/25", "1500") SERVICES,
	 E(6, "ports[0].addresses[1]", "the same address is on ports[0] already")},
	{XMPP "ports:\n" PORT("a", "t", "192.0.2.1/24", "1500")
		 PORT("b", "u", "192.0.2.1/24", "1500") SERVICES,
	 E(7, "ports[1].addresses[0]", "the same address is on ports[0] already")},
	{XMPP "ports:\n" PORT("a", "t", "192.0.2.200/25", "1500")
		 PORT("b", "u", "198.51.100.1/24, 192.0.2.1/24", "1500") SERVICES,
	 E(7, "ports[1].addresses[1]", "its subnet overlaps one of ports[0]")},
	{XMPP "ports:\n" PORT("a0,x=1", "t", "192.0.2.1/24", "1500")
		 PORT("A0,x=2", "t", "198.51.100.1/24", "1500") SERVICES,
	 E(7, "ports[1].device", "the same device as ports[0]")
	 E(7, "ports[1].tap", "the same name as ports[0].tap")},
	{XMPP "ports:\n" PORT("net_af_xdp0,iface=e", "t", "192.0.2.1/24", "3501") SERVICES,
	 E(6, "ports[0].mtu", "out of range: at most 3500 on net_af_xdp")},
	{XMPP "ports:\n" PORT("a", "t", "192.0.2.1/24", "9001") SERVICES,
	 E(6, "ports[0].mtu", "out of range: must be 576 to 9000")},
	{XMPP PORTS "    vlan: 0\n" SERVICES,
	 E(9, "ports[0].vlan", "out of range: must be 1 to 4094")},
	{XMPP PORTS "    vlan: 4095\n" SERVICES,
	 E(9, "ports[0].vlan", "out of range: must be 1 to 4094")},
	{XMPP "ports:\n" PORT("a", "t", "192.0.2.1/24", "1459") SERVICES,
	 E(1, "dataplane.mss", "1400 is more than ports[0].mtu leaves: at most 1399")},
	{GOOD "dataplane:\n  mss: 1441\n",
	 E(11, "dataplane.mss", "1441 is more than ports[0].mtu leaves: at most 1440")},
	{XMPP "ports:\n" PORT("--vdev=x", "t", "192.0.2.1/24", "1500") SERVICES,
	 E(6, "ports[0].device", "\"--vdev=x\" is not a PCI address or a vdev")},
	{XMPP "ports:\n" PORT("a", "abcdefghijklmnop", "192.0.2.1/24", "1500") SERVICES,
	 E(6, "ports[0].tap", "out of range: must have 1 to 15 bytes")},
	{XMPP PORTS "    queues: 1\n" SERVICES "dataplane: {workers: [1, 2]}\n",
	 E(9, "ports[0].queues", "1 is less than the 2 workers: each sends by a queue of its own")},
	{XMPP PORTS "    queues: 17\n" SERVICES,
	 E(9, "ports[0].queues", "out of range: must be 1 to 16")},
	{XMPP PORTS "    queues: 0\n" SERVICES,
	 E(9, "ports[0].queues", "out of range: must be 1 to 16")},
	{XMPP QUEUES_PORT("net_af_xdp0,iface=e,queue_count=4", "2"),
	 E(6, "ports[0].device", "queue_count=4, but ports[0].queues is 2")},
	{XMPP QUEUES_PORT("net_af_xdp0,queue_count=2x,iface=e", "2"),
	 E(6, "ports[0].device", "queue_count=2x, but ports[0].queues is 2")},
	{XMPP "ports:\n" PORT("net_af_packet0,iface=e,qpairs=2", "t", "192.0.2.1/24", "1500")
		 SERVICES,
	 E(6, "ports[0].device", "qpairs=2, but ports[0].queues is 1")},
	{XMPP QUEUES_PORT("net_af_xdp0,iface=e,start_queue=1", "1"),
	 E(6, "ports[0].device", "start_queue: a port has all queues of its interface")},
};

/* clang-format on */

/* It has no TAP, and a queue a worker as others have. */
static void a_port_of_the_kernels(void **state)
{
	struct config *cfg =
		load_good(KERNEL_PORT("kernel:eth0.100", "") "dataplane: {workers: [1, 2]}\n");

	(void)state;
	assert_string_equal(cfg->ports[0].device, "kernel:eth0.100");
	assert_null(cfg->ports[0].tap);
	assert_int_equal(cfg->ports[0].queues, 2);
	config_free(cfg);
	run_bad(kernels, COUNT(kernels));
}

static void bad_ports_are_refused(void **state)
{
	(void)state;
	run_bad(bad_ports, COUNT(bad_ports));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_of_the_kernels),
		cmocka_unit_test(bad_ports_are_refused),
	};

	return cmocka_run_group_tests(tests, config_setup, config_teardown);
}

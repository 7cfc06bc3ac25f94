/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "kernel_port.h"
#include "log.h"
#include "sysctl.h"

#define REQUEST_BYTES 256
#define ANSWER_BYTES  8192

/* One request on an open socket, and its answer; 0 or a negative errno. */
static int request(struct mnl_socket *nl, struct nlmsghdr *nlh)
{
	char buf[ANSWER_BYTES];
	ssize_t n;

	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = (uint32_t)time(NULL);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0 ||
	    mnl_cb_run(buf, (size_t)n, nlh->nlmsg_seq, mnl_socket_get_portid(nl), NULL, NULL) < 0)
		return -errno;
	return 0;
}

static int change_address(struct mnl_socket *nl, unsigned int ifindex,
			  const struct config_address *a, bool add)
{
	char buf[REQUEST_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *ifa;

	nlh->nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
	nlh->nlmsg_flags = add ? NLM_F_CREATE | NLM_F_REPLACE : 0;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_prefixlen = a->prefix_len;
	ifa->ifa_scope = RT_SCOPE_UNIVERSE;
	ifa->ifa_index = ifindex;
	if (IN6_IS_ADDR_V4MAPPED(&a->addr)) {
		ifa->ifa_family = AF_INET;
		mnl_attr_put(nlh, IFA_LOCAL, 4, &a->addr.s6_addr[12]);
		mnl_attr_put(nlh, IFA_ADDRESS, 4, &a->addr.s6_addr[12]);
	} else {
		ifa->ifa_family = AF_INET6;
		/* It is the appliance's by configuration: in use at once, without detection. */
		ifa->ifa_flags = IFA_F_NODAD;
		mnl_attr_put(nlh, IFA_LOCAL, sizeof(a->addr), &a->addr);
		mnl_attr_put(nlh, IFA_ADDRESS, sizeof(a->addr), &a->addr);
	}
	return request(nl, nlh);
}

static int set_up(struct mnl_socket *nl, unsigned int ifindex)
{
	char buf[REQUEST_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_NEWLINK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = (int)ifindex;
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = IFF_UP;
	return request(nl, nlh);
}

/* Where the port's addresses are. */
static const char *interface_of(const struct config_port *port)
{
	const char *kernels = kernel_port_interface(port->device);

	return kernels != NULL ? kernels : port->tap;
}

/* An interface that is not of our making keeps its settings, but for one while we run. */
static bool keeps_addresses[CONFIG_MAX_PORTS];

static int prepare_interface(const struct config_port *port, bool *keeps)
{
	return port->tap != NULL ? sysctl_prepare_tap(port->tap)
				 : sysctl_keep_addresses(interface_of(port), true, keeps);
}

static void release_interface(const struct config_port *port, bool *keeps)
{
	bool changed;

	if (*keeps)
		sysctl_keep_addresses(interface_of(port), false, &changed);
	*keeps = false;
}

static int configure_port(struct mnl_socket *nl, const struct config_port *port, bool *keeps)
{
	unsigned int ifindex = if_nametoindex(interface_of(port)), i;
	int rc;

	if (ifindex == 0)
		return -errno;
	rc = prepare_interface(port, keeps);
	if (rc == 0)
		rc = set_up(nl, ifindex);
	for (i = 0; i < port->n_addresses && rc == 0; i++)
		rc = change_address(nl, ifindex, &port->addresses[i], true);
	return rc;
}

static struct mnl_socket *open_netlink(void)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (nl != NULL && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		nl = NULL;
	}
	return nl;
}

int address_configure(const struct config *cfg)
{
	struct mnl_socket *nl = open_netlink();
	unsigned int i;
	int rc = nl != NULL ? 0 : -errno;

	for (i = 0; i < cfg->n_ports && rc == 0; i++) {
		rc = configure_port(nl, &cfg->ports[i], &keeps_addresses[i]);
		if (rc < 0)
			log_error("%s: the addresses cannot be configured: %s",
				  interface_of(&cfg->ports[i]), strerror(-rc));
	}
	if (nl != NULL)
		mnl_socket_close(nl);
	return rc;
}

void address_remove(const struct config *cfg)
{
	struct mnl_socket *nl = open_netlink();
	unsigned int port, i, ifindex;

	for (port = 0; nl != NULL && port < cfg->n_ports; port++) {
		ifindex = if_nametoindex(interface_of(&cfg->ports[port]));
		for (i = 0; ifindex != 0 && i < cfg->ports[port].n_addresses; i++)
			change_address(nl, ifindex, &cfg->ports[port].addresses[i], false);
		release_interface(&cfg->ports[port], &keeps_addresses[port]);
	}
	if (nl != NULL)
		mnl_socket_close(nl);
}

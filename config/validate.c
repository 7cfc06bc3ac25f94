/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "name.h"
#include "secret.h"
#include "validate.h"

#define AF_XDP_MAX_MTU	  3500 /* one element of 4 KiB a frame, head room included */
#define XDP_DRIVER	  "net_af_xdp"
#define KERNELS		  "kernel:"
#define INTERFACE_MAX	  15
#define TCP_IP_HEADERS	  60 /* bytes: IPv6 and TCP without options */
#define MIN_V4_PREFIX	  8
#define MIN_V6_PREFIX	  16
#define RENDEZVOUS_PREFIX 64
#define EPHEMERAL_PORTS	  "/proc/sys/net/ipv4/ip_local_port_range"

struct validator {
	struct config *cfg;
	const struct tree_node *root;
	struct complaints *complaints;
	bool out_of_memory;
};

static void complain(struct validator *v, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct validator *v, const char *path, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	complaints_add(v->complaints, tree_line(v->root, path), path, "%s", what);
}

/* The path of something of a port: at most "ports[4294967295].addresses[4294967295]". */
struct where {
	char path[64];
};

static struct where port_key(unsigned int port, const char *key)
{
	struct where w;

	(void)snprintf(w.path, sizeof(w.path), "ports[%u].%s", port, key);
	return w;
}

static struct where port_address(unsigned int port, unsigned int address)
{
	struct where w;

	(void)snprintf(w.path, sizeof(w.path), "ports[%u].addresses[%u]", port, address);
	return w;
}

/* --- the XMPP side --- */

static void check_secret(struct validator *v)
{
	const char *why;
	int rc;

	if (v->cfg->xmpp.secret_file == NULL)
		return;
	rc = secret_read(v->cfg->xmpp.secret_file, &v->cfg->xmpp.secret, &why);
	if (rc != 0)
		complain(v, "xmpp.secret_file", "%s", why != NULL ? why : strerror(-rc));
}

static void check_unique(struct validator *v, const struct config_names *list, const char *path)
{
	for (unsigned int i = 0; i < list->count; i++) {
		for (unsigned int j = 0; j < i; j++) {
			char at[64];

			if (list->names[i] == NULL || list->names[j] == NULL ||
			    strcmp(list->names[i], list->names[j]) != 0)
				continue;
			(void)snprintf(at, sizeof(at), "%s[%u]", path, i);
			complain(v, at, "the same as %s[%u]", path, j);
			break;
		}
	}
}

static void check_namespaces(struct validator *v)
{
	check_unique(v, &v->cfg->xmpp.namespaces, "xmpp.namespaces");
}

static void check_advertise(struct validator *v)
{
	check_unique(v, &v->cfg->advertise, "services.advertise");
}

/* Nobody said who may use the relay: the users of the domain it is a component of. */
static void default_access(struct validator *v)
{
	struct config_names *allow = &v->cfg->access.allow;
	const char *jid = v->cfg->xmpp.jid;
	const char *dot;

	if (allow->names != NULL || complaints_about(v->complaints, "access.allow") || jid == NULL)
		return;
	dot = strchr(jid, '.');
	if (dot == NULL) {
		complain(v, "access.allow",
			 "missing, and xmpp.jid has no parent domain to stand for it");
		return;
	}
	allow->names = calloc(1, sizeof(*allow->names));
	if (allow->names != NULL) {
		allow->names[0] = strdup(dot + 1);
		allow->count = 1;
	}
	if (allow->names == NULL || allow->names[0] == NULL)
		v->out_of_memory = true;
	v->cfg->access.allow_by_jid = true;
}

/* --- the data plane --- */

static void check_lcores(struct validator *v)
{
	const struct config_dataplane *dp = &v->cfg->dataplane;

	for (unsigned int i = 0; i < dp->n_workers; i++) {
		char at[64];

		(void)snprintf(at, sizeof(at), "dataplane.workers[%u]", i);
		if (dp->workers[i] == dp->control &&
		    !complaints_about(v->complaints, "dataplane.control"))
			complain(v, at, "lcore %u is dataplane.control already", dp->workers[i]);
		for (unsigned int j = 0; j < i; j++)
			if (dp->workers[i] == dp->workers[j])
				complain(v, at, "lcore %u is dataplane.workers[%u] already",
					 dp->workers[i], j);
	}
}

static void check_mss(struct validator *v)
{
	unsigned int mss = v->cfg->dataplane.mss;

	for (unsigned int i = 0; i < v->cfg->n_ports; i++) {
		unsigned int mtu = v->cfg->ports[i].mtu;

		if (mtu > 0 && mss > mtu - TCP_IP_HEADERS)
			complain(v, "dataplane.mss",
				 "%u is more than ports[%u].mtu leaves: at most %u", mss, i,
				 mtu - TCP_IP_HEADERS);
	}
}

/* EAL takes the name in front of the arguments for the device. */
static bool same_device(const char *a, const char *b)
{
	size_t length = strcspn(a, ",");

	return length == strcspn(b, ",") && strncasecmp(a, b, length) == 0;
}

static bool is_xdp(const char *device)
{
	return strncmp(device, XDP_DRIVER, strlen(XDP_DRIVER)) == 0;
}

static bool is_kernels(const char *device)
{
	return strncmp(device, KERNELS, strlen(KERNELS)) == 0;
}

/* A port on an interface of the kernel's, which is its own exception path. */
static void check_kernels(struct validator *v, unsigned int i)
{
	const struct config_port *port = &v->cfg->ports[i];
	const char *interface = port->device + strlen(KERNELS);

	if (!name_interface.is(interface) || strlen(interface) == 0 ||
	    strlen(interface) > INTERFACE_MAX)
		complain(v, port_key(i, "device").path, "\"%s\" is not an interface", interface);
	if (port->tap != NULL)
		complain(v, port_key(i, "tap").path,
			 "none on %s: the kernel has that interface itself", port->device);
	if (port->vlan != 0)
		complain(v, port_key(i, "vlan").path,
			 "none on %s: make a VLAN interface and give its name", port->device);
}

static void check_device(struct validator *v, unsigned int i)
{
	const struct config_port *port = &v->cfg->ports[i];
	struct where w = port_key(i, "device");

	if (port->device == NULL)
		return;
	if (is_kernels(port->device))
		check_kernels(v, i);
	if (is_xdp(port->device) && port->mtu > AF_XDP_MAX_MTU)
		complain(v, port_key(i, "mtu").path, "out of range: at most %u on net_af_xdp",
			 AF_XDP_MAX_MTU);
	for (unsigned int j = 0; j < i; j++)
		if (v->cfg->ports[j].device != NULL &&
		    same_device(port->device, v->cfg->ports[j].device))
			complain(v, w.path, "the same device as ports[%u]", j);
}

static void check_tap(struct validator *v, unsigned int i)
{
	const char *tap = v->cfg->ports[i].tap, *device = v->cfg->ports[i].device;
	struct where w = port_key(i, "tap");

	if (tap == NULL && (device == NULL || !is_kernels(device)) &&
	    !complaints_about(v->complaints, w.path))
		complain(v, w.path, "missing");
	for (unsigned int j = 0; j < i; j++)
		if (tap != NULL && v->cfg->ports[j].tap != NULL &&
		    strcmp(tap, v->cfg->ports[j].tap) == 0)
			complain(v, w.path, "the same name as ports[%u].tap", j);
}

/* What the device's argument `key` says: the text behind its "=", or NULL. */
static const char *device_argument(const char *device, const char *key)
{
	const char *comma = device;
	size_t length = strlen(key);

	while ((comma = strchr(comma, ',')) != NULL) {
		comma++;
		if (strncmp(comma, key, length) == 0 && comma[length] == '=')
			return comma + length + 1;
	}
	return NULL;
}

/* An argument that gives the number of queues must agree with the port's. */
static void check_queue_argument(struct validator *v, unsigned int i, const char *key)
{
	const struct config_port *port = &v->cfg->ports[i];
	const char *text = device_argument(port->device, key);
	char *end = NULL;

	if (text != NULL && (strtoul(text, &end, 10) != port->queues || end == text ||
			     (*end != '\0' && *end != ',')))
		complain(v, port_key(i, "device").path, "%s=%.*s, but ports[%u].queues is %u", key,
			 (int)strcspn(text, ","), text, i, port->queues);
}

static void check_queues(struct validator *v, unsigned int i)
{
	struct config_port *port = &v->cfg->ports[i];
	unsigned int workers = v->cfg->dataplane.n_workers;

	if (port->queues == 0)
		port->queues = (uint16_t)workers;
	if (port->queues < workers)
		complain(v, port_key(i, "queues").path,
			 "%u is less than the %u workers: each sends by a queue of its own",
			 port->queues, workers);
	if (port->device == NULL || complaints_about(v->complaints, port_key(i, "queues").path))
		return;
	check_queue_argument(v, i, "queue_count");
	check_queue_argument(v, i, "qpairs");
	if (is_xdp(port->device) && device_argument(port->device, "start_queue") != NULL)
		complain(v, port_key(i, "device").path,
			 "start_queue: a port has all queues of its interface");
}

static void check_ports(struct validator *v)
{
	for (unsigned int i = 0; i < v->cfg->n_ports; i++) {
		check_device(v, i);
		check_queues(v, i);
		check_tap(v, i);
	}
}

/* --- addresses --- */

static bool is_v4(const struct config_address *a)
{
	return IN6_IS_ADDR_V4MAPPED(&a->addr);
}

static uint32_t v4_of(const struct config_address *a)
{
	uint32_t net_order;

	memcpy(&net_order, &a->addr.s6_addr[12], sizeof(net_order));
	return ntohl(net_order);
}

/* An address that could not be read. */
static bool is_hole(const struct config_address *a)
{
	return IN6_IS_ADDR_UNSPECIFIED(&a->addr);
}

/* What forbids this IPv4 address as an address of a host, or NULL. */
static const char *v4_fault(const struct config_address *a)
{
	uint32_t addr = v4_of(a);
	uint32_t host_mask = (uint32_t)(UINT64_C(0xffffffff) >> a->prefix_len);

	if (addr >> 24 == IN_LOOPBACKNET)
		return "a loopback address";
	if (addr >> 24 == 0 || IN_MULTICAST(addr) || IN_BADCLASS(addr))
		return "not a unicast address";
	if (a->prefix_len < MIN_V4_PREFIX)
		return "a prefix this short is no subnet";
	/* RFC 3021: with 31 bits both addresses are hosts. */
	if (a->prefix_len < 31 && ((addr & host_mask) == 0 || (addr & host_mask) == host_mask))
		return "the network or broadcast address of its own subnet";
	return NULL;
}

/* What forbids this IPv6 address as an address of a host, or NULL. */
static const char *v6_fault(const struct config_address *a)
{
	if (IN6_IS_ADDR_LOOPBACK(&a->addr))
		return "a loopback address";
	if (IN6_IS_ADDR_MULTICAST(&a->addr))
		return "not a unicast address";
	if (IN6_IS_ADDR_LINKLOCAL(&a->addr))
		return "a link-local address: nobody elsewhere can reach it";
	if (a->prefix_len < MIN_V6_PREFIX)
		return "a prefix this short is no subnet";
	return NULL;
}

/* The first `bits` of both are the same; addresses of IPv4 have theirs at the end. */
static bool same_prefix(const struct config_address *a, const struct config_address *b,
			unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;
	unsigned int at = is_v4(a) ? 12 : 0;

	if (memcmp(&a->addr.s6_addr[at], &b->addr.s6_addr[at], whole) != 0)
		return false;
	return rest == 0 ||
	       (a->addr.s6_addr[at + whole] ^ b->addr.s6_addr[at + whole]) >> (8 - rest) == 0;
}

static bool overlap(const struct config_address *a, const struct config_address *b)
{
	unsigned int shorter = a->prefix_len < b->prefix_len ? a->prefix_len : b->prefix_len;

	return is_v4(a) == is_v4(b) && same_prefix(a, b, shorter);
}

/* `a` on port `i` beside one that came before it on port `j`. */
static void check_pair(struct validator *v, const char *path, const struct config_address *a,
		       unsigned int i, const struct config_address *b, unsigned int j)
{
	if (is_hole(b))
		return;
	if (memcmp(&a->addr, &b->addr, sizeof(a->addr)) == 0)
		complain(v, path, "the same address is on ports[%u] already", j);
	else if (i != j && overlap(a, b))
		complain(v, path, "its subnet overlaps one of ports[%u]", j);
}

static void check_address(struct validator *v, unsigned int i, unsigned int n)
{
	const struct config_address *a = &v->cfg->ports[i].addresses[n];
	struct where w = port_address(i, n);
	const char *fault;

	if (is_hole(a))
		return;
	fault = is_v4(a) ? v4_fault(a) : v6_fault(a);
	if (fault != NULL)
		complain(v, w.path, "%s", fault);
	for (unsigned int j = 0; j <= i; j++) {
		const struct config_port *port = &v->cfg->ports[j];

		for (unsigned int m = 0; m < (j < i ? port->n_addresses : n); m++)
			check_pair(v, w.path, a, i, &port->addresses[m], j);
	}
}

static void check_addresses(struct validator *v)
{
	for (unsigned int i = 0; i < v->cfg->n_ports; i++)
		for (unsigned int n = 0; n < v->cfg->ports[i].n_addresses; n++)
			check_address(v, i, n);
}

static void check_services(struct validator *v)
{
	const struct config *cfg = v->cfg;

	if (!cfg->endpoint.enabled && !cfg->socks5.enabled &&
	    !complaints_about(v->complaints, "services.endpoint") &&
	    !complaints_about(v->complaints, "services.socks5"))
		complain(v, "services", "no service is on");
	if (cfg->endpoint.enabled && cfg->socks5.enabled && cfg->socks5.port == cfg->endpoint.port)
		complain(v, "services.socks5.port", "%u is the port of services.endpoint already",
			 cfg->socks5.port);
}

/* --- rendezvous addresses --- */

#define PORTS_PATH  "services.rendezvous.ports"
#define PREFIX_PATH "services.rendezvous.prefix"

static bool in_range(const struct config_range *range, unsigned int port)
{
	return port >= range->first && port <= range->last;
}

/* The box's own connections have their ports from there, and share its addresses with us. */
static void check_ephemeral(struct validator *v, const struct config_range *range)
{
	FILE *f = fopen(EPHEMERAL_PORTS, "re");
	unsigned int first, last;

	if (f == NULL)
		return;
	if (fscanf(f, "%u %u", &first, &last) == 2 && range->first <= last && range->last >= first)
		complain(v, PORTS_PATH, "overlaps %u-%u, the kernel's own in %s", first, last,
			 EPHEMERAL_PORTS);
	(void)fclose(f);
}

static void check_range(struct validator *v)
{
	const struct config *cfg = v->cfg;
	const struct config_range *range = &cfg->rendezvous.ports;

	if (complaints_about(v->complaints, PORTS_PATH))
		return;
	if (cfg->endpoint.enabled && in_range(range, cfg->endpoint.port))
		complain(v, PORTS_PATH, "%u is the port of services.endpoint", cfg->endpoint.port);
	if (cfg->socks5.enabled && in_range(range, cfg->socks5.port))
		complain(v, PORTS_PATH, "%u is the port of services.socks5", cfg->socks5.port);
	check_ephemeral(v, range);
}

/* What forbids this prefix, whatever the ports have, or NULL. */
static const char *prefix_fault(const struct config_address *prefix)
{
	struct config_address none = {.prefix_len = 0};
	unsigned int whole = prefix->prefix_len / 8, rest = prefix->prefix_len % 8;

	if (is_v4(prefix))
		return "must be of IPv6";
	if (prefix->prefix_len > RENDEZVOUS_PREFIX)
		return "must be a /64 or shorter";
	if ((prefix->addr.s6_addr[whole] & (0xff >> rest)) != 0 ||
	    memcmp(&prefix->addr.s6_addr[whole + 1], &none.addr, sizeof(none.addr) - whole - 1) !=
		    0)
		return "has bits behind its length";
	return v6_fault(prefix);
}

/* It is routed to the appliance: of an address of a port's subnet the neighbours would ask who has
 * it. */
static void check_prefix(struct validator *v)
{
	const struct config_address *prefix = &v->cfg->rendezvous.prefix;
	const char *fault;

	if (is_hole(prefix))
		return;
	fault = prefix_fault(prefix);
	if (fault != NULL) {
		complain(v, PREFIX_PATH, "%s", fault);
		return;
	}
	for (unsigned int i = 0; i < v->cfg->n_ports; i++) {
		const struct config_port *port = &v->cfg->ports[i];

		for (unsigned int n = 0; n < port->n_addresses; n++)
			if (!is_hole(&port->addresses[n]) && overlap(prefix, &port->addresses[n]))
				complain(v, PREFIX_PATH, "overlaps the subnet of ports[%u]", i);
	}
}

static bool has_v4(const struct config *cfg)
{
	for (unsigned int i = 0; i < cfg->n_ports; i++)
		for (unsigned int n = 0; n < cfg->ports[i].n_addresses; n++)
			if (is_v4(&cfg->ports[i].addresses[n]))
				return true;
	return false;
}

static void check_rendezvous(struct validator *v)
{
	const struct config *cfg = v->cfg;

	if (!cfg->rendezvous.enabled)
		return;
	if (!cfg->endpoint.enabled && !complaints_about(v->complaints, "services.endpoint"))
		complain(v, "services.rendezvous", "needs services.endpoint");
	if (!has_v4(cfg) && is_hole(&cfg->rendezvous.prefix) &&
	    !complaints_about(v->complaints, PREFIX_PATH) &&
	    !complaints_about(v->complaints, "ports"))
		complain(v, "services.rendezvous",
			 "no port has an IPv4 address, and no prefix is given");
	check_range(v);
	check_prefix(v);
}

int validate(struct config *cfg, const struct tree_node *root, struct complaints *c)
{
	static void (*const checks[])(struct validator *) = {
		check_secret, check_namespaces, default_access, check_lcores,	  check_mss,
		check_ports,  check_addresses,	check_services, check_rendezvous, check_advertise,
	};
	struct validator v = {.cfg = cfg, .root = root, .complaints = c};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&v);
	return v.out_of_memory ? -ENOMEM : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <nftables/libnftables.h>

#include "guard.h"
#include "kernel_port.h"
#include "log.h"

/* The table is named for the instance, as two may share a network namespace. */
#define TABLE "tandem-%s"

static int run(const char *commands)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	int rc;

	if (nft == NULL)
		return -ENOMEM;
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	rc = nft_run_cmd_from_buffer(nft, commands) == 0 ? 0 : -EIO;
	if (rc < 0)
		log_error("nftables: %s", nft_ctx_get_error_buffer(nft));
	nft_ctx_free(nft);
	return rc;
}

/* The ports of the services that are on; the rendezvous range is IPv4's. */
static void print_ports(FILE *out, const struct config *cfg, bool v4)
{
	const char *separator = "";

	if (cfg->endpoint.enabled) {
		fprintf(out, "%u", cfg->endpoint.port);
		separator = ", ";
	}
	if (cfg->socks5.enabled)
		fprintf(out, "%s%u", separator, cfg->socks5.port);
	if (cfg->rendezvous.enabled && v4)
		fprintf(out, ", %u-%u", cfg->rendezvous.ports.first, cfg->rendezvous.ports.last);
}

/* The rule for one family, if the configuration has addresses of it. */
static void print_rule(FILE *out, const struct config *cfg, bool v4)
{
	char text[INET6_ADDRSTRLEN];
	const char *separator = v4 ? "  ip daddr { " : "  ip6 daddr { ";
	bool any = false;
	unsigned int port, i;

	for (port = 0; port < cfg->n_ports; port++) {
		for (i = 0; i < cfg->ports[port].n_addresses; i++) {
			const struct in6_addr *a = &cfg->ports[port].addresses[i].addr;

			if (IN6_IS_ADDR_V4MAPPED(a) != v4)
				continue;
			inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &a->s6_addr[12] : a->s6_addr, text,
				  sizeof(text));
			fprintf(out, "%s%s", separator, text);
			separator = ", ";
			any = true;
		}
	}
	if (!any)
		return;
	fprintf(out, " } tcp dport { ");
	print_ports(out, cfg, v4);
	fprintf(out, " } counter drop\n");
}

/* Its addresses are on no interface; but the box may be a router, or have one of them by mistake. */
static void print_prefix_rule(FILE *out, const struct config *cfg)
{
	const struct config_address *prefix = &cfg->rendezvous.prefix;
	char text[INET6_ADDRSTRLEN];

	if (!cfg->rendezvous.enabled || IN6_IS_ADDR_UNSPECIFIED(&prefix->addr))
		return;
	inet_ntop(AF_INET6, &prefix->addr, text, sizeof(text));
	fprintf(out, "  ip6 daddr %s/%u tcp dport %u counter drop\n", text, prefix->prefix_len,
		cfg->endpoint.port);
}

/* Adding first makes the deletion succeed. */
static void print_deletion(FILE *out, const char *family, const char *name)
{
	fprintf(out, "add table %s " TABLE "\n", family, name);
	fprintf(out, "delete table %s " TABLE "\n", family, name);
}

static void print_chain(FILE *out, const char *family, const char *hook, const struct config *cfg)
{
	fprintf(out, "table %s " TABLE " {\n", family, cfg->dataplane.file_prefix);
	fprintf(out, " chain guard {\n");
	fprintf(out, "  type filter hook %s; policy accept;\n", hook);
	print_rule(out, cfg, true);
	print_rule(out, cfg, false);
	print_prefix_rule(out, cfg);
	fprintf(out, " }\n}\n");
}

/* Where interfaces of the kernel's are ports, all that comes for the service comes to the kernel
 * too: dropped right behind the packet sockets, it costs least. */
static bool ingress_hook(const struct config *cfg, char *hook, size_t size)
{
	const char *separator = "";
	unsigned int i;
	FILE *out = fmemopen(hook, size, "w");
	bool any = false;

	if (out == NULL)
		return false;
	fprintf(out, "ingress devices = { ");
	for (i = 0; i < cfg->n_ports; i++) {
		const char *interface = kernel_port_interface(cfg->ports[i].device);

		if (interface == NULL)
			continue;
		fprintf(out, "%s\"%s\"", separator, interface);
		separator = ", ";
		any = true;
	}
	fprintf(out, " } priority -500");
	return fclose(out) == 0 && any;
}

/* All take effect at once. */
static void print_commands(FILE *out, const struct config *cfg, bool install)
{
	const char *name = cfg->dataplane.file_prefix;
	char hook[64 + CONFIG_MAX_PORTS * 20];
	bool ingress = ingress_hook(cfg, hook, sizeof(hook));

	print_deletion(out, "inet", name);
	if (ingress)
		print_deletion(out, "netdev", name);
	if (install)
		print_chain(out, "inet", "prerouting priority raw", cfg);
	if (install && ingress)
		print_chain(out, "netdev", hook, cfg);
}

static int change(const struct config *cfg, bool install)
{
	char *commands = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&commands, &size);
	int rc;

	if (out == NULL)
		return -errno;
	print_commands(out, cfg, install);
	rc = fclose(out) == 0 ? run(commands) : -ENOMEM;
	free(commands);
	return rc;
}

int guard_install(const struct config *cfg)
{
	return change(cfg, true);
}

void guard_remove(const struct config *cfg)
{
	change(cfg, false);
}

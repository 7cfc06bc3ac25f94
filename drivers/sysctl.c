/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "sysctl.h"

#define RESERVED_PORTS "/proc/sys/net/ipv4/ip_local_reserved_ports"
#define PORTS	       65536

static int write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	int rc = 0;

	/* The kernel judges the value when the buffer is flushed. */
	if (f == NULL || fputs(text, f) < 0)
		rc = -errno;
	if (f != NULL && fclose(f) != 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		log_error("%s: cannot be set to %s: %s", path, text, strerror(-rc));
	return rc;
}

int sysctl_prepare_tap(const char *ifname)
{
	static const struct {
		const char *name, *value;
	} settings[] = {{"rp_filter", "2"}, {"arp_ignore", "1"}, {"arp_announce", "2"}};
	char path[128];
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]) && rc == 0; i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", ifname,
			 settings[i].name);
		rc = write_file(path, settings[i].value);
	}
	return rc;
}

/* --- ports --- */

static bool has(const struct sysctl_ports *ports, unsigned int port)
{
	return ports->bits[port / 8] & 1U << port % 8;
}

void sysctl_add_ports(struct sysctl_ports *ports, uint16_t first, uint16_t last)
{
	for (unsigned int port = first; port <= last; port++)
		ports->bits[port / 8] |= (uint8_t)(1U << port % 8);
}

/* The kernel's list: ports and ranges, ascending, separated by commas. */
static int read_reserved(struct sysctl_ports *reserved)
{
	FILE *f = fopen(RESERVED_PORTS, "re");
	unsigned int from, to;
	int c;

	if (f == NULL)
		return -errno;
	while (fscanf(f, "%u", &from) == 1) {
		to = from;
		c = fgetc(f);
		if (c == '-' && fscanf(f, "%u", &to) == 1)
			c = fgetc(f);
		if (from <= to && to < PORTS)
			sysctl_add_ports(reserved, (uint16_t)from, (uint16_t)to);
		if (c != ',')
			break;
	}
	fclose(f);
	return 0;
}

static int write_reserved(const struct sysctl_ports *reserved)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	unsigned int from, to;
	const char *separator = "";
	int rc;

	if (out == NULL)
		return -errno;
	for (from = 0; from < PORTS; from = to + 1) {
		to = from;
		if (!has(reserved, from))
			continue;
		while (to + 1 < PORTS && has(reserved, to + 1))
			to++;
		fprintf(out, "%s%u-%u", separator, from, to);
		separator = ",";
	}
	fputc('\n', out);
	rc = fclose(out) == 0 ? write_file(RESERVED_PORTS, text) : -ENOMEM;
	free(text);
	return rc;
}

int sysctl_reserve_ports(struct sysctl_ports *ports, bool reserve)
{
	struct sysctl_ports reserved = {{0}};
	uint8_t any = 0;
	int rc = read_reserved(&reserved);

	for (size_t i = 0; i < sizeof(reserved.bits); i++) {
		ports->bits[i] &= reserve ? (uint8_t)~reserved.bits[i] : reserved.bits[i];
		reserved.bits[i] ^= ports->bits[i];
		any |= ports->bits[i];
	}
	return rc < 0 || any == 0 ? rc : write_reserved(&reserved);
}

int sysctl_keep_addresses(const char *ifname, bool keep, bool *changed)
{
	char path[128];
	int value = 0;
	FILE *f;

	*changed = false;
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/keep_addr_on_down", ifname);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	*changed = fscanf(f, "%d", &value) == 1 && (value > 0) != keep;
	fclose(f);
	return *changed ? write_file(path, keep ? "1" : "0") : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_kvargs.h>

#include "channels.h"
#include "device.h"
#include "log.h"
#include "port_kind.h"

#define INTERFACE   "iface"
#define START_QUEUE "start_queue"

static int name_length(const struct config_port *port)
{
	return (int)strcspn(port->device, ",");
}

static struct rte_kvargs *arguments_of(const struct config_port *port)
{
	const char *comma = strchr(port->device, ',');

	return rte_kvargs_parse(comma != NULL ? comma + 1 : "", NULL);
}

static void tell_misfit(const struct config_port *port, const char *interface,
			const struct channels *c)
{
	const char *kind = c->combined ? "combined" : "rx";

	if (c->receive > port->queues)
		log_error("port %s: %s has %u receive queues, and frames on those beyond queues: "
			  "%u would be lost: `ethtool -L %s %s %u`, or queues: %u",
			  port->device, interface, c->receive, port->queues, interface, kind,
			  port->queues, c->receive);
	else
		log_error("port %s: %s has %u receive queue(s), and queues is %u: `ethtool -L %s "
			  "%s %u`, or queues: %u",
			  port->device, interface, c->receive, port->queues, interface, kind,
			  port->queues, c->receive);
}

static int fit_interface(const struct config_port *port, const char *interface)
{
	struct channels c;
	int rc = channels_read(interface, &c);

	if (rc < 0) {
		log_error("port %s: the queues of %s cannot be read: %s", port->device, interface,
			  strerror(-rc));
		return rc;
	}
	if (c.receive != port->queues) {
		tell_misfit(port, interface, &c);
		return -EINVAL;
	}
	return c.combined ? 1 : port->queues;
}

int device_count(const struct config_port *port)
{
	struct rte_kvargs *arguments;
	const char *interface;
	int rc;

	if (port_kind_of_device(port->device)->kernels)
		return 0;
	if (!port_kind_of_device(port->device)->takes_all_queues)
		return 1;
	arguments = arguments_of(port);
	interface = arguments != NULL ? rte_kvargs_get(arguments, INTERFACE) : NULL;
	if (interface != NULL) {
		rc = fit_interface(port, interface);
	} else {
		log_error("port %s: it needs an interface: %s=NAME", port->device, INTERFACE);
		rc = -EINVAL;
	}
	rte_kvargs_free(arguments);
	return rc;
}

void device_name(const struct config_port *port, unsigned int member,
		 char name[RTE_ETH_NAME_MAX_LEN])
{
	int length = name_length(port);

	if (member == 0)
		snprintf(name, RTE_ETH_NAME_MAX_LEN, "%.*s", length, port->device);
	else
		snprintf(name, RTE_ETH_NAME_MAX_LEN, "%.*sq%u", length, port->device, member);
}

/* All arguments of the device but the one we give ourselves. */
static void write_arguments(FILE *out, const struct rte_kvargs *arguments, const char *ours)
{
	unsigned int i;

	for (i = 0; i < arguments->count; i++) {
		const struct rte_kvargs_pair *pair = &arguments->pairs[i];

		if (strcmp(pair->key, ours) != 0)
			fprintf(out, ",%s=%s", pair->key, pair->value);
	}
}

char *device_argument(const struct config_port *port, unsigned int member, unsigned int count)
{
	const char *ours = port_kind_of_device(port->device)->queue_argument;
	char name[RTE_ETH_NAME_MAX_LEN], *text = NULL;
	struct rte_kvargs *arguments;
	size_t size;
	FILE *out;

	if (ours == NULL)
		return strdup(port->device);
	arguments = arguments_of(port);
	out = arguments != NULL ? open_memstream(&text, &size) : NULL;
	if (out != NULL) {
		device_name(port, member, name);
		fputs(name, out);
		write_arguments(out, arguments, ours);
		fprintf(out, ",%s=%u", ours, port->queues / count);
		if (count > 1)
			fprintf(out, "," START_QUEUE "=%u", member);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	rte_kvargs_free(arguments);
	return text;
}

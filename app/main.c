/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tandemd: what is started in which order, as one table; it is stopped in the reverse order.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "address.h"
#include "config.h"
#include "control.h"
#include "dataplane.h"
#include "eal.h"
#include "guard.h"
#include "kernel_port.h"
#include "log.h"
#include "mailbox.h"
#include "mgmt.h"
#include "port.h"
#include "reload.h"
#include "sysctl.h"

#define IPV4_TCP_HEADERS 40
#define IPV6_TCP_HEADERS 60

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct tandemd {
	char **argv;
	const char *path; /* of the configuration */
	struct config *cfg;
	struct mailbox *mb;
	struct port_set ports;
	struct dataplane *dp;
	struct mailbox_splicer splicer;
	struct control *control;
	struct mgmt_port mgmt_ports[CONFIG_MAX_PORTS];
	struct mgmt *mgmt;
	struct sysctl_ports reserved_ports; /* that were not before */
};

/* --- the stages; each logs why it fails, or returns an errno that says it --- */

static int start_eal(struct tandemd *t)
{
	return eal_start(t->cfg, t->argv);
}

static void stop_eal(struct tandemd *t)
{
	(void)t;
	eal_stop();
}

static int start_mailbox(struct tandemd *t)
{
	t->mb = mailbox_create(t->cfg->dataplane.n_workers);
	return t->mb != NULL ? 0 : -errno;
}

static void stop_mailbox(struct tandemd *t)
{
	mailbox_destroy(t->mb);
}

static int start_guard(struct tandemd *t)
{
	return guard_install(t->cfg);
}

static void stop_guard(struct tandemd *t)
{
	guard_remove(t->cfg);
}

static int start_ports(struct tandemd *t)
{
	int rc = port_set_start(&t->ports, t->cfg);

	if (rc < 0)
		port_set_stop(&t->ports);
	return rc;
}

static void stop_ports(struct tandemd *t)
{
	port_set_stop(&t->ports);
}

static int create_dataplane(struct tandemd *t)
{
	struct dataplane_port ports[CONFIG_MAX_PORTS];
	unsigned int i;

	for (i = 0; i < t->cfg->n_ports; i++) {
		const struct port *port = &t->ports.ports[i];

		ports[i] = (struct dataplane_port){
			.id = port->ids[0],
			.queue_ids = port->n_ids > 1 ? port->ids : NULL,
			.wake_fds = port->wake_fds,
			.rx_queues = port->rx_queues,
			.tap_id = port->tap_id,
			.mac = port->mac,
			.vlan = t->cfg->ports[i].vlan,
			.room = {t->cfg->ports[i].mtu - IPV4_TCP_HEADERS,
				 t->cfg->ports[i].mtu - IPV6_TCP_HEADERS},
		};
		if (port->kernel != NULL) {
			ports[i].pump = (struct dataplane_pump){port->kernel, kernel_port_receive,
								kernel_port_send};
			ports[i].kernels = ports[i].offload = true;
		}
	}
	t->dp = dataplane_create(t->cfg, t->mb, ports, t->ports.pool);
	if (t->dp == NULL)
		return -errno;
	t->splicer = dataplane_splicer(t->dp);
	return 0;
}

static void destroy_dataplane(struct tandemd *t)
{
	dataplane_destroy(t->dp);
}

static int start_workers(struct tandemd *t)
{
	return dataplane_start(t->dp);
}

static void stop_workers(struct tandemd *t)
{
	dataplane_stop(t->dp);
}

static void release_ports(struct tandemd *t)
{
	sysctl_reserve_ports(&t->reserved_ports, false);
}

static int reserve_ports(struct tandemd *t)
{
	const struct config *cfg = t->cfg;

	if (cfg->endpoint.enabled)
		sysctl_add_ports(&t->reserved_ports, cfg->endpoint.port, cfg->endpoint.port);
	if (cfg->socks5.enabled)
		sysctl_add_ports(&t->reserved_ports, cfg->socks5.port, cfg->socks5.port);
	if (cfg->rendezvous.enabled)
		sysctl_add_ports(&t->reserved_ports, cfg->rendezvous.ports.first,
				 cfg->rendezvous.ports.last);
	return sysctl_reserve_ports(&t->reserved_ports, true);
}

static int add_addresses(struct tandemd *t)
{
	int rc = address_configure(t->cfg);

	if (rc < 0)
		address_remove(t->cfg);
	return rc;
}

static void remove_addresses(struct tandemd *t)
{
	address_remove(t->cfg);
}

static int create_control(struct tandemd *t)
{
	t->control = control_create(t->cfg, t->mb, &t->splicer);
	return t->control != NULL ? 0 : -errno;
}

static void destroy_control(struct tandemd *t)
{
	control_destroy(t->control);
}

static bool stats_port_up(void *ctx)
{
	return port_is_up(ctx);
}

static uint64_t stats_port_missed(void *ctx)
{
	return port_rx_missed(ctx);
}

static bool stats_port_steered(void *ctx)
{
	return port_is_steered(ctx);
}

static int start_stats(struct tandemd *t)
{
	struct mgmt_sources sources = {
		.cfg = t->cfg,
		.dp = t->dp,
		.control = control_stats(t->control),
		.ports = t->mgmt_ports,
		.started = time(NULL),
	};
	unsigned int i;

	for (i = 0; i < t->cfg->n_ports; i++) {
		t->mgmt_ports[i] = (struct mgmt_port){
			.ctx = &t->ports.ports[i],
			.up = stats_port_up,
			.rx_missed = stats_port_missed,
			.steered = stats_port_steered,
		};
	}
	return mgmt_start(&sources, NULL, &t->mgmt);
}

static void stop_stats(struct tandemd *t)
{
	mgmt_stop(t->mgmt);
}

static const struct stage {
	const char *name;
	int (*start)(struct tandemd *t);
	void (*stop)(struct tandemd *t);
} stages[] = {
	{"DPDK", start_eal, stop_eal},
	{"mailbox", start_mailbox, stop_mailbox},
	{"kernel guard", start_guard, stop_guard},
	{"ports", start_ports, stop_ports},
	{"data plane", create_dataplane, destroy_dataplane},
	{"workers", start_workers, stop_workers},
	{"reserved ports", reserve_ports, release_ports},
	{"service addresses", add_addresses, remove_addresses},
	{"control plane", create_control, destroy_control},
	{"stats endpoint", start_stats, stop_stats},
};

/* --- a new configuration --- */

static void log_change(void *ctx, const char *path, bool live)
{
	unsigned int *changes = ctx;

	(*changes)++;
	if (live)
		log_info("reload: %s has changed", path);
	else
		log_warning("reload: %s needs a restart and stays as it was", path);
}

/* One line of the log each. */
static void log_lines(char *lines)
{
	char *line;

	while ((line = strsep(&lines, "\n")) != NULL) {
		if (*line != '\0')
			log_error("reload: %s", line);
	}
}

/* The file as it is now, NULL when it is not fit to run: the log then says why. */
static struct config *load_again(const char *path)
{
	struct config *fresh = NULL;
	char *errors = NULL;
	size_t length;
	FILE *err = open_memstream(&errors, &length);

	if (err == NULL) {
		log_error("reload: %m");
		return NULL;
	}
	config_load(path, err, &fresh);
	if (fclose(err) == 0)
		log_lines(errors);
	free(errors);
	return fresh;
}

/* sd_notify(3): the service manager waits for READY. */
static void tell_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

/* On the control thread, which alone reads what may change. */
static int reload(void *ctx)
{
	struct tandemd *t = ctx;
	unsigned int changes = 0;
	struct config *fresh;

	tell_reloading();
	fresh = load_again(t->path);
	if (fresh != NULL) {
		log_set_level((enum log_level)fresh->log_level);
		config_take_over(t->cfg, fresh, log_change, &changes);
		dataplane_reconfigure(t->dp);
		log_info("reload: %u changes", changes);
	} else {
		log_error("reload: nothing is changed");
	}
	sd_notify(0, "READY=1");
	if (fresh == NULL)
		return -EINVAL;
	config_free(fresh);
	return 0;
}

/* --- the life --- */

static struct control *running;

static void on_stop(int signal)
{
	(void)signal;
	control_stop(running);
}

static void on_reload(int signal)
{
	(void)signal;
	control_reload(running);
}

/* Blocked they wait: one that comes during the start is served after it, and threads leave them to
 * this one. */
static void set_signals(bool block)
{
	static const struct {
		int signal;
		void (*handler)(int);
	} signals[] = {{SIGINT, on_stop}, {SIGTERM, on_stop}, {SIGHUP, on_reload}};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		const struct sigaction action = {.sa_handler = signals[i].handler,
						 .sa_flags = SA_RESTART};

		sigaddset(&set, signals[i].signal);
		if (!block)
			sigaction(signals[i].signal, &action, NULL);
	}
	sigprocmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static void serve(struct tandemd *t)
{
	running = t->control;
	control_set_reloader(t->control, reload, t);
	set_signals(false);
	log_info("ready");
	sd_notify(0, "READY=1");
	control_run(t->control);
	set_signals(true);
	sd_notify(0, "STOPPING=1");
}

static int run(char **argv, const char *path, struct config *cfg)
{
	struct tandemd t = {.argv = argv, .path = path, .cfg = cfg};
	size_t n;
	int rc = 0;

	signal(SIGPIPE, SIG_IGN);
	set_signals(true);
	for (n = 0; n < ARRAY_SIZE(stages); n++) {
		rc = stages[n].start(&t);
		if (rc < 0) {
			log_error("%s: cannot start: %s", stages[n].name, strerror(-rc));
			break;
		}
	}
	if (rc == 0)
		serve(&t);
	while (n > 0)
		stages[--n].stop(&t);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void usage(FILE *out)
{
	fputs("usage: tandemd -c FILE           run in the foreground, log to stderr\n"
	      "       tandemd --check -c FILE   check the configuration\n"
	      "       tandemd --version\n",
	      out);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	const char *path = NULL;
	struct config *cfg;
	bool check = false;
	int option, rc;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'k':
			check = true;
			break;
		case 'V':
			puts("tandemd " TANDEM_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_FAILURE;
		}
	}
	if (path == NULL || optind != argc) {
		usage(stderr);
		return EXIT_FAILURE;
	}
	if (config_load(path, stderr, &cfg) < 0)
		return EXIT_FAILURE;
	log_init((enum log_level)cfg->log_level);
	rc = check ? EXIT_SUCCESS : run(argv, path, cfg);
	config_free(cfg);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration as EAL arguments.  Nothing of a run is left behind in the file system: no
 * shared configuration, no telemetry socket, no hugepage files.
 *
 * Hugepages that are free now may be another's before EAL takes them, and EAL starts only once in a
 * process.  So where hugepages are only liked (`auto`) and are not to be had after all, the program
 * executes itself anew, in the same process, and is told by its environment to do without.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <mntent.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_pci.h>

#include "device.h"
#include "eal.h"
#include "lcores.h"
#include "log.h"

#define MAX_ARGS  (16 + 2 * CONFIG_MAX_PORTS * CONFIG_MAX_QUEUES)
#define ARG_BYTES 512

#define WITHOUT_HUGEPAGES "TANDEM_WITHOUT_HUGEPAGES"

struct args {
	char *argv[MAX_ARGS + 1];
	int argc;
	bool failed;
};

static void __attribute__((format(printf, 2, 3))) add(struct args *a, const char *fmt, ...)
{
	va_list ap;
	char *arg;

	va_start(ap, fmt);
	if (a->argc == MAX_ARGS || vasprintf(&arg, fmt, ap) < 0)
		a->failed = true;
	else
		a->argv[a->argc++] = arg;
	va_end(ap);
}

static bool hugetlbfs_mounted(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	const struct mntent *m;
	bool found = false;

	while (mounts != NULL && !found && (m = getmntent(mounts)) != NULL)
		found = strcmp(m->mnt_type, "hugetlbfs") == 0;
	if (mounts != NULL)
		endmntent(mounts);
	return found;
}

#define HUGEPAGES "/sys/kernel/mm/hugepages"

/* One of the counts that the kernel keeps of the pages of a size; 0 if it cannot be read. */
static unsigned long long count_hugepages(const char *size, const char *which)
{
	unsigned long long pages = 0;
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), HUGEPAGES "/%s/%s", size, which);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages;
}

/* Bytes of the hugepages of all sizes that nobody has taken, or has been promised. */
static uint64_t free_hugepage_bytes(void)
{
	DIR *d = opendir(HUGEPAGES);
	const struct dirent *e;
	uint64_t bytes = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		unsigned long long kib, unused, promised;

		if (sscanf(e->d_name, "hugepages-%llukB", &kib) != 1)
			continue;
		unused = count_hugepages(e->d_name, "free_hugepages");
		promised = count_hugepages(e->d_name, "resv_hugepages");
		if (unused > promised)
			bytes += (unused - promised) * kib * 1024;
	}
	if (d != NULL)
		closedir(d);
	return bytes;
}

static bool use_hugepages(const struct config_dataplane *dp)
{
	switch (dp->hugepages) {
	case CONFIG_ON:
		return true;
	case CONFIG_OFF:
		return false;
	case CONFIG_AUTO:
		break;
	}
	return getenv(WITHOUT_HUGEPAGES) == NULL && hugetlbfs_mounted() &&
	       free_hugepage_bytes() >= dp->memory_bytes;
}

static void add_memory(struct args *a, const struct config_dataplane *dp, bool huge)
{
	add(a, "-m");
	add(a, "%llu", (unsigned long long)(dp->memory_bytes >> 20));
	if (huge) {
		add(a, "--in-memory");
	} else {
		add(a, "--no-huge");
		add(a, "--no-shconf");
	}
	log_info("%llu MiB of %s", (unsigned long long)(dp->memory_bytes >> 20),
		 huge ? "hugepages" : "ordinary pages: hugepages make the data plane faster");
}

static bool is_pci(const char *device)
{
	char name[ARG_BYTES];
	struct rte_pci_addr addr;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
	return rte_pci_addr_parse(name, &addr) == 0;
}

/* The ethdevs that a port is made of.  0 or a negative errno, told in the log. */
static int add_device(struct args *a, const struct config_port *port)
{
	int i, count = device_count(port);

	for (i = 0; i < count; i++) {
		char *text = device_argument(port, (unsigned int)i, (unsigned int)count);

		if (text == NULL) {
			log_error("port %s: its arguments cannot be read", port->device);
			return -EINVAL;
		}
		add(a, is_pci(port->device) ? "-a" : "--vdev");
		add(a, "%s", text);
		free(text);
	}
	return count < 0 ? count : 0;
}

static int add_devices(struct args *a, const struct config *cfg)
{
	bool any_pci = false;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < cfg->n_ports && rc == 0; i++) {
		rc = add_device(a, &cfg->ports[i]);
		any_pci = any_pci || is_pci(cfg->ports[i].device);
	}
	if (!any_pci)
		add(a, "--no-pci");
	return rc;
}

static_assert(CONFIG_MAX_LCORE < RTE_MAX_LCORE, "every lcore of a configuration is one of EAL's");

static int add_lcores(struct args *a, const struct config_dataplane *dp, const cpu_set_t *cpus)
{
	unsigned int shared;
	char *text = lcores_argument(dp, cpus, &shared);

	if (text == NULL)
		return -ENOMEM;
	if (shared > 0)
		log_warning("%u lcore(s) have no CPU of their number and share those there are: %s",
			    shared, text);
	add(a, "--lcores");
	add(a, "%s", text);
	free(text);
	add(a, "--main-lcore");
	add(a, "%u", dp->control);
	return 0;
}

static void free_args(struct args *a)
{
	int i;

	for (i = 0; i < a->argc; i++)
		free(a->argv[i]);
}

static int init(const struct args *a)
{
	char *argv[MAX_ARGS + 1];

	/* rte_eal_init() shuffles what it is given. */
	memcpy(argv, a->argv, sizeof(argv));
	if (a->failed)
		return -ENOMEM;
	return rte_eal_init(a->argc, argv) < 0 ? -(rte_errno ? rte_errno : EIO) : 0;
}

/* Files are gone with EAL, or were never made; empty directories stay. */
static void remove_runtime_dir(void)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", rte_eal_get_runtime_dir());
	if (dir[0] == '\0')
		return;
	rmdir(dir);
	rmdir(dirname(dir));
}

/* Returns only if it fails. */
static void execute_anew(char **argv, const cpu_set_t *cpus)
{
	char path[PATH_MAX] = ""; /* the link's own name would be the process's */

	log_warning("the hugepages that were free are taken: ordinary pages it is");
	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0 ||
	    setenv(WITHOUT_HUGEPAGES, "1", 1) < 0 ||
	    sched_setaffinity(0, sizeof(*cpus), cpus) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0 || execv(path, argv) < 0)
		log_error("%s cannot be executed anew: %s", argv[0], strerror(errno));
}

int eal_start(const struct config *cfg, char **argv)
{
	struct args a = {.argc = 0};
	const bool huge = use_hugepages(&cfg->dataplane);
	cpu_set_t cpus;
	int rc;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return -errno;
	add(&a, "tandemd");
	rc = add_lcores(&a, &cfg->dataplane, &cpus);
	add(&a, "--file-prefix");
	add(&a, "%s", cfg->dataplane.file_prefix);
	add(&a, "--no-telemetry");
	add(&a, "--log-level=warning");
	/* It complains of missing kernel features that nobody asked for. */
	add(&a, "--log-level=pmd.net.tap:critical");
	add_memory(&a, &cfg->dataplane, huge);
	if (rc == 0)
		rc = add_devices(&a, cfg);
	if (rc == 0)
		rc = init(&a);
	if (rc == -ENOMEM && huge && cfg->dataplane.hugepages == CONFIG_AUTO)
		execute_anew(argv, &cpus);
	if (rc < 0) {
		log_error("the DPDK environment does not start: %s", strerror(-rc));
		remove_runtime_dir();
	}
	free_args(&a);
	return rc;
}

void eal_stop(void)
{
	rte_eal_cleanup();
	remove_runtime_dir();
}

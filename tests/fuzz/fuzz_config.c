/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as the configuration file.  It is refused with at least one complaint that names the
 * file, or what comes out keeps the promises of config.h.  The file is one in memory; so is a
 * secret, as /proc/self/fd/100, for the configuration to name.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "fuzz.h"

#define SECRET_FD 100

static char path[32];
static int file;

static void set_up(void)
{
	int secret;

	if (file != 0)
		return;
	secret = memfd_create("secret", 0);
	CHECK(write(secret, "swordfish\n", 10) == 10);
	CHECK(fchmod(secret, 0600) == 0 && dup2(secret, SECRET_FD) == SECRET_FD);
	file = memfd_create("config", 0);
	CHECK(file > 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
}

/* One a line, each `file:line: path: what is wrong` or about the file as a whole. */
static void check_complaints(const char *text)
{
	size_t length = strlen(path);

	CHECK(text[0] != '\0');
	for (; *text != '\0'; text = strchr(text, '\n') + 1) {
		CHECK(strchr(text, '\n') != NULL);
		CHECK(strncmp(text, path, length) == 0 && text[length] == ':');
	}
}

static void check_names(const struct config_names *names, unsigned int max)
{
	CHECK(names->count <= max);
	for (unsigned int i = 0; i < names->count; i++)
		CHECK(names->names[i] != NULL && names->names[i][0] != '\0');
}

static void check_port(const struct config_port *p)
{
	CHECK(p->device != NULL && p->queues >= 1 && p->mtu > 0);
	CHECK(p->n_addresses <= CONFIG_MAX_ADDRESSES);
	for (unsigned int i = 0; i < p->n_addresses; i++) {
		const struct config_address *a = &p->addresses[i];

		CHECK(a->prefix_len <= (IN6_IS_ADDR_V4MAPPED(&a->addr) ? 32 : 128));
	}
}

static void check_config(const struct config *cfg)
{
	CHECK(cfg->xmpp.jid != NULL && cfg->xmpp.server_host != NULL && cfg->xmpp.server_port != 0);
	CHECK(cfg->xmpp.secret != NULL && cfg->xmpp.secret[0] != '\0');
	check_names(&cfg->xmpp.namespaces, CONFIG_MAX_NAMESPACES);
	CHECK(cfg->xmpp.namespaces.count > 0);
	check_names(&cfg->access.allow, CONFIG_MAX_NAMES);
	check_names(&cfg->access.deny, CONFIG_MAX_NAMES);
	check_names(&cfg->access.admins, CONFIG_MAX_NAMES);
	CHECK(cfg->xmpp.abuse == NULL || strchr(cfg->xmpp.abuse, ':') != NULL);
	check_names(&cfg->advertise, CONFIG_MAX_NAMES);
	CHECK(cfg->dataplane.n_workers >= 1 && cfg->dataplane.n_workers <= CONFIG_MAX_WORKERS);
	CHECK(cfg->n_ports >= 1 && cfg->n_ports <= CONFIG_MAX_PORTS);
	for (unsigned int i = 0; i < cfg->n_ports; i++) {
		check_port(&cfg->ports[i]);
		CHECK(cfg->dataplane.mss <= cfg->ports[i].mtu - 60);
	}
	CHECK(!cfg->endpoint.enabled || cfg->endpoint.port != 0);
	CHECK(!cfg->socks5.enabled || cfg->socks5.port != 0);
	CHECK(cfg->endpoint.enabled || cfg->socks5.enabled);
	CHECK(!cfg->stats.enabled || cfg->stats.listen_host != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *complaints = NULL;
	struct config *cfg = NULL;
	size_t length;
	FILE *err;
	int rc;

	set_up();
	CHECK(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
	err = open_memstream(&complaints, &length);
	CHECK(err != NULL);
	rc = config_load(path, err, &cfg);
	fclose(err);
	CHECK((rc == 0) == (cfg != NULL) && rc <= 0);
	if (rc == 0) {
		CHECK(length == 0);
		check_config(cfg);
	} else {
		check_complaints(complaints);
	}
	config_free(cfg);
	free(complaints);
	return 0;
}

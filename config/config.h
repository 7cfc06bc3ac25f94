/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of one tandemd, read from one YAML file.
 *
 * A struct config is built whole by config_load() and validated whole.  Afterwards only what the
 * schema calls live may change, by a reload on the control thread, and once tandemd runs that alone
 * reads it there; all else never changes, and every thread may read it without a lock.  Strings and
 * arrays are owned by it.
 */
#ifndef TANDEM_CONFIG_H
#define TANDEM_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_MAX_PORTS      8	 /* "ports" entries */
#define CONFIG_MAX_ADDRESSES  16 /* addresses of one port */
#define CONFIG_MAX_WORKERS    16
#define CONFIG_MAX_LCORE      127 /* the highest number */
#define CONFIG_MAX_QUEUES     16  /* of one port */
#define CONFIG_MAX_NAMESPACES 8
#define CONFIG_MAX_NAMES      1024 /* entries of one access list */
#define CONFIG_MAX_JID	      3071 /* bytes of a full JID, RFC 7622 section 3.1 */

enum config_tristate { CONFIG_AUTO, CONFIG_ON, CONFIG_OFF };
enum config_idle { CONFIG_IDLE_ADAPTIVE, CONFIG_IDLE_POLL };
enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };

/* An address with its prefix length.  IPv4 is kept as ::ffff:a.b.c.d, prefix_len counts in the
 * family's own bits (0..32 for IPv4). */
struct config_address {
	struct in6_addr addr;
	uint8_t prefix_len;
};

struct config_names {
	char **names;
	unsigned int count;
};

struct config_xmpp {
	char *jid;	   /* the component's bare JID (a domain) */
	char *server_host; /* without brackets */
	uint16_t server_port;
	char *secret_file;
	char *secret; /* the file's first line; never logged */
	struct config_names namespaces;
	char *abuse; /* a URI; NULL when not given */
};

struct config_access {
	struct config_names allow; /* domains or JIDs; filled with the parent domain when absent */
	bool allow_by_jid;	   /* it was */
	struct config_names deny;
	struct config_names admins; /* who may use commands */
};

struct config_limits {
	uint32_t sessions;
	uint32_t sessions_per_jid;
	uint32_t reservations_per_jid;
	uint32_t sessions_per_domain; /* here and below 0 is no limit */
	uint64_t rate_per_session;    /* bytes a second */
	uint64_t rate_per_jid;
	uint64_t volume_per_jid; /* bytes a day */
	uint32_t legs;
	uint32_t legs_per_source;
	uint32_t half_open;
};

/* All in milliseconds. */
struct config_timers {
	uint64_t match_ms;
	uint64_t claim_ms;
	uint64_t pair_ms;
	uint64_t reserve_ms;
	uint64_t idle_ms;
	uint64_t transitory_ms;
};

struct config_dataplane {
	unsigned int workers[CONFIG_MAX_WORKERS]; /* lcores */
	unsigned int n_workers;
	unsigned int control; /* lcore */
	uint64_t memory_bytes;
	enum config_tristate hugepages;
	enum config_idle idle;
	uint16_t mss;
	char *file_prefix;
};

struct config_port {
	char *device;	 /* EAL device: a PCI address or a vdev with its arguments */
	uint16_t queues; /* never less than workers; as many when it is not in the file */
	char *tap;	 /* interface name of the exception path; NULL: a kernel:IFNAME has none */
	struct config_address addresses[CONFIG_MAX_ADDRESSES];
	unsigned int n_addresses;
	uint16_t mtu;
	uint16_t vlan; /* what its frames are tagged with; 0: they are not */
};

struct config_endpoint {
	bool enabled; /* an absent service is off */
	uint16_t port;
	bool strict;
};

struct config_socks5 {
	bool enabled;
	uint16_t port;
};

/* Both ends are of it; host byte order. */
struct config_range {
	uint16_t first, last;
};

struct config_rendezvous {
	bool enabled;
	struct config_range ports;    /* of each IPv4 address */
	struct config_address prefix; /* of IPv6, /64 or shorter; unspecified when not given */
};

struct config_stats {
	bool enabled; /* an absent stats section is off */
	char *listen_host;
	uint16_t listen_port;
};

struct config {
	struct config_xmpp xmpp;
	struct config_access access;
	struct config_limits limits;
	struct config_timers timers;
	struct config_dataplane dataplane;
	struct config_port ports[CONFIG_MAX_PORTS];
	unsigned int n_ports;
	struct config_endpoint endpoint;
	struct config_socks5 socks5;
	struct config_rendezvous rendezvous;
	struct config_names advertise; /* told instead of the addresses; empty: the addresses */
	struct config_stats stats;
	enum config_log_level log_level;
};

/*
 * Read, parse and validate the file at `path` and the files it names (the secret).
 *
 * Every error found is written to `err` as `file:line: path: what is wrong`, one a line.
 * Returns 0 and a configuration in `*out` that the caller frees with config_free(); or a negative
 * errno (-EINVAL for anything wrong in the file) and NULL in `*out`.
 */
int config_load(const char *path, FILE *err, struct config **out);

/* Frees a configuration and all it owns, wiping the secret.  NULL is allowed. */
void config_free(struct config *cfg);

#endif

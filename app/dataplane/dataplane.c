/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <rte_launch.h>
#include <rte_malloc.h>

#include "relaxed.h"
#include "worker.h"

struct dataplane {
	const struct config *cfg;
	struct flow_table flows;
	struct rte_rcu_qsbr *readers;
	struct handover handover;
	struct rendezvous_set rendezvous;
	struct dataplane_port ports[CONFIG_MAX_PORTS];
	struct worker *workers;
	struct worker_stats *stats;
	unsigned int n_workers; /* initialised */
	bool stop;
};

/* What must not be guessed from outside. */
struct secrets {
	struct tuple_seed seed, owner;
	struct siphash_key isn, ts, cookie;
};

static struct listen_address listen_address(const struct config_address *a)
{
	struct listen_address l = {.addr = a->addr};

	/* RFC 3021: a /31 has no network and broadcast addresses, nor has a /32. */
	if (IN6_IS_ADDR_V4MAPPED(&a->addr) && a->prefix_len < 31)
		l.host_mask = rte_cpu_to_be_32(UINT32_MAX >> a->prefix_len);
	return l;
}

static void fill_listener(struct listener *l, const struct config *cfg, const struct secrets *s)
{
	unsigned int port, i;

	memset(l, 0, sizeof(*l));
	l->endpoint_port = cfg->endpoint.enabled ? rte_cpu_to_be_16(cfg->endpoint.port) : 0;
	l->socks5_port = cfg->socks5.enabled ? rte_cpu_to_be_16(cfg->socks5.port) : 0;
	l->mss = cfg->dataplane.mss;
	l->isn_key = s->isn;
	l->ts_key = s->ts;
	l->cookie_key = s->cookie;
	for (port = 0; port < cfg->n_ports; port++) {
		for (i = 0; i < cfg->ports[port].n_addresses; i++)
			l->addresses[l->n_addresses++] =
				listen_address(&cfg->ports[port].addresses[i]);
	}
}

static int create_workers(struct dataplane *dp, struct mailbox *mb, struct rte_mempool *pool,
			  const struct secrets *secrets)
{
	struct listener listener;
	struct worker_args args = {
		.cfg = dp->cfg,
		.n_workers = dp->cfg->dataplane.n_workers,
		.ports = dp->ports,
		.n_ports = dp->cfg->n_ports,
		.pool = pool,
		.mb = mb,
		.flows = &dp->flows,
		.readers = dp->readers,
		.handover = &dp->handover,
		.listener = &listener,
		.seed = &secrets->seed,
	};
	unsigned int i, n = dp->cfg->dataplane.n_workers;
	int rc;

	fill_listener(&listener, dp->cfg, secrets);
	listener.rendezvous = dp->cfg->rendezvous.enabled ? &dp->rendezvous : NULL;
	dp->workers = rte_zmalloc("workers", n * sizeof(*dp->workers), RTE_CACHE_LINE_SIZE);
	dp->stats = rte_zmalloc("worker_stats", n * sizeof(*dp->stats), 128);
	if (dp->workers == NULL || dp->stats == NULL)
		return -ENOMEM;
	args.stats = dp->stats;
	rc = handover_init(&dp->handover, n, &secrets->owner, mb);
	if (rc < 0)
		return rc;
	for (i = 0; i < n; i++) {
		rc = worker_init(&dp->workers[i], i, &args);
		if (rc < 0)
			return rc;
		dp->n_workers++;
	}
	return 0;
}

static int create_parts(struct dataplane *dp, struct mailbox *mb, struct rte_mempool *pool)
{
	size_t readers = rte_rcu_qsbr_get_memsize(CONFIG_MAX_WORKERS);
	struct secrets secrets;
	int rc;

	if (getrandom(&secrets, sizeof(secrets), 0) != sizeof(secrets))
		return -errno;
	dp->readers = rte_zmalloc("flow_readers", readers, RTE_CACHE_LINE_SIZE);
	if (dp->readers == NULL)
		return -ENOMEM;
	rte_rcu_qsbr_init(dp->readers, CONFIG_MAX_WORKERS);
	rc = flow_table_init(&dp->flows, dp->cfg->limits.sessions, &secrets.seed, dp->readers);
	if (rc == 0 && dp->cfg->rendezvous.enabled)
		rc = rendezvous_set_init(&dp->rendezvous, dp->cfg);
	if (rc == 0)
		rc = create_workers(dp, mb, pool, &secrets);
	explicit_bzero(&secrets, sizeof(secrets));
	return rc;
}

struct dataplane *dataplane_create(const struct config *cfg, struct mailbox *mb,
				   const struct dataplane_port *ports, struct rte_mempool *pool)
{
	struct dataplane *dp = rte_zmalloc("dataplane", sizeof(*dp), 0);
	int rc;

	if (dp == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	dp->cfg = cfg;
	memcpy(dp->ports, ports, cfg->n_ports * sizeof(*ports));
	rc = create_parts(dp, mb, pool);
	if (rc < 0) {
		dataplane_destroy(dp);
		errno = -rc;
		return NULL;
	}
	return dp;
}

void dataplane_destroy(struct dataplane *dp)
{
	unsigned int i;

	if (dp == NULL)
		return;
	for (i = 0; i < dp->n_workers; i++)
		worker_fini(&dp->workers[i]);
	handover_fini(&dp->handover);
	rte_free(dp->workers);
	rte_free(dp->stats);
	flow_table_fini(&dp->flows);
	rendezvous_set_fini(&dp->rendezvous);
	rte_free(dp->readers);
	rte_free(dp);
}

/* What a launched lcore is told. */
static int run_worker(void *arg)
{
	struct dataplane *dp = arg;
	unsigned int lcore = rte_lcore_id(), i;

	for (i = 0; i < dp->n_workers; i++) {
		if (dp->cfg->dataplane.workers[i] == lcore)
			worker_run(&dp->workers[i], &dp->stop);
	}
	return 0;
}

int dataplane_start(struct dataplane *dp)
{
	unsigned int i;
	int rc;

	for (i = 0; i < dp->n_workers; i++) {
		rc = rte_eal_remote_launch(run_worker, dp, dp->cfg->dataplane.workers[i]);
		if (rc < 0) {
			dataplane_stop(dp);
			return rc;
		}
	}
	return 0;
}

void dataplane_stop(struct dataplane *dp)
{
	unsigned int i;

	relaxed_store(&dp->stop, true);
	for (i = 0; i < dp->n_workers; i++)
		rte_eal_wait_lcore(dp->cfg->dataplane.workers[i]);
}

void dataplane_reconfigure(struct dataplane *dp)
{
	unsigned int i;

	for (i = 0; i < dp->n_workers; i++)
		worker_reconfigure(&dp->workers[i], dp->cfg);
}

/* --- the splicer --- */

static int splice_insert(void *ctx, const struct leg_report *a, const struct leg_report *b,
			 uint64_t *flow)
{
	struct dataplane *dp = ctx;

	return flow_table_insert(&dp->flows, a, b, mailbox_now_ms(), flow);
}

static int splice_remove(void *ctx, uint64_t flow)
{
	struct dataplane *dp = ctx;

	return flow_table_remove(&dp->flows, flow);
}

static int splice_rate(void *ctx, uint64_t flow, uint64_t bytes_per_s)
{
	struct dataplane *dp = ctx;

	return flow_table_set_rate(&dp->flows, flow, bytes_per_s);
}

static int splice_status(void *ctx, uint64_t flow, struct flow_status *status)
{
	const struct dataplane *dp = ctx;

	return flow_table_status(&dp->flows, flow, status);
}

static unsigned int splice_owner(void *ctx, const struct four_tuple *leg)
{
	const struct dataplane *dp = ctx;
	struct tuple t = tuple_from_four(leg);

	return handover_owner(&dp->handover, &t);
}

static void splice_rendezvous(void *ctx, in_port_t port, const struct in6_addr *addr6,
			      enum mailbox_rendezvous state)
{
	struct dataplane *dp = ctx;

	rendezvous_set_state(&dp->rendezvous, port, addr6, state);
}

struct mailbox_splicer dataplane_splicer(struct dataplane *dp)
{
	return (struct mailbox_splicer){
		.ctx = dp,
		.insert = splice_insert,
		.remove = splice_remove,
		.rate = splice_rate,
		.status = splice_status,
		.owner = splice_owner,
		.rendezvous = dp->cfg->rendezvous.enabled ? splice_rendezvous : NULL,
	};
}

/* --- the view --- */

unsigned int dataplane_worker_count(const struct dataplane *dp)
{
	return dp->n_workers;
}

const struct worker_stats *dataplane_worker_stats(const struct dataplane *dp, unsigned int index)
{
	return &dp->stats[index];
}

const char *drop_reason_label(enum drop_reason reason)
{
	static const char *const labels[DROP_REASONS] = {
		[DROP_MALFORMED] = "malformed",
		[DROP_CHECKSUM] = "checksum",
		[DROP_TTL] = "ttl",
		[DROP_OTHER_HOST] = "other_host",
		[DROP_VLAN] = "vlan",
		[DROP_FRAGMENT] = "fragment",
		[DROP_MARTIAN] = "martian",
		[DROP_HALF_OPEN] = "half_open",
		[DROP_LEGS] = "legs",
		[DROP_LEGS_SOURCE] = "legs_per_source",
		[DROP_RATE_SESSION] = "rate_session",
		[DROP_RENDEZVOUS] = "rendezvous",
		[DROP_NO_LEG] = "no_leg",
		[DROP_NOT_EXPECTED] = "not_expected",
		[DROP_OWNER_BUSY] = "owner_busy",
		[DROP_RATE] = "rate",
		[DROP_NO_BUFFER] = "no_buffer",
		[DROP_TOO_BIG] = "too_big",
		[DROP_ICMP_WINDOW] = "icmp_window",
		[DROP_ICMP_IGNORED] = "icmp_ignored",
		[DROP_TX] = "tx",
	};

	return labels[reason];
}

const char *cookie_result_label(enum cookie_result result)
{
	static const char *const labels[COOKIE_RESULTS] = {
		[COOKIE_SENT] = "sent",
		[COOKIE_VALID] = "valid",
		[COOKIE_INVALID] = "invalid",
	};

	return labels[result];
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker without work looks again at once for a while, then sleeps.  What can tell that it has
 * something, by a descriptor, ends the sleep, as a command and a frame handed over do; the
 * timers of legs have ticks of 16 ms.  What cannot tell is looked at in time: the sleeps grow
 * slowly, and not far.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "worker.h"

#define SPIN_ROUNDS  200
#define SLEEP_MIN_US 20
#define SLEEP_MAX_US 500

/* Where all can tell: as long as an answer takes on a local network, for to sleep and wake takes
 * longer. */
#define WAKING_SPIN_US	50
#define WAKING_SLEEP_US 10000

/* False: it has no descriptor. */
static bool watch(struct worker *w, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN};

	return fd >= 0 && epoll_ctl(w->wake_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static bool watch_port(struct worker *w, const struct dataplane_port *port)
{
	unsigned int queue;
	bool all = true;

	for (queue = w->index; queue < port->rx_queues; queue += w->n_workers)
		all = watch(w, port->wake_fds != NULL ? port->wake_fds[queue] : -1) && all;
	if (!port->kernels)
		all = watch(w,
			    rte_eth_dev_rx_intr_ctl_q_get_fd(port->tap_id, (uint16_t)w->index)) &&
		      all;
	return all;
}

int idle_init(struct worker *w)
{
	unsigned int port;

	if (w->idle == CONFIG_IDLE_POLL)
		return 0;
	w->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->wake_fd < 0)
		return -errno;
	w->wakes = true;
	for (port = 0; port < w->n_ports; port++)
		w->wakes = watch_port(w, &w->ports[port]) && w->wakes;
	return 0;
}

void idle_fini(struct worker *w)
{
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	w->wake_fd = -1;
}

/* Beside commands: what would be slept over. */
static bool has_work(const void *worker)
{
	const struct worker *w = worker;

	return handover_waits(w->handover, w->index);
}

/* How long nothing was to be done. */
static uint64_t idle_us(const struct worker *w)
{
	return (rte_rdtsc() - w->idle_since) / (rte_get_tsc_hz() / 1000000);
}

/* 0: not at all. */
static uint32_t sleep_us(const struct worker *w)
{
	if (w->idle == CONFIG_IDLE_POLL)
		return 0;
	if (w->wakes)
		return idle_us(w) < WAKING_SPIN_US ? 0 : WAKING_SLEEP_US;
	if (w->idle_rounds < SPIN_ROUNDS)
		return 0;
	return RTE_MIN(SLEEP_MIN_US + (w->idle_rounds - SPIN_ROUNDS) / 8, (uint32_t)SLEEP_MAX_US);
}

void idle_rest(struct worker *w)
{
	uint32_t us;

	if (w->idle_rounds++ == 0)
		w->idle_since = rte_rdtsc();
	us = sleep_us(w);
	if (us == 0) {
		rte_pause();
		return;
	}
	rte_rcu_qsbr_thread_offline(w->readers, w->index);
	mailbox_worker_sleep(w->mb, w->index, us, w->wake_fd, has_work, w);
	rte_rcu_qsbr_thread_online(w->readers, w->index);
}

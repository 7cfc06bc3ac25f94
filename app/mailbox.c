/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rings and sleepers.
 *
 * A side that is about to block first sets its `asleep` flag, then looks at its rings once more; a
 * poster first fills the ring, then looks at the flag.  With a full fence between the two steps on
 * both sides one of them always sees the other, so no wake-up is lost and none is sent to a side
 * that is awake.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_ring.h>

#include "mailbox.h"

#define RING_ENTRIES 4096

static_assert(sizeof(struct mailbox_event) % 4 == 0, "rte_ring copies words");
static_assert(sizeof(struct mailbox_command) % 4 == 0, "rte_ring copies words");

/* Who can block: its flag and the eventfd that ends its sleep. */
struct sleeper {
	atomic_bool asleep;
	int fd;
} __rte_cache_aligned;

struct worker_box {
	struct sleeper sleeper;
	struct rte_ring *events;
	struct rte_ring *commands;
	_Atomic(enum mailbox_cookies) cookies; /* written by the worker */
};

struct mailbox {
	struct sleeper control;
	unsigned int n_workers;
	unsigned int first; /* worker whose events are taken first, in turn */
	struct worker_box worker[];
};

static void sleeper_wake(struct sleeper *s)
{
	const uint64_t one = 1;

	atomic_thread_fence(memory_order_seq_cst);
	if (likely(!atomic_load_explicit(&s->asleep, memory_order_relaxed)))
		return;
	if (!atomic_exchange(&s->asleep, false))
		return;
	/* An eventfd refuses a write only when it is readable already. */
	(void)!write(s->fd, &one, sizeof(one));
}

static void sleeper_lie_down(struct sleeper *s)
{
	atomic_store_explicit(&s->asleep, true, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
}

static void sleeper_get_up(struct sleeper *s)
{
	uint64_t count;

	/* Always drained: a waker that took the flag may write only after we are up, and that
	 * signal, found by the next sleep, must not outlive it. */
	atomic_store(&s->asleep, false);
	(void)!read(s->fd, &count, sizeof(count));
}

static struct rte_ring *ring_create(size_t element_size)
{
	ssize_t size = rte_ring_get_memsize_elem(element_size, RING_ENTRIES);
	struct rte_ring *ring;

	if (size < 0) {
		errno = (int)-size;
		return NULL;
	}
	ring = aligned_alloc(RTE_CACHE_LINE_SIZE,
			     RTE_ALIGN_CEIL((size_t)size, (size_t)RTE_CACHE_LINE_SIZE));
	if (ring != NULL)
		rte_ring_init(ring, "mailbox", RING_ENTRIES, RING_F_SP_ENQ | RING_F_SC_DEQ);
	return ring;
}

static int worker_box_init(struct worker_box *box)
{
	box->events = ring_create(sizeof(struct mailbox_event));
	box->commands = ring_create(sizeof(struct mailbox_command));
	box->sleeper.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return box->events == NULL || box->commands == NULL || box->sleeper.fd < 0 ? -1 : 0;
}

struct mailbox *mailbox_create(unsigned int n_workers)
{
	size_t size = sizeof(struct mailbox) + n_workers * sizeof(struct worker_box);
	struct mailbox *mb =
		aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(size, RTE_CACHE_LINE_SIZE));
	unsigned int i;
	int saved;

	if (mb == NULL)
		return NULL;
	memset(mb, 0, size);
	mb->n_workers = n_workers;
	for (i = 0; i < n_workers; i++)
		mb->worker[i].sleeper.fd = -1;
	mb->control.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (mb->control.fd < 0)
		goto fail;
	for (i = 0; i < n_workers; i++) {
		if (worker_box_init(&mb->worker[i]) < 0)
			goto fail;
	}
	return mb;
fail:
	saved = errno;
	mailbox_destroy(mb);
	errno = saved;
	return NULL;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void mailbox_destroy(struct mailbox *mb)
{
	unsigned int i;

	if (mb == NULL)
		return;
	for (i = 0; i < mb->n_workers; i++) {
		free(mb->worker[i].events);
		free(mb->worker[i].commands);
		close_fd(mb->worker[i].sleeper.fd);
	}
	close_fd(mb->control.fd);
	free(mb);
}

unsigned int mailbox_workers(const struct mailbox *mb)
{
	return mb->n_workers;
}

uint64_t mailbox_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

bool mailbox_post_event(struct mailbox *mb, unsigned int worker, const struct mailbox_event *ev)
{
	struct mailbox_event copy = *ev; /* the ring's API wants it writable */

	if (rte_ring_sp_enqueue_elem(mb->worker[worker].events, &copy, sizeof(copy)) != 0)
		return false;
	sleeper_wake(&mb->control);
	return true;
}

unsigned int mailbox_take_commands(struct mailbox *mb, unsigned int worker,
				   struct mailbox_command *cmds, unsigned int n)
{
	return rte_ring_sc_dequeue_burst_elem(mb->worker[worker].commands, cmds, sizeof(*cmds), n,
					      NULL);
}

void mailbox_set_cookies(struct mailbox *mb, unsigned int worker, enum mailbox_cookies cookies)
{
	atomic_store_explicit(&mb->worker[worker].cookies, cookies, memory_order_relaxed);
}

void mailbox_worker_sleep(struct mailbox *mb, unsigned int worker, uint32_t timeout_us, int fd,
			  bool (*has_work)(const void *ctx), const void *ctx)
{
	struct worker_box *box = &mb->worker[worker];
	struct timespec timeout = {.tv_sec = timeout_us / 1000000,
				   .tv_nsec = (long)(timeout_us % 1000000) * 1000};
	/* A negative descriptor is none to ppoll(2). */
	struct pollfd pfds[] = {{.fd = box->sleeper.fd, .events = POLLIN},
				{.fd = fd, .events = POLLIN}};

	sleeper_lie_down(&box->sleeper);
	if (rte_ring_empty(box->commands) && (has_work == NULL || !has_work(ctx)))
		ppoll(pfds, RTE_DIM(pfds), &timeout, NULL);
	sleeper_get_up(&box->sleeper);
}

void mailbox_wake_worker(struct mailbox *mb, unsigned int worker)
{
	sleeper_wake(&mb->worker[worker].sleeper);
}

bool mailbox_post_command(struct mailbox *mb, unsigned int worker,
			  const struct mailbox_command *cmd)
{
	struct worker_box *box = &mb->worker[worker];
	struct mailbox_command copy = *cmd;

	if (rte_ring_sp_enqueue_elem(box->commands, &copy, sizeof(copy)) != 0)
		return false;
	sleeper_wake(&box->sleeper);
	return true;
}

static unsigned int next_worker(const struct mailbox *mb, unsigned int worker)
{
	return worker + 1 < mb->n_workers ? worker + 1 : 0;
}

unsigned int mailbox_take_events(struct mailbox *mb, struct mailbox_event *evs, unsigned int n)
{
	unsigned int i, worker = mb->first, taken = 0;

	for (i = 0; i < mb->n_workers && taken < n; i++) {
		taken += rte_ring_sc_dequeue_burst_elem(mb->worker[worker].events, evs + taken,
							sizeof(*evs), n - taken, NULL);
		worker = next_worker(mb, worker);
	}
	mb->first = next_worker(mb, mb->first);
	return taken;
}

enum mailbox_cookies mailbox_cookies(const struct mailbox *mb)
{
	enum mailbox_cookies most = MAILBOX_COOKIES_NONE, one;
	unsigned int i;

	for (i = 0; i < mb->n_workers; i++) {
		one = atomic_load_explicit(&mb->worker[i].cookies, memory_order_relaxed);
		most = RTE_MAX(most, one);
	}
	return most;
}

int mailbox_control_fd(const struct mailbox *mb)
{
	return mb->control.fd;
}

bool mailbox_control_sleep(struct mailbox *mb)
{
	unsigned int i;

	sleeper_lie_down(&mb->control);
	for (i = 0; i < mb->n_workers; i++) {
		if (!rte_ring_empty(mb->worker[i].events)) {
			sleeper_get_up(&mb->control);
			return false;
		}
	}
	return true;
}

void mailbox_control_awake(struct mailbox *mb)
{
	sleeper_get_up(&mb->control);
}

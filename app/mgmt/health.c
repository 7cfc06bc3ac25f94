/* SPDX-License-Identifier: BSD-3-Clause */
#include "health.h"
#include "control_stats.h"
#include "dataplane_stats.h"

static uint64_t worker_cycles(const struct mgmt_sources *src, unsigned int i)
{
	return __atomic_load_n(&dataplane_worker_stats(src->dp, i)->cycles, __ATOMIC_RELAXED);
}

void health_init(struct health *h, const struct mgmt_sources *src, uint32_t stuck_ms)
{
	*h = (struct health){.stuck_ms = stuck_ms, .n_workers = dataplane_worker_count(src->dp)};
	if (h->n_workers > CONFIG_MAX_WORKERS)
		h->n_workers = CONFIG_MAX_WORKERS;
	for (unsigned int i = 0; i < h->n_workers; i++)
		h->worker[i].cycles = worker_cycles(src, i);
}

void health_sample(struct health *h, const struct mgmt_sources *src, uint64_t now_ms)
{
	for (unsigned int i = 0; i < h->n_workers; i++) {
		struct health_worker *w = &h->worker[i];
		const uint64_t cycles = worker_cycles(src, i);

		if (cycles != w->cycles)
			w->alive_until_ms = now_ms + h->stuck_ms;
		w->cycles = cycles;
		w->runs = now_ms < w->alive_until_ms;
	}
}

bool health_write(const struct health *h, const struct mgmt_sources *src, FILE *out)
{
	bool ok = true;

	for (unsigned int i = 0; i < h->n_workers; i++) {
		if (h->worker[i].runs)
			continue;
		fprintf(out, "worker %u does not run\n", i);
		ok = false;
	}
	if (!__atomic_load_n(&src->control->xmpp_connected, __ATOMIC_RELAXED)) {
		fputs("the XMPP stream is down\n", out);
		ok = false;
	}
	if (ok)
		fputs("ok\n", out);
	return ok;
}

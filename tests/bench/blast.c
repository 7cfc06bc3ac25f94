/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "blast.h"

#define SAMPLES_MAX  1000000
#define SAMPLE_EVERY 4	 /* bursts */
#define AFTER_MS     200 /* wait for what is under way */

/* Frames of a port that it did not take yet. */
struct queue {
	struct rte_mbuf *frames[WIRE_BURST];
	unsigned int n, sent;
};

struct course {
	struct traffic *traffic;
	struct wires *wires;
	struct queue queues[RIG_PORTS];
	struct blast found;
	uint64_t *samples;
	unsigned int n_samples, bursts; /* received */
	uint16_t stamp_at, length;	/* bytes of a frame: in front of the stamp, and all */
};

static void fill_queue(struct course *c, unsigned int port)
{
	struct queue *q = &c->queues[port];
	uint32_t sessions[WIRE_BURST];
	unsigned int i;

	q->sent = q->n = 0;
	if (rte_pktmbuf_alloc_bulk(c->wires->filled, q->frames, WIRE_BURST) < 0)
		return;
	for (i = 0; i < WIRE_BURST; i++) {
		sessions[i] = traffic_pick(c->traffic);
		rte_prefetch0(&c->traffic->ends[sessions[i]]);
		rte_prefetch0(rte_pktmbuf_mtod(q->frames[i], void *));
	}
	c->traffic->stamp = rte_rdtsc();
	for (i = 0; i < WIRE_BURST; i++)
		traffic_segment(c->traffic, sessions[i], port, q->frames[i]);
	q->n = WIRE_BURST;
}

/* Returns how many the port took. */
static unsigned int send_queue(struct course *c, unsigned int port)
{
	struct queue *q = &c->queues[port];
	unsigned int n = rte_eth_tx_burst(c->wires->ids[port], 0, q->frames + q->sent,
					  (uint16_t)(q->n - q->sent));

	q->sent += n;
	return n;
}

static void sample(struct course *c, const struct rte_mbuf *m, uint64_t now)
{
	uint64_t stamp;

	if (m->data_len != c->length || c->n_samples == SAMPLES_MAX)
		return;
	memcpy(&stamp, rte_pktmbuf_mtod_offset(m, const void *, c->stamp_at), sizeof(stamp));
	c->samples[c->n_samples++] = now - stamp;
}

static void receive(struct course *c)
{
	struct rte_mbuf *frames[WIRE_BURST];
	unsigned int port, i, n;

	for (port = 0; port < RIG_PORTS; port++) {
		n = wires_receive(c->wires, port, frames);
		if (n > 0 && ++c->bursts % SAMPLE_EVERY == 0)
			sample(c, frames[0], rte_rdtsc());
		/* What the relay says of its own is shorter. */
		for (i = 0; i < n; i++) {
			c->found.received += frames[i]->data_len == c->length;
			rte_pktmbuf_free(frames[i]);
		}
	}
}

static int by_size(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

static void judge(struct course *c)
{
	const double per_us = (double)rte_get_tsc_hz() / 1e6;

	if (c->n_samples == 0)
		return;
	qsort(c->samples, c->n_samples, sizeof(*c->samples), by_size);
	c->found.p50_us = (double)c->samples[c->n_samples / 2] / per_us;
	c->found.p99_us = (double)c->samples[(uint64_t)c->n_samples * 99 / 100] / per_us;
	c->found.max_us = (double)c->samples[c->n_samples - 1] / per_us;
}

static void forget_queues(struct course *c)
{
	unsigned int port;

	for (port = 0; port < RIG_PORTS; port++) {
		struct queue *q = &c->queues[port];

		for (; q->sent < q->n; q->sent++)
			rte_pktmbuf_free(q->frames[q->sent]);
	}
}

static void run(struct course *c, double seconds, double pps)
{
	const double hz = (double)rte_get_tsc_hz();
	const uint64_t begin = rte_rdtsc(), end = begin + (uint64_t)(seconds * hz);
	unsigned int port = 0;
	uint64_t now;

	while ((now = rte_rdtsc()) < end) {
		struct queue *q = &c->queues[port];

		if (q->sent == q->n &&
		    (pps == 0 || (double)c->found.sent < (double)(now - begin) / hz * pps))
			fill_queue(c, port);
		if (q->sent < q->n)
			c->found.sent += send_queue(c, port);
		receive(c);
		port = (port + 1) % RIG_PORTS;
	}
	c->found.seconds = (double)(now - begin) / hz;
	while (rte_rdtsc() < end + (uint64_t)(AFTER_MS * hz / 1000))
		receive(c);
}

struct blast blast(struct traffic *t, struct wires *w, double seconds, double pps)
{
	struct course c = {.traffic = t, .wires = w};

	c.stamp_at =
		(uint16_t)(sizeof(struct rte_ether_hdr) + sizeof(struct rte_tcp_hdr) +
			   (t->v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr)) +
			   12u * t->timestamps);
	c.length = (uint16_t)(c.stamp_at + t->payload);
	c.samples = malloc(SAMPLES_MAX * sizeof(*c.samples));
	if (c.samples == NULL)
		rig_die("no memory for samples");
	t->filled = true;
	run(&c, seconds, pps);
	forget_queues(&c);
	judge(&c);
	free(c.samples);
	t->filled = false;
	t->stamp = 0;
	return c.found;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles that the answer to a SYN costs while cookies are in force, and what becomes of those who
 * mean it: in each batch of SYNs from everywhere a few are of honest peers, whose ACKs come with the
 * next batch.
 *
 * usage: flood [EAL option]... -- [-6] [-t]
 *   -6   IPv6   -t  the SYNs offer timestamps
 *
 * It says `ready HZ`, of the clock it counts by.  For each line "N" of its input it takes N batches
 * and says: cycles a SYN, cycles a SYN of the receive and transmit bursts in that, cycles of the
 * cookie's own computation, honest handshakes begun, and those completed.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>

#include "traffic.h"

#define PER_BATCH  RIG_BATCH
#define HONEST	   8	      /* a batch */
#define EVERYWHERE (1u << 22) /* sources of the flood */
#define LEGS	   200000
#define HALF_OPEN  1024

static struct rig rig;
static struct traffic traffic = {.sessions = EVERYWHERE};
static uint32_t next_honest; /* by port 1, where the flood does not come from */
static unsigned int begun, completed;

struct cost {
	uint64_t all, bursts;
};

static struct rte_mbuf *blank(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rig.pool);

	if (m == NULL)
		rig_die("no mbufs");
	return m;
}

static void put_flood(unsigned int n)
{
	while (n-- > 0) {
		struct rte_mbuf *m = blank();

		traffic_syn(&traffic, traffic_pick(&traffic), 0, m);
		rig_put(&rig, 0, m);
	}
}

static void put_honest(unsigned int n)
{
	for (; n > 0; n--, begun++) {
		struct rte_mbuf *m = blank();

		traffic_syn(&traffic, next_honest++ % EVERYWHERE, 1, m);
		rig_put(&rig, 1, m);
	}
}

/* Acknowledge the SYN|ACKs to the honest. */
static void acknowledge(void)
{
	struct traffic_answer answer;
	struct rte_mbuf *m, *ack;

	while ((m = rig_take(&rig, 1)) != NULL) {
		if (!traffic_hear(&traffic, m, &answer))
			rig_die("an answer is to nobody");
		ack = blank();
		traffic_say(&traffic, answer.session, answer.side, NULL, 0, ack);
		rte_pktmbuf_free(m);
		rig_put(&rig, 1, ack);
	}
}

static unsigned int drain(unsigned int port)
{
	struct rte_mbuf *m;
	unsigned int n;

	for (n = 0; (m = rig_take(&rig, port)) != NULL; n++)
		rte_pktmbuf_free(m);
	return n;
}

/* Nobody is the control thread here. */
static void forget_events(void)
{
	struct mailbox_event events[32];

	while (mailbox_take_events(rig.mb, events, RTE_DIM(events)) > 0)
		;
}

/* The same frames through the same ports and back, with nothing done to them. */
static uint64_t bursts_only(void)
{
	struct rte_mbuf *frames[WORKER_BURST];
	uint64_t started, cycles;
	unsigned int done, n;

	put_flood(PER_BATCH);
	started = rte_rdtsc();
	for (done = 0; done < PER_BATCH; done += n) {
		n = rte_eth_rx_burst(rig.ports[0].id, 0, frames, WORKER_BURST);
		if (rte_eth_tx_burst(rig.ports[0].id, 0, frames, (uint16_t)n) != n)
			rig_die("a ring is full");
	}
	cycles = rte_rdtsc() - started;
	drain(0);
	return cycles;
}

static void flood_batch(struct cost *cost)
{
	const uint64_t established = rig.stats.legs[LEG_GAUGE_UNCLAIMED];
	const uint64_t sent = rig.stats.syn_cookies[COOKIE_SENT];
	unsigned int cookies;

	put_flood(PER_BATCH);
	cost->all += rig_run(&rig, PER_BATCH);
	/* A source may come again while it is half-open: that is answered, but by no cookie. */
	cookies = (unsigned int)(rig.stats.syn_cookies[COOKIE_SENT] - sent);
	if (cookies < PER_BATCH - PER_BATCH / 20 || drain(0) < PER_BATCH)
		rig_die("of %u SYNs %u were answered by a cookie", PER_BATCH, cookies);
	cost->bursts += bursts_only();
	put_honest(HONEST);
	rig_run(&rig, HONEST);
	acknowledge();
	rig_run(&rig, rte_ring_count(rig.in[1]));
	completed += (unsigned int)(rig.stats.legs[LEG_GAUGE_UNCLAIMED] - established);
	forget_events();
	drain(1);
}

/* Cycles to make one, and to write what it keeps into a timestamp. */
static double cookie_alone(void)
{
	const struct syncookie_syn syn = {.seq = 1, .mss = 1460, .wscale = 7, .options = LEG_SACK};
	const unsigned int n = 100000;
	struct leg_report leg = traffic_leg(&traffic, 0, 0);
	struct tuple t = tuple_from_four(&leg.tuple);
	uint64_t started = rte_rdtsc();
	unsigned int i;

	for (i = 0; i < n; i++) {
		/* The next one needs this one's result. */
		t.ends.peer_port =
			(rte_be16_t)syncookie_make(&rig.worker.cookies.secrets, &t, &syn);
		t.ends.peer_addr ^= syncookie_tsval(handshake_clock(&rig.worker, &t), &syn);
	}
	return (double)(rte_rdtsc() - started) / n;
}

/* Half-open legs until cookies are in force. */
static void provoke(void)
{
	unsigned int i;

	for (i = 0; i < HALF_OPEN; i += PER_BATCH) {
		put_flood(PER_BATCH);
		rig_run(&rig, PER_BATCH);
		drain(0);
		forget_events();
	}
}

static void run(unsigned int batches)
{
	struct cost cost = {0, 0}, none = {0, 0};
	unsigned int i;

	provoke();
	begun = completed = 0;
	flood_batch(&none);
	for (i = 0; i < batches; i++)
		flood_batch(&cost);
	printf("%.1f %.1f %.1f %u %u\n", (double)cost.all / batches / PER_BATCH,
	       (double)cost.bursts / batches / PER_BATCH, cookie_alone(), begun, completed);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const struct rig_size size = {16, LEGS, HALF_OPEN};
	char line[32];
	int option, used = rte_eal_init(argc, argv);

	if (used < 0)
		rig_die("the EAL does not start");
	while ((option = getopt(argc - used, argv + used, "6t")) != -1) {
		if (option == '?')
			rig_die("see the head of flood.c");
		traffic.v6 = traffic.v6 || option == '6';
		traffic.timestamps = traffic.timestamps || option == 't';
	}
	if (traffic_init(&traffic) < 0 || rig_start(&rig, &size) < 0)
		rig_die("no memory for %u legs", LEGS);
	printf("ready %llu\n", (unsigned long long)rte_get_tsc_hz());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL)
		run((unsigned int)RTE_MAX(strtoul(line, NULL, 10), 1UL));
	rte_eal_cleanup();
	return 0;
}

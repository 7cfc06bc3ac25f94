/* SPDX-License-Identifier: BSD-3-Clause */
/* As many segments of spliced sessions as the wires take, or fewer, and what becomes of them. */
#ifndef TANDEM_BENCH_BLAST_H
#define TANDEM_BENCH_BLAST_H

#include "traffic.h"
#include "wires.h"

struct blast {
	uint64_t sent, received;
	double seconds; /* it went on for */
	double p50_us, p99_us,
		max_us; /* from before a burst was sent until a frame of it was had */
};

/* For so many seconds, at most `pps` a second (0: as they come), of random sessions. */
struct blast blast(struct traffic *t, struct wires *w, double seconds, double pps);

#endif

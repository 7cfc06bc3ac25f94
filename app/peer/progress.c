/* SPDX-License-Identifier: BSD-3-Clause */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "report.h"
#include "terminal.h"

#define DRAW_MS	  200
#define TELL_MS	  1000
#define BAR_CELLS 30

int64_t progress_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* "12.3 MiB", in steps of `base`. */
static void scaled(char *buf, size_t size, double value, double base, const char *const *units)
{
	while (value >= base && units[1]) {
		value /= base;
		units++;
	}
	snprintf(buf, size, "%.*f %s", value < 10 ? 2 : 1, value, *units);
}

static void bytes_text(char *buf, size_t size, uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", NULL};

	if (bytes < 1024)
		snprintf(buf, size, "%" PRIu64 " bytes", bytes);
	else
		scaled(buf, size, (double)bytes, 1024, units);
}

static void rate_text(char *buf, size_t size, uint64_t bytes, int64_t ms)
{
	static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", NULL};

	scaled(buf, size, (double)bytes * 8000 / (double)(ms > 0 ? ms : 1), 1000, units);
}

void progress_begin(struct progress *p, uint64_t total, bool quiet)
{
	p->summary = !quiet;
	p->bar = !quiet && isatty(STDERR_FILENO);
	p->total = total;
	p->started_ms = progress_now_ms();
	p->drawn_ms = 0;
	p->told_ms = p->started_ms;
}

void progress_update(struct progress *p, uint64_t done)
{
	char line[160], cells[BAR_CELLS + 1], moved[32], total[32], rate[32];
	int64_t now = progress_now_ms();
	bool known = p->total != PROGRESS_UNKNOWN;
	double part = p->total && known ? (double)done / (double)p->total : 1;

	if (p->summary && now - p->told_ms >= TELL_MS) {
		p->told_ms = now;
		report_progress(done, p->total);
	}
	if (!p->bar || now - p->drawn_ms < DRAW_MS)
		return;
	p->drawn_ms = now;
	memset(cells, '-', BAR_CELLS);
	memset(cells, '#', (size_t)(part * BAR_CELLS));
	cells[BAR_CELLS] = '\0';
	bytes_text(moved, sizeof(moved), done);
	bytes_text(total, sizeof(total), p->total);
	rate_text(rate, sizeof(rate), done, now - p->started_ms);
	if (!known)
		snprintf(line, sizeof(line), "%s  %s", moved, rate);
	else
		snprintf(line, sizeof(line), "[%s] %3d %%  %s of %s  %s", cells, (int)(part * 100),
			 moved, total, rate);
	terminal_status(line);
}

void progress_end(struct progress *p, uint64_t done)
{
	p->total = done;
	if (p->bar)
		terminal_status("");
}

void progress_summary(const struct progress *p, const char *verb)
{
	int64_t ms = progress_now_ms() - p->started_ms;
	char moved[32], rate[32];

	if (!p->summary)
		return;
	bytes_text(moved, sizeof(moved), p->total);
	rate_text(rate, sizeof(rate), p->total, ms);
	say("%s %s in %.1f s, %s", verb, moved, (double)ms / 1000, rate);
}

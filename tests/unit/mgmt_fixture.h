/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A running stats endpoint with made-up sources behind it, and an HTTP client to ask it.
 *
 * The rooms whose counters it shows are not linked: the fixture plays their read-only views.
 */
#ifndef TANDEM_TEST_MGMT_FIXTURE_H
#define TANDEM_TEST_MGMT_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "control_stats.h"
#include "dataplane_stats.h"
#include "mgmt.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define WORKERS	 2

/* --- the sources; a number is changed by set() while the endpoint runs --- */

struct dataplane {
	struct worker_stats worker[WORKERS];
};

struct fake_port {
	uint64_t up, rx_missed, steered;
};

extern struct config cfg;
extern struct dataplane dp;
extern struct control_stats control;
extern struct fake_port fake_ports[2];
extern const struct mgmt_sources sources;

extern char loopback[];
extern char xdp_device[];   /* the first port's */
extern char weird_device[]; /* the second's: all that needs escaping */

void set(uint64_t *counter, uint64_t value);

/* All numbers 0, two ports, listening on any port of 127.0.0.1. */
void reset_sources(void);

/* --- the endpoint; cmocka set-up and tear-down --- */

extern struct mgmt *mgmt;

int mgmt_setup(void **state);
int mgmt_setup_hasty(void **state); /* 2 s for a connection, 0.4 s for a worker */
int mgmt_teardown(void **state);

/* --- the client --- */

/* The last answer received. */
struct reply {
	int status; /* 0: none came */
	char text[65536];
	char *body; /* in `text` */
};

extern struct reply reply;

/* Connect from the loopback address 127.0.0.`source`; reads wait for 15 s at most. */
int client(unsigned int source);

/* Read to the end of the connection, which every answer brings, and close it. */
void receive(int fd);

void request(const char *text);
void get(const char *path);
bool reply_has(const char *header_line);

#endif

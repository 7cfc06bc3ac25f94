/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole worker whose two ports, and the kernel behind their TAPs, are rings in the hands of the
 * test, and whose clock the test sets:
 *
 *   alice --- port 0 [ worker ] port 1 --- bob
 *                TAP 0      TAP 1
 *
 * Built with RIG_WORKERS there are so many workers, and each frame comes by any receive queue of its
 * port: the same tests must hold.  Where a limit is a worker's share, RIG_HALF_OPEN is the share.
 *
 * The relay has an IPv4 and an IPv6 address, and alice and bob may speak either: most tests run
 * once with each mix.  On a port that has a VLAN the wire puts the tag on what the test sends, and
 * takes it off what it reads: the test sees the same frames.
 *
 * There is one a test, made by rig_start() and ended by rig_end(), which demands that every mbuf
 * is back.  Whatever leaves by a port must have good checksums.
 */
#ifndef TANDEM_WORKER_FIXTURE_H
#define TANDEM_WORKER_FIXTURE_H

#include "flow_fixture.h"
#include "worker.h"

#ifndef RIG_WORKERS
#define RIG_WORKERS 1
#endif

#define RIG_PORTS      2
#define RIG_QUEUES     4 /* receive queues a port */
#define RIG_MSS	       1400
#define RIG_HALF_OPEN  16
#define RIG_UNCLAIMED  8
#define RIG_PER_SOURCE 4
#define RIG_CLAIM_MS   30000
/* Of the SOCKS5 service; RELAY_PORT is the endpoint service's. */
#define RIG_SOCKS5_PORT 7777

/* Which of the peers speak IPv6, and what is particular to each port. */
struct rig_mix {
	bool alice6, bob6;
	uint16_t vlans[RIG_PORTS]; /* 0: none */
	uint16_t mtus[RIG_PORTS];  /* 0: 1500 */
};

struct rig {
	struct rig_mix mix;
	struct config cfg;
	struct listener listener;
	struct mailbox *mb;
	struct flow_rig flows;
	struct handover handover;
	struct worker_stats stats[RIG_WORKERS];
	struct worker workers[RIG_WORKERS];
	uint64_t now_ms; /* of all of them, from the next round on */
};

extern struct rig rig;
extern const struct rte_ether_addr port_mac[RIG_PORTS];

/* Group set-up and tear-down: EAL and ports. */
int rig_ports(void **state);
int rig_ports_end(void **state);

extern struct rig_mix rig_mixes[7];

/* Ports that finish partial checksums and super-frames: for the next rig_start(). */
extern bool rig_offload[RIG_PORTS];

/* A row of cmocka's table with set-up and tear-down; and seven of them, one a mix. */
#define RIG_ROW(test, set_up, name, mix)         \
	{                                        \
		name, test, set_up, rig_end, mix \
	}
#define RIG_MIXED(test, set_up)                                               \
	RIG_ROW(test, set_up, #test " (4, 4)", &rig_mixes[0]),                \
		RIG_ROW(test, set_up, #test " (6, 6)", &rig_mixes[1]),        \
		RIG_ROW(test, set_up, #test " (4, 6)", &rig_mixes[2]),        \
		RIG_ROW(test, set_up, #test " (6, 4)", &rig_mixes[3]),        \
		RIG_ROW(test, set_up, #test " (4 tagged, 4)", &rig_mixes[4]), \
		RIG_ROW(test, set_up, #test " (6, 6 tagged)", &rig_mixes[5]), \
		RIG_ROW(test, set_up, #test " (6 tagged, 4 tagged)", &rig_mixes[6])

/* Set-up and tear-down of each test; its initial state is a struct rig_mix, or NULL: IPv4. */
int rig_start(void **state);
int rig_end(void **state);
/* `rig.listener` was changed: the workers follow. */
void rig_listen(void);

/* --- packets --- */

/* Put a frame on the wire, or have the kernel say it; nothing happens before the next round. */
void rig_send(unsigned int port, const struct segment *s);
void rig_send_frame(unsigned int port, struct rte_mbuf *m);
/* Into one of the port's receive queues; the others use the first, or with several workers any. */
void rig_send_to_queue(unsigned int port, unsigned int queue, struct rte_mbuf *m);
/* The frame as it is on the wire, with a tag or without. */
void rig_send_raw(unsigned int port, struct rte_mbuf *m);
void rig_kernel_sends(unsigned int port, struct rte_mbuf *m);
/* rig_send() and a round. */
void rig_put(unsigned int port, const struct segment *s);

/* What left by a port, or went to the kernel; NULL: nothing. */
struct rte_mbuf *rig_take(unsigned int port);
struct rte_mbuf *rig_take_raw(unsigned int port);
struct rte_mbuf *rig_kernel_takes(unsigned int port);
/* The one segment that left, by `port`. */
struct segment rig_answer(unsigned int port);
/* Nothing left by any port, nothing went to the kernel. */
void rig_silence(void);
/* Let a ring port refuse to transmit, or go on. */
void rig_block(unsigned int port);
void rig_unblock(unsigned int port);
/* The same of the kernel behind a TAP. */
void rig_kernel_block(unsigned int port);
void rig_kernel_unblock(unsigned int port);

/* --- time --- */

/* A round of each worker, and more of those who were handed something over. */
void rig_round(void);
/* One round of one worker, and nothing else. */
void rig_round_of(unsigned int worker);
/* Let `ms` pass, a round each millisecond. */
void rig_advance(uint64_t ms);
/* Let `ms` pass; returns how many segments left by `port`, when in `at_ms` from now (up to `n`),
 * and the last one in `last`. */
unsigned int rig_watch(unsigned int port, uint64_t ms, uint64_t *at_ms, unsigned int n,
		       struct segment *last);

/* --- messages --- */

struct mailbox_event rig_event(enum mailbox_event_type type);
void rig_no_event(void);
/* Post it and let a round pass. */
void rig_command(enum mailbox_command_type type, uint64_t id);
void rig_open(uint64_t leg, uint64_t flow, uint32_t side);

/* Of all workers together, as of now. */
const struct worker_stats *rig_stats(void);
uint64_t rig_dropped(enum drop_reason reason);

/* --- who has what --- */

/* The worker that the sender's legs belong to. */
struct worker *rig_owner(const struct segment *from);
/* The leg with that id, wherever it is; NULL: none. */
struct leg *rig_leg(uint64_t id);
/* Places for legs that are free, at all workers together. */
unsigned int rig_free_legs(void);

#endif

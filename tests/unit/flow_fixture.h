/* SPDX-License-Identifier: BSD-3-Clause */
/* A flow table with its RCU variable, and two legs that can be spliced: alice, side 0, and bob. */
#ifndef TANDEM_FLOW_FIXTURE_H
#define TANDEM_FLOW_FIXTURE_H

#include "dataplane_fixture.h"
#include "flow_table.h"
#include "next_hop.h"

#define RELAY_ADDR IPV4(192, 0, 2, 10)
#define RELAY_PORT 4000
#define ALICE_ADDR IPV4(192, 0, 2, 1)
#define ALICE_PORT 40000
#define BOB_ADDR   IPV4(198, 51, 100, 2)
#define BOB_PORT   50000

/* The same three over IPv6. */
extern const struct in6_addr relay6, alice6, bob6;

extern const struct rte_ether_addr alice_mac, bob_mac; /* on ports 0 and 1 */

struct flow_rig {
	struct flow_table t;
	struct rte_rcu_qsbr *readers;
	uint64_t now_ms; /* of the next insertion */
};

/* Room for `pairs`; one reader, thread 0, is registered with RCU and offline. */
void flow_rig_init(struct flow_rig *rig, uint32_t pairs);
void flow_rig_fini(struct flow_rig *rig);

/* What a leg of peer addr:port (host order) to the relay reported. */
struct leg_report report_of(uint32_t addr, uint16_t port);
/* Alice's: S 1000, R 5000, T 70, first TSval 10, window 500 << 7, all options. */
struct leg_report report_alice(void);
/* Bob's: S 20000, R 90000, T 3000, first TSval 600, window 400 << 9, all options. */
struct leg_report report_bob(void);

/* The same leg over IPv6, from `peer` to the relay's IPv6 address. */
struct leg_report report_over6(struct leg_report r, const struct in6_addr *peer);

/* A plain ACK from that leg, TTL 64. */
struct segment segment_from(const struct leg_report *leg);
/* What an IPv4 header made anew is told to have for an id. */
#define FLOW_RIG_ID 0x7a5e

/* Put IP header and ports of `s`, as it came from a leg, to what they must be towards the leg `to`:
 * between the families by RFC 7915, with that id. */
void segment_redirect(struct segment *s, const struct leg_report *to);

/* Splice and return the id. */
uint64_t flow_rig_insert(struct flow_rig *rig, const struct leg_report *a,
			 const struct leg_report *b);
uint32_t flow_rig_find(const struct flow_table *t, const struct leg_report *leg);

#endif

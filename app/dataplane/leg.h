/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Legs: the TCP connections to the relay from their SYN until they are spliced or gone.  Each
 * belongs to one worker, its source's owner, which alone touches it.
 *
 *   SYN --> half-open --> parked --> claimed --> retired --> opening --> freed
 *              |            |          |           |
 *              +------------+----------+-----------+--> dead --> freed
 *
 * A leg whose SYN was answered by a cookie is first known when it is established: parked.
 * Half-open and parked legs end by their timer, claimed ones by command, all by a RST of the peer.
 * A retired leg is the splice's already: its owner keeps silent about it.  An opening leg only
 * repeats the update that opens its peer's window, until the flow shows a sign of life.  A dead
 * leg cannot be found any more and waits for its last event to be told.
 *
 * A leg of the SOCKS5 service begins by negotiating (negotiation.c), which goes on while it is
 * parked or claimed, and has a record of its own for that.  It is told of once it has a name.
 *
 * What the control thread must hear is flagged on the leg and told by leg_table_tell(); a full
 * ring only delays it.
 */
#ifndef TANDEM_LEG_H
#define TANDEM_LEG_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane_stats.h"
#include "mailbox.h"
#include "rendezvous_set.h"
#include "socks5.h"
#include "timer_wheel.h"
#include "tuple.h"
#include "tuple_index.h"

enum leg_state {
	LEG_FREE,
	LEG_HALF_OPEN,
	LEG_PARKED, /* established, unclaimed */
	LEG_CLAIMED,
	LEG_RETIRED,
	LEG_OPENING,
	LEG_DEAD,
	LEG_STATES
};

/* What is to be told, in the order of the bits. */
enum leg_news {
	LEG_NEWS_HALF_OPEN = 1 << 0,
	LEG_NEWS_ESTABLISHED = 1 << 1,
	LEG_NEWS_NAMED = 1 << 2,
	LEG_NEWS_RETIRED = 1 << 3,
	LEG_NEWS_GONE = 1 << 4,
};

/* Numbers in host order. */
struct leg {
	struct tuple tuple;
	uint32_t iss;	   /* S - 1: of the SYN|ACK, and what a negotiation said since */
	uint32_t rcv_nxt;  /* R */
	uint32_t ts_const; /* T */
	uint32_t ts_first; /* TSval of the SYN */
	uint32_t ts_recent;
	uint64_t hash; /* of the tuple */
	uint64_t next_hop;
	uint64_t flow; /* opening: the flow it became a side of */
	struct wheel_timer timer;
	uint32_t generation; /* odd while in use: the id's upper half */
	uint32_t news_next;  /* list of legs with news */
	uint32_t place;	     /* where it counts, see rendezvous_set.h */
	uint16_t window;     /* newest, raw */
	uint16_t mss;	     /* told in the SYN */
	uint8_t wscale;
	uint8_t options;  /* enum leg_option */
	uint8_t state;	  /* enum leg_state */
	uint8_t attempts; /* SYN|ACKs or opening updates sent */
	uint8_t side;	  /* opening */
	uint8_t news;	  /* enum leg_news, not yet told */
	uint8_t end;	  /* enum leg_end, with LEG_NEWS_GONE */
	bool in_news;	  /* on the list */
	bool told;	  /* the control thread heard of it, or is about to */
	bool negotiates;  /* SOCKS5: not yet through, and has a struct negotiation */
};

/* What a leg of the SOCKS5 service has until it is through.  Counted are the bytes of
 * socks5_said() and a FIN behind them. */
struct negotiation {
	struct socks5 socks5;
	uint64_t claim_by_ms; /* when it ends unless it is claimed */
	uint64_t again_ms;    /* when to look after what was said; 0: never */
	uint8_t sent, acked;
	uint8_t attempts; /* at what is sent and not acknowledged, or waits for a window */
	bool closing;	  /* a FIN follows what was said */
	bool closed;	  /* the peer's FIN was taken */
	bool retire;	  /* as soon as all is acknowledged */
};

/* How many legs of one source (tuple_source()) are established and unclaimed. */
struct leg_source {
	uint64_t net;
	uint32_t legs;
};

/* Of whom the table is one's: `stats` has a block for each of `count` workers. */
struct leg_workers {
	struct worker_stats *stats;
	unsigned int count;
	unsigned int index; /* own */
};

struct leg_table {
	struct leg *legs;
	struct negotiation *negotiations; /* one a leg; NULL without the service */
	struct tuple_index index;
	struct tuple_seed seed;
	struct timer_wheel wheel;
	uint32_t *free_legs; /* stack */
	uint32_t capacity, n_free;
	uint32_t first_id; /* low half of the ids, which no other worker's legs have */
	uint32_t news_head, news_tail;
	uint64_t news_listed, news_told; /* legs that entered the list, that left it */

	struct leg_source *sources;
	struct tuple_index source_index;
	uint32_t *free_sources; /* stack */
	uint32_t n_free_sources;

	struct leg_workers workers;
	struct worker_stats *stats;	   /* its own: gauges */
	uint64_t looked_ms;		   /* when the others were looked at */
	uint64_t others_unclaimed;	   /* legs; as of then, or newer */
	uint32_t max_half_open;		   /* its own share */
	uint32_t max_unclaimed;		   /* of all workers together */
	uint32_t max_per_source;	   /* the control thread may change it */
	rte_be16_t socks5_port;		   /* whose legs negotiate; 0: the service is off */
	struct rendezvous_set *rendezvous; /* NULL: that service is off */
};

/*
 * Of all workers together.  Half-open legs are bounded by an equal share a worker.  Unclaimed ones
 * are counted over all of them when one is established, without anything shared being written: two
 * workers at the same moment may both take the last place, so there can be one too many for each
 * worker but one.  A source has one owner, and its limit is exact.
 */
struct leg_limits {
	uint32_t half_open;
	uint32_t unclaimed;
	uint32_t unclaimed_per_source;
	rte_be16_t socks5_port;		   /* 0: the service is off */
	struct rendezvous_set *rendezvous; /* NULL: likewise; outlives the table */
};

/* The stats outlive the table.  Memory is from the EAL's heap.  -ENOMEM. */
int leg_table_init(struct leg_table *t, const struct leg_limits *limits,
		   const struct tuple_seed *seed, const struct leg_workers *workers,
		   uint64_t now_ms);
void leg_table_fini(struct leg_table *t);

/* Fetch into the cache what will be asked about a four-tuple that belongs to no flow. */
void leg_fetch(const struct leg_table *t, uint64_t hash, const struct tuple *tuple);

/* The leg of a four-tuple whose hash is `hash`, never a dead one; NULL: none. */
struct leg *leg_find(struct leg_table *t, uint64_t hash, const struct tuple *tuple);

/* The leg with an id that the control thread was told; NULL: expired. */
struct leg *leg_by_id(struct leg_table *t, uint64_t id);

/*
 * A new half-open leg, of which only tuple, hash and state are set.  NULL with the reason in `why`
 * when a bound is reached.
 */
struct leg *leg_create(struct leg_table *t, uint64_t hash, const struct tuple *tuple,
		       enum drop_reason *why);

/* Is there room for one more unclaimed leg, in all and of this source?  `why` as above. */
bool leg_welcome(const struct leg_table *t, const struct tuple *tuple, enum drop_reason *why);

/* A new leg that begins parked, of which only tuple, hash and state are set.  NULL like above. */
struct leg *leg_create_parked(struct leg_table *t, uint64_t hash, const struct tuple *tuple,
			      enum drop_reason *why);

/* Half-open becomes parked.  False when this source or all together have too many already; `why` as
 * above. */
bool leg_establish(struct leg_table *t, struct leg *leg, enum drop_reason *why);

/* Parked, claimed or retired becomes `state`, which is claimed, retired or opening. */
void leg_advance(struct leg_table *t, struct leg *leg, enum leg_state state);

/* Does a leg to this end begin by negotiating? */
static inline bool leg_negotiates(const struct leg_table *t, const struct tuple *tuple)
{
	return t->socks5_port != 0 && tuple->ends.relay_port == t->socks5_port;
}

/* Of a leg that negotiates. */
static inline struct negotiation *leg_negotiation(const struct leg_table *t, const struct leg *leg)
{
	return &t->negotiations[leg - t->legs];
}

/* The peer of a leg that negotiates asked for a name: tell. */
void leg_name(struct leg_table *t, struct leg *leg);

/* The end of a leg: it is not found any more, the control thread hears `end` if it was told of it
 * (not of a leg that had been retired, which `flow` or control itself accounts for). */
void leg_end(struct leg_table *t, struct leg *leg, enum leg_end end);

void leg_arm(struct leg_table *t, struct leg *leg, uint64_t deadline_ms);
void leg_disarm(struct leg_table *t, struct leg *leg);

#define LEG_EXPIRE_BURST 32

/* Take up to LEG_EXPIRE_BURST legs whose timer ran out; returns how many. */
unsigned int leg_expire(struct leg_table *t, uint64_t now_ms, struct leg **legs);

/* Tell the control thread what is new, as far as its ring takes it, in the order of the legs' first
 * news: what was listed when `news_listed` was n is told when `news_told` is n. */
void leg_table_tell(struct leg_table *t, struct mailbox *mb, unsigned int worker);

#endif

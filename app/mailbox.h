/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only passage between the control plane and the data plane.
 *
 * Workers tell the control thread what becomes of TCP connections ("legs") by events, the control
 * thread tells the legs' owners what to do by commands; both are small messages copied by value
 * through one ring a worker and direction.  Messages carry ids, never pointers.  An id is never
 * used twice: a message with a stale one means "expired" and is ignored.
 *
 * The flow table has one writer, the control thread.  The data plane gives it that pen as
 * `struct mailbox_splicer`, whose functions run on the control thread.
 *
 * Life of a leg, as seen through here:
 *
 *   [event HALF_OPEN ->] event ESTABLISHED -> command CLAIM -> command RETIRE -> event RETIRED
 *     -> splicer insert (both directions at once) -> command OPEN
 *
 * A leg that was established by a SYN cookie is first heard of as ESTABLISHED.
 * At any point before RETIRED the leg may end with event GONE, and at any point before OPEN it may
 * be ended by command RESET.  A leg that was RETIRED says nothing more, and sends no GONE.
 *
 * A leg of the SOCKS5 service is heard of only when its peer asked, in band, for a name to connect
 * to; the peer waits for the answer:
 *
 *   event NAMED -> command ADMIT (or REFUSE) -> command CLAIM -> command RETIRE -> event RETIRED
 *     -> splicer insert -> command OPEN
 *
 * ADMIT answers that the name is connected, REFUSE that it is not allowed, and ends the leg.  What
 * the relay itself sent has to be acknowledged before RETIRED is told, however early RETIRE came.
 */
#ifndef TANDEM_MAILBOX_H
#define TANDEM_MAILBOX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* One TCP connection to the relay.  Addresses: IPv4 as ::ffff:a.b.c.d.  Network byte order. */
struct four_tuple {
	struct in6_addr peer_addr;
	struct in6_addr relay_addr;
	in_port_t peer_port;
	in_port_t relay_port;
};

enum leg_option {
	LEG_TIMESTAMPS = 1 << 0, /* RFC 7323, negotiated */
	LEG_SACK = 1 << 1,	 /* RFC 2018, negotiated */
	LEG_WSCALE = 1 << 2,	 /* RFC 7323, negotiated: the relay's own scale is 8 */
};

/* The last numbers of a retired leg, host byte order: all a splice is computed from. */
struct leg_report {
	struct four_tuple tuple;
	uint64_t next_hop;  /* where its packets came from, see dataplane/next_hop.h */
	uint32_t snd_nxt;   /* S: the relay's next sequence number towards it */
	uint32_t rcv_nxt;   /* R: the next one expected from it */
	uint32_t ts_const;  /* T: TSval of everything the relay sent to it */
	uint32_t ts_first;  /* TSval of its SYN */
	uint32_t ts_recent; /* its newest TSval */
	uint16_t window;    /* its newest window, raw: in its own scale */
	uint16_t mss;	    /* what it told in its SYN */
	uint8_t wscale;	    /* of its SYN; 0 without LEG_WSCALE */
	uint8_t options;    /* enum leg_option */
};

enum leg_end {
	LEG_END_RESET,	   /* the peer reset it */
	LEG_END_TIMEOUT,   /* never established, or nobody claimed it in time */
	LEG_END_REPLACED,  /* the peer started anew on the same four-tuple */
	LEG_END_COMMANDED, /* command RESET was carried out */
	LEG_END_REFUSED,   /* its last ACK came, and then it was over a limit */
	LEG_END_COUNT
};

enum mailbox_event_type {
	MAILBOX_LEG_HALF_OPEN,
	MAILBOX_LEG_ESTABLISHED,
	MAILBOX_LEG_GONE,
	MAILBOX_LEG_RETIRED,
	MAILBOX_FLOW_RESET_DONE, /* the RSTs of command FLOW_RESET are out */
	MAILBOX_LEG_NAMED,	 /* the peer of a SOCKS5 leg asked for a name, and waits */
	MAILBOX_FENCED,		 /* command FENCE of this id was met */
};

#define LEG_NAME_BYTES 20 /* the SHA-1 that names a bytestream (XEP-0065 5.3.2) */

struct mailbox_event {
	enum mailbox_event_type type;
	uint32_t worker; /* index of the sender, not its lcore */
	uint64_t id;	 /* leg; flow for FLOW_RESET_DONE; of FENCED that of its command */
	union {
		struct four_tuple tuple;  /* HALF_OPEN, ESTABLISHED */
		enum leg_end end;	  /* GONE */
		struct leg_report report; /* RETIRED */
		struct {
			struct four_tuple tuple;
			uint8_t name[LEG_NAME_BYTES];
		} named; /* NAMED */
	};
};

enum mailbox_command_type {
	MAILBOX_LEG_CLAIM,     /* somebody named it: stop its claim timer */
	MAILBOX_LEG_RESET,     /* send RST and forget it */
	MAILBOX_LEG_RETIRE,    /* say nothing more on it and report its numbers */
	MAILBOX_LEG_OPEN,      /* it is spliced as side `side` of `flow`: open its peer's window */
	MAILBOX_FLOW_RESET,    /* send RST to both ends of `id`; any worker can */
	MAILBOX_LEG_CHALLENGE, /* to the owner of `tuple`, which is said to be a leg: have its peer
				  prove it, see below */
	MAILBOX_LEG_ADMIT,     /* a named leg: answer its peer with success (RFC 1928 6, 00) */
	MAILBOX_LEG_REFUSE,    /* a named leg: answer that it is not allowed (02), and end it */
	MAILBOX_FENCE,	       /* answer with FENCED, behind all events that there are to tell; not
				  before the one before is answered */
};

struct mailbox_command {
	enum mailbox_command_type type;
	uint32_t side; /* OPEN: 0 or 1 */
	union {
		struct {
			uint64_t id;   /* leg; flow for FLOW_RESET; the sender's own of FENCE */
			uint64_t flow; /* OPEN */
		};
		struct four_tuple tuple; /* LEG_CHALLENGE; both ends of one family */
	};
};

/*
 * SYN cookies make half-open legs that nobody knows of, and established ones where the ACK that was
 * to tell got lost.  Of the latter the peer can be asked by LEG_CHALLENGE, while a cookie may be
 * outstanding: if it is connected, its answer makes the leg, and ESTABLISHED tells.
 */
enum mailbox_cookies {
	MAILBOX_COOKIES_NONE,
	MAILBOX_COOKIES_OUTSTANDING, /* some that were sent may still come back */
	MAILBOX_COOKIES_IN_FORCE,    /* half-open legs may be about that no event told of */
};

/* State of a spliced pair as the workers see it; times are mailbox_now_ms(). */
enum flow_state {
	FLOW_ESTABLISHED,
	FLOW_HALF_CLOSED,   /* a FIN passed */
	FLOW_RESET_PENDING, /* a RST passed that its receiver takes if it has all that was sent */
	FLOW_FINISHED,	    /* both FINs passed and are acknowledged */
	FLOW_RESET,	    /* a RST passed that its receiver must take */
	FLOW_SUPERSEDED,    /* and after that an end started a new connection on its four-tuple */
};

struct flow_status {
	enum flow_state state;
	enum flow_state ended; /* with FLOW_SUPERSEDED: FLOW_FINISHED or FLOW_RESET */
	uint64_t state_since_ms;
	uint64_t last_packet_ms;
	uint64_t packets[2]; /* from side 0, from side 1 */
	uint64_t bytes[2];   /* TCP payload from side 0, from side 1 */
};

/* How a rendezvous address (DESIGN 2.2) takes new connections. */
enum mailbox_rendezvous {
	MAILBOX_RENDEZVOUS_FREE,   /* as if nobody listened */
	MAILBOX_RENDEZVOUS_OPEN,   /* it does */
	MAILBOX_RENDEZVOUS_CLOSED, /* no more: only those under way go on */
};

/*
 * The flow table's pen.  All functions run on the control thread only.
 *
 * insert: makes both directions visible to all workers before it returns.  Sides are a = 0, b = 1.
 *   -ENOSPC: table full; -EEXIST: a live flow has one of the four-tuples.  A superseded one loses
 *   its place to the new flow, and has a status until it is removed.
 *   Nothing is inserted on error.
 * remove: makes the flow invisible; its memory is used again when no worker can still see it.
 * rate: the two sides together relay at most so many bytes of payload a second from now on, but for
 *   bursts; 0: as many as they like. -ESTALE as below.
 * status: -ESTALE when the id is not that of a flow in the table.
 * owner: the worker that has the leg of this four-tuple, if there is one.
 * rendezvous: the `port` of all IPv4 addresses (0: none) and the address `addr6` of the prefix
 *   (unspecified: none) are one reservation's, and in this state.  NULL without the service.
 */
struct mailbox_splicer {
	void *ctx;
	int (*insert)(void *ctx, const struct leg_report *a, const struct leg_report *b,
		      uint64_t *flow);
	int (*remove)(void *ctx, uint64_t flow);
	int (*rate)(void *ctx, uint64_t flow, uint64_t bytes_per_s);
	int (*status)(void *ctx, uint64_t flow, struct flow_status *status);
	unsigned int (*owner)(void *ctx, const struct four_tuple *leg);
	void (*rendezvous)(void *ctx, in_port_t port, const struct in6_addr *addr6,
			   enum mailbox_rendezvous state);
};

struct mailbox;

/*
 * Create the rings for `n_workers` workers.  Returns NULL and sets errno on failure.
 * mailbox_destroy() takes NULL too; no thread may use the mailbox any more.
 */
struct mailbox *mailbox_create(unsigned int n_workers);
void mailbox_destroy(struct mailbox *mb);

unsigned int mailbox_workers(const struct mailbox *mb);

/* Monotonic milliseconds, the same clock on every thread. */
uint64_t mailbox_now_ms(void);

/* --- worker side; `worker` is the caller's own index --- */

/* Copy an event into the ring and wake the control thread if it sleeps (one system call then, none
 * while it is awake).  Returns false when the ring is full: keep the event and try again later. */
bool mailbox_post_event(struct mailbox *mb, unsigned int worker, const struct mailbox_event *ev);

/* Take up to `n` commands; returns how many.  No system call. */
unsigned int mailbox_take_commands(struct mailbox *mb, unsigned int worker,
				   struct mailbox_command *cmds, unsigned int n);

/* Say how it stands with the worker's cookies. */
void mailbox_set_cookies(struct mailbox *mb, unsigned int worker, enum mailbox_cookies cookies);

/*
 * Sleep until a command is posted, mailbox_wake_worker() is called, `fd` (-1: none) is readable or
 * `timeout_us` is over.  Returns at once when a command waits, or when `has_work(ctx)` (NULL: nothing
 * else is waited for) finds something that came before its sender could see the sleeper.  The caller
 * must be offline in whatever grace-period scheme it takes part in.
 */
void mailbox_worker_sleep(struct mailbox *mb, unsigned int worker, uint32_t timeout_us, int fd,
			  bool (*has_work)(const void *ctx), const void *ctx);

/* Wake a worker that sleeps; no system call when it does not.  Any thread, after it has put what
 * it wakes it for where the worker's `has_work` finds it. */
void mailbox_wake_worker(struct mailbox *mb, unsigned int worker);

/* --- control side --- */

/* Copy a command into the worker's ring and wake the worker if it sleeps.  Returns false when the
 * ring is full: keep the command and try again later. */
bool mailbox_post_command(struct mailbox *mb, unsigned int worker,
			  const struct mailbox_command *cmd);

/* Take up to `n` events of all workers together; returns how many.  A worker that has more than
 * that to say does not keep the others waiting: each is asked first in turn. */
unsigned int mailbox_take_events(struct mailbox *mb, struct mailbox_event *evs, unsigned int n);

/* The most that any worker said of its cookies. */
enum mailbox_cookies mailbox_cookies(const struct mailbox *mb);

/* A file descriptor that polls readable when events wait, for the control thread's epoll. Before
 * it blocks the control thread calls mailbox_control_sleep(): true means it may block (workers will
 * now signal the descriptor), false means that events wait already.  After it woke it calls
 * mailbox_control_awake(), which also drains the descriptor. */
int mailbox_control_fd(const struct mailbox *mb);
bool mailbox_control_sleep(struct mailbox *mb);
void mailbox_control_awake(struct mailbox *mb);

#endif

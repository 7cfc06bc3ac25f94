/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is connected to the stats endpoint: bounds in number, by source and in time.
 *
 * Places in a table, all used on the stats thread.  A place holds a descriptor that libmicrohttpd
 * owns: it is entered when the connection starts and left before the descriptor is closed.
 */
#ifndef TANDEM_VISITOR_H
#define TANDEM_VISITOR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define VISITORS_MAX	    16
#define VISITORS_PER_SOURCE 8 /* one IPv4 address or IPv6 /64 */

struct visitor {
	int fd; /* -1: a free place */
	uint64_t deadline_ms;
	struct in6_addr source; /* IPv4 as ::ffff:a.b.c.d; IPv6 cut to its /64 */
};

struct visitors {
	struct visitor place[VISITORS_MAX];
};

void visitors_init(struct visitors *v);

/* Is there a place for one more from this address (AF_INET or AF_INET6)? */
bool visitors_admit(const struct visitors *v, const struct sockaddr *addr);

/* Take a place until visitor_leave(). NULL when there is none. */
struct visitor *visitors_enter(struct visitors *v, int fd, const struct sockaddr *addr,
			       uint64_t deadline_ms);
void visitor_leave(struct visitor *visitor);

/* Shut down the connections whose time is over; libmicrohttpd then sees their end and closes. */
void visitors_sweep(struct visitors *v, uint64_t now_ms);

#endif

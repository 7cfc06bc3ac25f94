/* SPDX-License-Identifier: BSD-3-Clause */
/* A client of the SOCKS5 service on the worker's rig, and what it says and hears. */
#ifndef TANDEM_SOCKS5_CLIENT_H
#define TANDEM_SOCKS5_CLIENT_H

#include "peer_fixture.h"
#include "socks5.h"

#define DIGITS	"0123456789abcdef0123456789abcdef01234567"
#define METHODS "\5\1\0"
#define REQUEST "\5\1\0\3\x28" DIGITS "\0\0"
#define CHOICE	"\5\0"
#define REPLY	"\5\0\0\3\x28" DIGITS "\0\0"
#define REFUSAL "\5\2\0\3\x28" DIGITS "\0\0"

/* How many bytes that is, and where it ends. */
#define N_METHODS 3
#define N_REQUEST 47
#define N_CHOICE  2
#define N_REPLY	  47
#define ALL_SAID  (N_METHODS + N_REQUEST)
#define ALL_HEARD (N_CHOICE + N_REPLY)

/* Windows told to it: in the SYN|ACK, later with a scale of 8, and without. */
#define WINDOW_SYN    520
#define WINDOW_SCALED 2

/* The peer, but that it goes to the SOCKS5 service. */
struct peer socks5_client(struct peer p);
/* Its leg; NULL: none. */
struct leg *socks5_leg(const struct peer *p);
/* Its segment with `n` bytes at `at` of all it says, as one that heard so many. */
struct segment socks5_says(const struct peer *p, unsigned int at, unsigned int heard,
			   const void *bytes, unsigned int n);
/* `s` has `n` bytes at `at` of all that it hears, of one who read so many. */
void socks5_assert(const struct peer *p, const struct segment *s, uint8_t flags, unsigned int at,
		   unsigned int read, uint16_t window, const void *bytes, unsigned int n);
/* The one segment that left is such a one. */
void socks5_expect(const struct peer *p, uint8_t flags, unsigned int at, unsigned int read,
		   uint16_t window, const void *bytes, unsigned int n);

/* How far it gets, each from the start. */
void socks5_connect(struct peer *p);
void socks5_choose(struct peer *p);
void socks5_name_it(struct peer *p);
void socks5_admit(struct peer *p);
void socks5_go_through(struct peer *p);

/* The rig's peers as such clients. */
struct peer socks5_alice(void);
struct peer socks5_bob(void);

/* It says so, see socks5_says(). */
void socks5_put(const struct peer *p, unsigned int at, unsigned int heard, const void *bytes,
		unsigned int n);

/* It has negotiated: its leg is claimed and retired. */
struct leg_report socks5_retire(const struct peer *p);

/* Watch what is said again until it is given up; the last one is returned. */
struct segment socks5_watch_attempts(const struct peer *p, const struct segment *first);

/* Nothing is left of it, nor of any other. */
void socks5_assert_gone(const struct peer *p);

#endif

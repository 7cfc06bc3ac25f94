/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The user's account at an XMPP server: logged in over verified TLS, one turn of its event loop at
 * a time, questions matched with their answers by id *and* sender.
 *
 * The rest of the program is written as straight lines of steps.  Each step waits by calling
 * account_turn() until what it waits for has come or its time is over, so everything runs in the
 * main thread.
 */
#ifndef TANDEM_ACCOUNT_H
#define TANDEM_ACCOUNT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <strophe.h>
#include <sys/queue.h>

#define ACCOUNT_EXTRA_FDS 8

struct account;

struct account_config {
	const char *jid;      /* bare or full; of a full one the resource is used */
	const char *resource; /* when the JID has none */
	const char *password;
	const char *server;  /* host, overrides the DNS; NULL: SRV records, then the domain */
	uint16_t port;	     /* with `server`; 0: 5222 */
	const char *ca_file; /* the only trust anchors; NULL: those of the system */
	int64_t timeout_ms;  /* of a login */
};

/* A question on its way.  `answer` is set when the result or error has come; owned by the query. */
struct account_query {
	LIST_ENTRY(account_query) next;
	char *id, *to;
	xmpp_stanza_t *answer;
};

/* An IQ get or set from somebody.  Returns whether it was dealt with (answered, or kept to be
 * answered later); if not, the account answers service-unavailable. */
typedef bool (*account_request_fn)(void *ctx, xmpp_stanza_t *iq);

/* `config` and what it points to must outlive the account.  NULL: out of memory, or bad CA file;
 * said. */
struct account *account_create(const struct account_config *config);

/* Log in.  An outcome; what is wrong has been said. */
int account_login(struct account *account);

void account_on_request(struct account *account, account_request_fn fn, void *ctx);

/* Whether to log in again, under the same JID, when the stream is lost: while it only is needed
 * again later. */
void account_keep(struct account *account, bool keep);

/* After login: the full JID as the server gave it. */
const char *account_jid(const struct account *account);
xmpp_ctx_t *account_ctx(const struct account *account);
bool account_online(const struct account *account);

/*
 * Wait for something to happen, at most `max_ms`, and deal with it as far as it is XMPP's.  `fds`
 * are polled too, their revents are set (n_fds <= ACCOUNT_EXTRA_FDS).  Returns OUTCOME_DONE, or
 * OUTCOME_STOPPED after a signal, or OUTCOME_LOGIN when the stream is lost for good (said).
 */
int account_turn(struct account *account, struct pollfd *fds, nfds_t n_fds, int64_t max_ms);

/* Send; releases the stanza.  NULL is out of memory: -ENOMEM.  -ENOTCONN while offline. */
int account_send(struct account *account, xmpp_stanza_t *stanza);

/* The same for an IQ get or set whose answer is wanted.  Always follow by account_forget(). */
int account_ask(struct account *account, struct account_query *query, xmpp_stanza_t *iq);
void account_forget(struct account_query *query);

/* Ask and wait for the answer.  An outcome; OUTCOME_TIMEOUT is not said. */
int account_ask_wait(struct account *account, struct account_query *query, xmpp_stanza_t *iq,
		     int64_t timeout_ms);

/* Say good-bye to the server, so that what was sent last gets there, and free. */
void account_close(struct account *account);

/* Break up a login that hangs.  Async-signal-safe. */
void account_interrupt(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libstrophe (0.12) underneath, with what has to be known of it:
 * - It verifies the certificate against the domain of the JID, whatever host was connected to, and
 *   refuses the connection when no handler allows it; ours never does and keeps the reason.
 * - Its TLS handshake blocks without a time limit.  A SIGALRM shuts the socket down under it.
 * - It reads 4 KiB a turn out of TLS records of up to 16 KiB and cannot be asked what is left, so a
 *   readable socket is followed by a few turns without waiting.
 * - Its system trust anchors are always loaded beside a CA file; OpenSSL's environment variables
 *   turn them off.
 */
#include "account.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "iq.h"
#include "jid.h"
#include "outcome.h"
#include "progress.h"
#include "stop.h"
#include "terminal.h"

#define TURN_MS	       100 /* longest sleep of a turn: signals and libstrophe's timers */
#define DRAIN_TURNS    4   /* turns of 4 KiB that empty a TLS record */
#define RETRY_FIRST_MS 250
#define RETRY_MAX_MS   4000
#define BYE_MS	       3000
#define LOGIN_MAX_MS   30000

enum account_state { OFFLINE, CONNECTING, ONLINE };

struct account {
	const struct account_config *config;
	xmpp_log_t log;
	xmpp_ctx_t *ctx;
	xmpp_conn_t *conn;
	enum account_state state;
	bool keep, lost;
	char *bound; /* full JID */
	int64_t retry_at_ms, retry_after_ms;
	int drain;
	bool stirred;	   /* something happened since the turn began */
	char trouble[256]; /* libstrophe's last complaint */

	account_request_fn on_request;
	void *request_ctx;
	LIST_HEAD(, account_query) queries;
};

/* libstrophe gives the certificate handler no user data; there is one account a process. */
static char certificate_fault[256];

/* The socket of the stream; read by signal handlers. */
static volatile int stream_fd = -1;
static volatile bool logging_in;

void account_interrupt(void)
{
	if (logging_in && stream_fd >= 0)
		shutdown(stream_fd, SHUT_RDWR);
}

static void on_log(void *userdata, xmpp_log_level_t level, const char *area, const char *msg)
{
	struct account *a = userdata;

	if (level >= XMPP_LEVEL_ERROR)
		snprintf(a->trouble, sizeof(a->trouble), "%s",
			 strcmp(area, "auth") == 0 ? "user or password refused" : msg);
}

static int on_socket(xmpp_conn_t *conn, void *sock)
{
	stream_fd = *(int *)sock;
	return xmpp_sockopt_cb_keepalive(conn, sock);
}

static int on_certificate(const xmpp_tlscert_t *cert, const char *const why)
{
	const char *subject = xmpp_tlscert_get_string(cert, XMPP_CERT_SUBJECT);

	snprintf(certificate_fault, sizeof(certificate_fault), "%s (%s)", why,
		 subject ? subject : "no subject");
	return 0;
}

static void set_logging_in(bool yes, int64_t timeout_ms)
{
	logging_in = yes;
	alarm(yes ? (unsigned int)(timeout_ms / 1000 + 1) : 0);
}

static void on_online(struct account *a)
{
	const char *jid = xmpp_conn_get_bound_jid(a->conn);

	set_logging_in(false, 0);
	/* Nobody would find us under another name. */
	if (!jid || !xmpp_conn_is_secured(a->conn) || (a->bound && strcmp(a->bound, jid) != 0)) {
		snprintf(a->trouble, sizeof(a->trouble), "the server gave us another address");
		a->lost = true;
		xmpp_disconnect(a->conn);
		return;
	}
	if (!a->bound)
		a->bound = strdup(jid);
	a->retry_after_ms = RETRY_FIRST_MS;
	a->state = ONLINE;
}

static void on_offline(struct account *a, int error, const xmpp_stream_error_t *stream_error)
{
	set_logging_in(false, 0);
	stream_fd = -1;
	a->state = OFFLINE;
	a->retry_at_ms = progress_now_ms() + a->retry_after_ms;
	a->retry_after_ms *= 2;
	if (a->retry_after_ms > RETRY_MAX_MS)
		a->retry_after_ms = RETRY_MAX_MS;
	if (stream_error && stream_error->type == XMPP_SE_CONFLICT)
		a->lost = true; /* somebody else logged in under our name; no quarrel */
	if (stream_error && stream_error->text)
		snprintf(a->trouble, sizeof(a->trouble), "%s", stream_error->text);
	else if (a->trouble[0] == '\0' && error > 0 && error < 200 && error != ECONNABORTED)
		snprintf(a->trouble, sizeof(a->trouble), "%s", strerror(error));
}

static void on_connection(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
			  xmpp_stream_error_t *stream_error, void *userdata)
{
	struct account *a = userdata;

	(void)conn;
	a->stirred = true;
	if (event == XMPP_CONN_CONNECT)
		on_online(a);
	else
		on_offline(a, error, stream_error);
}

static void take_answer(struct account *a, xmpp_stanza_t *iq)
{
	const char *id = xmpp_stanza_get_id(iq), *from = xmpp_stanza_get_from(iq);
	struct account_query *q;

	if (!id || !from || !jid_valid(from))
		return;
	LIST_FOREACH (q, &a->queries, next) {
		if (!q->answer && strcmp(q->id, id) == 0 && jid_equal(q->to, from)) {
			q->answer = xmpp_stanza_clone(iq);
			return;
		}
	}
}

static int on_iq(xmpp_conn_t *conn, xmpp_stanza_t *iq, void *userdata)
{
	struct account *a = userdata;
	const char *from = xmpp_stanza_get_from(iq);

	(void)conn;
	a->stirred = true;
	if (iq_is(iq, "result") || iq_is(iq, "error")) {
		take_answer(a, iq);
		return 1;
	}
	/* Without these there is nobody to answer, or nothing to answer to. */
	if (!from || !jid_valid(from) || !xmpp_stanza_get_id(iq) ||
	    (!iq_is(iq, "get") && !iq_is(iq, "set")))
		return 1;
	if (!a->on_request || !a->on_request(a->request_ctx, iq))
		account_send(a, iq_error(iq, IQ_SERVICE_UNAVAILABLE, NULL));
	return 1;
}

/* Full JID to ask the server for. */
static char *wanted_jid(const struct account_config *c)
{
	char *jid;

	if (jid_is_full(c->jid))
		return strdup(c->jid);
	return asprintf(&jid, "%s/%s", c->jid, c->resource) < 0 ? NULL : jid;
}

static int set_up(struct account *a)
{
	char *jid = wanted_jid(a->config);

	a->log = (xmpp_log_t){.handler = on_log, .userdata = a};
	a->ctx = xmpp_ctx_new(NULL, &a->log);
	a->conn = a->ctx ? xmpp_conn_new(a->ctx) : NULL;
	if (!jid || !a->conn) {
		free(jid);
		return -ENOMEM;
	}
	xmpp_conn_set_jid(a->conn, jid);
	xmpp_conn_set_pass(a->conn, a->config->password);
	xmpp_conn_set_flags(a->conn, XMPP_CONN_FLAG_MANDATORY_TLS | XMPP_CONN_FLAG_DISABLE_SM);
	xmpp_conn_set_sockopt_callback(a->conn, on_socket);
	xmpp_conn_set_certfail_handler(a->conn, on_certificate);
	if (a->config->ca_file) {
		xmpp_conn_set_cafile(a->conn, a->config->ca_file);
		setenv("SSL_CERT_FILE", a->config->ca_file, 1);
		setenv("SSL_CERT_DIR", "", 1);
	}
	xmpp_handler_add(a->conn, on_iq, NULL, "iq", NULL, a);
	free(jid);
	return 0;
}

/* libstrophe would only fail to start TLS, without a reason. */
static bool ca_file_good(const char *path)
{
	X509_STORE *store = X509_STORE_new();
	bool good = store && X509_STORE_load_file(store, path) == 1;

	X509_STORE_free(store);
	ERR_clear_error();
	if (!good)
		say("CA file %s: %s", path,
		    access(path, R_OK) < 0 ? strerror(errno) : "no certificates in it");
	return good;
}

struct account *account_create(const struct account_config *config)
{
	struct account *a;

	if (config->ca_file && !ca_file_good(config->ca_file))
		return NULL;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->config = config;
	a->retry_after_ms = RETRY_FIRST_MS;
	LIST_INIT(&a->queries);
	xmpp_initialize();
	if (set_up(a) < 0) {
		account_close(a);
		return NULL;
	}
	return a;
}

static int64_t login_limit_ms(const struct account *a)
{
	return a->config->timeout_ms < LOGIN_MAX_MS ? a->config->timeout_ms : LOGIN_MAX_MS;
}

static int begin_login(struct account *a)
{
	a->trouble[0] = '\0';
	certificate_fault[0] = '\0';
	set_logging_in(true, login_limit_ms(a));
	if (xmpp_connect_client(a->conn, a->config->server, a->config->port, on_connection, a) !=
	    XMPP_EOK) {
		on_offline(a, 0, NULL);
		return -EHOSTUNREACH;
	}
	a->state = CONNECTING;
	return 0;
}

static const char *login_fault(const struct account *a)
{
	static char text[300];

	if (certificate_fault[0]) {
		snprintf(text, sizeof(text), "certificate refused: %s", certificate_fault);
		return text;
	}
	return a->trouble[0] ? a->trouble : "connection refused or closed";
}

int account_login(struct account *a)
{
	int64_t deadline = progress_now_ms() + login_limit_ms(a);
	int outcome;

	if (begin_login(a) < 0) {
		say("login of %s: server cannot be reached", a->config->jid);
		return OUTCOME_LOGIN;
	}
	while (a->state == CONNECTING && certificate_fault[0] == '\0' &&
	       progress_now_ms() < deadline) {
		outcome = account_turn(a, NULL, 0, TURN_MS);
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	if (a->state == ONLINE && a->bound)
		return OUTCOME_DONE;
	if (progress_now_ms() >= deadline) {
		say("login of %s: no answer in time", a->config->jid);
		return OUTCOME_TIMEOUT;
	}
	say("login of %s: %s", a->config->jid, login_fault(a));
	return OUTCOME_LOGIN;
}

void account_on_request(struct account *a, account_request_fn fn, void *ctx)
{
	a->on_request = fn;
	a->request_ctx = ctx;
}

void account_keep(struct account *a, bool keep)
{
	a->keep = keep;
}

const char *account_jid(const struct account *a)
{
	return a->bound;
}

xmpp_ctx_t *account_ctx(const struct account *a)
{
	return a->ctx;
}

bool account_online(const struct account *a)
{
	return a->state == ONLINE;
}

static short stream_events(const struct account *a)
{
	if (a->state == OFFLINE)
		return 0;
	if (xmpp_conn_is_connecting(a->conn))
		return POLLOUT;
	return POLLIN | (xmpp_conn_send_queue_len(a->conn) > 0 ? POLLOUT : 0);
}

/* Everything that keeps the stream from being of use, in one place. */
static int stream_health(struct account *a)
{
	if (stop_signal())
		return OUTCOME_STOPPED;
	if (a->state != OFFLINE && !a->lost)
		return OUTCOME_DONE;
	if (!a->bound) /* the first login has its own words */
		return OUTCOME_DONE;
	if (a->lost || !a->keep) {
		say("connection to the XMPP server lost%s%s", a->trouble[0] ? ": " : "",
		    a->trouble);
		return OUTCOME_LOGIN;
	}
	if (progress_now_ms() >= a->retry_at_ms)
		begin_login(a);
	return OUTCOME_DONE;
}

int account_turn(struct account *a, struct pollfd *fds, nfds_t n_fds, int64_t max_ms)
{
	struct pollfd polled[1 + ACCOUNT_EXTRA_FDS];

	a->stirred = false;
	/* It writes what is queued, then reads; what it answered by itself goes out by the second.
	 */
	xmpp_run_once(a->ctx, 0);
	xmpp_run_once(a->ctx, 0);
	polled[0] = (struct pollfd){.fd = stream_fd, .events = stream_events(a)};
	for (nfds_t i = 0; i < n_fds; i++)
		polled[1 + i] = fds[i];
	if (a->drain > 0 || a->stirred || max_ms < 0)
		max_ms = 0;
	if (a->drain > 0)
		a->drain--;
	if (poll(polled, 1 + n_fds, max_ms < TURN_MS ? (int)max_ms : TURN_MS) < 0) {
		for (nfds_t i = 0; i < n_fds; i++)
			polled[1 + i].revents = 0;
		polled[0].revents = 0;
	}
	for (nfds_t i = 0; i < n_fds; i++)
		fds[i].revents = polled[1 + i].revents;
	if (polled[0].revents) {
		a->drain = DRAIN_TURNS;
		xmpp_run_once(a->ctx, 0);
	}
	return stream_health(a);
}

int account_send(struct account *a, xmpp_stanza_t *stanza)
{
	if (!stanza)
		return -ENOMEM;
	if (a->state == ONLINE)
		xmpp_send(a->conn, stanza);
	xmpp_stanza_release(stanza);
	return a->state == ONLINE ? 0 : -ENOTCONN;
}

int account_ask(struct account *a, struct account_query *query, xmpp_stanza_t *iq)
{
	*query = (struct account_query){0};
	if (!iq)
		return -ENOMEM;
	query->id = strdup(xmpp_stanza_get_id(iq));
	query->to = strdup(xmpp_stanza_get_to(iq));
	if (!query->id || !query->to) {
		free(query->id);
		free(query->to);
		*query = (struct account_query){0};
		xmpp_stanza_release(iq);
		return -ENOMEM;
	}
	LIST_INSERT_HEAD(&a->queries, query, next);
	return account_send(a, iq);
}

void account_forget(struct account_query *query)
{
	if (!query->id)
		return;
	LIST_REMOVE(query, next);
	free(query->id);
	free(query->to);
	if (query->answer)
		xmpp_stanza_release(query->answer);
	*query = (struct account_query){0};
}

int account_ask_wait(struct account *a, struct account_query *query, xmpp_stanza_t *iq,
		     int64_t timeout_ms)
{
	int64_t deadline = progress_now_ms() + timeout_ms;
	int outcome = OUTCOME_DONE, err = account_ask(a, query, iq);

	if (err == -ENOMEM) {
		say("out of memory");
		return OUTCOME_LOCAL;
	}
	while (!query->answer && outcome == OUTCOME_DONE) {
		if (progress_now_ms() >= deadline)
			return OUTCOME_TIMEOUT;
		outcome = account_turn(a, NULL, 0, TURN_MS);
	}
	return outcome;
}

void account_close(struct account *a)
{
	int64_t deadline = progress_now_ms() + BYE_MS;

	set_logging_in(false, 0);
	if (a->state == ONLINE) {
		xmpp_disconnect(a->conn);
		while (a->state == ONLINE && progress_now_ms() < deadline) {
			struct pollfd polled = {.fd = stream_fd, .events = POLLIN};

			xmpp_run_once(a->ctx, 0);
			if (a->state == ONLINE)
				poll(&polled, 1, TURN_MS);
		}
	}
	if (a->conn)
		xmpp_conn_release(a->conn);
	if (a->ctx)
		xmpp_ctx_free(a->ctx);
	xmpp_shutdown();
	free(a->bound);
	free(a);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "forward.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conduit.h"
#include "local.h"
#include "outcome.h"
#include "report.h"
#include "terminal.h"

#define WAIT_MS 1000

struct forward {
	const struct options *options;
	struct account *account;
	int listener; /* of the Initiator; -1 at the Target */
	struct local local;
};

/* The next local connection. */
static int accept_local(struct forward *f)
{
	const int on = 1;

	for (;;) {
		struct pollfd polled = {.fd = f->listener, .events = POLLIN};
		int outcome = account_turn(f->account, &polled, 1, WAIT_MS);

		if (outcome != OUTCOME_DONE)
			return outcome;
		if (!polled.revents)
			continue;
		f->local.fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
		if (f->local.fd >= 0) {
			setsockopt(f->local.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			return OUTCOME_DONE;
		}
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
			say("local connection: %s", strerror(errno));
			return OUTCOME_LOCAL;
		}
	}
}

/* What an offer is handed to; the offer is refused when that cannot be. */
static int reach_local(struct forward *f, struct conduit *c)
{
	const int on = 1;
	int outcome = OUTCOME_DONE, err;

	if (f->options->exec)
		err = local_command(&f->local, f->options->exec, conduit_partner(c));
	else
		err = local_dial(&f->local, f->account, &f->options->connect_to, &outcome);
	if (err) {
		say("local end: %s", strerror(-err));
		couple_refuse(&c->couple, IQ_RESOURCE_CONSTRAINT,
			      "its local end cannot be reached");
		return outcome == OUTCOME_DONE ? OUTCOME_LOCAL : outcome;
	}
	setsockopt(f->local.fd, IPPROTO_TCP, TCP_NODELAY, &on,
		   sizeof(on)); /* a command's has none */
	return OUTCOME_DONE;
}

static int carry(struct forward *f, struct conduit *c)
{
	int outcome = conduit_connect(c);

	if (outcome == OUTCOME_DONE)
		outcome = conduit_carry(c, f->local.fd, f->local.fd);
	if (outcome == OUTCOME_DONE && !f->options->quiet)
		report_carried(conduit_partner(c), c->stream.sent, c->stream.received,
			       !c->stream.plain);
	return outcome;
}

/* What ends one connection need not end the others. */
static bool goes_on(const struct forward *f, int outcome)
{
	return !f->options->once && outcome != OUTCOME_STOPPED && outcome != OUTCOME_LOGIN &&
	       outcome != OUTCOME_USAGE;
}

/* One connection, in either role. */
static int serve(struct forward *f)
{
	struct conduit c;
	int outcome = conduit_open(&c, f->options, f->account);

	if (outcome == OUTCOME_DONE)
		outcome = conduit_wait(&c);
	if (outcome == OUTCOME_DONE)
		outcome = f->options->to ? accept_local(f) : reach_local(f, &c);
	if (outcome == OUTCOME_DONE)
		outcome = carry(f, &c);
	if (outcome != OUTCOME_DONE && goes_on(f, outcome))
		report_failed(conduit_partner(&c), outcome);
	conduit_close(&c, outcome);
	local_close(&f->local, outcome != OUTCOME_DONE);
	if (outcome == OUTCOME_LOCAL) /* and what it was may still be so: no busy loop */
		account_turn(f->account, NULL, 0, WAIT_MS);
	return outcome;
}

static int open_listener(struct forward *f)
{
	uint16_t port = f->options->listen_port;

	f->listener = local_listen(&port);
	if (f->listener < 0) {
		say("127.0.0.1 port %u: %s", (unsigned int)port, strerror(-f->listener));
		return OUTCOME_LOCAL;
	}
	report_listening("127.0.0.1", port);
	return OUTCOME_DONE;
}

int forward_run(const struct options *options, struct account *account)
{
	struct forward f = {
		.options = options, .account = account, .listener = -1, .local = {.fd = -1}};
	int outcome = account_login(account);

	if (outcome == OUTCOME_DONE && options->to)
		outcome = open_listener(&f);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!options->to)
		report_ready(account_jid(account));
	account_keep(account, true);
	do
		outcome = serve(&f);
	while (goes_on(&f, outcome));
	if (f.listener >= 0)
		close(f.listener);
	return outcome;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipe.h"

#include <inttypes.h>
#include <unistd.h>

#include "conduit.h"
#include "outcome.h"
#include "report.h"
#include "terminal.h"

static int run(struct conduit *c, const struct options *options)
{
	int outcome = account_login(c->account);

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (!options->to)
		report_ready(account_jid(c->account));
	if ((outcome = conduit_wait(c)) || (outcome = conduit_connect(c)))
		return outcome;
	if (!options->quiet)
		say("connected with %s", conduit_partner(c));
	return conduit_carry(c, STDIN_FILENO, STDOUT_FILENO);
}

int pipe_run(const struct options *options, struct account *account)
{
	struct conduit c;
	int outcome = conduit_open(&c, options, account);

	if (outcome == OUTCOME_DONE)
		outcome = run(&c, options);
	if (outcome == OUTCOME_DONE)
		report_carried(conduit_partner(&c), c.stream.sent, c.stream.received,
			       !c.stream.plain);
	if (outcome == OUTCOME_DONE && !options->quiet)
		say("sent %" PRIu64 " bytes, received %" PRIu64, c.stream.sent, c.stream.received);
	conduit_close(&c, outcome);
	return outcome;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* tandem: the Initiator and the Target of the proposal, on the command line. */
#include <stdio.h>
#include <stdlib.h>

#include "account.h"
#include "forward.h"
#include "iq.h"
#include "options.h"
#include "outcome.h"
#include "pipe.h"
#include "receiver.h"
#include "report.h"
#include "secret.h"
#include "sender.h"
#include "stop.h"

static const struct {
	enum options_command command;
	int (*run)(const struct options *options, struct account *account);
} runs[] = {
	{COMMAND_RECEIVE, receiver_run},
	{COMMAND_SEND, sender_run},
	{COMMAND_PIPE, pipe_run},
	{COMMAND_FORWARD, forward_run},
};

static int run(const struct options *options, const char *password)
{
	char random[IQ_RANDOM_TEXT], resource[32] = "tandem";
	struct account_config config = {
		.jid = options->jid,
		.resource = options->resource ? options->resource : resource,
		.password = password,
		.server = options->server[0] ? options->server : NULL,
		.port = options->port,
		.ca_file = options->ca_file,
		.timeout_ms = options->timeout_ms,
	};
	struct account *account;
	size_t i = 0;
	int outcome;

	while (runs[i].command != options->command)
		i++;
	if (options->to) {
		iq_random(random);
		snprintf(resource, sizeof(resource), "tandem-%.8s", random);
	}
	account = account_create(&config);
	if (!account)
		return OUTCOME_LOCAL;
	outcome = runs[i].run(options, account);
	account_close(account);
	return outcome;
}

int main(int argc, char **argv)
{
	struct options options;
	char *password;
	int parsed = options_parse(argc, argv, &options), outcome = OUTCOME_LOCAL;

	report_begin(options.json, options.command == COMMAND_PIPE);
	if (parsed) {
		report_end(parsed < 0 ? OUTCOME_USAGE : OUTCOME_DONE);
		return parsed < 0 ? OUTCOME_USAGE : OUTCOME_DONE;
	}
	stop_install(account_interrupt);
	password = secret_read(options.password_file, options.jid);
	if (password)
		outcome = run(&options, password);
	secret_free(password);
	if (stop_signal() && outcome != OUTCOME_DONE)
		outcome = OUTCOME_STOPPED + stop_signal();
	report_end(outcome);
	return outcome;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iq.h"
#include "jid.h"
#include "offer.h"
#include "terminal.h"

#define TIMEOUT_MAX_S 86400

static const char usage[] =
	"Usage: tandem receive --jid JID [OPTION]...\n"
	"       tandem send --jid JID [OPTION]... FILE JID\n"
	"\n"
	"Move a file between two Jabber users through a tandem relay.\n"
	"\n"
	"receive waits for one offer and takes it; send offers FILE to JID, which is the\n"
	"full JID receive has printed, or a bare one for its resource \"tandem\".\n"
	"\n"
	"Both:\n"
	"  --jid JID             own account\n"
	"  --resource NAME       own resource (receive: tandem; send: a random one)\n"
	"  --password-file FILE  password in the first line; only the owner may read it\n"
	"                        (without: asked on the terminal)\n"
	"  --server HOST[:PORT]  instead of what the DNS says; an IPv6 address in brackets\n"
	"  --ca-file FILE        trust these certificates (PEM) and no others\n"
	"  --timeout SECONDS     longest wait for an answer, or with no byte moving (120)\n"
	"  --quiet               no progress, no summary\n"
	"  --help, --version\n"
	"\n"
	"receive:\n"
	"  --from JID            take offers of this user (bare or full JID; repeatable),\n"
	"                        refuse others (without: ask on the terminal)\n"
	"  --directory DIR       where the file goes (.)\n"
	"  --output NAME         its name there, instead of the offered one\n"
	"  --allow-private       connect to relays with private addresses off the own subnets\n"
	"\n"
	"send:\n"
	"  --via RELAY           JID of the relay (without: what the own server lists)\n"
	"\n"
	"An existing file is never overwritten.  On standard output receive prints\n"
	"\"ready JID\" and \"received BYTES SHA256 PATH\", send \"sent BYTES SHA256\".\n"
	"\n"
	"Exit status: 0 done, 1 usage, 2 local error, 3 login or XMPP connection,\n"
	"4 refused or unreachable, 5 the file did not arrive whole, 6 timed out,\n"
	"128+N ended by signal N.\n";

static int set_jid(struct options *o, const char *text)
{
	o->jid = text;
	return jid_valid(text) && jid_has_node(text) ? 0 : -EINVAL;
}

static int set_resource(struct options *o, const char *text)
{
	char full[JID_PART_MAX + 4];

	o->resource = text;
	if (strlen(text) > JID_PART_MAX)
		return -EINVAL;
	snprintf(full, sizeof(full), "x/%s", text);
	return jid_valid(full) ? 0 : -EINVAL;
}

static int set_password_file(struct options *o, const char *text)
{
	o->password_file = text;
	return 0;
}

/* HOST, HOST:PORT, [IPV6], [IPV6]:PORT */
static int set_server(struct options *o, const char *text)
{
	bool bracket = text[0] == '[';
	const char *host = bracket ? text + 1 : text;
	size_t len = strcspn(host, bracket ? "]" : ":");
	const char *rest = host + len;
	unsigned long long port = 0;

	if (bracket && *rest++ != ']')
		return -EINVAL;
	if (len == 0 || len >= sizeof(o->server))
		return -EINVAL;
	if (*rest == ':' && (iq_number(rest + 1, &port) < 0 || port == 0 || port > 65535))
		return -EINVAL;
	if (*rest != ':' && *rest != '\0')
		return -EINVAL;
	memcpy(o->server, host, len);
	o->server[len] = '\0';
	o->port = (uint16_t)port;
	return 0;
}

static int set_ca_file(struct options *o, const char *text)
{
	o->ca_file = text;
	return 0;
}

static int set_timeout(struct options *o, const char *text)
{
	unsigned long long seconds;

	if (iq_number(text, &seconds) < 0 || seconds == 0 || seconds > TIMEOUT_MAX_S)
		return -EINVAL;
	o->timeout_ms = (int64_t)seconds * 1000;
	return 0;
}

static int set_quiet(struct options *o, const char *text)
{
	(void)text;
	o->quiet = true;
	return 0;
}

static int set_via(struct options *o, const char *text)
{
	o->via = text;
	return jid_valid(text) ? 0 : -EINVAL;
}

static int add_from(struct options *o, const char *text)
{
	if (o->n_from == OPTIONS_FROM_MAX || !jid_valid(text))
		return -EINVAL;
	o->from[o->n_from++] = text;
	return 0;
}

static int set_directory(struct options *o, const char *text)
{
	o->directory = text;
	return 0;
}

static int set_output(struct options *o, const char *text)
{
	o->output = text;
	return offer_name_fault(text) ? -EINVAL : 0;
}

static int set_allow_private(struct options *o, const char *text)
{
	(void)text;
	o->allow_private = true;
	return 0;
}

enum { BOTH = COMMAND_RECEIVE | COMMAND_SEND };

static const struct row {
	const char *name;
	int argument;
	unsigned int commands;
	int (*apply)(struct options *o, const char *text);
} rows[] = {
	{"jid", required_argument, BOTH, set_jid},
	{"resource", required_argument, BOTH, set_resource},
	{"password-file", required_argument, BOTH, set_password_file},
	{"server", required_argument, BOTH, set_server},
	{"ca-file", required_argument, BOTH, set_ca_file},
	{"timeout", required_argument, BOTH, set_timeout},
	{"quiet", no_argument, BOTH, set_quiet},
	{"from", required_argument, COMMAND_RECEIVE, add_from},
	{"directory", required_argument, COMMAND_RECEIVE, set_directory},
	{"output", required_argument, COMMAND_RECEIVE, set_output},
	{"allow-private", no_argument, COMMAND_RECEIVE, set_allow_private},
	{"via", required_argument, COMMAND_SEND, set_via},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* Options that answer a question, anywhere on the line. */
static bool serve_question(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			return true;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("tandem " TANDEM_VERSION);
			return true;
		}
	}
	return false;
}

static int parse_command(int argc, char **argv, struct options *o)
{
	if (argc >= 2 && strcmp(argv[1], "receive") == 0)
		o->command = COMMAND_RECEIVE;
	else if (argc >= 2 && strcmp(argv[1], "send") == 0)
		o->command = COMMAND_SEND;
	else {
		say("first comes a command, receive or send; see --help");
		return -EINVAL;
	}
	return 0;
}

/* getopt takes any unique beginning for an option: "--password secret" would name a file. */
static bool abbreviated(char **argv, const char *name)
{
	const char *word = argv[optind - 1];

	if (word == optarg)
		word = argv[optind - 2];
	return strcspn(word, "=") != strlen(name) + 2;
}

static int parse_rows(int argc, char **argv, struct options *o)
{
	struct option longs[N_ROWS + 1] = {0};
	int c;

	for (size_t i = 0; i < N_ROWS; i++)
		longs[i] = (struct option){rows[i].name, rows[i].argument, NULL, (int)i};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		if (c == '?' || c == ':' || abbreviated(argv, rows[c].name)) {
			say("%s %s; see --help",
			    argv[optarg == argv[optind - 1] ? optind - 2 : optind - 1],
			    c == ':' ? "needs a value" : "is not an option");
			return -EINVAL;
		}
		if (!(rows[c].commands & o->command)) {
			say("--%s does not belong to this command; see --help", rows[c].name);
			return -EINVAL;
		}
		if (rows[c].apply(o, optarg) < 0) {
			say("--%s %s: not valid, or too many", rows[c].name, optarg);
			return -EINVAL;
		}
	}
	return 0;
}

static int parse_operands(int n, char **operands, struct options *o)
{
	int wanted = o->command == COMMAND_SEND ? 2 : 0;

	if (!o->jid) {
		say("--jid is missing; see --help");
		return -EINVAL;
	}
	if (n != wanted) {
		say(wanted ? "send wants a FILE and a JID; see --help"
			   : "receive wants no operands; see --help");
		return -EINVAL;
	}
	if (o->command == COMMAND_RECEIVE)
		return 0;
	o->file = operands[0];
	o->to = operands[1];
	if (!jid_valid(o->to) || !jid_has_node(o->to)) {
		say("%s: not the JID of a user", o->to);
		return -EINVAL;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *o)
{
	*o = (struct options){.directory = ".", .timeout_ms = 120 * 1000};
	if (serve_question(argc, argv))
		return 1;
	if (parse_command(argc, argv, o) < 0 || parse_rows(argc - 1, argv + 1, o) < 0)
		return -EINVAL;
	return parse_operands(argc - 1 - optind, argv + 1 + optind, o);
}

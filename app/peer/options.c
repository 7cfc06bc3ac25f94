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
	"       tandem send    --jid JID [OPTION]... FILE TO\n"
	"       tandem pipe    --jid JID [OPTION]... [TO]\n"
	"       tandem forward --jid JID [OPTION]... --listen PORT TO\n"
	"       tandem forward --jid JID [OPTION]... --to [HOST:]PORT | --exec COMMAND\n"
	"\n"
	"Connect two Jabber users through a tandem relay.\n"
	"\n"
	"receive waits for one offer of a file and takes it; send offers FILE.\n"
	"pipe carries standard input and output both ways; without TO it waits for\n"
	"the partner's pipe or forward.  forward carries TCP connections to a port of\n"
	"127.0.0.1, one after the other, to the partner's forward, which hands each to\n"
	"a server on its own loopback or to a shell command.\n"
	"\n"
	"TO is the full JID the other side has printed (\"ready JID\"), or a bare one\n"
	"for its resource \"tandem\".\n"
	"\n"
	"All:\n"
	"  --jid JID             own account\n"
	"  --resource NAME       own resource (without TO: tandem; with: a random one)\n"
	"  --password-file FILE  password in the first line; only the owner may read it\n"
	"                        (without: asked on the terminal)\n"
	"  --server HOST[:PORT]  instead of what the DNS says; an IPv6 address in brackets\n"
	"  --ca-file FILE        trust these certificates (PEM) and no others\n"
	"  --timeout SECONDS     longest wait for an answer, or with no byte of a file\n"
	"                        moving (120)\n"
	"  --quiet               no progress, no summary\n"
	"  --json                tell scripts in JSON, an object a line\n"
	"  --help, --version\n"
	"\n"
	"The side with TO offers connections; when none of them is of use, the other does.\n"
	"  --via RELAY           JID of the relay (without: what the own server lists)\n"
	"  --direct              with --via too, offer own addresses before the relay's\n"
	"  --no-listen           offer none of them, but connect to the partner's\n"
	"  --no-direct           relays only: the partner then learns no address\n"
	"  --allow-private       connect to private addresses off the own subnets too\n"
	"\n"
	"Without TO:\n"
	"  --from JID            take offers of this user (bare or full JID; repeatable),\n"
	"                        refuse others (without: ask on the terminal)\n"
	"\n"
	"receive:\n"
	"  --directory DIR       where the file goes (.)\n"
	"  --output NAME         its name there, instead of the offered one\n"
	"\n"
	"forward:\n"
	"  --listen PORT         of 127.0.0.1; 0: any free one\n"
	"  --to [HOST:]PORT      HOST is localhost or a loopback address, IPv6 in brackets\n"
	"  --exec COMMAND        standard input and output are the connection\n"
	"  --once                end after one connection, with its status\n"
	"\n"
	"An existing file is never overwritten.  On standard output receive and forward\n"
	"print \"ready JID\", receive \"received BYTES SHA256 PATH\", send \"sent BYTES SHA256\",\n"
	"forward \"listening ADDRESS PORT\" and \"carried JID SENT RECEIVED\".\n"
	"\n"
	"Exit status: 0 done, 1 usage, 2 local error, 3 login or XMPP connection,\n"
	"4 refused or unreachable, 5 not all bytes arrived, 6 timed out,\n"
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

/* HOST, HOST:PORT, [IPV6], [IPV6]:PORT; `*port` is 0 when none is given. */
static int split_host(const char *text, char *buf, size_t size, uint16_t *port)
{
	bool bracket = text[0] == '[';
	const char *host = bracket ? text + 1 : text;
	size_t len = strcspn(host, bracket ? "]" : ":");
	const char *rest = host + len;
	unsigned long long number = 0;

	if (bracket && *rest++ != ']')
		return -EINVAL;
	if (len == 0 || len >= size)
		return -EINVAL;
	if (*rest == ':' && (iq_number(rest + 1, &number) < 0 || number == 0 || number > 65535))
		return -EINVAL;
	if (*rest != ':' && *rest != '\0')
		return -EINVAL;
	memcpy(buf, host, len);
	buf[len] = '\0';
	*port = (uint16_t)number;
	return 0;
}

static int set_server(struct options *o, const char *text)
{
	return split_host(text, o->server, sizeof(o->server), &o->port);
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

static int set_json(struct options *o, const char *text)
{
	(void)text;
	o->json = true;
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

static int set_listen(struct options *o, const char *text)
{
	unsigned long long port;

	if (iq_number(text, &port) < 0 || port > 65535)
		return -EINVAL;
	o->listens = true;
	o->listen_port = (uint16_t)port;
	return 0;
}

/* PORT or HOST:PORT; nobody far away is led to other machines through this one. */
static int set_to(struct options *o, const char *text)
{
	char host[CANDIDATE_TEXT] = "127.0.0.1", digits[6];
	unsigned long long number;
	uint16_t port;

	if (iq_number(text, &number) == 0)
		port = number <= 65535 ? (uint16_t)number : 0;
	else if (split_host(text, host, sizeof(host), &port) < 0)
		return -EINVAL;
	if (strcmp(host, "localhost") == 0)
		strcpy(host, "127.0.0.1");
	snprintf(digits, sizeof(digits), "%u", (unsigned int)port);
	if (candidate_parse(host, digits, &o->connect_to) < 0)
		return -EINVAL;
	return candidate_is_loopback(&o->connect_to) ? 0 : -EINVAL;
}

static int set_exec(struct options *o, const char *text)
{
	o->exec = text;
	return text[0] ? 0 : -EINVAL;
}

static int set_direct(struct options *o, const char *text)
{
	(void)text;
	o->direct = true;
	return 0;
}

static int set_no_direct(struct options *o, const char *text)
{
	(void)text;
	o->no_direct = true;
	return 0;
}

static int set_no_listen(struct options *o, const char *text)
{
	(void)text;
	o->no_listen = true;
	return 0;
}

static int set_once(struct options *o, const char *text)
{
	(void)text;
	o->once = true;
	return 0;
}

enum {
	BOTH_WAYS = COMMAND_PIPE | COMMAND_FORWARD,
	ALL = COMMAND_RECEIVE | COMMAND_SEND | BOTH_WAYS,
	TARGETS = COMMAND_RECEIVE | BOTH_WAYS,
};

static const struct row {
	const char *name;
	int argument;
	unsigned int commands;
	int (*apply)(struct options *o, const char *text);
} rows[] = {
	{"jid", required_argument, ALL, set_jid},
	{"resource", required_argument, ALL, set_resource},
	{"password-file", required_argument, ALL, set_password_file},
	{"server", required_argument, ALL, set_server},
	{"ca-file", required_argument, ALL, set_ca_file},
	{"timeout", required_argument, ALL, set_timeout},
	{"quiet", no_argument, ALL, set_quiet},
	{"json", no_argument, ALL, set_json},
	{"from", required_argument, TARGETS, add_from},
	{"directory", required_argument, COMMAND_RECEIVE, set_directory},
	{"output", required_argument, COMMAND_RECEIVE, set_output},
	{"via", required_argument, ALL, set_via},
	{"direct", no_argument, ALL, set_direct},
	{"no-listen", no_argument, ALL, set_no_listen},
	{"no-direct", no_argument, ALL, set_no_direct},
	{"allow-private", no_argument, ALL, set_allow_private},
	{"listen", required_argument, COMMAND_FORWARD, set_listen},
	{"to", required_argument, COMMAND_FORWARD, set_to},
	{"exec", required_argument, COMMAND_FORWARD, set_exec},
	{"once", no_argument, COMMAND_FORWARD, set_once},
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

static const struct command {
	const char *name;
	enum options_command command;
	int operands_min, operands_max;
	const char *operands;
} commands[] = {
	{"receive", COMMAND_RECEIVE, 0, 0, "no operands"},
	{"send", COMMAND_SEND, 2, 2, "a FILE and a JID"},
	{"pipe", COMMAND_PIPE, 0, 1, "at most a JID"},
	{"forward", COMMAND_FORWARD, 0, 1, "at most a JID"},
};

static const struct command *parse_command(int argc, char **argv)
{
	for (size_t i = 0; argc >= 2 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return &commands[i];
	}
	say("first comes a command: receive, send, pipe or forward; see --help");
	return NULL;
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

/* What only makes sense together; NULL, or what is wrong. */
static const char *combination_fault(const struct options *o)
{
	int ends = (o->connect_to.sa.sa_family != 0) + (o->exec != NULL);

	if (!o->jid)
		return "--jid is missing";
	if (o->to && (!jid_valid(o->to) || !jid_has_node(o->to)))
		return "the last operand is not the JID of a user";
	if (o->to && o->n_from > 0)
		return "--from is of the side that waits, without a JID";
	if (o->direct && (o->no_direct || o->no_listen))
		return "--direct goes with neither --no-direct nor --no-listen";
	if (o->command != COMMAND_FORWARD)
		return NULL;
	if (o->to && (!o->listens || ends > 0))
		return "forward to a JID wants --listen, and neither --to nor --exec";
	if (!o->to && (o->listens || ends != 1))
		return "forward without a JID wants either --to or --exec, and no --listen";
	return NULL;
}

int options_parse(int argc, char **argv, struct options *o)
{
	const struct command *command;
	const char *fault;
	int n;

	*o = (struct options){.directory = ".", .timeout_ms = 120 * 1000};
	if (serve_question(argc, argv))
		return 1;
	command = parse_command(argc, argv);
	if (!command)
		return -EINVAL;
	o->command = command->command;
	if (parse_rows(argc - 1, argv + 1, o) < 0)
		return -EINVAL;
	n = argc - 1 - optind;
	if (n < command->operands_min || n > command->operands_max) {
		say("%s wants %s; see --help", command->name, command->operands);
		return -EINVAL;
	}
	argv += 1 + optind;
	if (o->command == COMMAND_SEND)
		o->file = argv[0];
	if (n > 0)
		o->to = argv[n - 1];
	fault = combination_fault(o);
	if (fault)
		say("%s; see --help", fault);
	o->direct = o->direct || (!o->via && !o->no_direct && !o->no_listen);
	return fault ? -EINVAL : 0;
}

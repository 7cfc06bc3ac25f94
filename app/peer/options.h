/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line. */
#ifndef TANDEM_OPTIONS_H
#define TANDEM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_FROM_MAX 64

#include "candidate.h"

enum options_command {
	COMMAND_RECEIVE = 1,
	COMMAND_SEND = 2,
	COMMAND_PIPE = 4,
	COMMAND_FORWARD = 8,
};

/* Texts point into argv, or to what `server` was cut from. */
struct options {
	enum options_command command;
	bool quiet, json;
	bool no_direct, no_listen, direct; /* as asked for; then `direct`: own addresses offered */
	bool allow_private;
	bool listens, once;   /* of forward */
	uint16_t listen_port; /* 0: any */
	uint16_t port;	      /* of the server; 0: default */
	const char *jid, *resource, *password_file, *ca_file;
	char server[256]; /* "": by DNS */
	int64_t timeout_ms;
	const char *via;

	/* Who begins */
	const char *to; /* NULL: this one waits */
	const char *file;

	/* Who waits */
	const char *from[OPTIONS_FROM_MAX];
	unsigned int n_from;
	union candidate_address connect_to; /* sa_family 0: none */
	const char *directory, *output, *exec;
};

/* 0: go on.  1: --help or --version was served.  -EINVAL: said what is wrong. */
int options_parse(int argc, char **argv, struct options *options);

#endif

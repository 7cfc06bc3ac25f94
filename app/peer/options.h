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
	const char *jid, *resource, *password_file, *ca_file;
	char server[256]; /* "": by DNS */
	uint16_t port;	  /* 0: default */
	int64_t timeout_ms;
	bool quiet, json;
	const char *via;
	bool no_direct, no_listen, direct; /* as asked for; then `direct`: own addresses offered */
	bool allow_private;

	/* Who begins */
	const char *to; /* NULL: this one waits */
	const char *file;
	bool listens;
	uint16_t listen_port; /* 0: any */

	/* Who waits */
	const char *from[OPTIONS_FROM_MAX];
	unsigned int n_from;
	const char *directory, *output, *exec;
	union candidate_address connect_to; /* sa_family 0: none */
	bool once;
};

/* 0: go on.  1: --help or --version was served.  -EINVAL: said what is wrong. */
int options_parse(int argc, char **argv, struct options *options);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line. */
#ifndef TANDEM_OPTIONS_H
#define TANDEM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_FROM_MAX 64

enum options_command { COMMAND_RECEIVE = 1, COMMAND_SEND = 2 };

/* Texts point into argv, or to what `server` was cut from. */
struct options {
	enum options_command command;
	const char *jid, *resource, *password_file, *ca_file;
	char server[256]; /* "": by DNS */
	uint16_t port;	  /* 0: default */
	int64_t timeout_ms;
	bool quiet;

	/* send */
	const char *via, *file, *to;

	/* receive */
	const char *from[OPTIONS_FROM_MAX];
	unsigned int n_from;
	const char *directory, *output;
	bool allow_private;
};

/* 0: go on.  1: --help or --version was served.  -EINVAL: said what is wrong. */
int options_parse(int argc, char **argv, struct options *options);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a run of tandem ends: the exit codes, which scripts rely on.  A run ended by a signal N exits
 * with 128 + N and has no value here but OUTCOME_STOPPED.
 */
#ifndef TANDEM_OUTCOME_H
#define TANDEM_OUTCOME_H

enum outcome {
	OUTCOME_DONE = 0,
	OUTCOME_USAGE = 1,
	OUTCOME_LOCAL = 2,   /* a file, a password, a resource of this machine */
	OUTCOME_LOGIN = 3,   /* the XMPP server: network, TLS, password, stream lost */
	OUTCOME_REFUSED = 4, /* partner or relay said no, or could not be reached */
	OUTCOME_BROKEN = 5,  /* bytes moved but the file did not arrive whole */
	OUTCOME_TIMEOUT = 6,
	OUTCOME_STOPPED = 128, /* a signal; main() adds its number */
};

#endif

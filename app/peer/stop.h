/* SPDX-License-Identifier: BSD-3-Clause */
/* The wish of the user or the system that this run end: SIGINT, SIGTERM, SIGHUP. */
#ifndef TANDEM_STOP_H
#define TANDEM_STOP_H

/*
 * Take the signals, ignore SIGPIPE.  `on_signal` is called from the handlers, also for SIGALRM, and
 * must be async-signal-safe: it is there to break up a library's wait that cannot be told.
 * A second signal of the same kind ends the process at once.
 */
void stop_install(void (*on_signal)(void));

/* The signal that asked to stop, 0 while none has. */
int stop_signal(void);

#endif

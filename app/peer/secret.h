/* SPDX-License-Identifier: BSD-3-Clause */
/* The password of the account: from a file only its owner can read, or typed. */
#ifndef TANDEM_SECRET_H
#define TANDEM_SECRET_H

/* First line of `path`, or what the user types when `path` is NULL (`jid` is named in the prompt).
 * Returns NULL after saying why; otherwise the caller hands it to secret_free(). */
char *secret_read(const char *path, const char *jid);

/* Wipe and free; NULL is fine. */
void secret_free(char *secret);

#endif

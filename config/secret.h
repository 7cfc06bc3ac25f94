/* SPDX-License-Identifier: BSD-3-Clause */
/* The file with the password of the component stream. */
#ifndef TANDEM_SECRET_H
#define TANDEM_SECRET_H

#define SECRET_MAX 1024 /* bytes of a secret */

/*
 * Read the first line of the regular file at `path` into a string of its own; the caller wipes and
 * frees it.  Returns 0; or a negative errno and what is wrong in `*why`, a constant text, or NULL
 * there when strerror() says it all.
 */
int secret_read(const char *path, char **secret, const char **why);

#endif

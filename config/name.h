/* SPDX-License-Identifier: BSD-3-Clause */
/* Kinds of names, each with what makes a text one of them.  Lengths are bounded by the schema. */
#ifndef TANDEM_NAME_H
#define TANDEM_NAME_H

#include <stdbool.h>

struct name_kind {
	const char *noun; /* for `"..." is not <noun>` */
	bool (*is)(const char *text);
	void (*normalise)(char *text); /* in place; may be NULL */
};

extern const struct name_kind name_text;	/* anything without control characters */
extern const struct name_kind name_domain;	/* an XMPP domain; lower-cased */
extern const struct name_kind name_jid;		/* RFC 7622; its domain is lower-cased (ASCII) */
extern const struct name_kind name_namespace;	/* of XML */
extern const struct name_kind name_uri;		/* RFC 3986: a scheme and more */
extern const struct name_kind name_host;	/* host name or IP literal without brackets */
extern const struct name_kind name_ip;		/* IP literal without brackets */
extern const struct name_kind name_interface;	/* of a kernel interface we make */
extern const struct name_kind name_file_prefix; /* EAL's --file-prefix */
extern const struct name_kind name_device;	/* PCI address or vdev with arguments */

#endif

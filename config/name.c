/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "name.h"

#define DIGITS	  "0123456789"
#define ALNUM	  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS
#define MAX_LABEL 63   /* bytes, RFC 1035 section 2.3.4 */
#define MAX_PART  1023 /* bytes of each part of a JID, RFC 7622 section 3.1 */

/* A control character of Unicode, in UTF-8 (which the YAML reader has verified). */
static bool has_control(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte < 0x20 || byte == 0x7f)
			return true;
		if (byte == 0xc2 && i + 1 < length && (unsigned char)text[i + 1] < 0xa0)
			return true;
	}
	return false;
}

static bool is_text(const char *text)
{
	return !has_control(text, strlen(text));
}

static bool is_word(const char *text)
{
	return is_text(text) && strchr(text, ' ') == NULL;
}

/* A dot-separated name.  Letters beyond ASCII may only stand in `international` ones. */
static bool is_dotted(const char *text, size_t length, bool international)
{
	size_t label = 0;

	if (length > MAX_PART || has_control(text, length))
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!(byte < 0x80 ? isalnum(byte) || byte == '-' || byte == '_' : international))
			return false;
		if (++label > MAX_LABEL)
			return false;
	}
	return label > 0;
}

static bool is_domain(const char *text)
{
	return is_dotted(text, strlen(text), true);
}

/* Where in a JID its domain begins, and how long it is. */
static size_t jid_domain(const char *jid, size_t *length)
{
	size_t bare = strcspn(jid, "/");
	const char *at = memchr(jid, '@', bare);
	size_t begin = at == NULL ? 0 : (size_t)(at - jid) + 1;

	*length = bare - begin;
	return begin;
}

static bool is_jid(const char *jid)
{
	size_t length;
	size_t begin = jid_domain(jid, &length);
	const char *resource = &jid[begin + length];

	if (!is_text(jid) || !is_dotted(&jid[begin], length, true))
		return false;
	if (begin > 0 && (begin == 1 || begin - 1 > MAX_PART ||
			  strcspn(jid, "\"&'/:<> ") < begin - 1)) /* section 3.3.1 */
		return false;
	return *resource == '\0' || (resource[1] != '\0' && strlen(resource + 1) <= MAX_PART);
}

static void lower_domain(char *jid)
{
	size_t length;
	size_t begin = jid_domain(jid, &length);

	for (size_t i = begin; i < begin + length; i++)
		if (jid[i] >= 'A' && jid[i] <= 'Z')
			jid[i] += 'a' - 'A';
}

static bool is_ip(const char *text)
{
	struct in6_addr any;

	return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

static bool is_host(const char *text)
{
	return is_ip(text) || is_dotted(text, strlen(text), false);
}

/* The scheme of RFC 3986 section 3.1, and something behind it. */
static bool is_uri(const char *text)
{
	size_t scheme = strspn(text, ALNUM "+-.");

	return is_word(text) && isalpha((unsigned char)text[0]) && text[scheme] == ':' &&
	       text[scheme + 1] != '\0';
}

static bool consists_of(const char *text, const char *set)
{
	return text[strspn(text, set)] == '\0';
}

/* Narrower than the kernel's own rule, for the name becomes part of a vdev's arguments. */
static bool is_interface(const char *text)
{
	return consists_of(text, ALNUM "._-") && strchr("-.", text[0]) == NULL;
}

static bool is_file_prefix(const char *text)
{
	return consists_of(text, ALNUM "_-");
}

/* A leading dash would be an option to EAL. */
static bool is_device(const char *text)
{
	return is_word(text) && text[0] != '-' && text[0] != ',';
}

const struct name_kind name_text = {"a text without control characters", is_text, NULL};
const struct name_kind name_domain = {"a domain", is_domain, lower_domain};
const struct name_kind name_jid = {"a domain or JID", is_jid, lower_domain};
const struct name_kind name_namespace = {"a namespace", is_word, NULL};
const struct name_kind name_uri = {"a URI such as mailto:abuse@example.org", is_uri, NULL};
const struct name_kind name_host = {"a host name or IP address", is_host, NULL};
const struct name_kind name_ip = {"an IP address", is_ip, NULL};
const struct name_kind name_interface = {"an interface name (letters, digits and ._-)",
					 is_interface, NULL};
const struct name_kind name_file_prefix = {"made of letters, digits, _ and -", is_file_prefix,
					   NULL};
const struct name_kind name_device = {"a PCI address or a vdev", is_device, NULL};

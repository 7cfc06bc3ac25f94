/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "value.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* Each list from large to small, which is also the only order in which they may follow. */
static const struct unit plain[] = {{"", 1}, {NULL, 0}};
static const struct unit sizes[] = {
	{"G", 1u << 30}, {"M", 1u << 20}, {"K", 1u << 10}, {"", 1}, {NULL, 0}};
static const struct unit durations[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000},
					{"s", 1000},	 {"ms", 1},	 {NULL, 0}};

static const struct {
	const struct unit *units;
	bool composed; /* several numbers with their units add up */
} numbers[] = {
	[VALUE_PLAIN] = {plain, false},
	[VALUE_SIZE] = {sizes, false},
	[VALUE_DURATION] = {durations, true},
};

/* Decimal digits at `*text`, which is moved behind them. */
static int digits(const char **text, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)(*text)[0]))
		return -EINVAL;
	/* In other places a leading zero means octal: refuse what could be misread. */
	if ((*text)[0] == '0' && isdigit((unsigned char)(*text)[1]))
		return -EINVAL;
	errno = 0;
	*value = strtoull(*text, &end, 10);
	*text = end;
	return -errno;
}

/* The unit at `*text`, which is moved behind it; NULL when it is none of these. */
static const struct unit *suffix(const char **text, const struct unit *units)
{
	size_t length = 0;

	while (isalpha((unsigned char)(*text)[length]))
		length++;
	for (; units->suffix != NULL; units++) {
		if (strlen(units->suffix) == length && strncmp(units->suffix, *text, length) == 0) {
			*text += length;
			return units;
		}
	}
	return NULL;
}

int value_number(const char *text, enum value_unit unit, uint64_t *value)
{
	const struct unit *units = numbers[unit].units;
	bool negative = *text == '-';
	bool overflow = false;
	uint64_t sum = 0;

	text += negative;
	do {
		const struct unit *found;
		uint64_t part;
		int rc = digits(&text, &part);

		if (rc == -EINVAL)
			return rc;
		found = suffix(&text, units);
		if (found == NULL)
			return -EINVAL;
		overflow |= rc != 0 || __builtin_mul_overflow(part, found->factor, &part) ||
			    __builtin_add_overflow(sum, part, &sum);
		units = found + 1;
	} while (*text != '\0' && numbers[unit].composed);
	if (*text != '\0')
		return -EINVAL;
	if (overflow || negative)
		return -ERANGE;
	*value = sum;
	return 0;
}

const char *value_print(char buf[VALUE_TEXT], enum value_unit unit, uint64_t value)
{
	const struct unit *u = numbers[unit].units;

	/* The largest unit that leaves no rest; the last one always does. */
	while (u[1].suffix != NULL && (value == 0 || value % u->factor != 0))
		u++;
	(void)snprintf(buf, VALUE_TEXT, "%llu%s", (unsigned long long)(value / u->factor),
		       u->suffix);
	return buf;
}

bool value_is_string(const char *text)
{
	static const char *const others[] = {"", "~", "null", "true", "false"};
	char *end;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcasecmp(text, others[i]) == 0)
			return false;
	if (strchr("+-.0123456789", text[0]) == NULL)
		return true;
	(void)strtod(text, &end);
	return *end != '\0';
}

int value_address(const char *text, struct config_address *address)
{
	const char *slash = strchr(text, '/');
	char literal[INET6_ADDRSTRLEN];
	struct in_addr v4;
	uint64_t prefix_len;
	uint64_t bits = 128;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(literal))
		return -EINVAL;
	memcpy(literal, text, (size_t)(slash - text));
	literal[slash - text] = '\0';
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, literal, &v4) == 1) {
		bits = 32;
		address->addr.s6_addr[10] = 0xff;
		address->addr.s6_addr[11] = 0xff;
		memcpy(&address->addr.s6_addr[12], &v4, sizeof(v4));
	} else if (inet_pton(AF_INET6, literal, &address->addr) != 1 ||
		   IN6_IS_ADDR_V4MAPPED(&address->addr) ||
		   IN6_IS_ADDR_UNSPECIFIED(&address->addr)) {
		return -EINVAL;
	}
	if (value_number(slash + 1, VALUE_PLAIN, &prefix_len) != 0 || prefix_len > bits)
		return -EINVAL;
	address->prefix_len = (uint8_t)prefix_len;
	return 0;
}

int value_range(const char *text, struct config_range *range)
{
	const char *dash = strchr(text, '-');
	uint64_t first, last;
	char head[8];

	if (dash == NULL || (size_t)(dash - text) >= sizeof(head))
		return -EINVAL;
	memcpy(head, text, (size_t)(dash - text));
	head[dash - text] = '\0';
	if (value_number(head, VALUE_PLAIN, &first) != 0 ||
	    value_number(dash + 1, VALUE_PLAIN, &last) != 0 || first > last)
		return -EINVAL;
	if (last > UINT16_MAX)
		return -ERANGE;
	range->first = (uint16_t)first;
	range->last = (uint16_t)last;
	return 0;
}

int value_host_port(const char *text, char *host, size_t size, uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	const char *begin = text;
	const char *end = colon;
	uint64_t number;

	if (colon == NULL || value_number(colon + 1, VALUE_PLAIN, &number) != 0 || number < 1 ||
	    number > UINT16_MAX)
		return -EINVAL;
	if (*text == '[') {
		if (end[-1] != ']')
			return -EINVAL;
		begin++;
		end--;
	}
	/* Brackets are for IPv6 addresses, and these must have them: "::1:80" could be read twice.
	 */
	if ((memchr(begin, ':', (size_t)(end - begin)) != NULL) != (*text == '[') ||
	    (size_t)(end - begin) >= size)
		return -EINVAL;
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	*port = (uint16_t)number;
	return 0;
}

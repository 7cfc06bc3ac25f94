/* SPDX-License-Identifier: BSD-3-Clause */
/* From the text of a scalar to a value.  Nothing here knows about files or lines. */
#ifndef TANDEM_VALUE_H
#define TANDEM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

#define VALUE_TEXT 32 /* bytes of a printed number, with its NUL */

/* What a number counts, and so how it is written. */
enum value_unit {
	VALUE_PLAIN,	/* decimal digits, without leading zeros */
	VALUE_SIZE,	/* bytes; K, M and G are powers of 1024 */
	VALUE_DURATION, /* milliseconds; "1h30m", from d, h, m, s and ms, each at most once */
};

/* 0, -EINVAL for what is no such number, or -ERANGE for one that is negative or past 64 bits. */
int value_number(const char *text, enum value_unit unit, uint64_t *value);

/* Write a number as it would stand in the file.  Returns `buf`. */
const char *value_print(char buf[VALUE_TEXT], enum value_unit unit, uint64_t value);

/* Whether a scalar without quotes is a string: not a number, a truth or nothing at all. */
bool value_is_string(const char *plain);

/* "192.0.2.10/24" or "2001:db8::10/64".  0, or -EINVAL, also for "::" and IPv4-mapped addresses. */
int value_address(const char *text, struct config_address *address);

/* "10000-32767": two plain numbers, the second no less.  0, -EINVAL for what is none, or -ERANGE for
 * what a port cannot be. */
int value_range(const char *text, struct config_range *range);

/*
 * "host:port" or "[IPv6 address]:port"; the host goes without brackets into `host`, unchecked.
 * 0 or -EINVAL.
 */
int value_host_port(const char *text, char *host, size_t size, uint16_t *port);

#endif

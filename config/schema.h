/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parameters of the configuration file, one row each: all that the loader, the reload, the
 * documentation and the tests need to know about one.
 *
 * A path is as in the file, with "[]" for the entries of "ports".  A row's value goes to `offset`
 * of struct config; below "ports[]" to that of struct config_port.
 */
#ifndef TANDEM_SCHEMA_H
#define TANDEM_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "name.h"

enum schema_type {
	SCHEMA_SECTION,	  /* a map with rows of its own; stores true when present */
	SCHEMA_SECTIONS,  /* a list of such maps */
	SCHEMA_TEXT,	  /* char *, owned */
	SCHEMA_UINT,	  /* decimal; any unsigned width */
	SCHEMA_SIZE,	  /* "512M"; bytes */
	SCHEMA_DURATION,  /* "2h4m"; milliseconds */
	SCHEMA_BOOL,	  /* true or false */
	SCHEMA_CHOICE,	  /* one of `choices`; stores its index as an enum */
	SCHEMA_HOST_PORT, /* char *, owned, and the port at `companion`, uint16_t */
	SCHEMA_ADDRESS,	  /* struct config_address */
	SCHEMA_RANGE,	  /* "10000-32767"; struct config_range */
	SCHEMA_TYPES
};

enum schema_change { SCHEMA_RESTART, SCHEMA_LIVE };

struct schema_row {
	const char *path;
	enum schema_type type;
	enum schema_change change; /* when a changed value comes into force */
	bool list; /* of such values: SCHEMA_TEXT as struct config_names, others as an
		      array with its count at `companion`, unsigned int */
	bool mandatory;
	uint64_t min, max; /* of a value; of SCHEMA_TEXT and SCHEMA_HOST_PORT bytes */
	unsigned int min_items, max_items; /* of lists */
	const char *def;		   /* as in the file; NULL: nothing */
	const struct name_kind *kind;	   /* of SCHEMA_TEXT, and of the host in SCHEMA_HOST_PORT */
	const char *const *choices;	   /* ends with NULL */

	const char *unbuilt; /* what is not built yet and so refused; NULL when it is built */

	size_t offset;
	size_t size; /* of one value; 0: nothing is stored */
	size_t companion;
};

extern const struct schema_row schema_rows[];
extern const size_t schema_count;

/* The row of a path, or NULL. */
const struct schema_row *schema_find(const char *path);

/* The last key of `row`'s path when it stands directly in the map at `prefix` ("" is the top), or
 * NULL. */
const char *schema_key_in(const struct schema_row *row, const char *prefix);

#endif

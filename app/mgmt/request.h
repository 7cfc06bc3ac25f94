/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One HTTP request: which page, and the answer.
 *
 * GET and HEAD only.  Every answer says no-store and nosniff, lets a browser load nothing (CSP), and
 * ends its connection.
 */
#ifndef TANDEM_REQUEST_H
#define TANDEM_REQUEST_H

#include <microhttpd.h>

#include "health.h"
#include "mgmt.h"

/* What pages are written from. */
struct request_view {
	const struct mgmt_sources *src;
	const struct health *health;
};

/* libmicrohttpd's access handler; `cls` is a struct request_view.  Stats thread. */
enum MHD_Result request_answer(void *cls, struct MHD_Connection *connection, const char *url,
			       const char *method, const char *version, const char *upload_data,
			       size_t *upload_data_size, void **request_cls);

#endif

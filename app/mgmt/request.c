/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openmetrics.h"
#include "request.h"
#include "stats_json.h"
#include "status_page.h"

#define TEXT_PLAIN "text/plain; charset=utf-8"

/* A page: writes its body, returns its HTTP status. */
struct page {
	const char *path;
	const char *content_type;
	unsigned int (*write)(const struct request_view *view, FILE *out);
};

static unsigned int write_metrics(const struct request_view *view, FILE *out)
{
	openmetrics_write(view->src, out);
	return MHD_HTTP_OK;
}

static unsigned int write_stats(const struct request_view *view, FILE *out)
{
	return stats_json_write(view->src, out) ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static unsigned int write_status(const struct request_view *view, FILE *out)
{
	status_page_write(view->src, view->health, out);
	return MHD_HTTP_OK;
}

static unsigned int write_health(const struct request_view *view, FILE *out)
{
	return health_write(view->health, view->src, out) ? MHD_HTTP_OK
							  : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned int write_not_found(const struct request_view *view, FILE *out)
{
	(void)view;
	fputs("not found\n", out);
	return MHD_HTTP_NOT_FOUND;
}

static unsigned int write_not_allowed(const struct request_view *view, FILE *out)
{
	(void)view;
	fputs("GET and HEAD only\n", out);
	return MHD_HTTP_METHOD_NOT_ALLOWED;
}

static const struct page pages[] = {
	{"/metrics", OPENMETRICS_CONTENT_TYPE, write_metrics},
	{"/stats", "application/json", write_stats},
	{"/healthz", TEXT_PLAIN, write_health},
	{"/", "text/html; charset=utf-8", write_status},
};
static const struct page page_not_found = {NULL, TEXT_PLAIN, write_not_found};
static const struct page page_not_allowed = {NULL, TEXT_PLAIN, write_not_allowed};

static const struct page *page_of(const char *url, const char *method)
{
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return &page_not_allowed;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(pages[i].path, url) == 0)
			return &pages[i];
	}
	return &page_not_found;
}

static const struct {
	const char *name, *value;
} headers[] = {
	{MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
	{MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff"},
	{MHD_HTTP_HEADER_CONNECTION, "close"},
	{"Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; "
				    "frame-ancestors 'none'"},
};

static bool add_headers(struct MHD_Response *response, const struct page *page)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (!MHD_add_response_header(response, headers[i].name, headers[i].value))
			return false;
	}
	if (page == &page_not_allowed &&
	    !MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD"))
		return false;
	return MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				       page->content_type) == MHD_YES;
}

/* The page's body on the heap; NULL when memory is short. */
static char *page_body(const struct page *page, const struct request_view *view, size_t *len,
		       unsigned int *status)
{
	char *body = NULL;
	FILE *out = open_memstream(&body, len);
	bool bad;

	if (!out)
		return NULL;
	*status = page->write(view, out);
	bad = ferror(out);
	if (fclose(out) || bad) {
		free(body);
		return NULL;
	}
	return body;
}

/* MHD_NO, where memory is short, closes the connection without an answer. */
enum MHD_Result request_answer(void *cls, struct MHD_Connection *connection, const char *url,
			       const char *method, const char *version, const char *upload_data,
			       size_t *upload_data_size, void **request_cls)
{
	const struct page *page = page_of(url, method);
	enum MHD_Result result = MHD_NO;
	struct MHD_Response *response;
	unsigned int status;
	size_t len;
	char *body;

	(void)version, (void)upload_data, (void)upload_data_size, (void)request_cls;
	body = page_body(page, cls, &len, &status);
	if (!body)
		return MHD_NO;
	response = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(body);
		return MHD_NO;
	}
	if (add_headers(response, page))
		result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

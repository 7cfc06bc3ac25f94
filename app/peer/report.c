/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "terminal.h"

static struct {
	bool json, output_is_data;
} how;

/* Takes the object; NULL is out of memory, and says nothing. */
static void emit(json_t *object)
{
	FILE *out = how.output_is_data ? stderr : stdout;

	if (!object)
		return;
	json_dumpf(object, out, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', out);
	fflush(out);
	json_decref(object);
}

static json_t *mended_text(const char *s)
{
	static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
	char *mended = malloc(3 * strlen(s) + 1), *out = mended;
	json_t *text;

	if (!mended)
		return NULL;
	while (*s) {
		unsigned int code;
		size_t n = terminal_sequence(s, &code);

		memcpy(out, n ? s : replacement, n ? n : sizeof(replacement) - 1);
		out += n ? n : sizeof(replacement) - 1;
		s += n ? n : 1;
	}
	*out = '\0';
	text = json_string(mended);
	free(mended);
	return text;
}

/* Any bytes; the library takes no text that is not UTF-8. */
static json_t *text(const char *s)
{
	json_t *good = json_string(s);

	return good ? good : mended_text(s);
}

static json_t *connection(const char *jid, const union candidate_address *addr)
{
	char ip[CANDIDATE_TEXT], port[6];

	candidate_format(addr, ip, port);
	return json_pack("{s:o, s:s, s:i}", "jid", text(jid), "ip", ip, "port", atoi(port));
}

static void on_said(const char *line)
{
	emit(json_pack("{s:s, s:o}", "event", "message", "text", text(line)));
}

void report_begin(bool json, bool output_is_data)
{
	how.json = json;
	how.output_is_data = output_is_data;
	terminal_divert(json && output_is_data ? on_said : NULL);
}

void report_ready(const char *jid)
{
	if (how.json)
		emit(json_pack("{s:s, s:o}", "event", "ready", "jid", text(jid)));
	else if (how.output_is_data)
		say("ready %s", jid);
	else
		printf("ready %s\n", jid);
	fflush(stdout);
}

void report_listening(const char *ip, uint16_t port)
{
	if (how.json)
		emit(json_pack("{s:s, s:s, s:i}", "event", "listening", "ip", ip, "port",
			       (int)port));
	else
		printf("listening %s %u\n", ip, (unsigned int)port);
	fflush(stdout);
}

static void emit_offer(const char *event, const char *who, const char *jid,
		       const struct offer *offer, bool swapped)
{
	static const char *const kinds[] = {
		[OFFER_FILE] = "file", [OFFER_STREAM] = "stream", [OFFER_PLAIN] = "unknown"};
	json_t *list, *object;

	if (!how.json)
		return;
	list = json_array();
	for (unsigned int i = 0; list && i < offer->n_candidates; i++)
		json_array_append_new(
			list, connection(offer->candidates[i].jid, &offer->candidates[i].addr));
	object = json_pack("{s:s, s:o, s:s, s:b, s:o}", "event", event, who, text(jid), "kind",
			   kinds[offer->kind], "swapped", swapped, "connections", list);
	if (object && offer->kind == OFFER_FILE) {
		json_object_set_new(object, "name", text(offer->name));
		json_object_set_new(object, "size", json_integer((json_int_t)offer->size));
	}
	emit(object);
}

void report_offering(const char *to, const struct offer *offer, bool swapped)
{
	emit_offer("offering", "to", to, offer, swapped);
}

void report_offered(const char *from, const struct offer *offer, bool swapped)
{
	emit_offer("offered", "from", from, offer, swapped);
}

void report_connecting(const struct candidate *const *list, unsigned int n)
{
	json_t *array;

	if (!how.json)
		return;
	array = json_array();
	for (unsigned int i = 0; array && i < n; i++)
		json_array_append_new(array, connection(list[i]->jid, &list[i]->addr));
	emit(json_pack("{s:s, s:o}", "event", "connecting", "connections", array));
}

void report_connected(const char *partner, const char *relay, int fd)
{
	union candidate_address own = {0}, other = {0};
	socklen_t own_len = sizeof(own), other_len = sizeof(other);
	json_t *object;

	if (!how.json)
		return;
	object = json_pack("{s:s, s:o, s:s}", "event", "connected", "partner", text(partner), "how",
			   relay ? "relay" : "direct");
	if (!object)
		return;
	if (relay)
		json_object_set_new(object, "relay", text(relay));
	if (getsockname(fd, &own.sa, &own_len) == 0 &&
	    getpeername(fd, &other.sa, &other_len) == 0) {
		char ip[CANDIDATE_TEXT], port[6];

		candidate_format(&other, ip, port);
		json_object_set_new(object, "ip", json_string(ip));
		json_object_set_new(object, "port", json_integer(atoi(port)));
		candidate_format(&own, ip, port);
		json_object_set_new(object, "own_ip", json_string(ip));
		json_object_set_new(object, "own_port", json_integer(atoi(port)));
	}
	emit(object);
}

void report_progress(uint64_t bytes, uint64_t size)
{
	if (how.json)
		emit(json_pack("{s:s, s:I, s:o}", "event", "progress", "bytes", (json_int_t)bytes,
			       "size",
			       size == UINT64_MAX ? json_null() : json_integer((json_int_t)size)));
}

void report_file(const struct report_file *f)
{
	const char *event = f->name ? "received" : "sent";
	char hex[2 * REPORT_DIGEST_LEN + 1], *path = NULL;
	json_t *object;

	for (size_t i = 0; i < REPORT_DIGEST_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", f->digest[i]);
	if (f->name && asprintf(&path, "%s/%s", f->directory, f->name) < 0)
		path = NULL;
	if (how.json) {
		object = json_pack("{s:s, s:I, s:s, s:b}", "event", event, "bytes",
				   (json_int_t)f->bytes, "sha256", hex, "confirmed", f->confirmed);
		if (object && path)
			json_object_set_new(object, "path", text(path));
		emit(object);
	} else {
		printf("%s%s %" PRIu64 " %s%s%s\n", event, f->confirmed ? "" : "-unconfirmed",
		       f->bytes, hex, path ? " " : "", path ? path : "");
	}
	fflush(stdout);
	free(path);
}

void report_carried(const char *partner, uint64_t sent, uint64_t received, bool confirmed)
{
	if (how.json)
		emit(json_pack("{s:s, s:o, s:I, s:I, s:b}", "event", "carried", "partner",
			       text(partner), "sent", (json_int_t)sent, "received",
			       (json_int_t)received, "confirmed", confirmed));
	else if (!how.output_is_data)
		printf("carried%s %s %" PRIu64 " %" PRIu64 "\n", confirmed ? "" : "-unconfirmed",
		       partner, sent, received);
	fflush(stdout);
}

static void emit_failure(json_t *object)
{
	if (object)
		json_object_set_new(object, "message", text(terminal_last()));
	emit(object);
}

void report_failed(const char *partner, int outcome)
{
	if (how.json)
		emit_failure(json_pack("{s:s, s:o, s:i}", "event", "failed", "partner",
				       text(partner), "code", outcome));
}

void report_end(int code)
{
	if (how.json && code != 0)
		emit_failure(json_pack("{s:s, s:i}", "event", "error", "code", code));
}

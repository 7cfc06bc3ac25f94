/* SPDX-License-Identifier: BSD-3-Clause */
/* The SOCKS5 automaton: what it reads, what it says, however the bytes come. */
#include "dataplane_fixture.h"
#include "socks5.h"

#define DIGITS	"0123456789abcdef0123456789abcdef01234567"
#define UPPER	"0123456789ABCDEF0123456789abcdef01234567"
#define BAD	"0123456789abcdef0123456789abcdef0123456g"
#define OPEN	"\5\1\0"
#define CONNECT "\5\1\0\3\x28"
#define REQUEST CONNECT DIGITS "\0\0"
#define CHOSEN	"\5\0"
#define ANY	"\0\1\0\0\0\0\0\0"

#define READ(n) (n) /* bytes of them */
#define ALL	SIZE_MAX

static const struct row {
	const char *name;
	const uint8_t *bytes;
	size_t n, read;
	enum socks5_state state;
	const uint8_t *said;
	size_t n_said;
} rows[] = {
	{"nothing", BYTES(""), ALL, SOCKS5_VERSION, BYTES("")},
	{"a version", BYTES("\5"), ALL, SOCKS5_METHOD_COUNT, BYTES("")},
	{"methods cut short", BYTES("\5\2\0"), ALL, SOCKS5_METHODS, BYTES("")},
	{"the open method", BYTES(OPEN), ALL, SOCKS5_REQUEST_VERSION, BYTES(CHOSEN)},
	{"the open method twice", BYTES("\5\2\0\0"), ALL, SOCKS5_REQUEST_VERSION, BYTES(CHOSEN)},
	{"the open method last", BYTES("\5\3\2\1\0"), ALL, SOCKS5_REQUEST_VERSION, BYTES(CHOSEN)},
	{"the open method first", BYTES("\5\3\0\1\2"), ALL, SOCKS5_REQUEST_VERSION, BYTES(CHOSEN)},
	{"no method at all", BYTES("\5\0"), ALL, SOCKS5_NO_METHOD, BYTES("\5\xff")},
	{"none, and a request", BYTES("\5\0" REQUEST), READ(2), SOCKS5_NO_METHOD, BYTES("\5\xff")},
	{"a password only", BYTES("\5\1\2"), ALL, SOCKS5_NO_METHOD, BYTES("\5\xff")},
	{"none of three", BYTES("\5\3\1\2\xff" REQUEST), READ(5), SOCKS5_NO_METHOD,
	 BYTES("\5\xff")},
	{"SOCKS4", BYTES("\4\1\0\x50\xc0\0\2\1\0"), READ(1), SOCKS5_BROKEN, BYTES("")},
	{"HTTP", BYTES("GET / HTTP/1.1\r\n"), READ(1), SOCKS5_BROKEN, BYTES("")},
	{"zero", BYTES("\0\0\0"), READ(1), SOCKS5_BROKEN, BYTES("")},
	{"a request", BYTES(OPEN REQUEST), ALL, SOCKS5_NAMED, BYTES(CHOSEN)},
	{"and what follows it", BYTES(OPEN REQUEST "\5\1\0 payload"), READ(50), SOCKS5_NAMED,
	 BYTES(CHOSEN)},
	{"all but its last byte", BYTES(OPEN CONNECT DIGITS "\0"), ALL, SOCKS5_REQUEST_PORT,
	 BYTES(CHOSEN)},
	{"upper case", BYTES(OPEN CONNECT UPPER "\0\0"), ALL, SOCKS5_NAMED, BYTES(CHOSEN)},
	{"another port", BYTES(OPEN CONNECT DIGITS "\x1e\x61"), ALL, SOCKS5_NAMED, BYTES(CHOSEN)},
	{"something reserved", BYTES(OPEN "\5\1\x7f\3\x28" DIGITS "\0\0"), ALL, SOCKS5_NAMED,
	 BYTES(CHOSEN)},
	{"another version in it", BYTES(OPEN "\4\1\0\3\x28" DIGITS "\0\0"), READ(4), SOCKS5_BROKEN,
	 BYTES(CHOSEN)},
	{"the methods again", BYTES(OPEN OPEN), ALL, SOCKS5_REQUEST_TYPE, BYTES(CHOSEN)},
	{"BIND", BYTES(OPEN "\5\2\0\3\x28" DIGITS "\0\0"), READ(5), SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\7" ANY)},
	{"UDP ASSOCIATE", BYTES(OPEN "\5\3\0\1\0\0\0\0\0\0"), READ(5), SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\7" ANY)},
	{"command 0", BYTES(OPEN "\5\0"), ALL, SOCKS5_REFUSED, BYTES(CHOSEN "\5\7" ANY)},
	{"an IPv4 address", BYTES(OPEN "\5\1\0\1\xc0\0\2\1\0\x50"), READ(7), SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\x8" ANY)},
	{"an IPv6 address", BYTES(OPEN "\5\1\0\4"), ALL, SOCKS5_REFUSED, BYTES(CHOSEN "\5\x8" ANY)},
	{"no such type", BYTES(OPEN "\5\1\0\0"), ALL, SOCKS5_REFUSED, BYTES(CHOSEN "\5\x8" ANY)},
	{"a name of 0", BYTES(OPEN "\5\1\0\3\0\0\0"), READ(8), SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"a name of 39", BYTES(OPEN "\5\1\0\3\x27"), ALL, SOCKS5_REFUSED, BYTES(CHOSEN "\5\5" ANY)},
	{"a name of 41", BYTES(OPEN "\5\1\0\3\x29" DIGITS "0\0\0"), READ(8), SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"a name of 255", BYTES(OPEN "\5\1\0\3\xff"), ALL, SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"a host", BYTES(OPEN "\5\1\0\3\xbexample.org\0\x50"), READ(8), SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"40 bytes that are no digits", BYTES(OPEN CONNECT BAD "\0\0"), READ(48), SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"a digit with a bit too many", BYTES(OPEN CONNECT "\xb0"), ALL, SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"beside the digits: /", BYTES(OPEN CONNECT "/"), ALL, SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"beside the digits: :", BYTES(OPEN CONNECT ":"), ALL, SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"beside the digits: @", BYTES(OPEN CONNECT "@"), ALL, SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"beside the digits: G", BYTES(OPEN CONNECT "G"), ALL, SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"beside the digits: `", BYTES(OPEN CONNECT "`"), ALL, SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
	{"beside the digits: 0x10", BYTES(OPEN CONNECT "\x10"), ALL, SOCKS5_REFUSED,
	 BYTES(CHOSEN "\5\5" ANY)},
};

static void check_said(const char *name, const struct socks5 *s, const uint8_t *said, size_t n)
{
	uint8_t buffer[SOCKS5_SAID_MAX];

	if (socks5_said(s, buffer) != n || (n > 0 && memcmp(buffer, said, n) != 0))
		fail_msg("%s: said wrongly", name);
}

/* Feed pieces that end at `ends`, of which the last is the whole; returns how much was read. */
static size_t feed(struct socks5 *s, const uint8_t *bytes, const size_t *ends, unsigned int n)
{
	size_t at = 0, read = 0, used;
	unsigned int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < n; at = ends[i], i++) {
		used = socks5_read(s, bytes + at, ends[i] - at);
		/* Nothing is read behind what was left. */
		assert_true(used == 0 || read == at);
		assert_true(used <= ends[i] - at);
		read += used;
	}
	return read;
}

static void check_row(const struct row *r, const size_t *ends, unsigned int n)
{
	struct socks5 s;
	size_t read = feed(&s, r->bytes, ends, n);

	if (read != (r->read == ALL ? r->n : r->read))
		fail_msg("%s: %zu read", r->name, read);
	if (s.state != r->state)
		fail_msg("%s: state %u", r->name, s.state);
	check_said(r->name, &s, r->said, r->n_said);
	assert_int_equal(socks5_read(&s, r->bytes, s.state >= SOCKS5_NAMED ? r->n : 0), 0);
}

/* In one piece, in two at each place, and byte by byte. */
static void every_split(void **state)
{
	size_t ends[SOCKS5_HEARD_MAX];
	unsigned int i, at;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		check_row(&rows[i], &rows[i].n, 1);
		for (at = 0; at <= rows[i].n; at++) {
			const size_t two[] = {at, rows[i].n};

			check_row(&rows[i], two, 2);
		}
		for (at = 0; at < rows[i].n; at++)
			ends[at] = at + 1;
		check_row(&rows[i], ends, at);
	}
}

/* The most there can be: the open method at any place of 255, or at none. */
static void many_methods(void **state)
{
	uint8_t bytes[2 + 255] = {5, 255};
	const size_t half[] = {100, sizeof(bytes)}, whole = sizeof(bytes);
	unsigned int place;
	struct socks5 s;

	(void)state;
	for (place = 0; place <= 255; place++) {
		memset(bytes + 2, 0x80, 255);
		if (place < 255)
			bytes[2 + place] = 0;
		assert_int_equal(feed(&s, bytes, &whole, 1), sizeof(bytes));
		assert_int_equal(s.state, place < 255 ? SOCKS5_REQUEST_VERSION : SOCKS5_NO_METHOD);
		assert_int_equal(feed(&s, bytes, half, 2), sizeof(bytes));
		assert_int_equal(s.state, place < 255 ? SOCKS5_REQUEST_VERSION : SOCKS5_NO_METHOD);
		assert_int_equal(feed(&s, bytes, &half[0], 1), 100);
		assert_int_equal(s.state, SOCKS5_METHODS);
	}
}

static void longest(void **state)
{
	uint8_t bytes[2 + 255 + sizeof(REQUEST) - 1] = {5, 255};
	const size_t whole = sizeof(bytes);
	struct socks5 s;

	(void)state;
	memcpy(bytes + 2 + 255, REQUEST, sizeof(REQUEST) - 1);
	assert_int_equal(sizeof(bytes), SOCKS5_HEARD_MAX);
	assert_int_equal(feed(&s, bytes, &whole, 1), SOCKS5_HEARD_MAX);
	assert_int_equal(s.state, SOCKS5_NAMED);
}

static struct socks5 named(const char *bytes)
{
	const size_t whole = 3 + 5 + SOCKS5_DIGITS + 2;
	struct socks5 s;

	assert_int_equal(feed(&s, (const uint8_t *)bytes, &whole, 1), whole);
	assert_int_equal(s.state, SOCKS5_NAMED);
	return s;
}

static void name(void **state)
{
	static const uint8_t wanted[SOCKS5_NAME_BYTES] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
							  0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
							  0xcd, 0xef, 0x01, 0x23, 0x45, 0x67};
	struct socks5 lower = named(OPEN CONNECT DIGITS "\0\0");
	struct socks5 upper = named(OPEN CONNECT UPPER "\0\0");
	uint8_t got[SOCKS5_NAME_BYTES];

	(void)state;
	socks5_name(&lower, got);
	assert_memory_equal(got, wanted, sizeof(wanted));
	socks5_name(&upper, got);
	assert_memory_equal(got, wanted, sizeof(wanted));
}

static void answers(void **state)
{
	static const struct {
		const char *request;
		enum socks5_reply reply;
		enum socks5_state state;
		const uint8_t *said;
		size_t n_said;
	} table[] = {
		{OPEN CONNECT DIGITS "\0\0", SOCKS5_SUCCEEDED, SOCKS5_CONNECTED,
		 BYTES(CHOSEN "\5\0\0\3\x28" DIGITS "\0\0")},
		{OPEN CONNECT DIGITS "\0\0", SOCKS5_NOT_ALLOWED, SOCKS5_REFUSED,
		 BYTES(CHOSEN "\5\2\0\3\x28" DIGITS "\0\0")},
		/* Some compare all of it. */
		{OPEN CONNECT UPPER "\0\0", SOCKS5_SUCCEEDED, SOCKS5_CONNECTED,
		 BYTES(CHOSEN "\5\0\0\3\x28" UPPER "\0\0")},
		{OPEN CONNECT DIGITS "\x1e\x61", SOCKS5_SUCCEEDED, SOCKS5_CONNECTED,
		 BYTES(CHOSEN "\5\0\0\3\x28" DIGITS "\x1e\x61")},
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(table); i++) {
		struct socks5 s = named(table[i].request);

		assert_int_equal(table[i].n_said, SOCKS5_SAID_MAX);
		socks5_answer(&s, table[i].reply);
		assert_int_equal(s.state, table[i].state);
		check_said("answer", &s, table[i].said, table[i].n_said);
		assert_int_equal(socks5_read(&s, (const uint8_t *)REQUEST, 10), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_split), cmocka_unit_test(many_methods),
		cmocka_unit_test(longest),     cmocka_unit_test(name),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests_name("socks5", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transfer.h"

#define BYTES (3u << 20)

static int pair[2];
static unsigned char *content;

static int set_up(void **state)
{
	(void)state;
	content = malloc(BYTES);
	for (size_t i = 0; i < BYTES; i++)
		content[i] = (unsigned char)(i * 2654435761u >> 13);
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int tear_down(void **state)
{
	(void)state;
	free(content);
	close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
	return 0;
}

static int memory_file(size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, len), len);
	return fd;
}

static void both_ways(size_t size)
{
	struct transfer out = {
		.socket = pair[0], .file = memory_file(size), .sending = true, .size = size};
	struct transfer in = {.socket = pair[1], .file = memory_file(0), .size = size};
	unsigned char *got = malloc(size + 1);

	assert_int_equal(transfer_start(&in), 0);
	assert_int_equal(transfer_start(&out), 0);
	transfer_join(&out);
	transfer_join(&in);
	assert_int_equal(out.end, TRANSFER_WHOLE);
	assert_int_equal(in.end, TRANSFER_WHOLE);
	assert_true(atomic_load(&in.done) == size && atomic_load(&out.done) == size);
	assert_int_equal(pread(in.file, got, size + 1, 0), size);
	assert_memory_equal(got, content, size);
	assert_memory_equal(in.digest, out.digest, sizeof(in.digest));
	free(got);
	close(in.file);
	close(out.file);
}

static void whole(void **state)
{
	(void)state;
	both_ways(BYTES);
}

static void empty(void **state)
{
	/* SHA-256 of nothing */
	static const unsigned char first[] = {0xe3, 0xb0, 0xc4, 0x42};
	struct transfer out = {.socket = pair[0], .file = memory_file(0), .sending = true};

	(void)state;
	assert_int_equal(transfer_start(&out), 0);
	transfer_join(&out);
	assert_int_equal(out.end, TRANSFER_WHOLE);
	assert_memory_equal(out.digest, first, sizeof(first));
	close(out.file);
}

/* What comes off the wire against what was announced. */
static enum transfer_end received(size_t sent, uint64_t announced)
{
	struct transfer in = {.socket = pair[1], .file = memory_file(0), .size = announced};

	assert_int_equal(send(pair[0], content, sent, 0), sent);
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(transfer_start(&in), 0);
	transfer_join(&in);
	close(in.file);
	return in.end;
}

static void one_short(void **state)
{
	(void)state;
	assert_int_equal(received(999, 1000), TRANSFER_TRUNCATED);
}

static void one_more(void **state)
{
	(void)state;
	assert_int_equal(received(1001, 1000), TRANSFER_EXCESS);
}

/* Nothing was announced: the end is the end. */
static void endless(void **state)
{
	struct transfer in = {.socket = pair[1], .file = memory_file(0), .endless = true};

	(void)state;
	assert_int_equal(send(pair[0], content, 1001, 0), 1001);
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(transfer_start(&in), 0);
	transfer_join(&in);
	assert_int_equal(in.end, TRANSFER_WHOLE);
	assert_int_equal(atomic_load(&in.done), 1001);
	close(in.file);
}

/* What a partner's kernel has not acknowledged, and that a reset is noticed. */
static void acknowledged(void **state)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0), other;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, len), 0);
	other = accept(listener, NULL, NULL);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	for (int i = 0; i < 1000 && transfer_unacknowledged(fd) != 0; i++)
		usleep(1000);
	assert_int_equal(transfer_unacknowledged(fd), 0);
	/* more than its buffers take */
	while (send(fd, content, BYTES, MSG_DONTWAIT) > 0)
		;
	assert_true(transfer_unacknowledged(fd) > 0);
	transfer_reset(other);
	assert_int_equal(transfer_unacknowledged(fd), -ECONNRESET);
	close(fd);
	close(listener);
}

static enum transfer_end sent(size_t real, uint64_t announced)
{
	struct transfer out = {
		.socket = pair[0], .file = memory_file(real), .sending = true, .size = announced};

	assert_int_equal(transfer_start(&out), 0);
	transfer_join(&out);
	close(out.file);
	return out.end;
}

static void file_shrunk(void **state)
{
	(void)state;
	assert_int_equal(sent(999, 1000), TRANSFER_CHANGED);
}

static void file_grown(void **state)
{
	(void)state;
	assert_int_equal(sent(1001, 1000), TRANSFER_CHANGED);
}

static void receiver_gone(void **state)
{
	struct transfer out = {
		.socket = pair[0], .file = memory_file(BYTES), .sending = true, .size = BYTES};

	(void)state;
	close(pair[1]);
	pair[1] = -1;
	assert_int_equal(transfer_start(&out), 0);
	transfer_join(&out);
	assert_int_equal(out.end, TRANSFER_NETWORK);
	assert_int_equal(out.error, EPIPE);
	close(out.file);
}

/* Cancelling wakes a thread that is stuck in the network, in either direction. */
static void cancelled(void **state)
{
	struct transfer out = {
		.socket = pair[0], .file = memory_file(BYTES), .sending = true, .size = BYTES};
	struct pollfd through;

	(void)state;
	assert_int_equal(transfer_start(&out), 0);
	through = (struct pollfd){.fd = out.event_fd, .events = POLLIN};
	assert_int_equal(poll(&through, 1, 50), 0);
	transfer_cancel(&out);
	assert_int_equal(poll(&through, 1, 5000), 1);
	transfer_join(&out);
	assert_int_equal(out.end, TRANSFER_CANCELLED);
	close(out.file);
}

static void disk_full(void **state)
{
	struct transfer in = {.socket = pair[1], .size = 1000};
	int full = memory_file(0);

	(void)state;
	assert_int_equal(fcntl(full, F_ADD_SEALS, F_SEAL_WRITE), 0);
	in.file = full;
	assert_int_equal(send(pair[0], content, 10, 0), 10);
	assert_int_equal(transfer_start(&in), 0);
	transfer_join(&in);
	assert_int_equal(in.end, TRANSFER_FILE);
	close(full);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole),	   TEST(empty),	     TEST(one_short),	  TEST(one_more),
		TEST(file_shrunk), TEST(file_grown), TEST(receiver_gone), TEST(cancelled),
		TEST(disk_full),   TEST(endless),    TEST(acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

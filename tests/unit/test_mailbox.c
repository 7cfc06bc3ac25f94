/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every worker is heard in turn.
 *
 * A poster that signals late must not leave the sleeper's descriptor readable for ever: that would
 * turn every later sleep into a busy loop.  The poster's write() is held up here (--wrap) until the
 * sleeper has got up for another reason.
 */
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "mailbox.h"

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);

static sem_t about_to_write, may_write;

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	sem_post(&about_to_write);
	sem_wait(&may_write);
	return __real_write(fd, data, len);
}

static void *post(void *arg)
{
	const struct mailbox_event ev = {.type = MAILBOX_LEG_GONE};

	assert_true(mailbox_post_event(arg, 0, &ev));
	return NULL;
}

/* One sleep as the control thread does it; false when it was woken. */
static bool slept(struct mailbox *mb)
{
	struct pollfd pfd = {.fd = mailbox_control_fd(mb), .events = POLLIN};
	bool quiet = mailbox_control_sleep(mb);
	int n = poll(&pfd, 1, 0);

	if (quiet)
		mailbox_control_awake(mb);
	return quiet && n == 0;
}

static void test_late_signal(void **state)
{
	struct mailbox *mb = mailbox_create(1);
	struct mailbox_event ev;
	pthread_t thread;

	(void)state;
	assert_non_null(mb);
	assert_true(slept(mb));
	assert_true(mailbox_control_sleep(mb));
	assert_int_equal(pthread_create(&thread, NULL, post, mb), 0);
	sem_wait(&about_to_write);
	mailbox_control_awake(mb);
	assert_int_equal(mailbox_take_events(mb, &ev, 1), 1);
	sem_post(&may_write);
	assert_int_equal(pthread_join(thread, NULL), 0);

	assert_false(slept(mb)); /* the late signal, once */
	assert_true(slept(mb));
	mailbox_destroy(mb);
}

static void test_signal(void **state)
{
	struct mailbox *mb = mailbox_create(1);
	struct mailbox_event ev;

	(void)state;
	assert_non_null(mb);
	sem_post(&may_write);
	post(mb); /* nobody sleeps: no signal */
	assert_false(slept(mb));
	assert_int_equal(mailbox_take_events(mb, &ev, 1), 1);
	assert_true(mailbox_control_sleep(mb));
	post(mb);
	assert_int_equal(sem_trywait(&about_to_write), 0);
	mailbox_control_awake(mb);
	assert_int_equal(mailbox_take_events(mb, &ev, 1), 1);
	assert_true(slept(mb));
	mailbox_destroy(mb);
}

/* A worker that always has more to say than is taken at a time does not silence the others. */
static void test_every_worker_is_heard(void **state)
{
	struct mailbox *mb = mailbox_create(3);
	struct mailbox_event evs[16];
	unsigned int heard[3] = {0}, i, n, round;

	(void)state;
	assert_non_null(mb);
	for (round = 0; round < 30; round++) {
		for (i = 0; i < 3 * 16; i++) {
			const struct mailbox_event ev = {.type = MAILBOX_LEG_GONE, .worker = i % 3};

			assert_true(mailbox_post_event(mb, i % 3, &ev));
		}
		n = mailbox_take_events(mb, evs, 16);
		assert_int_equal(n, 16);
		for (i = 0; i < n; i++)
			heard[evs[i].worker]++;
	}
	for (i = 0; i < 3; i++)
		assert_int_equal(heard[i], 160);
	mailbox_destroy(mb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_late_signal),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_every_worker_is_heard),
	};

	sem_init(&about_to_write, 0, 0);
	sem_init(&may_write, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

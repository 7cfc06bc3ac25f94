/* SPDX-License-Identifier: BSD-3-Clause */
#include "transfer.h"

#include <errno.h>
#include <linux/sockios.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Large enough that system calls do not count, small enough that hashing and copying find the
 * bytes still in the cache. */
#define CHUNK_BYTES (256u << 10)

static enum transfer_end failed(struct transfer *t, enum transfer_end end, int error)
{
	t->error = error;
	return atomic_load(&t->cancelled) ? TRANSFER_CANCELLED : end;
}

static ssize_t send_all(int fd, const unsigned char *buf, size_t len)
{
	size_t sent = 0;

	while (sent < len) {
		ssize_t n = send(fd, buf + sent, len - sent, MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)sent;
}

static ssize_t write_all(int fd, const unsigned char *buf, size_t len)
{
	size_t written = 0;

	while (written < len) {
		ssize_t n = write(fd, buf + written, len - written);

		if (n >= 0)
			written += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)written;
}

/* The file may change under us: the size is checked again at the end. */
static bool size_kept(const struct transfer *t)
{
	struct stat st;

	return fstat(t->file, &st) == 0 && (uint64_t)st.st_size == t->size;
}

static enum transfer_end send_file(struct transfer *t, EVP_MD_CTX *md, unsigned char *buf)
{
	uint64_t done = 0;
	ssize_t n;

	while (done < t->size) {
		uint64_t left = t->size - done;

		if (atomic_load_explicit(&t->cancelled, memory_order_relaxed))
			return TRANSFER_CANCELLED;
		n = pread(t->file, buf, left < CHUNK_BYTES ? left : CHUNK_BYTES, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(t, TRANSFER_FILE, errno);
		if (n == 0)
			return TRANSFER_CHANGED;
		if (EVP_DigestUpdate(md, buf, (size_t)n) != 1)
			return failed(t, TRANSFER_FILE, ENOMEM);
		n = send_all(t->socket, buf, (size_t)n);
		if (n < 0)
			return failed(t, TRANSFER_NETWORK, (int)-n);
		done += (uint64_t)n;
		atomic_store_explicit(&t->done, done, memory_order_relaxed);
	}
	if (!size_kept(t))
		return TRANSFER_CHANGED;
	if (shutdown(t->socket, SHUT_WR) < 0)
		return failed(t, TRANSFER_NETWORK, errno);
	return TRANSFER_WHOLE;
}

static enum transfer_end receive_file(struct transfer *t, EVP_MD_CTX *md, unsigned char *buf)
{
	uint64_t done = 0;
	ssize_t n;

	for (;;) {
		n = recv(t->socket, buf, CHUNK_BYTES, 0);
		if (atomic_load_explicit(&t->cancelled, memory_order_relaxed))
			return TRANSFER_CANCELLED;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(t, TRANSFER_NETWORK, errno);
		if (n == 0)
			return t->endless || done == t->size ? TRANSFER_WHOLE : TRANSFER_TRUNCATED;
		if (!t->endless && (uint64_t)n > t->size - done)
			return TRANSFER_EXCESS;
		if (EVP_DigestUpdate(md, buf, (size_t)n) != 1)
			return failed(t, TRANSFER_FILE, ENOMEM);
		n = write_all(t->file, buf, (size_t)n);
		if (n < 0)
			return failed(t, TRANSFER_FILE, (int)-n);
		done += (uint64_t)n;
		atomic_store_explicit(&t->done, done, memory_order_relaxed);
	}
}

static void *transfer_thread(void *arg)
{
	struct transfer *t = arg;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char *buf = malloc(CHUNK_BYTES);

	if (!md || !buf || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		t->end = failed(t, TRANSFER_FILE, ENOMEM);
	else
		t->end = t->sending ? send_file(t, md, buf) : receive_file(t, md, buf);
	if (t->end == TRANSFER_WHOLE && EVP_DigestFinal_ex(md, t->digest, NULL) != 1)
		t->end = failed(t, TRANSFER_FILE, ENOMEM);
	free(buf);
	EVP_MD_CTX_free(md);
	eventfd_write(t->event_fd, 1);
	return NULL;
}

int transfer_start(struct transfer *t)
{
	int err;

	atomic_store(&t->done, 0);
	atomic_store(&t->cancelled, false);
	t->error = 0;
	t->event_fd = eventfd(0, EFD_CLOEXEC);
	if (t->event_fd < 0)
		return -errno;
	err = pthread_create(&t->thread, NULL, transfer_thread, t);
	if (err) {
		close(t->event_fd);
		return -err;
	}
	return 0;
}

void transfer_cancel(struct transfer *t)
{
	atomic_store(&t->cancelled, true);
	/* Wakes the thread from send() and recv().  The FIN this puts out does no harm: the partner
	 * is short of bytes, or of our word about them. */
	shutdown(t->socket, SHUT_RDWR);
}

void transfer_join(struct transfer *t)
{
	pthread_join(t->thread, NULL);
	close(t->event_fd);
}

int transfer_unacknowledged(int fd)
{
	int err = 0, left = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 || ioctl(fd, SIOCOUTQ, &left) < 0)
		return -errno;
	return err ? -err : left;
}

void transfer_reset(int fd)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

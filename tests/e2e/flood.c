/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A flood of SYNs from everywhere, as raw frames:
 *
 *   flood INTERFACE RELAY-MAC RELAY-IP PORT RATE SECONDS
 *
 * sends RATE SYNs a second from random addresses, ports and initial numbers, half of them with the
 * options of Linux and half with an MSS alone, until SECONDS are over or SIGTERM comes; then says
 * how many left in how much time.  A second it fell behind is not made up for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH	  256
#define TICK_NS	  1000000
#define ETH	  14
#define IP	  20
#define TCP	  20
#define MSS_ONLY  4
#define LINUX	  20
#define MAX_FRAME (ETH + IP + TCP + LINUX)

static volatile sig_atomic_t stopped;

static uint8_t frames[BATCH][MAX_FRAME];
static struct iovec iovs[BATCH];
static struct mmsghdr messages[BATCH];
static uint64_t state; /* of the random numbers; never 0 */

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* xorshift64*: fast, and random enough for addresses. */
static uint64_t draw(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void put16(uint8_t *at, unsigned int v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static uint32_t sum(const uint8_t *at, unsigned int n, uint32_t s)
{
	for (unsigned int i = 0; i < n; i += 2)
		s += (uint32_t)(at[i] << 8 | at[i + 1]);
	return s;
}

static unsigned int fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s & 0xffff;
}

/* No network of the lab's, and none whose addresses nobody may use. */
static bool is_usable(uint8_t first)
{
	return first != 0 && first != 127 && first != 192 && first != 198 && first != 203 &&
	       first < 224;
}

/* The parts of a frame that are the same in all. */
static void prepare(uint8_t *f, const struct ether_addr *to, const uint8_t *own,
		    const struct in_addr *relay, unsigned int port)
{
	memcpy(f, to, 6);
	memcpy(f + 6, own, 6);
	put16(f + 12, ETHERTYPE_IP);
	f[ETH] = 0x45;
	put16(f + ETH + 6, 0x4000);
	f[ETH + 8] = 64;
	f[ETH + 9] = IPPROTO_TCP;
	memcpy(f + ETH + 16, relay, 4);
	put16(f + ETH + IP + 2, port);
	f[ETH + IP + 13] = 2; /* SYN */
	put16(f + ETH + IP + 14, 64240);
}

/* The rest; returns its length. */
static unsigned int randomise(uint8_t *f)
{
	static const uint8_t options[LINUX] = {2, 4, 5, 0xb4, 4, 2, 8, 10, [16] = 1, 3, 3, 7};
	uint64_t a = draw(), b = draw();
	uint8_t *ip = f + ETH, *tcp = ip + IP;
	unsigned int n = TCP + (b & 1 ? LINUX : MSS_ONLY);

	put16(ip + 2, IP + n);
	put16(ip + 10, 0);
	do {
		a = draw();
		memcpy(ip + 12, &a, 4);
	} while (!is_usable(ip[12]));
	put16(ip + 10, fold(sum(ip, IP, 0)));

	put16(tcp, 1024 + (unsigned int)((a >> 32) % 64000));
	memcpy(tcp + 4, &b, 4);
	tcp[12] = (uint8_t)(n / 4 << 4);
	put16(tcp + 16, 0);
	memcpy(tcp + TCP, options, sizeof(options));
	memcpy(tcp + TCP + 8, (uint8_t *)&b + 4, 4);
	put16(tcp + 16, fold(sum(tcp, n, sum(ip + 12, 8, IPPROTO_TCP + n))));
	return ETH + IP + n;
}

static int open_port(const char *interface, uint8_t *own)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET};
	struct ifreq ifr = {0};
	int one = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);

	at.sll_ifindex = (int)if_nametoindex(interface);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", interface);
	if (fd < 0 || at.sll_ifindex == 0 || ioctl(fd, SIOCGIFHWADDR, &ifr) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) < 0)
		die(interface);
	memcpy(own, ifr.ifr_hwaddr.sa_data, 6);
	return fd;
}

/* Returns how many of `n` left. */
static unsigned int send_some(int fd, uint64_t n)
{
	unsigned int batch = n < BATCH ? (unsigned int)n : BATCH;
	int sent;

	for (unsigned int i = 0; i < batch; i++)
		iovs[i].iov_len = randomise(frames[i]);
	sent = sendmmsg(fd, messages, batch, 0);
	if (sent < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
		die("sendmmsg");
	return sent > 0 ? (unsigned int)sent : 0;
}

/* What is due is sent every millisecond, but never more than a second's worth at once. */
static void flood(int fd, uint64_t rate, uint64_t seconds)
{
	const struct timespec tick = {.tv_nsec = TICK_NS};
	uint64_t begin = now_ns(), end = begin + seconds * 1000000000, now, sent = 0, given = 0;

	while (!stopped && (now = now_ns()) < end) {
		uint64_t due = (now - begin) / 1000 * rate / 1000000;

		if (due - given > rate)
			given = due - rate;
		if (given >= due) {
			clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, NULL);
			continue;
		}
		unsigned int n = send_some(fd, due - given);

		sent += n;
		given += n;
	}
	printf("%llu SYNs in %.3f s\n", (unsigned long long)sent, (double)(now_ns() - begin) / 1e9);
}

int main(int argc, char **argv)
{
	struct ether_addr *to;
	struct in_addr relay;
	uint8_t own[6];
	int fd;

	if (argc != 7 || (to = ether_aton(argv[2])) == NULL ||
	    inet_pton(AF_INET, argv[3], &relay) != 1) {
		fprintf(stderr, "usage: flood INTERFACE RELAY-MAC RELAY-IP PORT RATE SECONDS\n");
		return 2;
	}
	signal(SIGTERM, stop);
	if (getrandom(&state, sizeof(state), 0) != sizeof(state))
		die("getrandom");
	state |= 1;
	fd = open_port(argv[1], own);
	for (unsigned int i = 0; i < BATCH; i++) {
		prepare(frames[i], to, own, &relay, (unsigned int)strtoul(argv[4], NULL, 10));
		iovs[i].iov_base = frames[i];
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &iovs[i], .msg_iovlen = 1};
	}
	flood(fd, strtoull(argv[5], NULL, 10), strtoull(argv[6], NULL, 10));
	close(fd);
	return 0;
}

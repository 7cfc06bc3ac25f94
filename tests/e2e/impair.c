/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bad wire: what comes in at one interface goes out of the other, late, and some of it never,
 * twice, out of turn or damaged.
 *
 *   impair IFACE IFACE loss=1,reorder=1,dup=0.5,delay=50,jitter=10,corrupt=0.1,seed=7
 *
 *   loss, dup    per cent of the frames that are lost, or come twice
 *   reorder      per cent that are held back, so that others overtake them
 *   corrupt      per cent of the IP packets in which one bit is inverted, anywhere behind the
 *                Ethernet header; other frames have no checksum by which it could be noticed
 *   delay        milliseconds each way
 *   jitter       milliseconds by which the delay goes up and down; it reorders nothing
 *   spray        how many queues of the other interface the frames leave by, each by any of them,
 *                whatever connection it belongs to: queue n is reached from CPU n
 *   seed         of all chance: the same seed has the same in store for the n-th frame of a direction
 *   vlan         what the frames at the second interface are tagged with (802.1Q); at the first one
 *                they have no tags, as at a switch's
 *
 * What is left out is 0.  Says "ready" when it carries frames.  Prints what happened to them on SIGUSR1,
 * one line a direction; on SIGTERM and SIGINT does so and ends.  The ends of the two wires must complete
 * their checksums themselves (tx offload off) and send no frames longer than FRAME_MAX.  A
 * frame that has another tag than it should, or none, is not carried.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX      4096
#define QUEUE_FRAMES   4096 /* a direction: what is under way at once */
#define BATCH	       64   /* taken from one side before the other has its turn */
#define JITTER_FRAMES  32   /* share one deviation of the delay */
#define SETTLING_DRAWS 16
#define SOCKET_BYTES   (16 << 20)
#define NS_PER_MS      1000000
#define HELD_MIN_NS    (1 * NS_PER_MS) /* how long a frame is held back to be overtaken */
#define HELD_MAX_NS    (8 * NS_PER_MS)

enum setting { LOSS, REORDER, DUP, CORRUPT, DELAY, JITTER, SEED, SPRAY, VLAN, SETTINGS };

static const struct {
	const char *name;
	double max;
} rows[SETTINGS] = {
	[LOSS] = {"loss", 100},	       [REORDER] = {"reorder", 100},
	[DUP] = {"dup", 100},	       [CORRUPT] = {"corrupt", 100},
	[DELAY] = {"delay", 10000},    [JITTER] = {"jitter", 10000},
	[SEED] = {"seed", UINT32_MAX}, [SPRAY] = {"spray", CPU_SETSIZE},
	[VLAN] = {"vlan", 4094},
};

/* What became of the frames of a direction. */
enum count {
	FRAMES,	    /* came in, but the missed ones */
	LOST,	    /* by chance */
	DUPLICATED, /* each once more */
	REORDERED,
	CORRUPTED,
	STRAYED,   /* dropped: not tagged as it should be */
	OVERSIZED, /* dropped: longer than FRAME_MAX */
	OVERFLOW,  /* dropped: QUEUE_FRAMES under way already */
	UNSENT,	   /* dropped: the other interface did not take it */
	MISSED,	   /* dropped: no room in the socket they came in by */
	COUNTS
};

static const char *const count_names[COUNTS] = {
	[FRAMES] = "frames",	   [LOST] = "lost",	      [DUPLICATED] = "duplicated",
	[REORDERED] = "reordered", [CORRUPTED] = "corrupted", [OVERSIZED] = "oversized",
	[STRAYED] = "strayed",	   [OVERFLOW] = "overflow",   [MISSED] = "missed",
	[UNSENT] = "unsent",
};

struct frame {
	TAILQ_ENTRY(frame) link;
	int64_t due_ns;
	size_t length;
	uint8_t bytes[FRAME_MAX];
};

TAILQ_HEAD(frame_list, frame);

struct direction {
	int in, out; /* packet sockets */
	const char *in_name, *out_name;
	uint16_t in_vlan, out_vlan;  /* 0: untagged */
	struct frame *frames;	     /* all of them */
	struct frame_list under_way; /* by due_ns */
	struct frame_list unused;
	unsigned short chance[3]; /* erand48's */
	int64_t jitter_ns;	  /* deviation at present */
	int64_t last_due_ns;	  /* of the frames that keep their turn */
	uint64_t counts[COUNTS];
};

/* What chance has in store for a frame.  All is drawn for each, so that the next one's does not
 * depend on this one's. */
struct fate {
	bool lost, duplicated, reordered, corrupted;
	int64_t held_ns;
	double deviation; /* -1 to 1 */
	double where;	  /* 0 to 1: the bit to invert */
};

static double settings[SETTINGS];

static void read_setting(char *text)
{
	char *value = strchr(text, '='), *end = NULL;
	int i = 0;

	if (value != NULL)
		*value++ = '\0';
	while (i < SETTINGS && strcmp(text, rows[i].name) != 0)
		i++;
	if (i == SETTINGS)
		errx(2, "%s: unknown", text);
	if (value != NULL)
		settings[i] = strtod(value, &end);
	/* written so that it refuses a NaN too */
	if (end == NULL || end == value || *end != '\0' ||
	    !(settings[i] >= 0 && settings[i] <= rows[i].max))
		errx(2, "%s: must be a number from 0 to %.0f", rows[i].name, rows[i].max);
}

static void read_settings(char *text)
{
	char *part;

	while ((part = strsep(&text, ",")) != NULL) {
		if (*part != '\0')
			read_setting(part);
	}
	if (settings[JITTER] > settings[DELAY])
		errx(2, "jitter: more than the delay");
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

/* --- chance --- */

static struct fate draw(struct direction *d)
{
	bool is[CORRUPT + 1];
	struct fate fate;
	int i;

	for (i = LOSS; i <= CORRUPT; i++)
		is[i] = erand48(d->chance) * 100 < settings[i];
	fate.lost = is[LOSS];
	fate.reordered = is[REORDER];
	fate.duplicated = is[DUP];
	fate.corrupted = is[CORRUPT];
	fate.held_ns = HELD_MIN_NS + (int64_t)(erand48(d->chance) * (HELD_MAX_NS - HELD_MIN_NS));
	fate.deviation = erand48(d->chance) * 2 - 1;
	fate.where = erand48(d->chance);
	return fate;
}

static bool is_ip(const struct frame *f)
{
	struct ether_header eth;

	memcpy(&eth, f->bytes, sizeof(eth));
	return eth.ether_type == htons(ETHERTYPE_IP) || eth.ether_type == htons(ETHERTYPE_IPV6);
}

static void corrupt(struct direction *d, struct frame *f, double where)
{
	size_t bits = (f->length - ETH_HLEN) * 8, bit = (size_t)(where * (double)bits);

	if (!is_ip(f) || bits == 0)
		return;
	f->bytes[ETH_HLEN + bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	d->counts[CORRUPTED]++;
}

/* --- the queue --- */

static void enqueue(struct direction *d, struct frame *f, int64_t due_ns)
{
	struct frame *before = TAILQ_LAST(&d->under_way, frame_list);

	f->due_ns = due_ns;
	while (before != NULL && before->due_ns > due_ns)
		before = TAILQ_PREV(before, frame_list, link);
	if (before != NULL)
		TAILQ_INSERT_AFTER(&d->under_way, before, f, link);
	else
		TAILQ_INSERT_HEAD(&d->under_way, f, link);
}

static struct frame *unused_frame(struct direction *d)
{
	struct frame *f = TAILQ_FIRST(&d->unused);

	if (f != NULL)
		TAILQ_REMOVE(&d->unused, f, link);
	return f;
}

static void duplicate(struct direction *d, const struct frame *f)
{
	struct frame *copy = unused_frame(d);

	if (copy == NULL) {
		d->counts[OVERFLOW]++;
		return;
	}
	copy->length = f->length;
	memcpy(copy->bytes, f->bytes, f->length);
	enqueue(d, copy, f->due_ns);
	d->counts[DUPLICATED]++;
}

/* When a frame that keeps its turn goes out: never before the one that came before it. */
static int64_t turn_ns(struct direction *d, const struct fate *fate)
{
	int64_t due_ns;

	if (d->counts[FRAMES] % JITTER_FRAMES == 0)
		d->jitter_ns = (int64_t)(fate->deviation * settings[JITTER] * NS_PER_MS);
	due_ns = now_ns() + (int64_t)(settings[DELAY] * NS_PER_MS) + d->jitter_ns;
	if (due_ns > d->last_due_ns)
		d->last_due_ns = due_ns;
	return d->last_due_ns;
}

static void take_frame(struct direction *d, struct frame *f)
{
	struct fate fate = draw(d);
	int64_t due_ns = turn_ns(d, &fate);

	d->counts[FRAMES]++;
	if (fate.lost || f->length > FRAME_MAX) {
		d->counts[fate.lost ? LOST : OVERSIZED]++;
		TAILQ_INSERT_HEAD(&d->unused, f, link);
		return;
	}
	if (fate.reordered) {
		due_ns += fate.held_ns;
		d->counts[REORDERED]++;
	}
	enqueue(d, f, due_ns);
	if (fate.duplicated)
		duplicate(d, f);
	if (fate.corrupted)
		corrupt(d, f, fate.where);
}

/* --- the sockets --- */

/* The kernel takes the tag off the frame and tells it aside. */
static uint16_t vlan_of(struct msghdr *message)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);
	struct tpacket_auxdata aux;

	if (c == NULL || c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
		return 0;
	memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	return aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci & 0xfff : 0;
}

/* As recv(2) with MSG_TRUNC; `f` may be NULL. */
static ssize_t receive(struct direction *d, struct frame *f, uint16_t *vlan)
{
	char aside[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec bytes = {f != NULL ? f->bytes : NULL, f != NULL ? FRAME_MAX : 0};
	struct msghdr message = {.msg_iov = &bytes,
				 .msg_iovlen = 1,
				 .msg_control = aside,
				 .msg_controllen = sizeof(aside)};
	ssize_t n = recvmsg(d->in, &message, MSG_DONTWAIT | MSG_TRUNC);

	*vlan = n >= 0 ? vlan_of(&message) : 0;
	return n;
}

static void take(struct direction *d)
{
	uint16_t vlan;
	int i;

	for (i = 0; i < BATCH; i++) {
		struct frame *f = unused_frame(d);
		ssize_t n = receive(d, f, &vlan);

		if (n >= ETH_HLEN && f != NULL && vlan != d->in_vlan) {
			d->counts[STRAYED]++;
			TAILQ_INSERT_HEAD(&d->unused, f, link);
			continue;
		}
		if (n >= ETH_HLEN && f != NULL) {
			f->length = (size_t)n;
			take_frame(d, f);
			continue;
		}
		if (f != NULL)
			TAILQ_INSERT_HEAD(&d->unused, f, link);
		else if (n >= 0)
			d->counts[OVERFLOW]++;
		if (n < 0 && (errno == EAGAIN || errno == ENETDOWN))
			return;
		if (n < 0)
			err(1, "%s: recv", d->in_name);
	}
}

static ssize_t send_frame(const struct direction *d, struct frame *f)
{
	uint8_t tag[] = {ETHERTYPE_VLAN >> 8, ETHERTYPE_VLAN & 0xff, (uint8_t)(d->out_vlan >> 8),
			 (uint8_t)d->out_vlan};
	const size_t macs = ETH_HLEN - 2;
	struct iovec parts[] = {{f->bytes, macs},
				{tag, d->out_vlan != 0 ? sizeof(tag) : 0},
				{f->bytes + macs, f->length - macs}};

	return sendmsg(d->out, &(struct msghdr){.msg_iov = parts, .msg_iovlen = 3}, MSG_DONTWAIT);
}

/* The kernel sends past the queueing disciplines by the queue of the CPU it runs on. */
static void choose_queue(void)
{
	unsigned int queues = (unsigned int)settings[SPRAY];
	cpu_set_t cpu;

	if (queues < 2)
		return;
	CPU_ZERO(&cpu);
	CPU_SET((unsigned int)lrand48() % queues, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu) < 0)
		err(1, "spray: a CPU for each queue");
}

static void release(struct direction *d)
{
	int64_t now = now_ns();
	struct frame *f;

	while ((f = TAILQ_FIRST(&d->under_way)) != NULL && f->due_ns <= now) {
		TAILQ_REMOVE(&d->under_way, f, link);
		choose_queue();
		if (send_frame(d, f) < 0)
			d->counts[UNSENT]++;
		TAILQ_INSERT_HEAD(&d->unused, f, link);
	}
}

static int open_interface(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd, on = 1, spray = settings[SPRAY] > 1, bytes = SOCKET_BYTES;

	at.sll_ifindex = (int)if_nametoindex(name);
	if (at.sll_ifindex == 0)
		err(1, "%s", name);
	/* without a protocol until it is bound, or it would hear all interfaces */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &spray, sizeof(spray)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(1, "%s: packet socket", name);
	return fd;
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		err(1, "signalfd");
	return fd;
}

/* --- both directions --- */

static void start(struct direction *d, unsigned int number)
{
	uint32_t seed = (uint32_t)settings[SEED];
	int i;

	d->frames = calloc(QUEUE_FRAMES, sizeof(*d->frames));
	if (d->frames == NULL)
		err(1, "frames");
	TAILQ_INIT(&d->under_way);
	TAILQ_INIT(&d->unused);
	for (i = 0; i < QUEUE_FRAMES; i++)
		TAILQ_INSERT_TAIL(&d->unused, &d->frames[i], link);
	d->chance[0] = (unsigned short)number;
	d->chance[1] = (unsigned short)seed;
	d->chance[2] = (unsigned short)(seed >> 16);
	/* The first numbers of neighbouring seeds are alike. */
	for (i = 0; i < SETTLING_DRAWS; i++)
		erand48(d->chance);
}

/* Until the next frame is due, NULL: for ever. */
static struct timespec *time_left(const struct direction directions[2], struct timespec *left)
{
	int64_t due_ns = INT64_MAX, ns;
	int i;

	for (i = 0; i < 2; i++) {
		const struct frame *f = TAILQ_FIRST(&directions[i].under_way);

		if (f != NULL && f->due_ns < due_ns)
			due_ns = f->due_ns;
	}
	if (due_ns == INT64_MAX)
		return NULL;
	ns = due_ns - now_ns();
	if (ns < 0)
		ns = 0;
	*left = (struct timespec){.tv_sec = ns / (1000 * NS_PER_MS),
				  .tv_nsec = ns % (1000 * NS_PER_MS)};
	return left;
}

static void report(struct direction *d)
{
	struct tpacket_stats kernel = {0};
	socklen_t length = sizeof(kernel);
	int i;

	/* counts from the last time it was asked */
	getsockopt(d->in, SOL_PACKET, PACKET_STATISTICS, &kernel, &length);
	d->counts[MISSED] += kernel.tp_drops;
	printf("%s>%s", d->in_name, d->out_name);
	for (i = 0; i < COUNTS; i++)
		printf(" %s=%" PRIu64, count_names[i], d->counts[i]);
	putchar('\n');
}

/* True: it was a signal to end. */
static bool take_signal(struct direction directions[2], int signals)
{
	struct signalfd_siginfo signal;

	if (read(signals, &signal, sizeof(signal)) != sizeof(signal))
		err(1, "signalfd");
	report(&directions[0]);
	report(&directions[1]);
	fflush(stdout);
	return signal.ssi_signo != SIGUSR1;
}

static void carry(struct direction directions[2], int signals)
{
	struct pollfd fds[3] = {
		{.fd = directions[0].in, .events = POLLIN},
		{.fd = directions[1].in, .events = POLLIN},
		{.fd = signals, .events = POLLIN},
	};
	struct timespec left;
	int i;

	for (;;) {
		if (ppoll(fds, 3, time_left(directions, &left), NULL) < 0)
			err(1, "ppoll");
		if (fds[2].revents != 0 && take_signal(directions, signals))
			return;
		for (i = 0; i < 2; i++) {
			if (fds[i].revents != 0)
				take(&directions[i]);
		}
		for (i = 0; i < 2; i++)
			release(&directions[i]);
	}
}

int main(int argc, char **argv)
{
	struct direction directions[2];
	int signals;

	if (argc != 4)
		errx(2, "usage: impair IFACE IFACE SETTING=NUMBER,...");
	read_settings(argv[3]);
	srand48((long)settings[SEED]);
	signals = open_signals();
	memset(directions, 0, sizeof(directions));
	directions[0].in = directions[1].out = open_interface(argv[1]);
	directions[1].in = directions[0].out = open_interface(argv[2]);
	directions[0].in_name = directions[1].out_name = argv[1];
	directions[1].in_name = directions[0].out_name = argv[2];
	directions[1].in_vlan = directions[0].out_vlan = (uint16_t)settings[VLAN];
	start(&directions[0], 0);
	start(&directions[1], 1);
	puts("ready");
	fflush(stdout);
	carry(directions, signals);
	free(directions[0].frames);
	free(directions[1].frames);
	return 0;
}

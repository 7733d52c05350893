/*
 * openloop: HTTP/1.1 requests at a constant rate, with latency free of coordinated omission.
 *
 *   openloop ADDRESS PORT HOST PATH RATE CONNECTIONS SECONDS
 *
 * Request i is due at start + i/RATE, whatever became of earlier ones. A due request goes out on the connection that
 * is idle longest; where none is idle it waits, and its clock already runs: latency counts from the due time. All
 * samples but the first second's are kept, so the median is exact. Prints one line of JSON, the median in microseconds.
 * Ends by itself, at most 5 s after the schedule. A broken connection ends it at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>

enum { HEAD = 16384, MAX_CONNECTIONS = 1024, TIMER = -1 };
static const uint64_t SECOND = 1000000000ull;

typedef struct {
    int fd, head_length;
    long number, body_left; /* of the request under way; body_left < 0: the head is not complete yet */
    uint64_t due;
    char head[HEAD];
} Connection;

static Connection connections[MAX_CONNECTIONS];
static int idle[MAX_CONNECTIONS], idle_first, idle_count; /* a queue: longest idle first */
static uint64_t *latency;
static long recorded, unrecorded;

static void die(const char *what) {
    fprintf(stderr, "openloop: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static void now_idle(int i) { idle[(idle_first + idle_count++) % MAX_CONNECTIONS] = i; }

static void ask(long number, uint64_t due, const char *request, size_t length) {
    Connection *c = &connections[idle[idle_first]];
    idle_first = (idle_first + 1) % MAX_CONNECTIONS, idle_count--;
    c->number = number, c->due = due, c->head_length = 0, c->body_left = -1;
    if (send(c->fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) die("send");
}

/* Looks at a head as far as it came. */
static void on_head(Connection *c) {
    c->head[c->head_length] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end && c->head_length < HEAD - 1) return;
    char *length = strcasestr(c->head, "\ncontent-length:");
    errno = 0;
    if (!end || strncmp(c->head + 8, " 200", 4) || !length || length > end) die("an answer that is not 200 with a length");
    c->body_left = atol(length + 16) - (c->head_length - (end + 4 - c->head));
}

static void on_readable(int i) {
    static char body[65536];
    Connection *c = &connections[i];
    do {
        int in_head = c->body_left < 0;
        ssize_t n = in_head ? recv(c->fd, c->head + c->head_length, HEAD - 1 - c->head_length, MSG_DONTWAIT)
                            : recv(c->fd, body, sizeof body, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) die("the connection was closed");
        if (in_head) c->head_length += n, on_head(c);
        else if ((c->body_left -= n) < 0) die("more than the announced length came");
    } while (c->body_left != 0);
    if (c->number >= unrecorded) latency[recorded++] = now() - c->due;
    now_idle(i);
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc != 8) die("usage: openloop ADDRESS PORT HOST PATH RATE CONNECTIONS SECONDS");
    double rate = atof(argv[5]), seconds = atof(argv[7]) + 1;
    int count = atoi(argv[6]), one = 1, poller = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    char request[1024];
    size_t length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", argv[4], argv[3]);
    long total = (long)(rate * seconds), next = 0;
    if (rate < 1 || rate > 1e6 || count < 1 || count > MAX_CONNECTIONS || seconds < 2 || seconds > 3600 ||
        length >= sizeof request || inet_pton(AF_INET, argv[1], &peer.sin_addr) != 1) die("an argument is out of its range");
    if (!(latency = malloc(total * sizeof *latency))) die("memory");
    unrecorded = (long)rate;
    prctl(PR_SET_TIMERSLACK, 1);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = TIMER}, events[64];
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
    for (int i = 0; i < count; i++) {
        int fd = connections[i].fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&peer, sizeof peer)) die("connect");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        event.data.fd = i;
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
        now_idle(i);
    }
    double gap = SECOND / rate;
    uint64_t start = now() + SECOND / 100, limit = start + (uint64_t)(total * gap) + 5 * SECOND, due = start;
    while (now() < limit && (next < total || idle_count < count)) {
        for (; next < total && idle_count && due <= now(); due = start + (uint64_t)(next * gap)) ask(next++, due, request, length);
        /* With nothing idle or nothing left, it is an answer that wakes us. */
        uint64_t wake = next < total && idle_count ? due : limit;
        struct itimerspec at = {.it_value = {wake / SECOND, wake % SECOND}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL); /* which makes it unreadable until then */
        for (int n = epoll_wait(poller, events, 64, -1), k = 0; k < n; k++)
            if (events[k].data.fd != TIMER) on_readable(events[k].data.fd);
    }
    errno = 0;
    if (recorded == 0) die("no answer came");
    qsort(latency, recorded, sizeof *latency, by_value);
    printf("{\"requests\": %ld, \"errors\": %ld, \"p50\": %.1f}\n", total, total - unrecorded - recorded, latency[recorded / 2] / 1e3);
    return 0;
}

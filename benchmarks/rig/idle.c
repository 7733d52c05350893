/*
 * idle: HTTP/1.1 connections that are kept open and do nothing.
 *
 *   idle ADDRESS PORT HOST PATH CONNECTIONS FILE
 *
 * Opens them and asks once on each; then makes FILE, and waits until somebody has removed it; then asks once more on each.
 * 64 are under way at a time. Prints one line of JSON: how many were opened and answered, and how many of them answered
 * again. A connection that breaks is left out, and does not end it. It gives up 120 s after its start or after FILE has gone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 64, LIMIT_SECONDS = 120 };

typedef struct {
    int fd, asked;
    long body_left;   /* < 0: the head is not complete yet */
    size_t head_length;
    char *head;       /* while an answer is awaited */
} Connection;

enum { HEAD = 4096 };
static Connection *connections;
static struct sockaddr_in peer;
static char request[1024];
static size_t request_length;
static int poller;

static void die(const char *what) {
    fprintf(stderr, "idle: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static void lost(Connection *c) {
    if (c->fd >= 0) close(c->fd);
    free(c->head);
    c->fd = -1, c->head = NULL;
}

static int ask(Connection *c) {
    c->asked = 1, c->head_length = 0, c->body_left = -1;
    if (send(c->fd, request, request_length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)request_length) return 1;
    lost(c);
    return 0;
}

/* Connects, or asks again; whether something is under way now. */
static int begin(int i, int first) {
    Connection *c = &connections[i];
    if (!first && c->fd < 0) return 0;
    if (!(c->head = malloc(HEAD))) die("memory");
    c->asked = 0;
    if (!first) return ask(c);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("socket");
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = i};
    if ((connect(c->fd, (struct sockaddr *)&peer, sizeof peer) && errno != EINPROGRESS) ||
        epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event)) {
        lost(c);
        return 0;
    }
    return 1;
}

/* Reads what came; whether the connection is done, answered or lost. */
static int on_event(Connection *c, unsigned events) {
    if (!c->head) {
        char byte;
        if (recv(c->fd, &byte, 1, MSG_DONTWAIT) >= 0) lost(c); /* Nothing was asked: it is the end. */
        return 0;
    }
    if (!c->asked) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) return lost(c), 1;
        if (events & EPOLLOUT) return !ask(c);
        return 0;
    }
    static char body[65536];
    do {
        int in_head = c->body_left < 0;
        ssize_t n = in_head ? recv(c->fd, c->head + c->head_length, HEAD - 1 - c->head_length, MSG_DONTWAIT)
                            : recv(c->fd, body, sizeof body, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) return 0;
        if (n <= 0) return lost(c), 1;
        if (!in_head) {
            c->body_left -= n;
            continue;
        }
        c->head_length += n, c->head[c->head_length] = 0;
        char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "\ncontent-length:");
        if (!end && c->head_length < HEAD - 1) continue;
        if (!end || strncmp(c->head + 8, " 200", 4) || !length || length > end) return lost(c), 1;
        c->body_left = atol(length + 16) - (long)(c->head_length - (end + 4 - c->head));
    } while (c->body_left != 0);
    free(c->head);
    c->head = NULL;
    return 1;
}

/* One request on each connection; how many were answered. */
static int round_of(int count, int first) {
    struct epoll_event events[256];
    int next = 0, under_way = 0, open = 0;
    time_t limit = time(NULL) + LIMIT_SECONDS;
    while ((next < count || under_way) && time(NULL) < limit) {
        for (; next < count && under_way < AT_ONCE; next++) under_way += begin(next, first);
        int n = epoll_wait(poller, events, 256, 1000);
        for (int k = 0; k < n; k++) {
            Connection *c = &connections[events[k].data.u32];
            if (c->fd >= 0) under_way -= on_event(c, events[k].events);
        }
    }
    for (int i = 0; i < next; i++) open += connections[i].fd >= 0 && !connections[i].head;
    return open;
}

int main(int argc, char **argv) {
    if (argc != 7) die("usage: idle ADDRESS PORT HOST PATH CONNECTIONS FILE");
    int count = atoi(argv[5]);
    request_length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", argv[4], argv[3]);
    peer = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    if (count < 1 || count > 60000 || request_length >= sizeof request || inet_pton(AF_INET, argv[1], &peer.sin_addr) != 1)
        die("an argument is out of its range");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poller = epoll_create1(0);
    if (!(connections = calloc(count, sizeof *connections))) die("memory");
    for (int i = 0; i < count; i++) connections[i].fd = -1;
    int held = round_of(count, 1), file = open(argv[6], O_CREAT | O_WRONLY, 0666);
    if (file < 0) die(argv[6]);
    close(file);
    while (!access(argv[6], F_OK)) usleep(50000);
    int answered = round_of(count, 0);
    printf("{\"opened\": %d, \"answered\": %d}\n", held, answered);
    return 0;
}

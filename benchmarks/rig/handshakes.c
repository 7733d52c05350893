/*
 * handshakes: new TLS 1.3 connections to a proxy that wants a certificate, each closed as soon as the proxy has spoken HTTP/2.
 *
 *   handshakes ADDRESS PORT SERVER-NAME ALPN CERTIFICATE KEY CONNECTIONS SECONDS full|resume
 *
 * CONNECTIONS are under way at a time. A connection counts when the proxy's first bytes have come behind its handshake: in TLS
 * 1.3 the caller is done before the called has judged its certificate. Connections end with a reset, so that no port waits.
 * With "resume", each goes on with a ticket of an earlier one, used once. The proxy's certificate is not verified: what is
 * measured is the called side. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TICKETS = 1024, MOST_CONNECTIONS = 1024 };

typedef struct {
    SSL *ssl;
    int fd, said;
} Connection;

static const char HELLO[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"; /* RFC 9113 section 3.4, empty SETTINGS */

static SSL_CTX *context;
static struct sockaddr_in peer;
static const char *server_name;
static int poller, resume;
static long handshakes, resumed, errors;
static SSL_SESSION *tickets[TICKETS];
static int kept;

static void die(const char *what) {
    fprintf(stderr, "handshakes: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    ERR_print_errors_fp(stderr);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

/* Whether the ticket is kept. */
static int keep(SSL *ssl, SSL_SESSION *session) {
    (void)ssl;
    if (kept == TICKETS) return 0;
    tickets[kept++] = session;
    return 1;
}

static void begin(Connection *c) {
    struct linger reset = {1, 0};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("socket");
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (struct sockaddr *)&peer, sizeof peer) && errno != EINPROGRESS) die("connect");
    c->ssl = SSL_new(context);
    if (!c->ssl || !SSL_set_fd(c->ssl, c->fd) || !SSL_set_tlsext_host_name(c->ssl, server_name)) die("TLS");
    if (resume && kept > 0) {
        SSL_set_session(c->ssl, tickets[--kept]);
        SSL_SESSION_free(tickets[kept]);
    }
    SSL_set_connect_state(c->ssl);
    c->said = 0;
    struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &interest)) die("epoll_ctl");
}

static void end(Connection *c) {
    SSL_set_quiet_shutdown(c->ssl, 1); /* Otherwise its ticket would count as one of a failed connection. */
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    close(c->fd);
}

/* Whether the connection is over. */
static int go_on(Connection *c) {
    char bytes[4096];
    int done = c->said ? 1 : SSL_do_handshake(c->ssl);
    if (done == 1 && !c->said) {
        done = SSL_write(c->ssl, HELLO, sizeof HELLO - 1);
        c->said = done > 0;
    }
    if (c->said) {
        done = SSL_read(c->ssl, bytes, sizeof bytes);
        if (done > 0) {
            handshakes++;
            resumed += SSL_session_reused(c->ssl);
            return 1;
        }
    }
    int why = SSL_get_error(c->ssl, done);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
    if (errors++ == 0) ERR_print_errors_fp(stderr);
    ERR_clear_error();
    return 1;
}

int main(int count, char **words) {
    if (count != 10) die("wrong arguments");
    int connections = atoi(words[7]);
    double seconds = atof(words[8]);
    if (connections < 1 || connections > MOST_CONNECTIONS || seconds <= 0) die("CONNECTIONS or SECONDS is out of range");
    peer.sin_family = AF_INET;
    peer.sin_port = htons(atoi(words[2]));
    if (inet_pton(AF_INET, words[1], &peer.sin_addr) != 1) die("ADDRESS is not IPv4");
    server_name = words[3];
    resume = strcmp(words[9], "resume") == 0;

    context = SSL_CTX_new(TLS_client_method());
    unsigned char alpn[256];
    size_t length = strlen(words[4]);
    if (length > sizeof alpn - 1) die("ALPN is too long");
    alpn[0] = length;
    memcpy(alpn + 1, words[4], length);
    if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)
        || SSL_CTX_use_certificate_chain_file(context, words[5]) != 1
        || SSL_CTX_use_PrivateKey_file(context, words[6], SSL_FILETYPE_PEM) != 1
        || SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1
        || SSL_CTX_set1_groups_list(context, "X25519") != 1
        || SSL_CTX_set_alpn_protos(context, alpn, length + 1) != 0) die("TLS context");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    if (resume) SSL_CTX_sess_set_new_cb(context, keep);

    poller = epoll_create1(0);
    if (poller < 0) die("epoll_create1");
    static Connection all[MOST_CONNECTIONS];
    double began = now(), until = began + seconds;
    for (int i = 0; i < connections; i++) begin(&all[i]);
    struct epoll_event events[64];
    int left = connections;
    while (left > 0) {
        int ready = epoll_wait(poller, events, 64, 1000);
        double at = now();
        if (at > until + 5) break; /* What hangs is an error below. */
        for (int i = 0; i < ready; i++) {
            Connection *c = events[i].data.ptr;
            errno = 0;
            if (!go_on(c)) continue;
            end(c);
            if (at < until) begin(c);
            else left--;
        }
    }
    printf("{\"requests\": %ld, \"resumed\": %ld, \"errors\": %ld, \"seconds\": %.6f}\n", handshakes, resumed, errors + left, now() - began);
    return 0;
}

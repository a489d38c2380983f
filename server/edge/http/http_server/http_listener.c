// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http_parts.h"

enum {
    BACKLOG = 256,
    CONNECTION_LIMIT = 1024,
    CONNECTIONS_PER_ADDRESS = 512,
    CONNECTION_MEMORY = 24 * 1024, ///< Head and reply's head; more than the head limit.
    SILENCE_S = 30,                ///< Then a connection without an open stream is closed.
    PEM_LIMIT = 64 * 1024,
};

/// TLS 1.3, and 1.2 with forward secrecy and authenticated encryption.
static const char PRIORITIES[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:"
    "+ECDHE-ECDSA:+ECDHE-RSA:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:"
    "+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-EDDSA-ED25519:"
    "+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:"
    "+SIGN-RSA-SHA256:+COMP-NULL:+CTYPE-X509:%SERVER_PRECEDENCE:%SAFE_RENEGOTIATION";

static void explain(char reason[HTTP_SERVER_REASON_SIZE], const char *what, const char *which,
                    const char *why)
{
    (void)snprintf(reason, HTTP_SERVER_REASON_SIZE, "%s %.150s: %s.", what, which, why);
}

/// Reads a PEM file whole; the caller frees it. `secret` files must not be readable by everybody.
static char *read_pem(const char *path, bool secret, char reason[HTTP_SERVER_REASON_SIZE])
{
    struct stat about;
    char *text = NULL;
    FILE *file = fopen(path, "rbe");

    if (file == NULL || fstat(fileno(file), &about) != 0) {
        explain(reason, "Cannot read", path, strerror(errno));
    } else if (about.st_size > PEM_LIMIT) {
        explain(reason, "Cannot use", path, "it is larger than a certificate can be");
    } else if (secret && (about.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        explain(reason, "Will not use", path, "everybody on this machine may read the key");
    } else {
        text = calloc(1, PEM_LIMIT + 1);
        if (text == NULL || fread(text, 1, PEM_LIMIT, file) == 0) {
            explain(reason, "Cannot read", path, "it is empty, or there is no memory");
            free(text);
            text = NULL;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return text;
}

static uint16_t port_of(int socket_fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } bound = { .ipv6 = { 0 } };
    socklen_t size = sizeof bound;
    if (getsockname(socket_fd, &bound.any, &size) != 0) {
        return 0;
    }
    return ntohs(bound.any.sa_family == AF_INET6 ? bound.ipv6.sin6_port : bound.ipv4.sin_port);
}

/// Opens and binds the socket. @return -1  with the cause in errno.
static int bind_socket(const struct addrinfo *where)
{
    const int on = 1;
    const int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, where->ai_addr, where->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        const int cause = errno;
        (void)close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

static enum status open_socket(const char *address, uint16_t port, int *fd,
                               char reason[HTTP_SERVER_REASON_SIZE])
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
    struct addrinfo *where = NULL;
    char service[8];
    char name[160];

    (void)snprintf(service, sizeof service, "%u", (unsigned)port);
    (void)snprintf(name, sizeof name, "%.140s port %u", address, (unsigned)port);
    if (getaddrinfo(address, service, &hints, &where) != 0) {
        explain(reason, "Cannot listen on", name, "that is no numeric address of this machine");
        return STATUS_INVALID;
    }
    *fd = bind_socket(where);
    const int cause = errno;
    freeaddrinfo(where);
    if (*fd >= 0) {
        return STATUS_OK;
    }
    explain(reason, "Cannot listen on", name,
            cause == EADDRINUSE ? "another program uses that port; end it or set another port"
                                : strerror(cause));
    return cause == EADDRINUSE ? STATUS_BUSY : STATUS_IO;
}

/// Starts the event loops. Every option that only TLS knows is left out without a certificate.
static struct MHD_Daemon *start(struct http_listener *listener, int fd, char *certificate,
                                char *key, char *trust)
{
    const unsigned flags = MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD |
                           MHD_ALLOW_SUSPEND_RESUME | (listener->secure ? MHD_USE_TLS : 0u);
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, certificate },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, key },
        // The cast only takes the const away; the string is read once.
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES },
        { trust != NULL ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, trust },
        { MHD_OPTION_END, 0, NULL },
    };
    return MHD_start_daemon(
        flags, 0, NULL, NULL, http_exchange_go_on, listener, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_URI_LOG_CALLBACK, http_exchange_begin, listener, MHD_OPTION_NOTIFY_COMPLETED,
        http_exchange_end, listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTION_LIMIT,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_PER_ADDRESS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_ARRAY, listener->secure ? tls : &tls[4], MHD_OPTION_END);
}

enum status http_listener_open(struct http_listener *listener, const char *address, uint16_t port,
                               const char *certificate_file, const char *key_file,
                               const char *trust_file, char reason[HTTP_SERVER_REASON_SIZE])
{
    char *certificate = NULL;
    char *key = NULL;
    char *trust = NULL;
    int fd = -1;
    enum status status = STATUS_OK;

    listener->secure = certificate_file != NULL;
    if (listener->secure) {
        certificate = read_pem(certificate_file, false, reason);
        key = certificate != NULL ? read_pem(key_file, true, reason) : NULL;
        trust = key != NULL && trust_file != NULL ? read_pem(trust_file, false, reason) : NULL;
        status = key != NULL && (trust_file == NULL || trust != NULL) ? STATUS_OK : STATUS_INVALID;
    }
    if (status == STATUS_OK) {
        status = open_socket(address, port, &fd, reason);
    }
    if (status == STATUS_OK) {
        listener->port = port_of(fd);
        listener->daemon = start(listener, fd, certificate, key, trust);
        if (listener->daemon == NULL) {
            (void)close(fd);
            explain(reason, listener->secure ? "Cannot use the certificate" : "Cannot serve on",
                    listener->secure ? certificate_file : address,
                    listener->secure ? "it is broken, or the key belongs to another one"
                                     : "the system refused a thread or memory");
            status = STATUS_INVALID;
        }
    }
    free(trust);
    free(certificate);
    if (key != NULL) {
        explicit_bzero(key, PEM_LIMIT);
    }
    free(key);
    return status;
}

void http_listener_shut(struct http_listener *listener)
{
    if (listener->daemon != NULL) {
        const int fd = MHD_quiesce_daemon(listener->daemon);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
}

void http_listener_close(struct http_listener *listener)
{
    if (listener->daemon != NULL) {
        MHD_stop_daemon(listener->daemon);
        listener->daemon = NULL;
    }
}

// SPDX-License-Identifier: MIT
#include "mosquitto_session.h"

#include <errno.h>
#include <mosquitto.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mosquitto_events.h"
#include "tls_identity.h"

static const char NOT_LET_IN[] =
    "the broker ended the connection before it let this device in: does "
    "it know the authority of the device's certificate?";

enum { MISC_PERIOD_MS = 1000, FAREWELL_ROUNDS = 50, FAREWELL_MS = 10 };

struct mosquitto_session {
    struct mosquitto_session_options options;
    struct mosquitto_events events;
    struct mosquitto *client; ///< NULL: no connection, not even one begun.
    int wake;
    int64_t misc_ms;
    unsigned queued; ///< Messages handed over and not yet taken.
    bool up;         ///< The broker has accepted the session.
    bool lost;       ///< The client is of no use any more; drop it outside its callbacks.
    char complaint[MOSQUITTO_EVENTS_REASON]; ///< What libmosquitto last called an error.
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void drop_client(struct mosquitto_session *session)
{
    mosquitto_destroy(session->client);
    session->client = NULL;
    session->lost = false;
    session->up = false;
    session->queued = 0;
}

/// Tells of the end once; the client is dropped later.
static void lose(struct mosquitto_session *session, const char *reason)
{
    if (session->lost) {
        return;
    }
    char text[MOSQUITTO_EVENTS_REASON];
    const bool more = session->complaint[0] != '\0';
    (void)snprintf(text, sizeof text, "%.140s%s%.100s", reason, more ? ": " : "",
                   session->complaint);
    session->lost = true;
    mosquitto_events_disconnected(&session->events, text);
}

static void on_connect(struct mosquitto *client, void *ctx, int code)
{
    struct mosquitto_session *session = ctx;
    (void)client;
    session->up = code == 0;
    if (code == 0) {
        mosquitto_events_connected(&session->events);
    } else {
        lose(session, mosquitto_connack_string(code));
    }
}

static void on_disconnect(struct mosquitto *client, void *ctx, int code)
{
    struct mosquitto_session *session = ctx;
    (void)client;
    lose(session, code == 0 ? "disconnected" : mosquitto_strerror(code));
}

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *message)
{
    struct mosquitto_session *session = ctx;
    (void)client;
    mosquitto_events_message(&session->events, message->topic, message->payload,
                             (size_t)message->payloadlen, message->retain);
}

static void on_publish(struct mosquitto *client, void *ctx, int message_id)
{
    struct mosquitto_session *session = ctx;
    (void)client;
    session->queued -= session->queued > 0;
    mosquitto_events_published(&session->events, message_id);
}

static void on_log(struct mosquitto *client, void *ctx, int level, const char *text)
{
    struct mosquitto_session *session = ctx;
    (void)client;
    if (level == MOSQ_LOG_ERR) {
        (void)snprintf(session->complaint, sizeof session->complaint, "%s", text);
    }
}

/// Why a call of libmosquitto failed, in words. It says EPROTO of TLS, and complains of what TLS
/// knows; TLS knows nothing when the end of the connection overtook the broker's reason for it.
static const char *reason_of(const struct mosquitto_session *session, int code)
{
    if (code != MOSQ_ERR_ERRNO) {
        return mosquitto_strerror(code);
    }
    if (errno != EPROTO || session->complaint[0] != '\0') {
        return strerror(errno);
    }
    return session->up ? "the broker ended the connection" : NOT_LET_IN;
}

static struct mosquitto *make_client(struct mosquitto_session *session,
                                     const struct mqtt_will *will, SSL_CTX *context)
{
    struct mosquitto *client = mosquitto_new(session->options.client_id, true, session);

    if (client == NULL) {
        return NULL;
    }
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    mosquitto_message_callback_set(client, on_message);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_log_callback_set(client, on_log);
    // The delivery window bounds what is under way; libmosquitto must not hold anything back.
    if (mosquitto_max_inflight_messages_set(client, 0) != MOSQ_ERR_SUCCESS ||
        mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311) !=
            MOSQ_ERR_SUCCESS ||
        mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1) != MOSQ_ERR_SUCCESS ||
        mosquitto_int_option(client, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0) != MOSQ_ERR_SUCCESS ||
        mosquitto_void_option(client, MOSQ_OPT_SSL_CTX, context) != MOSQ_ERR_SUCCESS ||
        mosquitto_will_set(client, will->topic, (int)strlen(will->payload), will->payload, 1,
                           will->retain) != MOSQ_ERR_SUCCESS) {
        mosquitto_destroy(client);
        return NULL;
    }
    return client;
}

static enum status connect_session(void *ctx, const struct mqtt_will *will)
{
    struct mosquitto_session *session = ctx;
    const struct mosquitto_session_options *options = &session->options;
    const struct tls_identity_files files = { .ca = options->ca,
                                              .cert = options->cert,
                                              .key = options->key };
    char fault[TLS_IDENTITY_FAULT_SIZE] = "";
    SSL_CTX *context = NULL;

    drop_client(session);
    mosquitto_events_clear(&session->events);
    session->complaint[0] = '\0';
    const enum status status = options->open_tls != NULL
                                   ? options->open_tls(options->tls_ctx, &context, fault)
                                   : tls_identity_open(&files, options->host, &context, fault);
    if (status != STATUS_OK) {
        mosquitto_events_disconnected(&session->events, fault);
        return STATUS_OK;
    }
    session->client = make_client(session, will, context);
    SSL_CTX_free(context); // libmosquitto holds a reference of its own.
    if (session->client == NULL) {
        mosquitto_events_disconnected(&session->events, "there is no memory for a connection");
        return STATUS_OK;
    }
    const int code = mosquitto_connect_async(session->client, options->host, options->port,
                                             options->keepalive_s);
    if (code != MOSQ_ERR_SUCCESS) {
        lose(session, reason_of(session, code));
    }
    return STATUS_OK;
}

static enum status publish(void *ctx, const char *topic, const void *payload, size_t size, int qos,
                           bool retain, int *message_id)
{
    struct mosquitto_session *session = ctx;

    if (session->client == NULL || session->lost) {
        return STATUS_IO;
    }
    if (session->queued >= MOSQUITTO_SESSION_QUEUE) {
        return STATUS_BUSY;
    }
    session->queued++;
    const int code =
        mosquitto_publish(session->client, message_id, topic, (int)size, payload, qos, retain);
    if (code != MOSQ_ERR_SUCCESS) {
        session->queued -= session->queued > 0;
        return STATUS_IO;
    }
    return STATUS_OK;
}

static enum status subscribe(void *ctx, const char *topic, int qos)
{
    struct mosquitto_session *session = ctx;

    if (session->client == NULL || session->lost) {
        return STATUS_IO;
    }
    return mosquitto_subscribe(session->client, NULL, topic, qos) == MOSQ_ERR_SUCCESS ? STATUS_OK
                                                                                      : STATUS_IO;
}

static enum status next_event(void *ctx, struct mqtt_event *event)
{
    struct mosquitto_session *session = ctx;
    return mosquitto_events_next(&session->events, event);
}

/// Gives the socket a moment to take what is queued and the farewell.
static void say_farewell(struct mosquitto_session *session)
{
    if (mosquitto_disconnect(session->client) != MOSQ_ERR_SUCCESS) {
        return;
    }
    for (int round = 0; round < FAREWELL_ROUNDS && mosquitto_want_write(session->client); round++) {
        struct pollfd fd = { .fd = mosquitto_socket(session->client), .events = POLLOUT };
        if (fd.fd < 0 || poll(&fd, 1, FAREWELL_MS) < 0 ||
            mosquitto_loop_write(session->client, 1) != MOSQ_ERR_SUCCESS) {
            return;
        }
    }
}

static void disconnect(void *ctx)
{
    struct mosquitto_session *session = ctx;

    if (session->client != NULL && !session->lost) {
        say_farewell(session);
    }
    drop_client(session);
    mosquitto_events_clear(&session->events);
}

enum status mosquitto_session_open(const struct mosquitto_session_options *options,
                                   struct mosquitto_session **session)
{
    struct mosquitto_session *made = calloc(1, sizeof *made);

    if (made == NULL || mosquitto_lib_init() != MOSQ_ERR_SUCCESS) {
        free(made);
        return STATUS_FULL;
    }
    made->options = *options;
    made->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made->wake < 0) {
        free(made);
        return STATUS_IO;
    }
    *session = made;
    return STATUS_OK;
}

struct mqtt_session mosquitto_session_seam(struct mosquitto_session *session)
{
    return (struct mqtt_session){ .connect = connect_session,
                                  .publish = publish,
                                  .subscribe = subscribe,
                                  .next_event = next_event,
                                  .disconnect = disconnect,
                                  .ctx = session };
}

/// During the TLS handshake libmosquitto takes a broken connection for one that is still being
/// made.
/// @return NULL, or why there will be none.
static const char *broken_handshake(const struct mosquitto_session *session, short happened)
{
    const int fd = mosquitto_socket(session->client);
    socklen_t size = sizeof(int);
    int error = 0;
    char byte = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0) {
        return error == ECONNRESET ? NOT_LET_IN : strerror(error);
    }
    if ((happened & (POLLIN | POLLHUP)) != 0 && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
        return "nobody listens there, or the connection was closed at once: is the broker running, "
               "and is this its port?";
    }
    return NULL;
}

/// Lets libmosquitto do what the poll allows.
static void move_bytes(struct mosquitto_session *session, short happened)
{
    int code = MOSQ_ERR_SUCCESS;
    const char *broken = !session->up && happened != 0 ? broken_handshake(session, happened) : NULL;

    if (broken != NULL) {
        lose(session, broken);
        return;
    }
    if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0) {
        code = mosquitto_loop_read(session->client, 1);
    }
    if (code == MOSQ_ERR_SUCCESS && !session->lost && (happened & POLLOUT) != 0 &&
        mosquitto_want_write(session->client)) {
        code = mosquitto_loop_write(session->client, 1);
    }
    const int64_t now = now_ms();
    if (code == MOSQ_ERR_SUCCESS && !session->lost && now - session->misc_ms >= MISC_PERIOD_MS) {
        session->misc_ms = now;
        code = mosquitto_loop_misc(session->client);
    }
    if (code != MOSQ_ERR_SUCCESS) {
        lose(session, reason_of(session, code));
    }
}

void mosquitto_session_wait(struct mosquitto_session *session, int timeout_ms)
{
    struct pollfd fds[2] = { { .fd = session->wake, .events = POLLIN }, { .fd = -1 } };

    if (session->lost) {
        drop_client(session);
    }
    if (session->client != NULL) {
        fds[1].fd = mosquitto_socket(session->client);
        fds[1].events = (short)(POLLIN | (mosquitto_want_write(session->client) ? POLLOUT : 0));
    }
    if (session->events.count > 0) {
        timeout_ms = 0;
    }
    if (poll(fds, 2, timeout_ms) < 0) {
        return;
    }
    if ((fds[0].revents & POLLIN) != 0) {
        uint64_t count = 0;
        (void)!read(session->wake, &count, sizeof count);
    }
    if (session->client != NULL) {
        move_bytes(session, fds[1].revents);
    }
}

void mosquitto_session_wake(struct mosquitto_session *session)
{
    const uint64_t one = 1;
    if (session != NULL) {
        (void)!write(session->wake, &one, sizeof one);
    }
}

void mosquitto_session_close(struct mosquitto_session *session)
{
    if (session == NULL) {
        return;
    }
    drop_client(session);
    mosquitto_events_clear(&session->events);
    (void)close(session->wake);
    free(session);
    (void)mosquitto_lib_cleanup();
}

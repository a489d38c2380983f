// SPDX-License-Identifier: MIT
#include "http_server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "http_parts.h"

enum { WORKERS = 3, REQUEST_BURST = 2000, REQUEST_REFILL_MS = 2, ACCOUNTS_EVERY_S = 60 };

static int64_t utc_ms(const struct http_server *server)
{
    const struct fleet_host *host = server->rest.fleet->host;
    return host->utc_ms(host->ctx);
}

/// A stream is a use of its session, so looking it up here also keeps it open.
static bool may_stay(void *ctx, const char *owner)
{
    struct http_server *server = ctx;
    struct session session;
    return accounts_find_session(server->rest.accounts, owner, strlen(owner), utc_ms(server),
                                 &session) == STATUS_OK;
}

static void tick(struct http_server *server, unsigned second)
{
    const struct fleet_host *host = server->rest.fleet->host;
    stream_hub_tick(server->rest.hub, (int64_t)host->monotonic_ms(host->ctx), may_stay, server);
    if (second % ACCOUNTS_EVERY_S == 1) { // The first time soon after the start.
        const enum status unwritten = accounts_tick(server->rest.accounts, utc_ms(server));
        (void)unwritten; // Tried again a minute later; /healthz tells of the disk.
        if (server->rest.identities != NULL) {
            const enum status untold = identities_tick(server->rest.identities);
            (void)untold; // The same.
        }
    }
}

static void *keep(void *argument)
{
    struct http_server *server = argument;
    struct timespec next;
    unsigned second = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &next);
    (void)pthread_mutex_lock(&server->keeper_lock);
    while (!server->keeper_stops) {
        next.tv_sec++;
        int code = 0;
        while (!server->keeper_stops && code == 0) {
            code = pthread_cond_timedwait(&server->keeper_wake, &server->keeper_lock, &next);
        }
        if (!server->keeper_stops) {
            (void)pthread_mutex_unlock(&server->keeper_lock);
            tick(server, ++second);
            (void)pthread_mutex_lock(&server->keeper_lock);
        }
    }
    (void)pthread_mutex_unlock(&server->keeper_lock);
    return NULL;
}

static void start_keeper(struct http_server *server)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&server->keeper_wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    server->keeper_runs = pthread_create(&server->keeper, NULL, keep, server) == 0;
}

static void stop_keeper(struct http_server *server)
{
    if (!server->keeper_runs) {
        return;
    }
    (void)pthread_mutex_lock(&server->keeper_lock);
    server->keeper_stops = true;
    (void)pthread_cond_signal(&server->keeper_wake);
    (void)pthread_mutex_unlock(&server->keeper_lock);
    (void)pthread_join(server->keeper, NULL);
    server->keeper_runs = false;
}

static enum status open_files(struct http_server *server, const char *folder,
                              char reason[HTTP_SERVER_REASON_SIZE])
{
    if (folder == NULL) {
        return STATUS_OK;
    }
    const enum status status = dashboard_files_open(folder, &server->files);
    if (status != STATUS_OK) {
        (void)snprintf(reason, HTTP_SERVER_REASON_SIZE, "Cannot serve the dashboard in %.150s: %s.",
                       folder,
                       status == STATUS_MISSING ? "it has no index.html" : "it cannot be opened");
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static enum status open_listeners(struct http_server *server,
                                  const struct http_server_config *config,
                                  char reason[HTTP_SERVER_REASON_SIZE])
{
    enum status status = STATUS_OK;
    if (config->certificate_file == NULL && !config->local) {
        (void)snprintf(reason, HTTP_SERVER_REASON_SIZE, "There is no listener to open.");
        return STATUS_INVALID;
    }
    if (config->certificate_file != NULL && config->key_file == NULL) {
        (void)snprintf(reason, HTTP_SERVER_REASON_SIZE, "The certificate %.150s has no key file.",
                       config->certificate_file);
        return STATUS_INVALID;
    }
    if (config->certificate_file != NULL) {
        status = http_listener_open(
            &server->https, config->address != NULL ? config->address : "127.0.0.1",
            config->https_port, config->certificate_file, config->key_file, NULL, reason);
    }
    if (status == STATUS_OK && config->local) {
        status = http_listener_open(&server->local, "127.0.0.1", config->local_port, NULL, NULL,
                                    NULL, reason);
    }
    if (status == STATUS_OK && config->devices_certificate_file != NULL) {
        server->devices.for_devices = true;
        status = http_listener_open(&server->devices,
                                    config->devices_address != NULL ? config->devices_address
                                                                    : "127.0.0.1",
                                    config->devices_port, config->devices_certificate_file,
                                    config->devices_key_file, config->devices_trust_file, reason);
    }
    return status;
}

enum status http_server_open(const struct http_server_config *config, const struct fleet *fleet,
                             struct accounts *accounts, struct stream_hub *hub,
                             struct http_server **out, char reason[HTTP_SERVER_REASON_SIZE])
{
    struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        (void)snprintf(reason, HTTP_SERVER_REASON_SIZE, "There is no memory for the HTTP server.");
        return STATUS_IO;
    }
    server->rest.fleet = fleet;
    server->rest.accounts = accounts;
    server->rest.hub = hub;
    server->rest.version = server->version;
    server->rest.started_ms = fleet->host->monotonic_ms(fleet->host->ctx);
    (void)snprintf(server->version, sizeof server->version, "%s", config->version);
    rest_init(&server->rest);
    server->https.server = server;
    server->local.server = server;
    server->devices.server = server;
    server->rest.identities = config->identities;
    server->rest.audit = config->audit;
    (void)pthread_mutex_init(&server->flood_lock, NULL);
    (void)pthread_mutex_init(&server->keeper_lock, NULL);
    rate_limit_init(&server->flood,
                    (struct rate_limit_rule){
                        .burst = config->request_burst != 0 ? config->request_burst : REQUEST_BURST,
                        .refill_ms = config->request_refill_ms != 0 ? config->request_refill_ms
                                                                    : REQUEST_REFILL_MS });
    fleet->host->fill_random(fleet->host->ctx, (uint8_t *)&server->flood_secret,
                             sizeof server->flood_secret);

    enum status status = open_files(server, config->dashboard_folder, reason);
    if (status == STATUS_OK) {
        server->workers = worker_pool_open(WORKERS);
        start_keeper(server);
        if (server->workers == NULL || !server->keeper_runs) {
            (void)snprintf(reason, HTTP_SERVER_REASON_SIZE, "The system refused a thread.");
            status = STATUS_IO;
        }
    }
    if (status == STATUS_OK) {
        status = open_listeners(server, config, reason);
    }
    if (status != STATUS_OK) {
        http_server_close(server);
        return status;
    }
    *out = server;
    return STATUS_OK;
}

uint16_t http_server_https_port(const struct http_server *server)
{
    return server->https.port;
}

uint16_t http_server_local_port(const struct http_server *server)
{
    return server->local.port;
}

uint16_t http_server_devices_port(const struct http_server *server)
{
    return server->devices.port;
}

void http_server_close(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    server->closing = true;
    http_listener_shut(&server->https);
    http_listener_shut(&server->local);
    http_listener_shut(&server->devices);
    stop_keeper(server);
    // Whatever is suspended must be woken before the loops end: streams by the hub, requests by
    // their workers, and those that wait for a device by rest_close().
    if (server->https.daemon != NULL || server->local.daemon != NULL) {
        stream_hub_shut(server->rest.hub);
    }
    if (server->workers != NULL) {
        worker_pool_stop(server->workers);
    }
    rest_close(&server->rest);
    http_listener_close(&server->https);
    http_listener_close(&server->local);
    http_listener_close(&server->devices);
    worker_pool_close(server->workers);
    dashboard_files_close(server->files);
    (void)pthread_mutex_destroy(&server->flood_lock);
    (void)pthread_mutex_destroy(&server->keeper_lock);
    free(server);
}

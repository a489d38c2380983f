// SPDX-License-Identifier: MIT
#include "fleet_server.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "account_store_sqlite.h"
#include "accounts.h"
#include "broker_guard.h"
#include "command_key.h"
#include "daemon_host.h"
#include "events_tap.h"
#include "fleet_identity.h"
#include "fleet_mqtt.h"
#include "http_server.h"
#include "intake.h"
#include "openssl_crypto.h"
#include "password_hash.h"
#include "power_cut_vfs.h"
#include "sqlite_fleet_store.h"
#include "stream_hub.h"

enum { TICK_MS = 250 };

struct fleet_server {
    struct daemon_config config;
    const struct fleet_log *log;
    int lock_descriptor;
    struct fleet_host host;
    struct fleet_counters counters;
    struct fleet_health health;
    struct fleet fleet;
    struct fleet_events events;
    struct events_tap tap;
    struct stream_hub *hub;
    struct account_crypto crypto;
    struct account_store account_store;
    bool has_crypto;
    bool has_account_store;
    struct accounts *accounts;
    struct fleet_identity *identity; ///< NULL: this server enrols nobody.
    struct sqlite_fleet_store *store;
    struct device_registry *devices;
    struct command_tracker *commands;
    struct command_key *command_key; ///< NULL: commands are not signed.
    struct command_signer signer;
    struct crypto digests;
    struct broker_guard *guard; ///< NULL: the broker has none.
    struct fleet_mqtt *mqtt;
    struct intake *intake;
    struct http_server *http;
    pthread_mutex_t mutex; ///< Guards `stopping`.
    pthread_cond_t stop;
    bool stopping;
    pthread_t writer_thread;
    pthread_t mqtt_thread;
    pthread_t tick_thread;
    bool writer_runs;
    bool mqtt_runs;
    bool tick_runs;
};

static bool is_well(void *ctx, char reason[FLEET_REASON_SIZE])
{
    struct fleet_server *server = ctx;
    if (!intake_is_well(server->intake, reason)) {
        return false;
    }
    return fleet_mqtt_is_connected(server->mqtt, reason, FLEET_REASON_SIZE);
}

/// What the disk under `path` has to do with a failure.
static const char *disk_fault(const char *path)
{
    struct statvfs disk;
    if (statvfs(path, &disk) != 0) {
        return "is there such a folder, and may ohmd write to it?";
    }
    if ((disk.f_flag & ST_RDONLY) != 0) {
        return "the file system is read-only; mount it writable";
    }
    return disk.f_bavail == 0 ? "the disk is full; make room and start again"
                              : "may ohmd write to this file and its folder?";
}

/// One ohmd for one store: a second one would acknowledge what the first one does not know of.
static bool lock_store(struct fleet_server *server, char *error, size_t error_size)
{
    char path[DAEMON_PATH_SIZE + 8];
    (void)snprintf(path, sizeof path, "%s.lock", server->config.store_path);
    server->lock_descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (server->lock_descriptor < 0) {
        (void)snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return false;
    }
    if (flock(server->lock_descriptor, LOCK_EX | LOCK_NB) != 0) {
        (void)snprintf(error, error_size,
                       "%s: another ohmd uses this store; end it or set another store_path",
                       server->config.store_path);
        return false;
    }
    return true;
}

static bool open_accounts(struct fleet_server *server, char *error, size_t error_size)
{
    const struct password_hash_parameters usual = { 0 };
    server->has_crypto = password_hash_open(usual, &server->crypto) == STATUS_OK;
    if (!server->has_crypto) {
        (void)snprintf(error, error_size, "no memory for password hashing");
        return false;
    }
    const enum status status =
        account_store_sqlite_open(server->config.accounts_path, &server->account_store);
    server->has_account_store = status == STATUS_OK;
    if (!server->has_account_store) {
        if (status == STATUS_CORRUPT) {
            (void)snprintf(error, error_size, "%s: this is no database of accounts",
                           server->config.accounts_path);
        } else {
            (void)snprintf(error, error_size, "%s: the accounts cannot be opened or written: %s",
                           server->config.accounts_path, disk_fault(server->config.accounts_path));
        }
        return false;
    }
    if (accounts_open(&server->accounts, &server->account_store, &server->crypto,
                      server->host.utc_ms(server->host.ctx)) != STATUS_OK) {
        (void)snprintf(error, error_size, "%s: the accounts cannot be read",
                       server->config.accounts_path);
        return false;
    }
    return true;
}

/// Shows a generated password once: in a file for the owner alone when one is named, else in the
/// log.
static bool show_password(const struct fleet_server *server, const char *password, char *error,
                          size_t error_size)
{
    const char *path = server->config.administrator_password_file;
    if (path[0] == '\0') {
        fleet_log_line(server->log, FLEET_LOG_INFO,
                       "the administrator is '%s' with the password %s (shown this once)",
                       ACCOUNTS_ADMINISTRATOR, password);
        return true;
    }
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool written =
        descriptor >= 0 && dprintf(descriptor, "%s\n", password) == (int)strlen(password) + 1;
    if (!written) {
        (void)snprintf(error, error_size, "%s: %s", path, strerror(errno));
    } else {
        fleet_log_line(server->log, FLEET_LOG_INFO, "the password of '%s' is in %s",
                       ACCOUNTS_ADMINISTRATOR, path);
    }
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return written;
}

static bool create_administrator(struct fleet_server *server, char *error, size_t error_size)
{
    char password[ACCOUNTS_PASSWORD_SIZE];
    const enum status status = accounts_create_administrator(
        server->accounts, server->host.utc_ms(server->host.ctx), password);
    if (status == STATUS_BUSY) {
        return true;
    }
    if (status != STATUS_OK) {
        (void)snprintf(error, error_size, "%s: the administrator cannot be created",
                       server->config.accounts_path);
        return false;
    }
    return show_password(server, password, error, error_size);
}

static bool open_identity(struct fleet_server *server, char *error, size_t error_size)
{
    if (server->config.authority_folder[0] == '\0') {
        return true;
    }
    server->identity = fleet_identity_open(&server->config, &server->host, &server->crypto,
                                           server->log, error, error_size);
    return server->identity != NULL;
}

static bool open_store(struct fleet_server *server, char *error, size_t error_size)
{
    struct sqlite_fleet_store_options options = { .path = server->config.store_path };
    if (server->config.store_simulate_power_cut) {
        if (power_cut_vfs_register() != STATUS_OK) {
            (void)snprintf(error, error_size, "the simulated disk cannot be set up");
            return false;
        }
        options.vfs = POWER_CUT_VFS_NAME;
        fleet_log_line(server->log, FLEET_LOG_WARNING,
                       "store_simulate_power_cut is set: for tests only");
    }
    server->store = sqlite_fleet_store_open(&options, error, error_size);
    return server->store != NULL;
}

static void restore_device(void *ctx, const struct device_record *record)
{
    struct fleet_server *server = ctx;
    struct stored_reading latest;
    const struct fleet_store *store = server->fleet.store;
    const enum status found = store->latest(store->ctx, record->device_id, &latest);
    if (device_registry_restore(server->devices, record, found == STATUS_OK ? &latest : NULL) !=
        STATUS_OK) {
        fleet_log_line(server->log, FLEET_LOG_WARNING, "%s: there are too many devices",
                       record->device_id);
    }
}

static bool open_command_key(struct fleet_server *server, char *error, size_t error_size)
{
    char reason[COMMAND_KEY_REASON_SIZE] = "";
    const char *path = server->config.command_key_file;
    if (path[0] == '\0') {
        return true;
    }
    if (command_key_open(path, &server->command_key, reason) != STATUS_OK) {
        (void)snprintf(error, error_size, "%s", reason);
        return false;
    }
    server->signer = command_key_signer(server->command_key);
    return true;
}

static bool open_mqtt(struct fleet_server *server, char *error, size_t error_size)
{
    const struct fleet_mqtt_options options = {
        .host = server->config.broker_host,
        .port = (int)server->config.broker_port,
        .ca_file = server->config.broker_ca_file,
        .certificate_file = server->config.broker_certificate_file,
        .key_file = server->config.broker_key_file,
        .lab_device = server->config.lab_device[0] != '\0' ? server->config.lab_device : NULL,
        .signer = server->command_key != NULL ? &server->signer : NULL,
        .messages_per_s = server->config.flood_messages_per_s,
        .fleet_host = &server->host,
        .log = server->log,
        .counters = &server->counters,
    };
    server->mqtt = fleet_mqtt_open(&options, error, error_size);
    return server->mqtt != NULL;
}

/// Builds what has no thread of its own.
static bool build_fleet(struct fleet_server *server, char *error, size_t error_size)
{
    server->hub = stream_hub_open();
    if (server->hub == NULL) {
        (void)snprintf(error, error_size, "no memory");
        return false;
    }
    server->events = stream_hub_events(server->hub);
    if (server->identity != NULL) {
        server->events =
            events_tap_init(&server->tap, server->events, fleet_identity_device, server->identity);
    }
    server->devices = device_registry_open(&server->host, &server->events);
    if (!open_mqtt(server, error, error_size)) {
        return false;
    }
    server->commands = command_tracker_open(&server->host, fleet_mqtt_link(server->mqtt),
                                            &server->events, &server->counters);
    const struct intake_options intake = {
        .writer = sqlite_fleet_store_writer(server->store),
        .host = &server->host,
        .counters = &server->counters,
        .devices = server->devices,
        .sink = fleet_mqtt_sink(server->mqtt),
        .queue_size = (size_t)server->config.queue_kib * 1024,
    };
    server->intake = intake_open(&intake);
    if (server->devices == NULL || server->commands == NULL || server->intake == NULL) {
        (void)snprintf(error, error_size, "no memory");
        return false;
    }
    server->health = (struct fleet_health){ is_well, server };
    server->fleet = (struct fleet){
        .host = &server->host,
        .store = sqlite_fleet_store_queries(server->store),
        .link = fleet_mqtt_link(server->mqtt),
        .devices = server->devices,
        .commands = server->commands,
        .counters = &server->counters,
        .health = &server->health,
    };
    const struct fleet_store *store = server->fleet.store;
    if (store->devices(store->ctx, restore_device, server) != STATUS_OK) {
        (void)snprintf(error, error_size, "%s: the devices cannot be read",
                       server->config.store_path);
        return false;
    }
    return true;
}

/// Tells the broker who may speak, before anybody here wants to speak to it.
static bool open_guard(struct fleet_server *server, char *error, size_t error_size)
{
    const struct daemon_config *config = &server->config;
    if (config->identity_list_file[0] == '\0') {
        return server->identity == NULL ||
               fleet_identity_start(server->identity, NULL, error, error_size);
    }
    server->digests = openssl_crypto();
    struct broker_guard_options options = {
        .list_path = config->identity_list_file,
        .socket_path = config->guard_socket,
        .folder = config->identity_folder,
        .crypto = &server->digests,
        .host = &server->host,
        .log = server->log,
        .devices = server->devices,
    };
    if (server->identity != NULL) {
        options.authority = fleet_identity_source(server->identity);
        options.authorised = fleet_identity_authorised;
        options.refused = fleet_identity_refused;
        options.ctx = server->identity;
    }
    server->guard = broker_guard_open(&options, error, error_size);
    return server->guard != NULL &&
           (server->identity == NULL ||
            fleet_identity_start(server->identity, server->guard, error, error_size));
}

static bool open_http(struct fleet_server *server, char *error, size_t error_size)
{
    const struct daemon_config *config = &server->config;
    struct http_server_config http = {
        .address = config->https_address,
        .https_port = (uint16_t)config->https_port,
        .certificate_file =
            config->https_certificate_file[0] != '\0' ? config->https_certificate_file : NULL,
        .key_file = config->https_key_file[0] != '\0' ? config->https_key_file : NULL,
        .local = config->http_local,
        .local_port = (uint16_t)config->http_local_port,
        .dashboard_folder = config->dashboard_folder[0] != '\0' ? config->dashboard_folder : NULL,
        .version = OHM_VERSION,
        .request_burst = config->request_burst,
        .request_refill_ms = config->request_refill_ms,
    };
    if (server->identity != NULL) {
        fleet_identity_configure(server->identity, &http);
    }
    char reason[HTTP_SERVER_REASON_SIZE];
    if (http_server_open(&http, &server->fleet, server->accounts, server->hub, &server->http,
                         reason) != STATUS_OK) {
        (void)snprintf(error, error_size, "%s", reason);
        return false;
    }
    return true;
}

static void *run_writer(void *ctx)
{
    struct fleet_server *server = ctx;
    intake_run(server->intake);
    return NULL;
}

static void *run_mqtt(void *ctx)
{
    struct fleet_server *server = ctx;
    fleet_mqtt_run(server->mqtt, server->devices, server->commands, server->intake);
    return NULL;
}

static void *run_ticks(void *ctx)
{
    struct fleet_server *server = ctx;
    (void)pthread_mutex_lock(&server->mutex);
    while (!server->stopping) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        (void)pthread_cond_timedwait(&server->stop, &server->mutex, &until);
        (void)pthread_mutex_unlock(&server->mutex);
        command_tracker_tick(server->commands);
        device_registry_tick(server->devices);
        if (server->identity != NULL) {
            fleet_identity_tick(server->identity);
        }
        (void)pthread_mutex_lock(&server->mutex);
    }
    (void)pthread_mutex_unlock(&server->mutex);
    return NULL;
}

static bool start_threads(struct fleet_server *server, char *error, size_t error_size)
{
    server->writer_runs = pthread_create(&server->writer_thread, NULL, run_writer, server) == 0;
    server->mqtt_runs = pthread_create(&server->mqtt_thread, NULL, run_mqtt, server) == 0;
    server->tick_runs = pthread_create(&server->tick_thread, NULL, run_ticks, server) == 0;
    if (!server->writer_runs || !server->mqtt_runs || !server->tick_runs) {
        (void)snprintf(error, error_size, "a thread cannot be started");
        return false;
    }
    return true;
}

static struct fleet_server *new_server(const struct daemon_config *config,
                                       const struct fleet_log *log)
{
    struct fleet_server *server = calloc(1, sizeof *server);
    if (server != NULL) {
        server->config = *config;
        server->log = log;
        server->lock_descriptor = -1;
        server->host = daemon_host();
        (void)pthread_mutex_init(&server->mutex, NULL);
        (void)pthread_cond_init(&server->stop, NULL);
    }
    return server;
}

struct fleet_server *fleet_server_open(const struct daemon_config *config,
                                       const struct fleet_log *log, char *error, size_t error_size)
{
    struct fleet_server *server = new_server(config, log);
    if (server == NULL) {
        (void)snprintf(error, error_size, "no memory");
        return NULL;
    }
    if (lock_store(server, error, error_size) && open_accounts(server, error, error_size) &&
        open_identity(server, error, error_size) && open_store(server, error, error_size) &&
        open_command_key(server, error, error_size) && build_fleet(server, error, error_size) &&
        open_guard(server, error, error_size) && open_http(server, error, error_size) &&
        create_administrator(server, error, error_size) &&
        start_threads(server, error, error_size)) {
        return server;
    }
    fleet_server_close(server);
    return NULL;
}

static void stop_threads(struct fleet_server *server)
{
    if (server->mqtt_runs) {
        fleet_mqtt_stop(server->mqtt);
        (void)pthread_join(server->mqtt_thread, NULL);
    }
    if (server->writer_runs) {
        intake_stop(server->intake);
        (void)pthread_join(server->writer_thread, NULL);
    }
    if (server->tick_runs) {
        (void)pthread_mutex_lock(&server->mutex);
        server->stopping = true;
        (void)pthread_cond_signal(&server->stop);
        (void)pthread_mutex_unlock(&server->mutex);
        (void)pthread_join(server->tick_thread, NULL);
    }
}

void fleet_server_close(struct fleet_server *server)
{
    if (server == NULL) {
        return;
    }
    http_server_close(server->http);
    broker_guard_close(server->guard);
    stop_threads(server);
    intake_close(server->intake);
    command_tracker_close(server->commands);
    fleet_mqtt_close(server->mqtt);
    command_key_close(server->command_key);
    device_registry_close(server->devices);
    stream_hub_close(server->hub);
    sqlite_fleet_store_close(server->store);
    fleet_identity_close(server->identity);
    accounts_close(server->accounts);
    if (server->has_account_store) {
        server->account_store.close(server->account_store.ctx);
    }
    if (server->has_crypto) {
        password_hash_close(&server->crypto);
    }
    if (server->lock_descriptor >= 0) {
        (void)close(server->lock_descriptor);
    }
    (void)pthread_cond_destroy(&server->stop);
    (void)pthread_mutex_destroy(&server->mutex);
    free(server);
}

bool fleet_server_reset_administrator(const struct daemon_config *config,
                                      const struct fleet_log *log, char *error, size_t error_size)
{
    struct fleet_server *server = new_server(config, log);
    char password[ACCOUNTS_PASSWORD_SIZE];
    bool good = server != NULL && lock_store(server, error, error_size) &&
                open_accounts(server, error, error_size);
    if (good &&
        accounts_reset_administrator(server->accounts, server->host.utc_ms(server->host.ctx),
                                     password) != STATUS_OK) {
        (void)snprintf(error, error_size, "%s: the password cannot be changed",
                       config->accounts_path);
        good = false;
    }
    good = good && show_password(server, password, error, error_size);
    fleet_server_close(server);
    return good;
}

bool fleet_server_print_token(const struct daemon_config *config, const struct fleet_log *log,
                              const char *device_id, char *error, size_t error_size)
{
    struct fleet_server *server = new_server(config, log);
    const bool has_authority = config->authority_folder[0] != '\0';
    if (!has_authority) {
        (void)snprintf(error, error_size, "a token needs authority_folder");
    }
    const bool good = server != NULL && has_authority && lock_store(server, error, error_size) &&
                      open_accounts(server, error, error_size) &&
                      open_identity(server, error, error_size) &&
                      fleet_identity_start(server->identity, NULL, error, error_size) &&
                      fleet_identity_print_token(server->identity, device_id, error, error_size);
    fleet_server_close(server);
    return good;
}

void fleet_server_describe(const struct fleet_server *server, char *out, size_t size)
{
    const unsigned https = http_server_https_port(server->http);
    const unsigned local = http_server_local_port(server->http);
    char secure[160] = "";
    const unsigned devices = http_server_devices_port(server->http);
    char plain[64] = "";
    char for_devices[176] = "";
    if (https != 0) {
        (void)snprintf(secure, sizeof secure, " https://%s:%u", server->config.https_address,
                       https);
    }
    if (local != 0) {
        (void)snprintf(plain, sizeof plain, " http://localhost:%u", local);
    }
    if (devices != 0) {
        (void)snprintf(for_devices, sizeof for_devices, " https://%s:%u (devices)",
                       server->config.devices_address, devices);
    }
    (void)snprintf(out, size, "%s%s%s", secure, plain, for_devices);
}

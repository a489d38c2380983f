// SPDX-License-Identifier: MIT
#include "fleet_identity.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority.h"
#include "certificate_file.h"
#include "fleet_audit.h"
#include "identities.h"
#include "identity_store_sqlite.h"
#include "openssl_crypto.h"

enum { DAY_S = 86400, HOUR_S = 3600 };

struct fleet_identity {
    struct daemon_config *config;
    const struct fleet_host *host;
    struct authority *authority;
    struct crypto crypto;
    struct identity_store store;
    bool has_store;
    _Atomic bool started;
    const struct account_crypto *account_crypto;
    struct broker_guard *guard; ///< NULL: the broker has none.
    struct identity_herald herald;
    struct identities *identities;
    struct fleet_audit audit; ///< Open while `started`.
    bool shows_own; ///< To the broker, ohmd shows the certificate that the authority gave it.
    uint8_t own_fingerprint[CRYPTO_SHA256_SIZE];
    char own_name[CERTIFICATE_NAME_SIZE];
    char certificate[DAEMON_PATH_SIZE + 64];
    char key[DAEMON_PATH_SIZE + 64];
    char trust[DAEMON_PATH_SIZE + 64];
};

static bool open_authority(struct fleet_identity *identity, const struct fleet_log *log,
                           char *error, size_t error_size)
{
    char hosts[DAEMON_PATH_SIZE];
    char reason[AUTHORITY_REASON_SIZE];
    char *rest = NULL;
    struct authority_options options = {
        .folder = identity->config->authority_folder,
        .crl_url = identity->config->crl_url,
        .now_s = identity->host->utc_ms(identity->host->ctx) / 1000,
    };
    (void)snprintf(hosts, sizeof hosts, "%s", identity->config->authority_hosts);
    for (char *host = strtok_r(hosts, " ", &rest);
         host != NULL && options.host_count < AUTHORITY_HOSTS_LIMIT;
         host = strtok_r(NULL, " ", &rest)) {
        options.hosts[options.host_count++] = host;
    }
    if (authority_open(&options, &identity->authority, reason) != STATUS_OK) {
        (void)snprintf(error, error_size, "%s", reason);
        return false;
    }
    if (authority_warning(identity->authority) != NULL) {
        fleet_log_line(log, FLEET_LOG_WARNING, "%s", authority_warning(identity->authority));
    }
    return true;
}

/// Names a file of the authority where the configuration names none.
static void fill_in(const struct fleet_identity *identity, char member[DAEMON_PATH_SIZE],
                    const char *file)
{
    if (member[0] == '\0') {
        (void)snprintf(member, DAEMON_PATH_SIZE, "%s/%s", identity->config->authority_folder, file);
    }
}

static bool fill_in_config(struct fleet_identity *identity, char *error, size_t error_size)
{
    struct daemon_config *config = identity->config;
    fill_in(identity, config->broker_ca_file, "trust.pem");
    if (config->broker_certificate_file[0] == '\0') {
        identity->shows_own = true;
        fill_in(identity, config->broker_certificate_file, "ohmd/cert.pem");
        fill_in(identity, config->broker_key_file, "ohmd/key.pem");
    }
    if (config->https_certificate_file[0] == '\0') {
        fill_in(identity, config->https_certificate_file, "https/cert.pem");
        fill_in(identity, config->https_key_file, "https/key.pem");
    }
    (void)snprintf(identity->certificate, sizeof identity->certificate, "%s/devices_api/cert.pem",
                   config->authority_folder);
    (void)snprintf(identity->key, sizeof identity->key, "%s/devices_api/key.pem",
                   config->authority_folder);
    (void)snprintf(identity->trust, sizeof identity->trust, "%s/devices.pem",
                   config->authority_folder);
    if (certificate_file_read(config->broker_certificate_file, identity->own_fingerprint,
                              identity->own_name) != STATUS_OK) {
        (void)snprintf(error, error_size, "%s: this is no certificate",
                       config->broker_certificate_file);
        return false;
    }
    return true;
}

struct collection {
    int64_t now_s;
    enum status (*add)(void *to, const struct identity_entry *entry);
    void *to;
    enum status status;
};

static enum identity_state state_for_broker(enum certificate_state state)
{
    switch (state) {
    case CERTIFICATE_PENDING:
        return IDENTITY_PENDING;
    case CERTIFICATE_ACTIVE:
        return IDENTITY_ACTIVE;
    case CERTIFICATE_SUPERSEDED:
        return IDENTITY_SUPERSEDED;
    case CERTIFICATE_EXPIRED: // The broker looks at the time itself.
    case CERTIFICATE_REVOKED:
    case CERTIFICATE_STATE_COUNT:
        break;
    }
    return IDENTITY_REVOKED;
}

static void collect(void *ctx, const struct certificate_record *record)
{
    struct collection *collection = ctx;
    struct identity_entry entry = { .state = state_for_broker(record->state),
                                    .role = IDENTITY_DEVICE };
    // What is over is refused by its own date, so the list need not grow for ever.
    if (collection->status != STATUS_OK || record->state == CERTIFICATE_EXPIRED ||
        record->certificate.not_after_s < collection->now_s) {
        return;
    }
    memcpy(entry.certificate_sha256, record->certificate.fingerprint, CRYPTO_SHA256_SIZE);
    memcpy(entry.name, record->device_id, sizeof entry.name);
    collection->status = collection->add(collection->to, &entry);
}

static enum status each(void *ctx, enum status (*add)(void *to, const struct identity_entry *entry),
                        void *to)
{
    struct fleet_identity *identity = ctx;
    struct collection collection = { .now_s = identity->host->utc_ms(identity->host->ctx) / 1000,
                                     .add = add,
                                     .to = to,
                                     .status = STATUS_OK };
    struct identity_entry own = { .state = IDENTITY_ACTIVE, .role = IDENTITY_SERVER };
    memcpy(own.certificate_sha256, identity->own_fingerprint, CRYPTO_SHA256_SIZE);
    (void)snprintf(own.name, sizeof own.name, "%s", identity->own_name);
    const enum status first = identity->shows_own ? add(to, &own) : STATUS_OK;
    if (first != STATUS_OK) {
        return first;
    }
    const enum status status =
        identity->store.list_certificates(identity->store.ctx, NULL, collect, &collection);
    return status != STATUS_OK ? status : collection.status;
}

static bool open_identity_store(struct fleet_identity *identity, char *error, size_t error_size)
{
    char path[DAEMON_PATH_SIZE + 16];
    (void)snprintf(path, sizeof path, "%s/identity.db", identity->config->authority_folder);
    const enum status status = identity_store_sqlite_open(path, NULL, &identity->store);
    identity->has_store = status == STATUS_OK;
    if (!identity->has_store) {
        (void)snprintf(error, error_size, "%s: %s", path,
                       status == STATUS_CORRUPT
                           ? "this is no database of identities, or one of a newer ohmd"
                           : "it cannot be opened or written");
    }
    return identity->has_store;
}

struct fleet_identity *fleet_identity_open(struct daemon_config *config,
                                           const struct fleet_host *host,
                                           const struct account_crypto *crypto,
                                           const struct fleet_log *log, char *error,
                                           size_t error_size)
{
    struct fleet_identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL) {
        (void)snprintf(error, error_size, "no memory");
        return NULL;
    }
    identity->config = config;
    identity->host = host;
    identity->account_crypto = crypto;
    identity->crypto = openssl_crypto();
    if (open_authority(identity, log, error, error_size) &&
        fill_in_config(identity, error, error_size) &&
        open_identity_store(identity, error, error_size)) {
        return identity;
    }
    fleet_identity_close(identity);
    return NULL;
}

void fleet_identity_close(struct fleet_identity *identity)
{
    if (identity == NULL) {
        return;
    }
    if (atomic_exchange(&identity->started, false)) {
        fleet_audit_close(&identity->audit);
    }
    identities_close(identity->identities);
    if (identity->has_store) {
        identity->store.close(identity->store.ctx);
    }
    authority_close(identity->authority);
    free(identity);
}

struct identity_source fleet_identity_source(struct fleet_identity *identity)
{
    return (struct identity_source){ each, identity };
}

static enum status publish(void *ctx)
{
    const struct fleet_identity *identity = ctx;
    return identity->guard != NULL ? broker_guard_publish(identity->guard) : STATUS_OK;
}

bool fleet_identity_start(struct fleet_identity *identity, struct broker_guard *guard, char *error,
                          size_t error_size)
{
    const struct daemon_config *config = identity->config;
    identity->guard = guard;
    identity->herald = (struct identity_herald){ publish, identity };
    const struct identity_parts parts = {
        .store = &identity->store,
        .authority = authority_table(identity->authority),
        .crypto = &identity->crypto,
        .host = identity->host,
        .herald = &identity->herald,
        .random = identity->account_crypto->random,
        .random_ctx = identity->account_crypto->ctx,
        .rules = { .life_s = config->certificate_life_s != 0
                                 ? (int64_t)config->certificate_life_s
                                 : (int64_t)config->certificate_life_h * HOUR_S,
                   .token_s = config->token_life_s,
                   .grace_s = (int64_t)config->renewal_grace_days * DAY_S,
                   .address_burst = config->enrolment_burst,
                   .address_refill_ms = config->enrolment_refill_ms },
    };
    if (identities_open(&parts, &identity->identities) != STATUS_OK) {
        (void)snprintf(error, error_size, "%s: the identities cannot be read or published",
                       config->authority_folder);
        return false;
    }
    fleet_audit_init(&identity->audit, identity->identities, identity->host);
    atomic_store(&identity->started, true);
    return true;
}

bool fleet_identity_print_token(struct fleet_identity *identity, const char *device_id, char *error,
                                size_t error_size)
{
    const struct token_order order = {
        .device_id = device_id, .creator = "ohmd --token", .address = "", .replaces = true
    };
    char token[IDENTITY_TOKEN_SIZE];
    int64_t expires_ms = 0;

    const enum identity_verdict verdict =
        identities_make_token(identity->identities, &order, token, &expires_ms);
    if (verdict != IDENTITY_DONE) {
        (void)snprintf(error, error_size, "no token for '%s': %s", device_id,
                       identity_verdict_name(verdict));
        return false;
    }
    const bool is_printed = printf("%s\n", token) > 0 && fflush(stdout) == 0;
    explicit_bzero(token, sizeof token);
    if (!is_printed) {
        (void)snprintf(error, error_size, "the token cannot be printed");
    }
    return is_printed;
}

void fleet_identity_authorised(void *ctx, const struct guard_report *report)
{
    struct fleet_identity *identity = ctx;
    // Before the start nothing is lost: a device knocks again, and is confirmed then.
    if (atomic_load(&identity->started)) {
        const enum identity_verdict verdict =
            identities_heard(identity->identities, report->certificate_sha256);
        (void)verdict; // One of pki.sh's certificates is unknown here; the rest comes again.
    }
}

void fleet_identity_refused(void *ctx, const struct guard_report *report)
{
    struct fleet_identity *identity = ctx;
    if (atomic_load(&identity->started)) {
        fleet_audit_report(&identity->audit, report);
    }
}

void fleet_identity_device(void *ctx, const struct device_view *device)
{
    struct fleet_identity *identity = ctx;
    if (atomic_load(&identity->started)) {
        fleet_audit_device(&identity->audit, device);
    }
}

void fleet_identity_tick(struct fleet_identity *identity)
{
    if (atomic_load(&identity->started)) {
        fleet_audit_tick(&identity->audit);
    }
}

void fleet_identity_configure(struct fleet_identity *identity, struct http_server_config *http)
{
    http->identities = identity->identities;
    http->audit = &identity->audit;
    http->devices_address = identity->config->devices_address;
    http->devices_port = (uint16_t)identity->config->devices_port;
    http->devices_certificate_file = identity->certificate;
    http->devices_key_file = identity->key;
    http->devices_trust_file = identity->trust;
}

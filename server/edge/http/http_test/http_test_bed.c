// SPDX-License-Identifier: MIT
#include "http_test_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "password_hash.h"

static void must(bool held, const char *what)
{
    if (!held) {
        (void)fprintf(stderr, "test bed: %s\n", what);
        abort();
    }
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t skipped_ms(struct http_test_bed *bed)
{
    (void)pthread_mutex_lock(&bed->lock);
    const int64_t skipped = bed->skipped_ms;
    (void)pthread_mutex_unlock(&bed->lock);
    return skipped;
}

static int64_t utc_ms(void *ctx)
{
    return clock_ms(CLOCK_REALTIME) + skipped_ms(ctx);
}

static uint64_t monotonic_ms(void *ctx)
{
    return (uint64_t)(clock_ms(CLOCK_MONOTONIC) + skipped_ms(ctx));
}

static void fill_random(void *ctx, uint8_t *out, size_t size)
{
    struct http_test_bed *bed = ctx;
    must(bed->crypto.random(bed->crypto.ctx, out, size) == STATUS_OK, "randomness");
}

static enum status find_account(void *ctx, const char *username, struct account *out)
{
    struct http_test_bed *bed = ctx;
    if (!bed->has_account || strcmp(username, bed->account.username) != 0) {
        return STATUS_MISSING;
    }
    *out = bed->account;
    return STATUS_OK;
}

static enum status put_account(void *ctx, const struct account *account)
{
    struct http_test_bed *bed = ctx;
    bed->account = *account;
    bed->has_account = true;
    return STATUS_OK;
}

static enum status put_session(void *ctx, const struct session_record *session)
{
    (void)ctx;
    (void)session;
    return STATUS_OK;
}

static enum status list_sessions(void *ctx, struct session_record *out, size_t capacity,
                                 size_t *count)
{
    (void)ctx;
    (void)out;
    (void)capacity;
    *count = 0;
    return STATUS_OK;
}

static enum status delete_session(void *ctx, const uint8_t digest[ACCOUNT_DIGEST_SIZE])
{
    (void)ctx;
    (void)digest;
    return STATUS_OK;
}

static enum status delete_sessions_of(void *ctx, const char *username)
{
    (void)ctx;
    (void)username;
    return STATUS_OK;
}

bool bed_store_fails(struct http_test_bed *bed)
{
    (void)pthread_mutex_lock(&bed->lock);
    const bool fails = bed->store_fails;
    (void)pthread_mutex_unlock(&bed->lock);
    return fails;
}

static enum status store_latest(void *ctx, const char *device_id, struct stored_reading *latest)
{
    (void)device_id;
    *latest = bed_reading(1);
    return bed_store_fails(ctx) ? STATUS_IO : STATUS_OK;
}

/// A steady 230 V and 460 W; every third bucket was not measured.
static enum status store_telemetry(void *ctx, const struct telemetry_query *query,
                                   struct telemetry_point *points, size_t *count)
{
    if (bed_store_fails(ctx)) {
        return STATUS_IO;
    }
    *count = (size_t)((query->end_ms - query->start_ms + query->bucket_ms - 1) / query->bucket_ms);
    for (size_t i = 0; i < *count; i++) {
        points[i] =
            (struct telemetry_point){ .start_ms = query->start_ms + (int64_t)i * query->bucket_ms };
        if (i % 3 != 2) {
            points[i].measured_us = query->bucket_ms * 1000;
            points[i].voltage_v = 230.0;
            points[i].current_a = 2.0;
            points[i].active_power_w = 460.0;
            points[i].import_mj = 460 * query->bucket_ms;
        }
    }
    return STATUS_OK;
}

static enum status store_energy(void *ctx, const char *device_id, int64_t start_ms, int64_t end_ms,
                                struct energy_report *report)
{
    (void)device_id;
    *report = (struct energy_report){ .channels = 0x03 };
    report->total.import_mj = end_ms - start_ms;
    report->channel[1].import_mj = 5;
    report->lifetime[1].export_mj = 7;
    return bed_store_fails(ctx) ? STATUS_IO : STATUS_OK;
}

static enum status store_deliveries(void *ctx, const char *device_id,
                                    void (*visit)(void *visit_ctx,
                                                  const struct journal_delivery *delivery),
                                    void *visit_ctx)
{
    const struct seq_range gap = { .first_seq = 11, .last_seq = 20 };
    const struct journal_delivery delivery = {
        .journal_id = { 0xAB }, .watermark = 30, .stored = 20, .gaps = &gap, .gap_count = 1
    };
    (void)device_id;
    if (bed_store_fails(ctx)) {
        return STATUS_IO;
    }
    visit(visit_ctx, &delivery);
    return STATUS_OK;
}

static enum status store_rename(void *ctx, const char *device_id, const char *name)
{
    struct http_test_bed *bed = ctx;
    (void)device_id;
    if (bed_store_fails(bed)) {
        return STATUS_IO;
    }
    (void)snprintf(bed->name, sizeof bed->name, "%s", name);
    return STATUS_OK;
}

/// The device answers from another thread, as the broker's would.
struct answering {
    struct http_test_bed *bed;
    struct command_result result;
};

static void *answer(void *argument)
{
    struct answering *answering = argument;
    struct http_test_bed *bed = answering->bed;
    // The tracker may not have entered the command yet; a real device is never that quick.
    const struct timespec moment = { .tv_nsec = 100000 };
    for (unsigned i = 0; i < 10000; i++) {
        if (command_tracker_finish(bed->fleet.commands, BED_DEVICE, &answering->result) ==
            STATUS_OK) {
            break;
        }
        (void)nanosleep(&moment, NULL);
    }
    free(answering);
    (void)pthread_mutex_lock(&bed->lock);
    bed->answers_under_way--;
    (void)pthread_mutex_unlock(&bed->lock);
    return NULL;
}

/// What a device would tell besides.
static void write_detail(const struct relay_command *command, struct command_result *result)
{
    if (command->action >= COMMAND_ACTION_DEMAND_RESET) {
        (void)snprintf(result->detail, sizeof result->detail, "%s",
                       "{\"maximum_demand_w\":0,\"maximum_demand_ms\":null,\"resets\":1,"
                       "\"reset_ms\":1763690000000,\"reset_by\":\"admin\","
                       "\"previous_demand_w\":1234.5,\"previous_demand_ms\":1763680000000}");
    } else if (command->action >= COMMAND_ACTION_LINEARITY_GATHER) {
        (void)snprintf(result->detail, sizeof result->detail, "%s",
                       "{\"activity\":\"idle\",\"remaining_s\":0,\"swings\":[{\"input\":"
                       "\"current\",\"channel\":2,\"seconds\":60,\"verdict\":\"found\","
                       "\"advice\":\"\",\"from_code\":400,\"to_code\":3700}],\"result\":{"
                       "\"verdict\":\"one_swing\",\"advice\":\"Add another.\"},"
                       "\"in_force\":false,\"last_change\":{\"number\":2,\"who\":\"admin\","
                       "\"utc_s\":null,\"swings\":0,\"largest_codes\":0,"
                       "\"disagreement_codes\":0}}");
    } else if (command->action >= COMMAND_ACTION_CALIBRATE) {
        (void)snprintf(result->detail, sizeof result->detail,
                       "{\"channel\":%u,\"activity\":\"idle\"}", command->metering.channel);
    }
}

static enum status link_send(void *ctx, const char *device_id, const char *cmd_id,
                             const struct relay_command *command, int64_t issued_s,
                             int64_t expires_s)
{
    struct http_test_bed *bed = ctx;
    pthread_t thread;
    (void)device_id;
    (void)issued_s;
    (void)expires_s;

    (void)pthread_mutex_lock(&bed->lock);
    const enum bed_device device = bed->device;
    bed->commands_sent += device != BED_BROKER_IS_AWAY ? 1u : 0u;
    bed->last_command = *command;
    (void)snprintf(bed->last_cmd_id, sizeof bed->last_cmd_id, "%s", cmd_id);
    (void)pthread_mutex_unlock(&bed->lock);
    if (device == BED_BROKER_IS_AWAY) {
        return STATUS_IO;
    }
    if (device == BED_DEVICE_IS_SILENT) {
        return STATUS_OK;
    }
    struct answering *answering = calloc(1, sizeof *answering);
    must(answering != NULL, "memory");
    answering->bed = bed;
    answering->result.outcome =
        device == BED_DEVICE_CONFIRMS ? COMMAND_OUTCOME_DONE : COMMAND_OUTCOME_BUSY;
    answering->result.relay_mask_known = true;
    const unsigned one = command->state ? 1u << command->relay : 0u;
    answering->result.relay_mask =
        (uint8_t)(command->action == COMMAND_ACTION_SET_RELAYS ? command->mask : one);
    write_detail(command, &answering->result);
    (void)snprintf(answering->result.cmd_id, sizeof answering->result.cmd_id, "%s", cmd_id);
    (void)pthread_mutex_lock(&bed->lock);
    bed->answers_under_way++;
    (void)pthread_mutex_unlock(&bed->lock);
    must(pthread_create(&thread, NULL, answer, answering) == 0, "thread");
    (void)pthread_detach(thread);
    return STATUS_OK;
}

static bool is_well(void *ctx, char reason[FLEET_REASON_SIZE])
{
    struct http_test_bed *bed = ctx;
    (void)pthread_mutex_lock(&bed->lock);
    const bool well = bed->well;
    (void)pthread_mutex_unlock(&bed->lock);
    if (!well) {
        (void)snprintf(reason, FLEET_REASON_SIZE, "The disk is full.");
    }
    return well;
}

struct stored_reading bed_reading(uint64_t seq)
{
    struct stored_reading stored = { .device_id = BED_DEVICE,
                                     .journal_id = { 0xAB },
                                     .seq = seq,
                                     .boot_id = 1,
                                     .time_source = ANCHOR_SOURCE_SNTP };
    stored.time_ms = clock_ms(CLOCK_REALTIME);
    stored.reading = (struct reading){ .uptime_ms = seq * 1000,
                                       .window_us = 1000000,
                                       .frequency_mhz = 50000,
                                       .channels = 0xFF,
                                       .connected = 0x01 };
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        stored.reading.channel[i] = (struct reading_channel){ .voltage_10mv = 23012,
                                                              .current_100ua = 20000,
                                                              .active_power_10mw = 46024,
                                                              .apparent_power_10mva = 46024,
                                                              .power_factor_1e4 = 10000,
                                                              .import_mj = (int64_t)seq * 460240,
                                                              .export_mj = 0 };
    }
    return stored;
}

const char *bed_path(const struct http_test_bed *bed, const char *name, char out[128])
{
    (void)snprintf(out, 128, "%s/%s", bed->folder, name);
    return out;
}

static FILE *create(const struct http_test_bed *bed, const char *name)
{
    char path[128];
    FILE *file = fopen(bed_path(bed, name, path), "w");
    must(file != NULL, path);
    (void)chmod(path, 0600);
    return file;
}

/// A key and a certificate that it signs itself, for localhost and 127.0.0.1.
static void make_certificate(const struct http_test_bed *bed)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509V3_CTX v3;
    must(key != NULL && certificate != NULL, "certificate");
    (void)X509_set_version(certificate, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    (void)X509_set_pubkey(certificate, key);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost",
                                     -1, -1, 0);
    (void)X509_set_issuer_name(certificate, name);
    X509V3_set_ctx(&v3, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    must(names != NULL && X509_add_ext(certificate, names, -1) == 1, "names");
    X509_EXTENSION_free(names);
    must(X509_sign(certificate, key, EVP_sha256()) > 0, "signature");

    FILE *file = create(bed, "server.crt");
    must(PEM_write_X509(file, certificate) == 1, "server.crt");
    (void)fclose(file);
    file = create(bed, "server.key");
    must(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1, "server.key");
    (void)fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void make_files(struct http_test_bed *bed)
{
    char path[128];
    (void)snprintf(bed->folder, sizeof bed->folder, "/tmp/http_test_XXXXXX");
    must(mkdtemp(bed->folder) != NULL, "folder");
    make_certificate(bed);
    must(mkdir(bed_path(bed, "www", path), 0700) == 0, "www");
    must(mkdir(bed_path(bed, "www/assets", path), 0700) == 0, "assets");
    FILE *file = create(bed, "www/index.html");
    (void)fputs("<!doctype html><title>Ohmstead</title>", file);
    (void)fclose(file);
    file = create(bed, "www/assets/app-12345678.js");
    (void)fputs("export {};", file);
    (void)fclose(file);
}

static void remove_files(const struct http_test_bed *bed)
{
    static const char *const names[] = { "www/assets/app-12345678.js",
                                         "www/assets",
                                         "www/index.html",
                                         "www",
                                         "server.key",
                                         "server.crt",
                                         "" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        (void)remove(bed_path(bed, names[i], path));
    }
}

static void fill_seams(struct http_test_bed *bed)
{
    bed->host = (struct fleet_host){
        .utc_ms = utc_ms, .monotonic_ms = monotonic_ms, .fill_random = fill_random, .ctx = bed
    };
    bed->store = (struct fleet_store){ .latest = store_latest,
                                       .telemetry = store_telemetry,
                                       .energy = store_energy,
                                       .deliveries = store_deliveries,
                                       .rename_device = store_rename,
                                       .ctx = bed };
    bed_store_fill(&bed->store);
    bed->link = (struct device_link){ .send_command = link_send, .ctx = bed };
    bed->health = (struct fleet_health){ .is_well = is_well, .ctx = bed };
    bed->account_rows = (struct account_store){ .find_account = find_account,
                                                .put_account = put_account,
                                                .put_session = put_session,
                                                .list_sessions = list_sessions,
                                                .delete_session = delete_session,
                                                .delete_sessions_of = delete_sessions_of,
                                                .ctx = bed };
    bed->well = true;
}

static void open_fleet(struct http_test_bed *bed)
{
    const struct device_record record = { .device_id = BED_DEVICE };
    const struct stored_reading reading = bed_reading(1);

    bed->hub = stream_hub_open();
    must(bed->hub != NULL, "hub");
    bed->events = stream_hub_events(bed->hub);
    bed->fleet = (struct fleet){ .host = &bed->host,
                                 .store = &bed->store,
                                 .link = &bed->link,
                                 .counters = &bed->counters,
                                 .health = &bed->health };
    bed->fleet.devices = device_registry_open(&bed->host, &bed->events);
    bed->fleet.commands =
        command_tracker_open(&bed->host, &bed->link, &bed->events, &bed->counters);
    must(bed->fleet.devices != NULL && bed->fleet.commands != NULL, "fleet");
    must(device_registry_restore(bed->fleet.devices, &record, &reading) == STATUS_OK, "device");
    const struct device_record quiet = { .device_id = "quiet" };
    must(device_registry_restore(bed->fleet.devices, &quiet, NULL) == STATUS_OK, "device");
    must(device_registry_seen(bed->fleet.devices, BED_DEVICE) == STATUS_OK, "online");
}

static void open_bed(struct http_test_bed *bed, const struct http_server_config *changes,
                     bool enrols)
{
    const struct password_hash_parameters quick = { .memory_kib = 64, .passes = 1 };
    struct http_server_config config = *changes;
    char reason[HTTP_SERVER_REASON_SIZE] = "";
    char certificate[128];
    char key[128];
    char www[128];

    memset(bed, 0, sizeof *bed);
    (void)pthread_mutex_init(&bed->lock, NULL);
    must(password_hash_open(quick, &bed->crypto) == STATUS_OK, "crypto");
    make_files(bed);
    fill_seams(bed);
    open_fleet(bed);
    must(accounts_open(&bed->accounts, &bed->account_rows, &bed->crypto, utc_ms(bed)) == STATUS_OK,
         "accounts");
    must(accounts_create_administrator(bed->accounts, utc_ms(bed), bed->password) == STATUS_OK,
         "administrator");
    config.certificate_file = bed_path(bed, "server.crt", certificate);
    config.key_file = bed_path(bed, "server.key", key);
    config.dashboard_folder = bed_path(bed, "www", www);
    config.local = true;
    config.version = "test";
    if (enrols) {
        bed->identity = bed_identity_open(bed->folder, &bed->host);
        must(bed->identity != NULL, "identity");
        bed_identity_configure(bed->identity, &config);
    }
    const enum status status =
        http_server_open(&config, &bed->fleet, bed->accounts, bed->hub, &bed->server, reason);
    must(status == STATUS_OK, reason);
}

void bed_open(struct http_test_bed *bed, const struct http_server_config *changes)
{
    open_bed(bed, changes, false);
}

void bed_open_enrolling(struct http_test_bed *bed, const struct http_server_config *changes)
{
    open_bed(bed, changes, true);
}

/// The threads that answer end by themselves, but they use what is about to be freed.
static void await_answers(struct http_test_bed *bed)
{
    const struct timespec moment = { .tv_nsec = 100000 };
    unsigned under_way = 1;
    while (under_way > 0) {
        (void)pthread_mutex_lock(&bed->lock);
        under_way = bed->answers_under_way;
        (void)pthread_mutex_unlock(&bed->lock);
        (void)nanosleep(&moment, NULL);
    }
}

void bed_close(struct http_test_bed *bed)
{
    http_server_close(bed->server);
    await_answers(bed);
    command_tracker_close(bed->fleet.commands);
    device_registry_close(bed->fleet.devices);
    accounts_close(bed->accounts);
    stream_hub_close(bed->hub);
    bed_identity_close(bed->identity);
    password_hash_close(&bed->crypto);
    (void)pthread_mutex_destroy(&bed->lock);
    remove_files(bed);
}

void bed_skip_ms(struct http_test_bed *bed, int64_t ms)
{
    (void)pthread_mutex_lock(&bed->lock);
    bed->skipped_ms += ms;
    (void)pthread_mutex_unlock(&bed->lock);
}

// SPDX-License-Identifier: MIT
#include <esp_app_desc.h>
#include <esp_heap_caps.h>
#include <esp_log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chip_image.h"
#include "meter.h"
#include "self_report.h"

enum {
    US_PER_S = 1000000,
    BROKER_PORT = 8883,
    BROKER_OUTBOX = 12 * 1024, ///< Two batches and what goes beside them.
    BROKER_BUFFER = 2048,
    BROKER_PRIORITY = 2,
    BROKER_STACK = 8192, ///< The TLS handshake runs on it.
};

static const char TAG[] = "link";
static const char SCHEME[] = "mqtts://";

// What the task asks of the device

static void describe(void *ctx, struct system_status_payload *status)
{
    struct meter *meter = ctx;
    bool *running[METER_TASK_COUNT] = {
        [METER_BUTTON] = &status->button_running,
        [METER_SAMPLING] = &status->sampling_running,
        [METER_PROCESSING] = &status->processing_running,
        [METER_COMMUNICATION] = &status->communication_running,
    };

    // A task runs if it has taken a step since it was last described.
    for (unsigned i = 0; i < METER_TASK_COUNT; i++) {
        const uint32_t beats = atomic_load_explicit(&meter->beats[i], memory_order_relaxed);
        *running[i] = beats != meter->described_beats[i] || i == METER_COMMUNICATION;
        meter->described_beats[i] = beats;
    }
    status->free_memory = heap_caps_get_free_size(MALLOC_CAP_INTERNAL);
    status->least_free_memory = heap_caps_get_minimum_free_size(MALLOC_CAP_INTERNAL);
    status->provisioning = atomic_load(&meter->setup.is_open);
}

static enum status_led_pattern choose_pattern(void *ctx, bool online)
{
    const struct meter *meter = ctx;
    (void)online; // The provisioner knows, and more.
    return meter_setup_pattern(&meter->setup);
}

static void go_online(struct meter *meter)
{
    ESP_LOGI(TAG, "connected to %s", meter->broker_host);
    meter_setup_tell(&meter->setup, true);
    if (!meter->is_proven && chip_image_confirm() == STATUS_OK) {
        meter->is_proven = true;
    }
}

static void notice(void *ctx, enum communication_notice kind, const char *text)
{
    struct meter *meter = ctx;

    switch (kind) {
    case COMMUNICATION_ONLINE:
        go_online(meter);
        break;
    case COMMUNICATION_OFFLINE:
        ESP_LOGW(TAG, "no session with %s: %s", meter->broker_host, text);
        meter_setup_tell(&meter->setup, false);
        break;
    case COMMUNICATION_BAD_MESSAGE:
    case COMMUNICATION_BAD_ACK:
        ESP_LOGW(TAG, "ignored: %s", text);
        break;
    case COMMUNICATION_STORAGE:
        ESP_LOGE(TAG, "journal: %s", text);
        break;
    }
}

// The report on itself

static enum status report(void *ctx, const uint8_t nonce[ATTESTER_NONCE_SIZE], uint8_t *message,
                          size_t *size)
{
    const struct meter *meter = ctx;
    const struct tamper_view tamper = button_task_tamper(&meter->button);
    struct attestation facts = meter->facts;
    enum keystore_slot slot = KEYSTORE_IDENTITY_A;
    int64_t utc_ms = 0;
    uint32_t uncertainty_ms = 0;

    facts.uptime_s = meter->clock.uptime_us(meter->clock.ctx) / US_PER_S;
    if (meter->clock.utc_ms(meter->clock.ctx, &utc_ms, &uncertainty_ms) && utc_ms > 0) {
        facts.time_s = utc_ms / 1000;
    }
    facts.tampered = tamper.latched;
    facts.tamper_count = tamper.count;
    return meter_setup_slot(&meter->setup, &slot)
               ? self_report_sign(&facts, meter->setup.keystore, slot, &meter->crypto, nonce,
                                  message, size)
               : STATUS_MISSING;
}

static enum status take_measure(struct meter *meter)
{
    struct attestation *facts = &meter->facts;
    const struct entropy *entropy = &meter->entropy;
    const bool is_verified = chip_image_is_verified();

    *facts = (struct attestation){
        .boot_count = meter->boot_id,
        .debug = is_verified ? ATTESTATION_DEBUG_DISABLED : ATTESTATION_DEBUG_ENABLED,
        .level = is_verified ? ATTESTATION_VERIFIED_BOOT : ATTESTATION_SOFTWARE,
        .hardware = CONFIG_IDF_TARGET,
        .software = "ohm-device",
    };
    (void)snprintf(facts->version, sizeof facts->version, "%s", esp_app_get_description()->version);
    (void)snprintf(facts->keystore, sizeof facts->keystore, "%s", meter_setup_keystore_kind());
    meter->attester = (struct attester){ .report = report, .ctx = meter };
    const enum status status =
        entropy->fill(entropy->ctx, facts->boot_seed, sizeof facts->boot_seed);
    return status == STATUS_OK ? chip_image_digest(facts->image_digest) : status;
}

// Building it

/// Reads "mqtts://HOST:PORT" or "mqtts://HOST".
static enum status read_broker(struct meter *meter, uint16_t *port)
{
    const char *host = CONFIG_OHM_BROKER_URL + sizeof SCHEME - 1;
    const char *colon = NULL;
    char *end = NULL;

    if (strncmp(CONFIG_OHM_BROKER_URL, SCHEME, sizeof SCHEME - 1) != 0) {
        ESP_LOGE(TAG, "the broker must be mqtts://HOST:PORT, not %s", CONFIG_OHM_BROKER_URL);
        return STATUS_INVALID;
    }
    colon = strrchr(host, ':');
    const size_t length = colon != NULL ? (size_t)(colon - host) : strlen(host);
    const long number = colon != NULL ? strtol(colon + 1, &end, 10) : BROKER_PORT;
    if (length == 0 || length >= sizeof meter->broker_host || number < 1 || number > UINT16_MAX ||
        (end != NULL && *end != '\0')) {
        ESP_LOGE(TAG, "the broker must be mqtts://HOST:PORT, not %s", CONFIG_OHM_BROKER_URL);
        return STATUS_INVALID;
    }
    memcpy(meter->broker_host, host, length);
    meter->broker_host[length] = '\0';
    *port = (uint16_t)number;
    return STATUS_OK;
}

static enum status open_session(struct meter *meter)
{
    struct broker_session_options options = {
        .host = meter->broker_host,
        .client_id = meter->settings.device_id,
        .keepalive_s = (uint16_t)meter->settings.keepalive_s,
        .outbox_size = BROKER_OUTBOX,
        .buffer_size = BROKER_BUFFER,
        .task_priority = BROKER_PRIORITY,
        .task_stack = BROKER_STACK,
        .identity = meter_setup_identity,
        .ctx = &meter->setup,
    };
    const enum status status = read_broker(meter, &options.port);

    if (status == STATUS_OK) {
        broker_session_open(&meter->session, &options);
        meter->session_seam = broker_session_seam(&meter->session);
    }
    return status;
}

enum status meter_link_open(struct meter *meter)
{
    enum status status = take_measure(meter);
    if (status == STATUS_OK) {
        status = meter_setup_open(&meter->setup, &meter->attester);
    }
    if (status == STATUS_OK) {
        status = open_session(meter);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct communication_parts parts = {
        .settings = &meter->settings,
        .clock = &meter->clock,
        .entropy = &meter->entropy,
        .session = &meter->session_seam,
        .journal_lock = &meter->journal_lock,
        .journal = &meter->journal,
        .mailbox = &meter->mailbox,
        .metering = meter->metering != NULL ? &meter->metering_requests : NULL,
        .button = &meter->button,
        .crypto = &meter->crypto,
        .command_key =
            settings_command_key(&meter->settings, meter->command_key) ? meter->command_key : NULL,
        .attester = &meter->attester,
        .version = meter->facts.version,
        .boot_id = meter->boot_id,
        .describe = describe,
        .pattern = choose_pattern,
        .notice = notice,
        .ctx = meter,
    };
    meter->communication = calloc(1, sizeof *meter->communication);
    return meter->communication == NULL ? STATUS_FULL
                                        : communication_task_init(meter->communication, &parts);
}

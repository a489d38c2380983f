// SPDX-License-Identifier: MIT
#include "device_link.h"

#include <stdatomic.h>
#include <sys/sysinfo.h>

#include "version.h"

// What the communication task asks of the device

static void describe(void *ctx, struct system_status_payload *status)
{
    struct device *device = ctx;
    bool *running[DEVICE_TASK_COUNT] = {
        [DEVICE_BUTTON] = &status->button_running,
        [DEVICE_SAMPLING] = &status->sampling_running,
        [DEVICE_PROCESSING] = &status->processing_running,
        [DEVICE_COMMUNICATION] = &status->communication_running,
    };
    struct sysinfo memory;

    // A task runs if it has taken a step since it was last described.
    for (unsigned i = 0; i < DEVICE_TASK_COUNT; i++) {
        const uint32_t beats = atomic_load_explicit(&device->beats[i], memory_order_relaxed);
        *running[i] = beats != device->described_beats[i] || i == DEVICE_COMMUNICATION;
        device->described_beats[i] = beats;
    }
    if (sysinfo(&memory) == 0) {
        status->free_memory = (uint64_t)memory.freeram * memory.mem_unit;
        if (device->least_free_memory == 0 || status->free_memory < device->least_free_memory) {
            device->least_free_memory = status->free_memory;
        }
        status->least_free_memory = device->least_free_memory;
    }
    status->provisioning = device->provisioning.is_on
                               ? atomic_load(&device->provisioning.is_open)
                               : atomic_load(&device->provisioning_end_us) > status->uptime_us;
}

static enum status_led_pattern choose_pattern(void *ctx, bool online)
{
    struct device *device = ctx;

    if (device->provisioning.is_on) {
        return device_provisioning_pattern(&device->provisioning);
    }
    if (atomic_load(&device->provisioning_end_us) > device->clock.uptime_us(device->clock.ctx)) {
        return STATUS_LED_PROVISIONING;
    }
    // The host's network is taken to be up: it is not this program's to judge.
    return online ? STATUS_LED_CONNECTED : STATUS_LED_NETWORK;
}

static void notice(void *ctx, enum communication_notice kind, const char *text)
{
    struct device *device = ctx;
    const struct options *options = device->options;

    if (device->provisioning.is_on &&
        (kind == COMMUNICATION_ONLINE || kind == COMMUNICATION_OFFLINE)) {
        device_provisioning_tell(&device->provisioning, kind == COMMUNICATION_ONLINE);
    }
    switch (kind) {
    case COMMUNICATION_ONLINE:
        device->limits[LIMIT_OFFLINE] = (struct host_log_limit){ .last_s = 0 };
        host_log_say(&device->log, HOST_LOG_INFO, "connected to %s:%u", options->broker_host,
                     options->broker_port);
        break;
    case COMMUNICATION_OFFLINE:
        host_log_say_seldom(&device->log, &device->limits[LIMIT_OFFLINE], HOST_LOG_WARNING,
                            "no session with %s:%u: %s; readings wait in the journal",
                            options->broker_host, options->broker_port, text);
        break;
    case COMMUNICATION_BAD_MESSAGE:
    case COMMUNICATION_BAD_ACK:
        atomic_fetch_add(kind == COMMUNICATION_BAD_ACK ? &device->bad_acks : &device->bad_messages,
                         1);
        host_log_say_seldom(&device->log, &device->limits[LIMIT_MESSAGE], HOST_LOG_WARNING,
                            "ignored: %s", text);
        break;
    case COMMUNICATION_STORAGE:
        host_log_say_seldom(&device->log, &device->limits[LIMIT_MESSAGE], HOST_LOG_ERROR,
                            "journal in %s: %s (%s)", options->data_dir, text,
                            device_storage_fault(&device->storage));
        break;
    }
}

// Building

enum status device_link_open(struct device *device)
{
    const struct options *options = device->options;
    const struct mosquitto_session_options session = {
        .host = options->broker_host,
        .port = (uint16_t)options->broker_port,
        .client_id = device->settings.device_id,
        .keepalive_s = (uint16_t)device->settings.keepalive_s,
        .ca = options->ca,
        .cert = options->cert,
        .key = options->key,
        .open_tls = options->provisioning ? device_provisioning_open_tls : NULL,
        .tls_ctx = &device->provisioning,
    };
    if (mosquitto_session_open(&session, &device->session) != STATUS_OK) {
        return STATUS_IO;
    }
    device->session_seam = mosquitto_session_seam(device->session);
    const struct communication_parts parts = {
        .settings = &device->settings,
        .clock = &device->clock,
        .entropy = &device->entropy,
        .session = &device->session_seam,
        .journal_lock = &device->journal_lock,
        .journal = &device->storage.journal,
        .mailbox = &device->fleet_mailbox,
        .metering = &device->metering_requests,
        .button = &device->button,
        .crypto = &device->crypto,
        .command_key = settings_command_key(&device->settings, device->command_key)
                           ? device->command_key
                           : NULL,
        .attester = device->attester,
        .version = OHM_VERSION,
        .boot_id = device->storage.boot_id,
        .describe = describe,
        .pattern = choose_pattern,
        .notice = notice,
        .ctx = device,
    };
    return communication_task_init(&device->communication, &parts) == STATUS_OK ? STATUS_OK
                                                                                : STATUS_INVALID;
}

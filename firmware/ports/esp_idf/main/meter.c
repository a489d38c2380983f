// SPDX-License-Identifier: MIT
#include "meter.h"

#include <esp_log.h>
#include <sdkconfig.h>
#include <stdlib.h>

#include "bytes.h"
#include "chip_entropy.h"
#include "chip_power.h"
#include "chip_restart.h"
#include "rtc_memory.h"
#include "time_server.h"

enum {
    CAPTURE_SLOTS = 1, ///< Every second window: memory is short.
    LOOK_MS = 10,
    GIVE_UP_MS = 10000, ///< Between a start that failed and the next.
    LOWEST_MHZ = 80,    ///< Below it the radio cannot work.
};

#if CONFIG_OHM_MAINS_60_HZ
static const double NOMINAL_HZ = 60.0;
#else
static const double NOMINAL_HZ = 50.0;
#endif

#if CONFIG_OHM_PROFILE_INVERTER_GATEWAY
enum { MEASURES = false };
#else
enum { MEASURES = true };
#endif

static const char TAG[] = "ohm";
static const char BOOT_KEY[] = "boot_id";

// What the metering asks of the device

/// Keeps a record for good.
static enum status commit_record(void *ctx, const struct record *record)
{
    struct meter *meter = ctx;
    uint64_t seq = 0;

    meter->journal_lock.acquire(meter->journal_lock.ctx);
    const enum status status = journal_append(&meter->journal, meter->boot_id, record, &seq);
    meter->journal_lock.release(meter->journal_lock.ctx);
    if (status == STATUS_OK) {
        broker_session_wake(&meter->session);
    }
    return status;
}

static enum status commit(void *ctx, const struct reading *reading)
{
    const struct record record = { .kind = RECORD_KIND_READING, .reading = *reading };
    return commit_record(ctx, &record);
}

// Storage

static enum status count_boot(struct meter *meter)
{
    const struct key_value *values = nvs_values_seam(&meter->values);
    uint8_t bytes[sizeof(uint32_t)] = { 0 };
    size_t size = 0;

    const enum status status = values->get(values->ctx, BOOT_KEY, bytes, sizeof bytes, &size);
    if (status == STATUS_IO) {
        return status;
    }
    meter->boot_id = 1 + (status == STATUS_OK && size == sizeof bytes ? bytes_load_le32(bytes) : 0);
    bytes_store_le32(bytes, meter->boot_id);
    return values->set(values->ctx, BOOT_KEY, bytes, sizeof bytes);
}

static enum status open_storage(struct meter *meter)
{
    enum status status = nvs_values_open(&meter->values);
    if (status == STATUS_CORRUPT) {
        ESP_LOGE(TAG,
                 "what NVS holds cannot be read: flashed with another key, or damaged. To begin "
                 "anew, and lose the device's identity: idf.py erase-flash");
    }
    if (status == STATUS_OK) {
        status = count_boot(meter);
    }
    if (status == STATUS_OK) {
        status = partition_flash_open(&meter->journal_flash, "journal");
    }
    if (status == STATUS_OK) {
        status = journal_open(&meter->journal, &meter->journal_flash.region, &meter->entropy);
    }
    return status;
}

static void open_window(void *ctx)
{
    struct meter *meter = ctx;
    atomic_store(&meter->setup.window_wanted, true);
}

static void tell(void *ctx, enum caretaker_notice notice, const char *text, uint32_t count)
{
    (void)ctx;
    switch (notice) {
    case CARETAKER_RESETTING:
        ESP_LOGW(TAG, "factory reset, as the button asked");
        break;
    case CARETAKER_RELAYS_DAMAGED:
        ESP_LOGW(TAG, "the kept relay states are damaged; every relay stays open");
        break;
    case CARETAKER_RELAYS_UNKEPT:
        ESP_LOGE(TAG, "the relay states cannot be stored");
        break;
    case CARETAKER_CASE_UNREADABLE:
        ESP_LOGE(TAG, "what was kept about the case is unreadable (%s); it counts as opened", text);
        break;
    case CARETAKER_CASE_WAS_OPENED:
    case CARETAKER_CASE_OPENED:
        ESP_LOGW(TAG, "the case was opened (%u times so far); every relay is open",
                 (unsigned)count);
        break;
    case CARETAKER_CASE_CLEARED:
        ESP_LOGW(TAG, "the opened case (%u times so far) was cleared", (unsigned)count);
        break;
    case CARETAKER_CASE_UNKEPT:
        ESP_LOGE(TAG, "what the switch of the case says cannot be stored");
        break;
    case CARETAKER_ACTION:
        ESP_LOGW(TAG, "the button asks for %s", text);
        break;
    case CARETAKER_FAILED:
        ESP_LOGE(TAG, "that failed: %s", text);
        break;
    }
}

static enum status open_keys(struct meter *meter)
{
    const struct meter_setup_parts parts = { .settings = &meter->settings,
                                             .crypto = &meter->crypto,
                                             .clock = &meter->clock,
                                             .entropy = &meter->entropy,
                                             .values = nvs_values_seam(&meter->values) };
    return meter_setup_open_keys(&meter->setup, &parts);
}

static enum status take_care(struct meter *meter)
{
    const struct caretaker_parts parts = {
        .settings = &meter->settings,
        .button = &meter->button,
        .retained = rtc_memory(),
        .values = nvs_values_seam(&meter->values),
        .journal = &meter->journal,
        .journal_lock = &meter->journal_lock,
        .keystore = meter->setup.keystore,
        .open_window = open_window,
        .want_restart = meter_want_restart,
        .notice = tell,
        .ctx = meter,
    };
    return caretaker_boot(&meter->caretaker, &parts);
}

// Metering

/// Starts the sampling task, which opens the source.
static enum status start_sampling(struct meter *meter)
{
    const enum status status = meter_task_start(meter, METER_SAMPLING);
    if (status != STATUS_OK) {
        return status;
    }
    while (atomic_load(&meter->source_state) == METER_SOURCE_OPENING) {
        rtos_task_sleep_ms(LOOK_MS);
    }
    return atomic_load(&meter->source_state) == METER_SOURCE_OPEN ? STATUS_OK : STATUS_IO;
}

static enum status open_metering(struct meter *meter)
{
    struct reading latest;
    const char *fault = "no memory";
    enum status status = start_sampling(meter);
    if (status != STATUS_OK) {
        return status;
    }
    const size_t capture_size =
        metering_engine_capture_size(&meter->source.adc, WAVEFORM_ROTATION, CAPTURE_SLOTS);
    const bool has_latest = journal_latest_reading(&meter->journal, &latest) == STATUS_OK;
    meter->readings = (struct reading_sink){ .commit = commit, .ctx = meter };
    meter->records = (struct record_sink){ .commit = commit_record, .ctx = meter };
    metering_mailbox_init(&meter->metering_requests);
    struct metering_engine *metering = calloc(1, sizeof *metering);
    const struct metering_engine_parts parts = {
        .settings = &meter->settings,
        .adc = &meter->source.adc,
        .wiring = &meter->source.wiring,
        .clock = &meter->clock,
        .values = nvs_values_seam(&meter->values),
        .requests = &meter->metering_requests,
        .readings = &meter->readings,
        .records = &meter->records,
        .latest = has_latest ? &latest : NULL,
        .nominal_hz = NOMINAL_HZ,
        .harmonics = WAVEFORM_ROTATION,
        .capture_slots = CAPTURE_SLOTS,
        .capture = calloc(capture_size / sizeof(uint64_t) + 1, sizeof(uint64_t)),
        .capture_size = capture_size,
    };
    status = metering == NULL || parts.capture == NULL
                 ? STATUS_FULL
                 : metering_engine_open(metering, &parts, &fault);
    if (status != STATUS_OK) {
        ESP_LOGE(TAG, "metering: %s", fault);
        return status;
    }
    if (metering->calibration_damaged || metering->linearity_damaged) {
        ESP_LOGE(TAG,
                 "the kept calibration is damaged; what cannot be read counts as not calibrated");
    }
    meter->metering = metering;
    return STATUS_OK;
}

// Starting

static enum status begin(struct meter *meter)
{
    chip_clock_init(&meter->chip_clock);
    meter->clock = chip_clock_seam(&meter->chip_clock);
    meter->entropy = chip_entropy();
    meter->journal_lock = rtos_lock_init(&meter->journal_mutex);
    if (gpio_line_open_interrupts() != STATUS_OK) {
        return STATUS_IO;
    }
    return meter_settings_read(&meter->settings);
}

static enum status open_crypto(struct meter *meter)
{
    return chip_entropy_open(&meter->crypto);
}

static enum status measure(struct meter *meter)
{
    return MEASURES ? open_metering(meter) : STATUS_OK;
}

static enum status start_tasks(struct meter *meter)
{
    atomic_store(&meter->is_built, true);
    enum status status = meter_task_start(meter, METER_PROCESSING);
    if (status == STATUS_OK) {
        status = meter_task_start(meter, METER_COMMUNICATION);
    }
    return status;
}

static void tell_time(void *ctx, int64_t utc_ms, uint32_t uncertainty_ms)
{
    chip_clock_tell(ctx, utc_ms, uncertainty_ms);
}

static enum status start_time(struct meter *meter)
{
    const enum status power =
        chip_power_save(CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ, LOWEST_MHZ, !MEASURES);
    if (power != STATUS_OK && power != STATUS_MISSING) {
        ESP_LOGW(TAG, "the clock stays at its highest: %s", status_name(power));
    }
    return time_server_start(CONFIG_OHM_SNTP_SERVER, tell_time, &meter->chip_clock);
}

void meter_run(struct meter *meter)
{
    // The button first: relays open and the button works, whatever fails behind it.
    static const struct {
        const char *name;
        enum status (*run)(struct meter *meter);
    } steps[] = {
        { "settings", begin },
        { "board", meter_board_start },
        { "random numbers", open_crypto },
        { "storage", open_storage },
        { "keys", open_keys },
        { "last restart", take_care },
        { "metering", measure },
        { "network", meter_link_open },
        { "time", start_time },
        { "tasks", start_tasks },
    };
    enum status status = STATUS_OK;

    for (unsigned i = 0; i < sizeof steps / sizeof steps[0] && status == STATUS_OK; i++) {
        status = steps[i].run(meter);
        if (status != STATUS_OK) {
            ESP_LOGE(TAG, "%s: %s; the device starts again", steps[i].name, status_name(status));
        }
    }
    if (status != STATUS_OK) {
        const struct restart restart = chip_restart();
        rtos_task_sleep_ms(GIVE_UP_MS);
        restart.now(restart.ctx);
    }
    ESP_LOGI(TAG, "%s, boot %u", meter->settings.device_id, (unsigned)meter->boot_id);
}

// SPDX-License-Identifier: MIT
#include "settings.h"

#include "base64url.h"

enum { HOUR_MS = 3600000 };

struct entry {
    struct settings_rule rule;
    size_t offset;
    bool (*is_good)(const char *text); ///< Besides the range; NULL: nothing else.
};

#define NUMBER(field, meaning, low, high, initial)                                                 \
    {                                                                                              \
        { #field, meaning, false, low, high, initial, NULL }, offsetof(struct settings, field),    \
            NULL                                                                                   \
    }
#define CHOICE(field, meaning, low, high, initial, is_good)                                        \
    {                                                                                              \
        { #field, meaning, false, low, high, initial, NULL }, offsetof(struct settings, field),    \
            is_good                                                                                \
    }
#define TEXT(field, meaning, low, high, initial, is_good)                                          \
    {                                                                                              \
        { #field, meaning, true, low, high, 0, initial }, offsetof(struct settings, field),        \
            is_good                                                                                \
    }

static bool is_device_id(const char *text)
{
    for (; *text != '\0'; text++) {
        const bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
        const bool digit = *text >= '0' && *text <= '9';
        if (!letter && !digit && *text != '-' && *text != '_') {
            return false;
        }
    }
    return true;
}

static bool is_time_zone(const char *text)
{
    struct time_zone zone;
    return time_zone_parse(&zone, text, NULL) == STATUS_OK;
}

/// An uncompressed point: the rest of it is whoever's who uses it.
static bool read_public_key(const char *text, uint8_t key[CRYPTO_P256_PUBLIC_SIZE])
{
    size_t length = 0;
    size_t size = 0;
    while (text[length] != '\0') {
        length++;
    }
    return base64url_decode(text, length, key, CRYPTO_P256_PUBLIC_SIZE, &size) == STATUS_OK &&
           size == CRYPTO_P256_PUBLIC_SIZE && key[0] == 4;
}

/// Nothing, or such a key.
static bool is_public_key(const char *text)
{
    uint8_t key[CRYPTO_P256_PUBLIC_SIZE];
    return text[0] == '\0' || read_public_key(text, key);
}

static bool is_tariff(const char *text)
{
    struct tariff tariff;
    struct tariff_fault fault;
    return tariff_parse(&tariff, text, &fault) == STATUS_OK;
}

static bool same(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return *left == *right;
}

static bool is_block(const char *text)
{
    return same(text, "15") || same(text, "30") || same(text, "60");
}

static const struct entry table[] = {
    TEXT(device_id, "name of the device, as in its certificate", 1, SETTINGS_DEVICE_ID_SIZE, "",
         is_device_id),
    TEXT(root_topic, "root of the topics", 1, SETTINGS_ROOT_SIZE, "energy_meter/{device_id}", NULL),
    NUMBER(reading_ms, "length of a reading", 100, 59000, 1000),
    NUMBER(upload_ms, "time between uploads", 100, HOUR_MS, 1000),
    NUMBER(resend_ms, "wait for an acknowledgement", 1000, 600000, 5000),
    NUMBER(batch_records, "most records in a batch", 1, 64, 64),
    NUMBER(data_ms, "cadence of data, 0 for none", 0, HOUR_MS, 0),
    NUMBER(realtime_ms, "cadence of realtime, 0 for only while watched", 0, HOUR_MS, 0),
    NUMBER(relay_status_ms, "cadence of relay_status besides changes", 100, HOUR_MS, 60000),
    NUMBER(system_status_ms, "cadence of system_status", 1000, HOUR_MS, 30000),
    NUMBER(keepalive_s, "keep-alive of the MQTT session", 5, 3600, 30),
    NUMBER(reconnect_ms, "first wait before connecting again", 100, 60000, 1000),
    NUMBER(reconnect_limit_ms, "longest wait before connecting again", 1000, HOUR_MS, 30000),
    TEXT(command_key, "public key that signs the fleet's orders, in base64url", 0,
         SETTINGS_KEY_SIZE, "", is_public_key),
    NUMBER(require_signed_commands, "1: obeys only what command_key has signed", 0, 1, 0),
    TEXT(time_zone, "POSIX time zone, such as CET-1CEST,M3.5.0,M10.5.0/3", 1, TIME_ZONE_TEXT_SIZE,
         "UTC0", is_time_zone),
    TEXT(tariff, "rules of the tariff rates, see docs/metering.md", 0, TARIFF_TEXT_SIZE, "",
         is_tariff),
    NUMBER(spectrum_ms, "length of a recorded spectrum, 0 for none", 0, HOUR_MS, 60000),
    NUMBER(declared_v, "voltage that dips and swells are shares of, 0 learns it", 0, 1000, 0),
    NUMBER(snapshots_per_hour, "most waveforms of events in an hour", 0, 60, 6),
    NUMBER(creep_va, "apparent power below which a channel does not count, 0 for none", 0, 1000, 2),
    NUMBER(total_channels, "channels of the meter's total, bit 0 for channel 0", 0, 255, 255),
    CHOICE(demand_min, "length of a block of demand in minutes: 15, 30 or 60", 15, 60, 15,
           is_block),
    NUMBER(demand_sub_min, "minutes by which demand slides, a divisor of demand_min; 0 for not", 0,
           5, 0),
    NUMBER(dwell_ms, "shortest time between two changes of a relay", 0, 60000, 500),
    NUMBER(relays, "relays that the device has", 1, 8, 8),
    NUMBER(channels, "channels that the device measures at most", 1, 8, 8),
    NUMBER(restore_relays, "1: relays are as before after a power cut, 0: all open", 0, 1, 1),
    NUMBER(tamper_switch, "1: the case has a switch that notices when it is opened", 0, 1, 0),
};

enum { ENTRY_COUNT = sizeof table / sizeof table[0] };

static const struct entry *find(const char *name)
{
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (same(table[i].rule.name, name)) {
            return &table[i];
        }
    }
    return NULL;
}

static enum status set_text(char *field, const struct settings_rule *rule, const char *text)
{
    size_t size = 0;
    while (text[size] != '\0') {
        size++;
    }
    if (size < rule->low || size > rule->high) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i <= size; i++) {
        field[i] = text[i];
    }
    return STATUS_OK;
}

static enum status set_number(uint32_t *field, const struct settings_rule *rule, const char *text)
{
    uint64_t value = 0;

    if (*text == '\0') {
        return STATUS_INVALID;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return STATUS_INVALID;
        }
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > rule->high) {
            return STATUS_INVALID;
        }
    }
    if (value < rule->low) {
        return STATUS_INVALID;
    }
    *field = (uint32_t)value;
    return STATUS_OK;
}

void settings_init(struct settings *settings)
{
    *settings = (struct settings){ .device_id = "" };
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        char *field = (char *)settings + table[i].offset;
        if (!table[i].rule.is_text) {
            *(uint32_t *)(void *)field = table[i].rule.initial;
            continue;
        }
        for (const char *from = table[i].rule.initial_text; *from != '\0'; from++) {
            *field++ = *from;
        }
    }
}

enum status settings_set(struct settings *settings, const char *name, const char *text)
{
    const struct entry *entry = find(name);

    if (entry == NULL) {
        return STATUS_MISSING;
    }
    char *field = (char *)settings + entry->offset;
    if (entry->is_good != NULL && !entry->is_good(text)) {
        return STATUS_INVALID;
    }
    if (!entry->rule.is_text) {
        return set_number((uint32_t *)(void *)field, &entry->rule, text);
    }
    return set_text(field, &entry->rule, text);
}

void settings_use_seed_profile(struct settings *settings)
{
    settings->data_ms = 7000;
    settings->realtime_ms = 1000;
    settings->relay_status_ms = 1000;
    settings->system_status_ms = 30000;
}

void settings_use_plug_profile(struct settings *settings)
{
    settings->relays = 1;
    settings->channels = 1;
    settings->restore_relays = 0;
}

const struct settings_rule *settings_rule_at(size_t index)
{
    return index < ENTRY_COUNT ? &table[index].rule : NULL;
}

const struct settings_rule *settings_rule(const char *name)
{
    const struct entry *entry = find(name);
    return entry != NULL ? &entry->rule : NULL;
}

bool settings_command_key(const struct settings *settings, uint8_t key[CRYPTO_P256_PUBLIC_SIZE])
{
    return read_public_key(settings->command_key, key);
}

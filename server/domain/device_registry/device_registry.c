// SPDX-License-Identifier: MIT
#include "device_registry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/// One device. Entries are allocated one by one and never move, so the sorted list can point at
/// them.
struct entry {
    struct device_view view;
    uint64_t heard_ms; ///< Monotonic time of the last message.
    bool was_asked;    ///< For its relays, at the time below.
    uint64_t asked_ms;
    bool has_reading;
    struct stored_reading latest;
};

struct device_registry {
    const struct fleet_host *host;
    const struct fleet_events *events;
    pthread_mutex_t mutex;
    struct entry **sorted; ///< By device_id.
    size_t count;
    size_t capacity;
};

struct device_registry *device_registry_open(const struct fleet_host *host,
                                             const struct fleet_events *events)
{
    struct device_registry *registry = calloc(1, sizeof *registry);
    if (registry == NULL) {
        return NULL;
    }
    registry->host = host;
    registry->events = events;
    if (pthread_mutex_init(&registry->mutex, NULL) != 0) {
        free(registry);
        return NULL;
    }
    return registry;
}

void device_registry_close(struct device_registry *registry)
{
    if (registry == NULL) {
        return;
    }
    for (size_t i = 0; i < registry->count; i++) {
        free(registry->sorted[i]);
    }
    free(registry->sorted);
    (void)pthread_mutex_destroy(&registry->mutex);
    free(registry);
}

/// Finds where `device_id` is, or where it would have to be.
static size_t position(const struct device_registry *registry, const char *device_id, bool *found)
{
    size_t low = 0;
    size_t high = registry->count;
    *found = false;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(registry->sorted[middle]->view.device_id, device_id);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct entry *look_up(const struct device_registry *registry, const char *device_id)
{
    bool found = false;
    const size_t at = position(registry, device_id, &found);
    return found ? registry->sorted[at] : NULL;
}

static bool make_room(struct device_registry *registry)
{
    if (registry->count < registry->capacity) {
        return true;
    }
    const size_t capacity = registry->capacity == 0 ? 16 : registry->capacity * 2;
    struct entry **sorted = realloc(registry->sorted, capacity * sizeof *sorted);
    if (sorted == NULL) {
        return false;
    }
    registry->sorted = sorted;
    registry->capacity = capacity;
    return true;
}

static struct entry *look_up_or_add(struct device_registry *registry, const char *device_id)
{
    bool found = false;
    const size_t at = position(registry, device_id, &found);
    if (found) {
        return registry->sorted[at];
    }
    if (registry->count >= DEVICE_REGISTRY_LIMIT || !make_room(registry)) {
        return NULL;
    }
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL || !device_id_parse(device_id, strlen(device_id), entry->view.device_id)) {
        free(entry);
        return NULL;
    }
    memmove(&registry->sorted[at + 1], &registry->sorted[at],
            (registry->count - at) * sizeof(struct entry *));
    registry->sorted[at] = entry;
    registry->count++;
    return entry;
}

/// Notes a sign of life. @return true when the device was offline before.
static bool note_alive(const struct device_registry *registry, struct entry *entry)
{
    const bool came = !entry->view.online;
    entry->view.online = true;
    entry->view.last_seen_ms = registry->host->utc_ms(registry->host->ctx);
    entry->heard_ms = registry->host->monotonic_ms(registry->host->ctx);
    return came;
}

/// Events are told after the mutex is released, from a copy.
static void tell_device(const struct device_registry *registry, bool changed,
                        const struct device_view *view)
{
    if (changed) {
        registry->events->device(registry->events->ctx, view);
    }
}

enum status device_registry_find(struct device_registry *registry, const char *device_id,
                                 struct device_view *view)
{
    (void)pthread_mutex_lock(&registry->mutex);
    const struct entry *entry = look_up(registry, device_id);
    if (entry != NULL) {
        *view = entry->view;
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    return entry != NULL ? STATUS_OK : STATUS_MISSING;
}

void device_registry_list(struct device_registry *registry, size_t skip, struct device_view *views,
                          size_t capacity, size_t *count, size_t *total)
{
    (void)pthread_mutex_lock(&registry->mutex);
    *count = 0;
    *total = registry->count;
    for (size_t i = skip; i < registry->count && *count < capacity; i++) {
        views[(*count)++] = registry->sorted[i]->view;
    }
    (void)pthread_mutex_unlock(&registry->mutex);
}

enum status device_registry_latest(struct device_registry *registry, const char *device_id,
                                   struct stored_reading *latest)
{
    (void)pthread_mutex_lock(&registry->mutex);
    const struct entry *entry = look_up(registry, device_id);
    const bool found = entry != NULL && entry->has_reading;
    if (found) {
        *latest = entry->latest;
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    return found ? STATUS_OK : STATUS_MISSING;
}

static void note_reading(struct entry *entry, const struct stored_reading *reading)
{
    int64_t active_power_10mw = 0;
    uint32_t voltage_10mv = 0;
    unsigned quality = reading->reading.quality;
    for (int i = READING_CHANNEL_COUNT - 1; i >= 0; i--) {
        if ((reading->reading.channels >> i & 1u) != 0) {
            active_power_10mw += reading->reading.channel[i].active_power_10mw;
            voltage_10mv = reading->reading.channel[i].voltage_10mv;
            quality |= reading->reading.channel[i].quality;
        }
    }
    entry->latest = *reading;
    entry->has_reading = true;
    entry->view.last_reading_ms = reading->time_ms;
    entry->view.electrical_known = true;
    entry->view.active_power_w = (double)active_power_10mw / 100.0;
    entry->view.reference_voltage_v = voltage_10mv / 100.0;
    entry->view.frequency_hz = reading->reading.frequency_mhz / 1000.0;
    entry->view.quality = (uint16_t)quality;
}

enum status device_registry_restore(struct device_registry *registry,
                                    const struct device_record *record,
                                    const struct stored_reading *latest)
{
    (void)pthread_mutex_lock(&registry->mutex);
    struct entry *entry = look_up_or_add(registry, record->device_id);
    if (entry != NULL) {
        memcpy(entry->view.name, record->name, sizeof entry->view.name);
        entry->view.unacknowledged_data = record->unacknowledged_data;
        if (latest != NULL) {
            note_reading(entry, latest);
        }
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    return entry != NULL ? STATUS_OK : STATUS_FULL;
}

enum status device_registry_rename(struct device_registry *registry, const char *device_id,
                                   const char *name)
{
    const size_t size = strlen(name);
    if (size >= DEVICE_NAME_SIZE) {
        return STATUS_INVALID;
    }
    struct device_view view;
    (void)pthread_mutex_lock(&registry->mutex);
    struct entry *entry = look_up(registry, device_id);
    if (entry != NULL) {
        memcpy(entry->view.name, name, size + 1);
        view = entry->view;
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    if (entry == NULL) {
        return STATUS_MISSING;
    }
    tell_device(registry, true, &view);
    return STATUS_OK;
}

enum status device_registry_seen(struct device_registry *registry, const char *device_id)
{
    struct device_view view;
    bool came = false;
    (void)pthread_mutex_lock(&registry->mutex);
    struct entry *entry = look_up_or_add(registry, device_id);
    if (entry != NULL) {
        came = note_alive(registry, entry);
        if (came) {
            view = entry->view;
        }
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    if (entry == NULL) {
        return STATUS_FULL;
    }
    tell_device(registry, came, &view);
    return STATUS_OK;
}

/// Takes what was said about the case. @return true  it is something new.
static bool note_tamper(struct device_tamper *known, const struct device_tamper *said)
{
    const bool is_new =
        said->known && (!known->known || known->latched != said->latched ||
                        known->case_open != said->case_open || known->count != said->count);
    if (said->known) {
        *known = *said;
    }
    return is_new;
}

enum status device_registry_report_status(struct device_registry *registry, const char *device_id,
                                          const struct device_status_report *report)
{
    struct device_view view;
    bool changed = false;
    (void)pthread_mutex_lock(&registry->mutex);
    struct entry *entry = look_up_or_add(registry, device_id);
    if (entry != NULL) {
        if (report->version_known) {
            memcpy(entry->view.firmware_version, report->firmware_version,
                   sizeof entry->view.firmware_version);
        }
        if (report->journal_depth_known) {
            entry->view.journal_depth_known = true;
            entry->view.journal_depth = report->journal_depth;
        }
        changed = note_tamper(&entry->view.tamper, &report->tamper);
        if (report->offline) {
            changed |= entry->view.online;
            entry->view.online = false;
        } else if (!report->retained) {
            changed |= note_alive(registry, entry);
        }
        view = entry->view;
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    if (entry == NULL) {
        return STATUS_FULL;
    }
    tell_device(registry, changed, &view);
    return STATUS_OK;
}

enum status device_registry_report_relays(struct device_registry *registry, const char *device_id,
                                          uint8_t relay_mask)
{
    (void)pthread_mutex_lock(&registry->mutex);
    struct entry *entry = look_up_or_add(registry, device_id);
    if (entry != NULL) {
        entry->view.relay_mask = relay_mask;
        entry->view.relay_mask_known = true;
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    if (entry == NULL) {
        return STATUS_FULL;
    }
    registry->events->relay(registry->events->ctx, device_id, relay_mask,
                            registry->host->utc_ms(registry->host->ctx));
    return STATUS_OK;
}

static bool is_newer(const struct entry *entry, const struct stored_reading *reading)
{
    return !entry->has_reading || entry->latest.seq < reading->seq ||
           memcmp(entry->latest.journal_id, reading->journal_id, JOURNAL_ID_SIZE) != 0;
}

void device_registry_report_reading(struct device_registry *registry,
                                    const struct stored_reading *reading, bool unacknowledged_data)
{
    bool newer = false;
    (void)pthread_mutex_lock(&registry->mutex);
    struct entry *entry = look_up_or_add(registry, reading->device_id);
    if (entry != NULL && is_newer(entry, reading)) {
        newer = true;
        note_reading(entry, reading);
        entry->view.unacknowledged_data = unacknowledged_data;
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    if (newer) {
        registry->events->reading(registry->events->ctx, reading);
    }
}

/// Takes one silent device offline and copies it. @return false  there is none from `*next` on.
static bool take_silent(struct device_registry *registry, uint64_t now_ms, size_t *next,
                        struct device_view *view)
{
    bool found = false;
    (void)pthread_mutex_lock(&registry->mutex);
    while (*next < registry->count && !found) {
        struct entry *entry = registry->sorted[(*next)++];
        if (entry->view.online && now_ms - entry->heard_ms > DEVICE_REGISTRY_SILENCE_MS) {
            entry->view.online = false;
            *view = entry->view;
            found = true;
        }
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    return found;
}

void device_registry_tick(struct device_registry *registry)
{
    const uint64_t now_ms = registry->host->monotonic_ms(registry->host->ctx);
    struct device_view view;
    size_t next = 0;
    while (take_silent(registry, now_ms, &next, &view)) {
        registry->events->device(registry->events->ctx, &view);
    }
}

void device_registry_report_finding(struct device_registry *registry,
                                    const struct stored_finding *finding)
{
    registry->events->finding(registry->events->ctx, finding);
}

bool device_registry_should_ask_relays(struct device_registry *registry, const char *device_id)
{
    const uint64_t now_ms = registry->host->monotonic_ms(registry->host->ctx);
    (void)pthread_mutex_lock(&registry->mutex);
    struct entry *entry = look_up(registry, device_id);
    const bool should = entry != NULL && entry->view.online && !entry->view.relay_mask_known &&
                        (!entry->was_asked || now_ms - entry->asked_ms >= DEVICE_REGISTRY_ASK_MS);
    if (should) {
        entry->was_asked = true;
        entry->asked_ms = now_ms;
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    return should;
}

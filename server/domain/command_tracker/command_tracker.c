// SPDX-License-Identifier: MIT
#include "command_tracker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { RELAY_COUNT = 8 };

struct pending {
    bool used;
    char device_id[DEVICE_ID_SIZE];
    char cmd_id[COMMAND_ID_SIZE];
    uint64_t deadline_ms;
    struct command_waiter waiter; ///< .ended NULL: nobody waits.
};

struct command_tracker {
    const struct fleet_host *host;
    const struct device_link *link;
    const struct fleet_events *events;
    struct fleet_counters *counters;
    pthread_mutex_t mutex;
    size_t used; ///< Entries in use are among the first `used`.
    struct pending pending[COMMAND_TRACKER_LIMIT];
};

struct command_tracker *command_tracker_open(const struct fleet_host *host,
                                             const struct device_link *link,
                                             const struct fleet_events *events,
                                             struct fleet_counters *counters)
{
    struct command_tracker *tracker = calloc(1, sizeof *tracker);
    if (tracker == NULL) {
        return NULL;
    }
    tracker->host = host;
    tracker->link = link;
    tracker->events = events;
    tracker->counters = counters;
    if (pthread_mutex_init(&tracker->mutex, NULL) != 0) {
        free(tracker);
        return NULL;
    }
    return tracker;
}

void command_tracker_close(struct command_tracker *tracker)
{
    if (tracker != NULL) {
        (void)pthread_mutex_destroy(&tracker->mutex);
        free(tracker);
    }
}

/// Writes a name that sorts by time: 48 bits of milliseconds and 80 random bits in Crockford's
/// base 32, as in the ULID specification.
static void write_cmd_id(const struct fleet_host *host, char cmd_id[COMMAND_ID_SIZE])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    enum { TIME_DIGITS = 10, RANDOM_DIGITS = 16 };
    uint8_t random[RANDOM_DIGITS];

    uint64_t time_ms = (uint64_t)host->utc_ms(host->ctx);
    for (int i = TIME_DIGITS - 1; i >= 0; i--) {
        cmd_id[i] = digits[time_ms & 31u];
        time_ms >>= 5;
    }
    host->fill_random(host->ctx, random, sizeof random);
    for (int i = 0; i < RANDOM_DIGITS; i++) {
        cmd_id[TIME_DIGITS + i] = digits[random[i] & 31u];
    }
    cmd_id[TIME_DIGITS + RANDOM_DIGITS] = '\0';
}

static struct pending *take_free(struct command_tracker *tracker)
{
    for (size_t i = 0; i < tracker->used; i++) {
        if (!tracker->pending[i].used) {
            return &tracker->pending[i];
        }
    }
    return tracker->used < COMMAND_TRACKER_LIMIT ? &tracker->pending[tracker->used++] : NULL;
}

static struct pending *look_up(struct command_tracker *tracker, const char *cmd_id)
{
    for (size_t i = 0; i < tracker->used; i++) {
        struct pending *pending = &tracker->pending[i];
        if (pending->used && strcmp(pending->cmd_id, cmd_id) == 0) {
            return pending;
        }
    }
    return NULL;
}

static void release(struct command_tracker *tracker, struct pending *pending)
{
    pending->used = false;
    while (tracker->used > 0 && !tracker->pending[tracker->used - 1].used) {
        tracker->used--;
    }
}

enum status command_tracker_send(struct command_tracker *tracker, const char *device_id,
                                 const struct relay_command *command,
                                 const struct command_waiter *waiter, char cmd_id[COMMAND_ID_SIZE])
{
    if (command->action == COMMAND_ACTION_SET_RELAY && command->relay >= RELAY_COUNT) {
        return STATUS_INVALID;
    }
    const struct fleet_host *host = tracker->host;
    const int64_t issued_s = host->utc_ms(host->ctx) / 1000;
    write_cmd_id(host, cmd_id);

    // The lock is held over the sending, so that a quick answer finds its entry.
    (void)pthread_mutex_lock(&tracker->mutex);
    struct pending *pending = take_free(tracker);
    enum status status = STATUS_FULL;
    if (pending != NULL) {
        *pending = (struct pending){
            .used = true,
            .deadline_ms = host->monotonic_ms(host->ctx) + COMMAND_TRACKER_TIMEOUT_MS,
            .waiter = waiter != NULL ? *waiter : (struct command_waiter){ 0 },
        };
        memcpy(pending->cmd_id, cmd_id, COMMAND_ID_SIZE);
        status = device_id_parse(device_id, strlen(device_id), pending->device_id)
                     ? tracker->link->send_command(tracker->link->ctx, device_id, cmd_id, command,
                                                   issued_s, issued_s + COMMAND_TRACKER_LIFE_S)
                     : STATUS_INVALID;
        if (status != STATUS_OK) {
            release(tracker, pending);
        }
    }
    (void)pthread_mutex_unlock(&tracker->mutex);
    if (status == STATUS_OK) {
        fleet_counters_add(tracker->counters, FLEET_COUNTER_COMMANDS_SENT, 1);
    }
    return status;
}

void command_tracker_forget(struct command_tracker *tracker, const char *cmd_id)
{
    (void)pthread_mutex_lock(&tracker->mutex);
    struct pending *pending = look_up(tracker, cmd_id);
    if (pending != NULL) {
        pending->waiter = (struct command_waiter){ 0 };
    }
    (void)pthread_mutex_unlock(&tracker->mutex);
}

/// Tells the waiter and frees the entry; the mutex is held.
static void end(struct command_tracker *tracker, struct pending *pending,
                const struct command_result *result)
{
    const struct command_waiter waiter = pending->waiter;
    release(tracker, pending);
    if (waiter.ended != NULL) {
        waiter.ended(waiter.ctx, result);
    }
}

enum status command_tracker_finish(struct command_tracker *tracker, const char *device_id,
                                   const struct command_result *result)
{
    (void)pthread_mutex_lock(&tracker->mutex);
    struct pending *pending = look_up(tracker, result->cmd_id);
    const bool found = pending != NULL && strcmp(pending->device_id, device_id) == 0;
    if (found) {
        end(tracker, pending, result);
    }
    (void)pthread_mutex_unlock(&tracker->mutex);
    if (!found) {
        return STATUS_MISSING;
    }
    fleet_counters_add(tracker->counters, FLEET_COUNTER_COMMANDS_CONFIRMED, 1);
    tracker->events->command(tracker->events->ctx, device_id, result);
    return STATUS_OK;
}

/// Ends one command whose time is over. @return false  there is none.
static bool end_one_late(struct command_tracker *tracker, uint64_t now_ms,
                         char device_id[DEVICE_ID_SIZE], struct command_result *result)
{
    bool found = false;
    (void)pthread_mutex_lock(&tracker->mutex);
    for (size_t i = 0; i < tracker->used && !found; i++) {
        struct pending *pending = &tracker->pending[i];
        if (pending->used && now_ms >= pending->deadline_ms) {
            *result = (struct command_result){ .outcome = COMMAND_OUTCOME_UNCONFIRMED };
            memcpy(result->cmd_id, pending->cmd_id, COMMAND_ID_SIZE);
            memcpy(device_id, pending->device_id, DEVICE_ID_SIZE);
            end(tracker, pending, result);
            found = true;
        }
    }
    (void)pthread_mutex_unlock(&tracker->mutex);
    return found;
}

void command_tracker_tick(struct command_tracker *tracker)
{
    const uint64_t now_ms = tracker->host->monotonic_ms(tracker->host->ctx);
    char device_id[DEVICE_ID_SIZE];
    struct command_result result;
    while (end_one_late(tracker, now_ms, device_id, &result)) {
        fleet_counters_add(tracker->counters, FLEET_COUNTER_COMMANDS_UNCONFIRMED, 1);
        tracker->events->command(tracker->events->ctx, device_id, &result);
    }
}

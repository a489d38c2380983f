// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "fleet_json.h"
#include "rest_handlers.h"

enum {
    LIMIT_DEFAULT = 100,
    HOUR_MS = 3600000,
    DAY_MS = 24 * HOUR_MS,
};

static const int64_t month_ms = INT64_C(30) * DAY_MS;

/// Findings gathered for an answer.
struct gathering {
    const char *name; ///< Of the array.
    struct stored_finding *finding;
    size_t count;
    size_t capacity;
};

static void gather(void *ctx, const struct stored_finding *finding)
{
    struct gathering *gathering = ctx;
    if (gathering->count < gathering->capacity) {
        gathering->finding[gathering->count++] = *finding;
    }
}

static void build_findings(struct json_writer *writer, const void *ctx)
{
    const struct gathering *gathering = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_begin_array(writer, gathering->name);
    for (size_t i = 0; i < gathering->count; i++) {
        fleet_json_finding(writer, NULL, &gathering->finding[i]);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

/// Makes room for `capacity` findings, or answers 500 and returns false.
static bool begin_gathering(struct gathering *gathering, const char *name, size_t capacity,
                            struct http_reply *reply)
{
    *gathering = (struct gathering){ .name = name, .capacity = capacity };
    gathering->finding = calloc(capacity, sizeof *gathering->finding);
    if (gathering->finding == NULL) {
        http_reply_empty(reply, HTTP_INTERNAL_ERROR);
        return false;
    }
    return true;
}

/// Answers with what was gathered; a device that has delivered nothing has found out nothing.
static void end_gathering(struct gathering *gathering, enum status status, struct http_reply *reply)
{
    if (status == STATUS_OK || status == STATUS_MISSING) {
        http_reply_json(reply, HTTP_OK, build_findings, gathering);
    } else {
        rest_reply_unavailable(reply);
    }
    free(gathering->finding);
}

static void list(struct rest *rest, const struct finding_query *query, const char *name,
                 struct http_reply *reply)
{
    const struct fleet_store *store = rest->fleet->store;
    struct gathering gathering;
    if (begin_gathering(&gathering, name, query->limit, reply)) {
        end_gathering(&gathering, store->findings(store->ctx, query, gather, &gathering), reply);
    }
}

/// Reads start_ms, end_ms and limit; without instants, `span_ms` up to now.
static bool read_span(struct rest *rest, const struct rest_request *request, int64_t span_ms,
                      struct finding_query *query, struct http_reply *reply)
{
    // A finding of this very moment belongs to the time up to now.
    query->end_ms = rest->fleet->host->utc_ms(rest->fleet->host->ctx) + 1;
    int64_t limit = query->limit;
    if (!rest_query_number(request, "end_ms", 1, REST_TIME_LIMIT_MS, &query->end_ms, reply)) {
        return false;
    }
    query->start_ms = query->end_ms > span_ms ? query->end_ms - span_ms : 0;
    if (!rest_query_number(request, "start_ms", 0, REST_TIME_LIMIT_MS, &query->start_ms, reply) ||
        !rest_query_number(request, "limit", 1, FINDING_LIMIT, &limit, reply) ||
        !rest_check_order(query->start_ms, query->end_ms, reply)) {
        return false;
    }
    query->limit = (unsigned)limit;
    return true;
}

bool rest_list_events(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply)
{
    static const char *const names[] = { "start_ms", "end_ms", "limit" };
    struct device_view device;
    struct finding_query query = { .kind = RECORD_KIND_EVENT,
                                   .subject = FINDING_ANY_SUBJECT,
                                   .limit = LIMIT_DEFAULT };
    if (rest_find_device(rest, request, &device, reply) &&
        rest_check_query(request, names, 3, reply) &&
        read_span(rest, request, month_ms, &query, reply)) {
        query.device_id = device.device_id;
        list(rest, &query, "events", reply);
    }
    return true;
}

struct waveform_answer {
    struct stored_finding event;
    struct waveform_chunk *part;
    size_t count;
    size_t capacity;
    bool full; ///< No memory.
};

static void take_part(void *ctx, const struct stored_finding *finding)
{
    struct waveform_answer *answer = ctx;
    if (answer->count == answer->capacity) {
        const size_t capacity = answer->capacity == 0 ? 16 : answer->capacity * 2;
        struct waveform_chunk *part = realloc(answer->part, capacity * sizeof *part);
        if (part == NULL) {
            answer->full = true;
            return;
        }
        answer->part = part;
        answer->capacity = capacity;
    }
    answer->part[answer->count++] = finding->record.waveform;
}

static void build_waveform(struct json_writer *writer, const void *ctx)
{
    const struct waveform_answer *answer = ctx;
    json_writer_begin_object(writer, NULL);
    fleet_json_finding(writer, "event", &answer->event);
    fleet_json_signals(writer, &answer->event, answer->part, answer->count);
    json_writer_end_object(writer);
}

bool rest_show_waveform(struct rest *rest, const struct rest_request *request,
                        struct http_reply *reply)
{
    const struct fleet_store *store = rest->fleet->store;
    struct device_view device;
    struct waveform_answer answer = { .count = 0 };
    uint8_t journal_id[JOURNAL_ID_SIZE];
    uint64_t seq;

    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_check_query(request, NULL, 0, reply)) {
        return true;
    }
    enum status status = STATUS_MISSING;
    if (fleet_json_read_event_id(request->arguments.detail, journal_id, &seq)) {
        status = store->finding(store->ctx, device.device_id, journal_id, seq, &answer.event);
    }
    if (status == STATUS_MISSING ||
        (status == STATUS_OK && answer.event.record.kind != RECORD_KIND_EVENT)) {
        http_reply_error(reply, HTTP_NOT_FOUND, "event_not_found",
                         "The device has no event \"%.64s\".", request->arguments.detail);
        return true;
    }
    if (status == STATUS_OK) {
        status = store->waveform(store->ctx, &answer.event, take_part, &answer);
    }
    if (status == STATUS_OK && !answer.full) {
        http_reply_json(reply, HTTP_OK, build_waveform, &answer);
    } else {
        rest_reply_unavailable(reply);
    }
    free(answer.part);
    return true;
}

bool rest_show_latest_spectra(struct rest *rest, const struct rest_request *request,
                              struct http_reply *reply)
{
    const struct fleet_store *store = rest->fleet->store;
    struct device_view device;
    struct gathering gathering;
    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_check_query(request, NULL, 0, reply) ||
        !begin_gathering(&gathering, "spectra", FINDING_SPECTRUM_SUBJECTS, reply)) {
        return true;
    }
    enum status status = STATUS_OK;
    for (int64_t subject = 0; subject < FINDING_SPECTRUM_SUBJECTS && status == STATUS_OK;
         subject++) {
        const struct finding_query query = { .device_id = device.device_id,
                                             .kind = RECORD_KIND_SPECTRUM,
                                             .subject = subject,
                                             .start_ms = INT64_MIN,
                                             .end_ms = INT64_MAX,
                                             .limit = 1 };
        status = store->findings(store->ctx, &query, gather, &gathering);
    }
    end_gathering(&gathering, status, reply);
    return true;
}

/// Reads channel and signal, which name one signal together. Otherwise answers 400.
static bool read_subject(const struct rest_request *request, int64_t *subject,
                         struct http_reply *reply)
{
    const char *signal = http_target_query(request->target, "signal");
    const bool has_channel = http_target_query(request->target, "channel") != NULL;
    const bool is_current = signal != NULL && strcmp(signal, "current") == 0;
    int64_t channel = 0;
    if (!rest_query_number(request, "channel", 0, READING_CHANNEL_COUNT - 1, &channel, reply)) {
        return false;
    }
    if (has_channel != (signal != NULL) ||
        (signal != NULL && !is_current && strcmp(signal, "voltage") != 0)) {
        http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                         "Give both \"channel\" and \"signal\", which is voltage or current, or "
                         "neither.");
        return false;
    }
    *subject = has_channel ? finding_spectrum_subject((unsigned)channel, is_current ? 1u : 0u)
                           : FINDING_ANY_SUBJECT;
    return true;
}

bool rest_list_spectra(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply)
{
    static const char *const names[] = { "start_ms", "end_ms", "limit", "channel", "signal" };
    struct device_view device;
    struct finding_query query = { .kind = RECORD_KIND_SPECTRUM, .limit = LIMIT_DEFAULT };
    if (rest_find_device(rest, request, &device, reply) &&
        rest_check_query(request, names, 5, reply) &&
        read_subject(request, &query.subject, reply) &&
        read_span(rest, request, HOUR_MS, &query, reply)) {
        query.device_id = device.device_id;
        list(rest, &query, "spectra", reply);
    }
    return true;
}

static bool read_interval_kind(const struct rest_request *request, int64_t *subject,
                               struct http_reply *reply)
{
    static const char *const kinds[INTERVAL_KIND_COUNT] = { "quality_10min", "quality_2h",
                                                            "demand" };
    const char *kind = http_target_query(request->target, "kind");
    for (unsigned i = 0; kind != NULL && i < INTERVAL_KIND_COUNT; i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            *subject = i;
            return true;
        }
    }
    http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                     "\"kind\" must be quality_10min, quality_2h or demand.");
    return false;
}

bool rest_list_intervals(struct rest *rest, const struct rest_request *request,
                         struct http_reply *reply)
{
    static const char *const names[] = { "start_ms", "end_ms", "limit", "kind" };
    struct device_view device;
    struct finding_query query = { .kind = RECORD_KIND_INTERVAL,
                                   .limit = FINDING_LIMIT,
                                   .oldest_first = true };
    if (rest_find_device(rest, request, &device, reply) &&
        rest_check_query(request, names, 4, reply) &&
        read_interval_kind(request, &query.subject, reply) &&
        read_span(rest, request, DAY_MS, &query, reply)) {
        query.device_id = device.device_id;
        list(rest, &query, "intervals", reply);
    }
    return true;
}

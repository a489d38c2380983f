// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "fleet_json.h"
#include "rest_handlers.h"
#include "rest_period.h"

enum {
    POINTS_DEFAULT = 500,
    POINTS_LEAST = 10,
    POINTS_MOST = 5000,
    HOUR_MS = 3600000,
};

static int64_t now_ms(const struct rest *rest)
{
    return rest->fleet->host->utc_ms(rest->fleet->host->ctx);
}

static bool read_channel(const struct rest_request *request, int *channel, struct http_reply *reply)
{
    const char *text = http_target_query(request->target, "channel");
    int64_t number = 0;
    if (text == NULL || strcmp(text, "total") == 0) {
        *channel = TELEMETRY_CHANNEL_TOTAL;
        return true;
    }
    if (http_target_number(text, 0, READING_CHANNEL_COUNT - 1, &number) == STATUS_OK) {
        *channel = (int)number;
        return true;
    }
    http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                     "\"channel\" must be a whole number from 0 to %d, or \"total\".",
                     READING_CHANNEL_COUNT - 1);
    return false;
}

bool rest_check_order(int64_t start_ms, int64_t end_ms, struct http_reply *reply)
{
    if (start_ms < end_ms) {
        return true;
    }
    http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                     "\"start_ms\" must lie before \"end_ms\".");
    return false;
}

static void build_series(struct json_writer *writer, const void *ctx)
{
    fleet_json_series(writer, ctx);
}

/// Asks the store and answers. Buckets begin at whole multiples of their width, so that the same
/// minute falls into the same bucket whoever asks.
static void reply_series(struct rest *rest, struct telemetry_query query, int64_t points,
                         struct http_reply *reply)
{
    const struct fleet_store *store = rest->fleet->store;
    query.bucket_ms = rest_bucket_ms(query.end_ms - query.start_ms, points);
    query.start_ms -= query.start_ms % query.bucket_ms;
    query.end_ms += query.bucket_ms - 1;
    query.end_ms -= query.end_ms % query.bucket_ms;

    const size_t capacity = (size_t)((query.end_ms - query.start_ms) / query.bucket_ms);
    struct telemetry_point *buckets = calloc(capacity, sizeof *buckets);
    struct telemetry_series series = { .query = query, .points = buckets };
    const enum status status =
        buckets != NULL ? store->telemetry(store->ctx, &query, buckets, &series.count) : STATUS_IO;
    // A device that is known but has delivered nothing has an empty series.
    if (status == STATUS_OK || status == STATUS_MISSING) {
        series.count = status == STATUS_OK ? series.count : 0;
        http_reply_json(reply, HTTP_OK, build_series, &series);
    } else {
        rest_reply_unavailable(reply);
    }
    free(buckets);
}

bool rest_show_series(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply)
{
    static const char *const names[] = { "start_ms", "end_ms", "points", "channel" };
    struct device_view device;
    struct telemetry_query query = { .end_ms = now_ms(rest) };
    int64_t points = POINTS_DEFAULT;

    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_check_query(request, names, 4, reply) ||
        !rest_query_number(request, "end_ms", 1, REST_TIME_LIMIT_MS, &query.end_ms, reply)) {
        return true;
    }
    query.device_id = device.device_id;
    query.start_ms = query.end_ms > HOUR_MS ? query.end_ms - HOUR_MS : 0;
    if (rest_query_number(request, "start_ms", 0, REST_TIME_LIMIT_MS, &query.start_ms, reply) &&
        rest_query_number(request, "points", POINTS_LEAST, POINTS_MOST, &points, reply) &&
        read_channel(request, &query.channel, reply) &&
        rest_check_order(query.start_ms, query.end_ms, reply)) {
        reply_series(rest, query, points, reply);
    }
    return true;
}

struct energy_answer {
    int64_t start_ms;
    int64_t end_ms;
    struct energy_report report;
    struct stored_reading latest; ///< All zero before the first.
};

static void write_energy(struct json_writer *writer, const struct channel_energy *energy)
{
    json_writer_integer(writer, "import_mj", energy->import_mj);
    json_writer_integer(writer, "export_mj", energy->export_mj);
}

static void write_energies(struct json_writer *writer, const struct energy_report *report)
{
    json_writer_begin_array(writer, "channels");
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        if (((unsigned)report->channels >> i & 1u) != 0) {
            json_writer_begin_object(writer, NULL);
            json_writer_integer(writer, "channel", i);
            write_energy(writer, &report->channel[i]);
            json_writer_end_object(writer);
        }
    }
    json_writer_end_array(writer);
}

static void write_register(struct json_writer *writer, const struct energy_report *report,
                           unsigned index)
{
    write_energy(writer, &report->lifetime[index]);
    json_writer_integer(writer, "shown_import_mj", report->shown[index].import_mj);
    json_writer_integer(writer, "shown_export_mj", report->shown[index].export_mj);
}

/// Quadrants and rates are those of the device's newest reading.
static void write_registers(struct json_writer *writer, const struct energy_answer *answer)
{
    const struct reading *reading = &answer->latest.reading;
    json_writer_begin_array(writer, "registers");
    for (unsigned i = 0; i < READING_CHANNEL_COUNT; i++) {
        if (((unsigned)answer->report.channels >> i & 1u) != 0) {
            json_writer_begin_object(writer, NULL);
            json_writer_integer(writer, "channel", i);
            write_register(writer, &answer->report, i);
            fleet_json_numbers(writer, "reactive_mvars", reading->channel[i].reactive_mvars,
                               READING_QUADRANT_COUNT);
            json_writer_end_object(writer);
        }
    }
    json_writer_end_array(writer);
    json_writer_begin_object(writer, "total");
    write_register(writer, &answer->report, REGISTER_TOTAL);
    fleet_json_rates(writer, &reading->total);
    json_writer_end_object(writer);
}

static void build_energy(struct json_writer *writer, const void *ctx)
{
    const struct energy_answer *answer = ctx;
    const struct energy_report *report = &answer->report;
    json_writer_begin_object(writer, NULL);
    json_writer_integer(writer, "start_ms", answer->start_ms);
    json_writer_integer(writer, "end_ms", answer->end_ms);
    json_writer_integer(writer, "import_mj", report->total.import_mj);
    json_writer_integer(writer, "export_mj", report->total.export_mj);
    write_energies(writer, report);
    write_registers(writer, answer);
    json_writer_end_object(writer);
}

/// Reads either a period or two instants.
static bool read_span(struct rest *rest, const struct rest_request *request,
                      struct energy_answer *answer, struct http_reply *reply)
{
    const char *period = http_target_query(request->target, "period");
    const bool has_start = http_target_query(request->target, "start_ms") != NULL;
    const bool has_end = http_target_query(request->target, "end_ms") != NULL;

    answer->end_ms = now_ms(rest);
    if (has_start != has_end || (has_start && period != NULL)) {
        http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                         "Give either \"period\" or both \"start_ms\" and \"end_ms\".");
        return false;
    }
    if (has_start) {
        return rest_query_number(request, "start_ms", 0, REST_TIME_LIMIT_MS, &answer->start_ms,
                                 reply) &&
               rest_query_number(request, "end_ms", 1, REST_TIME_LIMIT_MS, &answer->end_ms,
                                 reply) &&
               rest_check_order(answer->start_ms, answer->end_ms, reply);
    }
    if (rest_period_start(period != NULL ? period : "today", answer->end_ms, &answer->start_ms) !=
        STATUS_OK) {
        http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                         "\"period\" must be today, week, month, year or all.");
        return false;
    }
    return true;
}

bool rest_show_energy(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply)
{
    static const char *const names[] = { "period", "start_ms", "end_ms" };
    const struct fleet_store *store = rest->fleet->store;
    struct device_view device;
    struct energy_answer answer = { 0 };

    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_check_query(request, names, 3, reply) || !read_span(rest, request, &answer, reply)) {
        return true;
    }
    const enum status status =
        store->energy(store->ctx, device.device_id, answer.start_ms, answer.end_ms, &answer.report);
    if (device_registry_latest(rest->fleet->devices, device.device_id, &answer.latest) !=
        STATUS_OK) {
        answer.latest = (struct stored_reading){ 0 };
    }
    if (status == STATUS_OK || status == STATUS_MISSING) {
        http_reply_json(reply, HTTP_OK, build_energy, &answer);
    } else {
        rest_reply_unavailable(reply);
    }
    return true;
}
